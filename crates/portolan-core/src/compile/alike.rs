//! What names have alike: who offers them and how they are steered, and who has which of their records.
//!
//! Of a million names that the same clusters offer, all of that is the same million times. Names are compiled in
//! order and those of one owner's making stand together, so looking at a few forms of the names before finds nearly
//! all of them; what is missed costs its memory and nothing else. Each thread has its own: a count that several change
//! at once costs more than a name.

use alloc::sync::Arc;
use alloc::vec::Vec;

use triomphe::ThinArc;

use crate::zone::{Form, Offer, PoolForm, PoolMember, Rule, Steering};

/// Forms of each kind that are looked at.
const RECENT_MAX: usize = 32;

type NameForm = ThinArc<Form, Offer>;
type FormOfPool = ThinArc<PoolForm, PoolMember>;

/// The forms of the names before.
#[derive(Default)]
pub(super) struct Alike {
    names: Recent<NameForm>,
    pools: Recent<(NameForm, FormOfPool)>,
}

/// Some that were made last.
struct Recent<T> {
    all: Vec<T>,
    /// The one that goes next.
    oldest: usize,
}

impl Alike {
    /// The form of a name with these offers.
    pub(super) fn name(&mut self, steering: &Arc<Steering>, offers: &[Offer]) -> NameForm {
        let is_it =
            |form: &&NameForm| Arc::ptr_eq(&form.header.header.policy, steering) && form.slice == *offers;
        if let Some(known) = self.names.all.iter().find(is_it) {
            return known.clone();
        }
        let rule =
            Rule { pick: steering.policy.pick, minimum_healthy: steering.policy.minimum_healthy.max(1) };
        let form = Form { policy: steering.clone(), rule };
        let new = ThinArc::from_header_and_iter(form, offers.iter().cloned());
        self.names.keep(new.clone());
        new
    }

    /// The form of a pool with these members, of a name of this form; none before it was [kept](Alike::keep).
    pub(super) fn pool(&self, name: &NameForm, members: &[PoolMember]) -> Option<FormOfPool> {
        let is_it = |(of, form): &&(NameForm, FormOfPool)| is_same(of, name) && form.slice == *members;
        self.pools.all.iter().find(is_it).map(|(_, form)| form.clone())
    }

    /// Keeps the form of a pool for the names that follow.
    pub(super) fn keep(&mut self, name: &NameForm, pool: &FormOfPool) {
        self.pools.keep((name.clone(), pool.clone()));
    }
}

/// True of one form, and not of two that are equal.
fn is_same(a: &NameForm, b: &NameForm) -> bool {
    core::ptr::eq(&raw const a.header, &raw const b.header)
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self { all: Vec::new(), oldest: 0 }
    }
}

impl<T> Recent<T> {
    fn keep(&mut self, new: T) {
        match self.all.get_mut(self.oldest) {
            Some(oldest) => *oldest = new,
            None => self.all.push(new),
        }
        self.oldest = (self.oldest + 1) % RECENT_MAX;
    }
}
