//! All names that are wanted, and which of them is due.
//!
//! Names come due one by one, and only so many are asked for at a time: a thousand load balancers that appear
//! together are a queue and no storm.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use portolan_core::Name;

use crate::host::{HOSTS_MAX, Heard, Host, Report, Why};
use crate::wanted::Changes;

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

/// A name that is asked for.
#[derive(Debug)]
struct Known {
    host: Host,
    /// When that is due; none while it is under way.
    due: Option<Duration>,
}

/// The names that are wanted. Times are counted from whenever the caller likes.
#[derive(Debug, Default)]
pub struct Hosts {
    hosts: BTreeMap<Name, Known>,
    due: BTreeSet<(Duration, Name)>,
    asked: BTreeSet<Name>,
    /// Those above the limit.
    left_out: BTreeSet<Name>,
}

impl Hosts {
    /// Takes which names are wanted from now on, and which are not any more.
    pub fn want(&mut self, changes: Changes, now: Duration) -> Vec<News> {
        let (come, gone): (Changes, Changes) = changes.into_iter().partition(|(_, is_wanted)| *is_wanted);
        let mut news: Vec<News> = gone.into_keys().filter_map(|name| self.forget(name)).collect();
        // Those that wait for room go before those that come.
        while self.hosts.len() < HOSTS_MAX
            && let Some(name) = self.left_out.pop_first()
        {
            self.begin(name, now);
        }
        for name in come.into_keys().filter(|name| !self.hosts.contains_key(name)).collect::<Vec<_>>() {
            if self.hosts.len() < HOSTS_MAX {
                self.begin(name, now);
            } else if self.left_out.insert(name.clone()) {
                let failure = Some(Why::TooMany);
                let (addresses, way) = (Vec::new(), Vec::new());
                news.push(News::Now(Report { host: name, addresses, count: 0, way, failure }));
            }
        }
        news
    }

    fn begin(&mut self, name: Name, now: Duration) {
        // One that is under way still was wanted before; it comes due when that ends.
        let due = (!self.asked.contains(&name)).then_some(now);
        self.due.extend(due.map(|at| (at, name.clone())));
        self.hosts.insert(name.clone(), Known { host: Host::new(name), due });
    }

    fn forget(&mut self, name: Name) -> Option<News> {
        let known = self.hosts.remove(&name);
        let was_left_out = self.left_out.remove(&name);
        let was_known = known.is_some();
        if let Some(at) = known.and_then(|known| known.due) {
            self.due.remove(&(at, name.clone()));
        }
        (was_known || was_left_out).then_some(News::Gone(name))
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
        if let Some(known) = self.hosts.get_mut(&name) {
            known.due = None;
        }
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
        let known = self.hosts.get_mut(name)?;
        let (after, report) = known.host.hear(round, draw);
        let at = now.saturating_add(after);
        known.due = Some(at);
        self.due.insert((at, name.clone()));
        report.map(News::Now)
    }
}

#[cfg(test)]
mod tests;
