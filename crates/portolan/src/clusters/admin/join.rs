//! `portolan cluster join`: least rights in a member, a token of them, and its registration in the hub.

use std::io::Write;
use std::time::Duration;

use anyhow::{Result, bail};
use kube_client::Client;
use portolan_kube::api::SECRETS;
use portolan_kube::follow::Failure;
use portolan_kube::kinds::{GROUP, VERSION};
use portolan_kube::object::{Kind, ObjectKey};
use portolan_kube::registry::access::{Access, Identity};
use portolan_kube::registry::rights::manifests;
use portolan_kube::registry::secret::{self, MANAGED_BY, RENEW, base64};
use portolan_kube::registry::token::Life;
use portolan_kube::workload::Keep;
use serde_json::{Value, json};

use super::super::way::client_by;
use super::super::{connect, renew};
use super::needs::Need;
use super::operator::{Door, Operator, PATIENCE};
use super::{check, check_name, manifest, registered, said, same, secret_name};
use crate::commands::Outcome;
use crate::logs::plain;
use crate::problem::Refused;
use crate::when::when;

/// How often new rights are waited for: a server takes a moment to know them.
const TRIES: u32 = 20;
/// How long between two of these.
const TRY: Duration = Duration::from_millis(250);

/// What is to join.
#[derive(Clone, Copy, Debug)]
pub struct Join<'a> {
    /// Its name in the fleet.
    pub name: &'a str,
    /// Its context in the operator's kubeconfig.
    pub context: &'a str,
    /// Its address for the server; none: that of the context.
    pub server: Option<&'a str>,
    /// How long its token is to live, in seconds.
    pub token_seconds: i64,
    /// Whether what others own is taken over.
    pub takes_over: bool,
    /// Whether it may be registered under another name already, which is to leave then.
    pub renames: bool,
}

/// Makes the rights, takes a token, tries it, and registers the cluster.
///
/// # Errors
/// What was refused, and by whom; what was done before stays, and is done again by the next try.
pub async fn join(operator: &Operator<'_>, join: Join<'_>, out: &mut dyn Write) -> Result<Outcome> {
    check_name(join.name)?;
    let hub = operator.hub().await?;
    let member = operator.door(Some(join.context)).await?;
    // Before anything is made: an address, a kubeconfig or a hub that will not do.
    member.access(join.server, String::new())?;
    let found = is_hub_of_others(&hub.client, &member.client).await?;
    is_joined_already(&hub.client, operator, &join, &found, out).await?;
    registered_by_others(&hub.client, operator, &join).await?;
    rights(&member.client, operator, join.takes_over, out).await?;
    let account = operator.granted().account;
    let token = renew::request_token(&member.client, operator.namespace(), account, join.token_seconds);
    let token = token.await.map_err(|failure| said("a token of the cluster's ServiceAccount", &failure))?;
    let access = member.access(join.server, token)?;
    let missing = tried(&member, &access, operator).await?;
    for note in member.notes(join.server, &access) {
        writeln!(out, "note: {}", plain(&note))?;
    }
    register(&hub.client, operator, &join, &access, out).await?;
    if let Some(life) = Life::of_access(&access) {
        let ends = when(life.to);
        writeln!(out, "its token ends at {ends}; the server renews it when two thirds of its life are over")?;
    }
    for Need { right, .. } in &missing {
        writeln!(out, "missing right: {right}; its rule is {}", right.rule())?;
    }
    writeln!(out, "cluster {} has joined", join.name)?;
    Ok(if missing.is_empty() { Outcome::Fine } else { Outcome::Faults })
}

/// Refuses a hub without our kinds, which is some other cluster, and one that is the member itself; the member's uid.
async fn is_hub_of_others(hub: &Client, member: &Client) -> Result<String> {
    if get(hub, &format!("/apis/{GROUP}/{VERSION}")).await?.is_none() {
        bail!(Refused(
            "the hub has no MemberClusters; name another by --hub-context, or install our kinds there: portolan crds \
             | kubectl apply -f -"
                .to_owned()
        ));
    }
    let found = uid(member, "the cluster").await?;
    if found == uid(hub, "the hub").await? {
        bail!(Refused("the context is the hub, which the server follows already".to_owned()));
    }
    Ok(found)
}

/// Refuses a cluster that the hub registers under another name. It would be followed once all the same, by the
/// registration that is older, and the other would be a problem for as long as it stands.
async fn is_joined_already(
    hub: &Client,
    operator: &Operator<'_>,
    join: &Join<'_>,
    found: &str,
    out: &mut dyn Write,
) -> Result<()> {
    let others = match registered::read(hub, operator.believed).await {
        Ok(registered) => same::others(&registered.found, join.name, found).await,
        // Who may not read all registrations may still write this one.
        Err(why) => {
            let why = why.to_string();
            writeln!(out, "note: whether it is registered under another name is not known: {}", plain(&why))?;
            return Ok(());
        }
    };
    for (other, why) in &others.unknown {
        writeln!(out, "note: whether it is registered as {other} is not known: {}", plain(why))?;
    }
    let Some(other) = others.same.first() else { return Ok(()) };
    if !join.renames {
        bail!(Refused(format!(
            "the cluster is registered as {other} already (by the uid of kube-system), and is followed once, as that; \
             to call it {}, join with --rename and then `portolan cluster leave {other}`",
            join.name
        )));
    }
    writeln!(out, "note: it is followed as {other} until `portolan cluster leave {other}`")?;
    Ok(())
}

/// Which cluster it is.
pub(super) async fn uid(client: &Client, what: &str) -> Result<String> {
    connect::who(client).await.map(|found| found.uid).map_err(|failure| said(what, &failure))
}

/// Refuses a name whose objects in the hub are somebody else's.
async fn registered_by_others(hub: &Client, operator: &Operator<'_>, join: &Join<'_>) -> Result<()> {
    let secret = secret_name(join.name);
    let there = get(hub, &secret_path(operator.namespace(), &secret)).await?;
    if there.is_some_and(|there| !manifest::is_ours(&there)) && !join.takes_over {
        bail!(Refused(format!(
            "Secret {}/{secret} of the hub is not one that `portolan cluster join` made; --take-over replaces it",
            operator.namespace()
        )));
    }
    let Some(there) = get(hub, &member_path(join.name)).await? else { return Ok(()) };
    match there["spec"]["credentials"]["secret"].as_str() {
        Some(other) if other != secret && !join.takes_over => bail!(Refused(format!(
            "MemberCluster {} of the hub has its credentials in Secret {other:?}; --take-over replaces that",
            join.name
        ))),
        _ => Ok(()),
    }
}

/// Applies what Portolan may do in a member. What was there before and is as it has to be is used, and not marked: it
/// stays when the cluster leaves.
async fn rights(
    client: &Client,
    operator: &Operator<'_>,
    takes_over: bool,
    out: &mut dyn Write,
) -> Result<()> {
    for document in manifests(operator.granted().text, operator.namespace()) {
        let Some((path, what)) = manifest::place(&document) else { continue };
        let is_ours = takes_over || get(client, &path).await?.is_none_or(|there| manifest::is_ours(&there));
        let document = if is_ours { manifest::marked(document) } else { document };
        match connect::apply(client, &path, &document, takes_over, PATIENCE).await {
            Ok(_) => writeln!(out, "{what} is there")?,
            Err(Failure { code: Some(409), message, .. }) => bail!(Refused(format!(
                "{what} of the cluster is somebody else's too, and is left as it is: {message}; --take-over overrules"
            ))),
            Err(failure) => return Err(said(&format!("{what} of the cluster"), &failure)),
        }
    }
    Ok(())
}

/// Comes in by the new token, and says which rights it lacks.
async fn tried(member: &Door, access: &Access, operator: &Operator<'_>) -> Result<Vec<Need>> {
    let expected = uid(&member.client, "the cluster").await?;
    let client =
        client_by(access).await.map_err(|why| Refused(format!("server {}: {why}", access.server)))?;
    let mut tries = 0;
    let found = loop {
        tries += 1;
        match connect::who(&client).await {
            Err(Failure { code: Some(401 | 403), .. }) if tries < TRIES => tokio::time::sleep(TRY).await,
            found => break found,
        }
    };
    let found = found.map_err(|failure| said(&format!("{} with the new token", access.server), &failure))?;
    if found.uid != expected {
        bail!(Refused(format!(
            "server {} is another cluster than the context's (by the uid of kube-system)",
            access.server
        )));
    }
    loop {
        tries += 1;
        let missing = check::missing_of_member(&client, operator, &Keep::default()).await?;
        if missing.is_empty() || tries >= TRIES {
            return Ok(missing);
        }
        tokio::time::sleep(TRY).await;
    }
}

/// Writes the Secret and the `MemberCluster` into the hub.
async fn register(
    hub: &Client,
    operator: &Operator<'_>,
    join: &Join<'_>,
    access: &Access,
    out: &mut dyn Write,
) -> Result<()> {
    let (namespace, name) = (operator.namespace(), secret_name(join.name));
    let of_namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace } });
    if get(hub, &format!("/api/v1/namespaces/{namespace}")).await?.is_none() {
        apply(hub, &format!("/api/v1/namespaces/{namespace}"), &of_namespace, false).await?;
    }
    let path = secret_path(namespace, &name);
    if let Some(others) = get(hub, &path).await?.filter(|there| !manifest::is_ours(there)) {
        // It is taken over, and not added to: a kubeconfig that it holds would go before what is written.
        delete(hub, &path, &others).await?;
    }
    // The server writes its token too, which is no conflict.
    apply(hub, &path, &secret_of((namespace, operator.granted().account), &name, access), true).await?;
    writeln!(out, "Secret {namespace}/{name} of the hub is there")?;
    let member = json!({
        "apiVersion": format!("{GROUP}/{VERSION}"), "kind": "MemberCluster",
        "metadata": { "name": join.name }, "spec": { "credentials": { "secret": name } },
    });
    apply(hub, &member_path(join.name), &member, join.takes_over).await?;
    writeln!(out, "MemberCluster {} of the hub is there", join.name)?;
    Ok(())
}

/// The Secret of a cluster.
fn secret_of((namespace, account): (&str, &str), name: &str, access: &Access) -> Value {
    let mut data = json!({ secret::SERVER: base64(access.server.as_bytes()) });
    if let Some(authority) = &access.authority {
        data[secret::AUTHORITY] = base64(authority.as_bytes()).into();
    }
    if let Some(server_name) = &access.server_name {
        data[secret::SERVER_NAME] = base64(server_name.as_bytes()).into();
    }
    if let Identity::Token(token) = &access.identity {
        data[secret::TOKEN] = base64(token.as_bytes()).into();
    }
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": {
            "name": name, "namespace": namespace,
            "labels": { MANAGED_BY.0: MANAGED_BY.1 },
            "annotations": { RENEW: format!("{namespace}/{account}") },
        },
        "data": data,
    })
}

async fn apply(client: &Client, path: &str, object: &Value, overrules: bool) -> Result<()> {
    let what = format!("{} of the hub", object["kind"].as_str().unwrap_or_default());
    let applied = connect::apply(client, path, object, overrules, PATIENCE).await;
    applied.map(drop).map_err(|failure| said(&what, &failure))
}

/// Deletes an object, as it was when it was looked at.
pub(super) async fn delete(client: &Client, path: &str, there: &Value) -> Result<()> {
    let of = json!({ "preconditions": { "uid": there["metadata"]["uid"] } });
    let deleted = connect::send(client, http::Method::DELETE, path, &of, PATIENCE).await;
    deleted.map_err(|failure| said(path, &failure))
}

/// An object; none where there is none.
pub(super) async fn get(client: &Client, path: &str) -> Result<Option<Value>> {
    match connect::get(client, path, PATIENCE).await {
        Ok(object) => Ok(Some(object)),
        Err(Failure { code: Some(404), .. }) => Ok(None),
        Err(failure) => Err(said(path, &failure)),
    }
}

pub(super) fn secret_path(namespace: &str, name: &str) -> String {
    SECRETS.path_of(&ObjectKey::new(Kind::Secret, Some(namespace), name))
}

pub(super) fn member_path(name: &str) -> String {
    format!("/apis/{GROUP}/{VERSION}/memberclusters/{name}")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use portolan_kube::manifest::{Given, given};
    use portolan_kube::object::Body;
    use portolan_kube::workload::Keep;

    use super::*;

    /// What is written is what the server reads.
    #[test]
    fn a_secret_says_how_its_cluster_is_reached() {
        let authority = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n".to_owned();
        let access = Access {
            server: "https://192.0.2.1:6443".into(),
            authority: Some(authority.trim().to_owned()),
            server_name: Some("api.eu-1.example".into()),
            identity: Identity::Token("a.b.c".into()),
        };
        let secret = secret_of(("portolan", "portolan-mesh"), "cluster-eu-1", &access);
        let Given::Object(object, problems) = given(Kind::Secret, secret, "hub", &Keep::default()) else {
            panic!("it is a Secret")
        };
        assert_eq!(problems, []);
        let object = Arc::new(object);
        let Body::Secret(secret) = &object.body else { panic!("it is a Secret") };
        assert_eq!(Access::of_secret(secret), Ok(access));
        assert_eq!(secret.renew.as_deref(), Some("portolan/portolan-mesh"));
    }
}
