//! The program following real clusters with the rights that we ship, and what clients get of it.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::str::FromStr as _;
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, OpCode, Query};
use hickory_proto::rr::{Name, RData, RecordType};
use portolan_testbed::ApiServer;
use portolan_testbed::kubeconfig;
use portolan_testbed::wait::wait;

/// The rights that we ship.
pub(crate) const MEMBER_RIGHTS: &str = include_str!("../../../../deploy/rbac/member.yaml");
pub(crate) const HUB_RIGHTS: &str = include_str!("../../../../deploy/rbac/hub.yaml");
pub(crate) const SOURCE_RIGHTS: &str = include_str!("../../../../deploy/rbac/sources.yaml");
/// How long a token lives, in seconds.
const TOKEN_SECONDS: u32 = 3_600;

/// `portolan run --kubeconfig`, ended with its value.
pub(crate) struct Followed {
    child: Option<Child>,
    folder: tempfile::TempDir,
    dns: SocketAddr,
    /// Flags that lead to the clusters, and variables of its environment.
    args: Vec<String>,
    environment: Vec<(&'static str, String)>,
}

impl Followed {
    /// Follows these clusters, of which the first is the hub, with the rights that they already have.
    pub(crate) fn start(clusters: &[&ApiServer]) -> Self {
        Self::start_with(clusters, &[])
    }

    /// The same, with further flags.
    pub(crate) fn start_with(clusters: &[&ApiServer], args: &[&str]) -> Self {
        let mut followed = Self::new();
        followed.give_tokens(clusters);
        followed.args = vec!["--kubeconfig".into(), followed.at("kubeconfig").display().to_string()];
        followed.args.extend(args.iter().map(|arg| (*arg).to_owned()));
        followed.go();
        followed
    }

    /// Follows a cluster as a pod of it does, by the files of the account that we ship.
    pub(crate) fn in_pod(server: &ApiServer) -> Self {
        let mut followed = Self::new();
        let context = server.context(&server.admin().token("portolan", "portolan", TOKEN_SECONDS).unwrap());
        std::fs::write(followed.at("token"), &context.token).unwrap();
        std::fs::write(followed.at("ca.crt"), &context.authority).unwrap();
        let folder = followed.folder.path().display().to_string();
        followed.args = ["--in-cluster", "hub", "--service-account", &folder].map(str::to_owned).into();
        let address = context.server.strip_prefix("https://").unwrap().to_owned();
        let (host, port) = address.rsplit_once(':').unwrap();
        followed.environment =
            vec![("KUBERNETES_SERVICE_HOST", host.to_owned()), ("KUBERNETES_SERVICE_PORT", port.to_owned())];
        followed.go();
        followed
    }

    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dns = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Self { child: None, folder, dns, args: Vec::new(), environment: Vec::new() }
    }

    /// Writes its kubeconfig anew, with new tokens of the account that we ship.
    pub(crate) fn give_tokens(&self, clusters: &[&ApiServer]) {
        let context = |server: &&ApiServer| {
            server.context(&server.admin().token("portolan", "portolan", TOKEN_SECONDS).unwrap())
        };
        let contexts: Vec<_> = clusters.iter().map(context).collect();
        std::fs::write(self.at("kubeconfig"), kubeconfig::text(&contexts)).unwrap();
    }

    /// Starts it; its last good state is kept from one run to the next.
    pub(crate) fn go(&mut self) {
        let log = std::fs::File::options().create(true).append(true).open(self.at("log")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_portolan"))
            .args(["run", "--workers", "1", "--listen", &self.dns.to_string()])
            .args(&self.args)
            .envs(self.environment.iter().cloned())
            .arg("--state")
            .arg(self.at("state"))
            .arg("--control")
            .arg(self.at("control.sock"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        self.child = Some(child.unwrap());
    }

    /// As SIGKILL.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// As SIGTERM: what is to be known at the next start is written.
    pub(crate) fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
        assert!(wait("the program to stop", || child.try_wait().unwrap()).success());
    }

    /// The addresses that a name has, sorted; none while there is no answer or an error.
    pub(crate) fn ask(&self, name: &str) -> Option<Vec<IpAddr>> {
        let mut query = Message::new(7, MessageType::Query, OpCode::Query);
        query.add_query(Query::query(Name::from_str(name).unwrap(), RecordType::A));
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        socket.send_to(&query.to_vec().unwrap(), self.dns).unwrap();
        let mut reply = [0; 1_232];
        let length = socket.recv(&mut reply).ok()?;
        let reply = Message::from_vec(&reply[..length]).unwrap();
        let mut addresses: Vec<IpAddr> = reply
            .answers
            .iter()
            .filter_map(|record| if let RData::A(a) = record.data { Some(IpAddr::from(a.0)) } else { None })
            .collect();
        addresses.sort_unstable();
        Some(addresses)
    }

    /// Waits until a name has just these addresses.
    #[track_caller]
    pub(crate) fn wait_for(&self, name: &str, addresses: &[&str]) {
        let wanted: Vec<IpAddr> = addresses.iter().map(|text| text.parse().unwrap()).collect();
        let what = format!("{name} to be {addresses:?}; log: {}", self.at("log").display());
        wait(&what, || (self.ask(name)? == wanted).then_some(()));
    }

    /// Runs a command that asks it; its output.
    pub(crate) fn portolan(&self, args: &[&str]) -> String {
        let Output { stdout, stderr, .. } = Command::new(env!("CARGO_BIN_EXE_portolan"))
            .args(args)
            .arg("--control")
            .arg(self.at("control.sock"))
            .output()
            .unwrap();
        format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr))
    }

    /// Waits until `portolan status` says all of this.
    #[track_caller]
    pub(crate) fn wait_for_status(&self, texts: &[&str]) {
        let mut said = String::new();
        let what = format!("status to say {texts:?}");
        wait(&what, || {
            said = self.portolan(&["status", "-o", "json"]);
            texts.iter().all(|text| said.contains(text)).then_some(())
        });
    }

    fn at(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.kill();
    }
}
