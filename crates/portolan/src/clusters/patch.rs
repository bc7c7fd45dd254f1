//! Writing back to the hub: a status for each intent, and `DNSEndpoint`s for whoever publishes records.
//!
//! ```text
//!   snapshot, fleet, intents ─▶ what should be there (pure) ─▶ what differs from what was written or seen
//!                                                                    │
//!                                                  get, compare, put (with the version that was read)
//! ```
//!
//! A pass looks at everything and writes what differs, and rests for ten times as long as it took, so that
//! this costs a tenth of a core at most. Each write first reads the object as it is: what says the same
//! already is not written, and a write loses against a newer one. Nothing is written before the hub was read,
//! and no record is taken back before every cluster that is followed was read since the start: what is not
//! known yet must not be taken for gone. But `MemberCluster`s are told why they are not read.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use portolan_core::fleet::NameView;
use portolan_core::{ClusterName, NameRef, Problem, Reason};
use portolan_kube::api::{INTENTS, Resource, resource_of};
use portolan_kube::dns_endpoint::{self, DnsEndpoint};
use portolan_kube::endpoints::{self, Plan};
use portolan_kube::follow::Failure;
use portolan_kube::object::{Body, Kind, Object, ObjectKey};
use portolan_kube::status::{self, Faults, Owners, Wanted};
use serde_json::Value;

use super::cluster::{Cluster, Reach, Reached};
use super::connect;
use crate::engine::{SharedEngine, root};
use crate::{chance, clock, when};

/// How often the snapshot is looked at for news.
const TICK: Duration = Duration::from_millis(100);
/// How long after a pass the next one comes though nothing changed: somebody may have edited what we wrote.
const AGAIN: Duration = Duration::from_secs(10);
/// A pass rests so many times as long as it took.
const REST: u32 = 10;
/// Most writes at once.
const WRITES_AT_ONCE: usize = 4;
/// How long a request may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a write that failed is not tried again.
const RETRY: Duration = Duration::from_secs(30);

/// Who writes to the hub.
pub(super) struct Patch {
    engine: SharedEngine,
    cluster: Arc<Cluster>,
    reach: Reach,
    epoch: u64,
    /// What each object's status was last written or seen to be, as a hash of what was wanted.
    settled: BTreeMap<ObjectKey, u64>,
    /// Writes that failed, and when.
    failed: BTreeMap<ObjectKey, Instant>,
    hasher: RandomState,
}

/// One thing to write.
enum Write {
    Status(Resource, ObjectKey, Wanted, u64),
    Put(Box<DnsEndpoint>),
    Delete(ObjectKey),
}

/// What a pass looks at.
struct Seen {
    revision: u64,
    objects: Vec<Arc<Object>>,
    writes: Vec<Write>,
    problems: Vec<Problem>,
}

impl Patch {
    pub(super) fn new(engine: SharedEngine, cluster: Arc<Cluster>, reach: Reach) -> Self {
        Self {
            engine,
            cluster,
            reach,
            epoch: chance::draw(),
            settled: BTreeMap::new(),
            failed: BTreeMap::new(),
            hasher: RandomState::new(),
        }
    }

    /// Writes for as long as the process runs.
    pub(super) async fn run(mut self) {
        let published = self.engine.lock().published();
        let mut written: Option<(u64, Instant)> = None;
        loop {
            tokio::time::sleep(TICK).await;
            let snapshot = published.current();
            let is_due =
                written.is_none_or(|(revision, at)| revision != snapshot.revision || at.elapsed() > AGAIN);
            if !is_due {
                continue;
            }
            let Reached::Yes { client, .. } = self.reach.borrow().clone() else { continue };
            let began = Instant::now();
            if let Some(revision) = self.pass(&client).await {
                written = Some((revision, Instant::now()));
            }
            tokio::time::sleep(began.elapsed() * REST).await;
        }
    }

    /// Looks at everything and writes what differs; returns the revision that it looked at.
    async fn pass(&mut self, client: &kube_client::Client) -> Option<u64> {
        let seen = tokio::task::block_in_place(|| self.look())?;
        let epoch = self.epoch;
        let writes = seen.writes.into_iter().map(|write| {
            let client = client.clone();
            async move {
                let key = write.key();
                let done = write.perform(&client, epoch, seen.revision).await;
                (key, write.hash(), done)
            }
        });
        let mut writes = futures_util::stream::iter(writes).buffer_unordered(WRITES_AT_ONCE);
        let mut problems = seen.problems;
        while let Some((key, hash, done)) = writes.next().await {
            match (done, hash) {
                (Ok(()), Some(hash)) => drop(self.settled.insert(key, hash)),
                (Ok(()), None) => {}
                (Err(failure), _) => {
                    problems.push(not_written(&key, &failure, &self.cluster.place));
                    self.failed.insert(key, Instant::now());
                }
            }
        }
        self.failed.retain(|_, at| at.elapsed() < RETRY);
        let is_there = |key: &ObjectKey| seen.objects.binary_search_by(|object| object.key.cmp(key)).is_ok();
        self.settled.retain(|key, _| is_there(key));
        self.cluster.not_written(problems);
        Some(seen.revision)
    }

    /// What is there, what should be, and what is to be written therefore; none while the hub is not read.
    fn look(&self) -> Option<Seen> {
        let (snapshot, fleet, apart, objects, problems, unread) = {
            let engine = self.engine.lock();
            if !engine.is_fresh() {
                return None;
            }
            let objects: Vec<Arc<Object>> = engine.intents_at(&root());
            let unread: Vec<ClusterName> = engine.unread().cloned().collect();
            (engine.snapshot(), engine.fleet().clone(), engine.apart(), objects, engine.problems(), unread)
        };
        // A foreign DNSEndpoint stands there already.
        let is_made = |_: NameRef<'_>, facts: &NameView<'_>| facts.owner.kind != dns_endpoint::KIND;
        let plan = match snapshot.complete {
            true => {
                let wanted = endpoints::project(&snapshot, &fleet, &apart, is_made);
                endpoints::plan(wanted, objects.iter(), unread.is_empty())
            }
            false => Plan::default(),
        };
        let (owners, faults) = (Owners::of(&fleet, &snapshot), Faults::of(&problems));
        let mut writes: Vec<Write> = Vec::new();
        let is_judged = |object: &&Arc<Object>| snapshot.complete || object.key.kind == Kind::MemberCluster;
        for object in objects.iter().filter(is_judged) {
            let Some(resource) = resource(object) else { continue };
            let Some(wanted) = status::wanted(object, &snapshot, &fleet, &owners, &faults) else { continue };
            let hash = self.hasher.hash_one(format!("{wanted:?}"));
            if self.settled.get(&object.key) != Some(&hash) {
                writes.push(Write::Status(resource, object.key.clone(), wanted, hash));
            }
        }
        writes.extend(plan.put.into_iter().map(|object| Write::Put(Box::new(object))));
        writes.extend(plan.delete.into_iter().map(Write::Delete));
        writes.retain(|write| !self.failed.contains_key(&write.key()));
        let mut problems = plan.conflicts;
        problems.extend(kept(&plan.kept, &unread, &self.cluster.place));
        Some(Seen { revision: snapshot.revision, objects, writes, problems })
    }
}

impl Write {
    fn key(&self) -> ObjectKey {
        match self {
            Self::Status(_, key, ..) | Self::Delete(key) => key.clone(),
            Self::Put(object) => {
                let metadata = &object.metadata;
                let name = metadata.name.as_deref().unwrap_or_default();
                ObjectKey::new(Kind::DnsEndpoint, metadata.namespace.as_deref(), name)
            }
        }
    }

    fn hash(&self) -> Option<u64> {
        match self {
            Self::Status(.., hash) => Some(*hash),
            Self::Put(_) | Self::Delete(_) => None,
        }
    }

    async fn perform(&self, client: &kube_client::Client, epoch: u64, revision: u64) -> Result<(), Failure> {
        match self {
            Self::Status(resource, key, wanted, _) => put_status(client, *resource, key, wanted).await,
            Self::Put(object) => {
                let mut object = object.clone();
                endpoints::sign(&mut object, epoch, revision);
                put(client, &self.key(), &object).await
            }
            Self::Delete(key) => delete(client, key).await,
        }
    }
}

/// Where an object's status is written; none of kinds that get none.
fn resource(object: &Object) -> Option<Resource> {
    match &object.body {
        Body::ServiceDnsRecord(record) => resource_of(&record.api_version, &record.kind),
        Body::IngressDnsRecord(record) => resource_of(&record.api_version, &record.kind),
        _ if status::has_status(object.key.kind) => {
            INTENTS.iter().find(|resource| resource.kind == object.key.kind).copied()
        }
        _ => None,
    }
}

async fn put_status(
    client: &kube_client::Client,
    resource: Resource,
    key: &ObjectKey,
    wanted: &Wanted,
) -> Result<(), Failure> {
    let path = resource.path_of(key);
    let mut object: Value = match connect::get(client, &path, PATIENCE).await {
        Err(Failure { code: Some(404), .. }) => return Ok(()),
        object => object?,
    };
    let now = when::when(clock::now());
    let Some(status) = status::over(wanted, object.get("status"), &now) else { return Ok(()) };
    object["status"] = status;
    connect::send(client, http::Method::PUT, &format!("{path}/status"), &object, PATIENCE).await
}

/// The resource of the objects that we write.
fn dns_endpoints() -> Option<Resource> {
    resource_of(dns_endpoint::API_VERSION, dns_endpoint::KIND)
}

async fn put(client: &kube_client::Client, key: &ObjectKey, object: &DnsEndpoint) -> Result<(), Failure> {
    let Some(resource) = dns_endpoints() else { return Ok(()) };
    let mut wanted = serde_json::to_value(object).map_err(|error| unsent(&error.to_string()))?;
    let path = resource.path_of(key);
    match connect::get::<Value>(client, &path, PATIENCE).await {
        Err(Failure { code: Some(404), .. }) => {
            let all = path.rsplit_once('/').map_or(path.as_str(), |(all, _)| all);
            match connect::send(client, http::Method::POST, all, &wanted, PATIENCE).await {
                // No such kind, or no such namespace any more: nobody is there who would publish it.
                Err(Failure { code: Some(404), .. }) => Ok(()),
                sent => sent,
            }
        }
        Err(failure) => Err(failure),
        Ok(there) if there["metadata"]["annotations"].get(dns_endpoint::MARK).is_none() => {
            Err(unsent("an object without our mark stands there; it is left alone"))
        }
        Ok(there) => {
            wanted["metadata"]["resourceVersion"] = there["metadata"]["resourceVersion"].clone();
            for field in ["labels", "ownerReferences", "finalizers"] {
                if let Some(value) = there["metadata"].get(field) {
                    wanted["metadata"][field] = value.clone();
                }
            }
            connect::send(client, http::Method::PUT, &path, &wanted, PATIENCE).await
        }
    }
}

async fn delete(client: &kube_client::Client, key: &ObjectKey) -> Result<(), Failure> {
    let Some(resource) = dns_endpoints() else { return Ok(()) };
    let path = resource.path_of(key);
    let there: Value = match connect::get(client, &path, PATIENCE).await {
        Err(Failure { code: Some(404), .. }) => return Ok(()),
        there => there?,
    };
    if there["metadata"]["annotations"].get(dns_endpoint::MARK).is_none() {
        return Ok(());
    }
    let preconditions = serde_json::json!({"preconditions": {
        "uid": there["metadata"]["uid"], "resourceVersion": there["metadata"]["resourceVersion"],
    }});
    connect::send(client, http::Method::DELETE, &path, &preconditions, PATIENCE).await
}

fn unsent(message: &str) -> Failure {
    Failure { message: message.to_owned(), ..Failure::default() }
}

/// What is told of records that stand though nothing that was read asks for all of them.
fn kept(kept: &[ObjectKey], unread: &[ClusterName], place: &str) -> Option<Problem> {
    let first = kept.first()?;
    let unread: Vec<String> = unread.iter().map(ClusterName::to_string).collect();
    let others = if kept.len() > 1 { format!(" and {} more", kept.len() - 1) } else { String::new() };
    let message = format!(
        "{first}{others} would lose targets; they stay until every cluster was read, and not read since the start is \
         {} (`portolan forget NAME` leaves one out)",
        unread.join(", ")
    );
    Some(Problem { subject: "DNSEndpoints".into(), reason: Reason::Held, message, place: place.to_owned() })
}

fn not_written(key: &ObjectKey, failure: &Failure, place: &str) -> Problem {
    let reason = match failure.code {
        Some(401 | 403) => Reason::Unauthorized,
        Some(404) => Reason::NotFound,
        Some(409) => Reason::Conflict,
        _ => Reason::Unreadable,
    };
    let message = format!("was not written: {}; it is tried again", failure.message);
    Problem { subject: key.to_string(), reason, message, place: place.to_owned() }
}
