//! Names as a zone file writes them, into wire form on the stack.
//!
//! Names in zone files are relative to the origin unless they end in a dot (RFC 1035 section 5.1). All
//! are made lower case (RFC 4343), those in rdata too: that is the form in which the core has names.

use portolan_core::NameRef;
use portolan_core::name::{LABEL_OCTETS_MAX, NAME_OCTETS_MAX, NameError};

/// A name in wire form and lower case; a buffer that is written over for each record.
#[derive(Clone)]
pub(crate) struct Wire {
    len: usize,
    octets: [u8; NAME_OCTETS_MAX + 1],
}

impl Wire {
    pub(crate) fn new() -> Self {
        Self { len: 1, octets: [0; NAME_OCTETS_MAX + 1] }
    }

    pub(crate) fn of(name: NameRef<'_>) -> Self {
        let mut wire = Self::new();
        wire.len = 0;
        // A name that is one already fits.
        let _ = wire.append(name.as_wire());
        wire
    }

    pub(crate) fn as_wire(&self) -> &[u8] {
        self.octets.get(..self.len).unwrap_or(&[0])
    }

    pub(crate) fn name(&self) -> Result<NameRef<'_>, NameError> {
        NameRef::from_wire(self.as_wire())
    }

    /// Reads a name that may have escapes.
    pub(crate) fn read(&mut self, text: &[u8], origin: &Wire) -> Result<(), NameError> {
        match text {
            b"" => return Err(NameError::Empty),
            b"@" => return self.copy(origin),
            b"." => return self.copy(&Self::new()),
            _ => {}
        }
        self.len = 0;
        let mut octets = text.iter().copied();
        let mut label = 0;
        self.push(0)?;
        let mut relative = true;
        while let Some(octet) = octets.next() {
            relative = true;
            match octet {
                b'.' => {
                    self.close(label)?;
                    label = self.len;
                    self.push(0)?;
                    relative = false;
                }
                b'\\' => {
                    let octet = escaped(&mut octets).ok_or(NameError::BadEscape)?;
                    self.push(octet.to_ascii_lowercase())?;
                }
                _ => self.push(octet.to_ascii_lowercase())?,
            }
        }
        if relative {
            self.close(label)?;
            return self.append(origin.as_wire());
        }
        Ok(())
    }

    /// Reads a name without escapes as far as it goes, and says how far that is. None when there is
    /// anything that [`Wire::read`] should look at.
    pub(crate) fn read_plain(&mut self, text: &[u8], origin: &Wire) -> Option<usize> {
        if text.first() == Some(&b'@') {
            self.copy(origin).ok()?;
            return Some(1);
        }
        let (mut label, mut write) = (0, 1);
        let mut read = 0;
        for &octet in text {
            match *PLAIN.get(usize::from(octet))? {
                0 => break,
                b'.' => {
                    let len = write - label - 1;
                    if len == 0 || len > LABEL_OCTETS_MAX {
                        return None;
                    }
                    *self.octets.get_mut(label)? = u8::try_from(len).ok()?;
                    label = write;
                }
                lower => *self.octets.get_mut(write)? = lower,
            }
            write += 1;
            read += 1;
        }
        if read == 0 {
            return None;
        }
        let len = write - label - 1;
        if len == 0 {
            *self.octets.get_mut(label)? = 0;
            self.len = label + 1;
            return (self.len <= NAME_OCTETS_MAX).then_some(read);
        }
        if len > LABEL_OCTETS_MAX {
            return None;
        }
        *self.octets.get_mut(label)? = u8::try_from(len).ok()?;
        self.len = write;
        self.append(origin.as_wire()).ok()?;
        Some(read)
    }

    pub(crate) fn copy(&mut self, other: &Wire) -> Result<(), NameError> {
        self.len = 0;
        self.append(other.as_wire())
    }

    fn push(&mut self, octet: u8) -> Result<(), NameError> {
        if self.len >= NAME_OCTETS_MAX {
            return Err(NameError::NameTooLong);
        }
        *self.octets.get_mut(self.len).ok_or(NameError::NameTooLong)? = octet;
        self.len += 1;
        Ok(())
    }

    /// Writes the length of the label that begins at `label` and ends here.
    fn close(&mut self, label: usize) -> Result<(), NameError> {
        let len = self.len - label - 1;
        if len == 0 {
            return Err(NameError::EmptyLabel);
        }
        if len > LABEL_OCTETS_MAX {
            return Err(NameError::LabelTooLong);
        }
        let octet = self.octets.get_mut(label).ok_or(NameError::NameTooLong)?;
        *octet = u8::try_from(len).map_err(|_| NameError::LabelTooLong)?;
        Ok(())
    }

    fn append(&mut self, tail: &[u8]) -> Result<(), NameError> {
        let end = self.len + tail.len();
        if end > NAME_OCTETS_MAX {
            return Err(NameError::NameTooLong);
        }
        self.octets.get_mut(self.len..end).ok_or(NameError::NameTooLong)?.copy_from_slice(tail);
        self.len = end;
        Ok(())
    }
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.name())
    }
}

/// The octet of the escape whose backslash was just read: `\C` or `\DDD`.
pub(crate) fn escaped(octets: &mut impl Iterator<Item = u8>) -> Option<u8> {
    let first = octets.next()?;
    if !first.is_ascii_digit() {
        return Some(first);
    }
    let mut value = u16::from(first - b'0');
    for _ in 0..2 {
        let digit = octets.next().filter(u8::is_ascii_digit)?;
        value = value * 10 + u16::from(digit - b'0');
    }
    u8::try_from(value).ok()
}

/// Of each octet that may stand in a name as it is, its lower case; 0 of all others.
const PLAIN: [u8; 256] = {
    let mut table = [0; 256];
    let mut octet: u8 = 0x21;
    while octet < 0x7f {
        let is_special = matches!(octet, b'"' | b'(' | b')' | b';' | b'\\' | b'@' | b'$');
        if !is_special {
            table[octet as usize] = octet.to_ascii_lowercase();
        }
        octet += 1;
    }
    table
};

#[cfg(test)]
mod tests;
