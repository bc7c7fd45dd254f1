//! etcd's watches were found to lose, repeat and reorder events around compaction, partitions and restarts. Ours is whole
//! and in order, or says that all must be read again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use portolan_store::kv::etcd::{Etcd, Options};
use portolan_store::kv::{Batch, KeyEvent, Kv, KvError, Page, Revision, Span};
use portolan_testbed::EtcdCluster;
use portolan_testbed::etcd::EtcdSetup;

use crate::battery::{done, events, in_time, next, now, put};
use crate::gateway;
use crate::members::settle;

/// Keys of the traffic.
const KEYS: u32 = 20;
/// Rounds of faults.
const ROUNDS: u32 = 9;

/// A reader that lists once and then follows, beside a writer and faults of all kinds; what it has is held against the store
/// at the same revision, each round.
#[tokio::test(flavor = "multi_thread")]
async fn r20_what_is_followed_is_what_is_there_whatever_happens() {
    let Some(cluster) = EtcdCluster::start("kv-r20") else { return };
    let etcd = gateway::client(&cluster);
    let is_over = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn(write(gateway::client(&cluster), Arc::clone(&is_over)));
    let mut reader = Reader::new(etcd.clone()).await;
    for round in 0..ROUNDS {
        let member = usize::try_from(round % 3).unwrap();
        match round / 3 {
            0 => cluster.pause(member),
            1 => cluster.kill(member),
            // With the reader behind, so that it may be too late.
            _ => {
                tokio::time::sleep(Duration::from_millis(300)).await;
                gateway::compact(&cluster, now_in_time(&etcd).await);
                cluster.kill(member);
            }
        }
        reader.follow_to(now_in_time(&etcd).await + 20).await;
        if round / 3 == 0 {
            cluster.resume(member);
        } else {
            cluster.restart(member);
        }
        reader.follow_to(now_in_time(&etcd).await + 20).await;
        reader.compare().await;
    }
    is_over.store(true, Ordering::Relaxed);
    writer.await.unwrap();
}

async fn now_in_time(etcd: &Etcd) -> Revision {
    in_time("the store's revision", async {
        loop {
            if let Ok(page) = etcd.range(Span::prefix(b""), None, 0).await {
                return page.revision;
            }
        }
    })
    .await
}

/// Writes and removes keys for as long as it is let.
async fn write(etcd: Etcd, is_over: Arc<AtomicBool>) {
    for number in 0_u32.. {
        if is_over.load(Ordering::Relaxed) {
            return;
        }
        let name = format!("r20/{}", number.wrapping_mul(7) % KEYS);
        let operations = if number % 5 == 4 {
            vec![crate::battery::delete(&name)]
        } else {
            vec![put(&name, &number.to_string()), put(&format!("{name}/twin"), &number.to_string())]
        };
        // Whether it was done matters to nobody: what is there is what counts.
        let _ = etcd.transact(portolan_store::kv::Transaction { compares: Vec::new(), operations }).await;
    }
}

/// What was listed and followed.
struct Reader {
    etcd: Etcd,
    keys: BTreeMap<Vec<u8>, (Vec<u8>, Revision)>,
    revision: Revision,
    watch: futures_util::stream::BoxStream<'static, Result<Batch, KvError>>,
}

impl Reader {
    async fn new(etcd: Etcd) -> Self {
        let page = list(&etcd, None).await;
        let watch = etcd.watch(Span::prefix(b"r20/"), page.revision);
        Self { etcd, keys: map(&page), revision: page.revision, watch }
    }

    async fn follow_to(&mut self, revision: Revision) {
        while self.revision < revision {
            match next(&mut self.watch).await {
                Ok(batch) => self.take(batch),
                Err(KvError::Compacted(_) | KvError::Unreachable(_)) => {
                    *self = Self::new(self.etcd.clone()).await;
                }
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn take(&mut self, batch: Batch) {
        assert!(batch.revision > self.revision);
        for event in batch.events {
            match event {
                KeyEvent::Put(pair) => {
                    assert!(pair.modified > self.revision && pair.modified <= batch.revision);
                    self.keys.insert(pair.key, (pair.value, pair.modified));
                }
                KeyEvent::Delete(key) => assert!(self.keys.remove(&key).is_some(), "removed once"),
            }
        }
        self.revision = batch.revision;
    }

    /// It has what the store had at its revision.
    async fn compare(&mut self) {
        assert_eq!(self.keys, map(&list(&self.etcd, Some(self.revision)).await), "at {}", self.revision);
    }
}

async fn list(etcd: &Etcd, at: Option<Revision>) -> Page {
    in_time("a list", async {
        loop {
            match etcd.range(Span::prefix(b"r20/"), at, 1_000).await {
                Ok(page) => return page,
                Err(KvError::Unreachable(_)) => {}
                Err(error) => panic!("{error}"),
            }
        }
    })
    .await
}

fn map(page: &Page) -> BTreeMap<Vec<u8>, (Vec<u8>, Revision)> {
    page.pairs.iter().map(|pair| (pair.key.clone(), (pair.value.clone(), pair.modified))).collect()
}

/// A watch that is told nothing at all, though its member is well, is not believed for ever.
#[tokio::test(flavor = "multi_thread")]
async fn r20_a_watch_that_says_nothing_for_too_long_is_not_believed() {
    let Some(cluster) = EtcdCluster::start("kv-r20-silent") else { return };
    let options = Options { silence: Duration::from_secs(2), ..Options::new(cluster.urls()) };
    let etcd = Etcd::new(options).unwrap();
    let revision = settle(&etcd, "a", "1").await;
    let mut watch = etcd.watch(Span::prefix(b"silent/"), revision);
    assert_eq!(next(&mut watch).await, Err(KvError::Compacted(revision)));
}

/// A watch of keys that do not change learns how far it is, so that compaction of what others did costs it nothing.
#[tokio::test(flavor = "multi_thread")]
async fn r20_progress_is_told_and_compaction_up_to_it_costs_nothing() {
    let flags = vec!["--watch-progress-notify-interval=200ms".to_owned()];
    let setup = EtcdSetup { flags, tls: false };
    let Some(cluster) = EtcdCluster::start_with("kv-r20-progress", &setup) else { return };
    let (etcd, other) = (gateway::client_of(&cluster, 0), gateway::client_of(&cluster, 1));
    let mut watch = etcd.watch(Span::prefix(b"still/"), now(&etcd).await);
    let others = done(&other, vec![put("busy", "1")]).await;
    assert_eq!(events(&mut watch, others).await, []);
    cluster.kill(0);
    gateway::compact(&cluster, others);
    let last = settle(&other, "still/a", "1").await;
    cluster.restart(0);
    assert_eq!(events(&mut watch, last).await.len(), 1);
}

/// A watch of a store in which nothing happens at all is told so, and is not taken for one that is silent.
#[tokio::test(flavor = "multi_thread")]
async fn r20_a_store_that_stands_still_is_not_read_again() {
    let flags = vec!["--watch-progress-notify-interval=200ms".to_owned()];
    let setup = EtcdSetup { flags, tls: false };
    let Some(cluster) = EtcdCluster::start_with("kv-r20-still", &setup) else { return };
    let options = Options { silence: Duration::from_secs(3), ..Options::new(cluster.urls()) };
    let etcd = Etcd::new(options).unwrap();
    let mut watch = etcd.watch(Span::prefix(b"still/"), settle(&etcd, "a", "1").await);
    let told = tokio::time::timeout(Duration::from_secs(8), watch.next()).await;
    assert!(told.is_err(), "{told:?}");
    let last = settle(&etcd, "still/a", "1").await;
    assert_eq!(events(&mut watch, last).await.len(), 1);
}
