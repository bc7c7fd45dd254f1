//! BIND 9 (ISC).

use std::process::Command;

use anyhow::Result;

use super::{Answers, Peer, Site, Subject, package_version};
use crate::bench::modes::Mode;

pub(super) const STATIC: Peer = Peer {
    name: "bind",
    what: "zone file",
    modes: &[Mode::Static, Mode::Million, Mode::Tcp, Mode::Workers],
    answers: Answers::Zone,
    counted: true,
    version: || package_version("bind9"),
    start,
};

fn start(site: &Site<'_>) -> Result<Subject> {
    let config = site.write("bind/zone.conf", "named.conf")?;
    let workers = site.workers.to_string();
    site.run(Command::new("named").args(["-g", "-n", &workers, "-U", &workers, "-c"]).arg(config))
}
