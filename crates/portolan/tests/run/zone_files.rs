//! A zone file beside the fleet: what becomes of answers when it changes, is damaged, goes.

use std::fs;

use portolan_testbed::ask::{RecordType, ResponseCode};

use crate::fleet::{EU, FleetFolder, WEB};
use crate::server::Server;

const ZONE: &str = "$TTL 60\n@ SOA ns. host. 1 2 3 4 5\n  NS ns\nwww A 192.0.2.1\n";

/// The addresses of a name, and the code of the reply.
fn addresses(server: &Server, name: &str) -> (Vec<String>, ResponseCode) {
    let reply = server.program.ask(name, RecordType::A);
    (reply.data(RecordType::A), reply.code)
}

fn wait_for(server: &Server, name: &str, address: &str) {
    server.program.wait_for(name, RecordType::A, &[address]);
}

#[test]
fn a_zone_file_is_read_again_when_it_changes() {
    let fleet = FleetFolder::new();
    let (file, next) = (fleet.beside("files.zone"), fleet.beside("next.zone"));
    fs::write(&file, ZONE).unwrap();
    let server = Server::start_with_zone(&fleet, &format!("files.example={}", file.display()));
    server.wait_for_web(EU);
    assert_eq!(
        addresses(&server, "www.files.example"),
        (vec!["192.0.2.1".to_owned()], ResponseCode::NoError)
    );
    assert_eq!(addresses(&server, "gone.files.example").1, ResponseCode::NXDomain);

    // Written in place.
    fs::write(&file, ZONE.replace("192.0.2.1", "192.0.2.2")).unwrap();
    wait_for(&server, "www.files.example", "192.0.2.2");
    // Replaced.
    fs::write(&next, ZONE.replace("192.0.2.1", "192.0.2.3")).unwrap();
    fs::rename(&next, &file).unwrap();
    wait_for(&server, "www.files.example", "192.0.2.3");

    // Damaged: nothing changes, and that is told with its place.
    fs::write(&file, ZONE.replace("192.0.2.1", "192.0.2")).unwrap();
    server.program.wait("the fault's place in the log", || {
        server.program.log().contains("files.zone:4:7").then_some(())
    });
    wait_for(&server, "www.files.example", "192.0.2.3");
    let status = server.program.tell(&["status"]).out;
    assert!(status.contains("is damaged, so the zone stays as it was before"), "{status}");
    // Gone.
    fs::remove_file(&file).unwrap();
    server.program.wait("the file's absence in the log", || {
        server.program.log().contains("is not there").then_some(())
    });
    wait_for(&server, "www.files.example", "192.0.2.3");
    // Well again.
    fs::write(&file, ZONE.replace("192.0.2.1", "192.0.2.4")).unwrap();
    wait_for(&server, "www.files.example", "192.0.2.4");
    let status = server.program.tell(&["status"]).out;
    assert!(!status.contains("is damaged"), "{status}");
    server.program.stop();
}

#[test]
fn a_name_of_the_fleet_counts_before_the_zone_files() {
    let fleet = FleetFolder::new();
    let file = fleet.beside("glb.zone");
    fs::write(&file, format!("{ZONE}web A 192.0.2.99\n")).unwrap();
    let server = Server::start_with_zone(&fleet, &format!("glb.example={}", file.display()));
    server.wait_for_web(EU);
    assert_eq!(addresses(&server, "www.glb.example").0, ["192.0.2.1"]);
    let status = server.program.tell(&["status"]).out;
    assert!(
        status.contains(&format!("{WEB} is in the zone file and also of GlobalName shop/web")),
        "{status}"
    );
    server.program.stop();
}

/// The zone files are read before the last good state is published: no content comes and goes at a start.
#[test]
fn a_restart_keeps_the_serial_of_a_zone_that_fleet_and_file_share() {
    let fleet = FleetFolder::new();
    let file = fleet.beside("glb.zone");
    fs::write(&file, ZONE).unwrap();
    let zone = format!("glb.example={}", file.display());
    let server = Server::start_with_zone(&fleet, &zone);
    server.wait_for_web(EU);
    let serial = server.serial();
    server.program.stop();
    let server = Server::start_with_zone(&fleet, &zone);
    server.wait_for_web(EU);
    assert_eq!(server.serial(), serial);
    server.program.stop();
}

#[test]
fn a_zone_file_that_is_bad_at_the_start_is_told() {
    let fleet = FleetFolder::new();
    let file = fleet.beside("files.zone");
    let server = Server::start_with_zone(&fleet, &format!("files.example={}", file.display()));
    server.wait_for_web(EU);
    let said = "zone files are not kept over a restart";
    assert!(server.program.log().contains(said), "{}", server.program.log());
    let absent = "files.zone: zone files.example: is not there";
    let places = server.program.log().matches(absent).count();
    assert_eq!(places, 1, "the fault itself is told once: {}", server.program.log());
    let (head, body) = server.get("/readyz");
    assert!(head.contains("200") && body.contains("zone files.example has no records of its file"), "{body}");
    // It is wanted, so it is neither refused nor denied; and a part of it denies nothing.
    assert_eq!(addresses(&server, "www.files.example").1, ResponseCode::ServFail);
    fs::write(&file, ZONE.replace("192.0.2.1", "192.0.2.2\nbad A 192.0.2")).unwrap();
    wait_for(&server, "www.files.example", "192.0.2.2");
    assert_eq!(addresses(&server, "bad.files.example").1, ResponseCode::ServFail);
    let (head, body) = server.get("/readyz");
    assert!(
        head.contains("200") && body.contains("zone files.example has not all records of its file"),
        "{body}"
    );
    let status = server.program.tell(&["status"]).out;
    assert!(status.contains("was not wholly read since the start"), "{status}");
    // What there is stays, also when there is less.
    fs::remove_file(&file).unwrap();
    server.program.wait("the file's absence in the log", || {
        (server.program.log().matches(absent).count() > 1).then_some(())
    });
    assert_eq!(
        addresses(&server, "www.files.example"),
        (vec!["192.0.2.2".to_owned()], ResponseCode::NoError)
    );
    fs::write(&file, ZONE).unwrap();
    wait_for(&server, "www.files.example", "192.0.2.1");
    assert_eq!(addresses(&server, "bad.files.example").1, ResponseCode::NXDomain);
    assert_eq!(server.get("/readyz").1, "ok\n");
}

/// A parenthesis that is left open swallows what follows; none of that is denied.
#[test]
fn an_open_parenthesis_denies_nothing() {
    let fleet = FleetFolder::new();
    let file = fleet.beside("files.zone");
    fs::write(&file, ZONE.replace("www A", "a A 192.0.2.9\nb TXT ( \"text\"\nwww A")).unwrap();
    let server = Server::start_with_zone(&fleet, &format!("files.example={}", file.display()));
    server.wait_for_web(EU);
    assert_eq!(addresses(&server, "a.files.example"), (vec!["192.0.2.9".to_owned()], ResponseCode::NoError));
    for name in ["b.files.example", "www.files.example", "files.example"] {
        assert_eq!(addresses(&server, name).1, ResponseCode::ServFail, "{name}");
    }
}
