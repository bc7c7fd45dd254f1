//! What a cluster holds: Services with their EndpointSlices, and Ingresses.
//!
//! ```text
//! service eu-1 shop/web ip=192.0.2.1,2001:db8::1 host=lb.example.net ready=yes|no|none|unknown
//! ready eu-1 shop/web no
//! ingress eu-1 shop/web hosts=shop.example.org backend=web ip=192.0.2.2
//!     both: hostname=shop.example.org,www.example.org ttl=60 target=192.0.2.9 set-identifier=eu made=2026-02-01
//! delete service eu-1 shop/web        delete globalname shop/web [in=eu-1]       delete cluster eu-1
//! ```
//!
//! `ready=none` is a Service without any EndpointSlice.

use serde_json::{Value, json};

use crate::command::Command;
use crate::world::{ROOT, World};

pub(super) fn run(world: &mut World, c: &mut Command) -> String {
    match c.verb.as_str() {
        "service" => service(world, c),
        "ready" => {
            let (cluster, (namespace, name)) = (c.word(), c.object());
            let ready = c.word();
            slice(world, c, &cluster, &namespace, &name, &ready);
        }
        "ingress" => ingress(world, c),
        _ => delete(world, c),
    }
    String::new()
}

fn service(world: &mut World, c: &mut Command) {
    let (cluster, (namespace, name)) = (c.word(), c.object());
    let object = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": metadata(c, &namespace, &name),
        "spec": { "type": "LoadBalancer", "ports": [{ "port": 80 }] },
        "status": { "loadBalancer": { "ingress": balancer(c) } },
    });
    let ready = c.option("ready").unwrap_or_else(|| "yes".into());
    world.set(&cluster, object);
    slice(world, c, &cluster, &namespace, &name, &ready);
}

/// Metadata with External-DNS' annotations.
fn metadata(c: &mut Command, namespace: &str, name: &str) -> Value {
    let mut metadata = json!({ "name": name, "namespace": namespace });
    for suffix in ["hostname", "ttl", "target", "set-identifier"] {
        if let Some(value) = c.option(suffix) {
            metadata["annotations"][format!("external-dns.kubernetes.io/{suffix}")] = value.into();
        }
    }
    if let Some(made) = c.option("made") {
        metadata["creationTimestamp"] = format!("{made}T00:00:00Z").into();
    }
    metadata
}

fn balancer(c: &mut Command) -> Value {
    let ips = c.list("ip").into_iter().map(|ip| json!({ "ip": ip }));
    ips.chain(c.list("host").into_iter().map(|host| json!({ "hostname": host }))).collect()
}

fn slice(world: &mut World, c: &Command, cluster: &str, namespace: &str, name: &str, ready: &str) {
    let slice = format!("{name}-1");
    let conditions = match ready {
        "yes" => json!({ "ready": true }),
        "no" => json!({ "ready": false }),
        "unknown" => json!({}),
        "none" => {
            world.delete(cluster, "EndpointSlice", namespace, &slice);
            return;
        }
        other => c.fail(&format!("ready is yes, no, none or unknown, not {other:?}")),
    };
    world.set(
        cluster,
        json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {
                "name": slice, "namespace": namespace,
                "labels": { "kubernetes.io/service-name": name },
            },
            "endpoints": [{ "addresses": ["10.0.0.1"], "conditions": conditions }],
        }),
    );
}

fn ingress(world: &mut World, c: &mut Command) {
    let (cluster, (namespace, name)) = (c.word(), c.object());
    let backend = c.option("backend").unwrap_or_else(|| name.clone());
    let path = json!({
        "path": "/", "pathType": "Prefix",
        "backend": { "service": { "name": backend, "port": { "number": 80 } } },
    });
    let rule = |host: String| json!({ "host": host, "http": { "paths": [path] } });
    let rules: Vec<Value> = c.list("hosts").into_iter().map(rule).collect();
    let object = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": metadata(c, &namespace, &name),
        "spec": { "rules": rules },
        "status": { "loadBalancer": { "ingress": balancer(c) } },
    });
    world.set(&cluster, object);
}

fn delete(world: &mut World, c: &mut Command) {
    let what = c.word();
    let holder = match what.as_str() {
        "service" | "ingress" => c.word(),
        _ => c.option("in").unwrap_or_else(|| ROOT.to_owned()),
    };
    let (kind, is_namespaced) = match what.as_str() {
        "service" => ("Service", true),
        "ingress" => ("Ingress", true),
        "globalname" => ("GlobalName", true),
        "servicerecord" => ("ServiceDNSRecord", true),
        "endpoint" => ("DNSEndpoint", true),
        "cluster" => ("MemberCluster", false),
        "policy" => ("SteeringPolicy", false),
        "zone" => ("Zone", false),
        other => c.fail(&format!("cannot delete a {other:?}")),
    };
    let (namespace, name) = if is_namespaced { c.object() } else { (String::new(), c.word()) };
    if !world.delete(&holder, kind, &namespace, &name) {
        c.fail("there is no such object");
    }
}
