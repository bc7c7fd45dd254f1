//! Everything at once, in parts that threads may share: what a start does.
//!
//! ```text
//!   Whole::new ──▶ clusters, policies, and the tables that a sample of the names asks for
//!        │
//!        ├─▶ part ─▶ records of some names ──┐          ┌─▶ Way::grown ─┐
//!        ├─▶ part ─▶ …                       ├─▶ join ──┼─▶ …           ├─▶ Compiled
//!        └─▶ part ─▶ …                       │          └─▶ …           ┘
//!            (nothing shared is changed)     └─ names that need a table which no sample asked for
//! ```
//!
//! Tables of orders are made once and shared, and which of them may be large depends on which came first. So
//! no part makes one: a name that needs a new one is left for the end, and the parts come to the same
//! whatever their number. The map of names is grown in ways, which have nothing in common.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::filling::{Filled, Filling, Tally};
use super::orders::TablesCache;
use super::{
    Compiled, Compiler, Parts, ZoneOf, clusters_and_zones, index_policies, moved_clusters, number_clusters,
};
use crate::fleet::{Fleet, Part, Touched};
use crate::name::{Name, NameRef};
use crate::names::{self, Sorted};
use crate::problem::Problem;
use crate::zone::{ClusterTable, Node, Policies, Records, Snapshot};

/// How many names are looked at for the tables that names need, about.
const SAMPLE: usize = 4_096;

/// A compile of all facts into a snapshot that has no names yet.
pub struct Whole<'f> {
    fleet: &'f Fleet,
    before: &'f Snapshot,
    touched: Touched,
    clusters: ClusterTable,
    policies: Arc<Policies>,
    tables: TablesCache,
}

/// What one part came to.
#[derive(Debug)]
pub struct Done {
    filling: Filling,
    problems: BTreeMap<Name, Vec<Problem>>,
    pub(super) left: Vec<Name>,
    steps: u64,
}

/// Names that have a part of the map in common.
#[derive(Debug)]
pub struct Way(names::Way<Node>);

/// That part.
#[derive(Debug)]
pub struct Limb(names::Limb<Node>);

impl Way {
    /// Makes it. Several threads may do so at once, each with its own.
    #[must_use]
    pub fn grown(self) -> Limb {
        Limb(self.0.grown())
    }
}

impl<'f> Whole<'f> {
    /// Begins. `before` must have no names: nobody looks for some that went.
    #[must_use]
    pub fn new(fleet: &'f Fleet, before: &'f Snapshot) -> Self {
        let touched = Touched {
            clusters: fleet.clusters.keys().cloned().collect(),
            zones: fleet.zones.keys().cloned().collect(),
            policies: fleet.policies.keys().cloned().collect(),
            names: BTreeSet::new(),
        };
        let clusters = number_clusters(fleet, before, &touched);
        let policies = Arc::new(index_policies(fleet, before, &touched));
        let tables = TablesCache::new(before, &moved_clusters(fleet, before, &touched));
        let mut whole = Self { fleet, before, touched, clusters, policies, tables };
        whole.sample();
        whole
    }

    fn sample(&mut self) {
        let tables = core::mem::replace(&mut self.tables, TablesCache::new(self.before, &BTreeSet::new()));
        let mut compiler = self.compiler(tables);
        for (name, facts) in self.fleet.names.sample(SAMPLE) {
            // Only the tables that it asks for are wanted.
            let zone = self.fleet.zone_of(name);
            drop(compiler.compiled(&name.to_name(), &facts, zone, None));
        }
        (self.tables, _) = compiler.finish();
    }

    fn compiler(&self, tables: TablesCache) -> Compiler<'_> {
        Compiler::new(self.fleet, self.before, &self.clusters, &self.policies, tables)
    }

    /// Compiles some of the fleet's names. Several threads may do so at once.
    #[must_use]
    pub fn part(&self, part: &Part<'_>) -> Done {
        let mut compiler = self.compiler(self.tables.fixed());
        let mut done = self.nothing(part.names());
        for (name, facts) in part.iter() {
            let name = name.to_name();
            compiler.steps += 1;
            let zone = self.fleet.zone_of(name.borrowed());
            let records = compiler.compiled(&name, &facts, zone, None);
            let problems = core::mem::take(&mut compiler.problems);
            if compiler.tables.take_missing() {
                done.left.push(name);
                continue;
            }
            self.add(&mut done, name, zone, records, problems);
        }
        done.steps = compiler.steps;
        done
    }

    /// Puts the parts together: all of the fleet's. Only names with problems are among
    /// [`Compiled::problems`]. `grow` is to make a limb of each way, in their order.
    #[must_use]
    pub fn join(
        mut self,
        parts: impl IntoIterator<Item = Done>,
        grow: impl FnOnce(Vec<Way>) -> Vec<Limb>,
    ) -> Compiled {
        let mut all: Vec<Done> = parts.into_iter().collect();
        let tables = core::mem::replace(&mut self.tables, TablesCache::new(self.before, &BTreeSet::new()));
        let mut compiler = self.compiler(tables);
        let left: Vec<Name> = all.iter_mut().flat_map(|done| core::mem::take(&mut done.left)).collect();
        let mut last = self.nothing(left.len());
        for name in left {
            let Some(facts) = self.fleet.names.get(name.borrowed()) else { continue };
            compiler.steps += 1;
            let zone = self.fleet.zone_of(name.borrowed());
            let records = compiler.compiled(&name, &facts, zone, None);
            let problems = core::mem::take(&mut compiler.problems);
            self.add(&mut last, name, zone, records, problems);
        }
        let (tables, steps) = compiler.finish();
        last.steps = steps;
        all.push(last);
        let (mut problems, mut steps) = (BTreeMap::new(), 0);
        let (mut sorted, mut tally) = (Vec::with_capacity(all.len()), Tally::default());
        for Done { filling, problems: mut found, steps: more, .. } in all {
            problems.append(&mut found);
            steps += more;
            sorted.push(filling.names);
            tally.add(filling.tally);
        }
        let ways = Sorted::ways(sorted).into_iter().map(Way).collect();
        let limbs = grow(ways).into_iter().map(|Limb(limb)| limb).collect();
        let changes = clusters_and_zones(self.fleet, &self.clusters, &self.touched).collect();
        let Self { clusters, policies, .. } = self;
        let parts = Parts { clusters, policies, tables: tables.finish() };
        Compiled { changes, problems, steps, parts, filled: Some(Filled { limbs, tally }) }
    }

    /// Nothing yet, with room for so many names.
    fn nothing(&self, names: usize) -> Done {
        let filling = Filling::with_capacity(self.before.seed(), names);
        Done { filling, problems: BTreeMap::new(), left: Vec::new(), steps: 0 }
    }

    fn add(
        &self,
        done: &mut Done,
        name: Name,
        zone: ZoneOf<'_>,
        records: Option<Records>,
        problems: Vec<Problem>,
    ) {
        if !problems.is_empty() {
            done.problems.insert(name.clone(), problems);
        }
        if let Some(records) = records {
            let apex = zone.map(|(apex, _)| apex).filter(|apex| self.is_of_fleet(name.borrowed(), apex));
            done.filling.add(name, apex, records);
        }
    }

    /// True when a name of a zone of the fleet is not in one below it that a file alone makes.
    fn is_of_fleet(&self, name: NameRef<'_>, apex: &Name) -> bool {
        if self.before.has_no_zones() {
            return true;
        }
        let of_file = self.before.zone_of(name);
        of_file.is_none_or(|zone| apex.borrowed().is_at_or_below(zone.apex.borrowed()))
    }
}
