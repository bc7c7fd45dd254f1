//! `portolan webhook`: keys of the configuration under shorter flags.

use clap::{Arg, ArgAction, Command};

use super::settings;
use crate::config::keys::{self, ETCD_KEYS};

/// The keys that have another flag here, and what stands there of them.
pub(super) const FLAGS: &[(&str, &str, &str)] = &[
    ("webhookListen", "listen", "Be a webhook provider of External-DNS here [default: 127.0.0.1:8888]"),
    (
        "webhookDomains",
        "domain-filter",
        "Take records of this domain, and answer for it as a zone; may be given several times",
    ),
    ("webhookExcluded", "exclude-domains", "Take no records of this domain; may be given several times"),
    (
        "webhookEtcd",
        "etcd",
        "Keep records in this etcd, and share them with whoever else does; a URL for each of its members",
    ),
    (
        "webhookNameServers",
        "name-server",
        "Name this server in the zones; may be given several times [default: ns. and the zone, at the addresses of --dns]",
    ),
    (
        "listen",
        "dns",
        "Answer questions here, over UDP and TCP; may be given several times [default: nowhere]",
    ),
];

pub(super) fn command() -> Command {
    Command::new("webhook")
        .about("Answer for what a stock External-DNS publishes")
        .long_about(
            "Speaks External-DNS' webhook protocol as a provider, keeps what it is given, and answers DNS for it. A change \
             is acknowledged once it is on the disk and in the answers. The same stands beside a fleet with \
             `portolan run --webhook-listen`.",
        )
        .args(FLAGS.iter().filter_map(|(name, flag, help)| renamed(name, flag, help)))
        .args(settings(&[&ETCD_KEYS.all()[..], &["state", "http", "control", "workers", "nsid"]].concat()))
        .after_help(
            "Example:\n  portolan webhook --listen 127.0.0.1:8888 --domain-filter example.com --state records --dns 127.0.0.1:5300\n  \
             external-dns --provider=webhook --webhook-provider-url=http://127.0.0.1:8888 --source=service",
        )
}

/// The flag of a key under another name.
fn renamed(name: &str, flag: &'static str, help: &str) -> Option<Arg> {
    let key = keys::key(name)?;
    let action = if key.form.is_list() { ArgAction::Append } else { ArgAction::Set };
    let help = format!("{help} [env: {}]", key.env);
    Some(Arg::new(key.name).long(flag).value_name(key.value).action(action).help(help))
}
