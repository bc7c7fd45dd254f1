//! Services of every type, with every annotation that they have.

use super::check;

/// A Service with more fields of metadata, spec and status, in YAML's flow form.
fn service(annotations: &str, spec: &str, status: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: Service, metadata: {{name: web, namespace: shop, annotations: {{{annotations}}}}}, \
         spec: {{{spec}}}, status: {{loadBalancer: {{ingress: [{status}]}}}}}}"
    )
}

fn hostname(host: &str) -> String {
    format!("external-dns.kubernetes.io/hostname: {host:?}")
}

fn slice(labels: &str, endpoints: &str) -> String {
    format!(
        "---\n{{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4, \
         metadata: {{name: web-1, namespace: shop, labels: {{kubernetes.io/service-name: web{labels}}}}}, \
         endpoints: [{endpoints}]}}\n---\n"
    )
}

fn pod(name: &str, rest: &str) -> String {
    format!(
        "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: shop, labels: {{app: web}}}}, {rest}}}\n---\n"
    )
}

const READY: &str = "{addresses: [10.0.0.1], conditions: {ready: true}}";
const BALANCED: &str = "type: LoadBalancer, clusterIP: 10.96.0.1";

#[test]
fn a_load_balancer_gives_all_that_its_status_has() {
    let objects = slice("", READY)
        + &service(
            &hostname("shop.example.org"),
            BALANCED,
            "{ip: 192.0.2.1}, {ip: 2001:db8::1, hostname: lb.example.net}, {hostname: lb.example.com.}",
        );
    check(
        "--source=service",
        &objects,
        "shop.example.org - A 192.0.2.1 (Ready)
         shop.example.org - AAAA 2001:db8::1 (Ready)
         shop.example.org - CNAME lb.example.com,lb.example.net (Ready)",
    );
    check("--source=ingress", &objects, "");
}

#[test]
fn without_slices_nothing_is_ready() {
    let objects = service(&hostname("shop.example.org"), BALANCED, "{ip: 192.0.2.1}");
    check("--source=service", &objects, "shop.example.org - A 192.0.2.1 (NotReady)");
}

#[test]
fn external_ips_count_instead_of_the_status() {
    let spec = format!("{BALANCED}, externalIPs: [203.0.113.1, 203.0.113.2]");
    let objects = service(&hostname("shop.example.org"), &spec, "{ip: 192.0.2.1}");
    check("--source=service", &objects, "shop.example.org - A 203.0.113.1,203.0.113.2 (NotReady)");
}

#[test]
fn names_of_both_prefixes_and_their_faults() {
    let old = "external-dns.alpha.kubernetes.io/hostname";
    for (annotations, expected) in [
        (format!("{old}: old.example.org"), "old.example.org - A 192.0.2.1 (NotReady)"),
        (
            format!("{old}: old.example.org, {}", hostname("new.example.org")),
            "new.example.org - A 192.0.2.1 (NotReady)",
        ),
        (
            hostname("a.example.org, b.example.org."),
            "a.example.org - A 192.0.2.1 (NotReady)
             b.example.org - A 192.0.2.1 (NotReady)",
        ),
        (
            hostname("a.example.org,,b.example.org"),
            "a.example.org - A 192.0.2.1 (NotReady)
             b.example.org - A 192.0.2.1 (NotReady)
             Invalid: metadata.annotations[external-dns.kubernetes.io/hostname]: \"a.example.org,,b.example.org\" has an empty item; items have one comma between",
        ),
        (
            hostname(""),
            "Invalid: metadata.annotations[external-dns.kubernetes.io/hostname]: \"\" has an empty item; items have one comma between",
        ),
        ("other: x".into(), ""),
    ] {
        check("--source=service", &service(&annotations, BALANCED, "{ip: 192.0.2.1}"), expected);
    }
    let mine = service("example.org/hostname: mine.example.org", BALANCED, "{ip: 192.0.2.1}");
    check(
        "--source=service --annotation-prefix=example.org/",
        &mine,
        "mine.example.org - A 192.0.2.1 (NotReady)",
    );
    check(
        "--source=service --annotation-prefix=example.org/",
        &service(&hostname("x.example.org"), BALANCED, ""),
        "",
    );
    let proxied = service(
        "example.org/hostname: mine.example.org, example.org/cloudflare-proxied: \"true\"",
        BALANCED,
        "{ip: 192.0.2.1}",
    );
    check(
        "--source=service --annotation-prefix=example.org/",
        &proxied,
        "mine.example.org - A 192.0.2.1 example.org/cloudflare-proxied=true (NotReady)",
    );
}

#[test]
fn internal_names_have_the_address_inside() {
    let internal = "external-dns.kubernetes.io/internal-hostname: in.example.org";
    for (spec, status, expected) in [
        (BALANCED, "{ip: 192.0.2.1}", "in.example.org - A 10.96.0.1 (NotReady)"),
        ("clusterIP: 10.96.0.1", "", "in.example.org - A 10.96.0.1 (NotReady)"),
        ("type: ExternalName, externalName: db.example.net", "", "in.example.org - CNAME db.example.net"),
        ("type: LoadBalancer, clusterIP: None", "{ip: 192.0.2.1}", ""),
        ("type: LoadBalancer", "{ip: 192.0.2.1}", ""),
    ] {
        check("--source=service", &service(internal, spec, status), expected);
    }
}

#[test]
fn a_service_inside_is_published_when_asked_for() {
    let objects = service(&hostname("in.example.org"), "clusterIP: 10.96.0.1", "");
    check("--source=service", &objects, "");
    check(
        "--source=service --publish-internal-services",
        &objects,
        "in.example.org - A 10.96.0.1 (NotReady)",
    );
}

#[test]
fn a_target_counts_instead_of_everything() {
    let target = |target: &str| {
        format!("{}, external-dns.kubernetes.io/target: {target:?}", hostname("x.example.org"))
    };
    for (annotations, expected) in [
        (
            target("192.0.2.9, lb.example.net., 2001:db8::9"),
            "x.example.org - A 192.0.2.9
             x.example.org - AAAA 2001:db8::9
             x.example.org - CNAME lb.example.net",
        ),
        (target(""), ""),
        (
            target("192.0.2.9,"),
            "x.example.org - A 192.0.2.9
             Invalid: metadata.annotations[external-dns.kubernetes.io/target]: \"192.0.2.9,\" has an empty item; items have one comma between",
        ),
    ] {
        // A Service inside, without any flag.
        check("--source=service", &service(&annotations, "clusterIP: 10.96.0.1", ""), expected);
    }
    let known = slice("", READY) + &service(&target("192.0.2.9"), "clusterIP: 10.96.0.1", "");
    check("--source=service", &known, "x.example.org - A 192.0.2.9 (Ready)");
}

#[test]
fn an_external_name_is_an_alias() {
    let spec = "type: ExternalName, externalName: db.example.net";
    check(
        "--source=service",
        &service(&hostname("db.example.org"), spec, ""),
        "db.example.org - CNAME db.example.net",
    );
    let spec = format!("{spec}, externalIPs: [203.0.113.1]");
    check(
        "--source=service",
        &service(&hostname("db.example.org"), &spec, ""),
        "db.example.org - A 203.0.113.1",
    );
}

#[test]
fn ttls_sets_and_properties() {
    let with = |more: &str| format!("{}, {more}", hostname("x.example.org"));
    let prefix = "external-dns.kubernetes.io";
    for (annotations, expected) in [
        (format!("{prefix}/ttl: \"60\""), "x.example.org 60 A 192.0.2.1 (NotReady)"),
        (format!("{prefix}/ttl: 1h30m"), "x.example.org 5400 A 192.0.2.1 (NotReady)"),
        (format!("{prefix}/ttl: \"0\""), "x.example.org - A 192.0.2.1 (NotReady)"),
        (
            format!("{prefix}/ttl: soon"),
            "x.example.org - A 192.0.2.1 (NotReady)
             Invalid: metadata.annotations[external-dns.kubernetes.io/ttl]: \"soon\" is no TTL: 1 to 2147483647 seconds, or a duration as in 10m or 1h30m; 0 is the default",
        ),
        (
            format!(
                "{prefix}/set-identifier: eu, {prefix}/aws-weight: \"10\", {prefix}/alias: \"true\", \
                 {prefix}/cloudflare-proxied: \"true\", {prefix}/azure-tags: a=b, {prefix}/coredns-group: g"
            ),
            "x.example.org - A 192.0.2.1 set=eu alias=true aws/weight=10 azure/tags=a=b coredns/group=g \
             external-dns.kubernetes.io/cloudflare-proxied=true (NotReady)",
        ),
        (
            format!(
                "external-dns.alpha.kubernetes.io/aws-weight: \"1\", {prefix}/aws-weight: \"2\", \
                 external-dns.alpha.kubernetes.io/cloudflare-tags: t, {prefix}/alias: A, {prefix}/cloudflare-x: z"
            ),
            "x.example.org - A 192.0.2.1 aws/weight=2 external-dns.kubernetes.io/cloudflare-tags=t (NotReady)",
        ),
        (
            format!("{prefix}/alias: \"false\", external-dns.alpha.kubernetes.io/alias: \"true\""),
            "x.example.org - A 192.0.2.1 (NotReady)",
        ),
        (format!("{prefix}/controller: dns-controller"), "x.example.org - A 192.0.2.1 (NotReady)"),
        (format!("{prefix}/controller: somebody-else"), ""),
        ("external-dns.alpha.kubernetes.io/controller: somebody-else".into(), ""),
    ] {
        check("--source=service", &service(&with(&annotations), BALANCED, "{ip: 192.0.2.1}"), expected);
    }
}

#[test]
fn which_services_are_looked_at() {
    let objects = service(&format!("{}, team: shop", hostname("x.example.org")), BALANCED, "{ip: 192.0.2.1}");
    for (flags, is_taken) in [
        ("--namespace=shop", true),
        ("--namespace=other", false),
        ("--annotation-filter=team=shop", true),
        ("--annotation-filter=team in (db)", false),
        ("--label-filter=app=web", false),
        ("--label-filter=!app", true),
        ("--service-type-filter=LoadBalancer", true),
        ("--service-type-filter=ClusterIP", false),
        ("--service-type-filter=ClusterIP --service-type-filter=LoadBalancer", true),
    ] {
        let expected = if is_taken { "x.example.org - A 192.0.2.1 (NotReady)" } else { "" };
        check(&format!("--source=service {flags}"), &objects, expected);
    }
}

const HEADLESS: &str = "clusterIP: None, selector: {app: web}";

fn endpoint(pod: &str, address: &str, ready: bool) -> String {
    format!(
        "{{addresses: [{address}, 10.9.9.9], conditions: {{ready: {ready}}}, targetRef: {{kind: Pod, name: {pod}}}}}"
    )
}

#[test]
fn a_headless_service_is_its_pods() {
    let pods = pod("a", "spec: {hostname: db-0}, status: {hostIP: 172.16.0.1}")
        + &pod("b", "status: {hostIP: 172.16.0.2}");
    let slices = slice("", &[endpoint("a", "10.0.0.1", true), endpoint("b", "10.0.0.2", false)].join(", "));
    let objects = |annotations: &str, spec: &str| {
        let named = format!("{}, {annotations}", hostname("db.example.org"));
        format!("{pods}{slices}{}", service(&named, &format!("{HEADLESS}{spec}"), ""))
    };
    check(
        "--source=service",
        &objects("", ""),
        "db.example.org - A 10.0.0.1 (Ready)
         db.example.org - A 10.0.0.2 (NotReady)
         db-0.db.example.org - A 10.0.0.1 (Ready)",
    );
    let all = "db.example.org - A 10.0.0.1 (Ready)
               db.example.org - A 10.0.0.2 (Allowed)
               db-0.db.example.org - A 10.0.0.1 (Ready)";
    check("--source=service", &objects("", ", publishNotReadyAddresses: true"), all);
    check("--source=service --always-publish-not-ready-addresses", &objects("", ""), all);
    let host = "db.example.org - A 172.16.0.1 (Ready)
                db.example.org - A 172.16.0.2 (NotReady)
                db-0.db.example.org - A 172.16.0.1 (Ready)";
    check("--source=service --publish-host-ip", &objects("", ""), host);
    check("--source=service", &objects("external-dns.kubernetes.io/endpoints-type: HostIP", ""), host);
}

#[test]
fn which_pods_a_headless_service_has() {
    let of = |endpoint: &str, pod: &str, more: &str| {
        let slices = slice(more, endpoint);
        format!("{pod}{slices}{}", service(&hostname("db.example.org"), HEADLESS, ""))
    };
    let plain = pod("a", "status: {}");
    let one = "db.example.org - A 10.0.0.1 (Ready)";
    for (what, objects, expected) in [
        ("a pod", of(&endpoint("a", "10.0.0.1", true), &plain, ""), one),
        ("a pod that is not there", of(&endpoint("b", "10.0.0.1", true), &plain, ""), ""),
        ("no pod", of(READY, &plain, ""), ""),
        (
            "a reference with its version",
            of("{addresses: [10.0.0.1], targetRef: {kind: Pod, name: a, apiVersion: v1}}", &plain, ""),
            "",
        ),
        (
            "a pod that the Service does not select",
            of(
                &endpoint("a", "10.0.0.1", true),
                "---\n{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop}}\n---\n",
                "",
            ),
            "",
        ),
        (
            "readiness is not said",
            of("{addresses: [10.0.0.1], targetRef: {kind: Pod, name: a}}", &plain, ""),
            one,
        ),
        (
            "the pod's own target",
            of(
                &endpoint("a", "10.0.0.1", true),
                "---\n{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop, labels: {app: web}, annotations: \
                 {external-dns.kubernetes.io/target: 192.0.2.7}}}\n---\n",
                "",
            ),
            "db.example.org - A 192.0.2.7 (Ready)",
        ),
        (
            "slices as their controller labels them",
            of(
                &endpoint("a", "10.0.0.1", true),
                &plain,
                ", endpointslice.kubernetes.io/managed-by: endpointslice-controller.k8s.io, \
                 service.kubernetes.io/headless: \"\"",
            ),
            one,
        ),
    ] {
        println!("{what}");
        check("--source=service", &objects, expected);
    }
    let unready = of(&endpoint("a", "10.0.0.1", false), &plain, "");
    check("--source=service", &unready, "db.example.org - A 10.0.0.1 (NotReady)");
    check(
        "--source=service --always-publish-not-ready-addresses",
        &unready,
        "db.example.org - A 10.0.0.1 (Allowed)",
    );
}

#[test]
fn of_pods_on_one_node_one_that_is_ready_is_enough() {
    let on = |name: &str| pod(name, "status: {hostIP: 172.16.0.1}");
    let objects = [on("a"), on("b")].concat()
        + &slice("", &[endpoint("a", "10.0.0.1", false), endpoint("b", "10.0.0.2", true)].join(", "))
        + &service(&hostname("db.example.org"), HEADLESS, "");
    check("--source=service --publish-host-ip", &objects, "db.example.org - A 172.16.0.1 (Ready)");
}

fn node(name: &str, spec: &str, addresses: &str) -> String {
    format!(
        "---\n{{apiVersion: v1, kind: Node, metadata: {{name: {name}}}, spec: {{{spec}}}, \
         status: {{addresses: [{addresses}]}}}}\n---\n"
    )
}

#[test]
fn a_headless_service_of_nodes() {
    let nodes = node(
        "worker",
        "",
        "{type: ExternalIP, address: 192.0.2.1}, {type: InternalIP, address: 2001:db8::1}",
    );
    let objects = nodes
        + &pod("a", "spec: {nodeName: worker}")
        + &slice("", &endpoint("a", "10.0.0.1", true))
        + &service(
            &format!(
                "{}, external-dns.kubernetes.io/endpoints-type: NodeExternalIP",
                hostname("db.example.org")
            ),
            HEADLESS,
            "",
        );
    check("--source=service", &objects, "db.example.org - A 192.0.2.1 (Ready)");
    check(
        "--source=service --expose-internal-ipv6",
        &objects,
        "db.example.org - A 192.0.2.1 (Ready)
         db.example.org - AAAA 2001:db8::1 (Ready)",
    );
    check("--source=service --service-type-filter=ClusterIP", &objects, "");
}

const PORTS: &str = "type: NodePort, selector: {app: web}, ports: [{port: 80, nodePort: 30080}, {port: 53, nodePort: 30053, protocol: UDP}, {port: 9}]";

#[test]
fn a_node_port_is_its_nodes_and_srv_records() {
    let nodes =
        node("a", "", "{type: ExternalIP, address: 192.0.2.1}, {type: InternalIP, address: 10.1.0.1}")
            + &node(
                "b",
                "",
                "{type: InternalIP, address: 10.1.0.2}, {type: InternalIP, address: 2001:db8::2}",
            )
            + &node("c", "unschedulable: true", "{type: ExternalIP, address: 192.0.2.3}");
    let objects = |annotations: &str| {
        format!("{nodes}{}", service(&format!("{}, {annotations}", hostname("np.example.org")), PORTS, ""))
    };
    let srv =
        "--source=service --managed-record-types=A --managed-record-types=AAAA --managed-record-types=SRV";
    check(
        srv,
        &objects(""),
        "_web._tcp.np.example.org - SRV 0 50 30080 np.example.org. (NotReady)
         _web._udp.np.example.org - SRV 0 50 30053 np.example.org. (NotReady)
         np.example.org - A 192.0.2.1 (NotReady)",
    );
    check("--source=service", &objects(""), "np.example.org - A 192.0.2.1 (NotReady)");
    check(
        "--source=service --exclude-unschedulable=false",
        &objects(""),
        "np.example.org - A 192.0.2.1,192.0.2.3 (NotReady)",
    );
    check(
        "--source=service --expose-internal-ipv6",
        &objects(""),
        "np.example.org - A 192.0.2.1 (NotReady)
         np.example.org - AAAA 2001:db8::2 (NotReady)",
    );
    check(
        "--source=service",
        &objects("external-dns.kubernetes.io/access: private"),
        "np.example.org - A 10.1.0.1,10.1.0.2 (NotReady)
         np.example.org - AAAA 2001:db8::2 (NotReady)",
    );
    let alone = service(&hostname("np.example.org"), PORTS, "");
    check(
        srv,
        &alone,
        "_web._tcp.np.example.org - SRV 0 50 30080 np.example.org. (NotReady)
         _web._udp.np.example.org - SRV 0 50 30053 np.example.org. (NotReady)",
    );
    let public = format!("{}, external-dns.kubernetes.io/access: public", hostname("np.example.org"));
    let inside = node("b", "", "{type: InternalIP, address: 10.1.0.2}") + &service(&public, PORTS, "");
    check("--source=service", &inside, "");
}

#[test]
fn a_local_node_port_is_the_nodes_with_the_best_pods() {
    let nodes: String = ["a", "b", "c"]
        .iter()
        .zip(1..)
        .map(|(name, nth)| node(name, "", &format!("{{type: ExternalIP, address: 192.0.2.{nth}}}")))
        .collect();
    let of = |name: &str, node: &str, ready: bool, phase: &str, ends: bool| {
        let ends = if ends { ", deletionTimestamp: \"2026-01-01T00:00:00Z\"" } else { "" };
        format!(
            "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: shop, labels: {{app: web}}{ends}}}, \
             spec: {{nodeName: {node}}}, status: {{phase: {phase}, conditions: [{{type: Ready, status: \"{}\"}}]}}}}\n---\n",
            if ready { "True" } else { "False" }
        )
    };
    let service = service(&hostname("np.example.org"), &format!("{PORTS}, externalTrafficPolicy: Local"), "");
    for (pods, best, others) in [
        (
            of("p", "a", true, "Running", false) + &of("q", "b", true, "Running", true),
            "192.0.2.1 (Ready)",
            "192.0.2.2 (NotReady)",
        ),
        (
            of("p", "a", false, "Running", false) + &of("q", "b", true, "Running", true),
            "192.0.2.2 (Ready)",
            "192.0.2.1 (NotReady)",
        ),
        (
            of("p", "a", false, "Running", false) + &of("q", "b", false, "Running", true),
            "192.0.2.1,192.0.2.2 (NotReady)",
            "",
        ),
        (of("p", "a", true, "Pending", false) + &of("q", "gone", true, "Running", true), "", ""),
        (
            of("p", "c", true, "Running", false) + &of("q", "c", false, "Running", false),
            "192.0.2.3 (Ready)",
            "",
        ),
    ] {
        let lines = [best, others].into_iter().filter(|targets| !targets.is_empty());
        let expected: String = lines.map(|targets| format!("np.example.org - A {targets}\n")).collect();
        check("--source=service", &format!("{nodes}{pods}{service}"), &expected);
    }
}

#[test]
fn a_plain_service_keeps_nothing() {
    use crate::object::Body;
    let options = super::options("--source=service");
    let (objects, key) = super::Objects::read(&service("other: x", BALANCED, "{ip: 192.0.2.1}"), &options);
    assert!(matches!(&objects.0[&key].body, Body::Service(service) if service.source.is_none()));
    let managed = ", endpointslice.kubernetes.io/managed-by: endpointslice-controller.k8s.io";
    let (objects, key) = super::Objects::read(
        slice(managed, &endpoint("a", "10.0.0.1", true)).trim_end_matches("---\n"),
        &options,
    );
    assert!(matches!(&objects.0[&key].body, Body::EndpointSlice(slice) if slice.endpoints.is_empty()));
}
