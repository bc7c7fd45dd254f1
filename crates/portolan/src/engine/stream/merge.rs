//! What of another writer's facts is taken, where it knows less of a source than what was told before. Pure.
//!
//! Control replicas each read every cluster by themselves, and each may have lost another. When the one that was followed
//! goes, the next may have heard a cluster last an hour ago of which we were told a second ago. What it says of that
//! cluster is then *older* than what we have, and ours stays, until it has heard the cluster again. What it says of all
//! others is taken. So an answer never goes back, and no cluster is waited for.
//!
//! A source is a cluster, or the root, whose name is empty: that of zones, policies and intents.

use std::collections::BTreeSet;

use portolan_core::ClusterName;
use portolan_core::cluster::{Cluster, Sources};
use portolan_core::fleet::{Endpoint, NameFacts};
use portolan_store::format::fact::Pulse;

use super::super::root;

/// How much less a writer may have heard of a source without being older, in seconds: a watch that says nothing counts for
/// so long, and clocks differ.
pub const SLACK: i64 = 120;

/// The sources of which a writer knows less than what was told before.
pub(super) type Older = BTreeSet<ClusterName>;

/// Which they are. A cluster that is no member to a writer whose root is not older has left: its offers end.
pub(super) fn older(ours: &Pulse, theirs: &Pulse, is_member: impl Fn(&ClusterName) -> bool) -> Older {
    let is_older =
        |ours: i64, theirs: Option<i64>| theirs.is_none_or(|theirs| theirs < ours.saturating_sub(SLACK));
    let root = ours.read_at.filter(|at| is_older(*at, theirs.read_at)).map(|_| root());
    let counts = |name: &ClusterName| root.is_some() || is_member(name);
    let clusters = ours
        .heard
        .iter()
        .filter(|(name, at)| counts(name) && is_older(**at, theirs.heard.get(*name).copied()));
    clusters.map(|(name, _)| name.clone()).chain(root.clone()).collect()
}

/// What a name is.
pub(super) fn name(ours: Option<NameFacts>, theirs: Option<NameFacts>, older: &Older) -> Option<NameFacts> {
    if older.is_empty() {
        return theirs;
    }
    match (ours, theirs) {
        (None, theirs) => theirs.filter(|theirs| !is_all(&theirs.held_by, older)),
        (ours, None) => ours.filter(|ours| is_all(&ours.held_by, older)),
        (Some(ours), Some(theirs)) => {
            let of_older =
                |endpoint: &Endpoint| endpoint.cluster.as_ref().is_some_and(|name| older.contains(name));
            let mut endpoints: Vec<Endpoint> = Vec::new();
            let keeps_ours = is_all(&theirs.held_by, older);
            let is_placeless = |endpoint: &Endpoint| endpoint.cluster.is_none();
            let stays = |one: &&Endpoint| of_older(one) || (keeps_ours && is_placeless(one));
            endpoints.extend(ours.endpoints.iter().filter(stays).cloned());
            endpoints.extend(theirs.endpoints.iter().filter(|one| !stays(one)).cloned());
            // Offers of one cluster keep their order.
            endpoints.sort_by(|a, b| a.cluster.cmp(&b.cluster));
            let base = if keeps_ours { ours } else { theirs };
            Some(NameFacts { endpoints, ..base })
        }
    }
}

/// What a zone or a policy is, which somebody holds.
pub(super) fn held<T>(
    ours: Option<T>,
    theirs: Option<T>,
    held_by: fn(&T) -> &Sources,
    older: &Older,
) -> Option<T> {
    let holders = theirs.as_ref().or(ours.as_ref()).map(held_by);
    if holders.is_some_and(|holders| is_all(holders, older)) { ours } else { theirs }
}

/// What a cluster is: the root describes it, and whether it is silent the writer sees.
pub(super) fn cluster(ours: Option<Cluster>, theirs: Option<Cluster>, older: &Older) -> Option<Cluster> {
    if !older.contains(&root()) {
        return theirs;
    }
    let silent_since = theirs.map(|theirs| theirs.silent_since);
    ours.map(|ours| Cluster { silent_since: silent_since.unwrap_or(ours.silent_since), ..ours })
}

fn is_all(holders: &Sources, older: &Older) -> bool {
    let mut holders = holders.iter().peekable();
    holders.peek().is_some() && holders.all(|holder| older.contains(holder))
}

#[cfg(test)]
mod tests {
    use portolan_core::fleet::{Evidence, Owner};
    use portolan_core::{Target, Ttl};

    use super::*;

    fn pulse(read_at: Option<i64>, heard: &[(&str, i64)]) -> Pulse {
        Pulse { read_at, heard: heard.iter().map(|(name, at)| (ClusterName::from(*name), *at)).collect() }
    }

    fn names(older: &[&str]) -> Older {
        older.iter().map(|name| ClusterName::from(*name)).collect()
    }

    /// Facts that these hold, with an address of each cluster.
    fn facts(owner: &str, held_by: &[&str], offers: &[(&str, u8)]) -> NameFacts {
        let endpoint = |(cluster, last): &(&str, u8)| Endpoint {
            cluster: Some(ClusterName::from(*cluster)),
            targets: vec![Target::Address([192, 0, 2, *last].into())],
            evidence: Evidence::Ready,
            weight: None,
            ttl: None,
        };
        NameFacts {
            owner: Owner { kind: "GlobalName".into(), namespace: "shop".into(), name: owner.into() },
            ttl: None,
            default_ttl: Ttl::from_seconds(30).unwrap(),
            policy: None,
            fallback: None,
            endpoints: offers.iter().map(endpoint).collect(),
            held_by: held_by.iter().map(|name| ClusterName::from(*name)).collect(),
        }
    }

    #[test]
    fn who_heard_of_a_source_much_earlier_is_older() {
        let ours = pulse(Some(1_000), &[("a", 1_000), ("b", 1_000), ("c", 500)]);
        let theirs = pulse(Some(1_000 - SLACK), &[("a", 999 - SLACK), ("c", 600), ("d", 1)]);
        assert_eq!(older(&ours, &theirs, |_| true), names(&["a", "b"]));
        assert_eq!(
            older(&ours, &theirs, |name| *name != ClusterName::from("b")),
            names(&["a"]),
            "b has left"
        );
        assert_eq!(older(&ours, &pulse(None, &[]), |_| false), names(&["", "a", "b", "c"]));
        assert_eq!(older(&pulse(None, &[]), &theirs, |_| true), names(&[]));
    }

    #[test]
    fn offers_of_older_clusters_stay_and_others_are_taken() {
        let ours = facts("web", &[""], &[("a", 1), ("b", 2)]);
        let theirs = facts("web", &[""], &[("a", 11), ("b", 12), ("c", 13)]);
        let merged = |older: &[&str]| name(Some(ours.clone()), Some(theirs.clone()), &names(older)).unwrap();
        assert_eq!(merged(&[]), theirs);
        assert_eq!(merged(&["a"]), facts("web", &[""], &[("a", 1), ("b", 12), ("c", 13)]));
        assert_eq!(merged(&["a", "b", "c"]), facts("web", &[""], &[("a", 1), ("b", 2)]));
    }

    #[test]
    fn what_the_older_alone_hold_is_neither_brought_back_nor_taken_away() {
        let (mine, of_root) = (facts("a", &["a"], &[("a", 1)]), facts("r", &["", "b"], &[("a", 1)]));
        let of_a = names(&["a"]);
        assert_eq!(name(Some(mine.clone()), None, &of_a), Some(mine.clone()));
        assert_eq!(name(None, Some(mine.clone()), &of_a), None);
        assert_eq!(name(Some(of_root.clone()), None, &of_a), None, "one who holds it too has told its end");
        assert_eq!(name(None, Some(of_root.clone()), &of_a), Some(of_root));
        let other = facts("other", &["a"], &[("b", 9)]);
        let merged = name(Some(mine), Some(other), &of_a).unwrap();
        assert_eq!(merged, facts("a", &["a"], &[("a", 1), ("b", 9)]), "whose it is, the older do not say");
    }

    #[test]
    fn clusters_are_described_by_the_root_and_seen_by_the_writer() {
        let cluster_of =
            |weight, silent_since| Cluster { weight: Some(weight), silent_since, ..Cluster::default() };
        let (ours, theirs) = (Some(cluster_of(1, None)), Some(cluster_of(2, Some(7))));
        assert_eq!(cluster(ours.clone(), theirs.clone(), &names(&["a"])), theirs);
        assert_eq!(cluster(ours.clone(), theirs.clone(), &names(&[""])), Some(cluster_of(1, Some(7))));
        assert_eq!(cluster(ours.clone(), None, &names(&[""])), ours);
        assert_eq!(cluster(None, theirs, &names(&[""])), None);
    }
}
