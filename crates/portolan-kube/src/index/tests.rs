//! Builders, and a fleet that follows an index. Each theme's tables are in its own file.
#![allow(clippy::needless_pass_by_value, reason = "a table reads best with json!(...) in place")]

mod backing;
mod cost;
mod fence;
mod foreign;
mod global_name;
mod grace;
mod handed;
mod levels;
mod members;
mod memory;
mod mesh;
mod order;
mod part;
mod resolved;
mod restart;
mod sourced;
mod sources;
mod values;

use std::sync::Arc;

use k8s_openapi::api::core::v1 as core_v1;
use k8s_openapi::api::discovery::v1 as discovery_v1;
use k8s_openapi::api::networking::v1 as networking_v1;
use portolan_core::cluster::ClusterName;
use portolan_core::compile::compile;
use portolan_core::fleet::{Fleet, NameFacts};
use portolan_core::publish::Serials;
use portolan_core::{Fact, Name, Reason, Snapshot};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Index, Resolution};
use crate::dns_endpoint::DnsEndpoint;
use crate::endpoints;
use crate::kinds::MemberCluster;
use crate::kubefed::{Domain, IngressDnsRecord, ServiceDnsRecord};
use crate::manifest;
use crate::object::{Object, ObjectKey, Read};
use crate::settle;
use crate::workload::Keep;

/// An index and the fleet of a follower that applies what it gives out.
#[derive(Default)]
pub(crate) struct Bench {
    pub(crate) index: Index,
    pub(crate) fleet: Fleet,
    keep: Keep,
}

/// What happens to an index, as a value, so that it can be told in any order.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Set(&'static str, Value),
    Delete(&'static str, Value),
    Heard(&'static str),
    Silent(&'static str),
    /// A host name, and its addresses; `!` stands before why it does not resolve: `!SERVFAIL 192.0.2.1`.
    Resolved(&'static str, &'static str),
}

impl Bench {
    /// One with these sources heard and these objects in them.
    pub(crate) fn of(objects: &[(&'static str, Value)]) -> Self {
        Self::default().with(objects)
    }

    /// One with these sources on, as on the command line.
    pub(crate) fn sourced(flags: &str) -> Self {
        let options = crate::sources::tests::options(flags);
        let keep = options.keep();
        Self { index: Index::with_sources(Arc::new(options)), fleet: Fleet::default(), keep }
    }

    /// The same with these sources heard and these objects in them.
    pub(crate) fn with(self, objects: &[(&'static str, Value)]) -> Self {
        let mut bench = self;
        for (source, value) in objects {
            bench.set(source, value);
        }
        for (source, _) in objects {
            bench.index.heard(&ClusterName::from(*source));
        }
        bench.take();
        bench
    }

    pub(crate) fn set(&mut self, source: &str, value: &Value) {
        let object = object_keeping(value, &self.keep);
        let place = format!("{source}/{}.yaml:1:1", object.key.name());
        self.index.set(&ClusterName::from(source), Arc::new(object), &place.into());
    }

    pub(crate) fn delete(&mut self, source: &str, value: &Value) {
        self.index.delete(&ClusterName::from(source), &object_keeping(value, &self.keep).key);
    }

    pub(crate) fn event(&mut self, event: &Event) {
        match event {
            Event::Set(source, value) => self.set(source, value),
            Event::Delete(source, value) => self.delete(source, value),
            Event::Heard(source) => self.index.heard(&ClusterName::from(*source)),
            Event::Silent(source) => self.index.silent(&ClusterName::from(*source), 1_000),
            Event::Resolved(host, said) => self.resolved(host, said),
        }
    }

    /// Tells what a host name resolves to, as [`Event::Resolved`] writes it.
    pub(crate) fn resolved(&mut self, host: &str, said: &str) {
        let (failure, addresses) =
            match said.strip_prefix('!').map(|said| said.split_once(' ').unwrap_or((said, ""))) {
                Some((why, addresses)) => (Some(why.to_owned()), addresses),
                None => (None, said),
            };
        let addresses =
            addresses.split(',').filter(|text| !text.is_empty()).map(|text| text.parse().unwrap());
        let addresses: Vec<std::net::IpAddr> = addresses.collect();
        let found = Resolution { count: addresses.len(), addresses, failure, ..Resolution::default() };
        self.index.resolved(&host.parse().unwrap(), Some(found));
    }

    pub(crate) fn take(&mut self) -> Vec<Fact> {
        let facts = self.index.take();
        self.fleet.apply(facts.clone());
        facts
    }

    pub(crate) fn name(&mut self, name: &str) -> Option<NameFacts> {
        self.take();
        self.fleet.names.get(name.parse::<Name>().unwrap().borrowed()).map(|facts| facts.to_facts())
    }

    /// A name's offers and alias: `eu=192.0.2.1 Ready | else p.d`; empty when the name is not there.
    pub(crate) fn show(&mut self, name: &str) -> String {
        let Some(facts) = self.name(name) else { return String::new() };
        let offer = |e: &portolan_core::Endpoint| {
            let cluster = e.cluster.as_ref().map_or("-".into(), ToString::to_string);
            let targets: Vec<String> = e.targets.iter().map(ToString::to_string).collect();
            format!("{cluster}={} {:?}", targets.join(","), e.evidence)
        };
        let mut parts: Vec<String> = facts.endpoints.iter().map(offer).collect();
        parts.extend(facts.fallback.iter().map(|to| format!("else {}", to.to_dotless())));
        parts.join(" | ")
    }

    /// What a client of unknown place gets for a name: `A 192.0.2.1 (180)`.
    pub(crate) fn answer(&mut self, name: &str) -> String {
        self.take();
        let name: Name = name.parse().unwrap();
        let snapshot = snapshot(&self.fleet);
        let sets = portolan_core::answer::project(&snapshot, name.borrowed());
        let set = |set: &portolan_core::answer::Projected| {
            let present = |r| portolan_core::record::Present(set.rtype, r).to_string();
            let records: Vec<String> = set.records.iter().map(|r| present(r.as_wire())).collect();
            format!("{} {} ({})", set.rtype, records.join(","), set.ttl.seconds())
        };
        sets.iter().map(set).collect::<Vec<_>>().join("; ")
    }

    /// All problems of a reason, as `subject: message`.
    pub(crate) fn problems(&mut self, reason: Reason) -> Vec<String> {
        self.take();
        let of = self.index.problems().filter(|problem| problem.reason == reason);
        of.map(|problem| format!("{}: {}", problem.subject, problem.message)).collect()
    }

    /// True when some problem of a reason has all these texts in it.
    #[track_caller]
    pub(crate) fn complains(&mut self, reason: Reason, texts: &[&str]) {
        let all = self.problems(reason);
        let has = |problem: &String| texts.iter().all(|text| problem.contains(text));
        assert!(all.iter().any(has), "no {reason} with {texts:?} in {all:#?}");
    }

    /// Everything that it came to, as text: facts, problems and objects.
    pub(crate) fn everything(&mut self) -> String {
        self.take();
        let problems: Vec<_> = self.index.problems().collect();
        let objects =
            endpoints::project(&snapshot(&self.fleet), &self.fleet, &self.index.apart(), |_, _| true);
        format!("{:#?}\n{problems:#?}\n{}", self.fleet, endpoints::yaml(&objects))
    }
}

pub(crate) fn snapshot(fleet: &Fleet) -> Snapshot {
    let empty = Snapshot::new(1);
    let compiled = compile(fleet, &empty, &fleet.everything());
    empty.publish(compiled, &mut Serials::default(), 1)
}

fn from<T: DeserializeOwned + Read>(value: Value, keep: &Keep) -> Object {
    serde_json::from_value::<T>(value).unwrap().object(keep)
}

pub(crate) fn object(value: &Value) -> Object {
    object_keeping(value, &Keep::default())
}

fn object_keeping(value: &Value, keep: &Keep) -> Object {
    let of = value.clone();
    match value["kind"].as_str().unwrap() {
        "Service" => from::<core_v1::Service>(of, keep),
        "EndpointSlice" => from::<discovery_v1::EndpointSlice>(of, keep),
        "Endpoints" => from::<core_v1::Endpoints>(of, keep),
        "Ingress" => from::<networking_v1::Ingress>(of, keep),
        "Node" => from::<core_v1::Node>(of, keep),
        "Pod" => from::<core_v1::Pod>(of, keep),
        "Domain" => from::<Domain>(of, keep),
        "ServiceDNSRecord" => from::<ServiceDnsRecord>(of, keep),
        "IngressDNSRecord" => from::<IngressDnsRecord>(of, keep),
        "DNSEndpoint" => from::<DnsEndpoint>(of, keep),
        // Its status is not kept where a manifest is read; a follower of a hub reads it.
        "MemberCluster" => {
            let object = from::<MemberCluster>(of, keep);
            Object { in_part: !settle::refusals(&object.body).is_empty(), ..object }
        }
        other => {
            let read = manifest::read_keeping("x.json", value.to_string().as_bytes(), keep);
            let first = read.objects.first().unwrap_or_else(|| panic!("no {other}: {:?}", read.problems));
            (*first.object).clone()
        }
    }
}

pub(crate) fn key(value: &Value) -> ObjectKey {
    object(value).key
}

// === Builders ===

fn api_version(kind: &str) -> &'static str {
    match kind {
        "Service" | "Endpoints" | "Node" | "Pod" | "Namespace" => "v1",
        "Gateway" | "HTTPRoute" => "gateway.networking.k8s.io/v1",
        "EndpointSlice" => "discovery.k8s.io/v1",
        "Ingress" => "networking.k8s.io/v1",
        "Domain" | "ServiceDNSRecord" | "IngressDNSRecord" => "multiclusterdns.kubefed.io/v1alpha1",
        "DNSEndpoint" => "externaldns.k8s.io/v1alpha1",
        _ => "portolan.dev/v1alpha1",
    }
}

/// An object of a kind, `namespace/name` or `name`, with more fields beside its metadata.
pub(crate) fn mk(kind: &str, path: &str, fields: Value) -> Value {
    let (namespace, name) = path.split_once('/').unwrap_or(("", path));
    let mut value = fields;
    value["apiVersion"] = json!(api_version(kind));
    value["kind"] = json!(kind);
    value["metadata"]["name"] = json!(name);
    if !namespace.is_empty() {
        value["metadata"]["namespace"] = json!(namespace);
    }
    value
}

/// The same object, made at another second.
pub(crate) fn made(mut value: Value, second: u32) -> Value {
    value["metadata"]["creationTimestamp"] = json!(format!("2026-01-01T00:00:{second:02}Z"));
    value
}

fn load_balancer(addresses: &[&str]) -> Value {
    let entry = |text: &&str| match text.parse::<std::net::IpAddr>() {
        Ok(_) => json!({ "ip": text }),
        Err(_) => json!({ "hostname": text }),
    };
    json!({ "loadBalancer": { "ingress": addresses.iter().map(entry).collect::<Vec<_>>() } })
}

pub(crate) fn mk_service(path: &str, addresses: &[&str]) -> Value {
    mk("Service", path, json!({ "spec": {}, "status": load_balancer(addresses) }))
}

pub(crate) fn mk_ingress(path: &str, addresses: &[&str], rules: Value) -> Value {
    mk("Ingress", path, json!({ "spec": rules, "status": load_balancer(addresses) }))
}

/// A slice of a Service with one endpoint.
pub(crate) fn mk_slice(path: &str, ready: bool) -> Value {
    let service = path.split_once('/').map_or(path, |(_, name)| name);
    let mut slice = mk(
        "EndpointSlice",
        &format!("{path}-1"),
        json!({
            "addressType": "IPv4",
            "endpoints": [{ "addresses": ["10.0.0.1"], "conditions": { "ready": ready } }],
        }),
    );
    slice["metadata"]["labels"] = json!({ "kubernetes.io/service-name": service });
    slice
}

pub(crate) fn mk_node(name: &str, region: &str, zone: &str) -> Value {
    let mut node = mk("Node", name, json!({}));
    node["metadata"]["labels"] =
        json!({ "topology.kubernetes.io/region": region, "topology.kubernetes.io/zone": zone });
    node
}

pub(crate) fn mk_domain(path: &str, domain: &str) -> Value {
    mk("Domain", path, json!({ "domain": domain }))
}

pub(crate) fn mk_record(path: &str, fields: Value) -> Value {
    let mut spec = fields;
    spec["domainRef"] = json!("fed");
    mk("ServiceDNSRecord", path, json!({ "spec": spec }))
}

pub(crate) fn mk_ingress_record(path: &str, hosts: &[&str]) -> Value {
    mk("IngressDNSRecord", path, json!({ "spec": { "hosts": hosts } }))
}

pub(crate) fn mk_global_name(path: &str, hosts: &[&str], services: &[&str]) -> Value {
    let backends: Vec<Value> = services.iter().map(|s| json!({ "kind": "Service", "name": s })).collect();
    mk("GlobalName", path, json!({ "spec": { "hosts": hosts, "backends": backends } }))
}

pub(crate) fn mk_zone(apex: &str, admit: Value) -> Value {
    let servers = json!([{ "name": format!("ns1.{apex}"), "addresses": ["192.0.2.53"] }]);
    mk("Zone", apex, json!({ "spec": { "apex": apex, "nameServers": servers, "admit": admit } }))
}

pub(crate) fn mk_member(name: &str, spec: Value) -> Value {
    mk("MemberCluster", name, json!({ "spec": spec }))
}
