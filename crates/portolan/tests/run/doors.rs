//! The other ways in: metrics, health, the control socket, a second process.

use std::process::Command;

use portolan_testbed::program::ended;

use crate::fleet::{EU, FleetFolder, WEB};
use crate::server::{BINARY, Server};

/// A server on the fleet with its last good state in a place beside it.
fn with_state(fleet: &FleetFolder, state: &str) -> Command {
    let mut command = Command::new(BINARY);
    command.args(["run", "--listen", "127.0.0.1:0", "--fleet"]).arg(fleet.dir());
    command.arg("--state").arg(fleet.beside(state));
    command
}

#[test]
fn a_second_process_is_refused_and_told_who_is_there() {
    let fleet = FleetFolder::new();
    let server = Server::start(&fleet);
    server.wait_for_web(EU);
    let address = server.program.dns().to_string();
    let mut second = Command::new(BINARY);
    let second = ended(second.args(["run", "--listen", &address, "--fleet"]).arg(fleet.dir()));
    assert_ne!(second.code, 0);
    let said = second.err;
    assert!(said.contains(&address) && said.contains(&server.program.id().to_string()), "{said}");
    assert_eq!(server.web(), [EU], "the first goes on");
    server.program.stop();
}

#[test]
fn a_second_process_does_not_share_the_state() {
    let fleet = FleetFolder::new();
    let server = Server::start(&fleet);
    server.wait_for_web(EU);
    let second = ended(&with_state(&fleet, "state/last-good"));
    assert!(second.code != 0 && second.err.contains("in use by another process"), "{second:?}");
    server.program.stop();
}

#[test]
fn a_state_in_a_folder_that_is_not_there_is_refused() {
    let fleet = FleetFolder::new();
    let refused = ended(&with_state(&fleet, "sate/last-good"));
    let folder = fleet.beside("sate");
    let said = format!("the folder {} is not there", folder.display());
    assert!(refused.code == 2 && refused.err.contains(&said), "{refused:?}");
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
    let mut command = Command::new(BINARY);
    command.args(["run", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--contexts", "us"]);
    command.arg("--control").arg(&control).arg("--kubeconfig").arg(&kubeconfig);
    let refused = ended(&command);
    assert!(refused.code == 2 && refused.err.contains("has no context \"us\"; it has eu"), "{refused:?}");
    assert_eq!(refused.out, "");
    assert!(!control.exists());
}

#[test]
fn a_running_server_explains_itself() {
    let fleet = FleetFolder::new();
    let server = Server::start(&fleet);
    server.wait_for_web(EU);
    let explained = server.program.tell(&["explain", WEB, "A", "-o", "json"]);
    assert!(explained.code == 0 && explained.out.contains(EU), "{explained:?}");
    let status = server.program.tell(&["status", "-o", "json"]);
    assert!(status.code == 0 && status.out.contains("\"eu-1\""), "{status:?}");
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
