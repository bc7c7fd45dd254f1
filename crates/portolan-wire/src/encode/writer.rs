//! A reply's buffer, and the names that stand in it.
//!
//! Most names in a reply end like the question's, which stands at a known place: of two names with a
//! common end that end has one length, so it is looked for where it must be. Names behind the question
//! are found again by a short list of where each suffix stands and how long it is written out. A list and
//! not a hash: a reply seldom has ten different suffixes, and lengths differ where names do.

use arrayvec::ArrayVec;

use portolan_core::name::NameRef;
use portolan_core::rrset::{Short, TTL_AT};

use crate::message::{HEADER_OCTETS, POINTER};

/// Most suffixes that are remembered; names behind them are written out.
const SUFFIXES_MAX: usize = 192;
/// Furthest place that a pointer can name (RFC 1035 section 4.1.4: 14 bits).
const PLACE_MAX: u16 = 0x3fff;

/// Octets of a rendered A record.
const IPV4_OCTETS: usize = 16;
/// Octets of a rendered AAAA record.
const IPV6_OCTETS: usize = 28;

/// What was to be written does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

/// A suffix in the reply.
#[derive(Clone, Copy)]
struct Suffix {
    place: u16,
    /// Written out, root label included.
    octets: u8,
}

/// The reply's buffer, filled from the front.
pub(super) struct Writer<'o> {
    out: &'o mut [u8],
    at: usize,
    /// Nothing is written from here on.
    limit: usize,
    set_aside: usize,
    /// The name behind the header, lower case.
    question: Option<NameRef<'o>>,
    suffixes: ArrayVec<Suffix, SUFFIXES_MAX>,
}

/// A state to go back to.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    at: usize,
    suffixes: usize,
}

impl<'o> Writer<'o> {
    /// `question` is the name that stands behind the header, if one does.
    #[inline]
    pub(super) fn new(out: &'o mut [u8], octets_max: usize, question: Option<NameRef<'o>>) -> Self {
        let limit = out.len().min(octets_max);
        Self { out, at: 0, limit, set_aside: 0, question, suffixes: ArrayVec::new() }
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Octets that can still be written.
    pub(super) fn room(&self) -> usize {
        self.limit - self.at
    }

    /// Keeps room for what comes last.
    pub(super) fn set_aside(&mut self, octets: usize) -> Result<(), Full> {
        self.limit = self.limit.checked_sub(octets).filter(|limit| *limit >= self.at).ok_or(Full)?;
        self.set_aside += octets;
        Ok(())
    }

    /// Gives that room free.
    pub(super) fn take_back(&mut self) {
        self.limit += core::mem::take(&mut self.set_aside);
    }

    #[inline]
    pub(super) fn mark(&self) -> Mark {
        Mark { at: self.at, suffixes: self.suffixes.len() }
    }

    /// Forgets all that was written since.
    pub(super) fn rewind(&mut self, mark: Mark) {
        self.at = mark.at;
        self.suffixes.truncate(mark.suffixes);
    }

    #[inline]
    pub(super) fn put(&mut self, octets: &[u8]) -> Result<(), Full> {
        let end = self.at + octets.len();
        if end > self.limit {
            return Err(Full);
        }
        self.out.get_mut(self.at..end).ok_or(Full)?.copy_from_slice(octets);
        self.at = end;
        Ok(())
    }

    #[inline]
    pub(super) fn number(&mut self, number: u16) -> Result<(), Full> {
        self.put(&number.to_be_bytes())
    }

    /// Writes a rendered record without its first so many octets, and with this TTL where one is given.
    #[inline]
    pub(super) fn put_record(
        &mut self,
        record: &[u8],
        skip: usize,
        ttl: Option<[u8; 4]>,
    ) -> Result<(), Full> {
        let ttl_at = (self.at + TTL_AT).wrapping_sub(skip);
        // Addresses are nearly all there is, and copied quickest when their length is known here.
        match (record.len(), record.first_chunk::<IPV4_OCTETS>(), record.first_chunk::<IPV6_OCTETS>()) {
            (IPV4_OCTETS, Some(v4), _) if skip == 0 => self.put(v4)?,
            (IPV6_OCTETS, _, Some(v6)) if skip == 0 => self.put(v6)?,
            _ => self.put(record.get(skip..).ok_or(Full)?)?,
        }
        if let Some(ttl) = ttl
            && let Some(place) = self.out.get_mut(ttl_at..).and_then(|rest| rest.first_chunk_mut())
        {
            *place = ttl;
        }
        Ok(())
    }

    /// Writes over two octets.
    #[inline]
    pub(super) fn patch(&mut self, at: usize, octets: [u8; 2]) {
        if let Some(place) = self.out.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) {
            *place = octets;
        }
    }

    /// Where the owner of a short record stands in the question. None when one of the record's names could
    /// be written shorter still: the question goes on alike before the owner, or names stand behind it.
    #[inline]
    pub(super) fn place_of(&self, short: &Short, owner: NameRef<'_>) -> Option<u16> {
        if !self.suffixes.is_empty() {
            return None;
        }
        let (place, before) = self.in_question(owner)?;
        (before.is_empty() || !short.has_before(before)).then_some(place)
    }

    /// Writes over the header.
    #[inline]
    pub(super) fn patch_header(&mut self, numbers: [u16; 6]) {
        if let Some(header) = self.out.first_chunk_mut::<HEADER_OCTETS>() {
            let (places, _) = header.as_chunks_mut();
            for (place, number) in places.iter_mut().zip(numbers) {
                *place = number.to_be_bytes();
            }
        }
    }

    /// Writes over numbers that are there already.
    pub(super) fn patch_numbers(&mut self, at: usize, numbers: &[u16]) {
        let (places, _) = self.out.get_mut(at..self.at).unwrap_or_default().as_chunks_mut();
        for (place, number) in places.iter_mut().zip(numbers) {
            *place = number.to_be_bytes();
        }
    }

    /// Writes a name, compressed, and says where it stands for pointers to it.
    pub(super) fn name(&mut self, name: NameRef<'_>) -> Result<Option<u16>, Full> {
        let wire = name.as_wire();
        let known = name
            .suffixes()
            .take_while(|suffix| !suffix.is_root())
            .find_map(|suffix| Some((suffix.as_wire().len(), self.known(suffix)?)));
        let tail = known.map_or(1, |(octets, _)| octets);
        let start = self.at;
        self.put(wire.get(..wire.len() - tail).unwrap_or_default())?;
        match known {
            Some((_, place)) => self.number(POINTER | place)?,
            None => self.put(&[0])?,
        }
        for octets in name.suffixes().map(|s| s.as_wire().len()).take_while(|octets| *octets > tail) {
            self.remember(start + wire.len() - octets, octets);
        }
        let place = match known {
            Some((octets, place)) if octets == wire.len() => Some(place),
            _ => u16::try_from(start).ok().filter(|place| *place <= PLACE_MAX),
        };
        Ok(place.filter(|_| !name.is_root()))
    }

    /// Writes a name that may stand at `place` already.
    pub(super) fn name_again(&mut self, name: NameRef<'_>, place: Option<u16>) -> Result<Option<u16>, Full> {
        match place {
            Some(place) => self.number(POINTER | place).map(|()| Some(place)),
            None => self.name(name),
        }
    }

    fn remember(&mut self, place: usize, octets: usize) {
        if let (Ok(place @ ..=PLACE_MAX), Ok(octets)) = (u16::try_from(place), u8::try_from(octets)) {
            // A name that is not remembered is written out when it comes again.
            let _ = self.suffixes.try_push(Suffix { place, octets });
        }
    }

    /// Where a name stands already.
    #[inline]
    fn known(&self, name: NameRef<'_>) -> Option<u16> {
        self.in_question(name).map(|(place, _)| place).or_else(|| self.find(name))
    }

    /// Where the question's name ends in this one, and the question's label before it.
    #[inline]
    fn in_question(&self, name: NameRef<'_>) -> Option<(u16, &'o [u8])> {
        let (question, wire) = (self.question?, name.as_wire());
        let before = question.label_before(name)?;
        let at = question.as_wire().len() - wire.len();
        Some((u16::try_from(HEADER_OCTETS + at).ok()?, before))
    }

    fn find(&self, name: NameRef<'_>) -> Option<u16> {
        let wire = name.as_wire();
        let like =
            |suffix: &&Suffix| usize::from(suffix.octets) == wire.len() && self.stands(suffix.place, wire);
        self.suffixes.iter().find(like).map(|suffix| suffix.place)
    }

    /// True when this name stands at that place, in whatever case. A label shortens `wire`, and a pointer
    /// leads backwards, so this ends.
    fn stands(&self, place: u16, mut wire: &[u8]) -> bool {
        let mut at = usize::from(place);
        loop {
            let Some(&len) = self.out.get(at) else { return false };
            if u16::from(len) << 8 & POINTER == POINTER {
                let Some(&low) = self.out.get(at + 1) else { return false };
                let before = usize::from(u16::from_be_bytes([len, low]) & PLACE_MAX);
                if before >= at {
                    return false;
                }
                at = before;
                continue;
            }
            let end = usize::from(len) + 1;
            let (Some(here), Some(label)) = (self.out.get(at..at + end), wire.get(..end)) else {
                return false;
            };
            // Lengths are below 64, so no letter's case changes them.
            if !here.eq_ignore_ascii_case(label) {
                return false;
            }
            if len == 0 {
                return true;
            }
            at += end;
            wire = wire.get(end..).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests;
