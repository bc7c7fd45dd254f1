//! Which of several resources gets a set that each of them asks for.
//!
//! External-DNS' `PerResource`: one resource has it, and its targets alone. What is new goes to the least; what
//! is there stays with the resource that has it, and goes to the least when that one asks no more.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::net::IpAddr;

use super::record_set::{Targets, Wanted};
use crate::record::Target;

/// Who gets a set that is not there yet: the least by its targets ([`compare`]), else by resource and TTL, so that
/// it does not depend on who asked first. The candidates must not be none.
pub(super) fn least<'w>(candidates: &[&'w Wanted]) -> Option<&'w Wanted> {
    let rest = |wanted: &Wanted| (wanted.resource.clone(), wanted.set.named_ttl());
    candidates.iter().copied().min_by(|a, b| {
        compare(&a.set.targets, &b.set.targets)
            .then_with(|| rest(a).cmp(&rest(b)))
            .then_with(|| a.set.properties.cmp(&b.set.properties))
            .then_with(|| a.labels.cmp(&b.labels))
    })
}

/// Who gets a set that a resource has.
pub(super) fn keeper<'w>(candidates: &[&'w Wanted], resource: &str) -> Option<&'w Wanted> {
    let same: Vec<&Wanted> = candidates.iter().copied().filter(|w| *w.resource == *resource).collect();
    least(&same).or_else(|| least(candidates))
}

/// External-DNS' `Targets.IsLess`: the shorter list; else, of both in the order of their texts, the first two that
/// differ: an address before a name, addresses as numbers, names as texts.
fn compare(a: &Targets, b: &Targets) -> Ordering {
    let by_length = a.len().cmp(&b.len());
    if by_length.is_ne() || a == b {
        return by_length;
    }
    let (a, b) = (sorted(a), sorted(b));
    let differ = a.iter().zip(&b).find(|(a, b)| a.0 != b.0);
    differ.map_or(Ordering::Equal, |(a, b)| match (a.1, b.1) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.0.cmp(&b.0),
    })
}

fn sorted(targets: &Targets) -> Vec<(String, Option<IpAddr>)> {
    let text = |target: &Target| match target {
        Target::Address(address) => (address.to_string(), Some(*address)),
        Target::Host(name) => (name.to_dotless(), None),
        Target::Record(..) => (target.to_string(), None),
    };
    let mut texts: Vec<_> = targets.iter().map(text).collect();
    texts.sort_unstable();
    texts
}
