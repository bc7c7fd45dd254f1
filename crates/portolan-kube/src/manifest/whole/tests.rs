//! Both ways to read an object give the same: on samples that have every field, on the example's manifests, and on
//! whatever becomes of those when something is taken, put or changed anywhere in them.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use super::super::given::{Given, given};
use super::*;
use crate::api::{Resource, SOURCED, WORKLOAD, of_member, resource_of};

mod samples;

use samples::{samples, with_metadata};

/// Sources that ask for nothing, for one annotation and one label, and for everything.
fn keeps() -> [Keep; 3] {
    let kinds = WORKLOAD.iter().chain(&SOURCED).map(|resource| resource.kind).collect();
    let some = Keep {
        kinds,
        prefixes: vec!["external-dns.alpha.kubernetes.io/".into()],
        annotations: ["note".into()].into(),
        labels: ["app".into()].into(),
        templates: false,
    };
    let all = Keep { templates: true, ..some.clone() };
    [Keep::default(), some, all]
}

/// What a tree of an object gives, and its version.
fn as_a_tree(resource: Resource, text: &str, keep: &Keep) -> Option<(Given, String)> {
    let mut value: Value = serde_json::from_str(text).ok()?;
    if let Value::Object(object) = &mut value {
        object.insert("apiVersion".into(), resource.api_version().into());
        object.insert("kind".into(), resource.spelt.into());
    }
    let version = value.pointer("/metadata/resourceVersion").and_then(Value::as_str);
    let version = version.unwrap_or_default().to_owned();
    Some((given(resource.kind, value, "eu-1", keep), version))
}

/// Reads an object both ways, alone and in a page; true when it was whole wherever it is watched.
fn check(resource: Resource, text: &str) -> bool {
    let mut was_whole = Vec::new();
    for keep in keeps() {
        let line = format!("{{\"type\":\"MODIFIED\",\"object\":{text}}}\r");
        let whole = event(resource.kind, line.as_bytes(), &keep);
        let list = format!(
            "{{\"kind\":\"List\",\"metadata\":{{\"resourceVersion\":\"9\",\"continue\":\"\"}},\"items\":[{text}]}}"
        );
        let listed = page(resource.kind, list.as_bytes(), &keep);
        assert_eq!(listed.is_some(), whole.is_some(), "{text}");
        if of_member(&keep).contains(&resource) {
            was_whole.push(whole.is_some());
        }
        let Some(whole) = whole else { continue };
        let listed = listed.unwrap();
        assert_eq!((listed.objects, listed.version), (vec![whole.object.clone()], "9".into()));
        let tree = as_a_tree(resource, text, &keep).expect("what is whole is JSON");
        assert_eq!((Given::Object(whole.object, Vec::new()), whole.version), tree, "{text}");
    }
    was_whole.iter().all(|is| *is)
}

#[test]
fn what_is_as_it_should_be_is_whole() {
    for (resource, sample) in samples() {
        assert!(check(resource, &sample.to_string()), "{sample}");
        assert!(check(resource, &serde_json::to_string_pretty(&sample).unwrap()), "{sample}");
    }
    let read = WORKLOAD.iter().chain(&SOURCED);
    let sampled: Vec<Resource> = samples().into_iter().map(|(resource, _)| resource).collect();
    read.for_each(|resource| assert!(sampled.contains(resource), "{resource} has a sample"));
}

/// The folder of the example, as a cluster would give what stands there.
#[test]
fn the_example_is_whole() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/bookinfo");
    let mut objects = 0;
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let text = fs::read_to_string(entry.path()).unwrap();
            for document in text.split("\n---\n") {
                let Ok(value) = serde_saphyr::from_str::<Value>(document) else { continue };
                for item in value["items"].as_array().unwrap_or(&vec![value.clone()]) {
                    let said = |field: &str| item[field].as_str().unwrap_or_default();
                    let resource = resource_of(said("apiVersion"), said("kind"));
                    let Some(resource) = resource.filter(|resource| WORKLOAD.contains(resource)) else {
                        continue;
                    };
                    assert!(check(resource, &item.to_string()), "{item}");
                    objects += 1;
                }
            }
        }
    }
    assert!(objects > 5, "{objects} objects were read");
}

/// What a tree has to judge, or to tell, is not whole; what it does not look at is passed over here too.
#[test]
fn what_is_at_fault_is_not_whole() {
    let service = |metadata: &str, rest: &str| format!("{{\"metadata\":{{{metadata}}}{rest}}}");
    let rows = [
        ("\"name\":\"web\"", "", true),
        ("\"name\":\"\"", "", false),
        ("\"name\":null", "", false),
        ("\"name\":7", "", false),
        ("\"name\":\"web\",\"name\":\"other\"", "", false),
        ("\"name\":\"web\",\"uid\":7", "", false),
        ("\"name\":\"web\",\"uid\":null", "", true),
        ("\"name\":\"web\",\"resourceVersion\":7", "", false),
        ("\"name\":\"web\",\"generation\":\"7\"", "", false),
        ("\"name\":\"web\",\"creationTimestamp\":\"yesterday\"", "", false),
        ("\"name\":\"web\",\"managedFields\":\"7\",\"finalizers\":7,\"ownerReferences\":{}", "", true),
        ("\"name\":\"web\",\"labels\":{\"a\":7}", "", false),
        ("\"name\":\"web\",\"annotations\":{\"a\":null}", "", false),
        (
            "\"name\":\"web\",\"annotations\":{\"kubectl.kubernetes.io/last-applied-configuration\":7}",
            "",
            true,
        ),
        ("\"name\":\"w\\u0065b\",\"namespace\":\"sh\\u006fp\"", "", true),
        ("\"name\":\"web\"", ",\"spec\":null,\"status\":null,\"other\":[1,{}]", true),
        ("\"name\":\"web\"", ",\"spec\":{\"ports\":[{\"port\":\"http\"}]}", false),
        ("\"name\":\"web\"", ",\"spec\":{\"ports\":[{\"port\":80,\"targetPort\":\"http\"}]}", true),
        ("\"name\":\"web\"", ",\"spec\":{\"type\":\"ClusterIP\"},\"spec\":{}", false),
    ];
    for (metadata, rest, is_whole) in rows {
        assert_eq!(check(WORKLOAD[0], &service(metadata, rest)), is_whole, "{metadata} {rest}");
    }
    let keep = Keep::default();
    for line in [
        "",
        "{}",
        "{\"type\":\"ADDED\"}",
        "{\"type\":\"DELETED\",\"object\":{\"metadata\":{\"name\":\"web\"}}}",
        "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"web\"}}} x",
        "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"web\"}}",
    ] {
        assert_eq!(event(Kind::Service, line.as_bytes(), &keep), None, "{line}");
    }
    let not_utf8 =
        b"{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"web\",\"managedFields\":\"\xff\"}}}";
    assert_eq!(event(Kind::Service, not_utf8, &keep), None);
    let ours = with_metadata(json!({"spec": {"hosts": [], "backends": []}})).to_string();
    let line = format!("{{\"type\":\"ADDED\",\"object\":{ours}}}");
    assert_eq!(event(Kind::GlobalName, line.as_bytes(), &keep), None, "intents are read as trees");
}

#[test]
fn a_page_is_a_page() {
    let keep = Keep::default();
    let read = |text: &str| page(Kind::Service, text.as_bytes(), &keep);
    let empty = read("{\"metadata\":{\"resourceVersion\":\"7\"},\"items\":null}").unwrap();
    assert_eq!((empty.objects.len(), empty.version.as_str(), empty.token), (0, "7", None));
    for none in [
        "{\"metadata\":{\"resourceVersion\":\"7\"}}",
        "{\"metadata\":{},\"items\":[]}",
        "{\"items\":[]}",
        "{\"metadata\":{\"resourceVersion\":\"7\"},\"items\":[{}]}",
        "{\"metadata\":{\"resourceVersion\":\"7\"},\"items\":[{\"metadata\":{\"name\":\"a\"}},{\"metadata\":7}]}",
    ] {
        assert_eq!(read(none), None, "{none}");
    }
}

// === Whatever becomes of them ===

/// A change somewhere in an object.
#[derive(Clone, Debug)]
enum Change {
    /// A value is another one.
    Put(Index, Value),
    /// A value is gone.
    Take(Index),
    /// An object has one more field, or another value in one.
    Add(Index, String, Value),
    /// An object has a field twice: this one first.
    Twice(Index, Index, Value),
}

fn values() -> impl Strategy<Value = Value> {
    let one = select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1_u64 << 40),
        json!(""),
        json!("None"),
        json!("x\"\\\u{7}\u{e9}"),
        json!("2026-01-01T00:00:00Z"),
        json!("y".repeat(5_000)),
        json!([]),
        json!({}),
        json!(["a", "b"]),
        json!({"name": "a"}),
        json!([{"ip": "192.0.2.1"}]),
        json!([{"name": "a", "kind": "b", "status": "True", "type": "Ready"}]),
    ]);
    prop_oneof![
        one,
        any::<i32>().prop_map(|number| json!(number)),
        "[a-z./]{0,9}".prop_map(|text| json!(text))
    ]
}

/// The names of all fields of all samples, and some that are none.
fn fields() -> Vec<String> {
    fn collect(value: &Value, fields: &mut Vec<String>) {
        match value {
            Value::Object(object) => {
                for (key, value) in object {
                    fields.push(key.clone());
                    collect(value, fields);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, fields)),
            _ => {}
        }
    }
    let mut fields = vec!["unknown".to_owned(), "note".to_owned(), LAST_APPLIED.to_owned()];
    samples().iter().for_each(|(_, sample)| collect(sample, &mut fields));
    fields.sort_unstable();
    fields.dedup();
    fields
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![
        (any::<Index>(), values()).prop_map(|(at, value)| Change::Put(at, value)),
        any::<Index>().prop_map(Change::Take),
        (any::<Index>(), select(fields()), values())
            .prop_map(|(at, field, value)| Change::Add(at, field, value)),
        (any::<Index>(), any::<Index>(), values())
            .prop_map(|(at, field, value)| Change::Twice(at, field, value)),
    ];
    prop::collection::vec(change, 0..4)
}

/// The pointers to all values in a value that are like this.
fn pointers(value: &Value, is_meant: fn(&Value) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = vec![(String::new(), value)];
    while let Some((pointer, value)) = left.pop() {
        if is_meant(value) {
            found.push(pointer.clone());
        }
        match value {
            Value::Object(object) => left.extend(object.iter().map(|(key, value)| {
                (format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")), value)
            })),
            Value::Array(items) => {
                left.extend(items.iter().enumerate().map(|(nth, value)| (format!("{pointer}/{nth}"), value)));
            }
            _ => {}
        }
    }
    found.sort_unstable();
    found
}

/// What stands in the place of a field that is there twice, until it is text.
const TWICE: &str = "TWICE";

fn changed(mut object: Value, changes: &[Change]) -> String {
    let mut twice = Vec::new();
    for change in changes {
        let objects = pointers(&object, Value::is_object);
        let all = pointers(&object, |_| true);
        match change {
            Change::Put(at, value) => {
                *object.pointer_mut(at.get(&all).as_str()).unwrap() = value.clone();
            }
            Change::Take(at) => {
                let Some((parent, last)) = at.get(&all).rsplit_once('/') else { continue };
                let last = last.replace("~1", "/").replace("~0", "~");
                match object.pointer_mut(parent).unwrap() {
                    Value::Object(parent) => drop(parent.remove(&last)),
                    Value::Array(parent) => drop(parent.remove(last.parse().unwrap())),
                    _ => {}
                }
            }
            _ if objects.is_empty() => {}
            Change::Add(at, field, value) => {
                object.pointer_mut(at.get(&objects).as_str()).unwrap()[field] = value.clone();
            }
            Change::Twice(at, field, value) => {
                let there = object.pointer_mut(at.get(&objects).as_str()).unwrap().as_object_mut().unwrap();
                let keys: Vec<String> = there.keys().cloned().collect();
                if keys.is_empty() || keys.iter().any(|key| key.starts_with(TWICE)) {
                    continue;
                }
                let key = format!("{TWICE}{}", twice.len());
                twice.push((format!("\"{key}\":"), format!("{}:", Value::from(field.get(&keys).as_str()))));
                there.insert(key, value.clone());
            }
        }
    }
    let text = object.to_string();
    twice.iter().fold(text, |text, (mark, field)| text.replace(mark, field))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn both_ways_give_the_same(sample in select(samples()), changes in changes()) {
        let (resource, sample) = sample;
        let text = changed(sample, &changes);
        let is_whole = check(resource, &text);
        prop_assert!(is_whole || !changes.is_empty());
    }
}
