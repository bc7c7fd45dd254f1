//! One resource of one cluster: does what its follower asks, and tells what comes of it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use kube_client::core::WatchEvent;
use kube_client::core::params::{ListParams, WatchParams};
use portolan_kube::api::Resource;
use portolan_kube::follow::{Ask, Failure, Follower, Heard, News};
use portolan_kube::manifest::{Given, given};
use portolan_kube::object::{Kind, ObjectKey};
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::cluster::{Cluster, Reach, Reached};
use super::connect::{Page, is_crd_going, late, of_status, open, read, request, said};
use super::lines::events;
use crate::chance;

/// Objects of a page, where a server cannot stream a list.
pub const PAGE_OBJECTS: u32 = 500;
/// How long nothing may come of a watch. Servers send a bookmark each minute.
pub const SILENCE: Duration = Duration::from_secs(100);
/// How long the first answer to a request may take, and a page.
const ANSWER: Duration = Duration::from_secs(60);
/// How long a server is asked to keep a watch open, in seconds; as much again is drawn.
const WATCH_SECONDS: u32 = 150;
/// How long a CustomResourceDefinition that was just found in order is not looked at again.
const CRD_TRUST: Duration = Duration::from_secs(1);
/// The mark of the bookmark that ends a stream's initial objects.
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// One resource under way.
pub(super) struct Follow {
    resource: Resource,
    /// Which of its versions is asked for.
    version: usize,
    /// The only namespace that it is followed in; none: all.
    namespace: Option<Arc<str>>,
    cluster: Arc<Cluster>,
    follower: Follower,
    /// What came of it and was not told yet: a request may be given up at any point, and what it brought not.
    untold: Vec<News>,
    /// The id of what is held of it.
    hold: String,
    /// When its CustomResourceDefinition was last found in order.
    crd_seen: Option<Instant>,
}

impl Follow {
    pub(super) fn new(resource: Resource, cluster: Arc<Cluster>) -> Self {
        let subject = format!("cluster {}: {resource}", cluster.name);
        let hold = format!("{}/{resource}", cluster.name);
        let before = cluster.past.objects(&cluster.name, resource);
        let follower = Follower::new(subject, cluster.place.clone()).expecting(before);
        Self {
            resource,
            version: 0,
            namespace: None,
            cluster,
            follower,
            untold: Vec::new(),
            hold,
            crd_seen: None,
        }
    }

    /// What one namespace has of a resource.
    pub(super) fn within(resource: Resource, namespace: &Arc<str>, cluster: Arc<Cluster>) -> Self {
        let subject = format!("cluster {}: {resource} of namespace {namespace}", cluster.name);
        let hold = format!("{}/{resource}/{namespace}", cluster.name);
        let follower = Follower::new(subject, cluster.place.clone());
        Self { follower, hold, namespace: Some(namespace.clone()), ..Self::new(resource, cluster) }
    }

    /// Follows it for as long as its cluster is one to follow.
    pub(super) async fn run(mut self, mut reach: Reach) {
        let cluster = self.cluster.clone();
        let mut life = 0;
        loop {
            let reached = reach.borrow_and_update().clone();
            let Reached::Yes { client, life: now } = reached else {
                if reach.changed().await.is_err() {
                    return;
                }
                continue;
            };
            if std::mem::replace(&mut life, now) != now && now > 0 {
                self.follower.begin_anew();
            }
            if cluster.holds.take_released(&self.hold) {
                self.untold.extend(self.follower.release());
                self.tell().await;
            }
            let (ask, wait) = self.follower.next(chance::draw());
            let one = async {
                tokio::time::sleep(wait).await;
                self.one(&client, ask).await;
            };
            let (released, changed) = tokio::select! {
                () = one => (false, false),
                () = cluster.holds.any_released() => (true, false),
                changed = reach.changed() => if changed.is_ok() { (false, true) } else { return },
            };
            if released || changed {
                self.hear(Heard::Ended(WATCH_MIN)).await;
            }
        }
    }

    /// One request, to its end.
    async fn one(&mut self, client: &kube_client::Client, ask: Ask) {
        let failed = match ask {
            Ask::Page(token) => self.page(client, token).await,
            Ask::Stream => self.watch(client, None).await,
            Ask::Watch(version) => self.watch(client, Some(version)).await,
        };
        let Err(failure) = failed else { return };
        if failure.code == Some(404) {
            if self.turns_to_another_version() {
                return;
            }
            self.cluster.serves(self.resource, false);
        }
        self.hear(Heard::Failed(failure)).await;
    }

    /// A server that lacks a version of a resource may have another. False once each was asked for: then it
    /// lacks the resource.
    fn turns_to_another_version(&mut self) -> bool {
        self.version = (self.version + 1) % self.resource.versions.len().max(1);
        self.version > 0
    }

    fn path(&self) -> String {
        if let Some(namespace) = &self.namespace {
            return self.resource.path_within(namespace);
        }
        let version = self.resource.versions.get(self.version).copied();
        self.resource.path_in(version.unwrap_or(self.resource.version()))
    }

    async fn page(&mut self, client: &kube_client::Client, token: Option<String>) -> Result<(), Failure> {
        let mut params = ListParams::default().limit(PAGE_OBJECTS);
        params.continue_token = token;
        let request = request(&self.path());
        let request = if self.is_metadata() { request.list_metadata(&params) } else { request.list(&params) };
        let request = request.map_err(|error| said(&error.to_string()))?;
        let page: Page = read(client, request, ANSWER).await?;
        self.cluster.serves(self.resource, true);
        let objects = page.items.into_iter().map(|value| self.given(value)).collect();
        let token = page.metadata.token.filter(|token| !token.is_empty());
        self.hear(Heard::Page { objects, version: page.metadata.resource_version, token }).await;
        Ok(())
    }

    /// Watches from a version on; from none, with all objects first.
    async fn watch(&mut self, client: &kube_client::Client, version: Option<String>) -> Result<(), Failure> {
        let began = Instant::now();
        let seconds = WATCH_SECONDS + u32::try_from(chance::draw() % u64::from(WATCH_SECONDS)).unwrap_or(0);
        let params = match version {
            None => WatchParams::streaming_lists().timeout(seconds),
            Some(_) => WatchParams::default().timeout(seconds),
        };
        let request = request(&self.path());
        let version = version.unwrap_or_default();
        let request = match self.is_metadata() {
            true => request.watch_metadata(&params, &version),
            false => request.watch(&params, &version),
        };
        let request = request.map_err(|error| said(&error.to_string()))?;
        let opened = timeout(ANSWER, open(client, request)).await;
        let body = opened.unwrap_or_else(|_| Err(late(ANSWER)))?;
        self.cluster.serves(self.resource, true);
        self.hear(Heard::Opened).await;
        let mut stream = std::pin::pin!(events(body).ready_chunks(EVENTS_AT_ONCE));
        loop {
            match timeout(SILENCE, stream.next()).await {
                Err(_) => {
                    self.hear(Heard::Silent(SILENCE)).await;
                    return Ok(());
                }
                Ok(None) => break,
                Ok(Some(events)) => self.events(client, events).await?,
            }
            if self.follower.abandons() {
                return Ok(());
            }
        }
        self.hear(Heard::Ended(began.elapsed())).await;
        Ok(())
    }

    async fn events(
        &mut self,
        client: &kube_client::Client,
        events: Vec<Result<WatchEvent<Value>, Failure>>,
    ) -> Result<(), Failure> {
        let mut ended = Ok(());
        for event in events {
            let heard = match event {
                Err(failure) => Err(failure),
                Ok(WatchEvent::Error(status)) => Err(of_status(&status)),
                Ok(WatchEvent::Added(value) | WatchEvent::Modified(value)) => {
                    let version = version_of(&value);
                    Ok(Heard::Set(Box::new(self.given(value)), version))
                }
                Ok(WatchEvent::Deleted(value)) => self.deleted(client, &value).await,
                Ok(WatchEvent::Bookmark(bookmark)) => {
                    let end = bookmark.metadata.annotations.get(INITIAL_EVENTS_END);
                    let complete = end.is_some_and(|end| end == "true");
                    Ok(Heard::Bookmark { version: bookmark.metadata.resource_version, complete })
                }
            };
            match heard {
                Ok(heard) => self.untold.extend(self.follower.hear(heard)),
                Err(failure) => {
                    ended = Err(failure);
                    break;
                }
            }
        }
        self.tell().await;
        ended
    }

    /// A deletion is believed, unless its whole kind is being taken away: that deletes every object, and is
    /// more often an accident than meant.
    async fn deleted(&mut self, client: &kube_client::Client, value: &Value) -> Result<Heard, Failure> {
        let is_trusted = self.crd_seen.is_some_and(|at| at.elapsed() < CRD_TRUST);
        if let Some(crd) = self.resource.crd().filter(|_| !is_trusted) {
            // Its version is not noted yet: a deletion that nobody can judge comes again.
            if is_crd_going(client, &crd).await? {
                let message = format!("CustomResourceDefinition {crd} is being deleted");
                return Err(Failure { code: Some(404), message, retry_after: None });
            }
            self.crd_seen = Some(Instant::now());
        }
        let text = |field| value.get("metadata")?.get(field)?.as_str();
        let key = ObjectKey::new(self.resource.kind, text("namespace"), text("name").unwrap_or_default());
        Ok(Heard::Deleted(key, version_of(value)))
    }

    async fn hear(&mut self, heard: Heard) {
        self.untold.extend(self.follower.hear(heard));
        self.tell().await;
    }

    async fn tell(&mut self) {
        self.cluster.saw(self.follower.highest());
        if let Some(count) = self.follower.count().filter(|_| self.namespace.is_none()) {
            self.cluster.past.note_objects(&self.cluster.name, self.resource, count);
        }
        if self.untold.contains(&News::Problems) {
            let why = self.follower.held().map(|held| held.why.clone());
            self.cluster.hold(&self.hold, why);
            self.cluster.problems(self.resource, &self.hold, self.follower.problems());
            self.cluster.refused(self.resource, self.follower.refused());
        }
        // Before the engine: a cluster that is no member goes before what describes it does.
        self.cluster.register(self.resource, self.namespace.as_deref(), &self.untold);
        self.cluster.news(self.resource, &mut self.untold).await;
    }

    fn given(&self, mut value: Value) -> Given {
        // The items of a list do not say what they are, and of mere metadata it is said that it is that.
        if let Value::Object(object) = &mut value {
            object.insert("apiVersion".into(), self.resource.api_version().into());
            object.insert("kind".into(), self.resource.spelt.into());
        }
        given(self.resource.kind, value, &self.cluster.place, &self.cluster.keep)
    }

    /// True where labels are all that is asked for; sources ask for a Node's addresses.
    fn is_metadata(&self) -> bool {
        self.resource.kind == Kind::Node && !self.cluster.keep.reads(Kind::Node)
    }
}

/// Events of a watch that are told together, when they are there at once: each may be as large as objects are.
const EVENTS_AT_ONCE: usize = 128;
/// A request that we ended ourselves counts as one that lasted.
const WATCH_MIN: Duration = Duration::from_secs(WATCH_SECONDS as u64);

fn version_of(value: &Value) -> String {
    let version = value.get("metadata").and_then(|metadata| metadata.get("resourceVersion"));
    version.and_then(Value::as_str).unwrap_or_default().to_owned()
}
