//! How the fleet is: clusters, names, zones and problems, as one value.
//!
//! [`Status::of`] reads the snapshot and the facts; nothing is decided here. The value has stable keys,
//! so that it travels over the control socket and is printed as JSON; [`Status::text`] draws it as
//! tables. Names with something amiss come first, because of ten thousand names those are looked for.

use std::collections::BTreeMap;

use portolan_core::cluster::ClusterState;
use portolan_core::fleet::NameFacts;
use portolan_core::record::Present;
use portolan_core::zone::ZoneFile;
use portolan_core::{ClusterName, Fleet, Name, NameRef, Problem, RecordType, Snapshot};
use portolan_kube::api::Topology;
use serde::{Deserialize, Serialize};

use crate::clusters::Leader;
use crate::engine::{Engine, HubView};
use crate::explain::members::Members;
use crate::explain::{Verdict, ZoneSeen};
use crate::problem::ProblemRow;
use crate::status::stream::StreamSeen;

pub mod stream;
mod text;

/// The version of the JSON form.
pub const STATUS_VERSION: &str = "v1alpha1";

/// What stands outside the facts: times, in seconds since 1970, and whose they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ages {
    /// Now.
    pub now: i64,
    /// When each cluster was last read completely, where that is known.
    pub heard: BTreeMap<ClusterName, i64>,
    /// When the last good state was written that answers come from; none once every cluster was read.
    pub state_from: Option<i64>,
    /// The fleet folder, while it cannot be read.
    pub folder_lost: Option<FolderLost>,
    /// The cluster that holds the intents, where clusters are followed.
    pub hub: Option<HubSeen>,
    /// The clusters that are followed and were not read since the start.
    pub unread: Vec<ClusterName>,
    /// The stream, on whichever side of it this process is.
    pub stream: Option<StreamSeen>,
    /// Who leads, where one of several replicas is elected; an engine does not know.
    pub leader: Option<Leader>,
}

impl Ages {
    /// The times that an engine keeps.
    #[must_use]
    pub fn of(engine: &Engine, now: i64) -> Self {
        let heard = |name: &ClusterName| Some((name.clone(), engine.heard_at(name)?));
        let lost = |(problem, read_at): (&Problem, Option<i64>)| FolderLost {
            why: format!("{} {}", problem.subject, problem.message),
            read_at,
        };
        Self {
            now,
            heard: engine.fleet().clusters.keys().filter_map(heard).collect(),
            state_from: engine.state_from(),
            folder_lost: engine.root_lost().map(lost),
            hub: engine.hub().map(HubSeen::from),
            unread: engine.unread().cloned().collect(),
            stream: StreamSeen::of(engine),
            leader: None,
        }
    }
}

/// A fleet folder that is gone or empty: it changes nothing, and nothing of it is heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FolderLost {
    /// Which, and what is wrong with it.
    pub why: String,
    /// When it was last read; none when it never was.
    pub read_at: Option<i64>,
}

/// The cluster that holds the intents, or the own one of a mesh.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HubSeen {
    /// Its name.
    pub name: String,
    /// True of the own cluster of a mesh.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub is_of_mesh: bool,
    /// False while it was not read since the start.
    pub is_read: bool,
    /// How many `Zone`s and `Domain`s it has.
    pub zones: usize,
    /// How many objects there ask for names; of a hub that is followed, how many hand names over.
    pub intents: usize,
    /// True where names come from what it hands over, and from no cluster.
    #[serde(skip_serializing_if = "is_false", default)]
    pub is_followed: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(is: &bool) -> bool {
    !*is
}

impl From<HubView> for HubSeen {
    fn from(hub: HubView) -> Self {
        let HubView { name, topology, is_read, zones, intents, .. } = hub;
        let [is_of_mesh, is_followed] = [Topology::Mesh, Topology::Follower].map(|one| one == topology);
        Self { name: name.to_string(), is_of_mesh, is_read, zones, intents, is_followed }
    }
}

/// How the fleet is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The version of this form.
    pub version: String,
    /// When it was so, in seconds since 1970.
    pub now: i64,
    /// The revision of the facts.
    pub revision: u64,
    /// False until every known cluster was read: an unknown name is then not denied.
    pub complete: bool,
    /// When the last good state was written that answers come from.
    pub state_from: Option<i64>,
    /// The fleet folder, while it cannot be read; no cluster is heard then.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub folder_lost: Option<FolderLost>,
    /// The cluster that holds the intents, where clusters are followed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hub: Option<HubSeen>,
    /// The clusters that are followed and were not read since the start.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub unread: Vec<String>,
    /// The stream, on whichever side of it this process is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stream: Option<StreamSeen>,
    /// Who leads, where one of several replicas is elected.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub leader: Option<Leader>,
    /// The members of the fleet, by name.
    pub clusters: Vec<ClusterRow>,
    /// The names, those with something amiss first, then by name.
    pub names: Vec<NameRow>,
    /// The zones, by apex.
    pub zones: Vec<ZoneRow>,
    /// What is wrong with what was read.
    pub problems: Vec<ProblemRow>,
}

/// A member of the fleet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterRow {
    /// Its name.
    pub name: String,
    /// Its region.
    pub region: Option<String>,
    /// Its zones.
    pub zones: Vec<String>,
    /// Where it stands.
    pub place: Option<String>,
    /// `Active`, `Draining` or `Disabled`.
    pub state: String,
    /// Its share under a weighted pick, where it names one.
    pub weight: Option<u32>,
    /// When it was last read completely, where that is known.
    pub heard_at: Option<i64>,
    /// Since when it is silent.
    pub silent_since: Option<i64>,
    /// How many names it offers something for.
    pub names: usize,
}

/// A name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NameRow {
    /// The name.
    pub name: String,
    /// The types of its records.
    pub types: Vec<String>,
    /// The `SteeringPolicy` that steers it; none for the default.
    pub policy: Option<String>,
    /// The object that it belongs to.
    pub owner: String,
    /// The zone that holds it; a name in none is refused.
    pub zone: Option<String>,
    /// What it is an alias of while none of its members is healthy.
    pub fallback: Option<String>,
    /// Who offers something for it.
    pub members: Vec<MemberRow>,
}

/// One offer for a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberRow {
    /// Whose it is; none for a record of unknown place.
    pub cluster: Option<String>,
    /// Whether it may be answered.
    pub verdict: Verdict,
    /// What the verdict rests on.
    pub why: String,
}

/// A zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ZoneRow {
    /// Its apex and its serial.
    #[serde(flatten)]
    pub zone: ZoneSeen,
    /// How many names of the fleet it holds, and of its file; a name that both have counts twice.
    pub names: usize,
    /// Its name servers.
    pub name_servers: Vec<String>,
    /// The policy of its names that have none of their own.
    pub policy: Option<String>,
}

impl Status {
    /// How the fleet is now.
    #[must_use]
    pub fn of(snapshot: &Snapshot, fleet: &Fleet, problems: &[Problem], ages: &Ages) -> Self {
        let zone_of = |name: NameRef<'_>| snapshot.zone_of(name).map(|zone| &zone.apex);
        let mut offered: BTreeMap<&str, usize> = BTreeMap::new();
        let mut held: BTreeMap<&Name, usize> = BTreeMap::new();
        for (name, facts) in fleet.names.iter() {
            for cluster in facts.endpoints.filter_map(|endpoint| endpoint.cluster) {
                *offered.entry(cluster).or_default() += 1;
            }
            if let Some(apex) = zone_of(name) {
                *held.entry(apex).or_default() += 1;
            }
        }
        let mut names: Vec<NameRow> = fleet
            .names
            .iter()
            .map(|(name, facts)| NameRow::of(snapshot, fleet, name, &facts.to_facts()))
            .collect();
        names.sort_by(|a, b| (!a.is_amiss(), &a.name).cmp(&(!b.is_amiss(), &b.name)));
        Self {
            version: STATUS_VERSION.to_owned(),
            now: ages.now,
            revision: snapshot.revision,
            complete: snapshot.complete,
            state_from: ages.state_from,
            folder_lost: ages.folder_lost.clone(),
            hub: ages.hub.clone(),
            unread: ages.unread.iter().map(ToString::to_string).collect(),
            stream: ages.stream.clone(),
            leader: ages.leader.clone(),
            clusters: clusters(fleet, ages, &offered),
            names,
            zones: zones(snapshot, fleet, &held),
            problems: problems.iter().map(ProblemRow::from).collect(),
        }
    }
}

fn clusters(fleet: &Fleet, ages: &Ages, offered: &BTreeMap<&str, usize>) -> Vec<ClusterRow> {
    let row = |(name, cluster): (&ClusterName, &portolan_core::cluster::Cluster)| ClusterRow {
        name: name.to_string(),
        region: cluster.region.as_deref().map(str::to_owned),
        zones: cluster.zones.iter().map(ToString::to_string).collect(),
        place: cluster.place.as_ref().map(ToString::to_string),
        state: match cluster.state {
            ClusterState::Active => "Active",
            ClusterState::Draining => "Draining",
            ClusterState::Disabled => "Disabled",
        }
        .to_owned(),
        weight: cluster.weight,
        heard_at: ages.heard.get(name).copied(),
        silent_since: cluster.silent_since,
        names: offered.get(&*name.0).copied().unwrap_or(0),
    };
    fleet.clusters.iter().map(row).collect()
}

fn zones(snapshot: &Snapshot, fleet: &Fleet, held: &BTreeMap<&Name, usize>) -> Vec<ZoneRow> {
    let row = |zone: &portolan_core::zone::Zone| {
        let facts = fleet.zones.get(&zone.apex);
        let of_file = || file_servers(snapshot, zone);
        ZoneRow {
            zone: ZoneSeen { apex: zone.apex.to_dotless(), serial: zone.serial },
            names: held.get(&zone.apex).copied().unwrap_or(0) + zone.file().map_or(0, ZoneFile::len),
            name_servers: facts
                .map_or_else(of_file, |f| f.name_servers.iter().map(Name::to_dotless).collect()),
            policy: facts.and_then(|f| f.policy.as_ref()).map(ToString::to_string),
        }
    };
    let mut rows: Vec<ZoneRow> = snapshot.zones().map(row).collect();
    rows.sort_by(|a, b| a.zone.apex.cmp(&b.zone.apex));
    rows
}

/// The name servers that a zone's file names.
fn file_servers(snapshot: &Snapshot, zone: &portolan_core::zone::Zone) -> Vec<String> {
    let node = zone.file().and_then(|file| file.node(zone.apex.borrowed(), snapshot.seed()));
    let Some(set) = node.and_then(|node| node.set(RecordType::NS)) else { return Vec::new() };
    let shown = |data| Present(RecordType::NS, data).to_string();
    set.data().map(|data| shown(data).trim_end_matches('.').to_owned()).collect()
}

impl NameRow {
    fn of(snapshot: &Snapshot, fleet: &Fleet, name: NameRef<'_>, facts: &NameFacts) -> Self {
        let records = snapshot.records(name);
        let members = Members { snapshot, fleet, records, facts };
        let member = |(endpoint, offer): (&portolan_core::Endpoint, Option<usize>)| {
            let (verdict, why) = members.verdict(endpoint, offer);
            MemberRow { cluster: endpoint.cluster.as_ref().map(ToString::to_string), verdict, why }
        };
        let types =
            records.map_or_else(Vec::new, |r| r.pools().iter().map(|p| p.rtype.to_string()).collect());
        Self {
            name: name.to_dotless(),
            types,
            policy: records.and_then(|r| r.policy().name.as_ref()).map(ToString::to_string),
            owner: facts.owner.to_string(),
            zone: snapshot.zone_of(name).map(|zone| zone.apex.to_dotless()),
            fallback: facts.fallback.as_ref().map(Name::to_dotless),
            members: members.offers().map(member).collect(),
        }
    }

    /// True when somebody who looks for trouble wants to see it: not every member is healthy, or no zone
    /// holds it.
    #[must_use]
    pub fn is_amiss(&self) -> bool {
        self.zone.is_none() || self.members.iter().any(|member| member.verdict != Verdict::Healthy)
    }
}

#[cfg(test)]
mod tests;
