//! Everything at once, in parts that threads may share: what a start does.
//!
//! ```text
//!   Whole::new ──▶ clusters, policies, and the tables that a sample of the names asks for
//!        │
//!        ├─▶ part ─▶ records of some names ──┐
//!        ├─▶ part ─▶ …                       ├─▶ join ─▶ Compiled
//!        └─▶ part ─▶ …                       │
//!            (nothing shared is changed)     └─ names that need a table which no sample asked for
//! ```
//!
//! Tables of orders are made once and shared, and which of them may be large depends on which came first. So
//! no part makes one: a name that needs a new one is left for the end, and the parts come to the same
//! whatever their number.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::alike::Alike;
use super::orders::TablesCache;
use super::{
    Change, Compiled, Compiler, Parts, clusters_and_zones, index_policies, moved_clusters, number_clusters,
};
use crate::fleet::{Fleet, Part, Texts, Touched};
use crate::name::Name;
use crate::problem::Problem;
use crate::zone::{ClusterTable, Policies, Snapshot};

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
#[derive(Debug, Default)]
pub struct Done {
    changes: Vec<Change>,
    problems: BTreeMap<Name, Vec<Problem>>,
    pub(super) left: Vec<Name>,
    steps: u64,
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
        let policies = Arc::new(index_policies(fleet, before));
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
            drop(compiler.compiled(&name.to_name(), &facts));
        }
        let Compiler { tables, .. } = compiler;
        self.tables = tables;
    }

    fn compiler(&self, tables: TablesCache) -> Compiler<'f> {
        Compiler {
            fleet: self.fleet,
            before: self.before,
            clusters: self.clusters.clone(),
            policies: self.policies.clone(),
            tables,
            texts: Texts::default(),
            steps: 0,
            alike: Alike::default(),
            problems: Vec::new(),
        }
    }

    /// Compiles some of the fleet's names. Several threads may do so at once.
    #[must_use]
    pub fn part(&self, part: &Part<'_>) -> Done {
        let mut compiler = self.compiler(self.tables.fixed());
        let mut done = Done::default();
        for (name, facts) in part.iter() {
            let name = name.to_name();
            compiler.steps += 1;
            let records = compiler.compiled(&name, &facts);
            let problems = core::mem::take(&mut compiler.problems);
            if compiler.tables.take_missing() {
                done.left.push(name);
                continue;
            }
            if !problems.is_empty() {
                done.problems.insert(name.clone(), problems);
            }
            if let Some(records) = records {
                done.changes.push(Change::Name(name, Some(Arc::new(records))));
            }
        }
        done.steps = compiler.steps;
        done
    }

    /// Puts the parts together: all of the fleet's, in order. Only names with problems are among
    /// [`Compiled::problems`].
    #[must_use]
    pub fn join(mut self, parts: impl IntoIterator<Item = Done>) -> Compiled {
        let mut changes: Vec<Change> =
            clusters_and_zones(self.fleet, &self.clusters, &self.touched).collect();
        let mut problems = BTreeMap::new();
        let mut left = Vec::new();
        let tables = core::mem::replace(&mut self.tables, TablesCache::new(self.before, &BTreeSet::new()));
        let mut compiler = self.compiler(tables);
        for mut part in parts {
            changes.append(&mut part.changes);
            problems.append(&mut part.problems);
            left.append(&mut part.left);
            compiler.steps += part.steps;
        }
        for name in left {
            compiler.name(&name, &mut changes);
            let found = core::mem::take(&mut compiler.problems);
            if !found.is_empty() {
                problems.insert(name, found);
            }
        }
        let Compiler { clusters, policies, tables, steps, .. } = compiler;
        let parts = Parts { clusters, policies, tables: tables.finish() };
        Compiled { changes, problems, steps, parts, is_first: true }
    }
}
