//! What becomes of the marks when sets change.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::labels::{self, Said};
use super::{Nonce, Reading, Registry, data_of};
use crate::name::Name;
use crate::plan::{Act, Change, Claim, Mark, Options, Owner, RecordSet};
use crate::record::Rdata;

/// One text of a TXT record set to put or to remove, whatever else the set holds. Both belong into the step of the
/// sets that they are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    /// It comes.
    Put {
        /// The name of the TXT record.
        name: Name,
        /// As that of the set that it is about.
        identifier: Arc<str>,
        /// The record.
        data: Rdata,
    },
    /// It goes.
    Remove {
        /// The name of the TXT record.
        name: Name,
        /// As that of the set that it is about.
        identifier: Arc<str>,
        /// The record.
        data: Rdata,
        /// What the DNS counted its changes with when it was read.
        version: Option<u64>,
    },
}

impl Registry {
    /// The texts that come and go with a change: of the owner's own alone, and none that another set still needs.
    /// A nonce is drawn for each text that is sealed.
    pub fn write(
        &self,
        change: &Change,
        reading: &Reading,
        options: &Options,
        nonce: &mut dyn FnMut() -> Nonce,
    ) -> Vec<Text> {
        let (mut puts, mut stale, mut used) = (Vec::new(), Vec::new(), Vec::new());
        for act in &change.acts {
            let (set, mark) = match act {
                Act::Create(new) | Act::Update { new, .. } => (&new.set, &new.mark),
                Act::Delete(old) => (&old.set, &Mark::None),
            };
            let about = self.about(set, reading);
            if !matches!(act, Act::Create(_)) {
                used.extend(about.first().into_iter().flatten().copied());
            }
            let claim = own(mark, &options.owner);
            let current = self.affix.mark_of(&set.name, set.rtype).ok();
            let mut is_there = false;
            for index in about.into_iter().flatten() {
                let Some(placed) = reading.marks.get(index) else { continue };
                let Said::Claim(said) = &placed.said else { continue };
                if !is_there && claim == Some(said) && current.as_ref() == Some(&placed.name) {
                    is_there = true;
                } else if options.is_us(&said.owner) {
                    stale.push(index);
                }
            }
            if let Some(claim) = claim.filter(|_| !is_there) {
                puts.extend(self.put(set, claim, nonce));
            }
        }
        stale.sort_unstable();
        stale.dedup();
        let removes = stale.into_iter().filter_map(|index| {
            let placed = reading.marks.get(index)?;
            let users = used.iter().filter(|used| **used == index).count();
            let is_needed = users < placed.deciding;
            (!is_needed).then(|| placed.remove())
        });
        puts.into_iter().chain(removes).collect()
    }

    /// Marks of the owner's own about sets that are not there, of the names and types that it has to do with: what
    /// others left behind when they were stopped half-way. Only a listing that has all sets of those types tells.
    pub fn strays<'r>(
        &'r self,
        reading: &'r Reading,
        options: &'r Options,
    ) -> impl Iterator<Item = Text> + 'r {
        let typed =
            reading.about.iter().filter_map(|((name, rtype, _), marks)| Some((name, (*rtype)?, marks)));
        let ours = typed.filter(|(name, rtype, _)| options.has_to_do_with(name.borrowed(), *rtype));
        let marks = ours.flat_map(|(_, _, marks)| marks).filter_map(|index| reading.marks.get(*index));
        let is_stray = |placed: &&super::Placed| {
            placed.deciding == 0 && matches!(&placed.said, Said::Claim(claim) if options.is_us(&claim.owner))
        };
        marks.filter(is_stray).map(super::Placed::remove)
    }

    fn put(&self, set: &RecordSet, claim: &Claim, nonce: &mut dyn FnMut() -> Nonce) -> Option<Text> {
        // [`Registry::admit`] has let no set through that this is none of.
        let name = self.affix.mark_of(&set.name, set.rtype).ok()?;
        let text = labels::print(claim);
        let text = match &self.cipher {
            Some(cipher) if self.seals => cipher.seal(&text, nonce()),
            _ => text,
        };
        Some(Text::Put { name, identifier: set.identifier.clone(), data: data_of(&text)? })
    }
}

impl super::Placed {
    fn remove(&self) -> Text {
        Text::Remove {
            name: self.name.clone(),
            identifier: self.identifier.clone(),
            data: self.data.clone(),
            version: self.version,
        }
    }
}

fn own<'m>(mark: &'m Mark, owner: &Owner) -> Option<&'m Claim> {
    match mark {
        Mark::Claims(claims) => claims.iter().find(|claim| claim.owner == *owner),
        Mark::None | Mark::Unreadable => None,
    }
}
