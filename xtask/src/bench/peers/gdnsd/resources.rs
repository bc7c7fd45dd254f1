//! The text of gdnsd's resources: one for each name, in each of them a datacenter for each place.

use std::fmt::Write as _;
use std::net::IpAddr;

use crate::bench::dataset::TTL_SECONDS;
use crate::bench::dataset::networks::{CLUSTERS, NETWORKS, Networks, PLACES, v4, v6, weight};
use crate::bench::peers::Site;

/// Each network with the datacenters of its place, nearest first.
pub(super) fn networks() -> String {
    let mut text = String::new();
    for number in 0..NETWORKS {
        let place = Networks.place(number);
        let order = (0..PLACES.len()).map(|next| format!("d{}", (place + next) % PLACES.len()));
        let order: Vec<String> = order.collect();
        writeln!(text, "{}/24 => [ {} ]", Networks.network(number), order.join(", "))
            .expect("a String takes everything");
    }
    text
}

/// A zone whose names refer to the resources of a plugin.
pub(super) fn zone(site: &Site<'_>, plugin: &str) -> String {
    let apex = site.names.apex;
    let mut text = format!(
        "$TTL {TTL_SECONDS}\n@ SOA ns1.{apex}. hostmaster.{apex}. 1 3600 600 1209600 30\n@ NS ns1.{apex}.\nns1 A 192.0.2.53\n"
    );
    for index in 0..site.names.count {
        let label = site.names.label(index);
        writeln!(text, "{label} {TTL_SECONDS} DYNA {plugin}!{label}").expect("a String takes everything");
    }
    text
}

/// In each datacenter the address of the cluster that is nearest to its place.
pub(super) fn nearest(site: &Site<'_>, index: u32) -> String {
    let datacenter = |(place, (_, near)): (usize, &(&str, &[usize]))| {
        format!("d{place} => {} ", addresses(site, index, near[0]))
    };
    let all: String = PLACES.iter().enumerate().map(datacenter).collect();
    format!("{} => {{ map => bench, dcmap => {{ {all}}} }}\n", site.names.label(index))
}

/// In each datacenter the addresses of all clusters that are nearest to its place, by weight.
pub(super) fn nearest_weighted(site: &Site<'_>, index: u32) -> String {
    let datacenter = |(place, (_, near)): (usize, &(&str, &[usize]))| {
        format!("d{place} => {{ plugin => weighted, {} }} ", by_weight(site, index, near))
    };
    let all: String = PLACES.iter().enumerate().map(datacenter).collect();
    format!("{} => {{ map => bench, dcmap => {{ {all}}} }}\n", site.names.label(index))
}

/// All clusters, in their order.
pub(super) fn failover(site: &Site<'_>, index: u32) -> String {
    let datacenter = |cluster| format!("d{cluster} => {} ", addresses(site, index, cluster));
    let names: Vec<String> = (0..CLUSTERS.len()).map(|cluster| format!("d{cluster}")).collect();
    let all: String = (0..CLUSTERS.len()).map(datacenter).collect();
    format!(
        "{} => {{ datacenters => [ {} ], dcmap => {{ {all}}} }}\n",
        site.names.label(index),
        names.join(", ")
    )
}

/// All clusters, by weight.
pub(super) fn weighted(site: &Site<'_>, index: u32) -> String {
    let all: Vec<usize> = (0..CLUSTERS.len()).collect();
    format!("{} => {{ {} }}\n", site.names.label(index), by_weight(site, index, &all))
}

fn by_weight(site: &Site<'_>, index: u32, clusters: &[usize]) -> String {
    let family = |address: fn(u32, usize) -> IpAddr| {
        let one =
            |cluster: &usize| format!("c{cluster} => [ {}, {} ]", address(index, *cluster), weight(*cluster));
        clusters.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let mut text = format!("addrs_v4 => {{ {} }}", family(|index, cluster| v4(index, cluster).into()));
    if site.names.has_v6(index) {
        let six = family(|index, cluster| v6(index, cluster).into());
        write!(text, ", addrs_v6 => {{ {six} }}").expect("a String takes everything");
    }
    text
}

/// The addresses of a name in a cluster, each family by its key where there are two.
fn addresses(site: &Site<'_>, index: u32, cluster: usize) -> String {
    let four = v4(index, cluster);
    if site.names.has_v6(index) {
        format!("{{ addrs_v4 => [ {four} ], addrs_v6 => [ {} ] }}", v6(index, cluster))
    } else {
        four.to_string()
    }
}
