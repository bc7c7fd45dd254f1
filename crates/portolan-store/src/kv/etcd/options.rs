//! What a client of etcd is told.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use portolan_core::shown_url;
use tonic::transport::Uri;

use super::MEMBERS_MAX;
use crate::kv::{KvError, Revision};

/// How long a member has for an answer, unless told otherwise.
const ATTEMPT: Duration = Duration::from_secs(1);
/// How long a watch may be told nothing, not even that nothing happened, unless told otherwise.
const SILENCE: Duration = Duration::from_secs(600);

/// Where an etcd is, and how we come in.
#[derive(Clone, Debug)]
pub struct Options {
    /// URLs of its members, `http://HOST:PORT` or `https://HOST:PORT`; the first is asked first.
    pub members: Vec<String>,
    /// For members with `https`.
    pub tls: Option<Tls>,
    /// Who we are, where the store asks.
    pub user: Option<User>,
    /// How long a member has for an answer. Default: 1 s.
    pub attempt: Duration,
    /// How long a watch may be told nothing, not even that nothing happened, before everything is read again. Default: 10 min.
    pub silence: Duration,
    /// A revision that the store was seen at before, by another process; 0 when that is not known.
    pub seen: Revision,
    /// Chance, by which those who lost a member together do not come back together. Default: none.
    pub draw: fn() -> u64,
    /// Each member is a store of its own ([`super::super::server`]): where those fail that have what was seen, the store went
    /// back, and they are not waited for. Default: they are one store.
    pub are_apart: bool,
}

/// Files by which members and we prove who we are, in PEM. They are read for each connection, so they may change.
#[derive(Clone, Debug)]
pub struct Tls {
    /// Authorities that sign for members.
    pub authority: PathBuf,
    /// What we prove ourselves with, where members ask.
    pub identity: Option<Identity>,
}

/// A client's certificate.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The file of the certificate, and of those that it is signed by.
    pub certificate: PathBuf,
    /// The file of its key.
    pub key: PathBuf,
}

/// A user of the store.
#[derive(Clone, Debug)]
pub struct User {
    /// What it is called there.
    pub name: String,
    /// What it proves itself with.
    pub password: Password,
}

/// A password. It is never printed.
#[derive(Clone)]
pub enum Password {
    /// This one.
    Text(String),
    /// The one in a file, without the line's end; read whenever a token is asked for, so it may change.
    File(PathBuf),
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("Text(..)"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

impl Options {
    /// These members, without TLS and user, and everything else as it is by default.
    #[must_use]
    pub fn new(members: Vec<String>) -> Self {
        Self {
            members,
            tls: None,
            user: None,
            attempt: ATTEMPT,
            silence: SILENCE,
            seen: 0,
            draw: || 0,
            are_apart: false,
        }
    }

    /// A pause, of which up to half is taken off by chance.
    pub(super) fn drawn(&self, pause: Duration) -> Duration {
        let part = u32::try_from((self.draw)() % 512).unwrap_or(0);
        pause - pause * part / 1024
    }

    /// Where each member is.
    ///
    /// # Errors
    /// [`KvError::Refused`] with the option, its value and the rule.
    pub(super) fn addresses(&self) -> Result<Vec<Address>, KvError> {
        let count = self.members.len();
        if !(1..=MEMBERS_MAX).contains(&count) {
            let why = format!("members: {count} are given; it must be 1 to {MEMBERS_MAX}");
            return Err(KvError::Refused(why));
        }
        let address = |url: &String| match Address::new(url) {
            Ok(address) if address.is_tls && self.tls.is_none() => {
                Err(told(url, "needs the file of an authority (tls)"))
            }
            said => said.map_err(|rule| told(url, &rule)),
        };
        let refused = |why| KvError::Refused(format!("members: {why}"));
        self.members.iter().map(|url| address(url).map_err(refused)).collect()
    }
}

/// Holds the URL of a member against what one is.
///
/// # Errors
/// The URL, without what of it may be secret, and the rule that it breaks, as in
/// `"a:1" must begin with http:// or https://`.
pub fn check_member(url: &str) -> Result<(), String> {
    Address::new(url).map(drop).map_err(|rule| told(url, &rule))
}

/// Where one member is.
#[derive(Clone, Debug)]
pub(super) struct Address {
    pub(super) uri: Uri,
    /// A host name, or an address without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) is_tls: bool,
}

impl Address {
    fn new(url: &str) -> Result<Self, String> {
        let uri: Uri = url.parse().map_err(|error| format!("is no URL: {error}"))?;
        let is_tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err("must begin with http:// or https://".to_owned()),
        };
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err("must name no user; there are options for that".to_owned());
        }
        let (Some(host), Some(port @ 1..)) = (uri.host(), uri.port_u16()) else {
            return Err("must name a host and a port".to_owned());
        };
        if uri.path() != "/" || uri.query().is_some() {
            return Err("must end after its port".to_owned());
        }
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { host, port, is_tls, uri })
    }
}

fn told(url: &str, rule: &str) -> String {
    format!("{:?} {rule}", shown_url(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(members: &[&str], tls: Option<Tls>) -> String {
        let members = members.iter().map(|url| (*url).to_owned()).collect();
        match (Options { tls, ..Options::new(members) }).addresses() {
            Err(KvError::Refused(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn members_are_urls_with_a_port() {
        let urls = ["http://127.0.0.1:2379", "http://[::1]:1", "http://etcd-0.etcd:2379/"].map(str::to_owned);
        let addresses = Options::new(urls.to_vec()).addresses().unwrap();
        let places: Vec<(&str, u16)> = addresses.iter().map(|one| (one.host.as_str(), one.port)).collect();
        assert_eq!(places, [("127.0.0.1", 2379), ("::1", 1), ("etcd-0.etcd", 2379)]);
    }

    #[test]
    fn what_is_no_member_is_told_with_the_rule() {
        assert_eq!(refused(&[], None), "members: 0 are given; it must be 1 to 16");
        let cases = [
            ("127.0.0.1:2379", "must begin with http:// or https://"),
            ("ftp://a:1", "must begin with http:// or https://"),
            ("http://a", "must name a host and a port"),
            ("http://a:0", "must name a host and a port"),
            ("http://a:1/v3", "must end after its port"),
            ("https://a:1", "needs the file of an authority (tls)"),
        ];
        for (url, rule) in cases {
            assert_eq!(refused(&[url], None), format!("members: {url:?} {rule}"));
        }
        assert!(refused(&["http://a b:1"], None).contains("is no URL"));
        let told = refused(&["http://user:secret@a:1"], None);
        assert_eq!(told, "members: \"http://***@a:1\" must name no user; there are options for that");
        assert_eq!(check_member("http://user:secret@a:1"), Err(told.replace("members: ", "")));
    }

    #[test]
    fn a_password_is_not_printed() {
        let user = User { name: "dns".to_owned(), password: Password::Text("secret".to_owned()) };
        assert!(!format!("{user:?}").contains("secret"));
    }
}
