//! What is said of an etcd in SkyDNS' layout.

use std::collections::BTreeSet;

use portolan_core::{Name, Reason};
use portolan_store::skydns::{Layout, Rules};

use super::Settling;
use crate::config::keys::{COMPAT_WORDS, Form, key};
use crate::config::value::{Value, fault};
use crate::skydns::{Config, Etcd};

/// Keys that say nothing without `skydns`.
const NEED_SKYDNS: [&str; 4] = ["skydnsZones", "skydnsNameServers", "skydnsPrefix", "skydnsCompat"];
/// Keys that say nothing without an etcd.
const NEED_ETCD: [&str; 5] = ["etcdCa", "etcdCert", "etcdKey", "etcdUser", "etcdPasswordFile"];

impl Settling<'_> {
    /// The store that names are answered from; none when none is named.
    pub(super) fn skydns(&mut self) -> Option<Config> {
        if !self.said.values.contains_key("skydns") {
            for name in NEED_SKYDNS.into_iter().chain(NEED_ETCD) {
                if self.said.values.contains_key(name) {
                    self.wrong(name, "says nothing without `skydns`".to_owned());
                }
            }
            return None;
        }
        let zones = self.domains("skydnsZones");
        if zones.is_empty() && !self.has_problem("skydnsZones") {
            let message =
                "is not set; name the zones that keys are served for by --skydns-zone ZONE".to_owned();
            self.problems.push(fault("skydnsZones", Reason::NotFound, message, ""));
        }
        let etcd = self.etcd();
        Some(Config {
            etcd,
            zones,
            name_servers: self.domains("skydnsNameServers"),
            layout: self.layout(),
            rules: self.rules(),
        })
    }

    fn etcd(&mut self) -> Etcd {
        let (cert, key) = (self.path("etcdCert"), self.path("etcdKey"));
        let (user, password) = (self.said.text("etcdUser").map(str::to_owned), self.path("etcdPasswordFile"));
        let pairs = [("etcdCert", "etcdKey"), ("etcdUser", "etcdPasswordFile")];
        for (one, other) in pairs.into_iter().flat_map(|(one, other)| [(one, other), (other, one)]) {
            if self.said.values.contains_key(one) && !self.said.values.contains_key(other) {
                self.wrong(one, format!("says nothing without `{other}`"));
            }
        }
        if user.as_deref() == Some("") {
            self.wrong("etcdUser", "is empty".to_owned());
        }
        Etcd { urls: self.urls(), ca: self.path("etcdCa"), identity: cert.zip(key), user: user.zip(password) }
    }

    /// Each item may hold several, with commas between them; all are reached alike.
    fn urls(&mut self) -> Vec<String> {
        let urls = self.items("skydns");
        for (nth, url) in urls.iter().enumerate() {
            if let Err(why) = check_url(url) {
                self.wrong_item("skydns", nth, Reason::Invalid, format!("{url:?} {why}"));
            }
        }
        let schemes: BTreeSet<&str> = urls.iter().filter_map(|url| Some(url.split_once("://")?.0)).collect();
        if schemes.len() > 1 {
            self.wrong(
                "skydns",
                "has members with https and others without; all are reached alike".to_owned(),
            );
        }
        if schemes.contains("https") && !self.said.values.contains_key("etcdCa") {
            self.wrong("skydns", "has members with https, which need `etcdCa`".to_owned());
        }
        urls
    }

    fn domains(&mut self, name: &str) -> Vec<Name> {
        let mut domains: Vec<Name> = Vec::new();
        for (nth, text) in self.items(name).iter().enumerate() {
            match text.parse::<Name>() {
                Ok(domain) if domain.borrowed().is_root() => {
                    self.wrong_item(name, nth, Reason::Invalid, "the root is none of these".to_owned());
                }
                Ok(domain) if domains.contains(&domain) => {
                    self.wrong_item(name, nth, Reason::Duplicate, format!("{text:?} stands there twice"));
                }
                Ok(domain) => domains.push(domain),
                Err(error) => {
                    self.wrong_item(
                        name,
                        nth,
                        Reason::Invalid,
                        format!("{text:?} is no name of DNS: it {error}"),
                    );
                }
            }
        }
        domains
    }

    fn layout(&mut self) -> Layout {
        let Some(text) = self.said.text("skydnsPrefix") else { return Layout::default() };
        Layout::new(text).unwrap_or_else(|why| {
            self.wrong("skydnsPrefix", why);
            Layout::default()
        })
    }

    fn rules(&mut self) -> Rules {
        match self.said.text("skydnsCompat") {
            None | Some("rfc") => Rules::Names,
            Some("skydns") => Rules::Subtrees,
            Some(text) => {
                self.wrong("skydnsCompat", format!("{text:?} is not one of {}", COMPAT_WORDS.join(", ")));
                Rules::Names
            }
        }
    }

    /// The items of a list, no more than there may be.
    fn items(&mut self, name: &str) -> Vec<String> {
        let Some(mut items) = self.said.values.get(name).map(Value::items) else { return Vec::new() };
        let most = match key(name).map(|key| key.form) {
            Some(Form::Urls(most) | Form::Domains(most)) => most,
            _ => items.len(),
        };
        if items.is_empty() {
            self.wrong(name, "is empty".to_owned());
        } else if items.len() > most {
            self.wrong(name, format!("has {} items; at most {most} are taken", items.len()));
            items.truncate(most);
        }
        items
    }

    fn wrong_item(&mut self, name: &str, nth: usize, reason: Reason, message: String) {
        let place = self.place(name);
        self.problems.push(fault(&format!("{name}[{nth}]"), reason, message, &place));
    }
}

/// `http://HOST:PORT` or `https://HOST:PORT`, and nothing else.
pub(crate) fn check_url(url: &str) -> Result<(), &'static str> {
    const RULE: &str = "is not http://HOST:PORT or https://HOST:PORT";
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://")).ok_or(RULE)?;
    let (host, port) = rest.strip_suffix('/').unwrap_or(rest).rsplit_once(':').ok_or(RULE)?;
    let is_host = |octet: u8| octet.is_ascii_alphanumeric() || b"-._[]:".contains(&octet);
    let is_bracketed = host.starts_with('[') && host.ends_with(']');
    if host.is_empty() || !host.bytes().all(is_host) || (host.contains(':') && !is_bracketed) {
        return Err(RULE);
    }
    match port.parse::<u16>() {
        Ok(1..) => Ok(()),
        _ => Err(RULE),
    }
}
