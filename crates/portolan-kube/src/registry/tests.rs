use serde_json::{Value, json};

use super::access::{Identity, url};
use super::secret::{RENEW, base64};
use super::*;
use crate::manifest::{Given, given};
use crate::workload::Keep;

mod trust;

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----";

/// A registry, and what is put into it.
struct Bench(Registry);

impl Bench {
    fn new(taken: &[&str]) -> Self {
        let taken = taken.iter().map(|name| ClusterName::from(*name)).collect();
        let mut registry = Registry::new(Believed::default(), taken, "hub".into());
        for namespace in ["portolan", "kube-federation-system", "federation-system"] {
            registry.secrets_read(namespace);
        }
        Self(registry)
    }

    fn put(mut self, kind: Kind, value: Value) -> Self {
        let Given::Object(object, problems) = given(kind, value, "hub", &Keep::default()) else {
            panic!("a test's objects are of the right types")
        };
        assert_eq!(problems, []);
        self.0.set(Arc::new(object));
        self
    }

    /// A Secret, its values in plain words.
    fn secret(self, key: &str, data: &[(&str, &str)]) -> Self {
        let data: BTreeMap<&str, String> =
            data.iter().map(|(key, value)| (*key, base64(value.as_bytes()))).collect();
        self.put(Kind::Secret, json!({ "metadata": metadata(key), "data": data }))
    }

    fn member(self, name: &str, secret: &str) -> Self {
        let spec = json!({ "credentials": { "secret": secret } });
        self.put(Kind::MemberCluster, json!({ "metadata": { "name": name }, "spec": spec }))
    }

    fn kubefed(self, key: &str, spec: Value) -> Self {
        let mut object = json!({ "metadata": metadata(key) });
        object["spec"] = spec;
        self.put(Kind::KubeFedCluster, object)
    }

    /// `name=server` of those that can be reached, and `name=?` of the others.
    fn clusters(&self) -> String {
        let shown = |(name, one): (&ClusterName, &Registered)| {
            let server =
                one.access.as_ref().map_or("?", |access| access.server.trim_start_matches("https://"));
            format!("{name}={server}")
        };
        self.0.found().clusters.iter().map(shown).collect::<Vec<_>>().join(" ")
    }

    fn problems(&self) -> Vec<String> {
        self.0.found().problems.iter().map(ToString::to_string).collect()
    }

    #[track_caller]
    fn check(&self, clusters: &str, problems: &[&str]) {
        assert_eq!(self.clusters(), clusters);
        let found = self.problems();
        assert_eq!(found.len(), problems.len(), "{found:#?}");
        for (found, expected) in found.iter().zip(problems) {
            assert!(found.starts_with(expected), "   found: {found}\nexpected: {expected}");
        }
    }
}

fn metadata(key: &str) -> Value {
    let (namespace, name) = key.split_once('/').unwrap();
    json!({ "namespace": namespace, "name": name })
}

const PARTS: [(&str, &str); 3] =
    [("server", "https://192.0.2.1:6443"), ("ca.crt", CERTIFICATE), ("token", "t\n")];

#[test]
fn a_member_cluster_is_reached_by_its_secret() {
    let bench = Bench::new(&[]).member("eu-1", "eu").secret("portolan/eu", &PARTS);
    bench.check("eu-1=192.0.2.1:6443", &[]);
    let found = bench.0.found();
    let access = found.clusters["eu-1"].access.clone().unwrap();
    assert_eq!(access.authority.as_deref(), Some(CERTIFICATE));
    assert_eq!(access.identity, Identity::Token("t".into()));
    // A Secret of another namespace is another Secret.
    let bench = Bench::new(&[]).member("eu-1", "eu").secret("shop/eu", &PARTS);
    bench.check(
        "eu-1=?",
        &["hub: MemberCluster eu-1: spec.credentials.secret: NotFound: Secret portolan/eu is not there"],
    );
    assert_eq!(bench.0.secret_namespaces(), ["portolan".into()].into());
}

#[test]
fn a_secret_that_was_not_read_yet_is_waited_for() {
    let mut bench = Bench::new(&[]).member("eu-1", "eu");
    bench.0.read.clear();
    bench.check("eu-1=?", &[]);
    bench.0.secrets_read("portolan");
    assert_eq!(bench.problems().len(), 1);
}

/// One that has no credentials describes a cluster, and registers none.
#[test]
fn a_member_cluster_without_credentials_means_what_it_did() {
    let bench = Bench::new(&[])
        .put(Kind::MemberCluster, json!({ "metadata": { "name": "eu-1" }, "spec": { "weight": 3 } }));
    bench.check("", &[]);
    assert!(bench.0.found().named.contains("eu-1"));
    assert!(bench.0.secret_namespaces().is_empty());
}

#[test]
fn each_rule_of_a_secret_names_the_key() {
    let long = "x".repeat(secret::VALUE_OCTETS_MAX + 1);
    let parts = |without: &str, with: &[(&'static str, &'static str)]| {
        let kept = PARTS.into_iter().filter(|(key, _)| *key != without);
        kept.chain(with.iter().copied()).collect::<Vec<_>>()
    };
    for (data, expected) in [
        (parts("server", &[]), "server is missing"),
        (parts("token", &[]), "token is missing"),
        (parts("server", &[("server", "http://192.0.2.1")]), "server \"http://192.0.2.1\" is not https"),
        (parts("server", &[("server", "https://a b")]), "server \"https://a b\" is not https://HOST:PORT"),
        (parts("ca.crt", &[("ca.crt", "rubbish")]), "ca.crt holds no certificate in PEM"),
        (parts("token", &[("token", "a b")]), "token is no bearer token"),
        (parts("", &[("tls-server-name", "a/b")]), "tls-server-name \"a/b\" is no host name"),
        (vec![], "server is missing; the Secret has kubeconfig, or server, ca.crt and token"),
        (vec![("kubeconfig", "x: [")], "kubeconfig: the text is no YAML"),
    ] {
        let bench = Bench::new(&[]).member("eu-1", "eu").secret("portolan/eu", &data);
        let expected = format!(
            "hub: MemberCluster eu-1: spec.credentials.secret: Invalid: Secret portolan/eu: {expected}"
        );
        bench.check("eu-1=?", &[&expected]);
    }
    let bench = Bench::new(&[]).member("eu-1", "eu").secret("portolan/eu", &[("kubeconfig", &long)]);
    let found = bench.problems().concat();
    assert!(found.contains("kubeconfig has 131073 octets; at most 131072 are read"), "{found}");
}

/// What Debug says of any of it is fit for a log.
#[test]
fn nothing_shows_what_is_secret() {
    let data = [("server", "https://192.0.2.1"), ("token", "s3cret"), ("kubeconfig", "")];
    let bench = Bench::new(&[]).member("eu-1", "eu").secret("portolan/eu", &data);
    let all = format!("{:?} {:?}", bench.0, bench.0.found());
    assert!(all.contains("by a token") && !all.contains("s3cret") && !all.contains("c3MzY3JldA"), "{all}");
}

#[test]
fn kubefed_clusters_are_read_as_kubefed_reads_them() {
    let spec = json!({
        "apiEndpoint": "192.0.2.7:6443", "caBundle": base64(CERTIFICATE.as_bytes()),
        "secretRef": { "name": "s" }, "disabledTLSValidations": null,
    });
    let token = [("token", "t")];
    let bench = Bench::new(&[])
        .kubefed("kube-federation-system/eu-1", spec.clone())
        .secret("kube-federation-system/s", &token);
    bench.check("eu-1=192.0.2.7:6443", &[]);
    assert_eq!(
        bench.0.found().clusters["eu-1"].access.as_ref().unwrap().authority.as_deref(),
        Some(CERTIFICATE)
    );

    let with = |field: &str, value: Value| {
        let mut spec = spec.clone();
        spec[field] = value;
        Bench::new(&[])
            .kubefed("kube-federation-system/eu-1", spec)
            .secret("kube-federation-system/s", &token)
    };
    let subject = "hub: KubeFedCluster kube-federation-system/eu-1";
    for (field, value, expected) in [
        (
            "disabledTLSValidations",
            json!(["*"]),
            "spec.disabledTLSValidations: Invalid: \"[\\\"*\\\"]\" would take",
        ),
        (
            "disabledTLSValidations",
            json!(false),
            "spec.disabledTLSValidations: Invalid: \"false\" would take",
        ),
        ("apiEndpoint", json!(""), "spec.apiEndpoint: Invalid: leads to no address"),
        (
            "apiEndpoint",
            json!("http://192.0.2.7"),
            "spec.apiEndpoint: Invalid: \"http://192.0.2.7\" is not https",
        ),
        ("caBundle", json!("AAAA"), "spec.caBundle: Invalid: holds no certificate"),
        (
            "secretRef",
            json!({ "name": "other" }),
            "spec.secretRef.name: NotFound: Secret kube-federation-system/other",
        ),
    ] {
        with(field, value).check("eu-1=?", &[&format!("{subject}: {expected}")]);
    }
    with("secretRef", json!({ "name": "" }))
        .check("", &[&format!("{subject}: spec.secretRef.name: Invalid: is missing")]);
}

/// v0.0.4 has the address in the cluster registry, and the authority in the Secret; later ones have it themselves.
#[test]
fn federated_clusters_lead_to_the_cluster_registry() {
    let federated = |spec: Value| {
        Bench::new(&[])
            .put(
                Kind::FederatedCluster,
                json!({ "metadata": metadata("federation-system/eu-1"), "spec": spec }),
            )
            .secret("federation-system/s", &[("token", "t"), ("ca.crt", CERTIFICATE)])
    };
    let by_reference = json!({ "clusterRef": { "name": "eu" }, "secretRef": { "name": "s" } });
    let endpoints =
        json!({ "serverEndpoints": [{ "clientCIDR": "0.0.0.0/0", "serverAddress": "https://192.0.2.8" }] });
    let cluster = json!({
        "metadata": metadata("kube-multicluster-public/eu"), "spec": { "kubernetesApiEndpoints": endpoints },
    });
    let bench = federated(by_reference.clone()).put(Kind::RegistryCluster, cluster.clone());
    bench.check("eu-1=192.0.2.8", &[]);
    assert_eq!(
        bench.0.found().clusters["eu-1"].access.as_ref().unwrap().authority.as_deref(),
        Some(CERTIFICATE)
    );

    let subject = "hub: FederatedCluster federation-system/eu-1: spec.clusterRef.name: Invalid";
    let expected = format!("{subject}: Cluster \"eu\" of clusterregistry.k8s.io is not there");
    federated(by_reference.clone()).check("eu-1=?", &[&expected]);
    // One that a tenant made is none.
    let mut foreign = cluster;
    foreign["metadata"] = metadata("shop/eu");
    federated(by_reference).put(Kind::RegistryCluster, foreign).check("eu-1=?", &[&expected]);

    let direct = json!({ "apiEndpoint": "api.eu-1.example", "secretRef": { "name": "s" } });
    federated(direct).check("eu-1=api.eu-1.example", &[]);
}

#[test]
fn cluster_profiles_are_read_by_the_convention_of_the_secret_reader() {
    let profile = |status: Value| {
        Bench::new(&[])
            .put(
                Kind::ClusterProfile,
                json!({ "metadata": metadata("portolan/eu-1"), "spec": {}, "status": status }),
            )
            .secret("portolan/eu-1", &[("token", "t")])
    };
    let cluster = json!({ "server": "https://192.0.2.9", "certificate-authority-data": base64(CERTIFICATE.as_bytes()) });
    let provider = |name: &str, cluster: &Value| json!([{ "name": name, "cluster": cluster }]);
    profile(json!({ "accessProviders": provider("secretreader", &cluster) })).check("eu-1=192.0.2.9", &[]);
    // The older name of the field.
    profile(json!({ "credentialProviders": provider("secretreader", &cluster) }))
        .check("eu-1=192.0.2.9", &[]);

    let subject = "hub: ClusterProfile portolan/eu-1: status.accessProviders";
    for (name, cluster, expected) in [
        ("google", json!({}), ": Invalid: has no \"secretreader\", but \"google\"".to_owned()),
        ("secretreader", json!(null), "[0].cluster: Invalid: is missing".to_owned()),
        (
            "secretreader",
            json!({ "server": "https://a", "proxy-url": "http://p" }),
            "[0].cluster.proxy-url: Invalid: \"http://p\" would".to_owned(),
        ),
        (
            "secretreader",
            json!({ "server": "https://a", "insecure-skip-tls-verify": true }),
            "[0].cluster.insecure-skip-tls-verify: Invalid: true would".to_owned(),
        ),
        (
            "secretreader",
            json!({ "server": "https://a", "certificate-authority": "/ca" }),
            "[0].cluster.certificate-authority: Invalid: \"/ca\" names a file".to_owned(),
        ),
    ] {
        let bench = profile(json!({ "accessProviders": provider(name, &cluster) }));
        bench.check("eu-1=?", &[&format!("{subject}{expected}")]);
    }
}

/// Whoever may make objects in some namespace must not have our tokens sent anywhere.
#[test]
fn registrations_of_other_namespaces_are_not_believed() {
    let profile = json!({ "metadata": metadata("shop/cluster-eu-1"), "spec": {} });
    let bench = Bench::new(&[])
        .put(Kind::ClusterProfile, profile)
        .kubefed("shop/us-1", json!({ "apiEndpoint": "192.0.2.66", "secretRef": { "name": "s" } }));
    let rule = "is no namespace whose KubeFedClusters are believed; these are federation-system, \
                kube-federation-system, kube-multicluster-public, portolan";
    bench.check(
        "",
        &[
            &format!("hub: KubeFedCluster shop/us-1: metadata.namespace: NotAdmitted: \"shop\" {rule}"),
            "hub: ClusterProfile shop/cluster-eu-1: metadata.namespace: NotAdmitted: \"shop\" is no namespace whose \
             ClusterProfiles are believed; these are portolan",
        ],
    );
    assert!(bench.0.found().named.is_empty());
    assert!(bench.0.secret_namespaces().is_empty());
}

/// A context, then ours, then KubeFed's, then the inventory's; whatever order they come in.
#[test]
fn the_first_by_precedence_counts() {
    let kubefed = json!({ "apiEndpoint": "192.0.2.2", "secretRef": { "name": "s" } });
    let fill = |bench: Bench| {
        bench
            .kubefed("kube-federation-system/eu-1", kubefed.clone())
            .secret("kube-federation-system/s", &[("token", "t")])
            .member("eu-1", "eu")
            .secret("portolan/eu", &PARTS)
    };
    let told = "hub: KubeFedCluster kube-federation-system/eu-1: spec.secretRef.name: Duplicate: MemberCluster eu-1 registers";
    let mut bench = fill(Bench::new(&[]));
    bench.check("eu-1=192.0.2.1:6443", &[told]);
    // The first is refused, and counts all the same: the other is not a spare.
    let broken = fill(Bench::new(&[])).secret("portolan/eu", &[]);
    assert_eq!(broken.clusters(), "eu-1=?");
    // When it goes, the next has its turn.
    bench.0.delete(&ObjectKey::new(Kind::MemberCluster, None, "eu-1"));
    bench.check("eu-1=192.0.2.2", &[]);

    let rule = "Duplicate: a context of the kubeconfig file, or the own cluster, has this name and counts";
    fill(Bench::new(&["eu-1"])).check(
        "",
        &[
            &format!("hub: MemberCluster eu-1: spec.credentials.secret: {rule}"),
            &format!("hub: KubeFedCluster kube-federation-system/eu-1: spec.secretRef.name: {rule}"),
        ],
    );
}

#[test]
fn a_fleet_has_its_limit_and_the_youngest_are_left_out() {
    let taken: Vec<String> = (0..CLUSTERS_MAX - 1).map(|nth| format!("c{nth}")).collect();
    let taken: Vec<&str> = taken.iter().map(String::as_str).collect();
    let member = |name: &str, created: &str| {
        let spec = json!({ "credentials": { "secret": "eu" } });
        json!({ "metadata": { "name": name, "creationTimestamp": created }, "spec": spec })
    };
    let bench = Bench::new(&taken)
        .put(Kind::MemberCluster, member("young", "2026-02-01T00:00:00Z"))
        .put(Kind::MemberCluster, member("old", "2026-01-01T00:00:00Z"))
        .secret("portolan/eu", &PARTS);
    bench.check(
        "old=192.0.2.1:6443",
        &["hub: MemberCluster young: spec.credentials.secret: LimitReached: is one cluster too many: a fleet has at most 1024"],
    );
    assert!(bench.0.found().named.contains("young"), "it is not gone");
}

#[test]
fn tokens_are_renewed_where_that_is_asked_for() {
    let claims = base64(br#"{"iat": 1000, "exp": 4600}"#);
    let token = format!("a.{}.c", claims.trim_end_matches('='));
    let secret = |annotations: Value| {
        let mut metadata = metadata("portolan/eu");
        metadata["annotations"] = annotations;
        let data: BTreeMap<&str, String> = [("server", "https://192.0.2.1"), ("token", token.as_str())]
            .map(|(key, value)| (key, base64(value.as_bytes())))
            .into();
        Bench::new(&[]).member("eu-1", "eu").put(Kind::Secret, json!({ "metadata": metadata, "data": data }))
    };
    let renewal = |bench: &Bench| bench.0.found().clusters["eu-1"].renewal.clone();
    assert_eq!(renewal(&secret(json!({}))), None);
    let asked = renewal(&secret(json!({ RENEW: "portolan/portolan" }))).unwrap();
    assert_eq!((&*asked.namespace, &*asked.account, asked.token), ("portolan", "portolan", token.clone()));
    assert_eq!(asked.life.after(50), 2_800);
}

/// The one that does not count is followed by nobody, and its token ends unseen.
#[test]
fn of_a_second_registration_it_is_told_when_its_token_ends() {
    let claims = base64(br#"{"iat": 1000, "exp": 4600}"#);
    let token = format!("a.{}.c", claims.trim_end_matches('='));
    let spec = json!({ "apiEndpoint": "192.0.2.2", "secretRef": { "name": "s" } });
    let bench = Bench::new(&[])
        .kubefed("kube-federation-system/eu-1", spec)
        .secret("kube-federation-system/s", &[("token", &token)])
        .member("eu-1", "eu")
        .secret("portolan/eu", &PARTS);
    let told = bench.problems().concat();
    assert!(
        told.ends_with("the token of this one ends at 1970-01-01T01:16:40Z, and is not renewed"),
        "{told}"
    );
    let kubefed = ObjectKey::new(Kind::MemberCluster, None, "eu-1");
    let mut alone = bench;
    alone.0.delete(&kubefed);
    let found = alone.0.found();
    assert_eq!(
        found.clusters["eu-1"].life,
        Some(Life { from: 1_000, to: 4_600 }),
        "it is known of any that counts"
    );
}

#[test]
fn addresses_of_api_servers() {
    for (text, expected) in [
        ("https://a.example", Ok("https://a.example")),
        ("https://a.example:6443/", Ok("https://a.example:6443")),
        ("https://a.example/clusters/c-1", Ok("https://a.example/clusters/c-1")),
        ("192.0.2.1", Ok("https://192.0.2.1")),
        ("api.example:6443", Ok("https://api.example:6443")),
        ("2001:db8::1", Ok("https://[2001:db8::1]")),
        ("https://[2001:db8::1]:6443", Ok("https://[2001:db8::1]:6443")),
        ("http://a.example", Err("is not https")),
        ("ftp://a.example", Err("is not https")),
        ("https://user:pass@a.example", Err("is not https://HOST:PORT")),
        ("https://a.example?x=1", Err("is not https://HOST:PORT")),
        ("https://a.example#x", Err("is not https://HOST:PORT")),
        ("https://", Err("is not https://HOST:PORT")),
        ("https://:443", Err("is not https://HOST:PORT")),
        ("https://a:b:c", Err("is not https://HOST:PORT")),
        ("https://a.example:99999", Err("has no port")),
        ("https://a example", Err("is not https://HOST:PORT")),
        ("https://a\\b", Err("is not https://HOST:PORT")),
        ("HTTPS://a.example", Err("is not https")),
        ("https://a.example:+443", Err("has no port")),
        ("https://a.example:", Err("has no port")),
        ("https://[a.example]", Err("is not https://HOST:PORT")),
        ("https://[fe80::1%25eth0]", Err("is not https://HOST:PORT")),
        ("https://a,b", Err("is not https://HOST:PORT")),
        ("https://a%2f", Err("is not https://HOST:PORT")),
    ] {
        match (url(text), expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(found), Err(rule)) => assert!(found.contains(rule), "{text}: {found}"),
            (found, _) => panic!("{text}: {found:?}"),
        }
    }
    assert!(url(&format!("https://{}", "a".repeat(access::SERVER_OCTETS_MAX))).is_err());
}

/// KubeFed writes each cluster's status every ten seconds, and we that of each `MemberCluster`.
#[test]
fn a_status_that_is_written_is_no_news() {
    let Bench(mut registry) = Bench::new(&[]).member("eu-1", "eu").secret("portolan/eu", &PARTS);
    let mut set = |kind, value| match given(kind, value, "hub", &Keep::default()) {
        Given::Object(object, _) => registry.set(Arc::new(object)),
        refused => panic!("{refused:?}"),
    };
    let member = |secret: &str, version: &str| {
        let metadata = json!({ "name": "eu-1", "resourceVersion": version });
        json!({ "metadata": metadata, "spec": { "weight": 3, "credentials": { "secret": secret } }, "status": {} })
    };
    assert!(!set(Kind::MemberCluster, member("eu", "2")));
    assert!(set(Kind::MemberCluster, member("other", "3")));
    let kubefed = |endpoint: &str, version: &str| {
        let mut metadata = metadata("kube-federation-system/us-1");
        metadata["resourceVersion"] = version.into();
        json!({ "metadata": metadata, "spec": { "apiEndpoint": endpoint }, "status": { "conditions": [] } })
    };
    let sets = [("a", "1"), ("a", "2"), ("b", "3")]
        .map(|(endpoint, version)| set(Kind::KubeFedCluster, kubefed(endpoint, version)));
    assert_eq!(sets, [true, false, true]);
}

/// What a registration with a value that is not allowed says counts where it is new, and else leaves what it was.
#[test]
fn a_registration_in_part_replaces_none() {
    let Bench(mut registry) = Bench::new(&[]);
    let mut set = |secret: &str, weight: i64| {
        let spec = json!({ "weight": weight, "credentials": { "secret": secret } });
        let value = json!({ "metadata": { "name": "eu-1" }, "spec": spec });
        match given(Kind::MemberCluster, value, "hub", &Keep::default()) {
            Given::Object(object, _) => registry.set(Arc::new(object)),
            Given::Refused(refused, _) => refused.rest.is_some_and(|rest| registry.set(rest)),
            nameless => panic!("{nameless:?}"),
        }
    };
    let sets = [("eu", -1), ("other", -1), ("other", 1), ("eu", -1), ("eu", 1)];
    assert_eq!(sets.map(|(secret, weight)| set(secret, weight)), [true, false, true, false, true]);
}

/// However they come, the same follows.
#[test]
fn the_order_of_events_does_not_matter() {
    let objects = || {
        let kubefed = json!({ "apiEndpoint": "192.0.2.2", "secretRef": { "name": "s" } });
        let member = |name: &str| json!({ "metadata": { "name": name }, "spec": { "credentials": { "secret": "eu" } } });
        let secret = |key: &str| {
            let data: BTreeMap<&str, String> =
                PARTS.iter().map(|(key, value)| (*key, base64(value.as_bytes()))).collect();
            json!({ "metadata": metadata(key), "data": data })
        };
        vec![
            (Kind::MemberCluster, member("eu-1")),
            (Kind::MemberCluster, member("us-1")),
            (
                Kind::KubeFedCluster,
                json!({ "metadata": metadata("kube-federation-system/eu-1"), "spec": kubefed }),
            ),
            (Kind::Secret, secret("portolan/eu")),
            (Kind::Secret, secret("kube-federation-system/s")),
        ]
    };
    let put = |order: &[usize]| {
        let all = objects();
        let bench =
            order.iter().fold(Bench::new(&[]), |bench, nth| bench.put(all[*nth].0, all[*nth].1.clone()));
        bench.0.found()
    };
    let expected = put(&[0, 1, 2, 3, 4]);
    for order in [[4, 3, 2, 1, 0], [2, 4, 0, 3, 1], [3, 0, 4, 1, 2]] {
        assert_eq!(put(&order), expected);
    }
}
