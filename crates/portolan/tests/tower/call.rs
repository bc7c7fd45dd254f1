//! One request to an API server, and how answers look.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use futures_util::{StreamExt as _, stream};
use http::{Method, Response, Uri};
use serde_json::{Value, json};

/// A request, taken apart.
pub(crate) struct Call {
    pub(crate) method: Method,
    /// `GET /api/v1/services?limit=500`.
    pub(crate) line: String,
    pub(crate) path: String,
    /// The path of the list that it is about, of all namespaces.
    pub(crate) list: String,
    /// `NAMESPACE/NAME` of the object that it is about.
    pub(crate) key: Option<String>,
    pub(crate) is_status: bool,
    pub(crate) body: Value,
    query: Vec<(String, String)>,
}

impl Call {
    pub(crate) fn new(method: Method, uri: &Uri, body: &[u8]) -> Self {
        let path = uri.path().to_owned();
        let pairs = uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        let query = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let mut parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        // `api/v1` or `apis/GROUP/VERSION`.
        let head = if parts[0] == "api" { 2 } else { 3 };
        let head = parts.drain(..head.min(parts.len())).collect::<Vec<_>>().join("/");
        let namespace = match parts.as_slice() {
            ["namespaces", namespace, _, ..] => Some((*namespace).to_owned()),
            _ => None,
        };
        let rest = &parts[if namespace.is_some() { 2 } else { 0 }..];
        let list = format!("/{head}/{}", rest.first().unwrap_or(&""));
        let key = rest.get(1).map(|name| format!("{}/{name}", namespace.unwrap_or_default()));
        let is_status = rest.get(2) == Some(&"status");
        let line = format!("{method} {uri}");
        let body = serde_json::from_slice(body).unwrap_or_default();
        Self { method, line, path: path.clone(), list, key, is_status, body, query }
    }

    pub(crate) fn asks(&self, key: &str, value: &str) -> bool {
        self.query.iter().any(|(known, said)| known == key && said == value)
    }

    pub(crate) fn number(&self, key: &str) -> Option<usize> {
        self.query.iter().find(|(known, _)| known == key)?.1.parse().ok()
    }

    /// The end of the path of the list that a CustomResourceDefinition stands for.
    pub(crate) fn definition(&self) -> Option<String> {
        let name = self.path.strip_prefix("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/")?;
        let (plural, group) = name.split_once('.')?;
        Some(format!("/{group}/v1alpha1/{plural}"))
    }
}

/// An event as a line.
pub(crate) fn told(event: &Value) -> String {
    format!("{event}\n")
}

pub(crate) fn answer(value: &Value) -> Response<Body> {
    Response::new(Body::from(value.to_string()))
}

/// Something that is longer than anybody reads.
pub(crate) fn endless() -> Response<Body> {
    let piece = Bytes::from(vec![b' '; 1 << 20]);
    Response::new(Body::from_stream(stream::repeat(piece).map(Ok::<_, Infallible>)))
}

/// As API servers refuse.
pub(crate) fn refusal(code: u16, reason: &str) -> Response<Body> {
    let body = Body::from(status(code, reason).to_string());
    Response::builder().status(code).body(body).unwrap()
}

/// What the watch was to go on from is too old, as an event.
pub(crate) fn expired() -> String {
    told(&json!({"type": "ERROR", "object": status(410, "Expired")}))
}

fn status(code: u16, reason: &str) -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, "message": reason})
}
