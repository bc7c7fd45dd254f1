//! What templates give, and what is no template. The examples of External-DNS' documentation come first.

use serde_json::json;

use super::super::Source;
use super::{Template, fields};
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
  ports: [{port: 80, nodePort: 30080}]
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
        ("{{ .Spec.Ports }}", "[{30080 }]"),
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
        ("{{ define \"x\" }}{{ end }}", "parse: character 4: define is not supported"),
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
