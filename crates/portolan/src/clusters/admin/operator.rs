//! The operator's kubeconfig, and the clients that its contexts lead to.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use kube_client::config::{KubeConfigOptions, Kubeconfig};
use portolan_kube::api::Topology;
use portolan_kube::registry::Believed;
use portolan_kube::registry::access::{self, Access, Identity};
use portolan_kube::registry::secret::base64;

use super::super::connect::{self, CONNECT};
use super::super::kubeconfig::why;
use super::{Granted, granted};
use crate::problem::Refused;

/// How long a request may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

/// Who runs a command, and on which hub.
#[derive(Clone, Copy, Debug)]
pub struct Operator<'a> {
    /// The kubeconfig; none: that of `kubectl`.
    pub kubeconfig: Option<&'a Path>,
    /// The hub's context; none: the current one.
    pub hub: Option<&'a str>,
    /// Portolan's own namespace in the hub, and those of other registries.
    pub believed: &'a Believed,
    /// How the fleet is held together. In a mesh every cluster is the hub of its own server.
    pub topology: Topology,
}

/// A cluster as the operator reaches it.
pub(super) struct Door {
    pub(super) client: kube_client::Client,
    config: kube_client::Config,
}

impl Operator<'_> {
    /// The hub.
    pub(super) async fn hub(&self) -> Result<Door> {
        self.door(self.hub).await
    }

    /// A context; none: the current one.
    pub(super) async fn door(&self, context: Option<&str>) -> Result<Door> {
        let read = match self.kubeconfig {
            Some(file) => Kubeconfig::read_from(file),
            None => Kubeconfig::read(),
        };
        let kubeconfig = read.map_err(|error| Refused(format!("kubeconfig: {}", why(&error))))?;
        let context = context.map(str::to_owned);
        let name = context.clone().or(kubeconfig.current_context.clone()).unwrap_or_default();
        let options = KubeConfigOptions { context, ..KubeConfigOptions::default() };
        let config = kube_client::Config::from_custom_kubeconfig(kubeconfig, &options).await;
        let mut config = config.map_err(|error| Refused(format!("context {name:?}: {}", why(&error))))?;
        config.connect_timeout = Some(CONNECT);
        let client = kube_client::Client::try_from(config.clone());
        let client =
            client.map_err(|error| Refused(format!("context {name:?}: {}", connect::why(&error))))?;
        Ok(Door { client, config })
    }

    /// What its server may do in the clusters that it registers.
    pub(super) fn granted(&self) -> Granted {
        granted(self.topology)
    }

    /// Portolan's own namespace.
    pub(super) fn namespace(&self) -> &str {
        self.believed.own()
    }
}

impl Door {
    /// How the same server is reached by a registered cluster's token, at another address where one is named.
    /// What a Secret may not say is refused here, before anything is written.
    pub(super) fn access(&self, server: Option<&str>, token: String) -> Result<Access> {
        let config = &self.config;
        if config.accept_invalid_certs {
            bail!(Refused(
                "the context takes any server for the cluster's (insecure-skip-tls-verify); a registered cluster is \
                 reached by its certificate authority: name it in the kubeconfig"
                    .to_owned()
            ));
        }
        let here = config.cluster_url.to_string();
        let url = access::url(server.unwrap_or(&here)).map_err(|rule| Refused(format!("server {rule}")))?;
        let authority: Vec<String> =
            config.root_cert.iter().flatten().map(|certificate| pem(certificate)).collect();
        let authority = Some(authority.concat()).filter(|pem| !pem.is_empty());
        let server_name = config.tls_server_name.clone();
        Ok(Access { server: url, authority, server_name, identity: Identity::Token(token) })
    }

    /// What is to be known of the address that goes into the hub's Secret.
    pub(super) fn notes(&self, server: Option<&str>, access: &Access) -> Vec<String> {
        let mut notes = Vec::new();
        let host = access.server.trim_start_matches("https://");
        if ["127.", "localhost", "[::1]"].iter().any(|begin| host.starts_with(begin)) {
            notes.push(format!("{} is this machine; only a server that runs here reaches it", access.server));
        }
        if self.config.proxy_url.is_some() && server.is_none() {
            notes.push("the cluster is reached by a proxy from here; the server will not use one".to_owned());
        }
        notes
    }
}

/// A certificate as PEM has it.
fn pem(certificate: &[u8]) -> String {
    const LINE: usize = 64;
    let text = base64(certificate);
    let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for line in text.as_bytes().chunks(LINE) {
        pem.extend(line.iter().map(|octet| char::from(*octet)));
        pem.push('\n');
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_written_as_pem() {
        let written = pem(&[0; 60]);
        let lines: Vec<&str> = written.lines().collect();
        assert_eq!(lines.len(), 4, "{written}");
        assert_eq!((lines[1].len(), lines[2].len()), (64, 16));
        assert!(access::certificate(&written).is_ok());
    }
}
