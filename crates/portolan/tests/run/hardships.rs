//! What becomes of answers when nobody reads the log, and when somebody hangs up.

use std::fs;
use std::process::Command;

use portolan_testbed::program::ended;

use crate::fleet::{EU, FleetFolder, US};
use crate::server::Server;

#[test]
fn a_log_that_cannot_be_written_costs_nothing_else() {
    for start in [Server::start_without_log, Server::start_unread] {
        let fleet = FleetFolder::new();
        goes_on(&fleet, &start(&fleet));
    }
}

fn goes_on(fleet: &FleetFolder, server: &Server) {
    server.wait_for_web(EU);
    // Each has its line in the log: a fault, its end, a cluster that goes and comes back.
    fleet.write("eu-1/wrong.yaml", "kind: [");
    server
        .program
        .wait("the fault", || (server.metric("portolan_problems{reason=\"Unreadable\"}") == 1).then_some(()));
    fs::remove_file(fleet.path("eu-1/wrong.yaml")).unwrap();
    fleet.rename(&fleet.path("us-1"), &fleet.beside("kept"));
    server.program.wait("a silent cluster", || {
        (server.metric("portolan_clusters{state=\"silent\"}") == 1).then_some(())
    });
    fleet.rename(&fleet.beside("kept"), &fleet.path("us-1"));
    fleet.offer("eu-1", EU, false);
    server.wait_for_web(US);
    server.program.stop();
}

#[test]
fn a_terminal_that_goes_ends_nothing() {
    let fleet = FleetFolder::new();
    let server = Server::start(&fleet);
    server.wait_for_web(EU);
    let hung_up = ended(Command::new("kill").args(["-HUP", &server.program.id().to_string()]));
    assert_eq!(hung_up.code, 0, "{}", hung_up.err);
    server.program.wait("the word of it", || server.program.log().contains("SIGHUP").then_some(()));
    fleet.offer("eu-1", EU, false);
    server.wait_for_web(US);
    server.program.stop();
}
