//! Whether a write may start now, and how long it may take.

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use portolan_kube::lease::{Held, Tick};
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::clock;

/// What a request needs at the least; with less left, none starts.
const REQUEST_MIN: Duration = Duration::from_millis(200);

/// Which time with the Lease: what was computed in one is not written in another. Of an open gate always the same.
pub type Term = u32;

/// Stands before every write.
#[derive(Clone, Debug)]
pub struct Gate(Option<watch::Receiver<Standing>>);

/// How the Lease stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) held: Option<Held>,
    pub(super) leader: Leader,
}

/// Who leads, as this process sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Leader {
    /// The Lease, as `NAMESPACE/NAME`.
    pub lease: String,
    /// What this process is called there.
    pub me: String,
    /// Who holds it; empty while nobody does, or nothing is known.
    pub holder: String,
    /// Since when, in seconds since 1970 by the holder's clock; none while nobody does.
    pub since: Option<i64>,
    /// How often it has changed hands.
    pub transitions: u32,
    /// Why it cannot be looked at or renewed; none while it can.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trouble: Option<String>,
    /// True while this process may write. Of what the Lease says this is not known: it may be past its time.
    pub is_me: bool,
}

impl Leader {
    /// Writes who leads as metrics.
    ///
    /// # Errors
    /// When a number cannot be written as text, which nothing leads to.
    pub fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let mut gauge = |name: &str, help: &str, value: u64| {
            encoder.encode_descriptor(name, help, None, MetricType::Gauge)?.encode_gauge(&value)
        };
        gauge("leader", "1 while this process holds the Lease, and writes", u64::from(self.is_me))?;
        let since = self.since.and_then(|since| u64::try_from(since).ok()).unwrap_or(0);
        let help = "Since when the Lease is in the same hands, in seconds since 1970 by its holder's clock; 0 for nobody's";
        gauge("lease_since_timestamp_seconds", help, since)?;
        gauge("lease_transitions", "How often the Lease has changed hands", u64::from(self.transitions))?;
        let help = "1 while the Lease can be looked at and renewed";
        gauge("lease_reached", help, u64::from(self.trouble.is_none()))?;
        let who = [("lease", &*self.lease), ("holder", &*self.holder), ("me", &*self.me)];
        encoder
            .encode_descriptor("lease_holder", "Who holds the Lease", None, MetricType::Info)?
            .encode_info(&who)
    }
}

impl Gate {
    /// One that is always open: of a process that elects nobody.
    #[must_use]
    pub const fn always_open() -> Self {
        Self(None)
    }

    pub(super) fn of(standing: watch::Receiver<Standing>) -> Self {
        Self(Some(standing))
    }

    /// True where somebody is elected.
    #[must_use]
    pub fn elects(&self) -> bool {
        self.0.is_some()
    }

    /// The term in which may be written now; none while that is not ours to do.
    #[must_use]
    pub fn term(&self) -> Option<Term> {
        let Some(standing) = &self.0 else { return Some(0) };
        let held = standing.borrow().held?;
        (left(held, clock::steady()) >= REQUEST_MIN).then_some(held.term)
    }

    /// How long a request may take that was computed in a term, at most so long; none when it may not be sent. To be asked
    /// right before it is.
    #[must_use]
    pub fn time(&self, term: Term, most: Duration) -> Option<Duration> {
        let Some(standing) = &self.0 else { return Some(most) };
        let held = standing.borrow().held.filter(|held| held.term == term)?;
        let left = left(held, clock::steady());
        (left >= REQUEST_MIN).then_some(left.min(most))
    }

    /// Waits until it is open.
    pub(crate) async fn opened(&self) -> Term {
        let mut standing = self.0.clone();
        loop {
            if let Some(term) = self.term() {
                return term;
            }
            let Some(standing) = &mut standing else { continue };
            if standing.changed().await.is_err() {
                // Whoever elects is gone, and with it any hope.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Does some work for as long as the term is ours: none when that ended first, and what is under way is left. The
    /// clock is asked each time before the work goes on.
    pub(crate) async fn during<T>(&self, term: Term, work: impl Future<Output = T>) -> Option<T> {
        let (mut work, mut closed) = (pin!(work), pin!(self.closed(term)));
        poll_fn(|context| {
            if self.time(term, Duration::MAX).is_none() || closed.as_mut().poll(context).is_ready() {
                return Poll::Ready(None);
            }
            work.as_mut().poll(context).map(Some)
        })
        .await
    }

    /// Waits until a term is over.
    pub(crate) async fn closed(&self, term: Term) {
        let Some(mut standing) = self.0.clone() else { return std::future::pending().await };
        while let Some(left) = self.time(term, Duration::MAX) {
            // Another renewal, or the end of this one.
            tokio::select! {
                () = sleep(left.saturating_sub(REQUEST_MIN)) => {}
                Ok(()) = standing.changed() => {}
            }
        }
    }

    /// Who leads; none where nobody is elected.
    #[must_use]
    pub fn leader(&self) -> Option<Leader> {
        let leader = self.0.as_ref()?.borrow().leader.clone();
        Some(Leader { is_me: self.term().is_some(), ..leader })
    }
}

fn left(held: Held, now: Tick) -> Duration {
    held.until.saturating_sub(now)
}
