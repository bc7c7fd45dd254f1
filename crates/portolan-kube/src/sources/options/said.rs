//! Options as texts: of a flag, a variable or a file.

use std::collections::BTreeSet;
use std::net::IpAddr;

use portolan_core::place::Network;
use portolan_core::{RecordType, Ttl};

use super::super::annotations::seconds;
use super::super::source::Source;
use super::super::template::Template;
use super::{Options, RECORD_TYPES, Templates};
use crate::hosts;
use crate::selector::Selector;
use crate::workload::ServiceType;

/// Most items of one option.
pub const ITEMS_MAX: usize = 256;

/// Why a text is no value of its option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionFault {
    /// Which item of a list it is.
    pub item: Option<usize>,
    /// The value and the rule that it breaks.
    pub message: String,
}

impl Options {
    /// Takes what was said of an option, by External-DNS' name for it. What is wrong is left out, and told.
    pub fn set(&mut self, option: &str, texts: &[String]) -> Vec<OptionFault> {
        let mut said = Said { texts, faults: Vec::new() };
        if texts.len() > ITEMS_MAX {
            said.fault(None, format!("has {} items; at most {ITEMS_MAX} count", texts.len()));
            said.texts = texts.get(..ITEMS_MAX).unwrap_or_default();
        }
        match option {
            "source" => self.source = said.each(source),
            "namespace" => self.namespace = said.text(),
            "annotation-filter" => self.annotation_filter = said.one(selector).unwrap_or_default(),
            "label-filter" => self.label_filter = said.one(selector).unwrap_or_default(),
            "annotation-prefix" => self.annotation_prefixes = said.one(prefix).into_iter().collect(),
            "ingress-class" => self.ingress_class = texts.to_vec(),
            "fqdn-template" => self.fqdn_template = said.templates(),
            "fqdn-target-template" => self.fqdn_target_template = said.templates(),
            "combine-fqdn-annotation" => self.combine_fqdn_annotation = said.switch(),
            "ignore-hostname-annotation" => self.ignore_hostname_annotation = said.switch(),
            "ignore-ingress-rules-spec" => self.ignore_ingress_rules_spec = said.switch(),
            "ignore-ingress-tls-spec" => self.ignore_ingress_tls_spec = said.switch(),
            "ignore-non-host-network-pods" => self.ignore_non_host_network_pods = said.switch(),
            "gateway-name" => self.gateway_name = said.text(),
            "gateway-namespace" => self.gateway_namespace = said.text(),
            "gateway-label-filter" => self.gateway_label_filter = said.one(selector).unwrap_or_default(),
            "gateway-listener-sets" => self.gateway_listener_sets = said.switch(),
            "openshift-router-name" => self.openshift_router_name = said.text(),
            "pod-source-domain" => self.pod_source_domain = said.one(domain).unwrap_or_default(),
            "publish-internal-services" => self.publish_internal_services = said.switch(),
            "resolve-service-load-balancer-hostname" => {
                self.resolve_service_load_balancer_hostname = said.switch();
            }
            "publish-host-ip" => self.publish_host_ip = said.switch(),
            "always-publish-not-ready-addresses" => self.always_publish_not_ready_addresses = said.switch(),
            "service-type-filter" => self.service_type_filter = said.each(service_type),
            "exclude-unschedulable" => self.exclude_unschedulable = said.switch(),
            "expose-internal-ipv6" => self.expose_internal_ipv6 = said.switch(),
            "default-targets" => self.default_targets = said.list(target),
            "force-default-targets" => self.force_default_targets = said.switch(),
            "target-net-filter" => self.target_net_filter = said.list(network),
            "exclude-target-net" => self.exclude_target_net = said.list(network),
            "nat64-networks" => self.nat64_networks = said.list(nat64),
            "min-ttl" => self.min_ttl = said.one(ttl).flatten(),
            "prefer-alias" => self.prefer_alias = said.switch(),
            "create-ptr" => self.create_ptr = said.switch(),
            "managed-record-types" => self.managed_record_types = said.each(record_type),
            "exclude-record-types" => self.exclude_record_types = said.each(record_type),
            other => said.fault(None, format!("{other:?} is no option of sources")),
        }
        said.faults
    }
}

/// The texts of one option, and what is wrong with them.
struct Said<'t> {
    texts: &'t [String],
    faults: Vec<OptionFault>,
}

impl Said<'_> {
    fn text(&self) -> String {
        self.texts.first().cloned().unwrap_or_default()
    }

    fn one<T>(&mut self, parse: fn(&str) -> Result<T, String>) -> Option<T> {
        let text = self.texts.first()?;
        parse(text).map_err(|rule| self.fault(None, format!("{text:?} {rule}"))).ok()
    }

    fn list<T>(&mut self, parse: fn(&str) -> Result<T, String>) -> Vec<T> {
        let mut items = Vec::new();
        for (nth, text) in self.texts.iter().enumerate() {
            match parse(text) {
                Ok(item) => items.push(item),
                Err(rule) => self.fault(Some(nth), format!("{text:?} {rule}")),
            }
        }
        items
    }

    fn each<T: Ord>(&mut self, parse: fn(&str) -> Result<T, String>) -> BTreeSet<T> {
        self.list(parse).into_iter().collect()
    }

    fn switch(&mut self) -> bool {
        let is_on = |text: &str| match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err("is not true or false".into()),
        };
        self.one(is_on).unwrap_or_default()
    }

    fn templates(&mut self) -> Templates {
        let mut templates = Templates::new();
        for (nth, text) in self.texts.iter().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
            match Template::parse(text) {
                Ok(template) => templates.push(template),
                Err(error) => self.fault(Some(nth), format!("{text:?}, {error}")),
            }
        }
        templates
    }

    fn fault(&mut self, item: Option<usize>, message: String) {
        self.faults.push(OptionFault { item, message });
    }
}

fn source(text: &str) -> Result<Source, String> {
    Source::named(text).ok_or_else(|| {
        let names: Vec<&str> = Source::ALL.iter().map(|source| source.name()).collect();
        let is_theirs = Source::KNOWN.contains(&text);
        let why = if is_theirs { "is a source that only External-DNS has" } else { "is no source" };
        format!("{why}; there are {}", names.join(", "))
    })
}

fn selector(text: &str) -> Result<Selector, String> {
    Selector::parse(text).map_err(|error| error.to_string())
}

fn prefix(text: &str) -> Result<Box<str>, String> {
    match text.ends_with('/') && text.len() > 1 {
        true => Ok(text.into()),
        false => Err("does not end with a /, as in external-dns.kubernetes.io/".into()),
    }
}

fn domain(text: &str) -> Result<String, String> {
    hosts::plain_host(text).map(|name| name.to_dotless()).map_err(|rule| rule.to_string())
}

fn service_type(text: &str) -> Result<ServiceType, String> {
    ServiceType::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| {
        let names = ServiceType::ALL.map(ServiceType::name);
        format!("is no type of Services; there are {}", names.join(", "))
    })
}

/// An address or a host name.
fn target(text: &str) -> Result<String, String> {
    let is_target = text.parse::<IpAddr>().is_ok() || hosts::plain_host(text).is_ok();
    is_target.then(|| text.into()).ok_or_else(|| "is neither an address nor a host name".into())
}

/// A network; bits behind its prefix do not count, as in Go.
fn network(text: &str) -> Result<Network, String> {
    let rule = || "is no network, as in 192.0.2.0/24 or 2001:db8::/32".to_owned();
    let (address, length) = text.trim().split_once('/').ok_or_else(rule)?;
    let address: IpAddr = address.parse().map_err(|_| rule())?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let length = length.parse().ok().filter(|length: &u8| *length <= most).ok_or_else(rule)?;
    Ok(Network::around(address, length))
}

fn nat64(text: &str) -> Result<Network, String> {
    let network = network(text)?;
    match network.address().is_ipv6() && network.length() == 96 {
        true => Ok(network),
        false => Err("is not an IPv6 network of 96 bits".into()),
    }
}

/// A TTL; none for 0.
fn ttl(text: &str) -> Result<Option<Ttl>, String> {
    let rule = "is not 0 to 2147483647 seconds, or a duration as in 1m12s";
    let ttl = seconds(text).and_then(|seconds| u32::try_from(seconds).ok()).and_then(Ttl::from_seconds);
    ttl.map(|ttl| Some(ttl).filter(|ttl| ttl.seconds() > 0)).ok_or_else(|| rule.into())
}

fn record_type(text: &str) -> Result<RecordType, String> {
    let parsed = text.parse().ok();
    parsed.filter(|rtype| RECORD_TYPES.contains(rtype)).ok_or_else(|| {
        let names = RECORD_TYPES.map(|rtype| rtype.to_string());
        format!("is no type that External-DNS manages; there are {}", names.join(", "))
    })
}
