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
//!
//! A source object's records have what its annotations say (set identifiers, properties), and a TTL only where
//! it names one: then External-DNS has its provider's default, as it had before.

mod handed;
mod members;
mod plan;
mod sets;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use portolan_core::fleet::{Fleet, NameView, OwnerView};
use portolan_core::record::Present;
use portolan_core::{NameRef, RecordType, Snapshot};
use serde::Serialize;

use crate::dns_endpoint::{DnsEndpoint, MARK, RecordSpec};
use crate::index::Apart;
use crate::object::{Kind, ObjectKey};
pub use handed::MARK_OCTETS_MAX;
pub(crate) use handed::handed;
pub use members::{Epochs, Member, Members, Named, Stamp, VERSION, run_of, sign};
pub use plan::{Plan, plan};

/// The objects that federation would write for the names that the filter takes: one for each record or source
/// object, sorted by namespace and name, with its endpoints sorted by name and type. Names of name servers have
/// no record, and so no object, nor have those of a foreign `DNSEndpoint` unless the source `crd` is on. The
/// snapshot must be that of the fleet, and `apart` of the index that the fleet comes from.
#[must_use]
pub fn project(
    snapshot: &Snapshot,
    fleet: &Fleet,
    apart: &Apart,
    filter: impl Fn(NameRef<'_>, &NameView<'_>) -> bool,
) -> Vec<DnsEndpoint> {
    of_names(snapshot, apart, fleet.names.iter().filter(|(name, facts)| filter(*name, facts)))
}

/// The same of these names of the fleet alone. An object is whole when all its names are among them
/// ([`written_for`]).
#[must_use]
pub fn of_names<'f>(
    snapshot: &Snapshot,
    apart: &Apart,
    names: impl Iterator<Item = (NameRef<'f>, NameView<'f>)>,
) -> Vec<DnsEndpoint> {
    let mut objects: BTreeMap<(Arc<str>, String), Object> = BTreeMap::new();
    for (name, facts) in names {
        let owner = facts.owner();
        let Some(object_name) = object_name(&owner, apart.prints_dns_endpoints) else { continue };
        let name = name.to_name();
        let object = objects.entry((owner.namespace.into(), object_name)).or_default();
        object.endpoints.extend(sets::records(snapshot, &name, &facts, apart.of(&name)));
        object.members.extend(members::of(snapshot, &name, &facts));
        object.names.extend(members::named(snapshot, &name, &facts));
    }
    let written = objects.into_iter().filter(|(_, object)| !object.endpoints.is_empty());
    written.map(|((namespace, name), object)| object.written(&namespace, name)).collect()
}

/// The object that an owner's names stand in when federation writes them to an API server; none of owners
/// that get none. A record and a source object of one name may share it.
#[must_use]
pub fn written_for(owner: &OwnerView<'_>) -> Option<ObjectKey> {
    // A foreign `DNSEndpoint` stands there already.
    let name = object_name(owner, false)?;
    Some(ObjectKey::new(Kind::DnsEndpoint, Some(owner.namespace), &name))
}

/// Federation's own objects have these names beside the record that they come from.
const PROJECTIONS: [(&str, Kind); 3] =
    [("service", Kind::ServiceDnsRecord), ("ingress", Kind::IngressDnsRecord), ("global", Kind::GlobalName)];

/// True of the records that an object's name tells of.
fn is_record(kind: &str) -> bool {
    PROJECTIONS.iter().any(|(_, known)| known.to_string() == kind)
}

/// The record beside which an object stands that has the name of a projection; source objects have such names too.
#[must_use]
pub fn record_of(key: &ObjectKey) -> Option<ObjectKey> {
    let (prefix, name) = key.name().split_once('-')?;
    let (_, kind) = PROJECTIONS.iter().find(|(known, _)| *known == prefix)?;
    Some(ObjectKey::of(*kind, key.namespace(), name))
}

/// The object of a kind whose names stand in an object of ours; none of a kind whose objects are called otherwise. The
/// reverse of [`written_for`].
pub(crate) fn owner_of(key: &ObjectKey, kind: Kind) -> Option<ObjectKey> {
    let kind_text = kind.to_string();
    let prefix = prefix_of(&kind_text, true)?;
    let name = key.name().strip_prefix(&*prefix)?.strip_prefix('-')?;
    Some(ObjectKey::new(kind, Some(key.namespace()), name))
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
    names: Vec<Named>,
}

impl Object {
    fn written(mut self, namespace: &str, name: String) -> DnsEndpoint {
        // The fleet's names stand in the order of their wire form.
        let key = |e: &RecordSpec| (e.dns_name.clone(), e.record_type.clone(), e.set_identifier.clone());
        self.endpoints.sort_by_cached_key(key);
        self.members.sort_unstable();
        self.names.sort_unstable();
        let mark = Members::new(self.members, self.names).to_json();
        let metadata = ObjectMeta {
            name: Some(name),
            namespace: Some(namespace.into()).filter(|text: &String| !text.is_empty()),
            annotations: Some([(MARK.to_owned(), mark)].into()),
            ..ObjectMeta::default()
        };
        DnsEndpoint::new(metadata, self.endpoints)
    }
}

/// What federation calls the object of a record, and what that of a source object is called.
fn object_name(owner: &OwnerView<'_>, prints_dns_endpoints: bool) -> Option<String> {
    let prefix = prefix_of(owner.kind, prints_dns_endpoints)?;
    Some(format!("{prefix}-{}", owner.name))
}

/// How the names of objects begin in which names of a kind of owner stand.
fn prefix_of(kind: &str, prints_dns_endpoints: bool) -> Option<String> {
    let is = |known: Kind| known.to_string() == kind;
    match PROJECTIONS.iter().find(|(_, kind)| is(*kind)) {
        Some((prefix, _)) => Some((*prefix).to_owned()),
        None if Kind::is_sourced(kind) => Some(kind.to_ascii_lowercase()),
        None if is(Kind::DnsEndpoint) && prints_dns_endpoints => Some(kind.to_ascii_lowercase()),
        None => None,
    }
}

/// A target as External-DNS takes it: host names without the trailing dot.
fn target(rtype: RecordType, data: &[u8]) -> String {
    let text = Present(rtype, data).to_string();
    match rtype {
        RecordType::CNAME | RecordType::NS | RecordType::PTR => {
            text.strip_suffix('.').map_or(text.clone(), str::to_owned)
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests;
