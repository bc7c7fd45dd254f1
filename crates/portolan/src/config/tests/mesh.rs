//! A hub, or a mesh.

use portolan_kube::api::Topology;

use super::*;

#[test]
fn a_fleet_has_a_hub_or_is_a_mesh() {
    for (said, topology, hub) in [
        ("kubeconfig: k\n", Topology::Hub, None),
        ("kubeconfig: k\nhub: eu-1\n", Topology::Hub, Some("eu-1")),
        ("kubeconfig: k\nmesh: eu-1\n", Topology::Mesh, Some("eu-1")),
        ("kubeconfig: k\ninCluster: eu-1\nmesh: eu-1\n", Topology::Mesh, Some("eu-1")),
    ] {
        let config = settled(&format!("version: v1alpha1\n{said}"), &[], &[]).1.unwrap();
        assert_eq!((config.topology, config.hub.as_deref()), (topology, hub), "{said}");
    }
}

#[test]
fn faults_of_a_mesh() {
    for (said, expected) in [
        (
            "kubeconfig: k\nhub: eu-1\nmesh: eu-1\n",
            "c.yaml:4:7: config: mesh: Conflict: stands beside `hub`; a mesh has none",
        ),
        (
            "inCluster: eu-1\nmesh: us-1\n",
            "c.yaml:3:7: config: mesh: Invalid: \"us-1\" is not the cluster that inCluster names: \"eu-1\"",
        ),
    ] {
        check(&format!("version: v1alpha1\n{said}"), &[expected]);
    }
    let (said, expected) =
        ("fleet: f\nmesh: eu-1\n", "mesh: Invalid: says nothing without `kubeconfig` or `inCluster`");
    let all = faults(&format!("version: v1alpha1\n{said}"));
    assert!(all.iter().any(|fault| fault.contains(expected)), "{all:?}");
}
