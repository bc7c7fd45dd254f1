//! From what was said of a publisher to what it is to do; every fault at once, each with its place.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use portolan_core::plan::{Owner, SyncPolicy};
use portolan_core::registry::Affix;
use portolan_core::{Name, Problem, Reason, RecordType, Ttl, shown_url};
use portolan_kube::nearest::nearest;
use portolan_kube::sources;
use portolan_sync::webhook::check_url;

use super::{
    Filter, INTERVAL_DEFAULT, INTERVAL_MIN, Make, Marks, Rfc2136, Secret, Settings, Strategy, Tls, Tsig,
};
use crate::config::keys::{Form, PROVIDERS, SYNC, SYNC_ETCD_KEYS, SYNC_SECTION, key, spelt};
use crate::config::settle::etcd;
use crate::config::value::{Value, fault};
use crate::etcd::Etcd;

/// Where CoreDNS looks when nothing else is said.
const PREFIX: &str = "/skydns/";
const WEBHOOK: &str = "http://localhost:8888";
const BATCH: usize = portolan_sync::rfc2136::CHANGES_DEFAULT;
const DNS_PORT: u16 = 53;
const TLS_PORT: u16 = 853;
/// What is published of types when nothing is said.
const MANAGED: [RecordType; 3] = [RecordType::A, RecordType::AAAA, RecordType::CNAME];

impl Settings {
    /// Settles what was said by these values. `at` is what stands before an option's name where faults are told:
    /// `sync[0].` in the file of `run`, nothing of flags.
    ///
    /// # Errors
    /// Every fault.
    pub fn settle(values: &BTreeMap<&'static str, Value>, at: &str) -> Result<Self, Vec<Problem>> {
        let mut reading = Reading { values, at, problems: Vec::new() };
        let settings = reading.settings();
        match settings {
            Some(settings) if reading.problems.is_empty() => Ok(settings),
            _ => Err(reading.problems),
        }
    }
}

struct Reading<'v> {
    values: &'v BTreeMap<&'static str, Value>,
    at: &'v str,
    problems: Vec<Problem>,
}

impl<'v> Reading<'v> {
    fn settings(&mut self) -> Option<Settings> {
        let make = self.make();
        let owner = self.owner("owner-id");
        if owner.is_none() && !self.is_said("owner-id") {
            self.wrong(
                "owner-id",
                "is not set; it is whose the records are, and no other installation's".into(),
            );
        }
        let settings = Settings {
            name: String::new(),
            owner: owner.clone().unwrap_or_else(|| Owner::new("-").expect("a dash is an id")),
            former: self.owner("migrate-from-txt-owner"),
            policy: self.policy(),
            filter: self.filter(),
            managed: self.types("managed-record-types").unwrap_or_else(|| MANAGED.into()),
            excluded: self.types("exclude-record-types").unwrap_or_default(),
            adopts: self.switch("adopt").unwrap_or_default(),
            shares: self.switch("share").unwrap_or_default(),
            instance: self.text("instance-id").map(str::to_owned),
            takes_over: self.switch("take-over").unwrap_or_default(),
            interval: self.interval(),
            marks: self.marks(),
            make: make?,
        };
        let name = self.text("name").map_or_else(|| settings.make.to_string(), str::to_owned);
        if name.is_empty() || name.contains(|c: char| c.is_control() || c == '/') {
            self.wrong("name", format!("{name:?} is no name: it is not empty, and has no slash"));
        }
        owner.is_some().then_some(Settings { name, ..settings })
    }

    fn owner(&mut self, option: &str) -> Option<Owner> {
        let text = self.text(option)?;
        Owner::new(text).map_err(|error| self.wrong(option, format!("{text:?} {error}"))).ok()
    }

    fn policy(&mut self) -> SyncPolicy {
        match self.word("policy") {
            Some("upsert-only") => SyncPolicy::UpsertOnly,
            Some("create-only") => SyncPolicy::CreateOnly,
            _ => SyncPolicy::Sync,
        }
    }

    fn filter(&mut self) -> Filter {
        let pattern = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        let include = pattern(self.text("regex-domain-filter"));
        let exclude = pattern(self.text("regex-domain-exclusion"));
        let (filter, option) = if include.is_some() || exclude.is_some() {
            let option = if include.is_some() { "regex-domain-filter" } else { "regex-domain-exclusion" };
            (Filter::Patterns { include, exclude }, option)
        } else {
            let (include, exclude) = (self.list("domain-filter"), self.list("exclude-domains"));
            (Filter::Domains { include, exclude }, "domain-filter")
        };
        if let Err(why) = filter.made() {
            self.wrong(option, why);
        }
        filter
    }

    fn types(&mut self, option: &str) -> Option<BTreeSet<RecordType>> {
        self.is_said(option).then(|| {
            let texts = self.list(option);
            let types = texts.iter().filter_map(|text| match text.parse() {
                Ok(rtype) => Some(rtype),
                Err(_) => {
                    self.wrong(option, format!("{text:?} is no record type"));
                    None
                }
            });
            types.collect()
        })
    }

    fn interval(&mut self) -> Duration {
        let Some(text) = self.text("interval") else { return INTERVAL_DEFAULT };
        let seconds = sources::seconds(text).and_then(|seconds| u64::try_from(seconds).ok());
        match seconds.map(Duration::from_secs).filter(|interval| *interval >= INTERVAL_MIN) {
            Some(interval) => interval,
            None => {
                self.wrong(
                    "interval",
                    format!("{text:?} is no time of a second or more, as in 60, 90s or 5m"),
                );
                INTERVAL_DEFAULT
            }
        }
    }

    fn marks(&mut self) -> Marks {
        let text = |option| self.text(option).unwrap_or_default();
        let (prefix, suffix) = (text("txt-prefix"), text("txt-suffix"));
        let affix = Affix::new(prefix, suffix, text("txt-wildcard-replacement"));
        let affix = affix.unwrap_or_else(|error| {
            self.wrong("txt-suffix", format!("stands beside txt-prefix: {error}"));
            Affix::default()
        });
        let key = self.secret("txt-encrypt-aes-key", "txt-encrypt-aes-key-file");
        let seals = self.switch("txt-encrypt-enabled").unwrap_or_default();
        if seals && key.is_none() {
            self.wrong("txt-encrypt-enabled", "needs txt-encrypt-aes-key, or its file".into());
        }
        Marks { affix, key, seals }
    }

    // === Providers ===

    fn make(&mut self) -> Option<Make> {
        let Some(provider) = self.word("provider") else {
            if !self.is_said("provider") {
                self.wrong("provider", format!("is not set; it is one of {}", PROVIDERS.join(", ")));
            }
            return None;
        };
        self.others(provider);
        match provider {
            "etcd" => Some(self.etcd()),
            "rfc2136" => self.rfc2136().map(Make::Rfc2136),
            "webhook" => {
                let url = self.text("webhook-provider-url").unwrap_or(WEBHOOK).to_owned();
                if let Err(why) = check_url(&url) {
                    self.wrong("webhook-provider-url", why.to_string());
                }
                let ca = self.path("webhook-provider-ca");
                if ca.is_some() && url.starts_with("http://") {
                    self.wrong(
                        "webhook-provider-ca",
                        format!("says nothing with {:?}, which is not https", shown_url(&url)),
                    );
                }
                Some(Make::Webhook { url, ca })
            }
            _ => self.zone_file(),
        }
    }

    /// Options of other providers say nothing, and whoever gave them meant something.
    fn others(&mut self, provider: &str) {
        let others = SYNC.iter().filter(|key| of_provider(key.flag).is_some_and(|of| of != provider));
        for key in others.filter(|key| matches!(self.values.get(key.name), Some(value) if is_explicit(value)))
        {
            let of = of_provider(key.flag).unwrap_or_default();
            self.wrong(key.flag, format!("says nothing with the provider {provider}; it is for {of}"));
        }
    }

    fn etcd(&mut self) -> Make {
        if !self.is_said("etcd") {
            self.wrong("etcd", "names no member, as in http://127.0.0.1:2379".into());
        }
        let (etcd, mut wrong) = etcd::access(self.values, &SYNC_ETCD_KEYS);
        let (members, more) = etcd::members(self.values, "sync.etcd", &SYNC_ETCD_KEYS);
        wrong.extend(more);
        for etcd::Wrong { key, nth, message } in wrong {
            let item = nth.map_or(String::new(), |nth| format!("[{nth}]"));
            self.wrong_at(spelt(key), &item, message);
        }
        let prefix = self.text("coredns-prefix").unwrap_or(PREFIX).to_owned();
        if !prefix.starts_with('/') {
            self.wrong("coredns-prefix", format!("{prefix:?} does not begin with a slash"));
        }
        Make::Etcd { etcd: Etcd { members, ..etcd }, prefix }
    }

    fn rfc2136(&mut self) -> Option<Rfc2136> {
        let (hosts, zones) = (self.list("rfc2136-host"), self.list("rfc2136-zone"));
        for (option, list) in [("rfc2136-host", &hosts), ("rfc2136-zone", &zones)] {
            if list.is_empty() {
                self.wrong(option, "is not set".into());
            }
        }
        for zone in zones.iter().filter(|zone| zone.parse::<Name>().is_err()) {
            self.wrong("rfc2136-zone", format!("{zone:?} is no name of a zone"));
        }
        let min_ttl = self.text("rfc2136-min-ttl").map_or(Some(0), |text| {
            let seconds = sources::seconds(text).and_then(|seconds| u32::try_from(seconds).ok());
            seconds.filter(|seconds| Ttl::from_seconds(*seconds).is_some())
        });
        if min_ttl.is_none() {
            self.wrong("rfc2136-min-ttl", "is no TTL, as in 60 or 5m".into());
        }
        let (port, tls) = (self.number("rfc2136-port").and_then(|port| u16::try_from(port).ok()), self.tls());
        Some(Rfc2136 {
            hosts,
            port: port.unwrap_or(if tls.is_some() { TLS_PORT } else { DNS_PORT }),
            zones,
            tsig: self.tsig(),
            reads: self.switch("rfc2136-axfr").unwrap_or(true),
            min_ttl: min_ttl.unwrap_or_default(),
            batch: self.number("rfc2136-batch-change-size").unwrap_or(BATCH),
            tls,
            strategy: match self.word("rfc2136-load-balancing-strategy") {
                Some("round-robin") => Strategy::RoundRobin,
                Some("random") => Strategy::Random,
                _ => Strategy::InOrder,
            },
        })
    }

    fn tsig(&mut self) -> Option<Tsig> {
        let name = self.text("rfc2136-tsig-keyname").map(str::to_owned);
        let secret = self.secret("rfc2136-tsig-secret", "rfc2136-tsig-secret-file");
        let algorithm = self.word("rfc2136-tsig-secret-alg").unwrap_or("hmac-sha256").to_owned();
        let insecure = self.switch("rfc2136-insecure").unwrap_or_default();
        match (name, secret, insecure) {
            (Some(name), Some(secret), false) => Some(Tsig { name, algorithm, secret }),
            (None, None, true) => None,
            (None, None, false) => {
                let message = "is not set; without a key it takes rfc2136-insecure to be said".to_owned();
                self.wrong("rfc2136-tsig-keyname", message);
                None
            }
            (_, _, true) => {
                self.wrong("rfc2136-insecure", "stands beside a TSIG key".into());
                None
            }
            _ => {
                self.wrong("rfc2136-tsig-keyname", "and its secret need each other".into());
                None
            }
        }
    }

    fn tls(&mut self) -> Option<Tls> {
        let uses = self.switch("rfc2136-use-tls").unwrap_or_default();
        let ca = self.path("rfc2136-tls-ca");
        let identity = self.pair("rfc2136-tls-client-cert", "rfc2136-tls-client-cert-key");
        if !uses && (ca.is_some() || identity.is_some()) {
            self.wrong("rfc2136-use-tls", "is not set, and certificates are".into());
        }
        uses.then_some(Tls { ca, identity })
    }

    fn zone_file(&mut self) -> Option<Make> {
        let file = self.path("zone-file");
        if file.is_none() && !self.is_said("zone-file") {
            self.wrong("zone-file", "is not set".into());
        }
        let mut zones = self.list("domain-filter");
        if zones.len() != 1 || zones.iter().any(|zone| zone.starts_with('.')) {
            let message = "names not one domain, which is the zone of the file".to_owned();
            self.wrong("domain-filter", message);
        }
        Some(Make::ZoneFile { file: file?, zone: zones.pop()? })
    }

    // === Forms ===

    fn value(&self, option: &str) -> Option<&'v Value> {
        SYNC.iter().find(|key| key.flag == option).and_then(|key| self.values.get(key.name))
    }

    fn is_said(&self, option: &str) -> bool {
        self.value(option).is_some()
    }

    fn text(&self, option: &str) -> Option<&'v str> {
        self.value(option)?.texts.first().map(String::as_str)
    }

    /// Texts, each of which may hold several with commas between them.
    fn list(&self, option: &str) -> Vec<String> {
        self.value(option).map(Value::items).unwrap_or_default()
    }

    fn word(&mut self, option: &str) -> Option<&'static str> {
        let text = self.text(option)?;
        let Some(Form::Word(words)) = SYNC.iter().find(|key| key.flag == option).map(|key| key.form) else {
            return None;
        };
        let found = words.iter().copied().find(|word| *word == text);
        if found.is_none() {
            let near = nearest(text, words.iter().copied()).map(|near| format!("; did you mean {near:?}?"));
            let message = format!("{text:?} is not one of {}{}", words.join(", "), near.unwrap_or_default());
            self.wrong(option, message);
        }
        found
    }

    fn switch(&mut self, option: &str) -> Option<bool> {
        match self.text(option)? {
            "true" => Some(true),
            "false" => Some(false),
            text => {
                self.wrong(option, format!("{text:?} is not true or false"));
                None
            }
        }
    }

    fn number(&mut self, option: &str) -> Option<usize> {
        let text = self.text(option)?;
        let form = key(&format!("{SYNC_SECTION}{option}")).map(|key| key.form);
        let Some(Form::Number(most)) = form else { return None };
        let number = text.parse().ok().filter(|number| (1..=most).contains(number));
        if number.is_none() {
            self.wrong(option, format!("{text:?} is not a whole number from 1 to {most}"));
        }
        number
    }

    fn path(&mut self, option: &str) -> Option<PathBuf> {
        let text = self.text(option)?;
        let is_path = !text.is_empty() && !text.contains('\0');
        if !is_path {
            self.wrong(option, format!("{text:?} is not a path"));
        }
        is_path.then(|| text.into())
    }

    fn pair(&mut self, one: &str, other: &str) -> Option<(PathBuf, PathBuf)> {
        let (a, b) = (self.path(one), self.path(other));
        if a.is_some() != b.is_some() {
            self.wrong(one, format!("and {other} need each other"));
        }
        a.zip(b)
    }

    fn secret(&mut self, text: &str, file: &str) -> Option<Secret> {
        let said = self.text(text).map(|text| Secret::Text(text.to_owned()));
        let path = self.path(file).map(Secret::File);
        if said.is_some() && path.is_some() {
            self.wrong(file, format!("stands beside {text}; one of them is enough"));
        }
        said.or(path)
    }

    fn wrong(&mut self, option: &str, message: String) {
        self.wrong_at(option, "", message);
    }

    /// The same of an item of a list: `[2]`.
    fn wrong_at(&mut self, option: &str, item: &str, message: String) {
        let place = self.value(option).map_or(String::new(), |value| value.source.to_string());
        self.problems.push(fault(&format!("{}{option}{item}", self.at), Reason::Invalid, message, &place));
    }
}

/// The provider that an option is for; none of those that are for all.
fn of_provider(option: &str) -> Option<&'static str> {
    match option {
        "zone-file" => Some("zonefile"),
        "coredns-prefix" => Some("etcd"),
        option => ["etcd", "rfc2136", "webhook"].into_iter().find(|provider| option.starts_with(provider)),
    }
}

/// A variable of the environment may be there for another publisher.
fn is_explicit(value: &Value) -> bool {
    !matches!(value.source, crate::config::value::Source::Env(_))
}
