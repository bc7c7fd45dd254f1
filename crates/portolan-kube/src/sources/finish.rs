//! The steps that the records of every source take: targets by default, NAT64, networks, reverse records,
//! TTLs, and one set for each name and type.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use portolan_core::fleet::Evidence;
use portolan_core::place::Network;
use portolan_core::{RecordType, Ttl};

use super::endpoint::{Common, Endpoint};
use super::options::Options;
use crate::dns_endpoint::ProviderProperty;

/// The property that asks for a reverse record, or against one.
const RECORD_TYPE: &str = "record-type";
/// The property that asks for what a provider has instead of an alias.
const ALIAS: &str = "alias";

/// Finishes what a source made of an object.
pub(super) fn finish(endpoints: Vec<Endpoint>, options: &Options) -> Vec<Endpoint> {
    let mut endpoints = by_default(endpoints, options);
    // A provider has no alias for a record of these types; External-DNS refuses the record.
    endpoints.retain(|e| is_address_or_alias(e.rtype) || e.properties.iter().all(|p| p.name != ALIAS));
    let translated: Vec<Endpoint> = endpoints.iter().filter_map(|e| nat64(e, options)).collect();
    endpoints.extend(translated);
    filter_targets(&mut endpoints, options);
    let mut endpoints = merged(endpoints);
    if options.makes(RecordType::PTR) {
        let reverse = reverse(&mut endpoints, options);
        endpoints.extend(merged(reverse));
    }
    for endpoint in &mut endpoints {
        endpoint.ttl = endpoint.ttl.or(options.min_ttl);
        let is_marked = endpoint.properties.iter().any(|property| property.name == ALIAS);
        if options.prefer_alias && endpoint.rtype == RecordType::CNAME && !is_marked {
            endpoint.properties.push(ProviderProperty { name: ALIAS.into(), value: "true".into() });
            endpoint.properties.sort_by(|a, b| a.name.cmp(&b.name));
        }
    }
    endpoints.retain(|endpoint| options.makes(endpoint.rtype) && !endpoint.targets.is_empty());
    endpoints
}

fn is_address_or_alias(rtype: RecordType) -> bool {
    [RecordType::A, RecordType::AAAA, RecordType::CNAME].contains(&rtype)
}

/// The targets that are named for all, where a record has none or they are forced on it.
fn by_default(endpoints: Vec<Endpoint>, options: &Options) -> Vec<Endpoint> {
    if options.default_targets.is_empty() {
        return endpoints;
    }
    let of = |endpoint: Endpoint| {
        if !options.force_default_targets && !endpoint.targets.is_empty() {
            return vec![endpoint];
        }
        let Endpoint { name, ttl, set, properties, .. } = endpoint;
        Common { ttl, set, properties }.of_host(&name, &options.default_targets, Evidence::None)
    };
    endpoints.into_iter().flat_map(of).collect()
}

/// The IPv4 addresses that a record's IPv6 addresses lead to through NAT64 (RFC 6052).
fn nat64(endpoint: &Endpoint, options: &Options) -> Option<Endpoint> {
    if endpoint.rtype != RecordType::AAAA {
        return None;
    }
    let translated = |target: &String| {
        let address: Ipv6Addr = target.parse().ok()?;
        let is_inside = options.nat64_networks.iter().any(|network| network.holds(address.into()));
        let [.., a, b, c, d] = address.octets();
        is_inside.then(|| Ipv4Addr::new(a, b, c, d).to_string())
    };
    let targets: Vec<String> = endpoint.targets.iter().filter_map(translated).collect();
    (!targets.is_empty()).then(|| Endpoint { rtype: RecordType::A, targets, ..endpoint.clone() })
}

/// Leaves targets out that are in a network which is not wanted. A host name is in none.
fn filter_targets(endpoints: &mut Vec<Endpoint>, options: &Options) {
    let (wanted, unwanted) = (&options.target_net_filter, &options.exclude_target_net);
    if wanted.is_empty() && unwanted.is_empty() {
        return;
    }
    let is_in = |networks: &[Network], target: &str| {
        let address = target.parse::<IpAddr>().ok().map(|address| address.to_canonical());
        address.is_some_and(|address| networks.iter().any(|network| network.holds(address)))
    };
    for endpoint in endpoints.iter_mut() {
        let is_wanted = |target: &String| wanted.is_empty() || is_in(wanted, target);
        endpoint.targets.retain(|target| is_wanted(target) && !is_in(unwanted, target));
    }
    endpoints.retain(|endpoint| !endpoint.targets.is_empty());
}

/// One set for each name, type, set identifier, TTL and readiness, its targets sorted.
fn merged(endpoints: Vec<Endpoint>) -> Vec<Endpoint> {
    let mut sets: Vec<Endpoint> = Vec::new();
    let mut places = BTreeMap::new();
    for endpoint in endpoints {
        let Endpoint { name, rtype, set, ttl, evidence, .. } = &endpoint;
        let key = (name.clone(), *rtype, set.clone(), *ttl, rank(*evidence));
        let at = *places.entry(key).or_insert(sets.len());
        match sets.get_mut(at) {
            Some(set) => set.targets.extend(endpoint.targets),
            None => sets.push(endpoint),
        }
    }
    for set in &mut sets {
        set.targets.sort_unstable();
        set.targets.dedup();
    }
    sets
}

/// A place in an order for each evidence, for a key.
fn rank(evidence: Evidence) -> u8 {
    match evidence {
        Evidence::Ready => 0,
        Evidence::Allowed => 1,
        Evidence::None => 2,
        Evidence::NotReady => 3,
    }
}

/// The reverse records of those that ask for them, and of all where that is the rule. The wish is no property
/// of the record itself, so it is taken away.
fn reverse(endpoints: &mut [Endpoint], options: &Options) -> Vec<Endpoint> {
    let mut reverse = Vec::new();
    for endpoint in endpoints.iter_mut() {
        let wish = endpoint.properties.iter().position(|property| property.name == RECORD_TYPE);
        let wish = wish.map(|at| endpoint.properties.remove(at).value);
        let is_address = matches!(endpoint.rtype, RecordType::A | RecordType::AAAA);
        let is_wanted = wish.map_or(options.create_ptr, |wish| wish.eq_ignore_ascii_case("ptr"));
        if !is_address || !is_wanted || endpoint.name.starts_with("*.") {
            continue;
        }
        for target in &endpoint.targets {
            let Ok(address) = target.parse::<IpAddr>() else { continue };
            let common = Common { ttl: endpoint.ttl, ..Common::default() };
            let names = vec![endpoint.name.clone()];
            // An IPv4-mapped address is that IPv4 address, and so is its name.
            let name = reverse_name(address.to_canonical());
            reverse.push(common.endpoint(&name, RecordType::PTR, names, endpoint.evidence));
        }
    }
    least_ttls(&mut reverse);
    reverse
}

/// Of several names of one address the least TTL counts, and one without any is less than all.
fn least_ttls(reverse: &mut [Endpoint]) {
    let mut least: BTreeMap<String, Option<Ttl>> = BTreeMap::new();
    for endpoint in &*reverse {
        let known = least.entry(endpoint.name.clone()).or_insert(endpoint.ttl);
        *known = (*known).min(endpoint.ttl);
    }
    for endpoint in reverse {
        endpoint.ttl = least.get(&endpoint.name).copied().flatten();
    }
}

/// The name below `in-addr.arpa` (RFC 1035 section 3.5) or `ip6.arpa` (RFC 3596 section 2.5).
fn reverse_name(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(v6) => {
            let nibbles = v6.octets().into_iter().rev().flat_map(|octet| [octet & 0xf, octet >> 4]);
            let labels: Vec<String> = nibbles.map(|nibble| format!("{nibble:x}")).collect();
            format!("{}.ip6.arpa", labels.join("."))
        }
    }
}
