//! A state as bytes.
//!
//! ```text
//!   version 2, written and read                               version 1, read
//!   ┌──────────────────────────────────────────────┐          the same, but for: length and checksum of the
//!   │ PORTOLAN  version  length    checksum        │          body, which holds the names too, and is all
//!   │ 8 octets  4, LE    8, LE     16, LE: xxh3-128│          that follows
//!   │                    of the head, seeded with  │
//!   │                    the version               │
//!   ├──────────────────────────────────────────────┤
//!   │ head: postcard, by the version's own structs │  everything but the names, and length and checksum
//!   ├──────────────────────────────────────────────┤  of each block
//!   │ block of names │ block of names │ …          │  as core packs them
//!   ├──────────────────────────────────────────────┤
//!   │ RESERVED  length  checksum   postcard        │  what the next start adds: the serials that it gives
//!   └──────────────────────────────────────────────┘  out, before it gives any
//! ```
//!
//! Each version has structs of its own ([`v1`], [`v2`]), so that core's types are free to change. A state is
//! read whole or not at all. Blocks are read by several threads, and each is looked at once: its checksum, then
//! every name and its facts, which then are in the form that the fleet keeps. Nothing stands between the file
//! and the fleet, neither when it is read nor when it is written.
//!
//! A start has to keep its serials on disk before it answers, and must not write a million names for that: it
//! adds them at the end. While it does so it has given none out, so what is torn there takes nothing away; but
//! as nobody can tell when it was torn, the clock then stands in ([`crate::reserve::Trust`]).

use std::collections::BTreeMap;
use std::fs::File;
use std::io;

use portolan_core::{Fleet, Name};
use xxhash_rust::xxh3::xxh3_128_with_seed;

use crate::StoreError;
use crate::reserve::Reserved;

pub mod fact;

mod v1;
mod v2;

pub use v2::{BLOCK_OCTETS, Encoded};

/// The newest version, which is written.
pub const VERSION: u32 = 2;
/// Largest file that is read.
pub const STATE_OCTETS_MAX: u64 = 4 << 30;

const MAGIC: &[u8; 8] = b"PORTOLAN";
const HEADER_OCTETS: usize = 36;

/// What is kept: the facts, and the serials of all zones that were ever served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// When all of it was true, in seconds since 1970.
    pub true_at: i64,
    /// True when the process that wrote it gave out no serial after that, and none was started since.
    pub clean: bool,
    /// By apex.
    pub serials: BTreeMap<Name, Reserved>,
    /// The facts.
    pub fleet: Fleet,
}

/// A state that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The state.
    pub state: State,
    /// What stands behind it.
    pub end: End,
}

/// What stands behind a state in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing, and the next start may put its serials there.
    Open,
    /// Nothing may be put there: a start did so already (its serials are in the state), or the version has no place
    /// for it.
    Closed,
    /// Something that is not whole.
    Torn,
}

/// Octets that are read from several places at once.
pub trait Octets: Sync {
    /// How many there are.
    ///
    /// # Errors
    /// Whatever the file system says.
    fn count(&self) -> io::Result<u64>;

    /// Fills a buffer with those that begin at a place.
    ///
    /// # Errors
    /// Whatever the file system says; [`io::ErrorKind::UnexpectedEof`] when there are fewer.
    fn fill(&self, at: u64, into: &mut [u8]) -> io::Result<()>;
}

impl Octets for File {
    fn count(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn fill(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(self, into, at)
    }
}

impl Octets for Vec<u8> {
    fn count(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }

    fn fill(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        let begin = usize::try_from(at).ok();
        let found = begin.and_then(|begin| self.get(begin..begin.checked_add(into.len())?));
        into.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

/// The bytes of a state.
///
/// # Errors
/// [`StoreError::Damaged`] when a value cannot be put into the format.
pub fn encode(state: &State) -> Result<Encoded, StoreError> {
    v2::encode(state)
}

/// What a start adds to a file of an [`End::Open`]: the serials that it is going to give out.
///
/// # Errors
/// As [`encode`].
pub fn encode_start(serials: &BTreeMap<Name, Reserved>) -> Result<Vec<u8>, StoreError> {
    v2::encode_start(serials)
}

/// The state of some bytes.
///
/// # Errors
/// [`StoreError::Newer`] for a later version, [`StoreError::Damaged`] for anything else that is no state.
pub fn decode(octets: &dyn Octets) -> Result<Loaded, StoreError> {
    let count = octets.count().map_err(unread)?;
    if count == 0 {
        return Err(damaged("it is empty"));
    }
    if count < HEADER_OCTETS as u64 {
        return Err(damaged("it ends within its header"));
    }
    let header = Header::of(&read(octets, 0, HEADER_OCTETS as u64)?)?;
    if header.magic != *MAGIC {
        return Err(damaged("it does not begin with PORTOLAN"));
    }
    let behind = count - HEADER_OCTETS as u64;
    if behind < header.length || (header.version == 1 && behind > header.length) {
        let length = header.length;
        return Err(damaged(&format!("it has {behind} octets where {length} were written")));
    }
    let first = read(octets, HEADER_OCTETS as u64, header.length)?;
    if checksum(header.version, &first) != header.checksum {
        return Err(damaged("its checksum does not fit its content"));
    }
    match header.version {
        1 => Ok(Loaded { state: v1::decode(&first)?, end: End::Closed }),
        2 => v2::decode(&first, octets, HEADER_OCTETS as u64 + header.length, count),
        found => Err(StoreError::Newer { found, known: VERSION }),
    }
}

/// What a file begins with.
struct Header {
    magic: [u8; 8],
    version: u32,
    length: u64,
    checksum: u128,
}

impl Header {
    fn of(mut octets: &[u8]) -> Result<Self, StoreError> {
        Ok(Self {
            magic: take(&mut octets)?,
            version: u32::from_le_bytes(take(&mut octets)?),
            length: u64::from_le_bytes(take(&mut octets)?),
            checksum: u128::from_le_bytes(take(&mut octets)?),
        })
    }

    fn write(version: u32, first: &[u8]) -> Vec<u8> {
        let mut octets = Vec::with_capacity(HEADER_OCTETS + first.len());
        octets.extend_from_slice(MAGIC);
        octets.extend_from_slice(&version.to_le_bytes());
        octets.extend_from_slice(&(first.len() as u64).to_le_bytes());
        octets.extend_from_slice(&checksum(version, first).to_le_bytes());
        octets.extend_from_slice(first);
        octets
    }
}

/// The version is the seed, so that a flipped bit in it is seen as well.
fn checksum(version: u32, octets: &[u8]) -> u128 {
    xxh3_128_with_seed(octets, u64::from(version))
}

/// Some octets. Their number was compared with that of the file before, or is that of the file.
fn read(octets: &dyn Octets, at: u64, count: u64) -> Result<Vec<u8>, StoreError> {
    let count = usize::try_from(count).map_err(|_| damaged("it is larger than memory"))?;
    let mut buffer = vec![0; count];
    octets.fill(at, &mut buffer).map_err(unread)?;
    Ok(buffer)
}

fn take<const N: usize>(octets: &mut &[u8]) -> Result<[u8; N], StoreError> {
    let (head, tail) = octets.split_first_chunk().ok_or_else(|| damaged("it ends within its header"))?;
    *octets = tail;
    Ok(*head)
}

fn damaged(why: &str) -> StoreError {
    StoreError::Damaged(why.into())
}

fn unread(error: io::Error) -> StoreError {
    StoreError::Unread(error)
}

#[cfg(test)]
pub(crate) mod tests;
