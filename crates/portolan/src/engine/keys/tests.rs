use portolan_core::RecordType;
use portolan_core::record::Present;
use portolan_store::kv::Pair;

use super::super::tests::events;
use super::super::{Event, root};
use super::*;

const NOW: i64 = 1_700_000_000;

fn setup() -> Arc<Setup> {
    Arc::new(Setup { zones: ["keys.example".parse().unwrap()].into(), ..Setup::default() })
}

fn pair(name: &str, address: &str) -> Pair {
    let value = format!(r#"{{"host":"{address}","targetstrip":1}}"#);
    let value = if address.starts_with('{') { address.to_owned() } else { value };
    let key = format!("/skydns/example/keys/{name}/1a2b3c4d").into_bytes();
    Pair { key, value: value.into_bytes(), modified: 1, lease_ttl: None }
}

/// A list of these names, each with an address that ends so.
fn list(names: impl IntoIterator<Item = usize>) -> Vec<Told> {
    let setup = setup();
    let pairs = names.into_iter().map(|nth| setup.read(&pair(&format!("n{nth}"), &format!("192.0.2.{nth}"))));
    vec![Told::ListBegins, Told::Listed(pairs.collect()), Told::ListEnds(false)]
}

fn put(name: &str, address: &str) -> Told {
    Told::Changed(vec![Change::Put(setup().read(&pair(name, address)))])
}

fn deleted(name: &str) -> Told {
    Told::Changed(vec![Change::Deleted(pair(name, "").key)])
}

fn started(names: impl IntoIterator<Item = usize>) -> Engine {
    let mut engine = Engine::new(NOW).with_keys(&setup());
    engine.take_keys(list(names), NOW);
    engine.take(vec![Event::Heard(root())], NOW);
    engine
}

fn address(engine: &Engine, name: &str) -> Option<String> {
    let name: Name = format!("{name}.keys.example").parse().unwrap();
    let snapshot = engine.snapshot();
    let data = snapshot.records(name.borrowed())?.pool(RecordType::A)?.set().data().next()?;
    Some(Present(RecordType::A, data).to_string())
}

fn problems(engine: &Engine) -> String {
    engine.problems().iter().map(|problem| format!("{problem}\n")).collect()
}

/// An object of a cluster that speaks for a name of the keys' zone.
fn object(name: &str) -> Vec<Event> {
    events(
        "",
        &format!(
            "
apiVersion: externaldns.k8s.io/v1alpha1
kind: DNSEndpoint
metadata: {{name: {name}, namespace: shop}}
spec: {{endpoints: [{{dnsName: {name}.keys.example, recordType: A, targets: [203.0.113.1]}}]}}
"
        ),
    )
}

#[test]
fn keys_are_answered_as_soon_as_they_are_read_and_as_they_change() {
    let mut engine = Engine::new(NOW).with_keys(&setup());
    engine.take(vec![Event::Heard(root())], NOW);
    assert!(!engine.snapshot().complete, "keys were not read");
    engine.take_keys(list(1..4), NOW);
    assert!(engine.snapshot().complete);
    assert_eq!(address(&engine, "n2").as_deref(), Some("192.0.2.2"));
    let serial = |engine: &Engine| engine.snapshot().zones().next().map(|zone| zone.serial);
    let before = serial(&engine);
    engine.take_keys(vec![put("n2", "192.0.2.99"), deleted("n3")], NOW);
    assert_eq!(address(&engine, "n2").as_deref(), Some("192.0.2.99"));
    assert_eq!(address(&engine, "n3"), None);
    assert_ne!(serial(&engine), before);
    engine.take_keys(vec![put("n2", "{")], NOW);
    assert_eq!(address(&engine, "n2").as_deref(), Some("192.0.2.99"));
    let told = problems(&engine);
    assert!(told.contains("key /skydns/example/keys/n2/1a2b3c4d: Invalid: the value is not JSON"), "{told}");
}

#[test]
fn a_name_that_an_object_has_too_is_the_objects_until_it_goes() {
    let mut engine = started(1..4);
    engine.take(object("n2"), NOW);
    assert_eq!(address(&engine, "n2").as_deref(), Some("203.0.113.1"));
    assert!(
        problems(&engine).contains("the names n2.keys.example are an object's too"),
        "{}",
        problems(&engine)
    );
    engine.take_keys(vec![put("n2", "192.0.2.77")], NOW);
    assert_eq!(address(&engine, "n2").as_deref(), Some("203.0.113.1"));
    let Some(Event::Set { object, .. }) = object("n2").pop() else { panic!("an object is set") };
    engine.take(vec![Event::Deleted { source: root(), key: object.key.clone() }], NOW);
    assert_eq!(address(&engine, "n2").as_deref(), Some("192.0.2.77"));
    assert!(!problems(&engine).contains("object's too"));
}

#[test]
fn a_list_that_lacks_everything_takes_nothing_away() {
    let mut engine = started(1..4);
    engine.take_keys(list([]), NOW);
    assert_eq!(address(&engine, "n2").as_deref(), Some("192.0.2.2"));
    let held = |engine: &Engine| engine.keys_state().unwrap().held;
    assert_eq!(held(&engine).as_deref(), Some("no delete was told, and a new list lacks 3 of 3 keys"));
    assert!(problems(&engine).contains("Held"));
    // A delete that was told is one.
    engine.take_keys(vec![deleted("n2")], NOW);
    assert_eq!(address(&engine, "n2"), None);
    engine.take_keys(vec![Told::Released], NOW);
    assert_eq!((address(&engine, "n1"), held(&engine)), (None, None));
    assert!(!problems(&engine).contains("Held"));
}

#[test]
fn the_last_good_state_answers_and_goes_only_by_a_list_that_is_believed() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let open = |keys: bool| {
        let engine = Engine::open(&state, NOW).unwrap();
        let mut engine = if keys { engine.with_keys(&setup()) } else { engine };
        engine.resume(NOW);
        engine
    };
    let again = |names: Vec<usize>, told: Vec<Told>| {
        let mut engine = open(true);
        engine.take(vec![Event::Heard(root())], NOW);
        engine.take_keys(list(1..13), NOW);
        engine.close().unwrap();
        drop(engine);
        let mut engine = open(true);
        // The fleet alone says nothing of keys.
        engine.take(vec![Event::Heard(root())], NOW);
        assert_eq!(address(&engine, "n12").as_deref(), Some("192.0.2.12"));
        engine.take_keys([list(names), told].concat_told(), NOW);
        let left: Vec<usize> = (1..14).filter(|nth| address(&engine, &format!("n{nth}")).is_some()).collect();
        let held = engine.keys_state().unwrap().held;
        engine.take_keys(vec![Told::Released], NOW);
        engine.close().unwrap();
        (left, held)
    };
    // Few are gone.
    assert_eq!(again((1..10).collect(), vec![]), ((1..10).collect(), None));
    // All, or half: nobody believes it.
    let held = |lost| Some(format!("the first list since our own start lacks {lost} of 12 names"));
    assert_eq!(again(vec![], vec![]), ((1..13).collect(), held(12)));
    assert_eq!(again((1..6).collect(), vec![]), ((1..13).collect(), held(7)));
    // What is told since is believed.
    let told = vec![deleted("n12"), put("n11", "192.0.2.11")];
    assert_eq!(again((1..6).collect(), told), ((1..12).collect(), held(5)));
    // A fault of a key takes nothing away either.
    let told = vec![];
    let mut engine = open(true);
    engine.take_keys([list(1..13), told].concat_told(), NOW);
    engine.close().unwrap();
    drop(engine);
    let mut engine = open(true);
    let mut faulty = list(1..12);
    faulty.insert(2, Told::Listed(vec![setup().read(&pair("n12", "{"))]));
    engine.take_keys(faulty, NOW);
    assert_eq!(address(&engine, "n12").as_deref(), Some("192.0.2.12"));
    engine.close().unwrap();
    drop(engine);
    // Nobody follows keys any more: their names are nobody's.
    let mut engine = open(false);
    engine.take(vec![Event::Heard(root())], NOW);
    assert_eq!(address(&engine, "n1"), None);
}

trait ConcatTold {
    fn concat_told(self) -> Vec<Told>;
}

impl<const N: usize> ConcatTold for [Vec<Told>; N] {
    fn concat_told(self) -> Vec<Told> {
        self.into_iter().flatten().collect()
    }
}

#[test]
fn many_names_become_facts_in_steps() {
    let setup = setup();
    let count = NAMES_AT_ONCE + 10;
    let reads = (0..count).map(|nth| setup.read(&pair(&format!("m{nth}"), "192.0.2.1"))).collect();
    let mut engine = Engine::new(NOW).with_keys(&setup);
    engine.take(vec![Event::Heard(root())], NOW);
    engine.take_keys(vec![Told::ListBegins, Told::Listed(reads), Told::ListEnds(false)], NOW);
    assert_eq!(engine.fleet().names.len(), count);
    assert!(engine.snapshot().complete && address(&engine, &format!("m{}", count - 1)).is_some());
}
