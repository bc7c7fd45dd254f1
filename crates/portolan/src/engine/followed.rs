//! The clusters that are followed, and which of them nobody waits for any more.
//!
//! Until everything that is known to be there was read once, nobody can say what is not there, so a server that
//! starts with nothing answers SERVFAIL for what it does not know, and is not ready. One registration that leads
//! nowhere must not have it so for ever: a cluster that is not being read for [`UNREAD_MAX`] is *late*. It counts as
//! silent, without facts, and the others are told of without it. What stands in the hub because of it stays all the
//! same ([`Engine::unread`]): nothing is known of it, and nothing is taken away.
//!
//! A server that starts with the last good state answers from that, and denies what that lacks. A cluster that was heard
//! then is not silent for not being read yet: it is once it is found to be, or late.
//!
//! How long that is is measured by a clock that no jump of the time of day moves (faults.md F-48): machines are started
//! with any time of day, and set to the right one in the midst of this.
//!
//! ```text
//!   followed ─▶ lost since then ──reached, and nothing hinders its reading──▶ is being read: waited for
//!                      ▲ │                                                          │
//!                      │ └── for UNREAD_MAX ─▶ late                                 │
//!                      └──────────── not reached, refused, held ◀───────────────────┘
//! ```

use std::collections::BTreeMap;

use portolan_core::cluster::ClusterState;
use portolan_core::{ClusterName, Problem, Reason};

use super::{Engine, Event, root};

/// How long a cluster that was never read, and is not being read, is waited for: in seconds.
pub const UNREAD_MAX: i64 = 30;

/// The clusters that are followed. Times are those of the steady clock that [`Engine::tick`] tells of.
#[derive(Debug, Default)]
pub(super) struct Followed {
    clusters: BTreeMap<ClusterName, State>,
    /// When the hub was first read.
    hub_read_at: Option<i64>,
}

#[derive(Debug)]
struct State {
    is_reached: bool,
    /// Something hinders its reading.
    is_hindered: bool,
    /// Since when it is not being read; none while it is.
    lost_since: Option<i64>,
}

impl Followed {
    /// Notes what an event says of a cluster.
    pub(super) fn note(&mut self, event: &Event, now: i64) {
        match event {
            Event::Followed(cluster) => {
                let new = State { is_reached: false, is_hindered: false, lost_since: Some(now) };
                self.clusters.entry(cluster.clone()).or_insert(new);
            }
            Event::Heard(source) if *source == root() => drop(self.hub_read_at.get_or_insert(now)),
            Event::Reached(cluster) => self.change(cluster, now, |state| state.is_reached = true),
            Event::Silent(cluster) => self.change(cluster, now, |state| state.is_reached = false),
            Event::Reading(cluster, problems) => {
                self.change(cluster, now, |state| state.is_hindered = problems.iter().any(hinders));
            }
            _ => {}
        }
    }

    fn change(&mut self, cluster: &ClusterName, now: i64, change: impl FnOnce(&mut State)) {
        let Some(state) = self.clusters.get_mut(cluster) else { return };
        change(state);
        match state.is_reached && !state.is_hindered {
            true => state.lost_since = None,
            false => drop(state.lost_since.get_or_insert(now)),
        }
    }

    pub(super) fn forget(&mut self, cluster: &ClusterName) {
        self.clusters.remove(cluster);
    }

    /// True where none is.
    pub(super) fn is_empty(&self) -> bool {
        self.clusters.is_empty()
    }

    /// Their names.
    pub(super) fn names(&self) -> impl Iterator<Item = &ClusterName> {
        self.clusters.keys()
    }

    /// Since when a cluster is not being read, if it is waited for no more.
    pub(super) fn late(&self, cluster: &ClusterName, now: i64) -> Option<i64> {
        self.clusters.get(cluster)?.lost_since.filter(is_long_ago(now))
    }

    /// Since when it is known that nobody follows a cluster, if it is waited for no more: since the hub was read, which
    /// registers those that are followed, or is not being read.
    pub(super) fn nobodys(&self, cluster: &ClusterName, hub: Option<&ClusterName>, now: i64) -> Option<i64> {
        let hub_lost = || self.clusters.get(hub?)?.lost_since;
        let since = self.hub_read_at.or_else(hub_lost);
        since.filter(|_| !self.clusters.contains_key(cluster)).filter(is_long_ago(now))
    }
}

fn is_long_ago(now: i64) -> impl Fn(&i64) -> bool {
    move |since| now.saturating_sub(*since) >= UNREAD_MAX
}

/// True of what keeps a cluster, or a resource of it, from being read; what is wrong with single objects does not.
fn hinders(problem: &Problem) -> bool {
    matches!(problem.reason, Reason::Silent | Reason::Unauthorized | Reason::Unreadable | Reason::Held)
}

impl Engine {
    /// The clusters that are followed and were not read since the start: what they offer is not known, or only
    /// remembered. One that is disabled offers nothing, and is not waited for.
    pub fn unread(&self) -> impl Iterator<Item = &ClusterName> {
        let clusters = &self.store.fleet().clusters;
        let is_disabled = |cluster: &ClusterName| {
            clusters.get(cluster).is_some_and(|known| known.state == ClusterState::Disabled)
        };
        let unread = self.followed.names().filter(|cluster| self.hearing.at(cluster).is_none());
        unread.filter(move |cluster| !is_disabled(cluster))
    }

    /// Has the index remember the last good state, before anything is told to it.
    pub(super) fn remember(&mut self) {
        let Some(since) = self.remembers_from.take() else { return };
        self.index.remember(&self.keys.without(self.store.fleet()), since);
        // One that is followed is waited for by itself.
        self.unfound_since = Some(since).filter(|_| self.hub.name.is_none());
    }

    /// The clusters that were in the root before a restart and are not found there now, each with the time when the
    /// state was true. A root is looked at as a whole, and while it is not there itself none of them is missing.
    pub(super) fn unfound(&mut self) -> Vec<(ClusterName, i64)> {
        let Some(since) = self.unfound_since.take_if(|_| self.root_is_there) else { return Vec::new() };
        let remembered = self.store.fleet().clusters.keys();
        let unfound = remembered.filter(|cluster| self.hearing.at(cluster).is_none());
        unfound.map(|cluster| (cluster.clone(), since)).collect()
    }

    /// The clusters that nobody waits for any more and that are not known to be silent, each with since when they
    /// are, as the time of day stands: those that are followed, and those that nobody follows though the hub describes them
    /// or the last good state has them.
    pub(super) fn late(&self, now: i64) -> Vec<(ClusterName, i64)> {
        if self.followed.is_empty() {
            return Vec::new();
        }
        let steady = self.steady;
        let clusters = &self.store.fleet().clusters;
        let is_silent =
            |name: &ClusterName| clusters.get(name).is_some_and(|known| known.silent_since.is_some());
        let late = |name: &ClusterName| {
            let nobodys = || self.followed.nobodys(name, self.hub.name.as_ref(), steady);
            let since = self.followed.late(name, steady).or_else(nobodys)?;
            Some((name.clone(), now.saturating_sub(steady.saturating_sub(since))))
        };
        // One that joins once all was read takes no denial back, so there is nothing to wait for.
        let unread = (!self.was_read).then(|| self.unread().chain(self.index.awaited()));
        let unread = unread.into_iter().flatten().chain(self.index.remembered());
        unread.filter(|name| !is_silent(name)).filter_map(late).collect()
    }

    /// True when the root (in a mesh the own cluster too), every cluster that is known from it and every one that is followed were read once, or are
    /// late: only then is a name that is not here denied. Once so it stays so: a cluster that joins later
    /// takes no denial back.
    pub(super) fn all_was_read(&self) -> bool {
        let read = |source: &ClusterName| self.hearing.at(source).is_some();
        let is_late = |source: &ClusterName| self.followed.late(source, self.steady).is_some();
        // One that is followed under another name is not waited for.
        let is_double = |problems: &[Problem]| problems.iter().all(|p| p.reason == Reason::Duplicate);
        let mut reading = self.reading.iter();
        let is_all_read =
            reading.all(|(source, problems)| read(source) || is_late(source) || is_double(problems));
        let is_read_whole = self.hub.homes().all(read) && is_all_read && self.unread().all(is_late);
        is_read_whole && self.index.awaited().next().is_none() && self.keys.are_read()
    }
}

#[cfg(test)]
mod tests;
