//! `SteeringPolicy` to [`Policy`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portolan_core::cluster::CLUSTERS_MAX;
use portolan_core::place::NetworkMap;
use portolan_core::policy::{
    ANSWERS_MAX, AllDown, Pick, Policy, STAGES_MAX, Stage, TIERS_MAX, UnknownLocation, WEIGHT_MAX,
};
use portolan_core::{ClusterName, Problem, Reason};

use super::findings::{Findings, Value};
use super::networks;
use crate::hosts;
use crate::kinds::{
    AllDownType, CLUSTERS_PER_TIER_MAX, HOSTS_MAX, MINIMUM_HEALTHY_MAX, PickType, Stage as SaidStage,
    StageType, SteeringPolicy, SteeringPolicySpec, UnknownLocationType,
};

/// What a `SteeringPolicy` means. `csv` gives the networks of a file beside the manifests, by the name
/// that `networksFile` has, or says why it cannot ("is not there").
#[must_use]
pub fn policy(
    object: &SteeringPolicy,
    csv: &mut dyn FnMut(&str) -> Result<Arc<NetworkMap>, String>,
) -> (Policy, Vec<Problem>) {
    let spec = &object.spec;
    let name = object.metadata.name.as_deref().unwrap_or_default();
    let mut findings = Findings::of(format!("SteeringPolicy {name}"));
    let mut policy = Policy {
        created: object.metadata.creation_timestamp.as_ref().map_or(i64::MAX, |time| time.0.as_second()),
        pick: pick(spec, &mut findings),
        weights: weights(spec, &mut findings),
        minimum_healthy: findings
            .number("spec.minimumHealthy", spec.minimum_healthy, MINIMUM_HEALTHY_MAX)
            .map_or(1, |least| least.max(1)),
        all_down: all_down(spec, &mut findings),
        unknown_location: unknown_location(spec, &mut findings),
        ttl: findings.ttl("spec.ttl", spec.ttl),
        ..Policy::default()
    };
    for (i, text) in findings.within("spec.hosts", &spec.hosts, HOSTS_MAX) {
        let field = format!("spec.hosts[{i}]");
        match findings.keep(&field, text, hosts::glob(text)) {
            Some(glob) if policy.hosts.contains(&glob) => {
                findings.note(Reason::Duplicate, &field, format_args!("{} is listed twice", Value(text)));
            }
            glob => policy.hosts.extend(glob),
        }
    }
    for (i, said) in findings.within("spec.order", &spec.order, STAGES_MAX) {
        policy.order.extend(stage(said, &format!("spec.order[{i}]"), csv, &mut findings));
    }
    (policy, findings.into_problems())
}

type Csv<'c> = dyn FnMut(&str) -> Result<Arc<NetworkMap>, String> + 'c;

/// None when the stage cannot be made; the order goes on without it.
fn stage(said: &SaidStage, field: &str, csv: &mut Csv<'_>, findings: &mut Findings) -> Option<Stage> {
    let has_networks = !said.networks.is_empty() || said.networks_file.is_some();
    match &said.type_ {
        StageType::Geo => {
            if !said.tiers.is_empty() {
                findings.unfit(format_args!("{field}.tiers"), "Tiers");
            }
            Some(Stage::Geo(geo(said, field, csv, findings)))
        }
        StageType::Tiers => {
            if has_networks {
                findings.unfit(format_args!("{field}.networks"), "Geo");
            }
            tiers(said, field, findings).map(Stage::Tiers)
        }
        StageType::Other(word) => {
            findings.unknown_word(format_args!("{field}.type"), word, StageType::WORDS);
            None
        }
    }
}

/// The stage's own networks before those of its file. A file that is not there leaves the stage with its
/// own: clients that only the file knows are of unknown place.
fn geo(said: &SaidStage, field: &str, csv: &mut Csv<'_>, findings: &mut Findings) -> Arc<NetworkMap> {
    let own = networks::inline(said, field, findings);
    let Some(file) = &said.networks_file else {
        return Arc::new(own);
    };
    let field = format!("{field}.networksFile");
    let Some(file) = findings.keep(&field, file, file_name(file)) else {
        return Arc::new(own);
    };
    let from_file = match csv(file) {
        Ok(from_file) => from_file,
        Err(why) => {
            findings.note(Reason::NotFound, &field, format_args!("{} {why}", Value(file)));
            return Arc::new(own);
        }
    };
    if own.networks.is_empty() {
        return from_file;
    }
    let mut merged = NetworkMap::clone(&from_file);
    merged.networks.extend(own.networks);
    Arc::new(merged)
}

/// A file beside the manifests and nowhere else: a policy must not be a way to read other files.
fn file_name(text: &str) -> Result<&str, &'static str> {
    let is_name = !text.is_empty() && !text.starts_with('.') && !text.contains(['/', '\\', '\0']);
    if is_name { Ok(text) } else { Err("is not the name of a file beside the manifests") }
}

fn tiers(said: &SaidStage, field: &str, findings: &mut Findings) -> Option<Vec<Vec<ClusterName>>> {
    let mut seen = BTreeSet::new();
    let mut tiers = Vec::new();
    for (i, tier) in findings.within(&format!("{field}.tiers"), &said.tiers, TIERS_MAX) {
        let field = format!("{field}.tiers[{i}].clusters");
        let mut clusters = Vec::new();
        for (j, name) in findings.within(&field, &tier.clusters, CLUSTERS_PER_TIER_MAX) {
            if name.is_empty() {
                findings.note(Reason::Invalid, format_args!("{field}[{j}]"), "is empty");
            } else if seen.insert(name) {
                clusters.push(ClusterName::from(name.as_str()));
            } else {
                let message = format!("cluster {} is listed twice; the first counts", Value(name));
                findings.note(Reason::Duplicate, format_args!("{field}[{j}]"), message);
            }
        }
        if tier.clusters.is_empty() {
            findings.note(Reason::Invalid, &field, "is empty; a tier needs at least one cluster");
        }
        if !clusters.is_empty() {
            tiers.push(clusters);
        }
    }
    if said.tiers.is_empty() {
        findings.note(Reason::Invalid, format_args!("{field}.tiers"), "is empty; type Tiers needs it");
    }
    (!tiers.is_empty()).then_some(tiers)
}

fn pick(spec: &SteeringPolicySpec, findings: &mut Findings) -> Pick {
    let Some(said) = &spec.pick else {
        return Pick::All;
    };
    if said.type_ == PickType::All {
        if said.answers.is_some() {
            findings.unfit("spec.pick.answers", "First or Weighted");
        }
        return Pick::All;
    }
    let answers = findings.number("spec.pick.answers", said.answers, ANSWERS_MAX).map_or(1, |n| n.max(1));
    match &said.type_ {
        PickType::First => Pick::First(answers),
        PickType::Weighted => Pick::Weighted(answers),
        PickType::All => Pick::All,
        PickType::Other(word) => {
            findings.unknown_word("spec.pick.type", word, PickType::WORDS);
            Pick::All
        }
    }
}

fn weights(spec: &SteeringPolicySpec, findings: &mut Findings) -> BTreeMap<ClusterName, u32> {
    if spec.weights.len() > CLUSTERS_MAX {
        let message = format!("{} clusters; at most {CLUSTERS_MAX} are allowed", spec.weights.len());
        findings.note(Reason::LimitReached, "spec.weights", message);
    }
    let said = spec.weights.iter().take(CLUSTERS_MAX);
    said.filter_map(|(name, &weight)| {
        let weight = findings.number(format_args!("spec.weights[{name:?}]"), Some(weight), WEIGHT_MAX)?;
        Some((ClusterName::from(name.as_str()), weight))
    })
    .collect()
}

fn all_down(spec: &SteeringPolicySpec, findings: &mut Findings) -> AllDown {
    let Some(said) = &spec.all_down else {
        return AllDown::ServeAll;
    };
    if said.name.is_some() && said.type_ != AllDownType::Fallback {
        findings.unfit("spec.allDown.name", "Fallback");
    }
    match (&said.type_, &said.name) {
        (AllDownType::ServeAll, _) => AllDown::ServeAll,
        (AllDownType::Empty, _) => AllDown::Empty,
        (AllDownType::Refuse, _) => AllDown::Refuse,
        (AllDownType::Fallback, Some(name)) => findings
            .keep("spec.allDown.name", name, hosts::plain_host(name))
            .map_or(AllDown::ServeAll, AllDown::Fallback),
        (AllDownType::Fallback, None) => {
            findings.note(Reason::Invalid, "spec.allDown.name", "is absent; type Fallback needs it");
            AllDown::ServeAll
        }
        (AllDownType::Other(word), _) => {
            findings.unknown_word("spec.allDown.type", word, AllDownType::WORDS);
            AllDown::ServeAll
        }
    }
}

fn unknown_location(spec: &SteeringPolicySpec, findings: &mut Findings) -> UnknownLocation {
    let Some(said) = &spec.unknown_location else {
        return UnknownLocation::Even;
    };
    let field = "spec.unknownLocation.place";
    match (&said.type_, &said.place) {
        (UnknownLocationType::Even, place) => {
            if place.is_some() {
                findings.unfit(field, "Place");
            }
            UnknownLocation::Even
        }
        (UnknownLocationType::Place, Some(place)) => {
            findings.place(field, place).map_or(UnknownLocation::Even, UnknownLocation::Place)
        }
        (UnknownLocationType::Place, None) => {
            findings.note(Reason::Invalid, field, "is absent; type Place needs it");
            UnknownLocation::Even
        }
        (UnknownLocationType::Other(word), _) => {
            findings.unknown_word("spec.unknownLocation.type", word, UnknownLocationType::WORDS);
            UnknownLocation::Even
        }
    }
}

#[cfg(test)]
mod tests;
