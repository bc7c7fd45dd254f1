//! Clusters that a `SteeringPolicy` names and nobody knows.

use std::collections::BTreeSet;
use std::sync::Arc;

use portolan_core::{Problem, Reason};

use super::findings::{Findings, Value};
use crate::kinds::SteeringPolicy;
use crate::nearest::nearest;

/// Each place where a policy names a cluster that is none of these, with the one that may be meant.
#[must_use]
pub fn strangers(object: &SteeringPolicy, known: &BTreeSet<Arc<str>>) -> Vec<Problem> {
    let name = object.metadata.name.as_deref().unwrap_or_default();
    let mut findings = Findings::of(format!("SteeringPolicy {name}"));
    for (i, stage) in object.spec.order.iter().enumerate() {
        for (j, tier) in stage.tiers.iter().enumerate() {
            for (k, cluster) in tier.clusters.iter().enumerate() {
                let field = || format!("spec.order[{i}].tiers[{j}].clusters[{k}]");
                one(cluster, field, known, &mut findings);
            }
        }
    }
    for cluster in object.spec.weights.keys() {
        one(cluster, || format!("spec.weights[{cluster:?}]"), known, &mut findings);
    }
    findings.into_problems()
}

fn one(cluster: &str, field: impl Fn() -> String, known: &BTreeSet<Arc<str>>, findings: &mut Findings) {
    // An empty one is refused for that.
    if cluster.is_empty() || known.contains(cluster) {
        return;
    }
    let meant = nearest(cluster, known.iter().map(AsRef::as_ref));
    let meant = meant.map_or(String::new(), |meant| format!("; did you mean {meant:?}?"));
    let message = format_args!("no cluster is called {}{meant}", Value(cluster));
    findings.note(Reason::NotFound, field(), message);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_that_nobody_knows_is_told_with_the_nearest() {
        let manifest = "{apiVersion: portolan.dev/v1alpha1, kind: SteeringPolicy, metadata: {name: near}, spec: {\
                        order: [{type: Geo}, {type: Tiers, tiers: [{clusters: [eu-1]}, {clusters: [us-l, '', mars]}]}], \
                        weights: {eu-1: 3, eu1: 1}}}";
        let object: SteeringPolicy = serde_saphyr::from_str(manifest).unwrap();
        let known = ["eu-1", "us-1"].map(Arc::from).into();
        let told: Vec<String> = strangers(&object, &known).iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                r#"SteeringPolicy near: spec.order[1].tiers[1].clusters[0]: NotFound: no cluster is called "us-l"; did you mean "us-1"?"#,
                r#"SteeringPolicy near: spec.order[1].tiers[1].clusters[2]: NotFound: no cluster is called "mars""#,
                r#"SteeringPolicy near: spec.weights["eu1"]: NotFound: no cluster is called "eu1"; did you mean "eu-1"?"#,
            ]
        );
    }
}
