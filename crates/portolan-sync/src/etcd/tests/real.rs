//! On three real members, with a stock CoreDNS that answers from them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use portolan_store::kv::etcd::{Etcd as EtcdKv, Options as KvOptions};
use portolan_testbed::ask::{RecordType, ask};
use portolan_testbed::{CoreDns, EtcdCluster};

use super::bench::{desired, options, publish, publisher_of};
use crate::battery::{self, Bench};
use crate::etcd::Etcd;

fn provider(cluster: &EtcdCluster, owner: &str) -> Etcd {
    let kv = EtcdKv::new(KvOptions::new(cluster.urls())).unwrap();
    Etcd::new(Arc::new(kv), "etcd", options(owner, "here"))
}

#[tokio::test(flavor = "multi_thread")]
async fn it_passes_the_battery() {
    let Some(cluster) = EtcdCluster::start("sync-battery") else { return };
    let bench_cluster = Arc::new(cluster);
    let mut bench = Bench::new("example.org", move |owner| Arc::new(provider(&bench_cluster, owner)));
    bench.refused = Some("bad A 0.0.0.0 192.0.2.1");
    battery::run(&bench).await;
}

/// A stock CoreDNS answers what is published, at once, marks or not.
#[tokio::test(flavor = "multi_thread")]
async fn coredns_answers_what_is_published() {
    let Some(cluster) = EtcdCluster::start("sync-coredns") else { return };
    let zones = ["example.org", "in-addr.arpa"];
    let Some(coredns) = CoreDns::on_etcd("sync", &cluster.urls(), &zones, "/skydns", &[]) else { return };
    let asked = |name: &str, rtype| ask(coredns.address(), name, rtype).expect("it answers");
    let mut me = publisher_of(provider(&cluster, "me"), "me").await;
    let mut pointer = desired(&["p PTR foo.example.org"]).sets.remove(0);
    pointer.set.name = "1.2.0.192.in-addr.arpa".parse().unwrap();
    let mut wanted =
        desired(&["foo A 192.0.2.1 192.0.2.2", "foo AAAA 2001:db8::1", "bar CNAME foo.example.org"]);
    wanted.sets.push(pointer);
    publish(&mut me, wanted).await;
    let data = |name: &str, rtype| asked(name, rtype).data(rtype);
    assert_eq!(data("foo.example.org", RecordType::A), ["192.0.2.1", "192.0.2.2"]);
    assert_eq!(data("foo.example.org", RecordType::AAAA), ["2001:db8::1"]);
    let bar = asked("bar.example.org", RecordType::A);
    assert_eq!(bar.data(RecordType::A), ["192.0.2.1", "192.0.2.2"]);
    assert_eq!(bar.data(RecordType::CNAME), ["foo.example.org."]);
    assert_eq!(data("1.2.0.192.in-addr.arpa", RecordType::PTR), ["foo.example.org."]);
    publish(&mut me, desired(&["foo CNAME bar.example.org", "bar A 192.0.2.3"])).await;
    let foo = asked("foo.example.org", RecordType::A);
    assert_eq!(foo.data(RecordType::A), ["192.0.2.3"]);
    assert_eq!(foo.data(RecordType::CNAME), ["bar.example.org."]);
    publish(&mut me, desired(&[])).await;
    assert!(asked("foo.example.org", RecordType::A).answers.is_empty());
}

/// a name is retargeted 100 times, with changes of its type, while somebody asks without a pause: there is always an answer.
#[tokio::test(flavor = "multi_thread")]
async fn r_16_a_name_that_is_retargeted_is_never_empty() {
    let Some(cluster) = EtcdCluster::start("sync-meter") else { return };
    let Some(coredns) = CoreDns::on_etcd("sync-meter", &cluster.urls(), &["example.org"], "/skydns", &[])
    else {
        return;
    };
    let mut me = publisher_of(provider(&cluster, "me"), "me").await;
    publish(&mut me, desired(&["meter A 192.0.2.1", "lb A 192.0.2.200"])).await;
    let (done, server) = (Arc::new(AtomicBool::new(false)), coredns.address());
    let is_done = done.clone();
    let meter = std::thread::spawn(move || {
        let (mut asked, mut empty) = (0_u32, 0_u32);
        while !is_done.load(Ordering::Relaxed) {
            if let Some(reply) = ask(server, "meter.example.org", RecordType::A) {
                asked += 1;
                empty += u32::from(reply.data(RecordType::A).is_empty());
            }
        }
        (asked, empty)
    });
    let touched = ["meter.example.org".parse().unwrap()].into();
    for n in 0..100 {
        let line = match n % 3 {
            0 => format!("meter A 192.0.2.{n}"),
            1 => "meter CNAME lb.example.org".to_owned(),
            _ => format!("meter A 192.0.2.{n} 198.51.100.{n}"),
        };
        let round = me.round_of(&touched, desired(&[&line])).await.unwrap();
        assert!(round.is_some_and(|round| round.is_converged()), "{line}");
    }
    done.store(true, Ordering::Relaxed);
    let (asked, empty) = meter.join().unwrap();
    assert!(asked > 0);
    assert_eq!(empty, 0, "of {asked} questions");
}

/// F-17, F-18: one member less is no matter; without a quorum nothing is published and nothing is lost.
#[tokio::test(flavor = "multi_thread")]
async fn f_17_f_18_members_go_and_come_back() {
    let Some(cluster) = EtcdCluster::start("sync-members") else { return };
    let mut me = publisher_of(provider(&cluster, "me"), "me").await;
    publish(&mut me, desired(&["foo A 192.0.2.1"])).await;
    cluster.kill(0);
    publish(&mut me, desired(&["foo A 192.0.2.2"])).await;
    cluster.kill(1);
    assert!(me.round(desired(&["foo A 192.0.2.3"]), false).await.is_err());
    cluster.restart(0);
    cluster.restart(1);
    let mut last = None;
    for _ in 0..60 {
        match me.round(desired(&["foo A 192.0.2.3"]), false).await {
            Ok(round) if round.is_converged() => return,
            other => last = Some(other),
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("it does not go on: {last:?}");
}
