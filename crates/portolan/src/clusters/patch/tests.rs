//! one who led tidies up by an old plan, when another leads and needs what stands there.

use std::sync::{Arc, Mutex};

use portolan_kube::api::dns_endpoints;
use portolan_kube::dns_endpoint::MARK;
use portolan_kube::follow::Failure;
use portolan_kube::object::{Kind, ObjectKey};
use serde_json::{Value, json};

use super::super::lease::tests::leading;
use super::super::tests::server;
use super::copies::Copies;
use super::write::{At, Done, Write, Writer};
use super::*;

/// The term in which it was found that nothing asks for the object any more.
const TERM: Term = 3;
/// The mark of what was looked at then, and of what the next one wrote.
const SEEN: &str = "one";
const ANEW: &str = "two";

/// Where it falls asleep that wanted to delete.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Sleeps {
    Never,
    /// Before it looks at the object as it is.
    AtFirst,
    /// With the object as it was in its hands.
    BeforeItSends,
    /// Its request is on the way, and comes late.
    OnTheWay,
}

/// What the hub has, and who was asked to delete it.
struct Hub {
    object: Option<Value>,
    deletes: usize,
}

impl Hub {
    fn holds(&mut self, mark: &str, version: u64) {
        self.object = Some(json!({ "metadata": {
            "name": "global-shop", "namespace": "shop", "uid": "u", "resourceVersion": version.to_string(),
            "annotations": { MARK: mark },
        } }));
    }

    fn answer(&mut self, method: &http::Method, body: &Value) -> (u16, Value) {
        let Some(there) = self.object.clone() else { return (404, Value::Null) };
        if method == http::Method::GET {
            return (200, there);
        }
        assert_eq!(method, http::Method::DELETE);
        self.deletes += 1;
        let version = &body["preconditions"]["resourceVersion"];
        if *version != there["metadata"]["resourceVersion"] {
            return (409, Value::Null);
        }
        self.object = None;
        (200, there)
    }
}

/// Deletes by the old plan. Meanwhile another one leads, who needs the object: as it stands, or written anew.
async fn deleted(sleeps: Sleeps, is_anew: bool) -> (Result<Done, Failure>, Hub) {
    let hub = Arc::new(Mutex::new(Hub { object: None, deletes: 0 }));
    hub.lock().unwrap().holds(SEEN, 7);
    let (gate, its_time_is_over) = leading(TERM);
    let held = hub.clone();
    let sleep = move || {
        its_time_is_over();
        if is_anew {
            held.lock().unwrap().holds(ANEW, 8);
        }
    };
    let (at_server, falls_asleep) = (hub.clone(), sleep.clone());
    let client = server(move |method, _, body| {
        let is_delete = method == http::Method::DELETE;
        if is_delete && sleeps == Sleeps::OnTheWay {
            falls_asleep();
        }
        let answer = at_server.lock().unwrap().answer(method, body);
        if !is_delete && sleeps == Sleeps::BeforeItSends {
            falls_asleep();
        }
        Some(answer)
    });
    if sleeps == Sleeps::AtFirst {
        sleep();
    }
    let writer = Writer { epoch: 1, run: 1, instance: "control-0".into(), gate };
    let key = ObjectKey::new(Kind::DnsEndpoint, Some("shop"), "global-shop");
    let resource = dns_endpoints().next().expect("External-DNS' own group is one");
    let write = Write::Delete(At { key, resource }, Some(SEEN.into()));
    let done = write.perform(&client, &writer, &Copies::default(), (TERM, 1)).await;
    drop((client, sleep));
    let hub = std::mem::replace(&mut *hub.lock().unwrap(), Hub { object: None, deletes: 0 });
    (done, hub)
}

#[tokio::test]
async fn r_02_who_slept_takes_nothing_away_that_the_newer_plan_needs() {
    let (done, hub) = deleted(Sleeps::Never, false).await;
    assert_eq!((done, hub.deletes, hub.object), (Ok(Done::Written), 1, None), "who leads tidies up");
    for (sleeps, is_anew) in [
        (Sleeps::AtFirst, false),
        (Sleeps::AtFirst, true),
        (Sleeps::BeforeItSends, false),
        (Sleeps::BeforeItSends, true),
    ] {
        let (done, hub) = deleted(sleeps, is_anew).await;
        assert_eq!((done, hub.deletes), (Ok(Done::Late), 0), "{sleeps:?} {is_anew}");
        assert!(hub.object.is_some(), "{sleeps:?} {is_anew}");
    }
    // It was sent in time, and what it was sent for is not there any more.
    let (done, hub) = deleted(Sleeps::OnTheWay, true).await;
    assert_eq!((done.map_err(|failure| failure.code), hub.deletes), (Err(Some(409)), 1));
    assert_eq!(hub.object.expect("it stands")["metadata"]["annotations"][MARK], ANEW);
}
