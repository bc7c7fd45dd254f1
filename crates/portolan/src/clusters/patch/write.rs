//! One thing to write to the hub: the object as it is, compare, put with the version that it had.

use std::fmt;
use std::time::Duration;

use portolan_core::{ClusterName, Problem, Reason};
use portolan_kube::api::{INTENTS, Resource, resource_of};
use portolan_kube::dns_endpoint::{self, DnsEndpoint};
use portolan_kube::endpoints::{self, Stamp};
use portolan_kube::follow::Failure;
use portolan_kube::object::{Body, Kind, Object, ObjectKey};
use portolan_kube::status::event::{self, Said};
use portolan_kube::status::{self, Wanted};
use serde_json::Value;

use super::super::connect::{self, said};
use super::super::lease::{Gate, Term};
use super::copies::Copies;
use crate::{clock, when};

/// How long a request may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who writes.
#[derive(Debug)]
pub(super) struct Writer {
    /// Above every epoch that was found in the hub.
    pub(super) epoch: u64,
    /// Tells this run from every other.
    pub(super) run: u64,
    /// What the process is called.
    pub(super) instance: String,
    /// Stands before each write.
    pub(super) gate: Gate,
}

/// An object of one group: a `DNSEndpoint` may stand in several.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At {
    pub(super) key: ObjectKey,
    pub(super) resource: Resource,
}

impl fmt::Display for At {
    /// `DNSEndpoint shop/global-web`; a copy in KubeFed's groups with its group.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, resource } = self;
        let is_copy = key.kind() == Kind::DnsEndpoint && resource.group != dns_endpoint::GROUP;
        if is_copy { write!(f, "{key} of {}", resource.group) } else { write!(f, "{key}") }
    }
}

/// One thing to write.
#[derive(Debug)]
pub(super) enum Write {
    /// The status of an object.
    Status(Box<Status>),
    /// A `DNSEndpoint`, and the mark of what was looked at.
    Put(At, Box<DnsEndpoint>, Option<Mark>),
    /// A `DNSEndpoint` that nothing asks for any more, likewise.
    Delete(At, Option<Mark>),
}

/// The mark of a `DNSEndpoint` of ours, which tells one writing of it from every other; none of what is not there, or not
/// ours.
pub(super) type Mark = String;

/// The status of an object.
#[derive(Debug)]
pub(super) struct Status {
    pub(super) at: At,
    /// Which object of its name it is of: one that was made anew meanwhile is another.
    pub(super) uid: Option<String>,
    pub(super) wanted: Wanted,
    /// The clusters that were not read since the start: what stands there of them stays.
    pub(super) unread: Vec<ClusterName>,
    /// What is wrong with it where its status has no room for that.
    pub(super) wrong: Option<Said>,
    /// Stands for all of it.
    pub(super) hash: u64,
}

/// What came of a write that went well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// The hub has what it is to have.
    Written,
    /// The same, and more of clusters that were not read since the start: it is looked at again once they were.
    Spared,
    /// The hub has nowhere to write it to.
    NotWanted,
    /// It is not ours to do any more, or another has written there since it was looked at: it is looked at again.
    Late,
}

impl Write {
    /// `seen` says what mark was looked at.
    pub(super) fn put(
        group: Resource,
        object: DnsEndpoint,
        seen: impl Fn(&ObjectKey) -> Option<Mark>,
    ) -> Self {
        let metadata = &object.metadata;
        let name = metadata.name.as_deref().unwrap_or_default();
        let key = ObjectKey::new(Kind::DnsEndpoint, metadata.namespace.as_deref(), name);
        let seen = seen(&key);
        Self::Put(At { key, resource: group }, Box::new(object), seen)
    }

    /// Likewise.
    pub(super) fn delete(group: Resource, key: ObjectKey, seen: impl Fn(&ObjectKey) -> Option<Mark>) -> Self {
        let seen = seen(&key);
        Self::Delete(At { key, resource: group }, seen)
    }

    pub(super) fn at(&self) -> &At {
        match self {
            Self::Status(status) => &status.at,
            Self::Put(at, ..) | Self::Delete(at, _) => at,
        }
    }

    /// What is so already, as far as that is known here; none where it is to be written.
    pub(super) fn stands(&self, copies: &Copies) -> Option<Done> {
        let Self::Status(status) = self else { return None };
        let object: Value = serde_json::from_str(&copies.get(&status.at)?).ok()?;
        let (over, is_spared) = status.over(&object, &when::when(clock::now()));
        over.is_none().then_some(if is_spared { Done::Spared } else { Done::Written })
    }

    /// Writes it in a term; `writer` and `revision` say which run wrote it, and from what.
    pub(super) async fn perform(
        &self,
        client: &kube_client::Client,
        writer: &Writer,
        copies: &Copies,
        (term, revision): (Term, u64),
    ) -> Result<Done, Failure> {
        let hub = &Hub { client, writer, term };
        match self {
            Self::Status(status) => put_status(hub, status, copies).await,
            Self::Put(at, object, seen) => {
                let mut object = object.clone();
                let &Writer { epoch, run, .. } = writer;
                endpoints::sign(&mut object, Stamp { epoch, run, revision });
                put(hub, at, &object, seen.as_deref()).await
            }
            Self::Delete(at, seen) => delete(hub, at, seen.as_deref()).await,
        }
    }

    /// What to tell of it when it failed.
    pub(super) fn trouble(&self, failure: &Failure, place: &str) -> Problem {
        let reason = match failure.code {
            Some(401 | 403) => Reason::Unauthorized,
            Some(404) => Reason::NotFound,
            Some(409) => Reason::Conflict,
            _ => Reason::Unreadable,
        };
        // That a status cannot be written is no fault of the object, and stands in no status.
        let subject = match self {
            Self::Status(status) => format!("status of {}", status.at),
            Self::Put(at, ..) | Self::Delete(at, _) => at.to_string(),
        };
        let message = format!("was not written: {}; it is tried again", failure.message);
        Problem { subject, reason, message, place: place.to_owned() }
    }
}

/// Where an object's status is written; none of kinds that get none.
pub(super) fn resource(object: &Object) -> Option<Resource> {
    match &object.body {
        Body::ServiceDnsRecord(record) => resource_of(&record.api_version, &record.kind),
        Body::IngressDnsRecord(record) => resource_of(&record.api_version, &record.kind),
        _ if status::has_status(object.key.kind()) => {
            INTENTS.iter().find(|resource| resource.kind == object.key.kind()).copied()
        }
        _ => None,
    }
}

/// Where and in which term is written.
struct Hub<'a> {
    client: &'a kube_client::Client,
    writer: &'a Writer,
    term: Term,
}

impl Hub<'_> {
    /// Sends a write, if it is still ours to do; none when it is not.
    async fn send(&self, method: http::Method, path: &str, body: &Value) -> Option<Result<(), Failure>> {
        let time = self.writer.gate.time(self.term, PATIENCE)?;
        Some(connect::send(self.client, method, path, body, time).await)
    }

    /// True of an object that bears the mark that was looked at, or one of this run, of which the watch may not have told.
    fn is_as_seen(&self, there: &Value, seen: Option<&str>) -> bool {
        let mark = mark_of(there);
        mark == seen || mark.and_then(endpoints::run_of) == Some(self.writer.run)
    }
}

async fn put_status(hub: &Hub<'_>, status: &Status, copies: &Copies) -> Result<Done, Failure> {
    let at = &status.at;
    if let Some(copy) = copies.get(at) {
        let object = serde_json::from_str(&copy).map_err(|error| said(&error.to_string()))?;
        let put = put_status_over(hub, status, object, || copies.spent(at, &copy)).await;
        // It is another by now, or no more: that is looked at.
        if !matches!(put, Err(Failure { code: Some(404 | 409), .. })) {
            return put;
        }
    }
    match connect::get(hub.client, &at.resource.path_of(&at.key), PATIENCE).await {
        Err(Failure { code: Some(404), .. }) => Ok(Done::NotWanted),
        object => put_status_over(hub, status, object?, || {}).await,
    }
}

impl Status {
    /// What is to stand over what an object has, if that is another; and whether more of it stays than was read.
    fn over(&self, object: &Value, now: &str) -> (Option<Value>, bool) {
        let mut wanted = self.wanted.clone();
        let is_spared = status::spare(&mut wanted, object.get("status"), &self.unread);
        (status::over(&wanted, object.get("status"), now), is_spared)
    }
}

/// Writes a status to an object that is like this; `sends` is called before it is sent.
async fn put_status_over(
    hub: &Hub<'_>,
    of: &Status,
    mut object: Value,
    sends: impl FnOnce(),
) -> Result<Done, Failure> {
    let Status { at, uid, wrong, .. } = of;
    if uid.as_deref().is_some_and(|uid| object["metadata"]["uid"] != uid) {
        // Made anew since it was looked at: this is not its status, and it is looked at when we hear of it.
        return Ok(Done::NotWanted);
    }
    let now = when::when(clock::now());
    let mut said = wrong.clone();
    let (over, is_spared) = of.over(&object, &now);
    if let Some(status) = over {
        said = said.or_else(|| event::turned(object.get("status"), &status));
        object["status"] = status;
        sends();
        let path = format!("{}/status", at.resource.path_of(&at.key));
        match hub.send(http::Method::PUT, &path, &object).await {
            None => return Ok(Done::Late),
            Some(sent) => sent?,
        }
    }
    if let Some(said) = said {
        say(hub, &event::event(&object, &said, &now, &hub.writer.instance)).await;
    }
    Ok(if is_spared { Done::Spared } else { Done::Written })
}

/// Tells what turned as an event. One that cannot be told stands in the status all the same, or in `portolan
/// status`.
async fn say(hub: &Hub<'_>, event: &Value) {
    let namespace = event["metadata"]["namespace"].as_str().unwrap_or_default();
    let path = format!("/apis/events.k8s.io/v1/namespaces/{namespace}/events");
    match hub.send(http::Method::POST, &path, event).await {
        // 409: it was said before.
        None | Some(Ok(()) | Err(Failure { code: Some(409), .. })) => {}
        Some(Err(failure)) => {
            tracing::debug!(reason = %event["reason"], "an event was not told: {}", failure.message);
        }
    }
}

async fn put(hub: &Hub<'_>, at: &At, object: &DnsEndpoint, seen: Option<&str>) -> Result<Done, Failure> {
    let mut wanted = serde_json::to_value(object).map_err(|error| said(&error.to_string()))?;
    let path = at.resource.path_of(&at.key);
    let sent = match connect::get::<Value>(hub.client, &path, PATIENCE).await {
        Err(Failure { code: Some(404), .. }) => {
            let all = path.rsplit_once('/').map_or(path.as_str(), |(all, _)| all);
            match hub.send(http::Method::POST, all, &wanted).await {
                // No such kind, or no such namespace any more: nobody is there who would publish it.
                Some(Err(Failure { code: Some(404), .. })) => return Ok(Done::NotWanted),
                sent => sent,
            }
        }
        Err(failure) => return Err(failure),
        Ok(there) if mark_of(&there).is_none() => {
            return Err(said("an object without our mark stands there; it is left alone"));
        }
        Ok(there) if !hub.is_as_seen(&there, seen) => return Ok(Done::Late),
        Ok(there) => {
            keep_what_is_not_ours(&mut wanted, &there);
            hub.send(http::Method::PUT, &path, &wanted).await
        }
    };
    sent.map_or(Ok(Done::Late), |sent| sent.map(|()| Done::Written))
}

fn mark_of(there: &Value) -> Option<&str> {
    there["metadata"]["annotations"].get(dns_endpoint::MARK)?.as_str()
}

/// Of an object of ours the records and the mark are ours to change; what others added to it stays.
fn keep_what_is_not_ours(wanted: &mut Value, there: &Value) {
    wanted["metadata"]["resourceVersion"] = there["metadata"]["resourceVersion"].clone();
    for field in ["labels", "ownerReferences", "finalizers"] {
        if let Some(value) = there["metadata"].get(field) {
            wanted["metadata"][field] = value.clone();
        }
    }
    for (key, value) in there["metadata"]["annotations"].as_object().into_iter().flatten() {
        if key != dns_endpoint::MARK {
            wanted["metadata"]["annotations"][key] = value.clone();
        }
    }
    // Where it has no door of its own, as in KubeFed's older definitions.
    if let Some(status) = there.get("status") {
        wanted["status"] = status.clone();
    }
}

async fn delete(hub: &Hub<'_>, at: &At, seen: Option<&str>) -> Result<Done, Failure> {
    let path = at.resource.path_of(&at.key);
    let there: Value = match connect::get(hub.client, &path, PATIENCE).await {
        Err(Failure { code: Some(404), .. }) => return Ok(Done::Written),
        there => there?,
    };
    if mark_of(&there).is_none() {
        return Ok(Done::Written);
    }
    if !hub.is_as_seen(&there, seen) {
        return Ok(Done::Late);
    }
    let preconditions = serde_json::json!({"preconditions": {
        "uid": there["metadata"]["uid"], "resourceVersion": there["metadata"]["resourceVersion"],
    }});
    match hub.send(http::Method::DELETE, &path, &preconditions).await {
        None => Ok(Done::Late),
        // Somebody else was faster.
        Some(Err(Failure { code: Some(404), .. })) => Ok(Done::Written),
        Some(sent) => sent.map(|()| Done::Written),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_others_added_to_an_object_of_ours_stays() {
        let there = json!({
            "metadata": {
                "resourceVersion": "7", "labels": {"team": "a"},
                "annotations": {dns_endpoint::MARK: "old", "example.com/note": "x"},
            },
            "spec": {"endpoints": []}, "status": {"observedGeneration": 3},
        });
        let mut wanted =
            json!({"metadata": {"annotations": {dns_endpoint::MARK: "new"}}, "spec": {"endpoints": [1]}});
        keep_what_is_not_ours(&mut wanted, &there);
        let expected = json!({
            "metadata": {
                "resourceVersion": "7", "labels": {"team": "a"},
                "annotations": {dns_endpoint::MARK: "new", "example.com/note": "x"},
            },
            "spec": {"endpoints": [1]}, "status": {"observedGeneration": 3},
        });
        assert_eq!(wanted, expected);
    }
}
