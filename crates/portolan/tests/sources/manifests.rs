//! The objects of `objects/`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{drawn, routes};

/// The manifests, a file a theme.
const FILES: [&str; 9] = [
    include_str!("objects/services.yaml"),
    include_str!("objects/nodes.yaml"),
    include_str!("objects/headless.yaml"),
    include_str!("objects/pods.yaml"),
    include_str!("objects/ingresses.yaml"),
    include_str!("objects/gateways.yaml"),
    include_str!("objects/istio.yaml"),
    include_str!("objects/openshift.yaml"),
    include_str!("objects/dnsendpoints.yaml"),
];
/// How annotations begin, in manifests and here, and how they do in truth.
const PREFIXES: [(&str, &str); 2] =
    [("dns/", "external-dns.kubernetes.io/"), ("old/", "external-dns.alpha.kubernetes.io/")];
/// The label that says of a Service that nothing stands behind it.
const SLICES: &str = "slices";

/// All objects, namespaces first.
pub(crate) fn all() -> Vec<Value> {
    let mut objects: Vec<Value> = FILES.iter().flat_map(|file| read(file)).collect();
    objects.extend(routes::read(include_str!("objects/routes.txt")));
    objects.extend(drawn::objects());
    objects.iter_mut().for_each(spell_annotations);
    let slices: Vec<Value> = objects.iter().filter_map(slice).collect();
    objects.extend(slices);
    let mut all = namespaces(&objects);
    all.extend(objects);
    all
}

/// Reads manifests.
pub(crate) fn read(text: &str) -> Vec<Value> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text).unwrap_or_else(|error| panic!("{error}"));
    documents.into_iter().filter(|document| !document.is_null()).collect()
}

/// Annotations by their whole names.
pub(crate) fn spell_annotations(object: &mut Value) {
    let Some(annotations) = object["metadata"]["annotations"].as_object_mut() else { return };
    let whole = |key: &str| {
        let known = PREFIXES.iter().find_map(|(short, long)| Some((long, key.strip_prefix(short)?)));
        known.map_or_else(|| key.to_owned(), |(long, suffix)| format!("{long}{suffix}"))
    };
    *annotations = annotations.iter().map(|(key, value)| (whole(key), value.clone())).collect();
}

/// The namespaces of objects, but for those that have a manifest.
fn namespaces(objects: &[Value]) -> Vec<Value> {
    let name = |object: &Value, field: &str| object["metadata"][field].as_str().map(str::to_owned);
    let mut names: BTreeSet<String> = objects.iter().filter_map(|object| name(object, "namespace")).collect();
    for namespace in objects.iter().filter(|object| object["kind"] == "Namespace") {
        names.remove(&name(namespace, "name").unwrap());
    }
    let namespace = |name| json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
    names.into_iter().map(namespace).collect()
}

/// An EndpointSlice with a ready endpoint for a Service that is served by pods of which nothing is to be known.
fn slice(service: &Value) -> Option<Value> {
    let (spec, metadata) = (&service["spec"], &service["metadata"]);
    let is_served = service["kind"] == "Service"
        && spec["type"] != "ExternalName"
        && spec["clusterIP"] != "None"
        && metadata["labels"][SLICES] != "none";
    is_served.then(|| {
        json!({
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": metadata["name"],
                "namespace": metadata["namespace"],
                "labels": { "kubernetes.io/service-name": metadata["name"] },
            },
            "addressType": "IPv4",
            "ports": [{ "port": 80 }],
            "endpoints": [{ "addresses": ["10.8.0.1"], "conditions": { "ready": true } }],
        })
    })
}
