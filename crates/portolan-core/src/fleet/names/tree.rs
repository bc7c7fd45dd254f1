//! The tree of leaves: a persistent B+ tree, of which copies share everything that is the same.
//!
//! ```text
//!             Inner: first name of each child
//!           ╱       │       ╲
//!       Inner     Inner     Inner            all leaves stand at the same depth
//!      ╱  │  ╲
//!   Leaf Leaf Leaf
//! ```
//!
//! A change copies the leaf and, where another copy of the tree has them too, the nodes above it: three or
//! four of [`CHILDREN_MAX`] children at most in a fleet of a million names.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::change::{Change, News};
use super::leaf::{Entry, LEAF_OCTETS_MIN, Leaf};
use crate::name::Name;

/// Most children of a node.
pub(super) const CHILDREN_MAX: usize = 32;
/// A node with fewer children is put together with its neighbour.
const CHILDREN_MIN: usize = CHILDREN_MAX / 4;

#[derive(Clone)]
pub(super) enum Node {
    Leaf(Leaf),
    Inner(Arc<Inner>),
}

#[derive(Clone)]
pub(super) struct Inner {
    children: Vec<Child>,
}

/// Part of a tree. Names before `first` stand in an earlier child; unless there is none, and then they stand here, and
/// `first` says nothing.
#[derive(Clone)]
pub(super) struct Child {
    first: Name,
    node: Node,
}

impl Default for Node {
    fn default() -> Self {
        Self::Leaf(Leaf::of(&[]))
    }
}

impl Node {
    /// The tree of leaves that are in order and not empty.
    pub(super) fn from_leaves(leaves: impl IntoIterator<Item = Leaf>) -> Self {
        Self::above(leaves.into_iter().map(|leaf| Child::of(Self::Leaf(leaf))).collect())
    }

    /// The tree of parts that are in order and of one depth.
    fn above(mut level: Vec<Child>) -> Self {
        while level.len() > 1 {
            let mut above = Vec::with_capacity(level.len() / CHILDREN_MAX + 1);
            let mut left = level.into_iter().peekable();
            while left.peek().is_some() {
                let children: Vec<Child> = left.by_ref().take(CHILDREN_MAX).collect();
                above.push(Child::of(Self::Inner(Arc::new(Inner { children }))));
            }
            level = above;
        }
        level.pop().map(|root| root.node).unwrap_or_default()
    }

    pub(super) fn get(&self, name: &[u8]) -> Option<&[u8]> {
        let mut node = self;
        loop {
            match node {
                Self::Leaf(leaf) => return leaf.get(name),
                Self::Inner(inner) => node = &inner.children.get(inner.position(name))?.node,
            }
        }
    }

    /// Which of some changes, in order, are any.
    pub(super) fn news<'c>(&self, changes: &[Change<'c>], news: &mut News<'c>) {
        match self {
            Self::Leaf(leaf) => leaf.news(changes, news),
            Self::Inner(inner) => {
                let mut rest = changes;
                while let Some((at, own)) = inner.next_share(&mut rest) {
                    inner.children.get(at).inspect(|child| child.node.news(own, news));
                }
            }
        }
    }

    /// Makes changes, in order, in a whole tree.
    pub(super) fn set(&mut self, changes: &[Change<'_>]) {
        if changes.is_empty() {
            return;
        }
        let right = self.set_below(changes);
        if !right.is_empty() {
            let left = Child::of(core::mem::take(self));
            *self = Self::above([left].into_iter().chain(right).collect());
        }
        while let Self::Inner(inner) = self {
            match &inner.children[..] {
                [] => *self = Self::default(),
                [only] => *self = only.node.clone(),
                _ => return,
            }
        }
    }

    /// The same in a part of a tree; returns what does not fit into it any more, which belongs behind it.
    fn set_below(&mut self, changes: &[Change<'_>]) -> Vec<Child> {
        match self {
            Self::Leaf(leaf) => {
                let (left, right) = leaf.with(changes);
                *leaf = left;
                right.into_iter().map(|leaf| Child::of(Self::Leaf(leaf))).collect()
            }
            Self::Inner(inner) => Arc::make_mut(inner).set(changes),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Leaf(leaf) => leaf.is_empty(),
            Self::Inner(inner) => inner.children.is_empty(),
        }
    }

    fn is_small(&self) -> bool {
        match self {
            Self::Leaf(leaf) => leaf.octets().len() < LEAF_OCTETS_MIN,
            Self::Inner(inner) => inner.children.len() < CHILDREN_MIN,
        }
    }

    /// The part with all that is in the one behind it; none when that would be too much.
    fn joined(&self, next: &Child) -> Option<Self> {
        match (self, &next.node) {
            (Self::Leaf(leaf), Self::Leaf(next)) => leaf.joined(next).map(Self::Leaf),
            (Self::Inner(inner), Self::Inner(behind)) => {
                let is_room = inner.children.len() + behind.children.len() < CHILDREN_MAX;
                is_room.then(|| {
                    let mut children = [&inner.children[..], &behind.children[..]].concat();
                    // What was its first child has earlier ones now.
                    if let Some(child) = children.get_mut(inner.children.len()) {
                        child.first = next.first.clone();
                    }
                    Self::Inner(Arc::new(Inner { children }))
                })
            }
            _ => None,
        }
    }

    fn first(&self) -> Name {
        match self {
            Self::Leaf(leaf) => leaf.first(),
            Self::Inner(inner) => inner.children.first().map(|child| child.first.clone()),
        }
        .unwrap_or_else(Name::root)
    }
}

impl Inner {
    /// The first names of its children.
    #[cfg(test)]
    pub(super) fn firsts(&self) -> impl Iterator<Item = &Name> {
        self.children.iter().map(|child| &child.first)
    }

    /// The child that a name stands in if it is there.
    fn position(&self, name: &[u8]) -> usize {
        let behind_the_first = self.children.get(1..).unwrap_or_default();
        behind_the_first.partition_point(|child| child.first.as_wire() <= name)
    }

    /// Takes those off some changes, in order, that fall to one child: which it is, and they.
    fn next_share<'r, 'c>(&self, rest: &mut &'r [Change<'c>]) -> Option<(usize, &'r [Change<'c>])> {
        let at = self.position(rest.first()?.name.as_wire());
        let count = match self.children.get(at + 1) {
            Some(next) => rest.partition_point(|change| *change.name < next.first),
            None => rest.len(),
        };
        let (own, behind) = rest.split_at(count);
        *rest = behind;
        Some((at, own))
    }

    fn set(&mut self, changes: &[Change<'_>]) -> Vec<Child> {
        let mut rest = changes;
        while let Some((at, own)) = self.next_share(&mut rest) {
            let Some(child) = self.children.get_mut(at) else { break };
            let right = child.node.set_below(own);
            if right.is_empty() {
                self.settle(at);
            } else {
                self.children.splice(at + 1..at + 1, right);
            }
        }
        self.overflow()
    }

    /// Keeps as many children as a node may have: the others, in nodes of about the same size.
    fn overflow(&mut self) -> Vec<Child> {
        let count = self.children.len();
        if count <= CHILDREN_MAX {
            return Vec::new();
        }
        let each = count.div_ceil(count.div_ceil(CHILDREN_MAX));
        let mut right = self.children.split_off(each).into_iter().peekable();
        core::iter::from_fn(|| {
            right.peek()?;
            let children = right.by_ref().take(each).collect();
            Some(Child::of(Node::Inner(Arc::new(Inner { children }))))
        })
        .collect()
    }

    /// Drops a child that became empty, and puts one that became small together with a neighbour.
    fn settle(&mut self, at: usize) {
        if self.children.get(at).is_some_and(|child| child.node.is_empty()) {
            self.children.remove(at);
            return;
        }
        if !self.children.get(at).is_some_and(|child| child.node.is_small()) {
            return;
        }
        for left in [at, at.wrapping_sub(1)] {
            let Some([one, next]) = self.children.get_mut(left..).and_then(<[Child]>::first_chunk_mut::<2>)
            else {
                continue;
            };
            if let Some(node) = one.node.joined(next) {
                one.node = node;
                self.children.remove(left + 1);
                return;
            }
        }
    }
}

impl Child {
    fn of(node: Node) -> Self {
        Self { first: node.first(), node }
    }
}

// === Walking ===

/// The leaves of a tree, in order.
#[derive(Clone)]
pub(super) struct Leaves<'a> {
    /// A tree that is nothing but a leaf.
    only: Option<&'a Leaf>,
    path: Vec<core::slice::Iter<'a, Child>>,
}

impl<'a> Leaves<'a> {
    pub(super) fn of(node: &'a Node) -> Self {
        match node {
            Node::Leaf(leaf) => Self { only: (!leaf.is_empty()).then_some(leaf), path: Vec::new() },
            Node::Inner(inner) => Self { only: None, path: [inner.children.iter()].into() },
        }
    }
}

impl<'a> Iterator for Leaves<'a> {
    type Item = &'a Leaf;

    fn next(&mut self) -> Option<&'a Leaf> {
        if let Some(leaf) = self.only.take() {
            return Some(leaf);
        }
        while let Some(level) = self.path.last_mut() {
            match level.next().map(|child| &child.node) {
                Some(Node::Leaf(leaf)) => return Some(leaf),
                Some(Node::Inner(inner)) => self.path.push(inner.children.iter()),
                None => drop(self.path.pop()),
            }
        }
        None
    }
}

/// The entries of some leaves, in order.
#[derive(Clone)]
pub(super) struct Walk<'a, L> {
    leaves: L,
    entries: super::leaf::Entries<'a>,
}

impl<'a, L: Iterator<Item = &'a Leaf>> Walk<'a, L> {
    pub(super) fn of(leaves: L) -> Self {
        Self { leaves, entries: super::leaf::Entries::of(&[]) }
    }
}

impl<'a, L: Iterator<Item = &'a Leaf>> Iterator for Walk<'a, L> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        loop {
            if let Some(entry) = self.entries.next() {
                return Some(entry);
            }
            self.entries = self.leaves.next()?.entries();
        }
    }
}
