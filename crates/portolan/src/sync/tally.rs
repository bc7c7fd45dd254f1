//! What publishers count, for `/metrics`: by publisher, and by zone where a filter names zones.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use portolan_core::Name;
use portolan_sync::StepOutcome;
use portolan_sync::publisher::Round;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::desk::Desk;
use crate::clusters::Leader;

/// What one publisher counts.
#[derive(Debug)]
pub struct Tally {
    publisher: String,
    /// The domains that its filter names; what is in none is counted by an empty one.
    zones: Vec<(Name, String)>,
    desk: Arc<Desk>,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    /// Names that were to change, by zone and by what became of them.
    names: BTreeMap<(String, &'static str), u64>,
    whole: u64,
    partial: u64,
    failed: u64,
    /// When all was last as it should be, in seconds since 1970.
    converged_at: i64,
    /// How long the last round took.
    took: Duration,
    held: u64,
    refused: u64,
}

impl Tally {
    /// One for a publisher with a filter that names these domains.
    #[must_use]
    pub fn new(publisher: &str, zones: &[String], desk: Arc<Desk>) -> Self {
        let name = |zone: &String| zone.trim_start_matches('.').parse::<Name>().ok();
        let zones = zones.iter().filter_map(|zone| name(zone).map(|name| (name.clone(), name.to_dotless())));
        let mut zones: Vec<(Name, String)> = zones.collect();
        // The deepest that a name is in counts.
        zones.sort_by_key(|(name, _)| std::cmp::Reverse(name.borrowed().labels().count()));
        Self { publisher: publisher.to_owned(), zones, desk, counts: Mutex::default() }
    }

    /// A round has ended.
    pub(super) fn round(&self, round: &Round, is_whole: bool, took: Duration, now: i64) {
        let mut counts = self.lock();
        *if is_whole { &mut counts.whole } else { &mut counts.partial } += 1;
        counts.took = took;
        for (name, outcome) in &round.outcomes {
            let outcome = match outcome {
                StepOutcome::Done => "done",
                StepOutcome::Lost => "lost",
                StepOutcome::Refused(_) => "refused",
                StepOutcome::Failed(_) => "failed",
            };
            *counts.names.entry((self.zone(name), outcome)).or_default() += 1;
        }
        if is_whole {
            counts.held = round.plan.hold.as_ref().map_or(0, |hold| to_u64(hold.names.len()));
            counts.refused = to_u64(round.problems.told.len() + round.problems.untold);
        }
        if round.is_converged() {
            counts.converged_at = now;
        }
    }

    /// The DNS could not be read.
    pub(super) fn failed(&self) {
        self.lock().failed += 1;
    }

    fn zone(&self, name: &Name) -> String {
        let is_in = |(zone, _): &&(Name, String)| name.borrowed().is_at_or_below(zone.borrowed());
        self.zones.iter().find(is_in).map_or(String::new(), |(_, zone)| zone.clone())
    }

    fn wanted(&self) -> BTreeMap<String, u64> {
        let mut wanted: BTreeMap<String, u64> = BTreeMap::new();
        self.desk.count(|set| *wanted.entry(self.zone(&set.set.name)).or_default() += 1);
        wanted
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes the metrics of publishers.
///
/// # Errors
/// When a number cannot be written as text, which nothing leads to.
pub fn encode(tallies: &[Arc<Tally>], encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let one = |encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: fn(&Counts) -> u64| {
        let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for tally in tallies {
            let value = value(&tally.lock());
            metric.encode_family(&[("publisher", &*tally.publisher)])?.encode_gauge(&value)?;
        }
        Ok(())
    };
    let help = "Names that a publisher holds because they look like a loss";
    one(encoder, "sync_held_names", help, |counts| counts.held)?;
    let help = "What of what is wanted a publisher's last whole round found to be wrong";
    one(encoder, "sync_problems", help, |counts| counts.refused)?;
    let help = "When all was last published, in seconds since 1970; 0 for never";
    one(encoder, "sync_converged_timestamp_seconds", help, |counts| {
        u64::try_from(counts.converged_at).unwrap_or(0)
    })?;
    let help = "How long a publisher's last round took, in milliseconds";
    one(encoder, "sync_round_milliseconds", help, |counts| {
        u64::try_from(counts.took.as_millis()).unwrap_or(u64::MAX)
    })?;

    let help = "Record sets that are wanted";
    let mut metric = encoder.encode_descriptor("sync_wanted_sets", help, None, MetricType::Gauge)?;
    for tally in tallies {
        for (zone, count) in tally.wanted() {
            let labels = [("publisher", &*tally.publisher), ("zone", &*zone)];
            metric.encode_family(&labels)?.encode_gauge(&count)?;
        }
    }
    let help = "Names that were to change, by what became of that";
    let mut metric = encoder.encode_descriptor("sync_names", help, None, MetricType::Counter)?;
    for tally in tallies {
        let names = tally.lock().names.clone();
        for ((zone, outcome), count) in names {
            let labels = [("publisher", &*tally.publisher), ("zone", &*zone), ("outcome", outcome)];
            metric.encode_family(&labels)?.encode_counter::<NoLabelSet, _, f64>(&count, None)?;
        }
    }
    let help = "Rounds of a publisher";
    let mut metric = encoder.encode_descriptor("sync_rounds", help, None, MetricType::Counter)?;
    for tally in tallies {
        let (whole, partial, failed) = {
            let counts = tally.lock();
            (counts.whole, counts.partial, counts.failed)
        };
        for (kind, count) in [("whole", whole), ("partial", partial), ("failed", failed)] {
            let labels = [("publisher", &*tally.publisher), ("kind", kind)];
            metric.encode_family(&labels)?.encode_counter::<NoLabelSet, _, f64>(&count, None)?;
        }
    }
    Ok(())
}

/// The publishers' metrics alone, and who leads where somebody is elected, as OpenMetrics text.
///
/// # Errors
/// As [`encode`].
pub fn render(tallies: Vec<Arc<Tally>>, leader: Option<Leader>) -> Result<String, fmt::Error> {
    #[derive(Debug)]
    struct Alone(Vec<Arc<Tally>>, Option<Leader>);
    impl Collector for Alone {
        fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
            encode(&self.0, &mut encoder)?;
            self.1.as_ref().map_or(Ok(()), |leader| leader.encode(&mut encoder))
        }
    }
    let mut registry = Registry::with_prefix("portolan");
    registry.register_collector(Box::new(Alone(tallies, leader)));
    let mut written = String::new();
    text::encode(&mut written, &registry)?;
    Ok(written)
}

fn to_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
