//! What becomes of answers when the process ends and starts again.

use std::fs;

use crate::fleet::{EU, FleetFolder, US};
use crate::server::Server;

/// Starts, and waits until the last good state is on disk.
fn started(fleet: &FleetFolder) -> Server {
    let server = Server::start(fleet);
    server.wait_for_web(EU);
    let path = fleet.beside("state/last-good");
    server.program.wait("the last good state", || {
        // The zone's name stands in it in wire form.
        fs::read(&path).ok().filter(|octets| octets.windows(4).any(|w| w == b"\x03glb")).map(drop)
    });
    server
}

#[test]
fn after_a_kill_answers_are_as_before_without_the_folder() {
    let fleet = FleetFolder::new();
    let server = started(&fleet);
    let serial = server.serial();
    server.program.kill();
    fleet.rename(&fleet.dir(), &fleet.beside("kept"));
    let server = Server::start(&fleet);
    assert_eq!(server.web(), [EU], "the first answer is as before");
    assert!(server.serial() > serial, "{} is not above {serial}", server.serial());
    assert!(server.get("/readyz").0.contains("200"));
    server.program.wait("silent clusters", || {
        (server.metric("portolan_clusters{state=\"silent\"}") == 2).then_some(())
    });
    assert!(server.program.log().contains("answering from the last good state"), "{}", server.program.log());
    let status = server.program.tell(&["status"]).out;
    assert!(status.contains("not heard"), "{status}");

    fleet.rename(&fleet.beside("kept"), &fleet.dir());
    server
        .program
        .wait("heard clusters", || (server.metric("portolan_clusters{state=\"active\"}") == 2).then_some(()));
    fleet.offer("eu-1", EU, false);
    server.wait_for_web(US);
}

#[test]
fn a_clean_restart_keeps_the_serial_of_the_same_content() {
    let fleet = FleetFolder::new();
    let server = started(&fleet);
    let serial = server.serial();
    server.program.stop();
    assert!(!server.program.control().exists());
    let server = Server::start(&fleet);
    server.wait_for_web(EU);
    assert_eq!(server.serial(), serial);
    fleet.offer("eu-1", "192.0.2.9", true);
    server.wait_for_web("192.0.2.9");
    assert_eq!(server.serial(), serial + 1);
}

#[test]
fn readiness_is_no_content() {
    let fleet = FleetFolder::new();
    let server = started(&fleet);
    let serial = server.serial();
    fleet.offer("eu-1", EU, false);
    server.wait_for_web(US);
    assert_eq!(server.serial(), serial);
}

#[test]
fn a_damaged_state_is_set_aside_and_the_one_before_used() {
    let fleet = FleetFolder::new();
    let server = started(&fleet);
    server.program.stop();
    let server = Server::start(&fleet);
    server.wait_for_web(EU);
    let serial = server.serial();
    server.program.kill();
    fs::write(fleet.beside("state/last-good"), b"PORTOLAN and then nonsense").unwrap();
    fleet.rename(&fleet.dir(), &fleet.beside("kept"));
    let server = Server::start(&fleet);
    assert_eq!(server.web(), [EU]);
    assert!(server.serial() > serial);
    assert!(server.program.log().contains("it is set aside"), "{}", server.program.log());
    let kept = fs::read_dir(fleet.beside("state")).unwrap();
    let bad = kept.filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains(".bad-"));
    assert_eq!(bad.count(), 1);
    server.program.stop();
}

#[test]
fn a_disk_that_cannot_be_written_is_counted_and_nothing_else() {
    let fleet = FleetFolder::new();
    let server = started(&fleet);
    // Not even root can make a file below a file.
    fs::remove_dir_all(fleet.beside("state")).unwrap();
    fs::write(fleet.beside("state"), b"in the way").unwrap();
    fleet.offer("eu-1", EU, false);
    server.wait_for_web(US);
    server
        .program
        .wait("a failed write", || (server.metric("portolan_snapshot_failed_total") > 0).then_some(()));
    assert!(server.get("/readyz").0.contains("200"));
    server.program.stop();
}

/// Faults R-08: a bad directive leaves the old one in force, and names never lose data.
#[test]
fn a_value_that_is_not_allowed_takes_nothing_away() {
    let fleet = FleetFolder::new();
    let drained = "---\napiVersion: portolan.dev/v1alpha1\nkind: MemberCluster\nmetadata: {name: eu-1}\nspec: {state: Draining}\n";
    let root = fs::read_to_string(fleet.path("root.yaml")).unwrap() + drained;
    let server = started(&fleet);
    fleet.write("root.yaml", &root);
    server.wait_for_web(US);
    let serial = server.serial();
    let bad = [
        ("state: Draining", "state: Drainin"),
        ("apex: glb.example", "apex: glb..example"),
        ("kind: Service,", "kind: Servce,"),
        ("{type: Tiers,", "{type: Teirs,"),
    ];
    fleet.write("root.yaml", &bad.iter().fold(root.clone(), |text, (good, bad)| text.replace(good, bad)));
    let told = |server: &Server| {
        let refused = "portolan_problems{reason=\"Invalid\"}";
        server.program.wait("all that is refused", || (server.metric(refused) == 4).then_some(()));
        let status = server.program.tell(&["status", "-o", "json"]).out;
        assert!(status.contains("\"Servce\\\" is not known; known are Service, Ingress"), "{status}");
        assert!(status.contains("root.yaml:22:"), "{status}");
    };
    told(&server);
    assert_eq!((server.web(), server.serial()), (vec![US.to_owned()], serial));
    assert!(server.program.log().contains("cluster eu-1 is being drained"), "{}", server.program.log());
    server.program.stop();

    let server = Server::start(&fleet);
    told(&server);
    assert_eq!((server.web(), server.serial()), (vec![US.to_owned()], serial), "over a restart too");
    fleet.write("root.yaml", &root.replace("Draining", "Active"));
    server.wait_for_web(EU);
    server.program.stop();
}

#[test]
fn a_bad_file_takes_nothing_away_at_a_restart() {
    let fleet = FleetFolder::new();
    let server = started(&fleet);
    server.program.stop();
    let offer = fs::read_to_string(fleet.path("eu-1/web.yaml")).unwrap();
    let root = fs::read_to_string(fleet.path("root.yaml")).unwrap();
    fleet.write("eu-1/web.yaml", &offer[..offer.len() / 2]);
    fleet.write("root.yaml", &root.replacen("spec:\n", "spec:\n  ttl: '5'\n", 1));
    let server = Server::start(&fleet);
    server
        .program
        .wait("heard clusters", || (server.metric("portolan_clusters{state=\"active\"}") == 2).then_some(()));
    assert_eq!(server.web(), [EU], "as before: {}", server.program.log());
    fleet.write("root.yaml", &root);
    fleet.offer("eu-1", "192.0.2.9", true);
    server.wait_for_web("192.0.2.9");
    server.program.stop();
}
