//! A fleet of three clusters, and ways between them.
//!
//! ```text
//!   cluster                                             another cluster
//!     API server ◀── control 0, 1 ◀── serve 0, 1          API server, control 0, 1
//!         etcd            └─────────────────┴──── link ────────▶ (each has one, which can be cut)
//! ```
//!
//! Within a cluster nobody is cut off from anybody. The test's own writes go to the API servers by no link.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use portolan_testbed::port::free_port;
use portolan_testbed::program::printed;
use portolan_testbed::wait::wait;
use portolan_testbed::{ApiServer, EtcdCluster, Link, Program, Setup, kubeconfig, shop};
use tempfile::TempDir;

use crate::form::{Form, HUB};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_portolan");
/// The clusters, and the address of each one's load balancer.
pub(crate) const CLUSTERS: [(&str, &str); 3] =
    [("eu-1", "192.0.2.10"), ("us-1", "198.51.100.10"), ("ap-1", "203.0.113.10")];
/// Names that lead to all three.
pub(crate) const NAMES: [&str; 2] = [shop::NAME, "web.shop.fed.svc.fed.example"];
/// The Lease of those who decide.
pub(crate) const LEASE: &str = "portolan-control";
/// How long one leads without a word.
const LEASE_SECONDS: &str = "3";
/// How long a token lives, in seconds: longer than the story.
const TOKEN_SECONDS: u32 = 3 * 3_600;
/// Processes of a role in a cluster.
const REPLICAS: usize = 2;

const MEMBER_RIGHTS: &str = include_str!("../../../../deploy/rbac/member.yaml");
const HUB_RIGHTS: &str = include_str!("../../../../deploy/rbac/hub.yaml");
const FOLLOWER_RIGHTS: &str = include_str!("../../../../deploy/rbac/follower.yaml");
const MESH_RIGHTS: &str = include_str!("../../../../deploy/rbac/mesh.yaml");

/// The fleet, all of it running.
pub(crate) struct World {
    pub(crate) form: Form,
    pub(crate) clusters: Vec<Cluster>,
    links: Links,
    // Read by processes at each start.
    _papers: TempDir,
}

/// What a cluster has. Whoever uses what is below stands above it, and ends before it.
pub(crate) struct Cluster {
    pub(crate) serves: Vec<Program>,
    /// Where those answer, after each start.
    pub(crate) dns: [SocketAddr; REPLICAS],
    pub(crate) controls: Vec<Program>,
    pub(crate) server: ApiServer,
    /// The members of its store; none where it has one alone.
    pub(crate) members: Option<Arc<EtcdCluster>>,
}

/// The ways from one cluster to another, by both: to its API server, and to each process that decides.
struct Links(BTreeMap<(usize, usize), Vec<Link>>);

impl World {
    /// Starts one, with stores of three members where it is the long form; none when a real part is missing.
    pub(crate) fn start(form: Form, is_long: bool) -> Option<Self> {
        let members = CLUSTERS.map(|(name, _)| is_long.then(|| EtcdCluster::start(name).map(Arc::new)));
        let setups = CLUSTERS.iter().zip(&members).map(|((name, _), members)| {
            let members = members.clone().flatten();
            (*name, Setup { members, ..Setup::default() })
        });
        let servers = ApiServer::start_all::<3>(setups.collect::<Vec<_>>().try_into().ok()?)?;
        for (number, server) in servers.iter().enumerate() {
            furnish(form, number, server);
        }
        let streams: Vec<[u16; REPLICAS]> =
            CLUSTERS.iter().map(|_| [(); REPLICAS].map(|()| free_port())).collect();
        let links = Links::between(&servers, &streams);
        let papers = papers();
        let mut clusters = Vec::new();
        for (number, (server, members)) in servers.into_iter().zip(members).enumerate() {
            let dns = [(); REPLICAS].map(|()| loopback(free_port()));
            let followed = form.followed_by(number);
            let urls = (0..REPLICAS).map(|replica| links.stream(number, followed, &streams, replica));
            let follow = urls.collect::<Vec<_>>().join(",");
            let serves =
                (0..REPLICAS).map(|replica| serve(number, replica, &follow, dns[replica], papers.path()));
            let serves = serves.collect();
            clusters.push(Cluster { serves, dns, controls: Vec::new(), server, members: members.flatten() });
        }
        for number in (0..clusters.len()).filter(|number| form.has_controls(*number)) {
            let controls = streams[number].iter().enumerate().map(|(replica, stream)| {
                let control = control(form, number, replica, *stream, papers.path());
                let all = clusters.iter().enumerate();
                let all = all.filter_map(|(to, cluster)| links.context(form, number, to, &cluster.server));
                fs::write(control.at("kubeconfig"), kubeconfig::text(&all.collect::<Vec<_>>())).unwrap();
                control
            });
            let controls = controls.collect();
            clusters[number].controls = controls;
        }
        let world = Self { form, clusters, links, _papers: papers };
        world.programs().for_each(Program::start);
        Some(world)
    }

    /// All processes of ours, those who decide first.
    pub(crate) fn programs(&self) -> impl Iterator<Item = &Program> {
        let controls = self.clusters.iter().flat_map(|cluster| &cluster.controls);
        controls.chain(self.clusters.iter().flat_map(|cluster| &cluster.serves))
    }

    /// The meter's number of one that answers.
    pub(crate) fn number(cluster: usize, replica: usize) -> usize {
        cluster * REPLICAS + replica
    }

    /// Cuts every way between some clusters and all others.
    pub(crate) fn cut(&self, off: &[usize]) {
        self.links.apart(off).for_each(Link::cut);
    }

    /// Mends all of them.
    pub(crate) fn mend(&self) {
        self.links.0.values().flatten().for_each(Link::mend);
    }

    /// What those who answer in a cluster cannot hear of, while some clusters are cut off from all others, and the API servers
    /// of some say nothing.
    pub(crate) fn unheard(&self, site: usize, off: &[usize], silent: &[usize]) -> Vec<usize> {
        let is_whole = |from: usize, to: usize| off.contains(&from) == off.contains(&to);
        let answers = |cluster: usize| !silent.contains(&cluster);
        let clusters = 0..self.clusters.len();
        clusters.filter(|cluster| !self.form.hears(site, *cluster, is_whole, answers)).collect()
    }

    /// Who leads, among those who decide in a cluster.
    pub(crate) fn leader(&self, cluster: usize) -> usize {
        let controls = &self.clusters[cluster].controls;
        wait("a leader", || {
            controls.iter().position(|control| control.says(&["status"]).contains("This process leads"))
        })
    }
}

/// Waits until one who decides is ready to be followed, and to lead.
pub(crate) fn wait_until_whole(control: &Program) {
    control.wait("a replica that knows all", || {
        let said = control.says(&["status"]);
        let has_place = ["stands by", "This process leads"].iter().any(|place| said.contains(place));
        let has_place = has_place || said.contains("not written to");
        (has_place && NAMES.iter().all(|name| said.contains(name))).then_some(())
    });
}

impl Links {
    fn between(servers: &[ApiServer; 3], streams: &[[u16; REPLICAS]]) -> Self {
        let mut links = BTreeMap::new();
        for from in 0..servers.len() {
            for to in (0..servers.len()).filter(|to| *to != from) {
                let api = servers[to].url().strip_prefix("https://").unwrap().parse().unwrap();
                let ends = [api].into_iter().chain(streams[to].map(loopback));
                links.insert((from, to), ends.map(Link::to).collect());
            }
        }
        Self(links)
    }

    /// Where one in a cluster finds something of another: its API server first, then who decides.
    fn find(&self, from: usize, to: usize, what: usize) -> Option<SocketAddr> {
        Some(self.0.get(&(from, to))?.get(what)?.address())
    }

    /// How one who decides comes in to an API server, with the rights that we ship; none where it has no business there.
    fn context(&self, form: Form, from: usize, to: usize, server: &ApiServer) -> Option<kubeconfig::Context> {
        let account = match form {
            Form::HandOver if from != HUB && to != HUB => return None,
            Form::HandOver if from != HUB => "portolan-follower",
            Form::Mesh if from != to => "portolan-mesh",
            Form::Hub | Form::HandOver | Form::Mesh => "portolan",
        };
        let mut context = server.context(&server.admin().token("portolan", account, TOKEN_SECONDS).unwrap());
        if let Some(link) = self.find(from, to, 0) {
            context.server = format!("https://{link}");
        }
        Some(context)
    }

    /// The stream of one who decides.
    fn stream(&self, from: usize, to: usize, streams: &[[u16; REPLICAS]], replica: usize) -> String {
        let address = self.find(from, to, 1 + replica).unwrap_or(loopback(streams[to][replica]));
        format!("https://{address}")
    }

    /// Those between some clusters and all others.
    fn apart(&self, off: &[usize]) -> impl Iterator<Item = &Link> {
        let is_between = |(from, to): &(usize, usize)| off.contains(from) != off.contains(to);
        self.0.iter().filter(move |(ends, _)| is_between(ends)).flat_map(|(_, links)| links)
    }
}

pub(crate) fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// Gives a cluster what runs in it, and what is to be where it holds that.
fn furnish(form: Form, number: usize, server: &ApiServer) {
    let (name, address) = CLUSTERS[number];
    let namespaces = ["shop", "kube-federation-system"]
        .map(|name| format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n"));
    let node = format!(
        "apiVersion: v1\nkind: Node\nmetadata: {{name: n1, labels: {{topology.kubernetes.io/region: r-{name}}}}}\n"
    );
    let objects = [MEMBER_RIGHTS, &namespaces[0], &namespaces[1], &node, &shop::workload(address, true)];
    server.admin().apply(&objects.join("\n---\n")).unwrap();
    if form.holds_intents(number) {
        let definitions = [&["crds"][..], &["crds", "--compat"]].map(|words| printed(BINARY, words));
        let clusters = CLUSTERS.map(|(name, _)| member_cluster(name, "Active")).join("---\n");
        let rights = [HUB_RIGHTS, FOLLOWER_RIGHTS, MESH_RIGHTS].join("\n---\n");
        let objects = [&definitions[0], &definitions[1], &rights, shop::INTENTS, shop::FEDERATED, &clusters];
        server.admin().apply(&objects.join("\n---\n")).unwrap();
    }
}

/// What says whether a cluster is to be answered with.
pub(crate) fn member_cluster(name: &str, state: &str) -> String {
    format!(
        "apiVersion: portolan.dev/v1alpha1\nkind: MemberCluster\nmetadata: {{name: {name}}}\nspec: {{state: {state}}}\n"
    )
}

// === Processes ===

pub(crate) fn papers() -> TempDir {
    let papers = tempfile::tempdir().unwrap();
    let dir = papers.path().display().to_string();
    let pki = |words: &[&str]| drop(printed(BINARY, &[&["pki"], words, &["--dir", &dir]].concat()));
    pki(&["init"]);
    pki(&["issue", "--name", "control", "--ip", "127.0.0.1"]);
    pki(&["issue", "--name", "serve", "--client"]);
    papers
}

/// What a process proves itself with on the stream.
pub(crate) fn with_papers(program: Program, papers: &Path, name: &str) -> Program {
    let at = |file: &str| papers.join(file);
    program
        .with(["--stream-ca"])
        .with([at("ca.crt")])
        .with(["--stream-cert"])
        .with([at(&format!("{name}.crt"))])
        .with(["--stream-key"])
        .with([at(&format!("{name}.key"))])
}

/// Who decides in a cluster.
fn control(form: Form, cluster: usize, replica: usize, stream: u16, papers: &Path) -> Program {
    let name = CLUSTERS[cluster].0;
    let program = Program::new(BINARY, &format!("{name}-control-{replica}"))
        .with(["run", "--role", "control", "--stream-listen", &loopback(stream).to_string()])
        .with_file("--kubeconfig", "kubeconfig");
    let program = match form {
        Form::Mesh => program.with(["--mesh", name]),
        Form::Hub | Form::HandOver => program.with(["--hub", CLUSTERS[HUB].0]),
    };
    let program = match form.has_leader(cluster) {
        true => program.with(["--lease", LEASE, "--lease-seconds", LEASE_SECONDS]),
        false => program.with(["--follow-hub"]),
    };
    with_papers(program, papers, "control").with_file("--state", "state")
}

/// Who answers in a cluster.
fn serve(cluster: usize, replica: usize, follow: &str, dns: SocketAddr, papers: &Path) -> Program {
    let program = Program::new(BINARY, &format!("{}-serve-{replica}", CLUSTERS[cluster].0))
        .with(["run", "--role", "serve", "--follow", follow, "--workers", "1"])
        .with(["--listen", &dns.to_string()]);
    with_papers(program, papers, "serve").with_file("--state", "state")
}
