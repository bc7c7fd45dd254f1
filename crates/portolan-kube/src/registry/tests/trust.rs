//! Who is believed, whose tokens go where, and what a slip costs.

use super::*;

/// A slip in an object is no order to forget its cluster, whatever the object's kind.
#[test]
fn what_is_refused_is_still_registered() {
    let spec = json!({ "apiEndpoint": "192.0.2.7", "secretRef": { "name": "" } });
    let profile = json!({ "metadata": metadata("portolan/ap-1"), "spec": {}, "status": {} });
    let federated = json!({ "metadata": metadata("federation-system/us-1"), "spec": {} });
    let bench = Bench::new(&[])
        .kubefed("kube-federation-system/eu-1", spec)
        .put(Kind::FederatedCluster, federated)
        .put(Kind::ClusterProfile, profile)
        .member("sa-1", "");
    let named: Vec<String> = bench.0.found().named.iter().map(ToString::to_string).collect();
    assert_eq!(named, ["ap-1", "eu-1", "sa-1", "us-1"]);
    assert_eq!(bench.problems().len(), 4, "{:?}", bench.problems());
    assert!(bench.0.names(&"eu-1".into()) && !bench.0.names(&"eu-2".into()));
    assert!(bench.0.has("KubeFedCluster kube-federation-system/eu-1"));
}

/// A ClusterProfile has the token of a Secret of ours sent to a server that it names, so whoever may write where
/// KubeFed keeps its clusters must not be able to make one that counts.
#[test]
fn the_namespaces_of_kubefed_are_none_for_cluster_profiles() {
    let cluster = json!({ "server": "https://192.0.2.66" });
    let status = json!({ "accessProviders": [{ "name": "secretreader", "cluster": cluster }] });
    let believed = Believed::new("portolan", KUBEFED_NAMESPACES.into_iter().chain(["inventory"]));
    for (namespace, is_believed) in [
        ("portolan", true),
        ("inventory", true),
        ("kube-multicluster-public", false),
        ("kube-federation-system", false),
        ("federation-system", false),
    ] {
        let profile = json!({
            "metadata": metadata(&format!("{namespace}/eu")), "spec": {}, "status": status,
        });
        let mut bench = Bench::new(&[]);
        bench.0.believed = believed.clone();
        let bench = bench.put(Kind::ClusterProfile, profile).secret("portolan/eu", &[("token", "t")]);
        assert_eq!(bench.clusters().is_empty(), !is_believed, "{namespace}: {}", bench.clusters());
        let told = bench.problems().concat();
        let rule = format!(
            "\"{namespace}\" is no namespace whose ClusterProfiles are believed; these are inventory, portolan"
        );
        assert_eq!(told.contains(&rule), !is_believed, "{told}");
    }
}

/// The Secret of another cluster, `join`'s for one, says itself where its token belongs.
#[test]
fn a_token_goes_to_no_other_server_than_its_secret_names() {
    let cluster = |server: &str| json!({ "server": server });
    let profile = |server: &str| {
        let status = json!({ "accessProviders": [{ "name": "secretreader", "cluster": cluster(server) }] });
        let profile = json!({ "metadata": metadata("portolan/eu"), "spec": {}, "status": status });
        Bench::new(&[]).put(Kind::ClusterProfile, profile).secret("portolan/eu", &PARTS)
    };
    profile("https://192.0.2.1:6443/").check("eu=192.0.2.1:6443", &[]);
    profile("https://192.0.2.66").check(
        "eu=?",
        &["hub: ClusterProfile portolan/eu: metadata.name: Invalid: Secret portolan/eu: server is another than \
           \"https://192.0.2.66\", and its token is sent nowhere else"],
    );
    let spec = json!({ "apiEndpoint": "192.0.2.66", "secretRef": { "name": "eu" } });
    let bench = Bench::new(&[]).kubefed("portolan/us-1", spec).secret("portolan/eu", &PARTS);
    assert_eq!(bench.clusters(), "us-1=?");
}

/// Whoever adds a Cluster of the same name elsewhere must not choose the server.
#[test]
fn two_clusters_of_the_registry_with_one_name_are_none() {
    let of = |namespace: &str, address: &str| {
        let endpoints = json!({ "serverEndpoints": [{ "serverAddress": address }] });
        json!({ "metadata": metadata(&format!("{namespace}/eu")), "spec": { "kubernetesApiEndpoints": endpoints } })
    };
    let spec = json!({ "clusterRef": { "name": "eu" }, "secretRef": { "name": "s" } });
    let federated = json!({ "metadata": metadata("federation-system/eu-1"), "spec": spec });
    let bench = Bench::new(&[])
        .put(Kind::FederatedCluster, federated)
        .secret("federation-system/s", &[("token", "t")])
        .put(Kind::RegistryCluster, of("kube-multicluster-public", "192.0.2.8"));
    bench.check("eu-1=192.0.2.8", &[]);
    bench.put(Kind::RegistryCluster, of("federation-system", "192.0.2.66")).check(
        "eu-1=?",
        &["hub: FederatedCluster federation-system/eu-1: spec.clusterRef.name: Invalid: leads to \
           Cluster federation-system/eu and to Cluster kube-multicluster-public/eu"],
    );
}

/// A tenant may make as many objects as the API server lets it.
#[test]
fn a_tenant_fills_neither_memory_nor_status() {
    let mut bench = Bench::new(&[]).member("eu-1", "eu").secret("portolan/eu", &PARTS);
    for nth in 0..STRANGERS_TOLD_MAX + 20 {
        let spec = json!({ "apiEndpoint": "x".repeat(1_000), "secretRef": { "name": "s" } });
        bench = bench.kubefed(&format!("shop/c{nth:03}"), spec);
    }
    assert_eq!(bench.0.objects.len(), 2, "none of them is kept");
    assert_eq!(bench.clusters(), "eu-1=192.0.2.1:6443");
    let told = bench.problems();
    assert_eq!(told.len(), STRANGERS_TOLD_MAX + 1);
    assert!(told[STRANGERS_TOLD_MAX].contains("and 20 registrations"), "{}", told[STRANGERS_TOLD_MAX]);
    // It is there, and stands for nothing.
    assert!(bench.0.has("KubeFedCluster shop/c000") && !bench.0.names(&"c000".into()));
    bench.0.delete(&ObjectKey::new(Kind::KubeFedCluster, Some("shop"), "c000"));
    assert!(!bench.0.has("KubeFedCluster shop/c000"));
    assert!(bench.problems()[STRANGERS_TOLD_MAX].contains("and 19 registrations"));
}

/// One that cannot be renewed ends one day, and its cluster with it: that is said long before.
#[test]
fn a_token_that_is_to_be_renewed_and_cannot_be_is_told() {
    let of = |claims: &str| format!("a.{}.c", base64(claims.as_bytes()).trim_end_matches('='));
    let good = of(r#"{"iat": 1000, "exp": 4600}"#);
    let told = |account: &str, data: &[(&str, &str)]| {
        let data: BTreeMap<&str, String> =
            data.iter().map(|(key, value)| (*key, base64(value.as_bytes()))).collect();
        let mut metadata = metadata("portolan/eu");
        metadata["annotations"] = json!({ RENEW: account });
        let secret = json!({ "metadata": metadata, "data": data });
        let bench = Bench::new(&[]).member("eu-1", "eu").put(Kind::Secret, secret);
        assert!(bench.0.found().clusters["eu-1"].access.is_some(), "it is followed all the same");
        (bench.problems().concat(), bench.0.found().clusters["eu-1"].renewal.is_some())
    };
    let parts = |token| [("server", "https://192.0.2.1"), ("token", token)];
    assert_eq!(told("portolan/portolan", &parts(&good)), (String::new(), true));
    for account in ["portolan", "/", "a/", "a/b/../c", "a/b?c", "A/b", "a/b\nc"] {
        let (told, is_renewed) = told(account, &parts(&good));
        assert!(
            told.contains("Incomplete: Secret portolan/eu: its token is not renewed: annotation"),
            "{told}"
        );
        assert!(!is_renewed);
    }
    let (opaque, _) = told("portolan/portolan", &parts("opaque"));
    assert!(opaque.contains("it does not say when it was made"), "{opaque}");
    let kubeconfig = "contexts: [{name: c, context: {cluster: k, user: u}}]\n\
                      clusters: [{name: k, cluster: {server: 'https://192.0.2.1'}}]\nusers: [{name: u, user: {token: t}}]\n";
    let (whole, _) = told("portolan/portolan", &[("kubeconfig", kubeconfig)]);
    assert!(whole.contains("it stands in kubeconfig, not in token"), "{whole}");
}

/// What a URL holds beside its host may be a password, and a condition is for many to read.
#[test]
fn a_url_that_is_refused_is_not_repeated_with_its_password() {
    for (text, shown) in [
        ("https://user:s3cret@a.example", "\"https://***@a.example\""),
        ("https://user:s3c/ret@a.example:1/x", "\"https://***@a.example:1/x\""),
        ("https://user:s3cret?s3cret@a.example", "\"https://***@a.example\""),
        ("user:s3c://ret@a.example", "\"***@a.example\""),
        ("http://a.example?token=s3cret", "\"http://a.example?***\""),
        ("https://a.example#s3cret", "\"https://a.example?***\""),
        ("http://s3c@ret@a.example", "\"http://***@a.example\""),
    ] {
        let refused = url(text).unwrap_err();
        assert!(refused.starts_with(shown), "{text}: {refused}");
    }
    let kubeconfig = "contexts: [{name: c, context: {cluster: k, user: u}}]\n\
                      clusters: [{name: k, cluster: {server: 'https://a', proxy-url: 'http://user:s3cret@p:3128'}}]\n\
                      users: [{name: u, user: {token: t}}]\n";
    let bench = Bench::new(&[]).member("eu-1", "eu").secret("portolan/eu", &[("kubeconfig", kubeconfig)]);
    let told = bench.problems().concat();
    assert!(
        told.contains("proxy-url \"http://***@p:3128\" would send") && !told.contains("s3cret"),
        "{told}"
    );
}

/// A table that is full says so: what it lacks may be there.
#[test]
fn a_secret_above_the_limit_is_not_said_to_be_missing() {
    let mut bench = Bench::new(&[]).member("eu-1", "z");
    for nth in 0..SECRETS_MAX {
        bench = bench.secret(&format!("portolan/a{nth}"), &[]);
    }
    bench.secret("portolan/z", &PARTS).check(
        "eu-1=?",
        &["hub: MemberCluster eu-1: spec.credentials.secret: LimitReached: Secret portolan/z is not there, or above"],
    );
}
