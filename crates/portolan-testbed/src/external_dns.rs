//! A stock External-DNS that reads an API server, and the provider to which it publishes.

use std::process::Command;

use crate::api_server::ApiServer;
use crate::folder::Folder;
use crate::port::free_port;
use crate::process::Process;
use crate::{missing, part};

pub use self::webhook::Webhook;

mod webhook;

/// A running External-DNS, ended with its value.
#[derive(Debug)]
pub struct ExternalDns {
    process: Process,
    _folder: Folder,
}

impl ExternalDns {
    /// Starts one on an API server, with a token, publishing to a webhook; what else it is told (such as
    /// `--source=crd`) is the caller's. None, after a loud line, when there is no External-DNS.
    ///
    /// It looks once a second, and at events; it keeps no ownership records.
    #[must_use]
    pub fn start(server: &ApiServer, token: &str, webhook: &Webhook, args: &[&str]) -> Option<Self> {
        let folder = Folder::new(&format!("{}-external-dns", server.name()));
        let mut dns = command(server, token, webhook)?;
        dns.args(["--events", "--interval=1s", "--min-event-sync-interval=1s"]).args(args);
        let process = Process::start("external-dns", &dns, &folder.log());
        Some(Self { process, _folder: folder })
    }

    /// Runs one as [`ExternalDns::start`] does, but it looks once, publishes, and has ended. None, after a loud
    /// line, when there is no External-DNS.
    ///
    /// # Errors
    /// With the end of its log when it ended with a fault.
    ///
    /// # Panics
    /// When it has not ended after [`crate::wait::PATIENCE`].
    pub fn run_once(
        server: &ApiServer,
        token: &str,
        webhook: &Webhook,
        args: &[&str],
    ) -> Option<Result<(), String>> {
        let folder = Folder::new(&format!("{}-external-dns-once", server.name()));
        let mut dns = command(server, token, webhook)?;
        dns.arg("--once").args(args);
        Some(Process::start("external-dns", &dns, &folder.log()).ended())
    }

    /// Polls until External-DNS has done something.
    ///
    /// # Panics
    /// When it has ended, or after [`crate::wait::PATIENCE`]; with the end of its log.
    pub fn wait<T>(&self, what: &str, look: impl FnMut() -> Option<T>) -> T {
        self.process.wait(what, look)
    }

    /// As SIGKILL.
    pub fn kill(&self) {
        self.process.kill();
    }
}

/// What both ways of running it have in common.
fn command(server: &ApiServer, token: &str, webhook: &Webhook) -> Option<Command> {
    let mut dns = Command::new(missing::program(&part::EXTERNAL_DNS)?);
    dns.arg("--kubeconfig").arg(server.kubeconfig(token));
    dns.args(["--provider=webhook", "--registry=noop", "--policy=sync"]);
    dns.arg(format!("--webhook-provider-url={}", webhook.url()));
    dns.arg(format!("--metrics-address=127.0.0.1:{}", free_port()));
    Some(dns)
}
