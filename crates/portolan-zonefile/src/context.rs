//! What a record takes from what stands before it.

use std::ops::Range;

use portolan_core::{Name, Ttl};

use crate::entry::Token;
use crate::owner::Wire;

/// What a record that leaves something out takes from the lines before it. With it, a text can be read
/// from any entry on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The zone's apex.
    pub apex: Name,
    /// What relative names are relative to.
    pub origin: Name,
    /// The TTL of `$TTL` (RFC 2308 section 4).
    pub default_ttl: Option<Ttl>,
    /// The TTL that was last written at a record (RFC 1035 section 5.1); it counts while there is no `$TTL`.
    pub last_ttl: Option<Ttl>,
    /// The owner of the record before; none where there is no record, or its owner is no name.
    pub owner: Option<Name>,
}

impl Context {
    /// The context of a zone file's first line.
    #[must_use]
    pub fn new(apex: Name) -> Self {
        Self { origin: apex.clone(), apex, default_ttl: None, last_ttl: None, owner: None }
    }

    /// True when nothing before it can change what a record here takes.
    pub(crate) fn is_settled(&self) -> bool {
        self.owner.is_some() && (self.default_ttl.is_some() || self.last_ttl.is_some())
    }
}

/// A [`Context`] while it changes with each record: names are in buffers that are written over.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    pub(crate) apex: Name,
    pub(crate) origin: Wire,
    /// True when every name that is relative to the origin is in the zone.
    pub(crate) origin_in_zone: bool,
    pub(crate) default_ttl: Option<Ttl>,
    pub(crate) last_ttl: Option<Ttl>,
    /// The last owner, and the buffer for the next one.
    owners: [Wire; 2],
    current: usize,
    pub(crate) has_owner: bool,
    /// True when the last owner is in the zone.
    pub(crate) owner_in_zone: bool,
    /// Where the last owner was written in full, if the same text would mean the same name again.
    pub(crate) owner_text: Option<Range<usize>>,
    /// The last TTL that was longer than one may be, until it is told.
    pub(crate) long_ttl: Option<Token>,
}

impl Running {
    pub(crate) fn new(context: &Context) -> Self {
        let apex = context.apex.borrowed();
        let owner = context.owner.as_ref().unwrap_or(&context.origin).borrowed();
        Self {
            apex: context.apex.clone(),
            origin: Wire::of(context.origin.borrowed()),
            origin_in_zone: context.origin.borrowed().is_at_or_below(apex),
            default_ttl: context.default_ttl,
            last_ttl: context.last_ttl,
            owners: [Wire::of(owner), Wire::new()],
            current: 0,
            has_owner: context.owner.is_some(),
            owner_in_zone: owner.is_at_or_below(apex),
            owner_text: None,
            long_ttl: None,
        }
    }

    pub(crate) fn freeze(&self) -> Context {
        let name = |wire: &Wire| wire.name().map(portolan_core::NameRef::to_name).ok();
        Context {
            apex: self.apex.clone(),
            origin: name(&self.origin).unwrap_or_else(Name::root),
            default_ttl: self.default_ttl,
            last_ttl: self.last_ttl,
            owner: name(self.owner()).filter(|_| self.has_owner),
        }
    }

    /// The owner of the record before, whether there is one or not.
    pub(crate) fn owner(&self) -> &Wire {
        // The index is 0 or 1.
        let [first, second] = &self.owners;
        if self.current == 0 { first } else { second }
    }

    /// The buffer that [`Running::take_next`] makes the owner, and the origin to read it with.
    pub(crate) fn next_owner(&mut self) -> (&mut Wire, &Wire) {
        let [first, second] = &mut self.owners;
        (if self.current == 0 { second } else { first }, &self.origin)
    }

    pub(crate) fn take_next(&mut self, in_zone: bool, text: Option<Range<usize>>) {
        self.current ^= 1;
        self.owner_text = text;
        self.has_owner = true;
        self.owner_in_zone = in_zone;
    }

    /// What was written as the next owner, before it is taken.
    pub(crate) fn candidate(&self) -> &Wire {
        let [first, second] = &self.owners;
        if self.current == 0 { second } else { first }
    }

    /// The TTL of a record that says this; none when nothing says one.
    pub(crate) fn ttl(&self, said: Option<Ttl>) -> Option<Ttl> {
        said.or(self.default_ttl).or(self.last_ttl)
    }
}
