//! What is done at one name.
//!
//! ```text
//!   sets there ─┐  by identifier   ┌ nothing wanted ──▶ goes            ┐
//!   wanted ─────┴─▶ row, by type ──┤ nothing there  ──▶ comes           ├─▶ what may be done of it ─▶ acts
//!                                  └ both           ──▶ changes, if it  ┘   (policy, hold, what stands in the way)
//!                                                       differs
//! ```
//!
//! Two rules are not External-DNS'. What comes must be able to stand beside what stays (an alias stands alone,
//! RFC 1034 section 3.6.2), whoever has that and whether or not we have to do with its type; and while something is
//! wanted of a name and nothing of it can be had, what we have there stays.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::change::Act;
use super::group::Group;
use super::options::{Options, SyncPolicy};
use super::record_set::{Found, Marked, Owner, RecordSet, Wanted};
use super::standing::{self, Standing};
use super::winner;
use crate::problem::{Problem, Reason};
use crate::record::{RecordType, Target};

/// Most sets that are looked at of those that are wanted of one name. Above it nothing goes there.
pub const WANTED_MAX: usize = 1_000;

/// Most targets of one set, whoever asks for them. One that has more is refused, and its name stays as it is.
pub const SET_TARGETS_MAX: usize = 1_024;

/// What may go at a name, beside what the policy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MayGo {
    /// Whatever is not wanted.
    All,
    /// Nothing goes.
    Nothing,
    /// Nothing goes, and no set loses a target: not all that is wanted is known.
    NoTarget,
}

/// What is done at one name.
#[derive(Debug, Default)]
pub(super) struct Decision {
    pub(super) acts: Vec<Act>,
    pub(super) problems: Vec<Problem>,
    /// Something would have gone, and stays because not all that is wanted is known.
    pub(super) is_kept: bool,
}

pub(super) fn decide(group: &Group<'_>, may_go: MayGo, options: &Options) -> Decision {
    let mut draft = Draft {
        group,
        options,
        creates: Vec::new(),
        updates: Vec::new(),
        leaves: Vec::new(),
        deletes: Vec::new(),
        placed: 0,
        problems: Vec::new(),
    };
    let wanted = draft.sound();
    let is_above = group.wanted.len() > WANTED_MAX;
    let may_go = if is_above && may_go == MayGo::All { MayGo::Nothing } else { may_go };
    let managed: Vec<&Found> = group.managed(options).collect();
    let mut identifiers: Vec<&str> = managed.iter().map(|found| &*found.set.identifier).collect();
    identifiers.extend(wanted.iter().map(|wanted| &*wanted.set.identifier));
    identifiers.sort_unstable();
    identifiers.dedup();
    for identifier in identifiers {
        let found: Vec<&Found> =
            managed.iter().copied().filter(|found| *found.set.identifier == *identifier).collect();
        let wanted: Vec<&Wanted> =
            wanted.iter().copied().filter(|wanted| *wanted.set.identifier == *identifier).collect();
        draft.row(&found, &wanted);
    }
    draft.settle(may_go)
}

/// What would be done, before it is known what may be.
struct Draft<'d> {
    group: &'d Group<'d>,
    options: &'d Options,
    creates: Vec<Marked>,
    updates: Vec<(&'d Found, Marked)>,
    /// Sets that others feed too, without us.
    leaves: Vec<(&'d Found, Marked)>,
    deletes: Vec<&'d Found>,
    /// Sets that are wanted, and there or about to change.
    placed: usize,
    problems: Vec<Problem>,
}

impl<'d> Draft<'d> {
    /// What is wanted and can be a record set at all.
    fn sound(&mut self) -> Vec<&'d Wanted> {
        let mut sound = Vec::with_capacity(self.group.wanted.len());
        for (number, wanted) in self.group.wanted.iter().enumerate() {
            match fault(&wanted.set) {
                _ if number == WANTED_MAX => {
                    self.tell(
                        wanted,
                        Reason::LimitReached,
                        &format!("is above {WANTED_MAX} sets of one name"),
                    );
                    break;
                }
                None => sound.push(*wanted),
                Some(rule) => self.tell(wanted, Reason::Invalid, rule),
            }
        }
        sound
    }

    /// One name and set identifier.
    fn row(&mut self, found: &[&'d Found], wanted: &[&'d Wanted]) {
        let is_alias = |wanted: &&Wanted| wanted.set.rtype == RecordType::CNAME;
        let (aliases, mut wanted): (Vec<&Wanted>, Vec<&Wanted>) = wanted.iter().copied().partition(is_alias);
        if wanted.is_empty() {
            wanted = aliases;
        } else {
            for alias in aliases {
                self.tell(
                    alias,
                    Reason::Conflict,
                    "an alias cannot stand beside the other records that are wanted",
                );
            }
        }
        let mut types: Vec<RecordType> = found.iter().map(|found| found.set.rtype).collect();
        types.extend(wanted.iter().map(|wanted| wanted.set.rtype));
        types.sort_unstable();
        types.dedup();
        for rtype in types {
            let there = found.iter().copied().find(|found| found.set.rtype == rtype);
            let candidates: Vec<&Wanted> =
                wanted.iter().copied().filter(|wanted| wanted.set.rtype == rtype).collect();
            match there {
                None => self.come(found, &candidates),
                Some(there) if candidates.is_empty() => self.go(there, &wanted),
                Some(there) => self.change(there, &candidates),
            }
        }
    }

    /// A type that is not there. It comes only when all that is there of the row is ours.
    fn come(&mut self, row: &[&'d Found], candidates: &[&'d Wanted]) {
        let Some(winner) = winner::least(candidates) else { return };
        let blocked = row.iter().find_map(|found| match Standing::of(&found.mark, self.options) {
            Standing::Free if !self.options.adopts => Some(foreign(Some(&found.set), None)),
            Standing::Foreign(owner) => Some(foreign(Some(&found.set), owner)),
            Standing::Free | Standing::Ours { .. } => None,
        });
        match blocked {
            Some(message) => self.tell(winner, Reason::Conflict, &message),
            None => self.creates.push(standing::create(winner, self.options)),
        }
    }

    /// A type that is not wanted.
    fn go(&mut self, found: &'d Found, wanted: &[&Wanted]) {
        match Standing::of(&found.mark, self.options) {
            Standing::Ours { mine: Some(_), others } if others.is_empty() => self.deletes.push(found),
            Standing::Ours { mine: Some(_), others } => {
                self.leaves.push((found, standing::leave(found, &others, self.options)));
            }
            // To take over a name whose type is another is to replace what is there.
            Standing::Free
                if self.options.adopts && wanted.iter().any(|w| excludes(w.set.rtype, found.set.rtype)) =>
            {
                self.deletes.push(found);
            }
            Standing::Free | Standing::Foreign(_) | Standing::Ours { .. } => {}
        }
    }

    /// A type that is there and wanted.
    fn change(&mut self, found: &'d Found, candidates: &[&'d Wanted]) {
        let Some(least) = winner::least(candidates) else { return };
        let (winner, others) = match Standing::of(&found.mark, self.options) {
            Standing::Free if self.options.adopts => (least, Vec::new()),
            Standing::Free => return self.tell(least, Reason::Conflict, &foreign(None, None)),
            Standing::Foreign(owner) => return self.tell(least, Reason::Conflict, &foreign(None, owner)),
            Standing::Ours { mine: None, others } => (least, others),
            Standing::Ours { mine: Some(mine), others } => {
                (winner::keeper(candidates, &mine.resource).unwrap_or(least), others)
            }
        };
        let Some(new) = standing::update(found, &others, winner, self.options) else {
            self.tell(
                winner,
                Reason::Conflict,
                "other owners alias the name to another, and an alias has one target",
            );
            return;
        };
        self.placed += 1;
        if standing::differs(found, &new, self.options) {
            self.updates.push((found, new));
        }
    }

    /// What may be done of it, in the order of [`super::Change::acts`].
    fn settle(mut self, may_go: MayGo) -> Decision {
        let goes = self.deletes.len() + self.leaves.len();
        let mut is_kept = false;
        if self.options.policy == SyncPolicy::CreateOnly {
            self.updates.clear();
        }
        if may_go != MayGo::All || self.options.policy != SyncPolicy::Sync {
            self.leaves.clear();
        }
        if may_go != MayGo::All || self.options.policy == SyncPolicy::CreateOnly {
            self.deletes.clear();
        }
        if may_go == MayGo::NoTarget {
            let updates = self.updates.len();
            self.updates
                .retain(|(old, new)| old.set.targets.iter().all(|target| new.set.targets.contains(target)));
            is_kept = goes > 0 || self.updates.len() < updates;
        }
        self.fit();
        let replaces = self
            .deletes
            .iter()
            .any(|old| self.creates.iter().any(|new| excludes(new.set.rtype, old.set.rtype)));
        let deletes = self.deletes.into_iter().map(|found| Act::Delete(found.clone()));
        let creates = self.creates.into_iter().map(Act::Create);
        let updates = self.updates.into_iter().chain(self.leaves);
        let updates = updates.map(|(old, new)| Act::Update { old: old.clone(), new });
        let acts = match replaces {
            true => deletes.chain(creates).chain(updates).collect(),
            false => creates.chain(updates).chain(deletes).collect(),
        };
        Decision { acts, problems: self.problems, is_kept }
    }

    /// Leaves out what cannot stand beside what stays, and with it what would have gone for it. Each round
    /// only takes something away, so there is a last one.
    fn fit(&mut self) {
        loop {
            let before = (self.creates.len(), self.deletes.len(), self.leaves.len());
            if self.stays() {
                self.deletes.clear();
                self.leaves.clear();
            }
            if self.options.policy == SyncPolicy::UpsertOnly {
                let creates = &self.creates;
                self.deletes.retain(|old| creates.iter().any(|new| excludes(new.set.rtype, old.set.rtype)));
            }
            self.make_room();
            if before == (self.creates.len(), self.deletes.len(), self.leaves.len()) {
                return;
            }
        }
    }

    /// True while something is asked for and nothing of it can be had: what we have stays then.
    fn stays(&self) -> bool {
        self.group.is_wanted() && self.creates.is_empty() && self.placed == 0
    }

    fn make_room(&mut self) {
        let has_other = self.creates.iter().any(|new| new.set.rtype != RecordType::CNAME);
        let (group, deletes) = (self.group, &self.deletes);
        let is_deleted = |found: &Found| deletes.iter().any(|old| core::ptr::eq(*old, found));
        let mut blocked = Vec::new();
        self.creates.retain(|new| {
            let rtype = new.set.rtype;
            let stays = group.found.iter().find(|old| excludes(rtype, old.set.rtype) && !is_deleted(old));
            let message = match stays {
                Some(old) => format!("an alias stands alone, and {} stays", old.set),
                None if has_other && rtype == RecordType::CNAME => {
                    "an alias cannot stand beside the other records that are wanted".to_string()
                }
                None => return true,
            };
            blocked.push((new.set.to_string(), message));
            false
        });
        let problem =
            |(subject, message)| Problem { subject, reason: Reason::Conflict, message, place: String::new() };
        self.problems.extend(blocked.into_iter().map(problem));
    }

    fn tell(&mut self, wanted: &Wanted, reason: Reason, message: &str) {
        let subject = wanted.subject();
        self.problems.push(Problem { subject, reason, message: message.into(), place: String::new() });
    }
}

/// Why a set, or the one that is wanted itself, is not touched.
fn foreign(set: Option<&RecordSet>, owner: Option<&Owner>) -> String {
    let set = set.map_or("the set that is there".into(), ToString::to_string);
    match owner {
        Some(owner) => format!("{set} belongs to the owner {owner:?}; it is left alone"),
        None => format!("{set} does not bear our mark; it is left alone"),
    }
}

/// The rule that a set breaks in itself, if any.
fn fault(set: &RecordSet) -> Option<&'static str> {
    let is_alias_of_dns = matches!(set.rtype, RecordType::A | RecordType::AAAA)
        && set.properties.get("alias").is_some_and(|value| **value != *"false");
    let fits = |target: &Target| {
        target.record_type() == set.rtype || is_alias_of_dns && matches!(target, Target::Host(_))
    };
    match () {
        () if set.targets.is_empty() => Some("has no target"),
        () if !set.targets.iter().all(fits) => Some("has a target that is not of its type"),
        () if set.rtype == RecordType::CNAME && set.targets.len() > 1 => Some("an alias has one target"),
        () if set.targets.len() > SET_TARGETS_MAX => Some("has more than 1,024 targets"),
        () => None,
    }
}

/// True of types that cannot stand at one name (RFC 1034 section 3.6.2; what signs a zone may, RFC 4035 section 2.5).
fn excludes(a: RecordType, b: RecordType) -> bool {
    let signs = |rtype| matches!(rtype, RecordType::RRSIG | RecordType::NSEC);
    a != b && (a == RecordType::CNAME || b == RecordType::CNAME) && !signs(a) && !signs(b)
}
