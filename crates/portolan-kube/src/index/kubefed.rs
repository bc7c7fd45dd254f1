//! Names that KubeFed's records make.
//!
//! With `p` = `<externalName or name>.<namespace>.<domainRef>.svc` and `D` the domain:
//!
//! | level | name | offered by | alias of, while nothing of its own is healthy |
//! | --- | --- | --- | --- |
//! | zone | `p.<zone>.<region>.D` | the clusters in that zone | the region's name |
//! | region | `p.<region>.D` | the clusters in that region | the global name |
//! | global | `p.D` | all clusters | |
//! | prefix | `<dnsPrefix>.D` | | the global name, always |
//!
//! Every member that has a region has its region's and zones' names, with or without the Service, heard
//! or silent: a client inside it must be led on and not be told that the name does not exist. That is what
//! KubeFed meant and did not do.

use portolan_core::cluster::{Cluster, ClusterState};
use portolan_core::fleet::{Endpoint, Evidence};
use portolan_core::{Name, Reason, Target, Ttl};

use super::backing::Backing;
use super::draft::{Draft, domain_reference};
use super::offer::{self, ServiceRule};
use super::world::World;
use super::zones::KnownDomain;
use crate::hosts;
use crate::kinds::HOSTS_MAX;
use crate::kubefed::{IngressDnsRecord, RECORD_TTL_RULE, RecordTtl, ServiceDnsRecord};
use crate::object::Kind;

/// Drafts the names of a ServiceDNSRecord.
pub(super) fn service_record(draft: &mut Draft<'_>, record: &ServiceDnsRecord, world: World<'_>) {
    draft.default_ttl = Ttl::KUBEFED;
    draft.ttl = ttl(draft, &record.spec.record_ttl);
    let Some(levels) = Levels::of(draft, record, world) else { return };
    draft.name(levels.global.clone(), None);
    for cluster in world.clusters.values() {
        draft.steps += 1;
        levels.make(draft, cluster);
    }
    let service = draft.held.key.of_kind(Kind::Service);
    let rule = ServiceRule {
        allow_without_endpoints: record.spec.allow_service_without_endpoints,
        external_ips: false,
    };
    let mut backing = Backing::of(&service);
    for (name, source) in world.objects.clusters() {
        let Some(located) = backing.look(name, source) else { continue };
        let Some(offer) = offer::service(draft, name, source, located, rule, world.hosts) else { continue };
        backing.found();
        for level in levels.made(draft, world.clusters.get(name)) {
            draft.offer(&level, offer.clone());
        }
        draft.offer(&levels.global, offer);
    }
    backing.judge(draft, None, world);
    draft.uses.insert(service);
    if let Some(prefix) = record.spec.dns_prefix.as_deref().filter(|text| !text.is_empty()) {
        levels.prefix(draft, prefix);
    }
}

/// Drafts the names of an IngressDNSRecord.
pub(super) fn ingress_record(draft: &mut Draft<'_>, record: &IngressDnsRecord, world: World<'_>) {
    draft.default_ttl = Ttl::KUBEFED;
    draft.ttl = ttl(draft, &record.spec.record_ttl);
    let mut names = std::collections::BTreeSet::new();
    let said = &record.spec.hosts;
    if said.len() > HOSTS_MAX {
        let message = format!("{} items; those after the first {HOSTS_MAX} are left out", said.len());
        draft.problem("spec.hosts", Reason::LimitReached, message);
    }
    for (i, text) in said.iter().enumerate().take(HOSTS_MAX) {
        let field = format!("spec.hosts[{i}]");
        match hosts::host(text) {
            Err(rule) => draft.problem(field, Reason::Invalid, format!("{text:?} {rule}")),
            Ok(host) if names.contains(&host) => {
                draft.problem(field, Reason::Duplicate, format!("{text:?} is listed twice"));
            }
            Ok(host) => _ = names.insert(host),
        }
    }
    for name in &names {
        draft.name(name.clone(), None);
    }
    let ingress = draft.held.key.of_kind(Kind::Ingress);
    let mut backing = Backing::of(&ingress);
    for (cluster, source) in world.objects.clusters() {
        let Some(located) = backing.look(cluster, source) else { continue };
        if offer::ingress_hosts(draft, cluster, source, located, &names, world.hosts) {
            backing.found();
        }
    }
    backing.judge(draft, None, world);
    draft.uses.insert(ingress);
}

/// A TTL; one that breaks the rule is reported, and the default holds.
pub(super) fn ttl(draft: &mut Draft<'_>, said: &RecordTtl) -> Option<Ttl> {
    if let RecordTtl::Wrong(text) = said {
        draft.problem("spec.recordTTL", Reason::Invalid, format!("{text} {RECORD_TTL_RULE}"));
    }
    said.ttl()
}

/// The names of a record's levels.
struct Levels {
    /// `<name>.<namespace>.<domainRef>.svc`, without a trailing dot.
    path: String,
    domain: Name,
    global: Name,
}

impl Levels {
    fn of(draft: &mut Draft<'_>, record: &ServiceDnsRecord, world: World<'_>) -> Option<Self> {
        let spec = &record.spec;
        let key = draft.held.key;
        let label = spec.external_name.as_deref().filter(|text| !text.is_empty()).unwrap_or(key.name());
        let path = format!("{label}.{}.{}.svc", key.namespace(), spec.domain_ref);
        let domain = domain_of(draft, record, world)?;
        match below(&path, &domain) {
            Ok(global) => Some(Self { path, domain, global }),
            Err(message) => {
                draft.problem("spec", Reason::Invalid, message);
                None
            }
        }
    }

    /// Makes the names of a cluster's region and zones be there, whatever it offers.
    fn make(&self, draft: &mut Draft<'_>, cluster: &Cluster) {
        let Some(region) = region_of(cluster) else { return };
        let Some(region_name) = self.level(draft, region) else { return };
        draft.name(region_name.clone(), Some(&self.global));
        for zone in &cluster.zones {
            if let Some(name) = self.level(draft, &format!("{zone}.{region}")) {
                draft.name(name, Some(&region_name));
            }
        }
    }

    /// The names that [`Levels::make`] made for a cluster.
    fn made(&self, draft: &Draft<'_>, cluster: Option<&Cluster>) -> Vec<Name> {
        let Some((cluster, region)) = cluster.and_then(|c| Some((c, region_of(c)?))) else {
            return Vec::new();
        };
        let zones = cluster.zones.iter().map(|zone| format!("{zone}.{region}"));
        let names = zones.chain([region.to_owned()]).filter_map(|level| self.below(&level).ok());
        let mut names: Vec<Name> = names.filter(|name| draft.names.contains_key(name)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// An alias of the global name, there or not.
    fn prefix(&self, draft: &mut Draft<'_>, prefix: &str) {
        match below(prefix, &self.domain) {
            Ok(name) if name == self.global => {
                let message = format!("{prefix:?} would make {name} an alias of itself");
                draft.problem("spec.dnsPrefix", Reason::Loop, message);
            }
            Ok(name) => {
                let targets = vec![Target::Host(self.global.clone())];
                let evidence = Evidence::None;
                draft.offer(&name, Endpoint { cluster: None, targets, evidence, weight: None, ttl: None });
            }
            Err(message) => draft.problem("spec.dnsPrefix", Reason::Invalid, message),
        }
    }

    fn level(&self, draft: &mut Draft<'_>, level: &str) -> Option<Name> {
        let name = self.below(level);
        name.map_err(|message| draft.problem("spec", Reason::Invalid, message)).ok()
    }

    fn below(&self, level: &str) -> Result<Name, String> {
        below(&format!("{}.{level}", self.path), &self.domain)
    }
}

/// A disabled cluster is no member; one without a region has no names but the global one.
fn region_of(cluster: &Cluster) -> Option<&str> {
    cluster.region.as_deref().filter(|_| cluster.state != ClusterState::Disabled)
}

fn below(path: &str, domain: &Name) -> Result<Name, String> {
    let text = format!("{path}.{}", domain.to_dotless());
    hosts::host(&text).map_err(|rule| format!("the name {text:?} {rule}"))
}

/// The domain of a record: that of the oldest `Domain` of that name in any namespace. v0.0.2 had it in
/// the record itself.
fn domain_of(draft: &mut Draft<'_>, record: &ServiceDnsRecord, world: World<'_>) -> Option<Name> {
    if let Some(suffix) = record.spec.dns_suffix.as_deref().filter(|text| !text.is_empty()) {
        return hosts::plain_host(suffix)
            .map_err(|rule| draft.problem("spec.dnsSuffix", Reason::Invalid, format!("{suffix:?} {rule}")))
            .ok();
    }
    let reference = &record.spec.domain_ref;
    draft.uses.insert(domain_reference(reference));
    match world.domains.get(reference.as_str()) {
        Some(KnownDomain { domain: Some(domain), held_by }) => {
            // Who holds only one of the two can take the names away, or bring them back.
            draft.held.held_by.extend(held_by.iter().cloned());
            Some(domain.clone())
        }
        Some(_) => {
            let message = format!("Domain {reference:?} has no usable domain; see its own problem");
            draft.problem("spec.domainRef", Reason::Invalid, message);
            None
        }
        None => {
            let message = format!("Domain {reference:?} is not there, in no namespace; no name is made");
            draft.problem("spec.domainRef", Reason::NotFound, message);
            None
        }
    }
}
