//! What a batch changes that an operator wants to find in the log.
//!
//! Facts are compared with those before them while both are at hand; the lines are written once the
//! snapshot is published, so that no log stands between an event and an answer.

use std::collections::{BTreeMap, BTreeSet};

use portolan_core::cluster::{Cluster, ClusterState};
use portolan_core::fleet::NameFacts;
use portolan_core::policy::PolicyName;
use portolan_core::{ClusterName, Fact, Fleet, Name, Problem};

/// Most lines of one batch; of more it is said how many.
pub(super) const LINES_MAX: usize = 20;

/// What changes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// The first ones, in words.
    pub(super) lines: Vec<String>,
    /// How many more there are.
    pub(super) more: usize,
    /// Names that came, changed and went.
    pub(super) names: [usize; 3],
    /// The clusters that are forgotten: what they offered went with them. Facts of clusters come first.
    forgotten: BTreeSet<ClusterName>,
}

impl Changes {
    /// What becomes of a fleet with these facts; a policy may be told of as refused in part.
    pub(super) fn of(
        fleet: &Fleet,
        facts: &[Fact],
        refused: impl Fn(&PolicyName) -> Option<Problem>,
    ) -> Self {
        let mut changes = Self::default();
        for fact in facts {
            changes.fact(fleet, fact, &refused);
        }
        changes
    }

    /// Writes it down.
    pub(super) fn log(&self) {
        for line in &self.lines {
            tracing::info!("{line}");
        }
        if self.more > 0 {
            tracing::info!("and {} more changes", self.more);
        }
        let [added, changed, removed] = self.names;
        if added + changed + removed > 0 {
            tracing::debug!(added, changed, removed, "names changed");
        }
    }

    fn fact(&mut self, fleet: &Fleet, fact: &Fact, refused: &impl Fn(&PolicyName) -> Option<Problem>) {
        match fact {
            Fact::Cluster(name, now) => {
                let before = fleet.clusters.get(name);
                let was_silent = before.map(|cluster| cluster.silent_since.is_some());
                match (was_silent, now.as_ref().map(|cluster| cluster.silent_since.is_some())) {
                    (None, Some(_)) => self.line(|| format!("cluster {name} is new")),
                    (Some(true), Some(false)) => self.line(|| format!("cluster {name} is heard again")),
                    (Some(_), None) => {
                        self.forgotten.insert(name.clone());
                        self.line(|| format!("cluster {name} is forgotten"));
                    }
                    _ => {}
                }
                self.state(name, before, now.as_ref());
            }
            Fact::Zone(apex, now) => {
                let what = || format!("zone {}", apex.to_dotless());
                self.came_or_went(fleet.zones.contains_key(apex), now.is_some(), what);
            }
            Fact::Policy(name, now) => {
                let what = || format!("SteeringPolicy {name}");
                match refused(name).filter(|_| now.is_some()) {
                    Some(problem) => self.line(|| format!("{} is taken in part: {}", what(), told(&problem))),
                    None => self.came_or_went(fleet.policies.contains_key(name), now.is_some(), what),
                }
            }
            Fact::Name(name, now) => {
                let before = fleet.names.get(name.borrowed()).map(|facts| facts.to_facts());
                self.name(name, before.as_ref(), now.as_ref());
            }
        }
    }

    /// What an operator makes of a cluster; one that is new is in service unless it is said otherwise.
    fn state(&mut self, name: &ClusterName, before: Option<&Cluster>, now: Option<&Cluster>) {
        let was = before.map_or(ClusterState::Active, |cluster| cluster.state);
        let Some(is) = now.map(|cluster| cluster.state).filter(|is| *is != was) else { return };
        let what = match is {
            ClusterState::Active => "in service again",
            ClusterState::Draining => "being drained",
            ClusterState::Disabled => "disabled",
        };
        self.line(|| format!("cluster {name} is {what}"));
    }

    fn name(&mut self, name: &Name, before: Option<&NameFacts>, now: Option<&NameFacts>) {
        let [added, changed, removed] = &mut self.names;
        match (before, now) {
            (None, Some(_)) => *added += 1,
            (Some(_), None) => *removed += 1,
            (Some(before), Some(now)) => {
                *changed += usize::from(before != now);
                self.readiness(name, &ready(before), &ready(now));
            }
            (None, None) => {}
        }
    }

    fn readiness(&mut self, name: &Name, before: &Readiness<'_>, now: &Readiness<'_>) {
        for (cluster, was_up) in before {
            match (was_up, now.get(cluster).copied().unwrap_or(false)) {
                (true, false) if !self.forgotten.contains(*cluster) => {
                    self.line(|| {
                        format!("{}: cluster {cluster} lost its last ready endpoint", name.to_dotless())
                    });
                }
                (false, true) => {
                    self.line(|| {
                        format!("{}: cluster {cluster} has a ready endpoint again", name.to_dotless())
                    });
                }
                _ => {}
            }
        }
    }

    fn came_or_went(&mut self, was_there: bool, is_there: bool, what: impl Fn() -> String) {
        match (was_there, is_there) {
            (false, true) => self.line(|| format!("{} is added", what())),
            (true, false) => self.line(|| format!("{} is removed", what())),
            _ => {}
        }
    }

    fn line(&mut self, line: impl FnOnce() -> String) {
        if self.lines.len() < LINES_MAX {
            self.lines.push(line());
        } else {
            self.more += 1;
        }
    }
}

/// A problem without its object: `spec.pick.type: "Best" is not one of All, First, Weighted`.
fn told(problem: &Problem) -> String {
    let message = problem.message.lines().next().unwrap_or_default();
    match problem.subject.split_once(": ") {
        Some((_, field)) => format!("{field}: {message}"),
        None => message.to_owned(),
    }
}

type Readiness<'f> = BTreeMap<&'f ClusterName, bool>;

/// The clusters that offer something for a name, each with whether any of it is up.
fn ready(facts: &NameFacts) -> Readiness<'_> {
    let mut ready = Readiness::new();
    for endpoint in &facts.endpoints {
        if let Some(cluster) = &endpoint.cluster {
            *ready.entry(cluster).or_default() |= endpoint.evidence.is_up();
        }
    }
    ready
}

#[cfg(test)]
mod tests;
