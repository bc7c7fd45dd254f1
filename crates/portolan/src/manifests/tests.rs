//! What is printed, and that the program takes its own part of it.

use std::path::PathBuf;

use super::*;
use crate::config::said::{Flags, Said};
use crate::config::{self, RunConfig};

fn install(role: Role) -> Install {
    Install {
        role,
        namespace: "portolan".into(),
        image: "registry.example/portolan:1".into(),
        replicas: 2,
        cluster: if role.follows_clusters() { "eu-1".into() } else { String::new() },
        topology: Topology::Hub,
        etcd: None,
        stream: None,
        hub: None,
        zones: Vec::new(),
        name_servers: Vec::new(),
        families: vec![Family::V4],
    }
}

fn with_etcd(role: Role) -> Install {
    let urls = ["https://etcd-0.etcd:2379", "https://etcd-1.etcd:2379"].map(str::to_owned).to_vec();
    let zones = ["example.org", "example.net"].map(|zone| zone.parse().unwrap()).to_vec();
    let name_servers =
        if role == Role::Serve { vec!["ns1.example.com".parse().unwrap()] } else { Vec::new() };
    let etcd = Some(Etcd { urls, secret: Some("etcd-client".into()) });
    Install { etcd, zones, name_servers, ..install(role) }
}

/// Of a cluster that follows a hub elsewhere.
fn with_hub(role: Role) -> Install {
    let hub = Some("hub-kubeconfig".into());
    Install { hub, topology: Topology::Follower, ..with_stream(role) }
}

fn with_stream(role: Role) -> Install {
    let urls = if role == Role::Serve {
        vec!["https://portolan-stream.portolan:7353".to_owned()]
    } else {
        Vec::new()
    };
    Install { stream: Some(Stream { urls, secret: "stream-tls".into() }), ..install(role) }
}

/// Each installation that has a file, by its name there.
fn all() -> Vec<(&'static str, Install)> {
    let etcd = Etcd { urls: vec!["http://etcd.dns:2379".into()], secret: None };
    let serve = Install {
        namespace: "dns".into(),
        replicas: 3,
        etcd: Some(etcd),
        zones: vec!["example.org".parse().unwrap()],
        families: vec![Family::V6, Family::V4],
        ..install(Role::Serve)
    };
    vec![
        ("all", install(Role::All)),
        ("control", install(Role::Control)),
        ("control-etcd", Install { namespace: "fleet".into(), ..with_etcd(Role::Control) }),
        ("control-mesh", Install { topology: Topology::Mesh, ..with_stream(Role::Control) }),
        ("serve", serve),
        ("serve-tls", with_etcd(Role::Serve)),
        ("control-stream", with_stream(Role::Control)),
        ("serve-stream", with_stream(Role::Serve)),
        ("control-hub", with_hub(Role::Control)),
    ]
}

/// `REWRITE=1` writes what is printed into the files: commit that only if you understand it. What stands elsewhere, the
/// definitions of our kinds and rights, is not in them.
#[test]
fn what_is_printed_is_what_is_kept() {
    let is_elsewhere =
        |document: &str| ELSEWHERE.iter().any(|kind| document.contains(&format!("\nkind: {kind}\n")));
    for (name, install) in all() {
        let path =
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("src/manifests/golden/{name}.yaml"));
        let printed = install.yaml();
        let kept: Vec<&str> = printed.split("---\n").filter(|document| !is_elsewhere(document)).collect();
        let printed = kept.join("---\n");
        if std::env::var_os("REWRITE").is_some() {
            std::fs::write(&path, &printed).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(printed, kept, "{} is not what is printed", path.display());
    }
}

/// Kinds of what `crds/` and `deploy/rbac` have.
const ELSEWHERE: [&str; 5] =
    ["CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"];

#[test]
fn definitions_and_rights_are_those_that_are_shipped() {
    for (name, install) in all() {
        let documents: Vec<Value> = serde_saphyr::from_multiple(&install.yaml()).unwrap();
        let is_elsewhere = |document: &Value| ELSEWHERE.iter().any(|kind| document["kind"] == *kind);
        let printed: Vec<Value> = documents.into_iter().filter(is_elsewhere).collect();
        let mut expected = Vec::new();
        if install.has_rights() {
            expected.extend(serde_saphyr::from_multiple::<Value>(&crds::yaml()).unwrap());
            for file in ["member", "hub"] {
                let path = format!("{}/../../deploy/rbac/{file}.yaml", env!("CARGO_MANIFEST_DIR"));
                expected
                    .extend(rights::manifests(&std::fs::read_to_string(path).unwrap(), &install.namespace));
            }
        }
        expected.retain(is_elsewhere);
        assert_eq!(printed, expected, "{name}");
    }
}

/// What the program makes of the configuration that it is given.
fn settled(install: &Install) -> RunConfig {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("portolan.yaml");
    std::fs::write(&file, configuration::text(install)).unwrap();
    let said = Said::gather(&Flags { config: Some(file), ..Flags::default() }, &|_| None);
    said.settle().unwrap_or_else(|faults| panic!("{faults:?} in\n{}", configuration::text(install)))
}

#[test]
fn the_program_takes_its_configuration() {
    for (name, install) in all() {
        let config = settled(&install);
        let role = match install.role {
            Role::All => config::Role::All,
            Role::Control => config::Role::Control,
            Role::Serve => config::Role::Serve,
        };
        assert_eq!(config.role, role, "{name}");
        assert_eq!(config.topology, install.topology, "{name}");
        assert_eq!(config.in_cluster.is_some(), install.has_rights(), "{name}");
        assert_eq!(config.lease.is_some(), install.has_rights(), "{name}");
        let (is_serve, is_streamed) = (install.role == Role::Serve, install.stream.is_some());
        assert_eq!(config.skydns.is_some(), is_serve && !is_streamed, "{name}");
        assert_eq!(config.follow.is_some(), is_serve && is_streamed, "{name}");
        assert_eq!(config.stream.is_some(), !is_serve && is_streamed, "{name}");
        let publishes = install.role.follows_clusters() && install.etcd.is_some();
        assert_eq!(config.sync.len(), usize::from(publishes), "{name}");
        let listens = if install.role.answers() { install.families.len() } else { 2 };
        assert_eq!(config.listen.len(), listens, "{name}: {:?}", config.listen);
        assert_eq!(config.http.map(|http| http.port()), Some(HTTP_PORT), "{name}");
    }
    let config = settled(&with_etcd(Role::Serve));
    let skydns = config.skydns.unwrap();
    assert_eq!((skydns.zones.len(), skydns.name_servers.len()), (2, 1));
    assert_eq!(skydns.etcd.ca.unwrap(), PathBuf::from("/etc/portolan/etcd/ca.crt"));
    assert!(skydns.etcd.identity.is_some());
}

/// What somebody gives says nothing more than itself.
#[test]
fn texts_are_quoted() {
    let odd: Name = "a\\034\\010b\\: c.example".parse().unwrap();
    let install = Install { zones: vec![odd.clone()], ..with_etcd(Role::Serve) };
    assert_eq!(settled(&install).skydns.unwrap().zones, [odd]);
}

#[test]
fn who_only_answers_has_no_credential() {
    who_has_no_credential(&with_etcd(Role::Serve));
    who_has_no_credential(&with_stream(Role::Serve));
}

/// Of this cluster, whose hub is another.
#[test]
fn who_follows_a_hub_elsewhere_has_no_credential_here() {
    who_has_no_credential(&with_hub(Role::Control));
    who_has_no_credential(&with_hub(Role::All));
}

fn who_has_no_credential(install: &Install) {
    let serve = install.documents();
    for kind in ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"] {
        assert!(!serve.iter().any(|document| document["kind"] == kind), "{kind}");
    }
    let of = |kind: &str| serve.iter().find(|document| document["kind"] == kind).unwrap().clone();
    assert_eq!(of("ServiceAccount")["automountServiceAccountToken"], false);
    assert_eq!(of("Deployment")["spec"]["template"]["spec"]["automountServiceAccountToken"], false);
    assert!(!configuration::text(install).contains("inCluster"));
}

#[test]
fn in_another_namespace_nothing_is_of_ours() {
    for role in [Role::All, Role::Control, Role::Serve] {
        let install = Install { namespace: "fleet".into(), ..with_etcd(role) };
        for document in install.documents() {
            let namespace = &document["metadata"]["namespace"];
            assert!(namespace.is_null() || namespace == "fleet", "{document}");
        }
        let text = install.yaml();
        assert!(!text.contains("namespace: portolan\n"), "{text}");
        assert_eq!(text.matches("kind: Namespace\n").count(), 1, "{text}");
    }
}

/// Pods that run with another configuration are other pods.
#[test]
fn a_new_configuration_has_new_pods() {
    let digest = |install: &Install| {
        let documents = install.documents();
        let deployment = documents.iter().find(|document| document["kind"] == "Deployment").unwrap();
        deployment["spec"]["template"]["metadata"]["annotations"]["portolan.dev/configuration"].clone()
    };
    let one = with_etcd(Role::Serve);
    assert_eq!(digest(&one), digest(&Install { replicas: 5, ..one.clone() }));
    assert_ne!(digest(&one), digest(&Install { zones: one.zones[..1].to_vec(), ..one.clone() }));
}
