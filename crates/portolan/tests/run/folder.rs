//! What becomes of answers when the fleet folder changes.

use std::fs;

use portolan_core::RecordType;

use crate::fleet::{EU, FleetFolder, US, WEB};
use crate::server::{Server, wait};

fn unreadable(server: &Server) -> u64 {
    server.metric("portolan_problems{reason=\"Unreadable\"}")
}

fn silent(server: &Server) -> u64 {
    server.metric("portolan_clusters{state=\"silent\"}")
}

#[test]
fn a_changed_file_is_in_the_answers() {
    let fleet = FleetFolder::new();
    let server = Server::start(&fleet);
    server.wait_for_web(EU);
    fleet.offer("eu-1", EU, false);
    server.wait_for_web(US);
    fleet.offer("eu-1", "192.0.2.7", true);
    server.wait_for_web("192.0.2.7");
    fs::remove_file(fleet.path("eu-1/web.yaml")).unwrap();
    server.wait_for_web(US);
    fs::create_dir(fleet.path("ap-1")).unwrap();
    fleet.offer("ap-1", "203.0.113.1", true);
    wait("the new cluster", || (server.metric("portolan_clusters{state=\"active\"}") == 3).then_some(()));
}

#[test]
fn a_folder_that_is_gone_is_silent_until_it_is_back_or_forgotten() {
    let fleet = FleetFolder::new();
    let server = Server::start(&fleet);
    server.wait_for_web(EU);
    fleet.rename(&fleet.path("eu-1"), &fleet.beside("kept"));
    wait("a silent cluster", || (silent(&server) == 1).then_some(()));
    assert_eq!(server.web(), [EU.to_owned()].into(), "its last facts stay");
    fleet.rename(&fleet.beside("kept"), &fleet.path("eu-1"));
    wait("no silent cluster", || (silent(&server) == 0).then_some(()));
    let refused = server.control(&["forget", "eu-1"]);
    assert!(!refused.status.success());
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("is heard"), "{said}");

    fleet.rename(&fleet.path("eu-1"), &fleet.beside("kept"));
    wait("a silent cluster", || (silent(&server) == 1).then_some(()));
    let forgotten = server.control(&["forget", "eu-1"]);
    assert!(forgotten.status.success(), "{}", String::from_utf8_lossy(&forgotten.stderr));
    server.wait_for_web(US);
    fleet.rename(&fleet.beside("kept"), &fleet.path("eu-1"));
    server.wait_for_web(EU);
}

#[test]
fn a_root_that_is_gone_or_empty_changes_nothing() {
    let fleet = FleetFolder::new();
    let server = Server::start(&fleet);
    server.wait_for_web(EU);
    let (serial, revision) = (server.serial(), server.metric("portolan_revision"));
    fleet.rename(&fleet.dir(), &fleet.beside("kept"));
    wait("the problem of a missing root", || (unreadable(&server) == 1).then_some(()));
    fs::create_dir(fleet.dir()).unwrap();
    wait("the problem of an empty root", || server.log().contains("no cluster's folder").then_some(()));
    assert_eq!(server.web(), [EU.to_owned()].into());
    assert_eq!((server.serial(), server.metric("portolan_revision")), (serial, revision));
    assert_eq!(server.get("/readyz").1, "ok\n", "old data is answered from");

    fs::remove_dir(fleet.dir()).unwrap();
    fleet.rename(&fleet.beside("kept"), &fleet.dir());
    wait("no problem", || (unreadable(&server) == 0).then_some(()));
    fleet.offer("eu-1", EU, false);
    server.wait_for_web(US);
}

#[test]
fn a_broken_file_keeps_what_it_gave() {
    let fleet = FleetFolder::new();
    let server = Server::start(&fleet);
    server.wait_for_web(EU);
    fleet.write("eu-1/web.yaml", "apiVersion: v1\nkind: {Serv");
    wait("the problem", || (unreadable(&server) == 1).then_some(()));
    assert_eq!(server.web(), [EU.to_owned()].into());
    fleet.offer("us-1", "198.51.100.9", true);
    fleet.offer("eu-1", EU, false);
    server.wait_for_web("198.51.100.9");
}

#[test]
fn a_folder_that_comes_later_is_waited_for() {
    let fleet = FleetFolder::new();
    fleet.rename(&fleet.dir(), &fleet.beside("kept"));
    let server = Server::start(&fleet);
    let reply = server.ask(WEB, RecordType::A);
    assert_ne!(u16::from(reply.metadata.response_code), 3, "never NXDOMAIN before the fleet is known");
    assert_ne!(u16::from(reply.metadata.response_code), 0);
    assert!(server.get("/readyz").0.contains("503"));
    assert!(server.get("/livez").0.contains("200"));
    fleet.rename(&fleet.beside("kept"), &fleet.dir());
    server.wait_for_web(EU);
    assert!(server.get("/readyz").0.contains("200"));
}
