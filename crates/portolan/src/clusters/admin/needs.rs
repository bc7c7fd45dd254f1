//! Which rights are needed, and which manifest gives them, as far as a fleet asks for that.

use std::collections::BTreeSet;
use std::sync::Arc;

use portolan_kube::api::{self, Resource};
use portolan_kube::registry::rights::{Right, manifests, rights};
use portolan_kube::workload::Keep;
use serde_json::{Value, json};

use super::{ACCOUNT, Granted, HUB_RIGHTS, MEMBER_RIGHTS};

/// What it may do besides where sources make names of more than Services and Ingresses.
const SOURCES_RIGHTS: &str = include_str!("../../../../../deploy/rbac/sources.yaml");
/// What it may do besides in a hub where KubeFed registers clusters, or somebody else does: read their Secrets.
const REGISTRY_RIGHTS: &str = include_str!("../../../../../deploy/rbac/hub-kubefed.yaml");

/// A right that is needed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Need {
    pub(super) right: Right,
    /// The manifest of `deploy/rbac` that gives it.
    pub(super) manifest: &'static str,
}

/// What is needed in a member whose objects are kept for sources so.
pub(super) fn of_member(namespace: &str, granted: &Granted, keep: &Keep) -> Vec<Need> {
    let mut needs = of(&manifests(granted.text, namespace), granted.manifest);
    let watched: Vec<Resource> = api::of_member(keep);
    let is_watched = |right: &Right| {
        watched.iter().any(|resource| resource.group == right.group && resource.plural == right.resource)
    };
    let sourced = of(&manifests(SOURCES_RIGHTS, namespace), "sources.yaml");
    needs.extend(sourced.into_iter().filter(|need| is_watched(&need.right)));
    each_once(needs)
}

/// What is needed in the hub, which registers clusters with Secrets of these namespaces.
pub(super) fn of_hub(namespace: &str, registries: &BTreeSet<Arc<str>>) -> Vec<Need> {
    let mut needs = of(&manifests(MEMBER_RIGHTS, namespace), "member.yaml");
    needs.extend(of(&manifests(HUB_RIGHTS, namespace), "hub.yaml"));
    for registry in registries.iter().filter(|registry| ***registry != *namespace) {
        let mut documents = manifests(REGISTRY_RIGHTS, namespace);
        documents.iter_mut().for_each(|document| document["metadata"]["namespace"] = json!(&**registry));
        needs.extend(of(&documents, "hub-kubefed.yaml"));
    }
    each_once(needs)
}

/// The server's account in the hub, as a review asks for its rights.
pub(super) fn account(namespace: &str) -> Value {
    json!({
        "user": format!("system:serviceaccount:{namespace}:{ACCOUNT}"),
        "groups": ["system:serviceaccounts", format!("system:serviceaccounts:{namespace}"), "system:authenticated"],
    })
}

fn of(documents: &[Value], manifest: &'static str) -> Vec<Need> {
    rights(documents).into_iter().map(|right| Need { right, manifest }).collect()
}

/// Each right once, with the first manifest that gives it.
fn each_once(needs: Vec<Need>) -> Vec<Need> {
    let mut seen = BTreeSet::new();
    needs.into_iter().filter(|need| seen.insert(need.right.clone())).collect()
}

#[cfg(test)]
mod tests {
    use portolan_kube::api::Topology;
    use portolan_kube::sources::Options;

    use super::super::granted;
    use super::*;

    fn told(needs: &[Need]) -> Vec<String> {
        needs.iter().map(|need| format!("{}: {}", need.manifest, need.right)).collect()
    }

    #[test]
    fn sources_need_what_they_read_and_no_more() {
        let of_sources = |sources: &[&str]| {
            let mut options = Options::default();
            let sources: Vec<String> = sources.iter().map(|source| (*source).to_owned()).collect();
            assert!(options.set("source", &sources).is_empty());
            let needs = told(&of_member("portolan", &granted(Topology::Hub), &options.keep()));
            assert!(needs.contains(&"member.yaml: watch services".to_owned()), "{needs:?}");
            needs.into_iter().filter(|need| need.starts_with("sources.yaml")).collect::<Vec<_>>()
        };
        assert_eq!(of_sources(&["ingress"]), [""; 0]);
        let verbs = ["get", "list", "watch"];
        assert_eq!(
            of_sources(&["openshift-route"]),
            verbs.map(|verb| format!("sources.yaml: {verb} routes.route.openshift.io"))
        );
        let gateways = of_sources(&["gateway-httproute"]);
        let list = |what: &str| format!("sources.yaml: list {what}.gateway.networking.k8s.io");
        assert!(
            gateways.contains(&list("httproutes")) && gateways.contains(&list("gateways")),
            "{gateways:?}"
        );
        assert!(!gateways.contains(&list("grpcroutes")), "{gateways:?}");
    }

    #[test]
    fn secrets_are_read_where_clusters_are_registered() {
        let of = |registries: &[&str]| {
            let registries = registries.iter().map(|name| Arc::from(*name)).collect();
            let needs = told(&of_hub("fleet", &registries));
            needs.into_iter().filter(|need| need.contains("list secrets")).collect::<Vec<_>>()
        };
        let own = "hub.yaml: list secrets in fleet";
        assert_eq!(of(&[]), [own]);
        assert_eq!(of(&["fleet"]), [own]);
        let kubefed = "hub-kubefed.yaml: list secrets in federation-system";
        assert_eq!(of(&["fleet", "federation-system"]), [own, kubefed]);
    }
}
