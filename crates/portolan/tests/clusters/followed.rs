//! The program following real clusters with the rights that we ship, and what clients get of it.

use portolan_testbed::ask::RecordType;
use portolan_testbed::{ApiServer, Program, kubeconfig};

/// The rights that we ship.
pub(crate) const MEMBER_RIGHTS: &str = include_str!("../../../../deploy/rbac/member.yaml");
pub(crate) const HUB_RIGHTS: &str = include_str!("../../../../deploy/rbac/hub.yaml");
pub(crate) const SOURCE_RIGHTS: &str = include_str!("../../../../deploy/rbac/sources.yaml");
/// How long a token lives, in seconds.
const TOKEN_SECONDS: u32 = 3_600;

/// `portolan run --kubeconfig`, ended with its value.
pub(crate) struct Followed {
    pub(crate) program: Program,
}

impl Followed {
    /// Follows these clusters, of which the first is the hub, with the rights that they already have.
    pub(crate) fn start(clusters: &[&ApiServer]) -> Self {
        Self::start_with(clusters, &[])
    }

    /// The same, with further flags.
    pub(crate) fn start_with(clusters: &[&ApiServer], args: &[&str]) -> Self {
        let followed = Self { program: program().with_file("--kubeconfig", "kubeconfig").with(args) };
        followed.give_tokens(clusters);
        followed.program.start();
        followed
    }

    /// Follows a cluster as a pod of it does, by the files of the account that we ship.
    pub(crate) fn in_pod(server: &ApiServer) -> Self {
        let context = context(server);
        let address = context.server.strip_prefix("https://").unwrap();
        let (host, port) = address.rsplit_once(':').unwrap();
        let program = program()
            .with(["--in-cluster", "hub"])
            .with_file("--service-account", "account")
            .with_variable("KUBERNETES_SERVICE_HOST", host)
            .with_variable("KUBERNETES_SERVICE_PORT", port);
        let account = program.at("account");
        std::fs::create_dir(&account).unwrap();
        std::fs::write(account.join("token"), &context.token).unwrap();
        std::fs::write(account.join("ca.crt"), &context.authority).unwrap();
        program.start();
        Self { program }
    }

    /// Writes its kubeconfig anew, with new tokens of the account that we ship.
    pub(crate) fn give_tokens(&self, clusters: &[&ApiServer]) {
        let contexts: Vec<_> = clusters.iter().map(|server| context(server)).collect();
        std::fs::write(self.program.at("kubeconfig"), kubeconfig::text(&contexts)).unwrap();
    }

    /// The addresses that a name has, sorted.
    pub(crate) fn ask(&self, name: &str) -> Vec<String> {
        self.program.ask(name, RecordType::A).data(RecordType::A)
    }

    /// Waits until a name has just these addresses.
    #[track_caller]
    pub(crate) fn wait_for(&self, name: &str, addresses: &[&str]) {
        self.program.wait_for(name, RecordType::A, addresses);
    }
}

/// Its last good state is kept from one run to the next.
fn program() -> Program {
    Program::new(env!("CARGO_BIN_EXE_portolan"), "followed")
        .with(["run", "--workers", "1", "--listen", "127.0.0.1:0"])
        .with_file("--state", "state")
}

/// How the account that we ship comes in.
fn context(server: &ApiServer) -> kubeconfig::Context {
    server.context(&server.admin().token("portolan", "portolan", TOKEN_SECONDS).unwrap())
}
