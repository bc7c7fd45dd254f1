//! PowerDNS's authoritative server.

use std::process::Command;

use anyhow::Result;

use super::{Answers, Peer, Site, Subject, package_version};
use crate::bench::modes::Mode;

pub(super) const BIND_BACKEND: Peer = Peer {
    name: "pdns",
    what: "zone file (bind backend), packet cache on",
    modes: &[Mode::Static, Mode::Policy, Mode::Million],
    answers: Answers::Zone,
    counted: true,
    version: || package_version("pdns-server"),
    start,
};

fn start(site: &Site<'_>) -> Result<Subject> {
    site.write("pdns/zones.conf", "zones.conf")?;
    site.write("pdns/zone.conf", "pdns.conf")?;
    site.run(Command::new("pdns_server").arg(format!("--config-dir={}", site.folder.display())))
}
