//! What a follower asks, what it hears, and what it says of that.

use core::time::Duration;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::manifest::{Given, Refused};
use crate::object::{Object, ObjectKey};

/// What to ask the server for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// All objects and then what changes, in one stream (`sendInitialEvents`).
    Stream,
    /// One page of a list: the first, or the one that this token names.
    Page(Option<String>),
    /// What changes after this version.
    Watch(String),
}

/// What came of it.
#[derive(Debug)]
pub enum Heard {
    /// A page of a list; with a token there are more.
    Page {
        /// What it holds.
        objects: Vec<Given>,
        /// The version of the whole list.
        version: String,
        /// Names the next page.
        token: Option<String>,
    },
    /// An object is there, new or changed.
    Set(Box<Given>, String),
    /// An object is gone.
    Deleted(ObjectKey, String),
    /// Nothing happened up to this version; `complete` ends the first part of a stream.
    Bookmark {
        /// The version.
        version: String,
        /// True of the bookmark that ends a stream's initial objects.
        complete: bool,
    },
    /// The server took the request; a stream begins.
    Opened,
    /// The stream ended after so long.
    Ended(Duration),
    /// We ended the request, or did not begin it, for a reason that is none of the server's.
    GivenUp,
    /// Nothing came of an open stream for so long; it is given up.
    Silent(Duration),
    /// The server refused, or was not reached.
    Failed(Failure),
}

/// Why a request gave nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// The HTTP status; none when the server was not reached.
    pub code: Option<u16>,
    /// What it said.
    pub message: String,
    /// How long it asks to be left alone.
    pub retry_after: Option<Duration>,
}

/// What is to be done about it.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// An object is there, or is another than before.
    Set(Arc<Object>),
    /// An object is there and is not taken as it is; it stays what it was. What else it says goes before, where it is
    /// new.
    Refused(Arc<Refused>),
    /// An object is gone, understood or not.
    Deleted(ObjectKey),
    /// The resource was read whole, or is known not to be there.
    Read,
    /// It was read, and lacks too much of what was there before our own restart to be believed.
    ReadInPart,
    /// What is wrong with it changed; [`Follower::problems`](super::Follower::problems) has it.
    Problems,
    /// The server has a past that it had already left: its store was wiped or restored.
    WentBack,
}

/// Objects that a list left out, and that are kept all the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Which.
    pub missing: BTreeSet<ObjectKey>,
    /// Why, for people.
    pub why: String,
}
