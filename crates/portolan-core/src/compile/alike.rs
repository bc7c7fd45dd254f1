//! What names have alike: who offers them and how they are steered, and who has which of their records.
//!
//! Of a million names that the same clusters offer, all of that is the same for each policy. So the forms that were
//! made last are kept by policy, and those of pools by the form of their name; what is missed costs its memory and
//! nothing else. Each thread has its own: a count that several change at once costs more than a name.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use triomphe::ThinArc;

use crate::zone::{Form, Offer, PoolForm, PoolMember, Records, Rule, Steering};

/// Forms that are kept for each policy, and for the pools of each name's form.
const RECENT_MAX: usize = 16;
/// Most policies, and forms of names, that any are kept for.
const KEPT_MAX: usize = 4_096;

type NameForm = ThinArc<Form, Offer>;
type FormOfPool = ThinArc<PoolForm, PoolMember>;

/// The forms of the names before.
#[derive(Default)]
pub(super) struct Alike {
    /// By the place of the policy in memory, which each form keeps.
    names: BTreeMap<usize, Recent<NameForm>>,
    /// By the place of the name's form, which stands beside.
    pools: BTreeMap<usize, (NameForm, Recent<FormOfPool>)>,
}

/// Some that were made last.
struct Recent<T> {
    all: Vec<T>,
    /// The one that goes next.
    oldest: usize,
}

impl Alike {
    /// The form of a name with these offers: the one that it had, where that is the same.
    pub(super) fn name(
        &mut self,
        steering: &Arc<Steering>,
        offers: &[Offer],
        had: Option<&Records>,
    ) -> NameForm {
        let is_it =
            |form: &&NameForm| Arc::ptr_eq(&form.header.header.policy, steering) && form.slice == *offers;
        if let Some(had) = had.map(Records::form).filter(is_it) {
            return had.clone();
        }
        let place = Arc::as_ptr(steering).addr();
        if let Some(known) = self.names.get(&place).and_then(|recent| recent.all.iter().find(is_it)) {
            return known.clone();
        }
        let rule =
            Rule { pick: steering.policy.pick, minimum_healthy: steering.policy.minimum_healthy.max(1) };
        let form = Form { policy: steering.clone(), rule };
        let new = ThinArc::from_header_and_iter(form, offers.iter().cloned());
        let recent = bounded(&mut self.names, place).or_default();
        recent.keep(new.clone());
        new
    }

    /// The form of a pool with these members, of a name of this form; none before it was [kept](Alike::keep).
    pub(super) fn pool(&self, name: &NameForm, members: &[PoolMember]) -> Option<FormOfPool> {
        let (_, recent) = self.pools.get(&place_of(name))?;
        recent.all.iter().find(|form| form.slice == *members).cloned()
    }

    /// Keeps the form of a pool for the names that follow.
    pub(super) fn keep(&mut self, name: &NameForm, pool: &FormOfPool) {
        let new = || (name.clone(), Recent::default());
        let (_, recent) = bounded(&mut self.pools, place_of(name)).or_insert_with(new);
        recent.keep(pool.clone());
    }
}

/// Where a form stands in memory: nowhere else while somebody has it.
pub(super) fn place_of(form: &NameForm) -> usize {
    (&raw const form.header).addr()
}

/// A place in a map, which begins anew when there is no room for it.
fn bounded<V>(
    map: &mut BTreeMap<usize, V>,
    key: usize,
) -> alloc::collections::btree_map::Entry<'_, usize, V> {
    if map.len() >= KEPT_MAX && !map.contains_key(&key) {
        map.clear();
    }
    map.entry(key)
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
