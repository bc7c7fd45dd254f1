//! How long a token lives, and whose it is, as it says itself.
//!
//! A token of a ServiceAccount is a signed JWT (RFC 7519). Its signature is for the API server to check; here
//! it is asked only when to get a new one, so a lie in it costs a request.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::access::{Access, Identity, Shown};
use super::secret::{KUBECONFIG, RENEW, Secret, TOKEN, unbase64};
use crate::object::Kind;

/// The shortest life that an API server gives a token, in seconds.
pub const LIFE_SECONDS_MIN: i64 = 600;
/// The longest life that is asked for, in seconds: 100 years.
pub const LIFE_SECONDS_MAX: i64 = 100 * 366 * 86_400;
/// The part of its life after which a token is renewed, in percent.
pub const RENEW_PERCENT: u8 = 66;

/// When a token was made, and when it ends, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// When it was made.
    pub from: i64,
    /// When it ends.
    pub to: i64,
}

impl Life {
    /// The life of a token; none of one that does not say.
    #[must_use]
    pub fn of(token: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Claims {
            exp: i64,
            #[serde(default)]
            iat: Option<i64>,
            #[serde(default)]
            nbf: Option<i64>,
        }
        let claims = token.split('.').nth(1)?;
        let mut claims = claims.replace('-', "+").replace('_', "/");
        while !claims.len().is_multiple_of(4) {
            claims.push('=');
        }
        let claims: Value = serde_json::from_slice(&unbase64(&claims)?).ok()?;
        let Claims { exp, iat, nbf } = serde_json::from_value(claims).ok()?;
        let from = iat.or(nbf)?;
        (from < exp).then_some(Self { from, to: exp })
    }

    /// The life of the token by which a cluster is reached; none where that is by no token.
    #[must_use]
    pub fn of_access(access: &Access) -> Option<Self> {
        match &access.identity {
            Identity::Token(token) => Self::of(token),
            Identity::Certificate { .. } => None,
        }
    }

    /// How long it is, in seconds, as it may be asked for again.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.to.saturating_sub(self.from).clamp(LIFE_SECONDS_MIN, LIFE_SECONDS_MAX)
    }

    /// When so many percent of it are over.
    #[must_use]
    pub fn after(&self, percent: u8) -> i64 {
        let whole = i128::from(self.to) - i128::from(self.from);
        let part = whole * i128::from(percent.min(100)) / 100;
        self.from.saturating_add(i64::try_from(part).unwrap_or(i64::MAX))
    }
}

/// A token that is ours to renew.
#[derive(Clone, PartialEq, Eq)]
pub struct Renewal {
    /// The namespace of the ServiceAccount in its cluster.
    pub namespace: Arc<str>,
    /// The ServiceAccount.
    pub account: Arc<str>,
    /// The token as it is now.
    pub token: String,
    /// Its life.
    pub life: Life,
}

impl fmt::Debug for Renewal {
    /// Without the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} {:?}", self.namespace, self.account, self.life)
    }
}

impl Renewal {
    /// What is to be renewed of a Secret that an object of a kind names; none where nobody asks for that.
    ///
    /// # Errors
    /// Why what is asked for cannot be done.
    pub fn of(secret: &Secret, access: &Access, kind: Kind) -> Result<Option<Self>, String> {
        let Some(account) = &secret.renew else { return Ok(None) };
        if kind != Kind::MemberCluster {
            return Err(format!("that is done for a MemberCluster, and this is a {kind}"));
        }
        let Some((namespace, account)) = account.split_once('/').filter(|(a, b)| is_name(a) && is_name(b))
        else {
            return Err(format!(
                "annotation {RENEW} is {}, not NAMESPACE/NAME of a ServiceAccount",
                Shown(account)
            ));
        };
        let (Identity::Token(token), true) = (&access.identity, secret.is_in_parts()) else {
            return Err(format!("it stands in {KUBECONFIG}, not in {TOKEN}"));
        };
        let life = Life::of(token).ok_or("it does not say when it was made and when it ends")?;
        Ok(Some(Self { namespace: namespace.into(), account: account.into(), token: token.clone(), life }))
    }
}

/// True of a name of objects, which stands in a path.
fn is_name(text: &str) -> bool {
    const NAME_OCTETS_MAX: usize = 253;
    let is_plain =
        |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || matches!(octet, b'-' | b'.');
    let is_end = |octet: Option<&u8>| octet.is_some_and(u8::is_ascii_alphanumeric);
    let octets = text.as_bytes();
    octets.len() <= NAME_OCTETS_MAX
        && octets.iter().copied().all(is_plain)
        && is_end(octets.first())
        && is_end(octets.last())
}

#[cfg(test)]
mod tests {
    use super::super::secret::base64;
    use super::*;

    fn token(claims: &str) -> String {
        let claims = base64(claims.as_bytes()).replace('+', "-").replace('/', "_");
        format!("eyJhbGciOiJFUzI1NiJ9.{}.c2ln", claims.trim_end_matches('='))
    }

    #[test]
    fn a_life_is_what_the_token_says() {
        for (claims, life) in [
            (r#"{"exp": 4600, "iat": 1000}"#, Some((1_000, 4_600))),
            (r#"{"exp": 4600, "nbf": 1000, "sub": "system:serviceaccount:a:b>>>???"}"#, Some((1_000, 4_600))),
            (r#"{"exp": 4600}"#, None),
            (r#"{"exp": 1000, "iat": 1000}"#, None),
            (r#"{"exp": "x", "iat": 1000}"#, None),
            ("[]", None),
        ] {
            assert_eq!(Life::of(&token(claims)), life.map(|(from, to)| Life { from, to }), "{claims}");
        }
        for none in ["", "opaque", "a.b", "a.!!.c", "..", "a.bnVsbA.c"] {
            assert_eq!(Life::of(none), None, "{none}");
        }
    }

    #[test]
    fn two_thirds_of_a_life_are_counted_from_its_begin() {
        let life = Life { from: 1_000, to: 4_600 };
        assert_eq!(life.after(RENEW_PERCENT), 1_000 + 2_376);
        assert_eq!((life.after(0), life.after(100), life.after(200)), (1_000, 4_600, 4_600));
        assert_eq!(life.seconds(), 3_600);
        assert_eq!(Life { from: 0, to: 1 }.seconds(), LIFE_SECONDS_MIN);
        assert_eq!(Life { from: i64::MIN, to: i64::MAX }.seconds(), LIFE_SECONDS_MAX);
    }
}
