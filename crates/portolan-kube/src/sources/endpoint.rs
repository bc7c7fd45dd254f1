//! What a source gives: records of one name and type.

use std::net::IpAddr;

use portolan_core::fleet::Evidence;
use portolan_core::{RecordType, Ttl};

use crate::dns_endpoint::ProviderProperty;

/// Records of one name, type and set, as External-DNS' `Endpoint` has them; texts are as they were written.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    /// The name, without a dot at its end.
    pub name: String,
    /// The type.
    pub rtype: RecordType,
    /// Addresses, host names, or data in presentation form.
    pub targets: Vec<String>,
    /// The TTL that the object names.
    pub ttl: Option<Ttl>,
    /// Which of several sets of the name and type; empty for the only one.
    pub set: String,
    /// For one make of DNS, by name.
    pub properties: Vec<ProviderProperty>,
    /// What is known of the readiness of what stands behind it.
    pub evidence: Evidence,
}

/// What all records of an object have in common.
#[derive(Clone, Debug, Default)]
pub(super) struct Common {
    pub(super) ttl: Option<Ttl>,
    pub(super) set: String,
    pub(super) properties: Vec<ProviderProperty>,
}

impl Common {
    /// The records of a name: one for each type that its targets have.
    pub(super) fn of_host(&self, host: &str, targets: &[String], evidence: Evidence) -> Vec<Endpoint> {
        let of_type = |rtype| {
            let targets = targets.iter().filter(|target| suitable_type(target) == rtype);
            let targets: Vec<String> = targets.filter(|target| !target.is_empty()).cloned().collect();
            (!targets.is_empty()).then(|| self.endpoint(host, rtype, targets, evidence))
        };
        [RecordType::A, RecordType::AAAA, RecordType::CNAME].into_iter().filter_map(of_type).collect()
    }

    /// The records of a name and type.
    pub(super) fn endpoint(
        &self,
        host: &str,
        rtype: RecordType,
        targets: Vec<String>,
        evidence: Evidence,
    ) -> Endpoint {
        let dotless = |text: String| text.strip_suffix('.').map_or(text.clone(), Into::into);
        // The host of an SRV record has its dot (RFC 2782), and so do External-DNS' targets of that type.
        let targets =
            if rtype == RecordType::SRV { targets } else { targets.into_iter().map(dotless).collect() };
        Endpoint {
            name: dotless(host.into()),
            rtype,
            targets,
            ttl: self.ttl,
            set: self.set.clone(),
            properties: self.properties.clone(),
            evidence,
        }
    }
}

/// The type of a target: an address, or a host name.
pub(super) fn suitable_type(target: &str) -> RecordType {
    match target.parse() {
        Ok(IpAddr::V4(_)) => RecordType::A,
        Ok(IpAddr::V6(_)) => RecordType::AAAA,
        Err(_) => RecordType::CNAME,
    }
}
