//! From a tree to the object of a kind that we read.

use std::sync::Arc;

use k8s_openapi::api::core::v1 as core_v1;
use k8s_openapi::api::discovery::v1 as discovery_v1;
use k8s_openapi::api::networking::v1 as networking_v1;
use portolan_core::{Problem, Reason};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::field;
use super::path::{End, Finding, Step};
use super::strict::Strict;
use super::text_of;
use super::words::{self, Quoted, Shown};
use super::wrong::{self, Found};
use crate::dns_endpoint::{self, DnsEndpoint, MARK};
use crate::gateway_api;
use crate::kinds::{GROUP, GlobalName, MemberCluster, SteeringPolicy, VERSION, Zone};
use crate::kubefed::{self, Domain, IngressDnsRecord, RECORD_TTL_RULE, RecordTtl, ServiceDnsRecord};
use crate::nearest::nearest;
use crate::object::{Body, Kind, Object, Read, kept};
use crate::registry::objects::{ClusterProfile, FederatedCluster, KubeFedCluster, RegistryCluster};
use crate::settle;
use crate::workload::Keep;
use crate::{istio, openshift};

/// Longest annotation that is kept, in bytes. Ours and those that sources read are kept whatever their length,
/// which the API holds to 256 KiB for all of an object.
pub const ANNOTATION_BYTES_MAX: usize = 4 * 1024;
/// The annotation that `kubectl apply` leaves: another copy of the whole object.
pub(super) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// What becomes of an object with an unknown field and nothing worse.
const USED: &str = "; the object is used without it";
/// The fields that an object of any kind may have beside `spec`.
const TOP_FIELDS: [&str; 4] = ["apiVersion", "kind", "metadata", "status"];

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

/// The kind of an object, if it is one that we read: always, or for a source that asks for it.
pub(super) fn kind(api_version: &str, kind: &str, keep: &Keep) -> Option<Kind> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    always_read(group, version, kind)
        .or_else(|| sourced(group, version, kind).filter(|kind| keep.reads(*kind)))
}

fn always_read(group: &str, version: &str, kind: &str) -> Option<Kind> {
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
        (dns_endpoint::GROUP, dns_endpoint::VERSION, dns_endpoint::KIND) => Some(Kind::DnsEndpoint),
        (group, "v1alpha1", kind) if kubefed::GROUPS.contains(&group) => kubefed_kind(kind),
        _ => None,
    }
}

/// The kinds that only sources read; of Gateway API's and Istio's in every version that they were served in.
fn sourced(group: &str, version: &str, kind: &str) -> Option<Kind> {
    match (group, version, kind) {
        ("", "v1", "Pod") => Some(Kind::Pod),
        ("", "v1", "Namespace") => Some(Kind::Namespace),
        (openshift::GROUP, "v1", "Route") => Some(Kind::Route),
        (gateway_api::GROUP, "v1" | "v1beta1" | "v1alpha3" | "v1alpha2", kind) => match kind {
            "Gateway" => Some(Kind::Gateway),
            "ListenerSet" => Some(Kind::ListenerSet),
            "HTTPRoute" => Some(Kind::HttpRoute),
            "GRPCRoute" => Some(Kind::GrpcRoute),
            "TLSRoute" => Some(Kind::TlsRoute),
            "TCPRoute" => Some(Kind::TcpRoute),
            "UDPRoute" => Some(Kind::UdpRoute),
            _ => None,
        },
        (istio::GROUP, "v1" | "v1beta1" | "v1alpha3", "Gateway") => Some(Kind::IstioGateway),
        (istio::GROUP, "v1" | "v1beta1" | "v1alpha3", "VirtualService") => Some(Kind::VirtualService),
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
pub(super) fn trim(kind: Kind, object: &mut Map<String, Value>, keep: &Keep) {
    if !has_status(kind) && !keep.reads(kind) {
        object.remove("status");
    }
    let Some(Value::Object(metadata)) = object.get_mut("metadata") else { return };
    // Of what a status write changes nothing is left, so that such an object is the one it was.
    for field in ["managedFields", "ownerReferences", "finalizers", "resourceVersion"] {
        metadata.remove(field);
    }
    if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
        annotations.remove(LAST_APPLIED);
        annotations
            .retain(|key, value| value.as_str().is_none_or(|text| keeps_annotation(key, text.len(), keep)));
    }
}

/// True of an annotation of so many octets that is not taken away.
pub(super) fn keeps_annotation(key: &str, octets: usize, keep: &Keep) -> bool {
    octets <= ANNOTATION_BYTES_MAX || key == MARK || keep.is_ours(key)
}

/// True of kinds whose status is asked for without sources.
pub(super) fn has_status(kind: Kind) -> bool {
    matches!(kind, Kind::Service | Kind::Ingress | Kind::ClusterProfile)
}

/// Why an object is refused.
pub(super) struct Refusal {
    /// All that is wrong with it.
    pub(super) findings: Vec<Finding>,
    /// The object, where its types are right and something of it is not allowed.
    pub(super) rest: Option<Arc<Object>>,
}

impl From<Vec<Finding>> for Refusal {
    fn from(findings: Vec<Finding>) -> Self {
        Self { findings, rest: None }
    }
}

/// Makes the object, and says what is wrong with its fields. It is refused for wrong types, and one of ours for values
/// that are not allowed; all are told.
pub(super) fn object(kind: Kind, value: &Value, keep: &Keep) -> Result<(Object, Vec<Finding>), Refusal> {
    let mut findings = Vec::new();
    let object = match kind {
        Kind::Service => foreign::<core_v1::Service>(value)?.object(keep),
        Kind::EndpointSlice => foreign::<discovery_v1::EndpointSlice>(value)?.object(keep),
        Kind::Endpoints => foreign::<core_v1::Endpoints>(value)?.object(keep),
        Kind::Ingress => foreign::<networking_v1::Ingress>(value)?.object(keep),
        Kind::Node => foreign::<core_v1::Node>(value)?.object(keep),
        Kind::Pod => foreign::<core_v1::Pod>(value)?.object(keep),
        Kind::Namespace => foreign::<core_v1::Namespace>(value)?.object(keep),
        Kind::Gateway => kept(kind, straight(value)?, Body::Gateway, keep),
        Kind::ListenerSet => kept(kind, straight(value)?, Body::ListenerSet, keep),
        Kind::HttpRoute | Kind::GrpcRoute | Kind::TlsRoute | Kind::TcpRoute | Kind::UdpRoute => {
            kept(kind, straight(value)?, Body::GatewayRoute, keep)
        }
        Kind::Route => kept(kind, straight(value)?, Body::Route, keep),
        Kind::IstioGateway => kept(kind, straight(value)?, Body::IstioGateway, keep),
        Kind::VirtualService => kept(kind, straight(value)?, Body::VirtualService, keep),
        Kind::Domain => foreign::<Domain>(value)?.object(keep),
        Kind::ServiceDnsRecord => foreign::<ServiceDnsRecord>(value)?.object(keep),
        Kind::IngressDnsRecord => foreign::<IngressDnsRecord>(value)?.object(keep),
        Kind::DnsEndpoint => foreign::<DnsEndpoint>(value)?.object(keep),
        Kind::Zone => without_misspelt_rules(ours::<Zone>(value, &mut findings)?, &mut findings).object(keep),
        Kind::GlobalName => ours::<GlobalName>(value, &mut findings)?.object(keep),
        Kind::SteeringPolicy => ours::<SteeringPolicy>(value, &mut findings)?.object(keep),
        Kind::MemberCluster => ours::<MemberCluster>(value, &mut findings)?.object(keep),
        Kind::KubeFedCluster => foreign::<KubeFedCluster>(value)?.object(keep),
        Kind::FederatedCluster => foreign::<FederatedCluster>(value)?.object(keep),
        Kind::RegistryCluster => foreign::<RegistryCluster>(value)?.object(keep),
        Kind::ClusterProfile => foreign::<ClusterProfile>(value)?.object(keep),
        Kind::Secret => foreign::<core_v1::Secret>(value)?.object(keep),
    };
    let object = without_wrong_ttls(object, &mut findings);
    let refusals = settle::refusals(&object.body);
    if refusals.is_empty() && !has_misspelt_rule(&object.body) {
        findings.iter_mut().filter(|finding| is_unknown(finding)).for_each(|finding| finding.message += USED);
        return Ok((object, findings));
    }
    findings.extend(refusals.into_iter().map(refused));
    Err(Refusal { findings, rest: Some(Arc::new(Object { in_part: true, ..object })) })
}

/// What is settled of an object is told with the path of its field behind the object.
fn refused(Problem { subject, reason, message, .. }: Problem) -> Finding {
    let path = subject.split_once(": ").and_then(|(_, path)| field::path(path)).unwrap_or_default();
    Finding { path, end: End::Value, reason, message }
}

/// An object of somebody else's kind: what its type does not have is passed over.
fn foreign<T: DeserializeOwned>(value: &Value) -> Result<T, Vec<Finding>> {
    T::deserialize(Strict(value)).map_err(|_| wrong_types::<T>(value))
}

/// The same of a kind that is [read straight](super::whole) from octets as well, which gives the same object: there
/// a list may stand for an object.
fn straight<T: DeserializeOwned>(value: &Value) -> Result<T, Vec<Finding>> {
    T::deserialize(value).map_err(|_| wrong_types::<T>(value))
}

fn wrong_types<T: DeserializeOwned>(value: &Value) -> Vec<Finding> {
    let find = |value: &Value| Found { wrong: wrong_type::<T>(value), unknown: Vec::new() };
    wrong::types(value, find).0
}

/// An object of ours: what its type does not have is told, and the object is used without it.
fn ours<T: DeserializeOwned>(value: &Value, findings: &mut Vec<Finding>) -> Result<T, Vec<Finding>> {
    let start = findings.len();
    if let Some(object) = with_unknown_fields(value, findings) {
        return Ok(object);
    }
    findings.truncate(start);
    let find = |value: &Value| {
        let mut unknown = Vec::new();
        let read: Option<T> = with_unknown_fields(value, &mut unknown);
        Found { wrong: if read.is_some() { None } else { wrong_type::<T>(value) }, unknown }
    };
    let (mut wrong, unknown) = wrong::types(value, find);
    wrong.iter_mut().for_each(|finding| suspect(finding, &unknown));
    wrong.extend(unknown);
    Err(wrong)
}

/// Says of a field that is missing which of the unknown ones beside it may be meant for it.
fn suspect(finding: &mut Finding, unknown: &[Finding]) {
    let Some(missing) = words::missing_in(&finding.message) else { return };
    let beside = unknown.iter().filter_map(|unknown| match unknown.path.split_last() {
        Some((Step::Key(key), parents)) if *parents == *finding.path => Some(key.as_str()),
        _ => None,
    });
    if let Some(meant) = nearest(missing, beside) {
        finding.message = format!("{}; {meant} is no such field: is it meant?", finding.message);
    }
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
    serde_ignored::deserialize(Strict(value), &mut unknown).ok()
}

/// A rule of a fence without one of its fields would admit more than it should, so it admits nobody.
fn without_misspelt_rules(mut zone: Zone, findings: &mut [Finding]) -> Zone {
    for finding in findings.iter_mut().filter(|finding| is_unknown(finding)) {
        let [Step::Key(spec), Step::Key(admit), Step::Item(index), ..] = finding.path.as_slice() else {
            continue;
        };
        let Some(rule) = zone.spec.admit.get_mut(*index).filter(|_| spec == "spec" && admit == "admit")
        else {
            continue;
        };
        rule.is_misspelt = true;
        finding.message += "; what it should have narrowed is not known, so a new rule with it admits nobody";
    }
    zone
}

fn has_misspelt_rule(body: &Body) -> bool {
    matches!(body, Body::Zone(zone) if zone.spec.admit.iter().any(|rule| rule.is_misspelt))
}

fn is_unknown(finding: &Finding) -> bool {
    finding.reason == Reason::UnknownField
}

fn unknown_field(path: Vec<Step>) -> Finding {
    let message = "no such field in portolan.dev/v1alpha1".into();
    Finding { path, end: End::Key, reason: Reason::UnknownField, message }
}

/// Reads a value that has a wrong type once more, for the path of the field; none when it has no more.
fn wrong_type<T: DeserializeOwned>(value: &Value) -> Option<Finding> {
    let error = serde_path_to_error::deserialize::<_, T>(Strict(value)).err()?;
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
