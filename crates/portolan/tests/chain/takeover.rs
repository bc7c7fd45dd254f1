//! A zone that goes from External-DNS to us and back, and members of etcd that go.

use std::thread;
use std::time::Duration;

use portolan_testbed::EtcdCluster;
use portolan_testbed::ask::RecordType;

use crate::links::{Clusters, by_hand, keys, no_longer, server, serves};
use crate::make::{BY_HAND, Chain, Link, Make, Wanted};

const PREFIX: &str = "/skydns/";
const ONE: &str = "192.0.2.1";
const TWO: &str = "192.0.2.2";
/// How often each member is paused, where figures are wanted.
const PAUSES: &str = "PORTOLAN_CHAIN_PAUSES";
/// Rounds of External-DNS that must change nothing, a second each.
const QUIET_ROUNDS: Duration = Duration::from_secs(4);

/// What etcd has, but for what `portolan sync` keeps about itself.
fn records(etcd: &EtcdCluster) -> Vec<(String, String)> {
    let records = keys(etcd, PREFIX).into_iter().filter(|(_, value, _)| !value["host"].is_null());
    records.map(|(key, _, revision)| (key, revision)).collect()
}

#[test]
fn a_zone_is_taken_over_in_place_and_given_back() {
    let Some(etcd) = EtcdCluster::start("takeover") else { return };
    let Some(clusters) = Clusters::start() else { return };
    let hub = &clusters.hub;
    by_hand(hub, "web", &[(BY_HAND, "A", &format!("{ONE}, {TWO}")), ("alias.hand.test", "CNAME", BY_HAND)]);
    let Some(stock) = clusters.external_dns(&etcd, PREFIX, &[]) else { return };
    // Whom they belong to is written after them: killed in between, it would leave a record that is nobody's for ever.
    let owners = || keys(&etcd, PREFIX).iter().filter(|(_, value, _)| value["text"].is_string()).count();
    stock.wait("its records and whose they are", || {
        (records(&etcd).len() == 3 && owners() == 2).then_some(())
    });
    let written = records(&etcd);
    stock.kill();

    // Taken over: no record changes.
    let sync = clusters.sync(&etcd, PREFIX, &["--once"]);
    let once = sync.run(&[]);
    assert_eq!(once.code, 0, "{}{}", once.out, once.err);
    assert_eq!(records(&etcd), written, "a record was written on the way");
    assert_eq!(clusters.sync(&etcd, PREFIX, &["--dry-run"]).run(&[]).code, 0, "something is left to do");

    // And run on from there.
    by_hand(hub, "web", &[(BY_HAND, "A", ONE), ("alias.hand.test", "CNAME", BY_HAND)]);
    let once = sync.run(&[]);
    assert_eq!(once.code, 0, "{}{}", once.out, once.err);
    let ours = records(&etcd);
    assert_ne!(ours, written);

    // Given back: no record changes either.
    let Some(stock) = clusters.external_dns(&etcd, PREFIX, &[]) else { return };
    thread::park_timeout(QUIET_ROUNDS);
    assert_eq!(records(&etcd), ours, "External-DNS changed a record that was ours");
    // It owns what it is given: it takes it away when nobody asks for it any more.
    no_longer(hub, "web");
    stock.wait("its records to be gone", || {
        let left = keys(&etcd, PREFIX);
        left.iter().all(|(_, value, _)| value["host"].as_str().unwrap_or_default().is_empty()).then_some(())
    });
}

/// F-17, F-18: members that are killed, paused or all gone.
#[test]
fn members_of_etcd_may_go() {
    let Some(etcd) = EtcdCluster::start("members") else { return };
    let Some(clusters) = Clusters::start() else { return };
    let (sync, server) = (clusters.sync(&etcd, PREFIX, &[]), server(&etcd, PREFIX));
    sync.start();
    serves(&server);
    let to = |what: &str, targets: &[&str]| {
        let (federation, ours, address) = (Link::Stock, Link::Ours, server.dns());
        let make = Make { federation, publisher: ours, server: ours, address };
        let chain = Chain { makes: &[make], programs: &[&sync, &server] };
        let wanted = Wanted { federated: &[], by_hand: targets };
        let records = [(BY_HAND, "A", &*targets.join(", "))];
        let came = chain.change(&wanted, || by_hand(&clusters.hub, "web", &records)).remove(0);
        println!("{what}: {} ms", came.after.as_millis());
        came
    };
    let answered = || server.ask(BY_HAND, RecordType::A).data(RecordType::A).len();
    to("all members", &[ONE]);
    assert!(!to("all members, a change", &[ONE, TWO]).was_empty());
    for member in 0..3 {
        etcd.kill(member);
        assert!(!to("one member killed", &[ONE]).was_empty());
        etcd.restart(member);
        assert!(!to("it is back", &[ONE, TWO]).was_empty());
    }
    let rounds = std::env::var(PAUSES).map_or(1, |rounds| rounds.parse().unwrap());
    for member in (0..rounds).flat_map(|_| 0..3) {
        let role = if etcd.leader() == member { "the leader" } else { "a follower" };
        etcd.pause(member);
        assert!(!to(&format!("{role} paused"), &[ONE]).was_empty());
        etcd.resume(member);
        assert!(!to("it goes on", &[ONE, TWO]).was_empty());
    }
    (0..3).for_each(|member| etcd.kill(member));
    assert_eq!(answered(), 2, "answers stay");
    server.wait_until_kept();
    by_hand(&clusters.hub, "web", &[(BY_HAND, "A", ONE)]);
    server.kill();
    serves(&server);
    assert_eq!(answered(), 2, "after a restart too");
    etcd.restart_all();
    sync.wait("what was asked for meanwhile", || (answered() == 1).then_some(()));
    // Never half a set of a name that is deleted.
    to("two again", &[ONE, TWO]);
    let mut seen = Vec::new();
    no_longer(&clusters.hub, "web");
    sync.wait("the name to be gone", || {
        seen.push(answered());
        (seen.last() == Some(&0)).then_some(())
    });
    assert!(!seen.contains(&1), "half a set was answered: {seen:?}");
}
