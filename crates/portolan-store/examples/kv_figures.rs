//! What a store on a real etcd of three members on this machine does: `kv_figures [KEYS]` (default 1,000,000).
//!
//! Members do not wait for the disk (`--unsafe-no-fsync`), so these are figures of the client, of etcd and of the machine's
//! cores, not of a disk. Times are in milliseconds.

use std::error::Error;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream;
use portolan_store::kv::etcd::{Etcd, Options};
use portolan_store::kv::{Compare, Kv, KvError, OPERATIONS_MAX, Operation, Outcome, Span, Transaction};
use portolan_testbed::EtcdCluster;

/// Writes that are timed, each until another client is told.
const VISIBLE: usize = 2_000;
/// Writes with a member that is gone, half of them before it goes.
const WITHOUT: usize = 400;
/// Members that are paused, one after the other, each when nothing else is going on.
const PAUSES: usize = 15;
/// Puts of the second figure.
const PUTS: usize = 100_000;
/// Transactions on their way at once.
const AT_ONCE: usize = 8;
/// Keys of a page.
const PAGE: usize = 50_000;
/// Octets of a value: a SkyDNS record with our field.
const VALUE_OCTETS: usize = 200;

type Done = Result<(), Box<dyn Error>>;

#[tokio::main]
async fn main() -> Done {
    let keys = std::env::args().nth(1).map_or(Ok(1_000_000), |text| text.parse())?;
    let Some(cluster) = EtcdCluster::start("kv-figures") else { return Ok(()) };
    visible(&cluster, "all members", VISIBLE, || ()).await?;
    for member in 0..3 {
        let role = if cluster.leader() == member { "the leader" } else { "a follower" };
        visible(&cluster, &format!("{role} paused"), WITHOUT, || cluster.pause(member)).await?;
        cluster.resume(member);
        settled(&cluster).await?;
        let role = if cluster.leader() == member { "the leader" } else { "a follower" };
        visible(&cluster, &format!("{role} killed"), WITHOUT, || cluster.kill(member)).await?;
        cluster.restart(member);
        settled(&cluster).await?;
    }
    for is_leader in [false, true] {
        paused(&cluster, is_leader).await?;
    }
    puts(&cluster, "puts", PUTS, 1).await?;
    puts(&cluster, "more", keys, AT_ONCE).await?;
    list(&cluster, keys).await
}

fn client(cluster: &EtcdCluster) -> Result<Etcd, KvError> {
    client_from(cluster, 0)
}

/// A client that asks this member first.
fn client_from(cluster: &EtcdCluster, first: usize) -> Result<Etcd, KvError> {
    let mut members = cluster.urls();
    members.rotate_left(first);
    Etcd::new(Options::new(members))
}

/// Until a member that came back is one of them again.
async fn settled(cluster: &EtcdCluster) -> Done {
    for url in cluster.urls() {
        let member = Etcd::new(Options::new(vec![url]))?;
        while member.range(Span::prefix(b""), None, 0).await.is_err() {}
    }
    Ok(())
}

/// Desired to visible: from before a write is sent until another client is told; half way something happens.
async fn visible(cluster: &EtcdCluster, what: &str, count: usize, half_way: impl Fn()) -> Done {
    let (writer, reader) = (client(cluster)?, client(cluster)?);
    let begin = reader.range(Span::prefix(b"visible/"), None, 0).await?.revision;
    let mut watch = reader.watch(Span::prefix(b"visible/"), begin);
    let mut times = Vec::with_capacity(count);
    for number in 0..count {
        if number == count / 2 {
            half_way();
        }
        let begun = Instant::now();
        let revision = write(&writer, b"visible/key", format!("{what} {number}").into_bytes()).await?;
        while watch.next().await.ok_or("a watch ends with an error")??.revision < revision {}
        times.push(begun.elapsed());
    }
    println!("desired to visible, {what}: {}", quantiles(times));
    Ok(())
}

/// As a writer must: when it is not known whether it was done, it is read, and done again where it was not.
async fn write(etcd: &Etcd, key: &[u8], value: Vec<u8>) -> Result<u64, KvError> {
    loop {
        let page = match etcd.range(Span::key(key), None, 1).await {
            Err(KvError::Unreachable(_)) => continue,
            page => page?,
        };
        let there = page.pairs.first();
        if let Some(pair) = there.filter(|pair| pair.value == value) {
            return Ok(pair.modified);
        }
        let compares = vec![Compare::Modified(key.to_vec(), there.map_or(0, |pair| pair.modified))];
        let operations = vec![Operation::Put(key.to_vec(), value.clone())];
        match etcd.transact(Transaction { compares, operations }).await {
            Ok(Outcome::Done(revision)) => return Ok(revision),
            Ok(Outcome::Lost(_)) | Err(KvError::Unknown(_) | KvError::Unreachable(_)) => {}
            Err(error) => return Err(error),
        }
    }
}

/// From the moment that the member is paused which both sides ask first, until one is told of what the other wrote.
async fn paused(cluster: &EtcdCluster, is_leader: bool) -> Done {
    let mut times = Vec::with_capacity(PAUSES);
    for number in 0..PAUSES {
        let member = if is_leader { cluster.leader() } else { (cluster.leader() + 1) % 3 };
        let (writer, reader) = (client_from(cluster, member)?, client_from(cluster, member)?);
        let begin =
            write(&writer, b"paused/key", format!("{is_leader} {number} before").into_bytes()).await?;
        let mut watch = reader.watch(Span::prefix(b"paused/"), begin);
        let told = async {
            // Until the watch is open, and nothing has happened for a while.
            let _ = tokio::time::timeout(Duration::from_secs(1), watch.next()).await;
            cluster.pause(member);
            let begun = Instant::now();
            let revision =
                write(&writer, b"paused/key", format!("{is_leader} {number}").into_bytes()).await?;
            while watch.next().await.ok_or("a watch ends with an error")??.revision < revision {}
            Ok::<_, Box<dyn Error>>(begun.elapsed())
        };
        let told = told.await;
        cluster.resume(member);
        times.push(told?);
        settled(cluster).await?;
    }
    let role = if is_leader { "the leader" } else { "a follower" };
    println!("paused while nothing happens, {role}, {PAUSES} times: {}", quantiles(times));
    Ok(())
}

async fn puts(cluster: &EtcdCluster, prefix: &str, count: usize, at_once: usize) -> Done {
    let etcd = client(cluster)?;
    let numbers: Vec<usize> = (0..count).collect();
    let begun = Instant::now();
    let transactions = numbers.chunks(OPERATIONS_MAX).map(|numbers| {
        let key = |number: &usize| format!("figures/{prefix}/{number:07}").into_bytes();
        let operations =
            numbers.iter().map(|number| Operation::Put(key(number), vec![b'x'; VALUE_OCTETS])).collect();
        etcd.transact(Transaction { compares: Vec::new(), operations })
    });
    let mut done = stream::iter(transactions).buffer_unordered(at_once);
    let mut unknown = 0;
    while let Some(outcome) = done.next().await {
        match outcome {
            Err(KvError::Unknown(_)) => unknown += 1,
            outcome => drop(outcome?),
        }
    }
    println!(
        "{count} puts, {OPERATIONS_MAX} a transaction, {at_once} at once: {} ms; fate not known: {unknown}",
        millis(begun.elapsed())
    );
    Ok(())
}

async fn list(cluster: &EtcdCluster, keys: usize) -> Done {
    let etcd = client(cluster)?;
    let begun = Instant::now();
    let (mut span, mut at, mut count, mut octets) = (Span::prefix(b"figures/more/"), None, 0, 0);
    loop {
        let page = etcd.range(span.clone(), at, PAGE).await?;
        at = Some(page.revision);
        count += page.pairs.len();
        octets += page.pairs.iter().map(|pair| pair.key.len() + pair.value.len()).sum::<usize>();
        match page.pairs.last().filter(|_| page.more) {
            Some(last) => span.from = [&last.key[..], &[0]].concat(),
            None => break,
        }
    }
    println!("range of {count} of {keys} keys, {} MiB: {} ms", octets >> 20, millis(begun.elapsed()));
    Ok(())
}

fn quantiles(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |part: usize| times.get(times.len() * part / 1_000).map_or(0.0, |time| millis(*time));
    let max = times.last().map_or(0.0, |time| millis(*time));
    format!("p50 {} p99 {} max {max}", at(500), at(990))
}

fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}
