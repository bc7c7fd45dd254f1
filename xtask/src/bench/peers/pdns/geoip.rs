//! The zone of the geoip backend: each name is a service that leads to a name of the client's place.

use std::fmt::Write as _;

use crate::bench::dataset::TTL_SECONDS;
use crate::bench::dataset::networks::{PLACES, v4, v6, weight};
use crate::bench::mmdb::country;
use crate::bench::peers::Site;

/// What the backend calls a client that the database does not know.
const UNKNOWN: &str = "unknown";

/// The zones as its YAML file.
pub(super) fn zones(site: &Site<'_>) -> String {
    let apex = site.names.apex;
    let mut text = format!(
        "domains:\n- domain: {apex}\n  ttl: {TTL_SECONDS}\n  records:\n    {apex}:\n\
         \x20   - soa: ns1.{apex} hostmaster.{apex} 1 3600 600 1209600 30\n    - ns: ns1.{apex}\n\
         \x20   ns1.{apex}:\n    - a: 192.0.2.53\n"
    );
    for index in 0..site.names.count {
        for (place, (_, near)) in PLACES.iter().enumerate() {
            text += &records(site, index, &country(place), near);
        }
        text += &records(site, index, UNKNOWN, &[0]);
    }
    text.push_str("  services:\n");
    for index in 0..site.names.count {
        let name = site.names.name(index);
        writeln!(text, "    {name}: '%cc.{name}'").expect("a String takes everything");
    }
    text
}

/// The records of a name for one country, by weight where there are two.
fn records(site: &Site<'_>, index: u32, country: &str, clusters: &[usize]) -> String {
    let mut text = format!("    {country}.{}:\n", site.names.name(index));
    for cluster in clusters {
        let weight = weight(*cluster);
        let mut one = |kind: &str, address: &dyn std::fmt::Display| {
            writeln!(text, "    - {kind}: {{content: \"{address}\", weight: {weight}}}")
                .expect("a String takes everything");
        };
        one("a", &v4(index, *cluster));
        if site.names.has_v6(index) {
            one("aaaa", &v6(index, *cluster));
        }
    }
    text
}
