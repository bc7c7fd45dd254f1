//! What the hub registers, read once, by the same rules as the server's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Result;
use kube_client::Client;
use portolan_core::{ClusterName, Problem, Reason};
use portolan_kube::api::{INTENTS, REGISTRY, Resource, SECRETS};
use portolan_kube::follow::Failure;
use portolan_kube::manifest::{Given, given};
use portolan_kube::object::Kind;
use portolan_kube::registry::{Believed, Found, Registry};
use portolan_kube::workload::Keep;
use serde_json::Value;

use super::super::connect::{self, Page};
use super::operator::PATIENCE;
use super::said;

/// Objects of a page.
const PAGE_OBJECTS: usize = 500;
/// Most pages of one list.
const PAGES_MAX: usize = 100;

/// What the hub registers.
pub(super) struct Read {
    pub(super) found: Found,
    /// The `MemberCluster`s as they are, with their statuses.
    pub(super) members: BTreeMap<ClusterName, Value>,
}

/// Reads it.
pub(super) async fn read(hub: &Client, believed: &Believed) -> Result<Read> {
    let mut registry = Registry::new(believed.clone(), BTreeSet::new(), "hub".into());
    let (mut members, mut problems) = (BTreeMap::new(), Vec::new());
    let ours = INTENTS.iter().filter(|resource| resource.kind == Kind::MemberCluster);
    for resource in ours.chain(&REGISTRY) {
        let objects = list(hub, *resource, &resource.path()).await;
        for object in objects.map_err(|failure| said("the hub", &failure))? {
            if resource.kind == Kind::MemberCluster {
                let name = object["metadata"]["name"].as_str().unwrap_or_default();
                members.insert(ClusterName::from(name), object.clone());
            }
            set(&mut registry, *resource, object, &mut problems);
        }
    }
    for namespace in registry.secret_namespaces() {
        let secrets = match list(hub, SECRETS, &SECRETS.path_within(&namespace)).await {
            // What is registered is told all the same.
            Err(Failure { code: Some(403), message, .. }) => {
                let subject = format!("Secrets of namespace {namespace}");
                problems.push(Problem {
                    subject,
                    reason: Reason::Unauthorized,
                    message,
                    place: "hub".into(),
                });
                continue;
            }
            secrets => secrets.map_err(|failure| said("the hub", &failure))?,
        };
        secrets.into_iter().for_each(|secret| set(&mut registry, SECRETS, secret, &mut problems));
        registry.secrets_read(&namespace);
    }
    let mut found = registry.found();
    found.problems.extend(problems);
    Ok(Read { found, members })
}

fn set(registry: &mut Registry, resource: Resource, object: Value, problems: &mut Vec<Problem>) {
    let given = given(resource.kind, object, "hub", &Keep::default());
    problems.extend(given.problems());
    match given {
        Given::Object(object, _) => registry.set(Arc::new(object)),
        Given::Refused(refused, _) => refused.rest.is_some_and(|rest| registry.set(rest)),
        Given::Nameless(_) => false,
    };
}

/// All of a list; nothing of a kind that the server does not have.
async fn list(client: &Client, resource: Resource, path: &str) -> Result<Vec<Value>, Failure> {
    let (mut items, mut token) = (Vec::new(), String::new());
    for _ in 0..PAGES_MAX {
        let next = format!("{path}?limit={PAGE_OBJECTS}&continue={token}");
        let page: Page = match connect::get(client, &next, PATIENCE).await {
            Err(Failure { code: Some(404), .. }) => return Ok(Vec::new()),
            page => page.map_err(|failure| {
                let message = format!("{resource}: {}", failure.message);
                Failure { message, ..failure }
            })?,
        };
        items.extend(page.items);
        token = page.metadata.token.unwrap_or_default();
        if token.is_empty() {
            break;
        }
    }
    Ok(items)
}
