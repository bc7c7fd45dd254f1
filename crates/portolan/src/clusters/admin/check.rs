//! `portolan cluster check`: whether clusters are reached as the hub registers them, and which rights are missing.

use std::io::Write;

use anyhow::{Result, bail};
use futures_util::StreamExt as _;
use kube_client::Client;
use portolan_core::{ClusterName, Problem};
use portolan_kube::follow::Failure;
use portolan_kube::registry::{Found, Registered};
use portolan_kube::workload::Keep;
use serde_json::{Value, json};

use super::super::connect;
use super::super::way::client_by;
use super::needs::{self, Need};
use super::operator::{Operator, PATIENCE};
use super::{registered, said};
use crate::commands::Outcome;
use crate::logs::plain;
use crate::problem::{self, Refused};

/// Most questions to one server at once.
const AT_ONCE: usize = 8;
/// Most clusters that are asked at once: one that hangs holds up no other.
const CLUSTERS_AT_ONCE: usize = 8;
const REVIEWS: &str = "/apis/authorization.k8s.io/v1";

/// Checks one cluster, or all of them and the hub. What is kept of objects for sources says which rights those need.
///
/// # Errors
/// When the hub is not reached, or no such cluster is registered.
pub async fn check(
    operator: &Operator<'_>,
    name: Option<&str>,
    keep: &Keep,
    out: &mut dyn Write,
) -> Result<Outcome> {
    let hub = operator.hub().await?;
    let registered = registered::read(&hub.client, operator.believed).await?;
    let is_wanted = |cluster: &ClusterName| name.is_none_or(|name| *cluster.0 == *name);
    let wanted = registered.found.clusters.iter().filter(|(name, _)| is_wanted(name));
    let asked = wanted.map(|(cluster, registered)| one(operator, cluster, registered, keep));
    // Told in order, however long each of them takes.
    let mut asked = futures_util::stream::iter(asked).buffered(CLUSTERS_AT_ONCE);
    let (mut is_fine, mut count) = (true, 0);
    while let Some((is_well, lines)) = asked.next().await {
        count += 1;
        is_fine &= is_well;
        lines.iter().try_for_each(|line| writeln!(out, "{}", plain(line)))?;
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
            is_fine &= of_hub(operator, &hub.client, &registered.found, out).await?;
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

/// One cluster, by the credentials that the hub has of it: whether all is well, and what is to be said.
async fn one(
    operator: &Operator<'_>,
    name: &ClusterName,
    registered: &Registered,
    keep: &Keep,
) -> (bool, Vec<String>) {
    let Some(access) = &registered.access else {
        return (false, vec![format!("cluster {name}: {} leads to no credentials", registered.by)]);
    };
    let missing = async {
        let client = client_by(access).await.map_err(|why| anyhow::anyhow!("{}: {why}", access.server))?;
        connect::who(&client).await.map_err(|failure| said(&access.server, &failure))?;
        missing_of_member(&client, operator, keep).await
    };
    match missing.await {
        Err(why) => (false, vec![format!("cluster {name}: {why}")]),
        Ok(missing) if missing.is_empty() => {
            (true, vec![format!("cluster {name}: is reached, and has every right that it needs")])
        }
        Ok(missing) => {
            (false, missing.iter().map(|need| format!("cluster {name}: {}", lacking(need))).collect())
        }
    }
}

/// The hub, whose ServiceAccount's rights the operator looks up.
async fn of_hub(operator: &Operator<'_>, hub: &Client, found: &Found, out: &mut dyn Write) -> Result<bool> {
    let namespace = operator.namespace();
    let registries = found.clusters.values().map(|one| one.secret.namespace().into()).collect();
    let needs = needs::of_hub(namespace, &registries);
    let missing = match missing(hub, needs, "SubjectAccessReview", &needs::account(namespace)).await {
        Ok(missing) => missing,
        Err(Failure { code: Some(401 | 403), message, .. }) => {
            writeln!(out, "hub: the server's rights there are not known: {}", plain(&message))?;
            return Ok(true);
        }
        Err(failure) => return Err(said("the hub", &failure)),
    };
    for need in &missing {
        writeln!(out, "hub: {}", lacking(need))?;
    }
    if missing.is_empty() {
        writeln!(out, "hub: has every right that it needs")?;
    }
    Ok(missing.is_empty())
}

/// A right that is missing, with what gives it: `may not list secrets in fleet; apply deploy/rbac/hub.yaml, or …`.
fn lacking(Need { right, manifest }: &Need) -> String {
    format!("may not {right}; apply deploy/rbac/{manifest}, or add the rule {}", right.rule())
}

/// What a member's account may not do, as the account itself finds out.
pub(super) async fn missing_of_member(
    client: &Client,
    operator: &Operator<'_>,
    keep: &Keep,
) -> Result<Vec<Need>> {
    let needs = needs::of_member(operator.namespace(), &operator.granted(), keep);
    let missing = missing(client, needs, "SelfSubjectAccessReview", &json!({})).await;
    missing.map_err(|failure| said("its rights", &failure))
}

/// Those of the rights that a subject does not have, in order.
async fn missing(
    client: &Client,
    needs: Vec<Need>,
    kind: &str,
    subject: &Value,
) -> Result<Vec<Need>, Failure> {
    let path = format!("{REVIEWS}/{}s", kind.to_ascii_lowercase());
    let asked = needs.into_iter().map(|need| {
        let mut spec = subject.clone();
        spec["resourceAttributes"] = need.right.attributes();
        let review = json!({ "apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec });
        let path = path.clone();
        async move {
            let said: Value = connect::exchange(client, http::Method::POST, &path, &review, PATIENCE).await?;
            Ok((said["status"]["allowed"] != true).then_some(need))
        }
    });
    let mut answers = futures_util::stream::iter(asked).buffered(AT_ONCE);
    let mut missing = Vec::new();
    while let Some(answer) = answers.next().await {
        missing.extend(answer?);
    }
    Ok(missing)
}
