//! TLS before a server that has none, with a certificate of an authority that was made for it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::authority::Authority;
use crate::background;
use crate::folder::Folder;

/// A door on loopback, closed with its value.
#[derive(Debug)]
pub struct TlsDoor {
    address: SocketAddr,
    authority: PathBuf,
    // Its end ends the thread.
    _stop: oneshot::Sender<()>,
    _folder: Folder,
}

impl TlsDoor {
    /// Opens one that leads to a server.
    ///
    /// # Panics
    /// When loopback has no port left.
    #[must_use]
    pub fn before(name: &str, server: SocketAddr) -> Self {
        let (authority, folder) = (Authority::new(name), Folder::new(&format!("{name}-door")));
        let acceptor = acceptor(&authority);
        let (address, stop) = background::serve(move |listener| serve(listener, acceptor, server));
        let authority = folder.write("ca.crt", &authority.pem());
        Self { address, authority, _stop: stop, _folder: folder }
    }

    /// Where it is, as `https://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The file of the authority that signs for it, in PEM.
    #[must_use]
    pub fn authority(&self) -> &Path {
        &self.authority
    }
}

fn acceptor(authority: &Authority) -> TlsAcceptor {
    let (certificate, key) = authority.server(&[Ipv4Addr::LOCALHOST.into()]);
    let certificate =
        CertificateDer::from_pem_slice(certificate.as_bytes()).expect("a certificate of ours is PEM");
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key of ours is PEM");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has every version")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a certificate of ours goes with its key");
    TlsAcceptor::from(Arc::new(config))
}

async fn serve(listener: tokio::net::TcpListener, acceptor: TlsAcceptor, server: SocketAddr) {
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            // Who does not trust the certificate goes.
            let Ok(mut outside) = acceptor.accept(stream).await else { return };
            let Ok(mut inside) = TcpStream::connect(server).await else { return };
            let _ = copy_bidirectional(&mut outside, &mut inside).await;
        });
    }
}
