//! Objects by cluster in, facts out.
//!
//! ```text
//!   set, delete ─▶ Objects ─▶ touched keys ─▶ take: clusters ─▶ zones, policies ─▶ drafts ─▶ claims ─▶ Fact
//!                  (what is)   (what to look at)    members      zones             records    names
//!   remember ────▶ Memory: what sources that are not heard yet gave before the restart ────────┘
//! ```
//!
//! A *source* is a cluster, or the fleet folder's root, whose name is empty. An object that says which
//! names there are (a *record*: [`Kind::ServiceDnsRecord`] and the like) is drafted into what it wants of
//! each name; a draft's wish for one name is a *claim*, and of several claims on a name the oldest that
//! the zone's fence admits has it.
//!
//! Facts are a function of what is there, never of the order in which it came: an event only changes
//! `objects` and notes what to look at again, and [`Index::take`] works that off. What a change costs
//! therefore depends on what refers to it and not on the size of the fleet (DESIGN section 7, invariant
//! 11), so each reference is kept backwards too: from a Service to the records that name it, from a record
//! to its names. [`Index::steps`] counts what was looked at, so that a test can hold this.
//!
//! | module | what it owns |
//! | --- | --- |
//! | `objects`, `source` | what was read, and which copy of an object counts |
//! | `memory` | what is only remembered |
//! | `lacks` | what of a source could not be read |
//! | `doubt` | what of the last good state rests on that still |
//! | `links` | which records refer to an object |
//! | `touch` | what an event makes necessary to look at again |
//! | `member`, `zones`, `policies`, `networks` | facts of clusters, zones and policies |
//! | `strangers` | clusters that policies name and nobody knows |
//! | `claims` | records drafted, and what they claim |
//! | `draft`, `world` | what one record wants, and where it looks up what it refers to |
//! | `kubefed`, `foreign` | how records of others are drafted; GlobalName is in `offer` |
//! | `handed` | what a follower of a hub makes of the `DNSEndpoint`s that the hub wrote |
//! | `offer` | what a cluster offers, and what stands behind it |
//! | `sourced` | what External-DNS' sources make of clusters' own objects |
//! | `apart` | what of the records another DNS is to keep apart |
//! | `disagreement` | clusters whose copy of an intent is not the one that counts |
//! | `backing` | what is said of a record that nothing stands behind |
//! | `names`, `admit` | who has a name, and whom the fence admits |
//! | `places` | where the objects stand that problems are about |
//! | `resolved` | host names of load balancers, and what they resolve to |
//! | `grace` | a load balancer's status that goes empty for a while |
//! | `when` | times in words |
//!
//! **Architecture Invariant:** a source counts once it was heard; from then on it keeps what it gave
//! until somebody deletes it. Neither silence nor a fault deletes anything.

mod admit;
mod apart;
mod backing;
mod claims;
mod disagreement;
mod doubt;
mod draft;
pub(crate) mod foreign;
mod grace;
mod handed;
mod kubefed;
mod lacks;
mod links;
mod member;
mod memory;
mod names;
mod networks;
mod objects;
mod offer;
mod places;
mod policies;
mod resolved;
mod source;
mod sourced;
mod strangers;
mod touch;
mod when;
mod world;
mod zones;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portolan_core::cluster::{Cluster, ClusterName};
use portolan_core::fleet::{Fact, Fleet};
use portolan_core::{Name, Problem};

use crate::few::Few;
use crate::manifest::order;
use crate::object::{Kind, Object, ObjectKey};
use crate::origin::Origin;
use crate::sources::Options;
use claims::{Claim, Drafted, New};
use grace::Grace;
pub use grace::Kept;
pub use lacks::Lacks;
use links::Links;
use memory::Memory;
use names::Zoneless;
use networks::Networks;
use objects::Objects;
use resolved::Hosts;
pub use resolved::Resolution;
use sourced::Sourced;
use strangers::Strangers;
use touch::Dirty;
pub(crate) use when::when as time_in_words;
use zones::Zones;

/// Everything that was read of a fleet, and the facts that follow.
#[derive(Debug, Default)]
pub struct Index {
    objects: Objects,
    networks: Networks,
    memory: Memory,
    dirty: Dirty,
    zones: Zones,
    /// Which records refer to an object.
    users: Links,
    drafted: BTreeMap<ObjectKey, Drafted>,
    /// Which sources are on, and how.
    options: Arc<Options>,
    /// Names come from what a hub hands over, and from no cluster.
    follows_hub: bool,
    /// The source objects of each cluster.
    sourced: BTreeMap<ClusterName, Sourced>,
    /// Host names of load balancers.
    hosts: Hosts,
    /// What keeps a status that went empty.
    grace: Grace,
    /// The time of day and the steady clock's, as [`Index::tick`] was last told them.
    now: i64,
    steady: i64,
    /// Clusters that a `MemberCluster` tells of and that were never read.
    awaited: BTreeSet<ClusterName>,
    /// Clusters that policies name and nobody knows.
    strangers: Strangers,
    /// Records with a backend that no cluster offers: another cluster may.
    wanting: BTreeSet<ObjectKey>,
    /// Who wants a name, the one with the best right first.
    claims: BTreeMap<Name, Few<Claim>>,
    new: New,
    zoneless: Zoneless,
    /// True while a record is there that makes names of regions.
    names_regions: bool,
    /// What was given out, to give out only what changes.
    given: Fleet,
    problems: BTreeMap<About, Vec<Problem>>,
    /// How often they changed.
    problems_changed: u64,
    steps: u64,
}

/// What a problem was found with: where a later look replaces it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum About {
    Cluster(ClusterName),
    Networks(ClusterName, Arc<str>),
    Policy(Arc<str>),
    Strangers(Arc<str>),
    Zones,
    Record(ObjectKey),
    Object(ClusterName, ObjectKey),
    Kept(ClusterName, ObjectKey),
    Name(Name),
    NoZone(Name),
}

pub use apart::Apart;
pub use draft::OfferedSet;

/// A member of the fleet, for people.
#[derive(Clone, Copy, Debug)]
pub struct ClusterView<'a> {
    /// Its name.
    pub name: &'a ClusterName,
    /// What is known of it.
    pub cluster: &'a Cluster,
    /// True when it was read whole since the start; false while it is only remembered.
    pub heard: bool,
    /// How many objects of it are kept.
    pub objects: usize,
}

impl Index {
    /// One that has records drafted of clusters' own objects, as External-DNS' sources do. What is told to it
    /// was read with [`Options::keep`].
    #[must_use]
    pub fn with_sources(options: Arc<Options>) -> Self {
        Self { options, ..Self::default() }
    }

    /// The same of a follower of a hub: the root is the hub, what is known of clusters is what the hub says of them, and
    /// names come from the `DNSEndpoint`s that it wrote. To be called before all else.
    #[must_use]
    pub fn following_hub(self) -> Self {
        Self { follows_hub: true, ..self }
    }

    /// Which sources are on, and how.
    #[must_use]
    pub fn sources(&self) -> &Options {
        &self.options
    }

    /// Takes an object of a source, new or changed. `place` is where it stands, for problems. One with a value that is
    /// not allowed counts where nothing stood before.
    pub fn set(&mut self, source: &ClusterName, object: Arc<Object>, place: &Origin) {
        if object.in_part && self.stood_before(source, &object) {
            return;
        }
        self.memory.was_read(source, &object);
        let object = self.graced(source, object, place);
        self.put(source, object, place);
    }

    /// Takes an object of a source away. Without a `MemberCluster` a silent cluster is no member any more.
    pub fn delete(&mut self, source: &ClusterName, key: &ObjectKey) {
        let affected = self.objects.affected_by(source, key);
        // Of one that was refused ever since a restart nothing but the last good state is known.
        if affected.is_empty() && !self.memory.misses(source, key) {
            return;
        }
        affected.iter().for_each(|affected| self.touch(source, affected));
        self.objects.delete(source, key);
        self.end_grace(source, key);
        if let Some(cluster) = self.forgotten_with(key) {
            self.forget(&cluster);
        }
    }

    /// A source was read: what it has not given is not there, but for what it [lacks](Index::lacks). A fleet without a root has it heard all
    /// the same, empty: only then is it known that the root describes no cluster.
    pub fn heard(&mut self, source: &ClusterName) {
        self.dirty.clusters.insert(source.clone());
        if self.follows_hub && objects::is_root(source) {
            // Nobody else is read: what was remembered of clusters is the hub's to tell.
            self.memory.leave_to_the_hub();
        }
        if self.objects.hear(source) {
            self.touch_all(source);
            self.touch_wanting();
            // One that was never read may be this one, misspelt.
            self.dirty.clusters.extend(self.awaited.iter().cloned());
            let memory = self.memory.hear(&self.objects, source);
            self.yield_to_memory(source);
            self.dirty.recall(memory);
        }
    }

    /// A source is not heard from since a time (seconds since 1970). What it gave stays.
    pub fn silent(&mut self, source: &ClusterName, since: i64) {
        self.dirty.clusters.insert(source.clone());
        self.objects.silence(source, since);
        if !self.objects.is_read(&source.0) {
            self.touch_wanting();
        }
    }

    /// A cluster is no member any more, and what it gave is gone.
    pub fn forget(&mut self, cluster: &ClusterName) {
        self.touch_all(cluster);
        self.touch_wanting();
        self.objects.forget(cluster);
        self.end_graces(cluster);
        self.networks.forget(cluster);
        self.problems.retain(|about, _| !matches!(about, About::Networks(of, _) if of == cluster));
        self.problems_changed += 1;
        self.dirty.recall(self.memory.forget(&self.objects, cluster));
        self.unfollowed(cluster);
        self.dirty.clusters.insert(cluster.clone());
        self.dirty.policies.extend(self.objects.names_of(Kind::SteeringPolicy));
    }

    /// Takes a CSV file of networks, by the path that policies name it with, or takes it away.
    pub fn networks_file(&mut self, source: &ClusterName, path: &str, text: Option<&str>) {
        let problems = self.networks.set(source, path, text);
        self.note(About::Networks(source.clone(), path.into()), problems);
        self.dirty.policies.extend(self.objects.names_of(Kind::SteeringPolicy));
    }

    /// Takes the last good state after a restart, and the time (seconds since 1970) when it was so. What a source held
    /// counts until that source is heard; that it was not yet is no silence. To be called before all else; who
    /// takes the facts has that state already, and is told what becomes another.
    pub fn remember(&mut self, fleet: &Fleet, since: i64) {
        self.given = fleet.clone();
        self.memory = Memory::new(fleet.clone(), since, self.follows_hub);
        self.hosts.remember(&fleet.names);
        self.dirty.recall(self.memory.doubtful());
    }

    /// The facts that changed since the last time.
    pub fn take(&mut self) -> Vec<Fact> {
        let mut facts = Vec::new();
        self.take_clusters(&mut facts);
        self.take_zones(&mut facts);
        self.take_policies(&mut facts);
        self.take_records();
        self.take_sourced();
        self.pack();
        self.take_names(&mut facts);
        self.forget_resolved();
        facts
    }

    /// The index keeps the names that it gave out, to give out only what changes. Whoever took them, and none from
    /// elsewhere, has the same, and from now on they share them; of what was lost on its way there it is as if it never was given out.
    pub fn share(&mut self, fleet: &Fleet) {
        self.given.names = fleet.names.clone();
    }

    /// What is wrong, as of the last [`Index::take`]: in [reading order](crate::manifest::reading_order), each once.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        let mut all: Vec<&Problem> = self.problems.values().flatten().collect();
        all.sort_by_cached_key(|problem| order::Key::of(problem));
        all.dedup();
        all.into_iter()
    }

    /// The objects of a source that are no workload: who asks for names, and the records that were written.
    pub fn intents_of(&self, source: &ClusterName) -> impl Iterator<Item = &Arc<Object>> {
        let objects = self.objects.source(source).into_iter().flat_map(|source| source.objects.values());
        objects.map(|located| &located.object).filter(|object| objects::is_intent(object.key.kind()))
    }

    /// One of these, by its key.
    #[must_use]
    pub fn intent_of(&self, source: &ClusterName, key: &ObjectKey) -> Option<&Arc<Object>> {
        let located = self.objects.source(source)?.get(key)?;
        objects::is_intent(key.kind()).then_some(&located.object)
    }

    /// True when a source has an object.
    #[must_use]
    pub fn has(&self, source: &ClusterName, key: &ObjectKey) -> bool {
        self.objects.source(source).is_some_and(|source| source.get(key).is_some())
    }

    /// Grows whenever [`Index::problems`] are others than before.
    #[must_use]
    pub fn problems_changed(&self) -> u64 {
        self.problems_changed
    }

    /// The members, as of the last [`Index::take`].
    pub fn clusters(&self) -> impl Iterator<Item = ClusterView<'_>> {
        self.given.clusters.iter().map(|(name, cluster)| ClusterView {
            name,
            cluster,
            heard: self.objects.is_read(&name.0),
            objects: self.objects.count(name),
        })
    }

    /// Clusters that are remembered and were not read since.
    pub fn remembered(&self) -> impl Iterator<Item = &ClusterName> {
        self.memory.clusters(&self.objects)
    }

    /// Clusters that a `MemberCluster` tells of and that were never read, nor remembered: while there are
    /// some, who has just started cannot say what is not there.
    pub fn awaited(&self) -> impl Iterator<Item = &ClusterName> {
        self.awaited.iter()
    }

    /// The CSV files that policies name, each with the source of its policy.
    pub fn networks_wanted(&self) -> BTreeSet<(ClusterName, String)> {
        policies::networks_wanted(&self.objects)
    }

    /// How many objects, offers and names were looked at so far: what it cost, counted and not timed.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Puts an object where it counts.
    fn put(&mut self, source: &ClusterName, object: Arc<Object>, place: &Origin) {
        for affected in self.objects.set(source, object, place) {
            self.touch(source, &affected);
        }
    }

    /// Gives out a fact, if it is news.
    fn give(&mut self, fact: Fact, out: &mut Vec<Fact>) {
        if !self.given.apply([fact.clone()]).is_empty() {
            out.push(fact);
        }
    }

    /// Replaces what is wrong with something.
    fn note(&mut self, about: About, problems: Vec<Problem>) {
        let now = (!problems.is_empty()).then_some(problems);
        self.problems_changed += u64::from(self.problems.get(&about) != now.as_ref());
        match now {
            None => self.problems.remove(&about),
            Some(problems) => self.problems.insert(about, problems),
        };
    }

    fn step(&mut self, count: usize) {
        self.steps += u64::try_from(count).unwrap_or(u64::MAX);
    }
}

#[cfg(test)]
pub(crate) mod tests;
