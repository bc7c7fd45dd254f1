//! What is right at a time, and what of it a server may not know yet. Pure: times are arguments, since the meter's start.
//!
//! ```text
//!   192.0.2.10      in ───────────────┬ out, to be seen within 5 s ────────┬ in ──▶
//!   a server says   in may be said ───┴──────────▶│ in is wrong
//!   one behind      from here ──▶ in and out may be said ... until it had its time to catch up
//! ```
//!
//! An address by itself is right or wrong, so that two clusters which change while they cannot hear of each other need no
//! word of how their changes go together. That nothing is answered is never right: no name loses its last member here.

use std::collections::BTreeMap;
use std::time::Duration;

/// When something was, since the meter's start.
pub(super) type At = Duration;

/// What all names have, by address.
#[derive(Debug, Default)]
pub(super) struct Truth {
    addresses: BTreeMap<String, Vec<Turn>>,
    behind: Vec<Behind>,
}

/// An address is in the answers from now on, or it is not.
#[derive(Debug)]
struct Turn {
    at: At,
    is_in: bool,
    /// How long what was right before may still be said.
    within: Duration,
    /// How long after it each server said so first.
    seen: BTreeMap<usize, Duration>,
}

/// A server that cannot hear what becomes of an address.
#[derive(Debug)]
struct Behind {
    server: usize,
    address: String,
    since: At,
    /// When it has to know again.
    until: Option<At>,
}

impl Truth {
    /// All of these are in, since ever.
    pub(super) fn of(addresses: &[&str]) -> Self {
        let first = || Turn { at: At::ZERO, is_in: true, within: Duration::ZERO, seen: BTreeMap::new() };
        let addresses = addresses.iter().map(|address| ((*address).to_owned(), vec![first()]));
        Self { addresses: addresses.collect(), behind: Vec::new() }
    }

    /// From now on it may be so; what was so before may be said until it has turned, and for a while.
    pub(super) fn begin_turn(&mut self, now: At, address: &str, is_in: bool) {
        let turn = Turn { at: now, is_in, within: Duration::MAX, seen: BTreeMap::new() };
        self.addresses.entry(address.to_owned()).or_default().push(turn);
    }

    /// It is so; what was so before may be said for a while.
    pub(super) fn end_turn(&mut self, now: At, address: &str, within: Duration) {
        if let Some(turn) = self.addresses.get_mut(address).and_then(|turns| turns.last_mut()) {
            turn.within = now.saturating_sub(turn.at) + within;
        }
    }

    /// From now on a server cannot hear of an address.
    pub(super) fn fall_behind(&mut self, now: At, server: usize, address: &str) {
        self.behind.push(Behind { server, address: address.to_owned(), since: now, until: None });
    }

    /// It hears again, and has a while to catch up.
    pub(super) fn catch_up(&mut self, now: At, server: usize, address: &str, within: Duration) {
        let is_meant = |behind: &&mut Behind| {
            behind.server == server && behind.address == address && behind.until.is_none()
        };
        self.behind.iter_mut().filter(is_meant).for_each(|behind| behind.until = Some(now + within));
    }

    /// What is wrong with the addresses that a server said; none where they are right.
    pub(super) fn fault(&self, server: usize, asked: At, heard: At, said: &[String]) -> Option<String> {
        if said.is_empty() {
            return Some("no address".into());
        }
        if let Some(other) = said.iter().find(|address| !self.addresses.contains_key(*address)) {
            return Some(format!("{other} is nobody's"));
        }
        self.addresses.iter().find_map(|(address, turns)| {
            let is_in = said.contains(address);
            let from = self.known_since(server, address, asked);
            let might_be = turns.iter().enumerate().any(|(index, turn)| {
                let ended = turns.get(index + 1).map_or(At::MAX, |next| next.at.saturating_add(next.within));
                turn.is_in == is_in && turn.at <= heard && ended >= from
            });
            (!might_be).then(|| format!("{address} is {}", if is_in { "still there" } else { "missing" }))
        })
    }

    /// Notes what a server said at a time.
    pub(super) fn note(&mut self, server: usize, asked: At, heard: At, said: &[String]) {
        for (address, turns) in &mut self.addresses {
            let is_in = said.contains(address);
            let Some(turn) = turns.last_mut().filter(|turn| turn.is_in == is_in && turn.at <= asked) else {
                continue;
            };
            turn.seen.entry(server).or_insert_with(|| heard.saturating_sub(turn.at));
        }
    }

    /// Which addresses a server has not been heard to know as they are.
    pub(super) fn unseen(&self, server: usize) -> Vec<String> {
        let has_not = |turns: &Vec<Turn>| turns.last().is_some_and(|turn| !turn.seen.contains_key(&server));
        self.addresses
            .iter()
            .filter(|(_, turns)| has_not(turns))
            .map(|(address, _)| address.clone())
            .collect()
    }

    /// What changed since a time, and how long it took until the last server that said so said it.
    pub(super) fn changes(&self, since: At) -> Vec<(String, Duration)> {
        let all = self.addresses.iter().flat_map(|(address, turns)| {
            turns.iter().filter(|turn| turn.at >= since && turn.at > At::ZERO).filter_map(move |turn| {
                let what = format!("{address} {}", if turn.is_in { "comes" } else { "goes" });
                Some((turn.at, what, *turn.seen.values().max()?))
            })
        });
        let mut all: Vec<_> = all.collect();
        all.sort();
        all.into_iter().map(|(_, what, took)| (what, took)).collect()
    }

    /// Since when what a server says of an address may have been true, of what was asked at a time.
    fn known_since(&self, server: usize, address: &str, asked: At) -> At {
        let behind = self.behind.iter().filter(|behind| behind.server == server && behind.address == address);
        let open = behind.filter(|behind| behind.until.is_none_or(|until| until >= asked));
        open.map(|behind| behind.since).min().map_or(asked, |since| since.min(asked))
    }
}

#[cfg(test)]
mod tests;
