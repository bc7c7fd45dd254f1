//! `portolan cluster check`: whether clusters are reached as the hub registers them, and which rights are missing.

use std::io::Write;

use anyhow::{Result, bail};
use futures_util::StreamExt as _;
use kube_client::Client;
use portolan_core::{ClusterName, Problem};
use portolan_kube::follow::Failure;
use portolan_kube::registry::rights::{Right, manifests, rights};
use portolan_kube::registry::{Found, Registered};
use serde_json::{Value, json};

use super::super::connect;
use super::super::way::client_by;
use super::operator::{Operator, PATIENCE};
use super::{ACCOUNT, HUB_RIGHTS, MEMBER_RIGHTS, registered, said};
use crate::commands::Outcome;
use crate::logs::plain;
use crate::problem::{self, Refused};

/// Most questions to one server at once.
const AT_ONCE: usize = 8;
const REVIEWS: &str = "/apis/authorization.k8s.io/v1";

/// Checks one cluster, or all of them and the hub.
///
/// # Errors
/// When the hub is not reached, or no such cluster is registered.
pub async fn check(operator: &Operator<'_>, name: Option<&str>, out: &mut dyn Write) -> Result<Outcome> {
    let hub = operator.hub().await?;
    let registered = registered::read(&hub.client, operator.believed).await?;
    let is_wanted = |cluster: &ClusterName| name.is_none_or(|name| *cluster.0 == *name);
    let mut is_fine = true;
    let mut count = 0;
    for (cluster, registered) in registered.found.clusters.iter().filter(|(name, _)| is_wanted(name)) {
        count += 1;
        is_fine &= one(operator, cluster, registered, out).await?;
    }
    match name {
        Some(name) if count == 0 => {
            told(&registered.found, name, out)?;
            bail!(Refused(format!("no cluster {name:?} is registered; `portolan cluster list` lists them")));
        }
        Some(name) => is_fine &= told(&registered.found, name, out)?,
        None => {
            for problem in &registered.found.problems {
                writeln!(out, "{}", plain(&problem::line(problem)))?;
                is_fine = false;
            }
            is_fine &= of_hub(operator, &hub.client, out).await?;
        }
    }
    Ok(if is_fine { Outcome::Fine } else { Outcome::Faults })
}

/// Tells the problems of objects that have a name; true when there are none.
fn told(found: &Found, name: &str, out: &mut dyn Write) -> Result<bool> {
    let is_of = |problem: &&Problem| {
        let object = problem.subject.split(": ").next().unwrap_or_default();
        object.rsplit([' ', '/']).next() == Some(name)
    };
    let mut is_fine = true;
    for problem in found.problems.iter().filter(is_of) {
        writeln!(out, "{}", plain(&problem::line(problem)))?;
        is_fine = false;
    }
    Ok(is_fine)
}

/// One cluster, by the credentials that the hub has of it.
async fn one(
    operator: &Operator<'_>,
    name: &ClusterName,
    registered: &Registered,
    out: &mut dyn Write,
) -> Result<bool> {
    let Some(access) = &registered.access else {
        writeln!(out, "cluster {name}: {} leads to no credentials", registered.by)?;
        return Ok(false);
    };
    let client = match client_by(access).await {
        Ok(client) => client,
        Err(why) => {
            writeln!(out, "cluster {name}: {}: {}", access.server, plain(&why))?;
            return Ok(false);
        }
    };
    if let Err(failure) = connect::who(&client).await {
        let why = said(&access.server, &failure).to_string();
        writeln!(out, "cluster {name}: {}", plain(&why))?;
        return Ok(false);
    }
    let missing = match missing_of_member(&client, operator.namespace()).await {
        Ok(missing) => missing,
        Err(why) => {
            writeln!(out, "cluster {name}: {}", plain(&why.to_string()))?;
            return Ok(false);
        }
    };
    for right in &missing {
        writeln!(out, "cluster {name}: may not {right}; add the rule {}", right.rule())?;
    }
    if missing.is_empty() {
        writeln!(out, "cluster {name}: is reached, and has every right that it needs")?;
    }
    Ok(missing.is_empty())
}

/// The hub, whose ServiceAccount's rights the operator looks up.
async fn of_hub(operator: &Operator<'_>, hub: &Client, out: &mut dyn Write) -> Result<bool> {
    let namespace = operator.namespace();
    let mut documents = manifests(MEMBER_RIGHTS, namespace);
    documents.extend(manifests(HUB_RIGHTS, namespace));
    let subject = json!({
        "user": format!("system:serviceaccount:{namespace}:{ACCOUNT}"),
        "groups": ["system:serviceaccounts", format!("system:serviceaccounts:{namespace}"), "system:authenticated"],
    });
    let missing = match missing(hub, rights(&documents), "SubjectAccessReview", &subject).await {
        Ok(missing) => missing,
        Err(Failure { code: Some(401 | 403), message, .. }) => {
            writeln!(out, "hub: the server's rights there are not known: {}", plain(&message))?;
            return Ok(true);
        }
        Err(failure) => return Err(said("the hub", &failure)),
    };
    for right in &missing {
        writeln!(out, "hub: may not {right}; apply deploy/rbac/hub.yaml, or add the rule {}", right.rule())?;
    }
    if missing.is_empty() {
        writeln!(out, "hub: has every right that it needs")?;
    }
    Ok(missing.is_empty())
}

/// What a member's account may not do, as the account itself finds out.
pub(super) async fn missing_of_member(client: &Client, namespace: &str) -> Result<Vec<Right>> {
    let rights = rights(&manifests(MEMBER_RIGHTS, namespace));
    let missing = missing(client, rights, "SelfSubjectAccessReview", &json!({})).await;
    missing.map_err(|failure| said("its rights", &failure))
}

/// Those of the rights that a subject does not have, in order.
async fn missing(
    client: &Client,
    rights: Vec<Right>,
    kind: &str,
    subject: &Value,
) -> Result<Vec<Right>, Failure> {
    let path = format!("{REVIEWS}/{}s", kind.to_ascii_lowercase());
    let asked = rights.into_iter().map(|right| {
        let mut spec = subject.clone();
        spec["resourceAttributes"] = right.attributes();
        let review = json!({ "apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec });
        let path = path.clone();
        async move {
            let said: Value = connect::exchange(client, http::Method::POST, &path, &review, PATIENCE).await?;
            Ok((said["status"]["allowed"] != true).then_some(right))
        }
    });
    let mut answers = futures_util::stream::iter(asked).buffered(AT_ONCE);
    let mut missing = Vec::new();
    while let Some(answer) = answers.next().await {
        missing.extend(answer?);
    }
    Ok(missing)
}
