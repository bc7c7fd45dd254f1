use portolan_core::ClusterName;
use portolan_kube::manifest;
use portolan_kube::object::{Kind, ObjectKey};

use super::Intents;
use crate::engine::Event;

const OBJECTS: &str = "
apiVersion: portolan.dev/v1alpha1
kind: GlobalName
metadata: {name: web, namespace: shop}
spec: {hosts: [Web.glb.example., '*.wild.example'], backends: [{kind: Service, name: web}]}
---
apiVersion: multiclusterdns.kubefed.io/v1alpha1
kind: ServiceDNSRecord
metadata: {name: pay, namespace: shop}
spec: {domainRef: world}
---
apiVersion: multiclusterdns.kubefed.io/v1alpha1
kind: IngressDNSRecord
metadata: {name: door, namespace: shop}
spec: {hosts: [door.glb.example]}
";

fn events(source: &str) -> impl Iterator<Item = Event> {
    let manifest = manifest::read("a.yaml", OBJECTS.as_bytes());
    assert_eq!(manifest.objects.len(), 3, "{:?}", manifest.problems);
    let source = ClusterName::from(source);
    manifest.objects.into_iter().map(move |located| Event::Set {
        source: source.clone(),
        object: located.object,
        place: located.place,
    })
}

#[test]
fn who_asks_for_a_name() {
    let mut intents = Intents::default();
    events("eu-1").chain(events("us-1")).for_each(|event| intents.note(&event));
    for (name, expected) in [
        ("web.glb.example", &["GlobalName shop/web"][..]),
        ("a.wild.example", &["GlobalName shop/web"]),
        ("wild.example", &[]),
        ("x.web.glb.example", &[]),
        ("door.glb.example", &["IngressDNSRecord shop/door"]),
        ("pay.shop.world.svc.fed.example", &["ServiceDNSRecord shop/pay"]),
        ("pay.shop.world.svc.eu.fed.example", &["ServiceDNSRecord shop/pay"]),
        ("pay.shopping.world.svc.fed.example", &[]),
    ] {
        assert_eq!(intents.of(&name.parse().unwrap()), expected, "{name}");
    }
    let key = ObjectKey::of(Kind::GlobalName, "shop", "web");
    intents.note(&Event::Deleted { source: "eu-1".into(), key });
    assert_eq!(intents.of(&"web.glb.example".parse().unwrap()), ["GlobalName shop/web"], "us-1 has it");
    intents.forget(&"us-1".into());
    assert!(intents.of(&"web.glb.example".parse().unwrap()).is_empty());
}
