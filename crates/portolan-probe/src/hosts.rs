//! All names that are wanted, and which of them is due.
//!
//! Names come due one by one, and only so many are asked for at a time: a thousand load balancers that appear
//! together are a queue and no storm.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use portolan_core::Name;

use crate::host::{Heard, Host, Report, Why};

/// Most names that are asked for. Names that are known stay before those that come.
pub const HOSTS_MAX: usize = 10_000;
/// Most names that are asked for at a time, each by two questions.
pub const ASKED_AT_ONCE_MAX: usize = 32;

/// What becomes of a name that was wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// This is so of it now.
    Now(Report),
    /// It is not wanted any more, and nothing more is said of it.
    Gone(Name),
}

/// The names that are wanted. Times are counted from whenever the caller likes.
#[derive(Debug, Default)]
pub struct Hosts {
    hosts: BTreeMap<Name, Host>,
    due: BTreeSet<(Duration, Name)>,
    asked: BTreeSet<Name>,
    /// Those above the limit.
    left_out: BTreeSet<Name>,
}

impl Hosts {
    /// Takes which names are wanted from now on.
    pub fn want(&mut self, wanted: &BTreeSet<Name>, now: Duration) -> Vec<News> {
        let known = self.hosts.keys().chain(&self.left_out);
        let gone: Vec<Name> = known.filter(|name| !wanted.contains(*name)).cloned().collect();
        for name in &gone {
            self.hosts.remove(name);
            self.left_out.remove(name);
        }
        self.due.retain(|(_, name)| wanted.contains(name));
        let mut news: Vec<News> = gone.into_iter().map(News::Gone).collect();
        for name in wanted {
            if self.hosts.contains_key(name) {
                continue;
            }
            if self.hosts.len() < HOSTS_MAX {
                self.left_out.remove(name);
                self.hosts.insert(name.clone(), Host::new(name.clone()));
                // One that is under way still was wanted before; it comes due when that ends.
                if !self.asked.contains(name) {
                    self.due.insert((now, name.clone()));
                }
            } else if self.left_out.insert(name.clone()) {
                let failure = Some(Why::TooMany);
                news.push(News::Now(Report { host: name.clone(), addresses: Vec::new(), count: 0, failure }));
            }
        }
        news
    }

    /// The next name to ask for, if one is due and there is room. It counts as asked for until
    /// [`hear`](Self::hear) is told what came of it.
    pub fn next(&mut self, now: Duration) -> Option<Name> {
        let is_due = self.due.first().is_some_and(|(at, _)| *at <= now);
        if !is_due || self.asked.len() >= ASKED_AT_ONCE_MAX {
            return None;
        }
        let (_, name) = self.due.pop_first()?;
        self.asked.insert(name.clone());
        Some(name)
    }

    /// When the next name is due; none while there is no room for it, or none is.
    #[must_use]
    pub fn due(&self) -> Option<Duration> {
        let has_room = self.asked.len() < ASKED_AT_ONCE_MAX;
        self.due.first().map(|(at, _)| *at).filter(|_| has_room)
    }

    /// Takes what came of a round, and a draw; returns what is to be reported. Of a name that is not wanted any
    /// more that is nothing.
    pub fn hear(&mut self, name: &Name, round: [Heard; 2], now: Duration, draw: u64) -> Option<News> {
        self.asked.remove(name);
        let (after, report) = self.hosts.get_mut(name)?.hear(round, draw);
        self.due.insert((now.saturating_add(after), name.clone()));
        report.map(News::Now)
    }
}

#[cfg(test)]
mod tests;
