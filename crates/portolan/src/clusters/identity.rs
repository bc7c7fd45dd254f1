//! Whether a cluster is the one that it was.
//!
//! A cluster is known by the uid of its `kube-system` namespace, and its store by a version that only
//! grows. An address behind which another cluster stands, or the same one with its store wiped or restored
//! from a backup, would be followed in silence otherwise: a watch at the old version is taken and never
//! reports. Such a cluster is held, not followed: what it gave stays until somebody says that it is to be
//! believed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use portolan_core::ClusterName;
use tokio::sync::Notify;

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

    /// Judges what it says now. `watched` is the highest version that a watch of the same
    /// kind saw; other kinds may live in another store, whose versions are others. What is to count from now on
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
/// followed until another came that goes first is followed on until the other was read, where anything of it counts
/// already: nothing is lost between, and nothing is counted twice. Who is overtaken is told at once, and so are those
/// that may follow one who went. One that is not reached goes last for as long as it is not: a cluster that another of
/// its names leads to is followed by that one, unless its store has gone back since.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Who goes before whom.
    order: Vec<ClusterName>,
    claims: Mutex<Claims>,
    /// Some name is to ask again.
    turning: Notify,
}

/// What of a cluster counts already, under one of its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counts {
    /// Nothing: it was not read yet.
    Nothing,
    /// What it gave before our own restart, until it is read.
    Remembered,
    /// All that it gives.
    Read,
}

#[derive(Debug, Default)]
struct Claims {
    /// Since when clusters are registered, in seconds since 1970.
    since: BTreeMap<ClusterName, i64>,
    /// By uid.
    holders: BTreeMap<String, Holder>,
    /// Those that are not followed, each with the uid that another has.
    doubles: BTreeMap<ClusterName, String>,
    /// Those of which what was said is true no more, and that were neither told so nor have asked since.
    turned: BTreeSet<ClusterName>,
    /// Those that are not reached.
    lost: BTreeSet<ClusterName>,
}

#[derive(Debug)]
struct Holder {
    name: ClusterName,
    /// Who had it before, while this one was not read and that one counts.
    before: Option<ClusterName>,
    /// All that it gives counts.
    is_read: bool,
    /// The highest version that its store said, to whomever.
    version: u64,
}

impl Holder {
    fn new(name: &ClusterName) -> Self {
        Self { name: name.clone(), before: None, is_read: false, version: 0 }
    }
}

impl Known {
    /// Where several names are one cluster's, the first of these is followed, and any of these before another.
    pub(super) fn in_order(order: Vec<ClusterName>) -> Self {
        Self { order, ..Self::default() }
    }

    /// Notes since when a cluster is registered.
    pub(super) fn since(&self, name: &ClusterName, at: i64) {
        self.lock().since.insert(name.clone(), at);
    }

    /// Notes that a cluster which says this has that name, and what of it counts under it; the name that is followed
    /// instead when it is another's.
    pub(super) fn claim(&self, said: &Said, name: &ClusterName, counts: Counts) -> Option<ClusterName> {
        let uid = &said.uid;
        let mut claims = self.lock();
        claims.let_go(name, Some(uid));
        let Claims { since, holders, doubles, turned, lost } = &mut *claims;
        turned.remove(name);
        lost.remove(name);
        let holder = holders.entry(uid.clone()).or_insert_with(|| Holder::new(name));
        // What a store that went back lacks was not deleted.
        let is_lost = |name: &ClusterName| lost.contains(name) && said.version >= holder.version;
        let rank = |name: &ClusterName| {
            let place = self.order.iter().position(|known| known == name).unwrap_or(usize::MAX);
            (is_lost(name), place, since.get(name).copied().unwrap_or(i64::MAX), name.clone())
        };
        if rank(name) < rank(&holder.name) {
            let before = std::mem::replace(&mut holder.name, name.clone());
            turned.insert(before.clone());
            holder.before.get_or_insert(before);
            holder.is_read = false;
        }
        let is_holder = holder.name == *name;
        if is_holder {
            holder.version = holder.version.max(said.version);
        }
        if is_holder && counts == Counts::Read {
            holder.is_read = true;
            turned.extend(holder.before.take());
        } else if counts == Counts::Nothing && holder.before.as_ref() == Some(name) {
            holder.before = None;
        }
        let is_followed = is_holder || holder.before.as_ref() == Some(name);
        let other = (!is_followed).then(|| holder.name.clone());
        match &other {
            None => drop(doubles.remove(name)),
            Some(_) => drop(doubles.insert(name.clone(), uid.to_owned())),
        }
        if !turned.is_empty() {
            self.turning.notify_waiters();
        }
        other
    }

    /// Notes that a cluster is not reached under a name, where it said this when it was; the name that is followed
    /// instead, once all that it gives counts.
    pub(super) fn lost(&self, said: &Said, name: &ClusterName) -> Option<ClusterName> {
        let mut claims = self.lock();
        let Claims { holders, doubles, turned, lost, .. } = &mut *claims;
        let holder = holders.get(&said.uid)?;
        if holder.name != *name {
            let is_instead = holder.is_read && holder.version >= said.version;
            return is_instead.then(|| holder.name.clone());
        }
        if lost.insert(name.clone()) {
            let stood_back = doubles.iter().filter(|(_, of)| **of == said.uid);
            turned.extend(stood_back.map(|(double, _)| double.clone()));
            self.turning.notify_waiters();
        }
        None
    }

    /// Waits until a name is to ask again whether it is followed: it was, and another overtook it; or it was not, and
    /// the one that was is gone. Each time once.
    pub(super) async fn turned(&self, name: &ClusterName) {
        loop {
            // Before it is looked: what comes in between counts too.
            let turning = self.turning.notified();
            if self.lock().turned.remove(name) {
                return;
            }
            turning.await;
        }
    }

    /// A name is no cluster's any more.
    pub(super) fn release(&self, name: &ClusterName) {
        let mut claims = self.lock();
        claims.let_go(name, None);
        claims.since.remove(name);
        claims.doubles.remove(name);
        claims.turned.remove(name);
        claims.lost.remove(name);
        self.turning.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, Claims> {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Claims {
    /// A name has no uid any more, but this one if it has it: those that stood back are to ask.
    fn let_go(&mut self, name: &ClusterName, but: Option<&str>) {
        let Self { holders, doubles, turned, .. } = self;
        holders.retain(|uid, holder| {
            let stays = holder.name != *name || but == Some(uid.as_str());
            if !stays {
                let stood_back = doubles.iter().filter(|(_, of)| *of == uid);
                turned.extend(stood_back.map(|(double, _)| double.clone()));
            }
            stays
        });
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::Counts::{Nothing, Read, Remembered};
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
        assert_eq!(known.claim(&said("u", 1), &a, Read), None);
        assert_eq!(known.claim(&said("u", 1), &a, Read), None);
        assert_eq!(known.claim(&said("u", 1), &b, Nothing), Some(a.clone()));
        // Another cluster stands behind the name now, so the other name may have the uid.
        assert_eq!(known.claim(&said("v", 1), &a, Read), None);
        assert_eq!(known.claim(&said("u", 1), &b, Read), None);
        // The first is a member no more.
        known.release(&b);
        assert_eq!(known.claim(&said("u", 1), &a, Read), None);
    }

    /// Who stood back for a name that goes, or that another cluster has now, need not wait for the next question.
    #[test]
    fn who_stood_back_is_told_when_the_other_goes() {
        for goes in [true, false] {
            let [a, b, c] = ["a", "b", "c"].map(ClusterName::from);
            let known = Known::default();
            assert_eq!(known.claim(&said("u", 1), &a, Read), None);
            assert_eq!(known.claim(&said("u", 1), &b, Nothing), Some(a.clone()));
            assert_eq!(known.claim(&said("v", 1), &c, Read), None);
            assert!(known.turned(&b).now_or_never().is_none());
            if goes {
                known.release(&a);
            } else {
                assert_eq!(known.claim(&said("w", 1), &a, Nothing), None);
            }
            assert!(known.turned(&b).now_or_never().is_some(), "{goes}");
            assert_eq!(known.claim(&said("u", 1), &b, Nothing), None);
            // Once, and nobody else.
            for name in [&b, &c] {
                assert!(known.turned(name).now_or_never().is_none(), "{goes} {name}");
            }
            // It stands back for nobody any more.
            known.release(&b);
            assert!(known.turned(&b).now_or_never().is_none(), "{goes}");
        }
    }

    /// Whoever asks first, and whether or not we were restarted meanwhile.
    #[test]
    fn who_goes_first_has_it_whoever_asks_first() {
        let [hub, other, old, young, zoe] = ["hub", "other", "old", "young", "zoe"].map(ClusterName::from);
        let in_order = [&hub, &other, &old, &young, &zoe];
        for first in in_order {
            let known = Known::in_order(vec![hub.clone(), other.clone()]);
            [(&old, 1), (&young, 2), (&zoe, 2)].into_iter().for_each(|(name, at)| known.since(name, at));
            assert_eq!(known.claim(&said("u", 1), first, Read), None);
            for name in in_order.into_iter().rev() {
                let _ = known.claim(&said("u", 1), name, Read);
            }
            let followed: Vec<_> =
                in_order.iter().map(|name| known.claim(&said("u", 1), name, Read)).collect();
            let expected = [None, Some(hub.clone()), Some(hub.clone()), Some(hub.clone()), Some(hub.clone())];
            assert_eq!(followed, expected, "{first} asked first");
            // And so on, as they go.
            for pair in in_order.windows(2) {
                known.release(pair[0]);
                let _ = known.claim(&said("u", 1), &zoe, Read);
                assert_eq!(known.claim(&said("u", 1), pair[1], Read), None, "{} goes next", pair[1]);
                assert_eq!(pair[1] == &zoe, known.claim(&said("u", 1), &zoe, Read).is_none());
            }
        }
    }

    #[test]
    fn nothing_is_lost_while_one_takes_over_from_another() {
        let [a, b, c] = ["a", "b", "c"].map(ClusterName::from);
        let known = Known::in_order(vec![a.clone(), b.clone()]);
        assert_eq!(known.claim(&said("u", 1), &c, Read), None);
        // It goes first, and was not read yet; nor was the one that goes before that.
        assert_eq!(known.claim(&said("u", 1), &b, Nothing), None);
        assert_eq!(known.claim(&said("u", 1), &c, Read), None);
        assert_eq!(known.claim(&said("u", 1), &a, Nothing), None);
        assert_eq!(known.claim(&said("u", 1), &b, Nothing), Some(a.clone()));
        assert_eq!(known.claim(&said("u", 1), &c, Read), None);
        assert_eq!(known.claim(&said("u", 1), &a, Read), None);
        assert_eq!(known.claim(&said("u", 1), &c, Read), Some(a));
    }

    /// A cluster that one of its names leads to no more is followed by another, and by the first again when that is back.
    #[test]
    fn one_that_is_not_reached_goes_last() {
        let [a, b, c] = ["a", "b", "c"].map(ClusterName::from);
        let known = Known::in_order(vec![a.clone(), b.clone()]);
        assert_eq!(known.claim(&said("u", 5), &a, Read), None);
        for double in [&b, &c] {
            assert_eq!(known.claim(&said("u", 5), double, Nothing), Some(a.clone()));
        }
        assert_eq!(known.lost(&said("u", 5), &a), None, "nobody has it instead yet");
        for double in [&c, &b] {
            assert!(known.turned(double).now_or_never().is_some(), "{double}");
            assert_eq!(known.claim(&said("u", 6), double, Nothing), None);
        }
        assert_eq!(known.claim(&said("u", 6), &c, Nothing), Some(b.clone()));
        assert_eq!(known.lost(&said("u", 5), &a), None, "what it gave counts until the other was read");
        assert_eq!(known.claim(&said("u", 6), &b, Read), None);
        assert!(known.turned(&a).now_or_never().is_some(), "it is to go");
        assert_eq!(known.lost(&said("u", 5), &a), Some(b.clone()));
        assert_eq!(known.lost(&said("u", 9), &a), None, "what it gave is newer");
        // It is back, and the other is followed until it was read.
        assert_eq!(known.claim(&said("u", 7), &a, Nothing), None);
        assert_eq!(known.claim(&said("u", 7), &b, Read), None);
        assert_eq!(known.claim(&said("u", 7), &a, Read), None);
        assert_eq!(known.claim(&said("u", 7), &b, Read), Some(a.clone()));
        // A store that was restored meanwhile does not come in by another door.
        assert_eq!(known.lost(&said("u", 7), &a), None);
        assert_eq!(known.claim(&said("u", 6), &b, Nothing), Some(a));
        assert_eq!(known.claim(&said("u", 7), &b, Nothing), None);
    }

    /// At a start with nothing: whoever answers first is followed no longer than until the one that goes first does,
    /// and is told so at once. What it gave before our own restart is no nothing.
    #[test]
    fn who_counts_for_nothing_yet_is_not_followed_beside_another() {
        for (counts, is_followed) in [(Nothing, false), (Remembered, true), (Read, true)] {
            let [a, b] = ["a", "b"].map(ClusterName::from);
            let known = Known::in_order(vec![a.clone(), b.clone()]);
            assert_eq!(known.claim(&said("u", 1), &b, counts), None);
            assert!(known.turned(&b).now_or_never().is_none());
            assert_eq!(known.claim(&said("u", 1), &a, Nothing), None);
            assert!(known.turned(&b).now_or_never().is_some());
            assert!(known.turned(&a).now_or_never().is_none());
            assert_eq!(known.claim(&said("u", 1), &b, counts).is_none(), is_followed, "{counts:?}");
            assert!(known.turned(&b).now_or_never().is_none(), "it has asked");
            // Once the other was read it is told again, if it was followed on.
            assert_eq!(known.claim(&said("u", 1), &a, Read), None);
            assert_eq!(known.turned(&b).now_or_never().is_some(), is_followed, "{counts:?}");
            assert_eq!(known.claim(&said("u", 1), &b, counts), Some(a));
        }
    }
}
