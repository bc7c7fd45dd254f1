//! One host name: what it resolves to, and when it is asked for again.
//!
//! ```text
//!              addresses, of one family at least
//!          ┌──────────────────────────────────────┐
//!          ▼                                      │
//!   new ─▶ good ── nothing, or no answer ─▶ failing: the last good addresses stay
//!          (again before its TTL ends)      (again after 5 s, 10 s, … 5 min)
//! ```
//!
//! A round asks for both families. A family without an answer keeps what it had; one that says "none" loses it
//! only while the other has addresses: a name that suddenly has none at all is a fault, as far as anybody can
//! know from here (faults.md F-40).

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use portolan_core::Name;
use portolan_core::fleet::TARGETS_MAX;

/// Most names that are asked for. Names that are known stay before those that come.
pub const HOSTS_MAX: usize = 10_000;
/// Most addresses of a name that are kept: the first of each family by order, so that every replica has the same.
pub const ADDRESSES_MAX: usize = TARGETS_MAX;
/// A name is asked for again after this at the earliest, whatever TTL it has.
pub const TTL_MIN: Duration = Duration::from_secs(30);
/// And after this at the latest.
pub const TTL_MAX: Duration = Duration::from_secs(3_600);
/// How long a name that does not resolve is left alone at first; twice as long each time.
pub const RETRY_MIN: Duration = Duration::from_secs(5);
/// And at most.
pub const RETRY_MAX: Duration = Duration::from_secs(300);

/// A wait ends between these parts of it, in percent, so that names do not come due together.
const REFRESH_PERCENT: std::ops::Range<u64> = 80..95;
const RETRY_PERCENT: std::ops::Range<u64> = 75..100;

/// What came of a question for one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It has these addresses.
    Addresses {
        /// As they came.
        addresses: Vec<IpAddr>,
        /// For how long, in seconds: the least of the records on the way.
        ttl: u32,
        /// What the name is an alias of, one after the other; at most as many as are followed
        /// ([`CHAIN_MAX`](crate::message::CHAIN_MAX)).
        way: Vec<Name>,
    },
    /// The name, or its records of the type, are not there.
    Nothing(Why),
    /// Nobody could say.
    Failed(Why),
}

/// Why a name does not resolve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// NXDOMAIN.
    NoSuchName,
    /// It is there, and has no address.
    NoAddress,
    /// SERVFAIL.
    ServerFailed,
    /// Another response code.
    Refused(u8),
    /// The server answers for its own zones only, and this is in none.
    NotRecursive,
    /// Its aliases lead in a circle, or on for too long.
    Loop,
    /// The reply cannot be read.
    Malformed,
    /// Nobody answered in time.
    TimedOut,
    /// The question could not be sent.
    Unreachable,
    /// There is nobody to ask.
    NoServer,
    /// More names are wanted than are asked for.
    TooMany,
}

/// What is so of a name now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The name.
    pub host: Name,
    /// What it last resolved to: sorted, each once, at most [`ADDRESSES_MAX`]; empty while it never did.
    pub addresses: Vec<IpAddr>,
    /// How many there are, those that are left out among them.
    pub count: usize,
    /// What it was an alias of when it last resolved, of either family: sorted, each once.
    pub way: Vec<Name>,
    /// Why it does not resolve now.
    pub failure: Option<Why>,
}

/// The state of one name.
#[derive(Debug)]
pub struct Host {
    name: Name,
    /// Of IPv4, then of IPv6.
    families: [Family; 2],
    /// Rounds in a row that were no good.
    failures: u32,
    /// What was reported last.
    told: Option<Report>,
}

#[derive(Clone, Debug, Default)]
struct Family {
    addresses: BTreeSet<IpAddr>,
    count: usize,
    way: Vec<Name>,
}

impl Host {
    /// One that was never asked for.
    #[must_use]
    pub fn new(name: Name) -> Self {
        Self { name, families: Default::default(), failures: 0, told: None }
    }

    /// Takes what came of a round, IPv4 first, and a draw. Returns after how long the next one is due, and what
    /// is to be reported, if that is news.
    pub fn hear(&mut self, round: [Heard; 2], draw: u64) -> (Duration, Option<Report>) {
        let failure = failure(&round);
        let is_whole = round.iter().all(|heard| !matches!(heard, Heard::Failed(_)));
        let mut ttl = TTL_MAX;
        if failure.is_none() {
            for (family, heard) in self.families.iter_mut().zip(round) {
                match heard {
                    Heard::Addresses { addresses, ttl: seconds, way } => {
                        *family = Family::of(addresses, way);
                        ttl = ttl.min(Duration::from_secs(seconds.into()));
                    }
                    Heard::Nothing(_) => *family = Family::default(),
                    Heard::Failed(_) => {}
                }
            }
        }
        self.failures = if failure.is_none() && is_whole { 0 } else { self.failures.saturating_add(1) };
        (self.next_round(failure, ttl, draw), self.report(failure))
    }

    /// After how long the next round is due: before its TTL ends, and soon where an answer is missing.
    fn next_round(&self, failure: Option<Why>, ttl: Duration, draw: u64) -> Duration {
        let refresh = failure.is_none().then(|| part_of(ttl.clamp(TTL_MIN, TTL_MAX), REFRESH_PERCENT, draw));
        let retry = self.failures.checked_sub(1).map(|failures| {
            let doubled = RETRY_MIN.saturating_mul(1 << failures.min(16));
            part_of(doubled.min(RETRY_MAX), RETRY_PERCENT, draw)
        });
        // One of the two is there: a round that is no good is a failure. A family that never answers must not keep
        // the other from being asked for in time.
        refresh.into_iter().chain(retry).min().unwrap_or(RETRY_MAX)
    }

    fn report(&mut self, failure: Option<Why>) -> Option<Report> {
        let way: BTreeSet<&Name> = self.families.iter().flat_map(|family| &family.way).collect();
        let report = Report {
            host: self.name.clone(),
            addresses: self.addresses(),
            count: self.families.iter().map(|family| family.count).sum(),
            way: way.into_iter().cloned().collect(),
            failure,
        };
        let is_news = self.told.as_ref() != Some(&report);
        is_news.then(|| self.told.insert(report).clone())
    }
}

impl Host {
    /// The first addresses of both families: one has the room that the other does not need, and never less than
    /// half.
    fn addresses(&self) -> Vec<IpAddr> {
        let [v4, v6] = self.families.each_ref().map(|family| &family.addresses);
        let half = ADDRESSES_MAX / 2;
        let room = half.max(ADDRESSES_MAX.saturating_sub(v4.len())).min(v6.len());
        v4.iter().take(ADDRESSES_MAX - room).chain(v6.iter().take(room)).copied().collect()
    }
}

impl Family {
    fn of(addresses: Vec<IpAddr>, way: Vec<Name>) -> Self {
        let mut addresses: BTreeSet<IpAddr> = addresses.into_iter().collect();
        let count = addresses.len();
        while addresses.len() > ADDRESSES_MAX {
            addresses.pop_last();
        }
        Self { addresses, count, way }
    }
}

/// Why a round is no good; none when a family has addresses. What is sure to be so is told before what is not
/// known: a name that is not there is told as that, though one of the two questions was lost.
fn failure(round: &[Heard; 2]) -> Option<Why> {
    let why = |heard: &Heard| match heard {
        Heard::Addresses { addresses, .. } if !addresses.is_empty() => None,
        Heard::Addresses { .. } => Some(Why::NoAddress),
        Heard::Nothing(why) | Heard::Failed(why) => Some(*why),
    };
    let [v4, v6] = round;
    Some(why(v4)?.min(why(v6)?))
}

/// A part of a wait, by a draw.
fn part_of(wait: Duration, percent: std::ops::Range<u64>, draw: u64) -> Duration {
    let percent = percent.start + draw % (percent.end - percent.start);
    // At most a hundred times an hour: nothing is lost.
    wait.saturating_mul(u32::try_from(percent).unwrap_or(100)) / 100
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSuchName => "there is no such name (NXDOMAIN)",
            Self::NoAddress => "it has no address",
            Self::ServerFailed => "the name server failed (SERVFAIL)",
            Self::Refused(code) => return write!(f, "the name server refused (response code {code})"),
            Self::NotRecursive => "the name server does not resolve names that are not its own",
            Self::Loop => "its aliases lead in a circle",
            Self::Malformed => "the reply cannot be read",
            Self::TimedOut => "no name server answered in time",
            Self::Unreachable => "no name server is reached",
            Self::NoServer => "no name server is known",
            Self::TooMany => {
                return write!(f, "more than {} host names are wanted", HOSTS_MAX);
            }
        })
    }
}

#[cfg(test)]
mod tests;
