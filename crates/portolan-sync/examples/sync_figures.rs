//! Figures of publishing to etcd: `cargo run --release -p portolan-sync --example sync_figures [NAMES]`.
//!
//! Three real members on loopback. What is measured is said beside each figure; CPU is this process' own.
#![allow(clippy::unwrap_used, reason = "figures, by hand")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portolan_core::plan::{
    Desired, Gone, Labels, Options as PlanOptions, Owner, RecordSet, SyncPolicy, Wanted,
};
use portolan_core::record::{RecordType, Target};
use portolan_core::registry::Registry;
use portolan_core::{Name, plan};
use portolan_store::kv::etcd::{Etcd as EtcdKv, Options as KvOptions};
use portolan_store::kv::{Kv, Span};
use portolan_store::skydns::Layout;
use portolan_sync::Publisher;
use portolan_sync::etcd::{Etcd, Options};
use portolan_testbed::EtcdCluster;

const NAMES: usize = 100_000;
const UPDATES: usize = 1_000;
const WHOLE_ROUNDS: u32 = 5;

#[tokio::main]
async fn main() {
    let names = std::env::args().nth(1).map_or(NAMES, |text| text.parse().unwrap());
    let Some(cluster) = EtcdCluster::start("sync-figures") else { return };
    let kv = Arc::new(EtcdKv::new(KvOptions::new(cluster.urls())).unwrap());
    let owner = Owner::new("figures").unwrap();
    let layout = Layout::default();
    let provider = Etcd::new(
        kv.clone(),
        "etcd",
        Options { layout: layout.clone(), owner: owner.clone(), instance: "here".into(), takes_over: false },
    );
    let mut publisher =
        Publisher::new(Arc::new(provider), Registry::default(), PlanOptions::new(owner, SyncPolicy::Sync));
    publisher.claim().await.unwrap();
    let all: Vec<Wanted> = (0..names).map(|n| wanted(n, 1)).collect();

    let (begin, cpu) = (Instant::now(), cpu());
    let round = publisher.round(desired(all.clone()), false).await.unwrap();
    assert!(round.is_converged(), "{:?}", round.problems);
    println!("first sync of {names} names: {:.1?}, {:.1?} of our CPU", begin.elapsed(), self::cpu() - cpu);

    let (begin, cpu) = (Instant::now(), self::cpu());
    let revision = kv.range(layout.span(), None, 1).await.unwrap().revision;
    for _ in 0..WHOLE_ROUNDS {
        let round = publisher.round(desired(all.clone()), false).await.unwrap();
        assert!(round.outcomes.is_empty());
    }
    let writes = kv.range(layout.span(), None, 1).await.unwrap().revision - revision;
    println!(
        "whole round without a change: {:.2?}, {:.2?} of our CPU, {writes} writes (once in ten minutes: {:.2} % of a core)",
        begin.elapsed() / WHOLE_ROUNDS,
        (self::cpu() - cpu) / WHOLE_ROUNDS,
        (self::cpu() - cpu).as_secs_f64() / f64::from(WHOLE_ROUNDS) / 6.0,
    );

    let keys = count(&*kv, &layout).await;
    let touched: BTreeSet<Name> = [name(7)].into();
    let mut times = Vec::new();
    let cpu = self::cpu();
    for n in 0..UPDATES {
        let begin = Instant::now();
        let round =
            publisher.round_of(&touched, desired(vec![wanted(7, u8::try_from(n % 200).unwrap() + 2)])).await;
        assert!(round.unwrap().unwrap().is_converged());
        times.push(begin.elapsed());
    }
    times.sort();
    println!(
        "one name of {names} changes: p50 {:.2?}, p99 {:.2?}, {:.0?} of our CPU each",
        times[UPDATES / 2],
        times[UPDATES * 99 / 100],
        (self::cpu() - cpu) / u32::try_from(UPDATES).unwrap(),
    );
    let left = count(&*kv, &layout).await - keys;
    let round = publisher.round_of(&touched, desired(Vec::new())).await.unwrap().unwrap();
    assert!(round.is_converged());
    // Of a name there are two keys: its target's and its mark's.
    println!(
        "keys left after {UPDATES} updates: {left}; and after its delete: {}",
        count(&*kv, &layout).await + 2 - keys
    );

    plan_alone(&desired(all));
}

/// How long the plan of it takes, without anything to read or to write.
fn plan_alone(wish: &Desired) {
    let sets: Vec<portolan_core::plan::Found> = Vec::new();
    let current = portolan_core::plan::Current { sets, applied: None };
    let options = PlanOptions::new(Owner::new("figures").unwrap(), SyncPolicy::Sync);
    let begin = Instant::now();
    let made =
        plan::plan(&current, wish, portolan_core::plan::PlanNumber { epoch: 1, revision: 1 }, &options);
    println!("plan of {} names alone: {:.2?}", made.changes.len(), begin.elapsed());
}

fn name(n: usize) -> Name {
    format!("n{n}.s{}.example.org", n % 100).parse().unwrap()
}

fn wanted(n: usize, last: u8) -> Wanted {
    let targets = [Target::Address([192, 0, 2, last].into())].into_iter().collect();
    let set = RecordSet::new(name(n), RecordType::A, targets, None);
    Wanted { set, resource: format!("crd/shop/n{n}").into(), labels: Labels::new() }
}

fn desired(sets: Vec<Wanted>) -> Desired {
    let gone = Gone { resources: ["crd/shop/n7".into()].into(), ..Gone::default() };
    Desired { sets, stays: [].into(), gone, is_whole: true }
}

async fn count(kv: &dyn Kv, layout: &Layout) -> usize {
    let (mut span, mut count): (Span, usize) = (layout.span(), 0);
    loop {
        let page = kv.range(span.clone(), None, 10_000).await.unwrap();
        count += page.pairs.len();
        match page.pairs.last().filter(|_| page.more) {
            Some(last) => span.from = Span::key(&last.key).to,
            None => return count,
        }
    }
}

/// What this process has used, in user and system mode.
fn cpu() -> Duration {
    /// Clock ticks of a second (`sysconf(_SC_CLK_TCK)`, which is 100 on Linux).
    const TICKS: u64 = 100;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: u64 = [11, 12].iter().map(|at| fields[*at].parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 1_000 / TICKS)
}
