//! A load balancer's status that goes empty keeps its addresses for a while (faults.md F-39).
//!
//! A cloud's controller that makes a load balancer anew empties the status first, and fills it when the new one
//! stands. In between the old one mostly serves still. So an empty status is not believed at once, as long as
//! the object is the one that it was: of the same age and type, with the same `externalIPs`. Another address, a
//! change of type and a delete are believed at once.
//!
//! The object is kept with the status that it had, so that everything else goes on from what is kept as from
//! what was read; at the end of the grace it is told with the empty status, as if it came then.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portolan_core::cluster::ClusterName;
use portolan_core::{Problem, Reason};

use super::draft::subject;
use super::when::when;
use super::{About, Index};
use crate::object::{Body, Kind, Object, ObjectKey};
use crate::workload::Balancer;

/// An object of a cluster.
type At = (ClusterName, ObjectKey);

/// What keeps its status, and until when.
#[derive(Debug, Default)]
pub(super) struct Grace {
    /// How long, in seconds; 0 for not at all.
    seconds: i64,
    /// Since when each is empty, in seconds since 1970.
    since: BTreeMap<At, i64>,
    /// The same by the end of its grace.
    ends: BTreeSet<(i64, At)>,
}

impl Index {
    /// Has a load balancer's status that goes empty keep its addresses for so many seconds. Time is what
    /// [`Index::tick`] was last told.
    pub fn keep_balancers(&mut self, seconds: u32) {
        self.grace.seconds = seconds.into();
    }

    /// Says what time it is, in seconds since 1970, and ends what is over by then.
    pub fn tick(&mut self, now: i64) {
        self.now = now;
        while let Some((source, key)) = self.grace.pop_ended(now) {
            self.note(About::Kept(source.clone(), key.clone()), Vec::new());
            let Some(located) = self.objects.source(&source).and_then(|of| of.get(&key)).cloned() else {
                continue;
            };
            let emptied = with_balancer(&located.object, Balancer::default());
            self.put(&source, emptied, &located.place);
        }
    }

    /// When the next thing is over that [`Index::tick`] ends; none while nothing is to end.
    #[must_use]
    pub fn next_end(&self) -> Option<i64> {
        self.grace.ends.first().map(|(end, _)| *end)
    }

    /// An object as it counts: with the status that it had, where that is to be kept.
    pub(super) fn graced(
        &mut self,
        source: &ClusterName,
        object: Arc<Object>,
        place: &Arc<str>,
    ) -> Arc<Object> {
        if self.grace.seconds == 0 || !matches!(object.key.kind, Kind::Service | Kind::Ingress) {
            return object;
        }
        let before = self.objects.source(source).and_then(|of| of.get(&object.key));
        let Some(kept) = before.and_then(|before| kept(&before.object, &object)) else {
            self.end_grace(source, &object.key);
            return object;
        };
        let at = (source.clone(), object.key.clone());
        let (since, until) = self.grace.begin(at, self.now);
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
        if !self.grace.since.is_empty() && self.grace.end(&(source.clone(), key.clone())) {
            self.note(About::Kept(source.clone(), key.clone()), Vec::new());
        }
    }

    /// A cluster is no member any more.
    pub(super) fn end_graces(&mut self, cluster: &ClusterName) {
        let of_it: Vec<ObjectKey> =
            self.grace.since.keys().filter(|(of, _)| of == cluster).map(|(_, key)| key.clone()).collect();
        of_it.iter().for_each(|key| self.end_grace(cluster, key));
    }
}

impl Grace {
    /// Since when an object's status is kept, and until when; from now on where it was not yet.
    fn begin(&mut self, at: At, now: i64) -> (i64, i64) {
        let since = *self.since.entry(at.clone()).or_insert(now);
        let until = since.saturating_add(self.seconds);
        self.ends.insert((until, at));
        (since, until)
    }

    fn end(&mut self, at: &At) -> bool {
        let Some(since) = self.since.remove(at) else { return false };
        self.ends.remove(&(since.saturating_add(self.seconds), at.clone()))
    }

    fn pop_ended(&mut self, now: i64) -> Option<At> {
        self.ends.first().filter(|(end, _)| *end <= now)?;
        let (_, at) = self.ends.pop_first()?;
        self.since.remove(&at);
        Some(at)
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
