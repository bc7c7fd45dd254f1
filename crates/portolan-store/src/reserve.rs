//! Serials reserved ahead.
//!
//! ```text
//!   serials     ───●────────────────○───────────────────────┤ ceiling
//!                  given             half: the next write     on disk: none above it
//!                                    moves the ceiling        was ever given
//! ```
//!
//! A zone's serial grows with each change of content and only then, and one serial never stands for two
//! contents (DESIGN section 7, invariant 5). Answers do not wait for the disk, so the file cannot hold
//! every serial that was given; it holds a ceiling instead, and after an unclean stop the zone goes on
//! above it. After an orderly one the file holds the serial itself.
//!
//! # What a lost file costs
//!
//! A zone that no file knows begins at the time, in seconds since 1970. If it was served before and its
//! file is lost, that must be above every serial that was given, or secondaries see the serial go back
//! and keep what they have. The serial's lead over the time when the zone began is
//!
//! ```text
//!   1 for each change of content
//!   + at most RESERVED + 1 for each unclean stop
//!   + at most 3 * RESERVED + 1 for each start from the older file, or on a disk that cannot be written
//! ```
//!
//! and the clock gains a second each second. So a lost file costs nothing as long as, since the zone
//! began, changes came at less than one a second on the average, and unclean stops less than once in
//! [`RESERVED`] seconds (2 hours 17 minutes) on the average, both together. A process that is killed more
//! often than that runs ahead of the clock, and needs its file for as long as it is ahead. The smaller
//! the reservation, the sooner the clock has caught up; that is why it is no larger than a disk needs.

use std::collections::BTreeMap;

use portolan_core::Name;
use portolan_core::publish::{Serial, Serials, is_after};

/// How far ahead of a zone's serial its ceiling is put. It is renewed when half is used up: at twenty
/// changes a second, which is what gathering events allows, the other half lasts for over three minutes
/// of a disk that hangs.
pub const RESERVED: u32 = 8_192;

/// The serial of a zone, and what is reserved for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// The serial and the content that it stands for.
    pub serial: Serial,
    /// No serial after this one was given before the ceiling was moved on disk.
    pub ceiling: u32,
}

impl Reserved {
    /// A zone that is new.
    #[must_use]
    pub fn new(serial: Serial) -> Self {
        Self { serial, ceiling: serial.serial.wrapping_add(RESERVED) }
    }

    /// Takes what the zone has now. The ceiling moves when half of the reservation is used up.
    pub fn renew(&mut self, serial: Serial) {
        self.serial = serial;
        if !is_after(self.ceiling, serial.serial.wrapping_add(RESERVED / 2)) {
            self.ceiling = serial.serial.wrapping_add(RESERVED);
        }
    }
}

/// How much is known of the serials that were given after a state was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// None were: the process stopped in good order, and the file says so.
    Exact,
    /// None above the ceiling.
    Ceiling,
    /// The file is not the newest, or cannot be written any more: the ceiling was moved by a reservation
    /// or two after it, and the clock (serials begin as a time) is the other witness.
    Clock(u32),
}

/// The serials to go on with.
#[must_use]
pub fn go_on(zones: &BTreeMap<Name, Reserved>, trust: Trust, first: u32) -> Serials {
    let resume = |reserved: &Reserved| match trust {
        Trust::Exact => reserved.serial,
        Trust::Ceiling => unlike(reserved.serial, reserved.ceiling),
        Trust::Clock(now) => {
            let beyond = reserved.ceiling.wrapping_add(2 * RESERVED);
            unlike(reserved.serial, if is_after(now, beyond) { now } else { beyond })
        }
    };
    let zones = zones.iter().map(|(apex, reserved)| (apex.clone(), resume(reserved))).collect();
    Serials { zones, first }
}

/// A serial that stands for no content, so that the next content gets the one after it.
fn unlike(before: Serial, serial: u32) -> Serial {
    Serial { serial, content: !before.content }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reserved(serial: u32) -> Reserved {
        Reserved::new(Serial { serial, content: 7 })
    }

    fn next(trust: Trust, start: u32, content: u128) -> u32 {
        let apex: Name = "example".parse().unwrap();
        let zones = BTreeMap::from([(apex.clone(), reserved(start))]);
        go_on(&zones, trust, 1).of(&apex, content)
    }

    #[test]
    fn a_clean_stop_keeps_the_serial_of_a_content() {
        assert_eq!(next(Trust::Exact, 100, 7), 100);
        assert_eq!(next(Trust::Exact, 100, 8), 101);
    }

    #[test]
    fn an_unclean_stop_goes_on_above_the_ceiling_whatever_the_content() {
        assert_eq!(next(Trust::Ceiling, 100, 7), 101 + RESERVED);
        assert_eq!(next(Trust::Ceiling, 100, 8), 101 + RESERVED);
        assert_eq!(next(Trust::Ceiling, u32::MAX, 7), RESERVED, "across the end of the numbers");
    }

    #[test]
    fn an_older_file_goes_on_above_all_that_may_have_been_reserved_since() {
        assert_eq!(next(Trust::Clock(5), 100, 7), 101 + 3 * RESERVED);
        assert_eq!(next(Trust::Clock(1_800_000_000), 100, 7), 1_800_000_001);
    }

    /// The module's promise: an unclean stop each three hours stays behind the clock.
    #[test]
    fn a_lost_file_costs_nothing_while_the_clock_is_ahead() {
        const HOURS_3: u32 = 3 * 60 * 60;
        let (began, mut now) = (1_700_000_000, 1_700_000_000);
        let mut serial = began;
        for stop in 1..=100 {
            // A ceiling that was just moved is the furthest ahead: the most that a stop can cost.
            serial = next(Trust::Ceiling, serial, 8);
            now += HOURS_3;
            assert!(is_after(now, serial), "after {stop} unclean stops: {serial} is ahead of {now}");
        }
        assert!(serial - began <= 100 * (RESERVED + 1));
    }

    #[test]
    fn the_ceiling_moves_at_half() {
        let mut zone = reserved(100);
        let ceiling = zone.ceiling;
        zone.renew(Serial { serial: 99 + RESERVED / 2, content: 8 });
        assert_eq!(zone.ceiling, ceiling);
        zone.renew(Serial { serial: 100 + RESERVED / 2, content: 9 });
        assert_eq!(zone.ceiling, 100 + RESERVED / 2 + RESERVED);
    }
}
