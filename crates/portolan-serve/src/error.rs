//! What keeps a server from starting, in words for whoever started it.

use std::io;
use std::net::SocketAddr;

use portolan_wire::NSID_OCTETS_MAX;

use crate::holder::Holder;
use crate::respond::Transport;

/// What went wrong, with which operation, on which address.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// No address was given.
    #[error("there is no address to listen on")]
    NothingToListenOn,
    /// The name server identifier is too long.
    #[error(
        "the name server identifier has {octets} octets; no more than {NSID_OCTETS_MAX} fit into a reply"
    )]
    NsidTooLong {
        /// Its length.
        octets: usize,
    },
    /// Somebody else listens there.
    #[error("cannot listen on {address} by {}: {} holds it", name_of(*.transport), describe(.holder.as_ref()))]
    InUse {
        /// By what.
        transport: Transport,
        /// Where.
        address: SocketAddr,
        /// Who, if we may see it.
        holder: Option<Holder>,
    },
    /// A socket could not be opened.
    #[error("cannot listen on {address} by {}: {source}", name_of(*.transport))]
    Open {
        /// By what.
        transport: Transport,
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// A thread could not be started, or what runs on it.
    #[error("cannot start the thread {thread:?}: {source}")]
    Thread {
        /// Its name.
        thread: String,
        /// Why.
        source: io::Error,
    },
}

impl ServeError {
    pub(crate) fn open(transport: Transport, address: SocketAddr, source: io::Error) -> Self {
        Self::Open { transport, address, source }
    }

    pub(crate) fn thread(thread: &str, source: io::Error) -> Self {
        Self::Thread { thread: thread.to_owned(), source }
    }
}

fn name_of(transport: Transport) -> &'static str {
    match transport {
        Transport::Udp => "UDP",
        Transport::Tcp => "TCP",
    }
}

fn describe(holder: Option<&Holder>) -> String {
    holder.map_or_else(|| "a process that we may not see".to_owned(), Holder::to_string)
}
