//! What a store was ever seen at. Who answers with less, or is another store, went back or was left behind.
//!
//! An answer is held against what was seen *before its question was sent*: a linearised read gives nothing older than that,
//! whatever was seen meanwhile.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{KvError, Revision};

/// Where a store stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// Which store it is; 0 while that is not known.
    pub(super) store: u64,
    /// At which revision.
    pub(super) revision: Revision,
    /// How often somebody said that what it went back to is meant.
    accepted: u64,
}

/// The highest mark of all answers.
#[derive(Debug, Default)]
pub(super) struct Seen {
    highest: Mutex<Mark>,
}

impl Seen {
    /// It was seen at this revision before, by another process.
    pub(super) fn at(revision: Revision) -> Self {
        Self { highest: Mutex::new(Mark { revision, ..Mark::default() }) }
    }

    /// Where it stands before something is asked.
    pub(super) fn mark(&self) -> Mark {
        *self.lock()
    }

    /// Takes note of an answer.
    ///
    /// # Errors
    /// [`KvError::WentBack`] when it is less than what was seen before it was asked for.
    pub(super) fn note(&self, before: Mark, store: u64, revision: Revision) -> Result<(), KvError> {
        before.holds(store, revision)?;
        let mut highest = self.lock();
        // What was asked before somebody accepted says nothing of what was accepted.
        if highest.accepted == before.accepted {
            highest.store = store;
            highest.revision = highest.revision.max(revision);
        }
        Ok(())
    }

    /// Whatever is answered next is where it stands.
    pub(super) fn accept(&self) {
        let mut highest = self.lock();
        *highest = Mark { accepted: highest.accepted + 1, ..Mark::default() };
    }

    fn lock(&self) -> MutexGuard<'_, Mark> {
        self.highest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mark {
    /// # Errors
    /// [`KvError::WentBack`] when a store at this revision is behind the mark, or another.
    pub(super) fn holds(&self, store: u64, revision: Revision) -> Result<(), KvError> {
        if self.is_another(store) || revision < self.revision {
            return Err(KvError::WentBack { seen: self.revision, found: revision });
        }
        Ok(())
    }

    /// True of a store that is known not to be this one.
    pub(super) fn is_another(&self, store: u64) -> bool {
        self.store != 0 && self.store != store
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn went_back(seen: Revision, found: Revision) -> Result<(), KvError> {
        Err(KvError::WentBack { seen, found })
    }

    #[test]
    fn less_than_what_was_seen_before_the_question_is_refused() {
        let seen = Seen::default();
        let before = seen.mark();
        assert_eq!(seen.note(before, 1, 10), Ok(()));
        assert_eq!(seen.note(before, 1, 9), Ok(()), "it was asked before 10 was answered");
        assert_eq!(seen.mark().revision, 10);
        assert_eq!(seen.note(seen.mark(), 1, 9), went_back(10, 9));
        assert_eq!(seen.note(seen.mark(), 1, 10), Ok(()));
    }

    #[test]
    fn another_store_is_refused_however_high() {
        let seen = Seen::default();
        seen.note(seen.mark(), 1, 10).unwrap();
        assert_eq!(seen.note(seen.mark(), 2, 11), went_back(10, 11));
    }

    #[test]
    fn what_somebody_accepts_is_followed_and_what_was_asked_before_says_nothing() {
        let seen = Seen::at(10);
        let before = seen.mark();
        assert_eq!(seen.note(before, 1, 1), went_back(10, 1));
        seen.accept();
        assert_eq!(seen.note(before, 1, 10), Ok(()));
        assert_eq!(seen.note(seen.mark(), 2, 1), Ok(()));
        assert_eq!(seen.note(seen.mark(), 2, 0), went_back(1, 0));
    }
}
