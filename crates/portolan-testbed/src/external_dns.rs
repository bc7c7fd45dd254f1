//! A stock External-DNS that reads an API server, and the provider to which it publishes.

use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

use crate::api_server::ApiServer;
use crate::folder::Folder;
use crate::name_server::{self, NameServer};
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
    /// What it must be let do to publish `DNSEndpoint`s: an account `external-dns` of the namespace `default`.
    pub const ACCOUNT: &str = "
apiVersion: v1
kind: ServiceAccount
metadata: {name: external-dns}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: external-dns}
rules:
- {apiGroups: [externaldns.k8s.io], resources: [dnsendpoints], verbs: [get, list, watch]}
- {apiGroups: [externaldns.k8s.io], resources: [dnsendpoints/status], verbs: ['*']}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: external-dns}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: external-dns}
subjects: [{kind: ServiceAccount, name: external-dns, namespace: default}]
";

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

    /// Between two looks of one on an etcd.
    #[must_use]
    pub fn interval() -> Duration {
        Duration::from_secs(if std::env::var_os(part::AT_ITS_DEFAULTS).is_some() { 60 } else { 1 })
    }

    /// Starts one on an API server, with a token, that publishes to an etcd in SkyDNS' layout (its provider `coredns`);
    /// the registry and what else it is told is the caller's. None, after a loud line, when there is no External-DNS.
    ///
    /// It looks once a second, and at events, but for [`part::AT_ITS_DEFAULTS`].
    #[must_use]
    pub fn start_on_etcd(server: &ApiServer, token: &str, urls: &[String], args: &[&str]) -> Option<Self> {
        let folder = Folder::new(&format!("{}-external-dns", server.name()));
        let mut dns = common(server, token)?;
        dns.env("ETCD_URLS", urls.join(",")).args(["--provider=coredns", "--policy=sync"]);
        if std::env::var_os(part::AT_ITS_DEFAULTS).is_none() {
            dns.args(["--events", "--interval=1s", "--min-event-sync-interval=1s"]);
        }
        dns.args(args);
        let process = Process::start("external-dns", &dns, &folder.log());
        Some(Self { process, _folder: folder })
    }

    /// Starts one on an API server, with a token, that publishes to a webhook provider at a URL; the registry, the policy and
    /// what else it is told is the caller's. None, after a loud line, when there is no External-DNS.
    #[must_use]
    pub fn start_on_url(server: &ApiServer, token: &str, url: &str, args: &[&str]) -> Option<Self> {
        let folder = Folder::new(&format!("{}-external-dns", server.name()));
        let mut dns = common(server, token)?;
        dns.args(["--provider=webhook", &format!("--webhook-provider-url={url}")]);
        dns.args(["--events", "--interval=1s", "--min-event-sync-interval=1s"]).args(args);
        let process = Process::start("external-dns", &dns, &folder.log());
        Some(Self { process, _folder: folder })
    }

    /// Runs one as [`ExternalDns::start_on_url`] does, but it looks once, publishes, and has ended. None, after a loud
    /// line, when there is no External-DNS.
    ///
    /// # Errors
    /// With the end of its log when it ended with a fault.
    ///
    /// # Panics
    /// When it has not ended after [`crate::wait::PATIENCE`].
    pub fn run_once_on_url(
        server: &ApiServer,
        token: &str,
        url: &str,
        args: &[&str],
    ) -> Option<Result<(), String>> {
        let folder = Folder::new(&format!("{}-external-dns-once", server.name()));
        let mut dns = common(server, token)?;
        dns.args(["--provider=webhook", &format!("--webhook-provider-url={url}"), "--once"]).args(args);
        Some(Process::start("external-dns", &dns, &folder.log()).ended())
    }

    /// Starts one that is a webhook provider itself, of the DNS that it is told (`--provider=inmemory`), at
    /// [`ExternalDns::SERVED`]: it can be nowhere else. None, after a loud line, when there is no External-DNS, or
    /// when somebody is there already.
    #[must_use]
    pub fn serve(args: &[&str]) -> Option<Self> {
        let program = missing::program(&part::EXTERNAL_DNS)?;
        let address = Self::SERVED.trim_start_matches("http://");
        if TcpListener::bind(address).is_err() {
            missing::pass_over(&format!(
                "{address} is taken, where alone External-DNS serves its webhook protocol"
            ));
            return None;
        }
        let folder = Folder::new("external-dns-served");
        let mut dns = Command::new(program);
        dns.args(["--webhook-server", "--source=empty", "--registry=noop", "--policy=sync"]).args(args);
        dns.arg(format!("--metrics-address=127.0.0.1:{}", free_port()));
        let process = Process::start("external-dns", &dns, &folder.log());
        process.wait("External-DNS to serve", || TcpStream::connect(address).ok());
        Some(Self { process, _folder: folder })
    }

    /// Where [`ExternalDns::serve`] is.
    pub const SERVED: &str = "http://127.0.0.1:8888";

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

    /// Runs one that publishes to a name server's zone by updates (its provider `rfc2136`), once, with all that it needs to see
    /// the zone; the registry's options and what else it is told are the caller's. None, after a loud line, when there is no
    /// External-DNS.
    ///
    /// # Errors
    /// With the end of its log when it ended with a fault.
    ///
    /// # Panics
    /// As [`ExternalDns::run_once`].
    pub fn run_once_by_updates(
        server: &ApiServer,
        token: &str,
        target: &NameServer,
        zone: &str,
        args: &[&str],
    ) -> Option<Result<(), String>> {
        let folder = Folder::new(&format!("{}-external-dns-once", server.name()));
        let mut dns = common(server, token)?;
        dns.args(["--provider=rfc2136", "--policy=sync", "--once", "--rfc2136-axfr"]);
        dns.arg(format!("--rfc2136-host={}", target.address().ip()));
        dns.arg(format!("--rfc2136-port={}", target.address().port()));
        dns.arg(format!("--rfc2136-zone={zone}"));
        dns.arg(format!("--rfc2136-tsig-keyname={}", name_server::KEY_NAME));
        dns.arg(format!("--rfc2136-tsig-secret={}", name_server::KEY_SECRET));
        dns.arg(format!("--rfc2136-tsig-secret-alg={}", name_server::KEY_ALGORITHM));
        dns.args(args);
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

/// What all ways of running it have in common.
fn common(server: &ApiServer, token: &str) -> Option<Command> {
    let mut dns = Command::new(missing::program(&part::EXTERNAL_DNS)?);
    dns.arg("--kubeconfig").arg(server.kubeconfig(token));
    dns.arg(format!("--metrics-address=127.0.0.1:{}", free_port()));
    Some(dns)
}

/// What the ways of running it on a webhook have in common.
fn command(server: &ApiServer, token: &str, webhook: &Webhook) -> Option<Command> {
    let mut dns = common(server, token)?;
    dns.args(["--provider=webhook", "--registry=noop", "--policy=sync"]);
    dns.arg(format!("--webhook-provider-url={}", webhook.url()));
    Some(dns)
}
