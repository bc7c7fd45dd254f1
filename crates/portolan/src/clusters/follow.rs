//! One resource of one cluster: does what its follower asks, and tells what comes of it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use kube_client::core::WatchEvent;
use kube_client::core::params::{ListParams, WatchParams};
use portolan_kube::api::{Resource, is_on_demand};
use portolan_kube::follow::{Ask, Failure, Follower, Heard, News};
use portolan_kube::manifest::{Given, given, whole};
use portolan_kube::object::{Kind, ObjectKey};
use portolan_kube::status::has_status;
use serde_json::Value;
use tokio::time::{Instant, timeout, timeout_at};

use super::cluster::{Cluster, Life, Reach, Reached};
use super::connect::{
    ANSWER_OCTETS_MAX, Page, fault, is_crd_going, late, octets, of_status, open, parsed, request, said,
};
use super::demand::{Asked, HUB_PATIENCE};
use super::lines::Lines;
use crate::chance;

/// Objects of a page, where a server cannot stream a list.
pub const PAGE_OBJECTS: u32 = 500;
/// So many times fewer are asked for where a page is too large, down to one, and more again with the next list.
const PAGE_STEP: u32 = 8;
/// How long nothing may come of a watch. Servers send a bookmark each minute.
pub const SILENCE: Duration = Duration::from_secs(100);
/// How long the first answer to a request may take, and a page.
const ANSWER: Duration = Duration::from_secs(60);
/// How long a server is asked to keep a watch open, in seconds; as much again is drawn.
const WATCH_SECONDS: u32 = 150;
/// How often a kind that the server lacks is asked for while others come.
const SOON: Duration = Duration::from_secs(2);
/// The mark of the bookmark that ends a stream's initial objects.
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// One resource under way.
pub(super) struct Follow {
    resource: Resource,
    /// Which of its versions is asked for.
    version: usize,
    /// How many of its versions the server was found to lack, one after the other.
    lacking: usize,
    /// The only namespace that it is followed in; none: all.
    namespace: Option<Arc<str>>,
    cluster: Arc<Cluster>,
    follower: Follower,
    /// How many objects of a page are asked for.
    page_objects: u32,
    /// What came of it and was not told yet: a request may be given up at any point, and what it brought not.
    untold: Vec<News>,
    /// The id of what is held of it.
    hold: String,
    /// The server lacks it.
    is_absent: bool,
    /// Its CustomResourceDefinition was found in order since the events came that are being looked at.
    is_crd_there: bool,
}

impl Follow {
    pub(super) fn new(resource: Resource, cluster: Arc<Cluster>) -> Self {
        let subject = format!("cluster {}: {resource}", cluster.name);
        let hold = format!("{}/{resource}", cluster.name);
        let follower = Follower::new(subject, cluster.name.0.clone())
            .everywhere(resource.is_everywhere())
            .handed_over(cluster.hands_over);
        Self {
            resource,
            version: 0,
            lacking: 0,
            namespace: None,
            cluster,
            follower,
            page_objects: PAGE_OBJECTS,
            untold: Vec::new(),
            hold,
            is_absent: false,
            is_crd_there: false,
        }
    }

    /// What one namespace has of a resource.
    pub(super) fn within(resource: Resource, namespace: &Arc<str>, cluster: Arc<Cluster>) -> Self {
        let subject = format!("cluster {}: {resource} of namespace {namespace}", cluster.name);
        let hold = format!("{}/{resource}/{namespace}", cluster.name);
        let follower = Follower::new(subject, cluster.name.0.clone()).everywhere(resource.is_everywhere());
        Self { follower, hold, namespace: Some(namespace.clone()), ..Self::new(resource, cluster) }
    }

    /// Follows it for as long as its cluster is one to follow, once it is asked for.
    pub(super) async fn run(mut self, mut reach: Reach) {
        let (cluster, hold) = (self.cluster.clone(), self.hold.clone());
        if is_on_demand(self.resource, &cluster.keep) && !self.is_asked_for(&mut reach).await {
            return;
        }
        if self.namespace.is_none() {
            let before = cluster.past.objects(&cluster.name, self.resource);
            self.follower = self.follower.expecting(before);
        }
        let mut life = Life::default();
        loop {
            let reached = reach.borrow_and_update().clone();
            let Reached::Yes { client, life: now } = reached else {
                if reach.changed().await.is_err() {
                    return;
                }
                continue;
            };
            self.begin(&mut life, now);
            if cluster.holds.take_released(&hold) {
                self.untold.extend(self.follower.release());
                self.tell().await;
            }
            let (ask, wait) = self.follower.next(chance::draw());
            // Kinds are defined together, and what one of them says may be nonsense without another.
            let (mut coming, is_absent) = (cluster.coming(), self.is_absent);
            let wait = if is_absent && cluster.kinds_come() { wait.min(SOON) } else { wait };
            let one = async {
                tokio::time::sleep(wait).await;
                // One that ended here would leave the resource as it is, for ever and unsaid.
                if AssertUnwindSafe(self.one(&client, ask)).catch_unwind().await.is_err() {
                    self.hear(Heard::Failed(fault())).await;
                }
            };
            let is_interrupted = tokio::select! {
                () = one => false,
                () = cluster.holds.released(&hold) => true,
                _ = coming.changed(), if is_absent => true,
                changed = reach.changed() => if changed.is_ok() { true } else { return },
            };
            if is_interrupted {
                self.hear(Heard::GivenUp).await;
            }
        }
    }

    /// Waits until it is asked for; false when its cluster is not to be followed any more.
    async fn is_asked_for(&mut self, reach: &mut Reach) -> bool {
        let mut asked = self.cluster.demand.asked();
        let hub_until = Instant::now() + HUB_PATIENCE;
        loop {
            let now = *asked.borrow_and_update();
            if now == Asked::Yes {
                break;
            }
            if now == Asked::No {
                // What there was before counts no more: nobody would miss it.
                self.cluster.past.note_objects(&self.cluster.name, self.resource, 0);
                self.cluster.unasked(self.resource).await;
            }
            let is_late = async {
                match now {
                    Asked::Unknown => timeout_at(hub_until, asked.changed()).await.is_err(),
                    Asked::No | Asked::Yes => asked.changed().await.is_err(),
                }
            };
            tokio::select! {
                is_late = is_late => if is_late { self.cluster.demand.may_be_asked() },
                () = ended(reach) => return false,
            }
        }
        self.cluster.asked(self.resource);
        true
    }

    /// Has everything read anew where the cluster is in another life.
    fn begin(&mut self, before: &mut Life, now: Life) {
        if before.anew != now.anew {
            self.follower.begin_anew();
        } else if before.again != now.again {
            self.follower.read_again();
        }
        *before = now;
    }

    /// One request, to its end.
    async fn one(&mut self, client: &kube_client::Client, ask: Ask) {
        let failed = match ask {
            Ask::Page(token) => self.page(client, token).await,
            Ask::Stream => self.watch(client, None).await,
            Ask::Watch(version) => self.watch(client, Some(version)).await,
        };
        let Err(failure) = failed else {
            self.lacking = 0;
            return;
        };
        if failure.code != Some(404) {
            self.lacking = 0;
        } else if self.turns_to_another_version() {
            return;
        } else {
            self.is_absent = true;
            self.cluster.serves(self.resource, false);
        }
        self.hear(Heard::Failed(failure)).await;
    }

    /// The server has it.
    fn is_there(&mut self) {
        self.cluster.serves(self.resource, true);
        if std::mem::take(&mut self.is_absent) {
            self.cluster.kind_came();
        }
    }

    /// A server that lacks a version of a resource may have another. False once each was asked for: then it
    /// lacks the resource.
    fn turns_to_another_version(&mut self) -> bool {
        let versions = self.resource.versions.len().max(1);
        self.version = (self.version + 1) % versions;
        self.lacking = (self.lacking + 1) % versions;
        self.lacking > 0
    }

    fn path(&self) -> String {
        if let Some(namespace) = &self.namespace {
            return self.resource.path_within(namespace);
        }
        let version = self.resource.versions.get(self.version).copied();
        self.resource.path_in(version.unwrap_or(self.resource.version()))
    }

    async fn page(&mut self, client: &kube_client::Client, token: Option<String>) -> Result<(), Failure> {
        let mut params = ListParams::default().limit(self.page_objects);
        params.continue_token = token;
        let request = request(&self.path());
        let request = if self.is_metadata() { request.list_metadata(&params) } else { request.list(&params) };
        let request = request.map_err(|error| said(&error.to_string()))?;
        let Some(body) = octets(client, request, ANSWER).await? else { return self.page_is_too_large() };
        self.is_there();
        let (objects, version, token) = match whole::page(self.resource.kind, &body, &self.cluster.keep) {
            Some(page) => {
                let objects = page.objects.into_iter().map(|object| Given::Object(object, Vec::new()));
                (objects.collect(), page.version, page.token)
            }
            None => {
                let page: Page = parsed(&body)?;
                let objects = page.items.into_iter().map(|value| self.given(value));
                (objects.collect(), page.metadata.resource_version, page.metadata.token)
            }
        };
        drop(body);
        let token = token.filter(|token| !token.is_empty());
        if token.is_none() {
            self.page_objects = self.page_objects.saturating_mul(PAGE_STEP).min(PAGE_OBJECTS);
        }
        self.hear(Heard::Page { objects, version, token }).await;
        Ok(())
    }

    /// The same page is asked for again, with fewer objects; nothing helps where one is too large.
    fn page_is_too_large(&mut self) -> Result<(), Failure> {
        if self.page_objects > 1 {
            self.page_objects = (self.page_objects / PAGE_STEP).max(1);
            return Ok(());
        }
        Err(said(&format!(
            "has an object too large to be read, or more than it was asked for: a page of one is longer than \
             {ANSWER_OCTETS_MAX} octets"
        )))
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
        self.is_there();
        self.hear(Heard::Opened).await;
        let mut lines = Lines::of(body);
        loop {
            let Ok(waited) = timeout(SILENCE, lines.wait()).await else {
                self.hear(Heard::Silent(SILENCE)).await;
                return Ok(());
            };
            if !waited? {
                break;
            }
            self.events(client, &mut lines).await?;
            if self.follower.abandons() {
                return Ok(());
            }
        }
        self.hear(Heard::Ended(began.elapsed())).await;
        Ok(())
    }

    /// Takes the events that are there.
    async fn events(&mut self, client: &kube_client::Client, lines: &mut Lines) -> Result<(), Failure> {
        let mut ended = Ok(());
        // A definition is marked as going before any object of it goes, so one look after these events came tells.
        self.is_crd_there = false;
        while let Some(line) = lines.next() {
            let heard = match line {
                Ok(line) => self.event(client, line).await,
                Err(failure) => Err(failure),
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

    async fn event(&mut self, client: &kube_client::Client, line: &[u8]) -> Result<Heard, Failure> {
        if let Some(whole) = whole::event(self.resource.kind, line, &self.cluster.keep) {
            return Ok(Heard::Set(Box::new(Given::Object(whole.object, Vec::new())), whole.version));
        }
        let event: Result<WatchEvent<Value>, _> = serde_json::from_slice(line);
        match event.map_err(|error| said(&format!("an event {error}")))? {
            WatchEvent::Error(status) => Err(of_status(&status)),
            WatchEvent::Added(value) | WatchEvent::Modified(value) => {
                let version = version_of(&value);
                Ok(Heard::Set(Box::new(self.given(value)), version))
            }
            WatchEvent::Deleted(value) => self.deleted(client, &value).await,
            WatchEvent::Bookmark(bookmark) => {
                let end = bookmark.metadata.annotations.get(INITIAL_EVENTS_END);
                let complete = end.is_some_and(|end| end == "true");
                Ok(Heard::Bookmark { version: bookmark.metadata.resource_version, complete })
            }
        }
    }

    /// A deletion is believed, unless its whole kind is being taken away: that deletes every object, and is
    /// more often an accident than meant.
    async fn deleted(&mut self, client: &kube_client::Client, value: &Value) -> Result<Heard, Failure> {
        if let Some(crd) = self.resource.crd().filter(|_| !self.is_crd_there) {
            // Its version is not noted yet: a deletion that nobody can judge comes again.
            if is_crd_going(client, &crd, self.resource.may_lack_crd()).await? {
                let message = format!("CustomResourceDefinition {crd} is being deleted");
                return Err(Failure { code: Some(404), message, retry_after: None });
            }
            self.is_crd_there = true;
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
        // Of the kind that it is asked for who it is, and of no other: a kind may live in a store of its own.
        if self.resource.kind == Kind::Namespace {
            self.cluster.saw(self.follower.highest());
        }
        if let Some(count) = self.follower.count().filter(|_| self.namespace.is_none()) {
            self.cluster.past.note_objects(&self.cluster.name, self.resource, count);
        }
        if self.untold.contains(&News::Problems) {
            let why = self.follower.held().map(|held| held.why.clone());
            self.cluster.hold(&self.hold, why);
            self.cluster.problems(self.resource, &self.hold, self.follower.problems());
            self.cluster.refused(self.resource, self.follower.refused());
        }
        for news in &self.untold {
            if let News::Deleted(key) = news
                && has_status(key.kind())
            {
                self.cluster.copies.forget(self.resource, key.clone());
            }
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
        let Resource { kind, .. } = self.resource;
        let text = |value: &Value, field: &str| Some(value.get("metadata")?.get(field)?.as_str()?.to_owned());
        if let Some(name) = text(&value, "name").filter(|_| has_status(kind)) {
            let key = ObjectKey::new(kind, text(&value, "namespace").as_deref(), &name);
            self.cluster.copies.note(self.resource, key, &mut value);
        }
        given(kind, value, &self.cluster.name.0, &self.cluster.keep)
    }

    /// True where labels are all that is asked for; sources ask for a Node's addresses.
    fn is_metadata(&self) -> bool {
        self.resource.kind == Kind::Node && !self.cluster.keep.reads(Kind::Node)
    }
}

/// Waits until nobody says any more whether a cluster is reached.
async fn ended(reach: &mut Reach) {
    while reach.changed().await.is_ok() {}
}

fn version_of(value: &Value) -> String {
    let version = value.get("metadata").and_then(|metadata| metadata.get("resourceVersion"));
    version.and_then(Value::as_str).unwrap_or_default().to_owned()
}
