//! A pod as a kubelet would run it, of a Deployment that stands in an API server.
//!
//! ```text
//!   /etc/portolan/config ─▶ FOLDER/config     each volume is a folder, filled with what the ConfigMap or the Secret has;
//!   /var/lib/portolan ────▶ FOLDER/state      where the configuration names a path in one, it names that of the folder
//! ```
//!
//! It has the arguments and the variables that the Deployment says, and none of ours; the token of its account where it is
//! to have one. Its sockets are on loopback, at free ports.

use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use portolan_testbed::ApiServer;
use portolan_testbed::ask::{RecordType, ask};
use portolan_testbed::program::Ended;
use portolan_testbed::wait::wait;
use serde_json::Value;

use super::program::{BINARY, status_of};

/// How long a token lives, in seconds.
const TOKEN_SECONDS: u32 = 3_600;

/// A pod, ended with its value.
pub(crate) struct Pod {
    child: Option<Child>,
    folder: tempfile::TempDir,
    args: Vec<String>,
    environment: Vec<(String, String)>,
    /// The container, as the Deployment has it.
    container: Value,
}

impl Pod {
    /// Of a Deployment in a namespace; it runs.
    pub(crate) fn start(server: &ApiServer, namespace: &str, deployment: &str) -> Self {
        let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments/{deployment}");
        let deployment = server.admin().get(&path).unwrap();
        let spec = deployment["spec"]["template"]["spec"].clone();
        let container = spec["containers"][0].clone();
        let args = texts(&container["args"], |arg| arg.as_str().unwrap().to_owned());
        let mut pod = Self {
            child: None,
            folder: tempfile::tempdir().unwrap(),
            args,
            environment: Vec::new(),
            container,
        };
        let moves = pod.mount(server, namespace, &spec);
        let moved =
            |text: &str| moves.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
        for variable in texts(&pod.container["env"], Value::clone) {
            let text = |field: &str| variable[field].as_str().unwrap().to_owned();
            pod.say(&text("name"), &moved(&text("value")));
        }
        pod.say("PORTOLAN_HTTP", "127.0.0.1:0");
        if pod.answers() {
            pod.say("PORTOLAN_LISTEN", "127.0.0.1:0");
        }
        if spec["automountServiceAccountToken"] == true {
            pod.give_token(server, namespace, spec["serviceAccountName"].as_str().unwrap());
        }
        pod.go();
        pod
    }

    /// Makes a folder for each volume; where each stands for the pod, and where it is.
    fn mount(&self, server: &ApiServer, namespace: &str, spec: &Value) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mounts =
            texts(&self.container["volumeMounts"], |mount| (text(&mount["name"]), text(&mount["mountPath"])));
        let place = |name: &str| self.at(name).display().to_string();
        let moves: Vec<(String, String)> =
            mounts.iter().map(|(name, path)| (path.clone(), place(name))).collect();
        for volume in texts(&spec["volumes"], Value::clone) {
            let folder = self.at(&text(&volume["name"]));
            std::fs::create_dir(&folder).unwrap();
            let data = |kind: &str, name: &Value| {
                let path = format!("/api/v1/namespaces/{namespace}/{kind}/{}", text(name));
                server.admin().get(&path).unwrap()["data"].as_object().unwrap().clone()
            };
            if let Some(name) = volume["configMap"].get("name") {
                for (file, value) in data("configmaps", name) {
                    let moved = moves.iter().fold(text(&value), |text, (from, to)| text.replace(from, to));
                    std::fs::write(folder.join(file), moved).unwrap();
                }
            }
            if let Some(name) = volume["secret"].get("secretName") {
                for (file, value) in data("secrets", name) {
                    std::fs::write(folder.join(file), BASE64_STANDARD.decode(text(&value)).unwrap()).unwrap();
                }
            }
        }
        moves
    }

    /// What Kubernetes gives a pod that is to have a token.
    fn give_token(&mut self, server: &ApiServer, namespace: &str, account: &str) {
        let context = server.context(&server.admin().token(namespace, account, TOKEN_SECONDS).unwrap());
        let folder = self.at("account");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("token"), &context.token).unwrap();
        std::fs::write(folder.join("ca.crt"), &context.authority).unwrap();
        let address = context.server.strip_prefix("https://").unwrap();
        let (host, port) = address.rsplit_once(':').unwrap();
        self.say("KUBERNETES_SERVICE_HOST", host);
        self.say("KUBERNETES_SERVICE_PORT", port);
        self.say("PORTOLAN_SERVICE_ACCOUNT", &folder.display().to_string());
    }

    fn say(&mut self, variable: &str, value: &str) {
        self.environment.push((variable.to_owned(), value.to_owned()));
    }

    fn answers(&self) -> bool {
        texts(&self.container["ports"], |port| port["name"] == "dns-udp").contains(&true)
    }

    /// Starts it, the first time or again, with what its volumes hold.
    pub(crate) fn go(&mut self) {
        // What an earlier one said of its sockets is true no more.
        let out = File::create(self.at("out")).unwrap();
        let log = File::options().create(true).append(true).open(self.at("log")).unwrap();
        let mut command = self.command();
        let child = command.args(&self.args).stdin(Stdio::null()).stdout(out).stderr(log).spawn().unwrap();
        self.child = Some(child);
    }

    fn command(&self) -> Command {
        let mut command = Command::new(BINARY);
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// As `kubectl exec`.
    pub(crate) fn exec(&self, args: &[&str]) -> Ended {
        let output = self.command().args(args).stdin(Stdio::null()).output().unwrap();
        let text = |octets: Vec<u8>| String::from_utf8(octets).unwrap();
        Ended { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }

    /// As SIGKILL.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// As SIGTERM; its exit code.
    pub(crate) fn stop(&mut self) -> Option<i32> {
        let mut child = self.child.take()?;
        assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
        wait("the pod to stop", || child.try_wait().unwrap()).code()
    }

    /// What a probe of the Deployment says: the status of the page.
    pub(crate) fn probe(&self, probe: &str) -> Option<String> {
        let path = self.container[probe]["httpGet"]["path"].as_str().unwrap();
        status_of(self.socket("metrics and health on http://")?, path)
    }

    #[track_caller]
    pub(crate) fn wait_until_ready(&mut self) {
        self.wait("readiness", |pod| (pod.probe("readinessProbe")? == "200").then_some(()));
        assert_eq!(self.probe("livenessProbe").as_deref(), Some("200"));
    }

    /// Waits until a name has just these addresses.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, name: &str, expected: &[&str]) {
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        self.wait(&format!("{name} to be {expected:?}"), |pod| {
            let reply = ask(pod.socket("listening on ")?, name, RecordType::A)?;
            (reply.data(RecordType::A) == expected).then_some(())
        });
    }

    /// Waits until something is so.
    ///
    /// # Panics
    /// When it ends meanwhile, or is not so in good time; with its log.
    #[track_caller]
    pub(crate) fn wait<T>(&mut self, what: &str, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            wait(what, || {
                let ended = self.child.as_mut().and_then(|child| child.try_wait().unwrap());
                ended.map_or_else(|| look(self).map(Some), |_| Some(None))
            })
        }));
        found.ok().flatten().unwrap_or_else(|| panic!("no {what}; the log:\n{}", self.log()))
    }

    /// The address that a line of its output begins with.
    fn socket(&self, line: &str) -> Option<SocketAddr> {
        let out = std::fs::read_to_string(self.at("out")).unwrap_or_default();
        let said = out.lines().find_map(|said| said.strip_prefix(line))?;
        said.split(' ').next()?.parse().ok()
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.at("log")).unwrap_or_default()
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Pod {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Each item of a list.
fn texts<T>(list: &Value, each: impl Fn(&Value) -> T) -> Vec<T> {
    list.as_array().into_iter().flatten().map(each).collect()
}
