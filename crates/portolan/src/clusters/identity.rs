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

    /// Judges what it says now. `watched` is the highest version that its watches saw. What is to count from now on
    /// is [noted](Identity::note).
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
        Verdict::Same
    }

    /// Notes what it says, which is from now on what it was.
    pub(super) fn note(&mut self, said: &Said) {
        self.uid = Some(said.uid.clone());
        self.highest = said.version;
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
///
/// Which of its names that is does not depend on who answers first, nor on our own restarts: those of the
/// configuration go first, in its order, then what was registered earlier, then the lesser name. One that was
/// followed until another came that goes first is followed on until the other was read: nothing is lost between.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Who goes before whom.
    order: Vec<ClusterName>,
    claims: Mutex<Claims>,
}

#[derive(Debug, Default)]
struct Claims {
    /// Since when clusters are registered, in seconds since 1970.
    since: BTreeMap<ClusterName, i64>,
    /// By uid.
    holders: BTreeMap<String, Holder>,
}

#[derive(Debug)]
struct Holder {
    name: ClusterName,
    /// Who had it before, while this one was not read.
    before: Option<ClusterName>,
}

impl Known {
    /// Where several names are one cluster's, the first of these is followed, and any of these before another.
    pub(super) fn in_order(order: Vec<ClusterName>) -> Self {
        Self { order, claims: Mutex::default() }
    }

    /// Notes since when a cluster is registered.
    pub(super) fn since(&self, name: &ClusterName, at: i64) {
        self.lock().since.insert(name.clone(), at);
    }

    /// Notes whose a uid is, and whether that one was read; the name that is followed instead when it is another's.
    pub(super) fn claim(&self, uid: &str, name: &ClusterName, is_read: bool) -> Option<ClusterName> {
        let Claims { since, holders } = &mut *self.lock();
        holders.retain(|known, holder| holder.name != *name || known == uid);
        let rank = |name: &ClusterName| {
            let place = self.order.iter().position(|known| known == name).unwrap_or(usize::MAX);
            (place, since.get(name).copied().unwrap_or(i64::MAX), name.clone())
        };
        let holder = holders.entry(uid.to_owned());
        let holder = holder.or_insert_with(|| Holder { name: name.clone(), before: None });
        if rank(name) < rank(&holder.name) {
            // Whoever had it finds out when it asks next, after this one was read.
            let before = std::mem::replace(&mut holder.name, name.clone());
            holder.before.get_or_insert(before);
        }
        let is_holder = holder.name == *name;
        if is_holder && is_read {
            holder.before = None;
        }
        let is_followed = is_holder || holder.before.as_ref() == Some(name);
        (!is_followed).then(|| holder.name.clone())
    }

    /// A name is no cluster's any more.
    pub(super) fn release(&self, name: &ClusterName) {
        let Claims { since, holders } = &mut *self.lock();
        since.remove(name);
        holders.retain(|_, holder| holder.name != *name);
    }

    fn lock(&self) -> MutexGuard<'_, Claims> {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner)
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
        identity.note(&said("u", 5));
        assert_eq!(identity.judge(&said("u", 5), 5), Verdict::Same);
        let other = identity.judge(&said("v", 9), 5);
        assert_eq!(other, Verdict::Other("is another cluster: its kube-system was u and is v".into()));
        // Its watches saw more than it has.
        let back = identity.judge(&said("u", 7), 8);
        assert_eq!(back, Verdict::Other("went back: its store was at version 8 and is at 7".into()));
        assert_eq!(identity.judge(&said("u", 8), 8), Verdict::Same);
        // What was only judged counts for nothing: of a cluster that is followed under another name, nothing is noted.
        let mut twin = Identity::default();
        for uid in ["u", "v"] {
            assert_eq!(twin.judge(&said(uid, 5), 0), Verdict::Same);
        }
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
        assert_eq!(known.claim("u", &a, true), None);
        assert_eq!(known.claim("u", &a, true), None);
        assert_eq!(known.claim("u", &b, false), Some(a.clone()));
        // Another cluster stands behind the name now, so the other name may have the uid.
        assert_eq!(known.claim("v", &a, true), None);
        assert_eq!(known.claim("u", &b, true), None);
        // The first is a member no more.
        known.release(&b);
        assert_eq!(known.claim("u", &a, true), None);
    }

    /// Whoever asks first, and whether or not we were restarted meanwhile.
    #[test]
    fn who_goes_first_has_it_whoever_asks_first() {
        let [hub, other, old, young, zoe] = ["hub", "other", "old", "young", "zoe"].map(ClusterName::from);
        let in_order = [&hub, &other, &old, &young, &zoe];
        for first in in_order {
            let known = Known::in_order(vec![hub.clone(), other.clone()]);
            [(&old, 1), (&young, 2), (&zoe, 2)].into_iter().for_each(|(name, at)| known.since(name, at));
            assert_eq!(known.claim("u", first, true), None);
            for name in in_order.into_iter().rev() {
                let _ = known.claim("u", name, true);
            }
            let followed: Vec<_> = in_order.iter().map(|name| known.claim("u", name, true)).collect();
            let expected = [None, Some(hub.clone()), Some(hub.clone()), Some(hub.clone()), Some(hub.clone())];
            assert_eq!(followed, expected, "{first} asked first");
            // And so on, as they go.
            for pair in in_order.windows(2) {
                known.release(pair[0]);
                let _ = known.claim("u", &zoe, true);
                assert_eq!(known.claim("u", pair[1], true), None, "{} goes next", pair[1]);
                assert_eq!(pair[1] == &zoe, known.claim("u", &zoe, true).is_none());
            }
        }
    }

    #[test]
    fn nothing_is_lost_while_one_takes_over_from_another() {
        let [a, b, c] = ["a", "b", "c"].map(ClusterName::from);
        let known = Known::in_order(vec![a.clone(), b.clone()]);
        assert_eq!(known.claim("u", &c, true), None);
        // It goes first, and was not read yet; nor was the one that goes before that.
        assert_eq!(known.claim("u", &b, false), None);
        assert_eq!(known.claim("u", &c, true), None);
        assert_eq!(known.claim("u", &a, false), None);
        assert_eq!(known.claim("u", &b, false), Some(a.clone()));
        assert_eq!(known.claim("u", &c, true), None);
        assert_eq!(known.claim("u", &a, true), None);
        assert_eq!(known.claim("u", &c, true), Some(a));
    }
}
