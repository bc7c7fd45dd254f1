//! A document as any of the readers gives it, or what is wrong with it.

use serde_json::Value;

use super::place::Spot;

/// A document as a tree.
pub(super) struct Tree {
    pub(super) value: Value,
    /// Where its content begins.
    pub(super) start: Spot,
    /// Where its text ends, in bytes.
    pub(super) end: usize,
    /// Where each of its `items` begins, if it is a list.
    pub(super) items: Vec<Spot>,
}

/// A fault of syntax.
pub(super) struct Fault {
    pub(super) spot: Spot,
    pub(super) message: String,
}
