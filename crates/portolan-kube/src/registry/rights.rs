//! What the manifests of rights (`deploy/rbac`) allow, and the same for another namespace.
//!
//! The manifests are the one place where rights stand: what is applied by `portolan cluster join`, what is
//! tried by `portolan cluster check` and what an operator applies by hand are these same documents.

use std::fmt;

use serde_json::{Value, json};

use super::believed::NAMESPACE;

/// One thing that may be done.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// The API group; empty for the core group.
    pub group: String,
    /// The resource, with its subresource behind a stroke: `serviceaccounts/token`.
    pub resource: String,
    /// `get`, `list`, …
    pub verb: String,
    /// The namespace; none: all, and resources that are in none.
    pub namespace: Option<String>,
    /// The object; none: all.
    pub name: Option<String>,
}

/// The documents of a text of manifests, for a namespace instead of [`NAMESPACE`]. What is in no namespace has the other
/// one in its name: two Portolans in one cluster must not take each other's rights.
#[must_use]
pub fn manifests(text: &str, namespace: &str) -> Vec<Value> {
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(text).expect("the manifests of rights are YAML, which a test reads");
    let documents = documents.into_iter().filter(|document| !document.is_null());
    documents.map(|document| moved(document, namespace)).collect()
}

fn moved(mut document: Value, namespace: &str) -> Value {
    let is_ours = |value: &Value| value == NAMESPACE;
    if document["kind"] == "Namespace" && is_ours(&document["metadata"]["name"]) {
        document["metadata"]["name"] = namespace.into();
    }
    if namespace != NAMESPACE {
        let of_namespace = |name: &Value| format!("{}.{namespace}", name.as_str().unwrap_or_default()).into();
        if ["ClusterRole", "ClusterRoleBinding"].into_iter().any(|kind| document["kind"] == kind) {
            document["metadata"]["name"] = of_namespace(&document["metadata"]["name"]);
        }
        if document["roleRef"]["kind"] == "ClusterRole" {
            document["roleRef"]["name"] = of_namespace(&document["roleRef"]["name"]);
        }
    }
    if is_ours(&document["metadata"]["namespace"]) {
        document["metadata"]["namespace"] = namespace.into();
    }
    let subjects = document.get_mut("subjects").and_then(Value::as_array_mut);
    for subject in subjects.into_iter().flatten().filter(|subject| is_ours(&subject["namespace"])) {
        subject["namespace"] = namespace.into();
    }
    document
}

/// Every right that Roles and ClusterRoles of these documents give, each once, in order.
#[must_use]
pub fn rights(documents: &[Value]) -> Vec<Right> {
    let mut all: Vec<Right> = documents.iter().flat_map(of_role).collect();
    all.sort();
    all.dedup();
    all
}

fn of_role(role: &Value) -> Vec<Right> {
    let namespace = match role["kind"].as_str() {
        Some("Role") => role["metadata"]["namespace"].as_str().map(str::to_owned),
        Some("ClusterRole") => None,
        _ => return Vec::new(),
    };
    let mut rights = Vec::new();
    for rule in role["rules"].as_array().into_iter().flatten() {
        let names = texts(&rule["resourceNames"]);
        let names = if names.is_empty() { vec![None] } else { names.into_iter().map(Some).collect() };
        for group in texts(&rule["apiGroups"]) {
            for resource in texts(&rule["resources"]) {
                for verb in texts(&rule["verbs"]) {
                    rights.extend(names.iter().map(|name| Right {
                        group: group.clone(),
                        resource: resource.clone(),
                        verb: verb.clone(),
                        namespace: namespace.clone(),
                        name: name.clone(),
                    }));
                }
            }
        }
    }
    rights
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

impl Right {
    /// As an access review asks for it (`spec.resourceAttributes`).
    #[must_use]
    pub fn attributes(&self) -> Value {
        let (resource, subresource) = self.resource.split_once('/').unwrap_or((&self.resource, ""));
        json!({
            "group": self.group, "resource": resource, "subresource": subresource, "verb": self.verb,
            "namespace": self.namespace.as_deref().unwrap_or_default(),
            "name": self.name.as_deref().unwrap_or_default(),
        })
    }

    /// The rule that gives it, as a Role has it.
    #[must_use]
    pub fn rule(&self) -> String {
        let names = self.name.as_ref().map_or(String::new(), |name| format!(", resourceNames: [{name}]"));
        format!(
            "{{apiGroups: [\"{}\"], resources: [{}], verbs: [{}]{names}}}",
            self.group, self.resource, self.verb
        )
    }
}

impl fmt::Display for Right {
    /// `list services`, `create serviceaccounts/token portolan in portolan`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        if let Some(name) = &self.name {
            write!(f, " {name}")?;
        }
        match &self.namespace {
            Some(namespace) => write!(f, " in {namespace}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::api::{INTENTS, REGISTRY, Resource, SOURCED, Topology, dns_endpoints, handed_over};
    use crate::workload::Keep;

    const MEMBER: &str = include_str!("../../../../deploy/rbac/member.yaml");
    const HUB: &str = include_str!("../../../../deploy/rbac/hub.yaml");
    const MESH: &str = include_str!("../../../../deploy/rbac/mesh.yaml");
    const FOLLOWER: &str = include_str!("../../../../deploy/rbac/follower.yaml");
    const SOURCES: &str = include_str!("../../../../deploy/rbac/sources.yaml");
    const SYNC: &str = include_str!("../../../../deploy/rbac/sync.yaml");

    #[test]
    fn what_is_shipped_is_read() {
        let rights: Vec<String> =
            rights(&manifests(MEMBER, "portolan")).iter().map(Right::to_string).collect();
        for right in [
            "watch services",
            "list endpointslices.discovery.k8s.io",
            "list namespaces kube-system",
            "create serviceaccounts/token portolan in portolan",
        ] {
            assert!(rights.iter().any(|one| one == right), "{right}: {rights:#?}");
        }
        // No right to write but the one over its own token, and none over Secrets.
        let writes = |right: &&String| !["get", "list", "watch"].iter().any(|verb| right.starts_with(verb));
        assert_eq!(rights.iter().filter(writes).count(), 1, "{rights:#?}");
        assert!(!rights.iter().any(|right| right.contains("secrets")));
    }

    /// Secrets are read in one namespace alone, in the hub too.
    #[test]
    fn no_right_over_secrets_is_cluster_wide() {
        let all = rights(&manifests(HUB, "fleet"));
        let secrets: Vec<&Right> = all.iter().filter(|right| right.resource.starts_with("secrets")).collect();
        assert!(!secrets.is_empty());
        for right in secrets {
            assert_eq!(right.namespace.as_deref(), Some("fleet"), "{right}");
        }
    }

    /// Who may not look at the definition of a kind takes that kind's end for the end of each object; and nobody has to see
    /// those of others.
    #[test]
    fn definitions_are_seen_of_what_is_followed_and_no_others() {
        let of_mesh = Topology::Mesh.asks(false, &Keep::default()).own;
        let rows: [(&str, Vec<Resource>); 6] = [
            (MEMBER, Vec::new()),
            (HUB, [&INTENTS[..], &REGISTRY].concat()),
            (MESH, of_mesh),
            (FOLLOWER, handed_over().collect()),
            (SOURCES, SOURCED.to_vec()),
            (SYNC, dns_endpoints().collect()),
        ];
        for (text, followed) in rows {
            let all = rights(&manifests(text, "portolan"));
            let seen = all.iter().filter(|right| right.resource == "customresourcedefinitions");
            let seen: BTreeSet<Option<String>> = seen.map(|right| right.name.clone()).collect();
            let wanted: BTreeSet<Option<String>> =
                followed.iter().filter_map(Resource::crd).map(Some).collect();
            assert_eq!(seen, wanted, "{:?}", text.lines().next());
        }
    }

    /// A cluster is known by one namespace of it; sources alone read the others.
    #[test]
    fn of_namespaces_one_is_seen() {
        for text in [MEMBER, MESH, FOLLOWER, SYNC] {
            let all = rights(&manifests(text, "portolan"));
            let seen = all.iter().filter(|right| right.resource == "namespaces").map(Right::to_string);
            assert_eq!(
                seen.collect::<Vec<_>>(),
                ["list namespaces kube-system"],
                "{:?}",
                text.lines().next()
            );
        }
    }

    #[test]
    fn another_namespace_is_another_namespace_everywhere() {
        let text = Value::Array(manifests(MEMBER, "fleet")).to_string();
        assert!(text.contains(r#""namespace":"fleet""#), "{text}");
        assert!(!text.contains(r#""namespace":"portolan""#), "{text}");
        // And nothing of the one that may be there besides.
        let names = |namespace: &str| {
            let names =
                manifests(MEMBER, namespace).into_iter().filter(|one| one["metadata"]["namespace"].is_null());
            names.map(|one| one["metadata"]["name"].to_string()).collect::<Vec<_>>()
        };
        let (ours, others) = (names("portolan"), names("fleet"));
        assert!(ours.iter().all(|name| !others.contains(name)), "{ours:?} {others:?}");
        assert!(ours.contains(&"\"portolan-member\"".to_owned()), "{ours:?}");
        assert!(others.contains(&"\"portolan-member.fleet\"".to_owned()), "{others:?}");
        for binding in manifests(MEMBER, "fleet").iter().filter(|one| one["kind"] == "ClusterRoleBinding") {
            assert!(others.contains(&binding["roleRef"]["name"].to_string()), "{binding}");
        }
    }

    #[test]
    fn a_rule_and_its_review_say_the_same() {
        let right = Right {
            group: String::new(),
            resource: "serviceaccounts/token".into(),
            verb: "create".into(),
            namespace: Some("portolan".into()),
            name: Some("portolan".into()),
        };
        let asked = json!({"group": "", "resource": "serviceaccounts", "subresource": "token", "verb": "create",
            "namespace": "portolan", "name": "portolan"});
        assert_eq!(right.attributes(), asked);
        let rule = r#"{apiGroups: [""], resources: [serviceaccounts/token], verbs: [create], resourceNames: [portolan]}"#;
        assert_eq!(right.rule(), rule);
    }
}
