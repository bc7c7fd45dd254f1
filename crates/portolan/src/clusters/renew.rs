//! Tokens, renewed before they end.
//!
//! ```text
//!   two thirds of its life are over ─▶ the cluster makes a new one (its own ServiceAccount's right)
//!                                        │
//!                      get the hub's Secret, compare, put: only over the token that was renewed
//! ```
//!
//! The Secret is where every process reads the token, so the new one is taken from there like any other
//! change, and not kept here. Whoever wrote another token meanwhile wins.

use std::sync::Arc;
use std::time::{Duration, Instant};

use portolan_core::{ClusterName, Reason};
use portolan_kube::api::SECRETS;
use portolan_kube::follow::Failure;
use portolan_kube::registry::secret::{self, base64};
use portolan_kube::registry::{access, token::Life};
use serde_json::{Value, json};

use super::cluster::{Reach, Reached};
use super::connect;
use super::registrar::{Due, Registrar};
use crate::clock;

/// How often it is looked whether a token is due.
const LOOK: Duration = Duration::from_secs(5);
/// How long a request may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long one that failed is not tried again.
const RETRY: Duration = Duration::from_secs(60);

/// Renews tokens for as long as the process runs, when so many percent of their lives are over.
pub(super) async fn run(registrar: Arc<Registrar>, percent: u8) {
    let mut failed: Vec<(ClusterName, Instant)> = Vec::new();
    loop {
        tokio::time::sleep(LOOK).await;
        failed.retain(|(_, at)| at.elapsed() < RETRY);
        for due in registrar.due(clock::now(), percent) {
            if failed.iter().any(|(name, _)| *name == due.name) {
                continue;
            }
            // One that was not reached is tried again, and says so itself.
            match renew(&due).await {
                Ok(None) => {}
                Ok(Some(life)) => {
                    tracing::info!(cluster = %due.name, seconds = life.seconds(), "its token was renewed");
                    registrar.renewed(&due.name, None);
                }
                Err(failure) => {
                    let reason = match failure.code {
                        Some(401 | 403) => Reason::Unauthorized,
                        _ => Reason::Unreadable,
                    };
                    let ends = crate::when::when(due.renewal.life.to);
                    let message = format!(
                        "its token, which ends at {ends}, was not renewed: {}; it is tried again",
                        failure.message
                    );
                    registrar.renewed(&due.name, Some((reason, message)));
                    failed.push((due.name, Instant::now()));
                }
            }
        }
    }
}

/// Renews one; none where nothing was to be done, or nobody is reached.
async fn renew(due: &Due) -> Result<Option<Life>, Failure> {
    let (Some(member), Some(hub)) = (client(&due.member), client(&due.hub)) else { return Ok(None) };
    let token =
        request_token(&member, &due.renewal.namespace, &due.renewal.account, due.renewal.life.seconds());
    let token = token.await.map_err(|failure| said("the cluster", &failure))?;
    let Some(life) = Life::of(&token) else {
        return Err(connect::said("the cluster gave a token that does not say how long it lives"));
    };
    let path = SECRETS.path_of(&due.secret);
    let mut there: Value =
        connect::get(&hub, &path, PATIENCE).await.map_err(|failure| said("the hub", &failure))?;
    if there["data"][secret::TOKEN] != base64(due.renewal.token.as_bytes()) {
        // Somebody else was faster.
        return Ok(None);
    }
    there["data"][secret::TOKEN] = base64(token.as_bytes()).into();
    let path = format!("{path}?{}", connect::FIELD_MANAGER);
    let put = connect::send(&hub, http::Method::PUT, &path, &there, PATIENCE);
    put.await.map_err(|failure| said("the hub", &failure))?;
    Ok(Some(life))
}

/// Has a cluster make a token of a ServiceAccount.
pub(super) async fn request_token(
    client: &kube_client::Client,
    namespace: &str,
    account: &str,
    seconds: i64,
) -> Result<String, Failure> {
    let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token");
    let body = json!({
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
        "spec": { "expirationSeconds": seconds },
    });
    let made: Value = connect::exchange(client, http::Method::POST, &path, &body, PATIENCE).await?;
    let token = made["status"]["token"].as_str().unwrap_or_default();
    match access::token(token) {
        Ok(()) if !token.is_empty() => Ok(token.to_owned()),
        _ => Err(connect::said("gave no token")),
    }
}

fn client(reach: &Reach) -> Option<kube_client::Client> {
    match &*reach.borrow() {
        Reached::Yes { client, .. } => Some(client.clone()),
        Reached::No => None,
    }
}

fn said(who: &str, failure: &Failure) -> Failure {
    Failure { message: format!("{who} said: {}", failure.message), ..failure.clone() }
}
