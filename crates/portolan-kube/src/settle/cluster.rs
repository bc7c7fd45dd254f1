//! `MemberCluster` to [`Cluster`].

use std::collections::BTreeSet;
use std::sync::Arc;

use portolan_core::cluster::{Cluster, ClusterState, WhenSilent};
use portolan_core::place::Place;
use portolan_core::policy::WEIGHT_MAX;
use portolan_core::{Problem, Reason};

use super::findings::Findings;
use crate::hosts;
use crate::kinds::{Location, MemberCluster, State, WhenSilentType, ZONES_MAX};

/// Longest region or zone, in characters (that of a label's value).
const REGION_CHARS_MAX: usize = 63;

/// What a `MemberCluster` says of its cluster. The region and zones are what it says itself; labels of
/// Nodes go before them, which the index sees to.
#[must_use]
pub fn cluster(object: &MemberCluster) -> (Cluster, Vec<Problem>) {
    let spec = &object.spec;
    let name = object.metadata.name.as_deref().unwrap_or_default();
    let mut findings = Findings::of(format!("MemberCluster {name}"));
    let mut zones = BTreeSet::new();
    for (i, zone) in findings.within("spec.zones", &spec.zones, ZONES_MAX) {
        zones.extend(findings.keep(format_args!("spec.zones[{i}]"), zone, label_value(zone)));
    }
    let cluster = Cluster {
        region: spec.region.as_ref().and_then(|r| findings.keep("spec.region", r, region(r))),
        zones,
        place: spec.location.as_ref().and_then(|location| place(location, &mut findings)),
        weight: findings.number("spec.weight", spec.weight, WEIGHT_MAX),
        state: state(object, &mut findings),
        when_silent: when_silent(object, &mut findings),
        silent_since: None,
    };
    (cluster, findings.into_problems())
}

/// Takes what the hub found out of a cluster besides, as the status of its `MemberCluster` has it: for who does not
/// read the cluster itself.
pub fn observed(cluster: &mut Cluster, object: &MemberCluster) {
    let Some(status) = &object.status else { return };
    let found = status.region.as_deref().and_then(|found| region(found).ok());
    cluster.region = found.or(cluster.region.take());
    let zones = status.zones.iter().filter_map(|zone| label_value(zone).ok()).take(ZONES_MAX);
    let zones: BTreeSet<Arc<str>> = zones.collect();
    if !zones.is_empty() {
        cluster.zones = zones;
    }
    cluster.silent_since = status.silent_since.as_ref().map(|since| since.0.as_second());
}

fn state(object: &MemberCluster, findings: &mut Findings) -> ClusterState {
    match &object.spec.state {
        None | Some(State::Active) => ClusterState::Active,
        Some(State::Draining) => ClusterState::Draining,
        Some(State::Disabled) => ClusterState::Disabled,
        Some(State::Other(word)) => {
            findings.unknown_word("spec.state", word, State::WORDS);
            ClusterState::default()
        }
    }
}

fn when_silent(object: &MemberCluster, findings: &mut Findings) -> WhenSilent {
    match object.spec.when_silent.as_ref().map(|choice| &choice.type_) {
        None | Some(WhenSilentType::Keep) => WhenSilent::Keep,
        Some(WhenSilentType::Drain) => WhenSilent::Drain,
        Some(WhenSilentType::Other(word)) => {
            findings.unknown_word("spec.whenSilent.type", word, WhenSilentType::WORDS);
            WhenSilent::default()
        }
    }
}

/// The place. Latitude and longitude are checked, though no order looks at them yet, so that a slip is
/// known before one does.
fn place(location: &Location, findings: &mut Findings) -> Option<Place> {
    for (field, text, max) in
        [("latitude", &location.latitude, 90.0), ("longitude", &location.longitude, 180.0)]
    {
        if let Some(text) = text {
            findings.keep(format_args!("spec.location.{field}"), text, degrees(text, max));
        }
    }
    if location.latitude.is_some() != location.longitude.is_some() {
        findings.note(Reason::Invalid, "spec.location", "latitude and longitude go together");
    }
    findings.place("spec.location.place", location.place.as_ref()?)
}

/// Degrees as digits with at most one sign and one dot: no exponent, no infinity.
fn degrees(text: &str, max: f64) -> Result<f64, String> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_decimal = digits.bytes().all(|octet| octet.is_ascii_digit() || octet == b'.');
    let degrees = text.parse::<f64>().ok().filter(|degrees| is_decimal && degrees.abs() <= max);
    degrees.ok_or_else(|| format!("is not a decimal number of degrees, -{max} to {max}"))
}

/// A region: what a Node's label may have, and part of names besides.
///
/// # Errors
/// The rule that it breaks.
pub fn region(text: &str) -> Result<Arc<str>, String> {
    let region = label_value(text)?;
    match hosts::plain_host(&format!("{text}.invalid")) {
        Ok(_) => Ok(region),
        Err(rule) => Err(format!("cannot be part of a name: it {rule}")),
    }
}

/// A region or zone as Kubernetes lets a Node's label have it.
fn label_value(text: &str) -> Result<Arc<str>, &'static str> {
    let is_end = |octet: &u8| octet.is_ascii_alphanumeric();
    let is_inner = |octet: &u8| is_end(octet) || matches!(octet, b'-' | b'_' | b'.');
    let octets = text.as_bytes();
    let ends = octets.first().is_some_and(is_end) && octets.last().is_some_and(is_end);
    if ends && octets.len() <= REGION_CHARS_MAX && octets.iter().all(is_inner) {
        return Ok(text.into());
    }
    Err("is not 1 to 63 letters, digits, '-', '_' and '.' that begin and end with a letter or digit")
}

#[cfg(test)]
mod tests;
