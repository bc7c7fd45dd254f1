//! Zones of Lua records.

use std::fmt::Write as _;
use std::net::IpAddr;

use crate::bench::dataset::TTL_SECONDS;
use crate::bench::dataset::networks::{CLUSTERS, v4, v6, weight};
use crate::bench::peers::{LOOPBACK_TARGETS, Site, loopback_target};

/// Targets of one name, of all that there are.
const TARGETS_PER_NAME: u32 = 3;

/// A zone with these records for each name.
pub(super) fn zone(site: &Site<'_>, record: fn(&Site<'_>, u32) -> String) -> String {
    let apex = site.names.apex;
    let mut text = format!(
        "$ORIGIN {apex}.\n$TTL {TTL_SECONDS}\n@ SOA ns1.{apex}. hostmaster.{apex}. 1 3600 600 1209600 30\n@ NS ns1.{apex}.\nns1 A 192.0.2.53\n"
    );
    for index in 0..site.names.count {
        text += &record(site, index);
    }
    text
}

/// One of all clusters, drawn by weight.
pub(super) fn pick_weighted(site: &Site<'_>, index: u32) -> String {
    records(site, index, |address| {
        let one = |cluster| format!("{{{},'{}'}}", weight(cluster), address(cluster));
        format!("pickwrandom({{{}}})", joined(one))
    })
}

/// The cluster that is closest to the client.
pub(super) fn pick_closest(site: &Site<'_>, index: u32) -> String {
    records(site, index, |address| {
        format!("pickclosest({{{}}})", joined(|cluster| format!("'{}'", address(cluster))))
    })
}

/// One of some targets on loopback that take connections on the server's own port.
pub(super) fn if_port_up(site: &Site<'_>, index: u32) -> String {
    let targets = (0..TARGETS_PER_NAME).map(|number| {
        format!("'{}'", loopback_target((index * TARGETS_PER_NAME + number) % LOOPBACK_TARGETS))
    });
    let targets: Vec<String> = targets.collect();
    let label = site.names.label(index);
    format!("{label} LUA A \"ifportup({}, {{{}}})\"\n", site.helper_port, targets.join(","))
}

fn records(site: &Site<'_>, index: u32, call: impl Fn(&dyn Fn(usize) -> IpAddr) -> String) -> String {
    let label = site.names.label(index);
    let mut text = format!("{label} LUA A \"{}\"\n", call(&|cluster| v4(index, cluster).into()));
    if site.names.has_v6(index) {
        let six = call(&|cluster| v6(index, cluster).into());
        writeln!(text, "{label} LUA AAAA \"{six}\"").expect("a String takes everything");
    }
    text
}

fn joined(one: impl Fn(usize) -> String) -> String {
    (0..CLUSTERS.len()).map(one).collect::<Vec<_>>().join(",")
}
