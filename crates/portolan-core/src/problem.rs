//! What is wrong with somebody's input: a subject and a reason, never a failure of ours.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// A fault of user data. It stands beside the value that could still be made of the rest
/// (DESIGN section 7, invariant 10), and becomes a log line and a status condition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The object and, where there is one, the field: `GlobalName shop/web (eu-1): spec.hosts[2]`.
    pub subject: String,
    /// Why, in one CamelCase word for machines.
    pub reason: Reason,
    /// The value and the rule that it breaks, for people.
    pub message: String,
    /// Where it stands: `eu-1/web.yaml:12:3`. Empty when the object has no file.
    pub place: String,
}

/// Most problems of one piece of work that are told; the others are counted.
pub const PROBLEMS_MAX: usize = 1_000;

/// The problems of one piece of work: the first [`PROBLEMS_MAX`], and how many more there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    /// Those that are told.
    pub told: Vec<Problem>,
    /// How many are not.
    pub untold: usize,
}

impl Problems {
    /// One more.
    pub fn push(&mut self, problem: Problem) {
        if self.told.len() < PROBLEMS_MAX {
            self.told.push(problem);
        } else {
            self.untold += 1;
        }
    }

    /// True when there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }
}

impl Extend<Problem> for Problems {
    fn extend<I: IntoIterator<Item = Problem>>(&mut self, problems: I) {
        problems.into_iter().for_each(|problem| self.push(problem));
    }
}

/// A URL as a message repeats it: without a user, a password and a query, any of which may be secret. It need be
/// no URL, and a password may have any character.
#[must_use]
pub fn shown_url(text: &str) -> String {
    let is_scheme = |scheme: &&str| scheme.bytes().all(|octet| octet.is_ascii_alphanumeric());
    let scheme = text.split_once("://").map(|(scheme, _)| scheme).filter(is_scheme);
    let scheme = scheme.map_or_else(String::new, |scheme| format!("{scheme}://"));
    let rest = text.strip_prefix(&scheme).unwrap_or(text);
    let (user, rest) = rest.rsplit_once('@').map_or(("", rest), |(_, rest)| ("***@", rest));
    let (rest, query) = match rest.find(['?', '#']) {
        Some(at) => (rest.get(..at).unwrap_or_default(), "?***"),
        None => (rest, ""),
    };
    format!("{scheme}{user}{rest}{query}")
}

/// The reasons a [`Problem`] may have; each is a word of a status condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A file could not be read or does not parse; what it gave before stays.
    Unreadable,
    /// The same object, network or key twice; the first counts.
    Duplicate,
    /// A field that our kinds do not have; the object is used without it.
    UnknownField,
    /// A value breaks a rule; the item is left out.
    Invalid,
    /// Something named is not there.
    NotFound,
    /// Two objects want one name; the older has it.
    Conflict,
    /// The zone's rules do not admit this object to this name.
    NotAdmitted,
    /// The name is in no zone, so our own server refuses it.
    NoZone,
    /// A target is left out (host name beside addresses, CNAME at an apex, unusable address).
    TargetSkipped,
    /// A target is served, but is probably a mistake (loopback, private address).
    TargetSuspect,
    /// A named limit is reached; what is above it is left out.
    LimitReached,
    /// A cluster lacks a fact that some names need (its region, say), or a zone has not all of its file.
    Incomplete,
    /// A cluster is not heard from; its last facts stay.
    Silent,
    /// Names point at each other in a circle.
    Loop,
    /// A cluster refuses us what we have to read of it; what it gave before stays.
    Unauthorized,
    /// A host name of a load balancer does not resolve; its last addresses stay, or it stays an alias.
    Unresolved,
    /// A load balancer's status went empty; what stood there stays for a while.
    Kept,
    /// A cluster suddenly lacks most of what it had, and nobody said that it goes; it stays until somebody does.
    Held,
    /// A cluster's copy of an intent says something else than the one that counts, which more clusters hold.
    Disagreement,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        write!(f, "{}: {}: {}", self.subject, self.reason, self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_what_may_be_secret() {
        for (url, shown) in [
            ("http://127.0.0.1:2379", "http://127.0.0.1:2379"),
            ("https://[::1]:1/path", "https://[::1]:1/path"),
            ("http://user:s3cret@a:1", "http://***@a:1"),
            ("http://user:s3@cr/et@a:1/x", "http://***@a:1/x"),
            ("user:s3cret@a:1", "***@a:1"),
            ("a:1?token=s3cret#s3cret", "a:1?***"),
            ("https://a,https://user:s3cret@b", "https://***@b"),
            ("", ""),
        ] {
            assert_eq!(shown_url(url), shown);
        }
    }
}
