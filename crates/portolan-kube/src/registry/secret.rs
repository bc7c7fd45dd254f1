//! What of a Secret is kept: the values that may lead to a cluster. Nothing here shows them: neither `Debug`
//! nor a message has one.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1 as core_v1;
use serde_json::Value;

use super::access::Refusal;

/// A whole kubeconfig.
pub const KUBECONFIG: &str = "kubeconfig";
/// The address of the API server.
pub const SERVER: &str = "server";
/// The certificate authority, in PEM.
pub const AUTHORITY: &str = "ca.crt";
/// A bearer token.
pub const TOKEN: &str = "token";
/// The name that the server's certificate has, where it is another than that of its address.
pub const SERVER_NAME: &str = "tls-server-name";
/// The keys that are kept.
pub const KEYS: [&str; 5] = [KUBECONFIG, SERVER, AUTHORITY, TOKEN, SERVER_NAME];

/// Longest value that is kept, in octets; a kubeconfig with certificates has some thousands.
pub const VALUE_OCTETS_MAX: usize = 128 * 1024;
/// Most that is kept of an account's name, in characters: a namespace and a name.
const ACCOUNT_CHARS_MAX: usize = 512;
/// Asks that the token be renewed: the value is the ServiceAccount that it is of, as `NAMESPACE/NAME`.
pub const RENEW: &str = "portolan.dev/renew-token-of";
/// The label of the Secrets that `portolan cluster join` makes, and its value.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "portolan");

/// A Secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secret {
    values: BTreeMap<&'static str, Kept>,
    /// The ServiceAccount whose token is to be renewed, as the annotation [`RENEW`] has it.
    pub renew: Option<Arc<str>>,
}

/// A value.
#[derive(Clone, PartialEq, Eq)]
enum Kept {
    Octets(Arc<[u8]>),
    /// It has so many octets.
    TooLarge(usize),
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Octets(octets) => write!(f, "({} octets)", octets.len()),
            Self::TooLarge(octets) => write!(f, "(too large: {octets} octets)"),
        }
    }
}

impl Secret {
    /// What is kept of one.
    #[must_use]
    pub fn of(secret: &core_v1::Secret) -> Self {
        let data = secret.data.iter().flatten();
        let kept = data.filter_map(|(key, value)| {
            let key = KEYS.into_iter().find(|known| known == key)?;
            let octets = value.0.as_slice();
            let is_fit = octets.len() <= VALUE_OCTETS_MAX;
            Some((key, if is_fit { Kept::Octets(octets.into()) } else { Kept::TooLarge(octets.len()) }))
        });
        let annotation = secret.metadata.annotations.as_ref().and_then(|all| all.get(RENEW));
        let renew =
            annotation.map(|account| account.chars().take(ACCOUNT_CHARS_MAX).collect::<String>().into());
        Self { values: kept.collect(), renew }
    }

    /// True when it has a key.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    /// True of one that holds server and token apart, and no kubeconfig.
    #[must_use]
    pub fn is_in_parts(&self) -> bool {
        self.has(TOKEN) && !self.has(KUBECONFIG)
    }

    /// The text of a key, without the white space around it; none when it has none.
    ///
    /// # Errors
    /// When it is too large, or no text.
    pub fn text(&self, key: &str) -> Result<Option<&str>, Refusal> {
        let refused = |rule: String| Err((key.to_owned(), rule));
        match self.values.get(key) {
            None => Ok(None),
            Some(Kept::TooLarge(octets)) => {
                refused(format!("has {octets} octets; at most {VALUE_OCTETS_MAX} are read"))
            }
            Some(Kept::Octets(octets)) => match std::str::from_utf8(octets) {
                Ok(text) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
                Err(_) => refused("is no text (UTF-8)".to_owned()),
            },
        }
    }
}

/// Octets as a Secret's `data` and a kubeconfig's `*-data` have them.
#[must_use]
pub fn base64(octets: &[u8]) -> String {
    let text = serde_json::to_value(ByteString(octets.to_vec()));
    text.ok().and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Octets out of base64; none when it is none.
#[must_use]
pub fn unbase64(text: &str) -> Option<Vec<u8>> {
    let value = Value::String(text.to_owned());
    serde_json::from_value::<ByteString>(value).ok().map(|octets| octets.0)
}
