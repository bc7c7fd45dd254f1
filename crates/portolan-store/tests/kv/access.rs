//! etcd that lets us in no more, or has no room.

use std::time::Duration;

use portolan_store::kv::etcd::{Etcd, Identity, Options, Password, Tls, User};
use portolan_store::kv::{Kv, KvError, Operation, Span, Transaction};
use portolan_testbed::EtcdCluster;
use portolan_testbed::etcd::EtcdSetup;
use serde_json::json;

use crate::battery::{self, contents, delete, done, events, in_time, now, put, told};
use crate::gateway::{self, ask};
use crate::members::settle;

/// F-23: NOSPACE. It is read, followed and emptied, and written again once there is room.
#[tokio::test(flavor = "multi_thread")]
async fn f23_a_full_store_is_told_and_goes_on_once_there_is_room() {
    let setup = EtcdSetup { flags: vec![format!("--quota-backend-bytes={}", 16 << 20)], tls: false };
    let Some(cluster) = EtcdCluster::start_with("kv-f23", &setup) else { return };
    // Half a MiB three times to a busy disk takes its time.
    let options = Options { attempt: Duration::from_secs(10), ..Options::new(cluster.urls()) };
    let etcd = Etcd::new(options).unwrap();
    let first = settle(&etcd, "f23/small", "1").await;
    let mut watch = etcd.watch(Span::prefix(b"f23/"), first - 1);
    let large = |number: usize| Operation::Put(format!("large/{number}").into_bytes(), vec![b'x'; 1 << 19]);
    let full = in_time("the store to be full", async {
        for number in 0.. {
            let write = Transaction { compares: Vec::new(), operations: vec![large(number)] };
            match etcd.transact(write).await {
                Ok(_) | Err(KvError::Unknown(_) | KvError::Unreachable(_)) => {}
                Err(error) => return (number, error),
            }
        }
        unreachable!("it is small")
    })
    .await;
    let (count, error) = full;
    assert!(matches!(error, KvError::Full(_)), "{error}");
    let write = Transaction { compares: Vec::new(), operations: vec![put("f23/small", "2")] };
    let written = in_time("all members to know", async {
        loop {
            match etcd.transact(write.clone()).await {
                Err(KvError::Unknown(_) | KvError::Unreachable(_)) => {}
                said => return said,
            }
        }
    })
    .await;
    assert!(matches!(written, Err(KvError::Full(_))), "{written:?}");
    assert_eq!(contents(&etcd, "f23/", None).await.len(), 1, "it is read");
    assert_eq!(events(&mut watch, first).await, [told("f23/small", "1", first)], "it is followed");
    for number in 0..count {
        done(&etcd, vec![delete(&format!("large/{number}"))]).await;
    }
    gateway::compact(&cluster, now(&etcd).await);
    for member in 0..3 {
        cluster.ask(member, "/v3/maintenance/defragment", &json!({})).unwrap();
    }
    disarm(&cluster);
    let last = settle(&etcd, "f23/small", "3").await;
    assert_eq!(events(&mut watch, last).await.last(), Some(&told("f23/small", "3", last)));
}

/// Says that there is room again, as an operator does.
fn disarm(cluster: &EtcdCluster) {
    let alarms = ask(cluster, "/v3/maintenance/alarm", &json!({ "action": "GET" }));
    for alarm in alarms["alarms"].as_array().into_iter().flatten() {
        let body = json!({ "action": "DEACTIVATE", "memberID": alarm["memberID"], "alarm": alarm["alarm"] });
        ask(cluster, "/v3/maintenance/alarm", &body);
    }
}

/// F-24: certificates that have run out, of ours and of the authority.
#[tokio::test(flavor = "multi_thread")]
async fn f24_certificates_that_change_on_disk_are_taken() {
    let setup = EtcdSetup { tls: true, ..EtcdSetup::default() };
    let Some(cluster) = EtcdCluster::start_with("kv-f24", &setup) else { return };
    let files = cluster.client_files().unwrap();
    let identity = Some(Identity { certificate: files.certificate.clone(), key: files.key.clone() });
    let tls = Some(Tls { authority: files.authority.clone(), identity });
    let etcd = Etcd::new(Options { tls: tls.clone(), ..Options::new(cluster.urls()) }).unwrap();
    let first = settle(&etcd, "f24/a", "1").await;
    let mut watch = etcd.watch(Span::prefix(b"f24/"), first - 1);
    assert_eq!(events(&mut watch, first).await.len(), 1);
    // Members begin again, and take another authority for us and for themselves.
    cluster.renew_members();
    let read = etcd.range(Span::prefix(b"f24/"), None, 1).await;
    assert!(matches!(read, Err(KvError::Unreachable(_))), "{read:?}: we do not trust it");
    cluster.renew_client(false);
    let read = etcd.range(Span::prefix(b"f24/"), None, 1).await;
    assert!(matches!(read, Err(KvError::Unreachable(_))), "{read:?}: it does not trust us");
    cluster.renew_client(true);
    let second = settle(&etcd, "f24/a", "2").await;
    assert_eq!(events(&mut watch, second).await, [told("f24/a", "2", second)], "the watch went on");
    // Without a certificate nobody comes in.
    let tls = tls.map(|tls| Tls { identity: None, ..tls });
    let nobody = Etcd::new(Options { tls, ..Options::new(cluster.urls()) }).unwrap();
    assert!(matches!(nobody.range(Span::prefix(b""), None, 1).await, Err(KvError::Unreachable(_))));
}

/// F-24: a password that changes, which makes tokens void, and tokens that run out.
#[tokio::test(flavor = "multi_thread")]
async fn f24_tokens_are_renewed_and_passwords_read_again() {
    let setup = EtcdSetup { flags: vec!["--auth-token-ttl=1".to_owned()], tls: false };
    let Some(cluster) = EtcdCluster::start_with("kv-f24-tokens", &setup) else { return };
    let folder = tempfile::tempdir().unwrap();
    let password = folder.path().join("password");
    std::fs::write(&password, "first\n").unwrap();
    cluster.enable_users("dns", "first", "f24/");
    let client = |name: &str, password: Password| {
        let user = Some(User { name: name.to_owned(), password });
        // A password costs members a tenth of a second of CPU.
        let attempt = Duration::from_secs(10);
        Etcd::new(Options { user, attempt, ..Options::new(cluster.urls()) }).unwrap()
    };
    let etcd = client("dns", Password::File(password.clone()));
    let first = settle(&etcd, "f24/a", "1").await;
    let mut watch = etcd.watch(Span::prefix(b"f24/"), first - 1);
    assert_eq!(events(&mut watch, first).await.len(), 1);

    let denied = etcd.range(Span::prefix(b"other/"), None, 1).await;
    assert!(matches!(denied, Err(KvError::Unauthorized(_))), "{denied:?}");
    let write = Transaction { compares: Vec::new(), operations: vec![put("other/a", "1")] };
    assert!(matches!(etcd.transact(write).await, Err(KvError::Unauthorized(_))));
    let mut elsewhere = etcd.watch(Span::prefix(b"other/"), first);
    assert!(matches!(battery::next(&mut elsewhere).await, Err(KvError::Unauthorized(_))));

    // Longer than a token lives.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let second = settle(&etcd, "f24/a", "2").await;
    assert_eq!(events(&mut watch, second).await, [told("f24/a", "2", second)]);

    let changed = json!({ "name": "dns", "password": "second" });
    cluster.ask_as_root("/v3/auth/user/changepw", &changed).unwrap();
    let stale = etcd.range(Span::prefix(b"f24/"), None, 1).await;
    assert!(matches!(stale, Err(KvError::Unauthorized(_))), "{stale:?}");
    std::fs::write(&password, "second\n").unwrap();
    let third = settle(&etcd, "f24/a", "3").await;
    assert_eq!(events(&mut watch, third).await, [told("f24/a", "3", third)]);

    let stranger = client("dns", Password::Text("wrong".to_owned()));
    let refused = stranger.range(Span::prefix(b"f24/"), None, 1).await;
    assert!(matches!(refused, Err(KvError::Unauthorized(_))), "{refused:?}");
    let nobody = gateway::client(&cluster).range(Span::prefix(b"f24/"), None, 1).await;
    assert!(matches!(nobody, Err(KvError::Unauthorized(_))), "{nobody:?}");
}

/// Who is told a user of a store that asks nobody comes in.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_of_an_open_store_comes_in() {
    let Some(cluster) = EtcdCluster::start("kv-open") else { return };
    let user = Some(User { name: "dns".to_owned(), password: Password::Text("any".to_owned()) });
    let etcd = Etcd::new(Options { user, ..Options::new(cluster.urls()) }).unwrap();
    settle(&etcd, "a", "1").await;
    cluster.enable_users("dns", "first", "f24/");
    let read = etcd.range(Span::prefix(b"f24/"), None, 1).await;
    assert!(matches!(read, Err(KvError::Unauthorized(_))), "{read:?}: it asks from now on");
}
