//! How long a start from a last good state takes, phase by phase, and what it keeps: `start FILE`.
//!
//! The file is copied first, as a start adds to it and waits until that is on the disk; the copy is there by then. What
//! is printed is wall time, live memory of this process (`VmRSS`), and its peak (`VmHWM`).

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};
use portolan::engine::Engine;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// When it starts, in seconds since 1970.
const NOW: i64 = 1_800_000_000;

fn main() -> Result<()> {
    let file = std::env::args().nth(1).context("usage: start FILE")?;
    let copy = format!("{file}.copy");
    std::fs::copy(&file, &copy).context("cannot copy the file")?;
    let synced = std::fs::File::open(&copy).and_then(|copy| copy.sync_all());
    synced.context("cannot sync the copy")?;
    let begun = Instant::now();
    let loaded = portolan_store::file::load(Path::new(&copy), 0).context("the file is no state")?;
    println!("read           {:>6.0} ms  {}", millis(begun), memory()?);
    let fleet = loaded.0.state.fleet;
    let octets: usize = fleet.names.octets().map(<[u8]>::len).sum();
    println!("facts          {:>6.1} octets a name", octets as f64 / fleet.names.len() as f64);
    drop(fleet);
    println!("dropped        {:>6.0} ms  {}", millis(begun), memory()?);
    let begun = Instant::now();
    let mut engine = Engine::open(Path::new(&copy), NOW)?;
    engine.resume(NOW);
    println!("open           {:>6.0} ms  {}", millis(begun), memory()?);
    let snapshot = engine.snapshot();
    let serials: Vec<String> =
        snapshot.zones().map(|zone| format!("{} {}", zone.apex, zone.serial)).collect();
    println!("{} names, {}", engine.fleet().names.len(), serials.join(", "));
    #[expect(
        clippy::disallowed_methods,
        reason = "the writer comes round half a second later, and rests then"
    )]
    std::thread::sleep(std::time::Duration::from_secs(3));
    println!("three seconds later      {}", memory()?);
    Ok(())
}

fn millis(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1e3
}

fn memory() -> Result<String> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = |key: &str| {
        status.lines().find(|line| line.starts_with(key)).map(|line| line.trim().replace('\t', " "))
    };
    Ok([line("VmRSS"), line("VmHWM")].into_iter().flatten().collect::<Vec<_>>().join(", "))
}
