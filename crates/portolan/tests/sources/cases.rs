//! The options, each a set of words that both programs understand alike, but for those that begin with
//! [`THEIRS`].

/// How a word begins that External-DNS alone is told.
pub(crate) const THEIRS: &str = "theirs:";

/// What both are told.
pub(crate) const CASES: &[&[&str]] = &[
    // Services.
    &["--source=service"],
    &["--source=service", "--publish-internal-services"],
    &["--source=service", "--managed-record-types=A", "--managed-record-types=SRV"],
    &["--source=service", "--exclude-record-types=AAAA", "--exclude-record-types=CNAME"],
    &["--source=service", "--publish-host-ip"],
    &["--source=service", "--always-publish-not-ready-addresses"],
    &["--source=service", "--expose-internal-ipv6"],
    &["--source=service", "--no-exclude-unschedulable"],
    &["--source=service", "--service-type-filter=NodePort"],
    &["--source=service", "--service-type-filter=ClusterIP", "--service-type-filter=ExternalName"],
    &["--source=service", "--service-type-filter=LoadBalancer", "--publish-internal-services"],
    &["--source=service", "--annotation-filter=team=shop"],
    &["--source=service", "--annotation-filter=team in (shop, api)"],
    &["--source=service", "--annotation-filter=team notin (shop)"],
    &["--source=service", "--annotation-filter=!team"],
    &["--source=service", "--label-filter=tier=front"],
    &["--source=service", "--label-filter=tier in (front, back),!canary"],
    &["--source=service", "--label-filter=tier!=front"],
    &["--source=service", "--namespace=other"],
    &["--source=service", "--namespace=headless"],
    &["--source=service", "--annotation-prefix=external-dns.alpha.kubernetes.io/"],
    &["--source=service", "--fqdn-template={{.Name}}.{{.Namespace}}.tpl.example.com"],
    &[
        "--source=service",
        "--fqdn-template={{.Name}}.{{.Namespace}}.tpl.example.com,{{.Name}}.{{.Namespace}}.two.example.com",
        "--fqdn-template={{index .Labels \"tier\"}}.{{.Namespace}}.third.example.com",
        "--combine-fqdn-annotation",
        "--label-filter=tier",
    ],
    &[
        "--source=service",
        "--fqdn-template={{.Name}}-{{.Spec.Type}}.{{.Namespace}}.tpl.example.com",
        "--ignore-hostname-annotation",
        "--publish-internal-services",
    ],
    &[
        "--source=service",
        "--fqdn-target-template={{.Name}}.{{.Namespace}}.pair.example.com:{{.Spec.ClusterIP}}",
    ],
    &["--source=service", "--default-targets=203.0.113.231"],
    &[
        "--source=service",
        "--default-targets=203.0.113.231",
        "--default-targets=2001:db8::231",
        "--force-default-targets",
    ],
    &["--source=service", "--target-net-filter=192.0.2.0/27", "--target-net-filter=2001:db8::/32"],
    &["--source=service", "--exclude-target-net=192.0.2.0/24"],
    &["--source=service", "--nat64-networks=64:ff9b::/96"],
    &["--source=service", "--min-ttl=70s"],
    &["--source=service", "--prefer-alias"],
    &["--source=service", PTR[0], PTR[1], PTR[2], PTR[3]],
    &["--source=service", PTR[0], PTR[1], PTR[2], PTR[3], "--create-ptr", "--namespace=svc"],
    // Ingresses.
    &["--source=ingress"],
    &["--source=ingress", "--ingress-class=nginx"],
    &["--source=ingress", "--ingress-class=nginx", "--ingress-class=haproxy"],
    &["--source=ingress", "--ignore-ingress-rules-spec"],
    &["--source=ingress", "--ignore-ingress-tls-spec"],
    &["--source=ingress", "--annotation-filter=team=shop"],
    &["--source=ingress", "--label-filter=tier=back"],
    &["--source=ingress", "--namespace=ing", "--fqdn-template={{.Name}}.ing-tpl.example.com"],
    &[
        "--source=ingress",
        "--fqdn-template={{.Name}}.{{.Namespace}}.ing-tpl.example.com",
        "--combine-fqdn-annotation",
        "--ignore-hostname-annotation",
    ],
    // Nodes and pods.
    &["--source=node"],
    &["--source=node", "--expose-internal-ipv6", "--no-exclude-unschedulable"],
    &["--source=node", "--label-filter=tier"],
    &["--source=node", "--annotation-filter=team=shop"],
    &["--source=node", "--fqdn-template={{.Name}}.node-tpl.example.com,all.nodes.example.com"],
    &["--source=node", "--fqdn-template=all.nodes.example.com", "--combine-fqdn-annotation"],
    &["--source=pod"],
    &["--source=pod", "--ignore-non-host-network-pods"],
    &["--source=pod", "--pod-source-domain=all-pods.example.com", "--namespace=pods"],
    &["--source=pod", "--label-filter=tier=front"],
    &["--source=pod", "--annotation-filter=team"],
    &["--source=pod", "--fqdn-template={{.Name}}.pod-tpl.example.com", "--namespace=headless"],
    &[
        "--source=pod",
        "--fqdn-template={{.Name}}.{{.Namespace}}.pod-tpl.example.com",
        "--combine-fqdn-annotation",
    ],
    &["--source=pod", "--fqdn-target-template={{.Name}}.{{.Namespace}}.pair.example.com:{{.Status.PodIP}}"],
    // Gateway API.
    ROUTES,
    &[ROUTES[0], ROUTES[1], ROUTES[2], ROUTES[3], ROUTES[4], "--gateway-listener-sets"],
    &[ROUTES[0], ROUTES[1], ROUTES[2], ROUTES[3], ROUTES[4], "--gateway-name=targeted"],
    &[ROUTES[0], ROUTES[1], "--gateway-namespace=gw-web"],
    &[ROUTES[0], "--gateway-label-filter=edge in (outer)", "--gateway-listener-sets"],
    &[ROUTES[0], "--gateway-label-filter=edge=inner"],
    &[ROUTES[0], ROUTES[4], "--label-filter=tier=front"],
    &[ROUTES[0], "--annotation-filter=team in (shop, api)"],
    &[ROUTES[0], "--namespace=gw-web", "--gateway-namespace=gw"],
    &[ROUTES[0], ROUTES[3], "--fqdn-template={{.Name}}-{{.Kind}}.gw-tpl.example.com"],
    &[
        ROUTES[0],
        ROUTES[3],
        "--fqdn-template={{.Name}}.{{.Namespace}}.gw-tpl.example.com",
        "--combine-fqdn-annotation",
        "--ignore-hostname-annotation",
    ],
    // OpenShift.
    &["--source=openshift-route"],
    &["--source=openshift-route", "--openshift-router-name=default"],
    &["--source=openshift-route", "--openshift-router-name=sharded"],
    &["--source=openshift-route", "--label-filter=tier in (back)"],
    &["--source=openshift-route", "--annotation-filter=team"],
    &["--source=openshift-route", "--fqdn-template={{.Name}}.ocp-tpl.example.com", "--namespace=ocp"],
    &[
        "--source=openshift-route",
        "--fqdn-template={{.Name}}.{{.Namespace}}.ocp-tpl.example.com",
        "--combine-fqdn-annotation",
        "--ignore-hostname-annotation",
    ],
    // Istio.
    &["--source=istio-gateway"],
    &["--source=istio-virtualservice"],
    &["--source=istio-gateway", "--namespace=mesh"],
    &["--source=istio-virtualservice", "--namespace=mesh"],
    &["--source=istio-gateway", "--label-filter=tier=front"],
    &["--source=istio-virtualservice", "--annotation-filter=team=shop"],
    &["--source=istio-gateway", "--fqdn-template={{.Name}}.{{.Namespace}}.mesh-tpl.example.com"],
    &[
        "--source=istio-virtualservice",
        "--fqdn-template={{.Name}}.{{.Namespace}}.mesh-tpl.example.com",
        "--combine-fqdn-annotation",
        "--ignore-hostname-annotation",
    ],
    // DNSEndpoints.
    &["--source=crd"],
    CRD_TYPES,
    &["--source=crd", "--annotation-filter=team=shop"],
    &["--source=crd", "--namespace=crd", "--min-ttl=40s"],
    &["--source=crd", "--label-filter=tier=back"],
    &["--source=crd", "--default-targets=203.0.113.232"],
    &["--source=crd", "--default-targets=crd.example.net", "--force-default-targets"],
    &["--source=crd", "--target-net-filter=192.0.2.160/30"],
    &["--source=crd", "--prefer-alias"],
    // Several at once.
    &["--source=service", "--source=ingress", "--source=crd", "--source=istio-gateway", "--source=pod"],
    &[
        "--source=node",
        "--source=openshift-route",
        "--source=istio-virtualservice",
        "--source=gateway-httproute",
        "--fqdn-template={{if isSource \"node\"}}{{.Name}}.tpl.example.com{{else}}{{.Name}}-{{.Namespace}}.tpl.example.com{{end}}",
    ],
];

/// Addresses, aliases, and reverse names.
const PTR: [&str; 4] = [
    "--managed-record-types=A",
    "--managed-record-types=AAAA",
    "--managed-record-types=CNAME",
    "--managed-record-types=PTR",
];

/// The sources of Gateway API.
const ROUTES: &[&str] = &[
    "--source=gateway-httproute",
    "--source=gateway-grpcroute",
    "--source=gateway-tlsroute",
    "--source=gateway-tcproute",
    "--source=gateway-udproute",
];

/// Every type that both know of DNSEndpoints. What somebody wrote is made by ours whatever is managed, so ours has
/// no word for the types that no other source makes.
const CRD_TYPES: &[&str] = &[
    "--source=crd",
    "--managed-record-types=A",
    "--managed-record-types=AAAA",
    "--managed-record-types=CNAME",
    "--managed-record-types=SRV",
    "--managed-record-types=PTR",
    "theirs:--managed-record-types=MX",
    "theirs:--managed-record-types=NS",
    "theirs:--managed-record-types=TXT",
    "theirs:--managed-record-types=NAPTR",
];
