//! What happened, counted by each worker for itself.
//!
//! A worker adds to its own lane several times a packet, and somebody reads all lanes a few times a
//! minute. So lanes share no cache line, additions order nothing, and the sum is made by the reader.
//! The only writer of a lane adds by a load and a store, which costs what a plain addition does; a
//! locked one costs some twenty times that. The last lane has many writers, and is added to with a lock.
//! What is counted is a closed list: nothing that a client sends ever becomes a label.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident = $family:literal, $label:literal, $value:literal;)*) => {
        /// One thing that is counted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Count {
            $($(#[$doc])* $name,)*
        }

        impl Count {
            /// Every one of them, in the order in which they are shown.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The metric that it belongs to, and the label and value that tell it from the others
            /// there; both are empty when it stands alone.
            #[must_use]
            pub const fn metric(self) -> (&'static str, &'static str, &'static str) {
                match self {
                    $(Self::$name => ($family, $label, $value),)*
                }
            }
        }
    };
}

counts! {
    /// Messages that came by UDP.
    QueriesUdp = "queries", "transport", "udp";
    /// Messages that came by TCP.
    QueriesTcp = "queries", "transport", "tcp";
    /// Replies that say NOERROR.
    NoError = "answers", "rcode", "NOERROR";
    /// Replies that say FORMERR.
    FormErr = "answers", "rcode", "FORMERR";
    /// Replies that say SERVFAIL.
    ServFail = "answers", "rcode", "SERVFAIL";
    /// Replies that say NXDOMAIN.
    NxDomain = "answers", "rcode", "NXDOMAIN";
    /// Replies that say NOTIMP.
    NotImp = "answers", "rcode", "NOTIMP";
    /// Replies that say REFUSED.
    Refused = "answers", "rcode", "REFUSED";
    /// Replies that say YXDOMAIN.
    YxDomain = "answers", "rcode", "YXDOMAIN";
    /// Replies that say NOTAUTH.
    NotAuth = "answers", "rcode", "NOTAUTH";
    /// Replies that say BADVERS.
    BadVers = "answers", "rcode", "BADVERS";
    /// Replies with TC set.
    Truncated = "truncated", "", "";
    /// Messages shorter than a header.
    DroppedShort = "dropped", "reason", "short";
    /// Messages that are replies themselves.
    DroppedResponse = "dropped", "reason", "response";
    /// Datagrams from port 0, to which nothing can be sent.
    DroppedNoPort = "dropped", "reason", "no_port";
    /// Replies that the kernel did not take.
    DroppedSend = "dropped", "reason", "send";
    /// Receiving that failed.
    ReceiveErrors = "receive_errors", "", "";
    /// Workers and connections that panicked; each worker was started again.
    Restarts = "restarts", "", "";
    /// TCP connections that were taken.
    Accepted = "connections", "event", "accepted";
    /// Times that no connection could be taken, for want of file descriptors or memory.
    AcceptErrors = "connections", "event", "accept_error";
    /// Connections that their client ended.
    ClosedByClient = "connections", "event", "closed_by_client";
    /// Connections closed because the server stops.
    ClosedByStop = "connections", "event", "closed_by_stop";
    /// Connections closed because they were idle for too long.
    ClosedIdle = "connections", "event", "closed_idle";
    /// Connections closed because a message took too long to come, or replies to go.
    ClosedSlow = "connections", "event", "closed_slow";
    /// Connections closed to make room for others.
    ClosedForRoom = "connections", "event", "closed_for_room";
    /// Connections closed because they broke, or sent a frame without a message.
    ClosedBroken = "connections", "event", "closed_broken";
}

const COUNTS: usize = Count::ALL.len();

/// The lanes of all workers, and behind them the one that whoever else counts shares.
#[derive(Debug)]
pub struct Counters {
    lanes: Box<[Lane]>,
}

/// Counters that share no cache line with others: two lines wide, as processors fetch lines in pairs.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Lane {
    /// Any thread may add, and not one alone.
    is_shared: bool,
    counts: [AtomicU64; COUNTS],
}

/// The sum of all lanes at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    counts: [u64; COUNTS],
}

impl Counters {
    /// A lane for each worker, and the shared one.
    pub(crate) fn new(workers: usize) -> Self {
        Self { lanes: (0..=workers).map(|nth| Lane::new(nth == workers)).collect() }
    }

    /// Those of a program that answers no questions.
    #[must_use]
    pub fn none() -> Self {
        Self::new(0)
    }

    /// The sum of all lanes. Counts that belong together may differ by what is under way.
    #[must_use]
    pub fn sum(&self) -> Totals {
        let mut counts = [0; COUNTS];
        for lane in &self.lanes {
            for (sum, count) in counts.iter_mut().zip(&lane.counts) {
                *sum += count.load(Ordering::Relaxed);
            }
        }
        Totals { counts }
    }

    /// The lane of one worker, for its thread alone: what two threads add to it may be lost.
    pub(crate) fn lane(&self, worker: usize) -> &Lane {
        self.lanes.get(worker).unwrap_or_else(|| self.shared_lane())
    }

    /// The lane of all that are no such worker.
    pub(crate) fn shared_lane(&self) -> &Lane {
        self.lanes.last().expect("the shared lane is always there")
    }
}

impl Lane {
    fn new(is_shared: bool) -> Self {
        Self { is_shared, counts: [const { AtomicU64::new(0) }; COUNTS] }
    }

    /// Adds one.
    #[inline]
    pub(crate) fn add(&self, count: Count) {
        self.add_many(count, 1);
    }

    /// Adds a number.
    #[inline]
    pub(crate) fn add_many(&self, count: Count, number: u64) {
        let Some(counter) = self.counts.get(count as usize) else { return };
        if self.is_shared {
            counter.fetch_add(number, Ordering::Relaxed);
        } else {
            counter.store(counter.load(Ordering::Relaxed).wrapping_add(number), Ordering::Relaxed);
        }
    }
}

impl Totals {
    /// One of them.
    #[must_use]
    pub fn get(&self, count: Count) -> u64 {
        self.counts.get(count as usize).copied().unwrap_or(0)
    }

    /// All of them, in the order of [`Count::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Count, u64)> {
        Count::ALL.iter().copied().zip(self.counts)
    }

    /// The sum of all that belong to one metric: `queries`, `answers`, `dropped`.
    #[must_use]
    pub fn of_metric(&self, metric: &str) -> u64 {
        self.iter().filter(|(count, _)| count.metric().0 == metric).map(|(_, value)| value).sum()
    }
}

#[cfg(test)]
mod tests;
