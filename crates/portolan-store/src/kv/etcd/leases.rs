//! What each lease was granted. It never changes, so each is asked for once.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use super::access::{Token, addressed};
use super::ask::Question;
use super::link::Link;
use super::protocol::{KeyValue, LeaseTimeToLiveRequest, LeaseTimeToLiveResponse};
use super::{Client, revision};
use crate::kv::{KvError, Pair};

/// How many leases are remembered; when there are more, all are asked for again.
const LEASES_MAX: usize = 100_000;
/// How many are asked for at once.
const LEASES_AT_ONCE: usize = 32;

/// Seconds by lease. It is never iterated.
#[derive(Debug, Default)]
pub(super) struct Leases {
    granted: Mutex<HashMap<i64, u64>>,
}

impl Leases {
    fn lock(&self) -> MutexGuard<'_, HashMap<i64, u64>> {
        self.granted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those that are not known, each once.
    fn unknown(&self, keys: &[KeyValue]) -> BTreeSet<i64> {
        let granted = self.lock();
        keys.iter().map(|key| key.lease).filter(|lease| *lease != 0 && !granted.contains_key(lease)).collect()
    }

    fn learn(&self, lease: i64, seconds: u64) {
        let mut granted = self.lock();
        if granted.len() >= LEASES_MAX {
            granted.clear();
        }
        granted.insert(lease, seconds);
    }
}

impl Client {
    /// Keys as we have them.
    pub(super) async fn pairs(&self, keys: Vec<KeyValue>) -> Result<Vec<Pair>, KvError> {
        let unknown = self.leases.unknown(&keys);
        let asked = stream::iter(unknown).map(|lease| self.learn(lease)).buffer_unordered(LEASES_AT_ONCE);
        asked.try_collect::<()>().await?;
        let granted = self.leases.lock();
        let pair = |key: KeyValue| Pair {
            key: key.key,
            value: key.value,
            modified: revision(key.mod_revision),
            lease_ttl: granted.get(&key.lease).copied(),
        };
        Ok(keys.into_iter().map(pair).collect())
    }

    /// Asks for one. Who may not know has keys without a time to live; so have those whose lease has run out, for as long as
    /// they are there.
    async fn learn(&self, lease: i64) -> Result<(), KvError> {
        let request = LeaseTimeToLiveRequest { id: lease };
        let question = Question { attempt: self.options.attempt, writes: None };
        let asked = self.ask(&question, |link: Arc<Link>, token: Option<Token>| {
            let request = addressed(request, token.as_ref());
            async move { link.lease().lease_time_to_live(request?).await }
        });
        let answer: LeaseTimeToLiveResponse = match asked.await.map_err(KvError::from) {
            Err(KvError::Unauthorized(_) | KvError::Refused(_)) => return Ok(()),
            answer => answer?,
        };
        if let (true, Ok(seconds)) = (answer.ttl >= 0, u64::try_from(answer.granted_ttl)) {
            self.leases.learn(lease, seconds);
        }
        Ok(())
    }
}
