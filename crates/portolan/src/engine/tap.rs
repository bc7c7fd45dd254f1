//! The names that publishers of other DNS have to look at: those that were touched since they looked last.
//!
//! Nothing is noted before somebody looks for the first time, who then gets every name.

use std::collections::BTreeSet;
use std::sync::Arc;

use portolan_core::{Fact, Fleet, Name, Snapshot};
use portolan_kube::index::Apart;

use super::Engine;

/// Names that were touched.
#[derive(Debug, Default)]
pub(super) struct Tap {
    is_asked_for: bool,
    everything: bool,
    names: BTreeSet<Name>,
    was_whole: bool,
}

/// Names to look at, and what decides what they come to.
#[derive(Clone, Debug)]
pub struct Tapped {
    /// The names; none when every name is to be looked at.
    pub names: Option<BTreeSet<Name>>,
    /// What is answered.
    pub snapshot: Arc<Snapshot>,
    /// Why.
    pub fleet: Fleet,
    /// What of the records of these names stands apart.
    pub apart: Apart,
    /// Nothing is lacking that may offer more.
    pub is_whole: bool,
}

impl Tap {
    /// Notes facts that became those of the fleet.
    pub(super) fn facts(&mut self, facts: &[Fact]) {
        if !self.is_asked_for {
            return;
        }
        for fact in facts {
            match fact {
                Fact::Name(name, _) => drop(self.names.insert(name.clone())),
                _ => self.everything = true,
            }
        }
    }

    /// Everything may be other than it was.
    pub(super) fn everything(&mut self) {
        self.everything |= self.is_asked_for;
    }
}

impl Engine {
    /// Whoever asked for names came to nothing with them: everything is looked at again.
    pub fn untapped(&mut self) {
        self.tap.everything();
    }

    /// The names that were touched since this was asked last, as they are now; none while there are none, and while
    /// the root is not read.
    #[must_use]
    pub fn tapped(&mut self) -> Option<Tapped> {
        if !self.is_fresh() {
            return None;
        }
        let is_understood = self.not_understood().next().is_none();
        let is_whole = self.complete && is_understood && self.unread().next().is_none();
        let is_first = !std::mem::replace(&mut self.tap.is_asked_for, true);
        let is_news = std::mem::replace(&mut self.tap.was_whole, is_whole) != is_whole;
        let everything = std::mem::take(&mut self.tap.everything) || is_first;
        let names = std::mem::take(&mut self.tap.names);
        if !everything && names.is_empty() && !is_news {
            return None;
        }
        let mut apart = if everything { self.index.apart() } else { self.index.apart_of(names.iter()) };
        // What others wrote is answered too, and so it is published.
        apart.prints_dns_endpoints = true;
        Some(Tapped {
            names: (!everything).then_some(names),
            snapshot: self.snapshot(),
            fleet: self.fleet().clone(),
            apart,
            is_whole,
        })
    }
}
