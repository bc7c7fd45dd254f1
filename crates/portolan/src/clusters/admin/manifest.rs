//! Where the objects of the manifests of rights stand in an API server.

use portolan_kube::registry::secret::MANAGED_BY;
use serde_json::Value;

/// Its path, and what it is called in messages; none of a kind that the manifests do not have.
pub(super) fn place(document: &Value) -> Option<(String, String)> {
    let (group, plural) = match document["kind"].as_str()? {
        "Namespace" => ("/api/v1", "namespaces"),
        "ServiceAccount" => ("/api/v1", "serviceaccounts"),
        "ClusterRole" => (RBAC, "clusterroles"),
        "ClusterRoleBinding" => (RBAC, "clusterrolebindings"),
        "Role" => (RBAC, "roles"),
        "RoleBinding" => (RBAC, "rolebindings"),
        _ => return None,
    };
    let (kind, name) = (document["kind"].as_str()?, document["metadata"]["name"].as_str()?);
    match document["metadata"]["namespace"].as_str() {
        Some(namespace) => Some((
            format!("{group}/namespaces/{namespace}/{plural}/{name}"),
            format!("{kind} {namespace}/{name}"),
        )),
        None => Some((format!("{group}/{plural}/{name}"), format!("{kind} {name}"))),
    }
}

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

/// True of an object that `portolan cluster join` made, or took over.
pub(super) fn is_ours(object: &Value) -> bool {
    object["metadata"]["labels"][MANAGED_BY.0] == MANAGED_BY.1
}

/// The same object with the mark of `portolan cluster join`.
pub(super) fn marked(mut object: Value) -> Value {
    object["metadata"]["labels"][MANAGED_BY.0] = MANAGED_BY.1.into();
    object
}

#[cfg(test)]
mod tests {
    use portolan_kube::registry::rights::manifests;
    use serde_json::json;

    use super::super::{HUB_RIGHTS, MEMBER_RIGHTS, MESH_RIGHTS};
    use super::*;

    #[test]
    fn every_object_of_the_manifests_has_a_place() {
        for document in
            [MEMBER_RIGHTS, HUB_RIGHTS, MESH_RIGHTS].iter().flat_map(|text| manifests(text, "fleet"))
        {
            let (path, what) = place(&document).unwrap();
            assert!(path.starts_with("/api"), "{path}");
            assert!(!what.contains("portolan/"), "{what} is in another namespace");
        }
    }

    #[test]
    fn ours_is_what_is_marked() {
        assert!(is_ours(&marked(json!({ "metadata": { "name": "x" } }))));
        assert!(!is_ours(&json!({ "metadata": { "labels": { MANAGED_BY.0: "helm" } } })));
        assert!(!is_ours(&json!({ "metadata": {} })));
    }
}
