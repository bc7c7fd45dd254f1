//! The text of a mark: External-DNS' labels.
//!
//! ```text
//!   heritage=external-dns,external-dns/owner=eu-1,external-dns/resource=service/shop/web
//!   heritage=portolan,portolan/owner=eu-1,portolan/resource=service/shop/web,portolan/targets=192.0.2.1;192.0.2.2
//! ```
//!
//! The first is External-DNS' own (`endpoint/labels.go`), read and written as it does: it claims a whole set. The
//! second claims targets. External-DNS takes it for somebody's text, so a set that is marked so is nobody's to it,
//! and it never touches it.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::name::Name;
use crate::plan::{Claim, Extent, Labels, Owner, Targets, is_label_value};
use crate::record::{Rdata, RecordType, Target};

/// The heritage of a claim to a whole set.
pub const HERITAGE: &str = "external-dns";
/// The heritage of a claim to targets.
pub const HERITAGE_OF_TARGETS: &str = "portolan";

const OWNER: &str = "owner";
const RESOURCE: &str = "resource";
const TARGETS: &str = "targets";
/// External-DNS keeps the nonce of an encrypted text among its labels, in memory only.
const NONCE: &str = "txt-encryption-nonce";
/// In front of a target that is written as octets: what a host name is when its text could not stand in a label.
const HOST_OCTETS: char = '@';
/// In front of the octets of any other record.
const DATA_OCTETS: char = '#';

/// What a text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// A claim.
    Claim(Claim),
    /// A mark that does not say what it must, and what is wrong with it.
    Unreadable(&'static str),
    /// No mark at all: somebody's text.
    Nothing,
}

/// Reads a text that stands where the mark of a set of this type would.
pub(super) fn read(text: &str, rtype: Option<RecordType>) -> Said {
    if let Some(labels) = parse(text, HERITAGE) {
        return said(labels, |_| Ok(Extent::Whole));
    }
    match parse(text, HERITAGE_OF_TARGETS) {
        Some(labels) => said(labels, |labels| {
            let targets = labels.remove(TARGETS).ok_or("claims targets and names none")?;
            let targets: Option<Targets> = targets.split(';').map(|text| target(text, rtype)).collect();
            targets.map(Extent::Targets).ok_or("names a target that is none")
        }),
        None => Said::Nothing,
    }
}

fn said(mut labels: Labels, extent: impl Fn(&mut Labels) -> Result<Extent, &'static str>) -> Said {
    let owner = labels.remove(OWNER).filter(|owner| !owner.is_empty());
    let resource = labels.remove(RESOURCE).unwrap_or_default();
    labels.remove(NONCE);
    match (owner, extent(&mut labels)) {
        (Some(owner), Ok(extent)) => {
            Said::Claim(Claim { owner: Owner::found(&owner), resource, labels, extent })
        }
        (None, _) => Said::Unreadable("names no owner"),
        (_, Err(rule)) => Said::Unreadable(rule),
    }
}

/// The text of a claim, without quotes.
pub(super) fn print(claim: &Claim) -> String {
    let heritage = match claim.extent {
        Extent::Whole => HERITAGE,
        Extent::Targets(_) => HERITAGE_OF_TARGETS,
    };
    let mut labels: BTreeMap<&str, &str> =
        claim.labels.iter().map(|(key, value)| (&**key, &**value)).collect();
    labels.insert(OWNER, claim.owner.as_str());
    if !claim.resource.is_empty() {
        labels.insert(RESOURCE, &claim.resource);
    }
    let targets = match &claim.extent {
        Extent::Whole => String::new(),
        Extent::Targets(targets) => targets.iter().map(target_text).collect::<Vec<_>>().join(";"),
    };
    if !targets.is_empty() {
        labels.insert(TARGETS, &targets);
    }
    let labels = labels.iter().filter(|(key, _)| **key != NONCE);
    labels
        .fold(format!("heritage={heritage}"), |text, (key, value)| format!("{text},{heritage}/{key}={value}"))
}

/// True of a key that a claim has a meaning for.
pub(super) fn is_reserved(key: &str) -> bool {
    matches!(key, OWNER | RESOURCE | TARGETS | NONCE)
}

/// True of a label that is read back as it was.
pub(super) fn is_label(key: &str, value: &str) -> bool {
    !key.is_empty() && !key.contains('=') && is_label_value(key) && is_label_value(value)
}

/// External-DNS' `NewLabelsFromStringPlain`: words divided by commas, each a key, `=` and a value; the last of one
/// key counts, what has no `=` or another beginning is passed over. None when another heritage is named, or none.
fn parse(text: &str, heritage: &str) -> Option<Labels> {
    let mut labels = Labels::new();
    let mut is_ours = false;
    for word in text.trim_matches('"').split(',') {
        let Some((key, value)) = word.split_once('=') else { continue };
        if key == "heritage" {
            if value != heritage {
                return None;
            }
            is_ours = true;
        } else if let Some(rest) = key.strip_prefix(heritage) {
            let key = rest.strip_prefix('/').unwrap_or(key);
            labels.insert(key.into(), value.into());
        }
    }
    is_ours.then_some(labels)
}

fn target_text(target: &Target) -> String {
    match target {
        Target::Address(address) => address.to_string(),
        Target::Host(name) => {
            let text = name.to_dotless();
            let is_plain =
                |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.' | b'*');
            if text.bytes().all(is_plain) { text } else { octets(HOST_OCTETS, name.as_wire()) }
        }
        Target::Record(_, data) => octets(DATA_OCTETS, data.as_wire()),
    }
}

fn target(text: &str, rtype: Option<RecordType>) -> Option<Target> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(Target::Address(address));
    }
    if let Some(hex) = text.strip_prefix(HOST_OCTETS) {
        return Name::from_wire(&from_hex(hex)?).ok().map(Target::Host);
    }
    if let Some(hex) = text.strip_prefix(DATA_OCTETS) {
        return Some(Target::Record(rtype?, Rdata::from_wire(&from_hex(hex)?)?));
    }
    text.parse().ok().map(Target::Host)
}

fn octets(mark: char, octets: &[u8]) -> String {
    octets.iter().fold(mark.to_string(), |text, octet| format!("{text}{octet:02x}"))
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |octet: u8| char::from(octet).to_digit(16);
    let octet = |pair: &[u8; 2]| u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok();
    if rest.is_empty() { pairs.iter().map(octet).collect() } else { None }
}

/// True of a text that may be a mark which is sealed with a key that we do not have: External-DNS' are base64 of a
/// nonce, a tag and compressed text, and so longer than a word that somebody writes.
pub(super) fn may_be_sealed(text: &str) -> bool {
    let text = text.trim_matches('"');
    let body = text.trim_end_matches('=');
    let is_base64 = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/');
    text.len() >= SEALED_CHARACTERS_MIN
        && text.len().is_multiple_of(4)
        && text.len() - body.len() <= 2
        && body.bytes().all(is_base64)
}

/// Shortest text of a sealed mark: base64 of a nonce of 12 octets, a tag of 16, gzip's 18, and what is left of
/// the shortest claim when it is compressed, which is more than 8.
const SEALED_CHARACTERS_MIN: usize = 72;

/// A copy of labels without those that cannot be read back, and the keys of these.
pub(super) fn without_bad(labels: &Labels) -> (Labels, Vec<Arc<str>>) {
    let mut bad = Vec::new();
    let mut good = Labels::new();
    for (key, value) in labels {
        if !is_label(key, value) {
            bad.push(key.clone());
        } else if !is_reserved(key) {
            good.insert(key.clone(), value.clone());
        }
    }
    (good, bad)
}
