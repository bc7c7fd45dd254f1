//! A store in memory, for others to read: etcd's protocol, over mutual TLS.
//!
//! ```text
//!   accept ──▶ certificates, read for it ──▶ handshake ──▶ HTTP/2 ─┬─▶ Range, of any revision that is remembered
//!     │ more than CLIENTS_MAX: closed        the other side has    └─▶ Watch ──▶ pulled by who reads it: who is slow
//!     ▼                                      one of our authority               holds up nobody, and may be told Compacted
//! ```
//!
//! What goes over the wire is what a real etcd says, so the client of etcd ([`super::etcd`]) is the client of this: it goes on
//! at the next server, notices silence, and tells another store from the one that it has read. Which store this is says
//! [`Options::store`], that no two processes have alike.
//!
//! Nobody writes through it. A transaction is refused whoever sends it, and so is a password: who has a certificate of the
//! authority may read, and no more.
//!
//! | part | what it owns |
//! | --- | --- |
//! | `tls` | the files, and what is made of them |
//! | `answers` | what is said to each question |
//! | `watches` | what becomes of keys, in parts that fit |

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::{Service as _, http};

use self::answers::Answers;
use super::Revision;
use super::memory::Memory;
use super::protocol::kv_server::KvServer;
use super::protocol::lease_server::LeaseServer;
use super::protocol::watch_server::WatchServer;

pub use self::tls::{Tls, TlsError};

mod answers;
mod tls;
mod watches;

/// Most clients at once; a connection more is closed.
pub const CLIENTS_MAX: usize = 256;
/// How long a client has to prove who it is.
pub const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// Most octets of a question.
pub const QUESTION_OCTETS_MAX: usize = 64 * 1024;
/// Octets of an answer, or of a part of what a watch tells, after which it ends: with the next key, so that there is one.
pub const ANSWER_OCTETS: usize = 1024 * 1024;
/// Most questions of a client at once, watches among them.
const QUESTIONS_MAX: u32 = 32;
/// How often a client that says nothing is asked whether it is there, and how long it has to say so.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// Between two lines of the log about clients that are turned away.
const REFUSED_TOLD: Duration = Duration::from_secs(10);
/// After an accept that failed, which it does where the process may open no more files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Where a store is served, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address; with port 0 it is a free one.
    pub listen: SocketAddr,
    /// Who we are, and who may come.
    pub tls: Tls,
    /// Which store it is: another number than any other process has, and not 0.
    pub store: u64,
}

/// Why a store is not served.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address cannot be had.
    #[error("cannot listen on {address}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The files of TLS are of no use.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A store that is served, until this is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    readers: Readers,
    accepting: AbortHandle,
}

impl Server {
    /// Serves a store on the runtime that this is called on.
    ///
    /// # Errors
    /// [`ServerError`] when the address cannot be had, or a file is not what it is to be.
    pub async fn start(memory: Memory, options: Options) -> Result<Self, ServerError> {
        let tls = Arc::new(tls::Current::new(options.tls)?);
        let listen = |source| ServerError::Listen { address: options.listen, source };
        let listener = TcpListener::bind(options.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let readers = Readers::default();
        let door = Door { memory, store: options.store, tls, readers: readers.clone() };
        let accepting = tokio::spawn(door.accept(listener)).abort_handle();
        Ok(Self { address, readers, accepting })
    }

    /// Where.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Who reads.
    #[must_use]
    pub fn readers(&self) -> &Readers {
        &self.readers
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its connections are tasks of the one that accepts, and end with it.
        self.accepting.abort();
    }
}

// === Who reads ===

/// Those who watch. A clone is the same.
#[derive(Clone, Debug, Default)]
pub struct Readers {
    all: Arc<Mutex<BTreeMap<u64, Reader>>>,
    last: Arc<AtomicU64>,
}

/// One that watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// Where it is.
    pub address: SocketAddr,
    /// Since when it watches.
    pub since: Instant,
    /// All up to this revision was handed to its connection.
    pub told: Revision,
}

impl Readers {
    /// Each of them as it is now, who watches for the longest time first.
    #[must_use]
    pub fn all(&self) -> Vec<Reader> {
        self.lock().values().cloned().collect()
    }

    /// Another one.
    fn enter(&self, address: SocketAddr, told: Revision) -> Entry {
        let id = self.last.fetch_add(1, Ordering::Relaxed);
        self.lock().insert(id, Reader { address, since: Instant::now(), told });
        Entry { readers: self.clone(), id }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Reader>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// That somebody reads, until it is dropped.
#[derive(Debug)]
struct Entry {
    readers: Readers,
    id: u64,
}

impl Entry {
    fn told(&self, upto: Revision) {
        if let Some(reader) = self.readers.lock().get_mut(&self.id) {
            reader.told = upto;
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.readers.lock().remove(&self.id);
    }
}

// === Connections ===

/// What connections are made from.
#[derive(Clone)]
struct Door {
    memory: Memory,
    store: u64,
    tls: Arc<tls::Current>,
    readers: Readers,
}

impl Door {
    async fn accept(self, listener: TcpListener) {
        let places = Arc::new(Semaphore::new(CLIENTS_MAX));
        let mut connections = JoinSet::new();
        let mut told_at: Option<Instant> = None;
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                Some(ended) = connections.join_next() => {
                    if let Ok(Err(why)) = ended
                        && told_at.is_none_or(|at| at.elapsed() >= REFUSED_TOLD)
                    {
                        told_at = Some(Instant::now());
                        tracing::warn!("{why}");
                    }
                    continue;
                }
            };
            match accepted {
                Ok((stream, peer)) => {
                    let place = Arc::clone(&places).try_acquire_owned().ok();
                    connections.spawn(self.clone().meet(stream, peer, place));
                }
                Err(error) => {
                    tracing::warn!("cannot accept followers: {error}");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Serves one client to its end; in words when it does not come to be one.
    async fn meet(
        self,
        stream: TcpStream,
        peer: SocketAddr,
        place: Option<OwnedSemaphorePermit>,
    ) -> Result<(), String> {
        let refused = |why: String| Err(format!("follower {peer} is turned away: {why}"));
        if place.is_none() {
            return refused(format!("there are {CLIENTS_MAX}, the most that are served"));
        }
        if let Err(error) = stream.set_nodelay(true) {
            return refused(error.to_string());
        }
        let acceptor = TlsAcceptor::from(self.tls.config());
        let stream = match timeout(HANDSHAKE_MAX, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return refused(error.to_string()),
            Err(_) => return refused("it does not prove in time who it is".to_owned()),
        };
        let desk = Desk::new(Answers { memory: self.memory, store: self.store, readers: self.readers, peer });
        let service = service_fn(move |request| desk.clone().answer(request));
        let mut connection = http2::Builder::new(TokioExecutor::new());
        connection.timer(TokioTimer::new()).keep_alive_interval(KEEP_ALIVE).keep_alive_timeout(KEEP_ALIVE);
        connection.max_concurrent_streams(QUESTIONS_MAX);
        let served = connection.serve_connection(TokioIo::new(stream), service).await;
        if let Err(error) = served {
            tracing::debug!(%peer, "the connection of a follower ended: {error}");
        }
        Ok(())
    }
}

/// What answers the questions of one connection.
#[derive(Clone)]
struct Desk {
    kv: KvServer<Answers>,
    watch: WatchServer<Answers>,
    lease: LeaseServer<Answers>,
}

impl Desk {
    fn new(answers: Answers) -> Self {
        let most = QUESTION_OCTETS_MAX;
        Self {
            kv: KvServer::new(answers.clone()).max_decoding_message_size(most),
            watch: WatchServer::new(answers.clone()).max_decoding_message_size(most),
            lease: LeaseServer::new(answers).max_decoding_message_size(most),
        }
    }

    async fn answer(mut self, request: http::Request<Incoming>) -> Result<http::Response<Body>, Infallible> {
        match request.uri().path().split('/').nth(1) {
            Some("etcdserverpb.KV") => self.kv.call(request).await,
            Some("etcdserverpb.Watch") => self.watch.call(request).await,
            Some("etcdserverpb.Lease") => self.lease.call(request).await,
            _ => Ok(Status::unimplemented("followers only read").into_http()),
        }
    }
}
