use super::super::tests::events;
use super::*;

const ZONE: &str = "
apiVersion: portolan.dev/v1alpha1
kind: Zone
metadata: {name: glb}
spec:
  apex: glb.example
  nameServers: [{name: ns1.elsewhere.example}]
  admit: [{namespaces: ['*'], hosts: ['*.glb.example']}]
";
const NAME: &str = "
apiVersion: portolan.dev/v1alpha1
kind: GlobalName
metadata: {name: web, namespace: shop}
spec: {hosts: [web.glb.example, www.glb.example], backends: [{kind: Service, name: web}]}
";
const OTHER: &str = "
apiVersion: portolan.dev/v1alpha1
kind: GlobalName
metadata: {name: other, namespace: shop}
spec: {hosts: [other.glb.example], backends: [{kind: Service, name: other}]}
";

fn service(name: &str, address: &str) -> String {
    format!(
        "
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: shop}}
spec: {{type: LoadBalancer}}
status: {{loadBalancer: {{ingress: [{{ip: {address}}}]}}}}
"
    )
}

fn started() -> Engine {
    let mut engine = Engine::new(0);
    let heard = vec![Event::Heard("eu-1".into()), Event::Heard(root())];
    let objects = [ZONE, NAME, OTHER].join("---");
    let services = [service("web", "192.0.2.1"), service("other", "192.0.2.2")].join("---");
    engine.take([events("", &objects), events("eu-1", &services), heard].concat(), 0);
    engine
}

fn due(engine: &mut Engine, most: usize) -> Vec<String> {
    engine.due(most).unwrap().iter().map(ObjectKey::to_string).collect()
}

const EVERYTHING: [&str; 5] = [
    "DNSEndpoint shop/global-other",
    "DNSEndpoint shop/global-web",
    "Zone glb",
    "GlobalName shop/other",
    "GlobalName shop/web",
];

#[test]
fn what_is_due_is_what_was_touched() {
    let mut engine = started();
    assert_eq!(due(&mut engine, 99), EVERYTHING);
    assert_eq!(due(&mut engine, 99), [""; 0]);
    let rows = [
        ("eu-1", service("web", "192.0.2.9"), &["DNSEndpoint shop/global-web", "GlobalName shop/web"][..]),
        ("eu-1", service("web", "192.0.2.9"), &[]),
        ("eu-1", service("unused", "192.0.2.9"), &[]),
        (
            "",
            OTHER.replace("other.glb", "another.glb"),
            &["DNSEndpoint shop/global-other", "GlobalName shop/other"],
        ),
        ("", ZONE.replace("ns1.", "ns2."), &EVERYTHING),
    ];
    for (source, text, expected) in rows {
        engine.take(events(source, &text), 0);
        assert_eq!(due(&mut engine, 99), expected, "{text}");
    }
    let key = ObjectKey::new(Kind::GlobalName, Some("shop"), "other");
    engine.take(vec![Event::Deleted { source: root(), key }], 0);
    assert_eq!(due(&mut engine, 99), ["DNSEndpoint shop/global-other", "GlobalName shop/other"]);
}

#[test]
fn no_more_than_so_many_are_given_at_once() {
    let mut engine = started();
    let parts = [due(&mut engine, 2), due(&mut engine, 2), due(&mut engine, 2)];
    assert_eq!(parts.each_ref().map(Vec::len), [2, 2, 1]);
    assert_eq!(parts.concat(), EVERYTHING);
}

#[test]
fn a_look_has_the_names_of_an_object_and_of_no_other() {
    let mut engine = started();
    let keys = engine.due(99).unwrap();
    let looks = engine.look(keys);
    let names = |look: &Look| look.names.iter().map(Name::to_dotless).collect::<Vec<_>>().join(" ");
    let lines: Vec<String> =
        looks.looks.iter().map(|look| format!("{}: {}", look.key, names(look))).collect();
    assert_eq!(
        lines,
        [
            "DNSEndpoint shop/global-other: other.glb.example",
            "DNSEndpoint shop/global-web: web.glb.example www.glb.example",
            "Zone glb: ",
            "GlobalName shop/other: other.glb.example",
            "GlobalName shop/web: web.glb.example www.glb.example",
        ]
    );
    assert!(looks.looks.iter().all(|look| look.object.is_some() == (look.key.kind() != Kind::DnsEndpoint)));
}

#[test]
fn nothing_is_due_before_the_root_was_read() {
    let mut engine = Engine::new(0);
    engine.take(events("", NAME), 0);
    assert_eq!(engine.due(99), None);
}

/// A problem with an object is told in its status, though no fact changed.
#[test]
fn what_is_wrong_has_a_number() {
    let mut engine = started();
    let (number, problems) = engine.problems_since(None).unwrap();
    assert_eq!(problems, []);
    assert_eq!(engine.problems_since(Some(number)), None);
    engine.take(events("eu-1", &service("web", "192.0.2.9")), 0);
    assert_eq!(engine.problems_since(Some(number)), None, "an address is no problem");
    engine.take(events("", &OTHER.replace("other.glb.example", "web.glb.example")), 0);
    assert!(engine.problems_since(Some(number)).is_some_and(|(_, problems)| !problems.is_empty()));
}
