//! What clusters were when they were last looked at, so that our own restart forgets none of it.
//!
//! A cluster that was wiped, swapped or cut down while nobody looked must not look like one that is new: its
//! identity, the version of its store and how many objects each resource had stand in a small file beside the
//! last good state; so do the load balancers' statuses that went empty and are kept for their grace. The file only
//! ever makes us more careful, so one that is lost or cannot be read costs no more than that care; it counts only
//! together with a last good state, which is what there is to lose.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use portolan_core::ClusterName;
use portolan_kube::api::Resource;
use portolan_kube::index::Kept;
use portolan_kube::object::{Kind, ObjectKey};
use portolan_kube::workload::Balancer;
use serde::{Deserialize, Serialize};

use super::identity::Said;

/// How often the file is written, if anything changed.
pub const NOTE: Duration = Duration::from_secs(30);
/// After so many times it is written though nothing but the versions of stores changed, which they always do: ten
/// minutes. An older version only makes us less careful, and the exact one is written at the end.
const NOTES_OF_VERSIONS: u32 = 20;
/// Longest file that is read, in octets: some 10 KiB are written for 200 clusters.
const OCTETS_MAX: u64 = 16 << 20;
/// Most statuses that are kept over a restart; a few hundred octets each.
pub(super) const KEPT_MAX: usize = 10_000;

/// What clusters were, and are.
#[derive(Debug, Default)]
pub(super) struct Past {
    file: Option<PathBuf>,
    noted: Mutex<Noted>,
}

#[derive(Debug, Default)]
struct Noted {
    clusters: BTreeMap<ClusterName, Was>,
    is_news: bool,
    /// Only the versions of stores have changed, since so many looks.
    has_moved: bool,
    looks: u32,
}

/// One cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Was {
    /// The uid of its kube-system; empty while it was never reached.
    uid: String,
    /// The version of its store.
    version: u64,
    /// How many objects it had, by resource.
    objects: BTreeMap<String, usize>,
    /// The hub that registered it, and the object; none of one that was followed by other means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    registered: Option<(String, String)>,
    /// The statuses of load balancers that were kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    kept: Vec<WasKept>,
}

/// A status that was kept, as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WasKept {
    /// `Service` or `Ingress`.
    kind: String,
    namespace: String,
    name: String,
    created: i64,
    since: i64,
    /// Of each entry the address and the host name, either of them empty.
    entries: Vec<(String, String)>,
    is_load_balancer: bool,
    external_ips: Vec<String>,
}

impl WasKept {
    fn of(kept: &Kept) -> Self {
        let text = |(ip, host): (&str, &str)| (ip.to_owned(), host.to_owned());
        Self {
            kind: kept.key.kind().to_string(),
            namespace: kept.key.namespace().to_string(),
            name: kept.key.name().to_string(),
            created: kept.created,
            since: kept.since,
            entries: kept.balancer.entries().map(text).collect(),
            is_load_balancer: kept.is_load_balancer,
            external_ips: kept.external_ips.iter().map(ToString::to_string).collect(),
        }
    }

    fn to_kept(&self, cluster: &ClusterName) -> Option<Kept> {
        let kind = [Kind::Service, Kind::Ingress].into_iter().find(|kind| kind.to_string() == self.kind)?;
        Some(Kept {
            cluster: cluster.clone(),
            key: ObjectKey::new(kind, Some(&self.namespace), &self.name),
            created: self.created,
            since: self.since,
            balancer: Balancer::of_entries(self.entries.clone()),
            is_load_balancer: self.is_load_balancer,
            external_ips: self.external_ips.iter().map(|text| text.as_str().into()).collect(),
        })
    }
}

impl Past {
    /// What the file beside a last good state says; nothing is kept without one. `is_counted` is false where
    /// there is no last good state: then the file is only written.
    pub(super) fn open(state: Option<&Path>, is_counted: bool) -> Arc<Self> {
        let file = state.map(beside);
        let read = || read(file.as_deref().filter(|_| is_counted)?);
        let clusters = read().unwrap_or_default();
        Arc::new(Self { file, noted: Mutex::new(Noted { clusters, ..Noted::default() }) })
    }

    /// Who a cluster was and where its store stood, if it was reached.
    pub(super) fn said(&self, cluster: &ClusterName) -> Option<Said> {
        let noted = self.lock();
        let was = noted.clusters.get(cluster).filter(|was| !was.uid.is_empty())?;
        Some(Said { uid: was.uid.clone(), version: was.version })
    }

    /// How many objects of a resource a cluster had; 0 when nothing is known.
    pub(super) fn objects(&self, cluster: &ClusterName, resource: Resource) -> usize {
        let noted = self.lock();
        let objects = noted.clusters.get(cluster).map(|was| &was.objects);
        objects.and_then(|objects| objects.get(&resource.to_string())).copied().unwrap_or(0)
    }

    /// Notes who a cluster is and where its store stands.
    pub(super) fn note_said(&self, cluster: &ClusterName, said: &Said) {
        if self.file.is_none() {
            return;
        }
        let mut noted = self.lock();
        let was = noted.clusters.entry(cluster.clone()).or_default();
        let (is_other, has_moved) = (was.uid != said.uid, was.version != said.version);
        was.version = said.version;
        if is_other {
            was.uid.clone_from(&said.uid);
        }
        noted.is_news |= is_other;
        noted.has_moved |= has_moved;
    }

    /// Notes how many objects of a resource a cluster has.
    pub(super) fn note_objects(&self, cluster: &ClusterName, resource: Resource, count: usize) {
        if self.objects(cluster, resource) != count {
            self.note(cluster, |was| {
                was.objects.insert(resource.to_string(), count);
            });
        }
    }

    /// Notes the object of a hub that registers a cluster, as messages name it.
    pub(super) fn note_registered(&self, cluster: &ClusterName, hub: &ClusterName, by: &ObjectKey) {
        let now = Some((hub.to_string(), by.to_string()));
        let is_known = self.lock().clusters.get(cluster).is_some_and(|was| was.registered == now);
        if !is_known {
            self.note(cluster, |was| was.registered = now);
        }
    }

    /// The clusters that a hub registered, each with the object.
    pub(super) fn registered(&self, hub: &ClusterName) -> BTreeMap<ClusterName, String> {
        let noted = self.lock();
        let of_hub = noted.clusters.iter().filter_map(|(name, was)| {
            let (by_hub, by) = was.registered.as_ref()?;
            (**by_hub == *hub.0).then(|| (name.clone(), by.clone()))
        });
        of_hub.collect()
    }

    /// Forgets who a cluster was: it is followed under another name.
    pub(super) fn unsay(&self, cluster: &ClusterName) {
        self.note(cluster, |was| {
            *was = Was { registered: was.registered.take(), ..Was::default() };
        });
    }

    /// The statuses that were kept.
    pub(super) fn kept(&self) -> Vec<Kept> {
        let noted = self.lock();
        let of = |(cluster, was): (&ClusterName, &Was)| {
            was.kept.iter().filter_map(|kept| kept.to_kept(cluster)).collect::<Vec<_>>()
        };
        noted.clusters.iter().flat_map(of).collect()
    }

    /// Notes the statuses that are kept, of all clusters.
    pub(super) fn note_kept(&self, all: &[Kept]) {
        if self.file.is_none() {
            return;
        }
        let mut by_cluster: BTreeMap<&ClusterName, Vec<WasKept>> = BTreeMap::new();
        for kept in all {
            by_cluster.entry(&kept.cluster).or_default().push(WasKept::of(kept));
        }
        let mut noted = self.lock();
        let Noted { clusters, is_news, .. } = &mut *noted;
        for (cluster, was) in clusters {
            let kept = by_cluster.remove(cluster).unwrap_or_default();
            *is_news |= was.kept != kept;
            was.kept = kept;
        }
    }

    /// Forgets a cluster that is no member any more, or that is another now.
    pub(super) fn forget(&self, cluster: &ClusterName) {
        let mut noted = self.lock();
        noted.is_news |= noted.clusters.remove(cluster).is_some();
    }

    /// Writes the file, if anything changed; what little may have changed too the `last` time. May block for as long
    /// as the disk does.
    pub(super) fn write(&self, last: bool) {
        let Some(file) = &self.file else { return };
        let clusters = {
            let mut noted = self.lock();
            noted.looks += 1;
            let is_time = last || noted.looks >= NOTES_OF_VERSIONS;
            let is_due = noted.is_news || (noted.has_moved && is_time);
            if !is_due {
                return;
            }
            (noted.is_news, noted.has_moved, noted.looks) = (false, false, 0);
            noted.clusters.clone()
        };
        if let Err(error) = write(file, &clusters) {
            tracing::warn!(file = %file.display(), "what clusters are is not noted: {error}");
            self.lock().is_news = true;
        }
    }

    fn note(&self, cluster: &ClusterName, change: impl FnOnce(&mut Was)) {
        if self.file.is_none() {
            return;
        }
        let mut noted = self.lock();
        change(noted.clusters.entry(cluster.clone()).or_default());
        noted.is_news = true;
    }

    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The file's name: the state's with `.clusters` after it.
fn beside(state: &Path) -> PathBuf {
    let mut name = state.as_os_str().to_owned();
    name.push(".clusters");
    name.into()
}

fn read(file: &Path) -> Option<BTreeMap<ClusterName, Was>> {
    let all = || -> io::Result<BTreeMap<String, Was>> {
        let octets = fs::metadata(file)?.len();
        if octets > OCTETS_MAX {
            return Err(io::Error::other(format!("it has {octets} octets; at most {OCTETS_MAX} are read")));
        }
        Ok(serde_json::from_slice(&fs::read(file)?)?)
    };
    match all() {
        Ok(all) => Some(all.into_iter().map(|(name, was)| (ClusterName::from(&*name), was)).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            tracing::warn!(file = %file.display(), "what clusters were is not known: {error}");
            None
        }
    }
}

/// By rename: a half of it is never read.
fn write(file: &Path, clusters: &BTreeMap<ClusterName, Was>) -> io::Result<()> {
    let by_name: BTreeMap<&str, &Was> = clusters.iter().map(|(name, was)| (&*name.0, was)).collect();
    let mut new = file.as_os_str().to_owned();
    new.push(".new");
    let mut out = File::create(&new)?;
    out.write_all(&serde_json::to_vec(&by_name)?)?;
    out.sync_all()?;
    fs::rename(&new, file)
}

#[cfg(test)]
mod tests {
    use portolan_kube::api::WORKLOAD;

    use super::*;

    #[test]
    fn what_clusters_were_is_known_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let (eu, us) = (ClusterName::from("eu-1"), ClusterName::from("us-1"));
        let said = Said { uid: "u".into(), version: 7 };

        let past = Past::open(Some(&state), false);
        past.note_said(&eu, &said);
        past.note_objects(&eu, WORKLOAD[0], 12);
        past.note_objects(&us, WORKLOAD[0], 3);
        past.forget(&us);
        past.write(true);

        let past = Past::open(Some(&state), true);
        assert_eq!(past.said(&eu), Some(said));
        assert_eq!(past.objects(&eu, WORKLOAD[0]), 12);
        assert_eq!((past.objects(&eu, WORKLOAD[1]), past.objects(&us, WORKLOAD[0])), (0, 0));
        assert_eq!(past.said(&us), None);
        assert_eq!(past.kept(), []);
        // Without a last good state there is nothing to be careful about.
        assert_eq!(Past::open(Some(&state), false).said(&eu), None);
    }

    #[test]
    fn who_registered_a_cluster_is_known_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let (eu, hub) = (ClusterName::from("eu-1"), ClusterName::from("hub"));
        // A file of an earlier version says nothing of it.
        fs::write(beside(&state), r#"{"eu-1": {"uid": "u", "version": 7, "objects": {"services": 2}}}"#)
            .unwrap();
        let past = Past::open(Some(&state), true);
        assert_eq!(past.objects(&eu, WORKLOAD[0]), 2);
        assert!(past.registered(&hub).is_empty());

        let by = ObjectKey::new(Kind::MemberCluster, None, "eu-1");
        past.note_registered(&eu, &hub, &by);
        past.unsay(&eu);
        past.write(true);
        let past = Past::open(Some(&state), true);
        assert_eq!(past.registered(&hub), [(eu.clone(), "MemberCluster eu-1".to_owned())].into());
        assert!(past.registered(&eu).is_empty());
        assert_eq!((past.said(&eu), past.objects(&eu, WORKLOAD[0])), (None, 0));
    }

    #[test]
    fn a_status_that_is_kept_is_kept_over_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let kept = |cluster: &str, kind| Kept {
            cluster: ClusterName::from(cluster),
            key: ObjectKey::new(kind, Some("shop"), "web"),
            created: 7,
            since: 9,
            balancer: Balancer::of_entries(vec![
                ("192.0.2.1".into(), String::new()),
                (String::new(), "lb.elb.example".into()),
                ("192.0.2.2".into(), "b.elb.example".into()),
            ]),
            is_load_balancer: true,
            external_ips: ["203.0.113.1".into()].into(),
        };
        let all = [kept("eu-1", Kind::Ingress), kept("eu-1", Kind::Service)];
        let past = Past::open(Some(&state), false);
        past.note_objects(&ClusterName::from("eu-1"), WORKLOAD[0], 1);
        past.note_kept(&all);
        past.write(true);
        let past = Past::open(Some(&state), true);
        assert_eq!(past.kept(), all);
        past.note_kept(&[]);
        past.write(true);
        assert_eq!(Past::open(Some(&state), true).kept(), []);
    }

    #[test]
    fn a_damaged_file_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        for text in ["", "{", "[]", "{\"eu-1\": 1}"] {
            fs::write(beside(&state), text).unwrap();
            let past = Past::open(Some(&state), true);
            assert_eq!(past.said(&ClusterName::from("eu-1")), None, "{text:?}");
        }
    }

    /// A store's version always grows: that alone is no reason to write every half minute.
    #[test]
    fn what_did_not_change_is_not_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let past = Past::open(Some(&state), false);
        let eu = ClusterName::from("eu-1");
        let is_written = |last: bool| {
            let _ = fs::remove_file(beside(&state));
            past.write(last);
            beside(&state).exists()
        };
        let said = |version| past.note_said(&eu, &Said { uid: "u".into(), version });
        said(7);
        assert!(is_written(false), "it is new");
        said(7);
        assert!(!is_written(false) && !is_written(true), "it is the same");
        let written: Vec<u64> = (8..60)
            .filter(|version| {
                said(*version);
                is_written(false)
            })
            .collect();
        assert_eq!(written, [25, 45], "now and then");
        assert!(is_written(true), "and at the end");
        assert_eq!(Past::open(Some(&state), true).said(&eu).unwrap().version, 59);
        past.note_said(&eu, &Said { uid: "v".into(), version: 59 });
        assert!(is_written(false), "it is another cluster");
    }

    #[test]
    fn without_a_state_file_nothing_is_kept() {
        let past = Past::open(None, true);
        past.note_objects(&ClusterName::from("eu-1"), WORKLOAD[0], 3);
        past.write(true);
        assert_eq!(past.objects(&ClusterName::from("eu-1"), WORKLOAD[0]), 0);
    }
}
