//! Names in order, many at once: how they leave for the last good state, and how they come back.

use alloc::vec::Vec;
use core::fmt;

use super::Names;
use super::leaf::{Entry, LEAF_OCTETS_MADE, Leaf};
use super::tree::{Leaves, Node};
use crate::fleet::packed::Reader;
use crate::name::{Name, NameRef};

/// Names that were read from octets, and checked. Blocks can be read by several threads at once.
pub struct Block {
    leaves: Vec<Leaf>,
    len: usize,
    /// Its first and last names; none of an empty one.
    ends: Option<(Name, Name)>,
}

/// Why octets are no names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlockError {
    /// What begins at this octet is no name with its facts.
    Broken(usize),
    /// A name does not come after the one before it.
    Disorder(Name),
}

impl fmt::Display for BlockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(at) => write!(f, "octet {at} of a block of names begins no name with its facts"),
            Self::Disorder(name) => write!(f, "the name {name} does not come after the one before it"),
        }
    }
}

impl core::error::Error for BlockError {}

impl Block {
    /// Reads octets as [`Names::octets`] gave them.
    ///
    /// # Errors
    /// When they are anything else: what is in a block needs no check any more.
    pub fn read(octets: &[u8]) -> Result<Self, BlockError> {
        let mut block =
            Self { leaves: Vec::with_capacity(octets.len() / LEAF_OCTETS_MADE + 1), len: 0, ends: None };
        let mut from = Reader(octets);
        let (mut begin, mut first, mut last): (usize, Option<&[u8]>, &[u8]) = (0, None, &[]);
        while !from.0.is_empty() {
            let at = octets.len() - from.0.len();
            let entry = Entry::read_checked(&mut from).ok_or(BlockError::Broken(at))?;
            if entry.name <= last {
                return Err(BlockError::Disorder(NameRef::trusted(entry.name).to_name()));
            }
            last = entry.name;
            first = first.or(Some(entry.name));
            block.len += 1;
            if octets.len() - from.0.len() - begin > LEAF_OCTETS_MADE && at > begin {
                block.leaves.push(Leaf::of(octets.get(begin..at).unwrap_or_default()));
                begin = at;
            }
        }
        if let Some(first) = first {
            block.leaves.push(Leaf::of(octets.get(begin..).unwrap_or_default()));
            block.ends = Some((first, last)).map(|(first, last)| (to_name(first), to_name(last)));
        }
        Ok(block)
    }

    /// How many names it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// True when it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl Names {
    /// All names with their facts as octets, in order, some kilobytes at a time: read one after the other they
    /// are what [`Block::read`] takes, and may be cut into blocks between any two of these.
    pub fn octets(&self) -> impl Iterator<Item = &[u8]> {
        Leaves::of(&self.root).map(Leaf::octets)
    }

    /// The names of blocks.
    ///
    /// # Errors
    /// When the blocks are not in order.
    pub fn from_blocks(blocks: impl IntoIterator<Item = Block>) -> Result<Self, BlockError> {
        let mut leaves = Vec::new();
        let mut len = 0;
        let mut before: Option<Name> = None;
        for block in blocks {
            let Some((first, last)) = block.ends else { continue };
            if before.is_some_and(|before| first <= before) {
                return Err(BlockError::Disorder(first));
            }
            before = Some(last);
            len += block.len;
            leaves.extend(block.leaves);
        }
        Ok(Self { root: Node::from_leaves(leaves), len })
    }
}

fn to_name(wire: &[u8]) -> Name {
    NameRef::trusted(wire).to_name()
}
