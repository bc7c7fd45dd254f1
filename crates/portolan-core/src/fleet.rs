//! Facts: what is known of each cluster, zone, policy and name.
//!
//! The fleet is the ground state that everything else is computed from, and what the last good
//! state on disk holds. It changes by one [`Fact`] at a time; a silent cluster's facts stay as they
//! were (DESIGN section 7, invariant 2). Maps are ordered, so two runs print the same bytes.
//!
//! A name has one owner: the object that may say what it answers (see portolan-kube's ownership).
//! What several clusters offer for it are the [`Endpoint`]s of that one owner. [`NameFacts`] is how they are
//! told; [`Names`] keeps them packed, as there may be a million.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

use crate::cluster::{Cluster, ClusterName, Sources};
use crate::name::{Name, NameRef};
use crate::policy::{Policy, PolicyName};
use crate::record::{RecordType, Soa, Target, Ttl};

mod names;
mod packed;

pub use names::{Block, BlockError, Names, Part};
pub use packed::{
    EndpointView, Endpoints, List, NameView, OwnerView, Packed, Sources as SourcesView, TargetView, Targets,
};

/// Most offers that a name may have: one per cluster, and room for records of many types.
pub const ENDPOINTS_MAX: usize = 1_024;
/// Most targets that one cluster's offer may have (a load balancer's status may list thousands).
pub const TARGETS_MAX: usize = 64;
/// Names that are set in one go.
const NAMES_AT_ONCE: usize = 65_536;

/// The object that a name belongs to, as people write it: `ServiceDNSRecord shop/web (eu-1)`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner {
    /// Its kind.
    pub kind: Arc<str>,
    /// Its namespace; empty for kinds that have none.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
}

impl Owner {
    /// The form that packed facts give.
    #[must_use]
    pub fn view(&self) -> OwnerView<'_> {
        OwnerView { kind: &self.kind, namespace: &self.namespace, name: &self.name }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.view().fmt(f)
    }
}

/// What was read about the readiness of one offer, and so what its verdict rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Something behind it is ready.
    Ready,
    /// The cluster was read, and nothing behind it is ready.
    NotReady,
    /// Nothing was read that could tell (kind not read, or a target of unknown place): counts as ready.
    None,
    /// Nothing behind it is ready, and its object says that this does not matter
    /// (`allowServiceWithoutEndpoints`).
    Allowed,
}

impl Evidence {
    /// UNKNOWN never counts as DOWN (DESIGN section 6).
    #[must_use]
    pub fn is_up(self) -> bool {
        self != Self::NotReady
    }
}

/// One cluster's offer for a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Whose it is; none for a record of unknown place (a foreign `DNSEndpoint`).
    pub cluster: Option<ClusterName>,
    /// Addresses, host names, or records of other types; sorted, no more than [`TARGETS_MAX`].
    pub targets: Vec<Target>,
    /// What its readiness rests on.
    pub evidence: Evidence,
    /// Its share under a weighted pick, where it says one itself.
    pub weight: Option<u32>,
    /// Its TTL, where it has one of its own (the records of a `DNSEndpoint` do).
    pub ttl: Option<Ttl>,
}

/// All that is known of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameFacts {
    /// The object that it belongs to.
    pub owner: Owner,
    /// The TTL that the object names.
    pub ttl: Option<Ttl>,
    /// The TTL when neither the object nor the policy names one: 180 for KubeFed's kinds, 30 for ours.
    pub default_ttl: Ttl,
    /// The policy that the object names.
    pub policy: Option<PolicyName>,
    /// For a zone's or a region's name of KubeFed's: the name that it is an alias of while none of
    /// its own members is healthy.
    pub fallback: Option<Name>,
    /// What clusters offer, sorted by cluster.
    pub endpoints: Vec<Endpoint>,
    /// Who holds the object.
    pub held_by: Sources,
}

/// A zone that we answer for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneFacts {
    /// Its start of authority; the serial is not from here.
    pub soa: Soa,
    /// Its name servers.
    pub name_servers: Vec<Name>,
    /// TTL of its SOA and NS records.
    pub ttl: Ttl,
    /// The policy of its names that have none of their own.
    pub policy: Option<PolicyName>,
    /// Who holds the object that it comes from.
    pub held_by: Sources,
}

/// One thing that is now so; `None` says that it is no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A cluster.
    Cluster(ClusterName, Option<Cluster>),
    /// A zone, by its apex.
    Zone(Name, Option<ZoneFacts>),
    /// A policy.
    Policy(PolicyName, Option<Policy>),
    /// A name.
    Name(Name, Option<NameFacts>),
}

/// All facts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fleet {
    /// Its members.
    pub clusters: BTreeMap<ClusterName, Cluster>,
    /// What we answer for.
    pub zones: BTreeMap<Name, ZoneFacts>,
    /// How to steer.
    pub policies: BTreeMap<PolicyName, Policy>,
    /// Who offers what.
    pub names: Names,
}

/// The keys of what changed since the last compile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// Clusters that came, went or changed.
    pub clusters: BTreeSet<ClusterName>,
    /// Zones, by apex.
    pub zones: BTreeSet<Name>,
    /// Policies.
    pub policies: BTreeSet<PolicyName>,
    /// Names.
    pub names: BTreeSet<Name>,
}

impl Touched {
    /// True when nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.clusters.is_empty() && self.zones.is_empty() && self.policies.is_empty() && self.names.is_empty()
    }
}

impl Fleet {
    /// Takes facts and says which of them were news.
    pub fn apply(&mut self, facts: impl IntoIterator<Item = Fact>) -> Touched {
        let (mut touched, mut names) = (Touched::default(), Vec::new());
        for fact in facts {
            match fact {
                Fact::Cluster(key, value) => set(&mut self.clusters, &mut touched.clusters, key, value),
                Fact::Zone(key, value) => set(&mut self.zones, &mut touched.zones, key, value),
                Fact::Policy(key, value) => set(&mut self.policies, &mut touched.policies, key, value),
                Fact::Name(key, value) => names.push((key, value)),
            }
            if names.len() == NAMES_AT_ONCE {
                touched.names.append(&mut self.names.set_all(names.drain(..)).into_iter().collect());
            }
        }
        touched.names.append(&mut self.names.set_all(names).into_iter().collect());
        touched
    }

    /// Every key that it has: what a compile from nothing looks at.
    #[must_use]
    pub fn everything(&self) -> Touched {
        Touched {
            clusters: self.clusters.keys().cloned().collect(),
            zones: self.zones.keys().cloned().collect(),
            policies: self.policies.keys().cloned().collect(),
            names: self.names.keys().map(NameRef::to_name).collect(),
        }
    }
}

fn set<K: Ord + Clone, V: PartialEq>(
    map: &mut BTreeMap<K, V>,
    touched: &mut BTreeSet<K>,
    key: K,
    value: Option<V>,
) {
    if map.get(&key) == value.as_ref() {
        return;
    }
    touched.insert(key.clone());
    match value {
        Some(value) => map.insert(key, value),
        None => map.remove(&key),
    };
}

/// Addresses that a target must not have, and why (faults.md B-29).
#[must_use]
pub fn unusable_address(address: IpAddr) -> Option<&'static str> {
    let link_local = match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    match address {
        a if a.is_unspecified() => Some("is the unspecified address"),
        a if a.is_multicast() => Some("is a multicast address"),
        _ if link_local => Some("is a link-local or broadcast address"),
        _ => None,
    }
}

/// Addresses that are served, and are probably a mistake on a public name (faults.md B-29).
#[must_use]
pub fn suspect_address(address: IpAddr) -> Option<String> {
    let private = match address {
        IpAddr::V4(v4) => v4.is_private(),
        IpAddr::V6(v6) => v6.is_unique_local(),
    };
    if address.is_loopback() {
        return Some(alloc::format!("{address} is a loopback address"));
    }
    private.then(|| alloc::format!("{address} is a private address"))
}

/// The types that a fleet's names may hold in words; others may be held as octets (RFC 3597).
pub const RECORD_TYPES: [RecordType; 12] = [
    RecordType::A,
    RecordType::AAAA,
    RecordType::CAA,
    RecordType::CNAME,
    RecordType::HTTPS,
    RecordType::MX,
    RecordType::NAPTR,
    RecordType::NS,
    RecordType::PTR,
    RecordType::SRV,
    RecordType::SVCB,
    RecordType::TXT,
];
