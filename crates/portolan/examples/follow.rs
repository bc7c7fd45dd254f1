//! How soon a follower answers otherwise, and how soon it has caught up: `follow [NAMES] [FLIPS] [CHANGES] [PROGRAM]`.
//!
//! Two engines with the stream between them, over mutual TLS on loopback. *Flips*: one endpoint turns unready and ready
//! again; from before the commit at the one to the changed verdict in the snapshot that the other's workers take. *Cut off*:
//! the follower ends, so many changes are made, another follower begins with what the first one had; from its start until
//! both have the same facts. *Program*: `portolan run --follow` of that binary, with a state file and nobody to follow; from
//! its start to its first answer, and what it has resident then.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::park_timeout;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use portolan::clock;
use portolan::clusters::Holds;
use portolan::engine::{Engine, SharedEngine};
use portolan::follow::{self, Follow};
use portolan::stream::{self, Stream};
use portolan_core::cluster::Cluster;
use portolan_core::fleet::{Evidence, NameFacts, Owner, ZoneFacts};
use portolan_core::record::Soa;
use portolan_core::{ClusterName, Endpoint, Fact, Fleet, Name, Target, Ttl};
use portolan_store::format::fact::Pulse;
use portolan_store::kv::server::Tls;
use portolan_testbed::Program;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The clusters that offer each name.
const CLUSTERS: [&str; 3] = ["eu-1", "us-1", "ap-1"];
/// Between two looks.
const LOOK: Duration = Duration::from_micros(50);
/// Between two flips: a change that waits for others is another matter.
const PAUSE: Duration = Duration::from_millis(20);
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(120);

fn main() -> Result<()> {
    let argument =
        |nth: usize, usual: usize| std::env::args().nth(nth).map_or(Ok(usual), |text| text.parse());
    let (names, flips, changes) = (argument(1, 1_000)?, argument(2, 500)?, argument(3, 200_000)?);
    let folder = tempfile::tempdir()?;
    let files = papers(folder.path())?;
    let control = engine("control", None)?;
    let now = clock::now();
    // Of a cluster that was never heard a follower that begins anew would keep what it has.
    let heard = CLUSTERS.map(|name| (ClusterName::from(name), now)).into();
    control.lock().take_whole(&fleet(names)?, &Pulse { read_at: Some(now), heard }, true, now);
    let config = stream::Config { listen: "127.0.0.1:0".parse()?, tls: files.clone() };
    let stream = Stream::start(&config, &control)?;
    let urls = vec![format!("https://{}", stream.address())];
    let config = follow::Config { urls, ca: files.authority, cert: files.certificate, key: files.key };

    let state = folder.path().join("last-good");
    let follower = engine("follower", Some(&state))?;
    let following = Follow::start(&config, &follower, &Arc::default())?;
    let begun = Instant::now();
    wait("the first whole", || same(&control, &follower))?;
    println!("{names} names: the first whole in {} ms", millis(begun.elapsed()));
    flip(&control, &follower, names, flips)?;

    drop(following);
    follower.lock().close()?;
    let begun = Instant::now();
    for nth in 0..changes {
        control.lock().take_told(vec![name(nth % names, nth / names + 1)?], clock::now());
    }
    println!("{changes} changes in {} ms; resident {} MiB", millis(begun.elapsed()), resident("self")?);
    drop(follower);
    let follower = engine("follower", Some(&state))?;
    let begun = Instant::now();
    let following = Follow::start(&config, &follower, &Arc::new(Holds::default()))?;
    wait("the same facts", || same(&control, &follower))?;
    println!("caught up in {} ms; resident {} MiB", millis(begun.elapsed()), resident("self")?);
    drop(following);
    follower.lock().close()?;
    drop(follower);
    if let Some(program) = std::env::args().nth(4) {
        start(Path::new(&program), &config, &state)?;
    }
    Ok(())
}

/// One that is told facts and makes none.
fn engine(from: &str, state: Option<&Path>) -> Result<SharedEngine> {
    let now = clock::now();
    let mut engine = match state {
        Some(state) => Engine::open(state, now)?,
        None => Engine::new(now),
    };
    engine.follow_stream(from.to_owned());
    engine.resume(now);
    Ok(SharedEngine::new(engine))
}

fn flip(control: &SharedEngine, follower: &SharedEngine, names: usize, flips: usize) -> Result<()> {
    let published = follower.lock().published();
    let mut times = Vec::new();
    for nth in 0..flips {
        let at: Name = host(nth % names).parse()?;
        let mut facts = control.lock().fleet().names.get(at.borrowed()).context("it is there")?.to_facts();
        let first = facts.endpoints.first_mut().context("it has an offer")?;
        let is_up = first.evidence != Evidence::Ready;
        first.evidence = if is_up { Evidence::Ready } else { Evidence::NotReady };
        let begun = Instant::now();
        control.lock().take_told(vec![Fact::Name(at.clone(), Some(facts))], clock::now());
        wait("a flip", || {
            let snapshot = published.current();
            snapshot.records(at.borrowed()).is_some_and(|records| snapshot.is_up(records, 0) == is_up)
        })?;
        times.push(begun.elapsed());
        park_timeout(PAUSE);
    }
    times.sort_unstable();
    let share = |percent: usize| millis(times[(times.len() - 1) * percent / 100]);
    println!("{flips} flips: p50 {} ms, p99 {} ms, longest {} ms", share(50), share(99), share(100));
    Ok(())
}

/// Starts the program with a state and nobody to follow.
fn start(program: &Path, config: &follow::Config, state: &Path) -> Result<()> {
    let file = |path: &PathBuf| path.display().to_string();
    let running = Program::new(program, "follow")
        .with([
            "run",
            "--role",
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--workers",
            "1",
            "--follow",
            "https://127.0.0.1:1",
        ])
        .with([
            "--stream-ca",
            &file(&config.ca),
            "--stream-cert",
            &file(&config.cert),
            "--stream-key",
            &file(&config.key),
        ])
        .with(["--state", &state.display().to_string()]);
    let begun = Instant::now();
    running.start();
    let answer = running.ask(&host(0), portolan_testbed::ask::RecordType::A);
    let took = begun.elapsed();
    ensure!(!answer.answers.is_empty(), "{answer}");
    println!(
        "the program answers after {} ms; resident {} MiB",
        millis(took),
        resident(&running.id().to_string())?
    );
    Ok(())
}

// === A fleet ===

fn fleet(names: usize) -> Result<Fleet> {
    let mut fleet = Fleet::default();
    let clusters = CLUSTERS.map(|name| Fact::Cluster(ClusterName::from(name), Some(Cluster::default())));
    let apex: Name = "glb.example".parse()?;
    let server: Name = "ns1.elsewhere.example".parse()?;
    let soa = Soa {
        mname: server.clone(),
        rname: "hostmaster.glb.example".parse()?,
        serial: 1,
        refresh: 3_600,
        retry: 600,
        expire: 86_400,
        minimum: 30,
    };
    let zone = ZoneFacts {
        soa,
        name_servers: vec![server],
        ttl: ttl()?,
        policy: None,
        held_by: [ClusterName::from("")].into(),
    };
    fleet.apply(clusters.into_iter().chain([Fact::Zone(apex, Some(zone))]));
    for nth in 0..names {
        fleet.apply([name(nth, 0)?]);
    }
    Ok(fleet)
}

fn host(nth: usize) -> String {
    format!("n{nth}.glb.example")
}

/// A name, as it is after so many changes.
fn name(nth: usize, round: usize) -> Result<Fact> {
    let endpoint = |(cluster, at): (&str, u8)| {
        let [.., high, low] = round.to_be_bytes();
        Endpoint {
            cluster: Some(ClusterName::from(cluster)),
            targets: vec![Target::Address([10, at, high, low].into())],
            evidence: Evidence::Ready,
            weight: None,
            ttl: None,
        }
    };
    let facts = NameFacts {
        owner: Owner { kind: "GlobalName".into(), namespace: "shop".into(), name: format!("n{nth}").into() },
        ttl: None,
        default_ttl: ttl()?,
        policy: None,
        fallback: None,
        endpoints: CLUSTERS.into_iter().zip(0..).map(endpoint).collect(),
        held_by: [ClusterName::from("")].into(),
    };
    Ok(Fact::Name(host(nth).parse()?, Some(facts)))
}

fn ttl() -> Result<Ttl> {
    Ttl::from_seconds(30).context("30 is a TTL")
}

// === Besides ===

/// One certificate for both sides.
fn papers(folder: &Path) -> Result<Tls> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(["127.0.0.1".to_owned()])?.signed_by(&key, &issuer)?;
    let write = |file: &str, text: String| {
        let path = folder.join(file);
        std::fs::write(&path, text).map(|()| path)
    };
    Ok(Tls {
        authority: write("ca.crt", issuer.pem())?,
        certificate: write("tls.crt", certificate.pem())?,
        key: write("tls.key", key.serialize_pem())?,
    })
}

fn same(control: &SharedEngine, follower: &SharedEngine) -> bool {
    let wanted = control.lock().fleet().clone();
    *follower.lock().fleet() == wanted
}

fn wait(what: &str, is_so: impl Fn() -> bool) -> Result<()> {
    let until = Instant::now() + PATIENCE;
    while !is_so() {
        ensure!(Instant::now() < until, "waited in vain for {what}");
        park_timeout(LOOK);
    }
    Ok(())
}

fn millis(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1e3)
}

fn resident(process: &str) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("it has a size")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1024)
}
