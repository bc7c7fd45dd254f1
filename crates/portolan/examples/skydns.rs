//! What a start on an etcd in SkyDNS' layout costs: `skydns URL KEYS STATE`.
//!
//! KEYS keys are written as External-DNS would (one target a name), unless they are there. Then three starts: without a
//! state, until every name is answered; and twice with one, the first of which writes it, until the last good state is
//! answered and until the keys were read again. Each is in this process, without sockets.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use portolan::clock;
use portolan::clusters::Holds;
use portolan::engine::{Engine, SharedEngine};
use portolan::etcd::Etcd;
use portolan::skydns::{Config, SkyDns};
use portolan_core::Name;
use portolan_store::kv::{Kv, OPERATIONS_MAX, Operation, Span, Transaction};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Transactions at once.
const WRITES_AT_ONCE: usize = 16;
/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(600);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(5);

fn main() -> Result<()> {
    let usage = "usage: skydns URL KEYS STATE";
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().context(usage)?;
    let keys: usize = arguments.next().context(usage)?.parse().context(usage)?;
    let state = arguments.next().context(usage)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let etcd = Etcd { members: vec![url], ..Etcd::default() };
    let config = Config { etcd: etcd.clone(), zones: vec!["keys.example".parse()?], ..Config::default() };

    let begun = Instant::now();
    runtime.block_on(fill(etcd.client(0)?.as_ref(), keys))?;
    println!("{keys} keys are there after {:.1?}", begun.elapsed());
    start("without a state", &config, None, keys)?;
    start("that writes a state", &config, Some(Path::new(&state)), keys)?;
    start("from the last good state", &config, Some(Path::new(&state)), keys)
}

async fn fill(kv: &dyn Kv, keys: usize) -> Result<()> {
    let last = key(keys - 1);
    if !kv.range(Span::key(&last), None, 1).await?.pairs.is_empty() {
        return Ok(());
    }
    let numbers: Vec<usize> = (0..keys).collect();
    let write = |numbers: &[usize]| {
        let put = |nth: &usize| Operation::Put(key(*nth), value(*nth));
        let transaction =
            Transaction { operations: numbers.iter().map(put).collect(), ..Transaction::default() };
        async move { kv.transact(transaction).await.map(drop) }
    };
    let writes: Vec<_> = numbers.chunks(OPERATIONS_MAX).map(write).collect();
    Ok(stream::iter(writes).buffer_unordered(WRITES_AT_ONCE).try_collect().await?)
}

fn key(nth: usize) -> Vec<u8> {
    format!("/skydns/example/keys/n{nth}/{nth:08x}").into_bytes()
}

fn value(nth: usize) -> Vec<u8> {
    let [_, a, b, c] = u32::try_from(nth).unwrap_or(0).to_be_bytes();
    format!(r#"{{"host":"10.{a}.{b}.{c}","ttl":60,"targetstrip":1}}"#).into_bytes()
}

fn start(what: &str, config: &Config, state: Option<&Path>, keys: usize) -> Result<()> {
    let (begun, cpu) = (Instant::now(), cpu());
    let setup = config.setup([]);
    let engine = match state {
        Some(state) => Engine::open(state, clock::now())?,
        None => Engine::new(clock::now()),
    };
    let mut engine = engine.with_keys(&setup);
    engine.resume(clock::now());
    let answering = begun.elapsed();
    let had = engine.fleet().names.len();
    let engine = SharedEngine::new(engine);
    let holds = Arc::new(Holds::default());
    let followed = SkyDns::start(&config.etcd, setup, &engine, &holds, state, true)?;
    let is_read = || engine.lock().keys_state().is_some_and(|state| state.is_read);
    while !is_read() || !engine.lock().snapshot().complete {
        ensure!(begun.elapsed() < PATIENCE, "it is not read");
        #[expect(
            clippy::disallowed_methods,
            reason = "the engine tells nobody when it is done; it is looked at"
        )]
        std::thread::sleep(LOOK);
    }
    let read = begun.elapsed();
    let last: Name = format!("n{}.keys.example", keys - 1).parse()?;
    ensure!(engine.lock().snapshot().records(last.borrowed()).is_some(), "the last name is answered");
    println!(
        "a start {what}: {had} names after {answering:.2?}, all keys after {read:.2?}; {:.1} s of CPU, {} MiB at most",
        cpu_since(cpu),
        peak_mib()
    );
    drop(followed);
    engine.lock().close()
}

/// Of this process, in clock ticks of the kernel: a hundred a second.
fn cpu() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    [11, 12].iter().filter_map(|at| fields.get(*at)?.parse::<u64>().ok()).sum()
}

fn cpu_since(before: u64) -> f64 {
    (cpu() - before) as f64 / 100.0
}

fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).map_or(0, |kib| kib / 1024)
}
