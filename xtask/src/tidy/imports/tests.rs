use serde_json::json;

use super::*;

/// A workspace of the crates on the left, each with what it imports (`dev:` before a dev-dependency).
#[track_caller]
fn check(crates: &[(&str, &[&str])], expected: &[&str]) {
    let node = |(name, imports): &(&str, &[&str])| {
        let deps: Vec<Value> = imports
            .iter()
            .map(|import| match import.strip_prefix("dev:") {
                Some(import) => json!({"pkg": import, "dep_kinds": [{"kind": "dev"}]}),
                None => json!({"pkg": import, "dep_kinds": [{"kind": null}]}),
            })
            .collect();
        json!({"id": name, "deps": deps})
    };
    let ours = |name: &&str| name.starts_with("portolan") || *name == "xtask";
    let names: Vec<&str> = crates.iter().map(|(name, _)| *name).collect();
    let metadata = json!({
        "packages": names.iter().map(|name| json!({"id": name, "name": name})).collect::<Vec<_>>(),
        "workspace_members": names.iter().copied().filter(ours).collect::<Vec<_>>(),
        "resolve": {"nodes": crates.iter().map(node).collect::<Vec<_>>()},
    });
    let graph = Graph::from_metadata(&metadata).unwrap();
    let found: Vec<String> = super::check(&graph).iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}

#[test]
fn what_the_table_allows_is_fine() {
    check(
        &[
            ("portolan-core", &["rpds"]),
            ("portolan-wire", &["portolan-core"]),
            ("portolan-serve", &["portolan-core", "portolan-wire", "tokio"]),
            ("rpds", &[]),
            ("tokio", &["mio"]),
            ("mio", &[]),
        ],
        &[],
    );
}

#[test]
fn an_arrow_that_the_table_lacks_is_found() {
    check(
        &[("portolan-core", &["portolan-wire"]), ("portolan-wire", &[])],
        &["portolan-core: must not import portolan-wire"],
    );
    check(
        &[("portolan-serve", &["portolan-store"]), ("portolan-store", &[])],
        &[
            "portolan-serve: must not import portolan-store",
            "portolan-serve: must not have portolan-store below it",
        ],
    );
}

#[test]
fn what_is_forbidden_is_found_at_any_depth() {
    check(
        &[
            ("portolan-kube", &["kube"]),
            ("kube", &["kube-client"]),
            ("kube-client", &["tokio"]),
            ("tokio", &[]),
        ],
        &["portolan-kube: must not have tokio below it", "portolan-kube: must not have kube-client below it"],
    );
}

#[test]
fn dev_dependencies_do_not_count() {
    check(&[("portolan", &["dev:hickory-proto"]), ("hickory-proto", &[])], &[]);
    check(
        &[("portolan", &["hickory-proto"]), ("hickory-proto", &[])],
        &["portolan: must not have hickory-proto below it"],
    );
}

#[test]
fn a_new_crate_is_a_decision() {
    check(
        &[("portolan-extra", &[])],
        &["portolan-extra: is not in the table of crates; a new crate needs an ADR"],
    );
}
