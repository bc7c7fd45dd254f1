//! What a template finds in an object, by the names that Go's types have.
//!
//! Of metadata there is what everybody asks for; of spec and status what is kept of a kind. The shape of a
//! source is the same with an item in each list, so that what templates ask for can be looked at before there
//! is an object.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{Source, Value};
use crate::object::{Body, Kind, Object, ObjectKey};
use crate::workload::{Balancer, Ingress, Meta, Node, NodeSource, Pairs, Pod, Service, ServiceSource, Texts};
use crate::{gateway_api, istio, openshift};

type Fields = BTreeMap<&'static str, Value>;

/// An object as templates see it.
pub(in crate::sources) fn fields(object: &Object) -> Value {
    let (meta, spec, status) = match &object.body {
        Body::Service(service) => of_service(service),
        Body::Ingress(ingress) => of_ingress(ingress),
        Body::Node(node) => of_node(node),
        Body::Pod(pod) => (Some(&pod.meta), of_pod_spec(pod), of_pod_status(pod)),
        Body::GatewayRoute(route) => (Some(&route.meta), of_route(route), Value::Nothing),
        Body::Route(route) => (Some(&route.meta), of_openshift(&route.spec), of_routers(&route.status)),
        Body::IstioGateway(gateway) => (Some(&gateway.meta), of_gateway(&gateway.spec), Value::Nothing),
        Body::VirtualService(service) => {
            let spec = structure([
                ("Hosts", list(&service.spec.hosts)),
                ("Gateways", list(&service.spec.gateways)),
                ("ExportTo", list(&service.spec.export_to)),
            ]);
            (Some(&service.meta), spec, Value::Nothing)
        }
        _ => (None, Value::Nothing, Value::Nothing),
    };
    whole(&object.key, meta, spec, status)
}

/// What objects of a source have, whatever is in them.
pub(in crate::sources) fn shape(source: Source) -> Value {
    let kind = source.kind();
    let body = match kind {
        Kind::Service => Body::Service(Service::default()),
        Kind::Ingress => Body::Ingress(Box::default()),
        Kind::Node => Body::Node(Node::default()),
        Kind::Pod => Body::Pod(Box::default()),
        Kind::Route => {
            let mut route = openshift::Route::default();
            route.spec.port = Some(openshift::RoutePort::default());
            Body::Route(Box::new(route))
        }
        Kind::IstioGateway => Body::IstioGateway(Box::default()),
        Kind::VirtualService => Body::VirtualService(Box::default()),
        _ => Body::GatewayRoute(Box::default()),
    };
    fields(&Object { key: ObjectKey::new(kind, None, ""), created: 0, body, in_part: false })
}

fn whole(key: &ObjectKey, meta: Option<&Meta>, spec: Value, status: Value) -> Value {
    let metadata = || {
        [
            ("Name", text(key.name())),
            ("Namespace", text(key.namespace())),
            ("Labels", meta.map_or_else(|| texts(&Pairs::default()), |meta| texts(&meta.labels))),
            ("Annotations", meta.map_or_else(|| texts(&Pairs::default()), |meta| texts(&meta.annotations))),
        ]
    };
    let types = || [("Kind", text(&key.kind().to_string())), ("APIVersion", text(api_version(key.kind())))];
    let mut fields: Fields = metadata().into_iter().chain(types()).collect();
    fields.insert("ObjectMeta", structure(metadata()));
    fields.insert("TypeMeta", structure(types()));
    fields.extend([("Spec", spec)].into_iter().filter(|(_, spec)| *spec != Value::Nothing));
    fields.extend([("Status", status)].into_iter().filter(|(_, status)| *status != Value::Nothing));
    Value::Struct(Arc::new(fields))
}

/// The version that External-DNS reads a kind in.
fn api_version(kind: Kind) -> &'static str {
    match kind {
        Kind::Ingress => "networking.k8s.io/v1",
        Kind::TcpRoute | Kind::UdpRoute => "gateway.networking.k8s.io/v1alpha2",
        Kind::HttpRoute | Kind::GrpcRoute | Kind::TlsRoute => "gateway.networking.k8s.io/v1",
        Kind::Route => "route.openshift.io/v1",
        Kind::IstioGateway | Kind::VirtualService => "networking.istio.io/v1",
        _ => "v1",
    }
}

fn of_service(service: &Service) -> (Option<&Meta>, Value, Value) {
    let nothing = ServiceSource::default();
    let source = service.source.as_deref();
    let said = source.unwrap_or(&nothing);
    let ports = said.ports.iter().map(|port| {
        structure([
            ("Name", text(&port.name)),
            ("Port", Value::Int(port.port.into())),
            ("TargetPort", text(&port.target_port)),
            ("Protocol", text(&port.protocol)),
            ("NodePort", Value::Int(port.node_port.into())),
        ])
    });
    let spec = structure([
        ("Type", text(said.kind.name())),
        ("ClusterIP", text(&said.cluster_ip)),
        ("ExternalName", text(&said.external_name)),
        ("ExternalIPs", items(&service.external_ips)),
        ("Selector", texts(&said.selector)),
        ("Ports", Value::List(ports.collect())),
        ("TrafficDistribution", text(&said.traffic_distribution)),
    ]);
    (source.map(|source| &source.meta), spec, balancer(&service.balancer))
}

fn of_ingress(ingress: &Ingress) -> (Option<&Meta>, Value, Value) {
    let source = ingress.source.as_deref();
    let rule = |host: Option<&str>| structure([("Host", text(host.unwrap_or_default()))]);
    let rules = ingress.rules.iter().map(|of| rule(of.host.as_deref()));
    let tls = source.into_iter().flat_map(|source| &source.tls);
    let tls = tls.map(|hosts| structure([("Hosts", items(hosts))]));
    let spec = structure([
        ("IngressClassName", text(source.map_or("", |source| &source.class))),
        ("Rules", Value::List(rules.collect())),
        ("TLS", Value::List(tls.collect())),
    ]);
    (source.map(|source| &source.meta), spec, balancer(&ingress.balancer))
}

fn of_node(node: &Node) -> (Option<&Meta>, Value, Value) {
    let nothing = NodeSource::default();
    let source = node.source.as_deref();
    let said = source.unwrap_or(&nothing);
    let addresses = said
        .addresses
        .iter()
        .map(|address| structure([("Type", text(&address.kind)), ("Address", text(&address.address))]));
    let spec = structure([("Unschedulable", Value::Bool(said.is_unschedulable))]);
    let info = structure([
        ("Architecture", text(&said.architecture)),
        ("OperatingSystem", text(&said.operating_system)),
    ]);
    let status = structure([("Addresses", Value::List(addresses.collect())), ("NodeInfo", info)]);
    (source.map(|source| &source.meta), spec, status)
}

fn of_pod_spec(pod: &Pod) -> Value {
    structure([
        ("Hostname", text(&pod.hostname)),
        ("NodeName", text(&pod.node)),
        ("HostNetwork", Value::Bool(pod.is_on_host_network)),
    ])
}

fn of_pod_status(pod: &Pod) -> Value {
    let ips = pod.ips.iter().map(|ip| structure([("IP", text(ip))]));
    structure([
        ("PodIP", text(pod.ips.first().map_or("", |ip| ip))),
        ("PodIPs", Value::List(ips.collect())),
        ("HostIP", text(&pod.host_ip)),
    ])
}

fn of_route(route: &gateway_api::Route) -> Value {
    let parents = route.spec.parent_refs.iter().map(|parent| structure([("Name", text(&parent.name))]));
    structure([("Hostnames", list(&route.spec.hostnames)), ("ParentRefs", Value::List(parents.collect()))])
}

fn of_openshift(spec: &openshift::RouteSpec) -> Value {
    let port = |port: &openshift::RoutePort| {
        let target = match &port.target_port {
            IntOrString::Int(number) => text(&number.to_string()),
            IntOrString::String(name) => text(name),
        };
        structure([("TargetPort", target)])
    };
    structure([
        ("Host", text(spec.host.as_deref().unwrap_or_default())),
        ("Port", spec.port.as_ref().map_or(Value::Nothing, port)),
    ])
}

fn of_routers(status: &openshift::RouteStatus) -> Value {
    let condition = |condition: &gateway_api::Condition| {
        structure([("Type", text(&condition.kind)), ("Status", text(&condition.status))])
    };
    let router = |router: &openshift::RouteIngress| {
        structure([
            ("Host", text(&router.host)),
            ("RouterName", text(&router.router_name)),
            ("RouterCanonicalHostname", text(&router.router_canonical_hostname)),
            ("Conditions", Value::List(router.conditions.iter().map(condition).collect())),
        ])
    };
    structure([("Ingress", Value::List(status.ingress.iter().map(router).collect()))])
}

fn of_gateway(spec: &istio::GatewaySpec) -> Value {
    let server = |server: &istio::Server| {
        let port = structure([
            ("Number", Value::Int(server.port.number.into())),
            ("Protocol", text(&server.port.protocol)),
            ("Name", text(&server.port.name)),
        ]);
        structure([("Hosts", list(&server.hosts)), ("Port", port)])
    };
    let selector = spec.selector.iter().map(|(key, value)| (key.clone(), value.as_str().into()));
    structure([
        ("Selector", Value::Texts(Arc::new(selector.collect()))),
        ("Servers", Value::List(spec.servers.iter().map(server).collect())),
    ])
}

fn balancer(balancer: &Balancer) -> Value {
    let entry = |(ip, host): (&str, &str)| structure([("IP", text(ip)), ("Hostname", text(host))]);
    let entries = balancer.entries().map(entry).collect();
    structure([("LoadBalancer", structure([("Ingress", Value::List(entries))]))])
}

fn structure<const N: usize>(fields: [(&'static str, Value); N]) -> Value {
    Value::Struct(Arc::new(fields.into()))
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn texts(pairs: &Pairs) -> Value {
    Value::Texts(Arc::new(pairs.iter().map(|(key, value)| (key.into(), value.into())).collect()))
}

fn items(texts: &Texts) -> Value {
    Value::List(texts.iter().map(|item| text(item)).collect())
}

fn list(texts: &[String]) -> Value {
    Value::List(texts.iter().map(|item| text(item)).collect())
}
