//! Policies, and where networks are.
//!
//! ```text
//! policy near hosts=*.example.org order=geo pick=weighted:2 weights=eu-1:3,us-1:1 minimum=2 alldown=fallback:sorry.example.net
//! policy list order=tiers:eu-1,eu-2/us-1        policy both order=geo+tiers:eu-1/us-1
//! net 203.0.113.0/24 place=EU/FR
//! ```
//!
//! `pick` is `all`, `first:N` or `weighted:N`; `alldown` is `serveall`, `fallback:NAME`, `empty` or `refuse`;
//! `unknown` is the place of a client that no network holds. Networks are for every policy with `geo`.

use serde_json::{Value, json};

use crate::command::Command;
use crate::world::{NETWORKS_FILE, ROOT, World};

pub(super) fn run(world: &mut World, c: &mut Command) -> String {
    if c.verb == "net" {
        let (network, place) = (c.word(), c.option("place").unwrap_or_default());
        world.network(&format!("{network},{place}"));
        return String::new();
    }
    let name = c.word();
    let made = c.option("made").unwrap_or_else(|| "2026-01-01".into());
    let spec = spec(c);
    world.set(
        ROOT,
        json!({
            "apiVersion": "portolan.dev/v1alpha1", "kind": "SteeringPolicy",
            "metadata": { "name": name, "creationTimestamp": format!("{made}T00:00:00Z") }, "spec": spec,
        }),
    );
    String::new()
}

fn spec(c: &mut Command) -> Value {
    let mut spec = json!({ "hosts": c.list("hosts") });
    if let Some(order) = c.option("order") {
        spec["order"] = order.split('+').map(|text| stage(c, text)).collect();
    }
    if let Some(pick) = c.option("pick") {
        spec["pick"] = choice(c, &pick, "answers", |text| text.parse::<i64>().map(Value::from).ok());
    }
    if let Some(down) = c.option("alldown") {
        spec["allDown"] = choice(c, &down, "name", |text| Some(text.into()));
    }
    if let Some(place) = c.option("unknown") {
        spec["unknownLocation"] = json!({ "type": "Place", "place": place });
    }
    for (cluster, weight) in c.list("weights").iter().filter_map(|pair| pair.rsplit_once(':')) {
        spec["weights"][cluster] =
            weight.parse::<i64>().unwrap_or_else(|_| c.fail("a weight is a number")).into();
    }
    for (field, value) in [("minimumHealthy", c.number("minimum")), ("ttl", c.number("ttl"))] {
        if let Some(value) = value {
            spec[field] = value.into();
        }
    }
    spec
}

fn stage(c: &Command, text: &str) -> Value {
    let tier = |tier: &str| json!({ "clusters": tier.split(',').collect::<Vec<_>>() });
    match text.split_once(':') {
        None if text == "geo" => json!({ "type": "Geo", "networksFile": NETWORKS_FILE }),
        Some(("tiers", tiers)) => {
            json!({ "type": "Tiers", "tiers": tiers.split('/').map(tier).collect::<Value>() })
        }
        _ => c.fail(&format!("order is geo or tiers:A,B/C, not {text:?}")),
    }
}

/// `word` or `word:parameter` as `{type: Word, field: parameter}`.
fn choice(c: &Command, text: &str, field: &str, read: impl Fn(&str) -> Option<Value>) -> Value {
    let (word, parameter) = text.split_once(':').map_or((text, None), |(word, p)| (word, Some(p)));
    let words = ["All", "First", "Weighted", "ServeAll", "Fallback", "Empty", "Refuse"];
    let known = words.into_iter().find(|known| known.eq_ignore_ascii_case(word));
    let mut choice = json!({ "type": known.unwrap_or_else(|| c.fail(&format!("{word:?} is unknown"))) });
    if let Some(parameter) = parameter {
        choice[field] = read(parameter).unwrap_or_else(|| c.fail(&format!("{parameter:?} is unfit")));
    }
    choice
}
