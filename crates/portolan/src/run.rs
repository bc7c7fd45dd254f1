//! `portolan run`: everything wired, from top to bottom.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use portolan_serve::{ServeError, Server};

use crate::clusters::{self, Clusters, Holds, Own, SERVICE_ACCOUNT};
use crate::config::{RunConfig, here};
use crate::control::{self, Control};
use crate::engine::{Engine, Event, SharedEngine, root};
use crate::http::{self, Health};
use crate::nsid::nsid;
use crate::problem::{Refused, chain};
use crate::resolving::Resolving;
use crate::source::{Networks, Watch};
use crate::ticks::Ticks;
use crate::{chance, clock, zones};

/// How long a server that stops goes on answering after `/readyz` says no, where somebody may be asking.
pub const DRAIN: Duration = Duration::from_millis(500);
/// Threads for metrics, health and the control socket.
const ASIDE_THREADS: usize = 1;
/// How long these have to come to an end.
const ASIDE_END: Duration = Duration::from_secs(1);

/// Serves until SIGTERM or SIGINT.
///
/// The order is what makes it safe: a second process fails at the first step, before it has touched
/// anything; answers from the last good state begin before the folder is looked at.
///
/// # Errors
/// When an address cannot be bound, or a file of ours not be used.
#[expect(clippy::needless_pass_by_value, reason = "a server and its configuration end together")]
pub fn run(config: RunConfig) -> anyhow::Result<()> {
    let server = bind(&config)?;
    let addresses = server.addresses();
    let mut engine = begin(config.state.as_deref())?.with_sources(&config.sources);
    engine.keep_balancers(config.load_balancer_grace);
    let published = engine.published();
    let engine = SharedEngine::new(engine);
    let aside = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(ASIDE_THREADS)
        .thread_name("aside")
        .enable_all()
        .build()
        .context("cannot start the threads for metrics and control")?;
    let mut signals = aside.block_on(async { Signals::new() })?;

    // Before the last good state is published: a zone of both has the content that it had. And before anybody
    // asks: what the last good state has is no denial of what a zone file has.
    let zones = zones::Watch::start(&config.zones, engine.clone())?;
    engine.lock().resume(clock::now());
    if !config.has_fleet() {
        // Zone files are all there is, and a name that they lack is denied from the first question on.
        engine.lock().take(vec![Event::Heard(root())], clock::now());
    }
    let running = server.start(&published).context("cannot start to answer")?;
    let health = Health::new(published).with_zones(config.zones.iter().map(|zone| zone.apex.clone()));
    if let Some(address) = config.http {
        let state = http::Asked {
            health: health.clone(),
            engine: engine.clone(),
            counters: running.counters().clone(),
        };
        let bound = aside.block_on(http::serve(address, state))?;
        announce(&format!("metrics and health on http://{bound}"));
    }
    let holds = Arc::new(Holds::default());
    let control = open_control(&config, &addresses, &engine, &holds, &aside)?;

    let resolving = Resolving::start(&config.resolvers, &engine)?;
    let ticks = Ticks::start(engine.clone())?;
    let followed = follow(&config, &engine, &holds)?;
    // Answers are given since `start`; who waits for this line finds the folder read.
    for address in &addresses {
        announce(&format!("listening on {address} (udp, tcp)"));
    }
    let signal = aside.block_on(signals.wait());

    tracing::info!(signal, "stopping");
    health.drain();
    if config.http.is_some() {
        aside.block_on(async { tokio::time::sleep(DRAIN).await });
    }
    drop(followed);
    drop(resolving);
    drop(ticks);
    drop(zones);
    drop(control);
    let closed = engine.lock().close();
    running.shutdown();
    aside.shutdown_timeout(ASIDE_END);
    if let Err(error) = closed {
        // What is on disk is whole, only older; the next start goes on above the serials of this one.
        tracing::error!("{}", chain(&error));
    }
    tracing::info!("stopped");
    Ok(())
}

/// Binds all DNS sockets. Of the default addresses, the IPv6 one may be missing on this machine.
fn bind(config: &RunConfig) -> anyhow::Result<Server> {
    let serve = |listen: Vec<SocketAddr>| portolan_serve::Config {
        listen,
        workers: config.workers,
        pin: config.pin,
        nsid: nsid(&config.nsid),
        seed: chance::draw(),
        ..portolan_serve::Config::default()
    };
    let bound = match Server::bind(serve(config.listen.clone())) {
        Err(ServeError::Open { address, source, .. })
            if config.listen_is_default && address.is_ipv6() && is_missing(&source) =>
        {
            tracing::warn!(%address, "this machine has no such address ({source}); it is passed over");
            Server::bind(serve(config.listen.iter().copied().filter(SocketAddr::is_ipv4).collect()))
        }
        bound => bound,
    };
    bound.context("cannot start")
}

/// The address, or its whole family, is not there.
fn is_missing(error: &std::io::Error) -> bool {
    /// `EAFNOSUPPORT` of Linux, for which std has no kind.
    const NO_SUCH_FAMILY: i32 = 97;
    error.kind() == std::io::ErrorKind::AddrNotAvailable || error.raw_os_error() == Some(NO_SUCH_FAMILY)
}

/// An engine with the last good state in it, where one is kept.
fn begin(state: Option<&Path>) -> anyhow::Result<Engine> {
    let now = clock::now();
    let Some(path) = state else {
        tracing::info!(
            "no state file is named (--state FILE): after a restart nothing is answered until the fleet is read"
        );
        return Ok(Engine::new(now));
    };
    // A state that is kept where nobody looks for it is lost with the next start: a typo must not pass.
    if let Some(why) = here::no_folder(path) {
        bail!(Refused(format!("state: {why}")));
    }
    let engine = Engine::open(path, now)?;
    if let Some(true_at) = engine.state_from() {
        tracing::info!(
            file = %path.display(),
            names = engine.fleet().names.len(),
            age_seconds = now.saturating_sub(true_at),
            "answering from the last good state until the fleet is read"
        );
    }
    Ok(engine)
}

/// The control socket. One that nobody named is done without where it cannot be had.
fn open_control(
    config: &RunConfig,
    addresses: &[SocketAddr],
    engine: &SharedEngine,
    holds: &Arc<Holds>,
    aside: &tokio::runtime::Runtime,
) -> anyhow::Result<Option<Control>> {
    let opened = match &config.control {
        Some(path) => Ok(path.clone()),
        None => control::default_path(addresses.first().map_or(0, SocketAddr::port)),
    };
    let opened =
        opened.and_then(|path| aside.block_on(async { Control::open(&path, engine.clone(), holds.clone()) }));
    match opened {
        Ok(control) => {
            announce(&format!("control socket {}", control.path().display()));
            Ok(Some(control))
        }
        Err(error) if config.control.is_none() => {
            tracing::warn!("{}; going on without a control socket (--control PATH names one)", chain(&error));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// What the fleet is followed by.
#[expect(dead_code, reason = "they are kept for what they do when they are dropped")]
enum Followed {
    Nothing,
    Folder(Watch),
    Clusters(Clusters, Option<Networks>),
}

/// Reads the fleet folder and watches it, or follows clusters on their API servers. Without either, what
/// zone files say is all there is.
fn follow(config: &RunConfig, engine: &SharedEngine, holds: &Arc<Holds>) -> anyhow::Result<Followed> {
    if let Some(fleet) = &config.fleet {
        let watch = Watch::start(fleet, engine.clone())?;
        report_start(engine, fleet);
        return Ok(Followed::Folder(watch));
    }
    if !config.has_fleet() {
        return Ok(Followed::Nothing);
    }
    let fleet = members(config)?;
    // Before the hub's policies that name them: none is to be without for a moment.
    let networks = config.networks.as_deref().map(|dir| Networks::start(dir, engine.clone())).transpose()?;
    let clusters = Clusters::start(fleet, engine, holds, config.state.as_deref())?;
    Ok(Followed::Clusters(clusters, networks))
}

/// The clusters that are followed from the start: contexts of the operator's file, and the own one.
fn members(config: &RunConfig) -> anyhow::Result<clusters::Fleet> {
    let contexts = match &config.kubeconfig {
        None => Vec::new(),
        Some(file) => {
            let refused = |why: String| Refused(format!("kubeconfig: {} {why}", file.display()));
            clusters::read(file, &config.contexts).map_err(refused)?
        }
    };
    let own = match &config.in_cluster {
        None => None,
        Some(name) => {
            let folder = config.service_account.as_deref().unwrap_or(Path::new(SERVICE_ACCOUNT));
            let environment = |name: &str| std::env::var(name).ok();
            let own = Own::find(name, folder, &environment);
            Some(own.map_err(|why| Refused(format!("inCluster: {why}")))?)
        }
    };
    let own_name = own.as_ref().map(|own| &own.name);
    let hub = clusters::hub(&contexts, own_name, config.hub.as_deref());
    let hub = hub.map_err(|(key, why)| Refused(format!("{key}: {why}")))?;
    let names: Vec<&str> =
        contexts.iter().map(|context| &context.name).chain(own_name).map(|name| &*name.0).collect();
    tracing::info!(clusters = names.join(", "), hub = %hub, "following clusters on their API servers");
    let (believed, renew_percent) = (config.believed.clone(), config.renew_percent);
    Ok(clusters::Fleet { contexts, own, hub, believed, renew_percent })
}

fn report_start(engine: &SharedEngine, fleet: &Path) {
    let engine = engine.lock();
    if !engine.is_fresh() {
        tracing::warn!(fleet = %fleet.display(), complete = engine.snapshot().complete, "fleet folder not read; waiting for it");
        return;
    }
    let (names, clusters) = (engine.fleet().names.len(), engine.fleet().clusters.len());
    let problems = engine.problems().len();
    tracing::info!(fleet = %fleet.display(), names, clusters, problems, "fleet folder read");
}

/// Says where something is to be found, on standard output, where tests and scripts read it too.
fn announce(line: &str) {
    let mut out = std::io::stdout().lock();
    // Whoever started this and closed its output still wants it to serve.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// The signals that end a server.
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> anyhow::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?,
            interrupt: signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?,
        })
    }

    async fn wait(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
