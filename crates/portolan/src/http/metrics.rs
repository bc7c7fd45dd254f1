//! The metrics, as OpenMetrics text.
//!
//! They are gathered when they are asked for: the workers count for themselves, and what the engine has
//! to say is a look at it. So there is no registry that anybody writes to.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use portolan_core::Reason;
use portolan_serve::Totals;
use portolan_serve::counters::Count;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use crate::clusters::Leader;
use crate::engine::{Gauges, StreamGauges};
use crate::sync::tally::{self, Tally};
use crate::webhook;
use crate::webhook::Tallied;

/// The metrics of one moment.
///
/// # Errors
/// When a number cannot be written as text, which nothing leads to.
pub(super) fn render(
    gauges: Gauges,
    totals: Option<Totals>,
    publishers: Vec<Arc<Tally>>,
    webhook: Option<Arc<webhook::Tally>>,
    leader: Option<Leader>,
) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("portolan");
    registry.register_collector(Box::new(Gathered { gauges, totals, publishers, webhook, leader }));
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

#[derive(Debug)]
struct Gathered {
    gauges: Gauges,
    /// None of a process that answers no questions.
    totals: Option<Totals>,
    publishers: Vec<Arc<Tally>>,
    webhook: Option<Arc<webhook::Tally>>,
    /// None where nobody is elected.
    leader: Option<Leader>,
}

/// What a metric of portolan-serve is called here, and what it counts.
fn described(family: &'static str) -> (&'static str, &'static str) {
    match family {
        "queries" => ("queries", "DNS messages that came"),
        "answers" => ("answers", "DNS replies that were sent"),
        "dropped" => ("dropped", "DNS messages that got no reply"),
        "truncated" => ("truncated", "DNS replies that did not fit into a datagram"),
        "receive_errors" => ("receive_errors", "Times that receiving DNS messages by UDP failed"),
        "connections" => ("connections", "What became of DNS connections over TCP"),
        "restarts" => ("worker_restarts", "DNS workers that panicked and were started again"),
        // One that is new is shown before anybody found words for it; a test asks for them.
        other => (other, UNDESCRIBED),
    }
}

const UNDESCRIBED: &str = "As portolan-serve counts it";

/// Every metric that portolan-serve counts for, once.
fn families() -> impl Iterator<Item = &'static str> {
    let mut seen = BTreeSet::new();
    Count::ALL.iter().map(|count| count.metric().0).filter(move |family| seen.insert(*family))
}

impl Collector for Gathered {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        if let Some(totals) = &self.totals {
            for family in families() {
                counters(totals, &mut encoder, family)?;
            }
        }
        tally::encode(&self.publishers, &mut encoder)?;
        let gauges = &self.gauges;
        let one = |encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64| {
            encoder.encode_descriptor(name, help, None, MetricType::Gauge)?.encode_gauge(&value)
        };
        let age = "Since when the oldest source has not been heard, in seconds; 0 while all are";
        one(&mut encoder, "data_age_seconds", age, gauges.data_age)?;
        one(&mut encoder, "revision", "Revision of the facts; it never goes back", gauges.revision)?;
        let held = gauges.problems.get(&Reason::Held).copied().unwrap_or(0);
        let help = "Resources and clusters whose changes are held back because they look like a loss";
        one(&mut encoder, "holds", help, to_u64(held))?;
        one(&mut encoder, "names", "Names that are offered", to_u64(gauges.names))?;
        let narrow = "Tables of orders whose client subnet scopes are narrower than they need be";
        one(&mut encoder, "narrow_orders", narrow, to_u64(gauges.narrow_orders))?;
        one(&mut encoder, "snapshot_age_seconds", "Age of the published snapshot", gauges.snapshot_age)?;
        if let Some(keys) = &gauges.keys {
            one(&mut encoder, "keys", "Keys of the etcd that are understood", to_u64(keys.keys))?;
            one(&mut encoder, "keys_faulty", "Keys of the etcd that are not", to_u64(keys.faulty))?;
            let regressed = "1 while the etcd is at an older state than it was, and not followed";
            one(&mut encoder, "store_regressed", regressed, u64::from(keys.is_regressed))?;
        }
        if let Some(followers) = gauges.followers {
            one(&mut encoder, "stream_followers", "Processes that follow this one", to_u64(followers))?;
        }
        if let Some(stream) = &gauges.stream {
            followed(&mut encoder, stream)?;
        }
        let panics = "Batches and names that panicked inside; answers stayed as they were";
        single(&mut encoder, "panics", panics, gauges.panics)?;
        let failed = "Writes of the last good state that failed";
        single(&mut encoder, "snapshot_failed", failed, gauges.snapshot_failed)?;
        if let Some(tally) = &self.webhook {
            let help = "Endpoints that the webhook protocol was given and that are held";
            one(&mut encoder, "webhook_records", help, tally.records())?;
            tallied(&mut encoder, tally)?;
        }
        if let Some(leader) = &self.leader {
            leader.encode(&mut encoder)?;
        }
        self.families(&mut encoder)
    }
}

/// The stream that is followed.
fn followed(encoder: &mut DescriptorEncoder<'_>, stream: &StreamGauges) -> fmt::Result {
    let mut one = |name: &str, help: &str, value: u64| {
        encoder.encode_descriptor(name, help, None, MetricType::Gauge)?.encode_gauge(&value)
    };
    let help = "1 while a control replica is reached and followed";
    one("stream_connected", help, u64::from(stream.behind.is_some()))?;
    if let Some(behind) = stream.behind {
        one("stream_behind", "Revisions of the stream that are not answered from yet", behind)?;
    }
    if let Some(lag) = stream.lag {
        one(
            "stream_lag_seconds",
            "Since when what is answered from is behind, in seconds; 0 while it is not",
            lag,
        )?;
    }
    let help = "Since when a cluster was not heard by who is followed, in seconds";
    let mut ages = encoder.encode_descriptor("cluster_data_age_seconds", help, None, MetricType::Gauge)?;
    for (cluster, age) in &stream.ages {
        ages.encode_family(&[("cluster", cluster.to_string())])?.encode_gauge(age)?;
    }
    Ok(())
}

/// One metric of portolan-serve.
fn counters(totals: &Totals, encoder: &mut DescriptorEncoder<'_>, family: &'static str) -> fmt::Result {
    let (name, help) = described(family);
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (count, value) in totals.iter().filter(|(count, _)| count.metric().0 == family) {
        match Count::metric(count) {
            (_, "", _) => metric.encode_counter::<NoLabelSet, _, f64>(&value, None)?,
            (_, label, of) => {
                metric.encode_family(&[(label, of)])?.encode_counter::<NoLabelSet, _, f64>(&value, None)?;
            }
        }
    }
    Ok(())
}

impl Gathered {
    fn families(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Problems of what was read, by reason";
        let mut metric = encoder.encode_descriptor("problems", help, None, MetricType::Gauge)?;
        for reason in REASONS {
            let count = self.gauges.problems.get(&reason).copied().unwrap_or(0);
            metric.encode_family(&[("reason", reason.to_string())])?.encode_gauge(&to_u64(count))?;
        }
        let mut metric =
            encoder.encode_descriptor("clusters", "Clusters by state", None, MetricType::Gauge)?;
        for (state, count) in &self.gauges.clusters {
            metric.encode_family(&[("state", *state)])?.encode_gauge(&to_u64(*count))?;
        }
        let mut metric =
            encoder.encode_descriptor("zone_serial", "SOA serial of a zone", None, MetricType::Gauge)?;
        for (apex, serial) in &self.gauges.serials {
            metric.encode_family(&[("zone", apex.to_dotless())])?.encode_gauge(&u64::from(*serial))?;
        }
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        encoder.encode_descriptor("build", "The program", None, MetricType::Info)?.encode_info(&version)
    }
}

/// What clients of the webhook protocol asked.
fn tallied(encoder: &mut DescriptorEncoder<'_>, tally: &webhook::Tally) -> fmt::Result {
    let families = [
        ("webhook_requests", "result", "Requests of the webhook protocol by what became of them"),
        (
            "webhook_endpoints",
            "result",
            "Endpoints of changes by the webhook protocol, by what became of them",
        ),
    ];
    for (family, label, help) in families {
        let mut metric = encoder.encode_descriptor(family, help, None, MetricType::Counter)?;
        for what in Tallied::ALL.into_iter().filter(|what| what.metric().0 == family) {
            let of = [(label, what.metric().1)];
            metric.encode_family(&of)?.encode_counter::<NoLabelSet, _, f64>(&tally.of(what), None)?;
        }
    }
    Ok(())
}

/// Every reason, so that a series is there before its first problem is.
const REASONS: [Reason; 19] = [
    Reason::Unreadable,
    Reason::Duplicate,
    Reason::UnknownField,
    Reason::Invalid,
    Reason::NotFound,
    Reason::Conflict,
    Reason::NotAdmitted,
    Reason::NoZone,
    Reason::TargetSkipped,
    Reason::TargetSuspect,
    Reason::LimitReached,
    Reason::Incomplete,
    Reason::Silent,
    Reason::Loop,
    Reason::Unauthorized,
    Reason::Unresolved,
    Reason::Kept,
    Reason::Held,
    Reason::Disagreement,
];

fn single(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> fmt::Result {
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    metric.encode_counter::<NoLabelSet, _, f64>(&value, None)
}

fn to_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
