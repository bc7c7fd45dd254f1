//! Which texts are host names, and in what form they are kept.
//!
//! A [`Name`] of the core may hold any octets; what people write in a manifest is narrower, and a slip
//! there must be named rather than served. The rules are those of RFC 1123 section 2.1 and RFC 5890, with
//! two liberties that real names need: an underscore anywhere in a label (`_sip._tcp`, and old host names),
//! and `*` as the whole first label. Upper case and a trailing dot are normalised away. A U-label is
//! refused and not converted: which conversion a client will use (IDNA 2003 or 2008) is not ours to guess.

mod punycode;

use std::fmt;
use std::net::IpAddr;

use portolan_core::Name;
use portolan_core::name::{LABEL_OCTETS_MAX, NameError};
use portolan_core::policy::Glob;

/// Takes a host name, whose first label may be `*`.
///
/// # Errors
/// [`HostError`] says which rule the text breaks.
pub fn host(text: &str) -> Result<Name, HostError> {
    match text.strip_prefix("*.") {
        Some(base) => wildcard(&plain_host(base)?),
        None => plain_host(text),
    }
}

/// Takes a host name without `*`: an apex, a name server, the target of an alias.
///
/// # Errors
/// [`HostError`] says which rule the text breaks.
pub fn plain_host(text: &str) -> Result<Name, HostError> {
    let dotless = text.strip_suffix('.').unwrap_or(text);
    if dotless.is_empty() {
        return Err(HostError::Empty);
    }
    check_characters(dotless)?;
    if dotless.parse::<IpAddr>().is_ok() {
        return Err(HostError::Address);
    }
    if dotless.split('.').any(str::is_empty) {
        return Err(HostError::Name(NameError::EmptyLabel));
    }
    // The core's rules on lengths; no character that it would take as an escape is left by now.
    let name: Name = dotless.parse().map_err(HostError::Name)?;
    for label in dotless.split('.') {
        check_label(label)?;
    }
    let last = dotless.rsplit('.').next().unwrap_or_default();
    if last.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err(HostError::Address);
    }
    Ok(name)
}

/// Takes a pattern of host names: a host name, `*.` and a host name for all below it, or `*` for all.
///
/// # Errors
/// [`HostError`] says which rule the text breaks.
pub fn glob(text: &str) -> Result<Glob, HostError> {
    match text.strip_prefix("*.") {
        Some(base) => Ok(Glob { base: plain_host(base)?, below: true }),
        None if text == "*" => Ok(Glob { base: Name::root(), below: true }),
        None => Ok(Glob { base: plain_host(text)?, below: false }),
    }
}

/// Why a text is not a host name: the rule, to stand behind the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostError {
    /// Nothing there.
    Empty,
    /// A rule on lengths or dots.
    Name(NameError),
    /// An address, or a last label of digits, which software reads as one.
    Address,
    /// A character outside ASCII: an IDN's U-label, or an emoji.
    NotAscii(char),
    /// An ASCII character that no host name has.
    Character(char),
    /// `*` elsewhere than as the whole first label before a name.
    Wildcard,
    /// A label that begins or ends with a dash.
    Dash,
    /// A label that begins with `xn--` and is no A-label.
    Punycode(String),
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty"),
            Self::Name(error) => error.fmt(f),
            Self::Address => {
                f.write_str("is an address, or its last label is a number; a host name is needed")
            }
            Self::NotAscii(c) => write!(f, "has {c:?}, which is not ASCII; use the A-label (xn--...)"),
            Self::Character(c) => write!(f, "has {c:?}; a host name has letters, digits, '-', '_' and dots"),
            Self::Wildcard => f.write_str("has a '*' that is not the whole first label before a name"),
            Self::Dash => f.write_str("has a label that begins or ends with '-'"),
            Self::Punycode(label) => {
                write!(f, "has the label {label:?}, which is not valid Punycode (RFC 3492)")
            }
        }
    }
}

impl std::error::Error for HostError {}

fn wildcard(base: &Name) -> Result<Name, HostError> {
    let star: &[u8] = b"*";
    let labels = std::iter::once(star).chain(base.borrowed().labels());
    Name::from_labels(labels).map_err(HostError::Name)
}

fn check_characters(text: &str) -> Result<(), HostError> {
    // A colon is in no name and in every IPv6 address.
    if text.contains(':') && text.parse::<IpAddr>().is_ok() {
        return Err(HostError::Address);
    }
    match text.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.')) {
        None => Ok(()),
        Some('*') => Err(HostError::Wildcard),
        Some(c) if c.is_ascii() => Err(HostError::Character(c)),
        Some(c) => Err(HostError::NotAscii(c)),
    }
}

fn check_label(label: &str) -> Result<(), HostError> {
    debug_assert!(label.len() <= LABEL_OCTETS_MAX, "the core has checked lengths");
    if label.starts_with('-') || label.ends_with('-') {
        return Err(HostError::Dash);
    }
    match label.get(..4) {
        Some(prefix) if prefix.eq_ignore_ascii_case("xn--") => {
            let encoded = label.get(4..).unwrap_or_default();
            if punycode::is_valid(encoded) { Ok(()) } else { Err(HostError::Punycode(label.into())) }
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
