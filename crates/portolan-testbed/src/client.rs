//! The test's own reads and writes: one blocking request after the other.
//!
//! Objects are JSON values and manifests are YAML, so that a test reads as what an operator does. What the
//! program under test does goes through its own client, under its own ServiceAccount.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::Request;
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};

use crate::etcd::ClientFiles;
use crate::wait::poll;

/// Most octets of a reply that are read.
pub const REPLY_OCTETS_MAX: u64 = 64 << 20;
/// How long one request may take.
const REQUEST_MAX: Duration = Duration::from_secs(30);
/// Who we are to server-side apply.
const FIELD_MANAGER: &str = "portolan-testbed";

/// The media type of plain bodies.
pub const JSON: &str = "application/json";
/// The media type of server-side apply, YAML or JSON.
pub const APPLY: &str = "application/apply-patch+yaml";

/// What came of a request that did not come to what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server answered, and would not.
    #[error("{request}: {code} {reason}: {message}")]
    Refused {
        /// Method and path.
        request: String,
        /// The status of HTTP, 400 to 599.
        code: u16,
        /// `reason` of the API's Status, such as `Invalid`; empty when the server gave none.
        reason: String,
        /// `message` of the API's Status, or the whole reply.
        message: String,
    },
    /// There was no answer, or none that can be read.
    #[error("{request}: {cause}")]
    Unreached {
        /// Method and path.
        request: String,
        /// Why.
        cause: String,
    },
}

/// A client of one server, with one token.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    server: String,
    authorization: Option<String>,
}

impl Client {
    /// A client of an API server, by the certificate of its authority in PEM.
    ///
    /// # Panics
    /// When that is no certificate.
    #[must_use]
    pub fn new(server: &str, authority: &str, token: &str) -> Self {
        let certificate = Certificate::from_pem(authority.as_bytes()).expect("an authority of ours is PEM");
        let roots = RootCerts::Specific(Arc::new(vec![certificate]));
        let tls = TlsConfig::builder().root_certs(roots).build();
        Self::with(server, Some(format!("Bearer {token}")), tls)
    }

    /// A client of etcd: by these files where it is reached by TLS, and with one of its tokens or none.
    pub(crate) fn of_etcd(server: &str, files: Option<&ClientFiles>, token: Option<&str>) -> Self {
        let tls = files.map_or_else(TlsConfig::default, |files| {
            let read =
                |path: &Path| fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let certificate =
                |path: &Path| Certificate::from_pem(&read(path)).expect("a certificate of ours is PEM");
            let key = PrivateKey::from_pem(&read(&files.key)).expect("a key of ours is PEM");
            let own = ClientCert::new_with_certs(&[certificate(&files.certificate)], key);
            let roots = RootCerts::Specific(Arc::new(vec![certificate(&files.authority)]));
            TlsConfig::builder().root_certs(roots).client_cert(Some(own)).build()
        });
        Self::with(server, token.map(str::to_owned), tls)
    }

    fn with(server: &str, authorization: Option<String>, tls: TlsConfig) -> Self {
        let config = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .timeout_global(Some(REQUEST_MAX))
            // Whatever the environment says of proxies, this stays on the machine.
            .proxy(None)
            // What was open before a restart or a cut is not tried again.
            .max_idle_connections(0)
            .build();
        Self { agent: Agent::new_with_config(config), server: server.to_owned(), authorization }
    }

    /// Reads an object or a list, such as `/api/v1/namespaces/shop/services/web`.
    ///
    /// # Errors
    /// When it is not there, or may not be read.
    pub fn get(&self, path: &str) -> Result<Value, Error> {
        self.send("GET", path, None)
    }

    /// Deletes an object.
    ///
    /// # Errors
    /// When it is not there, or may not be deleted.
    pub fn delete(&self, path: &str) -> Result<Value, Error> {
        self.send("DELETE", path, None)
    }

    /// Applies each manifest of a text, in order, and gives the objects that came of them. A `status` is
    /// written to the status subresource, as a controller does. A kind whose definition was applied a moment
    /// ago is waited for.
    ///
    /// # Errors
    /// With the first that is refused (also for a field that its kind does not have); those before it stay.
    ///
    /// # Panics
    /// When the text is no YAML of objects with apiVersion, kind and name.
    pub fn apply(&self, manifests: &str) -> Result<Vec<Value>, Error> {
        let documents: Vec<Value> =
            serde_saphyr::from_multiple(manifests).unwrap_or_else(|error| panic!("{error} in:\n{manifests}"));
        documents.iter().filter(|document| !document.is_null()).map(|one| self.apply_one(one)).collect()
    }

    fn apply_one(&self, manifest: &Value) -> Result<Value, Error> {
        let query = format!("?fieldManager={FIELD_MANAGER}&force=true&fieldValidation=Strict");
        let path = self.path(manifest)?;
        let (whole, body) = (format!("{path}{query}"), manifest.to_string());
        let applied = poll(|| match self.send("PATCH", &whole, Some((APPLY, &body))) {
            // Discovery knows a kind a moment before its objects are served.
            Err(Error::Refused { code: 404, reason, .. }) if reason.is_empty() => None,
            done => Some(done),
        });
        let applied = applied.unwrap_or_else(|| Err(unserved(&path)))?;
        let Some(status) = manifest.get("status") else { return Ok(applied) };
        let [api_version, kind] = ["apiVersion", "kind"].map(|field| &manifest[field]);
        let name = &manifest["metadata"]["name"];
        let body = json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": name }, "status": status });
        self.send("PATCH", &format!("{path}/status{query}"), Some((APPLY, &body.to_string())))
    }

    /// Makes a token of a ServiceAccount, good for so many seconds, 600 at least.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn token(&self, namespace: &str, account: &str, seconds: u32) -> Result<String, Error> {
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token");
        let body = json!({
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": { "expirationSeconds": seconds },
        });
        let made = self.send("POST", &path, Some((JSON, &body.to_string())))?;
        Ok(made["status"]["token"].as_str().unwrap_or_default().to_owned())
    }

    /// The path of an object, by its manifest.
    fn path(&self, manifest: &Value) -> Result<String, Error> {
        let text = |value: &Value| {
            value.as_str().unwrap_or_else(|| panic!("not a whole object: {manifest}")).to_owned()
        };
        let (api_version, kind) = (text(&manifest["apiVersion"]), text(&manifest["kind"]));
        let name = text(&manifest["metadata"]["name"]);
        let (resource, is_namespaced) = self.resource(&api_version, &kind)?;
        let root = if api_version.contains('/') { "apis" } else { "api" };
        let namespace = manifest["metadata"]["namespace"].as_str().unwrap_or("default");
        let namespace = if is_namespaced { format!("/namespaces/{namespace}") } else { String::new() };
        Ok(format!("/{root}/{api_version}{namespace}/{resource}/{name}"))
    }

    /// What the server calls a kind, and whether its objects are in namespaces; waits until it knows it.
    fn resource(&self, api_version: &str, kind: &str) -> Result<(String, bool), Error> {
        let root = if api_version.contains('/') { "apis" } else { "api" };
        let path = format!("/{root}/{api_version}");
        let found = poll(|| {
            let list = self.get(&path).ok()?;
            let mut resources = list["resources"].as_array()?.iter();
            let resource = resources
                .find(|one| one["kind"] == kind && !one["name"].as_str().unwrap_or("/").contains('/'))?;
            Some((resource["name"].as_str()?.to_owned(), resource["namespaced"] == true))
        });
        found.ok_or_else(|| unserved(&format!("{path} {kind}")))
    }

    /// Any request; the body with its media type.
    ///
    /// # Errors
    /// When the status is none of success, or no reply can be read.
    pub fn send(&self, method: &str, path: &str, body: Option<(&str, &str)>) -> Result<Value, Error> {
        let request = || format!("{method} {path}");
        let unreached = |cause: String| Error::Unreached { request: request(), cause };
        let mut head =
            Request::builder().method(method).uri(format!("{}{path}", self.server)).header("Accept", JSON);
        if let Some(authorization) = &self.authorization {
            head = head.header("Authorization", authorization);
        }
        let well_formed = "methods and paths of tests are well-formed";
        let reply = match body {
            None => self.agent.run(head.body(()).expect(well_formed)),
            Some((media_type, body)) => {
                let head = head.header("Content-Type", media_type);
                self.agent.run(head.body(body.to_owned()).expect(well_formed))
            }
        };
        let mut reply = reply.map_err(|error| unreached(error.to_string()))?;
        let (code, is_success) = (reply.status().as_u16(), reply.status().is_success());
        let text = reply.body_mut().with_config().limit(REPLY_OCTETS_MAX).read_to_string();
        let text = text.map_err(|error| unreached(error.to_string()))?;
        let value: Value = serde_json::from_str(&text).unwrap_or_else(|_| text.clone().into());
        if is_success {
            return Ok(value);
        }
        let field = |name: &str| value[name].as_str().map(str::to_owned);
        let (reason, message) = (field("reason").unwrap_or_default(), field("message").unwrap_or(text));
        Err(Error::Refused { request: request(), code, reason, message })
    }
}

fn unserved(what: &str) -> Error {
    Error::Unreached { request: what.to_owned(), cause: "the server does not serve this kind".to_owned() }
}
