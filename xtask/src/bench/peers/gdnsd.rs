//! gdnsd.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use super::{Answers, Peer, Site, Subject, package_version};
use crate::bench::modes::Mode;

pub(super) const STATIC: Peer = Peer {
    name: "gdnsd",
    what: "zone file",
    modes: &[Mode::Static, Mode::Policy, Mode::Million],
    answers: Answers::Zone,
    counted: true,
    version: || package_version("gdnsd"),
    start,
};

fn start(site: &Site<'_>) -> Result<Subject> {
    site.write("gdnsd/zone.conf", "config")?;
    let zones = site.folder.join("zones");
    fs::create_dir_all(&zones).context("the zones' folder")?;
    // A zone's file bears the zone's name.
    std::os::unix::fs::symlink(site.zone, zones.join(site.names.apex)).context("the zone file")?;
    site.run(Command::new("gdnsd").arg("-c").arg(site.folder).arg("start"))
}
