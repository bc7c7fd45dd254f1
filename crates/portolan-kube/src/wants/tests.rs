use portolan_core::RecordType;
use portolan_core::plan::{Labels, SET_TARGETS_MAX};
use portolan_core::record::TXT_STRING_OCTETS_MAX;

use super::*;
use crate::manifest;
use crate::object::{Body, Kind};

fn object(text: &str) -> (ObjectKey, DnsEndpoint) {
    let manifest = manifest::read("f.yaml", text.as_bytes());
    let Some(at) = manifest.objects.into_iter().next() else {
        panic!("{:?} of {text}", manifest.problems);
    };
    match &at.object.body {
        Body::DnsEndpoint(endpoint) => (at.object.key.clone(), (**endpoint).clone()),
        _ => panic!("no DNSEndpoint: {text}"),
    }
}

fn named(name: &str, endpoints: &str) -> (ObjectKey, DnsEndpoint) {
    object(&format!(
        "{{apiVersion: externaldns.k8s.io/v1alpha1, kind: DNSEndpoint, metadata: {{name: {name}, namespace: shop}}, \
         spec: {{endpoints: [{endpoints}]}}}}"
    ))
}

fn asker(key: &ObjectKey) -> Asker {
    Asker { key: key.clone(), name: None }
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn names(texts: &[&str]) -> BTreeSet<Name> {
    texts.iter().map(|text| name(text)).collect()
}

fn set(wants: &mut Wants, object: &str, endpoints: &str) -> BTreeSet<Name> {
    let (key, endpoint) = named(object, endpoints);
    wants.set(asker(&key), &endpoint, "hub")
}

fn remove(wants: &mut Wants, object: &str) -> BTreeSet<Name> {
    wants.remove(&Asker { key: ObjectKey::new(Kind::DnsEndpoint, Some("shop"), object), name: None })
}

/// What comes of one endpoint: its set in words, or why there is none.
fn read(endpoint: &str) -> Result<String, String> {
    let mut wants = Wants::default();
    set(&mut wants, "web", endpoint);
    let desired = wants.desired(true);
    match desired.sets.as_slice() {
        [wanted] => {
            let targets: Vec<String> = wanted.set.targets.iter().map(ToString::to_string).collect();
            let ttl = wanted.set.ttl.map_or(String::new(), |ttl| format!(" {}", ttl.seconds()));
            Ok(format!("{}{ttl} {}", wanted.set, targets.join(" ")))
        }
        _ => {
            let stays = desired.stays.iter().map(|name| format!("{name} stays; ")).collect::<String>();
            Err(format!("{stays}{}", wants.problems().told[0].message))
        }
    }
}

#[track_caller]
fn check(rows: &[(&str, Result<&str, &str>)]) {
    for (endpoint, expected) in rows {
        let found = read(endpoint);
        match (&found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{endpoint}"),
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{endpoint}: {found}"),
            _ => panic!("{endpoint}: {found:?}, not {expected:?}"),
        }
    }
}

#[test]
fn endpoints_are_read_as_external_dns_reads_them() {
    check(&[
        (
            "{dnsName: a.example, recordType: A, targets: [192.0.2.2, 192.0.2.1]}",
            Ok("a.example. A 192.0.2.1 192.0.2.2"),
        ),
        (
            "{dnsName: A.Example., recordType: A, targets: [192.0.2.1], recordTTL: 60}",
            Ok("a.example. A 60 192.0.2.1"),
        ),
        (
            "{dnsName: a.example, recordType: A, targets: [192.0.2.1], recordTTL: 0}",
            Ok("a.example. A 192.0.2.1"),
        ),
        (
            "{dnsName: a.example, recordType: A, targets: [192.0.2.1], recordTTL: -5}",
            Ok("a.example. A 192.0.2.1"),
        ),
        (
            "{dnsName: '*.a.example', recordType: AAAA, targets: ['2001:DB8::1']}",
            Ok("*.a.example. AAAA 2001:db8::1"),
        ),
        ("{dnsName: a.example, recordType: CNAME, targets: [b.example]}", Ok("a.example. CNAME b.example.")),
        ("{dnsName: a.example, recordType: CNAME, targets: [b.example.]}", Ok("a.example. CNAME b.example.")),
        ("{dnsName: a.example, recordType: DNAME, targets: [b.example]}", Ok("a.example. DNAME b.example.")),
        ("{dnsName: a.example, recordType: NS, targets: [ns.example]}", Ok("a.example. NS ns.example.")),
        (
            "{dnsName: _s._tcp.a.example, recordType: SRV, targets: ['1 2 80 b.example.']}",
            Ok("_s._tcp.a.example. SRV 1 2 80 b.example."),
        ),
        (
            "{dnsName: a.example, recordType: MX, targets: ['10 mx.example']}",
            Ok("a.example. MX 10 mx.example."),
        ),
        ("{dnsName: a.example, recordType: TXT, targets: ['\"a text\"']}", Ok("a.example. TXT \"a text\"")),
        (
            "{dnsName: a.example, recordType: A, targets: [192.0.2.1], setIdentifier: eu}",
            Ok("a.example. A [eu] 192.0.2.1"),
        ),
        // A cloud's DNS resolves it itself.
        (
            "{dnsName: a.example, recordType: A, targets: [lb.example], providerSpecific: [{name: alias, value: 'true'}]}",
            Ok("a.example. A lb.example."),
        ),
    ]);
}

/// B-30: each costs itself only, and nothing goes at its name.
#[test]
fn what_breaks_a_rule_is_refused_with_the_reason() {
    check(&[
        (
            "{dnsName: a.example, recordType: A, targets: [lb.example]}",
            Err("a.example. stays; a.example. A target \"lb.example\" is not an address"),
        ),
        ("{dnsName: a.example, recordType: A, targets: ['2001:db8::1']}", Err("address of the other family")),
        (
            "{dnsName: a.example, recordType: CNAME, targets: [b.example, c.example]}",
            Err("CNAME has 2 targets"),
        ),
        (
            "{dnsName: a.example, recordType: A, targets: []}",
            Err("a.example. stays; a.example. A has no target"),
        ),
        (
            "{dnsName: a.example, recordType: SRV, targets: ['1 2 b.example.']}",
            Err("PRIORITY WEIGHT PORT TARGET"),
        ),
        ("{dnsName: a.example, recordType: MX, targets: [mx.example]}", Err("PREFERENCE EXCHANGE")),
        ("{dnsName: a.example, recordType: WHAT, targets: [x]}", Err("recordType \"WHAT\"")),
        ("{dnsName: a.example, recordType: A, targets: [0.0.0.0]}", Err("is left out")),
        ("{dnsName: a..example, recordType: A, targets: [192.0.2.1]}", Err("dnsName \"a..example\"")),
        ("{dnsName: '', recordType: A, targets: [192.0.2.1]}", Err("dnsName \"\" is empty")),
    ]);
    let long = format!("{{dnsName: a.example, recordType: TXT, targets: [{}]}}", "x".repeat(70_000));
    assert!(read(&long).unwrap_err().contains("64 KiB"), "a text of 70,000 octets");
    let fits = format!(
        "{{dnsName: a.example, recordType: TXT, targets: [{}]}}",
        "x".repeat(2 * TXT_STRING_OCTETS_MAX)
    );
    assert!(read(&fits).is_ok());
    let many: Vec<String> = (0..=SET_TARGETS_MAX).map(|n| format!("10.0.{}.{}", n / 256, n % 256)).collect();
    let many = format!("{{dnsName: a.example, recordType: A, targets: [{}]}}", many.join(", "));
    assert!(read(&many).unwrap_err().starts_with("a.example. stays; a.example. A has 1025 targets"));
}

/// B-31, and that one fault leaves the rest of its object.
#[test]
fn one_that_clashes_leaves_the_others() {
    let mut wants = Wants::default();
    let touched = set(
        &mut wants,
        "web",
        "{dnsName: a.example, recordType: A, targets: [192.0.2.1], setIdentifier: x, \
          providerSpecific: [{name: made/up, value: one}, {name: made/up, value: two}], labels: {team: shop}}, \
         {dnsName: a.example, recordType: A, targets: [192.0.2.2], setIdentifier: x, recordTTL: 60}, \
         {dnsName: b.example, recordType: A, targets: [nonsense]}, \
         {dnsName: c.example, recordType: A, targets: [192.0.2.3]}",
    );
    assert_eq!(touched, names(&["a.example", "b.example", "c.example"]));
    let desired = wants.desired(true);
    let labels: Labels = [("team".into(), "shop".into())].into();
    let [a, c] = desired.sets.as_slice() else { panic!("{desired:?}") };
    assert_eq!((&*a.resource, &a.labels), ("crd/shop/web", &labels));
    assert_eq!(a.set.properties.get("made/up").map(|text| &**text), Some("one"), "the first counts");
    assert_eq!((&c.set.name, c.set.rtype), (&name("c.example"), RecordType::A));
    assert_eq!(desired.stays, names(&["a.example", "b.example"]));
    let told: Vec<String> = wants.problems().told.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("DNSEndpoint shop/web: spec.endpoints[1]: Duplicate: a.example."), "{told:?}");
}

/// What objects `a`, `b` and so on ask for of one name, and the sets that it comes to, each with its resource.
#[track_caller]
fn check_united(case: &str, asked: &[&str], expected: &[&str]) {
    let mut wants = Wants::default();
    for (object, endpoints) in ('a'..='z').zip(asked) {
        let endpoints = endpoints.split("; ").map(|endpoint| format!("{{dnsName: n.example, {endpoint}}}"));
        set(&mut wants, &object.to_string(), &endpoints.collect::<Vec<_>>().join(", "));
    }
    let line = |wanted: &Wanted| {
        let targets: Vec<String> = wanted.set.targets.iter().map(ToString::to_string).collect();
        let ttl = wanted.set.ttl.map_or(String::new(), |ttl| format!(" {}", ttl.seconds()));
        format!("{}: {}{ttl} {}", wanted.resource, wanted.set, targets.join(" "))
    };
    let mut lines: Vec<String> = wants.desired(true).sets.iter().map(line).collect();
    lines.sort();
    assert_eq!(lines, expected, "{case}");
    let mut of_name: Vec<String> =
        wants.desired_of(&names(&["n.example"]), true).sets.iter().map(line).collect();
    of_name.sort();
    assert_eq!(of_name, expected, "{case}, of the name alone");
}

/// Held against what External-DNS 0.22 makes of the same objects: each set here is one endpoint there, up to whose resource it
/// has, which is the first's in the order of its cache there.
#[test]
fn what_objects_ask_for_alike_is_one_set() {
    let a = |rest: &str| format!("recordType: A, targets: [192.0.2.{rest}");
    let (one, two) = (a("1]"), a("2]"));
    let (slow, fast) = (a("1], recordTTL: 300"), a("2], recordTTL: 60"));
    let (eu, us) = (a("1], setIdentifier: eu"), a("2], setIdentifier: us"));
    let many = a("1, 192.0.2.3], recordTTL: 60");
    let (alias, other) =
        ("recordType: CNAME, targets: [lb.example]", "recordType: CNAME, targets: [web.example]");
    check_united("no TTL", &[&two, &one], &["crd/shop/a: n.example. A 192.0.2.1 192.0.2.2"]);
    check_united("one TTL", &[&fast, &many], &["crd/shop/a: n.example. A 60 192.0.2.1 192.0.2.2 192.0.2.3"]);
    check_united("the same targets", &[&one, &one], &["crd/shop/a: n.example. A 192.0.2.1"]);
    check_united(
        "different TTLs",
        &[&slow, &fast, &many],
        &[
            "crd/shop/a: n.example. A 300 192.0.2.1",
            "crd/shop/b: n.example. A 60 192.0.2.1 192.0.2.2 192.0.2.3",
        ],
    );
    check_united(
        "one with a TTL, one without",
        &[&one, &fast],
        &["crd/shop/a: n.example. A 192.0.2.1", "crd/shop/b: n.example. A 60 192.0.2.2"],
    );
    check_united(
        "different set identifiers",
        &[&eu, &us],
        &["crd/shop/a: n.example. A [eu] 192.0.2.1", "crd/shop/b: n.example. A [us] 192.0.2.2"],
    );
    check_united(
        "one set identifier",
        &[&eu, &eu.replace("192.0.2.1", "192.0.2.2")],
        &["crd/shop/a: n.example. A [eu] 192.0.2.1 192.0.2.2"],
    );
    check_united("one alias", &[alias, alias], &["crd/shop/a: n.example. CNAME lb.example."]);
    check_united(
        "two aliases",
        &[alias, other],
        &["crd/shop/a: n.example. CNAME lb.example.", "crd/shop/b: n.example. CNAME web.example."],
    );
    check_united(
        "one object",
        &[&format!("{one}; {two}")],
        &["crd/shop/a: n.example. A 192.0.2.1 192.0.2.2"],
    );
    // Here External-DNS has two candidates, of which the lesser wins; the object's author is told instead.
    check_united(
        "one object, two TTLs",
        &[&format!("{slow}; {fast}")],
        &["crd/shop/a: n.example. A 300 192.0.2.1"],
    );
    check_united(
        "one object, two aliases",
        &[&format!("{alias}; {other}")],
        &["crd/shop/a: n.example. CNAME lb.example."],
    );
}

#[test]
fn one_of_those_who_ask_alike_leaves_with_its_targets() {
    let endpoint = |n: u8| format!("{{dnsName: a.example, recordType: A, targets: [192.0.2.{n}]}}");
    let mut wants = Wants::default();
    set(&mut wants, "a", &endpoint(1));
    assert_eq!(set(&mut wants, "b", &endpoint(2)), names(&["a.example"]));
    let targets = |wants: &Wants| wants.desired(true).sets[0].set.targets.len();
    assert_eq!((wants.desired(true).sets.len(), targets(&wants)), (1, 2));
    assert_eq!(remove(&mut wants, "a"), names(&["a.example"]));
    assert_eq!((&*wants.desired(true).sets[0].resource, targets(&wants)), ("crd/shop/b", 1));
    assert!(wants.desired(true).gone.names.is_empty(), "it is asked for still");
}

#[test]
fn a_change_touches_what_it_changes() {
    let a = "{dnsName: a.example, recordType: A, targets: [192.0.2.1]}";
    let b = "{dnsName: b.example, recordType: A, targets: [192.0.2.2]}";
    let mut wants = Wants::default();
    assert_eq!(set(&mut wants, "web", &format!("{a}, {b}")), names(&["a.example", "b.example"]));
    assert_eq!(set(&mut wants, "web", &format!("{b}, {a}")), names(&[]), "order says nothing");
    let other = b.replace("192.0.2.2", "192.0.2.3");
    assert_eq!(set(&mut wants, "web", &format!("{a}, {other}")), names(&["b.example"]));
    assert_eq!(
        set(&mut wants, "web", &format!("{a}, {}", b.replace("192.0.2.2", "x"))),
        names(&["b.example"])
    );
    assert_eq!(wants.desired_of(&names(&["b.example"]), true).stays, names(&["b.example"]));
    assert_eq!(wants.desired_of(&names(&["a.example"]), true).sets.len(), 1);
    assert_eq!(remove(&mut wants, "other"), names(&[]));
    assert_eq!(remove(&mut wants, "web"), names(&["a.example", "b.example"]));
    assert_eq!(wants.desired(true).sets, []);
}

/// R-03: what goes by a word of somebody's leaves evidence, for as long as it is needed.
#[test]
fn deletes_and_edits_are_evidence() {
    let a = "{dnsName: a.example, recordType: A, targets: [192.0.2.1]}";
    let b = "{dnsName: b.example, recordType: A, targets: [192.0.2.2]}";
    let mut wants = Wants::default();
    set(&mut wants, "one", &format!("{a}, {b}"));
    set(&mut wants, "two", b);
    assert_eq!(wants.desired(true).gone, Gone::default());
    set(&mut wants, "one", b);
    assert_eq!(wants.desired(true).gone.names, names(&["a.example"]), "an edit gives it up");
    remove(&mut wants, "one");
    let gone = wants.desired(true).gone;
    assert_eq!(gone.names, names(&["a.example"]), "another object asks for b");
    assert_eq!(gone.resources, ["crd/shop/one".into()].into());
    set(&mut wants, "one", a);
    assert_eq!(wants.desired(true).gone, Gone::default(), "it is back");
    remove(&mut wants, "two");
    let seen = wants.turn();
    remove(&mut wants, "one");
    wants.settled(seen);
    assert_eq!(wants.desired(true).gone.names, names(&["a.example"]), "what went later is not settled");
    assert_eq!(wants.desired_of(&names(&["b.example"]), true).gone, Gone::default());
    assert_eq!(wants.desired_of(&names(&["a.example", "b.example"]), true).gone.names, names(&["a.example"]));
}

/// Names that come one by one for one object are of one resource.
#[test]
fn a_resource_is_gone_with_its_last_name() {
    let mut wants = Wants::default();
    let of = |text: &str| {
        let (key, endpoint) =
            named("web", &format!("{{dnsName: {text}, recordType: A, targets: [192.0.2.1]}}"));
        (Asker { key, name: Some(name(text)) }, endpoint)
    };
    let ((a, of_a), (b, of_b)) = (of("a.example"), of("b.example"));
    wants.set(a.clone(), &of_a, "");
    wants.set(b.clone(), &of_b, "");
    wants.remove(&a);
    assert!(wants.desired(true).gone.resources.is_empty());
    wants.remove(&b);
    assert_eq!(wants.desired(true).gone.resources, ["crd/shop/web".into()].into());
}

#[test]
fn the_mark_of_ours_tells_of_each_target() {
    let text = r#"
apiVersion: externaldns.k8s.io/v1alpha1
kind: DNSEndpoint
metadata:
  name: global-web
  namespace: shop
  annotations:
    portolan.dev/endpoints: '{"version":1,"epoch":7,"revision":9,"endpoints":[
      {"name":"a.example","type":"A","target":"192.0.2.1","cluster":"eu-1","ready":true,"weight":1},
      {"name":"a.example","type":"A","target":"192.0.2.2","cluster":"us-1","ready":false,"weight":3}]}'
spec: {endpoints: [{dnsName: a.example, recordType: A, targets: [192.0.2.1]}]}
"#;
    let of = |text: &str| {
        let (key, endpoint) = object(text);
        let mut wants = Wants::default();
        wants.set(asker(&key), &endpoint, "");
        wants.desired(true).sets[0].set.properties.get(MEMBERS).map(ToString::to_string)
    };
    let expected = r#"[{"target":"192.0.2.1","cluster":"eu-1","ready":true,"weight":1},{"target":"192.0.2.2","cluster":"us-1","ready":false,"weight":3}]"#;
    assert_eq!(of(text).as_deref(), Some(expected));
    assert_eq!(
        of(&text.replace("\"revision\":9", "\"revision\":10")).as_deref(),
        Some(expected),
        "no difference"
    );
    assert_eq!(of(&text.replace("\"version\":1", "\"version\":2")), None);
}

/// B-32: what one object may cost is bounded, and nothing that it asks for is taken away.
#[test]
fn a_huge_object_is_read_as_far_as_it_may_be() {
    let endpoints: Vec<String> = (0..RECORDS_MAX + 10)
        .map(|n| format!("{{dnsName: n{n}.example, recordType: A, targets: [192.0.2.1]}}"))
        .collect();
    let (key, mut endpoint) = named("web", &endpoints[0]);
    let (_, one) = named("web", &endpoints[1]);
    for n in 1..endpoints.len() {
        let mut record = one.spec.endpoints[0].clone();
        record.dns_name = format!("n{n}.example");
        endpoint.spec.endpoints.push(record);
    }
    let mut wants = Wants::default();
    wants.set(asker(&key), &endpoint, "");
    let desired = wants.desired(true);
    assert_eq!((desired.sets.len(), desired.stays.len()), (RECORDS_MAX, 10));
    assert_eq!(wants.problems().told.len(), 1);
}

#[test]
fn what_went_first_is_forgotten_first() {
    let mut gone: BTreeMap<u64, u64> = (0..=GONE_MAX as u64).map(|n| (n, n)).collect();
    forget_first(&mut gone);
    assert!(
        gone.len() <= GONE_MAX / 2 + 1 && gone.contains_key(&(GONE_MAX as u64)) && !gone.contains_key(&0)
    );
}
