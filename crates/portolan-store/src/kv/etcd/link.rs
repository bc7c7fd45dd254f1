//! One connection to one member.
//!
//! gRPC's channel connects again by itself, to whoever is there by then. That would be a member of which we know nothing,
//! and a transaction could be sent twice. So a channel of ours has one connection, and ends with it.

use std::error::Error;
use std::fs;
use std::future::ready;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::{Duration, Instant};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity, Uri};
use tower::service_fn;

use super::ANSWER_OCTETS_MAX;
use super::fault::causes;
use super::options::{Address, Tls};
use super::protocol::auth_client::AuthClient;
use super::protocol::kv_client::KvClient;
use super::protocol::lease_client::LeaseClient;
use super::protocol::watch_client::WatchClient;

/// Octets of answers that may be on their way over a connection: a million keys come in parts of tens of MiB.
const WINDOW_OCTETS: u32 = 8 * 1024 * 1024;
/// Most octets of a file of TLS.
const FILE_OCTETS_MAX: u64 = 1024 * 1024;

/// A connection.
#[derive(Debug)]
pub(super) struct Link {
    channel: Channel,
    /// When an answer last came over it that was no older than what was seen.
    proven: Mutex<Option<Instant>>,
    /// Held by who asks for a token over it.
    pub(super) asking: AsyncMutex<()>,
}

impl Link {
    /// Connects.
    ///
    /// # Errors
    /// In words, when nobody is there, files cannot be read or are no certificates.
    pub(super) async fn connect(address: &Address, tls: Option<&Tls>) -> Result<Self, String> {
        let mut endpoint = Endpoint::from(address.uri.clone())
            .initial_stream_window_size(WINDOW_OCTETS)
            .initial_connection_window_size(WINDOW_OCTETS);
        if let Some(tls) = tls.filter(|_| address.is_tls) {
            endpoint = endpoint.tls_config(config(tls)?).map_err(|error| told(&error))?;
        }
        let stream = TcpStream::connect((address.host.as_str(), address.port)).await;
        let stream = stream.map_err(|error| error.to_string())?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let mut stream = Some(TokioIo::new(stream));
        let once = service_fn(move |_: Uri| {
            ready(stream.take().ok_or_else(|| io::Error::other("the connection has ended")))
        });
        let channel = endpoint.connect_with_connector(once).await.map_err(|error| told(&error))?;
        Ok(Self { channel, proven: Mutex::default(), asking: AsyncMutex::default() })
    }

    pub(super) fn is_proven(&self) -> bool {
        self.proven().is_some()
    }

    /// True when it was proven no longer ago than this.
    pub(super) fn is_lively(&self, within: Duration) -> bool {
        self.proven().is_some_and(|at| at.elapsed() <= within)
    }

    pub(super) fn prove(&self) {
        *self.proven.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn proven(&self) -> Option<Instant> {
        *self.proven.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn kv(&self) -> KvClient<Channel> {
        KvClient::new(self.channel.clone()).max_decoding_message_size(ANSWER_OCTETS_MAX)
    }

    pub(super) fn watch(&self) -> WatchClient<Channel> {
        WatchClient::new(self.channel.clone()).max_decoding_message_size(ANSWER_OCTETS_MAX)
    }

    pub(super) fn lease(&self) -> LeaseClient<Channel> {
        LeaseClient::new(self.channel.clone())
    }

    pub(super) fn auth(&self) -> AuthClient<Channel> {
        AuthClient::new(self.channel.clone())
    }
}

/// Reads the files.
fn config(tls: &Tls) -> Result<ClientTlsConfig, String> {
    let config = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(&tls.authority)?));
    let Some(identity) = &tls.identity else { return Ok(config) };
    Ok(config.identity(Identity::from_pem(read(&identity.certificate)?, read(&identity.key)?)))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let fault = |why: String| format!("{}: {why}", path.display());
    let octets = fs::metadata(path).map_err(|error| fault(error.to_string()))?.len();
    if octets > FILE_OCTETS_MAX {
        return Err(fault(format!("{octets} octets; at most {FILE_OCTETS_MAX} are read")));
    }
    fs::read(path).map_err(|error| fault(error.to_string()))
}

/// An error with what is behind it: of a library's own first words one learns nothing.
fn told(error: &(dyn Error + 'static)) -> String {
    let mut words: Vec<String> = causes(error).map(ToString::to_string).collect();
    words.dedup();
    words.join(": ")
}
