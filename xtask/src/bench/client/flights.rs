//! Questions that are in flight: each has a place, and its id tells which, so that a reply is matched by
//! one look whatever order replies come in.

use std::time::{Duration, Instant};

use super::Load;
use crate::bench::message::{NOERROR, NXDOMAIN};

/// A question that waits for its reply.
#[derive(Clone, Copy)]
struct Flight {
    id: u16,
    since: Instant,
}

/// Places, and who has them.
pub(super) struct Flights {
    /// By place; the low bits of an id are the place, so their number is a power of two.
    places: Vec<Option<Flight>>,
    free: Vec<u16>,
    /// The high bits of the next id.
    turn: u16,
}

impl Flights {
    /// With so many places, a power of two of at most 32,768.
    pub(super) fn new(places: u16) -> Self {
        debug_assert!(places.is_power_of_two(), "{places} places");
        Self { places: vec![None; usize::from(places)], free: (0..places).collect(), turn: 0 }
    }

    /// Places that are free.
    pub(super) fn free(&self) -> usize {
        self.free.len()
    }

    /// True while a question is in flight.
    pub(super) fn waits(&self) -> bool {
        self.free.len() < self.places.len()
    }

    /// An id for a question that waits since then; none when no place is free.
    pub(super) fn start(&mut self, since: Instant) -> Option<u16> {
        let place = self.free.pop()?;
        let id = self.turn.wrapping_mul(self.places.len() as u16) | place;
        self.turn = self.turn.wrapping_add(1);
        self.places[usize::from(place)] = Some(Flight { id, since });
        Some(id)
    }

    /// Frees the place of a question that did not go out.
    pub(super) fn cancel(&mut self, id: u16) {
        let place = id & (self.places.len() - 1) as u16;
        if self.places[usize::from(place)].take().is_some() {
            self.free.push(place);
        }
    }

    /// A reply with this id and code; one that nobody waits for any more is passed over.
    pub(super) fn land(&mut self, id: u16, code: u8, now: Instant, load: &mut Load) {
        let place = id & (self.places.len() - 1) as u16;
        let flight = &mut self.places[usize::from(place)];
        if let Some(landed) = flight.take_if(|flight| flight.id == id) {
            self.free.push(place);
            load.count(code, now.saturating_duration_since(landed.since));
        }
    }

    /// Frees the places of questions that have waited for so long; gives how many.
    pub(super) fn forget(&mut self, now: Instant, after: Duration) -> u64 {
        let mut lost = 0;
        for (place, flight) in (0..).zip(&mut self.places) {
            if flight.take_if(|flight| now.saturating_duration_since(flight.since) >= after).is_some() {
                self.free.push(place);
                lost += 1;
            }
        }
        lost
    }
}

impl Load {
    /// Replies have come.
    pub(super) fn arrive(&mut self, now: Instant) {
        let before = self.last_reply.replace(now).unwrap_or(now);
        self.longest_gap = self.longest_gap.max(now.saturating_duration_since(before));
    }

    /// Counts a reply.
    pub(super) fn count(&mut self, code: u8, after: Duration) {
        self.answered += 1;
        self.wrong += u64::from(code != NOERROR && code != NXDOMAIN);
        self.latency.add(after);
    }
}
