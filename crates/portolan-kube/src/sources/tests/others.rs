//! OpenShift's Routes, Istio's Gateways and VirtualServices, Nodes and pods.

use super::check;

const ANNOTATIONS: &str = "external-dns.kubernetes.io";

// === OpenShift ===

fn route(annotations: &str, host: &str, routers: &str) -> String {
    format!(
        "{{apiVersion: route.openshift.io/v1, kind: Route, metadata: {{name: web, namespace: shop, \
         annotations: {{{annotations}}}}}, spec: {{host: {host}, to: {{kind: Service, name: web}}}}, \
         status: {{ingress: [{routers}]}}}}"
    )
}

fn router(name: &str, host: &str, canonical: &str, admitted: &str) -> String {
    format!(
        "{{routerName: {name}, host: {host}, routerCanonicalHostname: \"{canonical}\", \
         conditions: [{{type: Admitted, status: \"{admitted}\"}}]}}"
    )
}

#[test]
fn a_route_that_a_router_admitted() {
    let first = router("first", "a.example.org", "router.example.net", "True");
    let second = router("second", "b.example.org", "other.example.net", "True");
    let both = format!("{first}, {second}");
    let refused = |by: &str| format!("Incomplete: status.ingress: is not admitted by {by}");
    let any = "any router that has a canonical host name";
    let target = format!("{ANNOTATIONS}/target: 192.0.2.9");
    let hostname = format!("{ANNOTATIONS}/hostname: c.example.org");
    for (flags, annotations, routers, expected) in [
        ("", "", both.clone(), "a.example.org - CNAME router.example.net".to_owned()),
        (
            "--openshift-router-name=second",
            "",
            both.clone(),
            "b.example.org - CNAME other.example.net".into(),
        ),
        ("--openshift-router-name=third", "", both, refused("router \"third\" with a canonical host name")),
        ("", "", router("first", "a.example.org", "router.example.net", "False"), refused(any)),
        ("", "", router("first", "a.example.org", "", "True"), refused(any)),
        ("", "", String::new(), refused(any)),
        ("", &target, first.clone(), "a.example.org - A 192.0.2.9".into()),
        ("", &target, String::new(), refused(any)),
        (
            "",
            &hostname,
            first,
            "a.example.org - CNAME router.example.net\nc.example.org - CNAME router.example.net".into(),
        ),
    ] {
        // What the spec wants does not count.
        let objects = route(annotations, "wanted.example.org", &routers);
        check(&format!("--source=openshift-route {flags}"), &objects, &expected);
    }
    let nameless = route("", "\"\"", &router("first", "\"\"", "router.example.net", "True"));
    check(
        "--source=openshift-route --fqdn-template={{.Name}}.example.org",
        &nameless,
        "web.example.org - CNAME router.example.net",
    );
}

// === Istio ===

fn service(name: &str, selector: &str, spec: &str, status: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: Service, metadata: {{name: {name}, namespace: istio}}, spec: {{type: LoadBalancer, \
         selector: {{{selector}}}{spec}}}, status: {{loadBalancer: {{ingress: [{status}]}}}}}}\n---\n"
    )
}

fn gateway(annotations: &str, hosts: &str) -> String {
    format!(
        "{{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {{name: public, namespace: istio, \
         annotations: {{{annotations}}}}}, spec: {{selector: {{istio: ingress}}, servers: [{{hosts: [{hosts}]}}]}}}}\n---\n"
    )
}

fn virtual_service(annotations: &str, spec: &str) -> String {
    format!(
        "{{apiVersion: networking.istio.io/v1beta1, kind: VirtualService, metadata: {{name: web, namespace: shop, \
         annotations: {{{annotations}}}}}, spec: {{{spec}}}}}"
    )
}

fn services() -> String {
    service(
        "ingress",
        "istio: ingress, app: x",
        "",
        "{ip: 192.0.2.1, hostname: lb.example.net}, {hostname: lb.example.com}",
    ) + &service("second", "istio: ingress", ", externalIPs: [192.0.2.2]", "{ip: 192.0.2.3}")
        + &service("other", "istio: egress", "", "{ip: 192.0.2.4}")
        + &service("bare", "", "", "{ip: 192.0.2.5}")
}

#[test]
fn a_gateway_of_istio_is_the_services_before_its_pods() {
    let hosts = "a.example.org, \"shop/b.example.org\", \"*\", \"*.example.net\"";
    let gateway_of = |annotations: &str| {
        let gateway = gateway(annotations, hosts);
        format!("{}{}", services(), gateway.trim_end_matches("\n---\n"))
    };
    let of = |host: &str| format!("{host} - A 192.0.2.1,192.0.2.2\n{host} - CNAME lb.example.com\n");
    check(
        "--source=istio-gateway",
        &gateway_of(""),
        &[of("a.example.org"), of("b.example.org"), of("*.example.net")].concat(),
    );
    check(
        "--source=istio-gateway --exclude-record-types=CNAME",
        &gateway_of(&format!("{ANNOTATIONS}/hostname: c.example.org, {ANNOTATIONS}/target: 192.0.2.9")),
        "a.example.org - A 192.0.2.9
         b.example.org - A 192.0.2.9
         *.example.net - A 192.0.2.9
         c.example.org - A 192.0.2.9",
    );
    check("--source=istio-gateway --namespace=shop", &gateway_of(""), "");
    check("--source=service", &gateway_of(""), "");
}

#[test]
fn a_gateway_of_istio_behind_an_ingress() {
    let ingress = "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: front, namespace: istio}, spec: {}, \
                   status: {loadBalancer: {ingress: [{ip: 192.0.2.7, hostname: x.example.net}]}}}\n---\n";
    let with = |reference: &str| {
        let gateway = gateway(&format!("{ANNOTATIONS}/ingress: {reference}"), "a.example.org");
        format!("{}{ingress}{}", services(), gateway.trim_end_matches("\n---\n"))
    };
    check("--source=istio-gateway", &with("front"), "a.example.org - A 192.0.2.7");
    check("--source=istio-gateway", &with("istio/front"), "a.example.org - A 192.0.2.7");
    for reference in ["none", "shop/front", "a/b/c"] {
        check(
            "--source=istio-gateway",
            &with(reference),
            &format!(
                "NotFound: : Gateway istio/public: its ingress annotation \"{reference}\" names no Ingress"
            ),
        );
    }
}

#[test]
fn a_virtual_service_is_where_its_gateways_are() {
    let of = |hosts: &str, service: &str| format!("{}{}{service}", services(), gateway("", hosts));
    let found = "w.example.org - A 192.0.2.1,192.0.2.2";
    let spec = "hosts: [w.example.org], gateways: [istio/public]";
    for (what, hosts, service, expected) in [
        ("a host of its gateway", "w.example.org", virtual_service("", spec), found),
        ("below it", "\"*.example.org\"", virtual_service("", spec), found),
        ("any", "\"*\"", virtual_service("", spec), found),
        ("another", "x.example.org", virtual_service("", spec), ""),
        ("of its namespace", "\"shop/*\"", virtual_service("", spec), found),
        ("of another namespace", "\"api/*\"", virtual_service("", spec), ""),
        ("of the gateway's", "\"./*\"", virtual_service("", spec), ""),
        ("no gateway", "\"*\"", virtual_service("", "hosts: [w.example.org]"), ""),
        ("all sidecars", "\"*\"", virtual_service("", "hosts: [w.example.org], gateways: [mesh]"), ""),
        (
            "a gateway that is not there",
            "\"*\"",
            virtual_service("", "hosts: [w.example.org], gateways: [public, istio/public]"),
            "w.example.org - A 192.0.2.1,192.0.2.2
             NotFound: spec.gateways: Gateway shop/public is not there",
        ),
        (
            "a gateway that is none",
            "\"*\"",
            virtual_service("", "hosts: [w.example.org], gateways: [a/b/c]"),
            "Invalid: spec.gateways: \"a/b/c\" is not NAME or NAMESPACE/NAME",
        ),
        ("shown to all", "\"*\"", virtual_service("", &format!("{spec}, exportTo: [\"*\"]")), found),
        ("to the gateway", "\"*\"", virtual_service("", &format!("{spec}, exportTo: [istio]")), found),
        ("to itself", "\"*\"", virtual_service("", &format!("{spec}, exportTo: [\".\"]")), ""),
        ("every host", "\"*\"", virtual_service("", "hosts: [\"*\"], gateways: [istio/public]"), ""),
        (
            "its own target",
            "x.example.org",
            virtual_service(&format!("{ANNOTATIONS}/target: 192.0.2.9"), spec),
            "w.example.org - A 192.0.2.9",
        ),
        (
            "the annotation's name",
            "\"*\"",
            virtual_service(&format!("{ANNOTATIONS}/hostname: v.example.org"), "gateways: [istio/public]"),
            "v.example.org - A 192.0.2.1,192.0.2.2",
        ),
    ] {
        println!("{what}");
        check("--source=istio-virtualservice --exclude-record-types=CNAME", &of(hosts, &service), expected);
    }
}

// === Nodes and pods ===

fn node(annotations: &str, spec: &str, addresses: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: Node, metadata: {{name: worker.example.org, annotations: {{{annotations}}}}}, \
         spec: {{{spec}}}, status: {{addresses: [{addresses}]}}}}"
    )
}

#[test]
fn a_node_has_its_own_name() {
    let addresses = "{type: InternalIP, address: 10.0.0.1}, {type: InternalIP, address: \"2001:db8::1\"}, \
                     {type: ExternalIP, address: 192.0.2.1}, {type: Hostname, address: worker}";
    let inside = "{type: InternalIP, address: 10.0.0.1}, {type: InternalIP, address: \"2001:db8::1\"}";
    let external = "worker.example.org - A 192.0.2.1\n";
    for (flags, annotations, spec, addresses, expected) in [
        ("", "", "", addresses, external.to_owned()),
        ("--namespace=shop", "", "", addresses, external.to_owned()),
        (
            "--expose-internal-ipv6",
            "",
            "",
            addresses,
            format!("{external}worker.example.org - AAAA 2001:db8::1"),
        ),
        ("", "", "", inside, "worker.example.org - A 10.0.0.1\nworker.example.org - AAAA 2001:db8::1".into()),
        ("", "", "", "", "Incomplete: status.addresses: has neither an ExternalIP nor an InternalIP".into()),
        ("", "", "unschedulable: true", addresses, String::new()),
        ("--no-exclude-unschedulable", "", "unschedulable: true", addresses, external.into()),
        (
            "",
            "external-dns.kubernetes.io/target: lb.example.net, external-dns.kubernetes.io/ttl: \"9\", \
             external-dns.kubernetes.io/set-identifier: x",
            "",
            addresses,
            "worker.example.org 9 CNAME lb.example.net".into(),
        ),
        ("--fqdn-template=nodes.example.org", "", "", addresses, "nodes.example.org - A 192.0.2.1".into()),
        (
            "--fqdn-template=nodes.example.org --combine-fqdn-annotation",
            "",
            "",
            addresses,
            format!("{external}nodes.example.org - A 192.0.2.1"),
        ),
        (
            "--fqdn-target-template={{range .Status.Addresses}}{{if eq .Type \"ExternalIP\"}}t.example.org:{{.Address}},{{end}}{{end}},x",
            "",
            "",
            addresses,
            "t.example.org - A 192.0.2.1".into(),
        ),
    ] {
        let flags = format!(
            "--source=node {}",
            flags.replace("--no-exclude-unschedulable", "--exclude-unschedulable=false")
        );
        check(&flags, &node(annotations, spec, addresses), &expected);
    }
}

#[test]
fn a_pod_is_its_node_or_itself() {
    let worker = node(
        "",
        "",
        "{type: ExternalIP, address: 192.0.2.1}, {type: InternalIP, address: 10.0.0.1}, \
                      {type: InternalIP, address: \"2001:db8::1\"}",
    ) + "\n---\n";
    let pod = |annotations: &str, spec: &str| {
        format!(
            "{worker}{{apiVersion: v1, kind: Pod, metadata: {{name: web-0, namespace: shop, annotations: {{{annotations}}}}}, \
             spec: {{nodeName: worker.example.org{spec}}}, status: {{podIP: 10.1.0.1, podIPs: [{{ip: 10.1.0.1}}, \
             {{ip: \"2001:db8:1::1\"}}], conditions: [{{type: Ready, status: \"True\"}}]}}}}"
        )
    };
    let (inner, outer) = (
        format!("{ANNOTATIONS}/internal-hostname: in.example.org"),
        format!("{ANNOTATIONS}/hostname: out.example.org"),
    );
    let node = "out.example.org - A 192.0.2.1 (Ready)\nout.example.org - AAAA 2001:db8::1 (Ready)\n";
    for (flags, annotations, spec, expected) in [
        ("", String::new(), "", String::new()),
        ("", inner.clone(), "", "in.example.org - A 10.1.0.1 (Ready)".into()),
        ("", outer.clone(), "", node.into()),
        ("--ignore-non-host-network-pods", outer.clone(), "", String::new()),
        ("--ignore-non-host-network-pods", outer.clone(), ", hostNetwork: true", node.into()),
        (
            "",
            format!("{inner}, {outer}, {ANNOTATIONS}/target: 192.0.2.9"),
            "",
            "in.example.org - A 192.0.2.9 (Ready)\nout.example.org - A 192.0.2.9 (Ready)".into(),
        ),
        ("--pod-source-domain=pods.example.org", String::new(), "", "web-0.pods.example.org - A 10.1.0.1 (Ready)".into()),
        (
            "--fqdn-template={{.Name}}.{{.Namespace}}.example.org",
            String::new(),
            "",
            "web-0.shop.example.org - A 10.1.0.1 (Ready)\nweb-0.shop.example.org - AAAA 2001:db8:1::1 (Ready)".into(),
        ),
    ] {
        check(&format!("--source=pod {flags}"), &pod(&annotations, spec), &expected);
    }
}
