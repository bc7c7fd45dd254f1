//! Requests to a provider, each with its own limits of time and size.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use bytes::Bytes;
use http::uri::{PathAndQuery, Scheme};
use http::{Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use portolan_core::shown_url;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{CertificateError, ClientConfig, RootCertStore};
use tokio::time::timeout;

use super::client::WebhookError;
use super::{BODY_OCTETS_MAX, MEDIA_TYPE};
use crate::ProviderError;

/// Most of a refusal that is told, in characters: proxies send whole pages.
const REFUSAL_CHARS_MAX: usize = 200;
/// Largest file of certificates, in octets.
const CA_OCTETS_MAX: u64 = 1 << 20;
/// What is said of a provider that anybody could be.
const UNTRUSTED: &str = "its certificate is signed by no authority that is trusted; the file of certificates is to have that authority's";

/// How long a provider is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For a connection. External-DNS' `--webhook-provider-read-timeout`.
    pub connection: Duration,
    /// For a request and all of its reply: External-DNS' two time limits, 5 s and 10 s, together.
    pub request: Duration,
    /// How often it is asked what it can, before it counts as not reached.
    pub tries: u32,
    /// How long after the first failure of these it is asked again; each time twice as long.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connection: Duration::from_secs(5),
            request: Duration::from_secs(15),
            tries: 5,
            pause: Duration::from_millis(250),
        }
    }
}

/// A reply with a good status.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) content_type: String,
    pub(super) body: Bytes,
}

/// Who asks one provider.
pub(super) struct Asker {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: Uri,
    pub(super) patience: Patience,
}

impl Asker {
    /// Of a provider at a URL, `http` or `https`; `ca` is a file of the certificates that its own is held against,
    /// instead of the machine's.
    pub(super) fn new(url: &str, ca: Option<&Path>, patience: Patience) -> Result<Self, WebhookError> {
        let (base, is_secure) = base(url).map_err(|rule| WebhookError::Url(shown_url(url), rule))?;
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_connect_timeout(Some(patience.connection));
        connector.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls(is_secure, ca)?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        Ok(Self { client: Client::builder(TokioExecutor::new()).build(connector), base, patience })
    }

    /// Gets a path below the URL.
    pub(super) async fn get(&self, path: &str) -> Result<Reply, ProviderError> {
        self.ask(&Method::GET, path, Bytes::new()).await
    }

    /// Posts a body of the protocol's type to a path below the URL.
    pub(super) async fn post(&self, path: &str, body: Vec<u8>) -> Result<Reply, ProviderError> {
        self.ask(&Method::POST, path, body.into()).await
    }

    async fn ask(&self, method: &Method, path: &str, body: Bytes) -> Result<Reply, ProviderError> {
        let mut request =
            Request::builder().method(method).uri(self.at(path)).header(header::ACCEPT, MEDIA_TYPE);
        if *method == Method::POST {
            request = request.header(header::CONTENT_TYPE, MEDIA_TYPE);
        }
        let request =
            request.body(Full::new(body)).map_err(|error| ProviderError::Refused(error.to_string()))?;
        let reply = async {
            let reply = self.client.request(request).await.map_err(|error| unreachable(&error))?;
            let status = reply.status();
            let content_type = reply.headers().get(header::CONTENT_TYPE).and_then(|text| text.to_str().ok());
            let content_type = content_type.unwrap_or_default().to_owned();
            let body = Limited::new(reply.into_body(), BODY_OCTETS_MAX)
                .collect()
                .await
                .map_err(|error| unread(&*error))?
                .to_bytes();
            Ok::<_, ProviderError>(Reply { status, content_type, body })
        };
        match timeout(self.patience.request, reply).await {
            Ok(reply) => judged(reply?),
            Err(_) => Err(ProviderError::Unreachable(format!(
                "{method} {path} is not answered whole within {} s",
                self.patience.request.as_secs_f32()
            ))),
        }
    }

    /// A path below the URL.
    fn at(&self, path: &str) -> Uri {
        let mut parts = self.base.clone().into_parts();
        let below = format!("{}/{}", self.base.path().trim_end_matches('/'), path.trim_start_matches('/'));
        parts.path_and_query = below.parse::<PathAndQuery>().ok();
        Uri::from_parts(parts).unwrap_or_else(|_| self.base.clone())
    }
}

/// Holds the URL of a provider against what one is.
///
/// # Errors
/// [`WebhookError::Url`], without what of the URL may be secret.
pub fn check_url(url: &str) -> Result<(), WebhookError> {
    base(url).map(drop).map_err(|rule| WebhookError::Url(shown_url(url), rule))
}

/// A provider's URL, and whether it is reached by TLS; or the rule that it breaks.
fn base(url: &str) -> Result<(Uri, bool), String> {
    let refused = |rule: &str| Err(rule.to_owned());
    let base: Uri = url.parse().map_err(|error| format!("is no URL: {error}"))?;
    let is_secure = match base.scheme() {
        Some(scheme) if *scheme == Scheme::HTTP => false,
        Some(scheme) if *scheme == Scheme::HTTPS => true,
        _ => return refused("is neither http:// nor https://"),
    };
    if base.authority().is_none_or(|authority| authority.as_str().contains('@')) {
        return refused("has a user name, or no host; names and passwords are not sent");
    }
    if base.query().is_some() {
        return refused("has a query; paths are put behind it");
    }
    Ok((base, is_secure))
}

/// A reply whose status is good, or why it is not.
fn judged(reply: Reply) -> Result<Reply, ProviderError> {
    let Reply { status, body, .. } = &reply;
    if status.is_success() {
        return Ok(reply);
    }
    let text = String::from_utf8_lossy(body.get(..body.len().min(4 * REFUSAL_CHARS_MAX)).unwrap_or_default());
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let words = words.collect::<Vec<_>>().join(" ");
    let short: String = words.chars().take(REFUSAL_CHARS_MAX).collect();
    let said =
        if short.is_empty() { format!("answers {status}") } else { format!("answers {status}: {short}") };
    Err(match *status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ProviderError::Unauthorized(said),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => ProviderError::Unreachable(said),
        status if status.is_server_error() => ProviderError::Unreachable(said),
        _ => ProviderError::Refused(said),
    })
}

/// What went wrong, in the words of the innermost error: the outer ones only say that it was a request.
fn unreachable(error: &(dyn Error + 'static)) -> ProviderError {
    let mut inner = error;
    while let Some(within) = within(inner) {
        inner = within;
    }
    ProviderError::Unreachable(match inner.downcast_ref() {
        Some(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) => UNTRUSTED.to_owned(),
        _ => inner.to_string(),
    })
}

/// The error that one was made of. An error of I/O passes over the one that it holds.
fn within<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(held) => Some(held),
        None => error.source(),
    }
}

fn unread(error: &(dyn Error + Send + Sync + 'static)) -> ProviderError {
    if error.is::<LengthLimitError>() {
        return ProviderError::Unsound(format!("a reply of more than {BODY_OCTETS_MAX} octets"));
    }
    unreachable(error)
}

fn tls(is_secure: bool, ca: Option<&Path>) -> Result<ClientConfig, WebhookError> {
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| WebhookError::Roots(error.to_string()))?;
    let builder = match ca {
        Some(file) => builder.with_root_certificates(roots(file)?),
        None if is_secure => {
            builder.with_native_roots().map_err(|error| WebhookError::Roots(error.to_string()))?
        }
        None => builder.with_root_certificates(RootCertStore::empty()),
    };
    Ok(builder.with_no_client_auth())
}

fn roots(file: &Path) -> Result<RootCertStore, WebhookError> {
    let refused = |why: String| WebhookError::Ca(file.to_owned(), why);
    let octets = fs::metadata(file).map_err(|error| refused(format!("cannot be read: {error}")))?.len();
    if octets > CA_OCTETS_MAX {
        return Err(refused(format!("has {octets} octets; at most {CA_OCTETS_MAX} are read")));
    }
    let pem = fs::read(file).map_err(|error| refused(format!("cannot be read: {error}")))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| refused(format!("is not PEM: {error}")))?;
        roots
            .add(certificate)
            .map_err(|error| refused(format!("has a certificate that is none: {error}")))?;
    }
    if roots.is_empty() { Err(refused("has no certificate".to_owned())) } else { Ok(roots) }
}
