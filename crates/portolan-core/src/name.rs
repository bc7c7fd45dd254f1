//! Domain names.
//!
//! A name is kept once in its wire form (RFC 1035 section 3.1), lower case (RFC 4343: ASCII only),
//! root label included. That form is what questions arrive in and answers leave in, so nothing is
//! converted on the way of a query: a [`NameRef`] borrows the question's bytes, walks its suffixes
//! by moving a start offset, and hashes and compares as plain bytes.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::borrow::Borrow;
use core::fmt;
use core::str::FromStr;

/// Longest name in wire form, in octets, root label included (RFC 1035 section 2.3.4).
pub const NAME_OCTETS_MAX: usize = 255;
/// Longest label, in octets (RFC 1035 section 2.3.4).
pub const LABEL_OCTETS_MAX: usize = 63;
/// Most labels that a name can have, without the root.
pub const LABELS_MAX: usize = 127;

/// Why something is not a domain name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    /// Nothing there.
    Empty,
    /// Two dots in a row, or a leading one.
    EmptyLabel,
    /// A label of more than [`LABEL_OCTETS_MAX`] octets.
    LabelTooLong,
    /// More than [`NAME_OCTETS_MAX`] octets in wire form.
    NameTooLong,
    /// A backslash that is not followed by a character or three digits up to 255.
    BadEscape,
    /// Wire form that ends early, goes on after the root, or holds a pointer.
    BadWire,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "is empty",
            Self::EmptyLabel => "has an empty label",
            Self::LabelTooLong => "has a label of more than 63 octets",
            Self::NameTooLong => "is longer than 255 octets in wire form",
            Self::BadEscape => "has a bad escape (\\C or \\DDD up to 255)",
            Self::BadWire => "is not in wire form",
        })
    }
}

impl core::error::Error for NameError {}

mod hash;

pub(crate) use hash::{Suffixes, hash_of};

// === NameRef ===

/// A borrowed domain name: valid wire form, lower case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameRef<'a>(&'a [u8]);

impl<'a> NameRef<'a> {
    /// The root name.
    pub const ROOT: NameRef<'static> = NameRef(&[0]);

    /// Takes bytes that are a whole name in wire form and lower case already.
    ///
    /// # Errors
    /// [`NameError::BadWire`] for anything else, [`NameError::NameTooLong`] over 255 octets.
    pub fn from_wire(wire: &'a [u8]) -> Result<Self, NameError> {
        check_wire(wire)?;
        if wire.iter().any(u8::is_ascii_uppercase) {
            return Err(NameError::BadWire);
        }
        Ok(Self(wire))
    }

    /// The name that stands in front, and what is behind it. None when there is no whole name, or one with
    /// capital letters.
    #[must_use]
    pub fn split_first(octets: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let mut end = 0;
        loop {
            let len = usize::from(*octets.get(end)?);
            end += len + 1;
            if len == 0 {
                let (name, tail) = octets.split_at_checked(end)?;
                return Some((Self::from_wire(name).ok()?, tail));
            }
        }
    }

    /// Takes what was the wire form of a name when it was stored.
    #[inline]
    pub(crate) fn trusted(wire: &'a [u8]) -> Self {
        Self(wire)
    }

    /// The wire form, root label included.
    #[must_use]
    #[inline]
    pub fn as_wire(self) -> &'a [u8] {
        self.0
    }

    /// True of the root.
    #[must_use]
    pub fn is_root(self) -> bool {
        self.0.len() == 1
    }

    /// Labels from left to right, without the root.
    pub fn labels(self) -> impl Iterator<Item = &'a [u8]> {
        self.suffixes().filter_map(NameRef::first_label)
    }

    /// The leftmost label; none for the root.
    #[must_use]
    pub fn first_label(self) -> Option<&'a [u8]> {
        let (&len, rest) = self.0.split_first()?;
        (len > 0).then(|| rest.get(..usize::from(len)))?
    }

    /// This name and then each of its ancestors, the root last.
    pub fn suffixes(self) -> impl Iterator<Item = NameRef<'a>> {
        core::iter::successors(Some(self), |name| name.parent())
    }

    /// The name without its leftmost label; none for the root.
    #[must_use]
    pub fn parent(self) -> Option<NameRef<'a>> {
        let len = usize::from(*self.0.first()?);
        (len > 0).then(|| self.0.get(len + 1..).map(NameRef))?
    }

    /// True when `self` is `ancestor` or below it.
    #[must_use]
    #[inline]
    pub fn is_at_or_below(self, ancestor: NameRef<'_>) -> bool {
        self.label_before(ancestor).is_some()
    }

    /// The label of `self` right before `ancestor`, its length in front; empty where they are one name. None where
    /// `self` is not at or below it: what ends in the same octets may have them inside a label. A name of 127 labels is
    /// walked in a few instructions a label.
    #[must_use]
    #[inline]
    pub fn label_before(self, ancestor: NameRef<'_>) -> Option<&'a [u8]> {
        let below = self.0.strip_suffix(ancestor.0)?;
        let (mut before, mut at) = (0, 0);
        while let Some(len) = below.get(at) {
            before = at;
            at += usize::from(*len) + 1;
        }
        if at == below.len() { below.get(before..) } else { None }
    }

    /// True when the leftmost label is `*` (RFC 4592 section 2.1.1).
    #[must_use]
    pub fn is_wildcard(self) -> bool {
        self.0.starts_with(&[1, b'*'])
    }

    /// A copy that owns its bytes.
    #[must_use]
    pub fn to_name(self) -> Name {
        Name(Arc::from(self.0))
    }

    /// Presentation form without the trailing dot, as Kubernetes objects spell names.
    #[must_use]
    pub fn to_dotless(self) -> String {
        let mut text = alloc::format!("{self}");
        if text.len() > 1 {
            text.pop();
        }
        text
    }
}

impl fmt::Display for NameRef<'_> {
    /// Presentation form with the trailing dot; what is not printable is `\DDD` (RFC 1035 section 5.1).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() {
            return f.write_str(".");
        }
        for label in self.labels() {
            for &octet in label {
                match octet {
                    b'.' | b'\\' | b'"' | b';' | b'(' | b')' | b'@' | b'$' => {
                        write!(f, "\\{}", char::from(octet))?;
                    }
                    0x21..=0x7e => write!(f, "{}", char::from(octet))?,
                    _ => write!(f, "\\{octet:03}")?,
                }
            }
            f.write_str(".")?;
        }
        Ok(())
    }
}

impl fmt::Debug for NameRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

// === Name ===

/// A domain name that owns its bytes; a copy shares them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<[u8]>);

impl Name {
    /// The root name.
    #[must_use]
    pub fn root() -> Self {
        NameRef::ROOT.to_name()
    }

    /// Takes a whole name in wire form, of any case.
    ///
    /// # Errors
    /// [`NameError::BadWire`] when it ends early or goes on after the root, [`NameError::NameTooLong`].
    pub fn from_wire(wire: &[u8]) -> Result<Self, NameError> {
        check_wire(wire)?;
        Ok(Self(wire.iter().map(u8::to_ascii_lowercase).collect()))
    }

    /// Builds a name from labels, left to right.
    ///
    /// # Errors
    /// As [`Name::from_str`], for labels and length.
    pub fn from_labels<'l>(labels: impl IntoIterator<Item = &'l [u8]>) -> Result<Self, NameError> {
        let mut wire = Vec::with_capacity(64);
        for label in labels {
            push_label(&mut wire, label)?;
        }
        wire.push(0);
        Self::from_wire(&wire)
    }

    /// The name `prefix.self`, where `prefix` may have several labels.
    ///
    /// # Errors
    /// As [`Name::from_str`], for the result.
    pub fn prepend(&self, prefix: &str) -> Result<Self, NameError> {
        let prefix: Name = prefix.parse()?;
        let labels = prefix.borrowed().labels().chain(self.borrowed().labels());
        Self::from_labels(labels)
    }

    /// The borrowed form, which has the methods.
    #[must_use]
    pub fn borrowed(&self) -> NameRef<'_> {
        NameRef(&self.0)
    }

    /// The wire form, root label included.
    #[must_use]
    pub fn as_wire(&self) -> &[u8] {
        &self.0
    }

    /// See [`NameRef::to_dotless`].
    #[must_use]
    pub fn to_dotless(&self) -> String {
        self.borrowed().to_dotless()
    }
}

impl FromStr for Name {
    type Err = NameError;

    /// Presentation form, with or without the trailing dot, `\C` and `\DDD` escapes understood.
    /// Any octet may stand in a label; rules for host names are the caller's.
    fn from_str(text: &str) -> Result<Self, NameError> {
        if text == "." {
            return Ok(Self::root());
        }
        let mut wire = Vec::with_capacity(text.len() + 2);
        // Where the length of the label stands that is being read, or the root's.
        let mut length_at = 0;
        wire.push(0);
        let mut octets = text.bytes();
        while let Some(octet) = octets.next() {
            match octet {
                b'.' => length_at = end_label(&mut wire, length_at)?,
                b'\\' => wire.push(unescape(&mut octets)?.to_ascii_lowercase()),
                _ => wire.push(octet.to_ascii_lowercase()),
            }
        }
        if wire.len() > length_at + 1 {
            end_label(&mut wire, length_at)?;
        }
        if wire.len() == 1 { Err(NameError::Empty) } else { Ok(Self(wire.into())) }
    }
}

/// Hash, order and equality are those of the bytes, so a map of names is searched by a borrowed slice.
impl Borrow<[u8]> for Name {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.borrowed(), f)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

// === NameBuf ===

/// A name of a question, on the stack: filled by the decoder, lower case, never allocated.
#[derive(Clone)]
pub struct NameBuf {
    len: u8,
    /// Filled in words: of the last one, what is behind the name means nothing.
    octets: [u8; NAME_OCTETS_MAX + WORD_OCTETS],
}

/// Octets that are lowered at once.
const WORD_OCTETS: usize = 8;

impl NameBuf {
    /// An empty buffer, which reads as the root.
    #[must_use]
    pub const fn new() -> Self {
        Self { len: 1, octets: [0; NAME_OCTETS_MAX + WORD_OCTETS] }
    }

    /// Reads the name that stands in front, written out and of any case, and says how many octets it has.
    ///
    /// # Errors
    /// [`NameError::BadWire`] when it ends early or holds anything but labels, [`NameError::NameTooLong`].
    #[inline]
    pub fn read(&mut self, octets: &[u8]) -> Result<usize, NameError> {
        let root = labels_octets(octets);
        match octets.get(root) {
            Some(0) if root < NAME_OCTETS_MAX => {}
            _ if root >= NAME_OCTETS_MAX && octets.len() > NAME_OCTETS_MAX => {
                return Err(NameError::NameTooLong);
            }
            _ => return Err(NameError::BadWire),
        }
        let end = root + 1;
        // Behind a name there is nearly always enough to read the last word whole.
        let whole = octets.get(..end.next_multiple_of(WORD_OCTETS));
        if whole.is_none() {
            let name = octets.get(..end).ok_or(NameError::BadWire)?;
            self.octets.iter_mut().zip(name).for_each(|(place, octet)| *place = octet.to_ascii_lowercase());
        }
        let (words, _) = whole.unwrap_or_default().as_chunks::<WORD_OCTETS>();
        let (places, _) = self.octets.as_chunks_mut::<WORD_OCTETS>();
        for (place, word) in places.iter_mut().zip(words) {
            // Lengths are below 64, so none is taken for a letter.
            *place = lower(u64::from_le_bytes(*word)).to_le_bytes();
        }
        self.len = u8::try_from(end).map_err(|_| NameError::NameTooLong)?;
        Ok(end)
    }

    /// What it holds.
    #[must_use]
    #[inline]
    pub fn borrowed(&self) -> NameRef<'_> {
        NameRef(self.octets.get(..usize::from(self.len)).unwrap_or(&[0]))
    }
}

/// Lowers the ASCII letters among eight octets (RFC 4343).
#[inline]
fn lower(word: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let low = word & (EACH * 0x7f);
    let from_a = low + EACH * u64::from(0x80 - b'A');
    let behind_z = low + EACH * u64::from(0x7f - b'Z');
    let letters = (from_a ^ behind_z) & !word & (EACH * 0x80);
    word | (letters >> 2)
}

impl Default for NameBuf {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for NameBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.borrowed(), f)
    }
}

/// How many octets the labels have that stand in front, written out, as far as a name may be long: behind them is the
/// root, or what is no label.
#[must_use]
#[inline]
pub fn labels_octets(octets: &[u8]) -> usize {
    const LENGTH_MAX: u8 = LABEL_OCTETS_MAX as u8;
    let within = octets.get(..NAME_OCTETS_MAX).unwrap_or(octets);
    let mut end = 0;
    while let Some(&length @ 1..=LENGTH_MAX) = within.get(end) {
        end += usize::from(length) + 1;
    }
    end
}

/// Checks that bytes are one whole uncompressed name.
fn check_wire(wire: &[u8]) -> Result<(), NameError> {
    if wire.len() > NAME_OCTETS_MAX {
        return Err(NameError::NameTooLong);
    }
    let mut rest = wire;
    loop {
        let (&len, tail) = rest.split_first().ok_or(NameError::BadWire)?;
        let len = usize::from(len);
        if len == 0 {
            return if tail.is_empty() { Ok(()) } else { Err(NameError::BadWire) };
        }
        if len > LABEL_OCTETS_MAX {
            return Err(NameError::BadWire);
        }
        rest = tail.get(len..).ok_or(NameError::BadWire)?;
    }
}

/// Writes the length of the label that ends here, and a place for the next one's: where that is.
fn end_label(wire: &mut Vec<u8>, length_at: usize) -> Result<usize, NameError> {
    let next = wire.len();
    let length = label_length(next - length_at - 1, next + 1)?;
    if let Some(place) = wire.get_mut(length_at) {
        *place = length;
    }
    wire.push(0);
    Ok(next)
}

fn push_label(wire: &mut Vec<u8>, label: &[u8]) -> Result<(), NameError> {
    wire.push(label_length(label.len(), wire.len() + label.len() + 2)?);
    wire.extend_from_slice(label);
    Ok(())
}

/// The octet before a label of so many octets, in a name that has so many up to that label, the root's with them.
fn label_length(label: usize, name: usize) -> Result<u8, NameError> {
    if label == 0 {
        return Err(NameError::EmptyLabel);
    }
    let length = u8::try_from(label).ok().filter(|_| label <= LABEL_OCTETS_MAX);
    let length = length.ok_or(NameError::LabelTooLong)?;
    if name > NAME_OCTETS_MAX { Err(NameError::NameTooLong) } else { Ok(length) }
}

fn unescape(octets: &mut core::str::Bytes<'_>) -> Result<u8, NameError> {
    let first = octets.next().ok_or(NameError::BadEscape)?;
    if !first.is_ascii_digit() {
        return Ok(first);
    }
    let mut value = u16::from(first - b'0');
    for _ in 0..2 {
        let digit = octets.next().filter(u8::is_ascii_digit).ok_or(NameError::BadEscape)?;
        value = value * 10 + u16::from(digit - b'0');
    }
    u8::try_from(value).map_err(|_| NameError::BadEscape)
}

#[cfg(test)]
mod tests;
