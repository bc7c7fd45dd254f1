//! What one API server of a mesh has of its watchers while nothing happens: `mesh [FOLLOWERS] [SECONDS] [NAMES]`.
//!
//! Two real API servers. All followers have the second one for their own cluster, and follow the first as another of the
//! mesh, with the rights that we ship: each as the process does, in this one. Between them and the first stands a door that
//! counts octets, as they go over the wire in TLS; requests are the API server's own count, of the kinds that a follower asks
//! for. From when all have read both and said nothing new for a while, for so many seconds.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::park_timeout;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use portolan::clock;
use portolan::clusters::{self, Clusters, Fleet, Holds};
use portolan::engine::{Engine, SharedEngine};
use portolan_core::ClusterName;
use portolan_kube::api::Topology;
use portolan_kube::crds;
use portolan_kube::registry::Believed;
use portolan_testbed::part::KUBECTL;
use portolan_testbed::{ApiServer, Setup, kubeconfig, shop};
use tokio::net::{TcpListener, TcpStream};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const MEMBER_RIGHTS: &str = include_str!("../../../deploy/rbac/member.yaml");
const HUB_RIGHTS: &str = include_str!("../../../deploy/rbac/hub.yaml");
const MESH_RIGHTS: &str = include_str!("../../../deploy/rbac/mesh.yaml");
/// How long a token lives, in seconds.
const TOKEN_SECONDS: u32 = 86_400;
/// How long it takes until all have come to rest: longer than who looks for a kind that is not there waits.
const REST: Duration = Duration::from_secs(90);
/// How long they may take to read both clusters.
const PATIENCE: Duration = Duration::from_secs(300);

fn main() -> Result<()> {
    let argument =
        |nth: usize, usual: usize| std::env::args().nth(nth).map_or(Ok(usual), |text| text.parse());
    let (followers, seconds, names) = (argument(1, 60)?, argument(2, 300)?, argument(3, 200)?);
    let watched = ["watched", "own"].map(|name| (name, Setup::default()));
    let [watched, own] = ApiServer::start_all(watched).context("kube-apiserver and etcd are needed")?;
    fill(&watched, names)?;
    fill(&own, 0)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let door = Arc::new(Door::default());
    let address = runtime.block_on(open(&watched, &door))?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("kubeconfig");
    let mut contexts = [context(&own, "portolan")?, context(&watched, "portolan-mesh")?];
    contexts[1].server = format!("https://{address}");
    std::fs::write(&file, kubeconfig::text(&contexts))?;

    let started = Instant::now();
    let all = (0..followers).map(|_| follow(&file)).collect::<Result<Vec<_>>>()?;
    let is_read = |(engine, _): &(SharedEngine, Clusters)| engine.lock().snapshot().complete;
    while !all.iter().all(is_read) {
        ensure!(started.elapsed() < PATIENCE, "not all have read both clusters");
        park_timeout(Duration::from_millis(100));
    }
    println!("{followers} followers have read {names} names after {:?}", started.elapsed());
    park_timeout(REST);

    let before = (requests(&watched)?, door.octets());
    park_timeout(Duration::from_secs(seconds.try_into()?));
    let after = (requests(&watched)?, door.octets());
    let (seconds, each) = (seconds as f64, followers as f64);
    let mut asked = 0;
    for (what, count) in &after.0 {
        let count = count - before.0.get(what).copied().unwrap_or_default();
        asked += count;
        if count > 0 {
            println!("{what}: {:.3}/s", count as f64 / seconds);
        }
    }
    let [up, down] = [0, 1].map(|way| (after.1[way] - before.1[way]) as f64 / seconds);
    let asked = asked as f64 / seconds;
    println!("requests: {asked:.1}/s, {:.3}/s of each follower", asked / each);
    println!(
        "octets: {up:.0}/s to the API server, {down:.0}/s from it; {:.0}/s of each follower",
        (up + down) / each
    );
    Ok(())
}

/// Our kinds and rights, and so many names with what stands behind them.
fn fill(server: &ApiServer, names: usize) -> Result<()> {
    let rights = [MEMBER_RIGHTS, HUB_RIGHTS, MESH_RIGHTS, &crds::yaml(), shop::NAMESPACE, shop::INTENTS];
    apply(server, &rights.join("\n---\n"))?;
    for nth in 0..names {
        apply(
            server,
            &format!(
                "{{apiVersion: portolan.dev/v1alpha1, kind: GlobalName, metadata: {{name: n{nth}, namespace: shop}}, spec: \
                 {{hosts: [n{nth}.glb.example], backends: [{{kind: Service, name: n{nth}}}]}}}}\n---\n\
                 {{apiVersion: v1, kind: Service, metadata: {{name: n{nth}, namespace: shop}}, spec: {{type: LoadBalancer, \
                 ports: [{{port: 80}}]}}, status: {{loadBalancer: {{ingress: [{{ip: 192.0.2.7}}]}}}}}}\n"
            ),
        )?;
    }
    Ok(())
}

fn apply(server: &ApiServer, text: &str) -> Result<()> {
    server.admin().apply(text).map(drop).map_err(|error| anyhow!("{error}"))
}

fn context(server: &ApiServer, account: &str) -> Result<kubeconfig::Context> {
    let token = server.admin().token("portolan", account, TOKEN_SECONDS);
    Ok(server.context(&token.map_err(|error| anyhow!("no token: {error}"))?))
}

/// One that has its own cluster and follows the other.
fn follow(file: &Path) -> Result<(SharedEngine, Clusters)> {
    let contexts = clusters::read(file, &[]).map_err(|why| anyhow!("the kubeconfig {why}"))?;
    let fleet = Fleet {
        contexts,
        own: None,
        hub: ClusterName::from("own"),
        topology: Topology::Mesh,
        registrations: (Believed::default(), 66),
    };
    let mut engine = Engine::new(clock::now());
    engine.has_hub(fleet.hub.clone(), fleet.topology);
    let engine = SharedEngine::new(engine);
    let clusters = Clusters::start(fleet, &engine, &Arc::new(Holds::default()), None, None)?;
    Ok((engine, clusters))
}

/// How often the API server was asked for what, by verb and resource: what followers ask for.
fn requests(server: &ApiServer) -> Result<BTreeMap<String, u64>> {
    let kubectl = KUBECTL.find().context("kubectl is needed")?;
    let kubeconfig = server.admin_kubeconfig();
    let said = Command::new(kubectl)
        .args(["--kubeconfig", &kubeconfig.display().to_string(), "get", "--raw", "/metrics"])
        .output()?;
    let text = String::from_utf8(said.stdout)?;
    let mut counts = BTreeMap::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("apiserver_request_total{")) {
        let (labels, count) = line.rsplit_once("} ").context("a metric has a value")?;
        let label = |name: &str| {
            let text = labels.split(&format!("{name}=\"")).nth(1).unwrap_or_default();
            text.split('"').next().unwrap_or_default().to_owned()
        };
        let count = count.parse::<f64>()? as u64;
        *counts.entry(format!("{} {}", label("verb"), label("resource"))).or_default() += count;
    }
    Ok(counts)
}

/// Counts the octets of each way.
#[derive(Default)]
struct Door([AtomicU64; 2]);

impl Door {
    fn octets(&self) -> [u64; 2] {
        [0, 1].map(|way: usize| self.0[way].load(Ordering::Relaxed))
    }
}

/// Opens a door before a server: what goes through is counted, and not looked at.
async fn open(server: &ApiServer, door: &Arc<Door>) -> Result<std::net::SocketAddr> {
    let behind = server.url().trim_start_matches("https://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let door = door.clone();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (door, behind) = (door.clone(), behind.clone());
            tokio::spawn(async move {
                let Ok(server) = TcpStream::connect(behind).await else { return };
                let ((client_reads, client_writes), (server_reads, server_writes)) =
                    (client.into_split(), server.into_split());
                tokio::join!(
                    carry(client_reads, server_writes, &door.0[0]),
                    carry(server_reads, client_writes, &door.0[1])
                );
            });
        }
    });
    Ok(address)
}

/// Carries octets on until there are no more.
async fn carry(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    count: &AtomicU64,
) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut octets = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut octets).await {
        count.fetch_add(read as u64, Ordering::Relaxed);
        if to.write_all(&octets[..read]).await.is_err() {
            break;
        }
    }
    drop(to.shutdown().await);
}
