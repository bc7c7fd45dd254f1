//! `portolan run` that publishes what it decides on a fleet folder into a zone file.

use std::path::Path;
use std::process::Command;

use portolan_testbed::Program;
use portolan_testbed::program::ended;

use super::BINARY;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/bookinfo");

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() { copy(&from, &to) } else { assert!(std::fs::copy(&from, &to).is_ok()) }
    }
}

#[test]
fn what_a_server_decides_is_published_too() {
    let program = Program::new(BINARY, "folder").with(["run"]).with_file("--config", "config.yaml");
    let (fleet, zone, config) = (program.at("fleet"), program.at("out.zone"), program.at("config.yaml"));
    copy(Path::new(EXAMPLE), &fleet);
    let text = format!(
        "version: v1alpha1\nfleet: {}\nlisten: [\"127.0.0.1:0\"]\nsync:\n- provider: zonefile\n  owner-id: me\n  \
         zone-file: {}\n  domain-filter: [glb.example]\n",
        fleet.display(),
        zone.display()
    );
    std::fs::write(&config, text).unwrap();
    program.start();
    let content = || std::fs::read_to_string(&zone).unwrap_or_default();
    program.wait("the name in the zone file", || content().contains("bookinfo").then_some(()));
    let before = content();
    assert!(before.contains("heritage=external-dns") && before.contains("owner=me"), "{before}");

    assert!(before.contains("192.0.2.10"), "{before}");

    // What its cluster has no ready endpoint for leads to another, as it is answered.
    let europe = fleet.join("eu-frankfurt");
    for file in std::fs::read_dir(&europe).unwrap().map(|entry| entry.unwrap().path()) {
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replace("ready: true", "ready: false")).unwrap();
    }
    program.wait("another target", || {
        let content = content();
        (content.contains("198.51.100.10") && !content.contains("192.0.2.10")).then_some(())
    });
    program.stop();
}

#[test]
fn faults_of_publishers_are_told_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.yaml");
    let text = "version: v1alpha1\nfleet: /nonexistent\nsync:\n- provider: etcd\n  owner-id: a,b\n  etcd: [\"http://127.0.0.1:1\"]\n\
                - provider: etcd\n  owner: x\n";
    std::fs::write(&config, text).unwrap();
    let checked = ended(Command::new(BINARY).args(["check", "--config"]).arg(&config));
    assert_eq!(checked.code, 2, "{}", checked.out);
    let said = checked.all();
    for expected in ["config.yaml:5:13", "owner-id", "has a comma", "did you mean \"owner-id\"?"] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
}
