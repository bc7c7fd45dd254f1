//! The protocol on a socket.
//!
//! | request | reply |
//! | --- | --- |
//! | `GET /` | 200: which names are taken |
//! | `GET /records` | 200: all records |
//! | `POST /records` | 204: the changes are kept and answered; 400: not understood; 500: not kept |
//! | `POST /adjustendpoints` | 200: the endpoints as they are |
//! | `GET /healthz`, `/livez`, `/readyz`, `/metrics` | for machines, as on `--http` |
//!
//! External-DNS takes a 4xx for a fault of its own and ends, a 5xx for one that passes. So 4xx is said only of what is no
//! request of the protocol; a record that cannot be held costs itself, and is logged.
//!
//! A connection is for one request: whoever keeps one open meets no deadline in the middle of a later one.
//!
//! On loopback a request is to an address or to a name without a dot (`localhost`). A page in somebody's browser may have a
//! name of its own lead there (DNS rebinding), and may then send what it likes; it cannot help saying that name.

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use portolan_sync::webhook::{BODY_OCTETS_MAX, Changes, MEDIA_TYPE, is_media_type, list, print};

use super::{Records, Tallied};
use crate::http::{self, Asked, Limited};
use crate::problem::chain;
use crate::threads::supervised;

/// Most connections at once, each with a body of at most 32 MiB; others wait in the kernel's queue.
pub const CONNECTIONS_MAX: usize = 8;

/// A socket that the protocol will be spoken on.
#[derive(Debug)]
pub struct Provider {
    listener: TcpListener,
    address: SocketAddr,
}

impl Provider {
    /// Takes the address.
    ///
    /// # Errors
    /// When it cannot be had.
    pub fn bind(address: SocketAddr) -> anyhow::Result<Self> {
        let bound = || {
            let listener = TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            std::io::Result::Ok(Self { listener, address })
        };
        if !address.ip().is_loopback() {
            tracing::warn!(%address, "the webhook protocol has no authentication: whoever reaches this address makes names");
        }
        bound().with_context(|| format!("cannot serve the webhook protocol on {address}"))
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until the runtime ends. To be called within one.
    ///
    /// # Errors
    /// When the socket cannot be waited for.
    pub fn serve(self, records: &Arc<Records>, asked: Asked) -> anyhow::Result<()> {
        let listener = tokio::net::TcpListener::from_std(self.listener);
        let listener = listener.context("cannot wait for clients of the webhook protocol")?;
        let router = Router::new()
            .route("/", get(negotiate))
            .route("/records", get(listed).post(apply))
            .route("/adjustendpoints", post(adjust))
            .route("/healthz", get(|| async { "ok\n" }))
            .layer(DefaultBodyLimit::max(BODY_OCTETS_MAX))
            .with_state(records.clone())
            .merge(http::routes(asked));
        let router = match self.address.ip().is_loopback() {
            true => router.layer(from_fn(meant_for_us)),
            false => router,
        };
        let router = router.layer(map_response(only_one));
        let followed = records.clone();
        tokio::spawn(supervised("records", move || super::follow::follow(followed.clone())));
        tokio::spawn(async move {
            if let Err(error) = axum::serve(Limited::new(listener, CONNECTIONS_MAX), router).await {
                tracing::error!("the webhook protocol is spoken no more: {error}");
            }
        });
        Ok(())
    }
}

async fn only_one(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

async fn meant_for_us(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if is_here(host) {
        return next.run(request).await;
    }
    let message = format!("the Host is {host:?}; on loopback an address or localhost is wanted\n");
    (StatusCode::MISDIRECTED_REQUEST, message).into_response()
}

/// True of a `Host` that is no name of anybody's in the DNS: an address, or a name without a dot.
fn is_here(host: &str) -> bool {
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|octet| octet.is_ascii_digit()));
    let name = name.map_or(host, |(name, _)| name);
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    !name.trim_end_matches('.').contains('.') || bare.parse::<IpAddr>().is_ok()
}

async fn negotiate(State(records): State<Arc<Records>>) -> Response {
    said(print(records.filter()))
}

async fn listed(State(records): State<Arc<Records>>) -> Response {
    // A writer may wait for the disk.
    match tokio::task::spawn_blocking(move || records.listed()).await {
        Ok(Ok(listed)) => said(listed),
        Ok(Err(error)) => failed(&chain(&error)),
        Err(error) => failed(&error.to_string()),
    }
}

async fn apply(State(records): State<Arc<Records>>, headers: HeaderMap, body: Bytes) -> Response {
    let changes = match of_protocol(&headers) {
        Ok(()) => serde_json::from_slice::<Option<Changes>>(&body)
            .map_err(|error| not_understood("changes", &error)),
        Err(refusal) => Err(*refusal),
    };
    let changes = match changes {
        Ok(changes) => changes.unwrap_or_default(),
        Err(refusal) => {
            records.tally().add(Tallied::Refused, 1);
            return refusal;
        }
    };
    match tokio::task::spawn_blocking(move || records.apply(&changes)).await {
        Ok(Ok(())) => StatusCode::NO_CONTENT.into_response(),
        Ok(Err(error)) => failed(&chain(&error)),
        Err(error) => failed(&error.to_string()),
    }
}

/// Nothing is adjusted: a record is held as it is given.
async fn adjust(headers: HeaderMap, body: Bytes) -> Response {
    let listed = match of_protocol(&headers) {
        Ok(()) => list(&body).map_err(|error| not_understood("endpoints", &error)),
        Err(refusal) => Err(*refusal),
    };
    listed.map_or_else(|refusal| refusal, |endpoints| said(print(&endpoints)))
}

/// A page in somebody's browser may post anything to loopback, but not with such a type.
fn of_protocol(headers: &HeaderMap) -> Result<(), Box<Response>> {
    let text = headers.get(header::CONTENT_TYPE).and_then(|text| text.to_str().ok()).unwrap_or_default();
    let is_json = text.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json");
    if is_json || is_media_type(text) {
        return Ok(());
    }
    let message = format!("the Content-Type is {text:?}; {MEDIA_TYPE:?} is wanted\n");
    Err(Box::new((StatusCode::UNSUPPORTED_MEDIA_TYPE, message).into_response()))
}

fn not_understood(what: &str, error: &serde_json::Error) -> Response {
    (StatusCode::BAD_REQUEST, format!("the {what} are not understood: {error}\n")).into_response()
}

fn said(octets: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, MEDIA_TYPE)], octets).into_response()
}

fn failed(why: &str) -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, format!("{why}\n")).into_response()
}

#[cfg(test)]
mod tests {
    use super::is_here;

    #[test]
    fn a_name_of_the_dns_is_not_here() {
        for host in [
            "127.0.0.1:8888",
            "127.0.0.1",
            "[::1]:8888",
            "[::1]",
            "::1",
            "localhost:8888",
            "localhost",
            "ip6-localhost",
            "",
        ] {
            assert!(is_here(host), "{host}");
        }
        for host in
            ["evil.example:8888", "evil.example", "evil.example.", "127.0.0.1.evil.example:8888", "a.b"]
        {
            assert!(!is_here(host), "{host}");
        }
    }
}
