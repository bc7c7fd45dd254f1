//! Objects that are drawn from a seed: what nobody thought of writing down.
//!
//! They stand in namespaces of their own, and the names of one kind and namespace are few, so that objects meet in a
//! name. A failure is found again by the seed.

use serde_json::{Value, json};

/// What they are drawn from.
const SEED: u64 = 0x706f_7274_6f6c_616e;
/// Their namespaces.
const NAMESPACES: [&str; 4] = ["drawn-a", "drawn-b", "drawn-c", "drawn-d"];
/// How many of each kind there are in a namespace.
const SERVICES: usize = 18;
const INGRESSES: usize = 10;
const ROUTES: usize = 9;
const OPENSHIFT_ROUTES: usize = 5;
const VIRTUAL_SERVICES: usize = 5;
const PODS: usize = 4;
/// How many names a kind has in a namespace.
const HOSTS: usize = 14;
/// What TTLs are drawn from.
const TTLS: [&str; 5] = ["30", "2m", "0", "", "1h"];

/// Draws one object of a namespace.
type Make = fn(&mut Draw, &str) -> Value;

/// All of them.
pub(crate) fn objects() -> Vec<Value> {
    let mut draw = Draw(SEED);
    NAMESPACES.iter().flat_map(|namespace| of_namespace(&mut draw, namespace)).collect()
}

fn of_namespace(draw: &mut Draw, namespace: &str) -> Vec<Value> {
    let mut objects = vec![
        // What Ingresses lead to is ready.
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": { "name": "web", "namespace": namespace },
            "spec": { "ports": [{ "port": 80 }] },
        }),
        gateway(namespace),
        istio_gateway("wide", namespace, "*", "203.0.113.171"),
        istio_gateway("narrow", namespace, &format!("*.vs.{namespace}.example.com"), "mesh.example.net"),
    ];
    let kinds: [(usize, Make); 6] = [
        (SERVICES, service),
        (INGRESSES, ingress),
        (ROUTES, route),
        (OPENSHIFT_ROUTES, openshift_route),
        (VIRTUAL_SERVICES, virtual_service),
        (PODS, pod),
    ];
    for (count, make) in kinds {
        for nth in 0..count {
            let mut object = make(draw, namespace);
            let metadata = &mut object["metadata"];
            metadata["name"] = format!("n{nth}").into();
            metadata["namespace"] = namespace.into();
            if draw.one_in(2) {
                metadata["labels"]["tier"] = draw.pick(&["front", "back"]).into();
            }
            if draw.one_in(3) {
                metadata["annotations"]["team"] = draw.pick(&["shop", "api", "web"]).into();
            }
            if draw.one_in(12) {
                metadata["annotations"]["dns/controller"] = draw.pick(&["dns-controller", "other"]).into();
            }
            objects.push(object);
        }
    }
    objects
}

fn service(draw: &mut Draw, namespace: &str) -> Value {
    let kind =
        draw.pick(&["LoadBalancer", "LoadBalancer", "LoadBalancer", "ExternalName", "ClusterIP", "NodePort"]);
    let mut service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": annotated(draw, "svc", namespace),
        "spec": { "type": kind, "ports": [{ "port": 80 }] },
    });
    match kind {
        "LoadBalancer" => {
            let ingress: Vec<Value> = (0..draw.below(4)).map(|_| entrance(draw)).collect();
            service["status"] = json!({ "loadBalancer": { "ingress": ingress } });
        }
        "ExternalName" => service["spec"] = json!({ "type": kind, "externalName": host_target(draw) }),
        _ => {
            let hosts = hosts(draw, "inside", namespace);
            service["metadata"]["annotations"]["dns/internal-hostname"] = hosts.into();
        }
    }
    if kind != "ExternalName" && draw.one_in(8) {
        service["spec"]["externalIPs"] = json!([address(draw)]);
    }
    service
}

fn ingress(draw: &mut Draw, namespace: &str) -> Value {
    let mut metadata = annotated(draw, "ing", namespace);
    if draw.one_in(5) {
        metadata["annotations"]["dns/ingress-hostname-source"] =
            draw.pick(&["defined-hosts-only", "annotation-only"]).into();
    }
    let rules: Vec<Value> =
        (0..draw.below(3)).map(|_| json!({ "host": host(draw, "ing", namespace) })).collect();
    let mut spec = json!({
        "defaultBackend": { "service": { "name": "web", "port": { "number": 80 } } }, "rules": rules,
    });
    if draw.one_in(3) {
        spec["tls"] = json!([{ "hosts": [host(draw, "ing", namespace)] }]);
    }
    if draw.one_in(3) {
        spec["ingressClassName"] = draw.pick(&["nginx", "haproxy", "other"]).into();
    }
    let ingress: Vec<Value> = (0..draw.below(3)).map(|_| entrance(draw)).collect();
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec,
        "status": { "loadBalancer": { "ingress": ingress } },
    })
}

fn gateway(namespace: &str) -> Value {
    let all = json!({ "namespaces": { "from": "All" } });
    let wild = format!("*.route.{namespace}.example.com");
    let exact = format!("h1.route.{namespace}.example.com");
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
        "metadata": { "name": "gate", "namespace": namespace, "labels": { "edge": "outer" } },
        "spec": { "gatewayClassName": "x", "listeners": [
            { "name": "any", "port": 80, "protocol": "HTTP", "allowedRoutes": all },
            { "name": "wild", "port": 443, "protocol": "HTTPS", "hostname": wild, "allowedRoutes": all },
            { "name": "exact", "port": 444, "protocol": "HTTPS", "hostname": exact },
        ] },
        "status": { "addresses": [{ "type": "IPAddress", "value": "192.0.2.221" }] },
    })
}

fn route(draw: &mut Draw, namespace: &str) -> Value {
    let mut metadata = annotated(draw, "route", namespace);
    let annotations = metadata["annotations"].as_object_mut().unwrap();
    if !draw.one_in(3) {
        annotations.remove("dns/hostname");
    } else if draw.one_in(3) {
        let from = draw.pick(&["defined-hosts-only", "annotation-only", "neither"]);
        annotations.insert("dns/gateway-hostname-source".into(), from.into());
    }
    let hostnames: Vec<String> = (0..draw.below(3)).map(|_| host(draw, "route", namespace)).collect();
    let gates = NAMESPACES.map(|of| json!({ "name": "gate", "namespace": of }));
    let mut reference = if draw.one_in(3) { draw.pick(&gates) } else { json!({ "name": "gate" }) };
    if draw.one_in(2) {
        reference["sectionName"] = draw.pick(&["any", "wild", "exact", "absent"]).into();
    }
    let accepted = if draw.one_in(6) { "False" } else { "True" };
    let condition = json!({
        "type": "Accepted", "status": accepted, "reason": "A", "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    });
    let parent = json!({ "parentRef": reference, "controllerName": "example.com/controller", "conditions": [condition] });
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": metadata,
        "spec": { "hostnames": hostnames, "parentRefs": [reference] },
        "status": { "parents": [parent] },
    })
}

fn openshift_route(draw: &mut Draw, namespace: &str) -> Value {
    let metadata = annotated(draw, "ocp", namespace);
    let host = host(draw, "ocp-spec", namespace);
    let routers = (0..draw.below(3)).map(|_| {
        let admitted = if draw.one_in(3) { "False" } else { "True" };
        let name = draw.pick(&["default", "sharded"]);
        json!({
            "host": host, "routerName": name, "routerCanonicalHostname": format!("router-{name}.example.net"),
            "conditions": [{ "type": "Admitted", "status": admitted }],
        })
    });
    let routers: Vec<Value> = routers.collect();
    json!({
        "apiVersion": "route.openshift.io/v1", "kind": "Route", "metadata": metadata,
        "spec": { "host": host, "to": { "kind": "Service", "name": "web" } },
        "status": { "ingress": routers },
    })
}

fn istio_gateway(name: &str, namespace: &str, host: &str, target: &str) -> Value {
    json!({
        "apiVersion": "networking.istio.io/v1", "kind": "Gateway",
        "metadata": { "name": name, "namespace": namespace, "annotations": { "dns/target": target } },
        "spec": { "servers": [{ "port": { "number": 80, "name": "http", "protocol": "HTTP" }, "hosts": [host] }] },
    })
}

fn virtual_service(draw: &mut Draw, namespace: &str) -> Value {
    let metadata = annotated(draw, "vs", namespace);
    let hosts: Vec<String> = (0..draw.below(3)).map(|_| host(draw, "vs", namespace)).collect();
    let gateways = draw.pick(&[
        json!(["wide"]),
        json!(["narrow"]),
        json!(["drawn-a/wide"]),
        json!(["mesh"]),
        json!(["absent", "narrow"]),
    ]);
    let mut spec = json!({ "hosts": hosts, "gateways": gateways });
    if draw.one_in(4) {
        spec["exportTo"] = draw.pick(&[json!(["."]), json!(["*"]), json!(["drawn-a"])]);
    }
    json!({ "apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": metadata, "spec": spec })
}

fn pod(draw: &mut Draw, namespace: &str) -> Value {
    let mut metadata = annotated(draw, "pod", namespace);
    if draw.one_in(2) {
        metadata["annotations"]["dns/internal-hostname"] = hosts(draw, "pod", namespace).into();
    }
    let node = format!("worker-{}.example.com", 1 + draw.below(6));
    let address = format!("10.7.{}.{}", draw.below(250), draw.below(250));
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": metadata,
        "spec": { "nodeName": node, "hostNetwork": draw.one_in(3), "containers": [{ "name": "c", "image": "c" }] },
        "status": {
            "phase": "Running", "podIP": address, "podIPs": [{ "ip": address }],
            "conditions": [{ "type": "Ready", "status": "True" }],
        },
    })
}

/// Metadata with names, and sometimes a TTL, a set and targets.
fn annotated(draw: &mut Draw, kind: &str, namespace: &str) -> Value {
    let mut annotations = json!({});
    if !draw.one_in(6) {
        annotations["dns/hostname"] = hosts(draw, kind, namespace).into();
    }
    if draw.one_in(4) {
        annotations["dns/ttl"] = draw.pick(&TTLS).into();
    }
    if draw.one_in(8) {
        annotations["dns/target"] = if draw.one_in(3) { host_target(draw) } else { address(draw) }.into();
    }
    json!({ "annotations": annotations, "labels": {} })
}

/// One to three names, with commas between.
fn hosts(draw: &mut Draw, kind: &str, namespace: &str) -> String {
    let hosts: Vec<String> = (0..=draw.below(3)).map(|_| host(draw, kind, namespace)).collect();
    hosts.join(draw.pick(&[",", ", "]))
}

fn host(draw: &mut Draw, kind: &str, namespace: &str) -> String {
    let label = if draw.one_in(12) { "*".to_owned() } else { format!("h{}", draw.below(HOSTS)) };
    format!("{label}.{kind}.{namespace}.example.com")
}

/// An entry of a load balancer's status.
fn entrance(draw: &mut Draw) -> Value {
    match draw.below(5) {
        0 => json!({ "hostname": host_target(draw) }),
        1 => json!({ "ip": format!("2001:db8:7::{:x}", 1 + draw.below(999)) }),
        _ => json!({ "ip": address(draw) }),
    }
}

fn address(draw: &mut Draw) -> String {
    let network = draw.pick(&["192.0.2", "198.51.100", "203.0.113"]);
    format!("{network}.{}", 1 + draw.below(250))
}

fn host_target(draw: &mut Draw) -> String {
    format!("t{}.example.net", draw.below(20))
}

/// Numbers that look random and come again with their seed (SplitMix64).
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0 and above, below a limit.
    fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap();
        usize::try_from(self.next() % limit).unwrap()
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }
}
