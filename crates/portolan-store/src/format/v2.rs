//! Version 2: everything but the names in a head, and the names in blocks as core packs them.
//!
//! The head has version 1's structs for what they hold, which never change; names are octets of core's
//! (`fleet/packed.rs`), whose form is part of this version.
//!
//! What a release adds stands at the end of the head, or of a value that followers are told ([`super::fact`]): the release before
//! passes over it. What cannot stand there is another version, which is read by a release before any writes it.

use std::collections::BTreeMap;
use std::io::{self, Write};

use portolan_core as core;
use portolan_core::fleet::Names;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use super::v1::{Cluster, Name, Policy, Zone, ZoneSerial, serials_into_core};
use super::{End, Header, Loaded, Octets, State, checksum, damaged, read, take};
use crate::StoreError;
use crate::reserve::Reserved;

mod blocks;

const VERSION: u32 = 2;
/// How many octets of names a block has, at least, but for the last: enough that a thread that takes one is busy for
/// a while, and few enough that it stays in a processor's cache.
pub const BLOCK_OCTETS: usize = 256 << 10;

/// What the part that a start adds begins with.
const START: &[u8; 8] = b"RESERVED";
const START_HEADER_OCTETS: u64 = 32;

#[derive(Serialize, Deserialize)]
struct Head {
    true_at: i64,
    clean: bool,
    serials: Vec<ZoneSerial>,
    clusters: Vec<(String, Cluster)>,
    zones: Vec<(Name, Zone)>,
    policies: Vec<(String, Policy)>,
    names: u64,
    blocks: Vec<Block>,
}

/// A block of names.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Block {
    octets: u64,
    checksum: u128,
}

/// The bytes of a state: a head, and names that are written from where they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    head: Vec<u8>,
    names: Names,
}

impl Encoded {
    /// Writes them.
    ///
    /// # Errors
    /// Whatever the other side says.
    pub fn write_to(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(&self.head)?;
        self.names.octets().try_for_each(|octets| out.write_all(octets))
    }
}

pub(super) fn encode(state: &State) -> Result<Encoded, StoreError> {
    let fleet = &state.fleet;
    let head = Head {
        true_at: state.true_at,
        clean: state.clean,
        serials: state.serials.iter().map(ZoneSerial::new).collect(),
        clusters: fleet.clusters.iter().map(|(k, v)| (k.0.to_string(), v.into())).collect(),
        zones: fleet.zones.iter().map(|(k, v)| (k.into(), v.into())).collect(),
        policies: fleet.policies.iter().map(|(k, v)| (k.0.to_string(), v.into())).collect(),
        names: fleet.names.len() as u64,
        blocks: summed(&fleet.names),
    };
    let head = Header::write(VERSION, &serialized(&head)?);
    Ok(Encoded { head, names: fleet.names.clone() })
}

pub(super) fn encode_start(serials: &BTreeMap<core::Name, Reserved>) -> Result<Vec<u8>, StoreError> {
    let body = serialized(&serials.iter().map(ZoneSerial::new).collect::<Vec<_>>())?;
    let length = (body.len() as u64).to_le_bytes();
    Ok([&START[..], &length, &checksum(VERSION, &body).to_le_bytes(), &body].concat())
}

/// The names cut into blocks.
fn summed(names: &Names) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut sum = Xxh3::with_seed(VERSION.into());
    let mut octets = 0;
    let mut runs = names.octets().peekable();
    while let Some(run) = runs.next() {
        sum.update(run);
        octets += run.len();
        if octets >= BLOCK_OCTETS || runs.peek().is_none() {
            blocks.push(Block { octets: octets as u64, checksum: sum.digest128() });
            sum.reset();
            octets = 0;
        }
    }
    blocks
}

pub(super) fn serialized(value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    postcard::to_stdvec(value).map_err(|error| damaged(&format!("the state cannot be encoded: {error}")))
}

/// Reads a state of which the head is read. Names begin at `at`, and the file ends at `end`.
pub(super) fn decode(head: &[u8], octets: &dyn Octets, at: u64, end: u64) -> Result<Loaded, StoreError> {
    let head: Head = deserialized(head, "its head")?;
    let length = head.blocks.iter().try_fold(0, |sum: u64, block| sum.checked_add(block.octets));
    let behind = length.and_then(|length| at.checked_add(length)).filter(|behind| *behind <= end);
    let Some(behind) = behind else {
        return Err(damaged(&format!("it has {end} octets, which are fewer than its blocks")));
    };
    let names = blocks::read(&head.blocks, octets, at)?;
    if names.len() as u64 != head.names {
        return Err(damaged(&format!("it has {} names where {} were written", names.len(), head.names)));
    }
    let mut fleet = core::Fleet { names, ..core::Fleet::default() };
    for (name, cluster) in head.clusters {
        fleet.clusters.insert(core::ClusterName::from(&*name), cluster.into_core());
    }
    for (apex, zone) in head.zones {
        fleet.zones.insert(apex.into_core()?, zone.into_core()?);
    }
    for (name, policy) in head.policies {
        fleet.policies.insert(core::policy::PolicyName(name.into()), policy.into_core()?);
    }
    let mut state =
        State { true_at: head.true_at, clean: head.clean, serials: serials_into_core(head.serials)?, fleet };
    let end = match behind == end {
        true => End::Open,
        false => match decode_start(octets, behind, end) {
            Ok(serials) => {
                state.serials = serials;
                End::Closed
            }
            Err(_) => End::Torn,
        },
    };
    state.clean &= end == End::Open;
    Ok(Loaded { state, end })
}

/// The serials that a start added.
fn decode_start(
    octets: &dyn Octets,
    at: u64,
    end: u64,
) -> Result<BTreeMap<core::Name, Reserved>, StoreError> {
    let header = read(octets, at, START_HEADER_OCTETS.min(end - at))?;
    let mut header = &header[..];
    let magic: [u8; 8] = take(&mut header)?;
    let length = u64::from_le_bytes(take(&mut header)?);
    let sum = u128::from_le_bytes(take(&mut header)?);
    if magic != *START || Some(end) != (at + START_HEADER_OCTETS).checked_add(length) {
        return Err(damaged("what a start added is not whole"));
    }
    let body = read(octets, at + START_HEADER_OCTETS, length)?;
    if checksum(VERSION, &body) != sum {
        return Err(damaged("what a start added is damaged"));
    }
    serials_into_core(deserialized(&body, "what a start added")?)
}

/// The value of some octets. What a later release adds at the end of one is passed over, so that it is read by the release before
/// too; whether octets are those that were written is for checksums to say.
pub(super) fn deserialized<'o, T: Deserialize<'o>>(octets: &'o [u8], what: &str) -> Result<T, StoreError> {
    let (value, _later) = postcard::take_from_bytes(octets)
        .map_err(|error| damaged(&format!("{what} does not decode: {error}")))?;
    Ok(value)
}
