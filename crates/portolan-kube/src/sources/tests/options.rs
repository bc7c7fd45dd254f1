//! Options that are wrong, and options that all sources have in common.

use super::{check, options};
use crate::sources::Options;

fn faults(option: &str, texts: &[&str]) -> Vec<(Option<usize>, String)> {
    let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    let mut options = Options::default();
    options.set(option, &texts).into_iter().map(|fault| (fault.item, fault.message)).collect()
}

#[test]
fn what_is_wrong_is_told_by_item() {
    for (option, texts, item, rule) in [
        ("source", &["service", "servics"][..], Some(1), "is no source; there are service, ingress"),
        ("source", &["gloo-proxy"][..], Some(0), "is a source that only External-DNS has"),
        ("annotation-filter", &["a b"][..], None, "character 3"),
        ("annotation-prefix", &["example.org"][..], None, "does not end with a /"),
        ("publish-host-ip", &["yes"][..], None, "is not true or false"),
        ("service-type-filter", &["Loadbalancer"][..], Some(0), "there are ClusterIP, NodePort"),
        ("fqdn-template", &["{{.Name}}", "{{.Name"][..], Some(1), "an action is not closed"),
        (
            "fqdn-template",
            &["{{name}}.x"][..],
            Some(0),
            "character 3: there is no function \"name\" (a field has a dot",
        ),
        ("target-net-filter", &["10.0.0.0"][..], Some(0), "is no network"),
        ("exclude-target-net", &["10.0.0.0/33"][..], Some(0), "is no network"),
        ("nat64-networks", &["2001:db8::/64"][..], Some(0), "is not an IPv6 network of 96 bits"),
        ("min-ttl", &["-1"][..], None, "0 to 2147483647"),
        ("managed-record-types", &["A", "SOA"][..], Some(1), "there are A, AAAA, CNAME, SRV, PTR, DNAME"),
        ("default-targets", &["not a host"][..], Some(0), "neither an address nor a host name"),
        ("pod-source-domain", &["-x"][..], None, "begins or ends with '-'"),
        ("policy", &["sync"][..], None, "is no option of sources"),
    ] {
        let faults = faults(option, texts);
        assert_eq!(faults.len(), 1, "{option} {faults:?}");
        assert_eq!(faults[0].0, item, "{option}");
        assert!(faults[0].1.contains(rule), "{option}: {}", faults[0].1);
    }
    let many = vec!["x"; super::super::ITEMS_MAX + 1];
    assert!(faults("ingress-class", &many)[0].1.contains("at most 256"));
}

#[test]
fn what_does_not_go_together() {
    let faults = |set: &[(&str, &str)]| {
        let mut options = Options::default();
        for (option, text) in set {
            assert_eq!(options.set(option, &[(*text).to_owned()]), []);
        }
        options.faults()
    };
    for (set, option, rule) in [
        (&[("ignore-hostname-annotation", "true")][..], "ignore-hostname-annotation", "needs fqdn-template"),
        (&[("create-ptr", "true")][..], "create-ptr", "needs PTR"),
        (
            &[("ingress-class", "nginx"), ("annotation-filter", "kubernetes.io/ingress.class=nginx")][..],
            "ingress-class",
            "exclude each other",
        ),
        (
            &[("source", "service"), ("fqdn-template", "{{.Nmae}}")][..],
            "fqdn-template",
            "[0], character 3: there is no field \"Nmae\"; there are APIVersion",
        ),
        (
            &[("source", "ingress"), ("fqdn-template", "{{.Spec.ClusterIP}}")][..],
            "fqdn-template",
            "character 8: there is no field \"ClusterIP\"; there are IngressClassName",
        ),
    ] {
        let faults = faults(set);
        assert_eq!(faults.len(), 1, "{set:?} {faults:?}");
        assert_eq!(faults[0].0, option);
        assert!(faults[0].1.contains(rule), "{}", faults[0].1);
    }
    assert_eq!(faults(&[("source", "service"), ("fqdn-template", "{{.Spec.ClusterIP}}")]), []);
}

#[test]
fn without_sources_nothing_is_kept() {
    assert_eq!(Options::default().keep(), crate::workload::Keep::default());
    assert_eq!(options("--source=crd").keep(), crate::workload::Keep::default());
    let keep = options("--source=service --annotation-filter=team=x --label-filter=app").keep();
    let kinds: Vec<String> = keep.kinds.iter().map(ToString::to_string).collect();
    assert_eq!(kinds, ["Service", "Node", "Pod"]);
    assert!(keep.annotations.contains("team") && keep.labels.contains("app"));
}

/// An Ingress with an address of each family and a host name.
fn ingress(annotations: &str) -> String {
    format!(
        "{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{name: web, namespace: shop, \
         annotations: {{external-dns.kubernetes.io/hostname: x.example.org{annotations}}}}}, spec: {{}}, \
         status: {{loadBalancer: {{ingress: [{{ip: 192.0.2.1}}, {{ip: 10.0.0.1}}, \
         {{ip: \"64:ff9b::c000:207\"}}, {{hostname: lb.example.net}}]}}}}}}"
    )
}

#[test]
fn steps_that_all_records_take() {
    for (flags, annotations, expected) in [
        (
            "",
            "",
            "x.example.org - A 10.0.0.1,192.0.2.1
             x.example.org - AAAA 64:ff9b::c000:207
             x.example.org - CNAME lb.example.net",
        ),
        (
            "--exclude-record-types=AAAA --exclude-record-types=CNAME",
            "",
            "x.example.org - A 10.0.0.1,192.0.2.1",
        ),
        ("--target-net-filter=192.0.2.9/24", "", "x.example.org - A 192.0.2.1"),
        (
            "--exclude-target-net=10.0.0.0/8 --exclude-target-net=64:ff9b::/96",
            "",
            "x.example.org - A 192.0.2.1
             x.example.org - CNAME lb.example.net",
        ),
        (
            "--nat64-networks=64:ff9b::/96 --exclude-record-types=CNAME",
            "",
            "x.example.org - A 10.0.0.1,192.0.2.1,192.0.2.7
             x.example.org - AAAA 64:ff9b::c000:207",
        ),
        ("--min-ttl=1m12s --managed-record-types=A", "", "x.example.org 72 A 10.0.0.1,192.0.2.1"),
        (
            "--min-ttl=72 --managed-record-types=A",
            ", external-dns.kubernetes.io/ttl: \"5\"",
            "x.example.org 5 A 10.0.0.1,192.0.2.1",
        ),
        (
            "--prefer-alias --managed-record-types=CNAME",
            "",
            "x.example.org - CNAME lb.example.net alias=true",
        ),
        (
            "--default-targets=198.51.100.1 --managed-record-types=A",
            "",
            "x.example.org - A 10.0.0.1,192.0.2.1",
        ),
        (
            "--default-targets=198.51.100.1 --default-targets=lb.example.com --force-default-targets",
            "",
            "x.example.org - A 198.51.100.1
             x.example.org - CNAME lb.example.com",
        ),
    ] {
        check(&format!("--source=ingress {flags}"), &ingress(annotations), expected);
    }
}

#[test]
fn reverse_records() {
    let types = "--managed-record-types=A --managed-record-types=PTR";
    for (flags, annotations, expected) in [
        (
            types,
            ", external-dns.kubernetes.io/record-type: ptr",
            "x.example.org - A 10.0.0.1,192.0.2.1
             1.0.0.10.in-addr.arpa - PTR x.example.org
             1.2.0.192.in-addr.arpa - PTR x.example.org
             7.0.2.0.0.0.0.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa - PTR x.example.org",
        ),
        (
            "--managed-record-types=A",
            ", external-dns.kubernetes.io/record-type: ptr",
            "x.example.org - A 10.0.0.1,192.0.2.1 record-type=ptr",
        ),
    ] {
        check(&format!("--source=ingress {flags}"), &ingress(annotations), expected);
    }
    let create = "--source=ingress --managed-record-types=PTR --create-ptr --exclude-target-net=::/0";
    check(
        create,
        &ingress(", external-dns.kubernetes.io/ttl: \"9\""),
        "1.0.0.10.in-addr.arpa 9 PTR x.example.org
         1.2.0.192.in-addr.arpa 9 PTR x.example.org",
    );
    check(create, &ingress(", external-dns.kubernetes.io/record-type: \"\""), "");
    check(
        "--source=ingress --managed-record-types=PTR --create-ptr",
        &ingress(", external-dns.kubernetes.io/target: \"::ffff:192.0.2.9\""),
        "9.2.0.192.in-addr.arpa - PTR x.example.org",
    );
}
