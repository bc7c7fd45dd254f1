use portolan_kube::api::resource_of;
use portolan_kube::manifest::{Given, given};
use serde_json::json;

use portolan_kube::index::Lacks;
use portolan_kube::object::Object;
use portolan_kube::origin::Origin;

use super::*;
use portolan_kube::api::INTENTS;

const OLD: &str = "multiclusterdns.federation.k8s.io/v1alpha1";
const NEW: &str = "multiclusterdns.kubefed.io/v1alpha1";

fn record(api_version: &str) -> (Resource, Arc<Object>) {
    let resource = resource_of(api_version, "ServiceDNSRecord").unwrap();
    let manifest = json!({
        "apiVersion": api_version, "kind": "ServiceDNSRecord",
        "metadata": { "namespace": "shop", "name": "web" }, "spec": { "domainRef": "fed" },
    });
    let Given::Object(object, _) = given(resource.kind, manifest, "hub", &Keep::default()) else {
        panic!("a whole record is one")
    };
    (resource, Arc::new(object))
}

/// An upgrade of KubeFed has every object twice for a while; deleting the old one deletes nothing.
#[test]
fn a_copy_in_another_group_stands_in() {
    let ((old, older), (new, newer)) = (record(OLD), record(NEW));
    let key = older.key.clone();
    let place = Origin::from("hub");
    let mut part = Part::new(root(), INTENTS.to_vec());
    assert_eq!(part.came(old, older.clone()), Some(older.clone()));
    assert_eq!(part.came(new, newer.clone()), Some(newer), "the newer group counts");
    assert_eq!(part.came(old, older.clone()), None);
    assert_eq!(part.went(old, key.clone(), &place), None);
    assert_eq!(part.came(old, older.clone()), None);
    let back = Event::Set { source: root(), object: older, place: place.clone() };
    assert_eq!(part.went(new, key.clone(), &place), Some(back));
    let gone = Event::Deleted { source: root(), key: key.clone() };
    assert_eq!(part.went(old, key, &place), Some(gone));
    assert!(part.copies.is_empty());
}

#[test]
fn what_was_never_understood_is_lacking_until_it_is() {
    let (resource, object) = record(NEW);
    let mut part = Part::new(root(), vec![resource]);
    part.refused.insert(resource, [object.key.clone()].into());
    let lacks = Lacks { objects: [object.key.clone()].into(), ..Lacks::default() };
    assert_eq!(part.read(resource, true), [Event::Lacks(root(), lacks), Event::Heard(root())]);
    assert_eq!(part.read(resource, true), [Event::Heard(root())], "said once");
    part.refused.clear();
    assert_eq!(part.lacks(), Some(Event::Lacks(root(), Lacks::default())));
}
