//! etcd whose members die and hang.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use portolan_store::kv::etcd::{Etcd, Options};
use portolan_store::kv::{Compare, KeyEvent, Kv, KvError, Outcome, Revision, Span, Transaction};
use portolan_testbed::EtcdCluster;

use crate::battery::{self, Make, contents, events, in_time, now, put, told};
use crate::gateway;

/// An etcd, and a client of it that has all the time of a busy machine.
struct Real {
    cluster: EtcdCluster,
    etcd: Etcd,
}

impl Make for Real {
    fn kv(&self) -> &dyn Kv {
        &self.etcd
    }

    fn put_leased(&self, key: &[u8], value: &[u8], ttl: u64) {
        gateway::put_leased(&self.cluster, key, value, ttl);
    }

    fn compact(&self, revision: Revision) {
        gateway::compact(&self.cluster, revision);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_battery() {
    let Some(cluster) = EtcdCluster::start("kv-battery") else { return };
    let options = Options { attempt: Duration::from_secs(20), ..Options::new(cluster.urls()) };
    let etcd = Etcd::new(options).unwrap();
    battery::run(&Real { cluster, etcd }).await;
}

/// Writes a key as whoever must: when it is not known whether it was done, it is read, and done again where it was not.
pub(crate) async fn settle(kv: &dyn Kv, key: &str, value: &str) -> Revision {
    let once = async || {
        let page = kv.range(Span::key(key.as_bytes()), None, 1).await?;
        let there = page.pairs.first();
        if let Some(pair) = there.filter(|pair| pair.value == value.as_bytes()) {
            return Ok(Outcome::Done(pair.modified));
        }
        let compares =
            vec![Compare::Modified(key.as_bytes().to_vec(), there.map_or(0, |pair| pair.modified))];
        kv.transact(Transaction { compares, operations: vec![put(key, value)] }).await
    };
    in_time("a key to be written", async {
        loop {
            match once().await {
                Ok(Outcome::Done(revision)) => return revision,
                Ok(Outcome::Lost(_)) | Err(KvError::Unknown(_) | KvError::Unreachable(_)) => {}
                Err(error) => panic!("{error}"),
            }
        }
    })
    .await
}

/// F-17: one of three members dead, or worse, hung; whichever it is, and the leader too.
#[tokio::test(flavor = "multi_thread")]
async fn f17_without_a_member_everything_goes_on() {
    let Some(cluster) = EtcdCluster::start("kv-f17") else { return };
    let etcd = gateway::client(&cluster);
    let mut watch = etcd.watch(Span::prefix(b"f17/"), settle(&etcd, "begin", "1").await);
    for member in [0, 1, 2, cluster.leader()] {
        for is_dead in [false, true] {
            if is_dead {
                cluster.kill(member);
            } else {
                cluster.pause(member);
            }
            let key = format!("f17/{member}");
            for value in ["1", "2", "3"] {
                let value = format!("{value}{is_dead}");
                let revision = settle(&etcd, &key, &value).await;
                let told = events(&mut watch, revision).await;
                assert_eq!(told, [battery::told(&key, &value, revision)], "without member {member}");
            }
            if is_dead { cluster.restart(member) } else { cluster.resume(member) }
        }
    }
}

/// F-17: a member that hangs is found out by a read, and not by what is written.
#[tokio::test(flavor = "multi_thread")]
async fn f17_what_is_written_while_a_member_hangs_is_done() {
    let Some(cluster) = EtcdCluster::start("kv-hangs") else { return };
    // A follower, so that nobody has to be elected; it is asked first.
    let follower = (cluster.leader() + 1) % 3;
    let mut members = cluster.urls();
    members.rotate_left(follower);
    let attempt = Duration::from_secs(8);
    let etcd = Etcd::new(Options { attempt, ..Options::new(members) }).unwrap();
    let mut watch = etcd.watch(Span::prefix(b"f17/"), settle(&etcd, "f17/a", "1").await);
    cluster.pause(follower);
    // Until nothing was heard of it for so long that it is asked before it is written to.
    tokio::time::sleep(attempt / 4 + Duration::from_millis(100)).await;
    let operations = vec![put("f17/a", "2")];
    let write = etcd.transact(Transaction { compares: Vec::new(), operations });
    let outcome = in_time("a write beside a member that hangs", write).await;
    let Ok(Outcome::Done(revision)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(events(&mut watch, revision).await, [told("f17/a", "2", revision)]);
    cluster.resume(follower);
}

/// Who takes connections and says nothing is asked once, and not by each question.
#[tokio::test(flavor = "multi_thread")]
async fn a_silent_member_is_asked_once() {
    let Some(cluster) = EtcdCluster::start("kv-silent") else { return };
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let listening = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((stream, _)) = silent.accept().await {
            open.push(stream);
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    let members = std::iter::once(url).chain(cluster.urls()).collect();
    let etcd = Etcd::new(Options { attempt: Duration::from_secs(4), ..Options::new(members) }).unwrap();
    for number in 0..20 {
        let operations = vec![put("silent/a", &number.to_string())];
        let write = etcd.transact(Transaction { compares: Vec::new(), operations });
        let outcome = in_time("a write beside a silent member", write).await;
        assert!(matches!(outcome, Ok(Outcome::Done(_))), "{outcome:?}");
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    listening.abort();
}

/// F-18: most members gone, and back.
#[tokio::test(flavor = "multi_thread")]
async fn f18_without_most_members_nothing_is_written_and_nothing_is_gone() {
    let Some(cluster) = EtcdCluster::start("kv-f18") else { return };
    let etcd = gateway::client(&cluster);
    let first = settle(&etcd, "f18/a", "1").await;
    let mut watch = etcd.watch(Span::prefix(b"f18/"), first - 1);
    assert_eq!(events(&mut watch, first).await, [told("f18/a", "1", first)]);
    cluster.kill(1);
    cluster.pause(2);
    let read = etcd.range(Span::prefix(b"f18/"), None, 10).await;
    assert!(matches!(read, Err(KvError::Unreachable(_))), "{read:?}: what is old is not now");
    let operations = vec![put("f18/a", "2")];
    let written = etcd.transact(Transaction { compares: Vec::new(), operations }).await;
    assert!(matches!(written, Err(KvError::Unreachable(_) | KvError::Unknown(_))), "{written:?}");
    let told = tokio::time::timeout(Duration::from_secs(4), watch.next()).await;
    assert!(told.is_err(), "{told:?}: nothing happens");
    cluster.resume(2);
    cluster.restart(1);
    let last = settle(&etcd, "f18/b", "1").await;
    let told = events(&mut watch, last).await;
    assert!(told.iter().all(|event| matches!(event, KeyEvent::Put(_))), "{told:?}");
    assert_eq!(told.last(), Some(&battery::told("f18/b", "1", last)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_nowhere_is_not_reached_and_found_when_it_comes() {
    let Some(cluster) = EtcdCluster::start("kv-nowhere") else { return };
    let etcd = gateway::client(&cluster);
    (0..3).for_each(|member| cluster.kill(member));
    let read = etcd.range(Span::prefix(b""), None, 1).await;
    let Err(KvError::Unreachable(why)) = read else { panic!("{read:?}") };
    assert!(cluster.urls().iter().all(|url| why.contains(url.as_str())), "each member is told: {why}");
    let written = etcd.transact(Transaction { compares: Vec::new(), operations: vec![put("a", "1")] }).await;
    assert!(matches!(written, Err(KvError::Unreachable(_))), "{written:?}: it was never sent");
    cluster.restart_all();
    settle(&etcd, "a", "1").await;
    assert_eq!(contents(&etcd, "a", None).await.len(), 1);
}

/// A transaction that a member took and did not answer may be done when it goes on; compared, it is done once.
#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_whose_fate_is_not_known_is_done_once() {
    let Some(cluster) = EtcdCluster::start("kv-fate") else { return };
    // It is paused a moment after it answered, and not asked before it is written to.
    let options = Options { attempt: Duration::from_secs(4), ..Options::new(vec![cluster.urls().remove(0)]) };
    let etcd = Etcd::new(options).unwrap();
    let first = settle(&etcd, "fate", "0").await;
    let write = |value: &str| Transaction {
        compares: vec![Compare::Modified(b"fate".to_vec(), first)],
        operations: vec![put("fate", value)],
    };
    cluster.pause(0);
    let unknown = etcd.transact(write("first")).await;
    assert!(matches!(unknown, Err(KvError::Unknown(_))), "{unknown:?}");
    let other = gateway::client_of(&cluster, 1);
    let retried = loop {
        match other.transact(write("second")).await {
            Err(KvError::Unknown(_) | KvError::Unreachable(_)) => {}
            said => break said,
        }
    };
    cluster.resume(0);
    // What the member took before is behind what it is asked now.
    let _ = now(&etcd).await;
    let page = contents(&other, "fate", None).await;
    let (value, modified) = (page[0].1.as_str(), page[0].2);
    match retried {
        Ok(Outcome::Done(revision)) => assert_eq!((value, modified), ("second", revision)),
        // Its own first try had arrived.
        Ok(Outcome::Lost(_)) => assert_eq!((value, modified), ("second", first + 1)),
        other => panic!("{other:?}"),
    }
}
