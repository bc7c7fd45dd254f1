//! DNSEndpoints: what options do to records that somebody wrote.
//!
//! They are read with or without this source; the source `crd` has the options count for them.

use std::borrow::Cow;
use std::collections::BTreeSet;

use portolan_core::fleet::Evidence;
use portolan_core::{RecordType, Ttl};

use super::endpoint::Endpoint;
use super::finish::finish;
use super::options::Options;
use super::source::Source;
use crate::dns_endpoint::{DnsEndpoint, RecordSpec};
use crate::kubefed::RecordTtl;
use crate::object::ObjectKey;
use crate::workload::Pairs;

/// The types that the steps of other sources are for.
const STEPPED: [RecordType; 3] = [RecordType::A, RecordType::AAAA, RecordType::CNAME];

/// False of an object that the options do not ask for. Each is judged by itself: in External-DNS one that the
/// annotation filter does not take hides others.
pub(crate) fn is_asked_for(key: &ObjectKey, object: &DnsEndpoint, options: &Options) -> bool {
    if !options.is_on(Source::Crd) {
        return true;
    }
    let annotations: Pairs = object.metadata.annotations.iter().flatten().collect();
    let labels: Pairs = object.metadata.labels.iter().flatten().collect();
    options.takes_namespace(key)
        && options.annotation_filter.takes(&annotations)
        && options.label_filter.takes(&labels)
}

/// What becomes of a record: itself, or what default targets, networks and TTLs make of it, and then the
/// records that are made beside it (of NAT64, and reverse ones).
pub(crate) fn steps<'r>(record: &'r RecordSpec, options: &Options) -> Cow<'r, [RecordSpec]> {
    let unchanged = Cow::Borrowed(std::slice::from_ref(record));
    // Of a wrong TTL whoever reads it tells, so it stays as it is.
    if !options.is_on(Source::Crd) || matches!(record.record_ttl, RecordTtl::Wrong(_)) {
        return unchanged;
    }
    let Some(rtype) = record.record_type.parse().ok().filter(|rtype| STEPPED.contains(rtype)) else {
        let record_ttl = record.record_ttl.ttl().or(options.min_ttl).into();
        return vec![RecordSpec { record_ttl, ..record.clone() }].into();
    };
    let endpoint = Endpoint {
        name: record.dns_name.clone(),
        rtype,
        targets: record.targets.clone(),
        ttl: record.record_ttl.ttl(),
        set: record.set_identifier.clone().unwrap_or_default(),
        properties: record.provider_specific.clone(),
        evidence: Evidence::None,
    };
    let all =
        Options { managed_record_types: types(options), exclude_record_types: [].into(), ..options.clone() };
    let endpoints = finish(vec![endpoint], &all);
    if record.targets.is_empty() && endpoints.is_empty() {
        return unchanged;
    }
    endpoints.into_iter().map(written).collect()
}

/// The types that somebody wrote are made whatever is managed; reverse records only where they are.
fn types(options: &Options) -> BTreeSet<RecordType> {
    let reverse = options.makes(RecordType::PTR).then_some(RecordType::PTR);
    STEPPED.into_iter().chain(reverse).collect()
}

fn written(endpoint: Endpoint) -> RecordSpec {
    let ttl: Option<Ttl> = endpoint.ttl;
    RecordSpec {
        dns_name: endpoint.name,
        targets: endpoint.targets,
        record_type: endpoint.rtype.to_string(),
        record_ttl: ttl.into(),
        set_identifier: Some(endpoint.set).filter(|set| !set.is_empty()),
        provider_specific: endpoint.properties,
        ..RecordSpec::default()
    }
}
