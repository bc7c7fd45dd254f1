//! The address space cut into spans: a flat prefix trie.
//!
//! Which order a client gets depends on its address through longest prefixes. Laid out along the
//! addresses, nested networks are spans that do not overlap, and neighbours with the same leaf are one:
//!
//! ```text
//!   10.0.0.0/8 EU, 10.64.0.0/10 EU, 11.0.0.0/8 NA     (the /10 changes nothing)
//!   starts    0.0.0.0   10.0.0.0   11.0.0.0   12.0.0.0
//!   leaves    unknown   EU         NA         unknown
//! ```
//!
//! A lookup goes by the first [`INDEX_BITS`] bits of the address to a few starts and searches those; it
//! reads two or three cache lines. The widest prefix around an address in which the leaf is the same
//! (the ECS scope, RFC 7871 section 7.2.1) needs no tree either: it is one bit longer than what the
//! address shares with the last address before its span, or with the first one behind it.

use alloc::boxed::Box;
use alloc::vec::Vec;

/// Bits of an address that the index goes by.
const INDEX_BITS: u32 = 12;
/// Spans below which searching all of them is as quick as an index.
const INDEXED_MIN: usize = 64;

/// An address as a number, its first bit on top.
pub(super) trait Bits: Copy + Ord {
    /// The first one.
    const ZERO: Self;
    /// The one before; of the first, the last.
    fn before(self) -> Self;
    /// The one behind, unless it is the last.
    fn next(self) -> Option<Self>;
    /// How many leading bits it shares with another.
    fn shared(self, other: Self) -> u32;
    /// Its first [`INDEX_BITS`].
    fn top(self) -> usize;
    /// The last address that shares its first so many bits.
    fn last_within(self, length: u8) -> Self;
}

macro_rules! bits {
    ($($number:ty),*) => {$(
        impl Bits for $number {
            const ZERO: Self = 0;
            fn before(self) -> Self {
                self.wrapping_sub(1)
            }
            fn next(self) -> Option<Self> {
                self.checked_add(1)
            }
            #[inline]
            fn shared(self, other: Self) -> u32 {
                (self ^ other).leading_zeros()
            }
            #[inline]
            fn top(self) -> usize {
                usize::try_from(self >> (Self::BITS - INDEX_BITS)).unwrap_or(0)
            }
            fn last_within(self, length: u8) -> Self {
                self | Self::MAX.checked_shr(u32::from(length)).unwrap_or(0)
            }
        }
    )*};
}
bits!(u32, u128);

/// Spans and their leaves.
#[derive(Debug, Clone)]
pub(super) struct Spans<A> {
    /// Where each begins; the first at zero.
    starts: Box<[A]>,
    leaves: Box<[u16]>,
    /// For each value of the first bits, the span that its first address is in; and one more at the end.
    index: Box<[u32]>,
}

impl<A: Bits> Spans<A> {
    /// Takes spans by their starts, in order, the first at zero; neighbours with one leaf become one.
    pub(super) fn new(spans: impl IntoIterator<Item = (A, u16)>) -> Self {
        let (mut starts, mut leaves) = (Vec::new(), Vec::new());
        for (start, leaf) in spans {
            if leaves.last() != Some(&leaf) {
                starts.push(start);
                leaves.push(leaf);
            }
        }
        let index = if starts.len() < INDEXED_MIN { Vec::new() } else { index_of(&starts) };
        Self { starts: starts.into(), leaves: leaves.into(), index: index.into() }
    }

    /// The leaf at an address, and the length of the widest prefix around it that has no other.
    #[inline]
    pub(super) fn find(&self, address: A) -> (u16, u8) {
        let (from, to) = self.bounds(address);
        let near = self.starts.get(from..to).unwrap_or_default();
        // The first of them begins at or before the address, so there is one.
        let at = from + near.partition_point(|start| *start <= address).saturating_sub(1);
        let left = match self.starts.get(at) {
            Some(start) if at > 0 => address.shared(start.before()) + 1,
            _ => 0,
        };
        let right = self.starts.get(at + 1).map_or(0, |next| address.shared(*next) + 1);
        let leaf = self.leaves.get(at).copied().unwrap_or(0);
        (leaf, u8::try_from(left.max(right)).unwrap_or(u8::MAX))
    }

    /// Between which starts an address is to be searched.
    #[inline]
    fn bounds(&self, address: A) -> (usize, usize) {
        let top = address.top();
        match (self.index.get(top), self.index.get(top + 1)) {
            (Some(from), Some(to)) => (*from as usize, *to as usize + 1),
            _ => (0, self.starts.len()),
        }
    }

    /// The same spans with other leaves.
    pub(super) fn map(&self, leaf: impl Fn(u16) -> u16) -> Self {
        Self::new(self.iter().map(|(start, old)| (start, leaf(old))))
    }

    /// The spans, by their starts.
    pub(super) fn iter(&self) -> impl Iterator<Item = (A, u16)> {
        self.starts.iter().copied().zip(self.leaves.iter().copied())
    }
}

fn index_of<A: Bits>(starts: &[A]) -> Vec<u32> {
    let mut index: Vec<u32> = Vec::with_capacity((1 << INDEX_BITS) + 1);
    for top in 0..1_usize << INDEX_BITS {
        // The last start at or before the first address with these bits.
        let inside = starts.partition_point(|start| start.top() < top);
        let exact = starts.get(inside).is_some_and(|s| s.top() == top && s.before().top() != top);
        let at = if exact { inside } else { inside.saturating_sub(1) };
        index.push(u32::try_from(at).unwrap_or(u32::MAX));
    }
    index.push(u32::try_from(starts.len().saturating_sub(1)).unwrap_or(u32::MAX));
    index
}

/// Nested networks, by address and then by length, as spans of what the longest says.
pub(super) fn flatten<A: Bits, V: Copy>(
    networks: impl Iterator<Item = (A, u8, V)>,
    outside: V,
) -> Vec<(A, V)> {
    let mut spans = Vec::from([(A::ZERO, outside)]);
    let mut open: Vec<(A, V)> = Vec::new();
    for (start, length, value) in networks {
        while let Some((end, _)) = open.pop_if(|(end, _)| *end < start) {
            leave(&mut spans, end, open.last().map_or(outside, |(_, around)| *around));
        }
        enter(&mut spans, start, value);
        open.push((start.last_within(length), value));
    }
    while let Some((end, _)) = open.pop() {
        leave(&mut spans, end, open.last().map_or(outside, |(_, around)| *around));
    }
    spans
}

fn leave<A: Bits, V: Copy>(spans: &mut Vec<(A, V)>, end: A, around: V) {
    if let Some(next) = end.next() {
        enter(spans, next, around);
    }
}

/// Of spans with one start, the last counts: the inner network, or what is behind both.
fn enter<A: Bits, V: Copy>(spans: &mut Vec<(A, V)>, start: A, value: V) {
    match spans.last_mut() {
        Some(last) if last.0 == start => last.1 = value,
        _ => spans.push((start, value)),
    }
}
