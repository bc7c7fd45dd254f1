//! The options of External-DNS' sources: its flags, by its names, with its defaults.
//!
//! In the file they stand under `sources:`; what they do is in portolan-kube's `sources`.

use super::{Form, Key};

/// What stands before the name of an option in the name of its key.
pub const SECTION: &str = "sources.";

/// The sources that there are.
const SOURCE: &[&str] = &[
    "service",
    "ingress",
    "node",
    "pod",
    "crd",
    "openshift-route",
    "gateway-httproute",
    "gateway-grpcroute",
    "gateway-tlsroute",
    "gateway-tcproute",
    "gateway-udproute",
    "istio-gateway",
    "istio-virtualservice",
];
const SERVICE_TYPES: &[&str] = &["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"];
pub(super) const RECORD_TYPES: &[&str] =
    &["A", "AAAA", "CNAME", "SRV", "PTR", "DNAME", "MX", "NAPTR", "NS", "TXT"];

options! {
    SOURCES, "sources.", "PORTOLAN_SOURCES_";
    "source", "SOURCE", Form::Words(SOURCE), "SOURCE", "none",
        "Have names made of objects of this source; may be given several times",
        "DNSEndpoints are read without it; with `crd` the options count for them, and they are printed.",
        "[service, ingress]";
    "namespace", "NAMESPACE", Form::Free, "NAMESPACE", "all",
        "Only objects of this namespace", "Nodes are in none.", "shop";
    "annotation-filter", "ANNOTATION_FILTER", Form::Free, "SELECTOR", "all",
        "Only objects whose annotations this selector takes", "As `kubectl -l` has selectors.",
        "\"team in (shop, api)\"";
    "label-filter", "LABEL_FILTER", Form::Free, "SELECTOR", "all",
        "Only objects whose labels this selector takes", "", "\"env=prod,!draft\"";
    "annotation-prefix", "ANNOTATION_PREFIX", Form::Free, "PREFIX", "both of External-DNS'",
        "How the annotations begin that are read",
        "By default `external-dns.kubernetes.io/`, and `external-dns.alpha.kubernetes.io/` where that is not there.",
        "dns.example.com/";
    "fqdn-template", "FQDN_TEMPLATE", Form::Texts, "TEMPLATE", "none",
        "Names for objects that name no host, as a Go template; may be given several times", "",
        "[\"{{.Name}}.{{.Namespace}}.example.com\"]";
    "fqdn-target-template", "FQDN_TARGET_TEMPLATE", Form::Texts, "TEMPLATE", "none",
        "NAME:TARGET for objects that name no host, as a Go template; may be given several times",
        "For the sources service, node and pod.", "[\"{{.Name}}.example.com:192.0.2.1\"]";
    "combine-fqdn-annotation", "COMBINE_FQDN_ANNOTATION", Form::Switch, "BOOL", "false",
        "Templates add to the names that an object has", "", "true";
    "ignore-hostname-annotation", "IGNORE_HOSTNAME_ANNOTATION", Form::Switch, "BOOL", "false",
        "The hostname annotation is not read", "Needs `fqdn-template`.", "true";
    "ingress-class", "INGRESS_CLASS", Form::Texts, "CLASS", "any",
        "Only Ingresses of this class; may be given several times", "", "[nginx]";
    "ignore-ingress-rules-spec", "IGNORE_INGRESS_RULES_SPEC", Form::Switch, "BOOL", "false",
        "An Ingress' rules give no names", "", "true";
    "ignore-ingress-tls-spec", "IGNORE_INGRESS_TLS_SPEC", Form::Switch, "BOOL", "false",
        "An Ingress' TLS section gives no names", "", "true";
    "service-type-filter", "SERVICE_TYPE_FILTER", Form::Words(SERVICE_TYPES), "TYPE", "all",
        "Only Services of this type; may be given several times", "", "[LoadBalancer]";
    "publish-internal-services", "PUBLISH_INTERNAL_SERVICES", Form::Switch, "BOOL", "false",
        "Services of type ClusterIP are published with that address", "", "true";
    "resolve-service-load-balancer-hostname", "RESOLVE_SERVICE_LOAD_BALANCER_HOSTNAME", Form::Switch, "BOOL", "false",
        "Of a load balancer's host name its addresses are published",
        "By the servers that `resolvers` names; without it, and until it is resolved, the host name is an alias.", "true";
    "publish-host-ip", "PUBLISH_HOST_IP", Form::Switch, "BOOL", "false",
        "Headless Services are published with the addresses of their pods' Nodes", "", "true";
    "always-publish-not-ready-addresses", "ALWAYS_PUBLISH_NOT_READY_ADDRESSES", Form::Switch, "BOOL", "false",
        "Headless Services are published with pods that are not ready", "", "true";
    "exclude-unschedulable", "EXCLUDE_UNSCHEDULABLE", Form::Switch, "BOOL", "true",
        "Nodes where nothing is scheduled do not count", "", "false";
    "expose-internal-ipv6", "EXPOSE_INTERNAL_IPV6", Form::Switch, "BOOL", "false",
        "A Node's internal IPv6 addresses count as external", "", "true";
    "pod-source-domain", "POD_SOURCE_DOMAIN", Form::Free, "DOMAIN", "none",
        "Every pod has its name below this domain", "For the source pod.", "pods.example.com";
    "ignore-non-host-network-pods", "IGNORE_NON_HOST_NETWORK_PODS", Form::Switch, "BOOL", "false",
        "Pods that are not on the host's network are passed over", "For the source pod.", "true";
    "gateway-name", "GATEWAY_NAME", Form::Free, "NAME", "all",
        "Only Gateways of this name", "Of Gateway API, as the next three.", "public";
    "gateway-namespace", "GATEWAY_NAMESPACE", Form::Free, "NAMESPACE", "all",
        "Only Gateways of this namespace", "", "infra";
    "gateway-label-filter", "GATEWAY_LABEL_FILTER", Form::Free, "SELECTOR", "all",
        "Only Gateways whose labels this selector takes", "", "\"exposure=public\"";
    "gateway-listener-sets", "GATEWAY_LISTENER_SETS", Form::Switch, "BOOL", "false",
        "Listeners of ListenerSets count", "", "true";
    "openshift-router-name", "OPENSHIFT_ROUTER_NAME", Form::Free, "NAME", "the first that admitted a Route",
        "The router whose name Routes lead to", "", "default";
    "default-targets", "DEFAULT_TARGETS", Form::Texts, "TARGET", "none",
        "Targets of DNSEndpoints that have none; may be given several times", "For the source crd.", "[192.0.2.1]";
    "force-default-targets", "FORCE_DEFAULT_TARGETS", Form::Switch, "BOOL", "false",
        "Those count for every object of every source", "", "true";
    "target-net-filter", "TARGET_NET_FILTER", Form::Texts, "NETWORK", "all",
        "Only targets in this network; may be given several times", "A host name is in none.", "[192.0.2.0/24]";
    "exclude-target-net", "EXCLUDE_TARGET_NET", Form::Texts, "NETWORK", "none",
        "No targets in this network; may be given several times", "", "[10.0.0.0/8]";
    "nat64-networks", "NAT64_NETWORKS", Form::Texts, "NETWORK", "none",
        "An IPv6 address in this network is an IPv4 address too; may be given several times", "",
        "[\"64:ff9b::/96\"]";
    "min-ttl", "MIN_TTL", Form::Duration, "TTL", "none",
        "The TTL of records that have none", "Seconds, or a duration as in 1m12s.", "60";
    "prefer-alias", "PREFER_ALIAS", Form::Switch, "BOOL", "false",
        "Aliases are marked to be what a provider has instead", "", "true";
    "create-ptr", "CREATE_PTR", Form::Switch, "BOOL", "false",
        "Each address has a reverse record, unless its object says otherwise",
        "Needs PTR among `managed-record-types`.", "true";
    "managed-record-types", "MANAGED_RECORD_TYPES", Form::Words(RECORD_TYPES), "TYPE", "A, AAAA, CNAME",
        "Only records of this type; may be given several times",
        "DNSEndpoints are taken whole.", "[A, AAAA, CNAME, SRV, PTR]";
    "exclude-record-types", "EXCLUDE_RECORD_TYPES", Form::Words(RECORD_TYPES), "TYPE", "none",
        "No records of this type; may be given several times", "", "[AAAA]";
}
