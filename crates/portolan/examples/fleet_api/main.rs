//! What a fleet on API servers costs the program: `fleet_api --program PATH [--clusters 200] [--services 5000]`.
//!
//! The program runs as it would anywhere; the API servers are scripted ones in this process, over loopback HTTP,
//! which send bytes that were made before. So the CPU and the memory that are printed are the program's alone:
//!
//! 1. *Full state*: until everything was sent and the program is at rest again.
//! 2. *Idle*: the requests that API servers get in a minute, and what it costs.
//! 3. *One change*: an endpoint of one cluster turns unready and ready again.
//! 4. *Watches*: the same clusters with nothing in them, against one of them.
//!
//! With `--statuses COUNT` it is something else: so many intents on one real API server, with priority and fairness
//! on, and how long it takes until each has its status.
//!
//! With `--flips COUNT` it is the time from an endpoint's readiness, on two real API servers, to the changed answer.
//!
//! It prints figures and asserts nothing: they are of the machine that it runs on.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Parser;

use bytes::Size;
use fakes::Fakes;
use program::{Program, Usage};

mod bytes;
mod fakes;
mod flips;
mod program;
mod real;
mod statuses;

/// How long nothing may have happened for the program to be at rest.
const REST: Duration = Duration::from_secs(3);
/// Less CPU than this in a second is rest: probes and watches go on.
const REST_SHARE: f64 = 0.03;
/// How long it may take to come to rest.
const PATIENCE: Duration = Duration::from_secs(1_800);
/// How long idle traffic is counted.
const IDLE: Duration = Duration::from_secs(60);
/// Time between two changes: each is a batch of its own.
const BETWEEN: Duration = Duration::from_millis(100);

/// What a fleet on API servers costs the program.
#[derive(Parser)]
struct Args {
    /// The program, built for release.
    #[arg(long)]
    program: PathBuf,
    /// Clusters, of which the first is the hub.
    #[arg(long, default_value_t = 200)]
    clusters: usize,
    /// Services of each cluster, and as many EndpointSlices.
    #[arg(long, default_value_t = 5_000)]
    services: usize,
    /// Names: GlobalNames of the hub, each of one Service in every cluster.
    #[arg(long, default_value_t = 1_000)]
    names: usize,
    /// Changes that are measured.
    #[arg(long, default_value_t = 200)]
    changes: usize,
    /// Measures the statuses of so many intents on a real API server, and nothing else.
    #[arg(long)]
    statuses: Option<usize>,
    /// Measures so many flips of an endpoint on two real API servers, and nothing else.
    #[arg(long)]
    flips: Option<usize>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    if let Some(count) = args.statuses {
        return statuses::measure(&args.program, count).await;
    }
    if let Some(count) = args.flips {
        return flips::measure(&args.program, count).await;
    }
    let size = Size { clusters: args.clusters, services: args.services, names: args.names };
    let (octets, objects) = (size.octets(), size.objects());
    println!("{size}: {objects} objects, {:.0} MiB in all", octets as f64 / f64::from(1 << 20));
    whole(&args, size).await?;
    println!("watches: {:.1} KiB each", watches(&args).await? / 1024.0);
    Ok(())
}

/// Full state, idle, changes.
async fn whole(args: &Args, size: Size) -> Result<()> {
    let fakes = Fakes::start(size).await?;
    let program = Program::start(&args.program, &fakes.kubeconfig()?);
    let began = Instant::now();
    let full = at_rest(&program, &fakes).await?;
    println!(
        "full state: {:.1} s of CPU, {:.1} s, RSS {} MiB (at most {} MiB)",
        full.cpu.as_secs_f64(),
        began.elapsed().saturating_sub(REST).as_secs_f64(),
        full.resident_mib,
        full.resident_max_mib
    );

    let (asked, before) = (fakes.requests(), program.usage()?);
    tokio::time::sleep(IDLE).await;
    let idle = program.usage()?.cpu.saturating_sub(before.cpu);
    let requests = (fakes.requests() - asked) as f64 / IDLE.as_secs_f64() / size.clusters as f64;
    println!(
        "idle: {requests:.3} requests a second and cluster, {:.1} ms of CPU a second",
        idle.as_secs_f64() * 1e3 / IDLE.as_secs_f64()
    );

    let before = program.usage()?;
    let began = Instant::now();
    for change in 0..args.changes {
        fakes.change(change)?;
        tokio::time::sleep(BETWEEN).await;
    }
    tokio::time::sleep(BETWEEN * 5).await;
    let share = idle.mul_f64(began.elapsed().as_secs_f64() / IDLE.as_secs_f64());
    let spent = program.usage()?.cpu.saturating_sub(before.cpu).saturating_sub(share);
    let each = spent.as_secs_f64() * 1e3 / args.changes.max(1) as f64;
    println!("one change: {each:.2} ms of CPU, of {} ({} statuses written)", args.changes, fakes.writes());
    Ok(())
}

/// Octets of memory that a watch of nothing costs.
async fn watches(args: &Args) -> Result<f64> {
    let mut figures = Vec::new();
    for clusters in [1, args.clusters.max(2)] {
        let fakes = Fakes::start(Size { clusters, services: 0, names: 0 }).await?;
        let program = Program::start(&args.program, &fakes.kubeconfig()?);
        let usage = at_rest(&program, &fakes).await?;
        figures.push((usage.resident_mib, fakes.watches()));
    }
    let [(one, few), (all, many)] = figures.try_into().ok().context("there are two")?;
    Ok((all - one) as f64 * f64::from(1 << 20) / (many - few).max(1) as f64)
}

/// Waits until every list was sent and nothing happens any more; what that took.
async fn at_rest(program: &Program, fakes: &Arc<Fakes>) -> Result<Usage> {
    let began = Instant::now();
    let mut before = program.usage()?;
    let mut quiet = Duration::ZERO;
    while quiet < REST {
        anyhow::ensure!(began.elapsed() < PATIENCE, "the program does not come to rest");
        tokio::time::sleep(Duration::from_secs(1)).await;
        let now = program.usage()?;
        let share = now.cpu.saturating_sub(before.cpu).as_secs_f64();
        quiet = if fakes.all_sent() && share < REST_SHARE {
            quiet + Duration::from_secs(1)
        } else {
            Duration::ZERO
        };
        before = now;
    }
    Ok(before)
}
