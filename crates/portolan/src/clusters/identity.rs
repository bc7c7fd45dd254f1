//! Whether a cluster is the one that it was.
//!
//! A cluster is known by the uid of its `kube-system` namespace, and its store by a version that only
//! grows. An address behind which another cluster stands, or the same one with its store wiped or restored
//! from a backup, would be followed in silence otherwise: a watch at the old version is taken and never
//! reports. Such a cluster is held, not followed: what it gave stays until somebody says that it is to be
//! believed.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use portolan_core::ClusterName;

/// What a cluster says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// The uid of `kube-system`.
    pub(super) uid: String,
    /// The version of its store.
    pub(super) version: u64,
}

/// What follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is the one that it was, or is new.
    Same,
    /// It is not, for this reason.
    Other(String),
}

/// What is known of one cluster.
#[derive(Debug, Default)]
pub(super) struct Identity {
    uid: Option<String>,
    highest: u64,
}

impl Identity {
    /// Of a cluster that said this before our own restart.
    pub(super) fn of(said: Option<Said>) -> Self {
        said.map(|said| Self { uid: Some(said.uid), highest: said.version }).unwrap_or_default()
    }

    /// Judges what it says now. `watched` is the highest version that its watches saw.
    pub(super) fn judge(&mut self, said: &Said, watched: u64) -> Verdict {
        self.highest = self.highest.max(watched);
        if let Some(uid) = self.uid.as_ref().filter(|uid| **uid != said.uid) {
            let now = &said.uid;
            return Verdict::Other(format!("is another cluster: its kube-system was {uid} and is {now}"));
        }
        if said.version < self.highest {
            let (now, before) = (said.version, self.highest);
            return Verdict::Other(format!("went back: its store was at version {before} and is at {now}"));
        }
        self.uid = Some(said.uid.clone());
        self.highest = said.version;
        Verdict::Same
    }

    /// True once it said who it is.
    pub(super) fn is_known(&self) -> bool {
        self.uid.is_some()
    }

    /// Forgets what it was: what comes next is believed.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

/// Which cluster has which uid, so that one that is named twice is followed once.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Who goes before whom.
    order: Vec<ClusterName>,
    holders: Mutex<BTreeMap<String, ClusterName>>,
}

impl Known {
    /// Where several names are one cluster's, the first of these is followed, and any of these before another.
    pub(super) fn in_order(order: Vec<ClusterName>) -> Self {
        Self { order, holders: Mutex::default() }
    }

    /// Notes whose a uid is; the other name when it is taken.
    pub(super) fn claim(&self, uid: &str, name: &ClusterName) -> Option<ClusterName> {
        let mut all = self.lock();
        all.retain(|known, of| of != name || known == uid);
        let holder = all.entry(uid.to_owned()).or_insert_with(|| name.clone());
        if self.rank(name) < self.rank(holder) {
            // Whoever had it finds out when it asks next.
            holder.clone_from(name);
        }
        (holder != name).then(|| holder.clone())
    }

    /// A name is no cluster's any more.
    pub(super) fn release(&self, name: &ClusterName) {
        self.lock().retain(|_, of| of != name);
    }

    fn rank(&self, name: &ClusterName) -> usize {
        self.order.iter().position(|known| known == name).unwrap_or(usize::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, ClusterName>> {
        self.holders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(uid: &str, version: u64) -> Said {
        Said { uid: uid.into(), version }
    }

    #[test]
    fn a_cluster_is_its_uid_and_its_version_only_grows() {
        let mut identity = Identity::default();
        assert_eq!(identity.judge(&said("u", 5), 0), Verdict::Same);
        assert_eq!(identity.judge(&said("u", 5), 5), Verdict::Same);
        let other = identity.judge(&said("v", 9), 5);
        assert_eq!(other, Verdict::Other("is another cluster: its kube-system was u and is v".into()));
        // Its watches saw more than it has.
        let back = identity.judge(&said("u", 7), 8);
        assert_eq!(back, Verdict::Other("went back: its store was at version 8 and is at 7".into()));
        assert_eq!(identity.judge(&said("u", 8), 8), Verdict::Same);
        identity.forget();
        assert_eq!(identity.judge(&said("v", 1), 0), Verdict::Same);
    }

    #[test]
    fn a_restart_of_ours_forgets_no_cluster() {
        assert_eq!(Identity::of(None).judge(&said("v", 1), 0), Verdict::Same);
        assert_eq!(Identity::of(Some(said("u", 5))).judge(&said("u", 5), 0), Verdict::Same);
        for other in [said("v", 9), said("u", 4)] {
            assert!(
                matches!(Identity::of(Some(said("u", 5))).judge(&other, 0), Verdict::Other(_)),
                "{other:?}"
            );
        }
    }

    #[test]
    fn a_uid_has_one_name() {
        let (known, a, b) = (Known::default(), ClusterName::from("a"), ClusterName::from("b"));
        assert_eq!(known.claim("u", &a), None);
        assert_eq!(known.claim("u", &a), None);
        assert_eq!(known.claim("u", &b), Some(a.clone()));
        // Another cluster stands behind the name now, so the other name may have the uid.
        assert_eq!(known.claim("v", &a), None);
        assert_eq!(known.claim("u", &b), None);
        // The first is a member no more.
        known.release(&b);
        assert_eq!(known.claim("u", &a), None);
    }

    #[test]
    fn who_goes_first_has_it_whoever_asks_first() {
        let [hub, other, registered] = ["hub", "other", "registered"].map(ClusterName::from);
        let known = Known::in_order(vec![hub.clone(), other.clone()]);
        assert_eq!(known.claim("u", &registered), None);
        assert_eq!(known.claim("u", &other), None);
        assert_eq!(known.claim("u", &registered), Some(other.clone()));
        assert_eq!(known.claim("u", &hub), None);
        assert_eq!(known.claim("u", &other), Some(hub));
    }
}
