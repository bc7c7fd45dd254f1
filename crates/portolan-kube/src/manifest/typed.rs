//! From a tree to the object of a kind that we read.

use k8s_openapi::api::core::v1 as core_v1;
use k8s_openapi::api::discovery::v1 as discovery_v1;
use k8s_openapi::api::networking::v1 as networking_v1;
use portolan_core::Reason;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::place::{End, Step};
use super::text_of;
use super::words::{self, Quoted, Shown};
use super::wrong;
use crate::dns_endpoint::{self, DnsEndpoint, MARK};
use crate::kinds::{GROUP, GlobalName, MemberCluster, SteeringPolicy, VERSION, Zone};
use crate::kubefed::{self, Domain, IngressDnsRecord, RECORD_TTL_RULE, RecordTtl, ServiceDnsRecord};
use crate::object::{Body, Kind, Object};

/// Longest annotation that is kept, in bytes. Ours are kept whatever their length.
pub const ANNOTATION_BYTES_MAX: usize = 4 * 1024;
/// The fields that an object of any kind may have beside `spec`.
const TOP_FIELDS: [&str; 4] = ["apiVersion", "kind", "metadata", "status"];

/// What was found at a field.
pub(super) struct Finding {
    pub(super) path: Vec<Step>,
    pub(super) end: End,
    pub(super) reason: Reason,
    pub(super) message: String,
}

/// The apiVersion and kind of an object, or why it is none.
pub(super) fn identity(value: &Value) -> Result<(&str, &str), String> {
    const RULE: &str = "an object has apiVersion, kind and metadata.name; was the file written to its end?";
    let Value::Object(object) = value else {
        return Err(format!("{} where an object is expected: {RULE}", Shown(value)));
    };
    let text = |field| text_of(object, field).ok_or_else(|| format!("has no {field}: {RULE}"));
    let (api_version, kind) = (text("apiVersion")?, text("kind")?);
    if (api_version, kind) == ("v1", "Status") {
        let said = Quoted(text_of(object, "message").unwrap_or_default());
        return Err(format!("is a Status, with which a cluster says that it failed, and no object: {said}"));
    }
    Ok((api_version, kind))
}

/// The kind of an object, if it is one that we read.
pub(super) fn kind(api_version: &str, kind: &str) -> Option<Kind> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    match (group, version, kind) {
        ("", "v1", "Service") => Some(Kind::Service),
        ("", "v1", "Endpoints") => Some(Kind::Endpoints),
        ("", "v1", "Node") => Some(Kind::Node),
        ("discovery.k8s.io", "v1", "EndpointSlice") => Some(Kind::EndpointSlice),
        ("networking.k8s.io", "v1", "Ingress") => Some(Kind::Ingress),
        (GROUP, VERSION, "Zone") => Some(Kind::Zone),
        (GROUP, VERSION, "GlobalName") => Some(Kind::GlobalName),
        (GROUP, VERSION, "SteeringPolicy") => Some(Kind::SteeringPolicy),
        (GROUP, VERSION, "MemberCluster") => Some(Kind::MemberCluster),
        (_, _, dns_endpoint::KIND) if api_version == dns_endpoint::API_VERSION => Some(Kind::DnsEndpoint),
        (group, "v1alpha1", kind) if kubefed::GROUPS.contains(&group) => kubefed_kind(kind),
        _ => None,
    }
}

fn kubefed_kind(kind: &str) -> Option<Kind> {
    match kind {
        "Domain" => Some(Kind::Domain),
        "ServiceDNSRecord" | "MultiClusterServiceDNSRecord" => Some(Kind::ServiceDnsRecord),
        "IngressDNSRecord" | "MultiClusterIngressDNSRecord" => Some(Kind::IngressDnsRecord),
        dns_endpoint::KIND => Some(Kind::DnsEndpoint),
        _ => None,
    }
}

/// Takes away what nobody here asks for: most of the bytes of what a cluster prints.
pub(super) fn trim(kind: Kind, object: &mut Map<String, Value>) {
    if !matches!(kind, Kind::Service | Kind::Ingress) {
        object.remove("status");
    }
    let Some(Value::Object(metadata)) = object.get_mut("metadata") else { return };
    for field in ["managedFields", "ownerReferences", "finalizers"] {
        metadata.remove(field);
    }
    if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
        annotations.retain(|key, value| {
            key == MARK || value.as_str().is_none_or(|text| text.len() <= ANNOTATION_BYTES_MAX)
        });
    }
}

/// Makes the object, and says what is wrong with its fields; wrong types make no object, and all are told.
pub(super) fn object(kind: Kind, value: &Value) -> Result<(Object, Vec<Finding>), Vec<Finding>> {
    let mut findings = Vec::new();
    let object: Object = match kind {
        Kind::Service => foreign::<core_v1::Service>(value)?.into(),
        Kind::EndpointSlice => foreign::<discovery_v1::EndpointSlice>(value)?.into(),
        Kind::Endpoints => foreign::<core_v1::Endpoints>(value)?.into(),
        Kind::Ingress => foreign::<networking_v1::Ingress>(value)?.into(),
        Kind::Node => foreign::<core_v1::Node>(value)?.into(),
        Kind::Domain => foreign::<Domain>(value)?.into(),
        Kind::ServiceDnsRecord => foreign::<ServiceDnsRecord>(value)?.into(),
        Kind::IngressDnsRecord => foreign::<IngressDnsRecord>(value)?.into(),
        Kind::DnsEndpoint => foreign::<DnsEndpoint>(value)?.into(),
        Kind::Zone => without_misspelt_rules(ours::<Zone>(value, &mut findings)?, &mut findings).into(),
        Kind::GlobalName => ours::<GlobalName>(value, &mut findings)?.into(),
        Kind::SteeringPolicy => ours::<SteeringPolicy>(value, &mut findings)?.into(),
        Kind::MemberCluster => ours::<MemberCluster>(value, &mut findings)?.into(),
    };
    let object = without_wrong_ttls(object, &mut findings);
    Ok((object, findings))
}

/// An object of somebody else's kind: what its type does not have is passed over.
fn foreign<T: DeserializeOwned>(value: &Value) -> Result<T, Vec<Finding>> {
    T::deserialize(value).map_err(|_| wrong::types(value, wrong_type::<T>).0)
}

/// An object of ours: what its type does not have is told, and the object is used without it.
fn ours<T: DeserializeOwned>(value: &Value, findings: &mut Vec<Finding>) -> Result<T, Vec<Finding>> {
    let start = findings.len();
    let Some(object) = with_unknown_fields(value, findings) else {
        // What stands behind a wrong type is looked at without it.
        findings.truncate(start);
        let (mut wrong, rest) = wrong::types(value, wrong_type::<T>);
        if let Some(rest) = rest {
            let mut unknown = Vec::new();
            let _: Option<T> = with_unknown_fields(&rest, &mut unknown);
            wrong.extend(unknown);
        }
        return Err(wrong);
    };
    Ok(object)
}

/// An object of ours, with the fields that its type does not have; none where a type is wrong.
fn with_unknown_fields<T: DeserializeOwned>(value: &Value, findings: &mut Vec<Finding>) -> Option<T> {
    let mut unknown = |path: serde_ignored::Path<'_>| {
        let steps = steps_of_ignored(&path);
        let Some(Step::Key(first)) = steps.first() else { return };
        if !(steps.len() == 1 && TOP_FIELDS.contains(&first.as_str())) && first != "metadata" {
            findings.push(unknown_field(steps));
        }
    };
    serde_ignored::deserialize(value, &mut unknown).ok()
}

/// A rule of a fence without one of its fields would admit more than it should, so it admits nobody.
fn without_misspelt_rules(mut zone: Zone, findings: &mut [Finding]) -> Zone {
    for finding in findings.iter_mut().filter(|finding| finding.reason == Reason::UnknownField) {
        let [Step::Key(spec), Step::Key(admit), Step::Item(index), ..] = finding.path.as_slice() else {
            continue;
        };
        let Some(rule) = zone.spec.admit.get_mut(*index).filter(|_| spec == "spec" && admit == "admit")
        else {
            continue;
        };
        rule.is_misspelt = true;
        finding.message =
            "no such field in portolan.dev/v1alpha1; this rule admits nobody until it is mended".into();
    }
    zone
}

fn unknown_field(path: Vec<Step>) -> Finding {
    let message = "no such field in portolan.dev/v1alpha1; the object is used without it".into();
    Finding { path, end: End::Key, reason: Reason::UnknownField, message }
}

/// Reads a value that has a wrong type once more, for the path of the field; none when it has no more.
fn wrong_type<T: DeserializeOwned>(value: &Value) -> Option<Finding> {
    let error = serde_path_to_error::deserialize::<_, T>(value).err()?;
    let path = steps_of_error(error.path());
    let message = words::of_a_type(&error.inner().to_string(), value, &path);
    Some(Finding { path, end: End::Value, reason: Reason::Invalid, message })
}

fn steps_of_error(path: &serde_path_to_error::Path) -> Vec<Step> {
    use serde_path_to_error::Segment;
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(Step::Item(*index)),
            Segment::Map { key } => Some(Step::Key(key.clone())),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

fn steps_of_ignored(path: &serde_ignored::Path<'_>) -> Vec<Step> {
    use serde_ignored::Path;
    let (parent, step) = match path {
        Path::Root => return Vec::new(),
        Path::Seq { parent, index } => (parent, Some(Step::Item(*index))),
        Path::Map { parent, key } => (parent, Some(Step::Key(key.clone()))),
        Path::Some { parent } | Path::NewtypeStruct { parent } | Path::NewtypeVariant { parent } => {
            (parent, None)
        }
    };
    let mut steps = steps_of_ignored(parent);
    steps.extend(step);
    steps
}

/// Tells each wrong `recordTTL`, and leaves it unset.
fn without_wrong_ttls(mut object: Object, findings: &mut Vec<Finding>) -> Object {
    match &mut object.body {
        Body::ServiceDnsRecord(record) => check_ttl(&mut record.spec.record_ttl, None, findings),
        Body::IngressDnsRecord(record) => check_ttl(&mut record.spec.record_ttl, None, findings),
        Body::DnsEndpoint(object) => {
            for (index, record) in object.spec.endpoints.iter_mut().enumerate() {
                check_ttl(&mut record.record_ttl, Some(index), findings);
            }
        }
        _ => {}
    }
    object
}

fn check_ttl(ttl: &mut RecordTtl, endpoint: Option<usize>, findings: &mut Vec<Finding>) {
    let RecordTtl::Wrong(value) = ttl else { return };
    let message = format!("{value} {RECORD_TTL_RULE}");
    let mut path = vec![Step::Key("spec".into())];
    if let Some(index) = endpoint {
        path.extend([Step::Key("endpoints".into()), Step::Item(index)]);
    }
    path.push(Step::Key("recordTTL".into()));
    findings.push(Finding { path, end: End::Value, reason: Reason::Invalid, message });
    *ttl = RecordTtl::Unset;
}
