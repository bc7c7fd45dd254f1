//! The key that messages are signed with (TSIG, RFC 8945).

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::base::name::ToName as _;
use domain::tsig::{Algorithm, Key};
use portolan_core::name::Name;

/// The algorithms that there are here: those with a future in RFC 8945 section 6, and SHA-1, which old servers ask for.
pub const ALGORITHMS: [&str; 4] = ["hmac-sha256", "hmac-sha384", "hmac-sha512", "hmac-sha1"];

/// A name, an algorithm and a secret that we share with a server.
#[derive(Clone)]
pub struct TsigKey {
    key: Arc<Key>,
    name: Name,
}

/// Why something is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No algorithm that we have. It is not repeated what was given as a secret.
    #[error("{0:?} is none of the algorithms hmac-sha256, hmac-sha384, hmac-sha512 and hmac-sha1")]
    Algorithm(String),
    /// Not base64, or nothing.
    #[error("the secret is not base64 of at least one octet")]
    Secret,
}

impl TsigKey {
    /// Takes a key as External-DNS' flags have it: a name, an algorithm by its word, and a secret in base64.
    ///
    /// # Errors
    /// [`KeyError`] says which part is none.
    pub fn new(name: Name, algorithm: &str, secret: &str) -> Result<Self, KeyError> {
        let word = algorithm.trim_end_matches('.').to_ascii_lowercase();
        let algorithm: Algorithm = word.parse().map_err(|_| KeyError::Algorithm(algorithm.to_owned()))?;
        let secret = BASE64_STANDARD.decode(secret.trim()).map_err(|_| KeyError::Secret)?;
        if secret.is_empty() {
            return Err(KeyError::Secret);
        }
        let wire = domain::base::Name::from_slice(name.as_wire()).expect("a name is in wire form");
        let owner = wire.try_to_name().expect("a name has at most 255 octets");
        let key = Key::new(algorithm, &secret, owner, None, None).expect("no length of signatures is named");
        Ok(Self { key: Arc::new(key), name })
    }

    /// What it is called at the server.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The library's.
    pub(super) fn inner(&self) -> Arc<Key> {
        self.key.clone()
    }

    /// Octets that a signature takes in a message.
    pub(super) fn octets(&self) -> usize {
        usize::from(self.key.compose_len())
    }
}

impl fmt::Display for TsigKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.key.algorithm())
    }
}

impl fmt::Debug for TsigKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
