//! NSD (NLnet Labs).

use std::process::Command;

use anyhow::Result;

use super::{Answers, Peer, Site, Subject, package_version};
use crate::bench::modes::Mode;

pub(super) const STATIC: Peer = Peer {
    name: "nsd",
    what: "zone file",
    modes: &[Mode::Static, Mode::Policy, Mode::Million, Mode::Tcp, Mode::Workers],
    answers: Answers::Zone,
    counted: true,
    version: || package_version("nsd"),
    start,
};

fn start(site: &Site<'_>) -> Result<Subject> {
    let config = site.write("nsd/zone.conf", "nsd.conf")?;
    site.run(Command::new("nsd").arg("-d").arg("-c").arg(config))
}
