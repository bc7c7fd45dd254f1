//! Members of the fleet: what they are, and whether they are heard; and which sources are on.
//!
//! ```text
//! sources service,ingress namespace=shop publish-internal-services=true   (before all else)
//! cluster eu-1 place=EU/DE region=eu zones=a,b weight=3 whensilent=Drain nodes=no
//! drain eu-1          activate eu-1          disable eu-1
//! silent eu-1         heard eu-1             forget eu-1
//! restart             (a new process, with the last good state, that has read no cluster yet)
//! unread, read        (not every known cluster was read yet, and then all were)
//! ```
//!
//! Region and zones stand on Nodes, with `nodes=no` in the `MemberCluster`.

use portolan_kube::sources::Options;
use serde_json::{Value, json};

use crate::command::Command;
use crate::world::{ROOT, World};

pub(super) fn run(world: &mut World, c: &mut Command) -> String {
    match c.verb.as_str() {
        "sources" => sources(world, c),
        "cluster" => cluster(world, c),
        "drain" => state(world, c, "Draining"),
        "activate" => state(world, c, "Active"),
        "disable" => state(world, c, "Disabled"),
        "silent" => world.silence(&c.word()),
        "heard" => world.hear(&c.word()),
        "forget" => world.forget(&c.word()),
        "restart" => world.restart(),
        "unread" => world.complete = false,
        _ => world.complete = true,
    }
    String::new()
}

/// Options of sources, as the command line has them; commas stand between items.
fn sources(world: &mut World, c: &mut Command) {
    let mut options = Options::default();
    let names = c.word();
    let said = c.options();
    for (option, text) in said.iter().map(|(o, t)| (o.as_str(), t)).chain([("source", &names)]) {
        let items: Vec<String> = text.split(',').map(ToOwned::to_owned).collect();
        if let Some(fault) = options.set(option, &items).first() {
            c.fail(&format!("{option}: {}", fault.message));
        }
    }
    world.sources(options);
}

fn cluster(world: &mut World, c: &mut Command) {
    let name = c.word();
    let (region, zones) = (c.option("region"), c.list("zones"));
    let mut spec = json!({});
    if let Some(place) = c.option("place") {
        spec["location"] = json!({ "place": place });
    }
    if let Some(weight) = c.number("weight") {
        spec["weight"] = weight.into();
    }
    if let Some(word) = c.option("whensilent") {
        spec["whenSilent"] = json!({ "type": word });
    }
    world.delete_all(&name, "Node");
    if c.option("nodes").is_some_and(|word| word == "no") {
        spec["region"] = region.into();
        spec["zones"] = zones.into();
    } else {
        let places: Vec<Option<&String>> =
            if zones.is_empty() { vec![None] } else { zones.iter().map(Some).collect() };
        for (i, zone) in places.into_iter().enumerate() {
            world.set(&name, node(&format!("node-{i}"), region.as_deref(), zone));
        }
    }
    world.set(ROOT, member(&name, &spec));
    world.hear(&name);
}

fn node(name: &str, region: Option<&str>, zone: Option<&String>) -> Value {
    let mut labels = json!({});
    if let Some(region) = region {
        labels["topology.kubernetes.io/region"] = region.into();
    }
    if let Some(zone) = zone {
        labels["topology.kubernetes.io/zone"] = zone.as_str().into();
    }
    json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": name, "labels": labels } })
}

fn member(name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "portolan.dev/v1alpha1", "kind": "MemberCluster",
        "metadata": { "name": name }, "spec": spec,
    })
}

fn state(world: &mut World, c: &mut Command, state: &str) {
    let name = c.word();
    let known = world.get(ROOT, "MemberCluster", "", &name).cloned();
    let mut object = known.unwrap_or_else(|| c.fail("no such cluster"));
    object["spec"]["state"] = state.into();
    world.set(ROOT, object);
}
