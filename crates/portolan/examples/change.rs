//! What one change costs in a fleet of a last good state, from the fact to the changed answer: `change FILE [ROUNDS]`.
//!
//! One endpoint turns unready and ready again; then a cluster is drained and brought back. Each is committed,
//! compiled, published, and looked up in the snapshot that a worker would take; the file is not written to.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use portolan_core::answer::project;
use portolan_core::cluster::{Cluster, ClusterState};
use portolan_core::compile::compile;
use portolan_core::fleet::{Evidence, Fact};
use portolan_core::{ClusterName, Name, Snapshot};
use portolan_serve::Published;
use portolan_store::Store;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<()> {
    let file = std::env::args().nth(1).context("usage: change FILE [ROUNDS]")?;
    let rounds: usize = std::env::args().nth(2).map_or(Ok(1_000), |text| text.parse())?;
    let loaded = portolan_store::file::load(Path::new(&file), 0).context("the file is no state")?;
    let fleet = loaded.0.state.fleet;
    let mut bench = Bench { store: Store::in_memory(0), published: Published::new(Snapshot::new(1)) };
    let clusters =
        fleet.clusters.iter().map(|(name, cluster)| Fact::Cluster(name.clone(), Some(cluster.clone())));
    let zones = fleet.zones.iter().map(|(apex, zone)| Fact::Zone(apex.clone(), Some(zone.clone())));
    let names = fleet.names.iter().map(|(name, facts)| Fact::Name(name.to_name(), Some(facts.to_facts())));
    bench.commit(clusters.chain(zones).chain(names).collect());
    let names: Vec<Name> = fleet.names.sample(rounds / 2).map(|(name, _)| name.to_name()).collect();
    println!("{} names, {} changed", fleet.names.len(), names.len());

    let mut times = Vec::new();
    for name in names.iter().cycle().take(rounds) {
        let mut facts = bench.store.fleet().names.get(name.borrowed()).context("it is there")?.to_facts();
        let first = facts.endpoints.first_mut().context("it has an endpoint")?;
        first.evidence = if first.evidence == Evidence::Ready { Evidence::NotReady } else { Evidence::Ready };
        let is_up = first.evidence == Evidence::Ready;
        let begun = Instant::now();
        bench.commit(vec![Fact::Name(name.clone(), Some(facts))]);
        let snapshot = bench.published.current();
        let records = snapshot.records(name.borrowed()).context("it is answered")?;
        ensure!(snapshot.is_up(records, 0) == is_up, "the answer is the changed one");
        std::hint::black_box(project(&snapshot, name.borrowed()));
        times.push(begun.elapsed());
    }
    report("one endpoint", times);

    let cluster = ClusterName::from("eu-1");
    let probe = names.first().context("there is a name")?;
    let mut times = Vec::new();
    for round in 0..rounds {
        let known = bench.store.fleet().clusters.get(&cluster).cloned().unwrap_or_default();
        let state = if round % 2 == 0 { ClusterState::Draining } else { ClusterState::Active };
        let begun = Instant::now();
        bench.commit(vec![Fact::Cluster(cluster.clone(), Some(Cluster { state, ..known }))]);
        std::hint::black_box(project(&bench.published.current(), probe.borrowed()));
        times.push(begun.elapsed());
    }
    report("drain a cluster", times);
    Ok(())
}

struct Bench {
    store: Store,
    published: Published,
}

impl Bench {
    /// As the engine does it.
    fn commit(&mut self, facts: Vec<Fact>) {
        let (touched, revision) = self.store.commit(facts);
        let before = self.published.current();
        let compiled = compile(self.store.fleet(), &before, &touched);
        let mut next = before.publish(compiled, self.store.serials(), revision);
        next.complete = true;
        self.published.publish(next);
    }
}

fn report(what: &str, mut times: Vec<std::time::Duration>) {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1e6;
    println!("{what}: p50 {:.0} us, p99 {:.0} us, max {:.0} us", at(50), at(99), at(100));
}
