//! What to do to another DNS, and when it may be done.

use alloc::vec::Vec;
use core::fmt;

use super::hold::Hold;
use super::record_set::{Found, Marked};
use crate::name::Name;
use crate::problem::Problems;

/// The number of a plan: the epoch of the publisher, raised above any found when the publisher changes, and
/// within it the revision that was planned from. A lower one never replaces a higher one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanNumber {
    /// Of the publisher.
    pub epoch: u64,
    /// Of what it planned from.
    pub revision: u64,
}

impl fmt::Display for PlanNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.revision)
    }
}

/// What makes another DNS have what is wanted.
///
/// It is applied only while the highest number applied there is still [`Plan::follows`], and its own number
/// is written by the same transactions: of two plans made from one state one loses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Its number.
    pub number: PlanNumber,
    /// The highest number that was applied when the state was read.
    pub follows: Option<PlanNumber>,
    /// A number that is not below its own was applied already: there is nothing to do but to read and plan again.
    pub is_superseded: bool,
    /// What to do, in this order, each a step of its own.
    pub changes: Vec<Change>,
    /// What would go, and stays until somebody says that it goes.
    pub hold: Option<Hold>,
    /// Names that would lose something, and stay because not all that is wanted is known.
    pub kept: usize,
    /// What was asked for and could not be done, by name.
    pub problems: Problems,
}

impl Plan {
    /// How many sets are created, updated and deleted.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for act in self.changes.iter().flat_map(|change| &change.acts) {
            match act {
                Act::Create(_) => counts.creates += 1,
                Act::Update { .. } => counts.updates += 1,
                Act::Delete(_) => counts.deletes += 1,
            }
        }
        counts
    }
}

/// How much a plan does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Sets that come.
    pub creates: usize,
    /// Sets that change.
    pub updates: usize,
    /// Sets that go.
    pub deletes: usize,
}

/// All that is done at one name, in one step: either all of its acts or none.
///
/// **When.** Only while the name is as it was [`seen`](Self::seen): each set there in its version, or where the
/// DNS has none, with its targets; and no other set. Else nothing is done, and the state is read again.
///
/// **In parts.** For a DNS that has no transactions the acts stand in the order in which they do least harm: what
/// comes, what changes, what goes. Only where an alias and other records replace each other does the old go first,
/// because such a DNS refuses the new before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where.
    pub name: Name,
    /// Every set of the name when the plan was made, others' too.
    pub seen: Vec<Found>,
    /// What is done.
    pub acts: Vec<Act>,
}

/// What is done to one set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// It comes.
    Create(Marked),
    /// It has other targets, another TTL, other properties or another mark.
    Update {
        /// As it was.
        old: Found,
        /// As it is to be.
        new: Marked,
    },
    /// It goes, and its mark with it.
    Delete(Found),
}
