//! What members and clients of an etcd prove themselves with.
//!
//! ```text
//!   ca.crt, server.crt, server.key            the members'; they read their certificate anew for each client
//!   client/ca.crt, client.crt, client.key     a client's, each replaced by rename, as a mounted Secret is
//! ```

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::authority::Authority;
use crate::folder::Folder;

/// The files by which a client comes in, in PEM; those of a member are of the same kind.
#[derive(Clone, Debug)]
pub struct ClientFiles {
    /// The authority that signs for the other side.
    pub authority: PathBuf,
    /// The own certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// The files of one cluster.
pub(super) struct Tls {
    folder: Folder,
    authority: Mutex<Authority>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Tls").field(&self.folder).finish()
    }
}

impl Tls {
    pub(super) fn new(name: &str) -> Self {
        let folder = Folder::new(&format!("{name}-tls"));
        let tls = Self { folder, authority: Mutex::new(Authority::new(name)) };
        tls.write_members();
        tls.renew_client(true);
        tls
    }

    /// What each member is told.
    pub(super) fn flags(&self) -> Vec<String> {
        let file = |name: &str| self.folder.path().join(name).display().to_string();
        vec![
            "--client-cert-auth".to_owned(),
            format!("--trusted-ca-file={}", file("ca.crt")),
            format!("--cert-file={}", file("server.crt")),
            format!("--key-file={}", file("server.key")),
        ]
    }

    pub(super) fn client_files(&self) -> ClientFiles {
        let file = |name: &str| self.folder.path().join(name);
        ClientFiles {
            authority: file("client-ca.crt"),
            certificate: file("client.crt"),
            key: file("client.key"),
        }
    }

    /// Another authority signs from now on.
    pub(super) fn renew_members(&self) {
        *self.authority() = Authority::new("another");
        self.write_members();
    }

    /// The members' files, from now on.
    pub(super) fn take_members(&self, files: &ClientFiles) {
        for (name, file) in
            [("ca.crt", &files.authority), ("server.crt", &files.certificate), ("server.key", &files.key)]
        {
            let text =
                std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            self.folder.write(name, &text);
        }
    }

    /// A certificate of a client that is good, or that was good long ago.
    pub(super) fn renew_client(&self, is_good: bool) {
        let authority = self.authority();
        let (certificate, key) = authority.client("portolan", is_good);
        self.folder.replace("client-ca.crt", &authority.pem());
        self.folder.replace("client.crt", &certificate);
        self.folder.replace("client.key", &key);
    }

    fn write_members(&self) {
        let authority = self.authority();
        let (certificate, key) = authority.server(&[Ipv4Addr::LOCALHOST.into()]);
        self.folder.write("ca.crt", &authority.pem());
        self.folder.write("server.crt", &certificate);
        self.folder.write("server.key", &key);
    }

    fn authority(&self) -> MutexGuard<'_, Authority> {
        self.authority.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
