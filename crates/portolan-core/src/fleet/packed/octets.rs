//! Numbers, texts and names as octets.

use alloc::vec::Vec;

use crate::name::NameRef;

/// Most octets of a number of 64 bits.
const NUMBER_OCTETS_MAX: u32 = 10;

/// Puts a number: seven bits an octet, the lowest first, the highest bit set where more follow.
pub(crate) fn write_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(u8::try_from(number & 0x7f).unwrap_or(0) | 0x80);
        number >>= 7;
    }
    out.push(u8::try_from(number).unwrap_or(0));
}

/// Puts a text behind its length.
pub(crate) fn write_text(text: &str, out: &mut Vec<u8>) {
    write_number(u64::try_from(text.len()).unwrap_or(u64::MAX), out);
    out.extend_from_slice(text.as_bytes());
}

/// Puts a name behind its length.
pub(crate) fn write_name(name: NameRef<'_>, out: &mut Vec<u8>) {
    let wire = name.as_wire();
    out.push(u8::try_from(wire.len()).expect("a name has at most 255 octets"));
    out.extend_from_slice(wire);
}

/// Octets that are read from the front. What is not there, or not in the one form that it has, is none.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn octet(&mut self) -> Option<u8> {
        let (&octet, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(octet)
    }

    pub(crate) fn octets(&mut self, count: usize) -> Option<&'a [u8]> {
        let (octets, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(octets)
    }

    /// A number, in as few octets as it needs.
    pub(crate) fn number(&mut self) -> Option<u64> {
        let first = self.octet()?;
        if first < 0x80 {
            return Some(first.into());
        }
        let mut number = u64::from(first & 0x7f);
        for place in 1..NUMBER_OCTETS_MAX {
            let octet = self.octet()?;
            let bits = u64::from(octet & 0x7f);
            let shifted = bits << (7 * place);
            if shifted >> (7 * place) != bits {
                return None;
            }
            number |= shifted;
            if octet < 0x80 {
                return (octet > 0).then_some(number);
            }
        }
        None
    }

    pub(crate) fn number32(&mut self) -> Option<u32> {
        u32::try_from(self.number()?).ok()
    }

    pub(crate) fn length(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        let length = self.length()?;
        core::str::from_utf8(self.octets(length)?).ok()
    }

    /// Goes past a text, whatever is in it.
    pub(crate) fn skip_text(&mut self) -> Option<()> {
        let length = self.length()?;
        self.octets(length).map(drop)
    }

    /// The wire form of a name, as it stands there.
    pub(crate) fn wire(&mut self) -> Option<&'a [u8]> {
        let length = self.octet()?;
        self.octets(length.into())
    }

    pub(crate) fn name(&mut self) -> Option<NameRef<'a>> {
        NameRef::from_wire(self.wire()?).ok()
    }
}
