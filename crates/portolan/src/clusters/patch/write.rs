//! One thing to write to the hub: get, compare, put with the version that was read.

use std::time::Duration;

use portolan_core::{Problem, Reason};
use portolan_kube::api::{INTENTS, Resource, resource_of};
use portolan_kube::dns_endpoint::{self, DnsEndpoint};
use portolan_kube::endpoints;
use portolan_kube::follow::Failure;
use portolan_kube::object::{Body, Kind, Object, ObjectKey};
use portolan_kube::status::event::{self, Said};
use portolan_kube::status::{self, Wanted};
use serde_json::Value;

use super::super::connect::{self, said};
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

/// One thing to write.
#[derive(Debug)]
pub(super) enum Write {
    /// The status of an object, with a hash of it; and what is wrong with it where its status has no room for
    /// that.
    Status(Resource, ObjectKey, Wanted, Option<Box<Said>>, u64),
    /// A `DNSEndpoint`.
    Put(ObjectKey, Box<DnsEndpoint>),
    /// A `DNSEndpoint` that nothing asks for any more.
    Delete(ObjectKey),
}

impl Write {
    pub(super) fn put(object: DnsEndpoint) -> Self {
        let metadata = &object.metadata;
        let name = metadata.name.as_deref().unwrap_or_default();
        Self::Put(ObjectKey::new(Kind::DnsEndpoint, metadata.namespace.as_deref(), name), Box::new(object))
    }

    pub(super) fn key(&self) -> &ObjectKey {
        match self {
            Self::Status(_, key, ..) | Self::Put(key, _) | Self::Delete(key) => key,
        }
    }

    /// Writes it; `writer` and `revision` say which run wrote it, and from what. False when the hub has nowhere
    /// to write it to.
    pub(super) async fn perform(
        &self,
        client: &kube_client::Client,
        writer: &Writer,
        revision: u64,
    ) -> Result<bool, Failure> {
        match self {
            Self::Status(resource, key, wanted, wrong, _) => {
                put_status(client, *resource, key, wanted, wrong.as_deref(), writer).await
            }
            Self::Put(key, object) => {
                let mut object = object.clone();
                endpoints::sign(&mut object, writer.epoch, revision);
                put(client, key, &object).await
            }
            Self::Delete(key) => delete(client, key).await,
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
            Self::Status(_, key, ..) => format!("status of {key}"),
            Self::Put(key, _) | Self::Delete(key) => key.to_string(),
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
    resource: Resource,
    key: &ObjectKey,
    wanted: &Wanted,
    wrong: Option<&Said>,
    writer: &Writer,
) -> Result<bool, Failure> {
    let path = resource.path_of(key);
    let mut object: Value = match connect::get(client, &path, PATIENCE).await {
        Err(Failure { code: Some(404), .. }) => return Ok(false),
        object => object?,
    };
    let now = when::when(clock::now());
    let mut said = wrong.cloned();
    if let Some(status) = status::over(wanted, object.get("status"), &now) {
        said = said.or_else(|| event::turned(object.get("status"), &status));
        object["status"] = status;
        connect::send(client, http::Method::PUT, &format!("{path}/status"), &object, PATIENCE).await?;
    }
    if let Some(said) = said {
        say(client, &event::event(&object, &said, &now, &writer.instance)).await;
    }
    Ok(true)
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

/// The resource of the objects that we write.
fn dns_endpoints() -> Option<Resource> {
    resource_of(dns_endpoint::API_VERSION, dns_endpoint::KIND)
}

async fn put(client: &kube_client::Client, key: &ObjectKey, object: &DnsEndpoint) -> Result<bool, Failure> {
    let Some(resource) = dns_endpoints() else { return Ok(false) };
    let mut wanted = serde_json::to_value(object).map_err(|error| said(&error.to_string()))?;
    let path = resource.path_of(key);
    match connect::get::<Value>(client, &path, PATIENCE).await {
        Err(Failure { code: Some(404), .. }) => {
            let all = path.rsplit_once('/').map_or(path.as_str(), |(all, _)| all);
            match connect::send(client, http::Method::POST, all, &wanted, PATIENCE).await {
                // No such kind, or no such namespace any more: nobody is there who would publish it.
                Err(Failure { code: Some(404), .. }) => Ok(false),
                sent => sent.map(|()| true),
            }
        }
        Err(failure) => Err(failure),
        Ok(there) if there["metadata"]["annotations"].get(dns_endpoint::MARK).is_none() => {
            Err(said("an object without our mark stands there; it is left alone"))
        }
        Ok(there) => {
            wanted["metadata"]["resourceVersion"] = there["metadata"]["resourceVersion"].clone();
            for field in ["labels", "ownerReferences", "finalizers"] {
                if let Some(value) = there["metadata"].get(field) {
                    wanted["metadata"][field] = value.clone();
                }
            }
            connect::send(client, http::Method::PUT, &path, &wanted, PATIENCE).await.map(|()| true)
        }
    }
}

async fn delete(client: &kube_client::Client, key: &ObjectKey) -> Result<bool, Failure> {
    let Some(resource) = dns_endpoints() else { return Ok(false) };
    let path = resource.path_of(key);
    let there: Value = match connect::get(client, &path, PATIENCE).await {
        Err(Failure { code: Some(404), .. }) => return Ok(true),
        there => there?,
    };
    if there["metadata"]["annotations"].get(dns_endpoint::MARK).is_none() {
        return Ok(true);
    }
    let preconditions = serde_json::json!({"preconditions": {
        "uid": there["metadata"]["uid"], "resourceVersion": there["metadata"]["resourceVersion"],
    }});
    connect::send(client, http::Method::DELETE, &path, &preconditions, PATIENCE).await.map(|()| true)
}
