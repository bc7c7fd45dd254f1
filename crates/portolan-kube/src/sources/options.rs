//! What an operator asked for, with External-DNS' names, defaults and meanings.
//!
//! An option is called as the flag of External-DNS is, with `_` for `-`. A filter that is empty takes
//! everything.

mod said;

use std::collections::BTreeSet;

use portolan_core::place::Network;
use portolan_core::{Reason, RecordType, Ttl};

use super::faults::Faults;
use super::source::Source;
use super::template::Template;
use super::template::fields;
use crate::object::{Kind, Object, ObjectKey};
use crate::selector::Selector;
use crate::workload::{Keep, ServiceType};

pub use said::{ITEMS_MAX, OptionFault};

/// How annotations begin when nothing is said: as 0.22 has it, then as it was before.
pub const DEFAULT_PREFIXES: [&str; 2] = ["external-dns.kubernetes.io/", "external-dns.alpha.kubernetes.io/"];
/// The types of records that External-DNS manages. Sources make the first five; the others stand in DNSEndpoints.
pub const RECORD_TYPES: [RecordType; 10] = [
    RecordType::A,
    RecordType::AAAA,
    RecordType::CNAME,
    RecordType::SRV,
    RecordType::PTR,
    RecordType::DNAME,
    RecordType::MX,
    RecordType::NAPTR,
    RecordType::NS,
    RecordType::TXT,
];
/// The annotation that was an Ingress' class before it had a field for it.
pub(super) const INGRESS_CLASS: &str = "kubernetes.io/ingress.class";

/// Templates that are run one after the other.
pub type Templates = Vec<Template>;

/// The options of sources.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Which sources are on; none at first.
    pub source: BTreeSet<Source>,
    /// The only namespace that is looked at; empty for all. Nodes are in none.
    pub namespace: String,
    /// Which objects, by their annotations.
    pub annotation_filter: Selector,
    /// Which objects, by their labels.
    pub label_filter: Selector,
    /// How the annotations begin that are read; the first counts.
    pub annotation_prefixes: Vec<Box<str>>,
    /// The classes of Ingresses; empty for any.
    pub ingress_class: Vec<String>,
    /// Names for objects that name no host.
    pub fqdn_template: Templates,
    /// `name:target` for objects that name no host.
    pub fqdn_target_template: Templates,
    /// Templates add to names that an object has.
    pub combine_fqdn_annotation: bool,
    /// `hostname` is not read; templates give names.
    pub ignore_hostname_annotation: bool,
    /// An Ingress' rules give no names.
    pub ignore_ingress_rules_spec: bool,
    /// An Ingress' TLS section gives no names.
    pub ignore_ingress_tls_spec: bool,
    /// Pods that are not on the host's network are passed over.
    pub ignore_non_host_network_pods: bool,
    /// The only name of Gateways that count; empty for all.
    pub gateway_name: String,
    /// The only namespace of Gateways that count; empty for all.
    pub gateway_namespace: String,
    /// Which Gateways count, by their labels.
    pub gateway_label_filter: Selector,
    /// Listeners of ListenerSets count.
    pub gateway_listener_sets: bool,
    /// The only router whose Routes count; empty for the first that admitted one.
    pub openshift_router_name: String,
    /// Every pod has a name below it; empty for none.
    pub pod_source_domain: String,
    /// A Service of type ClusterIP is published with that address.
    pub publish_internal_services: bool,
    /// Of a LoadBalancer's host name its addresses are published.
    pub resolve_service_load_balancer_hostname: bool,
    /// A headless Service is published with the addresses of its pods' Nodes.
    pub publish_host_ip: bool,
    /// A headless Service is published with pods that are not ready.
    pub always_publish_not_ready_addresses: bool,
    /// The types of Services that count; empty for all.
    pub service_type_filter: BTreeSet<ServiceType>,
    /// Nodes where nothing is scheduled do not count.
    pub exclude_unschedulable: bool,
    /// A Node's internal IPv6 addresses count as external.
    pub expose_internal_ipv6: bool,
    /// Targets of records that have none.
    pub default_targets: Vec<String>,
    /// Those count whatever targets a record has.
    pub force_default_targets: bool,
    /// Only targets in these networks; empty for all.
    pub target_net_filter: Vec<Network>,
    /// No targets in these networks.
    pub exclude_target_net: Vec<Network>,
    /// IPv6 networks of 96 bits: an address in one is an IPv4 address too.
    pub nat64_networks: Vec<Network>,
    /// The TTL of records that have none.
    pub min_ttl: Option<Ttl>,
    /// Aliases are marked to be made as what a provider has instead.
    pub prefer_alias: bool,
    /// Each address has a reverse record, unless its object says otherwise.
    pub create_ptr: bool,
    /// The types that are made.
    pub managed_record_types: BTreeSet<RecordType>,
    /// And those that are not.
    pub exclude_record_types: BTreeSet<RecordType>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            source: BTreeSet::new(),
            namespace: String::new(),
            annotation_filter: Selector::default(),
            label_filter: Selector::default(),
            annotation_prefixes: DEFAULT_PREFIXES.map(Box::from).to_vec(),
            ingress_class: Vec::new(),
            fqdn_template: Vec::new(),
            fqdn_target_template: Vec::new(),
            combine_fqdn_annotation: false,
            ignore_hostname_annotation: false,
            ignore_ingress_rules_spec: false,
            ignore_ingress_tls_spec: false,
            ignore_non_host_network_pods: false,
            gateway_name: String::new(),
            gateway_namespace: String::new(),
            gateway_label_filter: Selector::default(),
            gateway_listener_sets: false,
            openshift_router_name: String::new(),
            pod_source_domain: String::new(),
            publish_internal_services: false,
            resolve_service_load_balancer_hostname: false,
            publish_host_ip: false,
            always_publish_not_ready_addresses: false,
            service_type_filter: BTreeSet::new(),
            exclude_unschedulable: true,
            expose_internal_ipv6: false,
            default_targets: Vec::new(),
            force_default_targets: false,
            target_net_filter: Vec::new(),
            exclude_target_net: Vec::new(),
            nat64_networks: Vec::new(),
            min_ttl: None,
            prefer_alias: false,
            create_ptr: false,
            managed_record_types: [RecordType::A, RecordType::AAAA, RecordType::CNAME].into(),
            exclude_record_types: BTreeSet::new(),
        }
    }
}

impl Options {
    /// Options that do not go together, each by the option at fault, and why.
    #[must_use]
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        if self.ignore_hostname_annotation && self.fqdn_template.is_empty() {
            let message = "needs fqdn-template: without it nothing would have a name";
            faults.push(("ignore-hostname-annotation", message.into()));
        }
        if self.create_ptr && !self.makes(RecordType::PTR) {
            faults.push(("create-ptr", "needs PTR among managed-record-types".into()));
        }
        if !self.ingress_class.is_empty() && self.annotation_filter.keys().any(|key| key == INGRESS_CLASS) {
            let message = format!("and an annotation-filter on {INGRESS_CLASS} exclude each other");
            faults.push(("ingress-class", message));
        }
        let sources: Vec<Source> =
            self.source.iter().copied().filter(|source| *source != Source::Crd).collect();
        for (option, templates) in
            [("fqdn-template", &self.fqdn_template), ("fqdn-target-template", &self.fqdn_target_template)]
        {
            let checked = templates.iter().enumerate().filter(|_| !sources.is_empty());
            let faulty = checked.filter_map(|(nth, template)| Some((nth, template.check(&sources).err()?)));
            faults.extend(faulty.map(|(nth, error)| (option, format!("[{nth}], {error}"))));
        }
        faults
    }

    /// What is to be kept of objects for the sources that are on.
    #[must_use]
    pub fn keep(&self) -> Keep {
        let mut keep = Keep::default();
        if self.source.iter().all(|source| *source == Source::Crd) {
            return keep;
        }
        for source in &self.source {
            keep.kinds.extend(looked_up_by(*source));
            keep.kinds.extend((*source != Source::Crd).then(|| source.kind()));
        }
        keep.prefixes.clone_from(&self.annotation_prefixes);
        keep.annotations.extend(self.annotation_filter.keys().map(Box::from));
        keep.annotations.extend((!self.ingress_class.is_empty()).then(|| INGRESS_CLASS.into()));
        keep.labels.extend(self.label_filter.keys().map(Box::from));
        keep.labels.extend(self.gateway_label_filter.keys().map(Box::from));
        keep.templates = self.has_templates();
        keep
    }

    /// True when objects of the source's kind are asked for.
    #[must_use]
    pub fn is_on(&self, source: Source) -> bool {
        self.source.contains(&source)
    }

    /// True when records of a type are made.
    #[must_use]
    pub fn makes(&self, rtype: RecordType) -> bool {
        self.managed_record_types.contains(&rtype) && !self.exclude_record_types.contains(&rtype)
    }

    /// True of an object in the namespace that is looked at.
    pub(crate) fn takes_namespace(&self, key: &ObjectKey) -> bool {
        self.namespace.is_empty() || !key.kind().is_namespaced() || key.is_in(&self.namespace)
    }

    /// True when templates give names.
    pub(super) fn has_templates(&self) -> bool {
        !self.fqdn_template.is_empty() || !self.fqdn_target_template.is_empty()
    }

    /// True when Services of a type count.
    pub(super) fn takes_type(&self, kind: ServiceType) -> bool {
        self.service_type_filter.is_empty() || self.service_type_filter.contains(&kind)
    }

    /// What templates give for an object: items with commas between, each once, sorted.
    pub(super) fn templates_of(
        &self,
        templates: &Templates,
        option: &str,
        object: &Object,
        faults: &mut Faults,
    ) -> Vec<String> {
        let Some(source) = Source::of(object.key.kind()).filter(|_| !templates.is_empty()) else {
            return Vec::new();
        };
        let value = fields(object);
        let mut items = BTreeSet::new();
        for (nth, template) in templates.iter().enumerate() {
            match template.run(&value, source) {
                Ok(text) => items.extend(text.split(',').filter_map(item)),
                Err(error) => faults.add("", Reason::Invalid, format!("{option}[{nth}], {error}")),
            }
        }
        items.into_iter().collect()
    }
}

fn item(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text.strip_suffix('.').unwrap_or(text);
    (!text.is_empty()).then(|| text.into())
}

/// The kinds that a source looks something up in, beside its own and those that are always read.
fn looked_up_by(source: Source) -> &'static [Kind] {
    match source {
        Source::Service => &[Kind::Pod, Kind::Node],
        Source::Pod => &[Kind::Node],
        Source::IstioVirtualservice => &[Kind::IstioGateway],
        Source::GatewayHttproute
        | Source::GatewayGrpcroute
        | Source::GatewayTlsroute
        | Source::GatewayTcproute
        | Source::GatewayUdproute => &[Kind::Gateway, Kind::ListenerSet, Kind::Namespace],
        Source::Ingress | Source::Node | Source::Crd | Source::OpenshiftRoute | Source::IstioGateway => &[],
    }
}
