//! One thing to write to the hub: the object as it is, compare, put with the version that it had.

use std::fmt;
use std::time::Duration;

use portolan_core::{ClusterName, Problem, Reason};
use portolan_kube::api::{INTENTS, Resource, resource_of};
use portolan_kube::dns_endpoint::{self, DnsEndpoint};
use portolan_kube::endpoints;
use portolan_kube::follow::Failure;
use portolan_kube::object::{Body, Kind, Object, ObjectKey};
use portolan_kube::status::event::{self, Said};
use portolan_kube::status::{self, Wanted};
use serde_json::Value;

use super::super::connect::{self, said};
use super::copies::Copies;
use crate::{clock, when};

/// How long a request may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who writes.
#[derive(Debug)]
pub(super) struct Writer {
    /// Tells one run from another.
    pub(super) epoch: u64,
    /// What the process is called.
    pub(super) instance: String,
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
        let is_copy = key.kind == Kind::DnsEndpoint && resource.group != dns_endpoint::GROUP;
        if is_copy { write!(f, "{key} of {}", resource.group) } else { write!(f, "{key}") }
    }
}

/// One thing to write.
#[derive(Debug)]
pub(super) enum Write {
    /// The status of an object.
    Status(Box<Status>),
    /// A `DNSEndpoint`.
    Put(At, Box<DnsEndpoint>),
    /// A `DNSEndpoint` that nothing asks for any more.
    Delete(At),
}

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
}

impl Write {
    pub(super) fn put(group: Resource, object: DnsEndpoint) -> Self {
        let metadata = &object.metadata;
        let name = metadata.name.as_deref().unwrap_or_default();
        let key = ObjectKey::new(Kind::DnsEndpoint, metadata.namespace.as_deref(), name);
        Self::Put(At { key, resource: group }, Box::new(object))
    }

    pub(super) fn at(&self) -> &At {
        match self {
            Self::Status(status) => &status.at,
            Self::Put(at, _) | Self::Delete(at) => at,
        }
    }

    /// Writes it; `writer` and `revision` say which run wrote it, and from what.
    pub(super) async fn perform(
        &self,
        client: &kube_client::Client,
        writer: &Writer,
        copies: &Copies,
        revision: u64,
    ) -> Result<Done, Failure> {
        match self {
            Self::Status(status) => put_status(client, status, writer, copies).await,
            Self::Put(at, object) => {
                let mut object = object.clone();
                endpoints::sign(&mut object, writer.epoch, revision);
                put(client, at, &object).await
            }
            Self::Delete(at) => delete(client, at).await,
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
            Self::Put(at, _) | Self::Delete(at) => at.to_string(),
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
        _ if status::has_status(object.key.kind) => {
            INTENTS.iter().find(|resource| resource.kind == object.key.kind).copied()
        }
        _ => None,
    }
}

async fn put_status(
    client: &kube_client::Client,
    status: &Status,
    writer: &Writer,
    copies: &Copies,
) -> Result<Done, Failure> {
    let at = &status.at;
    if let Some(copy) = copies.get(at) {
        let object = serde_json::from_str(&copy).map_err(|error| said(&error.to_string()))?;
        let put = put_status_over(client, status, writer, object, || copies.spent(at, &copy)).await;
        // It is another by now, or no more: that is looked at.
        if !matches!(put, Err(Failure { code: Some(404 | 409), .. })) {
            return put;
        }
    }
    match connect::get(client, &at.resource.path_of(&at.key), PATIENCE).await {
        Err(Failure { code: Some(404), .. }) => Ok(Done::NotWanted),
        object => put_status_over(client, status, writer, object?, || {}).await,
    }
}

/// Writes a status to an object that is like this; `sends` is called before it is sent.
async fn put_status_over(
    client: &kube_client::Client,
    Status { at, uid, wanted, unread, wrong, .. }: &Status,
    writer: &Writer,
    mut object: Value,
    sends: impl FnOnce(),
) -> Result<Done, Failure> {
    if uid.as_deref().is_some_and(|uid| object["metadata"]["uid"] != uid) {
        // Made anew since it was looked at: this is not its status, and it is looked at when we hear of it.
        return Ok(Done::NotWanted);
    }
    let now = when::when(clock::now());
    let mut said = wrong.clone();
    let mut wanted = wanted.clone();
    let is_spared = status::spare(&mut wanted, object.get("status"), unread);
    if let Some(status) = status::over(&wanted, object.get("status"), &now) {
        said = said.or_else(|| event::turned(object.get("status"), &status));
        object["status"] = status;
        sends();
        let path = format!("{}/status", at.resource.path_of(&at.key));
        connect::send(client, http::Method::PUT, &path, &object, PATIENCE).await?;
    }
    if let Some(said) = said {
        say(client, &event::event(&object, &said, &now, &writer.instance)).await;
    }
    Ok(if is_spared { Done::Spared } else { Done::Written })
}

/// Tells what turned as an event. One that cannot be told stands in the status all the same, or in `portolan
/// status`.
async fn say(client: &kube_client::Client, event: &Value) {
    let namespace = event["metadata"]["namespace"].as_str().unwrap_or_default();
    let path = format!("/apis/events.k8s.io/v1/namespaces/{namespace}/events");
    match connect::send(client, http::Method::POST, &path, event, PATIENCE).await {
        // 409: it was said before.
        Ok(()) | Err(Failure { code: Some(409), .. }) => {}
        Err(failure) => {
            tracing::debug!(reason = %event["reason"], "an event was not told: {}", failure.message);
        }
    }
}

async fn put(client: &kube_client::Client, at: &At, object: &DnsEndpoint) -> Result<Done, Failure> {
    let mut wanted = serde_json::to_value(object).map_err(|error| said(&error.to_string()))?;
    let path = at.resource.path_of(&at.key);
    match connect::get::<Value>(client, &path, PATIENCE).await {
        Err(Failure { code: Some(404), .. }) => {
            let all = path.rsplit_once('/').map_or(path.as_str(), |(all, _)| all);
            match connect::send(client, http::Method::POST, all, &wanted, PATIENCE).await {
                // No such kind, or no such namespace any more: nobody is there who would publish it.
                Err(Failure { code: Some(404), .. }) => Ok(Done::NotWanted),
                sent => sent.map(|()| Done::Written),
            }
        }
        Err(failure) => Err(failure),
        Ok(there) if !bears_our_mark(&there) => {
            Err(said("an object without our mark stands there; it is left alone"))
        }
        Ok(there) => {
            keep_what_is_not_ours(&mut wanted, &there);
            connect::send(client, http::Method::PUT, &path, &wanted, PATIENCE).await.map(|()| Done::Written)
        }
    }
}

fn bears_our_mark(there: &Value) -> bool {
    there["metadata"]["annotations"].get(dns_endpoint::MARK).is_some()
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

async fn delete(client: &kube_client::Client, at: &At) -> Result<Done, Failure> {
    let path = at.resource.path_of(&at.key);
    let there: Value = match connect::get(client, &path, PATIENCE).await {
        Err(Failure { code: Some(404), .. }) => return Ok(Done::Written),
        there => there?,
    };
    if !bears_our_mark(&there) {
        return Ok(Done::Written);
    }
    let preconditions = serde_json::json!({"preconditions": {
        "uid": there["metadata"]["uid"], "resourceVersion": there["metadata"]["resourceVersion"],
    }});
    match connect::send(client, http::Method::DELETE, &path, &preconditions, PATIENCE).await {
        // Somebody else was faster.
        Err(Failure { code: Some(404), .. }) => Ok(Done::Written),
        sent => sent.map(|()| Done::Written),
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
