//! The make in memory.

use futures_util::FutureExt as _;
use futures_util::StreamExt as _;
use portolan_store::kv::memory::{HISTORY_MAX, Memory};
use portolan_store::kv::{Batch, Compare, Kv, KvError, Outcome, Revision, Span, Transaction};

use crate::battery::{self, Make, contents, done, events, in_time, next, now, put, told};

impl Make for Memory {
    fn kv(&self) -> &dyn Kv {
        self
    }

    fn put_leased(&self, key: &[u8], value: &[u8], ttl: u64) {
        self.faults().put_leased(key, value, ttl);
    }

    fn compact(&self, revision: Revision) {
        self.faults().compact(revision);
    }
}

#[tokio::test]
async fn the_battery() {
    battery::run(&Memory::new()).await;
}

#[tokio::test]
async fn a_store_that_is_cut_off_is_neither_read_nor_written_and_its_watches_wait() {
    let memory = Memory::new();
    let first = done(&memory, vec![put("a", "1")]).await;
    let mut watch = memory.watch(Span::key(b"a"), first);
    memory.faults().unreachable(true);
    let write = Transaction { compares: Vec::new(), operations: vec![put("a", "2")] };
    assert!(matches!(memory.range(Span::key(b"a"), None, 1).await, Err(KvError::Unreachable(_))));
    assert!(matches!(memory.transact(write).await, Err(KvError::Unreachable(_))));
    assert!(watch.next().now_or_never().is_none());
    memory.faults().unreachable(false);
    let second = done(&memory, vec![put("a", "2")]).await;
    assert_eq!(events(&mut watch, second).await, [told("a", "2", second)]);
}

#[tokio::test]
async fn a_store_that_went_back_is_not_followed_until_somebody_accepts() {
    let memory = Memory::new();
    let first = done(&memory, vec![put("a", "1")]).await;
    let second = done(&memory, vec![put("a", "2")]).await;
    let mut watch = memory.watch(Span::key(b"a"), second);
    memory.faults().restore(first);
    let went_back = KvError::WentBack { seen: second, found: first };
    assert_eq!(memory.range(Span::key(b"a"), None, 1).await, Err(went_back.clone()));
    let write = Transaction { compares: Vec::new(), operations: vec![put("b", "1")] };
    assert_eq!(memory.transact(write).await, Err(went_back.clone()));
    assert_eq!(next(&mut watch).await, Err(went_back));
    let stranger = memory.another();
    assert_eq!(contents(&stranger, "", None).await, [("a".to_owned(), "1".to_owned(), first)]);
    memory.accept();
    assert_eq!(contents(&memory, "", None).await, contents(&stranger, "", None).await);
    memory.faults().wipe();
    assert!(matches!(memory.range(Span::key(b"a"), None, 1).await, Err(KvError::WentBack { found: 0, .. })));
}

#[tokio::test]
async fn a_watch_notices_a_wipe_that_was_written_over() {
    let memory = Memory::new();
    let mut last = 0;
    for value in ["1", "2", "3"] {
        last = done(&memory, vec![put("a", value)]).await;
    }
    let mut watch = memory.watch(Span::key(b"a"), last);
    memory.faults().wipe();
    let stranger = memory.another();
    for value in ["4", "5", "6", "7"] {
        done(&stranger, vec![put("a", value)]).await;
    }
    assert_eq!(next(&mut watch).await, Err(KvError::WentBack { seen: last, found: 0 }));
}

#[tokio::test]
async fn a_stalled_transaction_is_compared_when_it_goes_on() {
    let memory = Memory::new();
    let first = done(&memory, vec![put("a", "1")]).await;
    let compares = vec![Compare::Modified(b"a".to_vec(), first)];
    let write = |value| Transaction { compares: compares.clone(), operations: vec![put("a", value)] };
    memory.faults().stall(true);
    let stalled = tokio::spawn({
        let (memory, write) = (memory.clone(), write("slow"));
        async move { memory.transact(write).await }
    });
    in_time("a transaction to wait", async {
        while memory.faults().stalled() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    memory.faults().put_leased(b"a", b"fast", 60);
    memory.faults().stall(false);
    let second = memory.faults().revision();
    assert_eq!(stalled.await.unwrap(), Ok(Outcome::Lost(second)));
}

#[tokio::test]
async fn an_answer_that_is_lost_leaves_it_open_and_a_retry_that_compares_is_safe() {
    let memory = Memory::new();
    let write =
        Transaction { compares: vec![Compare::Modified(b"a".to_vec(), 0)], operations: vec![put("a", "1")] };
    memory.faults().lose_answers(true);
    assert!(matches!(memory.transact(write.clone()).await, Err(KvError::Unknown(_))));
    memory.faults().lose_answers(false);
    assert_eq!(memory.transact(write).await, Ok(Outcome::Lost(1)), "it was done, once");
}

#[tokio::test]
async fn a_full_store_is_read_and_emptied_and_not_written() {
    let memory = Memory::new();
    done(&memory, vec![put("a", "1")]).await;
    memory.faults().full(true);
    let write = Transaction { compares: Vec::new(), operations: vec![put("a", "2")] };
    assert!(matches!(memory.transact(write).await, Err(KvError::Full(_))));
    assert_eq!(contents(&memory, "", None).await.len(), 1);
    done(&memory, vec![battery::delete("a")]).await;
}

#[tokio::test]
async fn what_is_too_old_is_forgotten_and_progress_is_told_when_asked() {
    let memory = Memory::new();
    let mut watch = memory.watch(Span::key(b"none"), 0);
    for _ in 0..=HISTORY_MAX {
        done(&memory, vec![put("a", "1")]).await;
    }
    assert_eq!(memory.range(Span::key(b"a"), Some(1), 1).await.map(|page| page.pairs.len()), Ok(1));
    done(&memory, vec![put("a", "1")]).await;
    assert_eq!(memory.range(Span::key(b"a"), Some(1), 1).await, Err(KvError::Compacted(2)));
    let mut forgotten = memory.watch(Span::key(b"a"), 1);
    assert_eq!(next(&mut forgotten).await, Err(KvError::Compacted(2)));
    assert_eq!(next(&mut watch).await, Err(KvError::Compacted(2)), "it was not read meanwhile");
    let revision = now(&memory).await;
    let mut watch = memory.watch(Span::key(b"none"), revision - 1);
    memory.faults().progress();
    assert_eq!(next(&mut watch).await, Ok(Batch { revision, events: Vec::new() }));
}
