//! Objects on which External-DNS ends its sync, so that nothing at all is published; ours tells them, and goes on.

use serde_json::{Value, json};

use crate::stage::Stage;

/// An object, where it is, the source that stumbles over it, what External-DNS says at its end, and what ours
/// tells.
struct Row {
    object: fn() -> Value,
    path: &'static str,
    source: &'static str,
    theirs_says: &'static str,
    ours_tells: &'static str,
}

const ROWS: [Row; 3] = [
    Row {
        object: || json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": "worker-7.example.com" } }),
        path: "/api/v1/nodes/worker-7.example.com",
        source: "--source=node",
        theirs_says: "could not find node address for worker-7.example.com",
        ours_tells: "Node worker-7.example.com",
    },
    Row {
        object: || {
            json!({
                "apiVersion": "networking.istio.io/v1", "kind": "Gateway",
                "metadata": { "name": "astray", "namespace": "mesh", "annotations": { "dns/ingress": "absent" } },
                "spec": { "servers": [{ "port": { "number": 80, "name": "a", "protocol": "HTTP" },
                    "hosts": ["mesh-astray.example.com"] }] },
            })
        },
        path: "/apis/networking.istio.io/v1/namespaces/mesh/gateways/astray",
        source: "--source=istio-gateway",
        theirs_says: "absent",
        ours_tells: "mesh/astray",
    },
    Row {
        object: || {
            json!({
                "apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
                "metadata": { "name": "astray", "namespace": "mesh" },
                "spec": { "hosts": ["vs-astray.example.com"], "gateways": ["a/b/c"] },
            })
        },
        path: "/apis/networking.istio.io/v1/namespaces/mesh/virtualservices/astray",
        source: "--source=istio-virtualservice",
        theirs_says: "a/b/c",
        ours_tells: "mesh/astray",
    },
];

/// Each object stops them and not us: what ours gave without it is what it gives beside it.
pub(crate) fn only_theirs_ends(stage: &Stage) {
    for row in &ROWS {
        let before = stage.ours(&[row.source]).records;
        stage.add((row.object)());
        let ended = stage.theirs(&[row.source]);
        let Err(said) = ended else { panic!("{}: External-DNS goes on beside {}", row.source, row.path) };
        assert!(said.contains(row.theirs_says), "{}: {said}", row.path);
        let ours = stage.ours(&[row.source]);
        assert!(ours.problems.contains(row.ours_tells), "{}: {}", row.path, ours.problems);
        assert_eq!(ours.records, before, "{}", row.path);
        stage.remove(row.path);
    }
}
