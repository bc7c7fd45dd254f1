//! How long a change takes where all links are ours, again and again: a name comes, changes and goes.

use portolan_testbed::EtcdCluster;
use portolan_testbed::meter::quantiles;

use crate::links::{Clusters, by_hand, no_longer, server, serves};
use crate::make::{BY_HAND, Came, Chain, Link, Make, Wanted};

const PREFIX: &str = "/skydns/";
const ONE: &str = "192.0.2.1";
const TWO: &str = "192.0.2.2";
const THREE: &str = "192.0.2.3";
/// How many rounds, where figures are wanted for `bench/CHAIN.md`.
const ROUNDS: &str = "PORTOLAN_CHAIN_ROUNDS";
const ROUNDS_DEFAULT: usize = 3;

/// From a `DNSEndpoint` on a real API server, over an etcd of three members, to the answer.
#[test]
fn a_name_comes_changes_and_goes_as_a_whole() {
    let Some(etcd) = EtcdCluster::start("rounds") else { return };
    let Some(clusters) = Clusters::start() else { return };
    let (sync, server) = (clusters.sync(&etcd, PREFIX, &[]), server(&etcd, PREFIX));
    sync.start();
    serves(&server);
    let make =
        Make { federation: Link::Stock, publisher: Link::Ours, server: Link::Ours, address: server.dns() };
    let chain = Chain { makes: &[make], programs: &[&sync, &server] };
    let change = |targets: &[&str]| -> Came {
        let wanted = Wanted { federated: &[], by_hand: targets };
        let act = || match targets {
            [] => no_longer(&clusters.hub, "web"),
            targets => by_hand(&clusters.hub, "web", &[(BY_HAND, "A", &targets.join(", "))]),
        };
        chain.change(&wanted, act).remove(0)
    };
    let rounds = std::env::var(ROUNDS).map_or(ROUNDS_DEFAULT, |rounds| rounds.parse().unwrap());
    let (mut comes, mut changes, mut goes) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        let whole = |came: Came, what: &str| {
            assert!(!came.had.contains(&1), "round {round}: {what}: half a set was answered");
            came.after
        };
        comes.push(whole(change(&[ONE, TWO]), "it comes"));
        let changed = change(&[ONE, THREE]);
        assert!(!changed.was_empty(), "round {round}: it changes: a moment without");
        changes.push(whole(changed, "it changes"));
        goes.push(whole(change(&[]), "it goes"));
    }
    for (what, times) in [("a name comes", comes), ("a target changes", changes), ("the name goes", goes)] {
        let [median, most, max] = quantiles(times);
        println!("| {what} | {median} | {most} | {max} |");
    }
}
