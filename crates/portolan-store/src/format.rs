//! A state as bytes.
//!
//! ```text
//!   PORTOLAN  version  length   checksum                body
//!   8 octets  4, LE    8, LE    16, LE: xxh3-128        postcard, by the version's own structs
//!                               of the body, seeded
//!                               with the version
//! ```
//!
//! Each version has structs of its own ([`v1`]), so that core's types are free to change. A state is
//! read whole or not at all.

use std::collections::BTreeMap;

use portolan_core::{Fleet, Name};
use xxhash_rust::xxh3::xxh3_128_with_seed;

use crate::StoreError;
use crate::reserve::Reserved;

mod v1;

/// The newest version, which is written.
pub const VERSION: u32 = 1;
/// Largest file that is read.
pub const STATE_OCTETS_MAX: u64 = 4 << 30;

const MAGIC: &[u8; 8] = b"PORTOLAN";
const HEADER_OCTETS: usize = 36;

/// What is kept: the facts, and the serials of all zones that were ever served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// When all of it was true, in seconds since 1970.
    pub true_at: i64,
    /// True when the process that wrote it gave out no serial after that.
    pub clean: bool,
    /// By apex.
    pub serials: BTreeMap<Name, Reserved>,
    /// The facts.
    pub fleet: Fleet,
}

/// The bytes of a state.
///
/// # Errors
/// [`StoreError::Damaged`] when a value cannot be put into the format.
pub fn encode(state: &State) -> Result<Vec<u8>, StoreError> {
    let body = postcard::to_stdvec(&v1::State::from(state))
        .map_err(|error| StoreError::Damaged(format!("the state cannot be encoded: {error}")))?;
    let mut octets = Vec::with_capacity(HEADER_OCTETS + body.len());
    octets.extend_from_slice(MAGIC);
    octets.extend_from_slice(&VERSION.to_le_bytes());
    octets.extend_from_slice(&(body.len() as u64).to_le_bytes());
    octets.extend_from_slice(&checksum(VERSION, &body).to_le_bytes());
    octets.extend_from_slice(&body);
    Ok(octets)
}

/// The state of some bytes.
///
/// # Errors
/// [`StoreError::Newer`] for a later version, [`StoreError::Damaged`] for anything else that is no state.
pub fn decode(octets: &[u8]) -> Result<State, StoreError> {
    let damaged = |why: &str| Err(StoreError::Damaged(why.into()));
    if octets.is_empty() {
        return damaged("it is empty");
    }
    let mut rest = octets;
    let magic = take::<8>(&mut rest)?;
    let version = u32::from_le_bytes(take(&mut rest)?);
    let length = u64::from_le_bytes(take(&mut rest)?);
    let sum = u128::from_le_bytes(take(&mut rest)?);
    if magic != *MAGIC {
        return damaged("it does not begin with PORTOLAN");
    }
    if rest.len() as u64 != length {
        return Err(StoreError::Damaged(format!("it has {} octets where {length} were written", rest.len())));
    }
    if checksum(version, rest) != sum {
        return damaged("its checksum does not fit its content");
    }
    match version {
        1 => v1::decode(rest),
        found => Err(StoreError::Newer { found, known: VERSION }),
    }
}

/// The version is the seed, so that a flipped bit in it is seen as well.
fn checksum(version: u32, body: &[u8]) -> u128 {
    xxh3_128_with_seed(body, u64::from(version))
}

fn take<const N: usize>(octets: &mut &[u8]) -> Result<[u8; N], StoreError> {
    let (head, tail) =
        octets.split_first_chunk().ok_or_else(|| StoreError::Damaged("it ends within its header".into()))?;
    *octets = tail;
    Ok(*head)
}

#[cfg(test)]
pub(crate) mod tests;
