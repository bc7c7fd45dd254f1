//! The fleet of a scenario: Kubernetes objects by source, and what follows from them.
//!
//! Objects are JSON and go the way of a file: [`manifest`], index, facts, compile, snapshot. What stands
//! between two questions is one revision.

use std::collections::BTreeMap;
use std::sync::Arc;

use portolan_core::compile::compile;
use portolan_core::fleet::Touched;
use portolan_core::publish::Serials;
use portolan_core::zone::ZoneFile;
use portolan_core::zone::file::Gather;
use portolan_core::{ClusterName, Fleet, Name, Problem, Snapshot};
use portolan_kube::index::{Index, Resolution};
use portolan_kube::manifest;
use portolan_kube::sources::Options;
use portolan_zonefile::{Context, Piece, cut, read};
use serde_json::Value;

/// The fleet folder's root.
pub(crate) const ROOT: &str = "";
/// The CSV file of networks that every `Geo` policy names.
pub(crate) const NETWORKS_FILE: &str = "networks.csv";
/// When a silent cluster fell silent: 2026-01-01T12:00:00Z.
const SILENT_SINCE: i64 = 1_767_268_800;
/// What every zone file begins with.
const FILE_HEAD: &str = "$TTL 300\n@ SOA ns1 hostmaster 1 7200 1800 86400 30\n@ NS ns1\n";

/// Which object: source, kind, namespace, name.
type Key = [String; 4];

/// A fleet.
pub(crate) struct World {
    objects: BTreeMap<Key, Value>,
    networks: String,
    /// The texts of zone files.
    files: BTreeMap<Name, String>,
    options: Arc<Options>,
    /// The time, in seconds since 1970.
    now: i64,
    /// How long a load balancer's status that goes empty is kept, in seconds.
    grace: u32,
    pub(crate) index: Index,
    pub(crate) fleet: Fleet,
    pub(crate) snapshot: Snapshot,
    serials: Serials,
    of_names: BTreeMap<Name, Vec<Problem>>,
    owed: Touched,
    /// Whether every known cluster was read.
    pub(crate) complete: bool,
}

impl World {
    pub(crate) fn new() -> Self {
        let mut index = index(&Arc::default(), SILENT_SINCE, 0);
        index.heard(&ClusterName::from(ROOT));
        Self {
            objects: BTreeMap::new(),
            networks: String::new(),
            files: BTreeMap::new(),
            options: Arc::default(),
            now: SILENT_SINCE,
            grace: 0,
            index,
            fleet: Fleet::default(),
            snapshot: Snapshot::new(7),
            serials: Serials { first: 1, ..Serials::default() },
            of_names: BTreeMap::new(),
            owed: Touched::default(),
            complete: true,
        }
    }

    /// Has these sources on, before there is any object.
    pub(crate) fn sources(&mut self, options: Options) {
        assert!(self.objects.is_empty(), "sources come first");
        self.options = Arc::new(options);
        self.index = index(&self.options, self.now, self.grace);
        self.index.heard(&ClusterName::from(ROOT));
    }

    /// Takes an object of a source, as its file would give it.
    pub(crate) fn set(&mut self, source: &str, object: Value) {
        let key = key_of(source, &object);
        self.tell(&key, &object);
        self.objects.insert(key, object);
    }

    fn tell(&mut self, key: &Key, object: &Value) {
        let [source, kind, _, name] = key;
        let file = format!("{source}/{kind}-{name}.json");
        let read = manifest::read_keeping(&file, object.to_string().as_bytes(), &self.options.keep());
        assert!(read.whole && read.problems.is_empty(), "{:?} in {object:#}", read.problems);
        for located in read.objects {
            self.index.set(&source.as_str().into(), located.object, &located.place);
        }
    }

    /// An object, to be changed.
    pub(crate) fn get(&self, source: &str, kind: &str, namespace: &str, name: &str) -> Option<&Value> {
        self.objects.get(&[source, kind, namespace, name].map(str::to_owned))
    }

    /// Takes an object away; false when it is not there.
    pub(crate) fn delete(&mut self, source: &str, kind: &str, namespace: &str, name: &str) -> bool {
        let Some(object) = self.objects.remove(&[source, kind, namespace, name].map(str::to_owned)) else {
            return false;
        };
        let read = manifest::read("deleted.json", object.to_string().as_bytes());
        read.objects.iter().for_each(|located| self.index.delete(&source.into(), &located.object.key));
        true
    }

    /// Takes away the objects of a kind that a source has.
    pub(crate) fn delete_all(&mut self, source: &str, kind: &str) {
        let is_one = |key: &&Key| key[0] == source && key[1] == kind;
        let keys: Vec<Key> = self.objects.keys().filter(is_one).cloned().collect();
        for [source, kind, namespace, name] in &keys {
            self.delete(source, kind, namespace, name);
        }
    }

    /// Adds a line to the file of networks that every `Geo` policy names.
    pub(crate) fn network(&mut self, line: &str) {
        self.networks += &format!("{line}\n");
        self.index.networks_file(&ROOT.into(), NETWORKS_FILE, Some(&self.networks));
    }

    /// Adds a line to the file of a zone.
    pub(crate) fn zone_file_line(&mut self, apex: &Name, line: &str) -> Result<(), String> {
        let text = self.files.entry(apex.clone()).or_insert_with(|| FILE_HEAD.to_owned());
        *text += &format!("{line}\n");
        let text = text.clone();
        self.lay(apex, &text)
    }

    fn lay(&mut self, apex: &Name, text: &str) -> Result<(), String> {
        let mut gather = Gather::new();
        let (pieces, _) = cut(text.as_bytes(), &Context::new(apex.clone()), 1);
        for piece in pieces {
            let Piece::Part(part) = piece else { return Err("$INCLUDE is not for scenarios".into()) };
            let found = read(text.as_bytes(), &part, |record| {
                gather.add(record.owner, record.rtype, record.ttl, record.rdata);
            });
            if let Some(fault) = found.faults.kept().first() {
                return Err(fault.to_problem(&apex.to_dotless(), "its file").to_string());
            }
        }
        let (file, ..) = ZoneFile::build(apex, self.snapshot.seed(), vec![gather]).expect("it has an SOA");
        self.snapshot = self.snapshot.with_file(apex, Some(file.into()), &mut self.serials);
        Ok(())
    }

    /// A source was read whole. What it has is told again after a restart.
    pub(crate) fn hear(&mut self, source: &str) {
        let objects: Vec<(Key, Value)> = self
            .objects
            .iter()
            .filter(|(key, _)| key[0] == source)
            .map(|(k, o)| (k.clone(), o.clone()))
            .collect();
        objects.iter().for_each(|(key, object)| self.tell(key, object));
        self.index.heard(&source.into());
    }

    pub(crate) fn silence(&mut self, cluster: &str) {
        self.index.silent(&cluster.into(), SILENT_SINCE);
    }

    pub(crate) fn forget(&mut self, cluster: &str) {
        self.index.forget(&cluster.into());
        self.objects.retain(|key, _| key[0] != cluster);
    }

    /// A new process with the last good state, which has read the root and no cluster yet.
    pub(crate) fn restart(&mut self) {
        self.settle();
        self.index = index(&self.options, self.now, self.grace);
        self.index.remember(&self.fleet, SILENT_SINCE);
        self.fleet.clusters.keys().for_each(|cluster| self.index.silent(cluster, SILENT_SINCE));
        self.snapshot = Snapshot::new(7);
        for (apex, text) in self.files.clone() {
            self.lay(&apex, &text).expect("it was laid before");
        }
        self.owed = self.fleet.everything();
        self.of_names.clear();
        self.index.networks_file(&ROOT.into(), NETWORKS_FILE, Some(&self.networks));
        self.hear(ROOT);
    }

    /// A load balancer's status that goes empty is kept for so long.
    pub(crate) fn keep_balancers(&mut self, seconds: u32) {
        self.grace = seconds;
        self.index.keep_balancers(seconds);
    }

    /// Time goes by.
    pub(crate) fn wait(&mut self, seconds: i64) {
        self.settle();
        self.now += seconds;
        self.index.tick(self.now, self.now);
    }

    /// A host name was looked up.
    pub(crate) fn resolve(&mut self, host: &Name, found: Resolution) {
        self.index.resolved(host, Some(found));
    }

    /// Brings the snapshot up to date.
    pub(crate) fn settle(&mut self) {
        let mut touched = self.fleet.apply(self.index.take());
        let owed = std::mem::take(&mut self.owed);
        touched.clusters.extend(owed.clusters);
        touched.zones.extend(owed.zones);
        touched.policies.extend(owed.policies);
        touched.names.extend(owed.names);
        let compiled = compile(&self.fleet, &self.snapshot, &touched);
        self.of_names.extend(compiled.problems.clone());
        let revision = self.snapshot.revision + 1;
        self.snapshot = self.snapshot.publish(compiled, &mut self.serials, revision);
        self.snapshot.complete = self.complete;
    }

    /// What is wrong, without places.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut all: Vec<Problem> =
            self.index.problems().chain(self.of_names.values().flatten()).cloned().collect();
        all.iter_mut().for_each(|problem| problem.place.clear());
        all.sort();
        all.dedup();
        all
    }
}

/// An index that knows nothing yet.
fn index(options: &Arc<Options>, now: i64, grace: u32) -> Index {
    let mut index = Index::with_sources(options.clone());
    index.resolve_hosts();
    index.keep_balancers(grace);
    index.tick(now, now);
    index
}

fn key_of(source: &str, object: &Value) -> Key {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let metadata = &object["metadata"];
    [source.to_owned(), text(&object["kind"]), text(&metadata["namespace"]), text(&metadata["name"])]
}
