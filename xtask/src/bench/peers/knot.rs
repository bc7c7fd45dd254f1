//! Knot DNS (CZ.NIC): with a zone file, and with its module for steering.

use std::fmt::Write as _;
use std::fs;
use std::net::Ipv4Addr;
use std::process::Command;

use anyhow::{Context, Result};

use super::{Answers, Peer, Site, Subject, package_version};
use crate::bench::dataset::networks::{v4, v6};
use crate::bench::modes::Mode;

/// Networks of each name. The module keeps a list of networks under every name, so that 10,000 names
/// with 20,000 networks each cannot be configured: it has an easier task than the others.
const COARSE_NETWORKS: u8 = 20;
/// Bits of such a network; together they hold all known clients.
const COARSE_BITS: u8 = 14;

/// All records of the zone.
pub(super) const STATIC: Peer = Peer {
    name: "knot",
    what: "zone file",
    modes: &[Mode::Static, Mode::Policy, Mode::Million, Mode::Tcp, Mode::Workers],
    answers: Answers::Zone,
    counted: true,
    version,
    start: |site| run(site, "knot/zone.conf"),
};

/// By place, coarsely.
pub(super) const GEOIP: Peer = Peer {
    name: "knot-geoip",
    what: "mod-geoip by subnet, only 20 networks a name",
    modes: &[Mode::Policy],
    answers: Answers::Coarse,
    counted: true,
    version,
    start: |site| {
        let path = site.folder.join("geo.conf");
        let text: String = (0..site.names.count).map(|index| name(site, index)).collect();
        fs::write(&path, text).with_context(|| path.display().to_string())?;
        run(site, "knot/geoip.conf")
    },
};

/// The cluster that it gives to clients in a coarse network, by the network's second octet.
pub(in crate::bench) fn coarse_cluster(client: Ipv4Addr) -> usize {
    usize::from(client.octets()[1] >> (16 - COARSE_BITS)) % 10
}

fn version() -> Result<String> {
    package_version("knot")
}

fn run(site: &Site<'_>, template: &str) -> Result<Subject> {
    let config = site.write(template, "knot.conf")?;
    site.run(Command::new("knotd").arg("-c").arg(config))
}

fn name(site: &Site<'_>, index: u32) -> String {
    let mut text = format!("{}.:\n", site.names.name(index));
    for number in 0..COARSE_NETWORKS {
        let network = Ipv4Addr::new(10, number << (16 - COARSE_BITS), 0, 0);
        let cluster = coarse_cluster(network);
        writeln!(text, "  - net: {network}/{COARSE_BITS}\n    A: {}", v4(index, cluster))
            .expect("a String takes everything");
        if site.names.has_v6(index) {
            writeln!(text, "    AAAA: {}", v6(index, cluster)).expect("a String takes everything");
        }
    }
    text
}
