//! What the trait promises, by the words of its docs. Each check has keys of its own, so all run on one store.

use std::future::Future;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use portolan_store::kv::{
    Batch, Compare, KeyEvent, Kv, KvError, OPERATIONS_MAX, Operation, Outcome, Pair, Revision, Span,
    TRANSACTION_OCTETS_MAX, Transaction,
};

/// How long anything may take before a check gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A make, and what is done to its store behind its back.
pub(crate) trait Make: Sync {
    fn kv(&self) -> &dyn Kv;

    /// Writes a key with a lease of so many seconds.
    fn put_leased(&self, key: &[u8], value: &[u8], ttl: u64);

    /// Forgets what was before a revision.
    fn compact(&self, revision: Revision);
}

/// Runs every check, one after the other.
pub(crate) async fn run(make: &dyn Make) {
    type Check = for<'a> fn(&'a dyn Make) -> BoxFuture<'a, ()>;
    let checks: [(&str, Check); 14] = [
        ("a range is in order, and in pages", |make| Box::pin(ranges(make))),
        ("a range at a revision is as it was then", |make| Box::pin(past_ranges(make))),
        ("a range of many keys is whole", |make| Box::pin(many_keys(make))),
        ("keys and values are octets", |make| Box::pin(octets(make))),
        ("a transaction is done at one revision", |make| Box::pin(one_revision(make))),
        ("a compare that fails does nothing", |make| Box::pin(compares(make))),
        ("what was written since is seen in a span", |make| Box::pin(unwritten(make))),
        ("nothing to do is done", |make| Box::pin(nothing_to_do(make))),
        ("too much is refused", |make| Box::pin(limits(make))),
        ("writers that compare lose nothing", |make| Box::pin(counters(make))),
        ("a watch is in order, of whole revisions, and of its span", |make| Box::pin(watches(make))),
        ("a lease is its granted time", |make| Box::pin(leases(make))),
        ("a revision that never was is no store of ours", |make| Box::pin(future(make))),
        ("what was forgotten is said, with the oldest that there is", |make| Box::pin(forgotten(make))),
    ];
    for (name, check) in checks {
        eprintln!("battery: {name}");
        check(make).await;
    }
}

async fn ranges(make: &dyn Make) {
    let kv = make.kv();
    let keys = ["r/a", "r/a/b", "r/b", "r/c", "r0"];
    done(kv, keys.map(|key| put(key, key)).to_vec()).await;
    let all = kv.range(Span::prefix(b"r/"), None, 10).await.unwrap();
    assert_eq!(names(&all.pairs), ["r/a", "r/a/b", "r/b", "r/c"]);
    assert!(!all.more);
    let first = kv.range(Span::prefix(b"r/"), None, 2).await.unwrap();
    assert_eq!((names(&first.pairs), first.more), (vec!["r/a".to_owned(), "r/a/b".to_owned()], true));
    let behind = Span { from: [&first.pairs[1].key[..], &[0]].concat(), ..Span::prefix(b"r/") };
    let second = kv.range(behind, Some(first.revision), 2).await.unwrap();
    assert_eq!((names(&second.pairs), second.more), (vec!["r/b".to_owned(), "r/c".to_owned()], false));
    let one = kv.range(Span::key(b"r/a"), None, 10).await.unwrap();
    assert_eq!(names(&one.pairs), ["r/a"]);
    let endless = kv.range(Span { from: b"r/c".to_vec(), to: Vec::new() }, None, 2).await.unwrap();
    assert_eq!(names(&endless.pairs), ["r/c", "r0"]);
    let none = kv.range(Span { from: b"r/b".to_vec(), to: b"r/a".to_vec() }, None, 10).await.unwrap();
    assert!(none.pairs.is_empty() && !none.more && none.revision >= all.revision);
    let now = kv.range(Span::prefix(b"r/"), None, 0).await.unwrap();
    assert!(now.pairs.is_empty() && now.more && now.revision >= all.revision);
}

async fn past_ranges(make: &dyn Make) {
    let kv = make.kv();
    let first = done(kv, vec![put("p/a", "1"), put("p/b", "1")]).await;
    let second = done(kv, vec![put("p/a", "2")]).await;
    let third = done(kv, vec![delete("p/a"), put("p/c", "3")]).await;
    let at = async |revision| contents(kv, "p/", Some(revision)).await;
    assert_eq!(at(first).await, [("p/a", "1", first), ("p/b", "1", first)].map(owned));
    assert_eq!(at(second).await, [("p/a", "2", second), ("p/b", "1", first)].map(owned));
    assert_eq!(at(third).await, [("p/b", "1", first), ("p/c", "3", third)].map(owned));
    assert_eq!(contents(kv, "p/", None).await, at(third).await);
    assert_eq!(kv.range(Span::prefix(b"p/"), Some(0), 10).await.unwrap().pairs, []);
}

async fn many_keys(make: &dyn Make) {
    const KEYS: usize = 5_000;
    let kv = make.kv();
    let keys: Vec<String> = (0..KEYS).map(|number| format!("m/{number:05}")).collect();
    for keys in keys.chunks(OPERATIONS_MAX) {
        done(kv, keys.iter().map(|key| put(key, "value")).collect()).await;
    }
    let all = kv.range(Span::prefix(b"m/"), None, KEYS + 1).await.unwrap();
    // However many questions it takes, it is of one revision: the first key and the last are always written together.
    let writes = async {
        for number in 0..20 {
            let value = number.to_string();
            done(kv, vec![put(&keys[0], &value), put(&keys[KEYS - 1], &value)]).await;
        }
    };
    let reads = async {
        for _ in 0..20 {
            let page = kv.range(Span::prefix(b"m/"), None, KEYS).await.unwrap();
            assert_eq!(page.pairs[0].value, page.pairs[KEYS - 1].value);
            assert!(page.pairs.iter().all(|pair| pair.modified <= page.revision));
        }
    };
    done(kv, vec![put(&keys[0], "value"), put(&keys[KEYS - 1], "value")]).await;
    futures_util::future::join(writes, reads).await;
    assert_eq!((names(&all.pairs), all.more), (keys, false));
    let most = kv.range(Span::prefix(b"m/"), None, KEYS - 1).await.unwrap();
    assert_eq!((most.pairs.len(), most.more), (KEYS - 1, true));
    let exactly = kv.range(Span::prefix(b"m/"), Some(all.revision), KEYS).await.unwrap();
    assert_eq!((exactly.pairs, exactly.more), (all.pairs, false));
}

async fn octets(make: &dyn Make) {
    let kv = make.kv();
    let key = b"o/\0\xff\x80".to_vec();
    let operations = vec![Operation::Put(key.clone(), vec![0, 255]), Operation::Put(b"o/".to_vec(), vec![])];
    done(kv, operations).await;
    let page = kv.range(Span::prefix(b"o/"), None, 10).await.unwrap();
    let found: Vec<(Vec<u8>, Vec<u8>)> = page.pairs.into_iter().map(|pair| (pair.key, pair.value)).collect();
    assert_eq!(found, [(b"o/".to_vec(), vec![]), (key, vec![0, 255])]);
}

async fn one_revision(make: &dyn Make) {
    let kv = make.kv();
    let before = now(kv).await;
    let first = done(kv, vec![put("t/a", "1"), put("t/b", "1"), put("t/c", "1")]).await;
    assert_eq!(first, before + 1);
    let second = done(kv, vec![put("t/a", "2"), delete("t/b"), delete("t/none")]).await;
    assert_eq!(second, first + 1);
    assert_eq!(contents(kv, "t/", None).await, [("t/a", "2", second), ("t/c", "1", first)].map(owned));
}

async fn compares(make: &dyn Make) {
    let kv = make.kv();
    let modified = |key: &str, revision| Compare::Modified(key.as_bytes().to_vec(), revision);
    let first = done(kv, vec![put("c/a", "1")]).await;
    let cases = [
        vec![modified("c/a", 0)],
        vec![modified("c/a", first + 1)],
        vec![modified("c/none", 1)],
        vec![modified("c/a", first), modified("c/b", first)],
    ];
    for compares in cases {
        let lost = with(kv, compares.clone(), vec![put("c/a", "2"), put("c/b", "2")]).await;
        assert_eq!(lost, Outcome::Lost(first), "{compares:?}");
    }
    assert_eq!(contents(kv, "c/", None).await, [("c/a", "1", first)].map(owned));
    let compares = vec![modified("c/a", first), modified("c/b", 0)];
    let Outcome::Done(second) = with(kv, compares, vec![put("c/a", "2"), put("c/b", "2")]).await else {
        panic!("all was as it must be")
    };
    assert_eq!(contents(kv, "c/", None).await, [("c/a", "2", second), ("c/b", "2", second)].map(owned));
    done(kv, vec![delete("c/b")]).await;
    let again = with(kv, vec![modified("c/b", 0)], vec![put("c/b", "3")]).await;
    assert!(matches!(again, Outcome::Done(_)), "what was removed is not there");
}

async fn unwritten(make: &dyn Make) {
    let kv = make.kv();
    let since = |revision| vec![Compare::Unwritten(Span::prefix(b"u/"), revision)];
    let first = done(kv, vec![put("u/a", "1"), put("u0", "1")]).await;
    let second = done(kv, vec![put("u/b", "1")]).await;
    let lost = with(kv, since(first), vec![put("u/c", "1")]).await;
    assert_eq!(lost, Outcome::Lost(second));
    done(kv, vec![put("u0", "2"), delete("u/a")]).await;
    let done = with(kv, since(second), vec![put("u/c", "1")]).await;
    let Outcome::Done(third) = done else { panic!("what is beside it, and what was removed, is not seen") };
    assert_eq!(with(kv, since(second), vec![put("u/d", "1")]).await, Outcome::Lost(third));
    let empty = Span { from: b"u/b".to_vec(), to: b"u/a".to_vec() };
    for span in [Span::prefix(b"u/none/"), empty] {
        let done = with(kv, vec![Compare::Unwritten(span, 0)], vec![put("u/d", "1")]).await;
        assert!(matches!(done, Outcome::Done(_)), "nothing is there");
    }
}

async fn nothing_to_do(make: &dyn Make) {
    let kv = make.kv();
    let revision = done(kv, vec![put("n/a", "1")]).await;
    let outcome = async |compares, operations| with(kv, compares, operations).await;
    assert_eq!(outcome(Vec::new(), Vec::new()).await, Outcome::Done(revision));
    assert_eq!(outcome(Vec::new(), vec![delete("n/none")]).await, Outcome::Done(revision));
    let compare = |revision| vec![Compare::Modified(b"n/a".to_vec(), revision)];
    assert_eq!(outcome(compare(revision), Vec::new()).await, Outcome::Done(revision));
    assert_eq!(outcome(compare(0), Vec::new()).await, Outcome::Lost(revision));
    assert_eq!(now(kv).await, revision);
}

async fn limits(make: &dyn Make) {
    let kv = make.kv();
    let puts = |count: usize| (0..count).map(|number| put(&format!("l/{number}"), "1")).collect::<Vec<_>>();
    let compares = |count: usize| {
        (0..count).map(|number| Compare::Modified(format!("l/{number}").into_bytes(), 0)).collect::<Vec<_>>()
    };
    let large =
        |octets: usize| vec![Operation::Put(b"l/large".to_vec(), vec![b'x'; octets - "l/large".len()])];
    let refused = [
        Transaction { compares: Vec::new(), operations: puts(OPERATIONS_MAX + 1) },
        Transaction { compares: compares(OPERATIONS_MAX + 1), operations: Vec::new() },
        Transaction { compares: Vec::new(), operations: large(TRANSACTION_OCTETS_MAX + 1) },
        Transaction { compares: Vec::new(), operations: vec![put("l/a", "1"), delete("l/a")] },
        Transaction { compares: Vec::new(), operations: vec![put("", "1")] },
    ];
    let before = now(kv).await;
    for transaction in refused {
        let said = kv.transact(transaction).await;
        assert!(matches!(said, Err(KvError::Refused(_))), "{said:?}");
    }
    assert_eq!(now(kv).await, before);
    let most = with(kv, compares(OPERATIONS_MAX), puts(OPERATIONS_MAX)).await;
    assert!(matches!(most, Outcome::Done(_)));
    done(kv, large(TRANSACTION_OCTETS_MAX)).await;
    done(kv, vec![delete("l/large")]).await;
}

/// Four writers raise one number, each by what it has read.
async fn counters(make: &dyn Make) {
    const EACH: usize = 25;
    let kv = make.kv();
    let count = async || {
        for _ in 0..EACH {
            loop {
                let page = kv.range(Span::key(b"w/count"), None, 1).await.unwrap();
                let (read, revision) =
                    page.pairs.first().map_or((0, 0), |pair| (number(pair), pair.modified));
                let compare = vec![Compare::Modified(b"w/count".to_vec(), revision)];
                let outcome = with(kv, compare, vec![put("w/count", &(read + 1).to_string())]).await;
                if let Outcome::Done(_) = outcome {
                    break;
                }
            }
        }
    };
    futures_util::future::join_all((0..4).map(|_| count())).await;
    let page = kv.range(Span::key(b"w/count"), None, 1).await.unwrap();
    assert_eq!(number(&page.pairs[0]), 4 * EACH);
}

fn number(pair: &Pair) -> usize {
    String::from_utf8_lossy(&pair.value).parse().unwrap()
}

async fn watches(make: &dyn Make) {
    let kv = make.kv();
    let first = done(kv, vec![put("v/a", "1"), put("v0", "1")]).await;
    let second = done(kv, vec![put("v/a", "2"), put("v/b", "2"), put("v0", "2")]).await;
    let mut late = kv.watch(Span::prefix(b"v/"), first);
    let third = done(kv, vec![delete("v/a"), delete("v/none")]).await;
    let mut early = kv.watch(Span::prefix(b"v/"), first - 1);
    let mut one = kv.watch(Span::key(b"v/b"), third);
    done(kv, vec![put("v0", "4")]).await;
    let fifth = done(kv, vec![put("v/b", "5"), put("v/c", "5")]).await;
    let since_second = [
        told("v/a", "2", second),
        told("v/b", "2", second),
        KeyEvent::Delete(b"v/a".to_vec()),
        told("v/b", "5", fifth),
        told("v/c", "5", fifth),
    ];
    assert_eq!(events(&mut late, fifth).await, since_second);
    let since_first = [&[told("v/a", "1", first)], &since_second[..]].concat();
    assert_eq!(events(&mut early, fifth).await, since_first);
    assert_eq!(events(&mut one, fifth).await, [told("v/b", "5", fifth)]);
    let sixth = done(kv, vec![put("v/a", "6")]).await;
    assert_eq!(events(&mut late, sixth).await, [told("v/a", "6", sixth)], "it goes on");
    let mut none = kv.watch(Span { from: b"b".to_vec(), to: b"a".to_vec() }, sixth);
    assert!(matches!(next(&mut none).await, Err(KvError::Refused(_))));
}

async fn leases(make: &dyn Make) {
    let kv = make.kv();
    let before = done(kv, vec![put("e/none", "1")]).await;
    let mut watch = kv.watch(Span::prefix(b"e/"), before);
    make.put_leased(b"e/hour", b"1", 3_600);
    make.put_leased(b"e/minutes", b"1", 600);
    let page = kv.range(Span::prefix(b"e/"), None, 10).await.unwrap();
    let granted: Vec<Option<u64>> = page.pairs.iter().map(|pair| pair.lease_ttl).collect();
    assert_eq!(granted, [Some(3_600), Some(600), None]);
    let last = page.pairs.iter().map(|pair| pair.modified).max().unwrap();
    assert_eq!(
        events(&mut watch, last).await,
        page.pairs[..2].iter().cloned().map(KeyEvent::Put).collect::<Vec<_>>()
    );
}

async fn future(make: &dyn Make) {
    let kv = make.kv();
    let revision = now(kv).await;
    let seen = revision + 1_000;
    let went_back = KvError::WentBack { seen, found: revision };
    let read = kv.range(Span::prefix(b""), Some(seen), 1).await;
    assert_eq!(read, Err(went_back.clone()));
    let mut watch = kv.watch(Span::prefix(b"f/"), seen);
    assert_eq!(next(&mut watch).await, Err(went_back));
    assert!(watch.next().await.is_none(), "it ends after the first error");
}

async fn forgotten(make: &dyn Make) {
    let kv = make.kv();
    let first = done(kv, vec![put("g/a", "1"), put("g/b", "1")]).await;
    let second = done(kv, vec![put("g/a", "2"), delete("g/b")]).await;
    let third = done(kv, vec![put("g/a", "3")]).await;
    make.compact(second);
    let read = kv.range(Span::prefix(b"g/"), Some(first), 10).await;
    assert_eq!(read, Err(KvError::Compacted(second)));
    let mut watch = kv.watch(Span::prefix(b"g/"), first);
    assert_eq!(next(&mut watch).await, Err(KvError::Compacted(second)));
    assert!(watch.next().await.is_none(), "it ends after the first error");
    assert_eq!(contents(kv, "g/", Some(second)).await, [("g/a", "2", second)].map(owned));
    let mut watch = kv.watch(Span::prefix(b"g/"), second);
    assert_eq!(events(&mut watch, third).await, [told("g/a", "3", third)]);
}

pub(crate) fn put(key: &str, value: &str) -> Operation {
    Operation::Put(key.as_bytes().to_vec(), value.as_bytes().to_vec())
}

pub(crate) fn delete(key: &str) -> Operation {
    Operation::Delete(key.as_bytes().to_vec())
}

/// An event of a key that was written without a lease.
pub(crate) fn told(key: &str, value: &str, modified: Revision) -> KeyEvent {
    let (key, value) = (key.as_bytes().to_vec(), value.as_bytes().to_vec());
    KeyEvent::Put(Pair { key, value, modified, lease_ttl: None })
}

pub(crate) async fn with(kv: &dyn Kv, compares: Vec<Compare>, operations: Vec<Operation>) -> Outcome {
    kv.transact(Transaction { compares, operations }).await.unwrap()
}

/// Does it without compares, and gives the revision.
pub(crate) async fn done(kv: &dyn Kv, operations: Vec<Operation>) -> Revision {
    match with(kv, Vec::new(), operations).await {
        Outcome::Done(revision) => revision,
        Outcome::Lost(_) => panic!("nothing was compared"),
    }
}

/// The store's revision.
pub(crate) async fn now(kv: &dyn Kv) -> Revision {
    kv.range(Span::prefix(b""), None, 0).await.unwrap().revision
}

/// Keys, values and when they were written.
pub(crate) async fn contents(
    kv: &dyn Kv,
    prefix: &str,
    at: Option<Revision>,
) -> Vec<(String, String, Revision)> {
    let page = kv.range(Span::prefix(prefix.as_bytes()), at, 100_000).await.unwrap();
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    page.pairs.iter().map(|pair| (text(&pair.key), text(&pair.value), pair.modified)).collect()
}

fn owned((key, value, modified): (&str, &str, Revision)) -> (String, String, Revision) {
    (key.to_owned(), value.to_owned(), modified)
}

fn names(pairs: &[Pair]) -> Vec<String> {
    pairs.iter().map(|pair| String::from_utf8_lossy(&pair.key).into_owned()).collect()
}

/// The next that a watch tells.
pub(crate) async fn next(watch: &mut BoxStream<'_, Result<Batch, KvError>>) -> Result<Batch, KvError> {
    in_time("a watch to tell something", watch.next()).await.expect("a watch ends with an error")
}

/// Events up to a revision. All of one revision is in one batch.
pub(crate) async fn events(
    watch: &mut BoxStream<'_, Result<Batch, KvError>>,
    upto: Revision,
) -> Vec<KeyEvent> {
    let (mut events, mut revision) = (Vec::new(), 0);
    while revision < upto {
        let batch = next(watch).await.unwrap();
        assert!(batch.revision > revision, "{batch:?} after {revision}");
        for event in batch.events {
            if let KeyEvent::Put(pair) = &event {
                let is_new = revision < pair.modified && pair.modified <= batch.revision;
                assert!(is_new, "{event:?} in a batch from {revision} to {}", batch.revision);
            }
            events.push(event);
        }
        revision = batch.revision;
    }
    events
}

/// # Panics
/// When it takes longer than anything may.
pub(crate) async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}
