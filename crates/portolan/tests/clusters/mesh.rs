//! A mesh of three API servers, each with a Portolan of its own, which comes in with the rights that we ship: to its own
//! cluster as who may write there, to the others as who may look.
//!
//! | module | what it owns |
//! | --- | --- |
//! | `story` | who disagrees, what is deleted, what goes, and who wrote what |
//! | `joined` | clusters that are told of each other by `portolan cluster join` |
//! | `same` | that the same objects have the same answers by a hub |

use portolan_testbed::ask::RecordType;
use portolan_testbed::{ApiServer, Program, Setup, kubeconfig};
use serde_json::Value;

use super::followed::{HUB_RIGHTS, MEMBER_RIGHTS};
use super::walk::{CLUSTERS, workload};
use super::{compat, definitions};

mod joined;
mod same;
mod story;

const MESH_RIGHTS: &str = include_str!("../../../../deploy/rbac/mesh.yaml");
/// How long a token lives, in seconds.
const TOKEN_SECONDS: u32 = 3_600;

/// The clusters, in the order of [`CLUSTERS`], each with what it runs.
struct Fleet {
    servers: [ApiServer; 3],
}

/// A process, and the tokens by which it comes in to each cluster.
struct Site {
    program: Program,
    tokens: Vec<String>,
}

impl Fleet {
    /// Starts them, with what is applied to each, and rights for the others.
    fn start(intents: &str) -> Option<Self> {
        let fleet = Self::apart(intents)?;
        fleet.apply(&[0, 1, 2], MESH_RIGHTS);
        Some(fleet)
    }

    /// The same where nobody has any right in another one's cluster.
    fn apart(intents: &str) -> Option<Self> {
        let setup = || Setup { audit: true, ..Setup::default() };
        let servers = ApiServer::start_all(CLUSTERS.map(|(name, _)| (name, setup())))?;
        let rights = [MEMBER_RIGHTS, HUB_RIGHTS, &definitions(), &compat()].join("\n---\n");
        for (server, (name, address)) in servers.iter().zip(CLUSTERS) {
            server.admin().apply(&rights).unwrap();
            workload(server, name, address);
            server.admin().apply(intents).unwrap();
        }
        Some(Self { servers })
    }

    /// The one of a cluster: of all the others it may read what mesh.yaml gives.
    fn one_of_mesh(&self, own: usize) -> Site {
        let account = |nth: usize| if nth == own { "portolan" } else { "portolan-mesh" };
        self.site(&["--mesh", CLUSTERS[own].0], &[0, 1, 2], account)
    }

    /// The one of a cluster, which knows of no other.
    fn alone(&self, own: usize) -> Site {
        self.site(&["--mesh", CLUSTERS[own].0], &[own], |_| "portolan")
    }

    /// One that follows all clusters, of which the first is the hub.
    fn by_hub(&self) -> Site {
        self.site(&["--hub", CLUSTERS[0].0], &[0, 1, 2], |_| "portolan")
    }

    /// One that follows these clusters from its start.
    fn site(&self, args: &[&str], clusters: &[usize], account: impl Fn(usize) -> &'static str) -> Site {
        let token =
            |nth: &usize| self.servers[*nth].admin().token("portolan", account(*nth), TOKEN_SECONDS).unwrap();
        let tokens: Vec<String> = clusters.iter().map(token).collect();
        let contexts: Vec<_> =
            clusters.iter().zip(&tokens).map(|(nth, token)| self.servers[*nth].context(token)).collect();
        let program = Program::new(env!("CARGO_BIN_EXE_portolan"), &args.concat())
            .with(["run", "--workers", "1", "--listen", "127.0.0.1:0"])
            .with(args)
            .with_file("--kubeconfig", "kubeconfig")
            .with_file("--state", "state");
        std::fs::write(program.at("kubeconfig"), kubeconfig::text(&contexts)).unwrap();
        program.start();
        Site { program, tokens }
    }

    /// Applies the same to these clusters.
    fn apply(&self, clusters: &[usize], manifests: &str) {
        for nth in clusters {
            self.servers[*nth].admin().apply(manifests).unwrap();
        }
    }
}

impl Site {
    #[track_caller]
    fn wait_for(&self, name: &str, addresses: &[&str]) {
        self.program.wait_for(name, RecordType::A, addresses);
    }
}

/// A condition of an object's status: its status, reason and message.
fn condition(server: &ApiServer, path: &str, type_: &str) -> Option<[String; 3]> {
    let object = server.admin().get(path).ok()?;
    let conditions = object["status"]["conditions"].as_array()?.clone();
    let found = conditions.into_iter().find(|condition| condition["type"] == type_)?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Some(["status", "reason", "message"].map(|field| text(&found[field])))
}
