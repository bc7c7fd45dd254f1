//! Ingresses: where names come from, and where they lead.

use super::check;

fn ingress(annotations: &str, spec: &str, status: &str) -> String {
    format!(
        "{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{name: web, namespace: shop, \
         annotations: {{{annotations}}}}}, spec: {{{spec}}}, status: {{loadBalancer: {{ingress: [{status}]}}}}}}"
    )
}

const SPEC: &str =
    "rules: [{host: a.example.org}, {}], tls: [{hosts: [b.example.org, \"\"]}, {secretName: s}]";
const HOSTNAME: &str = "external-dns.kubernetes.io/hostname: c.example.org";

#[test]
fn names_come_from_rules_tls_and_the_annotation() {
    let source =
        |value: &str| format!("{HOSTNAME}, external-dns.kubernetes.io/ingress-hostname-source: {value}");
    let (a, b, c) = (
        "a.example.org - A 192.0.2.1 (NotReady)\n",
        "b.example.org - A 192.0.2.1 (NotReady)\n",
        "c.example.org - A 192.0.2.1 (NotReady)\n",
    );
    for (flags, annotations, expected) in [
        ("", HOSTNAME.to_owned(), [a, b, c].concat()),
        ("", source("defined-hosts-only"), [a, b].concat()),
        ("", source("Annotation-Only"), c.into()),
        ("", source("nonsense"), String::new()),
        ("--ignore-ingress-rules-spec", HOSTNAME.into(), [b, c].concat()),
        ("--ignore-ingress-tls-spec", HOSTNAME.into(), [a, c].concat()),
    ] {
        let objects = ingress(&annotations, SPEC, "{ip: 192.0.2.1}");
        check(&format!("--source=ingress {flags}"), &objects, &expected);
    }
}

#[test]
fn targets_are_the_status_or_the_annotation() {
    let spec = "rules: [{host: a.example.org}]";
    check(
        "--source=ingress",
        &ingress("", spec, "{ip: 192.0.2.1, hostname: lb.example.net}"),
        "a.example.org - A 192.0.2.1 (NotReady)
         a.example.org - CNAME lb.example.net (NotReady)",
    );
    check(
        "--source=ingress",
        &ingress("external-dns.kubernetes.io/target: 192.0.2.9", spec, "{ip: 192.0.2.1}"),
        "a.example.org - A 192.0.2.9 (NotReady)",
    );
    check("--source=ingress", &ingress("", spec, ""), "");
}

#[test]
fn a_host_is_ready_when_a_service_of_its_rule_is() {
    let slice = "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4, metadata: {name: web-1, \
                 namespace: shop, labels: {kubernetes.io/service-name: web}}, endpoints: [{addresses: [10.0.0.1]}]}\n---\n";
    let path = "{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}";
    let spec =
        format!("rules: [{{host: a.example.org, http: {{paths: [{path}]}}}}, {{host: b.example.org}}]");
    check(
        "--source=ingress",
        &format!("{slice}{}", ingress(HOSTNAME, &spec, "{ip: 192.0.2.1}")),
        "a.example.org - A 192.0.2.1 (Ready)
         b.example.org - A 192.0.2.1 (NotReady)
         c.example.org - A 192.0.2.1",
    );
}

#[test]
fn classes() {
    let spec = |class: &str| format!("{class}rules: [{{host: a.example.org}}]");
    let annotation = "kubernetes.io/ingress.class: nginx";
    for (class, annotations, is_taken) in [
        ("ingressClassName: nginx, ", "", true),
        ("ingressClassName: traefik, ", "", true),
        ("ingressClassName: other, ", annotation, false),
        ("", annotation, true),
        ("ingressClassName: \"\", ", annotation, true),
        ("", "", false),
    ] {
        let expected = if is_taken { "a.example.org - A 192.0.2.1 (NotReady)" } else { "" };
        check(
            "--source=ingress --ingress-class=nginx --ingress-class=traefik",
            &ingress(annotations, &spec(class), "{ip: 192.0.2.1}"),
            expected,
        );
    }
}

#[test]
fn templates_name_what_has_no_name() {
    let named = ingress("", "rules: [{host: a.example.org}]", "{ip: 192.0.2.1}");
    let nameless = ingress("", "rules: [{}]", "{ip: 192.0.2.1}");
    let template = "--source=ingress --fqdn-template={{.Name}}.{{.Namespace}}.example.net";
    check(template, &named, "a.example.org - A 192.0.2.1 (NotReady)");
    check(template, &nameless, "web.shop.example.net - A 192.0.2.1 (NotReady)");
    check(
        &format!("{template} --combine-fqdn-annotation"),
        &named,
        "a.example.org - A 192.0.2.1 (NotReady)
         web.shop.example.net - A 192.0.2.1",
    );
}
