//! `portolan run`: everything wired, from top to bottom.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use portolan_kube::api::Topology;
use portolan_serve::{Limits, Running, ServeError, Server};
use portolan_store::skydns::Setup;
use tokio::runtime::Handle;

use crate::clusters::{self, Clusters, Elector, Gate, Holds, Own, SERVICE_ACCOUNT};
use crate::config::{Role, RunConfig, here};
use crate::control::{self, Control, Known};
use crate::engine::{Engine, Event, SharedEngine, root};
use crate::follow::Follow;
use crate::http::{self, Health};
use crate::nsid::{host_name, nsid};
use crate::problem::{Refused, chain};
use crate::resolving::Resolving;
use crate::skydns::SkyDns;
use crate::source::{Networks, Watch};
use crate::stream::Stream;
use crate::sync::Publishers;
use crate::ticks::Ticks;
use crate::webhook::{Keep, Provider, Records};
use crate::{chance, clock, zones};

/// How long a server that stops goes on answering after `/readyz` says no, where somebody may be asking.
pub const DRAIN: Duration = Duration::from_millis(500);
/// Threads for metrics, health and the control socket.
const ASIDE_THREADS: usize = 1;
/// How long these have to come to an end.
const ASIDE_END: Duration = Duration::from_secs(1);

/// Serves until SIGTERM or SIGINT; in the role `control` all but answers.
///
/// The order is what makes it safe: a second process fails at the first step, before it has touched
/// anything; answers from the last good state begin before the folder is looked at.
///
/// # Errors
/// When an address cannot be bound, or a file of ours not be used.
#[expect(clippy::needless_pass_by_value, reason = "a server and its configuration end together")]
pub fn run(config: RunConfig) -> anyhow::Result<()> {
    // Before anything is answered or announced: a file or a context that is not there is a slip of who started this.
    refuse_no_stream(&config)?;
    let members = if config.follows_clusters() { Some(members(&config)?) } else { None };
    let elector = members.as_ref().and_then(|members| elector(&config, members));
    let gate = elector.as_ref().map_or(Gate::always_open(), Elector::gate);
    // Who only controls, or only keeps records, answers no questions.
    let answers = config.role != Role::Control && !config.listen.is_empty();
    let server = answers.then(|| bind(&config)).transpose()?;
    let provider = config.webhook.as_ref().map(|webhook| Provider::bind(webhook.listen)).transpose()?;
    let addresses = server.as_ref().map(Server::addresses).unwrap_or_default();
    let keys = config.skydns.as_ref().map(|skydns| skydns.setup(addresses.iter().map(SocketAddr::ip)));
    let mut engine = configured(&config, keys.as_ref())?;
    members.iter().for_each(|members| engine.has_hub(members.hub.clone(), members.topology));
    let published = engine.published();
    let engine = SharedEngine::new(engine);
    let aside = aside()?;
    let mut signals = aside.block_on(async { Signals::new() })?;

    // Before the last good state is published: a zone of both has the content that it had. And before anybody
    // asks: what the last good state has is no denial of what a zone file has.
    let zones = zones::Watch::start(&config.zones, engine.clone())?;
    engine.lock().resume(clock::now());
    let records = records(&config, &addresses, &engine, aside.handle())?;
    deny_at_once(&config, &engine);
    let running =
        server.map(|server| server.start(&published)).transpose().context("cannot start to answer")?;
    let holds = Arc::new(Holds::default());
    let publishers = Publishers::start(&config.sync, &instance(&config), &engine, &holds, &gate)?;
    let health = Health::new(published);
    let asked = http::Asked {
        health: health.clone(),
        engine: engine.clone(),
        counters: running.as_ref().map(|running| running.counters().clone()),
        publishers: publishers.as_ref().map(|all| all.tallies().to_vec()).unwrap_or_default(),
        webhook: records.as_ref().map(|records| records.tally().clone()),
        gate: gate.clone(),
    };
    open_http(&config, &asked, &aside)?;
    let spoken = provider.as_ref().map(Provider::address);
    let first = addresses.first().copied().or(spoken);
    let known = Known { engine: Some(engine.clone()), holds: holds.clone(), gate };
    let control = open_control(&config, first, known, &aside)?;
    if let Some((provider, records)) = provider.zip(records) {
        aside.block_on(async { provider.serve(&records, asked) })?;
    }

    let stream = config.stream.as_ref().map(|stream| Stream::start(stream, &engine)).transpose()?;
    let resolving = Resolving::start(&config.resolvers, &engine)?;
    let ticks = Ticks::start(engine.clone())?;
    let followed = follow(&config, members, elector, &engine, &holds)?;
    let skydns = follow_keys(&config, keys, &engine, &holds)?;
    // Answers are given since `start`; who waits for these lines finds the folder read.
    announce_doors(spoken, &addresses, stream.as_ref().map(Stream::address));
    let signal = aside.block_on(signals.wait());

    tracing::info!(signal, "stopping");
    health.drain();
    if config.http.is_some() {
        aside.block_on(async { tokio::time::sleep(DRAIN).await });
    }
    // Who gives comes to an end before who takes.
    drop((publishers, followed, skydns, resolving, ticks, zones, control, stream));
    end(&engine, running);
    aside.shutdown_timeout(ASIDE_END);
    tracing::info!("stopped");
    Ok(())
}

/// Files of the stream that cannot be read are told at once, not by whoever is to be followed or follows.
fn refuse_no_stream(config: &RunConfig) -> anyhow::Result<()> {
    match here::no_stream(config).into_iter().next() {
        Some((key, why)) => bail!(Refused(format!("{key}: {why}"))),
        None => Ok(()),
    }
}

/// Where zone files are all there is, a name that they lack is denied from the first question on.
fn deny_at_once(config: &RunConfig, engine: &SharedEngine) {
    if !config.has_fleet() && config.skydns.is_none() {
        engine.lock().take(vec![Event::Heard(root())], clock::now());
    }
}

/// Opens the door for metrics and health, where there is to be one.
fn open_http(config: &RunConfig, asked: &http::Asked, aside: &tokio::runtime::Runtime) -> anyhow::Result<()> {
    let Some(address) = config.http else { return Ok(()) };
    let bound = aside.block_on(http::serve(address, asked.clone()))?;
    announce(&format!("metrics and health on http://{bound}"));
    Ok(())
}

/// Writes what is to be known at the next start, and ends the answering.
fn end(engine: &SharedEngine, running: Option<Running>) {
    let closed = engine.lock().close();
    drop(running);
    if let Err(error) = closed {
        // What is on disk is whole, only older; the next start goes on above the serials of this one.
        tracing::error!("{}", chain(&error));
    }
}

/// What tells this installation from others, as far as publishers are to know: what it follows.
fn instance(config: &RunConfig) -> String {
    let folder = config.fleet.as_ref().map(|fleet| fleet.display().to_string());
    config.hub.clone().or_else(|| config.contexts.first().cloned()).or(folder).unwrap_or("own cluster".into())
}

/// What runs metrics, health, the control socket and the webhook protocol.
fn aside() -> anyhow::Result<tokio::runtime::Runtime> {
    let mut threads = tokio::runtime::Builder::new_multi_thread();
    let threads = threads.worker_threads(ASIDE_THREADS).thread_name("aside").enable_all();
    threads.build().context("cannot start the threads for metrics and control")
}

/// Says where followers come, where the webhook protocol is spoken, and where questions are answered.
fn announce_doors(spoken: Option<SocketAddr>, addresses: &[SocketAddr], stream: Option<SocketAddr>) {
    if let Some(address) = stream {
        announce(&format!("stream for followers on https://{address}"));
    }
    if let Some(address) = spoken {
        announce(&format!("webhook provider on http://{address}"));
    }
    for address in addresses {
        announce(&format!("listening on {address} (udp, tcp)"));
    }
}

/// What the webhook protocol was given before, in the engine.
fn records(
    config: &RunConfig,
    addresses: &[SocketAddr],
    engine: &SharedEngine,
    runtime: &Handle,
) -> anyhow::Result<Option<Arc<Records>>> {
    let Some(webhook) = &config.webhook else { return Ok(None) };
    let addresses = addresses.iter().map(SocketAddr::ip).collect();
    let kept = match &webhook.etcd {
        None => Keep::beside(config.state.as_deref())?,
        Some(etcd) => {
            let kv = etcd.client(0).context("webhook: the etcd of its records")?;
            Keep::store(kv, runtime.clone())
        }
    };
    let records = Records::new(webhook, kept, addresses, engine.clone())?;
    records.begin();
    Ok(Some(Arc::new(records)))
}

/// Binds all DNS sockets. Of the default addresses, the IPv6 one may be missing on this machine.
fn bind(config: &RunConfig) -> anyhow::Result<Server> {
    let serve = |listen: Vec<SocketAddr>| portolan_serve::Config {
        listen,
        workers: config.workers,
        pin: config.pin,
        nsid: nsid(&config.nsid),
        seed: chance::draw(),
        limits: limits(config),
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

/// What TCP clients meet.
fn limits(config: &RunConfig) -> Limits {
    let limits = Limits::default();
    Limits {
        connections: config.tcp_connections.unwrap_or(limits.connections),
        connections_per_client: config.tcp_connections_per_client.unwrap_or(limits.connections_per_client),
        ..limits
    }
}

/// The address, or its whole family, is not there.
fn is_missing(error: &std::io::Error) -> bool {
    /// `EAFNOSUPPORT` of Linux, for which std has no kind.
    const NO_SUCH_FAMILY: i32 = 97;
    error.kind() == std::io::ErrorKind::AddrNotAvailable || error.raw_os_error() == Some(NO_SUCH_FAMILY)
}

/// An engine with the last good state in it, and with what the configuration says of sources.
fn configured(config: &RunConfig, keys: Option<&Arc<Setup>>) -> anyhow::Result<Engine> {
    let mut engine = begin(config.state.as_deref())?.with_sources(&config.sources);
    engine.keep_balancers(config.load_balancer_grace);
    config.follow.iter().for_each(|follow| engine.follow_stream(follow.name()));
    Ok(match keys {
        Some(keys) => engine.with_keys(keys),
        None => engine,
    })
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
    if let Some(why) = here::no_state(path) {
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
    first: Option<SocketAddr>,
    known: Known,
    aside: &tokio::runtime::Runtime,
) -> anyhow::Result<Option<Control>> {
    let opened = match &config.control {
        Some(path) => Ok(path.clone()),
        None => match first {
            Some(address) => control::default_path(address.port()),
            None => control::default_path_of("control"),
        },
    };
    let opened = opened.and_then(|path| aside.block_on(async { Control::open(&path, known) }));
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
    Stream(Follow),
    Clusters(Clusters, Option<Networks>),
}

/// Reads the fleet folder and watches it, follows clusters on their API servers, or who does so. Without any of these, what
/// zone files say is all there is.
fn follow(
    config: &RunConfig,
    members: Option<clusters::Fleet>,
    elector: Option<Elector>,
    engine: &SharedEngine,
    holds: &Arc<Holds>,
) -> anyhow::Result<Followed> {
    if let Some(fleet) = &config.fleet {
        let watch = Watch::start(fleet, engine.clone())?;
        report_start(engine, fleet);
        return Ok(Followed::Folder(watch));
    }
    if let Some(follow) = &config.follow {
        tracing::info!(control = follow.name(), "following control replicas");
        return Ok(Followed::Stream(Follow::start(follow, engine, holds)?));
    }
    let Some(members) = members else { return Ok(Followed::Nothing) };
    match members.topology {
        Topology::Follower => tracing::info!(hub = %members.hub, "following what the hub hands over"),
        topology @ (Topology::Hub | Topology::Mesh) => {
            let clusters = members.names().join(", ");
            tracing::info!(clusters, ?topology, hub = %members.hub, "following clusters on their API servers");
        }
    }
    // Before the hub's policies that name them: none is to be without for a moment.
    let networks = config.networks.as_deref().map(|dir| Networks::start(dir, engine.clone())).transpose()?;
    let clusters = Clusters::start(members, engine, holds, config.state.as_deref(), elector)?;
    Ok(Followed::Clusters(clusters, networks))
}

/// Follows the keys of the etcd that is named, if one is.
fn follow_keys(
    config: &RunConfig,
    setup: Option<Arc<Setup>>,
    engine: &SharedEngine,
    holds: &Arc<Holds>,
) -> anyhow::Result<Option<SkyDns>> {
    let Some((skydns, setup)) = config.skydns.as_ref().zip(setup) else { return Ok(None) };
    tracing::info!(
        store = skydns.etcd.name(),
        prefix = skydns.layout.prefix(),
        "following keys in SkyDNS' layout"
    );
    let is_alone = !config.has_fleet();
    SkyDns::start(&skydns.etcd, setup, engine, holds, config.state.as_deref(), is_alone).map(Some)
}

/// Who finds out whether it is this process that writes, where somebody is to be elected.
fn elector(config: &RunConfig, members: &clusters::Fleet) -> Option<Elector> {
    let (lease, lead) = config.lease.clone().zip(members.lead())?;
    Some(Elector::new(lead, lease, &host_name(), chance::draw()))
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
    let hub = clusters::hub(&contexts, own_name, (config.topology, config.hub.as_deref()));
    let hub = hub.map_err(|(key, why)| Refused(format!("{key}: {why}")))?;
    let registrations = (config.believed.clone(), config.renew_percent);
    Ok(clusters::Fleet { contexts, own, hub, topology: config.topology, registrations })
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
pub(crate) fn announce(line: &str) {
    let mut out = std::io::stdout().lock();
    // Whoever started this and closed its output still wants it to serve.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// The signals that end a server, and the one that others take for "read your files again".
pub(crate) struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
}

impl Signals {
    pub(crate) fn new() -> anyhow::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?,
            interrupt: signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?,
            hang_up: signal(SignalKind::hangup()).context("cannot listen for SIGHUP")?,
        })
    }

    /// Waits for the end. SIGHUP is none: a terminal that goes, and a `reload` of habit, must cost no answer.
    pub(crate) async fn wait(&mut self) -> &'static str {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return "SIGTERM",
                _ = self.interrupt.recv() => return "SIGINT",
                _ = self.hang_up.recv() => {
                    tracing::info!("SIGHUP: nothing to do; files are watched, and read when they change");
                }
            }
        }
    }
}
