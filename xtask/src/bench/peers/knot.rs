//! Knot DNS (CZ.NIC).

use std::process::Command;

use anyhow::Result;

use super::{Answers, Peer, Site, Subject, package_version};
use crate::bench::modes::Mode;

pub(super) const STATIC: Peer = Peer {
    name: "knot",
    what: "zone file",
    modes: &[Mode::Static, Mode::Policy, Mode::Million],
    answers: Answers::Zone,
    counted: true,
    version: || package_version("knot"),
    start,
};

fn start(site: &Site<'_>) -> Result<Subject> {
    let config = site.write("knot/zone.conf", "knot.conf")?;
    site.run(Command::new("knotd").arg("-c").arg(config))
}
