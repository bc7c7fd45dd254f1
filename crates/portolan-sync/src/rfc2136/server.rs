//! Where servers are and how they are reached: over TCP, or over TLS (RFC 7858), never over UDP.
//!
//! An update may be up to 64 KiB, and one that came by a datagram could be answered by anybody who guesses a number.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// How long a connection may take to be there, TLS and all.
pub const CONNECT_TIME: Duration = Duration::from_secs(5);
/// How long the next message of a transfer may take to come, and a message to be sent.
pub const ANSWER_TIME: Duration = Duration::from_secs(10);
/// How long an update may take to be answered: PowerDNS on SQLite was seen to take more than 10 s to remove 50 names.
pub const UPDATE_TIME: Duration = Duration::from_secs(60);
/// Octets that are read at once of a transfer.
const READ_OCTETS: usize = 128 * 1024;

// === Server ===

/// A server by its address or name, and its port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// An address, or a name that the system resolves.
    pub host: String,
    /// 53, or 853 for TLS.
    pub port: u16,
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// Which of several servers is asked first; where it does not answer, the next ones are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Always the first that is given (External-DNS' `disabled`).
    #[default]
    AsGiven,
    /// Each in turn; lists and changes take turns apart.
    RoundRobin,
    /// Any.
    Random,
}

// === Tls ===

/// Whom to trust, and who we are.
#[derive(Clone)]
pub struct Tls(Arc<rustls::ClientConfig>);

/// Why there is no TLS with what was given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// The authorities cannot be read, or there is none.
    #[error("the certificates of authorities: {0}")]
    Authorities(String),
    /// Our certificate or its key cannot be read, or they are not a pair.
    #[error("the client's certificate and key: {0}")]
    Client(String),
}

impl Tls {
    /// Takes PEM: the authorities that a server's certificate is held against (the system's own when none are given),
    /// and, where the server asks for it, our certificate with its key.
    ///
    /// # Errors
    /// [`TlsError`] says which of them is of no use.
    pub fn new(authorities: Option<&[u8]>, client: Option<(&[u8], &[u8])>) -> Result<Self, TlsError> {
        let no_authorities = |error: &dyn fmt::Display| TlsError::Authorities(error.to_string());
        let no_client = |error: &dyn fmt::Display| TlsError::Client(error.to_string());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| no_authorities(&error))?;
        let builder = match authorities {
            None => {
                use hyper_rustls::ConfigBuilderExt as _;
                builder.with_native_roots().map_err(|error| no_authorities(&error))?
            }
            Some(pem) => {
                let mut roots = rustls::RootCertStore::empty();
                for certificate in CertificateDer::pem_slice_iter(pem) {
                    let certificate = certificate.map_err(|error| no_authorities(&error))?;
                    roots.add(certificate).map_err(|error| no_authorities(&error))?;
                }
                if roots.is_empty() {
                    return Err(no_authorities(&"there is none"));
                }
                builder.with_root_certificates(roots)
            }
        };
        let mut config = match client {
            None => builder.with_no_client_auth(),
            Some((certificates, key)) => {
                let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificates).collect();
                let chain = chain.map_err(|error| no_client(&error))?;
                let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| no_client(&error))?;
                builder.with_client_auth_cert(chain, key).map_err(|error| no_client(&error))?
            }
        };
        // RFC 7858 section 3.1 has no word for it; the registry of ALPN does, and servers that share a port ask for it.
        config.alpn_protocols = vec![b"dot".to_vec()];
        Ok(Self(Arc::new(config)))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

// === Connection ===

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection with one server, on which one question is asked after the other.
pub(super) struct Connection(BufReader<Box<dyn Stream>>);

impl Connection {
    /// # Errors
    /// When it is not there in time, or not who it should be.
    pub(super) async fn open(server: &Server, tls: Option<&Tls>) -> io::Result<Self> {
        let connecting = async {
            let stream = TcpStream::connect((server.host.as_str(), server.port)).await?;
            stream.set_nodelay(true)?;
            let stream: Box<dyn Stream> = match tls {
                None => Box::new(stream),
                Some(Tls(config)) => {
                    let name = ServerName::try_from(server.host.clone()).map_err(io::Error::other)?;
                    Box::new(TlsConnector::from(config.clone()).connect(name, stream).await?)
                }
            };
            Ok::<_, io::Error>(Self(BufReader::with_capacity(READ_OCTETS, stream)))
        };
        in_time(CONNECT_TIME, connecting).await
    }

    /// Sends a message.
    ///
    /// # Errors
    /// As the connection has them, or when the server does not take it in time.
    pub(super) async fn send(&mut self, message: &[u8]) -> io::Result<()> {
        let octets = u16::try_from(message.len()).map_err(io::Error::other)?;
        let framed = [&octets.to_be_bytes(), message].concat();
        in_time(ANSWER_TIME, async {
            self.0.write_all(&framed).await?;
            self.0.flush().await
        })
        .await
    }

    /// Receives a message.
    ///
    /// # Errors
    /// As the connection has them, or when none comes in time.
    pub(super) async fn receive(&mut self, limit: Duration) -> io::Result<Vec<u8>> {
        in_time(limit, async {
            let octets = self.0.read_u16().await?;
            let mut message = vec![0; usize::from(octets)];
            self.0.read_exact(&mut message).await?;
            Ok(message)
        })
        .await
    }
}

async fn in_time<T>(limit: Duration, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let late = || io::Error::new(io::ErrorKind::TimedOut, format!("nothing within {} s", limit.as_secs()));
    timeout(limit, work).await.unwrap_or_else(|_| Err(late()))
}
