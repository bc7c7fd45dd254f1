//! Tokens, renewed before they end.
//!
//! ```text
//!   two thirds of its life are over ─▶ is it still in the hub's Secret? ─▶ the cluster makes a new one (its own
//!                                      ServiceAccount's right) ─▶ put, only over the Secret that was looked at
//! ```
//!
//! The Secret is where every process reads the token, so the new one is taken from there like any other
//! change, and not kept here. Whoever wrote another token meanwhile wins.
//!
//! A cluster that is registered by two names is followed by one of them, and the tokens of both are renewed: the other
//! name is what it is followed by once the first leaves. Two names that lead to one Secret have one token.
//!
//! How old a token is, only its own API server's clock tells, which may be minutes from ours. So one that we had
//! made is as old as the time since then, and one that says it is from our future is new ([`Schedule`]); and
//! whatever clocks say, a cluster is not asked for another more than once a minute.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use portolan_core::{ClusterName, Reason};
use portolan_kube::api::SECRETS;
use portolan_kube::follow::Failure;
use portolan_kube::object::Kind;
use portolan_kube::registry::access;
use portolan_kube::registry::secret::{self, base64, unbase64};
use portolan_kube::registry::token::{Life, Renewal};
use serde_json::{Value, json};

use super::connect;
use super::lease::Gate;
use super::registrar::{Due, Registrar};
use crate::clock;

/// How often it is looked whether a token is due.
const LOOK: Duration = Duration::from_secs(5);
/// How long a request may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long after a try there is no other, in seconds.
const RETRY_SECONDS: i64 = 60;
/// Most tokens that are renewed at once: a server that hangs holds up no other.
const AT_ONCE: usize = 8;

/// Renews tokens for as long as the process runs, when so many percent of their lives are over.
pub(super) async fn run(registrar: Arc<Registrar>, percent: u8) {
    let mut schedule = Schedule { percent, planned: BTreeMap::new() };
    let began = Instant::now();
    let moment = || Moment {
        elapsed: i64::try_from(began.elapsed().as_secs()).unwrap_or(i64::MAX),
        clock: clock::now(),
    };
    loop {
        tokio::time::sleep(LOOK).await;
        schedule.keep(&registrar.renewals());
        let due = registrar.due(|name, renewal| schedule.is_due(name, renewal, moment()));
        let gate = registrar.gate();
        let tries = due.into_iter().map(|due| async move { (renew(&due, gate).await, due) });
        let mut tries = futures_util::stream::iter(tries).buffer_unordered(AT_ONCE);
        while let Some((renewed, due)) = tries.next().await {
            schedule.tried(&due.name, moment());
            match renewed {
                // Somebody else was faster, or it is not ours to do any more.
                Ok(None) => {}
                Ok(Some((token, life))) => {
                    tracing::info!(cluster = %due.name, seconds = life.seconds(), "its token was renewed");
                    schedule.made(&due.name, token, life, moment());
                }
                Err(failure) => schedule.failed(&due.name, not_renewed(&due, &failure)),
            }
        }
        let mut told = schedule.failures();
        for (name, kind, life) in registrar.others() {
            told.extend(is_ending(kind, life, percent, clock::now()).map(|why| (name, why)));
        }
        registrar.not_renewed(told);
    }
}

/// Why a token is not renewed, or who should.
pub(super) type Why = (Reason, String);

/// What is told of a token that is not ours to renew, once so many percent of its life are over: whoever does renew it
/// had the time.
fn is_ending(kind: Kind, life: Life, percent: u8, now: i64) -> Option<Why> {
    if now < life.after(percent) {
        return None;
    }
    let ends = crate::when::when(life.to);
    let (ends, then) = match now < life.to {
        true => (format!("ends at {ends}"), "then the cluster is not reached any more"),
        false => (format!("ended at {ends}"), "its cluster refuses us"),
    };
    let whose = match kind {
        Kind::MemberCluster => "nobody asks us to renew it (`portolan cluster join` does)".to_owned(),
        kind => format!("that of a {kind} is renewed by whoever made it"),
    };
    Some((Reason::Incomplete, format!("its token {ends}, and {whose}; {then}")))
}

fn not_renewed(due: &Due, failure: &Failure) -> Why {
    let reason = match failure.code {
        Some(401 | 403) => Reason::Unauthorized,
        _ => Reason::Unreadable,
    };
    let ends = crate::when::when(due.renewal.life.to);
    let message = &failure.message;
    (reason, format!("its token, which ends at {ends}, was not renewed: {message}; it is tried again"))
}

/// Seconds since our own start, which only grow, and since 1970, which somebody may set.
#[derive(Clone, Copy, Debug)]
struct Moment {
    elapsed: i64,
    clock: i64,
}

/// When which token is due.
#[derive(Debug)]
struct Schedule {
    /// After so much of its life.
    percent: u8,
    planned: BTreeMap<ClusterName, Planned>,
}

struct Planned {
    token: String,
    /// When that was found.
    from: Moment,
    /// It is due so many seconds later.
    after: i64,
    /// When another was last asked for.
    tried: Option<Moment>,
    /// Why that gave none. Another token is another matter, whoever wrote it.
    failed: Option<Why>,
}

impl std::fmt::Debug for Planned {
    /// Without the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "in {} s from {:?}", self.after, self.from)
    }
}

impl Schedule {
    /// Forgets all but these.
    fn keep(&mut self, names: &[ClusterName]) {
        self.planned.retain(|name, _| names.contains(name));
    }

    /// True of a token whose time has come, as it stands in its Secret now.
    fn is_due(&mut self, name: &ClusterName, renewal: &Renewal, now: Moment) -> bool {
        let known = self.planned.get(name);
        if known.is_none_or(|known| known.token != renewal.token) {
            let tried = known.and_then(|known| known.tried);
            let age_from = now.clock.max(renewal.life.from);
            let after = renewal.life.after(self.percent).saturating_sub(age_from);
            let token = renewal.token.clone();
            let planned = Planned { token, from: now, after, tried, failed: None };
            self.planned.insert(name.clone(), planned);
        }
        let Some(planned) = self.planned.get(name) else { return false };
        let is_over = |from: Moment, seconds: i64| {
            now.elapsed - from.elapsed >= seconds || now.clock.saturating_sub(from.clock) >= seconds
        };
        let rests = planned.tried.is_some_and(|at| now.elapsed - at.elapsed < RETRY_SECONDS);
        !rests && is_over(planned.from, planned.after)
    }

    /// Another was just asked for.
    fn tried(&mut self, name: &ClusterName, now: Moment) {
        if let Some(planned) = self.planned.get_mut(name) {
            planned.tried = Some(now);
        }
    }

    /// That gave none.
    fn failed(&mut self, name: &ClusterName, why: Why) {
        if let Some(planned) = self.planned.get_mut(name) {
            planned.failed = Some(why);
        }
    }

    /// The tokens that were to be renewed and are what they were.
    fn failures(&self) -> BTreeMap<ClusterName, Why> {
        let failed =
            |(name, planned): (&ClusterName, &Planned)| Some((name.clone(), planned.failed.clone()?));
        self.planned.iter().filter_map(failed).collect()
    }

    /// This one was just made for us.
    fn made(&mut self, name: &ClusterName, token: String, life: Life, now: Moment) {
        let after = life.after(self.percent).saturating_sub(life.from);
        let planned = Planned { token, from: now, after, tried: Some(now), failed: None };
        self.planned.insert(name.clone(), planned);
    }
}

/// Renews one: the new token; none where another stands there by now, or somebody else is to do it.
async fn renew(due: &Due, gate: &Gate) -> Result<Option<(String, Life)>, Failure> {
    let Due { member, hub, term, .. } = due;
    let path = SECRETS.path_of(&due.secret);
    let there = connect::get(hub, &path, PATIENCE).await;
    let mut there: Value = there.map_err(|failure| said("the hub", &failure))?;
    if !holds(&there, &due.renewal.token) || gate.time(*term, PATIENCE).is_none() {
        return Ok(None);
    }
    let Renewal { namespace, account, life, .. } = &due.renewal;
    let token = request_token(member, namespace, account, life.seconds()).await;
    let token = token.map_err(|failure| said("the cluster", &failure))?;
    let Some(life) = Life::of(&token) else {
        return Err(connect::said("the cluster gave a token that does not say how long it lives"));
    };
    there["data"][secret::TOKEN] = base64(token.as_bytes()).into();
    let path = format!("{path}?{}", connect::FIELD_MANAGER);
    let Some(time) = gate.time(*term, PATIENCE) else { return Ok(None) };
    let put = connect::send(hub, http::Method::PUT, &path, &there, time);
    put.await.map_err(|failure| said("the hub", &failure))?;
    Ok(Some((token, life)))
}

/// True of a Secret with this token, which may have white space around it there.
fn holds(secret: &Value, token: &str) -> bool {
    let there = secret["data"][secret::TOKEN].as_str().and_then(unbase64);
    there.is_some_and(|octets| octets.trim_ascii() == token.as_bytes())
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

fn said(who: &str, failure: &Failure) -> Failure {
    Failure { message: format!("{who} said: {}", failure.message), ..failure.clone() }
}

#[cfg(test)]
mod tests;
