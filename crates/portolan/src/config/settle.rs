//! The second stage: what was said, as the running type, checked.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr as _;
use std::sync::Arc;

use portolan_core::{Name, Problem, Reason};
use portolan_kube::registry::token::RENEW_PERCENT;
use portolan_kube::registry::{Believed, KUBEFED_NAMESPACES, NAMESPACE, NAMESPACES_MAX};
use portolan_kube::sources::{OptionFault, Options};
use portolan_probe::Servers;
use portolan_probe::servers::{PORT, SERVERS_MAX};
use portolan_serve::Pin;

use crate::config::RunConfig;
use crate::config::keys::{
    self, ETCD_KEYS, Form, LISTENERS_MAX, LOAD_BALANCER_GRACE_DEFAULT, LOAD_BALANCER_GRACE_MAX, NONE,
    NSID_OCTETS_MAX, SECTION, SOURCES, SYNC_SECTION, key,
};
use crate::config::said::Said;
use crate::config::value::{Value, fault};
use crate::etcd::Etcd;
use crate::logs::{self, LogFormat};
use crate::sync::Settings;
use crate::webhook::LISTEN_DEFAULT;
use crate::zones::{ZONES_MAX, ZoneSource};

pub(crate) mod etcd;
mod hub;
mod lease;
mod role;
mod skydns;
mod stream;
mod topology;
mod webhook;

use etcd::Wrong;

impl Said {
    /// What `portolan run` runs with.
    ///
    /// # Errors
    /// Every fault, those of the first stage included.
    pub fn settle(&self) -> Result<RunConfig, Vec<Problem>> {
        let mut settling = Settling { said: self, problems: self.problems.clone() };
        let config = settling.config();
        if settling.problems.is_empty() { Ok(config) } else { Err(settling.problems) }
    }

    /// What `portolan webhook` runs with: the webhook protocol's server alone, and questions only where somebody says so.
    ///
    /// # Errors
    /// As [`Said::settle`].
    pub fn settle_webhook(&self) -> Result<RunConfig, Vec<Problem>> {
        let mut said = self.clone();
        said.assume("webhookListen", &LISTEN_DEFAULT.to_string());
        let mut config = said.settle_client()?;
        if config.listen_is_default {
            config.listen.clear();
        }
        (config.fleet, config.kubeconfig, config.in_cluster, config.lease) = (None, None, None, None);
        Ok(config)
    }

    /// What commands that talk to a running server need: all faults but that of a missing fleet.
    ///
    /// # Errors
    /// As [`Said::settle`].
    pub fn settle_client(&self) -> Result<RunConfig, Vec<Problem>> {
        let mut settling = Settling { said: self, problems: self.problems.clone() };
        let config = settling.all_but_fleet();
        if settling.problems.is_empty() { Ok(config) } else { Err(settling.problems) }
    }
}

impl Said {
    /// What `portolan sync` publishes to: what the file's only publisher says, and over it the environment and flags.
    ///
    /// # Errors
    /// As [`Said::settle`].
    pub fn publisher(&self) -> Result<Settings, Vec<Problem>> {
        if self.publishers.len() > 1 {
            let message =
                "has several publishers; `portolan sync` is one, and `portolan run` runs them all".to_owned();
            return Err(vec![fault("sync", Reason::Conflict, message, "")]);
        }
        let mut values = self.publishers.first().cloned().unwrap_or_default();
        let own = self.values.iter().filter(|(name, _)| name.starts_with(SYNC_SECTION));
        values.extend(own.map(|(name, value)| (*name, value.clone())));
        Settings::settle(&values, "")
    }

    /// The options of sources, without what is wrong with them.
    #[must_use]
    pub fn sources(&self) -> Arc<Options> {
        Arc::new(Settling { said: self, problems: Vec::new() }.sources())
    }
}

/// The settling of one configuration.
struct Settling<'s> {
    said: &'s Said,
    problems: Vec<Problem>,
}

impl Settling<'_> {
    fn config(&mut self) -> RunConfig {
        self.something_is_named();
        let has = |name| self.said.text(name).is_some();
        let sync = self.publishers();
        if has("follow") && !self.said.publishers.is_empty() {
            let message = "stands beside `sync`; who is followed publishes".to_owned();
            self.problems.push(fault("follow", Reason::Conflict, message, &self.place("follow")));
        }
        RunConfig { sync, ..self.all_but_fleet() }
    }

    fn all_but_fleet(&mut self) -> RunConfig {
        let listen = self.listen();
        let http = self.address("http");
        self.clash(&listen, http);
        let etcd = self.etcd();
        let webhook = self.webhook(&etcd);
        self.webhook_clash(&listen, http, webhook.as_ref());
        self.one_fleet();
        let topology = self.topology();
        let role = self.role();
        let (follow, stream) = self.stream();
        RunConfig {
            role,
            fleet: self.path("fleet"),
            kubeconfig: self.path("kubeconfig"),
            contexts: self.listed("contexts"),
            in_cluster: self.said.text("inCluster").map(str::to_owned),
            service_account: self.path("serviceAccount"),
            hub: self.said.text("mesh").or(self.said.text("hub")).map(str::to_owned),
            topology,
            believed: self.believed(),
            renew_percent: self.renew_percent(),
            lease: self.lease(),
            networks: self.path("networks"),
            zones: self.zones(),
            skydns: self.skydns(&etcd),
            follow,
            stream,
            resolvers: self.resolvers(),
            load_balancer_grace: self.load_balancer_grace(),
            listen,
            listen_is_default: !self.said.values.contains_key("listen"),
            workers: self.number("workers"),
            pin: self.pin(),
            tcp_connections: self.number("tcpConnections"),
            tcp_connections_per_client: self.number("tcpConnectionsPerClient"),
            state: self.path("state"),
            http,
            webhook,
            control: self.path("control"),
            nsid: self.nsid(),
            log: self.log(),
            log_format: self.log_format(),
            sources: Arc::new(self.sources()),
            sync: Vec::new(),
        }
    }

    /// Where records are published to besides, by what the file says.
    fn publishers(&mut self) -> Vec<Settings> {
        let mut publishers: Vec<Settings> = Vec::new();
        for (nth, values) in self.said.publishers.iter().enumerate() {
            match Settings::settle(values, &format!("sync[{nth}].")) {
                Ok(new) if publishers.iter().any(|old| old.name == new.name) => {
                    let message =
                        format!("is {:?}, as that of one before; `name` tells them apart", new.name);
                    let field = format!("sync[{nth}].name");
                    let place =
                        values.values().next().map_or(String::new(), |value| value.source.to_string());
                    self.problems.push(fault(&field, Reason::Duplicate, message, &place));
                }
                Ok(new) => publishers.push(new),
                Err(faults) => self.problems.extend(faults),
            }
        }
        publishers
    }

    /// The options of sources, each as portolan-kube understands it.
    fn sources(&mut self) -> Options {
        let mut options = Options::default();
        for key in SOURCES {
            let Some(Value { texts, source }) = self.said.values.get(key.name) else { continue };
            for OptionFault { item, message } in options.set(key.flag, texts) {
                let field = item.map_or(key.name.to_owned(), |item| format!("{}[{item}]", key.name));
                self.problems.push(fault(&field, Reason::Invalid, message, &source.to_string()));
            }
        }
        for (option, message) in options.faults() {
            self.wrong(&format!("{SECTION}{option}"), message);
        }
        options
    }

    /// How the etcds are reached that other keys name the members of.
    fn etcd(&mut self) -> Etcd {
        let said = |name: &&str| self.said.values.contains_key(*name);
        if ["skydns", "webhookEtcd"].iter().any(said) {
            let (etcd, wrong) = etcd::access(&self.said.values, &ETCD_KEYS);
            self.wrong_of_etcd(wrong);
            return etcd;
        }
        for name in ETCD_KEYS.all().into_iter().filter(said) {
            self.wrong(name, "says nothing without `skydns` or `webhookEtcd`".to_owned());
        }
        Etcd::default()
    }

    /// The etcd that a key names the members of.
    fn etcd_at(&mut self, name: &'static str, etcd: &Etcd) -> Etcd {
        let (members, wrong) = etcd::members(&self.said.values, name, &ETCD_KEYS);
        self.wrong_of_etcd(wrong);
        Etcd { members, ..etcd.clone() }
    }

    fn wrong_of_etcd(&mut self, all: Vec<Wrong>) {
        for Wrong { key, nth, message } in all {
            match nth {
                Some(nth) => self.wrong_item(key, nth, Reason::Invalid, message),
                None => self.wrong(key, message),
            }
        }
    }

    fn path(&mut self, name: &str) -> Option<PathBuf> {
        let text = self.said.text(name)?;
        if text.is_empty() || text.contains('\0') {
            self.wrong(name, format!("{text:?} is not a path"));
            return None;
        }
        Some(PathBuf::from(text))
    }

    /// Clusters are described by a folder or followed on their API servers, not both.
    fn one_fleet(&mut self) {
        let has = |name| self.said.text(name).is_some();
        for name in ["kubeconfig", "inCluster"].into_iter().filter(|name| has("fleet") && has(name)) {
            let message =
                "stands beside `fleet`; clusters are followed on their API servers, or read from a folder";
            let place = self.place(name);
            self.problems.push(fault(name, Reason::Conflict, message.to_owned(), &place));
        }
        let needs: [(&str, &[&str]); 5] = [
            ("contexts", &["kubeconfig"]),
            ("hub", &["kubeconfig", "inCluster"]),
            ("mesh", &["kubeconfig", "inCluster"]),
            ("serviceAccount", &["inCluster"]),
            ("networks", &["kubeconfig", "inCluster"]),
        ];
        for (name, needed) in needs {
            if has(name) && !needed.iter().any(|needed| has(needed)) {
                self.wrong(name, format!("says nothing without `{}`", needed.join("` or `")));
            }
        }
        if self.said.text("inCluster").is_some_and(str::is_empty) {
            self.wrong("inCluster", "is empty; it is the cluster's name in the fleet".to_owned());
        }
    }

    /// Portolan's own namespace, and those whose registrations are believed beside it.
    fn believed(&mut self) -> Believed {
        let own = self.said.text("namespace").unwrap_or(NAMESPACE).to_owned();
        if !is_label(&own) {
            self.wrong("namespace", format!("{own:?} {LABEL_RULE}"));
        }
        let Some(others) = self.said.values.get("registryNamespaces").map(Value::items) else {
            return Believed::new(&own, KUBEFED_NAMESPACES);
        };
        if others.len() > NAMESPACES_MAX {
            let message = format!("has {} names; at most {NAMESPACES_MAX} are taken", others.len());
            self.wrong("registryNamespaces", message);
        }
        for other in others.iter().filter(|other| !is_label(other)) {
            self.wrong("registryNamespaces", format!("{other:?} {LABEL_RULE}"));
        }
        Believed::new(&own, others.iter().map(String::as_str))
    }

    fn renew_percent(&mut self) -> u8 {
        let said = self.number("renewTokensAt").and_then(|percent| u8::try_from(percent).ok());
        said.unwrap_or(RENEW_PERCENT)
    }

    /// The items of a list; none where nothing is said.
    fn listed(&self, name: &str) -> Vec<String> {
        self.said.values.get(name).map(Value::items).unwrap_or_default()
    }

    fn zones(&mut self) -> Vec<ZoneSource> {
        let Some(Value { texts, source }) = self.said.values.get("zones") else { return Vec::new() };
        if texts.len() > ZONES_MAX {
            self.wrong("zones", format!("has {} zones; at most {ZONES_MAX} are served", texts.len()));
        }
        let mut zones: Vec<ZoneSource> = Vec::new();
        for (nth, text) in texts.iter().enumerate().take(ZONES_MAX) {
            let checked = zone(text).and_then(|new| match zones.iter().find(|old| old.apex == new.apex) {
                Some(old) => {
                    let (apex, file) = (old.apex.to_dotless(), old.file.display());
                    Err((Reason::Duplicate, format!("zone {apex} stands there twice; its file is {file}")))
                }
                None => Ok(new),
            });
            match checked {
                Ok(new) => zones.push(new),
                Err((reason, message)) => {
                    let field = format!("zones[{nth}]");
                    self.problems.push(fault(&field, reason, message, &source.to_string()));
                }
            }
        }
        zones
    }

    fn resolvers(&mut self) -> Servers {
        let Some(Value { texts, source }) = self.said.values.get("resolvers") else {
            return Servers::default();
        };
        if texts.len() > SERVERS_MAX {
            self.wrong("resolvers", format!("has {} servers; at most {SERVERS_MAX} are asked", texts.len()));
        }
        if texts.as_slice() == [NONE] {
            return Servers::These(Vec::new());
        }
        let mut servers = Vec::new();
        for (nth, text) in texts.iter().enumerate().take(SERVERS_MAX) {
            match resolver(text) {
                Ok(server) => servers.push(server),
                Err(message) => {
                    let field = format!("resolvers[{nth}]");
                    self.problems.push(fault(&field, Reason::Invalid, message, &source.to_string()));
                }
            }
        }
        Servers::These(servers)
    }

    fn load_balancer_grace(&mut self) -> u32 {
        let Some(text) = self.said.text("loadBalancerGrace") else { return LOAD_BALANCER_GRACE_DEFAULT };
        match text.parse() {
            Ok(seconds @ 0..=LOAD_BALANCER_GRACE_MAX) => seconds,
            _ => {
                let rule = format!("is not a whole number of seconds from 0 to {LOAD_BALANCER_GRACE_MAX}");
                self.wrong("loadBalancerGrace", format!("{text:?} {rule}"));
                LOAD_BALANCER_GRACE_DEFAULT
            }
        }
    }

    fn listen(&mut self) -> Vec<SocketAddr> {
        let Some(Value { texts, source }) = self.said.values.get("listen") else {
            let default = keys::LISTEN_DEFAULT.iter().filter_map(|text| text.parse().ok());
            return default.collect();
        };
        if texts.is_empty() || texts.len() > LISTENERS_MAX {
            let message = format!("has {} addresses; 1 to {LISTENERS_MAX} are wanted", texts.len());
            self.wrong("listen", message);
        }
        let mut listen: Vec<SocketAddr> = Vec::new();
        for (nth, text) in texts.iter().enumerate().take(LISTENERS_MAX) {
            let checked = address(text).and_then(|new| match listen.iter().find(|old| overlap(**old, new)) {
                Some(old) if *old == new => Err((Reason::Duplicate, format!("{text:?} stands there twice"))),
                Some(old) => {
                    let why = "one of them takes every address of the port";
                    Err((Reason::Conflict, format!("{text:?} and {old} cannot both be had: {why}")))
                }
                None => Ok(new),
            });
            match checked {
                Ok(new) => listen.push(new),
                Err((reason, message)) => {
                    let field = format!("listen[{nth}]");
                    self.problems.push(fault(&field, reason, message, &source.to_string()));
                }
            }
        }
        listen
    }

    fn address(&mut self, name: &str) -> Option<SocketAddr> {
        match address(self.said.text(name)?) {
            Ok(address) => Some(address),
            Err((_, message)) => {
                self.wrong(name, message);
                None
            }
        }
    }

    /// HTTP and DNS over TCP cannot share an address.
    fn clash(&mut self, listen: &[SocketAddr], http: Option<SocketAddr>) {
        let Some(http) = http else { return };
        if let Some(taken) = listen.iter().find(|address| overlap(**address, http)) {
            let place = self.place("http");
            let message = format!("{http} is taken: questions over TCP are answered at {taken}");
            self.problems.push(fault("http", Reason::Conflict, message, &place));
        }
    }

    fn number(&mut self, name: &str) -> Option<usize> {
        let text = self.said.text(name)?;
        let Some(Form::Number(most)) = key(name).map(|key| key.form) else { return None };
        match text.parse::<usize>() {
            Ok(number) if (1..=most).contains(&number) => Some(number),
            _ => {
                self.wrong(name, format!("{text:?} is not a whole number from 1 to {most}"));
                None
            }
        }
    }

    fn pin(&mut self) -> Pin {
        match self.said.text("pin") {
            None | Some("auto") => Pin::Auto,
            Some("yes") => Pin::Yes,
            Some("no") => Pin::No,
            Some(text) => {
                self.wrong("pin", format!("{text:?} is not one of auto, yes, no"));
                Pin::default()
            }
        }
    }

    fn nsid(&mut self) -> String {
        let text = self.said.text("nsid").unwrap_or_default();
        if text.len() > NSID_OCTETS_MAX {
            self.wrong("nsid", format!("has {} octets; at most {NSID_OCTETS_MAX} are sent", text.len()));
        }
        text.to_owned()
    }

    fn log(&mut self) -> String {
        let text = self.said.text("log").or_else(|| key("log").map(|key| key.default)).unwrap_or("info");
        let words = ["off", "error", "warn", "info", "debug", "trace"];
        let lower = text.to_ascii_lowercase();
        let bare = !text.contains(['=', ',', '[']);
        if (bare && !words.contains(&lower.as_str())) || logs::filter(text).is_err() {
            self.wrong("log", format!("{text:?} is not a level ({}), nor TARGET=LEVEL,…", words.join(", ")));
        }
        text.to_owned()
    }

    fn log_format(&mut self) -> LogFormat {
        let Some(text) = self.said.text("logFormat") else { return LogFormat::default() };
        LogFormat::from_str(text).unwrap_or_else(|()| {
            self.wrong("logFormat", format!("{text:?} is not one of auto, text, json"));
            LogFormat::default()
        })
    }

    fn wrong(&mut self, name: &str, message: String) {
        let place = self.place(name);
        self.problems.push(fault(name, Reason::Invalid, message, &place));
    }

    fn wrong_item(&mut self, name: &str, nth: usize, reason: Reason, message: String) {
        let place = self.place(name);
        self.problems.push(fault(&format!("{name}[{nth}]"), reason, message, &place));
    }

    fn place(&self, name: &str) -> String {
        self.said.values.get(name).map_or(String::new(), |value| value.source.to_string())
    }

    fn has_problem(&self, name: &str) -> bool {
        let subject = format!("config: {name}");
        self.problems.iter().any(|problem| problem.subject == subject)
    }

    /// True when the file as a whole, or its version, has a fault: what its keys say is not known then.
    fn is_file_unread(&self) -> bool {
        self.has_problem("version") || self.problems.iter().any(|problem| problem.subject == "config")
    }
}

/// What the name of a namespace is.
const LABEL_RULE: &str = "is no namespace: 1 to 63 lower-case letters, digits and '-' within";

fn is_label(text: &str) -> bool {
    let is_plain = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(is_plain)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// A zone and its file, or why it is none.
fn zone(text: &str) -> Result<ZoneSource, (Reason, String)> {
    let invalid = |why: String| Err((Reason::Invalid, format!("{text:?} {why}")));
    let Some((name, file)) = text.split_once('=') else {
        return invalid("is not NAME=FILE, as in example.org=/etc/portolan/example.org.zone".to_owned());
    };
    if file.is_empty() || file.contains('\0') {
        return invalid("names no file".to_owned());
    }
    match name.parse::<Name>() {
        Ok(apex) => Ok(ZoneSource { apex, file: PathBuf::from(file) }),
        Err(error) => invalid(format!("has a zone's name that {error}")),
    }
}

/// An address and, where one is said, a port; or why it is none.
fn resolver(text: &str) -> Result<SocketAddr, String> {
    let parsed =
        text.parse::<SocketAddr>().or_else(|_| text.parse().map(|address: IpAddr| (address, PORT).into()));
    match parsed {
        Ok(server) if server.ip().is_unspecified() || server.ip().is_multicast() || server.port() == 0 => {
            Err(format!("{text:?} is no address and port that somebody answers at"))
        }
        Ok(server) => Ok(server),
        Err(_) => Err(format!(
            "{text:?} is not ADDRESS or ADDRESS:PORT, as in 192.0.2.53 or [2001:db8::53]:5353; names are not looked up"
        )),
    }
}

/// An address and a port, or why it is none.
fn address(text: &str) -> Result<SocketAddr, (Reason, String)> {
    let invalid = |why: &str| Err((Reason::Invalid, format!("{text:?} {why}")));
    match text.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_multicast() => {
            invalid("is a multicast address; none can be listened on")
        }
        Ok(address) if address.ip() == IpAddr::from([255; 4]) => invalid("is the broadcast address"),
        Ok(address) => Ok(address),
        Err(_) if text.parse::<IpAddr>().is_ok() => match text.contains(':') {
            true => invalid("has no port; wanted: [ADDRESS]:PORT"),
            false => invalid("has no port; wanted: ADDRESS:PORT"),
        },
        Err(_) => match text.rsplit_once(':') {
            Some((host, _)) if host.trim_matches(['[', ']']).parse::<IpAddr>().is_err() => invalid(
                "is not ADDRESS:PORT: no IP address stands before the port, and names are not looked up",
            ),
            Some((host, _)) if host.contains(':') && !host.starts_with('[') => {
                invalid("is not ADDRESS:PORT: an IPv6 address stands in brackets, as in [::1]:53")
            }
            Some(_) => invalid("is not ADDRESS:PORT: the port is not a number from 0 to 65535"),
            None => invalid("is not ADDRESS:PORT, as in 127.0.0.1:53"),
        },
    }
}

/// True when two sockets cannot both be bound. Port 0 is a free port each time, and an IPv6 socket
/// takes no IPv4.
fn overlap(a: SocketAddr, b: SocketAddr) -> bool {
    let every = a.ip().is_unspecified() || b.ip().is_unspecified();
    a.port() == b.port() && a.port() != 0 && a.is_ipv4() == b.is_ipv4() && (every || a.ip() == b.ip())
}
