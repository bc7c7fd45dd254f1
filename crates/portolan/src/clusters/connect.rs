//! Requests to one API server, each with its own limits of time and size.
//!
//! What comes back is read here and not by kube's client: that one reads whatever comes without end, forgets
//! when a server asks to be left alone (`Retry-After`), and takes a refusal of a watch for an event of it.

use std::time::Duration;

use axum::body::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use kube_client::client::{AuthError, Body};
use kube_client::core::Status;
use kube_client::core::request::Request;
use portolan_kube::follow::Failure;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::identity::Said;
use crate::when;

/// How long a credential plugin is waited for. Most take a second or two, and ask somebody for it.
const PLUGIN: Duration = Duration::from_secs(30);
/// How long a connection may take to be made.
pub(super) const CONNECT: Duration = Duration::from_secs(5);
/// Who writes, for others who write to the same objects.
pub(super) const FIELD_MANAGER: &str = "fieldManager=portolan";
const JSON: &str = "application/json";
/// What is merged into an object.
const MERGE: &str = "application/merge-patch+json";
/// What is applied on the server's side; JSON is YAML.
const APPLY: &str = "application/apply-patch+yaml";
/// How long a small question may take.
const QUESTION: Duration = Duration::from_secs(5);
/// Largest answer that is read whole, in octets: a page of objects. Most are a hundredth of it, and it holds any one
/// object, so that of larger objects fewer are asked for.
pub(super) const ANSWER_OCTETS_MAX: usize = 64 << 20;
/// Most that is read of why a request failed, in octets.
const REFUSAL_OCTETS_MAX: usize = 64 << 10;
/// Most of a refusal that is told, in characters, when it is no `Status`: proxies send whole pages.
const REFUSAL_CHARS_MAX: usize = 200;

/// Reaches an API server: makes a client of it as its certificates and tokens are now. It is asked again each
/// time that the server was not reached.
pub trait Dial: Send + Sync {
    /// A client, or why there is none.
    fn dial(&self) -> BoxFuture<'_, Result<kube_client::Client, String>>;
}

/// Makes clients, one at a time.
///
/// A configuration may name a credential plugin, which is run for that, and takes as long as it likes. So it runs on
/// a thread of its own and is not waited for longer than [`PLUGIN`]; and while it runs, it is not run once more.
#[derive(Default)]
pub(super) struct Maker(Option<JoinHandle<Result<kube_client::Client, kube_client::Error>>>);

impl Maker {
    /// A client by a configuration.
    pub(super) async fn client(
        &mut self,
        config: kube_client::Config,
    ) -> Result<kube_client::Client, String> {
        let making = self.0.get_or_insert_with(|| tokio::task::spawn_blocking(|| make(config)));
        let Ok(made) = timeout(PLUGIN, making).await else {
            return Err(format!("its credential plugin has not ended for {} s", PLUGIN.as_secs()));
        };
        self.0 = None;
        match made {
            Ok(made) => made.map_err(|error| why(&error)),
            Err(_) => Err("making a client of it failed inside".to_owned()),
        }
    }
}

/// A client by a configuration that names no plugin.
pub(super) async fn client(config: kube_client::Config) -> Result<kube_client::Client, String> {
    Maker::default().client(config).await
}

fn make(mut config: kube_client::Config) -> Result<kube_client::Client, kube_client::Error> {
    config.connect_timeout = Some(CONNECT);
    // What is tried again, and when, is the follower's business.
    config.default_retry = false;
    kube_client::Client::try_from(config)
}

/// What went wrong, without what may be secret: what a plugin printed is a token, its command line and environment may
/// hold another, and so may the address of a proxy.
pub(super) fn why(error: &(dyn std::error::Error + 'static)) -> String {
    let mut inner = error;
    loop {
        match inner.downcast_ref() {
            Some(AuthError::AuthExecRun { out, .. }) => {
                let said = refusal(&String::from_utf8_lossy(&out.stderr));
                return format!("its credential plugin failed ({}): {said}", out.status);
            }
            Some(AuthError::AuthExecParse(_) | AuthError::ParseTokenKey(_)) => {
                return "what its credential plugin printed is no ExecCredential".to_owned();
            }
            Some(AuthError::AuthExec(_)) => return "its credential plugin gave nothing of use".to_owned(),
            _ => {}
        }
        if let Some(
            kube_client::Error::ProxyProtocolDisabled { .. }
            | kube_client::Error::ProxyProtocolUnsupported { .. },
        ) = inner.downcast_ref()
        {
            return "it is to be reached by a proxy, which is not supported".to_owned();
        }
        // The outer texts only say that it was a request.
        match inner.source() {
            Some(source) => inner = source,
            None => return steady(&inner.to_string()),
        }
    }
}

/// What is wrong with a certificate that is out of its time, without the second in which that was found out: it would
/// be another trouble each time, and be written to the hub each time.
fn steady(text: &str) -> String {
    let Some((what, times)) = text.split_once(": verification time ") else { return text.to_owned() };
    let bound = ["after", "before"].into_iter().find_map(|side| {
        let (_, seconds) = times.split_once(&format!(" is not valid {side} "))?;
        let seconds = seconds.split(' ').next()?.parse().ok()?;
        Some(format!(": it is not valid {side} {}", when::when(seconds)))
    });
    format!("{what}{}", bound.unwrap_or_default())
}

/// Who a cluster is and where its store stands: one small list.
pub(super) async fn who(client: &kube_client::Client) -> Result<Said, Failure> {
    #[derive(Deserialize)]
    struct List {
        metadata: Metadata,
        #[serde(default)]
        items: Vec<Item>,
    }
    #[derive(Deserialize)]
    struct Item {
        metadata: Metadata,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Metadata {
        #[serde(default)]
        resource_version: String,
        #[serde(default)]
        uid: String,
    }
    let path = "/api/v1/namespaces?fieldSelector=metadata.name%3Dkube-system&limit=1";
    let list: List = get(client, path, QUESTION).await?;
    let unread = |what: &str| said(&format!("its list of namespaces {what}"));
    let version = list.metadata.resource_version.parse();
    let item = list.items.into_iter().next().ok_or_else(|| unread("has no kube-system"))?;
    Ok(Said {
        uid: item.metadata.uid,
        version: version.map_err(|_| unread("has no version that is a number"))?,
    })
}

/// True when a CustomResourceDefinition is being taken away, or is gone; but of a resource that some servers have
/// without one, that it is not there says nothing. Who may not look is told that it is not going.
///
/// # Errors
/// When that cannot be told now.
pub(super) async fn is_crd_going(
    client: &kube_client::Client,
    name: &str,
    may_lack: bool,
) -> Result<bool, Failure> {
    #[derive(Deserialize)]
    struct Crd {
        metadata: Metadata,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Metadata {
        #[serde(default)]
        deletion_timestamp: Option<String>,
    }
    let path = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}");
    match get::<Crd>(client, &path, QUESTION).await {
        Ok(crd) => Ok(crd.metadata.deletion_timestamp.is_some()),
        Err(Failure { code: Some(404), .. }) => Ok(!may_lack),
        Err(Failure { code: Some(401 | 403), .. }) => Ok(false),
        Err(failure) => Err(failure),
    }
}

/// Gets something as JSON.
pub(super) async fn get<T: DeserializeOwned>(
    client: &kube_client::Client,
    path: &str,
    patience: Duration,
) -> Result<T, Failure> {
    let request = http::Request::get(path).body(Vec::new()).map_err(|error| said(&error.to_string()))?;
    read(client, request, patience).await
}

/// Sends a request and reads what comes as JSON.
pub(super) async fn read<T: DeserializeOwned>(
    client: &kube_client::Client,
    request: http::Request<Vec<u8>>,
    patience: Duration,
) -> Result<T, Failure> {
    let read = octets(client, request, patience).await?;
    parsed(&read.ok_or_else(|| said(&format!("what it sent is longer than {ANSWER_OCTETS_MAX} octets")))?)
}

/// What was sent, as JSON.
pub(super) fn parsed<T: DeserializeOwned>(octets: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(octets).map_err(|error| said(&format!("what it sent {error}")))
}

/// Sends a request and reads what comes; none where that is longer than [`ANSWER_OCTETS_MAX`].
pub(super) async fn octets(
    client: &kube_client::Client,
    request: http::Request<Vec<u8>>,
    patience: Duration,
) -> Result<Option<Bytes>, Failure> {
    let whole = async {
        let body = open(client, request).await?;
        match Limited::new(body, ANSWER_OCTETS_MAX).collect().await {
            Ok(read) => Ok(Some(read.to_bytes())),
            Err(error) if error.is::<LengthLimitError>() => Ok(None),
            Err(error) => Err(said(&why(&*error))),
        }
    };
    timeout(patience, whole).await.unwrap_or_else(|_| Err(late(patience)))
}

/// Sends something as JSON, and gets something as JSON.
pub(super) async fn exchange<T: DeserializeOwned>(
    client: &kube_client::Client,
    method: http::Method,
    path: &str,
    body: &serde_json::Value,
    patience: Duration,
) -> Result<T, Failure> {
    read(client, sending(method, path, JSON, body)?, patience).await
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
    read(client, sending(http::Method::PATCH, &path, APPLY, object)?, patience).await
}

/// Merges something into an object; what comes back is not looked at, but for why it failed.
pub(super) async fn merge(
    client: &kube_client::Client,
    path: &str,
    part: &serde_json::Value,
    patience: Duration,
) -> Result<(), Failure> {
    let request = sending(http::Method::PATCH, &format!("{path}?{FIELD_MANAGER}"), MERGE, part)?;
    taken(client, request, patience).await
}

/// A request that sends something.
fn sending(
    method: http::Method,
    path: &str,
    media_type: &str,
    body: &serde_json::Value,
) -> Result<http::Request<Vec<u8>>, Failure> {
    let request = http::Request::builder().method(method).uri(path);
    let request = request.header(http::header::CONTENT_TYPE, media_type);
    let request = request.body(serde_json::to_vec(body).unwrap_or_default());
    request.map_err(|error| said(&error.to_string()))
}

/// Sends something as JSON; what comes back is not looked at, but for why it failed.
pub(super) async fn send(
    client: &kube_client::Client,
    method: http::Method,
    path: &str,
    body: &serde_json::Value,
    patience: Duration,
) -> Result<(), Failure> {
    let request = sending(method, path, JSON, body)?;
    taken(client, request, patience).await
}

/// Sends a request, and reads what comes back to its end.
async fn taken(
    client: &kube_client::Client,
    request: http::Request<Vec<u8>>,
    patience: Duration,
) -> Result<(), Failure> {
    let taken = async {
        let body = open(client, request).await?;
        // To its end, so that the connection may be used again.
        let _ = Limited::new(body, ANSWER_OCTETS_MAX).collect().await;
        Ok(())
    };
    timeout(patience, taken).await.unwrap_or_else(|_| Err(late(patience)))
}

/// Sends a request; the body of the answer, which is none of a refusal.
pub(super) async fn open(
    client: &kube_client::Client,
    request: http::Request<Vec<u8>>,
) -> Result<Body, Failure> {
    let answered = client.send(request.map(Body::from)).await;
    let answer = answered.map_err(|error| said(&why(&error)))?;
    let code = answer.status();
    if code.is_redirection() {
        let message = "sends us elsewhere, where our credentials are not sent".to_owned();
        return Err(Failure { code: Some(code.as_u16()), message, retry_after: None });
    }
    if code.is_success() {
        return Ok(answer.into_body());
    }
    let asked = answer.headers().get(http::header::RETRY_AFTER).and_then(|text| text.to_str().ok());
    let retry_after = asked.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
    let read = Limited::new(answer.into_body(), REFUSAL_OCTETS_MAX).collect().await;
    let text = read.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let mut failure = match serde_json::from_slice::<Status>(&text) {
        Ok(status) => of_status(&status),
        Err(_) => said(&refusal(&String::from_utf8_lossy(&text))),
    };
    failure.code = Some(code.as_u16());
    failure.retry_after = failure.retry_after.max(retry_after);
    Err(failure)
}

/// A page of a list, as far as it is asked for. What lacks its items or its version is none: something else that
/// comes with 200 must not pass for an empty list.
#[derive(Deserialize)]
pub(super) struct Page {
    pub(super) metadata: PageMetadata,
    /// Some servers write an empty list as `null`.
    #[serde(deserialize_with = "null_is_empty")]
    pub(super) items: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageMetadata {
    pub(super) resource_version: String,
    /// Names the next page; empty in the last of some servers.
    #[serde(default, rename = "continue")]
    pub(super) token: Option<String>,
}

fn null_is_empty<'de, D: Deserializer<'de>>(items: D) -> Result<Vec<serde_json::Value>, D::Error> {
    Ok(Option::deserialize(items)?.unwrap_or_default())
}

/// The base of requests for a path.
pub(super) fn request(path: &str) -> Request {
    Request::new(path)
}

/// We failed ourselves.
pub(super) fn fault() -> Failure {
    said("failed inside, which is a fault of this program; see its log")
}

/// Nothing came for so long.
pub(super) fn late(patience: Duration) -> Failure {
    said(&format!("nothing came for {} s", patience.as_secs()))
}

/// A failure that has no status.
pub(super) fn said(message: &str) -> Failure {
    Failure { message: message.to_owned(), ..Failure::default() }
}

/// Why a request failed, of a `Status`, which comes inside a stream as well.
pub(super) fn of_status(status: &Status) -> Failure {
    let seconds =
        status.details.as_ref().map(|details| details.retry_after_seconds).filter(|seconds| *seconds > 0);
    Failure {
        code: Some(status.code),
        message: status.message.clone(),
        retry_after: seconds.map(|seconds| Duration::from_secs(seconds.into())),
    }
}

/// The beginning of a text that some server or proxy sent, on one line.
fn refusal(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().filter(|c| !c.is_control()).take(REFUSAL_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests;
