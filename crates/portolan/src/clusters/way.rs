//! What leads to a cluster: a context of the operator's file, the own pod's files, or an object of the hub.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::Uri;
use kube_client::config::{KubeConfigOptions, Kubeconfig};
use portolan_core::ClusterName;
use portolan_kube::registry::access::Access;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::connect::{self, Dial, Maker};
use super::kubeconfig::{self, Context};

/// Where a pod has the files of its ServiceAccount.
pub const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// What leads to a cluster.
pub(super) enum Way {
    /// A context of the operator's own kubeconfig file.
    Context(Context, Maker),
    /// The files of the pod's ServiceAccount.
    Own(Own),
    /// What an object of the hub and its Secret say now.
    Registered(watch::Receiver<Option<Access>>),
    /// A way of the caller's.
    Dialled(Arc<dyn Dial>),
}

/// The cluster that this process runs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// Its name in the fleet.
    pub name: ClusterName,
    /// The folder of the ServiceAccount's files: `token`, `ca.crt`.
    pub folder: PathBuf,
    /// Where its API server is.
    pub server: String,
}

impl Own {
    /// The own cluster, by what a pod finds in its environment.
    ///
    /// # Errors
    /// When this is no pod: what is missing.
    pub fn find(
        name: &str,
        folder: &Path,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        let said = |variable: &str| {
            environment(variable).filter(|text| !text.is_empty()).ok_or_else(|| {
                format!(
                    "{variable} is not set: this is no pod of a cluster; name its API server by a kubeconfig"
                )
            })
        };
        let (host, port) = (said("KUBERNETES_SERVICE_HOST")?, said("KUBERNETES_SERVICE_PORT")?);
        let host = if host.contains(':') { format!("[{host}]") } else { host };
        let token = folder.join("token");
        std::fs::metadata(&token).map_err(|error| format!("{}: {error}", token.display()))?;
        Ok(Self { name: name.into(), folder: folder.to_owned(), server: format!("https://{host}:{port}") })
    }

    /// As a kubeconfig, in which files are named: the client reads the token anew as it rotates.
    fn kubeconfig(&self) -> Value {
        let (authority, token) = (self.folder.join("ca.crt"), self.folder.join("token"));
        json!({
            "apiVersion": "v1", "kind": "Config",
            "clusters": [{ "name": CONTEXT, "cluster": { "server": self.server, "certificate-authority": authority } }],
            "users": [{ "name": CONTEXT, "user": { "tokenFile": token } }],
            "contexts": [{ "name": CONTEXT, "context": { "cluster": CONTEXT, "user": CONTEXT } }],
        })
    }
}

/// The context of kubeconfigs that are made here.
const CONTEXT: &str = "member";

impl Way {
    /// A client for its API server, by what leads there now.
    pub(super) async fn client(&mut self) -> Result<kube_client::Client, String> {
        match self {
            Self::Context(context, maker) => maker.client(context.config().await?).await,
            Self::Own(own) => connect::client(config_of(own.kubeconfig()).await?).await,
            Self::Registered(access) => {
                let access = access.borrow().clone();
                client_by(&access.ok_or("its credentials are not known")?).await
            }
            Self::Dialled(dial) => dial.dial().await,
        }
    }

    /// Where its API server is, for people: without what else such an address may hold. None when that is not known.
    pub(super) fn server(&self) -> Option<String> {
        let said = match self {
            Self::Context(context, _) => context.server(),
            Self::Own(own) => Some(own.server.clone()),
            Self::Registered(access) => access.borrow().as_ref().map(|access| access.server.clone()),
            Self::Dialled(_) => None,
        };
        let address: Uri = said?.parse().ok()?;
        let port = address.port().map_or(String::new(), |port| format!(":{port}"));
        Some(format!("{}://{}{port}", address.scheme_str()?, address.host()?))
    }

    /// Waits until something else leads there. What files say is read when a cluster is not reached.
    pub(super) async fn changed(&mut self) {
        let is_changed = match self {
            Self::Registered(access) => access.changed().await.is_ok(),
            Self::Context(..) | Self::Own(_) | Self::Dialled(_) => false,
        };
        if !is_changed {
            std::future::pending::<()>().await;
        }
    }
}

/// A client by what a Secret says.
pub(super) async fn client_by(access: &Access) -> Result<kube_client::Client, String> {
    connect::client(config_of(access.kubeconfig()).await?).await
}

/// A client's configuration, out of a kubeconfig that was made here.
async fn config_of(made: Value) -> Result<kube_client::Config, String> {
    // The library's words may repeat the value, which is secret.
    let kubeconfig: Kubeconfig = serde_json::from_value(made).map_err(|_| "is no kubeconfig".to_owned())?;
    let options = KubeConfigOptions { context: Some(CONTEXT.to_owned()), ..KubeConfigOptions::default() };
    let config = kube_client::Config::from_custom_kubeconfig(kubeconfig, &options).await;
    let mut config = config.map_err(|error| kubeconfig::why(&error))?;
    // The library takes one from the environment, for whatever cluster.
    config.proxy_url = None;
    Ok(config)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn find(folder: &Path, environment: &[(&str, &str)]) -> Result<Own, String> {
        let environment: BTreeMap<&str, &str> = environment.iter().copied().collect();
        Own::find("hub", folder, &|name| environment.get(name).map(|text| (*text).to_owned()))
    }

    #[test]
    fn where_a_cluster_is_is_told_without_what_may_be_secret() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config");
        let at = |server: &str| {
            let text = json!({
                "clusters": [{ "name": "other" }, { "name": "c", "cluster": { "server": server } }],
                "contexts": [{ "name": "eu", "context": { "cluster": "c", "user": "u" } }],
            });
            std::fs::write(&file, text.to_string()).unwrap();
            let context = Context { name: "eu-1".into(), context: "eu".into(), file: file.clone() };
            Way::Context(context, Maker::default()).server()
        };
        assert_eq!(at("https://192.0.2.7:6443").as_deref(), Some("https://192.0.2.7:6443"));
        assert_eq!(at("https://me:secret@[fd00::1]/x?token=y").as_deref(), Some("https://[fd00::1]"));
        assert_eq!(at("no url"), None);
        std::fs::remove_file(&file).unwrap();
        let context = Context { name: "eu-1".into(), context: "eu".into(), file: file.clone() };
        assert_eq!(Way::Context(context, Maker::default()).server(), None);
    }

    #[tokio::test]
    async fn a_pod_finds_its_own_cluster() {
        let folder = tempfile::tempdir().unwrap();
        let address = [("KUBERNETES_SERVICE_HOST", "fd00::1"), ("KUBERNETES_SERVICE_PORT", "443")];
        assert!(find(folder.path(), &address).unwrap_err().contains("token"));
        std::fs::write(folder.path().join("token"), "t").unwrap();
        let own = find(folder.path(), &address).unwrap();
        assert_eq!(own.server, "https://[fd00::1]:443");
        let refused = find(folder.path(), &address[..1]).unwrap_err();
        assert!(refused.starts_with("KUBERNETES_SERVICE_PORT is not set"), "{refused}");

        // Its authority is read with each client.
        assert!(config_of(own.kubeconfig()).await.is_err());
        std::fs::write(folder.path().join("ca.crt"), "").unwrap();
        let config = config_of(own.kubeconfig()).await.unwrap();
        assert_eq!(config.cluster_url.to_string(), "https://[fd00::1]:443/");
    }
}
