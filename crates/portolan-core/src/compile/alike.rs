//! What names have alike: who offers them, and which records are whose.
//!
//! Of a million names that the same clusters offer, both lists are the same million times. Names are
//! compiled in order and those of one owner's making stand together, so looking at a few lists of the names
//! before finds nearly all of them; what is missed costs its memory and nothing else.

use alloc::vec::Vec;

use triomphe::ThinArc;

use crate::zone::{Offer, PoolMember};

/// Lists of each kind that are looked at.
const RECENT_MAX: usize = 8;

/// The lists of the names before.
#[derive(Default)]
pub(super) struct Alike {
    offers: Recent<Offer>,
    members: Recent<PoolMember>,
}

struct Recent<T> {
    lists: Vec<ThinArc<(), T>>,
    /// The one that goes next.
    oldest: usize,
}

impl Alike {
    pub(super) fn offers(&mut self, offers: &[Offer]) -> ThinArc<(), Offer> {
        self.offers.shared(offers)
    }

    pub(super) fn members(&mut self, members: &[PoolMember]) -> ThinArc<(), PoolMember> {
        self.members.shared(members)
    }
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self { lists: Vec::new(), oldest: 0 }
    }
}

impl<T: Clone + PartialEq> Recent<T> {
    fn shared(&mut self, list: &[T]) -> ThinArc<(), T> {
        if let Some(known) = self.lists.iter().find(|known| known.slice == *list) {
            return known.clone();
        }
        let new = ThinArc::from_header_and_iter((), list.iter().cloned());
        match self.lists.get_mut(self.oldest) {
            Some(oldest) => *oldest = new.clone(),
            None => self.lists.push(new.clone()),
        }
        self.oldest = (self.oldest + 1) % RECENT_MAX;
        new
    }
}
