//! Routes of Gateway API, a line each. How a line is written stands at the head of `objects/routes.txt`.

use serde_json::{Value, json};

/// Reads the lines of a file.
pub(crate) fn read(text: &str) -> Vec<Value> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(route).collect()
}

fn route(line: &str) -> Value {
    let mut words = line.split(' ');
    let kind = words.next().unwrap();
    let (namespace, name) = words.next().unwrap().split_once('/').unwrap();
    let mut route = json!({
        "apiVersion": api_version(kind),
        "kind": kind,
        "metadata": { "name": name, "namespace": namespace, "labels": {}, "annotations": {} },
        "spec": {},
    });
    let pairs: Vec<(&str, &str)> = words.map(|word| word.split_once('=').unwrap()).collect();
    let wanted = pairs.iter().any(|(key, _)| *key == "spec");
    for (key, value) in pairs {
        let items = value.split(',');
        match key {
            "hosts" => route["spec"]["hostnames"] = items.collect(),
            "spec" => route["spec"]["parentRefs"] = items.map(reference).collect(),
            "parents" => {
                if !wanted {
                    route["spec"]["parentRefs"] = items.clone().map(reference).collect();
                }
                route["status"] = json!({ "parents": items.map(status).collect::<Value>() });
            }
            "labels" => items.for_each(|item| {
                let (label, value) = item.split_once(':').unwrap();
                route["metadata"]["labels"][label] = value.into();
            }),
            "team" => route["metadata"]["annotations"]["team"] = value.into(),
            suffix => route["metadata"]["annotations"][format!("dns/{suffix}")] = value.into(),
        }
    }
    route
}

/// The version that External-DNS watches.
fn api_version(kind: &str) -> &'static str {
    match kind {
        "TCPRoute" | "UDPRoute" => "gateway.networking.k8s.io/v1alpha2",
        _ => "gateway.networking.k8s.io/v1",
    }
}

/// `[Kind:]namespace/name[#section][:port]` as a reference.
fn reference(text: &str) -> Value {
    let text = text.trim_start_matches('!');
    let (kind, rest) = match text.split_once(':') {
        Some((kind, rest)) if kind.starts_with(char::is_uppercase) => (Some(kind), rest),
        _ => (None, text),
    };
    let (rest, port) = match rest.split_once(':') {
        Some((rest, port)) => (rest, Some(port.parse::<u16>().unwrap())),
        None => (rest, None),
    };
    let (rest, section) = match rest.split_once('#') {
        Some((rest, section)) => (rest, Some(section)),
        None => (rest, None),
    };
    let (namespace, name) = match rest.split_once('/') {
        Some((namespace, name)) => (Some(namespace), name),
        None => (None, rest),
    };
    let mut reference = json!({ "name": name });
    let fields = [("kind", kind), ("namespace", namespace), ("sectionName", section)];
    for (field, value) in fields.into_iter().filter_map(|(field, value)| Some((field, value?))) {
        reference[field] = value.into();
    }
    if let Some(port) = port {
        reference["port"] = port.into();
    }
    reference
}

/// What became of a route at a parent.
fn status(text: &str) -> Value {
    let accepted = if text.starts_with('!') { "False" } else { "True" };
    let condition = |kind: &str, status: &str| {
        json!({
            "type": kind, "status": status, "reason": "A", "message": "",
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        })
    };
    json!({
        "parentRef": reference(text),
        "controllerName": "example.com/controller",
        "conditions": [condition("ResolvedRefs", "False"), condition("Accepted", accepted)],
    })
}
