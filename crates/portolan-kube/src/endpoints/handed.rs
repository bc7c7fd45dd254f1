//! The annotation read: what a hub hands over to its followers.
//!
//! An object is taken as a whole or not at all: half of what a hub says of a name may be worse than what it said
//! before. What is wrong is told with the field, the value and the rule that it breaks.

use std::collections::BTreeMap;

use portolan_core::cluster::ClusterName;
use portolan_core::fleet::{ENDPOINTS_MAX, Endpoint, TARGETS_MAX, unusable_address};
use portolan_core::{Name, Reason, RecordType, Target, Ttl};
use serde::Deserialize;

use super::members::{Member, Members, Named, VERSION, evidence};
use super::record_of;
use crate::dns_endpoint::{DnsEndpoint, MARK};
use crate::hosts;
use crate::index::foreign::{address, record_type};
use crate::kind::Kind;
use crate::object::ObjectKey;
use crate::sources::shown;

/// Longest annotation that is read, in octets: Kubernetes takes no more of all annotations of an object.
pub const MARK_OCTETS_MAX: usize = 256 << 10;
/// Longest name of a cluster, in octets: that of an object.
const CLUSTER_OCTETS_MAX: usize = 253;

/// What an object hands over: its names.
pub(crate) type Handed = BTreeMap<Name, HandedName>;

/// A name that is handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HandedName {
    /// The kind of the object that it belongs to.
    pub(crate) kind: Kind,
    /// The TTL that this names, but for a `GlobalName`.
    pub(crate) ttl: Option<Ttl>,
    /// What it is an alias of while none of its members is healthy.
    pub(crate) fallback: Option<Name>,
    /// What clusters offer for it.
    pub(crate) offers: Vec<Endpoint>,
}

/// What is wrong with an annotation: field, reason and message.
pub(crate) type Fault = (String, Reason, String);

/// Reads what an object of ours hands over; its key says beside which record it stands.
///
/// # Errors
/// What is wrong first.
pub(crate) fn handed(key: &ObjectKey, object: &DnsEndpoint) -> Result<Handed, Fault> {
    let mark = object.metadata.annotations.as_ref().and_then(|all| all.get(MARK)).map_or("", String::as_str);
    let Members { endpoints, names, .. } = parsed(mark)?;
    let record = record_of(key).map(|record| record.kind());
    let mut handed = Handed::new();
    for (nth, named) in names.iter().enumerate() {
        let at = format!("names[{nth}]");
        let (name, read) = read_name(&at, named, record)?;
        if handed.insert(name, read).is_some() {
            return Err(wrong(&at, "name", format!("{} stands there twice", shown(&named.name))));
        }
    }
    let mut offers: BTreeMap<Name, Offers> = BTreeMap::new();
    for (nth, member) in endpoints.iter().enumerate() {
        let at = format!("endpoints[{nth}]");
        let name = host(&at, "name", &member.name)?;
        if !handed.contains_key(&name) {
            let kind = record.ok_or_else(|| no_kind(&at))?;
            let read = HandedName { kind, ttl: None, fallback: None, offers: Vec::new() };
            handed.insert(name.clone(), read);
        }
        take(&at, member, offers.entry(name).or_default())?;
    }
    for (name, offers) in offers {
        if let Some(read) = handed.get_mut(&name) {
            read.offers = offers.into_values().map(finished).collect();
        }
    }
    Ok(handed)
}

/// The offers for a name, by cluster and number.
type Offers = BTreeMap<(Option<ClusterName>, usize), Endpoint>;

fn parsed(mark: &str) -> Result<Members, Fault> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u64,
    }
    if mark.len() > MARK_OCTETS_MAX {
        let message = format!("has {} octets; at most {MARK_OCTETS_MAX} are read", mark.len());
        return Err((field(""), Reason::LimitReached, message));
    }
    let no_json = |error: serde_json::Error| {
        (field(""), Reason::Invalid, format!("{} is not what it should be: {error}", shown(mark)))
    };
    let Versioned { version } = serde_json::from_str(mark).map_err(no_json)?;
    if version != u64::from(VERSION) {
        return Err((
            field("version"),
            Reason::Invalid,
            format!("{version} is not known; {VERSION} is read"),
        ));
    }
    serde_json::from_str(mark).map_err(no_json)
}

fn read_name(at: &str, named: &Named, record: Option<Kind>) -> Result<(Name, HandedName), Fault> {
    let Named { name, kind, ttl, fallback } = named;
    let name = host(at, "name", name)?;
    let kind = match kind {
        None => record.ok_or_else(|| no_kind(at))?,
        Some(text) => Kind::of_owner(text)
            .ok_or_else(|| wrong(at, "kind", format!("{} is no kind that owns names", shown(text))))?,
    };
    let fallback = fallback.as_deref().map(|text| host(at, "fallback", text)).transpose()?;
    let ttl = ttl.map(|seconds| read_ttl(at, seconds)).transpose()?;
    Ok((name, HandedName { kind, ttl, fallback, offers: Vec::new() }))
}

/// Takes a member among the offers for its name.
fn take(at: &str, member: &Member, offers: &mut Offers) -> Result<(), Fault> {
    let rtype = record_type(&member.rtype).map_err(|rule| wrong(at, "type", rule))?;
    let target = target(rtype, &member.target)
        .map_err(|rule| wrong(at, "target", format!("{rtype} target {} {rule}", shown(&member.target))))?;
    let cluster = member.cluster.as_deref().map(|cluster| match cluster.len() {
        1..=CLUSTER_OCTETS_MAX => Ok(ClusterName::from(cluster)),
        _ => Err(wrong(at, "cluster", format!("{} is not 1 to {CLUSTER_OCTETS_MAX} octets", shown(cluster)))),
    });
    let cluster = cluster.transpose()?;
    let word = || format!("{} is not None or Allowed", shown(member.evidence.as_deref().unwrap_or_default()));
    let evidence =
        evidence(member.ready, member.evidence.as_deref()).ok_or_else(|| wrong(at, "evidence", word()))?;
    let ttl = member.ttl.map(|seconds| read_ttl(at, seconds)).transpose()?;
    let key = (cluster.clone(), member.offer);
    if offers.len() == ENDPOINTS_MAX && !offers.contains_key(&key) {
        let message = format!("{} has more than {ENDPOINTS_MAX} offers", shown(&member.name));
        return Err((field(at), Reason::LimitReached, message));
    }
    // The weight is not taken: policies and clusters are read from the hub, and have it.
    let offer = Endpoint { cluster, targets: Vec::new(), evidence, weight: None, ttl };
    let offer = offers.entry(key).or_insert(offer);
    if (offer.evidence, offer.ttl) != (evidence, ttl) {
        let message = "says of an offer what another member of it does not: ready, evidence or ttl";
        return Err((field(at), Reason::Invalid, message.to_owned()));
    }
    if offer.targets.len() == TARGETS_MAX {
        let message = format!("is of an offer that has more than {TARGETS_MAX} targets");
        return Err((field(at), Reason::LimitReached, message));
    }
    offer.targets.push(target);
    Ok(())
}

fn finished(mut offer: Endpoint) -> Endpoint {
    offer.targets.sort_unstable();
    offer.targets.dedup();
    offer
}

/// A target in the form that records are printed in.
fn target(rtype: RecordType, text: &str) -> Result<Target, String> {
    match rtype {
        RecordType::A | RecordType::AAAA => {
            let address = address(rtype, text)?;
            match unusable_address(address) {
                Some(why) => Err(why.to_owned()),
                None => Ok(Target::Address(address)),
            }
        }
        RecordType::CNAME => hosts::plain_host(text).map(Target::Host).map_err(|rule| rule.to_string()),
        _ => portolan_zonefile::rdata::of_words(rtype, text).map(|data| Target::Record(rtype, data)),
    }
}

fn host(at: &str, name: &str, text: &str) -> Result<Name, Fault> {
    hosts::host(text).map_err(|rule| wrong(at, name, format!("{} {rule}", shown(text))))
}

fn read_ttl(at: &str, seconds: u32) -> Result<Ttl, Fault> {
    let rule = || format!("{seconds} is more than {} seconds", Ttl::MAX.seconds());
    Ttl::from_seconds(seconds).ok_or_else(|| wrong(at, "ttl", rule()))
}

fn no_kind(at: &str) -> Fault {
    wrong(at, "kind", "is missing, and the name of the object tells of no record".to_owned())
}

fn wrong(at: &str, name: &str, message: String) -> Fault {
    (field(&format!("{at}.{name}")), Reason::Invalid, message)
}

/// A field of the annotation as problems name it.
fn field(path: &str) -> String {
    let dot = if path.is_empty() { "" } else { ": " };
    format!("metadata.annotations[{MARK}]{dot}{path}")
}

#[cfg(test)]
mod tests;
