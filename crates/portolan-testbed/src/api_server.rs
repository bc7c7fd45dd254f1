//! A cluster's API: a kube-apiserver with no kubelet and, unless it gets a controller manager, no controller.
//! Nothing makes EndpointSlices or a load balancer's status but the test.
//!
//! ```text
//!   eu-1-0/        ca.crt, server.crt, server.key     made by us, for its addresses
//!                  service-accounts.key, .pub         signs the tokens of ServiceAccounts
//!                  tokens.csv                         the administrator's, for the test's own writes alone
//! ```
//!
//! The program under test never gets the administrator's token: it comes in by [`ApiServer::kubeconfig`] with a
//! token of the ServiceAccount that we ship.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::authority::{self, Authority};
use crate::client::Client;
use crate::etcd::{Etcd, EtcdCluster};
use crate::folder::Folder;
use crate::kubeconfig::{self, Context};
use crate::missing;
use crate::namespace::{self, Namespace};
use crate::part::{self, Part};
use crate::port::free_port;
use crate::process::Process;

/// What is noted of who wrote what, and where.
const AUDIT: &str = "
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata, verbs: [create, update, patch, delete]}]
";
const AUDIT_LOG: &str = "audit.log";
/// What tells one token of an account from another there.
const CREDENTIAL: &str = "authentication.kubernetes.io/credential-id";

/// How an API server is set up.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The store that it shares with others, under a prefix of its own. Default: one of its own.
    pub etcd: Option<Arc<Etcd>>,
    /// The members of a store of its own, instead.
    pub members: Option<Arc<EtcdCluster>>,
    /// The network that it stands in. Default: loopback.
    pub namespace: Option<Arc<Namespace>>,
    /// Which kube-apiserver. Default: [`part::kube_apiserver`].
    pub part: &'static Part,
    /// Whether it notes who wrote what ([`ApiServer::writes_of`]). Default: no.
    pub audit: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self { etcd: None, members: None, namespace: None, part: part::kube_apiserver(), audit: false }
    }
}

/// A running API server, ended and forgotten with its value.
#[derive(Debug)]
pub struct ApiServer {
    // Dropped before what it uses.
    process: Mutex<Process>,
    launch: Launch,
    client: Client,
}

/// How it is started, the first time and again.
#[derive(Debug)]
struct Launch {
    program: PathBuf,
    name: String,
    folder: Folder,
    setup: Setup,
    store: Store,
    port: u16,
    authority: String,
    admin_token: String,
}

/// Where its objects are.
#[derive(Debug)]
enum Store {
    One(Arc<Etcd>),
    Members(Arc<EtcdCluster>),
}

impl ApiServer {
    /// Starts one with a store of its own; none, after a loud line, when there is no kube-apiserver or no etcd.
    ///
    /// # Panics
    /// When it does not become ready.
    #[must_use]
    pub fn start(name: &str) -> Option<Self> {
        Self::start_with(name, Setup::default())
    }

    /// Starts several at once.
    ///
    /// # Panics
    /// When one does not become ready.
    #[must_use]
    pub fn start_all<const N: usize>(servers: [(&str, Setup); N]) -> Option<[Self; N]> {
        let started: Vec<Option<Self>> = thread::scope(|scope| {
            let starts = servers.map(|(name, setup)| scope.spawn(move || Self::start_with(name, setup)));
            starts
                .into_iter()
                .map(|start| start.join().unwrap_or_else(|panic| resume_unwind(panic)))
                .collect()
        });
        started.into_iter().collect::<Option<Vec<Self>>>()?.try_into().ok()
    }

    /// Starts one as it is set up; none, after a loud line, when a part is missing.
    ///
    /// # Panics
    /// When it does not become ready.
    #[must_use]
    pub fn start_with(name: &str, setup: Setup) -> Option<Self> {
        let program = missing::program(setup.part)?;
        let store = match (&setup.members, &setup.etcd) {
            (Some(members), _) => Store::Members(Arc::clone(members)),
            (None, Some(etcd)) => Store::One(Arc::clone(etcd)),
            (None, None) => Store::One(Arc::new(Etcd::start_in(name, setup.namespace.clone())?)),
        };
        let launch = Launch::new(program, name, setup, store);
        let client = launch.client(launch.port, &launch.admin_token);
        let server = Self { process: Mutex::new(launch.start()), launch, client };
        server.wait_until_ready();
        Some(server)
    }

    /// Where it is, as `https://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        url(namespace::address(self.namespace()), self.launch.port)
    }

    /// The administrator's client, which is the test's.
    #[must_use]
    pub fn admin(&self) -> &Client {
        &self.client
    }

    /// A client with a token.
    #[must_use]
    pub fn client(&self, token: &str) -> Client {
        self.launch.client(self.launch.port, token)
    }

    /// What a kubeconfig says of it and of a token.
    #[must_use]
    pub fn context(&self, token: &str) -> Context {
        let (name, authority) = (self.launch.name.clone(), self.launch.authority.clone());
        Context { name, server: self.url(), authority, token: token.to_owned() }
    }

    /// A kubeconfig with a token, as a file that goes with the server.
    ///
    /// # Panics
    /// When it cannot be written.
    #[must_use]
    pub fn kubeconfig(&self, token: &str) -> PathBuf {
        let file = format!("{}.kubeconfig", authority::random_token());
        self.launch.folder.write(&file, &kubeconfig::text(&[self.context(token)]))
    }

    /// A kubeconfig with the administrator's token, for `kubectl` and controllers; never for the program under test.
    ///
    /// # Panics
    /// When it cannot be written.
    #[must_use]
    pub fn admin_kubeconfig(&self) -> PathBuf {
        self.kubeconfig(&self.launch.admin_token)
    }

    /// Its store.
    ///
    /// # Panics
    /// When that has several members, which whoever set it up has.
    #[must_use]
    pub fn etcd(&self) -> &Etcd {
        match &self.launch.store {
            Store::One(etcd) => etcd,
            Store::Members(_) => panic!("{} has a store of several members", self.launch.name),
        }
    }

    /// The network that it stands in; none for loopback.
    #[must_use]
    pub fn namespace(&self) -> Option<&Namespace> {
        self.launch.setup.namespace.as_deref()
    }

    /// What came in with a token and was to change something, refused or not, each as `VERB RESOURCE NAMESPACE/NAME`, in
    /// its order. It must be set up to [audit](Setup::audit).
    ///
    /// # Panics
    /// When it is not, or the token is of no ServiceAccount.
    #[must_use]
    pub fn writes_of(&self, token: &str) -> Vec<String> {
        let payload = token.split('.').nth(1).expect("a token of a ServiceAccount has three parts");
        let payload = URL_SAFE_NO_PAD.decode(payload).expect("each is base64");
        let claims: Value = serde_json::from_slice(&payload).expect("and this one JSON");
        let id = format!("JTI={}", claims["jti"].as_str().unwrap_or_default());
        let log = self.launch.folder.path().join(AUDIT_LOG);
        let log = fs::read_to_string(&log).unwrap_or_else(|error| panic!("{}: {error}", log.display()));
        // The last line may be half there.
        let events = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let is_of = |event: &Value| event["user"]["extra"][CREDENTIAL][0] == *id;
        events.filter(is_of).map(|event| write_of(&event)).collect()
    }

    /// As SIGSTOP: connections are taken and nobody answers; open watches neither break nor report.
    pub fn pause(&self) {
        self.process().pause();
    }

    /// Goes on after [`ApiServer::pause`].
    pub fn resume(&self) {
        self.process().resume();
    }

    /// As SIGKILL; [`ApiServer::restart`] brings it back.
    pub fn kill(&self) {
        self.process().kill();
    }

    /// Kills it, where it runs, and starts it on its port, with its objects. Open watches end, and none can be
    /// resumed.
    pub fn restart(&self) {
        self.again(|| ());
    }

    /// Kills it and starts it without objects, on its port and with its authority. A store of its own begins
    /// again, resource versions and all; in one that it shares its prefix goes, and versions go on.
    pub fn wipe(&self) {
        self.again(|| match (&self.launch.store, &self.launch.setup.etcd) {
            (Store::Members(members), _) => members.wipe(),
            (Store::One(etcd), None) => etcd.wipe(),
            (Store::One(etcd), Some(_)) => etcd.wipe_prefix(&self.launch.prefix()),
        });
    }

    fn again(&self, between: impl FnOnce()) {
        self.kill();
        between();
        *self.process() = self.launch.start();
        self.wait_until_ready();
    }

    fn wait_until_ready(&self) {
        self.process().wait("readiness", || {
            let said = self.client.get("/readyz").ok()?;
            (said == "ok").then_some(())
        });
    }

    fn process(&self) -> MutexGuard<'_, Process> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A client of what stands beside it, on another port, with its certificate.
    pub(crate) fn beside(&self, port: u16) -> Client {
        self.launch.client(port, &self.launch.admin_token)
    }

    /// A file in its folder, for what stands beside it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.launch.folder.path().join(name)
    }

    pub(crate) fn name(&self) -> &str {
        &self.launch.name
    }
}

impl Store {
    /// Where it is asked.
    fn urls(&self) -> String {
        match self {
            Self::One(etcd) => etcd.url(),
            Self::Members(members) => members.urls().join(","),
        }
    }
}

impl Launch {
    fn new(program: PathBuf, name: &str, setup: Setup, store: Store) -> Self {
        let folder = Folder::new(name);
        let authority = Authority::new(name);
        let namespace = setup.namespace.as_deref();
        let addresses = [namespace::address(namespace), namespace::back_address(namespace)];
        let (certificate, key) = authority.server(&addresses);
        let (signing, verifying) = authority::signing_key();
        let admin_token = authority::random_token();
        folder.write("ca.crt", &authority.pem());
        folder.write("server.crt", &certificate);
        folder.write("server.key", &key);
        folder.write("service-accounts.key", &signing);
        folder.write("service-accounts.pub", &verifying);
        folder.write("tokens.csv", &format!("{admin_token},admin,admin-uid,system:masters\n"));
        let port = free_port();
        let (name, authority) = (name.to_owned(), authority.pem());
        Self { program, name, folder, setup, store, port, authority, admin_token }
    }

    fn start(&self) -> Process {
        let file = |name: &str| self.folder.path().join(name).display().to_string();
        let namespace = self.setup.namespace.as_deref();
        let bind =
            if namespace.is_some() { "0.0.0.0".to_owned() } else { namespace::address(None).to_string() };
        let mut server = namespace::command(namespace, &self.program);
        for (flag, value) in [
            ("etcd-servers", self.store.urls()),
            ("etcd-prefix", self.prefix()),
            ("secure-port", self.port.to_string()),
            ("bind-address", bind),
            // A machine without a route to anywhere has none by itself.
            ("advertise-address", namespace::address(namespace).to_string()),
            // There is no Service in the cluster that leads back to it.
            ("endpoint-reconciler-type", "none".to_owned()),
            ("tls-cert-file", file("server.crt")),
            ("tls-private-key-file", file("server.key")),
            ("cert-dir", file("certs")),
            ("service-account-issuer", "https://kubernetes.default.svc".to_owned()),
            ("service-account-key-file", file("service-accounts.pub")),
            ("service-account-signing-key-file", file("service-accounts.key")),
            ("service-cluster-ip-range", "10.0.0.0/24".to_owned()),
            ("authorization-mode", "RBAC".to_owned()),
            ("token-auth-file", file("tokens.csv")),
            // It would wait for a controller that fills accounts in.
            ("disable-admission-plugins", "ServiceAccount".to_owned()),
        ] {
            server.arg(format!("--{flag}={value}"));
        }
        if self.setup.audit {
            self.folder.write("audit.yaml", AUDIT);
            server.arg(format!("--audit-policy-file={}", file("audit.yaml")));
            server.arg(format!("--audit-log-path={}", file(AUDIT_LOG)));
        }
        Process::start(&self.name, &server, &self.folder.log())
    }

    /// Where its objects are in the store.
    fn prefix(&self) -> String {
        format!("/{}", self.name)
    }

    /// The test comes in by the back, which stays open when the network is cut.
    fn client(&self, port: u16, token: &str) -> Client {
        let address = namespace::back_address(self.setup.namespace.as_deref());
        Client::new(&url(address, port), &self.authority, token)
    }
}

fn write_of(event: &Value) -> String {
    let of = &event["objectRef"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let subresource = of["subresource"].as_str().map_or(String::new(), |part| format!("/{part}"));
    let (verb, resource) = (text(&event["verb"]), text(&of["resource"]));
    format!("{verb} {resource}{subresource} {}/{}", text(&of["namespace"]), text(&of["name"]))
}

fn url(address: IpAddr, port: u16) -> String {
    format!("https://{}", SocketAddr::new(address, port))
}
