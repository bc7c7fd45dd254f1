//! `portolan cluster leave`: a registration taken back, and with it what was made in the member.

use std::io::Write;

use anyhow::{Context as _, Result, bail};
use kube_client::Client;
use portolan_kube::registry::Found;
use portolan_kube::registry::rights::manifests;

use super::join::{delete, get, member_path, secret_path, uid};
use super::operator::Operator;
use super::{check_name, manifest, registered, same, secret_name};
use crate::commands::Outcome;
use crate::logs::plain;
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
        is_the_registered(operator, &hub.client, &member.client, leave.name, out).await?;
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
        if let Some(other) = there["spec"]["credentials"]["secret"].as_str().filter(|other| *other != name) {
            writeln!(out, "Secret {namespace}/{} of the hub, which it named, stays", plain(other))?;
        }
    }
    match secret {
        Some(there) if manifest::is_ours(&there) => {
            delete(&hub.client, &secret_path(namespace, &name), &there).await?;
            writeln!(out, "Secret {namespace}/{name} of the hub is deleted")?;
        }
        Some(_) => writeln!(out, "Secret {namespace}/{name} of the hub is not ours, and stays")?,
        None => {}
    }
    if let Some(member) = &member {
        rights(&member.client, operator, out).await?;
    }
    Ok(Outcome::Fine)
}

/// Refuses a context that is the hub, or another cluster than the one that is registered under this name.
async fn is_the_registered(
    operator: &Operator<'_>,
    hub: &Client,
    member: &Client,
    name: &str,
    out: &mut dyn Write,
) -> Result<()> {
    let found = uid(member, "the context's cluster").await;
    let found = found.context("nothing was deleted; without --context the registration alone is")?;
    if found == uid(hub, "the hub").await? {
        bail!(Refused(
            "the context is the hub, whose rights are needed as long as the server runs".to_owned()
        ));
    }
    let registered = registered::read(hub, operator.believed).await?.found;
    match registered.clusters.get(name).and_then(|registered| registered.access.as_ref()) {
        None => {}
        Some(access) => match same::uid_of(access).await {
            Ok(there) if there != found => bail!(Refused(format!(
                "the context is another cluster than {name}, which is at {} (by the uid of kube-system)",
                access.server
            ))),
            Ok(_) => {}
            Err(why) => writeln!(out, "note: whether the context is {name} is not known: {}", plain(&why))?,
        },
    }
    needs_no_other(&registered, name, &found).await
}

/// Refuses to take the rights of a cluster that is registered under another name too, which a slip in the name may
/// have meant.
async fn needs_no_other(registered: &Found, name: &str, found: &str) -> Result<()> {
    let others = same::others(registered, name, found).await;
    if let Some(other) = others.same.first() {
        bail!(Refused(format!(
            "the context is the cluster that is registered as {other}, which needs its rights; without --context only \
             the registration of {name} is deleted"
        )));
    }
    match others.unknown.first() {
        Some((other, why)) if !registered.clusters.contains_key(name) => bail!(Refused(format!(
            "the hub has no MemberCluster {name:?}, and whether the context is {other} is not known: {}",
            plain(why)
        ))),
        _ => Ok(()),
    }
}

/// Deletes what join made in a member, the last first. The namespace stays: others may have something in it.
async fn rights(client: &Client, operator: &Operator<'_>, out: &mut dyn Write) -> Result<()> {
    for document in manifests(operator.granted().text, operator.namespace()).iter().rev() {
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
