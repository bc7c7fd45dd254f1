//! A provider that notes what it is given: External-DNS' webhook protocol, served on loopback.
//!
//! | request | reply |
//! | --- | --- |
//! | `GET /` | the domain filter: none |
//! | `GET /records` | the endpoints that it holds |
//! | `POST /adjustendpoints` | the same endpoints |
//! | `POST /records` | 204: created, updated and deleted, and noted |

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::background;

/// The media type of the protocol, in both directions.
const MEDIA_TYPE: &str = "application/external.dns.webhook+json;version=1";

/// A running provider, ended with its value.
#[derive(Debug)]
pub struct Webhook {
    address: SocketAddr,
    held: Arc<Held>,
    // Its end ends the thread.
    _stop: oneshot::Sender<()>,
}

/// What it was given.
#[derive(Debug, Default)]
struct Held {
    endpoints: Mutex<Vec<Value>>,
    changes: Mutex<Vec<Value>>,
}

impl Webhook {
    /// Starts one, with nothing in it.
    ///
    /// # Panics
    /// When loopback has no port left.
    #[must_use]
    pub fn start() -> Self {
        let held = Arc::new(Held::default());
        let router = Router::new()
            .route("/", get(async || reply(&json!({}))))
            .route("/records", get(records).post(apply))
            .route("/adjustendpoints", post(async |body: String| reply(&parsed(&body))))
            .with_state(Arc::clone(&held));
        let (address, stop) = background::serve(async |listener| {
            axum::serve(listener, router).await.expect("it never ends");
        });
        Self { address, held, _stop: stop }
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same as `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The endpoints that it holds now, oldest first, as External-DNS wrote them.
    #[must_use]
    pub fn endpoints(&self) -> Vec<Value> {
        self.held.endpoints().clone()
    }

    /// The sorted targets that it holds for a name and type; none when there is no such endpoint.
    #[must_use]
    pub fn targets(&self, name: &str, record_type: &str) -> Option<Vec<String>> {
        let endpoints = self.held.endpoints();
        let mut endpoints = endpoints.iter();
        let endpoint = endpoints.find(|one| one["dnsName"] == name && one["recordType"] == record_type)?;
        let targets = endpoint["targets"].as_array()?.iter().filter_map(|target| target.as_str());
        let mut targets: Vec<String> = targets.map(str::to_owned).collect();
        targets.sort();
        Some(targets)
    }

    /// Every change that it was given, in order: `{create, updateOld, updateNew, delete}`.
    #[must_use]
    pub fn changes(&self) -> Vec<Value> {
        self.held.changes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Held {
    fn endpoints(&self) -> MutexGuard<'_, Vec<Value>> {
        self.endpoints.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn apply(&self, changes: Value) {
        let list = |name: &str| changes[name].as_array().cloned().unwrap_or_default();
        let mut endpoints = self.endpoints();
        for gone in ["delete", "updateOld"].into_iter().flat_map(list) {
            endpoints.retain(|one| key(one) != key(&gone));
        }
        endpoints.extend(["create", "updateNew"].into_iter().flat_map(list));
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).push(changes);
    }
}

/// What makes two endpoints the same one.
fn key(endpoint: &Value) -> [&Value; 3] {
    ["dnsName", "recordType", "setIdentifier"].map(|field| &endpoint[field])
}

async fn records(State(held): State<Arc<Held>>) -> impl IntoResponse {
    reply(&held.endpoints().clone().into())
}

async fn apply(State(held): State<Arc<Held>>, body: String) -> StatusCode {
    held.apply(parsed(&body));
    StatusCode::NO_CONTENT
}

fn reply(value: &Value) -> impl IntoResponse + use<> {
    ([(header::CONTENT_TYPE, MEDIA_TYPE)], value.to_string())
}

fn parsed(body: &str) -> Value {
    serde_json::from_str(body).expect("External-DNS writes JSON")
}
