//! The parts of the chain, all running side by side on one etcd of three members.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use portolan_testbed::ask::{RecordType, ask};
use portolan_testbed::program::printed;
use portolan_testbed::{ApiServer, CoreDns, EtcdCluster, ExternalDns, Program, kubeconfig, shop};
use serde_json::{Value, json};

use crate::make::{Link, Make};

/// The program under test.
const BINARY: &str = env!("CARGO_BIN_EXE_portolan");
const MEMBER_RIGHTS: &str = include_str!("../../../../deploy/rbac/member.yaml");
const HUB_RIGHTS: &str = include_str!("../../../../deploy/rbac/hub.yaml");
const SYNC_RIGHTS: &str = include_str!("../../../../deploy/rbac/sync.yaml");
/// How long a token lives, in seconds.
const TOKEN_SECONDS: u32 = 3_600;
/// Whose records are in etcd, whoever publishes them.
pub(crate) const OWNER: &str = "chain";
pub(crate) const ZONES: [&str; 2] = ["fed.test", "hand.test"];

/// Intents of KubeFed's, and the namespaces.
const INTENTS: &str = "
apiVersion: multiclusterdns.kubefed.io/v1alpha1
kind: Domain
metadata: {name: fed, namespace: kube-federation-system}
domain: fed.test
---
apiVersion: multiclusterdns.kubefed.io/v1alpha1
kind: ServiceDNSRecord
metadata: {name: web, namespace: shop}
spec: {domainRef: fed, recordTTL: 60}
";

const NAMESPACES: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: kube-federation-system}
";

/// The clusters; the first is the hub.
pub(crate) struct Clusters {
    pub(crate) hub: ApiServer,
    pub(crate) member: ApiServer,
}

impl Clusters {
    /// Two clusters with the rights that we ship, the hub with KubeFed's intents.
    pub(crate) fn start() -> Option<Self> {
        let setup = portolan_testbed::Setup::default;
        let [hub, member] = ApiServer::start_all([("eu-1", setup()), ("us-1", setup())])?;
        for server in [&hub, &member] {
            server.admin().apply(&format!("{NAMESPACES}\n---\n{MEMBER_RIGHTS}")).unwrap();
        }
        let kinds =
            format!("{}\n---\n{}", printed(BINARY, &["crds"]), printed(BINARY, &["crds", "--compat"]));
        hub.admin().apply(&[&*kinds, HUB_RIGHTS, SYNC_RIGHTS, ExternalDns::ACCOUNT].join("\n---\n")).unwrap();
        hub.admin().apply(INTENTS).unwrap();
        Some(Self { hub, member })
    }

    /// The federation alone, with a kubeconfig of both.
    pub(crate) fn federation(&self) -> Program {
        let context = |server: &ApiServer| {
            server.context(&server.admin().token("portolan", "portolan", TOKEN_SECONDS).unwrap())
        };
        let program = Program::new(BINARY, "federation")
            .with(["run", "--role", "control", "--contexts", "eu-1,us-1"])
            .with_file("--kubeconfig", "kubeconfig");
        let contexts = [context(&self.hub), context(&self.member)];
        std::fs::write(program.at("kubeconfig"), kubeconfig::text(&contexts)).unwrap();
        program.start();
        program
    }

    /// `portolan sync` into an etcd, with these flags too; not started.
    pub(crate) fn sync(&self, etcd: &EtcdCluster, prefix: &str, more: &[&str]) -> Program {
        let token = self.hub.admin().token("portolan", "portolan-sync", TOKEN_SECONDS).unwrap();
        let kubeconfig = self.hub.kubeconfig(&token).display().to_string();
        let urls = etcd.urls().join(",");
        let args = ["sync", "--kubeconfig", &kubeconfig, "--provider", "etcd", "--etcd", &urls];
        let program = Program::new(BINARY, "sync").with(args);
        program.with(["--owner-id", OWNER, "--coredns-prefix", prefix]).with(more)
    }

    /// A stock External-DNS into an etcd.
    pub(crate) fn external_dns(
        &self,
        etcd: &EtcdCluster,
        prefix: &str,
        more: &[&str],
    ) -> Option<ExternalDns> {
        let token = self.hub.admin().token("default", "external-dns", TOKEN_SECONDS).unwrap();
        let prefix = format!("--coredns-prefix={prefix}");
        let owner = format!("--txt-owner-id={OWNER}");
        let args = ["--source=crd", "--registry=txt", &owner, &prefix];
        ExternalDns::start_on_etcd(&self.hub, &token, &etcd.urls(), &[&args[..], more].concat())
    }
}

/// A service behind a load balancer in a cluster, and whether something ready stands behind it.
pub(crate) fn serve(server: &ApiServer, address: &str, is_ready: bool) {
    server.admin().apply(&shop::workload(address, is_ready)).unwrap();
}

/// Asks for records by hand: each a name, a type and its targets.
pub(crate) fn by_hand(hub: &ApiServer, object: &str, records: &[(&str, &str, &str)]) {
    let endpoint = |(name, rtype, targets): &(&str, &str, &str)| {
        format!("{{dnsName: {name}, recordType: {rtype}, recordTTL: 60, targets: [{targets}]}}")
    };
    let endpoints: Vec<String> = records.iter().map(endpoint).collect();
    let object = format!(
        "apiVersion: externaldns.k8s.io/v1alpha1\nkind: DNSEndpoint\nmetadata: {{name: {object}, namespace: shop}}\n\
         spec: {{endpoints: [{}]}}",
        endpoints.join(", ")
    );
    hub.admin().apply(&object).unwrap();
}

pub(crate) fn no_longer(hub: &ApiServer, object: &str) {
    let path = format!("/apis/externaldns.k8s.io/v1alpha1/namespaces/shop/dnsendpoints/{object}");
    hub.admin().delete(&path).unwrap();
}

/// A server of ours that answers the zones from an etcd; not started.
pub(crate) fn server(etcd: &EtcdCluster, prefix: &str) -> Program {
    let (urls, prefix) = (etcd.urls().join(","), prefix.trim_end_matches('/'));
    Program::new(BINARY, "server")
        .with(["run", "--skydns", &urls, "--skydns-prefix", prefix, "--listen", "127.0.0.1:0"])
        .with(ZONES.iter().flat_map(|zone| ["--skydns-zone", zone]))
        .with(["--workers", "1", "--resolver", "none"])
        .with_file("--state", "state")
}

/// Starts a server of ours, the first time or again, and waits until it has its zones.
pub(crate) fn serves(server: &Program) {
    server.start();
    let address = server.dns();
    server.wait("its zones", || {
        ask(address, ZONES[0], RecordType::SOA).filter(|reply| !reply.data(RecordType::SOA).is_empty())
    });
}

/// Who answers from what a publisher writes.
pub(crate) struct Servers {
    pub(crate) ours: Program,
    pub(crate) stock: CoreDns,
}

impl Servers {
    pub(crate) fn start(etcd: &EtcdCluster, prefix: &str) -> Option<Self> {
        let path = prefix.trim_end_matches('/');
        let stock = CoreDns::on_etcd("chain", &etcd.urls(), &ZONES, path, &[])?;
        let ours = server(etcd, prefix);
        serves(&ours);
        Some(Self { ours, stock })
    }

    /// The makes that end here.
    pub(crate) fn makes(&self, publisher: Link) -> Vec<Make> {
        let servers = [(Link::Ours, self.ours.dns()), (Link::Stock, self.stock.address())];
        let make =
            |federation| servers.map(|(server, address)| Make { federation, publisher, server, address });
        [Link::Ours, Link::Stock].into_iter().flat_map(make).collect()
    }
}

/// Each key below a prefix, with its value and when it was last written.
pub(crate) fn keys(etcd: &EtcdCluster, prefix: &str) -> Vec<(String, Value, String)> {
    let end = format!("{}0", prefix.trim_end_matches('/'));
    let [key, range_end] = [prefix, &end].map(|key| BASE64_STANDARD.encode(key));
    let said = etcd.ask(0, "/v3/kv/range", &json!({ "key": key, "range_end": range_end })).unwrap();
    let pairs = said["kvs"].as_array().cloned().unwrap_or_default();
    let octets = |value: &Value| BASE64_STANDARD.decode(value.as_str().unwrap_or_default()).unwrap();
    let pair = |pair: &Value| {
        let value = serde_json::from_slice(&octets(&pair["value"])).unwrap_or(Value::Null);
        (
            String::from_utf8(octets(&pair["key"])).unwrap(),
            value,
            pair["mod_revision"].as_str().unwrap().to_owned(),
        )
    };
    pairs.iter().map(pair).collect()
}
