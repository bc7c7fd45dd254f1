//! Who we are, and who may come: files that may change while we run.
//!
//! They are read for each connection, as the client reads its own: whoever renews certificates has nothing to tell us. Files
//! that are no good, as while somebody writes them, change nothing: those that were read last go on.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

/// Most octets of a file.
const FILE_OCTETS_MAX: u64 = 1024 * 1024;

/// Files by which a server and its clients prove to each other who they are, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The authorities that clients have their certificates from.
    pub authority: PathBuf,
    /// The server's certificate, and those that it is signed by.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// A file of TLS that is of no use: which, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {why}", file.display())]
pub struct TlsError {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it.
    pub why: String,
}

/// What the files come to now.
#[derive(Debug)]
pub(super) struct Current {
    files: Tls,
    last: Mutex<Last>,
}

#[derive(Debug)]
struct Last {
    config: Arc<ServerConfig>,
    trouble: Option<TlsError>,
}

impl Current {
    /// # Errors
    /// [`TlsError`] when a file is not what it is to be.
    pub(super) fn new(files: Tls) -> Result<Self, TlsError> {
        let config = files.read()?;
        Ok(Self { files, last: Mutex::new(Last { config, trouble: None }) })
    }

    /// For the next connection.
    pub(super) fn config(&self) -> Arc<ServerConfig> {
        let read = self.files.read();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match read {
            Ok(config) => *last = Last { config, trouble: None },
            Err(error) => {
                if last.trouble.as_ref() != Some(&error) {
                    tracing::error!("{error}; the certificates that were read before go on");
                    last.trouble = Some(error);
                }
            }
        }
        Arc::clone(&last.config)
    }
}

impl Tls {
    fn read(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        for certificate in certificates(&self.authority)? {
            roots.add(certificate).map_err(|error| fault(&self.authority, &error))?;
        }
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let clients = clients.build().map_err(|error| fault(&self.authority, &error))?;
        let chain = certificates(&self.certificate)?;
        let key =
            PrivateKeyDer::from_pem_slice(&read(&self.key)?).map_err(|error| fault(&self.key, &error))?;
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| fault(&self.certificate, &error))?
            .with_client_cert_verifier(clients)
            .with_single_cert(chain, key)
            .map_err(|error| fault(&self.certificate, &error))?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Arc::new(config))
    }
}

/// The certificates of a file, of which there is one at least.
fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = read(file)?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let all = all.map_err(|error| fault(file, &error))?;
    if all.is_empty() { Err(fault(file, &"has no certificate")) } else { Ok(all) }
}

fn read(file: &Path) -> Result<Vec<u8>, TlsError> {
    let octets = fs::metadata(file).map_err(|error| fault(file, &error))?.len();
    if octets > FILE_OCTETS_MAX {
        return Err(fault(file, &format!("{octets} octets; at most {FILE_OCTETS_MAX} are read")));
    }
    fs::read(file).map_err(|error| fault(file, &error))
}

fn fault(file: &Path, why: &dyn std::fmt::Display) -> TlsError {
    TlsError { file: file.to_owned(), why: why.to_string() }
}
