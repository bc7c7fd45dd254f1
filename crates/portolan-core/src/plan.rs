//! What to do to another DNS: what is there and what is wanted in, changes out.
//!
//! ```text
//!   Current ─┐                ┌─ what vanishes without evidence stays ─ Hold
//!   Desired ─┴─▶ by name ─────┤
//!                             └─ rows, winners, owners ─▶ Change (one a name) ─▶ in order ─▶ Plan
//! ```
//!
//! The rules are External-DNS' (0.22: `plan/plan.go`, `plan/conflict.go`, `plan/policy.go`), so that one may take
//! over from the other at any time: a row for each name and set identifier, one resource that wins a type, what is
//! another's or nobody's left alone, policies, filters, types. What it does beyond them:
//!
//! | rule | why |
//! | --- | --- |
//! | several owners may claim targets of one set ([`Extent::Targets`]) | several clusters feed one name; the last one's delete removes it |
//! | what bears no mark is taken over when told to | a zone that people keep by hand comes over without a gap |
//! | one change a name, all of it or nothing, only while the name is as it was seen | External-DNS deletes and creates one by one: a name is gone for a moment, or for an interval |
//! | a plan has a number, and the number that it follows | an enactor that was asleep loses |
//! | what vanishes without evidence is held ([`Hold`]) | an empty list with a good status deletes a zone |
//! | nothing goes for the sake of what cannot come | External-DNS deletes its A record for a CNAME that another's AAAA then keeps out |
//! | an alias never comes beside other records | DNS servers refuse it, or the rest of the name |
//!
//! It looks at the marks as they were read ([`crate::registry`]); it knows no registry, no provider and no clock.

mod change;
mod decide;
mod filter;
mod group;
mod hold;
mod options;
mod order;
mod record_set;
mod standing;
mod winner;

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::name::Name;

pub use change::{Act, Change, Counts, Plan, PlanNumber};
pub use filter::{Domain, DomainFilter, Pattern};
pub use hold::{Cause, Gone, HALVED_MIN, Hold, HoldId};
pub use options::{Keeps, Options, SyncPolicy};
pub(crate) use record_set::is_label_value;
pub use record_set::{
    Claim, Extent, Found, Labels, Mark, Marked, OWNER_OCTETS_MAX, Owner, OwnerError, Properties, RecordSet,
    Targets, Wanted,
};

use decide::{MayGo, decide};
pub use decide::{SET_TARGETS_MAX, WANTED_MAX};
use group::{Group, Sides};

/// What another DNS has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Current {
    /// Every set of the names that there are, of whatever type and owner. Of two of one name, type and identifier
    /// the first counts.
    pub sets: Vec<Found>,
    /// The highest number of a plan that was applied.
    pub applied: Option<PlanNumber>,
}

/// What it is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desired {
    /// The sets that resources ask for; several may ask for one.
    pub sets: Vec<Wanted>,
    /// Names that something is asked for that could not be understood: nothing goes there.
    pub stays: BTreeSet<Name>,
    /// What is known to be gone.
    pub gone: Gone,
    /// All sources were read to their end. Else nothing goes, and no set loses a target.
    pub is_whole: bool,
}

/// What makes the current state the desired one, as far as the publisher may.
#[must_use]
pub fn plan(current: &Current, desired: &Desired, number: PlanNumber, options: &Options) -> Plan {
    let mut plan = Plan { number, follows: current.applied, ..Plan::default() };
    if current.applied.is_some_and(|applied| applied >= number) {
        plan.is_superseded = true;
        return plan;
    }
    let sides = Sides::new(current, desired, options);
    let groups = sides.groups(options);
    plan.hold = match options.policy {
        SyncPolicy::Sync if desired.is_whole => hold::judge(&groups, &desired.gone, options),
        SyncPolicy::Sync | SyncPolicy::UpsertOnly | SyncPolicy::CreateOnly => None,
    };
    for group in groups {
        let may_go = may_go(&group, desired, plan.hold.as_ref());
        let decision = decide(&group, may_go, options);
        plan.kept += usize::from(decision.is_kept);
        plan.problems.extend(decision.problems);
        if !decision.acts.is_empty() {
            let seen = group.found.iter().map(|found| (*found).clone()).collect();
            plan.changes.push(Change { name: group.name.clone(), seen, acts: decision.acts });
        }
    }
    plan.changes = order::order(plan.changes);
    plan
}

fn may_go(group: &Group<'_>, desired: &Desired, hold: Option<&Hold>) -> MayGo {
    let is_held = hold.is_some_and(|hold| hold.names.binary_search(group.name).is_ok());
    match () {
        () if !desired.is_whole => MayGo::NoTarget,
        () if is_held || group.stays => MayGo::Nothing,
        () => MayGo::All,
    }
}

#[cfg(test)]
mod tests;
