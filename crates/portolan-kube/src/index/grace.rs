//! A load balancer's status that goes empty keeps its addresses for a while (faults.md F-39).
//!
//! A cloud's controller that makes a load balancer anew empties the status first, and fills it when the new one
//! stands. In between the old one mostly serves still. So an empty status is not believed at once, as long as
//! the object is the one that it was: of the same age and type, with the same `externalIPs`. Another address, a
//! change of type and a delete are believed at once.
//!
//! The object is kept with the status that it had, so that everything else goes on from what is kept as from
//! what was read; at the end of the grace it is told with the empty status, as if it came then.
//!
//! How long a grace lasts is measured by a clock that no jump of the time of day moves (faults.md F-48); only over our
//! own restart, where nothing else is left, does the time of day tell how much of it is over.
//!
//! Our own restart ends no grace, where whoever runs the index remembers what was kept ([`Index::kept`]). A status
//! that was emptied while nobody looked is believed: what stood there before is not known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portolan_core::cluster::ClusterName;
use portolan_core::{Problem, Reason};

use super::draft::subject;
use super::when::when;
use super::{About, Index};
use crate::object::{Body, Kind, Object, ObjectKey};
use crate::origin::Origin;
use crate::workload::{Balancer, Texts};

/// An object of a cluster.
type At = (ClusterName, ObjectKey);

/// What keeps its status, and until when.
#[derive(Debug, Default)]
pub(super) struct Grace {
    /// How long, in seconds; 0 for not at all.
    seconds: i64,
    /// What is kept.
    begun: BTreeMap<At, Begun>,
    /// The same by the end of its grace, on the steady clock.
    ends: BTreeSet<(i64, At)>,
    /// What was kept before our own restart, of objects that were not read since.
    remembered: BTreeMap<At, Kept>,
}

/// A status that is kept: since when it is empty, in seconds since 1970, and until when on the steady clock.
#[derive(Clone, Copy, Debug)]
struct Begun {
    since: i64,
    ends: i64,
}

/// A status that is kept, for whoever remembers it over a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The cluster.
    pub cluster: ClusterName,
    /// The object: a Service or an Ingress.
    pub key: ObjectKey,
    /// When the object was made; one that was made anew has nothing to keep.
    pub created: i64,
    /// Since when its status is empty.
    pub since: i64,
    /// What stood there.
    pub balancer: Balancer,
    /// See [`Service::is_load_balancer`](crate::workload::Service::is_load_balancer).
    pub is_load_balancer: bool,
    /// See [`Service::external_ips`](crate::workload::Service::external_ips).
    pub external_ips: Texts,
}

impl Index {
    /// Has a load balancer's status that goes empty keep its addresses for so many seconds. Time is what
    /// [`Index::tick`] was last told.
    pub fn keep_balancers(&mut self, seconds: u32) {
        self.grace.seconds = seconds.into();
    }

    /// The statuses that are kept, at most so many.
    #[must_use]
    pub fn kept(&self, most: usize) -> Vec<Kept> {
        let now = self.grace.begun.iter().filter_map(|((cluster, key), begun)| {
            let located = self.objects.source(cluster)?.get(key)?;
            Kept::of(cluster, begun.since, &located.object)
        });
        let is_over = |kept: &&Kept| kept.since.saturating_add(self.grace.seconds) <= self.now;
        let before = self.grace.remembered.values().filter(|kept| !is_over(kept)).cloned();
        before.chain(now).take(most).collect()
    }

    /// Takes the statuses that were kept before a restart. To be called before all else.
    pub fn remember_kept(&mut self, kept: Vec<Kept>) {
        let at = |kept: Kept| ((kept.cluster.clone(), kept.key.clone()), kept);
        self.grace.remembered = kept.into_iter().map(at).collect();
    }

    /// Says what time it is, in seconds since 1970, and what it is on a clock of seconds that only ever goes on, as
    /// fast as time does; ends what is over by then.
    pub fn tick(&mut self, now: i64, steady: i64) {
        (self.now, self.steady) = (now, steady);
        while let Some((source, key)) = self.grace.pop_ended(steady) {
            self.note(About::Kept(source.clone(), key.clone()), Vec::new());
            let Some(located) = self.objects.source(&source).and_then(|of| of.get(&key)).cloned() else {
                continue;
            };
            let emptied = with_balancer(&located.object, Balancer::default());
            self.put(&source, emptied, &located.place);
        }
    }

    /// When the next thing is over that [`Index::tick`] ends, on the steady clock; none while nothing is to end.
    #[must_use]
    pub fn next_end(&self) -> Option<i64> {
        self.grace.ends.first().map(|(end, _)| *end)
    }

    /// An object as it counts: with the status that it had, where that is to be kept.
    pub(super) fn graced(
        &mut self,
        source: &ClusterName,
        object: Arc<Object>,
        place: &Origin,
    ) -> Arc<Object> {
        if self.grace.seconds == 0 || !matches!(object.key.kind(), Kind::Service | Kind::Ingress) {
            return object;
        }
        let at = (source.clone(), object.key.clone());
        let before = self.objects.source(source).and_then(|of| of.get(&object.key));
        let found = match before {
            Some(before) => kept(&before.object, &object).map(|balancer| (balancer, self.now)),
            None => self.grace.recall(&at, &object, self.now),
        };
        let Some((kept, since)) = found else {
            self.end_grace(source, &object.key);
            return object;
        };
        let (since, until) = self.grace.begin(at, since, self.now, self.steady);
        let problem = Problem {
            subject: format!("{}: status.loadBalancer.ingress", subject(&object.key, source)),
            reason: Reason::Kept,
            message: format!(
                "is empty since {}; what stood there is kept until {}",
                when(since),
                when(until)
            ),
            place: place.to_string(),
        };
        self.note(About::Kept(source.clone(), object.key.clone()), vec![problem]);
        with_balancer(&object, kept)
    }

    /// An object is gone, or says something else: its status is what it says.
    pub(super) fn end_grace(&mut self, source: &ClusterName, key: &ObjectKey) {
        if !self.grace.is_idle() && self.grace.end(&(source.clone(), key.clone())) {
            self.note(About::Kept(source.clone(), key.clone()), Vec::new());
        }
    }

    /// A cluster is no member any more.
    pub(super) fn end_graces(&mut self, cluster: &ClusterName) {
        self.grace.remembered.retain(|(of, _), _| of != cluster);
        let of_it: Vec<ObjectKey> =
            self.grace.begun.keys().filter(|(of, _)| of == cluster).map(|(_, key)| key.clone()).collect();
        of_it.iter().for_each(|key| self.end_grace(cluster, key));
    }
}

impl Grace {
    fn is_idle(&self) -> bool {
        self.begun.is_empty() && self.remembered.is_empty()
    }

    /// What an object kept before our own restart that is read for the first time since, and since when; nothing
    /// when that is over.
    fn recall(&mut self, at: &At, object: &Object, now: i64) -> Option<(Balancer, i64)> {
        let remembered = self.remembered.remove(at)?;
        let is_over = remembered.since.saturating_add(self.seconds) <= now;
        let balancer = remembered.kept_by(object).filter(|_| !is_over)?;
        Some((balancer, remembered.since))
    }

    /// Since when an object's status is kept, and until when, as the time of day stands; from `since` on where it
    /// was not yet. Of a grace that began before our own restart the rest is left, and never more than all of it.
    fn begin(&mut self, at: At, since: i64, now: i64, steady: i64) -> (i64, i64) {
        let left = since.saturating_add(self.seconds).saturating_sub(now).clamp(0, self.seconds);
        let begun =
            *self.begun.entry(at.clone()).or_insert(Begun { since, ends: steady.saturating_add(left) });
        self.ends.insert((begun.ends, at));
        (begun.since, now.saturating_add(begun.ends.saturating_sub(steady)))
    }

    fn end(&mut self, at: &At) -> bool {
        self.remembered.remove(at);
        let Some(begun) = self.begun.remove(at) else { return false };
        self.ends.remove(&(begun.ends, at.clone()))
    }

    fn pop_ended(&mut self, steady: i64) -> Option<At> {
        self.ends.first().filter(|(end, _)| *end <= steady)?;
        let (_, at) = self.ends.pop_first()?;
        self.begun.remove(&at);
        Some(at)
    }
}

impl Kept {
    fn of(cluster: &ClusterName, since: i64, object: &Object) -> Option<Self> {
        let (balancer, is_load_balancer, external_ips) = match &object.body {
            Body::Service(of) => (of.balancer.clone(), of.is_load_balancer, of.external_ips.clone()),
            Body::Ingress(of) => (of.balancer.clone(), false, Texts::default()),
            _ => return None,
        };
        let (cluster, key, created) = (cluster.clone(), object.key.clone(), object.created);
        Some(Self { cluster, key, created, since, balancer, is_load_balancer, external_ips })
    }

    /// What an object keeps that comes after a restart.
    fn kept_by(&self, now: &Object) -> Option<Balancer> {
        let mut before = now.clone();
        before.created = self.created;
        if let Body::Service(service) = &mut before.body {
            service.is_load_balancer = self.is_load_balancer;
            service.external_ips.clone_from(&self.external_ips);
        }
        kept(&with_balancer(&before, self.balancer.clone()), now)
    }
}

/// The status that an object keeps which comes without one.
fn kept(before: &Object, now: &Object) -> Option<Balancer> {
    let balancer = match (&before.body, &now.body) {
        (Body::Service(before), Body::Service(now)) => {
            let is_same =
                before.is_load_balancer == now.is_load_balancer && before.external_ips == now.external_ips;
            (is_same && now.balancer.is_empty()).then_some(&before.balancer)
        }
        (Body::Ingress(before), Body::Ingress(now)) => now.balancer.is_empty().then_some(&before.balancer),
        _ => None,
    };
    balancer.filter(|balancer| !balancer.is_empty() && before.created == now.created).cloned()
}

fn with_balancer(object: &Object, balancer: Balancer) -> Arc<Object> {
    let mut object = object.clone();
    match &mut object.body {
        Body::Service(service) => service.balancer = balancer,
        Body::Ingress(ingress) => ingress.balancer = balancer,
        _ => {}
    }
    Arc::new(object)
}
