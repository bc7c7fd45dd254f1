//! Scripted API servers over loopback HTTP: the one at `/c000` is the hub.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use futures_util::StreamExt as _;
use futures_util::stream;
use http::{Method, StatusCode};
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio::task::JoinHandle;

use super::bytes::{self, Size, bookmark, event, of_cluster};

/// Objects that are sent together.
const CHUNK: usize = 64;
/// How often an idle watch says that nothing happened.
const BOOKMARK: Duration = Duration::from_secs(60);
/// Changes that a watch may be behind.
const CHANGES_MAX: usize = 1_024;
/// The version that lists have.
const LIST_VERSION: u64 = 100;

/// All of them.
pub(crate) struct Fakes {
    size: Size,
    port: u16,
    folder: tempfile::TempDir,
    services: Arc<[String]>,
    slices: Arc<[String]>,
    intents: Arc<[String]>,
    requests: AtomicU64,
    writes: AtomicU64,
    /// Watches that were ever opened, and those whose first part is still to be sent.
    watches: AtomicUsize,
    unsent: AtomicUsize,
    version: AtomicU64,
    /// Changes of EndpointSlices: of which cluster, and the event.
    changes: broadcast::Sender<(usize, String)>,
    serving: std::sync::OnceLock<JoinHandle<()>>,
}

impl Fakes {
    pub(crate) async fn start(size: Size) -> Result<Arc<Self>> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("cannot listen")?;
        let added = |object: String| event("ADDED", &object);
        let fakes = Arc::new(Self {
            size,
            port: listener.local_addr()?.port(),
            folder: tempfile::tempdir()?,
            services: (0..size.services).map(|number| added(bytes::service(number))).collect(),
            slices: (0..size.services)
                .map(|number| added(bytes::slice(number, true, LIST_VERSION)))
                .collect(),
            intents: (0..size.names).map(|number| added(bytes::global_name(number))).collect(),
            requests: AtomicU64::new(0),
            writes: AtomicU64::new(0),
            watches: AtomicUsize::new(0),
            unsent: AtomicUsize::new(0),
            version: AtomicU64::new(LIST_VERSION),
            changes: broadcast::channel(CHANGES_MAX).0,
            serving: std::sync::OnceLock::new(),
        });
        let router = Router::new().fallback(answer).with_state(fakes.clone());
        let serving = tokio::spawn(async move {
            // It ends with the process, or with its value.
            let _ = axum::serve(listener, router).await;
        });
        let _ = fakes.serving.set(serving);
        Ok(fakes)
    }

    /// A kubeconfig with all of them.
    pub(crate) fn kubeconfig(&self) -> Result<PathBuf> {
        let name = |cluster: usize| format!("c{cluster:03}");
        let each =
            |make: &dyn Fn(usize) -> String| (0..self.size.clusters).map(make).collect::<Vec<_>>().join("\n");
        let clusters = each(&|cluster| {
            let name = name(cluster);
            format!("- {{name: {name}, cluster: {{server: 'http://127.0.0.1:{}/{name}'}}}}", self.port)
        });
        let contexts = each(&|cluster| {
            let name = name(cluster);
            format!("- {{name: {name}, context: {{cluster: {name}, user: u}}}}")
        });
        let text = format!(
            "apiVersion: v1\nkind: Config\nusers: [{{name: u, user: {{token: t}}}}]\nclusters:\n{clusters}\ncontexts:\n{contexts}\n"
        );
        let file = self.folder.path().join("kubeconfig");
        std::fs::write(&file, text)?;
        Ok(file)
    }

    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    pub(crate) fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    pub(crate) fn watches(&self) -> usize {
        self.watches.load(Ordering::Relaxed)
    }

    /// True when every cluster was asked, and everything was sent.
    pub(crate) fn all_sent(&self) -> bool {
        self.watches() >= self.size.clusters * 2 && self.unsent.load(Ordering::Relaxed) == 0
    }

    /// An endpoint of one cluster's turns unready, or ready again with the next change.
    pub(crate) fn change(&self, number: usize) -> Result<()> {
        let pair = number / 2;
        let (cluster, service) = (pair % self.size.clusters, pair * 7 % self.size.names.max(1));
        let version = self.version.fetch_add(1, Ordering::Relaxed) + 1;
        let object = bytes::slice(service, number % 2 == 1, version);
        self.changes.send((cluster, event("MODIFIED", &object))).ok().context("nobody watches")?;
        Ok(())
    }

    /// The objects of a list as events; none of kinds that it does not have.
    fn lines(&self, path: &str, cluster: usize) -> Option<Arc<[String]>> {
        let is_hub = cluster == 0;
        match path.rsplit_once('/')?.1 {
            "services" => Some(self.services.clone()),
            "endpointslices" => Some(self.slices.clone()),
            "globalnames" if is_hub => Some(self.intents.clone()),
            "zones" if is_hub => Some([event("ADDED", &bytes::zone())].into()),
            "ingresses" | "nodes" | "steeringpolicies" | "memberclusters" => Some([].into()),
            _ => None,
        }
    }

    fn watch(self: Arc<Self>, path: &str, cluster: usize, with_objects: bool) -> Option<Response> {
        let sees_changes = path.ends_with("endpointslices");
        let lines = self.lines(path, cluster)?;
        self.watches.fetch_add(1, Ordering::Relaxed);
        let changes = self.changes.subscribe();
        let version = self.version.load(Ordering::Relaxed);
        let lines = if with_objects { lines } else { [].into() };
        let chunks = lines.len().div_ceil(CHUNK);
        let first = stream::iter(0..chunks).map(move |chunk| {
            let ends = lines.len().min((chunk + 1) * CHUNK);
            Ok::<_, io::Error>(of_cluster(&lines[chunk * CHUNK..ends].concat(), cluster))
        });
        let mut unsent = with_objects.then(|| Unsent::new(&self));
        let end = stream::iter(with_objects.then_some(())).map(move |()| {
            drop(unsent.take());
            Ok(bookmark(version, true))
        });
        let rest = stream::unfold((self, changes), move |(fakes, mut changes)| async move {
            loop {
                let line = tokio::select! {
                    changed = changes.recv() => match changed {
                        Ok((of, line)) if sees_changes && of == cluster => line,
                        Ok(_) => continue,
                        Err(_) => return None,
                    },
                    () = tokio::time::sleep(BOOKMARK) => bookmark(fakes.version.load(Ordering::Relaxed), false),
                };
                return Some((Ok(line), (fakes, changes)));
            }
        });
        Some(Response::new(Body::from_stream(first.chain(end).chain(rest))))
    }
}

/// A list that is not sent to its end.
struct Unsent(Arc<Fakes>);

impl Unsent {
    fn new(fakes: &Arc<Fakes>) -> Self {
        fakes.unsent.fetch_add(1, Ordering::Relaxed);
        Self(fakes.clone())
    }
}

impl Drop for Unsent {
    fn drop(&mut self) {
        self.0.unsent.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Fakes {
    fn drop(&mut self) {
        if let Some(serving) = self.serving.get() {
            serving.abort();
        }
    }
}

async fn answer(State(fakes): State<Arc<Fakes>>, request: Request) -> Response {
    fakes.requests.fetch_add(1, Ordering::Relaxed);
    let query = request.uri().query().unwrap_or_default().to_owned();
    let whole = request.uri().path().to_owned();
    let found = whole.strip_prefix("/c").and_then(|rest| rest.split_once('/'));
    let Some((Ok(cluster), path)) = found.map(|(cluster, path)| (cluster.parse(), path)) else {
        return refused(StatusCode::NOT_FOUND);
    };
    if path == "api/v1/namespaces" {
        let version = fakes.version.load(Ordering::Relaxed);
        return json(format!(
            "{{\"metadata\":{{\"resourceVersion\":\"{version}\"}},\"items\":[{{\"metadata\":{{\"uid\":\"u{cluster}\"}}}}]}}"
        ));
    }
    if *request.method() == Method::PUT {
        fakes.writes.fetch_add(1, Ordering::Relaxed);
        return json("{}".to_owned());
    }
    if let Some((_, name)) = path.split_once("/globalnames/web-") {
        let number: Option<usize> = name.parse().ok();
        return number
            .map_or_else(|| refused(StatusCode::NOT_FOUND), |number| json(bytes::global_name(number)));
    }
    if path.ends_with("/zones/glb") {
        return json(bytes::zone());
    }
    let with_objects = query.contains("sendInitialEvents=true");
    if !query.contains("watch=true") {
        return refused(StatusCode::NOT_FOUND);
    }
    fakes.watch(path, cluster, with_objects).unwrap_or_else(|| refused(StatusCode::NOT_FOUND))
}

fn json(text: String) -> Response {
    Response::new(Body::from(text))
}

fn refused(code: StatusCode) -> Response {
    let mut response =
        json(format!("{{\"kind\":\"Status\",\"code\":{},\"message\":\"not here\"}}", code.as_u16()));
    *response.status_mut() = code;
    response
}
