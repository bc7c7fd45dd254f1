//! Gateway API's routes: accepted parents, listeners, and where annotations stand.

use super::check;

const ANNOTATIONS: &str = "external-dns.kubernetes.io";

fn gateway(name: &str, listeners: &str, more: &str) -> String {
    format!(
        "{{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {{name: {name}, namespace: infra{more}}}, \
         spec: {{gatewayClassName: x, listeners: [{listeners}], allowedListeners: {{namespaces: {{from: All}}}}}}, \
         status: {{addresses: [{{type: IPAddress, value: 192.0.2.1}}, {{type: Hostname, value: lb.example.net}}]}}}}\n---\n"
    )
}

fn listener(name: &str, hostname: &str, protocol: &str, more: &str) -> String {
    let hostname = if hostname.is_empty() { String::new() } else { format!(", hostname: \"{hostname}\"") };
    format!(
        "{{name: {name}, port: 80, protocol: {protocol}{hostname}, allowedRoutes: {{namespaces: {{from: All}}}}{more}}}"
    )
}

/// A route that its parents have accepted: those of its status are those of its spec.
fn route(kind: &str, hostnames: &str, parent: &str, annotations: &str) -> String {
    route_with(
        kind,
        hostnames,
        parent,
        &format!("{{parentRef: {{{parent}}}, conditions: [{ACCEPTED}]}}"),
        annotations,
    )
}

const ACCEPTED: &str = "{type: Accepted, status: \"True\"}";

fn route_with(kind: &str, hostnames: &str, parent: &str, statuses: &str, annotations: &str) -> String {
    let version = if ["TCPRoute", "UDPRoute"].contains(&kind) { "v1alpha2" } else { "v1" };
    format!(
        "{{apiVersion: gateway.networking.k8s.io/{version}, kind: {kind}, metadata: {{name: web, namespace: shop, \
         annotations: {{{annotations}}}}}, spec: {{hostnames: [{hostnames}], parentRefs: [{{{parent}}}]}}, \
         status: {{parents: [{statuses}]}}}}"
    )
}

const PUBLIC: &str = "name: public, namespace: infra";
const BOTH: &str = "
    a.example.org - A 192.0.2.1
    a.example.org - CNAME lb.example.net";

#[test]
fn a_route_that_is_accepted_has_its_gateways_addresses() {
    let gateway = gateway("public", &listener("http", "*.example.org", "HTTP", ""), "");
    let objects = format!("{gateway}{}", route("HTTPRoute", "a.example.org, b.example.com", PUBLIC, ""));
    check("--source=gateway-httproute", &objects, BOTH);
    check("--source=gateway-grpcroute", &objects, "");
}

#[test]
fn hosts_of_route_and_listener() {
    let a = "a.example.org - A 192.0.2.1\n";
    let hostname = format!("{ANNOTATIONS}/hostname: c.example.org");
    let source = |value: &str| format!("{hostname}, {ANNOTATIONS}/gateway-hostname-source: {value}");
    let wild = "\"*.example.org\" ";
    let c = "c.example.org - A 192.0.2.1\n";
    for (listened, hostnames, annotations, expected) in [
        ("a.example.org", "", "", a.to_owned()),
        ("", "a.example.org", "", a.to_owned()),
        ("", "", "", String::new()),
        ("a.example.org", wild, "", a.to_owned()),
        ("*.example.org", "", "", "*.example.org - A 192.0.2.1".to_owned()),
        ("*.example.org", "a.example.org", &hostname, format!("{a}{c}")),
        ("*.example.org", "a.example.org", &source("annotation-only"), c.to_owned()),
        ("*.example.org", "a.example.org", &source("Defined-Hosts-Only"), a.to_owned()),
        ("a.example.org", "", &source("defined-hosts-only"), String::new()),
        (
            "*.example.org",
            "a.example.org",
            &source("nonsense"),
            format!(
                "{a}{c}Invalid: metadata.annotations[gateway-hostname-source]: \"nonsense\" is neither annotation-only \
                 nor defined-hosts-only; both count"
            ),
        ),
    ] {
        let gateway = gateway("public", &listener("http", listened, "HTTP", ""), "");
        let objects = format!("{gateway}{}", route("HTTPRoute", hostnames, PUBLIC, annotations));
        check("--source=gateway-httproute --exclude-record-types=CNAME", &objects, &expected);
    }
}

#[test]
fn templates_name_routes_without_hosts() {
    let gateway = gateway("public", &listener("tcp", "", "TCP", ""), "");
    let objects = format!("{gateway}{}", route("TCPRoute", "", PUBLIC, ""));
    check(
        "--source=gateway-tcproute --fqdn-template={{.Name}}.{{.Kind}}.example.org --exclude-record-types=CNAME",
        &objects,
        "web.tcproute.example.org - A 192.0.2.1",
    );
}

#[test]
fn which_listeners_take_which_routes() {
    for (kind, protocol, is_taken) in [
        ("HTTPRoute", "HTTP", true),
        ("HTTPRoute", "HTTPS", true),
        ("HTTPRoute", "TLS", false),
        ("GRPCRoute", "HTTPS", true),
        ("TLSRoute", "TLS", true),
        ("TLSRoute", "HTTPS", false),
        ("TCPRoute", "TCP", true),
        ("TCPRoute", "TLS", true),
        ("UDPRoute", "UDP", true),
        ("UDPRoute", "TCP", false),
    ] {
        let gateway = gateway("public", &listener("x", "a.example.org", protocol, ""), "");
        let objects = format!("{gateway}{}", route(kind, "", PUBLIC, ""));
        let source = format!("--source=gateway-{}", kind.to_ascii_lowercase());
        check(&source, &objects, if is_taken { BOTH } else { "" });
    }
}

#[test]
fn which_parents_count() {
    let with = |listeners: &str| gateway("public", listeners, "");
    let two = [
        listener("one", "a.example.org", "HTTP", ""),
        listener("two", "b.example.org", "HTTP", "").replace("80", "81"),
    ]
    .join(", ");
    let status =
        |parent: &str, conditions: &str| format!("{{parentRef: {{{parent}}}, conditions: [{conditions}]}}");
    let one = "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: shop}}}\n---\n";
    let refused = "Incomplete: status.parents: no Gateway has accepted it, so it has no address";
    let (a, b) = ("a.example.org - A 192.0.2.1\n", "b.example.org - A 192.0.2.1\n");
    for (what, spec, statuses, expected) in [
        ("all listeners", PUBLIC, status(PUBLIC, ACCEPTED), [a, b].concat()),
        (
            "the section of the status",
            PUBLIC,
            status(&format!("{PUBLIC}, sectionName: two"), ACCEPTED),
            b.into(),
        ),
        (
            "not that of the spec",
            "name: public, namespace: infra, sectionName: one",
            status(PUBLIC, ACCEPTED),
            [a, b].concat(),
        ),
        ("a port", PUBLIC, status(&format!("{PUBLIC}, port: 81"), ACCEPTED), b.into()),
        (
            "a section that is not there",
            PUBLIC,
            status(&format!("{PUBLIC}, sectionName: x"), ACCEPTED),
            String::new(),
        ),
        ("not accepted", PUBLIC, status(PUBLIC, "{type: Accepted, status: \"False\"}"), refused.into()),
        ("no status", PUBLIC, String::new(), refused.into()),
        (
            "refused references",
            PUBLIC,
            status(PUBLIC, &format!("{{type: ResolvedRefs, status: \"False\"}}, {ACCEPTED}")),
            [a, b].concat(),
        ),
        (
            "another gateway than the spec",
            PUBLIC,
            status("name: other, namespace: infra", ACCEPTED),
            String::new(),
        ),
        ("in its own namespace", "name: public", status("name: public", ACCEPTED), String::new()),
        ("a gateway that is not there", "name: other", status("name: other", ACCEPTED), String::new()),
        (
            "another kind",
            "name: public, namespace: infra, kind: Service, group: \"\"",
            status("name: public, namespace: infra, kind: Service, group: \"\"", ACCEPTED),
            String::new(),
        ),
        (
            "said in full",
            PUBLIC,
            status(&format!("{PUBLIC}, kind: Gateway, group: gateway.networking.k8s.io"), ACCEPTED),
            [a, b].concat(),
        ),
    ] {
        println!("{what}");
        let objects = format!("{one}{}{}", with(&two), route_with("HTTPRoute", "", spec, &statuses, ""));
        check("--source=gateway-httproute --exclude-record-types=CNAME", &objects, &expected);
    }
}

#[test]
fn which_gateways_are_asked_for() {
    for (flags, is_taken) in [
        ("--gateway-name=public", true),
        ("--gateway-name=private", false),
        ("--gateway-namespace=infra", true),
        ("--gateway-namespace=shop", false),
        ("--gateway-label-filter=exposure=public", true),
        ("--gateway-label-filter=exposure=private", false),
        ("--namespace=shop", true),
        ("--namespace=infra", false),
    ] {
        let gateway =
            gateway("public", &listener("x", "a.example.org", "HTTP", ""), ", labels: {exposure: public}");
        let objects = format!("{gateway}{}", route("HTTPRoute", "", PUBLIC, ""));
        check(&format!("--source=gateway-httproute {flags}"), &objects, if is_taken { BOTH } else { "" });
    }
}

#[test]
fn which_namespaces_and_kinds_a_listener_takes() {
    let namespace = "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: shop}}}\n---\n";
    for (allowed, is_taken) in [
        ("namespaces: {from: All}", true),
        ("namespaces: {from: Same}", false),
        ("", false),
        ("namespaces: {from: None}", false),
        ("namespaces: {from: Selector, selector: {matchLabels: {team: shop}}}", true),
        ("namespaces: {from: Selector, selector: {matchLabels: {team: api}}}", false),
        ("namespaces: {from: Selector}", false),
        ("namespaces: {from: Selector, selector: {}}", true),
        ("namespaces: {from: All}, kinds: [{kind: HTTPRoute}]", true),
        ("namespaces: {from: All}, kinds: [{kind: GRPCRoute}]", false),
        ("namespaces: {from: All}, kinds: [{kind: HTTPRoute, group: other}]", false),
    ] {
        let listener = format!(
            "{{name: x, port: 80, protocol: HTTP, hostname: a.example.org, allowedRoutes: {{{allowed}}}}}"
        );
        let gateway = gateway("public", &listener, "");
        let objects = format!("{namespace}{gateway}{}", route("HTTPRoute", "", PUBLIC, ""));
        check("--source=gateway-httproute", &objects, if is_taken { BOTH } else { "" });
    }
    let unknown = gateway(
        "public",
        "{name: x, port: 80, protocol: HTTP, hostname: a.example.org, allowedRoutes: {namespaces: {from: Selector, selector: {}}}}",
        "",
    );
    check("--source=gateway-httproute", &format!("{unknown}{}", route("HTTPRoute", "", PUBLIC, "")), "");
}

#[test]
fn where_annotations_stand() {
    let listener = listener("x", "a.example.org", "HTTP", "");
    let targeted = gateway(
        "public",
        &listener,
        &format!(", annotations: {{{ANNOTATIONS}/target: 192.0.2.9, {ANNOTATIONS}/ttl: \"5\"}}"),
    );
    let annotations = format!(
        "{ANNOTATIONS}/target: 192.0.2.8, {ANNOTATIONS}/ttl: \"60\", {ANNOTATIONS}/set-identifier: eu, {ANNOTATIONS}/aws-weight: \"1\""
    );
    check(
        "--source=gateway-httproute",
        &format!("{targeted}{}", route("HTTPRoute", "", PUBLIC, &annotations)),
        "a.example.org 60 A 192.0.2.9 set=eu aws/weight=1",
    );
    let controller = format!("{ANNOTATIONS}/controller: other");
    check(
        "--source=gateway-httproute",
        &format!("{targeted}{}", route("HTTPRoute", "", PUBLIC, &controller)),
        "",
    );
}

#[test]
fn listener_sets() {
    let set = |status: &str, more: &str| {
        format!(
            "{{apiVersion: gateway.networking.k8s.io/v1, kind: ListenerSet, metadata: {{name: extra, namespace: shop{more}}}, \
             spec: {{parentRef: {{{PUBLIC}}}, listeners: [{{name: one, port: 80, protocol: HTTP, hostname: a.example.org}}, \
             {{name: two, port: 80, protocol: HTTP, hostname: z.example.org}}]}}, status: {{{status}}}}}\n---\n"
        )
    };
    let accepted = format!("conditions: [{ACCEPTED}], listeners: [{{name: one, conditions: [{ACCEPTED}]}}]");
    let parent = "name: extra, kind: ListenerSet";
    let objects = |gateway: &str, set: &str| format!("{gateway}{set}{}", route("HTTPRoute", "", parent, ""));
    let open = gateway("public", "", "");
    let flags = "--source=gateway-httproute --gateway-listener-sets";
    check(flags, &objects(&open, &set(&accepted, "")), BOTH);
    check("--source=gateway-httproute", &objects(&open, &set(&accepted, "")), "");
    check(flags, &objects(&open, &set(&accepted.replacen("True", "False", 1), "")), "");
    check(flags, &objects(&open, &set(&format!("conditions: [{ACCEPTED}]"), "")), "");
    let closed = open.replace("allowedListeners: {namespaces: {from: All}}", "");
    check(flags, &objects(&closed, &set(&accepted, "")), "");
    let same = open.replace("from: All", "from: Same");
    check(flags, &objects(&same, &set(&accepted, "")), "");
    check(&format!("{flags} --gateway-name=other"), &objects(&open, &set(&accepted, "")), "");
    let targeted = set(&accepted, &format!(", annotations: {{{ANNOTATIONS}/target: 192.0.2.7}}"));
    check(flags, &objects(&open, &targeted), "a.example.org - A 192.0.2.7");
}

#[test]
fn older_versions_are_read_too() {
    let gateway =
        gateway("public", &listener("x", "a.example.org", "HTTP", ""), "").replace("/v1,", "/v1beta1,");
    let route = route("HTTPRoute", "", PUBLIC, "").replace("/v1,", "/v1beta1,");
    check("--source=gateway-httproute", &format!("{gateway}{route}"), BOTH);
}
