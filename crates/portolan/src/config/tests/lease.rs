//! The Lease by which one of several replicas writes.

use super::*;
use crate::clusters::Lease;

/// What a file says beside a key, where it must say more than the version.
pub(super) fn bare(key: &str) -> &'static str {
    match key {
        "lease" => "version: v1alpha1\nkubeconfig: f\n",
        "leaseSeconds" => "version: v1alpha1\nkubeconfig: f\nlease: l\n",
        name => skydns::bare(name),
    }
}

#[test]
fn a_lease_is_named_and_stands_in_our_own_namespace() {
    let lease = |said: &str| {
        let text = format!("version: v1alpha1\nkubeconfig: k\n{said}");
        settled(&text, &[], &[]).1.unwrap().lease
    };
    let named = |namespace: &str, name: &str, seconds| {
        Some(Lease { namespace: namespace.into(), name: name.into(), seconds })
    };
    for (said, expected) in [
        ("", None),
        ("lease: portolan-control\n", named("portolan", "portolan-control", 15)),
        ("lease: a.b\nleaseSeconds: 3\nnamespace: fleet\n", named("fleet", "a.b", 3)),
        ("lease: x\nleaseSeconds: 3600\n", named("portolan", "x", 3_600)),
    ] {
        assert_eq!(lease(said), expected, "{said}");
    }
}

#[test]
fn faults_of_a_lease() {
    for (said, expected) in [
        (
            "kubeconfig: k\nlease: Portolan\n",
            "c.yaml:3:8: config: lease: Invalid: \"Portolan\" is no name of a Lease",
        ),
        (
            "kubeconfig: k\nlease: a..b\n",
            "c.yaml:3:8: config: lease: Invalid: \"a..b\" is no name of a Lease",
        ),
        (
            "lease: a\n",
            "c.yaml:2:8: config: lease: Invalid: says nothing without `kubeconfig` or `inCluster`",
        ),
        ("leaseSeconds: 15\n", "c.yaml:2:15: config: leaseSeconds: Invalid: says nothing without `lease`"),
        (
            "kubeconfig: k\nlease: a\nleaseSeconds: 2\n",
            "c.yaml:4:15: config: leaseSeconds: Invalid: \"2\" is not a whole number of seconds from 3 to 3600",
        ),
    ] {
        check(&format!("version: v1alpha1\n{said}"), &[expected]);
    }
}
