//! Endpoints and core's sets, into each other.

use std::collections::BTreeMap;
use std::sync::Arc;

use portolan_core::Ttl;
use portolan_core::name::Name;
use portolan_core::plan::{Mark, Properties, RecordSet};
use portolan_core::record::RecordType;

use super::json::{Endpoint, Property};
use super::{TARGETS_MAX, target};

/// The label that names the resource which a set is made for, and the one that names its owner.
pub(super) const RESOURCE: &str = "resource";
pub(super) const OWNER: &str = "owner";

/// Most characters of a name or a type that are told: as many as a name has.
const SHOWN_CHARS_MAX: usize = 255;

/// What tells sets apart.
pub(super) type Key = (Name, RecordType, Arc<str>);

/// The key of a set.
pub(super) fn key_of(set: &RecordSet) -> Key {
    (set.name.clone(), set.rtype, set.identifier.clone())
}

/// As much of somebody's name or type as is told.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(SHOWN_CHARS_MAX).collect()
}

/// Reads an endpoint.
///
/// # Errors
/// The field, its value and the rule that it breaks.
pub(super) fn set(endpoint: &Endpoint) -> Result<RecordSet, String> {
    let Endpoint { dns_name, record_type, targets, record_ttl, .. } = endpoint;
    let name: Name = dns_name.parse().map_err(|error| format!("dnsName {:?} {error}", shown(dns_name)))?;
    let rtype =
        record_type.parse().map_err(|_| format!("recordType {:?} is not known", shown(record_type)))?;
    if targets.is_empty() || targets.len() > TARGETS_MAX {
        return Err(format!("has {} targets; 1 to {TARGETS_MAX} are wanted", targets.len()));
    }
    let targets = targets.iter().map(|text| target::read(rtype, text)).collect::<Result<_, _>>()?;
    let ttl = match u32::try_from(*record_ttl) {
        _ if *record_ttl <= 0 => None,
        Ok(seconds) => Ttl::from_seconds(seconds),
        Err(_) => None,
    };
    if ttl.is_none() && *record_ttl > 0 {
        return Err(format!("recordTTL {record_ttl} is more than {}", Ttl::MAX.seconds()));
    }
    let mut properties = Properties::new();
    for Property { name, value } in &endpoint.provider_specific {
        properties.entry(name.as_str().into()).or_insert_with(|| value.as_str().into());
    }
    Ok(RecordSet {
        name,
        rtype,
        identifier: endpoint.set_identifier.as_str().into(),
        targets,
        ttl,
        properties,
    })
}

/// Spells a set, without labels.
pub(super) fn endpoint(set: &RecordSet) -> Endpoint {
    let property =
        |(name, value): (&Arc<str>, &Arc<str>)| Property { name: (**name).into(), value: (**value).into() };
    Endpoint {
        dns_name: set.name.to_dotless(),
        targets: set.targets.iter().map(|target| target::spell(set.rtype, target)).collect(),
        record_type: set.rtype.to_string(),
        set_identifier: set.identifier.to_string(),
        record_ttl: set.named_ttl().map_or(0, |ttl| ttl.seconds().into()),
        labels: BTreeMap::new(),
        provider_specific: set.properties.iter().map(property).collect(),
    }
}

/// What a mark says, as labels: the owner that External-DNS knows, which is one.
pub(super) fn labels(mark: &Mark) -> BTreeMap<String, String> {
    let Mark::Claims(claims) = mark else { return BTreeMap::new() };
    let [claim] = claims.as_slice() else { return BTreeMap::new() };
    let said = claim.labels.iter().map(|(key, value)| (key.to_string(), value.to_string()));
    let mut labels: BTreeMap<String, String> = said.collect();
    labels.insert(OWNER.into(), claim.owner.to_string());
    if !claim.resource.is_empty() {
        labels.insert(RESOURCE.into(), claim.resource.to_string());
    }
    labels
}
