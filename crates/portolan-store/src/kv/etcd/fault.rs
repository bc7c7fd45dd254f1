//! What a status means, from a member or from the connection to it.
//!
//! etcd says most of it in words (`api/v3rpc/rpctypes/error.go`), which have stood for years; a code alone does not tell
//! «no room» from «too many requests».

use std::error::Error;

use tonic::{Code, ConnectError, Status};

use crate::kv::{KvError, Revision};

/// Why there was no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// What any member would say.
    Final(KvError),
    /// The revision was forgotten; which is the oldest is known of watches alone.
    Compacted(Option<Revision>),
    /// There is no such revision yet.
    Future,
    /// The answer would have too many octets.
    TooLarge,
    /// The token is void, or there should be one.
    Token(String),
    /// The member has less than what was seen, or is of another store.
    Behind(KvError),
    /// The member does not do it, for now.
    NotDone(String),
    /// Whether it did is not known.
    Unanswered(String),
}

impl From<KvError> for Fault {
    fn from(error: KvError) -> Self {
        match error {
            KvError::WentBack { .. } => Self::Behind(error),
            other => Self::Final(other),
        }
    }
}

impl Fault {
    /// What a status of a request that was sent means.
    pub(super) fn of(status: &Status) -> Self {
        let says = |words: &str| status.message().contains(words);
        let message = || status.message().trim_start_matches("etcdserver: ").to_owned();
        match status.code() {
            Code::OutOfRange if says("has been compacted") => Self::Compacted(None),
            Code::OutOfRange if says("is a future revision") => Self::Future,
            Code::OutOfRange if says("message length too large") => Self::TooLarge,
            Code::ResourceExhausted if says("database space exceeded") => {
                Self::Final(KvError::Full(message()))
            }
            Code::ResourceExhausted if says("too many requests") => Self::NotDone(message()),
            Code::Unauthenticated => Self::Token(message()),
            Code::InvalidArgument if says("revision of auth store is old") || says("user name is empty") => {
                Self::Token(message())
            }
            Code::PermissionDenied => Self::Final(KvError::Unauthorized(message())),
            Code::InvalidArgument if says("authentication failed") => {
                Self::Final(KvError::Unauthorized(message()))
            }
            Code::FailedPrecondition if says("learner") || says("not capable") || says("not leader") => {
                Self::NotDone(message())
            }
            Code::InvalidArgument
            | Code::FailedPrecondition
            | Code::OutOfRange
            | Code::ResourceExhausted
            | Code::Unimplemented
            | Code::NotFound => Self::Final(KvError::Refused(message())),
            Code::Unavailable if says("no leader") || was_never_sent(status) => Self::NotDone(words(status)),
            _ => Self::Unanswered(words(status)),
        }
    }

    /// What a watch's reason to end means; it has no code.
    pub(super) fn of_watch(reason: &str) -> Self {
        let code = if reason.contains("auth token") {
            Code::Unauthenticated
        } else if reason.contains("permission denied") {
            Code::PermissionDenied
        } else if reason.contains("auth store is old") || reason.contains("user name is empty") {
            Code::InvalidArgument
        } else {
            Code::Unavailable
        };
        let words = reason.rsplit_once("desc = ").map_or(reason, |(_, words)| words);
        Self::of(&Status::new(code, words))
    }
}

/// True when the connection had ended before.
fn was_never_sent(status: &Status) -> bool {
    causes(status).any(|cause| cause.is::<ConnectError>())
}

/// What a status says, and what is behind it; its own `Display` adds what nobody reads.
fn words(status: &Status) -> String {
    let message = status.message().trim_start_matches("etcdserver: ").to_owned();
    let mut words: Vec<String> = causes(status).skip(1).map(ToString::to_string).collect();
    words.insert(0, message);
    words.retain(|words| !words.is_empty());
    words.dedup();
    words.join(": ")
}

/// An error, and what is behind it.
pub(super) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_etcd_are_understood() {
        let of = |code, words: &str| Fault::of(&Status::new(code, words));
        let exhausted = Code::ResourceExhausted;
        assert_eq!(
            of(exhausted, "etcdserver: mvcc: database space exceeded"),
            Fault::Final(KvError::Full("mvcc: database space exceeded".to_owned()))
        );
        assert!(matches!(of(exhausted, "etcdserver: too many requests"), Fault::NotDone(_)));
        let compacted = "etcdserver: mvcc: required revision has been compacted";
        assert_eq!(of(Code::OutOfRange, compacted), Fault::Compacted(None));
        let future = "etcdserver: mvcc: required revision is a future revision";
        assert_eq!(of(Code::OutOfRange, future), Fault::Future);
        assert!(matches!(of(Code::Unauthenticated, "etcdserver: invalid auth token"), Fault::Token(_)));
        let old = "etcdserver: revision of auth store is old";
        assert!(matches!(of(Code::InvalidArgument, old), Fault::Token(_)));
        let large = "etcdserver: request is too large";
        assert!(matches!(of(Code::InvalidArgument, large), Fault::Final(KvError::Refused(_))));
        assert!(matches!(of(Code::Unavailable, "etcdserver: no leader"), Fault::NotDone(_)));
        let slow = "etcdserver: request timed out, possibly due to previous leader failure";
        assert!(matches!(of(Code::Unavailable, slow), Fault::Unanswered(_)));
        assert!(matches!(of(Code::Unknown, "whatever"), Fault::Unanswered(_)));
    }

    #[test]
    fn a_watch_says_it_in_words_alone() {
        let denied =
            Fault::of_watch("rpc error: code = PermissionDenied desc = etcdserver: permission denied");
        assert_eq!(denied, Fault::Final(KvError::Unauthorized("permission denied".to_owned())));
        assert!(matches!(Fault::of_watch("etcdserver: invalid auth token"), Fault::Token(_)));
        assert!(matches!(Fault::of_watch("etcdserver: no leader"), Fault::NotDone(_)));
    }
}
