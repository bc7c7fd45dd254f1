use std::sync::Mutex;

use portolan_kube::object::ObjectKey;

use super::super::cluster::Reached;
use super::super::identity::Known;
use super::super::past::Past;
use super::super::tests::{Followed, cluster, server};
use super::*;
use crate::engine::Event;

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
    assert_eq!(told(Kind::KubeFedCluster, due + 99).as_deref(), Some(ends), "the same words while it is so");
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

/// Another token is another matter: that the one before it was not renewed is told no more, whoever wrote it.
#[test]
fn what_failed_is_told_for_as_long_as_the_token_is_the_same() {
    let (mut schedule, name) = (schedule(), ClusterName::from("eu-1"));
    let at = |seconds| Moment { elapsed: seconds, clock: 110_000 + seconds };
    let why = (Reason::Unreadable, "so it is".to_owned());
    assert!(schedule.is_due(&name, &renewal("t", 100_000), at(0)));
    schedule.tried(&name, at(0));
    schedule.failed(&name, why.clone());
    assert!(!schedule.is_due(&name, &renewal("t", 100_000), at(5)));
    assert_eq!(schedule.failures(), [(name.clone(), why.clone())].into());
    assert!(!schedule.is_due(&name, &renewal("by hand", 110_000), at(10)));
    assert_eq!(schedule.failures(), BTreeMap::new());
    schedule.failed(&name, why);
    schedule.made(&name, "ours".into(), Life { from: 110_010, to: 110_010 + LIFE }, at(10));
    assert_eq!(schedule.failures(), BTreeMap::new());
}

// === Renewed ===

/// A token that says how long it lives.
fn token(from: i64) -> String {
    let claims = json!({ "iat": from, "exp": from + LIFE }).to_string();
    let claims = base64(claims.as_bytes()).replace('+', "-").replace('/', "_");
    format!("e30.{}.c2ln", claims.trim_end_matches('='))
}

/// A hub whose Secret has this token, and what is put there.
fn hub(token: &str) -> (kube_client::Client, Arc<Mutex<Vec<Value>>>) {
    let puts: Arc<Mutex<Vec<Value>>> = Arc::default();
    let (taken, token) = (puts.clone(), base64(token.as_bytes()));
    let client = server(move |method, path, body| {
        assert!(path.starts_with("/api/v1/namespaces/portolan/secrets/cluster-twin"), "{path}");
        let there =
            json!({ "metadata": { "resourceVersion": "3" }, "data": { "server": "x", "token": token } });
        if method == http::Method::GET {
            return Some((200, there));
        }
        taken.lock().unwrap().push(body.clone());
        Some((200, body.clone()))
    });
    (client, puts)
}

/// Of a cluster with two names one is followed, and the token of the other lives on: by that it is followed when the
/// first leaves.
#[tokio::test(start_paused = true)]
async fn the_token_of_the_name_that_is_not_followed_is_renewed_too() {
    let (old, new) = (token(100_000), token(103_000));
    let made = new.clone();
    let asked = Arc::new(Mutex::new(0));
    let asks = asked.clone();
    let us = server(move |method, path, _| {
        if method != http::Method::POST {
            return cluster("u", 1, path);
        }
        assert_eq!(path, "/api/v1/namespaces/portolan/serviceaccounts/portolan/token");
        *asks.lock().unwrap() += 1;
        Some((201, json!({ "status": { "token": made } })))
    });
    let known = Arc::new(Known::in_order(["us-1", "twin"].map(ClusterName::from).into()));
    let past = Past::open(None, false);
    let [first, twin] = ["us-1", "twin"].map(|name| Followed::start(name, us.clone(), &known, &past));
    let is_double = |event: &Event| {
        let problems = if let Event::Reading(_, problems) = event { &problems[..] } else { &[] };
        problems.iter().any(|problem| problem.reason == Reason::Duplicate)
    };
    twin.until("that it is the same", is_double).await;
    assert!(matches!(*first.reach.borrow(), Reached::Yes { .. }));
    assert!(matches!(*twin.reach.borrow(), Reached::No), "it is not followed");

    let due = |hub: &kube_client::Client| Due {
        name: "twin".into(),
        renewal: renewal(&old, 100_000),
        secret: ObjectKey::new(Kind::Secret, Some("portolan"), "cluster-twin"),
        member: twin.door.borrow().clone().expect("its credentials are good"),
        hub: hub.clone(),
        term: 0,
    };
    let gate = Gate::always_open();
    let (there, puts) = hub(&old);
    let life = Life { from: 103_000, to: 103_000 + LIFE };
    assert_eq!(renew(&due(&there), &gate).await, Ok(Some((new.clone(), life))));
    let put = json!({
        "metadata": { "resourceVersion": "3" }, "data": { "server": "x", "token": base64(new.as_bytes()) },
    });
    assert_eq!(*puts.lock().unwrap(), [put], "over the Secret that was looked at");
    // Somebody else was faster, and no other is asked for.
    let (there, puts) = hub("another");
    assert_eq!(renew(&due(&there), &gate).await, Ok(None));
    assert_eq!((puts.lock().unwrap().len(), *asked.lock().unwrap()), (0, 1));
}
