//! Kubernetes' own controllers beside an API server: EndpointSlices, namespaces, accounts, garbage.
//!
//! There are no nodes and no kubelets, so Pods stay as the test writes them, and what the controllers make of
//! them is real.

use std::path::PathBuf;

use crate::api_server::ApiServer;
use crate::folder::Folder;
use crate::port::free_port;
use crate::process::Process;
use crate::{missing, namespace, part};

/// The controllers that run: those that a cluster's names depend on, and those that tidy up.
const CONTROLLERS: &str = "endpointslice-controller,endpointslice-mirroring-controller,namespace-controller,\
                           serviceaccount-controller,garbage-collector-controller";

/// A running kube-controller-manager, ended with its value.
#[derive(Debug)]
pub struct ControllerManager {
    process: Process,
    _folder: Folder,
}

impl ControllerManager {
    /// Starts one beside an API server; none, after a loud line, when there is no such program.
    ///
    /// # Panics
    /// When it does not become healthy.
    #[must_use]
    pub fn start(server: &ApiServer) -> Option<Self> {
        let program = missing::program(&part::KUBE_CONTROLLER_MANAGER)?;
        let folder = Folder::new(&format!("{}-controllers", server.name()));
        let port = free_port();
        let file = |path: PathBuf| path.display().to_string();
        let mut manager = namespace::command(server.namespace(), &program);
        for (flag, value) in [
            ("kubeconfig", file(server.admin_kubeconfig())),
            ("controllers", CONTROLLERS.to_owned()),
            ("leader-elect", "false".to_owned()),
            ("use-service-account-credentials", "false".to_owned()),
            ("service-account-private-key-file", file(server.file("service-accounts.key"))),
            ("bind-address", namespace::back_address(server.namespace()).to_string()),
            ("secure-port", port.to_string()),
            ("tls-cert-file", file(server.file("server.crt"))),
            ("tls-private-key-file", file(server.file("server.key"))),
        ] {
            manager.arg(format!("--{flag}={value}"));
        }
        let process = Process::start("kube-controller-manager", &manager, &folder.log());
        let client = server.beside(port);
        process.wait("health", || (client.get("/healthz").ok()? == "ok").then_some(()));
        Some(Self { process, _folder: folder })
    }

    /// As SIGKILL.
    pub fn kill(&self) {
        self.process.kill();
    }
}
