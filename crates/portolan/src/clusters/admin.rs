//! `portolan cluster`: clusters registered, listed, checked and taken off by an operator.
//!
//! All of it is done with the rights of whoever runs it, by contexts of a kubeconfig, and none of it by the
//! server. What is written is written as an operator would (server-side apply, in our name), so that what
//! somebody else owns is not taken over by accident.
//!
//! | module | what it owns |
//! | --- | --- |
//! | `operator` | the contexts, and the clients that they lead to |
//! | `registered` | what the hub registers, read once |
//! | `needs` | which rights are needed, and which manifest gives them |
//! | `same` | which of them are one and the same cluster |
//! | `manifest` | where the objects of the manifests of rights stand |
//! | [`mod@join`] | rights in a member, its token, its registration in the hub |
//! | [`mod@list`] | what is registered, and until when |
//! | [`mod@check`] | which rights are missing |
//! | [`mod@leave`] | the way back |

use anyhow::{Result, bail};
use portolan_kube::api::Topology;
use portolan_kube::follow::Failure;

use crate::problem::Refused;

mod check;
mod join;
mod leave;
mod list;
mod manifest;
mod needs;
mod operator;
mod registered;
mod same;

pub use check::check;
pub use join::{Join, join};
pub use leave::{Leave, leave};
pub use list::list;
pub use operator::Operator;

/// What Portolan may do in each cluster.
pub(crate) const MEMBER_RIGHTS: &str = include_str!("../../../../deploy/rbac/member.yaml");
/// What it may do besides in the hub.
pub(crate) const HUB_RIGHTS: &str = include_str!("../../../../deploy/rbac/hub.yaml");
/// What the Portolans of other clusters may do in each cluster of a mesh.
const MESH_RIGHTS: &str = include_str!("../../../../deploy/rbac/mesh.yaml");
/// The ServiceAccount of the first two.
const ACCOUNT: &str = "portolan";

/// What a server may do in a cluster that it registers, and which account it is there.
#[derive(Clone, Copy, Debug)]
struct Granted {
    account: &'static str,
    text: &'static str,
    /// The manifest of `deploy/rbac` with that text.
    manifest: &'static str,
}

/// In a mesh each cluster's own server may write there by [`ACCOUNT`], whose tokens stay in the cluster.
fn granted(topology: Topology) -> Granted {
    match topology {
        // Who follows a hub registers none; an operator's commands beside it are about the hub.
        Topology::Hub | Topology::Follower => {
            Granted { account: ACCOUNT, text: MEMBER_RIGHTS, manifest: "member.yaml" }
        }
        Topology::Mesh => Granted { account: "portolan-mesh", text: MESH_RIGHTS, manifest: "mesh.yaml" },
    }
}

/// Runs something that waits for servers, to its end.
///
/// # Errors
/// Its own.
pub fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(work)
}

/// Longest name of a cluster: its Secret's is longer, and an object's has 253 characters at most.
const NAME_CHARS_MAX: usize = 240;

/// The Secret of a cluster that joins.
fn secret_name(cluster: &str) -> String {
    format!("cluster-{cluster}")
}

/// Refuses a name that no object can have.
fn check_name(name: &str) -> Result<()> {
    let is_plain = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-';
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(is_plain) && !label.starts_with('-') && !label.ends_with('-')
    };
    if name.len() <= NAME_CHARS_MAX && name.split('.').all(is_label) {
        return Ok(());
    }
    bail!(Refused(format!(
        "name {name:?}: is not 1 to {NAME_CHARS_MAX} lower-case letters, digits, '-' and '.', as an object's name is"
    )))
}

/// Why a server did not do what it was asked for.
fn said(what: &str, failure: &Failure) -> anyhow::Error {
    match failure.code {
        Some(code) => anyhow::anyhow!("{what}: the server said {code}: {}", failure.message),
        None => anyhow::anyhow!("{what}: {}", failure.message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_objects() {
        for name in ["eu-1", "a", "eu-1.example", "0"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", "EU", "eu_1", "-eu", "eu-", "a..b", "a/b", "../x", &"x".repeat(241)] {
            assert!(check_name(name).unwrap_err().is::<Refused>(), "{name}");
        }
    }
}
