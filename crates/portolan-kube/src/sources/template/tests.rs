//! What templates give, and what is no template. The examples of External-DNS' documentation come first.

use serde_json::json;

use super::super::Source;
use super::{Template, Value, fields};
use crate::manifest;
use crate::sources::Options;

/// A Service as the documentation has it.
const SERVICE: &str = "
apiVersion: v1
kind: Service
metadata:
  name: my-service
  namespace: my-namespace
  labels:
    environment: staging
    app1: my-service-123
    records: '[{\"dns\":\"entry1.internal.tld\",\"target\":\"10.10.10.10\"},{\"dns\":\"entry2.example.tld\",\"n\":3}]'
    marker: ''
  annotations:
    dns.company.com/label: my-org-tld-v2
    dns/primary: api.example.com
    dns/secondary: api-backup.example.com
    hostname: mine
spec:
  type: NodePort
  clusterIP: 10.0.0.1
  selector: {app: nginx, tier: frontend}
  ports: [{name: web, protocol: TCP, port: 80, targetPort: http, nodePort: 30080}]
  trafficDistribution: PreferClose
status:
  loadBalancer:
    ingress: [{ip: 192.0.2.1}, {hostname: lb.example.net}]
";

const NODE: &str = "
apiVersion: v1
kind: Node
metadata: {name: worker-1}
spec: {unschedulable: true}
status:
  nodeInfo: {architecture: arm64, operatingSystem: linux, bootID: b, containerRuntimeVersion: c, kernelVersion: k,
    kubeProxyVersion: p, kubeletVersion: v, machineID: m, osImage: o, systemUUID: s}
  addresses:
  - {type: InternalIP, address: 10.0.0.1}
  - {type: ExternalIP, address: 192.0.2.1}
  - {type: ExternalIP, address: 192.0.2.2}
";

fn run(object: &str, source: &str, template: &str) -> String {
    let mut options = Options::default();
    options.set("source", &[source.to_owned()]);
    options.set("fqdn-template", &["{{.Name}}".to_owned()]);
    let read = manifest::read_keeping("x.yaml", object.as_bytes(), &options.keep());
    let value = fields(&read.objects[0].object);
    match Template::parse(template) {
        Ok(template) => match template.run(&value, Source::named(source).unwrap()) {
            Ok(text) => text,
            Err(error) => format!("run: {error}"),
        },
        Err(error) => format!("parse: {error}"),
    }
}

#[test]
fn the_examples_of_the_documentation() {
    for (template, expected) in [
        ("{{.Name}}.{{.Namespace}}.example.com", "my-service.my-namespace.example.com"),
        ("{{ .Labels.environment }}.{{ .Name }}.example.com", "staging.my-service.example.com"),
        ("{{ or .Annotations.dns \"invalid\" }}.example.com", "invalid.example.com"),
        ("{{ or .Annotations.hostname \"invalid\" }}.example.com", "mine.example.com"),
        (
            "{{ index .ObjectMeta.Annotations \"dns.company.com/label\" }}.{{ .Namespace }}.company.local",
            "my-org-tld-v2.my-namespace.company.local",
        ),
        (
            "{{ if eq .Kind \"Service\" }}{{ .Name }}.svc{{ end }}{{ if eq .Kind \"Pod\" }}pod{{ end }}",
            "my-service.svc",
        ),
        ("{{ if isSource \"traefik-proxy\" }}a{{ end }}{{ if isSource \"SERVICE\" }}b{{ end }}", "b"),
        ("{{ if eq .Spec.Type \"ExternalName\" }}external{{ else }}other{{ end }}", "other"),
        (
            "{{ if index .Spec.Selector \"app\" }}{{ .Name }}.{{ index .Spec.Selector \"app\" }}{{ end }}",
            "my-service.nginx",
        ),
        (
            "{{ range $key, $value := .Labels }}{{ if contains $key \"app\" }}{{ $.Name }}.{{ $value }}{{ printf \",\" }}{{ end }}{{ end }}",
            "my-service.my-service-123,",
        ),
        (
            "{{ range $k, $v := .Annotations }}{{ if and (contains $k \"dns/\") (contains $v \"example.com\") }}{{ $v }},{{ end }}{{ end }}",
            "api.example.com,api-backup.example.com,",
        ),
        (
            "{{ .Name }}.{{ .Labels.env }}, {{ if eq .Labels.env \"prod\" }}{{ .Name }}.my-company.tld{{ end }}",
            "my-service.<no value>, ",
        ),
        ("{{ if hasKey .Labels \"marker\" }}yes{{ end }}{{ if hasKey .Labels \"x\" }}no{{ end }}", "yes"),
        (
            "{{ if hasKey .Labels \"records\" }}{{ range $entry := (index .Labels \"records\" | fromJson) }}{{ index $entry \"dns\" }},{{ end }}{{ end }}",
            "entry1.internal.tld,entry2.example.tld,",
        ),
        (
            "{{ contains \"hello\" \"ell\" }} {{ isIPv4 \"192.168.1.1\" }} {{ isIPv6 \"::FFFF:192.168.1.1\" }}",
            "true true true",
        ),
        (
            "{{ replace \"l\" \"w\" \"hello\" }} {{ trim \"  hello  \" }} {{ toLower \"HELLO\" }}",
            "hewwo hello hello",
        ),
        ("{{ trimPrefix \"hello\" \"h\" }} {{ trimSuffix \"hello\" \"o\" }}", "ello hell"),
        ("{{ index (fromJson \"{\\\"env\\\":\\\"prod\\\"}\") \"env\" }}", "prod"),
        ("{{\"hello.world\" | replace \".\" \"-\"}}.ext-dns.test.com", "hello-world.ext-dns.test.com"),
    ] {
        assert_eq!(run(SERVICE, "service", template), expected, "{template}");
    }
    let first_external = "{{range .Status.Addresses}}{{if and (eq .Type \"ExternalIP\") (isIPv4 .Address)}}\
                          {{.Address | replace \".\" \"-\"}}{{break}}{{end}}{{end}}.example.com";
    assert_eq!(run(NODE, "node", first_external), "192-0-2-1.example.com");
    assert_eq!(run(NODE, "node", "{{.Name}}.{{.Status.NodeInfo.Architecture}}"), "worker-1.arm64");
}

/// What External-DNS' own tests ask of a gateway and of a Route.
#[test]
fn ports_and_routers() {
    let gateway =
        "{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: gw}, spec: {servers: [
        {hosts: [a.example], port: {number: 443, name: https, protocol: HTTPS}}, {hosts: [b.example]}]}}";
    let template =
        "{{range .Spec.Servers}}{{range $h := .Hosts}}{{$h}}{{end}}.{{.Port.Name}}.{{.Port.Number}},{{end}}";
    assert_eq!(run(gateway, "istio-gateway", template), "a.example.https.443,b.example..0,");
    let route = |port: &str| {
        format!(
            "{{apiVersion: route.openshift.io/v1, kind: Route, metadata: {{name: web}}, spec: {{host: a.example{port}}},
             status: {{ingress: [{{host: a.example, routerName: r, routerCanonicalHostname: r.example,
             conditions: [{{type: Admitted, status: 'True'}}]}}]}}}}"
        )
    };
    let port =
        "{{ if and .Spec.Port .Spec.Port.TargetPort }}{{ .Name }}.{{ .Spec.Port.TargetPort }}{{ end }}";
    for (text, expected) in
        [("", ""), (", port: {targetPort: 80}", "web.80"), (", port: {targetPort: http}", "web.http")]
    {
        assert_eq!(run(&route(text), "openshift-route", port), expected, "{text}");
    }
    Template::parse(port).unwrap().check(&[Source::OpenshiftRoute]).unwrap();
    let routers = "{{range .Status.Ingress}}{{range .Conditions}}{{if eq .Type \"Admitted\"}}{{.Status}}{{end}}{{end}}\
                   {{with .RouterCanonicalHostname}}.{{.}}{{end}}.{{.RouterName}}.{{.Host}}{{end}}";
    assert_eq!(run(&route(""), "openshift-route", routers), "True.r.example.r.a.example");
}

#[test]
fn what_else_go_has() {
    for (template, expected) in [
        ("a {{- /* a comment */ -}} b", "ab"),
        ("a  {{- .Name -}}  b", "amy-serviceb"),
        ("{{ $x := .Name }}{{ $x }}{{ $x = \"y\" }}{{ $x }}", "my-servicey"),
        ("{{ $x := 1 }}{{ range .Spec.Ports }}{{ $x = .NodePort }}{{ end }}{{ $x }}", "30080"),
        ("{{ with .Labels.environment }}{{ . }}{{ else }}none{{ end }}", "staging"),
        ("{{ with .Labels.x }}{{ . }}{{ else with .Name }}{{ . }}{{ end }}", "my-service"),
        ("{{ if not .Labels.x }}a{{ else if true }}b{{ else }}c{{ end }}", "a"),
        ("{{ if .Labels.x }}a{{ else if .Name }}b{{ else }}c{{ end }}", "b"),
        ("{{ range .Spec.ExternalIPs }}x{{ else }}none{{ end }}", "none"),
        (
            "{{ range $i, $e := .Status.LoadBalancer.Ingress }}{{ $i }}={{ $e.IP }}{{ $e.Hostname }} {{ end }}",
            "0=192.0.2.1 1=lb.example.net ",
        ),
        (
            "{{ range .Status.LoadBalancer.Ingress }}{{ if .Hostname }}{{ continue }}{{ end }}{{ .IP }}{{ end }}",
            "192.0.2.1",
        ),
        ("{{ (index .Status.LoadBalancer.Ingress 0).IP }}", "192.0.2.1"),
        (
            "{{ len .Spec.Selector }} {{ len .Name }} {{ slice .Name 3 }} {{ slice .Name 0 2 }}",
            "2 10 service my",
        ),
        (
            "{{ eq .Kind \"a\" \"Service\" }} {{ ne 1 2 }} {{ lt 1 2 }} {{ ge \"b\" \"a\" }}",
            "true true true true",
        ),
        ("{{ and .Labels.x (index .Labels 1) }}", "<no value>"),
        ("{{ index .Labels \"x\" }}|{{ .Labels.x }}|{{ nil | print }}", "|<no value>|<nil>"),
        ("{{ printf \"%s-%d-%v-%t-%q%%\" .Name 3 true false \"a\" }}", "my-service-3-true-false-\"a\"%"),
        ("{{ print \"a\" 1 2 \"b\" }}", "a1 2b"),
        ("{{ `raw \"text\"` }}", "raw \"text\""),
        ("{{ \"\\u00e9\" }}", "\u{e9}"),
        ("{{ .Spec.Ports }}", "[{web 30080 80 TCP http}]"),
        (
            "{{ range .Spec.Ports }}{{ $.Name }}.{{ .Name }}-{{ .Port }}-{{ .TargetPort }}{{ end }}",
            "my-service.web-80-http",
        ),
        ("{{ if eq (.Spec.TrafficDistribution | printf) \"PreferClose\" }}close{{ end }}", "close"),
        ("{{ range 3 }}{{ . }}{{ end }}{{ range $i := 2 }}{{ $i }}{{ end }}{{ range 0 }}x{{ end }}", "01201"),
        ("{{ printf \"%03d %x %X %c\" 7 255 255 97 }}", "007 ff FF a"),
        ("{{ printf \"%4s|%-4s|%.2s|%05d|%d\" \"ab\" \"ab\" \"abc\" 42 7 }}", "  ab|ab  |ab|00042|7"),
        ("{{ printf \"%x\" \"hi\" }}{{ printf \"%.1f\" (fromJson \"1.25\") }}", "68691.2"),
        (
            "{{ define \"zone\" }}example.com{{ end }}{{ .Name }}.{{ template \"zone\" }}",
            "my-service.example.com",
        ),
        (
            "{{ template \"t\" .Labels }}{{ define \"t\" }}{{ .app1 }}-{{ $.environment }}{{ end }}",
            "my-service-123-staging",
        ),
        ("{{ $x := \"a\" }}{{ block \"b\" .Name }}{{ $x := . }}{{ $x }}{{ end }}{{ $x }}", "my-servicea"),
        ("{{ .TypeMeta.Kind }} {{ .APIVersion }}", "Service v1"),
        ("", ""),
        ("}}", "}}"),
    ] {
        assert_eq!(run(SERVICE, "service", template), expected, "{template}");
    }
    assert_eq!(run(NODE, "node", "{{ .Spec.Unschedulable }} {{ .Namespace }}"), "true ");
}

#[test]
fn what_is_told_and_where() {
    for (template, expected) in [
        (
            "{{name}}.example.com",
            "parse: character 3: there is no function \"name\" (a field has a dot before it)",
        ),
        ("{{.Name", "parse: character 3: an action is not closed by }}"),
        ("é{{ .Name }}{{ end }}", "parse: character 16: \"end\" without an action that it ends"),
        ("{{ if .Name }}x", "parse: character 4: if has no end"),
        ("{{ if .Name }}x{{ else }}y{{ else }}", "parse: character 30: a second else"),
        ("{{ if }}x{{ end }}", "parse: character 4: if of what?"),
        (
            "{{ range .Labels }}{{ else if .Name }}{{ end }}",
            "parse: character 23: else stands alone, or before range once more",
        ),
        ("{{ break }}", "parse: character 4: break stands in no range"),
        ("{{ template \"x\" }}", "parse: character 4: no template \"x\" is defined"),
        ("{{ define \"x\" }}a", "parse: character 4: template \"x\" has no end"),
        ("{{ define \"x\" }}{{ else }}", "parse: character 20: else stands in no if"),
        ("{{ define x }}{{ end }}", "parse: character 4: the name of a template is wanted, in quotes"),
        (
            "{{ if true }}{{ define \"x\" }}{{ end }}{{ end }}",
            "parse: character 17: define stands in no other",
        ),
        (
            "{{ define \"x\" }}{{ end }}{{ define \"x\" }}{{ end }}",
            "parse: character 29: template \"x\" is defined twice",
        ),
        (
            "{{ define \"x\" }}{{ template \"x\" }}{{ end }}{{ template \"x\" }}",
            "run: character 20: templates call each other more than 8 deep",
        ),
        ("{{ range 100001 }}{{ end }}", "run: character 10: takes more than 100000 steps"),
        ("{{ printf \"%99999d\" 1 }}", "run: character 4: gives more than 65536 octets"),
        ("{{ $x }}", "parse: character 4: variable $x is not declared"),
        ("{{ $x = 1 }}", "parse: character 4: variable $x is not declared"),
        ("{{ if $x := 1 }}{{ end }}{{ $x }}", "parse: character 29: variable $x is not declared"),
        ("{{ .Name .Namespace }}", "parse: character 10: a value takes no arguments"),
        ("{{ toLower }}", "parse: character 4: toLower takes 1 arguments, not 0"),
        ("{{ .Name | .Namespace }}", "parse: character 12: only a function can follow a |"),
        ("{{ (.Name }}", "parse: character 4: ( is not closed"),
        ("{{ .Name) }}", "parse: character 9: a ) too many"),
        ("{{ \"x }}", "parse: character 4: a text in \" is not closed"),
        ("{{ \"\\x\" }}", "parse: character 4: \"\\x\" has an escape"),
        ("{{ 1.5 }}", "parse: character 4: \"1.5\" is not a whole number"),
        ("{{ ; }}", "parse: character 4: ';' is not understood here"),
        ("{{}}", "parse: character 1: an action is empty"),
        ("{{/* x", "parse: character 3: a comment is not closed"),
        ("{{ .Nmae }}", "run: character 4: there is no field \"Nmae\"; there are APIVersion, Annotations"),
        ("{{ .Name.X }}", "run: character 9: a text has no field \"X\""),
        ("{{ toLower .Labels.x }}", "run: character 4: argument 1 is nothing, and a text is wanted"),
        ("{{ index .Spec.Ports 5 }}", "run: character 4: the list has 1 items, and none at 5"),
        ("{{ eq .Name 1 }}", "run: character 4: a text and a number cannot be compared"),
        (
            "{{ range .Name }}{{ end }}",
            "run: character 10: a range goes through a list or a map, not through a text",
        ),
        ("{{ isSource \"servics\" }}", "run: character 4: \"servics\" is no source"),
        ("{{ printf \"%d\" .Name }}", "run: character 4: %d does not print a text"),
        ("{{ printf \"%s\" }}", "run: character 4: has more verbs than values"),
    ] {
        let given = run(SERVICE, "service", template);
        assert!(given.starts_with(expected), "{template}: {given}");
    }
}

#[test]
fn limits() {
    let nested = "{{if true}}".repeat(super::NESTING_MAX + 1);
    assert!(run(SERVICE, "service", &nested).contains("nested more than 32 deep"));
    let parentheses = format!("{{{{ {} }}}}", "(".repeat(super::NESTING_MAX + 1));
    assert!(run(SERVICE, "service", &parentheses).contains("nested more than 32 deep"));
    let long = "x".repeat(super::TEMPLATE_OCTETS_MAX + 1);
    assert!(run(SERVICE, "service", &long).contains("at most 16384"));
    let mut loops = "{{range $.Labels}}".repeat(12) + "{{$.Labels}}";
    loops += &"{{end}}".repeat(12);
    let given = run(SERVICE, "service", &loops);
    assert!(
        given.contains("gives more than 65536 octets") || given.contains("more than 100000 steps"),
        "{given}"
    );
    let idle = format!("{}{{{{$x := 1}}}}{}", "{{range $.Labels}}".repeat(12), "{{end}}".repeat(12));
    assert!(run(SERVICE, "service", &idle).contains("takes more than 100000 steps"));
}

#[test]
fn a_chain_of_branches_is_no_nesting() {
    let chain = |name: &str| {
        let more = format!("{{{{else {name} .Labels.x}}}}x").repeat(1_000);
        format!("{{{{{name} .Labels.x}}}}x{more}{{{{else {name} .Name}}}}found{{{{else}}}}none{{{{end}}}}")
    };
    for name in ["if", "with"] {
        // A template of 16 KiB has room for about 600 of them.
        let chain = chain(name).replacen(&format!("{{{{else {name} .Labels.x}}}}x"), "", 500);
        assert_eq!(run(SERVICE, "service", &chain), "found");
    }
    let scopes = "{{if $x := .Labels.x}}a{{else if $y := .Name}}{{$x}}{{$y}}{{end}}";
    assert_eq!(run(SERVICE, "service", scopes), "<no value>my-service");
}

#[test]
fn what_functions_give_has_a_limit() {
    let service = SERVICE
        .replace("hostname: mine", &format!("external-dns.kubernetes.io/long: {}", "x".repeat(65_536)));
    let long = "{{$long := index .Annotations \"external-dns.kubernetes.io/long\"}}";
    assert_eq!(run(&service, "service", &format!("{long}{{{{ len $long }}}}")), "65536");
    for action in [
        "replace \"x\" $long $long",
        "print $long $long",
        "println $long $long",
        "printf \"%s%s\" $long $long",
        "printf \"%q\" $long",
    ] {
        let template = format!("{long}{{{{$x := {action}}}}}done");
        let given = run(&service, "service", &template);
        assert!(given.contains("gives more than 65536 octets"), "{action}: {given}");
    }
    // A function that is given much costs much.
    let again = format!(
        "{long}{}{{{{$x := contains $long \"y\"}}}}{}",
        "{{range $.Labels}}".repeat(6),
        "{{end}}".repeat(6)
    );
    assert!(run(&service, "service", &again).contains("takes more than 100000 steps"));
}

#[test]
fn what_is_taken_of_an_object_is_shared() {
    let keep = crate::workload::Keep {
        templates: true,
        kinds: [crate::object::Kind::Service].into(),
        ..Default::default()
    };
    let read = manifest::read_keeping("x.yaml", SERVICE.as_bytes(), &keep);
    let value = fields(&read.objects[0].object);
    for path in [&["Labels"][..], &["Spec"], &["Spec", "Ports"], &["Spec", "Selector", "app"], &["Name"]] {
        let take = || path.iter().fold(value.clone(), |value, name| value.field(name).unwrap());
        let is_shared = match (take(), take()) {
            (Value::Text(a), Value::Text(b)) => std::sync::Arc::ptr_eq(&a, &b),
            (Value::List(a), Value::List(b)) => std::sync::Arc::ptr_eq(&a, &b),
            (Value::Texts(a), Value::Texts(b)) => std::sync::Arc::ptr_eq(&a, &b),
            (Value::Struct(a), Value::Struct(b)) => std::sync::Arc::ptr_eq(&a, &b),
            _ => false,
        };
        assert!(is_shared, "{path:?}");
    }
}

#[test]
fn an_ingress_has_as_many_entries_of_tls_as_it_says() {
    let ingress = |tls: &str| {
        format!(
            "{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{name: web}}, spec: {{tls: [{tls}]}}}}"
        )
    };
    let template = "{{ if .Spec.TLS }}{{ len .Spec.TLS }}{{ range .Spec.TLS }} {{ .Hosts }}{{ end }}{{ else }}none{{ end }}";
    for (tls, expected) in [
        ("", "none"),
        ("{hosts: [a.example.org, b.example.org]}, {secretName: s}", "2 [a.example.org b.example.org] []"),
    ] {
        assert_eq!(run(&ingress(tls), "ingress", template), expected);
    }
}

#[test]
fn json_as_go_prints_it() {
    let label = json!({ "list": [1, true, null, "x"], "map": { "b": 1.5, "a": [] } }).to_string();
    let service = format!(
        "{{apiVersion: v1, kind: Service, metadata: {{name: web, labels: {{json: {label:?}}}}}, spec: {{}}}}"
    );
    let template =
        "{{ $json := index .Labels \"json\" | fromJson }}{{ $json.list }} {{ $json.map }} {{ $json.none }}";
    assert_eq!(run(&service, "service", template), "[1 true <nil> x] map[a:[] b:1.5] <no value>");
    assert_eq!(run(&service, "service", "{{ fromJson \"nonsense\" }}"), "<no value>");
}
