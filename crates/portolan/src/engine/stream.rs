//! Facts that another process made: what a follower of control replicas answers from, and what a control replica tells.
//!
//! ```text
//!   control:   Store::commit ──▶ Feed ──▶ … the stream …
//!                                                 │ the whole, then one fact at a time
//!   follower:  Published ◀── compile ◀── commit ◀─┴─ merged with what is newer here
//! ```
//!
//! A follower has no index and reads no object. What it is told are facts, as the last good state has them, and the way from
//! there is that of any facts. Two things are decided here. What another writer knows less of than the one before it is not
//! taken (`merge`). And a whole that lacks half of all names, or all, of a writer that we have not followed before takes
//! nothing away, until somebody says that this is meant (faults.md R-03).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use portolan_core::fleet::Names;
use portolan_core::{ClusterName, Fact, Fleet, NameRef, Problem, Reason};
use portolan_store::feed::Feed;
use portolan_store::format::fact::Pulse;
use portolan_store::kv::Revision;
use portolan_store::kv::server::Readers;
use portolan_store::skydns::table::is_doubtful;

use super::publish::caught;
use super::{Engine, root};

mod merge;

use merge::Older;
pub use merge::SLACK;

/// Names that are taken in one step.
const NAMES_AT_ONCE: usize = 65_536;

/// What the engine knows of a stream, on either side of it.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// Who follows us.
    told: Option<(Arc<Feed>, Readers)>,
    followed: Option<Followed>,
}

/// A stream that is followed.
#[derive(Debug, Default)]
struct Followed {
    /// Until when what we have of each source was true.
    ours: Pulse,
    /// What the writer knows less of.
    older: Older,
    /// How many names a whole lacked, of how many, that were not taken away.
    lost: Option<(usize, usize)>,
    seen: FollowedSeen,
}

/// How it stands with the stream that is followed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FollowedSeen {
    /// Whom it comes from, for people.
    pub from: String,
    /// Revisions of the stream that were told and are not answered from yet; none while nobody is reached.
    pub behind: Option<u64>,
    /// When nothing was behind, in seconds since 1970; none when that never was.
    pub current_at: Option<i64>,
    /// The sources of which the writer knows less than we do, which stay as they are.
    pub kept: Vec<ClusterName>,
}

/// Who follows, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowerSeen {
    /// Where it is.
    pub address: SocketAddr,
    /// For how long it follows, in seconds.
    pub for_seconds: u64,
    /// Revisions that were not handed to its connection yet.
    pub behind: Revision,
}

// === Who is followed ===

impl Engine {
    /// Tells followers what is known, and what becomes of it.
    pub fn tell_stream(&mut self, feed: &Arc<Feed>, readers: Readers) {
        self.store.feed(feed.clone());
        self.stream.told = Some((feed.clone(), readers));
    }

    /// When what is known was true; none while not everything was read: nobody is to follow that.
    #[must_use]
    pub fn pulse(&self) -> Option<Pulse> {
        if !self.complete {
            return None;
        }
        // What was not heard since the start is as old as the last good state, or as silent as it was then. That a cluster
        // is found to be silent now says nothing of what was never known of it.
        let state = self.last_good.map(|state| state.true_at);
        let before =
            |silent_since: Option<i64>| state.map(|at| silent_since.map_or(at, |since| since.min(at)));
        let heard = |(name, cluster): (&ClusterName, &portolan_core::cluster::Cluster)| {
            Some((name.clone(), self.heard_at(name).or_else(|| before(cluster.silent_since))?))
        };
        let heard = self.fleet().clusters.iter().filter_map(heard).collect();
        Some(Pulse { read_at: self.root_true_at, heard })
    }

    /// Who follows; none where nobody may.
    #[must_use]
    pub fn followers(&self) -> Option<Vec<FollowerSeen>> {
        let (feed, readers) = self.stream.told.as_ref()?;
        let revision = feed.memory().revision();
        let seen = |reader: portolan_store::kv::server::Reader| FollowerSeen {
            address: reader.address,
            for_seconds: reader.since.elapsed().as_secs(),
            behind: revision.saturating_sub(reader.told),
        };
        Some(readers.all().into_iter().map(seen).collect())
    }
}

// === Who follows ===

impl Engine {
    /// Takes facts of another process instead of making them. To be called before all else. `from` is whom they come from.
    pub fn follow_stream(&mut self, from: String) {
        // Nothing is remembered for an index, and nothing waits to be read by one.
        self.remembers_from = None;
        self.was_read = true;
        let silent = |cluster: &portolan_core::cluster::Cluster, at: i64| cluster.silent_since.unwrap_or(at);
        let ours = self.last_good.map_or_else(Pulse::default, |state| Pulse {
            read_at: Some(state.true_at),
            heard: self
                .fleet()
                .clusters
                .iter()
                .map(|(name, one)| (name.clone(), silent(one, state.true_at)))
                .collect(),
        });
        let seen = FollowedSeen { from, ..FollowedSeen::default() };
        self.stream.followed = Some(Followed { ours, seen, ..Followed::default() });
    }

    /// How it stands with the stream that is followed; none where none is.
    #[must_use]
    pub fn followed_stream(&self) -> Option<FollowedSeen> {
        let followed = self.stream.followed.as_ref()?;
        Some(FollowedSeen { kept: followed.older.iter().cloned().collect(), ..followed.seen.clone() })
    }

    /// Takes all that a writer has. It is believed when it is the one that was followed, or somebody says so: then what it
    /// lacks is gone whatever that is. True unless it is held.
    pub fn take_whole(&mut self, there: &Fleet, pulse: &Pulse, is_believed: bool, now: i64) -> bool {
        let is_first = self.fleet().names.is_empty() && self.store.revision() == 0;
        let was_complete = self.complete;
        let Some(followed) = &mut self.stream.followed else { return true };
        followed.older = merge::older(&followed.ours, pulse, |name| there.clusters.contains_key(name));
        let lost = (!is_believed).then(|| lost(self.store.fleet(), there)).flatten();
        followed.lost = lost;
        let takes_away = lost.is_none();
        let facts = caught(|| self.wide_facts(there, takes_away));
        let mut facts = self.or_panicked(facts).unwrap_or_default();
        let mut names = there.names.iter();
        loop {
            let some: Vec<_> = names.by_ref().take(NAMES_AT_ONCE).collect();
            let is_last = some.len() < NAMES_AT_ONCE;
            let merged = caught(|| {
                some.into_iter()
                    .filter_map(|(name, facts)| self.merged(name, Some(facts.to_facts())))
                    .collect()
            });
            facts.extend(self.or_panicked::<Vec<_>>(merged).unwrap_or_default());
            if is_last && takes_away {
                let gone = caught(|| self.gone_names(&there.names));
                facts.extend(self.or_panicked(gone).unwrap_or_default());
            }
            self.complete |= is_last;
            self.commit_told(std::mem::take(&mut facts), is_first, was_complete, now);
            if is_last {
                break;
            }
        }
        if is_first {
            self.publish_whole(now);
        }
        self.problems_changed += 1;
        self.learn(pulse, now);
        takes_away
    }

    /// Takes what changed.
    pub fn take_told(&mut self, facts: Vec<Fact>, now: i64) {
        let merged = caught(|| facts.into_iter().filter_map(|fact| self.merged_fact(fact)).collect());
        if let Some(facts) = self.or_panicked(merged) {
            self.commit_told(facts, false, self.complete, now);
        }
    }

    /// Takes when it was true. True when the writer has caught up with something that was kept from it: then the whole is to
    /// be taken again.
    pub fn take_pulse(&mut self, pulse: &Pulse, now: i64) -> bool {
        let fleet = self.store.fleet();
        let Some(followed) = &self.stream.followed else { return false };
        let older = merge::older(&followed.ours, pulse, |name| fleet.clusters.contains_key(name));
        let is_news = followed.older.iter().any(|source| !older.contains(source));
        if !is_news {
            self.learn(pulse, now);
        }
        is_news
    }

    /// Notes how far the stream is behind; none while nobody is reached.
    pub fn note_stream(&mut self, behind: Option<u64>, now: i64) {
        let Some(followed) = &mut self.stream.followed else { return };
        followed.seen.behind = behind;
        if behind == Some(0) {
            followed.seen.current_at = Some(now);
        }
    }

    /// Notes what is wrong with the following itself: this, and nothing else. While something is, everything is old.
    pub fn trouble_stream(&mut self, problem: Option<Problem>) {
        self.root_is_there = problem.is_none() && self.complete;
        self.problems_changed += 1;
        match problem {
            Some(problem) => drop(self.reading.insert(root(), vec![problem])),
            None => drop(self.reading.remove(&root())),
        }
    }

    /// What is wrong with what was told.
    pub(super) fn stream_problems(&self) -> impl Iterator<Item = Problem> {
        let followed = self.stream.followed.as_ref();
        followed.and_then(Followed::held_problem).into_iter()
    }

    /// Why names are held that a whole lacked; none where none are.
    #[must_use]
    pub fn stream_held(&self) -> Option<String> {
        self.stream.followed.as_ref()?.held()
    }

    /// Notes until when sources were heard, but for those that the writer knows less of.
    fn learn(&mut self, pulse: &Pulse, now: i64) {
        let Some(followed) = &mut self.stream.followed else { return };
        let older = &followed.older;
        let ours = &mut followed.ours;
        ours.heard.retain(|name, _| older.contains(name) || pulse.heard.contains_key(name));
        for (name, at) in pulse.heard.iter().filter(|(name, _)| !older.contains(*name)) {
            ours.heard.insert(name.clone(), *at);
            self.hearing.told(name, *at);
        }
        if !older.contains(&root()) {
            ours.read_at = pulse.read_at;
            self.root_true_at = pulse.read_at;
            self.store.still_true(pulse.read_at.unwrap_or(now));
        }
    }

    fn commit_told(&mut self, facts: Vec<Fact>, is_first: bool, was_complete: bool, now: i64) {
        if is_first {
            self.due.facts(self.store.fleet(), &facts);
            self.store.commit(facts);
        } else {
            self.commit(facts, was_complete, now);
        }
    }

    fn or_panicked<T>(&mut self, done: Option<T>) -> Option<T> {
        if done.is_none() {
            self.panics += 1;
            tracing::error!("reading facts of the stream panicked; what they are of stays as it was");
        }
        done
    }

    // === What differs ===

    /// Clusters, zones and policies that are not as a fleet has them.
    fn wide_facts(&self, there: &Fleet, takes_away: bool) -> Vec<Fact> {
        let here = self.store.fleet();
        let clusters = of_both(&here.clusters, &there.clusters, takes_away, Fact::Cluster);
        let zones = of_both(&here.zones, &there.zones, takes_away, Fact::Zone);
        let policies = of_both(&here.policies, &there.policies, takes_away, Fact::Policy);
        let all = clusters.into_iter().chain(zones).chain(policies);
        all.filter_map(|fact| self.merged_fact(fact)).collect()
    }

    /// Names that a fleet lacks.
    fn gone_names(&self, there: &Names) -> Vec<Fact> {
        let names = self.store.fleet().names.keys().filter(|name| !there.contains(*name));
        names.filter_map(|name| self.merged(name, None)).collect()
    }

    /// A fact beside what the writer knows less of; none where it is so already.
    fn merged_fact(&self, fact: Fact) -> Option<Fact> {
        let followed = self.stream.followed.as_ref()?;
        let (here, older) = (self.store.fleet(), &followed.older);
        match fact {
            Fact::Name(name, theirs) => self.merged(name.borrowed(), theirs),
            Fact::Cluster(name, theirs) => {
                let ours = here.clusters.get(&name);
                let now = merge::cluster(ours.cloned(), theirs, older);
                (now.as_ref() != ours).then_some(Fact::Cluster(name, now))
            }
            Fact::Zone(apex, theirs) => {
                let ours = here.zones.get(&apex);
                let now = merge::held(ours.cloned(), theirs, |zone| &zone.held_by, older);
                (now.as_ref() != ours).then_some(Fact::Zone(apex, now))
            }
            Fact::Policy(name, theirs) => {
                let ours = here.policies.get(&name);
                let now = merge::held(ours.cloned(), theirs, |policy| &policy.held_by, older);
                (now.as_ref() != ours).then_some(Fact::Policy(name, now))
            }
        }
    }

    fn merged(&self, name: NameRef<'_>, theirs: Option<portolan_core::fleet::NameFacts>) -> Option<Fact> {
        let followed = self.stream.followed.as_ref()?;
        let ours = self.store.fleet().names.get(name).map(|facts| facts.to_facts());
        let now = merge::name(ours.clone(), theirs, &followed.older);
        (now != ours).then(|| Fact::Name(name.to_name(), now))
    }
}

impl Followed {
    fn held(&self) -> Option<String> {
        let (lost, before) = self.lost?;
        Some(format!(
            "a control replica that was not followed before lacks {lost} of {before} names or zones"
        ))
    }

    fn held_problem(&self) -> Option<Problem> {
        let message = format!(
            "{}; nothing is taken away until they are back, or `portolan holds --release {STREAM_HOLD}` says that they are gone",
            self.held()?
        );
        Some(Problem {
            subject: "the stream".to_owned(),
            reason: Reason::Held,
            message,
            place: String::new(),
        })
    }
}

/// The id of the hold of what a whole lacked. No cluster is called so.
pub const STREAM_HOLD: &str = "stream:whole";

/// How many names or zones a fleet lacks, of how many, where they are so many that they are not believed to be gone.
fn lost(here: &Fleet, there: &Fleet) -> Option<(usize, usize)> {
    let doubtful = |lost: usize, before: usize| is_doubtful(lost, before - lost).then_some((lost, before));
    let names = here.names.keys().filter(|name| !there.names.contains(*name)).count();
    let zones = here.zones.keys().filter(|apex| !there.zones.contains_key(*apex)).count();
    doubtful(names, here.names.len()).or_else(|| doubtful(zones, here.zones.len()))
}

/// What is there, and, where that is to be taken away, what is here alone.
fn of_both<K: Ord + Clone, V: Clone>(
    here: &BTreeMap<K, V>,
    there: &BTreeMap<K, V>,
    takes_away: bool,
    fact: fn(K, Option<V>) -> Fact,
) -> Vec<Fact> {
    let is_gone = |key: &&K| takes_away && !there.contains_key(*key);
    let gone = here.keys().filter(is_gone).map(|key| fact(key.clone(), None));
    let now = there.iter().map(|(key, value)| fact(key.clone(), Some(value.clone())));
    gone.chain(now).collect()
}

#[cfg(test)]
mod tests;
