//! What a publisher may do to a set, by its mark; and what a set becomes that several owners feed.
//!
//! ```text
//!   mark                                   is          then
//!   ─────────────────────────────────────────────────────────────────────────────────────────
//!   none                                   free        left alone, unless it may be adopted
//!   cannot be read                         foreign     left alone
//!   another claims the whole               foreign     left alone
//!   we claim it, nobody else               ours        exactly what is wanted
//!   we and others claim targets            ours        our targets come and go, theirs stay
//!   others claim targets, not we           foreign     or, when we share, ours to join
//! ```
//!
//! In a set that is fed by several, TTL and properties are those that the first of its owners (by id) wants: one
//! decides, so that two never write in turn. A target that two claim stays until both have left.

use alloc::vec::Vec;

use super::options::Options;
use super::record_set::{Claim, Extent, Found, Mark, Marked, Owner, Wanted};
use crate::record::{RecordType, Target};

/// Whose a set is, as seen by one publisher.
#[derive(Debug)]
pub(super) enum Standing<'f> {
    /// Nobody's.
    Free,
    /// Another's; none when its mark cannot be read.
    Foreign(Option<&'f Owner>),
    /// Ours, or ours to join.
    Ours { mine: Option<&'f Claim>, others: Vec<&'f Claim> },
}

impl<'f> Standing<'f> {
    pub(super) fn of(mark: &'f Mark, options: &Options) -> Self {
        let claims = match mark {
            Mark::None => return Self::Free,
            Mark::Unreadable => return Self::Foreign(None),
            Mark::Claims(claims) => claims,
        };
        let ours = |owner: &Owner| claims.iter().find(|claim| claim.owner == *owner);
        let mine = ours(&options.owner).or_else(|| options.former.as_ref().and_then(ours));
        let others: Vec<&Claim> = claims.iter().filter(|claim| !options.is_us(&claim.owner)).collect();
        let whole = others.iter().find(|claim| claim.extent == Extent::Whole);
        match (whole, others.first(), mine) {
            (Some(whole), ..) => Self::Foreign(Some(&whole.owner)),
            (None, None, None) => Self::Free,
            (None, Some(first), None) if !options.shares => Self::Foreign(Some(&first.owner)),
            (None, _, mine) => Self::Ours { mine, others },
        }
    }
}

/// What a set that is not there yet is to be.
pub(super) fn create(wanted: &Wanted, options: &Options) -> Marked {
    let mut set = wanted.set.clone();
    set.properties = options.keeps.of(&set.properties);
    let claim = claim(wanted, options.shares, options);
    Marked { set, mark: Mark::Claims([claim].into()) }
}

/// What a set that is there is to be, as far as we have a say. None when that cannot be: an alias has one target.
pub(super) fn update(found: &Found, others: &[&Claim], wanted: &Wanted, options: &Options) -> Option<Marked> {
    if others.is_empty() {
        return Some(create(wanted, options));
    }
    let mut set = found.set.clone();
    set.targets = theirs(found, others, options).chain(&wanted.set.targets).cloned().collect();
    if set.rtype == RecordType::CNAME && set.targets.len() > 1 {
        return None;
    }
    if others.iter().all(|claim| options.owner < claim.owner) {
        set.ttl = wanted.set.named_ttl().or(set.ttl);
        set.properties = options.keeps.of(&wanted.set.properties);
    }
    let mut claims: Vec<Claim> = others.iter().map(|claim| (*claim).clone()).collect();
    claims.push(claim(wanted, true, options));
    claims.sort_unstable();
    Some(Marked { set, mark: Mark::Claims(claims) })
}

/// What a set that others feed too is without us.
pub(super) fn leave(found: &Found, others: &[&Claim], options: &Options) -> Marked {
    let mut set = found.set.clone();
    set.targets = theirs(found, others, options).cloned().collect();
    Marked { set, mark: Mark::Claims(others.iter().map(|claim| (*claim).clone()).collect()) }
}

/// What stays of a set whatever we want: what others claim, and what nobody does.
fn theirs<'f>(
    found: &'f Found,
    others: &'f [&'f Claim],
    options: &'f Options,
) -> impl Iterator<Item = &'f Target> {
    let is_ours = move |target: &Target| {
        let mut ours = claims(&found.mark).filter(|claim| options.is_us(&claim.owner));
        ours.any(|claim| match &claim.extent {
            Extent::Whole => true,
            Extent::Targets(targets) => targets.contains(target),
        })
    };
    let claimed = others.iter().filter_map(|claim| match &claim.extent {
        Extent::Whole => None,
        Extent::Targets(targets) => Some(targets.iter()),
    });
    found.set.targets.iter().filter(move |target| !is_ours(target)).chain(claimed.flatten())
}

fn claim(wanted: &Wanted, is_of_targets: bool, options: &Options) -> Claim {
    let targets = || Extent::Targets(wanted.set.targets.clone());
    Claim {
        owner: options.owner.clone(),
        resource: wanted.resource.clone(),
        labels: wanted.labels.clone(),
        extent: if is_of_targets { targets() } else { Extent::Whole },
    }
}

/// True when a set is not what it is to be. A TTL counts when one is named; who asks for it, and what else the mark
/// says of that, does not count, as in External-DNS: it is written when there is another reason to.
pub(super) fn differs(found: &Found, new: &Marked, options: &Options) -> bool {
    let ttl = new.set.named_ttl();
    found.outdated
        || ttl.is_some_and(|ttl| found.set.ttl != Some(ttl))
        || found.set.targets != new.set.targets
        || options.keeps.of(&found.set.properties) != options.keeps.of(&new.set.properties)
        || !claims(&found.mark).map(by_whom).eq(claims(&new.mark).map(by_whom))
}

fn claims(mark: &Mark) -> impl Iterator<Item = &Claim> {
    match mark {
        Mark::Claims(claims) => claims.iter(),
        Mark::None | Mark::Unreadable => [].iter(),
    }
}

fn by_whom(claim: &Claim) -> (&Owner, &Extent) {
    (&claim.owner, &claim.extent)
}
