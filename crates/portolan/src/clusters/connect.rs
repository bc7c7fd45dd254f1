//! Requests to one API server, each with its own limit of time.

use std::time::Duration;

use kube_client::core::Status;
use kube_client::core::request::Request;
use portolan_kube::follow::Failure;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::identity::Said;
use super::way::Way;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);
/// Who writes, for others who write to the same objects.
pub(super) const FIELD_MANAGER: &str = "fieldManager=portolan";
/// How long a small question may take.
const QUESTION: Duration = Duration::from_secs(5);

/// A client for a cluster, by what leads there now.
pub(super) async fn client(way: &Way) -> Result<kube_client::Client, String> {
    let mut config = way.config().await?;
    config.connect_timeout = Some(CONNECT);
    // What is tried again, and when, is the follower's business.
    config.default_retry = false;
    kube_client::Client::try_from(config).map_err(|error| error.to_string())
}

/// Who a cluster is and where its store stands: one small list.
pub(super) async fn who(client: &kube_client::Client) -> Result<Said, Failure> {
    #[derive(Clone, Deserialize)]
    struct List {
        metadata: Metadata,
        #[serde(default)]
        items: Vec<Item>,
    }
    #[derive(Clone, Deserialize)]
    struct Item {
        metadata: Metadata,
    }
    #[derive(Clone, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Metadata {
        #[serde(default)]
        resource_version: String,
        #[serde(default)]
        uid: String,
    }
    let path = "/api/v1/namespaces?fieldSelector=metadata.name%3Dkube-system&limit=1";
    let list: List = get(client, path, QUESTION).await?;
    let unread =
        |what: &str| Failure { message: format!("its list of namespaces {what}"), ..Failure::default() };
    let version = list.metadata.resource_version.parse();
    let item = list.items.into_iter().next().ok_or_else(|| unread("has no kube-system"))?;
    Ok(Said {
        uid: item.metadata.uid,
        version: version.map_err(|_| unread("has no version that is a number"))?,
    })
}

/// True when a CustomResourceDefinition is being taken away, or is gone; none when that cannot be told.
pub(super) async fn is_crd_going(client: &kube_client::Client, name: &str) -> Option<bool> {
    #[derive(Clone, Deserialize)]
    struct Crd {
        metadata: Metadata,
    }
    #[derive(Clone, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Metadata {
        #[serde(default)]
        deletion_timestamp: Option<String>,
    }
    let path = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}");
    match get::<Crd>(client, &path, QUESTION).await {
        Ok(crd) => Some(crd.metadata.deletion_timestamp.is_some()),
        Err(Failure { code: Some(404), .. }) => Some(true),
        Err(_) => None,
    }
}

/// Gets something as JSON.
pub(super) async fn get<T: DeserializeOwned>(
    client: &kube_client::Client,
    path: &str,
    patience: Duration,
) -> Result<T, Failure> {
    let request = http::Request::get(path).body(Vec::new());
    let request = request.map_err(|error| Failure { message: error.to_string(), ..Failure::default() })?;
    match timeout(patience, client.request(request)).await {
        Ok(answered) => answered.map_err(|error| failure(&error)),
        Err(_) => Err(late(patience)),
    }
}

/// Sends something as JSON, and gets something as JSON.
pub(super) async fn exchange<T: DeserializeOwned>(
    client: &kube_client::Client,
    method: http::Method,
    path: &str,
    body: &serde_json::Value,
    patience: Duration,
) -> Result<T, Failure> {
    let request = http::Request::builder().method(method).uri(path);
    let request = request.header(http::header::CONTENT_TYPE, "application/json");
    exchanged(client, request.body(serde_json::to_vec(body).unwrap_or_default()), patience).await
}

/// Applies an object on the server's side, in our name: what others own of it is theirs, unless they are to be
/// overruled. Where they differ the server says 409, and whose it is.
pub(super) async fn apply(
    client: &kube_client::Client,
    path: &str,
    object: &serde_json::Value,
    overrules: bool,
    patience: Duration,
) -> Result<serde_json::Value, Failure> {
    let path = format!("{path}?{FIELD_MANAGER}&force={overrules}");
    let request = http::Request::builder().method(http::Method::PATCH).uri(path);
    let request = request.header(http::header::CONTENT_TYPE, "application/apply-patch+yaml");
    exchanged(client, request.body(serde_json::to_vec(object).unwrap_or_default()), patience).await
}

async fn exchanged<T: DeserializeOwned>(
    client: &kube_client::Client,
    request: Result<http::Request<Vec<u8>>, http::Error>,
    patience: Duration,
) -> Result<T, Failure> {
    let request = request.map_err(|error| Failure { message: error.to_string(), ..Failure::default() })?;
    match timeout(patience, client.request(request)).await {
        Ok(answered) => answered.map_err(|error| failure(&error)),
        Err(_) => Err(late(patience)),
    }
}

/// Sends something as JSON; what comes back is not looked at, but for why it failed.
pub(super) async fn send(
    client: &kube_client::Client,
    method: http::Method,
    path: &str,
    body: &serde_json::Value,
    patience: Duration,
) -> Result<(), Failure> {
    let request = http::Request::builder().method(method).uri(path);
    let request = request.header(http::header::CONTENT_TYPE, "application/json");
    let request = request.body(serde_json::to_vec(body).unwrap_or_default());
    let request = request.map_err(|error| Failure { message: error.to_string(), ..Failure::default() })?;
    match timeout(patience, client.request_text(request)).await {
        Ok(answered) => answered.map(drop).map_err(|error| failure(&error)),
        Err(_) => Err(late(patience)),
    }
}

/// The base of requests for a path.
pub(super) fn request(path: &str) -> Request {
    Request::new(path)
}

/// Nothing came for so long.
pub(super) fn late(patience: Duration) -> Failure {
    Failure { message: format!("nothing came for {} s", patience.as_secs()), ..Failure::default() }
}

/// Why a request failed, as far as the follower asks.
pub(super) fn failure(error: &kube_client::Error) -> Failure {
    match error {
        kube_client::Error::Api(status) => of_status(status),
        // The outer texts only say that it was a request.
        error => Failure { message: innermost(error), ..Failure::default() },
    }
}

/// The same of a status, which comes inside a stream as well.
pub(super) fn of_status(status: &Status) -> Failure {
    let seconds =
        status.details.as_ref().map(|details| details.retry_after_seconds).filter(|seconds| *seconds > 0);
    Failure {
        code: Some(status.code),
        message: status.message.clone(),
        retry_after: seconds.map(|seconds| Duration::from_secs(seconds.into())),
    }
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}
