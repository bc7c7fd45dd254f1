//! gdnsd, the nearest ancestor: with a zone file, and with its plugins for steering.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use super::{Answers, Peer, Site, Subject, package_version};
use crate::bench::modes::Mode;

mod resources;

/// All records of the zone.
pub(super) const STATIC: Peer = Peer {
    name: "gdnsd",
    what: "zone file",
    modes: &[Mode::Static, Mode::Policy, Mode::Million, Mode::Tcp, Mode::Workers],
    answers: Answers::Zone,
    counted: true,
    version,
    start: |site| {
        site.write("gdnsd/zone.conf", "config")?;
        let zones = zones(site)?;
        // A zone's file bears the zone's name.
        std::os::unix::fs::symlink(site.zone, zones.join(site.names.apex)).context("the zone file")?;
        run(site)
    },
};

/// By place: one address in each place's datacenter.
pub(super) const GEOIP: Peer = Peer {
    name: "gdnsd-geoip",
    what: "geoip, 20,000 networks, 10,000 resources",
    modes: &[Mode::Policy],
    answers: Answers::Nearest,
    counted: true,
    version,
    start: |site| steered(site, "gdnsd/geoip.conf", "geoip", resources::nearest),
};

/// By place and weight, as Portolan does it.
pub(super) const GEOIP_WEIGHTED: Peer = Peer {
    name: "gdnsd-geoip-weighted",
    what: "geoip over weighted, 20,000 networks, 10,000 resources",
    modes: &[Mode::Policy],
    answers: Answers::Steered,
    counted: false,
    version,
    start: |site| steered(site, "gdnsd/geoip.conf", "geoip", resources::nearest_weighted),
};

/// Failover alone.
pub(super) const METAFO: Peer = Peer {
    name: "gdnsd-metafo",
    what: "metafo, 10,000 resources",
    modes: &[Mode::Policy],
    answers: Answers::First,
    counted: false,
    version,
    start: |site| steered(site, "gdnsd/metafo.conf", "metafo", resources::failover),
};

/// Weights alone.
pub(super) const WEIGHTED: Peer = Peer {
    name: "gdnsd-weighted",
    what: "weighted, 10,000 resources",
    modes: &[Mode::Policy],
    answers: Answers::Weighted,
    counted: true,
    version,
    start: |site| steered(site, "gdnsd/weighted.conf", "weighted", resources::weighted),
};

fn version() -> Result<String> {
    package_version("gdnsd")
}

/// With a plugin's resources, one a name, and a zone that refers to them.
fn steered(
    site: &Site<'_>,
    template: &str,
    plugin: &str,
    resource: fn(&Site<'_>, u32) -> String,
) -> Result<Subject> {
    site.write(template, "config")?;
    let put = |path: std::path::PathBuf, text: String| {
        fs::write(&path, text).with_context(|| path.display().to_string())
    };
    put(site.folder.join("resources"), (0..site.names.count).map(|index| resource(site, index)).collect())?;
    // Its own folder for what the plugin reads.
    fs::create_dir_all(site.folder.join("geoip")).context("the networks' folder")?;
    put(site.folder.join("geoip/nets"), resources::networks())?;
    put(zones(site)?.join(site.names.apex), resources::zone(site, plugin))?;
    run(site)
}

fn zones(site: &Site<'_>) -> Result<std::path::PathBuf> {
    let zones = site.folder.join("zones");
    fs::create_dir_all(&zones).context("the zones' folder")?;
    Ok(zones)
}

fn run(site: &Site<'_>) -> Result<Subject> {
    site.run(Command::new("gdnsd").arg("-c").arg(site.folder).arg("start"))
}
