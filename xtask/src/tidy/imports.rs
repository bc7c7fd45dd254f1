//! Who may depend on whom: the table of crates, checked against what cargo resolved.
//!
//! Only what ends up in the program counts, so dev- and build-dependencies are passed over. What a
//! crate imports of ours is looked at directly; what it must never reach, through everything below it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Finding;

/// One crate of ours.
struct Row {
    name: &'static str,
    /// Of ours, what it may import.
    may: &'static [&'static str],
    /// What must not be below it at any depth.
    never: &'static [&'static str],
}

/// A runtime, a socket, a random source: nothing of these below what is pure. Time and randomness
/// are arguments there.
const IMPURE: &[&str] = &["tokio", "mio", "socket2", "rustix", "rand", "getrandom", "notify", "kube-client"];
/// As [`IMPURE`], and nothing of Kubernetes.
const IMPURE_OR_KUBERNETES: &[&str] = &[
    "tokio",
    "mio",
    "socket2",
    "rustix",
    "rand",
    "getrandom",
    "notify",
    "kube",
    "k8s-openapi",
    "libc",
    "jiff",
];
/// What answers and what keeps state know nothing of Kubernetes.
const KUBERNETES: &[&str] = &["portolan-kube", "kube", "k8s-openapi"];

const TABLE: &[Row] = &[
    Row { name: "portolan-core", may: &[], never: IMPURE_OR_KUBERNETES },
    Row { name: "portolan-wire", may: &["portolan-core"], never: IMPURE_OR_KUBERNETES },
    Row { name: "portolan-zonefile", may: &["portolan-core"], never: IMPURE },
    // Of zone files, kube takes rdata in words: `DNSEndpoint`s hold it.
    Row { name: "portolan-kube", may: &["portolan-core", "portolan-zonefile"], never: IMPURE },
    Row { name: "portolan-store", may: &["portolan-core"], never: KUBERNETES },
    Row {
        name: "portolan-serve",
        may: &["portolan-core", "portolan-wire"],
        // It answers with every API server and every store down.
        never: &["portolan-kube", "kube", "k8s-openapi", "portolan-store"],
    },
    Row { name: "portolan-probe", may: &["portolan-core", "portolan-wire"], never: KUBERNETES },
    // Of zone files, sync reads those that it publishes to (ADR 0018).
    Row {
        name: "portolan-sync",
        may: &["portolan-core", "portolan-wire", "portolan-store", "portolan-zonefile"],
        never: KUBERNETES,
    },
    Row {
        name: "portolan-sim",
        may: &["portolan-core", "portolan-wire", "portolan-kube", "portolan-store"],
        never: &["portolan-serve"],
    },
    Row { name: "portolan-testbed", may: &[], never: &[] },
    Row {
        name: "portolan",
        may: &[
            "portolan-core",
            "portolan-wire",
            "portolan-kube",
            "portolan-store",
            "portolan-serve",
            "portolan-probe",
            "portolan-sync",
            "portolan-sim",
            "portolan-zonefile",
        ],
        // The other side of differential tests, and only that.
        never: &["hickory-proto"],
    },
    Row { name: "xtask", may: &["portolan-testbed"], never: &[] },
];

/// The crates of the workspace, and what is below each.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    members: BTreeMap<String, Member>,
}

#[derive(Debug, Default)]
struct Member {
    /// Names of its own dependencies.
    imports: BTreeSet<String>,
    /// Names of everything below it.
    reaches: BTreeSet<String>,
}

impl Graph {
    /// Reads what `cargo metadata` prints; none when it has another form.
    pub(crate) fn from_metadata(metadata: &Value) -> Option<Self> {
        let names: BTreeMap<&str, &str> = metadata["packages"]
            .as_array()?
            .iter()
            .filter_map(|package| Some((package["id"].as_str()?, package["name"].as_str()?)))
            .collect();
        let below: BTreeMap<&str, Vec<&str>> = metadata["resolve"]["nodes"]
            .as_array()?
            .iter()
            .filter_map(|node| Some((node["id"].as_str()?, normal_dependencies(node)?)))
            .collect();
        let name = |id: &str| names.get(id).map(|name| (*name).to_owned());
        let members = metadata["workspace_members"].as_array()?.iter().filter_map(|id| {
            let id = id.as_str()?;
            let imports = below.get(id)?.iter().filter_map(|id| name(id)).collect();
            let reaches = closure(&below, id).into_iter().filter_map(name).collect();
            Some((name(id)?, Member { imports, reaches }))
        });
        Some(Self { members: members.collect() })
    }

    /// The crates.
    pub(crate) fn names(&self) -> Vec<String> {
        self.members.keys().cloned().collect()
    }

    /// Takes what is below one crate from what `cargo tree` prints of it alone. What `cargo metadata` says has the
    /// features of all crates together: what another asks of a library would count for this one too.
    pub(crate) fn set_reach(&mut self, name: &str, tree: &str) {
        let below = tree.lines().skip(1).filter_map(|line| line.split(' ').next());
        if let Some(member) = self.members.get_mut(name) {
            member.reaches = below.map(str::to_owned).collect();
        }
    }
}

fn normal_dependencies(node: &Value) -> Option<Vec<&str>> {
    let is_normal = |dependency: &&Value| {
        dependency["dep_kinds"]
            .as_array()
            .is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"].is_null()))
    };
    let dependencies = node["deps"].as_array()?.iter().filter(is_normal);
    Some(dependencies.filter_map(|dependency| dependency["pkg"].as_str()).collect())
}

fn closure<'a>(below: &BTreeMap<&'a str, Vec<&'a str>>, from: &str) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&str> = below.get(from).cloned().unwrap_or_default();
    while let Some(id) = open.pop() {
        if seen.insert(id) {
            open.extend(below.get(id).into_iter().flatten());
        }
    }
    seen
}

/// Every difference between the table and the graph.
pub(crate) fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, member) in &graph.members {
        let Some(row) = TABLE.iter().find(|row| row.name == name) else {
            findings.push(Finding::new(name, "is not in the table of crates; a new crate needs an ADR"));
            continue;
        };
        let ours = member.imports.iter().filter(|import| graph.members.contains_key(*import));
        for import in ours.filter(|import| !row.may.contains(&import.as_str())) {
            findings.push(Finding::new(name, format!("must not import {import}")));
        }
        for never in row.never.iter().filter(|never| member.reaches.contains(**never)) {
            findings.push(Finding::new(name, format!("must not have {never} below it")));
        }
    }
    findings
}

#[cfg(test)]
mod tests;
