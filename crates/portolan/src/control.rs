//! The control socket: questions to a running server, from the same machine and user.
//!
//! ```text
//!   client ── {"ask":"explain", …}⏎ ──▶ server      one request a connection,
//!   client ◀── {"ok": …}⏎  or  {"error":"…"}⏎ ──    one reply, each one line of JSON
//! ```
//!
//! It is a file in a folder that only its owner may enter, and that is all the guard there is: who may
//! open it may forget a cluster, and release what is held.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

mod answer;
mod ask;
mod place;

pub use answer::{CONNECTIONS_MAX, Control, Known, REQUEST_BYTES_MAX};
pub use ask::ask;
pub use place::{default_path, default_path_of};

/// What may be asked of a running server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "camelCase")]
pub enum Request {
    /// What a client gets, and why. The reply is an [`Explanation`](crate::explain::Explanation).
    Explain {
        /// The name that is asked for.
        name: String,
        /// The record type, as its mnemonic.
        rtype: String,
        /// Who asks.
        from: IpAddr,
    },
    /// How the fleet is. The reply is a [`Status`](crate::status::Status).
    Status,
    /// What is held. The reply is a list of [`Hold`](crate::clusters::Hold)s.
    Holds,
    /// Believe what is held. The reply is `null`.
    Release {
        /// The id of the hold.
        id: String,
    },
    /// Forget a silent cluster. The reply is `null`.
    Forget {
        /// Which.
        cluster: String,
    },
}

/// What comes back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Reply {
    Ok(serde_json::Value),
    Error(String),
}

#[cfg(test)]
mod tests;
