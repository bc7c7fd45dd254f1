//! What becomes of answers when the fleet folder changes.

use std::fs;
use std::time::Instant;

use portolan::source::WRITE_PATIENCE;
use portolan_testbed::ask::{RecordType, ResponseCode};

use crate::fleet::{EU, FleetFolder, US, WEB};
use crate::server::Server;

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
    server.program.wait("the new cluster", || {
        (server.metric("portolan_clusters{state=\"active\"}") == 3).then_some(())
    });
}

#[test]
fn a_folder_that_is_gone_is_silent_until_it_is_back_or_forgotten() {
    let fleet = FleetFolder::new();
    let server = Server::start(&fleet);
    server.wait_for_web(EU);
    fleet.rename(&fleet.path("eu-1"), &fleet.beside("kept"));
    server.program.wait("a silent cluster", || (silent(&server) == 1).then_some(()));
    assert_eq!(server.web(), [EU], "its last facts stay");
    fleet.rename(&fleet.beside("kept"), &fleet.path("eu-1"));
    server.program.wait("no silent cluster", || (silent(&server) == 0).then_some(()));
    let refused = server.program.tell(&["forget", "eu-1"]);
    assert_ne!(refused.code, 0);
    assert!(refused.err.contains("is heard"), "{}", refused.err);

    fleet.rename(&fleet.path("eu-1"), &fleet.beside("kept"));
    server.program.wait("a silent cluster", || (silent(&server) == 1).then_some(()));
    let forgotten = server.program.tell(&["forget", "eu-1"]);
    assert_eq!(forgotten.code, 0, "{}", forgotten.err);
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
    server.program.wait("the problem of a missing root", || (unreadable(&server) == 1).then_some(()));
    fs::create_dir(fleet.dir()).unwrap();
    server.program.wait("the problem of an empty root", || {
        server.program.log().contains("no cluster's folder").then_some(())
    });
    assert_eq!(
        server.program.log().matches("is not there; what it gave before stays").count(),
        1,
        "{}",
        server.program.log()
    );
    assert_eq!(silent(&server), 2);
    let status = server.program.tell(&["status"]).out;
    assert!(
        status.contains("no manifest in it; what it gave before stays. Nothing is heard since"),
        "{status}"
    );
    assert!(status.contains("not heard for "), "{status}");
    assert_eq!(server.web(), [EU]);
    assert_eq!((server.serial(), server.metric("portolan_revision")), (serial, revision));
    assert_eq!(server.get("/readyz").1, "ok\n", "old data is answered from");

    fs::remove_dir(fleet.dir()).unwrap();
    fleet.rename(&fleet.beside("kept"), &fleet.dir());
    server.program.wait("no problem", || (unreadable(&server) == 0).then_some(()));
    fleet.offer("eu-1", EU, false);
    server.wait_for_web(US);
}

#[test]
fn a_broken_file_keeps_what_it_gave() {
    let fleet = FleetFolder::new();
    let server = Server::start(&fleet);
    server.wait_for_web(EU);
    fleet.write("eu-1/web.yaml", "apiVersion: v1\nkind: {Serv");
    server.program.wait("the problem", || (unreadable(&server) == 1).then_some(()));
    assert_eq!(server.web(), [EU]);
    fleet.offer("us-1", "198.51.100.9", true);
    fleet.offer("eu-1", EU, false);
    server.wait_for_web("198.51.100.9");
}

#[test]
fn a_folder_that_comes_later_is_waited_for() {
    let fleet = FleetFolder::new();
    fleet.rename(&fleet.dir(), &fleet.beside("kept"));
    let server = Server::start(&fleet);
    let reply = server.program.ask(WEB, RecordType::A);
    assert_ne!(reply.code, ResponseCode::NXDomain, "never before the fleet is known");
    assert_ne!(reply.code, ResponseCode::NoError);
    assert!(server.get("/readyz").0.contains("503"));
    assert!(server.get("/livez").0.contains("200"));
    fleet.rename(&fleet.beside("kept"), &fleet.dir());
    server.wait_for_web(EU);
    assert!(server.get("/readyz").0.contains("200"));
}

#[test]
fn a_change_behind_a_link_is_seen() {
    let fleet = FleetFolder::new();
    let outside = fleet.beside("web.yaml");
    fs::rename(fleet.path("eu-1/web.yaml"), &outside).unwrap();
    std::os::unix::fs::symlink(&outside, fleet.path("eu-1/web.yaml")).unwrap();
    let server = Server::start(&fleet);
    server.wait_for_web(EU);
    let text = fs::read_to_string(&outside).unwrap();
    fs::write(&outside, text.replace(EU, "192.0.2.8")).unwrap();
    server.wait_for_web("192.0.2.8");
    fs::remove_file(&outside).unwrap();
    server
        .program
        .wait("the problem of a link that leads nowhere", || (unreadable(&server) == 1).then_some(()));
    assert_eq!(server.web(), ["192.0.2.8"]);
    fs::write(&outside, text).unwrap();
    server.wait_for_web(EU);
    assert_eq!(unreadable(&server), 0);
}

#[test]
fn a_file_that_is_being_written_is_read_when_it_is_closed() {
    use std::io::Write as _;
    let fleet = FleetFolder::new();
    let server = Server::start(&fleet);
    server.wait_for_web(EU);
    let path = fleet.path("eu-1/web.yaml");
    let text = fs::read_to_string(&path).unwrap();
    let mut before = EU.to_owned();
    for round in 0..10 {
        let after = format!("192.0.2.{}", 100 + round);
        let text = text.replace(EU, &after);
        // The first document alone is a valid manifest, of a service without endpoints.
        let (service, endpoints) = text.split_at(text.find("---").unwrap());
        let begin = Instant::now();
        let mut file = fs::File::create(&path).unwrap();
        file.write_all(service.as_bytes()).unwrap();
        let revision = server.metric("portolan_revision");
        fleet.offer("us-1", &format!("198.51.100.{}", 100 + round), true);
        server.program.wait("another file to be read", || {
            (server.metric("portolan_revision") > revision).then_some(())
        });
        let web = server.web();
        // On a machine so busy that the patience was over by now, the half was rightly read.
        assert!(web == [before] || begin.elapsed() >= WRITE_PATIENCE, "{web:?}");
        file.write_all(endpoints.as_bytes()).unwrap();
        drop(file);
        // The next round begins when this one was read: the patience counts from the first change unread.
        server.wait_for_web(&after);
        before = after;
    }
    let mut file = fs::File::create(&path).unwrap();
    file.write_all(text.replace(EU, "192.0.2.9").as_bytes()).unwrap();
    server.wait_for_web("192.0.2.9");
    drop(file);
}
