//! How many changes go in the next message of a run.
//!
//! A message is one commit at the server, with a sync of its journal: what 50 names cost there, 250 cost as well. But a server
//! that is slow, or that refuses something, is given less at once. So messages begin small, double while they are taken at
//! once, and are halved otherwise; a message of less than its turn says nothing about more.

use std::time::Duration;

/// Changes in the first message, and in each while the server is slow (External-DNS' `--rfc2136-batch-change-size`).
pub const CHANGES_FIRST: usize = 50;
/// A message that was taken within this time is followed by one that may be twice as large.
pub const GROWS_WITHIN: Duration = Duration::from_millis(500);

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    changes: usize,
    changes_max: usize,
}

impl Pace {
    /// Of a run in which no message has more changes than `changes_max`.
    pub(super) fn new(changes_max: usize) -> Self {
        Self { changes: CHANGES_FIRST.min(changes_max), changes_max }
    }

    /// Most changes in the next message.
    pub(super) fn changes(self) -> usize {
        self.changes
    }

    /// Takes note of a message with so many changes: whether it was taken, and after what time.
    pub(super) fn note(&mut self, changes: usize, is_taken: bool, after: Duration) {
        self.changes = match is_taken && after <= GROWS_WITHIN {
            true => self.changes.max(changes.saturating_mul(2)).min(self.changes_max),
            false => (self.changes / 2).max(CHANGES_FIRST.min(self.changes_max)),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_grow_while_they_are_taken_at_once() {
        let after = |changes_max: usize, messages: &[(usize, bool, u64)]| {
            let mut pace = Pace::new(changes_max);
            for (changes, is_taken, millis) in messages {
                pace.note(*changes, *is_taken, Duration::from_millis(*millis));
            }
            pace.changes()
        };
        assert_eq!(after(1_000, &[]), 50);
        assert_eq!(after(1_000, &[(50, true, 5)]), 100);
        assert_eq!(after(1_000, &[(50, true, 5), (100, true, 500)]), 200);
        assert_eq!(after(150, &[(50, true, 5), (100, true, 5)]), 150, "as far as it may");
        assert_eq!(after(1_000, &[(50, true, 5), (100, true, 501)]), 50, "slow");
        assert_eq!(after(1_000, &[(50, true, 5), (100, false, 5)]), 50, "not taken");
        assert_eq!(after(1_000, &[(50, false, 5)]), 50, "never less than it began with");
        assert_eq!(after(1_000, &[(50, true, 5), (3, true, 5)]), 100, "few say nothing about more");
        assert_eq!(after(20, &[(20, false, 5)]), 20, "what was said counts");
        assert_eq!(after(20, &[(20, true, 5)]), 20);
    }
}
