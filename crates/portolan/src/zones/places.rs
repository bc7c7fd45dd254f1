//! Where the records stand that are wrong together with others.
//!
//! Such faults are found when the records are in the zone and their places are gone. Nearly all files have
//! none, so no place is kept: where there are some, the texts are read once more for their lines.

use std::collections::BTreeMap;

use portolan_core::zone::NAME_SERVERS_MAX;
use portolan_core::zone::file::{Fault, FaultKind};
use portolan_core::{Name, Problem, Reason, RecordType, Ttl};
use portolan_zonefile::read;

use super::ZoneSource;
use super::include::{Texts, problem};

/// Where the records of one owner and type stand, with the TTL of each: number of the text and line.
type Lines = BTreeMap<(Name, RecordType), Vec<(usize, u32, Ttl)>>;
/// Most records of one set that are looked at for their places.
const RECORDS_MAX: usize = 1_000;

/// The problems of faults, each with its place where it has one, by places.
pub(super) fn problems(source: &ZoneSource, texts: &Texts, faults: &[Fault]) -> Vec<Problem> {
    if faults.is_empty() {
        return Vec::new();
    }
    let mut lines: Lines =
        faults.iter().map(|fault| ((fault.owner.clone(), fault.rtype), Vec::new())).collect();
    for (number, part) in &texts.parts {
        let Some(text) = texts.texts.get(*number) else { continue };
        read(&text.octets, part, |record| {
            let found = lines.get_mut(&(record.owner.to_name(), record.rtype));
            if let Some(found) = found.filter(|found| found.len() < RECORDS_MAX) {
                found.push((*number, record.line, record.ttl));
            }
        });
    }
    let mut told: Vec<_> = faults.iter().map(|fault| told(source, texts, &lines, fault)).collect();
    told.sort_by_key(|(at, _)| *at);
    told.into_iter().map(|(_, problem)| problem).collect()
}

/// Where it is, by the number of the text and the line, and what is said of it.
fn told(source: &ZoneSource, texts: &Texts, lines: &Lines, fault: &Fault) -> ((usize, u32), Problem) {
    let found = lines.get(&(fault.owner.clone(), fault.rtype)).map(Vec::as_slice).unwrap_or_default();
    let at = match fault.kind {
        FaultKind::TtlDiffers => {
            found.iter().find(|(.., ttl)| found.first().is_some_and(|(.., first)| first != ttl))
        }
        FaultKind::ManyAliases => found.get(1),
        FaultKind::MisplacedSoa if fault.owner == source.apex => found.get(1),
        _ => found.first(),
    };
    let label = |number: usize| texts.texts.get(number).map_or("", |text| text.label.as_str());
    let place = match at {
        Some((number, line, _)) => format!("{}:{line}:1", label(*number)),
        None => source.file.display().to_string(),
    };
    let (reason, why) = words(fault.kind);
    let subject = match fault.kind {
        FaultKind::NoSoa | FaultKind::NoNameServer => String::new(),
        _ => format!("{} {}: ", fault.owner, fault.rtype),
    };
    let at = at.map_or((0, 0), |(number, line, _)| (*number, *line));
    (at, problem(source, reason, format!("{subject}{why}"), place))
}

const _: () = assert!(NAME_SERVERS_MAX == 32, "so it is told below");

/// The reason and the rule of a kind of fault.
fn words(kind: FaultKind) -> (Reason, &'static str) {
    match kind {
        FaultKind::OutOfZone => (Reason::TargetSkipped, "is not in the zone and left out"),
        FaultKind::TtlDiffers => (
            Reason::TargetSuspect,
            "the records of one set have different TTLs; all have the least (RFC 2181 section 5.2)",
        ),
        FaultKind::AliasBeside => (
            Reason::TargetSkipped,
            "an alias cannot stand beside other records (RFC 1034 section 3.6.2), nor at the apex; it is left out",
        ),
        FaultKind::ManyAliases => (
            Reason::TargetSkipped,
            "a name is an alias of one name (RFC 2181 section 10.1), and has one DNAME (RFC 6672 section 2.3); the first \
             is used",
        ),
        FaultKind::DnameAtCut => (
            Reason::TargetSkipped,
            "names below a delegation are another zone's, so no DNAME here can redirect them; it is left out",
        ),
        FaultKind::WildcardDname => (
            Reason::TargetSuspect,
            "the DNAME of a wildcard redirects no name that the wildcard stands for (RFC 6672 section 3.3)",
        ),
        FaultKind::BelowDname => (
            Reason::TargetSkipped,
            "the name is below a DNAME, which redirects it (RFC 6672 section 2.4); all of its records are left out",
        ),
        FaultKind::MisplacedSoa => (
            Reason::TargetSkipped,
            "a zone has one SOA record, at its apex (RFC 1035 section 5.2); this one is left out",
        ),
        FaultKind::NoSoa => {
            (Reason::Invalid, "has no SOA record at its apex, so it is no zone (RFC 1035 section 5.2)")
        }
        FaultKind::NoNameServer => {
            (Reason::TargetSuspect, "has no name server at its apex: no other zone can delegate to it")
        }
        FaultKind::ManyNameServers => (
            Reason::LimitReached,
            "has more than 32 name servers; a referral has the addresses of the first 32, and is cut (TC) when more are needed",
        ),
        FaultKind::TooLarge => (
            Reason::LimitReached,
            "the set does not fit into a message of 65535 octets, the largest that there is; answers are without it, \
             and cut (TC)",
        ),
        FaultKind::TooMany => (
            Reason::LimitReached,
            "has more records or types than one name may have; the others are left out",
        ),
    }
}
