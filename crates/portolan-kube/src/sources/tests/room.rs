//! How much of one object counts, what that costs, and which names it wants without a target.

use portolan_core::Reason;

use super::{Objects, check, options};
use crate::sources::{FAULTS_MAX, NAMES_MAX, Offered, RECORDS_MAX, TARGETS_MAX, View, offered};

const PREFIX: &str = "external-dns.kubernetes.io";

/// What a source makes of the last object, and how many objects it looked at for that.
fn looked(flags: &str, objects: &str) -> (Offered, usize) {
    let options = options(flags);
    let (objects, key) = Objects::read(objects, &options);
    let mut view = View::new(&objects);
    let offered = offered(&objects.0[&key], &mut view, &options);
    (offered, view.steps())
}

fn hosts(count: usize) -> Vec<String> {
    (0..count).map(|i| format!("h{i}.example.org")).collect()
}

fn addresses(count: usize) -> Vec<String> {
    (0..count).map(|i| format!("198.18.{}.{}", i / 256, i % 256)).collect()
}

fn object(api: &str, kind: &str, annotations: &str, rest: &str) -> String {
    format!(
        "{{apiVersion: {api}, kind: {kind}, metadata: {{name: web, namespace: shop, annotations: {{{annotations}}}}}, {rest}}}"
    )
}

/// Both annotations, with more items than count.
fn greedy() -> String {
    format!(
        "{PREFIX}/hostname: {:?}, {PREFIX}/target: {:?}",
        hosts(2 * NAMES_MAX).join(","),
        addresses(2 * TARGETS_MAX).join(",")
    )
}

#[test]
fn names_times_targets_have_a_limit() {
    let rules: Vec<String> = hosts(2 * NAMES_MAX).iter().map(|host| format!("{{host: {host}}}")).collect();
    let listed = hosts(2 * NAMES_MAX).join(", ");
    let balanced: Vec<String> = addresses(2 * TARGETS_MAX).iter().map(|ip| format!("{{ip: {ip}}}")).collect();
    let balanced = format!("status: {{loadBalancer: {{ingress: [{}]}}}}", balanced.join(", "));
    let networking = "networking.k8s.io/v1";
    let named = format!("{PREFIX}/hostname: {:?}", hosts(2 * NAMES_MAX).join(","));
    let istio = "networking.istio.io/v1";
    for (source, objects) in [
        ("service", object("v1", "Service", &greedy(), "spec: {clusterIP: 10.96.0.1}")),
        ("service", object("v1", "Service", &named, &format!("spec: {{type: LoadBalancer}}, {balanced}"))),
        (
            "ingress",
            object(networking, "Ingress", &greedy(), &format!("spec: {{rules: [{}]}}", rules.join(", "))),
        ),
        (
            "ingress",
            object(
                networking,
                "Ingress",
                "",
                &format!("spec: {{rules: [{}]}}, {balanced}", rules.join(", ")),
            ),
        ),
        (
            "openshift-route",
            object("route.openshift.io/v1", "Route", &greedy(), "spec: {host: x.example.org}"),
        ),
        (
            "istio-gateway",
            object(istio, "Gateway", &greedy(), &format!("spec: {{servers: [{{hosts: [{listed}]}}]}}")),
        ),
        (
            "istio-virtualservice",
            object(istio, "VirtualService", &greedy(), &format!("spec: {{hosts: [{listed}]}}")),
        ),
        ("pod", object("v1", "Pod", &greedy(), "status: {podIP: 10.1.0.1}")),
    ] {
        let (offered, _) = looked(&format!("--source={source}"), &objects);
        let records: usize = offered.endpoints.iter().map(|endpoint| endpoint.targets.len()).sum();
        assert!(records > 0 && records <= RECORDS_MAX, "{source}: {records}");
        let most = offered.endpoints.iter().map(|endpoint| endpoint.targets.len()).max();
        assert_eq!(most, Some(TARGETS_MAX), "{source}");
        let limits = offered.faults.iter().filter(|fault| fault.reason == Reason::LimitReached).count();
        assert!(limits >= 2, "{source}: {:?}", offered.faults);
    }
}

#[test]
fn a_target_counts_once() {
    let service = object(
        "v1",
        "Service",
        &format!("{PREFIX}/hostname: x.example.org, {PREFIX}/target: {:?}", ["192.0.2.1"; 2_000].join(",")),
        "spec: {}",
    );
    check("--source=service", &service, "x.example.org - A 192.0.2.1");
}

#[test]
fn pods_of_a_headless_service_have_a_limit() {
    let name = |i: usize| format!("p{i}");
    let pods: String = (0..2 * TARGETS_MAX)
        .map(|i| {
            format!(
                "{{apiVersion: v1, kind: Pod, metadata: {{name: {0}, namespace: shop}}, spec: {{hostname: {0}}}}}\n---\n",
                name(i)
            )
        })
        .collect();
    let endpoints: Vec<String> = addresses(2 * TARGETS_MAX)
        .iter()
        .enumerate()
        .map(|(i, ip)| format!("{{addresses: [{ip}], targetRef: {{kind: Pod, name: {}}}}}", name(i)))
        .collect();
    let slice = format!(
        "{{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4, metadata: {{name: s, namespace: shop, \
         labels: {{kubernetes.io/service-name: web}}}}, endpoints: [{}]}}\n---\n",
        endpoints.join(", ")
    );
    let named = format!("{PREFIX}/hostname: {:?}", hosts(256).join(","));
    let service = object("v1", "Service", &named, "spec: {clusterIP: None}");
    let (offered, _) = looked("--source=service", &format!("{pods}{slice}{service}"));
    let records: usize = offered.endpoints.iter().map(|endpoint| endpoint.targets.len()).sum();
    assert_eq!(records, RECORDS_MAX, "32 names, each with 1,024 pods, and as many names below it");
}

#[test]
fn what_a_draft_costs_does_not_multiply() {
    const COUNT: usize = 100;
    let backend = "http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web}}}]}";
    let rules = vec![format!("{{{backend}}}"); COUNT].join(", ");
    let tls = format!("{{hosts: [{}]}}", hosts(COUNT).join(", "));
    let spec = |balanced: &str| {
        format!(
            "spec: {{rules: [{rules}], tls: [{tls}]}}, status: {{loadBalancer: {{ingress: [{balanced}]}}}}"
        )
    };
    let ingress = |balanced: &str| object("networking.k8s.io/v1", "Ingress", "", &spec(balanced));
    let (offered, steps) = looked("--source=ingress", &ingress("{ip: 192.0.2.1}"));
    assert_eq!((offered.endpoints.len(), steps), (COUNT, COUNT), "each rule is looked at once");
    let (offered, steps) = looked("--source=ingress", &ingress(""));
    assert_eq!((offered.names.len(), steps), (COUNT, 0), "without a target none is");

    let entrances: String = (0..COUNT)
        .map(|i| {
            format!(
                "{{apiVersion: v1, kind: Service, metadata: {{name: s{i}, namespace: istio}}, spec: {{}}, \
                 status: {{loadBalancer: {{ingress: [{{ip: 192.0.2.{i}}}]}}}}}}\n---\n"
            )
        })
        .collect();
    let gateway = "{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: public, namespace: shop}, \
                   spec: {servers: [{hosts: [\"*\"]}]}}\n---\n";
    let spec = format!("spec: {{hosts: [{}], gateways: [public, shop/public]}}", hosts(COUNT).join(", "));
    let service = object("networking.istio.io/v1", "VirtualService", "", &spec);
    let (offered, steps) = looked("--source=istio-virtualservice", &format!("{entrances}{gateway}{service}"));
    assert_eq!(offered.endpoints.len(), COUNT);
    assert!(steps <= 2 * (COUNT + 1), "{steps}: Services are looked at once a gateway, not once a host");
}

#[test]
fn faults_of_an_object_have_a_limit() {
    let items: Vec<String> = (0..2 * FAULTS_MAX).map(|i| format!("\"a/b/{i}\"")).collect();
    let spec = format!("spec: {{hosts: [x.example.org], gateways: [{}]}}", items.join(", "));
    let (offered, _) = looked(
        "--source=istio-virtualservice",
        &object("networking.istio.io/v1", "VirtualService", "", &spec),
    );
    assert_eq!((offered.faults.iter().count(), offered.faults.more()), (FAULTS_MAX, FAULTS_MAX));
    let long = format!("{PREFIX}/hostname: x.example.org, {PREFIX}/ttl: {:?}", "x".repeat(100_000));
    let (offered, _) = looked("--source=service", &object("v1", "Service", &long, "spec: {}"));
    let message = &offered.faults.iter().next().expect("it is no TTL").message;
    assert!(message.len() < 300 && message.contains("(100000 octets)"), "{message}");
}

#[test]
fn an_object_wants_its_names_before_it_has_a_target() {
    let named = format!("{PREFIX}/hostname: x.example.org");
    let nothing: &[&str] = &[];
    let x: &[&str] = &["x.example.org"];
    let service = |spec: &str| object("v1", "Service", &named, &format!("spec: {{{spec}}}"));
    let balanced = "type: LoadBalancer}, status: {loadBalancer: {ingress: [{ip: 10.0.0.1}]}";
    let istio = "networking.istio.io/v1";
    let door = "{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: public, namespace: shop}, \
                spec: {servers: [{hosts: [x.example.org]}]}}\n---\n";
    let behind = |gateway: &str| {
        let spec = format!("spec: {{hosts: [x.example.org, reviews], gateways: [{gateway}]}}");
        format!("{door}{}", object(istio, "VirtualService", "", &spec))
    };
    for (flags, objects, expected) in [
        ("service", service("type: LoadBalancer"), x),
        ("service", service(balanced), nothing),
        ("service --exclude-target-net=10.0.0.0/8", service(balanced), nothing),
        ("service", service("clusterIP: None"), x),
        ("service", service("type: NodePort"), x),
        ("service", service("clusterIP: 10.96.0.1"), nothing),
        (
            "ingress",
            object("networking.k8s.io/v1", "Ingress", "", "spec: {rules: [{host: x.example.org}]}"),
            x,
        ),
        (
            "ingress --ingress-class=nginx",
            object("networking.k8s.io/v1", "Ingress", &named, "spec: {}"),
            nothing,
        ),
        (
            "openshift-route",
            object("route.openshift.io/v1", "Route", &named, "spec: {host: y.example.org}"),
            x,
        ),
        ("istio-gateway", object(istio, "Gateway", "", "spec: {servers: [{hosts: [x.example.org]}]}"), x),
        ("istio-virtualservice", behind("public"), x),
        ("istio-virtualservice", behind("mesh"), nothing),
        ("pod", object("v1", "Pod", &named, "spec: {}"), x),
        ("pod --ignore-non-host-network-pods", object("v1", "Pod", &named, "spec: {}"), nothing),
    ] {
        let (offered, _) = looked(&format!("--source={flags}"), &objects);
        assert_eq!(offered.names, expected, "{flags} {objects}");
    }
}
