//! Facts and touched names in; what changed of the snapshot, and problems, out.
//!
//! ```text
//!   touched ─▶ names to look at ─▶ owner, policy ─▶ pools by type ─▶ the same as before? ─┬─ no: Change::Name
//!                                                                                        └─ only readiness: Change::Ready
//! ```
//!
//! What a change costs depends on what it touches, not on the size of the fleet (DESIGN section 7,
//! invariant 11): an endpoint costs its name, a drain costs one bit. Only what really concerns many
//! names (a policy, a cluster's place, a zone) walks over names, and then over keys alone.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::cluster::{CLUSTER_NUMBERS_MAX, Cluster, ClusterName};
use crate::fleet::{Fleet, NameView, Touched, ZoneFacts};
use crate::geo::Ordering;
use crate::name::{Name, NameRef};
use crate::policy::{Glob, Policy, Stage};
use crate::problem::{Problem, Reason};
use crate::record::RecordType;
use crate::zone::{CHAIN_MAX, ClusterTable, Policies, Records, Snapshot, Steering, Tables};

mod alike;
mod filling;
mod orders;
mod pools;
mod seen;
mod whole;

pub(crate) use filling::{Filled, Tally};
pub use whole::{Done, Limb, Way, Whole};

use alike::Alike;
use orders::TablesCache;
use pools::Room;
use seen::Seen;

/// What a compile came to.
#[derive(Debug)]
pub struct Compiled {
    /// What changed, in the order in which it is to be applied.
    pub changes: Vec<Change>,
    /// The problems of each name that was looked at; an empty list says that it has none any more.
    pub problems: BTreeMap<Name, Vec<Problem>>,
    /// How many names and offers were looked at: what it cost, counted and not timed.
    pub steps: u64,
    pub(crate) parts: Parts,
    /// All names, where the snapshot before has none.
    pub(crate) filled: Option<Filled>,
}

/// One change of a snapshot, as compile makes them.
#[derive(Clone, Debug)]
pub enum Change {
    /// A zone is there, or no more. Boxed, as most changes are names and there may be a million.
    Zone(Name, Option<Box<ZoneFacts>>),
    /// A name has these records, or none.
    Name(Name, Option<Records>),
    /// What stands behind one offer of a name is ready, or no more. Set in place.
    Ready {
        /// The name.
        name: Name,
        /// The offer's index.
        offer: usize,
        /// The verdict.
        up: bool,
    },
    /// A cluster is drained, or no more. Set in place, whatever stands behind it.
    Drained(ClusterName, bool),
}

/// What the parts of a snapshot that are not names or zones become.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) clusters: ClusterTable,
    pub(crate) policies: Arc<Policies>,
    pub(crate) tables: Arc<Tables>,
}

/// Computes what the touched facts change in a snapshot.
#[must_use]
pub fn compile(fleet: &Fleet, before: &Snapshot, touched: &Touched) -> Compiled {
    let clusters = number_clusters(fleet, before, touched);
    let policies = if touched.policies.is_empty() {
        before.policies.clone()
    } else {
        Arc::new(index_policies(fleet, before, touched))
    };
    let placed = moved_clusters(fleet, before, touched);
    let mut names = touched.names.clone();
    let mut changes = Vec::new();
    let mut steps = 0;
    if !placed.is_empty() || !touched.policies.is_empty() || !touched.zones.is_empty() {
        steps += concerned(fleet, before, touched, &placed, &policies, &mut names);
    }
    changes.extend(clusters_and_zones(fleet, &clusters, touched));
    let tables = TablesCache::new(before, &placed);
    let mut compiler = Compiler::new(fleet, before, &clusters, &policies, tables);
    compiler.steps = steps;
    let mut problems = BTreeMap::new();
    for name in names {
        compiler.name(&name, &mut changes);
        problems.insert(name, core::mem::take(&mut compiler.problems));
    }
    let (tables, steps) = compiler.finish();
    let parts = Parts { clusters, policies, tables: tables.finish() };
    Compiled { changes, problems, steps, parts, filled: None }
}

/// What becomes of clusters and zones themselves.
fn clusters_and_zones<'c>(
    fleet: &'c Fleet,
    clusters: &'c ClusterTable,
    touched: &'c Touched,
) -> impl Iterator<Item = Change> + use<'c> {
    let numbered = touched.clusters.iter().filter(|c| clusters.numbers.contains_key(*c));
    let drained = |c: &ClusterName| fleet.clusters.get(c).is_some_and(Cluster::is_drained);
    let zone = |apex: &Name| Change::Zone(apex.clone(), fleet.zones.get(apex).cloned().map(Box::new));
    let drains = numbered.map(move |cluster| Change::Drained(cluster.clone(), drained(cluster)));
    drains.chain(touched.zones.iter().map(zone))
}

/// The zone that holds a name, and its apex before it; none of a name in no zone of the fleet.
type ZoneOf<'f> = Option<(&'f Name, &'f ZoneFacts)>;

/// One compile under way.
struct Compiler<'f> {
    fleet: &'f Fleet,
    before: &'f Snapshot,
    clusters: &'f ClusterTable,
    policies: &'f Policies,
    tables: TablesCache,
    steps: u64,
    seen: Seen,
    /// Forms of the names before, for those that are the same.
    alike: Alike,
    room: Room<'f>,
    problems: Vec<Problem>,
}

impl<'f> Compiler<'f> {
    fn new(
        fleet: &'f Fleet,
        before: &'f Snapshot,
        clusters: &'f ClusterTable,
        policies: &'f Policies,
        tables: TablesCache,
    ) -> Self {
        Self {
            fleet,
            before,
            clusters,
            policies,
            tables,
            steps: 0,
            seen: Seen::default(),
            alike: Alike::default(),
            room: Room::default(),
            problems: Vec::new(),
        }
    }

    /// The tables that there are now, which only pools keep any more, and what it cost.
    fn finish(self) -> (TablesCache, u64) {
        (self.tables, self.steps)
    }

    fn name(&mut self, name: &Name, changes: &mut Vec<Change>) {
        self.steps += 1;
        let old = self.before.records(name.borrowed());
        let Some(facts) = self.fleet.names.get(name.borrowed()) else {
            if old.is_some() {
                changes.push(Change::Name(name.clone(), None));
            }
            return;
        };
        let zone = self.fleet.zone_of(name.borrowed());
        let records = self.compiled(name, &facts, zone, old);
        match (old, records) {
            (Some(old), Some(new)) if old.same_but_verdicts(&new) => {
                for offer in 0..new.offers().len() {
                    let up = new.verdicts().is_up(offer);
                    if old.verdicts().is_up(offer) != up {
                        changes.push(Change::Ready { name: name.clone(), offer, up });
                    }
                }
            }
            (None, None) => {}
            (_, new) => changes.push(Change::Name(name.clone(), new)),
        }
    }

    /// The records of a name in this zone, and its problems. Records that it had lend what is still the same.
    fn compiled(
        &mut self,
        name: &Name,
        facts: &NameView<'f>,
        zone: ZoneOf<'f>,
        had: Option<&Records>,
    ) -> Option<Records> {
        let records = self.records(name, facts, zone, had);
        // What has records of another type, as nearly all have, is no alias.
        let is_more = |records: &Records| records.pools().iter().any(|p| p.rtype != RecordType::CNAME);
        if !records.as_ref().is_some_and(is_more)
            && let Some(alias) = facts.only_alias()
        {
            self.look_for_loop(name, facts, alias);
        }
        records
    }

    /// The policy of a name: the one that its object names, else the one with the most specific host
    /// pattern, else its zone's, else the default (DESIGN section 6).
    fn steering(&mut self, name: &Name, facts: &NameView<'_>, zone: ZoneOf<'f>) -> &'f Arc<Steering> {
        let policies = self.policies;
        if let Some(wanted) = facts.policy {
            if let Some(found) = policies.by_name.get(wanted) {
                return found;
            }
            let message =
                format!("SteeringPolicy {wanted:?} is not there; the name is steered as if none were named");
            self.problem_of(format!("{}: spec.policy", facts.owner()), Reason::NotFound, message);
        }
        if let Some(found) = policies.of_host(name.borrowed()) {
            return found;
        }
        if let Some((apex, wanted)) = zone.and_then(|(apex, zone)| Some((apex, zone.policy.as_ref()?))) {
            match policies.by_name.get(wanted) {
                Some(found) => return found,
                None => {
                    let message =
                        format!("SteeringPolicy {:?}, the zone's default, is not there", &*wanted.0);
                    let subject = format!("zone {}: spec.defaultPolicy", apex.to_dotless());
                    self.problem_of(subject, Reason::NotFound, message);
                }
            }
        }
        &policies.default
    }

    /// Aliases that lead back to where they began are reported, and end where they repeat when answered.
    fn look_for_loop(&mut self, name: &Name, facts: &NameView<'_>, alias: NameRef<'_>) {
        let mut at = name.borrowed();
        let mut next = alias;
        for _ in 0..CHAIN_MAX {
            if next == name.borrowed() {
                let message = format!("is an alias that leads back to itself by way of {at}");
                self.problem(name, facts, Reason::Loop, message);
                return;
            }
            at = next;
            let Some(alias) = self.fleet.names.get(at).and_then(|facts| facts.only_alias()) else { return };
            next = alias;
        }
    }

    fn problem(&mut self, name: &Name, facts: &NameView<'_>, reason: Reason, message: String) {
        self.problem_of(format!("{}: host {}", facts.owner(), name.to_dotless()), reason, message);
    }

    /// A problem of something else than the name. It is the same for each name that it concerns, and is told once.
    fn problem_of(&mut self, subject: String, reason: Reason, message: String) {
        self.problems.push(Problem { subject, reason, message, place: String::new() });
    }
}

/// Gives each cluster a number that it keeps.
fn number_clusters(fleet: &Fleet, before: &Snapshot, touched: &Touched) -> ClusterTable {
    let mut table = before.clusters.clone();
    if !touched.clusters.is_empty() {
        table.shapes = Arc::new(orders::shapes(fleet));
    }
    let is_new = |c: &&ClusterName| fleet.clusters.contains_key(*c) && !table.numbers.contains_key(*c);
    let new: Vec<ClusterName> = touched.clusters.iter().filter(is_new).cloned().collect();
    if !new.is_empty() {
        let numbers = Arc::make_mut(&mut table.numbers);
        for cluster in new {
            let number = numbers.len();
            if let Some(number) = u16::try_from(number).ok().filter(|_| number < CLUSTER_NUMBERS_MAX) {
                numbers.insert(cluster, number);
            }
        }
    }
    table
}

/// Clusters of which more changed than a drain: their names are to be looked at again.
fn moved_clusters(fleet: &Fleet, before: &Snapshot, touched: &Touched) -> BTreeSet<ClusterName> {
    let shape = |name: &ClusterName| fleet.clusters.get(name).map(Cluster::shape);
    touched.clusters.iter().filter(|c| before.orders_shape(c) != shape(c)).cloned().collect()
}

/// Adds the names that a policy, a moved cluster or a zone concerns; returns how many were looked at.
fn concerned(
    fleet: &Fleet,
    before: &Snapshot,
    touched: &Touched,
    placed: &BTreeSet<ClusterName>,
    policies: &Policies,
    names: &mut BTreeSet<Name>,
) -> u64 {
    for (name, facts) in fleet.names.iter() {
        let by_cluster = || facts.endpoints.clone().any(|e| e.cluster.is_some_and(|c| placed.contains(c)));
        let by_policy = || {
            let now = policies.of_host(name).and_then(|s| s.name.as_ref());
            let was = before.records(name).and_then(|r| r.policy().name.as_ref());
            let zone = fleet.zone_of(name).and_then(|(_, z)| z.policy.as_ref());
            let of_other = [now, was, zone].into_iter().flatten().map(|policy| &*policy.0);
            facts.policy.into_iter().chain(of_other).any(|p| touched.policies.contains(p))
        };
        let by_zone = || touched.zones.iter().any(|apex| name.is_at_or_below(apex.borrowed()));
        if !names.contains(name.as_wire()) && (by_zone() || by_policy() || by_cluster()) {
            names.insert(name.to_name());
        }
    }
    u64::try_from(fleet.names.len()).unwrap_or(u64::MAX)
}

fn index_policies(fleet: &Fleet, before: &Snapshot, touched: &Touched) -> Policies {
    let mut index = Policies { default: before.policies.default.clone(), ..Policies::default() };
    let mut orderings = Orderings::default();
    orderings.known(&index.default.ordering);
    before.policies.by_name.values().for_each(|steering| orderings.known(&steering.ordering));
    // Those of policies that went and may come back: their tables are still there.
    before.tables.orders.values().for_each(|table| orderings.known(&table.ordering));
    for (name, policy) in &fleet.policies {
        // What names share goes on being shared.
        if let Some(known) = before.policies.by_name.get(name).filter(|_| !touched.policies.contains(name)) {
            index.by_name.insert(name.clone(), known.clone());
            continue;
        }
        let ordering = orderings.of(policy);
        let steering = Steering { name: Some(name.clone()), policy: Arc::new(policy.clone()), ordering };
        index.by_name.insert(name.clone(), Arc::new(steering));
    }
    let mut oldest: Vec<_> = fleet.policies.iter().collect();
    oldest.sort_by_key(|(name, policy)| (policy.created, (*name).clone()));
    for (name, policy) in oldest {
        for Glob { base, below } in &policy.hosts {
            let map = if *below { &mut index.below } else { &mut index.exact };
            map.entry(base.clone()).or_insert_with(|| name.clone());
        }
    }
    index
}

/// Orderings by how many stages and networks they have, so that few are compared in full.
#[derive(Default)]
struct Orderings(BTreeMap<(usize, usize), Vec<Arc<Ordering>>>);

impl Orderings {
    fn known(&mut self, ordering: &Arc<Ordering>) {
        let alike = self.0.entry(size_of_ordering(&ordering.stages)).or_default();
        if !alike.iter().any(|other| Arc::ptr_eq(other, ordering)) {
            alike.push(ordering.clone());
        }
    }

    /// The ordering of a policy: one that is known already, where it is the same.
    fn of(&mut self, policy: &Policy) -> Arc<Ordering> {
        let alike = self.0.entry(size_of_ordering(&policy.order)).or_default();
        let same = |o: &&Arc<Ordering>| o.stages == policy.order && o.unknown == policy.unknown_location;
        if let Some(known) = alike.iter().find(same) {
            return known.clone();
        }
        let stages = policy.order.clone();
        let new = Arc::new(Ordering { stages, unknown: policy.unknown_location.clone() });
        alike.push(new.clone());
        new
    }
}

fn size_of_ordering(stages: &[Stage]) -> (usize, usize) {
    let size = |stage: &Stage| match stage {
        Stage::Geo(map) => map.networks.len(),
        Stage::Tiers(tiers) => tiers.iter().map(Vec::len).sum(),
    };
    (stages.len(), stages.iter().map(size).sum())
}

impl Policies {
    /// The policy with the most specific pattern for a name.
    fn of_host(&self, name: NameRef<'_>) -> Option<&Arc<Steering>> {
        if self.exact.is_empty() && self.below.is_empty() {
            return None;
        }
        let below = || name.suffixes().skip(1).find_map(|s| self.below.get(s.as_wire()));
        self.by_name.get(self.exact.get(name.as_wire()).or_else(below)?)
    }
}

impl Fleet {
    /// The facts that answer for a name: its own, or those of the closest wildcard above it.
    fn at(&self, name: NameRef<'_>) -> Option<(Name, NameView<'_>)> {
        let own = self.names.get(name).map(|facts| (name.to_name(), facts));
        own.or_else(|| {
            let above = name.suffixes().skip(1).filter_map(|s| s.to_name().prepend("*").ok());
            above.into_iter().find_map(|wildcard| {
                let facts = self.names.get(wildcard.borrowed())?;
                Some((wildcard, facts))
            })
        })
    }

    /// The zone that holds a name, and its apex.
    #[must_use]
    pub fn zone_of(&self, name: NameRef<'_>) -> Option<(&Name, &ZoneFacts)> {
        name.suffixes().find_map(|s| self.zones.get_key_value(s.as_wire()))
    }
}

#[cfg(test)]
mod tests;
