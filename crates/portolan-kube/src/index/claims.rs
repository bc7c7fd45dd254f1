//! Records drafted, and what they claim.
//!
//! A draft is made anew whenever something that the record refers to changes, and compared with the one
//! before, so that only names whose claim really changed are looked at.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use portolan_core::cluster::ClusterName;
use portolan_core::fleet::{NameFacts, Packed};
use portolan_core::{Name, RecordType};

use super::draft::{Draft, HostNames, Rank, Sets, subject};
use super::objects::is_intent;
use super::world::World;
use super::{About, Index, backing, disagreement, foreign, handed, kubefed, offer};
use crate::few::Few;
use crate::object::{Body, ObjectKey};
use crate::origin::Origin;

/// Whose claim it is, and what a fence asks of it.
#[derive(Debug, PartialEq)]
pub(super) struct Claimant {
    pub(super) rank: Rank,
    /// `GlobalName shop/web (eu-1)`.
    pub(super) subject: String,
    pub(super) place: Origin,
    /// Where the object stands, in the form that counts.
    pub(super) sources: Vec<ClusterName>,
    /// True of the kinds that a `Domain`'s zone admits.
    pub(super) is_kubefed: bool,
    /// True of a cluster's own object, which speaks for its cluster alone.
    pub(super) is_sourced: bool,
    /// True when it wants reverse names, made of its addresses.
    pub(super) is_reverse: bool,
    /// True of one whose offers have addresses in the place of load balancers' host names.
    pub(super) resolves: bool,
}

impl Claimant {
    /// The object.
    pub(super) fn key(&self) -> &ObjectKey {
        &self.rank.key
    }

    /// True when what two want of one name is put together: copies of one source object, or source objects of
    /// one kind and namespace; of an address' reverse name what any of them want, for an address belongs to a
    /// load balancer and not to one of those behind it.
    pub(super) fn shares_with(&self, other: &Self) -> bool {
        let (own, others) = (self.key(), other.key());
        let is_one = own.kind() == others.kind() && own.is_in(others.namespace());
        let is_reverse = self.is_reverse && other.is_reverse;
        self.is_sourced && other.is_sourced && (is_one || is_reverse)
    }
}

/// A record's wish for one name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Claim {
    pub(super) by: Arc<Claimant>,
    pub(super) facts: Packed,
}

/// What is kept of a record's draft.
#[derive(Debug)]
pub(super) struct Drafted {
    pub(super) rank: Rank,
    pub(super) names: Box<[Name]>,
    pub(super) uses: Box<[ObjectKey]>,
    /// What stands apart in another DNS.
    pub(super) sets: Option<Box<Sets>>,
    /// The host names that it wants resolved.
    pub(super) hosts: Option<Box<HostNames>>,
}

/// Records that were not drafted before, and names that nobody claimed, since it was last looked.
#[derive(Debug, Default)]
pub(super) struct New {
    records: usize,
    names: usize,
}

impl New {
    /// True when half of the records are new, and half of the names that are claimed.
    fn is_most_of(&self, records: usize, names: usize) -> bool {
        self.records + self.names > 0 && 2 * self.records >= records && 2 * self.names >= names
    }
}

impl Index {
    /// Drafts the records that something touched.
    pub(super) fn take_records(&mut self) {
        // What is remembered of a source beside what it gave may give way though the claim is the same.
        let is_partial = self.memory.is_partial();
        for key in std::mem::take(&mut self.dirty.records) {
            let world = World {
                objects: &self.objects,
                clusters: &self.given.clusters,
                domains: &self.zones.domains,
                zones: &self.zones,
                options: &self.options,
                hosts: &self.hosts,
                follows_hub: self.follows_hub,
            };
            match self.objects.held(&key) {
                Some(held) => {
                    let draft = drafted(Draft::new(held), world);
                    let claims = claims_of(&draft);
                    let kept = Drafted {
                        rank: draft.rank(),
                        names: draft.names.keys().cloned().collect(),
                        uses: draft.uses.into_iter().collect(),
                        sets: (!draft.sets.is_empty()).then(|| Box::new(draft.sets)),
                        hosts: (!draft.hosts.is_empty()).then(|| Box::new(draft.hosts)),
                    };
                    let (mut problems, steps, is_wanting) = (draft.problems, draft.steps, draft.is_wanting);
                    problems.extend(disagreement::told(&draft.held));
                    self.step(steps);
                    self.want(&key, is_wanting);
                    if is_partial {
                        self.dirty.names.extend(kept.names.iter().cloned());
                    }
                    self.keep(&key, Some(kept), claims);
                    self.note(About::Record(key), problems);
                }
                None => {
                    self.step(1);
                    self.want(&key, false);
                    self.keep(&key, None, BTreeMap::new());
                    self.note(About::Record(key), Vec::new());
                }
            }
        }
    }

    /// Lays records, claims and references backwards close together where most of them are new, so that each is laid
    /// anew a few times in all: the nodes of a tree that grew in order are half full.
    pub(super) fn pack(&mut self) {
        let new = std::mem::take(&mut self.new);
        if new.is_most_of(self.drafted.len(), self.claims.len()) {
            self.drafted = std::mem::take(&mut self.drafted).into_iter().collect();
            self.claims = std::mem::take(&mut self.claims).into_iter().collect();
            self.users.pack();
        }
    }

    fn want(&mut self, key: &ObjectKey, is_wanting: bool) {
        if is_wanting {
            self.wanting.insert(key.clone());
        } else {
            self.wanting.remove(key);
        }
    }

    /// Keeps a record's draft, and puts its claims in place of those that it made before.
    fn keep(&mut self, key: &ObjectKey, now: Option<Drafted>, claims: BTreeMap<Name, Claim>) {
        let before = self.drafted.remove(key);
        self.new.records += usize::from(before.is_none());
        let hosts = |drafted: Option<&Drafted>| drafted.and_then(|drafted| drafted.hosts.as_deref().cloned());
        let (wanted, wants) = (hosts(before.as_ref()), hosts(now.as_ref()));
        self.want_hosts(&(ClusterName::from(""), key.clone()), wanted.as_ref(), wants.as_ref());
        for used in before.iter().flat_map(|before| &before.uses) {
            self.users.remove(used.clone(), key.clone());
        }
        for used in now.iter().flat_map(|now| &now.uses) {
            self.users.add(used.clone(), key.clone());
        }
        self.replace(before, now.as_ref().map(|now| &now.rank), claims);
        self.drafted.extend(now.map(|now| (key.clone(), now)));
    }

    /// Puts claims in place of those of the draft before; `rank` is that of the claims.
    pub(super) fn replace(
        &mut self,
        before: Option<Drafted>,
        rank: Option<&Rank>,
        mut claims: BTreeMap<Name, Claim>,
    ) {
        if let Some(before) = before {
            let is_same_rank = rank == Some(&before.rank);
            for name in before.names {
                let old = self.withdraw(&name, &before.rank);
                match claims.remove(&name) {
                    Some(claim) if is_same_rank && old.as_ref() == Some(&claim) => self.claim(name, claim),
                    now => {
                        now.into_iter().for_each(|claim| self.claim(name.clone(), claim));
                        self.dirty.names.insert(name);
                    }
                }
            }
        }
        for (name, claim) in claims {
            self.dirty.names.insert(name.clone());
            self.claim(name, claim);
        }
    }

    /// Puts a claim where its rank has it.
    fn claim(&mut self, name: Name, claim: Claim) {
        match self.claims.entry(name) {
            Entry::Vacant(room) => {
                room.insert(Few::One(claim));
                self.new.names += 1;
            }
            Entry::Occupied(mut claims) => {
                let claims = claims.get_mut();
                let at = claims.all().partition_point(|other| other.by.rank < claim.by.rank);
                claims.insert(at, claim);
            }
        }
    }

    fn withdraw(&mut self, name: &Name, rank: &Rank) -> Option<Claim> {
        let at = Few::all_of(self.claims.get(name)).binary_search_by(|claim| claim.by.rank.cmp(rank)).ok()?;
        let (old, others) = self.claims.remove(name)?.without(at)?;
        self.claims.extend(others.map(|others| (name.clone(), others)));
        Some(old)
    }
}

fn drafted<'a>(mut draft: Draft<'a>, world: World<'a>) -> Draft<'a> {
    match &draft.held.object.body {
        Body::ServiceDnsRecord(record) => kubefed::service_record(&mut draft, record, world),
        Body::IngressDnsRecord(record) => kubefed::ingress_record(&mut draft, record, world),
        Body::DnsEndpoint(object) if world.follows_hub && object.is_ours() => {
            handed::dns_endpoint(&mut draft, object, world);
        }
        Body::DnsEndpoint(object) => foreign::dns_endpoint(&mut draft, object, world),
        // What the hub makes of it, it hands over.
        Body::GlobalName(_) if world.follows_hub => {}
        Body::GlobalName(object) => offer::global_name(&mut draft, object, world),
        Body::Zone(_) => world.zones.name_servers(&mut draft),
        _ => {}
    }
    backing::without_rules(&mut draft);
    for facts in draft.names.values_mut() {
        facts.endpoints.sort_by(|a, b| (&a.cluster, &a.targets).cmp(&(&b.cluster, &b.targets)));
    }
    draft
}

pub(super) fn claims_of(draft: &Draft<'_>) -> BTreeMap<Name, Claim> {
    let held = &draft.held;
    if draft.is_handed {
        return handed::claims(draft);
    }
    let is_sourced = !is_intent(held.key.kind());
    let by = |is_reverse| {
        Arc::new(Claimant {
            rank: Rank::of(held),
            subject: subject(held.key, held.source),
            place: held.place.clone(),
            sources: held.agreeing.clone(),
            is_kubefed: match &held.object.body {
                Body::ServiceDnsRecord(_) | Body::IngressDnsRecord(_) => true,
                Body::DnsEndpoint(object) => object.api_version != crate::dns_endpoint::API_VERSION,
                _ => false,
            },
            is_sourced,
            is_reverse,
            resolves: !draft.hosts.is_empty(),
        })
    };
    let has_reverse = is_sourced && draft.names.values().any(is_reverse);
    let (own, reverse) = (by(false), has_reverse.then(|| by(true)));
    let claim = |facts: &NameFacts| {
        let by = reverse.as_ref().filter(|_| is_reverse(facts)).unwrap_or(&own).clone();
        Claim { by, facts: Packed::of(facts) }
    };
    draft.names.iter().map(|(name, facts)| (name.clone(), claim(facts))).collect()
}

/// True of a name that has reverse records and nothing else: no source makes one but of an address.
pub(super) fn is_reverse(facts: &NameFacts) -> bool {
    let mut targets = facts.endpoints.iter().flat_map(|endpoint| &endpoint.targets).peekable();
    targets.peek().is_some() && targets.all(|target| target.record_type() == RecordType::PTR)
}

#[cfg(test)]
mod tests {
    use super::New;

    #[test]
    fn what_is_mostly_old_is_not_laid_anew() {
        for (records, names, of_records, of_names, is_most) in [
            (0, 0, 0, 0, false),
            (10, 10, 10, 10, true),
            (5, 5, 10, 10, true),
            (4, 5, 10, 10, false),
            (5, 4, 10, 10, false),
            // Records that claim no name, of which one is drafted again, and one is new.
            (0, 1, 100_000, 1, false),
            (1, 1, 100_000, 1, false),
            // Source objects alone.
            (0, 8, 0, 10, true),
            (0, 1, 0, 10, false),
        ] {
            let new = New { records, names };
            assert_eq!(new.is_most_of(of_records, of_names), is_most, "{new:?} of {of_records}, {of_names}");
        }
    }
}
