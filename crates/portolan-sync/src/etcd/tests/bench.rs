//! A store, what stands in it, and publishers to it.

use std::sync::Arc;

use portolan_core::plan::{Desired, Gone, Labels, Options as PlanOptions, Owner, SyncPolicy, Wanted};
use portolan_core::record::RecordType;
use portolan_core::registry::Registry;
use portolan_store::kv::memory::Memory;
use portolan_store::kv::{Kv, Operation, Outcome, Span, Transaction};
use portolan_store::skydns::Layout;

use crate::battery::{self, Bench};
use crate::etcd::{Etcd, Options};
use crate::publisher::{Publisher, Round};

pub(super) fn options(owner: &str, instance: &str) -> Options {
    let owner = Owner::new(owner).unwrap();
    Options { layout: Layout::default(), owner, instance: instance.into(), takes_over: false }
}

pub(super) fn provider(kv: &Memory, owner: &str) -> Etcd {
    Etcd::new(Arc::new(kv.another()), "etcd in memory", options(owner, "here"))
}

/// Words for sets, as the battery has them.
pub(super) fn words() -> Bench {
    Bench::new("example.org", |_| unreachable!("only for words"))
}

pub(super) fn desired(lines: &[&str]) -> Desired {
    let bench = words();
    let wanted =
        |line: &&str| Wanted { set: bench.set(line), resource: "crd/shop/web".into(), labels: Labels::new() };
    let gone = Gone { resources: ["crd/shop/web".into(), "".into()].into(), ..Gone::default() };
    Desired { sets: lines.iter().map(wanted).collect(), stays: [].into(), gone, is_whole: true }
}

pub(super) async fn publisher(kv: &Memory, owner: &str) -> Publisher {
    publisher_of(provider(kv, owner), owner).await
}

pub(super) async fn publisher_of(provider: Etcd, owner: &str) -> Publisher {
    let mut options = PlanOptions::new(Owner::new(owner).unwrap(), SyncPolicy::Sync);
    options.managed.extend([RecordType::TXT, RecordType::MX, RecordType::SRV, RecordType::PTR]);
    let mut publisher = Publisher::new(Arc::new(provider), Registry::default(), options);
    publisher.claim().await.unwrap();
    publisher
}

pub(super) async fn publish(publisher: &mut Publisher, desired: Desired) -> Round {
    let round = publisher.round(desired, false).await.unwrap();
    assert!(round.is_converged(), "{:#?} {:?}", round.outcomes, round.problems);
    round
}

/// Puts a value as others do.
pub(super) async fn put(kv: &Memory, key: &str, value: &str) {
    let put = Operation::Put(key.as_bytes().to_vec(), value.as_bytes().to_vec());
    write(kv, put).await;
}

pub(super) async fn delete(kv: &Memory, key: &str) {
    write(kv, Operation::Delete(key.as_bytes().to_vec())).await;
}

async fn write(kv: &Memory, operation: Operation) {
    let transaction = Transaction { compares: Vec::new(), operations: vec![operation] };
    assert!(matches!(kv.transact(transaction).await, Ok(Outcome::Done(_))));
}

/// All keys of the layout with their values, a target's label as `*`.
pub(super) async fn keys(kv: &Memory) -> Vec<String> {
    let page = kv.range(Span::prefix(b"/skydns/"), None, 10_000).await.unwrap();
    let key = |key: &[u8]| {
        let key = String::from_utf8(key.to_vec()).unwrap();
        let (before, label) = key.rsplit_once('/').unwrap();
        let is_label = label.len() == 8 && label.bytes().all(|octet| octet.is_ascii_hexdigit());
        if is_label { format!("{before}/*") } else { key.clone() }
    };
    let value = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
    let mut keys: Vec<String> =
        page.pairs.iter().map(|pair| format!("{} {}", key(&pair.key), value(&pair.value))).collect();
    keys.sort();
    keys
}

#[tokio::test]
async fn it_passes_the_battery() {
    let kv = Memory::new();
    let mut bench = Bench::new("example.org", move |owner| Arc::new(provider(&kv, owner)));
    bench.refused = Some("bad A 0.0.0.0 192.0.2.1");
    bench.others = &[
        "txt TXT hello world ttl=60",
        "mx MX 10 mail.example.net",
        "_sip._tcp.srv SRV 1 2 5060 sip.example.net",
        "ns NS ns1.example.net ns2.example.net",
        "1.ptr PTR host.example.net",
    ];
    battery::run(&bench).await;
}
