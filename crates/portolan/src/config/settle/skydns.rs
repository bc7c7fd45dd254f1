//! What is said of an etcd in SkyDNS' layout.

use portolan_core::{Name, Reason};
use portolan_store::skydns::{Layout, Rules};

use super::Settling;
use crate::config::keys::{COMPAT_WORDS, Form, key};
use crate::config::value::{Value, fault};
use crate::etcd::Etcd;
use crate::skydns::Config;

/// Keys that say nothing without `skydns`.
const NEED_SKYDNS: [&str; 4] = ["skydnsZones", "skydnsNameServers", "skydnsPrefix", "skydnsCompat"];

impl Settling<'_> {
    /// The store that names are answered from; none when none is named. `etcd` is how it is reached.
    pub(super) fn skydns(&mut self, etcd: &Etcd) -> Option<Config> {
        if !self.said.values.contains_key("skydns") {
            for name in NEED_SKYDNS {
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
        Some(Config {
            etcd: self.etcd_at("skydns", etcd),
            zones,
            name_servers: self.domains("skydnsNameServers"),
            layout: self.layout(),
            rules: self.rules(),
        })
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
            Some(Form::Domains(most)) => most,
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
}
