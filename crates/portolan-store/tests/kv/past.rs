//! etcd whose past is gone, or comes back.

use portolan_store::kv::etcd::{Etcd, Options};
use portolan_store::kv::{Kv, KvError, Revision, Span, Transaction};
use portolan_testbed::{Etcd as Stranger, EtcdCluster};

use crate::battery::{self, contents, events, in_time, next, now, put};
use crate::gateway;
use crate::members::settle;

/// F-19: compaction below our revision, while the member that we watch is away. What is forgotten is no delete.
#[tokio::test(flavor = "multi_thread")]
async fn f19_a_watch_that_missed_what_was_compacted_says_so() {
    let Some(cluster) = EtcdCluster::start("kv-f19") else { return };
    let (etcd, other) = (gateway::client_of(&cluster, 0), gateway::client_of(&cluster, 1));
    let first = settle(&etcd, "f19/a", "1").await;
    let mut watch = etcd.watch(Span::prefix(b"f19/"), first - 1);
    assert_eq!(events(&mut watch, first).await.len(), 1);
    cluster.kill(0);
    for value in ["2", "3"] {
        settle(&other, "f19/a", value).await;
    }
    let last = settle(&other, "f19/b", "1").await;
    gateway::compact(&cluster, last);
    cluster.restart(0);
    assert_eq!(next(&mut watch).await, Err(KvError::Compacted(last)));
    let page = in_time("the store to be read again", async {
        loop {
            if let Ok(page) = etcd.range(Span::prefix(b"f19/"), None, 10).await {
                return page;
            }
        }
    })
    .await;
    assert_eq!((page.pairs.len(), page.revision), (2, last));
    let mut watch = etcd.watch(Span::prefix(b"f19/"), page.revision);
    let next = settle(&other, "f19/a", "4").await;
    assert_eq!(events(&mut watch, next).await, [battery::told("f19/a", "4", next)]);
}

/// F-20: a member that was left behind, here one that never was of the cluster and has a lower revision.
#[tokio::test(flavor = "multi_thread")]
async fn f20_a_member_with_less_than_was_seen_is_passed_over() {
    let Some(cluster) = EtcdCluster::start("kv-f20") else { return };
    let Some(behind) = Stranger::start("kv-f20-behind") else { return };
    let ours = gateway::client(&cluster);
    let first = settle(&ours, "f20/a", "1").await;
    // It is asked first, and refused by what was seen before this process began.
    let mut urls = cluster.urls();
    urls.insert(0, behind.url());
    let etcd = Etcd::new(Options { seen: first, ..Options::new(urls.clone()) }).unwrap();
    assert_eq!(contents(&etcd, "f20/", None).await.len(), 1);
    let mut watch = etcd.watch(Span::prefix(b"f20/"), first - 1);
    assert_eq!(events(&mut watch, first).await.len(), 1);
    // It is asked after one that died, and refused by what was answered before.
    urls.rotate_left(1);
    urls.swap(1, 3);
    let etcd = Etcd::new(Options::new(urls)).unwrap();
    assert_eq!(contents(&etcd, "f20/", None).await.len(), 1);
    cluster.kill(0);
    let second = settle(&etcd, "f20/a", "2").await;
    assert!(second > first);
    assert_eq!(events(&mut watch, second).await, [battery::told("f20/a", "2", second)]);
    let strangers = Etcd::new(Options::new(vec![behind.url()])).unwrap();
    assert_eq!(contents(&strangers, "", None).await, [], "nothing was written there");
}

/// F-20: a member that hung while the others went on answers nothing old when it goes on.
#[tokio::test(flavor = "multi_thread")]
async fn f20_a_member_that_hung_gives_nothing_older_than_was_answered() {
    let Some(cluster) = EtcdCluster::start("kv-f20-hung") else { return };
    let etcd = gateway::client(&cluster);
    let mut seen = settle(&etcd, "f20/a", "0").await;
    for round in 0..6 {
        let member = round % 3;
        cluster.pause(member);
        let revision = settle(&etcd, "f20/a", &format!("{}", round + 1)).await;
        assert!(revision > seen);
        seen = revision;
        cluster.resume(member);
        for _ in 0..10 {
            if let Ok(page) = gateway::client_of(&cluster, member).range(Span::key(b"f20/a"), None, 1).await {
                assert!(page.revision >= seen && page.pairs[0].modified == seen, "{page:?}");
            }
        }
    }
}

/// What went back is neither read, nor written, nor watched; a client that saw nothing before takes it as it is.
async fn is_refused(cluster: &EtcdCluster, etcd: &Etcd, seen: Revision) -> Revision {
    let stranger = gateway::client(cluster);
    let found = now(&stranger).await;
    assert!(found < seen, "{found} is back behind {seen}");
    let read = etcd.range(Span::prefix(b""), None, 10).await;
    assert!(matches!(read, Err(KvError::WentBack { seen: was, .. }) if was == seen), "{read:?}");
    let write = Transaction { compares: Vec::new(), operations: vec![put("never", "1")] };
    let written = etcd.transact(write).await;
    assert!(matches!(written, Err(KvError::WentBack { seen: was, .. }) if was == seen), "{written:?}");
    assert_eq!(contents(&stranger, "never", None).await, [], "nothing was written");
    found
}

/// F-21: restored from an older state.
#[tokio::test(flavor = "multi_thread")]
async fn f21_a_store_that_was_restored_is_not_followed_until_somebody_accepts() {
    let Some(cluster) = EtcdCluster::start("kv-f21") else { return };
    let etcd = gateway::client(&cluster);
    settle(&etcd, "f21/a", "1").await;
    let snapshot = cluster.snapshot();
    settle(&etcd, "f21/a", "2").await;
    let seen = settle(&etcd, "f21/b", "1").await;
    let mut watch = etcd.watch(Span::prefix(b"f21/"), seen);
    cluster.restore(&snapshot);
    let found = is_refused(&cluster, &etcd, seen).await;
    assert_eq!(next(&mut watch).await, Err(KvError::WentBack { seen, found }));
    // What others write meanwhile makes it no better, until it is past what was seen.
    settle(&gateway::client(&cluster), "f21/c", "1").await;
    is_refused(&cluster, &etcd, seen).await;
    etcd.accept();
    let keys: Vec<String> = contents(&etcd, "f21/", None).await.into_iter().map(|(key, ..)| key).collect();
    assert_eq!(keys, ["f21/a", "f21/c"]);
    let last = settle(&etcd, "f21/a", "3").await;
    let mut watch = etcd.watch(Span::prefix(b"f21/"), last - 1);
    assert_eq!(events(&mut watch, last).await, [battery::told("f21/a", "3", last)]);
}

/// F-22: wiped.
#[tokio::test(flavor = "multi_thread")]
async fn f22_a_store_that_was_wiped_is_not_followed_until_somebody_accepts() {
    let Some(cluster) = EtcdCluster::start("kv-f22") else { return };
    let etcd = gateway::client(&cluster);
    settle(&etcd, "f22/a", "1").await;
    let seen = settle(&etcd, "f22/b", "1").await;
    let mut watch = etcd.watch(Span::prefix(b"f22/"), seen);
    cluster.wipe();
    let found = is_refused(&cluster, &etcd, seen).await;
    assert_eq!(next(&mut watch).await, Err(KvError::WentBack { seen, found }), "no delete is told");
    etcd.accept();
    assert_eq!(contents(&etcd, "", None).await, []);
    settle(&etcd, "f22/a", "1").await;
}
