//! A pod as a kubelet would run it, of a Deployment that stands in an API server.
//!
//! ```text
//!   /etc/portolan/config ─▶ FOLDER/config     each volume is a folder, filled with what the ConfigMap or the Secret has;
//!   /var/lib/portolan ────▶ FOLDER/state      where the configuration names a path in one, it names that of the folder
//! ```
//!
//! It has the arguments and the variables that the Deployment says, and none of ours; the token of its account where it is
//! to have one. Its sockets are on loopback, at free ports.

use std::path::PathBuf;
use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use portolan_testbed::program::{Ended, ended};
use portolan_testbed::{ApiServer, Program};
use serde_json::Value;

use super::program::{BINARY, status_of};

/// How long a token lives, in seconds.
const TOKEN_SECONDS: u32 = 3_600;

/// A pod, ended with its value.
pub(crate) struct Pod {
    pub(crate) program: Program,
    /// What starts it with its variables and no others.
    environment: Vec<String>,
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
        let program = Program::new(BINARY, "pod").with(args).without_control();
        let environment = ["env", "-i"].map(str::to_owned).to_vec();
        let mut pod = Self { program, environment, container };
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
        let launcher: Vec<&str> = pod.environment.iter().map(String::as_str).collect();
        pod.program = pod.program.behind(&launcher);
        pod.program.start();
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
        self.environment.push(format!("{variable}={value}"));
    }

    fn answers(&self) -> bool {
        texts(&self.container["ports"], |port| port["name"] == "dns-udp").contains(&true)
    }

    /// As `kubectl exec`.
    pub(crate) fn exec(&self, args: &[&str]) -> Ended {
        let (env, rest) = self.environment.split_first().unwrap();
        ended(Command::new(env).args(rest).arg(BINARY).args(args))
    }

    /// What a probe of the Deployment says: the status of the page.
    pub(crate) fn probe(&self, probe: &str) -> Option<String> {
        let path = self.container[probe]["httpGet"]["path"].as_str().unwrap();
        status_of(self.program.address("metrics and health on http://"), path)
    }

    #[track_caller]
    pub(crate) fn wait_until_ready(&self) {
        let is_ready = || (self.probe("readinessProbe")? == "200").then_some(());
        self.program.wait("readiness", is_ready);
        assert_eq!(self.probe("livenessProbe").as_deref(), Some("200"));
    }

    /// Waits until it tells of a right that it lacks; it is not ready therefore.
    #[track_caller]
    pub(crate) fn wait_until_it_lacks(&self, resource: &str) {
        self.program.wait("what is missing", || {
            let said = self.exec(&["status"]).out;
            (said.contains(resource) && said.contains("forbidden")).then_some(())
        });
        assert_ne!(self.probe("readinessProbe").as_deref(), Some("200"), "it knows of no {resource}");
    }

    /// Where a folder of the pod's is.
    fn at(&self, name: &str) -> PathBuf {
        self.program.at(name)
    }
}

/// Each item of a list.
fn texts<T>(list: &Value, each: impl Fn(&Value) -> T) -> Vec<T> {
    list.as_array().into_iter().flatten().map(each).collect()
}
