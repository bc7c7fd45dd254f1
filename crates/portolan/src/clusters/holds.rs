//! What is held: objects that a cluster suddenly lacks, and clusters that are not what they were.
//!
//! A hold has an id that people can type: `eu-1` of a whole cluster, `eu-1/services` of one resource.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use portolan_core::ClusterName;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// Something that is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Its id.
    pub id: String,
    /// Why.
    pub why: String,
    /// Since when, in seconds since 1970.
    pub since: i64,
}

/// Everything that is held.
#[derive(Debug, Default)]
pub struct Holds {
    held: Mutex<BTreeMap<String, Held>>,
    released: Notify,
}

#[derive(Debug)]
struct Held {
    hold: Hold,
    /// The cluster that it is of, which its id does not tell: one may be called `eu/1`.
    cluster: Option<ClusterName>,
    is_released: bool,
}

impl Holds {
    /// All holds, by id.
    #[must_use]
    pub fn all(&self) -> Vec<Hold> {
        self.lock().values().map(|held| held.hold.clone()).collect()
    }

    /// Says that what is held is to be believed; false when there is no such hold.
    pub fn release(&self, id: &str) -> bool {
        let is_there = self.lock().get_mut(id).map(|held| held.is_released = true).is_some();
        self.released.notify_waiters();
        is_there
    }

    /// Notes that something of a cluster is held, or is no more.
    pub(super) fn note_of(&self, cluster: &ClusterName, id: &str, why: Option<String>, now: i64) {
        self.put(Some(cluster), id, why, now);
    }

    /// Notes that something of no cluster is held, or is no more.
    pub(crate) fn note(&self, id: &str, why: Option<String>, now: i64) {
        self.put(None, id, why, now);
    }

    fn put(&self, cluster: Option<&ClusterName>, id: &str, why: Option<String>, now: i64) {
        let mut held = self.lock();
        match why {
            None => drop(held.remove(id)),
            Some(why) => match held.get_mut(id) {
                Some(held) => held.hold.why = why,
                None => {
                    tracing::warn!(hold = id, "{why}");
                    let hold = Hold { id: id.to_owned(), why, since: now };
                    held.insert(id.to_owned(), Held { hold, cluster: cluster.cloned(), is_released: false });
                }
            },
        }
    }

    /// True once of a hold that was released, which then is none any more.
    pub(crate) fn take_released(&self, id: &str) -> bool {
        let mut held = self.lock();
        let is_released = held.get(id).is_some_and(|held| held.is_released);
        if is_released {
            held.remove(id);
        }
        is_released
    }

    /// A cluster is no member any more, so nothing of it is held.
    pub(super) fn forget(&self, cluster: &ClusterName) {
        self.lock().retain(|_, held| held.cluster.as_ref() != Some(cluster));
    }

    /// Waits until somebody releases this.
    pub(crate) async fn released(&self, id: &str) {
        loop {
            // Before it is looked: a release in between counts too.
            let released = self.released.notified();
            if self.lock().get(id).is_some_and(|held| held.is_released) {
                return;
            }
            released.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn a_hold_is_released_once_and_keeps_its_time() {
        let (holds, eu) = (Holds::default(), ClusterName::from("eu-1"));
        holds.note_of(&eu, "eu-1/services", Some("lacks 5 of 9".into()), 100);
        holds.note_of(&eu, "eu-1/services", Some("lacks 4 of 9".into()), 200);
        let hold = Hold { id: "eu-1/services".into(), why: "lacks 4 of 9".into(), since: 100 };
        assert_eq!(holds.all(), [hold]);
        assert!(!holds.release("eu-2"));
        assert!(!holds.take_released("eu-1/services"));
        assert!(holds.release("eu-1/services"));
        assert!(holds.take_released("eu-1/services"));
        assert!(!holds.take_released("eu-1/services"));
        assert_eq!(holds.all(), []);
    }

    /// A release is of one hold: whoever follows anything else goes on undisturbed.
    #[tokio::test]
    async fn who_waits_is_told_of_its_own_release_whenever_it_came() {
        let holds = Holds::default();
        for id in ["eu-1/services", "us-1/services"] {
            holds.note_of(&"any".into(), id, Some("lacks 5 of 9".into()), 100);
        }
        let mut other = std::pin::pin!(holds.released("us-1/services"));
        assert!((&mut other).now_or_never().is_none());
        // Before anybody waits for it.
        assert!(holds.release("eu-1/services"));
        assert!(holds.released("eu-1/services").now_or_never().is_some());
        assert!((&mut other).now_or_never().is_none());
        assert!(holds.release("us-1/services"));
        assert!(other.now_or_never().is_some());
    }

    /// A cluster may be called as a resource of another is held: contexts of some clouds have strokes in their names.
    #[test]
    fn what_a_cluster_holds_goes_with_it_and_nothing_else() {
        let holds = Holds::default();
        for (cluster, id) in [
            ("eu-1", "eu-1"),
            ("eu-1", "eu-1/services"),
            ("eu-10", "eu-10"),
            ("eu", "eu"),
            ("eu-1/a", "eu-1/a"),
            ("eu-1/a", "eu-1/a/services"),
        ] {
            holds.note_of(&cluster.into(), id, Some("lacks 5 of 9".into()), 100);
        }
        holds.forget(&"eu-1".into());
        let ids: Vec<String> = holds.all().into_iter().map(|hold| hold.id).collect();
        assert_eq!(ids, ["eu", "eu-1/a", "eu-1/a/services", "eu-10"]);
    }
}
