//! Names as `DNSEndpoint` objects: what federation would write, for whoever publishes them.
//!
//! ```text
//!   Fleet (whose is each name) ─┐
//!   Snapshot (what is decided) ─┴─▶ by object ─▶ DNSEndpoint { spec: what a stock External-DNS publishes,
//!                                                              annotation: every member, for ours }
//! ```
//!
//! The spec is the same decision that our own server makes, for a client of unknown place
//! ([`portolan_core::answer::project`]), and nothing of ours stands in it: External-DNS copies labels into
//! public records. What a target alone cannot tell (its cluster, whether it is ready, its weight) is in the
//! annotation [`MARK`], which also marks the object as ours.

mod members;
mod plan;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use portolan_core::answer::{Projected, project as project_name};
use portolan_core::fleet::{Fleet, NameView, OwnerView};
use portolan_core::record::Present;
use portolan_core::{Name, NameRef, RecordType, Snapshot};
use serde::Serialize;

use crate::dns_endpoint::{DnsEndpoint, MARK, RecordSpec};
use crate::object::Kind;
pub use members::{Member, Members, VERSION, sign};
pub use plan::{Plan, plan};

/// The objects that federation would write for the names that the filter takes: one for each record, sorted
/// by namespace and name, with its endpoints sorted by name and type. Names of a foreign `DNSEndpoint` and
/// of name servers have no record, and so no object. The snapshot must be that of the fleet.
#[must_use]
pub fn project(
    snapshot: &Snapshot,
    fleet: &Fleet,
    filter: impl Fn(NameRef<'_>, &NameView<'_>) -> bool,
) -> Vec<DnsEndpoint> {
    let mut objects: BTreeMap<(Arc<str>, String), Object> = BTreeMap::new();
    for (name, facts) in fleet.names.iter().filter(|(name, facts)| filter(*name, facts)) {
        let Some(object_name) = object_name(&facts.owner) else { continue };
        let name = name.to_name();
        let sets = project_name(snapshot, name.borrowed());
        let object = objects.entry((facts.owner.namespace.into(), object_name)).or_default();
        object
            .endpoints
            .extend(sets.iter().filter(|set| !set.records.is_empty()).map(|set| record(&name, set)));
        object.members.extend(members::of(snapshot, &name));
    }
    let written = objects.into_iter().filter(|(_, object)| !object.endpoints.is_empty());
    written.map(|((namespace, name), object)| object.written(&namespace, name)).collect()
}

/// The objects as YAML documents. The same bytes for the same objects.
#[must_use]
pub fn yaml(objects: &[DnsEndpoint]) -> String {
    let mut text = String::new();
    for object in objects {
        let document = serde_saphyr::to_string(object).expect("an object is maps, lists and strings");
        let _ = write!(text, "---\n{document}");
    }
    text
}

/// The objects as one JSON `List`. The same bytes for the same objects.
#[must_use]
pub fn json(objects: &[DnsEndpoint]) -> String {
    let list = List { api_version: "v1", kind: "List", items: objects };
    let mut text = serde_json::to_string_pretty(&list).expect("an object is maps, lists and strings");
    text.push('\n');
    text
}

/// What `kubectl get -o json` prints of many objects.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List<'a> {
    api_version: &'a str,
    kind: &'a str,
    items: &'a [DnsEndpoint],
}

/// One object under way.
#[derive(Default)]
struct Object {
    endpoints: Vec<RecordSpec>,
    members: Vec<Member>,
}

impl Object {
    fn written(mut self, namespace: &str, name: String) -> DnsEndpoint {
        // The fleet's names stand in the order of their wire form.
        self.endpoints.sort_by(|a, b| (&a.dns_name, &a.record_type).cmp(&(&b.dns_name, &b.record_type)));
        self.members.sort_unstable();
        let mark = Members::new(self.members).to_json();
        let metadata = ObjectMeta {
            name: Some(name),
            namespace: Some(namespace.into()),
            annotations: Some([(MARK.to_owned(), mark)].into()),
            ..ObjectMeta::default()
        };
        DnsEndpoint::new(metadata, self.endpoints)
    }
}

/// What federation calls the object of a record.
fn object_name(owner: &OwnerView<'_>) -> Option<String> {
    let is = |kind: Kind| kind.to_string() == owner.kind;
    let prefix = match () {
        () if is(Kind::ServiceDnsRecord) => "service",
        () if is(Kind::IngressDnsRecord) => "ingress",
        () if is(Kind::GlobalName) => "global",
        () => return None,
    };
    Some(format!("{prefix}-{}", owner.name))
}

fn record(name: &Name, set: &Projected) -> RecordSpec {
    let mut targets: Vec<String> =
        set.records.iter().map(|rdata| target(set.rtype, rdata.as_wire())).collect();
    targets.sort_unstable();
    RecordSpec {
        dns_name: name.to_dotless(),
        targets,
        record_type: set.rtype.to_string(),
        record_ttl: Some(set.ttl).into(),
        ..RecordSpec::default()
    }
}

/// A target as External-DNS takes it: host names without the trailing dot.
fn target(rtype: RecordType, data: &[u8]) -> String {
    let text = Present(rtype, data).to_string();
    match rtype {
        RecordType::CNAME => text.strip_suffix('.').map_or(text.clone(), str::to_owned),
        _ => text,
    }
}

#[cfg(test)]
mod tests;
