//! Which names are wanted, from whoever wants them to whoever asks for them, as that changes.
//!
//! What is told and was not taken yet waits in one map, where each name stands once: a name that comes and goes a
//! thousand times meanwhile is one word, so the map is never larger than what was wanted since it was last taken,
//! and a change costs the names that it is of.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portolan_core::Name;
use tokio::sync::Notify;

/// Names, each with whether it is wanted from now on.
pub type Changes = BTreeMap<Name, bool>;

#[derive(Debug, Default)]
struct Shared {
    told: Mutex<Told>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Told {
    changes: Changes,
    has_ended: bool,
}

/// Who wants names. When it is dropped, nobody wants any more of them.
#[derive(Debug)]
pub struct Wanting(Arc<Shared>);

/// Who is told of it.
#[derive(Debug)]
pub struct Wanted(Arc<Shared>);

/// Both ends.
#[must_use]
pub fn wanted() -> (Wanting, Wanted) {
    let shared = Arc::new(Shared::default());
    (Wanting(shared.clone()), Wanted(shared))
}

impl Wanting {
    /// Tells which names are wanted from now on, and which are not any more.
    pub fn tell(&self, changes: Changes) {
        if !changes.is_empty() {
            self.0.lock().changes.extend(changes);
            self.0.news.notify_one();
        }
    }
}

impl Drop for Wanting {
    fn drop(&mut self) {
        self.0.lock().has_ended = true;
        self.0.news.notify_one();
    }
}

impl Wanted {
    /// Waits until something was told, and takes it; none once nobody is left who could. Given up, it loses nothing.
    pub async fn next(&mut self) -> Option<Changes> {
        loop {
            if let Some(changes) = self.now() {
                return Some(changes);
            }
            if self.0.lock().has_ended {
                return None;
            }
            self.0.news.notified().await;
        }
    }

    /// Takes what was told, if anything was.
    pub fn now(&mut self) -> Option<Changes> {
        let changes = std::mem::take(&mut self.0.lock().changes);
        (!changes.is_empty()).then_some(changes)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(said: &[(&str, bool)]) -> Changes {
        said.iter().map(|(name, is_wanted)| (name.parse().unwrap(), *is_wanted)).collect()
    }

    #[tokio::test]
    async fn what_was_told_is_taken_once_and_as_it_is_last() {
        let (wanting, mut wanted) = wanted();
        wanting.tell(changes(&[("a.example", true), ("b.example", true)]));
        wanting.tell(changes(&[("b.example", false), ("c.example", true)]));
        let told = changes(&[("a.example", true), ("b.example", false), ("c.example", true)]);
        assert_eq!(wanted.next().await, Some(told));
        assert_eq!(wanted.now(), None);
        wanting.tell(changes(&[("d.example", true)]));
        drop(wanting);
        assert_eq!(wanted.next().await, Some(changes(&[("d.example", true)])));
        assert_eq!(wanted.next().await, None);
    }

    #[tokio::test]
    async fn who_waits_is_told() {
        let (wanting, mut wanted) = wanted();
        let waits = tokio::spawn(async move { wanted.next().await });
        tokio::task::yield_now().await;
        wanting.tell(changes(&[("a.example", true)]));
        assert_eq!(waits.await.unwrap(), Some(changes(&[("a.example", true)])));
    }
}
