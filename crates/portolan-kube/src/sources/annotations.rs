//! The annotations that sources read.
//!
//! Since 0.22 they begin with `external-dns.kubernetes.io/`, before with `external-dns.alpha.kubernetes.io/`.
//! External-DNS reads one prefix; here both are read, and of an annotation that stands there twice the
//! first prefix counts.
//!
//! | suffix | what it says |
//! | --- | --- |
//! | `hostname`, `internal-hostname` | names, with commas between |
//! | `target` | targets instead of the object's own |
//! | `ttl` | seconds, or a duration as Go writes it; 1 to 2^31-1, 0 for none |
//! | `controller` | the object is for somebody else, unless it says `dns-controller` |
//! | `set-identifier` | one of several sets of one name and type |
//! | `alias`, `record-type`, `aws-*`, `scw-*`, `webhook-*`, `coredns-*`, `azure-tags`, `cloudflare-*` | properties of the record |
//! | `access`, `endpoints-type` | which addresses of Nodes and pods |
//! | `ingress-hostname-source`, `gateway-hostname-source` | where names are taken from |
//! | `ingress` | the Ingress before an Istio gateway |

use std::collections::BTreeSet;

use portolan_core::{Reason, Ttl};

use super::faults::{Faults, shown};
use super::room::{TARGETS_MAX, distinct};
use crate::dns_endpoint::ProviderProperty;
use crate::kinds::HOSTS_MAX;
use crate::workload::Pairs;

/// What `controller` must say.
const CONTROLLER: &str = "dns-controller";
/// The properties of Cloudflare's that are known.
const CLOUDFLARE: [&str; 5] = ["custom-hostname", "proxied", "region-key", "record-comment", "tags"];
/// What a TTL must be, for messages.
const TTL_RULE: &str =
    "is no TTL: 1 to 2147483647 seconds, or a duration as in 10m or 1h30m; 0 is the default";
/// Nanoseconds in each unit that Go writes.
const UNITS: [(&str, i128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// The annotations of one object.
#[derive(Clone, Copy)]
pub(super) struct Annotations<'a> {
    pairs: &'a Pairs,
    prefixes: &'a [Box<str>],
}

impl<'a> Annotations<'a> {
    pub(super) fn new(pairs: &'a Pairs, prefixes: &'a [Box<str>]) -> Self {
        Self { pairs, prefixes }
    }

    /// The value of a suffix.
    pub(super) fn get(&self, suffix: &str) -> Option<&'a str> {
        self.found(suffix).map(|(_, value)| value)
    }

    /// False of an object that another controller is to care for.
    pub(super) fn is_ours(&self) -> bool {
        self.get("controller").is_none_or(|value| value == CONTROLLER)
    }

    /// The names of `hostname` or `internal-hostname`, at most [`HOSTS_MAX`].
    pub(super) fn hosts(&self, suffix: &str, faults: &mut Faults) -> Vec<String> {
        let Some((field, value)) = self.found(suffix) else { return Vec::new() };
        distinct(list(&field, value, faults), HOSTS_MAX, "names", &field, faults)
    }

    /// The targets that count instead of the object's own, at most [`TARGETS_MAX`]; empty when there are none.
    pub(super) fn targets(&self, faults: &mut Faults) -> Vec<String> {
        match self.found("target").filter(|(_, value)| !value.is_empty()) {
            Some((field, value)) => {
                distinct(list(&field, value, faults), TARGETS_MAX, "targets", &field, faults)
            }
            None => Vec::new(),
        }
    }

    /// The TTL; none when it is not said, or wrong, or 0.
    pub(super) fn ttl(&self, faults: &mut Faults) -> Option<Ttl> {
        let (field, value) = self.found("ttl")?;
        let seconds = seconds(value);
        if seconds == Some(0) {
            return None;
        }
        let ttl = seconds.and_then(|seconds| u32::try_from(seconds).ok()).and_then(Ttl::from_seconds);
        if ttl.is_none() {
            faults.add(field, Reason::Invalid, format!("{} {TTL_RULE}", shown(value)));
        }
        ttl
    }

    /// Which of several sets of one name and type; empty for the only one.
    pub(super) fn set_identifier(&self) -> &'a str {
        self.get("set-identifier").unwrap_or_default()
    }

    /// The properties of the records, by name. One that the first prefix says nothing good of is not asked of
    /// the second.
    pub(super) fn properties(&self) -> Vec<ProviderProperty> {
        let first = self.prefixes.first().map_or("", |prefix| &**prefix);
        let mut said = BTreeSet::new();
        let mut properties: Vec<ProviderProperty> = Vec::new();
        for prefix in self.prefixes {
            for (key, value) in self.pairs.iter() {
                let Some(suffix) = key.strip_prefix(&**prefix).filter(|suffix| said.insert(*suffix)) else {
                    continue;
                };
                let name = property(suffix, value, first);
                properties.extend(name.map(|name| ProviderProperty { name, value: value.into() }));
            }
        }
        properties.sort_by(|a, b| a.name.cmp(&b.name));
        properties
    }

    /// The field of a suffix and its value.
    fn found(&self, suffix: &str) -> Option<(String, &'a str)> {
        self.prefixes.iter().find_map(|prefix| {
            let key = format!("{prefix}{suffix}");
            let value = self.pairs.get(&key)?;
            Some((format!("metadata.annotations[{key}]"), value))
        })
    }
}

/// The items of a list; blanks do not count, nor does a dot at the end. An item that is empty is told: it
/// would be a record without a name.
fn list(field: &str, value: &str, faults: &mut Faults) -> Vec<String> {
    let value = value.replace(' ', "");
    let items = value.trim().split(',').map(|item| item.strip_suffix('.').unwrap_or(item));
    let (items, empty): (Vec<&str>, Vec<&str>) = items.partition(|item| !item.is_empty());
    if !empty.is_empty() {
        faults.add(
            field,
            Reason::Invalid,
            format!("{} has an empty item; items have one comma between", shown(&value)),
        );
    }
    items.into_iter().map(Into::into).collect()
}

/// The name of the property that an annotation is, if it is one. One of Cloudflare's is named by the whole
/// annotation, with the prefix that External-DNS would be told.
fn property(suffix: &str, value: &str, prefix: &str) -> Option<String> {
    match suffix {
        "alias" => return (value == "true").then(|| "alias".into()),
        "record-type" => return Some("record-type".into()),
        "azure-tags" => return Some("azure/tags".into()),
        _ => {}
    }
    let (provider, name) = suffix.split_once('-')?;
    match provider {
        "aws" | "scw" | "webhook" | "coredns" => Some(format!("{provider}/{name}")),
        "cloudflare" => CLOUDFLARE.contains(&name).then(|| format!("{prefix}cloudflare-{name}")),
        _ => None,
    }
}

/// Whole seconds of a number or of a duration as Go reads it (`1h30m`, `1.5s`); a part of a second is dropped.
#[must_use]
pub fn seconds(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| duration(text))
}

fn duration(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest.is_empty() {
        return None;
    }
    let mut nanoseconds: i128 = 0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(end);
        let end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
        nanoseconds = nanoseconds.checked_add(scaled(number, *factor)?)?;
        rest = tail;
    }
    let nanoseconds = i64::try_from(nanoseconds * sign).ok()?;
    Some(nanoseconds / 1_000_000_000)
}

/// `1.5` times a factor.
fn scaled(number: &str, factor: i128) -> Option<i128> {
    /// Digits after the point that count; a nanosecond is the 13th part of an hour.
    const DIGITS_MAX: usize = 18;
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && part.is_empty()) || part.contains('.') {
        return None;
    }
    let digits = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<i128>().ok() };
    let part = part.get(..part.len().min(DIGITS_MAX))?;
    let scale = 10_i128.checked_pow(u32::try_from(part.len()).ok()?)?;
    let whole = digits(whole)?.checked_mul(factor)?;
    whole.checked_add(digits(part)?.checked_mul(factor)? / scale)
}

#[cfg(test)]
mod tests;
