//! A fleet of scripted API servers, followed; what clients and operators see of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use portolan::clusters::{Dialled, Holds, follow};
use portolan::engine::{Engine, SharedEngine};
use portolan_core::answer::project;
use portolan_core::record::Present;
use portolan_core::{ClusterName, Name, Reason, RecordType};
use portolan_kube::sources::Options;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::server::Server;

pub(crate) const SHOP: &str = "shop.glb.example";
/// The addresses of the clusters' load balancers.
pub(crate) const EU: &str = "192.0.2.10";
pub(crate) const US: &str = "198.51.100.10";
pub(crate) const BOTH: [&str; 2] = [EU, US];

pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_secs(3_600);
/// How often it is looked whether something came about, or stays as it is. No client asks so often.
const LOOK: Duration = Duration::from_millis(5);
/// The same for what takes hours.
const LOOK_SELDOM: Duration = Duration::from_secs(1);

/// Scripted clusters, followed, of which the first is the hub.
pub(crate) struct Fleet {
    pub(crate) engine: SharedEngine,
    pub(crate) holds: Arc<Holds>,
}

impl Fleet {
    /// The hub `eu-1` and the member `us-1`, which both offer [`SHOP`]; when all is read.
    pub(crate) async fn of_two() -> (Self, Server, Server) {
        let (eu, us) = (member("eu-1", EU), member("us-1", US));
        intents(&eu);
        let fleet = Self::follow(&[&eu, &us]);
        fleet.wait(MINUTE, &BOTH).await;
        (fleet, eu, us)
    }

    pub(crate) fn follow(servers: &[&Server]) -> Self {
        Self::follow_with(&Arc::default(), servers)
    }

    /// The same with sources on.
    pub(crate) fn follow_with(sources: &Arc<Options>, servers: &[&Server]) -> Self {
        let names: Vec<String> = servers.iter().map(|server| server.name()).collect();
        Self::start(sources, servers, &names.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// The same under other names than servers say of themselves.
    pub(crate) fn follow_as(servers: &[&Server], names: &[&str]) -> Self {
        Self::start(&Arc::default(), servers, names)
    }

    /// The same with what an engine remembers.
    pub(crate) fn follow_by(engine: Engine, servers: &[&Server]) -> Self {
        let names: Vec<String> = servers.iter().map(|server| server.name()).collect();
        Self::start_by(engine, servers, &names.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn start(sources: &Arc<Options>, servers: &[&Server], names: &[&str]) -> Self {
        Self::start_by(Engine::new(portolan::clock::now()).with_sources(sources), servers, names)
    }

    fn start_by(engine: Engine, servers: &[&Server], names: &[&str]) -> Self {
        let engine = SharedEngine::new(engine);
        let holds = Arc::new(Holds::default());
        let dialled = servers
            .iter()
            .zip(names)
            .map(|(server, name)| -> Dialled { (ClusterName::from(*name), Arc::new((*server).clone())) });
        let hub = ClusterName::from(names[0]);
        follow(dialled.collect(), &hub, &engine, &holds);
        Self { engine, holds }
    }

    /// The IPv4 addresses that a client of unknown place gets for a name, sorted.
    pub(crate) fn addresses(&self, name: &str) -> Vec<String> {
        let snapshot = self.engine.lock().snapshot();
        let name: Name = name.parse().unwrap();
        let sets = project(&snapshot, name.borrowed()).into_iter().filter(|set| set.rtype == RecordType::A);
        let mut addresses: Vec<String> = sets
            .flat_map(|set| set.records)
            .map(|data| Present(RecordType::A, data.as_wire()).to_string())
            .collect();
        addresses.sort_unstable();
        addresses
    }

    /// Waits until [`SHOP`] has these addresses; how long that took.
    pub(crate) async fn wait(&self, at_most: Duration, addresses: &[&str]) -> Duration {
        let what = format!("{SHOP} to be {addresses:?}");
        self.until(at_most, &what, || self.addresses(SHOP) == addresses).await
    }

    /// Waits until something is so; how long that took.
    pub(crate) async fn until(&self, at_most: Duration, what: &str, is_so: impl Fn() -> bool) -> Duration {
        let began = Instant::now();
        while !is_so() {
            assert!(
                began.elapsed() <= at_most,
                "waited {at_most:?} for {what}; {SHOP} is {:?}; {:#?}",
                self.addresses(SHOP),
                self.engine.lock().problems()
            );
            sleep(LOOK).await;
        }
        began.elapsed()
    }

    /// For so long [`SHOP`] has the addresses of both clusters, whenever anybody asks.
    pub(crate) async fn stays(&self, how_long: Duration) {
        let look = if how_long > MINUTE { LOOK_SELDOM } else { LOOK };
        let began = Instant::now();
        while began.elapsed() < how_long {
            assert_eq!(self.addresses(SHOP), BOTH, "after {:?}", began.elapsed());
            sleep(look).await;
        }
    }

    /// Waits until nothing is wrong and nothing held.
    pub(crate) async fn is_well(&self) {
        self.until(5 * MINUTE, "nothing to be wrong", || {
            self.engine.lock().problems().is_empty() && self.holds.all().is_empty()
        })
        .await;
    }

    /// What is wrong for this reason: `SUBJECT: MESSAGE`.
    pub(crate) fn wrong(&self, reason: Reason) -> Vec<String> {
        let problems = self.engine.lock().problems();
        let of_reason = problems.into_iter().filter(|problem| problem.reason == reason);
        of_reason.map(|problem| format!("{}: {}", problem.subject, problem.message)).collect()
    }

    /// The ids of what is held.
    pub(crate) fn held(&self) -> BTreeSet<String> {
        self.holds.all().into_iter().map(|hold| hold.id).collect()
    }
}

/// A cluster that offers `shop/web`.
pub(crate) fn member(name: &str, address: &str) -> Server {
    let server = Server::new(name);
    server.put(service("web", address));
    server.put(slice(true));
    server
}

/// A zone, and one name in it.
pub(crate) fn intents(hub: &Server) {
    hub.put(json!({
        "apiVersion": "portolan.dev/v1alpha1", "kind": "Zone", "metadata": {"name": "glb"},
        "spec": {
            "apex": "glb.example",
            "nameServers": [{"name": "ns1.elsewhere.example"}],
            "admit": [{"namespaces": ["shop"], "hosts": ["*.glb.example"]}],
        },
    }));
    hub.put(global_name("shop", SHOP));
}

pub(crate) fn global_name(name: &str, host: &str) -> Value {
    json!({
        "apiVersion": "portolan.dev/v1alpha1", "kind": "GlobalName", "metadata": {"namespace": "shop", "name": name},
        "spec": {"hosts": [host], "backends": [{"kind": "Service", "name": "web"}]},
    })
}

pub(crate) fn service(name: &str, address: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"namespace": "shop", "name": name},
        "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]},
        "status": {"loadBalancer": {"ingress": [{"ip": address}]}},
    })
}

/// What stands behind `shop/web`.
pub(crate) fn slice(is_ready: bool) -> Value {
    json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {"namespace": "shop", "name": "web-1", "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.1.2.3"], "conditions": {"ready": is_ready}}],
        "ports": [{"port": 8080}],
    })
}
