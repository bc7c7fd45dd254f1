//! A binary trie of networks whose leaves are orders, equal siblings merged from the bottom up.

use alloc::vec::Vec;

use crate::place::{Network, NetworkMap, Place, bits_of};

/// Gives the order that holds where the maps see these places.
type OrderOf<'o, 'p> = dyn FnMut(&[Option<&'p Place>]) -> u32 + 'o;

/// A binary trie without equal siblings: a leaf is an order's index.
#[derive(Debug)]
pub(super) struct Trie {
    nodes: Vec<[u32; 2]>,
    root: u32,
}

/// Marks an entry of [`Trie::nodes`] as a leaf.
const LEAF: u32 = 1 << 31;

impl Trie {
    pub(super) fn new<'p>(
        maps: &[&'p NetworkMap],
        v4: bool,
        unknown: &[Option<&'p Place>],
        order: &mut OrderOf<'_, 'p>,
    ) -> Self {
        let mut raw = RawTrie { nodes: alloc::vec![RawNode::default()] };
        for (index, map) in maps.iter().enumerate() {
            for (network, place) in &map.networks {
                if network.address().is_ipv4() == v4 {
                    raw.insert(network, index, place.as_ref());
                }
            }
        }
        let mut trie = Self { nodes: Vec::new(), root: 0 };
        trie.root = trie.merge(&raw, 0, unknown, order);
        trie
    }

    /// Flattens what is below a raw node; equal children become their parent.
    fn merge<'p>(
        &mut self,
        raw: &RawTrie<'p>,
        at: usize,
        inherited: &[Option<&'p Place>],
        order: &mut OrderOf<'_, 'p>,
    ) -> u32 {
        let Some(node) = raw.nodes.get(at) else {
            return LEAF | order(inherited);
        };
        let mut places = inherited.to_vec();
        for &(index, place) in &node.places {
            if let Some(slot) = places.get_mut(index) {
                *slot = place;
            }
        }
        if node.children == [None, None] {
            return LEAF | order(&places);
        }
        let [zero, one] =
            node.children.map(|child| self.merge(raw, child.unwrap_or(usize::MAX), &places, order));
        if zero == one && zero & LEAF != 0 {
            return zero;
        }
        self.nodes.push([zero, one]);
        u32::try_from(self.nodes.len() - 1).unwrap_or(LEAF)
    }

    /// The order's index at an address, and the depth of its leaf.
    pub(super) fn find(&self, bits: u128) -> (u32, u8) {
        let mut at = self.root;
        let mut depth = 0;
        while at & LEAF == 0 {
            let one = usize::from(bits & (1 << (127 - u32::from(depth))) != 0);
            at = usize::try_from(at).ok().and_then(|i| self.nodes.get(i)).map_or(LEAF, |n| n[one]);
            depth += 1;
        }
        (at & !LEAF, depth)
    }
}

/// The trie before merging: what each network says of each map.
struct RawTrie<'p> {
    nodes: Vec<RawNode<'p>>,
}

#[derive(Default)]
struct RawNode<'p> {
    children: [Option<usize>; 2],
    places: Vec<(usize, Option<&'p Place>)>,
}

impl<'p> RawTrie<'p> {
    fn insert(&mut self, network: &Network, map: usize, place: Option<&'p Place>) {
        let bits = bits_of(network.address());
        let mut at = 0;
        for depth in 0..u32::from(network.length()) {
            let one = usize::from(bits & (1 << (127 - depth)) != 0);
            let next = self.nodes.len();
            let Some(node) = self.nodes.get_mut(at) else { return };
            at = *node.children[one].get_or_insert(next);
            if at == next {
                self.nodes.push(RawNode::default());
            }
        }
        if let Some(node) = self.nodes.get_mut(at) {
            node.places.push((map, place));
        }
    }
}
