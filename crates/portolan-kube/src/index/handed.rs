//! Names that a hub hands over, in the `DNSEndpoint`s that it wrote.
//!
//! ```text
//!   hub:       intents + what clusters offer ─▶ NameFacts ─▶ DNSEndpoint (spec, annotation)
//!   follower:  GlobalName (policy, TTL) ─────▶ NameFacts ◀── annotation
//! ```
//!
//! Here alone a `DNSEndpoint` with our mark asks for names, and those names belong to the object that they belong to in
//! the hub. The hub has decided who has each name and what each cluster offers; a follower decides again only what it
//! reads itself: policies, zones, what becomes of clusters. So is the fence: whoever may write a `DNSEndpoint` in a
//! namespace of the hub gets no name by our mark that this namespace could not have.
//!
//! A name of a `GlobalName` is there while both are: the object has the policy, and a name without it would be steered
//! otherwise than in the hub.

use std::collections::BTreeMap;
use std::sync::Arc;

use portolan_core::fleet::{NameFacts, Packed};
use portolan_core::policy::PolicyName;
use portolan_core::{ClusterName, Name, Ttl};

use super::claims::{Claim, Claimant};
use super::draft::{self, Draft, subject};
use super::world::World;
use crate::dns_endpoint::DnsEndpoint;
use crate::endpoints::{handed, owner_of};
use crate::object::{Body, Kind, ObjectKey};
use crate::settle;

/// Drafts the names that an object hands over.
pub(super) fn dns_endpoint(draft: &mut Draft<'_>, object: &DnsEndpoint, world: World<'_>) {
    draft.is_handed = true;
    let key = draft.held.key;
    let names = match handed(key, object) {
        Ok(names) => names,
        Err((field, reason, message)) => return draft.problem(field, reason, message),
    };
    let mut said: BTreeMap<Kind, Option<Said>> = BTreeMap::new();
    for (name, handed) in names {
        draft.steps += 1 + handed.offers.len();
        // The object that it repeats is read here as there.
        if handed.kind == Kind::DnsEndpoint {
            continue;
        }
        let Some(owner) = owner_of(key, handed.kind) else {
            let message = format!("{} is no kind of an object called {}", handed.kind, key.name());
            draft.problem(format_args!("names: {name}"), portolan_core::Reason::Invalid, message);
            continue;
        };
        let said = said.entry(handed.kind).or_insert_with(|| says(draft, &owner, world));
        let Some(Said { ttl, policy }) = said else { continue };
        let facts = NameFacts {
            owner: draft::owner(&owner),
            ttl: handed.ttl.or(*ttl),
            default_ttl: default_ttl(handed.kind),
            policy: policy.clone(),
            fallback: handed.fallback,
            endpoints: handed.offers,
            held_by: draft.held.held_by.clone(),
        };
        draft.names.insert(name, facts);
    }
}

/// What an owner says itself of its names.
#[derive(Clone, Default)]
struct Said {
    ttl: Option<Ttl>,
    policy: Option<PolicyName>,
}

/// What an owner says itself; none of one that has to be there and is not.
fn says(draft: &mut Draft<'_>, owner: &ObjectKey, world: World<'_>) -> Option<Said> {
    if owner.kind() != Kind::GlobalName {
        return Some(Said::default());
    }
    draft.uses.insert(owner.clone());
    let held = world.objects.held(owner)?;
    // It is as old as in the hub, however often its names were handed over anew.
    draft.owner_created = Some(held.object.created);
    let Body::GlobalName(object) = &held.object.body else { return None };
    // What is wrong with it the hub tells.
    let (settled, _) = settle::global_name(object);
    Some(Said { ttl: settled.ttl, policy: settled.policy })
}

fn default_ttl(kind: Kind) -> Ttl {
    if is_federated(kind) { Ttl::KUBEFED } else { Ttl::DEFAULT }
}

fn is_federated(kind: Kind) -> bool {
    matches!(kind, Kind::ServiceDnsRecord | Kind::IngressDnsRecord)
}

/// The claims on the names of a draft that is handed over: each as the fence is to judge its owner.
pub(super) fn claims(draft: &Draft<'_>) -> BTreeMap<Name, Claim> {
    let held = &draft.held;
    let mut claimants: BTreeMap<(Option<Kind>, Vec<ClusterName>), Arc<Claimant>> = BTreeMap::new();
    let mut claims = BTreeMap::new();
    for (name, facts) in &draft.names {
        let kind = Kind::of_owner(&facts.owner.kind);
        // A cluster's own object speaks for its cluster, and is there where it offers something.
        let sources = if Kind::is_sourced(&facts.owner.kind) {
            facts.endpoints.iter().filter_map(|offer| offer.cluster.clone()).collect()
        } else {
            held.agreeing.clone()
        };
        let by = claimants.entry((kind, sources)).or_insert_with_key(|(kind, sources)| {
            Arc::new(Claimant {
                rank: draft.rank(),
                subject: subject(held.key, held.source),
                place: held.place.clone(),
                sources: sources.clone(),
                is_kubefed: kind.is_some_and(is_federated),
                is_sourced: false,
                is_reverse: false,
                resolves: false,
            })
        });
        claims.insert(name.clone(), Claim { by: by.clone(), facts: Packed::of(facts) });
    }
    claims
}
