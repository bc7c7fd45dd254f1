//! One packet to one reply: the same function for every transport.
//!
//! Pure but for what it is handed: the snapshot, the chance of the moment, and the buffers. It
//! allocates nothing, so a worker's buffers are made once and a flood costs no memory.

use std::net::IpAddr;

use portolan_core::answer::{AliasBuf, Rcode};
use portolan_core::name::NameBuf;
use portolan_core::{Answer, Draw, Snapshot, answer_into};
use portolan_wire::{
    Decoded, DropReason, ErrorCode, Limits, decode, encode, encode_error, encode_identity, is_truncated,
};

use crate::counters::{Count, Lane};

pub use portolan_wire::Transport;

/// What all replies of a server have in common on one transport.
#[derive(Clone, Copy, Debug)]
pub struct Manner<'m> {
    /// What packets come and replies go by.
    pub transport: Transport,
    /// The name server identifier (RFC 5001); empty: none is given.
    pub nsid: &'m [u8],
}

/// One packet, and where it came from.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'p> {
    /// Its bytes, without the length that streams put before them.
    pub octets: &'p [u8],
    /// Who sent it.
    pub source: IpAddr,
}

/// What comes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A reply stands in the buffer.
    Reply {
        /// Its length, in octets.
        octets: usize,
        /// Its response code.
        code: Count,
        /// True when TC is set.
        truncated: bool,
    },
    /// No reply is due.
    Dropped(DropReason),
}

/// Room for the names of a question and its answer: made once, and used for each packet.
#[derive(Clone, Debug, Default)]
pub struct Room {
    name: NameBuf,
    aliases: AliasBuf,
}

/// Answers one packet into `out`.
pub fn respond(
    snapshot: &Snapshot,
    packet: Packet<'_>,
    manner: Manner<'_>,
    draw: Draw,
    room: &mut Room,
    out: &mut [u8],
) -> Outcome {
    let Room { name, aliases } = room;
    let limits = Limits { transport: manner.transport, nsid: manner.nsid };
    let (octets, code) = match decode(packet.octets, name) {
        Decoded::Drop(reason) => return Outcome::Dropped(reason),
        Decoded::Error(request, code) => {
            (encode_error(&request, packet.octets, code, limits, out), count_of_error(code))
        }
        Decoded::Identity(request) => {
            let code = if limits.nsid.is_empty() { Count::Refused } else { Count::NoError };
            (encode_identity(&request, packet.octets, limits, out), code)
        }
        Decoded::Query(request) => {
            let query = request.query(name.borrowed(), packet.source);
            let mut answer = Answer::new(query.name);
            answer_into(snapshot, &query, draw, &mut (), aliases, &mut answer);
            (encode(&request, packet.octets, &answer, limits, out), count_of(answer.rcode))
        }
    };
    let truncated = out.get(..octets).is_some_and(is_truncated);
    Outcome::Reply { octets, code, truncated }
}

impl Outcome {
    /// Counts it, and gives the length of the reply if there is one.
    pub(crate) fn count(self, lane: &Lane) -> Option<usize> {
        match self {
            Self::Reply { octets, code, truncated } => {
                lane.add(code);
                if truncated {
                    lane.add(Count::Truncated);
                }
                Some(octets)
            }
            Self::Dropped(reason) => {
                lane.add(match reason {
                    DropReason::Short => Count::DroppedShort,
                    DropReason::Response => Count::DroppedResponse,
                });
                None
            }
        }
    }
}

fn count_of(code: Rcode) -> Count {
    match code {
        Rcode::NoError => Count::NoError,
        Rcode::ServFail => Count::ServFail,
        Rcode::NxDomain => Count::NxDomain,
        Rcode::Refused => Count::Refused,
        Rcode::YxDomain => Count::YxDomain,
    }
}

fn count_of_error(code: ErrorCode) -> Count {
    match code {
        ErrorCode::FormErr => Count::FormErr,
        ErrorCode::ServFail => Count::ServFail,
        ErrorCode::NotImp => Count::NotImp,
        ErrorCode::Refused => Count::Refused,
        ErrorCode::NotAuth => Count::NotAuth,
        ErrorCode::BadVers => Count::BadVers,
    }
}

/// A worker's source of chance: one [`Draw`] a packet, each far from the next.
#[derive(Clone, Debug)]
pub struct Chance(Draw);

impl Chance {
    /// The chance of one worker; `seed` is the process' own.
    #[must_use]
    pub fn new(seed: u64, worker: u64) -> Self {
        let mut worker = Draw(worker);
        Self(Draw(seed ^ worker.number()))
    }

    /// What the next answer is drawn with.
    pub fn draw(&mut self) -> Draw {
        Draw(self.0.number())
    }
}

#[cfg(test)]
mod tests;
