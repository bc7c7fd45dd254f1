//! What was acknowledged: over kills, restarts, and on a disk that takes nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use portolan_testbed::ask::RecordType;
use portolan_testbed::program::{ended, poll};
use portolan_testbed::wait::PATIENCE;
use serde_json::json;

use crate::server::{BINARY, MEDIA_TYPE, Server, endpoint, texts};

/// Kills of the test below; each is a start too.
const KILLS: usize = 20;
/// Clients that write at once.
const WRITERS: usize = 3;

/// F-16: whoever was told 204 finds the record after a `kill -9` in the midst of writes.
#[test]
fn f16_no_acknowledged_record_is_lost_by_kills() {
    let folder = tempfile::tempdir().unwrap();
    let (next, acknowledged) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    for kill in 0..KILLS {
        let server = Server::start(&folder);
        let before = acknowledged.lock().unwrap().len();
        let after_kill = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..WRITERS {
                scope.spawn(|| {
                    while after_kill.load(Ordering::Relaxed) == 0 {
                        let name = format!("n{}.example.com", next.fetch_add(1, Ordering::Relaxed));
                        let body = json!({"create": [endpoint(&name, "A", &["192.0.2.1"])]}).to_string();
                        let reply = server.try_send("POST /records", MEDIA_TYPE, body.as_bytes());
                        if reply.is_some_and(|reply| reply.status == 204) {
                            acknowledged.lock().unwrap().push(name);
                        }
                    }
                });
            }
            let came = poll(&[&server.program], PATIENCE, || {
                (acknowledged.lock().unwrap().len() >= before + 5 + kill % 7).then_some(())
            });
            let tail = server.program.tail();
            server.program.kill();
            after_kill.store(1, Ordering::Relaxed);
            assert!(came.is_some(), "writes are not acknowledged; {tail}");
        });
        let server = Server::start(&folder);
        let records = server.records();
        for name in acknowledged.lock().unwrap().iter() {
            let line = format!("{name} A 192.0.2.1");
            assert!(
                records.binary_search(&line).is_ok(),
                "{line} was acknowledged and is lost at kill {kill}"
            );
        }
        let last = acknowledged.lock().unwrap().last().cloned().unwrap();
        assert_eq!(server.addresses(&last), texts(["192.0.2.1"]));
    }
    assert!(acknowledged.lock().unwrap().len() >= KILLS * 5);
}

#[test]
fn a_restart_answers_and_lists_the_same_and_the_serial_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder);
    server.create(&[
        endpoint("shop.example.com", "A", &["192.0.2.1"]),
        endpoint("b.example.com", "TXT", &["\"words\""]),
    ]);
    let (records, soa) = (server.records(), server.answer("example.com", RecordType::SOA));
    server.program.stop();
    let server = Server::start(&folder);
    assert_eq!(server.records(), records);
    assert_eq!(server.addresses("shop.example.com"), texts(["192.0.2.1"]));
    assert_eq!(server.answer("example.com", RecordType::SOA), soa, "nothing has changed");
    server.program.stop();
}

/// F-12, for what was acknowledged: the generation before is taken; where there is none, nothing is begun.
#[test]
fn f12_a_damaged_file_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder);
    server.create(&[endpoint("a.example.com", "A", &["192.0.2.1"])]);
    server.create(&[endpoint("b.example.com", "A", &["192.0.2.1"])]);
    server.program.stop();
    let file = folder.path().join("state.webhook");
    let mut octets = fs::read(&file).unwrap();
    *octets.last_mut().unwrap() ^= 1;
    fs::write(&file, octets).unwrap();
    let server = Server::start(&folder);
    assert_eq!(server.records(), ["a.example.com A 192.0.2.1"]);
    assert!(server.program.log().contains("it is set aside"), "{}", server.program.log());
    server.program.stop();
    fs::write(&file, "x").unwrap();
    fs::write(folder.path().join("state.webhook.1"), "x").unwrap();
    let state = folder.path().join("state");
    let words = ["webhook", "--listen", "127.0.0.1:0", "--domain-filter", "example.com", "--state"];
    let refused = ended(Command::new(BINARY).args(words).arg(&state));
    let why = "what the webhook protocol acknowledged cannot be read";
    assert!(refused.code != 0 && refused.err.contains(why), "{refused:?}");
}

/// F-14: what cannot be kept is not acknowledged, and nothing else is harmed.
#[test]
fn f14_what_cannot_be_kept_is_not_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder);
    server.create(&[endpoint("a.example.com", "A", &["192.0.2.1"])]);
    // A folder where the new file would be: root too cannot write it.
    let new = folder.path().join("state.webhook.new");
    fs::create_dir(&new).unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(0o700)).unwrap();
    let failed = server.apply(&json!({"create": [endpoint("b.example.com", "A", &["192.0.2.1"])], "delete": [endpoint("a.example.com", "A", &["192.0.2.1"])]}));
    assert_eq!(failed.status, 500);
    assert!(String::from_utf8_lossy(&failed.body).contains("cannot write"), "{failed:?}");
    assert_eq!(server.records(), ["a.example.com A 192.0.2.1"]);
    assert_eq!(server.addresses("a.example.com"), texts(["192.0.2.1"]));
    fs::remove_dir(&new).unwrap();
    server.create(&[endpoint("b.example.com", "A", &["192.0.2.1"])]);
    assert_eq!(server.records().len(), 2);
}
