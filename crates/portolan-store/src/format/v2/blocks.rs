//! Blocks of names, read by several threads.
//!
//! ```text
//!   thread:  take the next block ─▶ read it into its buffer ─▶ checksum ─▶ check and cut into leaves ─┐
//!            ▲                                                                                        │
//!            └──────────────── until none is left, or one of them found damage ◀──────────────────────┘
//! ```

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

use portolan_core::fleet::{self, Names};

use super::super::{Octets, checksum, damaged, unread};
use super::{Block, VERSION};
use crate::StoreError;

/// Most threads that read one file.
const READERS_MAX: usize = 8;

/// One block's number and its names.
type Read = (usize, fleet::Block);

pub(super) fn read(blocks: &[Block], octets: &dyn Octets, at: u64) -> Result<Names, StoreError> {
    let begin = |at: &mut u64, block: &Block| {
        let begin = *at;
        *at += block.octets;
        Some((begin, *block))
    };
    let placed: Vec<(u64, Block)> = blocks.iter().scan(at, begin).collect();
    let next = AtomicUsize::new(0);
    let readers = std::thread::available_parallelism().map_or(1, NonZero::get).min(READERS_MAX);
    let found: Vec<Result<Vec<Read>, StoreError>> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..readers.min(placed.len()))
            .filter_map(|_| {
                let reader = std::thread::Builder::new().name("state-reader".into());
                // Where no thread can be had, this one reads all.
                reader.spawn_scoped(scope, || read_some(&placed, &next, octets)).ok()
            })
            .collect();
        let own = read_some(&placed, &next, octets);
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|_| Err(damaged("a thread that read it panicked")))
        };
        std::iter::once(own).chain(others.into_iter().map(join)).collect()
    });
    let mut read = Vec::with_capacity(placed.len());
    for found in found {
        read.append(&mut found?);
    }
    read.sort_unstable_by_key(|(number, _)| *number);
    Names::from_blocks(read.into_iter().map(|(_, block)| block)).map_err(|error| damaged(&error.to_string()))
}

/// Reads blocks until none is left.
fn read_some(
    placed: &[(u64, Block)],
    next: &AtomicUsize,
    octets: &dyn Octets,
) -> Result<Vec<Read>, StoreError> {
    let mut read = Vec::new();
    let mut buffer = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let Some((at, block)) = placed.get(number) else { return Ok(read) };
        match read_one(*at, block, octets, &mut buffer) {
            Ok(block) => read.push((number, block)),
            Err(error) => {
                // The others need not go on.
                next.store(placed.len(), Ordering::Relaxed);
                return Err(error);
            }
        }
    }
}

fn read_one(
    at: u64,
    block: &Block,
    octets: &dyn Octets,
    buffer: &mut Vec<u8>,
) -> Result<fleet::Block, StoreError> {
    let count = usize::try_from(block.octets).map_err(|_| damaged("it is larger than memory"))?;
    buffer.resize(count, 0);
    octets.fill(at, buffer).map_err(unread)?;
    if checksum(VERSION, buffer) != block.checksum {
        return Err(damaged(&format!("the checksum of the block at octet {at} does not fit its content")));
    }
    fleet::Block::read(buffer).map_err(|error| damaged(&format!("the block at octet {at}: {error}")))
}
