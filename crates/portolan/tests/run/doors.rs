//! The other ways in: metrics, health, the control socket, a second process.

use std::process::Command;

use crate::fleet::{EU, FleetFolder, WEB};
use crate::server::Server;

#[test]
fn a_second_process_is_refused_and_told_who_is_there() {
    let fleet = FleetFolder::new();
    let server = Server::start(&fleet);
    server.wait_for_web(EU);
    let second = Command::new(env!("CARGO_BIN_EXE_portolan"))
        .args(["run", "--listen", &server.dns.to_string(), "--fleet"])
        .arg(fleet.dir())
        .output()
        .unwrap();
    assert!(!second.status.success());
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(said.contains(&server.dns.to_string()) && said.contains(&server.id().to_string()), "{said}");
    assert_eq!(server.web(), [EU.to_owned()].into(), "the first goes on");
    server.stop();
}

#[test]
fn a_second_process_does_not_share_the_state() {
    let fleet = FleetFolder::new();
    let server = Server::start(&fleet);
    server.wait_for_web(EU);
    let second = Command::new(env!("CARGO_BIN_EXE_portolan"))
        .args(["run", "--listen", "127.0.0.1:0", "--fleet"])
        .arg(fleet.dir())
        .arg("--state")
        .arg(fleet.beside("state/last-good"))
        .output()
        .unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(!second.status.success() && said.contains("in use by another process"), "{said}");
    server.stop();
}

#[test]
fn a_state_in_a_folder_that_is_not_there_is_refused() {
    let fleet = FleetFolder::new();
    let state = fleet.beside("sate/last-good");
    let refused = Command::new(env!("CARGO_BIN_EXE_portolan"))
        .args(["run", "--listen", "127.0.0.1:0", "--fleet"])
        .arg(fleet.dir())
        .arg("--state")
        .arg(&state)
        .output()
        .unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    let folder = fleet.beside("sate");
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains(&format!("the folder {} is not there", folder.display())), "{said}");
    assert!(!folder.exists(), "no folder is made for it");
}

/// Before anything is announced that is not there a moment later.
#[test]
fn a_context_that_is_not_there_is_refused_before_anything_is_opened() {
    let fleet = FleetFolder::new();
    let (kubeconfig, control) = (fleet.beside("config"), fleet.beside("control.sock"));
    let text = "apiVersion: v1\nkind: Config\nclusters:\n- {name: c, cluster: {server: 'https://127.0.0.1:1'}}\n\
                users:\n- {name: u, user: {token: t}}\ncontexts:\n- {name: eu, context: {cluster: c, user: u}}\n";
    std::fs::write(&kubeconfig, text).unwrap();
    let refused = Command::new(env!("CARGO_BIN_EXE_portolan"))
        .args(["run", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--contexts", "us", "--control"])
        .arg(&control)
        .arg("--kubeconfig")
        .arg(&kubeconfig)
        .output()
        .unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("has no context \"us\"; it has eu"), "{said}");
    assert_eq!(String::from_utf8(refused.stdout).unwrap(), "");
    assert!(!control.exists());
}

#[test]
fn a_running_server_explains_itself() {
    let fleet = FleetFolder::new();
    let server = Server::start(&fleet);
    server.wait_for_web(EU);
    let explained = server.control(&["explain", WEB, "A", "-o", "json"]);
    let text = String::from_utf8(explained.stdout).unwrap();
    assert!(explained.status.success() && text.contains(EU), "{text}");
    let status = server.control(&["status", "-o", "json"]);
    let text = String::from_utf8(status.stdout).unwrap();
    assert!(status.status.success() && text.contains("\"eu-1\""), "{text}");
}

#[test]
fn questions_are_counted_and_unknown_pages_are_not_there() {
    let fleet = FleetFolder::new();
    let server = Server::start(&fleet);
    server.wait_for_web(EU);
    assert!(server.metric("portolan_queries_total{transport=\"udp\"}") > 0);
    assert!(server.metric("portolan_answers_total{rcode=\"NOERROR\"}") > 0);
    assert_eq!(server.metric("portolan_data_age_seconds"), 0);
    assert!(server.get("/nothing").0.contains("404"));
}
