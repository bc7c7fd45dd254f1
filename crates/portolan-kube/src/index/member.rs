//! Members of the fleet: where each is, and what an operator wants of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portolan_core::cluster::{Cluster, ClusterName, ClusterState};
use portolan_core::fleet::Fact;
use portolan_core::{Problem, Reason};

use super::draft::placed;
use super::objects::is_root;
use super::source::Source;
use super::when::when;
use super::{About, Index};
use crate::kinds::ZONES_MAX;
use crate::nearest::nearest;
use crate::object::{Body, Kind, ObjectKey};
use crate::settle;
use crate::workload::{Node, REGION_LABELS};

impl Index {
    /// Looks at the clusters that something touched. When one moves, every record that names regions has
    /// other names.
    pub(super) fn take_clusters(&mut self, out: &mut Vec<Fact>) {
        let names_regions = self.objects.keys_of(Kind::ServiceDnsRecord).any(|key| self.objects.is_held(key));
        if std::mem::replace(&mut self.names_regions, names_regions) != names_regions {
            self.dirty.clusters.extend(self.given.clusters.keys().cloned());
        }
        let mut moved = false;
        self.strangers.is_news |= !self.dirty.clusters.is_empty();
        for name in std::mem::take(&mut self.dirty.clusters) {
            if is_root(&name) {
                continue;
            }
            let (now, problems) = self.member(&name);
            moved |= self.given.clusters.get(&name).map(shape) != now.as_ref().map(shape);
            self.note(About::Cluster(name.clone()), problems);
            self.give(Fact::Cluster(name, now), out);
        }
        if moved {
            self.dirty.records.extend(self.objects.keys_of(Kind::ServiceDnsRecord).cloned());
        }
    }

    /// What is known of a cluster; nothing when it is no member.
    fn member(&mut self, name: &ClusterName) -> (Option<Cluster>, Vec<Problem>) {
        if self.follows_hub {
            return self.told_by_the_hub(name);
        }
        let remembered = self.memory.cluster(&self.objects, name);
        let source = self.objects.source(name);
        let silent_since = source.and_then(|source| source.silent_since);
        let read = source.filter(|source| source.is_read);
        self.awaited.remove(name);
        if read.is_none() && silent_since.is_none() && remembered.is_none() {
            return (None, self.await_member(name));
        }
        let (mut cluster, mut problems) = self.described(name).unwrap_or_default();
        let steps = match read {
            Some(source) => {
                let lacking = self.memory.with_nodes_unread(&self.objects, name);
                as_remembered(&mut cluster, lacking);
                let steps = located(source, name, &mut cluster, &mut problems);
                if let Some(known) = lacking.filter(|known| known.region == cluster.region) {
                    cluster.zones.extend(known.zones.iter().cloned());
                }
                steps
            }
            None => {
                as_remembered(&mut cluster, remembered.as_ref());
                1
            }
        };
        cluster.silent_since = match read {
            Some(_) => silent_since,
            None => remembered.map_or(silent_since, |known| known.silent_since),
        };
        self.complain(name, &mut cluster, &mut problems);
        self.step(steps);
        (Some(cluster), problems)
    }

    /// What a hub says of a cluster, in its `MemberCluster`. That the hub is not heard is no silence of the cluster.
    fn told_by_the_hub(&self, name: &ClusterName) -> (Option<Cluster>, Vec<Problem>) {
        let Some((mut cluster, mut problems)) = self.described(name) else { return (None, Vec::new()) };
        self.complain(name, &mut cluster, &mut problems);
        (Some(cluster), problems)
    }

    /// A cluster that nobody has read yet: known all the same when its `MemberCluster` says that it is in service.
    fn await_member(&mut self, name: &ClusterName) -> Vec<Problem> {
        let Some((cluster, mut problems)) = self.said(name) else {
            return Vec::new();
        };
        if cluster.state != ClusterState::Disabled {
            self.awaited.insert(name.clone());
            let message = "has a MemberCluster and was never read; a server that starts now answers SERVFAIL, \
                           not NXDOMAIN, for names that it does not know, until it is read, Disabled or removed";
            let drains =
                if cluster.state == ClusterState::Draining { self.drains(name) } else { String::new() };
            problems.push(problem(name, Reason::Incomplete, format!("{message}{drains}")));
        }
        problems
    }

    /// What is said of one that is to be drained: it may be another one, misspelt.
    fn drains(&self, name: &ClusterName) -> String {
        let read = self.objects.clusters().map(|(read, _)| &*read.0);
        let meant =
            nearest(&name.0, read).map_or(String::new(), |meant| format!("; did you mean {meant:?}?"));
        format!(". That it is Draining drains nothing{meant}")
    }

    /// What a cluster is described as: by a `MemberCluster`, or as remembered. While the root, whose
    /// `MemberCluster` beats all others, may hold one that was not read, what is remembered goes before.
    fn described(&self, name: &ClusterName) -> Option<(Cluster, Vec<Problem>)> {
        let key = member_key(name);
        let known = self.memory.described(&self.objects, name, &key);
        let remembered = || Some((known?.clone(), Vec::new()));
        if !self.memory.may_hold(&self.objects, "", &key) {
            self.said(name).or_else(remembered)
        } else {
            remembered().or_else(|| self.said(name))
        }
    }

    /// What the `MemberCluster` of a cluster says.
    fn said(&self, name: &ClusterName) -> Option<(Cluster, Vec<Problem>)> {
        let held = self.objects.held(&member_key(name))?;
        let Body::MemberCluster(object) = &held.object.body else { return None };
        let (mut cluster, problems) = settle::cluster(object);
        if self.follows_hub {
            settle::observed(&mut cluster, object);
        }
        Some((cluster, placed(problems, &held)))
    }

    fn complain(&self, name: &ClusterName, cluster: &mut Cluster, problems: &mut Vec<Problem>) {
        if let Some(region) = &cluster.region
            && let Err(rule) = settle::region(region)
        {
            let message = format!("region {region:?} {rule}; it is left out");
            problems.push(problem(name, Reason::Invalid, message));
            cluster.region = None;
        }
        if cluster.region.is_none() && self.names_regions && cluster.state != ClusterState::Disabled {
            let labels = REGION_LABELS.join(" or ");
            let message = format!(
                "has no region, so ServiceDNSRecords have no names for it but the global ones; label its Nodes \
                 {labels}, or set spec.region of its MemberCluster"
            );
            problems.push(problem(name, Reason::Incomplete, message));
        }
        if let Some(since) = cluster.silent_since {
            let message = format!("is not heard from since {}; what it last gave stays", when(since));
            problems.push(problem(name, Reason::Silent, message));
        }
    }
}

fn member_key(name: &ClusterName) -> ObjectKey {
    ObjectKey::of(Kind::MemberCluster, "", &name.0)
}

/// Takes region and zones as they are remembered.
fn as_remembered(cluster: &mut Cluster, known: Option<&Cluster>) {
    cluster.region = known.and_then(|known| known.region.clone()).or(cluster.region.take());
    if let Some(known) = known.filter(|known| !known.zones.is_empty()) {
        cluster.zones.clone_from(&known.zones);
    }
}

/// What of a cluster the names of records depend on.
fn shape(cluster: &Cluster) -> (Option<Arc<str>>, BTreeSet<Arc<str>>, bool) {
    (cluster.region.clone(), cluster.zones.clone(), cluster.state == ClusterState::Disabled)
}

/// Takes region and zones from the labels of Nodes, where they have them. KubeFed takes the region of the
/// first Node that it is told of; here it is the first by name, so that every replica takes the same one.
fn located(source: &Source, name: &ClusterName, cluster: &mut Cluster, problems: &mut Vec<Problem>) -> usize {
    let mut regions: BTreeMap<&str, Vec<&Node>> = BTreeMap::new();
    let mut unplaced = Vec::new();
    let mut first = None;
    let nodes = nodes(source);
    for node in &nodes {
        match node.region.as_deref() {
            Some(region) => {
                first = first.or(Some(region));
                regions.entry(region).or_default().push(node);
            }
            None => unplaced.push(*node),
        }
    }
    if regions.len() > 1 {
        let all: Vec<&str> = regions.keys().copied().collect();
        let message = format!(
            "its Nodes are in {} regions ({}); {:?}, that of the first Node by name, counts",
            all.len(),
            all.join(", "),
            first.unwrap_or_default()
        );
        problems.push(problem(name, Reason::Invalid, message));
    }
    let within = first.and_then(|region| regions.get(region)).into_iter().flatten().chain(&unplaced);
    let mut zones: BTreeSet<Arc<str>> =
        within.filter_map(|node| node.zone.as_deref()).map(Arc::from).collect();
    if zones.len() > ZONES_MAX {
        let message = format!("is in {} zones; those after the first {ZONES_MAX} are left out", zones.len());
        problems.push(problem(name, Reason::LimitReached, message));
        zones = zones.into_iter().take(ZONES_MAX).collect();
    }
    if let Some(region) = first {
        cluster.region = Some(region.into());
    }
    if !zones.is_empty() {
        cluster.zones = zones;
    }
    nodes.len() + 1
}

fn nodes(source: &Source) -> Vec<&Node> {
    let first = ObjectKey::of(Kind::Node, "", "");
    let objects = source.objects.range(first..).take_while(|(key, _)| key.kind() == Kind::Node);
    let bodies = objects.map(|(_, located)| &located.object.body);
    bodies.filter_map(|body| if let Body::Node(node) = body { Some(node) } else { None }).collect()
}

fn problem(name: &ClusterName, reason: Reason, message: String) -> Problem {
    Problem { subject: format!("cluster {name}"), reason, message, place: String::new() }
}
