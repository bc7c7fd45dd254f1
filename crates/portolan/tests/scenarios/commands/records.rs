//! Objects that say which names there are.
//!
//! ```text
//! zone example.org ns=ns1.example.org=192.0.2.53,ns.example.net admit=shop|none hosts=*.example.org clusters=eu-1 policy=near ttl=300 negative=60
//! domain world fed.example ns=ns.fed.example
//! record service shop/web domain=world ttl=60 prefix=shop external=www allow=yes
//! record ingress shop/web hosts=shop.fed.example ttl=60
//! globalname shop/web hosts=shop.example.org service=web ingress=web policy=near ttl=60 allow=yes
//! endpoint shop/extra txt.example.org TXT "some text" ttl=60
//! ```
//!
//! They stand in the fleet folder's root, with `in=eu-1` in that cluster's folder; `made=2026-02-01` says
//! when they were created. A zone has the name server `ns1.<apex>` and admits everybody, unless it says
//! otherwise; `admit`, `hosts` and `clusters` are its one rule.

use serde_json::{Value, json};

use crate::command::Command;
use crate::world::{ROOT, World};

pub(super) fn run(world: &mut World, c: &mut Command) -> String {
    let object = match c.verb.as_str() {
        "zone" => zone(c),
        "domain" => domain(c),
        "record" => record(c),
        "globalname" => global_name(c),
        _ => endpoint(world, c),
    };
    let mut object = object;
    let made = c.option("made").unwrap_or_else(|| "2026-01-01".into());
    object["metadata"]["creationTimestamp"] = format!("{made}T00:00:00Z").into();
    let source = c.option("in").unwrap_or_else(|| ROOT.to_owned());
    world.set(&source, object);
    String::new()
}

fn zone(c: &mut Command) -> Value {
    let apex = c.word();
    let servers = match c.list("ns") {
        list if list.is_empty() => vec![format!("ns1.{apex}=192.0.2.53")],
        list => list,
    };
    let server = |text: &String| match text.split_once('=') {
        Some((name, address)) => json!({ "name": name, "addresses": [address] }),
        None => json!({ "name": text }),
    };
    let mut spec = json!({ "apex": apex, "nameServers": servers.iter().map(server).collect::<Value>() });
    let (namespaces, hosts) = (c.list("admit"), c.list("hosts"));
    if namespaces != ["none"] {
        spec["admit"] = json!([{ "namespaces": namespaces, "hosts": hosts, "clusters": c.list("clusters") }]);
    }
    put(&mut spec, "defaultPolicy", c.option("policy"));
    put(&mut spec, "ttl", c.number("ttl"));
    if let Some(seconds) = c.number("negative") {
        spec["soa"] = json!({ "negativeTTL": seconds });
    }
    json!({ "apiVersion": "portolan.dev/v1alpha1", "kind": "Zone", "metadata": { "name": apex }, "spec": spec })
}

fn domain(c: &mut Command) -> Value {
    let (name, domain) = (c.word(), c.word());
    let mut object = json!({
        "apiVersion": "multiclusterdns.kubefed.io/v1alpha1", "kind": "Domain",
        "metadata": { "name": name, "namespace": "kube-federation-system" }, "domain": domain,
    });
    put(&mut object, "nameServer", c.option("ns"));
    object
}

fn record(c: &mut Command) -> Value {
    let what = c.word();
    let (namespace, name) = c.object();
    let mut spec = json!({});
    put(&mut spec, "recordTTL", c.number("ttl"));
    let kind = match what.as_str() {
        "service" => {
            put(&mut spec, "domainRef", c.option("domain"));
            put(&mut spec, "dnsPrefix", c.option("prefix"));
            put(&mut spec, "externalName", c.option("external"));
            put(&mut spec, "allowServiceWithoutEndpoints", c.option("allow").map(|word| word == "yes"));
            "ServiceDNSRecord"
        }
        "ingress" => {
            spec["hosts"] = c.list("hosts").into();
            "IngressDNSRecord"
        }
        other => c.fail(&format!("a record is for a service or an ingress, not {other:?}")),
    };
    json!({
        "apiVersion": "multiclusterdns.kubefed.io/v1alpha1", "kind": kind,
        "metadata": { "name": name, "namespace": namespace }, "spec": spec,
    })
}

fn global_name(c: &mut Command) -> Value {
    let (namespace, name) = c.object();
    let backend = |kind: &str, name: Option<String>| name.map(|name| json!({ "kind": kind, "name": name }));
    let backends = [backend("Service", c.option("service")), backend("Ingress", c.option("ingress"))];
    let mut backends: Vec<Value> = backends.into_iter().flatten().collect();
    if backends.is_empty() {
        backends.push(json!({ "kind": "Service", "name": name }));
    }
    let mut spec = json!({ "hosts": c.list("hosts"), "backends": backends });
    put(&mut spec, "policy", c.option("policy"));
    put(&mut spec, "ttl", c.number("ttl"));
    put(&mut spec, "allowServiceWithoutEndpoints", c.option("allow").map(|word| word == "yes"));
    json!({
        "apiVersion": "portolan.dev/v1alpha1", "kind": "GlobalName",
        "metadata": { "name": name, "namespace": namespace }, "spec": spec,
    })
}

/// Adds a set of records to a `DNSEndpoint`, which is made when it is not there.
fn endpoint(world: &World, c: &mut Command) -> Value {
    let (namespace, name) = c.object();
    let mut record = json!({ "dnsName": c.word(), "recordType": c.word() });
    put(&mut record, "recordTTL", c.number("ttl"));
    record["targets"] = c.words().into();
    let known = world.get(ROOT, "DNSEndpoint", &namespace, &name).cloned();
    let mut object = known.unwrap_or_else(|| {
        json!({
            "apiVersion": "externaldns.k8s.io/v1alpha1", "kind": "DNSEndpoint",
            "metadata": { "name": name, "namespace": namespace }, "spec": { "endpoints": [] },
        })
    });
    object["spec"]["endpoints"].as_array_mut().expect("it is a list").push(record);
    object
}

fn put(object: &mut Value, field: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        object[field] = value.into();
    }
}
