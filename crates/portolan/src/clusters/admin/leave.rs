//! `portolan cluster leave`: a registration taken back, and with it what was made in the member.

use std::io::Write;

use anyhow::{Result, bail};
use kube_client::Client;
use portolan_kube::registry::rights::manifests;
use portolan_kube::registry::secret::MANAGED_BY;
use serde_json::{Value, json};

use super::super::connect;
use super::join::{get, member_path, secret_path};
use super::operator::{Operator, PATIENCE};
use super::{MEMBER_RIGHTS, check_name, manifest, said, secret_name};
use crate::commands::Outcome;
use crate::problem::Refused;

/// What is to leave.
#[derive(Clone, Copy, Debug)]
pub struct Leave<'a> {
    /// Its name in the fleet.
    pub name: &'a str,
    /// Its context, where the rights that join made there are to be removed too.
    pub context: Option<&'a str>,
}

/// Deletes the `MemberCluster` and its Secret, and the member's rights where a context says where.
///
/// # Errors
/// When no such cluster is registered, or a server refuses.
pub async fn leave(operator: &Operator<'_>, leave: Leave<'_>, out: &mut dyn Write) -> Result<Outcome> {
    check_name(leave.name)?;
    let hub = operator.hub().await?;
    // Before anything is deleted: a context that leads nowhere, or to the hub, whose rights are the server's own.
    let member = match leave.context {
        None => None,
        Some(context) => Some(operator.door(Some(context)).await?),
    };
    if let Some(member) = &member {
        let who = |client| async move { connect::who(client).await.map_err(|failure| said("it", &failure)) };
        if who(&member.client).await?.uid == who(&hub.client).await?.uid {
            bail!(Refused(
                "the context is the hub, whose rights are needed as long as the server runs".to_owned()
            ));
        }
    }
    let registered = get(&hub.client, &member_path(leave.name)).await?;
    let (namespace, name) = (operator.namespace(), secret_name(leave.name));
    let secret = get(&hub.client, &secret_path(namespace, &name)).await?;
    if registered.is_none() && secret.is_none() && member.is_none() {
        bail!(Refused(format!("the hub has no MemberCluster {:?}", leave.name)));
    }
    if let Some(there) = registered {
        delete(&hub.client, &member_path(leave.name), &there).await?;
        writeln!(out, "MemberCluster {} of the hub is deleted", leave.name)?;
    }
    match secret {
        Some(there) if there["metadata"]["labels"][MANAGED_BY.0] == MANAGED_BY.1 => {
            delete(&hub.client, &secret_path(namespace, &name), &there).await?;
            writeln!(out, "Secret {namespace}/{name} of the hub is deleted")?;
        }
        Some(_) => writeln!(out, "Secret {namespace}/{name} of the hub is not ours, and stays")?,
        None => {}
    }
    if let Some(member) = &member {
        rights(&member.client, namespace, out).await?;
    }
    Ok(Outcome::Fine)
}

/// Deletes what join made in a member, the last first. The namespace stays: others may have something in it.
async fn rights(client: &Client, namespace: &str, out: &mut dyn Write) -> Result<()> {
    for document in manifests(MEMBER_RIGHTS, namespace).iter().rev() {
        let Some((path, what)) = manifest::place(document) else { continue };
        let there = match document["kind"] == "Namespace" {
            true => None,
            false => get(client, &path).await?,
        };
        match there {
            Some(there) if manifest::is_ours(&there) => {
                delete(client, &path, &there).await?;
                writeln!(out, "{what} is deleted")?;
            }
            Some(_) => writeln!(out, "{what} was not made by `portolan cluster join`, and stays")?,
            None => {}
        }
    }
    Ok(())
}

/// Deletes an object, as it was when it was looked at.
async fn delete(client: &Client, path: &str, there: &Value) -> Result<()> {
    let of = json!({ "preconditions": { "uid": there["metadata"]["uid"] } });
    let deleted = connect::send(client, http::Method::DELETE, path, &of, PATIENCE).await;
    deleted.map_err(|failure| said(path, &failure))
}
