//! A scripted API server, as a tower service: a little store, and what the script has it do wrong.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::body::Body;
use futures_util::future::BoxFuture;
use http::{Method, Request, Response};
use http_body_util::BodyExt as _;
use portolan::clusters::Dial;
use portolan_kube::api::{INTENTS, WORKLOAD, resource_of};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::call::{self, Call, refusal, told};
use super::watch::{self, Lines};

/// What a server does wrong, with requests that the script names.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    /// Nobody listens.
    Down,
    /// Every request is taken, and nobody answers; open watches say nothing.
    Hang,
    /// It answers after so long.
    Slow(Duration),
    /// It refuses with this code, in plain text and with this `Retry-After` in seconds, as priority and fairness
    /// does.
    Refuse(u16, Option<u64>),
    /// Lists are empty.
    Empty,
    /// Lists break off after half, with a 410.
    Half,
    /// Lists are those of an older replica.
    Older(u64),
    /// Watches are taken, and say nothing.
    Silent,
    /// Lists cannot be streamed.
    NoStreams,
    /// Pages of more objects than so many are beyond all limits.
    Huge(usize),
    /// Streamed lists do not say where they end.
    NoEnd,
    /// Watches cannot be gone on with, whatever version they name.
    Expired,
    /// Asking fails inside us.
    Panic,
}

/// A scripted API server.
#[derive(Clone)]
pub(crate) struct Server(Arc<Mutex<State>>);

pub(super) struct State {
    name: String,
    version: u64,
    /// What there is, by the path of its list and then `NAMESPACE/NAME`.
    has: BTreeMap<String, BTreeMap<String, Value>>,
    /// All events since the beginning: version, list, event.
    log: Vec<(u64, String, Value)>,
    /// A watch from before cannot be had.
    compacted: u64,
    watches: Vec<Watch>,
    script: Vec<(String, Fault)>,
    asked: Vec<(Instant, String)>,
}

struct Watch {
    list: String,
    events: mpsc::UnboundedSender<String>,
    is_deaf: Arc<AtomicBool>,
}

impl Server {
    /// One that has all kinds that we read, and no object.
    pub(crate) fn new(name: &str) -> Self {
        let has = WORKLOAD.iter().chain(&INTENTS).map(|resource| (resource.path(), BTreeMap::new()));
        Self(Arc::new(Mutex::new(State {
            name: name.to_owned(),
            version: 100,
            has: has.collect(),
            log: Vec::new(),
            compacted: 0,
            watches: Vec::new(),
            script: Vec::new(),
            asked: Vec::new(),
        })))
    }

    pub(crate) fn name(&self) -> String {
        self.lock().name.clone()
    }

    /// Its address leads to another cluster, as who it is says.
    pub(crate) fn becomes(&self, other: &str) -> &Self {
        self.lock().name = other.to_owned();
        self
    }

    // === The script ===

    /// Requests whose line (`GET /api/v1/services?limit=500`) has this text go wrong so, from now on.
    pub(crate) fn script(&self, text: &str, fault: Fault) -> &Self {
        self.lock().script.push((text.to_owned(), fault));
        self
    }

    /// Nothing goes wrong any more.
    pub(crate) fn well(&self) -> &Self {
        self.lock().script.clear();
        self
    }

    /// Ends the open watches of lists whose path has this text.
    pub(crate) fn cut(&self, text: &str) -> &Self {
        self.lock().watches.retain(|watch| !watch.list.contains(text));
        self
    }

    /// The same, and they cannot be gone on with: all has to be listed again.
    pub(crate) fn relist(&self, text: &str) -> &Self {
        let mut state = self.lock();
        // Something else happened meanwhile, so that nobody is up to date.
        state.version += 1;
        state.compacted = state.version;
        drop(state);
        self.cut(text)
    }

    /// The open watches say nothing any more; new ones do.
    pub(crate) fn deafen(&self, text: &str) {
        let state = self.lock();
        let watches = state.watches.iter().filter(|watch| watch.list.contains(text));
        watches.for_each(|watch| watch.is_deaf.store(true, Ordering::Relaxed));
    }

    /// A kind is no more, with all its objects, and nobody is told of a delete.
    pub(crate) fn lose(&self, text: &str) {
        self.lock().has.retain(|list, _| !list.contains(text));
        self.cut(text);
    }

    /// A kind is there that was not, without objects.
    pub(crate) fn have(&self, list: &str) {
        self.lock().has.insert(list.to_owned(), BTreeMap::new());
    }

    /// A list is had by another path.
    pub(crate) fn rename(&self, from: &str, to: &str) {
        let mut state = self.lock();
        let list = state.has.remove(from).unwrap();
        state.has.insert(to.to_owned(), list);
        drop(state);
        self.cut(from);
    }

    /// The store is what it was at a version: it was restored from a backup.
    pub(crate) fn restore(&self, version: u64) {
        let mut state = self.lock();
        let lists: Vec<String> = state.has.keys().cloned().collect();
        for list in lists {
            let items = state.at(&list, version).into_iter().map(|object| (place_of(&object).1, object));
            let items = items.collect();
            state.has.insert(list, items);
        }
        state.log.retain(|(at, _, _)| *at <= version);
        state.version = version;
        drop(state);
        self.cut("");
    }

    // === The store ===

    /// Applies an object, and tells whoever watches.
    pub(crate) fn put(&self, object: Value) -> Value {
        let event = self.put_quietly(object);
        self.say(&event);
        event
    }

    /// Applies an object, and tells nobody; the event that there should be.
    pub(crate) fn put_quietly(&self, mut object: Value) -> Value {
        let (list, key) = place_of(&object);
        let mut state = self.lock();
        state.version += 1;
        let version = state.version;
        let before = state.has.entry(list.clone()).or_default().get(&key).cloned();
        let metadata = &mut object["metadata"];
        metadata["resourceVersion"] = json!(version.to_string());
        metadata["creationTimestamp"] = json!("2026-01-01T00:00:00Z");
        metadata["uid"] = match &before {
            Some(before) => before["metadata"]["uid"].clone(),
            None => json!(format!("uid-{version}")),
        };
        let event = json!({"type": if before.is_some() { "MODIFIED" } else { "ADDED" }, "object": object});
        state.has.entry(list.clone()).or_default().insert(key, object);
        state.log.push((version, list, event.clone()));
        event
    }

    /// Deletes an object, and tells whoever watches.
    pub(crate) fn delete(&self, object: &Value) -> Value {
        let event = self.delete_quietly(object);
        self.say(&event);
        event
    }

    /// Deletes an object, and tells nobody; the event that there should be.
    pub(crate) fn delete_quietly(&self, object: &Value) -> Value {
        let (list, key) = place_of(object);
        let mut state = self.lock();
        state.version += 1;
        let version = state.version;
        let mut gone = state.has.get_mut(&list).unwrap().remove(&key).unwrap();
        gone["metadata"]["resourceVersion"] = json!(version.to_string());
        let event = json!({"type": "DELETED", "object": gone});
        state.log.push((version, list, event.clone()));
        event
    }

    /// Tells an event to whoever watches its kind.
    pub(crate) fn say(&self, event: &Value) {
        let (list, _) = place_of(&event["object"]);
        let line = told(event);
        self.lock().watches.retain(|watch| watch.list != list || watch.events.send(line.clone()).is_ok());
    }

    /// An object as it is now.
    pub(crate) fn get(&self, object: &Value) -> Option<Value> {
        let (list, key) = place_of(object);
        self.lock().has.get(&list)?.get(&key).cloned()
    }

    pub(crate) fn version(&self) -> u64 {
        self.lock().version
    }

    /// The requests since a time whose line has this text.
    pub(crate) fn asked(&self, since: Instant, text: &str) -> Vec<String> {
        let state = self.lock();
        let is_meant = |asked: &&(Instant, String)| asked.0 >= since && asked.1.contains(text);
        state.asked.iter().filter(is_meant).map(|(_, line)| line.clone()).collect()
    }

    /// When it was asked anything, since a time.
    pub(crate) fn asked_at(&self, since: Instant) -> Vec<Instant> {
        self.lock().asked.iter().map(|(at, _)| *at).filter(|at| *at >= since).collect()
    }

    // === Answers ===

    async fn answer(self, request: Request<kube_client::client::Body>) -> io::Result<Response<Body>> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let call = Call::new(parts.method, &parts.uri, &body);
        self.lock().asked.push((Instant::now(), call.line.clone()));
        for fault in self.faults(&call.line) {
            match fault {
                Fault::Down => return Err(io::ErrorKind::ConnectionRefused.into()),
                Fault::Panic => panic!("by the script"),
                Fault::Hang => std::future::pending().await,
                Fault::Slow(after) => tokio::time::sleep(after).await,
                Fault::Refuse(code, after) => {
                    let refused = Response::builder().status(code);
                    let refused = match after {
                        Some(seconds) => refused.header(http::header::RETRY_AFTER, seconds),
                        None => refused,
                    };
                    return Ok(refused.body(Body::from("refused,\nby the script")).unwrap());
                }
                _ => {}
            }
        }
        Ok(self.well_answered(&call))
    }

    fn well_answered(&self, call: &Call) -> Response<Body> {
        if call.path == "/api/v1/namespaces" {
            return self.namespaces(call);
        }
        if let Some(definition) = call.definition() {
            let is_there = self.lock().has.keys().any(|list| list.ends_with(&definition));
            return if is_there { call::answer(&json!({"metadata": {}})) } else { refusal(404, "NotFound") };
        }
        let has = self.lock().has.contains_key(&call.list);
        match (&call.method, has) {
            (_, false) => refusal(404, "NotFound"),
            (&Method::GET, _) if call.key.is_some() => self.one(call),
            (&Method::GET, _) if call.asks("watch", "true") => self.watch(call),
            (&Method::GET, _) => self.page(call),
            _ => self.write(call),
        }
    }

    fn namespaces(&self, call: &Call) -> Response<Body> {
        let faults = self.faults(&call.line);
        let state = self.lock();
        let version = faults
            .iter()
            .find_map(|fault| if let Fault::Older(version) = fault { Some(*version) } else { None });
        let version = version.unwrap_or(state.version).to_string();
        let item = json!({"metadata": {"name": "kube-system", "uid": state.name}});
        call::answer(&json!({"metadata": {"resourceVersion": version}, "items": [item]}))
    }

    fn one(&self, call: &Call) -> Response<Body> {
        let state = self.lock();
        let there = call.key.as_ref().and_then(|key| state.has.get(&call.list)?.get(key));
        there.map_or_else(|| refusal(404, "NotFound"), call::answer)
    }

    /// What lists have, as the script tells it, and of which version.
    fn items(&self, call: &Call) -> (Vec<Value>, u64) {
        let faults = self.faults(&call.line);
        let state = self.lock();
        for fault in faults {
            match fault {
                Fault::Empty => return (Vec::new(), state.version),
                Fault::Older(version) => return (state.at(&call.list, version), version),
                _ => {}
            }
        }
        let items = state.has.get(&call.list).into_iter().flatten().map(|(_, object)| object.clone());
        (items.collect(), state.version)
    }

    fn page(&self, call: &Call) -> Response<Body> {
        let begins: usize = call.number("continue").unwrap_or(0);
        if begins > 0 && self.faults(&call.line).contains(&Fault::Half) {
            return refusal(410, "Expired");
        }
        let limit = call.number("limit").unwrap_or(usize::MAX);
        if self.faults(&call.line).iter().any(|fault| matches!(fault, Fault::Huge(most) if limit > *most)) {
            return call::endless();
        }
        let (items, version) = self.items(call);
        let ends = items.len().min(begins + call.number("limit").unwrap_or(items.len()));
        let token = if ends < items.len() { json!(ends.to_string()) } else { Value::Null };
        let metadata = json!({"resourceVersion": version.to_string(), "continue": token});
        call::answer(&json!({"metadata": metadata, "items": items[begins.min(ends)..ends]}))
    }

    fn watch(&self, call: &Call) -> Response<Body> {
        let faults = self.faults(&call.line);
        let mut first = Vec::new();
        let streams = call.asks("sendInitialEvents", "true");
        if streams && faults.contains(&Fault::NoStreams) {
            return refusal(422, "Invalid");
        }
        let mut from = call.number("resourceVersion").unwrap_or(0);
        if streams {
            let (mut items, version) = self.items(call);
            let is_half = faults.contains(&Fault::Half);
            items.truncate(if is_half { items.len() / 2 } else { items.len() });
            first.extend(items.iter().map(|object| told(&json!({"type": "ADDED", "object": object}))));
            if is_half {
                first.push(call::expired());
                return Lines::ended(&first);
            }
            if !faults.contains(&Fault::NoEnd) {
                first.push(watch::bookmark(version, true));
            }
            from = version as usize;
        }
        let mut state = self.lock();
        if !streams && (from < state.compacted as usize || faults.contains(&Fault::Expired)) {
            return Lines::ended(&[call::expired()]);
        }
        let missed =
            state.log.iter().filter(|(version, list, _)| *version as usize > from && *list == call.list);
        first.extend(missed.map(|(_, _, event)| told(event)));
        let (events, receiver) = mpsc::unbounded_channel();
        let is_deaf = Arc::new(AtomicBool::new(false));
        state.watches.push(Watch { list: call.list.clone(), events, is_deaf: is_deaf.clone() });
        drop(state);
        let seconds = call.number("timeoutSeconds").unwrap_or(300);
        Lines::new(self.clone(), call.line.clone(), first, receiver, is_deaf).open(seconds as u64)
    }

    fn write(&self, call: &Call) -> Response<Body> {
        let there = call.key.as_ref().and_then(|key| self.lock().has.get(&call.list)?.get(key).cloned());
        let stands_at = |version: &Value| {
            there.as_ref().is_some_and(|there| there["metadata"]["resourceVersion"] == *version)
        };
        match call.method {
            Method::POST => call::answer(&self.put(call.body.clone())["object"]),
            Method::PUT if there.is_none() => refusal(404, "NotFound"),
            Method::PUT if !stands_at(&call.body["metadata"]["resourceVersion"]) => refusal(409, "Conflict"),
            Method::PUT => {
                let mut object = call.body.clone();
                // A status goes by its own door, and nothing else does.
                if let Some(mut there) = there.filter(|_| call.is_status) {
                    there["status"] = object["status"].take();
                    object = there;
                }
                call::answer(&self.put(object)["object"])
            }
            Method::DELETE => match there {
                None => refusal(404, "NotFound"),
                Some(there) => call::answer(&self.delete(&there)["object"]),
            },
            _ => refusal(405, "MethodNotAllowed"),
        }
    }

    /// What the script has go wrong with a request.
    pub(super) fn faults(&self, line: &str) -> Vec<Fault> {
        let state = self.lock();
        state.script.iter().filter(|(text, _)| line.contains(text)).map(|(_, fault)| *fault).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl State {
    /// A list as it was at a version.
    fn at(&self, list: &str, version: u64) -> Vec<Value> {
        let mut items: BTreeMap<String, Value> = BTreeMap::new();
        for (_, _, event) in self.log.iter().filter(|(at, of, _)| *at <= version && of == list) {
            let (_, key) = place_of(&event["object"]);
            match event["type"] == "DELETED" {
                true => drop(items.remove(&key)),
                false => drop(items.insert(key, event["object"].clone())),
            }
        }
        items.into_values().collect()
    }
}

impl Dial for Server {
    fn dial(&self) -> BoxFuture<'_, Result<kube_client::Client, String>> {
        let server = self.clone();
        let service = tower::service_fn(move |request| server.clone().answer(request));
        Box::pin(async { Ok(kube_client::Client::new(service, "default")) })
    }
}

/// The list that an object stands in, and its key there.
fn place_of(object: &Value) -> (String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let resource = resource_of(&text(&object["apiVersion"]), &text(&object["kind"])).unwrap();
    let metadata = &object["metadata"];
    (resource.path(), format!("{}/{}", text(&metadata["namespace"]), text(&metadata["name"])))
}
