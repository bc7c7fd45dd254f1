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

use super::cluster::{Reach, Reached};
use super::connect;
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
        for (name, kind, life) in registrar.others() {
            registrar.renewed(&name, is_ending(kind, life, percent, clock::now()));
        }
        let due = registrar.due(|name, renewal| schedule.is_due(name, renewal, moment()));
        let tries = due.into_iter().map(|due| async move { (renew(&due).await, due) });
        let mut tries = futures_util::stream::iter(tries).buffer_unordered(AT_ONCE);
        while let Some((renewed, due)) = tries.next().await {
            schedule.tried(&due.name, moment());
            match renewed {
                // One that was not reached says so itself.
                Ok(None) => {}
                Ok(Some((token, life))) => {
                    tracing::info!(cluster = %due.name, seconds = life.seconds(), "its token was renewed");
                    schedule.made(&due.name, token, life, moment());
                    registrar.renewed(&due.name, None);
                }
                Err(failure) => registrar.renewed(&due.name, Some(not_renewed(&due, &failure))),
            }
        }
    }
}

/// What is told of a token that is not ours to renew, once so many percent of its life are over: whoever does renew it
/// had the time.
fn is_ending(kind: Kind, life: Life, percent: u8, now: i64) -> Option<(Reason, String)> {
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

fn not_renewed(due: &Due, failure: &Failure) -> (Reason, String) {
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
            let planned = Planned { token: renewal.token.clone(), from: now, after, tried };
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

    /// This one was just made for us.
    fn made(&mut self, name: &ClusterName, token: String, life: Life, now: Moment) {
        let after = life.after(self.percent).saturating_sub(life.from);
        self.planned.insert(name.clone(), Planned { token, from: now, after, tried: Some(now) });
    }
}

/// Renews one: the new token; none where nothing was to be done, or nobody is reached.
async fn renew(due: &Due) -> Result<Option<(String, Life)>, Failure> {
    let (Some(member), Some(hub)) = (due.member.borrow().clone(), client(&due.hub)) else { return Ok(None) };
    let path = SECRETS.path_of(&due.secret);
    let there = connect::get(&hub, &path, PATIENCE).await;
    let mut there: Value = there.map_err(|failure| said("the hub", &failure))?;
    if !holds(&there, &due.renewal.token) {
        // Somebody else was faster.
        return Ok(None);
    }
    let Renewal { namespace, account, life, .. } = &due.renewal;
    let token = request_token(&member, namespace, account, life.seconds()).await;
    let token = token.map_err(|failure| said("the cluster", &failure))?;
    let Some(life) = Life::of(&token) else {
        return Err(connect::said("the cluster gave a token that does not say how long it lives"));
    };
    there["data"][secret::TOKEN] = base64(token.as_bytes()).into();
    let path = format!("{path}?{}", connect::FIELD_MANAGER);
    let put = connect::send(&hub, http::Method::PUT, &path, &there, PATIENCE);
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

fn client(reach: &Reach) -> Option<kube_client::Client> {
    match &*reach.borrow() {
        Reached::Yes { client, .. } => Some(client.clone()),
        Reached::No => None,
    }
}

fn said(who: &str, failure: &Failure) -> Failure {
    Failure { message: format!("{who} said: {}", failure.message), ..failure.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: i64 = 3_600;

    fn renewal(token: &str, from: i64) -> Renewal {
        let life = Life { from, to: from + LIFE };
        Renewal { namespace: "portolan".into(), account: "portolan".into(), token: token.into(), life }
    }

    /// The seconds, counted from when it was found, after which a token is due by two thirds of its life.
    fn due_after(schedule: &mut Schedule, token: &str, from: i64, found: Moment) -> Option<i64> {
        let renewal = renewal(token, from);
        let at = |seconds| Moment { elapsed: found.elapsed + seconds, clock: found.clock + seconds };
        (0..=LIFE).find(|seconds| schedule.is_due(&"eu-1".into(), &renewal, at(*seconds)))
    }

    fn schedule() -> Schedule {
        Schedule { percent: 66, planned: BTreeMap::new() }
    }

    #[test]
    fn a_token_that_others_renew_is_told_of_when_they_are_late() {
        let life = Life { from: 1_000, to: 1_000 + LIFE };
        let told = |kind, now| is_ending(kind, life, 66, now).map(|(_, message)| message);
        let due = 1_000 + 2_376;
        assert_eq!(told(Kind::KubeFedCluster, due - 1), None);
        let ends = "its token ends at 1970-01-01T01:16:40Z, and that of a KubeFedCluster is renewed by whoever made it; then \
                    the cluster is not reached any more";
        assert_eq!(told(Kind::KubeFedCluster, due).as_deref(), Some(ends));
        assert_eq!(
            told(Kind::KubeFedCluster, due + 99).as_deref(),
            Some(ends),
            "the same words while it is so"
        );
        let ended = told(Kind::MemberCluster, life.to).unwrap();
        assert!(ended.starts_with("its token ended at ") && ended.contains("nobody asks us"), "{ended}");
    }

    #[test]
    fn a_token_is_due_by_its_own_clock() {
        for (age, expected) in [(0, 2_376), (1_000, 1_376), (3_000, 0), (10_000, 0)] {
            let found = Moment { elapsed: 0, clock: 100_000 };
            assert_eq!(due_after(&mut schedule(), "t", 100_000 - age, found), Some(expected), "{age}");
        }
        // Our clock is an hour late: it is new, and not one to be renewed after it has ended.
        let found = Moment { elapsed: 0, clock: 100_000 };
        assert_eq!(due_after(&mut schedule(), "t", 103_600, found), Some(2_376));
    }

    /// Our clock is hours early: each new token looks old, and is not renewed again and again for that.
    #[test]
    fn a_token_that_was_made_for_us_is_as_old_as_that_is_ago() {
        let (mut schedule, name) = (schedule(), ClusterName::from("eu-1"));
        let now = Moment { elapsed: 5, clock: 110_000 };
        assert!(schedule.is_due(&name, &renewal("a", 100_000), now));
        schedule.tried(&name, now);
        schedule.made(&name, "b".into(), Life { from: 100_005, to: 100_005 + LIFE }, now);
        assert_eq!(due_after(&mut schedule, "b", 100_005, now), Some(2_376));
        // That of another process which does the same is renewed, but not more than once a minute.
        let now = Moment { elapsed: 3_000, clock: 113_000 };
        schedule.tried(&name, now);
        assert_eq!(due_after(&mut schedule, "c", 103_000, now), Some(RETRY_SECONDS));
    }

    /// Neither a clock that is set back nor a machine that sleeps keeps a token from being renewed.
    #[test]
    fn either_clock_will_do() {
        let found = Moment { elapsed: 0, clock: 100_000 };
        for (elapsed, clock, is_due) in
            [(2_376, 0, true), (10, 102_376, true), (2_000, 102_000, false), (2_000, 0, false)]
        {
            let mut schedule = schedule();
            assert!(!schedule.is_due(&"eu-1".into(), &renewal("t", 100_000), found));
            let now = Moment { elapsed, clock };
            assert_eq!(schedule.is_due(&"eu-1".into(), &renewal("t", 100_000), now), is_due, "{now:?}");
        }
    }

    #[test]
    fn a_try_is_followed_by_a_rest_and_clusters_that_go_are_forgotten() {
        let (mut schedule, name) = (schedule(), ClusterName::from("eu-1"));
        let found = Moment { elapsed: 0, clock: 110_000 };
        assert!(schedule.is_due(&name, &renewal("t", 100_000), found));
        schedule.tried(&name, found);
        assert_eq!(due_after(&mut schedule, "t", 100_000, found), Some(RETRY_SECONDS));
        schedule.keep(&[name]);
        assert_eq!(schedule.planned.len(), 1);
        schedule.keep(&[]);
        assert_eq!(schedule.planned.len(), 0);
    }

    /// One that was made by hand, of a file, ends with a line break.
    #[test]
    fn white_space_around_a_token_makes_no_other_token() {
        let secret = |token: &str| json!({ "data": { "token": base64(token.as_bytes()) } });
        assert!(holds(&secret("a.b.c"), "a.b.c") && holds(&secret(" a.b.c\n"), "a.b.c"));
        assert!(!holds(&secret("a.b.d"), "a.b.c") && !holds(&json!({}), "a.b.c"));
    }
}
