//! What would go, and is not believed to go.
//!
//! Names vanish from what is wanted for good reasons (an object was deleted) and for bad ones: a source that
//! lists nothing, a wrong selector, a restored backup. A good reason leaves evidence, so only what vanishes
//! without any is counted: when nothing at all is wanted any more, or half of what this publisher has would go
//! ([`HALVED_MIN`] names or more), all names that vanish without evidence stay. What changes or comes goes on.
//!
//! To release a hold is to give evidence: the operator's word for exactly the names that were shown
//! ([`Hold::names`] into [`Gone::names`]). So a release covers nothing that vanishes later, and still
//! counts when a plan was carried out in part.

use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use xxhash_rust::xxh3::Xxh3;

use super::group::Group;
use super::options::Options;
use super::standing::Standing;
use crate::name::Name;

/// From how many names on it is held that half of them go. Nothing at all is always held.
pub const HALVED_MIN: usize = 10;

/// What is known to be gone: deleted by an event, given up by a newer version of its own object, or released by an operator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gone {
    /// Resources that ask for nothing any more: `service/shop/web`.
    pub resources: BTreeSet<Arc<str>>,
    /// Names that nothing asks for any more.
    pub names: BTreeSet<Name>,
}

/// Names that would go, and stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Of exactly these names.
    pub id: HoldId,
    /// Why.
    pub cause: Cause,
    /// The names that stay, sorted.
    pub names: Vec<Name>,
    /// How many names the publisher has that are not known to be gone, these among them.
    pub before: usize,
}

/// Why names are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Nothing is wanted any more.
    Empty,
    /// Half of what there is would go.
    Halved,
}

/// Tells one hold from another: the same for the same names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HoldId(pub u64);

impl fmt::Display for HoldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// What is held of the names, if anything.
pub(super) fn judge(groups: &[Group<'_>], gone: &Gone, options: &Options) -> Option<Hold> {
    let is_wanted = groups.iter().any(|group| group.is_wanted());
    let (mut before, mut names) = (0, Vec::new());
    for group in groups {
        let mut ours = group.managed(options).filter_map(|found| match Standing::of(&found.mark, options) {
            Standing::Ours { mine: Some(claim), .. } => Some(&claim.resource),
            _ => None,
        });
        let Some(first) = ours.next() else { continue };
        if group.is_wanted() {
            before += 1;
            continue;
        }
        let is_gone = gone.names.contains(group.name.as_wire())
            || core::iter::once(first).chain(ours).all(|resource| gone.resources.contains(resource));
        if !is_gone {
            before += 1;
            names.push(group.name.clone());
        }
    }
    let left = before - names.len();
    let cause = match () {
        () if names.is_empty() => return None,
        () if !is_wanted => Cause::Empty,
        () if before >= HALVED_MIN && left * 2 <= before => Cause::Halved,
        () => return None,
    };
    Some(Hold { id: id(&names), cause, names, before })
}

fn id(names: &[Name]) -> HoldId {
    let mut hash = Xxh3::new();
    names.iter().for_each(|name| hash.update(name.as_wire()));
    HoldId(hash.digest())
}
