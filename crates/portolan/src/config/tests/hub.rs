//! Following a hub.

use portolan_kube::api::Topology;

use super::*;

#[test]
fn a_hub_is_followed_where_somebody_says_so() {
    let follows = |said: &str, flags: &[(&'static str, &[&str])]| {
        let text = format!("version: v1alpha1\nkubeconfig: k\n{said}");
        settled(&text, &[], flags).1.unwrap().topology == Topology::Follower
    };
    assert!(!follows("", &[]));
    assert!(!follows("followHub: false\nlease: l\n", &[]));
    assert!(follows("followHub: true\nhub: eu-1\nnetworks: d\n", &[]));
    assert!(follows("followHub: true\nrole: control\nsources: {source: [crd]}\n", &[]));
}

#[test]
fn what_says_nothing_with_it() {
    for (said, expected) in [
        (
            "fleet: d\nfollowHub: true\n",
            "c.yaml:3:12: config: followHub: Invalid: needs `kubeconfig` or `inCluster`, which lead to the hub",
        ),
        (
            "kubeconfig: k\nfollowHub: true\nlease: l\n",
            "c.yaml:4:8: config: lease: Invalid: says nothing with `followHub`: nothing is written to the hub",
        ),
        (
            "kubeconfig: k\nfollowHub: true\nrenewTokensAt: 50\n",
            "c.yaml:4:16: config: renewTokensAt: Invalid: says nothing with `followHub`: no cluster is reached",
        ),
        (
            "kubeconfig: k\nfollowHub: true\nresolvers: []\n",
            "c.yaml:4:12: config: resolvers: Invalid: says nothing with `followHub`: the hub resolves",
        ),
        (
            "kubeconfig: k\nfollowHub: true\nsources: {source: [crd, service]}\n",
            "c.yaml:4:19: config: sources.source: Invalid: has others than crd",
        ),
    ] {
        check(&format!("version: v1alpha1\n{said}"), &[expected]);
    }
}
