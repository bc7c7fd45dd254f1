//! How a cluster is reached, and what the words that say so must be.

use std::fmt;
use std::net::Ipv6Addr;

use serde_json::{Value, json};

use super::secret::{AUTHORITY, KUBECONFIG, SERVER, SERVER_NAME, Secret, TOKEN, base64, unbase64};

/// Longest address of an API server, in octets.
pub const SERVER_OCTETS_MAX: usize = 2_048;
/// Longest token, in octets; those of API servers have one or two thousand.
pub const TOKEN_OCTETS_MAX: usize = 16 * 1024;
/// Most octets of a value that a message repeats.
const SHOWN_OCTETS_MAX: usize = 80;

/// A field, and the rule that its value breaks.
pub type Refusal = (String, String);

/// How a cluster is reached.
#[derive(Clone, PartialEq, Eq)]
pub struct Access {
    /// `https://HOST:PORT`.
    pub server: String,
    /// The certificate authority that vouches for the server, in PEM; none: those that the machine trusts.
    pub authority: Option<String>,
    /// The name that the server's certificate has; none: that of its address.
    pub server_name: Option<String>,
    /// Who we are to it.
    pub identity: Identity,
}

/// Who we are to an API server.
#[derive(Clone, PartialEq, Eq)]
pub enum Identity {
    /// A bearer token.
    Token(String),
    /// A client's certificate and its key, in PEM.
    Certificate {
        /// The certificate.
        certificate: String,
        /// The key.
        key: String,
    },
}

impl fmt::Debug for Identity {
    /// Without what is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token(_) => "a token",
            Self::Certificate { .. } => "a certificate",
        })
    }
}

impl fmt::Debug for Access {
    /// Without what is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {:?}", self.server, self.identity)
    }
}

impl Access {
    /// As a kubeconfig with one context, which a client reads.
    #[must_use]
    pub fn kubeconfig(&self) -> Value {
        let mut cluster = json!({ "server": self.server });
        if let Some(authority) = &self.authority {
            cluster["certificate-authority-data"] = base64(authority.as_bytes()).into();
        }
        if let Some(name) = &self.server_name {
            cluster["tls-server-name"] = name.as_str().into();
        }
        let user = match &self.identity {
            Identity::Token(token) => json!({ "token": token }),
            Identity::Certificate { certificate, key } => json!({
                "client-certificate-data": base64(certificate.as_bytes()),
                "client-key-data": base64(key.as_bytes()),
            }),
        };
        json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "member",
            "clusters": [{ "name": "member", "cluster": cluster }],
            "users": [{ "name": "member", "user": user }],
            "contexts": [{ "name": "member", "context": { "cluster": "member", "user": "member" } }],
        })
    }

    /// What a Secret of ours says: a kubeconfig, or server, authority and token apart.
    ///
    /// # Errors
    /// Each rule that is broken, with the key of the Secret.
    pub fn of_secret(secret: &Secret) -> Result<Self, Vec<Refusal>> {
        if let Some(text) = secret.text(KUBECONFIG).map_err(|refusal| vec![refusal])? {
            let named = |(field, rule): Refusal| (format!("{KUBECONFIG}: {field}"), rule);
            return super::kubeconfig::access(text).map_err(|all| all.into_iter().map(named).collect());
        }
        let mut refusals = Vec::new();
        let said = secret.text(SERVER).map_err(|refusal| refusals.push(refusal)).ok().flatten();
        let server = match said {
            Some(server) => url(server).map_err(|rule| refusals.push((SERVER.to_owned(), rule))).ok(),
            None if refusals.is_empty() => {
                let rule =
                    format!("is missing; the Secret has {KUBECONFIG}, or {SERVER}, {AUTHORITY} and {TOKEN}");
                refusals.push((SERVER.to_owned(), rule));
                None
            }
            None => None,
        };
        let access = server.and_then(|server| Self::with_token(server, None, secret, &mut refusals));
        access.filter(|_| refusals.is_empty()).ok_or(refusals)
    }

    /// A server that is known, with the token of a Secret, and its authority where the object has none (PEM).
    pub(super) fn with_token(
        server: String,
        authority: Option<String>,
        secret: &Secret,
        refusals: &mut Vec<Refusal>,
    ) -> Option<Self> {
        let mut text = |key: &'static str, rule: fn(&str) -> Result<(), String>| {
            let checked = secret.text(key).and_then(|text| match text {
                Some(text) => {
                    rule(text).map_err(|rule| (key.to_owned(), rule)).map(|()| Some(text.to_owned()))
                }
                None => Ok(None),
            });
            checked.map_err(|refusal| refusals.push(refusal)).ok()
        };
        let of_secret = text(AUTHORITY, certificate);
        let server_name = text(SERVER_NAME, host_name);
        let said = text(TOKEN, token);
        let Some(found) = said? else {
            refusals.push((TOKEN.to_owned(), "is missing; it holds a bearer token".to_owned()));
            return None;
        };
        let authority = authority.or(of_secret?);
        Some(Self { server, authority, server_name: server_name?, identity: Identity::Token(found) })
    }
}

/// The URL of an API server, out of a URL, or a host or address with or without a port.
///
/// # Errors
/// The rule that it breaks, behind the value.
pub fn url(text: &str) -> Result<String, String> {
    let shown = shown_url(text);
    if text.len() > SERVER_OCTETS_MAX {
        return Err(format!("has {} octets; at most {SERVER_OCTETS_MAX} are read", text.len()));
    }
    let rest = match text.split_once("://") {
        Some(("https", rest)) => rest,
        Some(_) => return Err(format!("{shown} is not https: the token would be for all to read")),
        None => text,
    };
    let is_plain =
        |octet: u8| octet.is_ascii_graphic() && !matches!(octet, b'@' | b'?' | b'#' | b'\\' | b'"');
    let refused = || Err(format!("{shown} is not https://HOST:PORT"));
    if !rest.bytes().all(is_plain) {
        return refused();
    }
    let (place, path) = rest.split_once('/').map_or((rest, ""), |(place, path)| (place, path));
    let place = if place.parse::<Ipv6Addr>().is_ok() { format!("[{place}]") } else { place.to_owned() };
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (place.as_str(), None),
    };
    let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(v6) => v6.parse::<Ipv6Addr>().is_ok(),
        None => !host.contains(':') && host_name(host).is_ok(),
    };
    if !is_host {
        return refused();
    }
    let is_digits = |port: &str| port.bytes().all(|octet| octet.is_ascii_digit());
    if port.is_some_and(|port| !is_digits(port) || port.parse::<u16>().is_err()) {
        return Err(format!("{shown} has no port from 0 to 65535"));
    }
    let path = path.trim_end_matches('/');
    Ok(if path.is_empty() { format!("https://{place}") } else { format!("https://{place}/{path}") })
}

/// Certificates in PEM, in base64, as objects and kubeconfigs have them.
///
/// # Errors
/// The rule that is broken; the value is not repeated.
pub fn authority(text: &str) -> Result<String, String> {
    let octets = unbase64(text).ok_or("is no base64")?;
    let pem = String::from_utf8(octets).map_err(|_| "is no text in base64".to_owned())?;
    certificate(&pem)?;
    Ok(pem)
}

/// # Errors
/// When a text has no certificate in PEM.
pub fn certificate(pem: &str) -> Result<(), String> {
    let has = pem.contains("-----BEGIN CERTIFICATE-----") && pem.contains("-----END CERTIFICATE-----");
    if has { Ok(()) } else { Err("holds no certificate in PEM".to_owned()) }
}

/// # Errors
/// When a text has no private key in PEM.
pub fn private_key(pem: &str) -> Result<(), String> {
    let has = pem.contains("-----BEGIN ") && pem.contains("PRIVATE KEY-----");
    if has { Ok(()) } else { Err("holds no private key in PEM".to_owned()) }
}

/// # Errors
/// When a text is no bearer token; it is not repeated.
pub fn token(text: &str) -> Result<(), String> {
    if text.len() > TOKEN_OCTETS_MAX {
        return Err(format!("has {} octets; a token has at most {TOKEN_OCTETS_MAX}", text.len()));
    }
    let is_plain = text.bytes().all(|octet| octet.is_ascii_graphic());
    if is_plain { Ok(()) } else { Err("is no bearer token: it has characters that none has".to_owned()) }
}

/// # Errors
/// When a text is no name or address that a certificate may have.
pub fn host_name(text: &str) -> Result<(), String> {
    const HOST_OCTETS_MAX: usize = 253;
    let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b':' | b'_');
    let is_host = !text.is_empty() && text.len() <= HOST_OCTETS_MAX && text.bytes().all(is_plain);
    if is_host { Ok(()) } else { Err(format!("{} is no host name", Shown(text))) }
}

/// A URL as a message repeats it, without what of it may be secret.
pub(super) fn shown_url(text: &str) -> String {
    Shown(&portolan_core::shown_url(text)).to_string()
}

/// A value as a message repeats it: quoted, escaped, and cut when it is long.
pub(super) struct Shown<'a>(pub(super) &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(SHOWN_OCTETS_MAX) {
            Some((cut, _)) => write!(f, "{:?}...", self.0.get(..cut).unwrap_or_default()),
            None => write!(f, "{:?}", self.0),
        }
    }
}
