//! Owners that come again after others.
//!
//! A node is one piece, so what comes for an owner that has one is put aside. When all is read, each such node
//! is written anew once, however often its owner came.

use alloc::vec::Vec;
use core::ops::Range;

use super::{Builder, node_octets};
use crate::name::{LABELS_MAX, Suffixes};
use crate::record::Ttl;
use crate::rrset::data_of;
use crate::zone::file::gather::{Loose, loose};
use crate::zone::file::{FileNode, find, node_at};

/// Runs that were put aside.
#[derive(Default)]
pub(super) struct Again {
    /// Of each where the node of its owner is, and where its records are below.
    runs: Vec<(usize, Range<usize>)>,
    records: Vec<u8>,
}

impl Again {
    /// Puts records aside for the node at a place.
    pub(super) fn put(&mut self, place: usize, records: &[u8]) {
        let begin = self.records.len();
        self.records.extend_from_slice(records);
        self.runs.push((place, begin..self.records.len()));
    }
}

impl Builder<'_> {
    /// Writes the nodes anew for which something was put aside.
    pub(super) fn merge(&mut self) {
        let Again { mut runs, records } = core::mem::take(&mut self.again);
        // Stable: the runs of an owner stay in the order of the file.
        runs.sort_by_key(|(place, _)| *place);
        for runs in runs.chunk_by(|(a, _), (b, _)| a == b) {
            let Some((place, _)) = runs.first() else { continue };
            let old = node_octets(&self.octets, *place).to_vec();
            let Some((owner, node)) = node_at(&old, 0) else { continue };
            let suffixes = Suffixes::of(owner, self.seed, LABELS_MAX);
            let Some(hash) = suffixes.hash(0) else { continue };
            let known = find(&self.slots, &self.octets, hash, owner).map(|(slot, _)| slot);
            let of_run =
                |(_, run): &(usize, Range<usize>)| loose(records.get(run.clone()).unwrap_or_default());
            let all = laid(node).chain(runs.iter().flat_map(of_run)).collect();
            self.dead += old.len();
            self.lay(&suffixes, known, all);
        }
    }
}

/// The records of a node.
fn laid(node: FileNode<'_>) -> impl Iterator<Item = Loose<'_>> {
    node.sets().flat_map(|set| {
        let ttl = Ttl::from_seconds(set.ttl()).unwrap_or(Ttl::MAX);
        set.records().map(move |record| Loose { rtype: set.rtype, ttl, data: data_of(record) })
    })
}

#[cfg(test)]
mod tests;
