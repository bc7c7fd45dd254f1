//! An etcd that the configuration names, whatever it is for: where it is, and how we come in.
//!
//! Names are answered from one ([`crate::skydns`]), published to one ([`crate::sync`]), and what External-DNS gives us is kept
//! in one ([`crate::webhook`]). All three are said by the same keys and reached in the same way.

use std::path::PathBuf;
use std::sync::Arc;

use portolan_store::kv::etcd::{self, Identity, Options, Password, Tls, User};
use portolan_store::kv::{Kv, KvError, Revision};

use crate::chance;

/// How an etcd is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Etcd {
    /// The URLs of its members.
    pub members: Vec<String>,
    /// The file of the authorities that members with https have their certificates from.
    pub ca: Option<PathBuf>,
    /// The files of our certificate, and of its key.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// A user, and the file with the password.
    pub user: Option<(String, PathBuf)>,
}

impl Etcd {
    /// What it is and where, for people: `etcd http://127.0.0.1:2379`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("etcd {}", self.members.join(", "))
    }

    /// A client of it, that has asked nothing yet. `seen` is a revision that it was at before, 0 when that is not known.
    ///
    /// # Errors
    /// When what was said of it is not whole.
    pub fn client(&self, seen: Revision) -> Result<Arc<dyn Kv>, KvError> {
        Ok(Arc::new(etcd::Etcd::new(self.options(seen))?))
    }

    fn options(&self, seen: Revision) -> Options {
        let identity = self.identity.clone().map(|(certificate, key)| Identity { certificate, key });
        let tls = self.ca.clone().map(|authority| Tls { authority, identity });
        let user = self.user.clone().map(|(name, file)| User { name, password: Password::File(file) });
        Options { tls, user, seen, draw: chance::draw, ..Options::new(self.members.clone()) }
    }
}

/// Whether members are reached by TLS, all of them or none.
///
/// # Errors
/// The rule that they break, where some are and others are not.
pub(crate) fn is_secure(members: &[String]) -> Result<bool, &'static str> {
    let secure = members.iter().filter(|member| member.starts_with("https://")).count();
    match secure == members.len() || secure == 0 {
        true => Ok(secure > 0),
        false => Err("has members with https and others without; all are reached alike"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_said_arrives() {
        let etcd = Etcd {
            members: vec!["https://a:1".to_owned(), "https://b:1".to_owned()],
            ca: Some("ca".into()),
            identity: Some(("cert".into(), "key".into())),
            user: Some(("dns".to_owned(), "password".into())),
        };
        assert_eq!(etcd.name(), "etcd https://a:1, https://b:1");
        let options = etcd.options(7);
        assert_eq!((options.members, options.seen), (etcd.members.clone(), 7));
        let Tls { authority, identity } = options.tls.unwrap();
        let identity = identity.map(|identity| (identity.certificate, identity.key));
        assert_eq!((Some(authority), identity), (etcd.ca.clone(), etcd.identity.clone()));
        let User { name, password: Password::File(file) } = options.user.unwrap() else { panic!("a text") };
        assert_eq!(Some((name, file)), etcd.user);
        assert!(etcd.client(0).is_ok());
        assert!(Etcd::default().client(0).is_err(), "a store without members");
    }
}
