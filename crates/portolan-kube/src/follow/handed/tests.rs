//! What is taken of a hub's objects, and what stays. R-01.

use portolan_core::Reason;
use serde_json::json;

use super::super::{Follower, Heard, News};
use crate::dns_endpoint::MARK;
use crate::manifest::{Given, given};
use crate::object::{Kind, ObjectKey};
use crate::workload::Keep;

const STAMPED: &str = r#"{"version":1,"endpoints":[],"epoch":EPOCH,"run":RUN,"revision":REVISION}"#;

fn object(mark: &str) -> Given {
    made("one", mark)
}

/// The object that was made with this uid.
fn made(uid: &str, mark: &str) -> Given {
    let value = json!({
        "apiVersion": "externaldns.k8s.io/v1alpha1", "kind": "DNSEndpoint",
        "metadata": { "namespace": "shop", "name": "global-web", "uid": uid, "annotations": { MARK: mark } },
        "spec": { "endpoints": [] },
    });
    given(Kind::DnsEndpoint, value, "hub", &Keep::default())
}

fn stamped([epoch, run, revision]: [u64; 3]) -> String {
    let text = STAMPED.replace("EPOCH", &epoch.to_string()).replace("RUN", &run.to_string());
    text.replace("REVISION", &revision.to_string())
}

/// A follower of a hub that has read this object.
fn following(mark: &str) -> Follower {
    let mut follower = Follower::new("dnsendpoints".into(), "hub".into()).handed_over(true);
    let page = Heard::Page { objects: vec![object(mark)], version: "1".into(), token: None };
    assert!(follower.hear(page).iter().any(|news| matches!(news, News::Set(_))));
    follower
}

/// True when an object is taken.
fn takes(follower: &mut Follower, mark: &str, version: u64) -> bool {
    let news = follower.hear(Heard::Set(Box::new(object(mark)), version.to_string()));
    assert!(!news.iter().any(|news| matches!(news, News::Deleted(_))), "{news:?}");
    news.iter().any(|news| matches!(news, News::Set(_)))
}

fn told(follower: &Follower) -> Vec<(Reason, String)> {
    follower.problems().map(|problem| (problem.reason, problem.to_string())).collect()
}

#[test]
fn r_01_what_was_written_before_is_not_taken() {
    let mut follower = following(&stamped([5, 1, 10]));
    for (nth, (stamp, is_taken)) in
        [([5, 1, 9], false), ([4, 2, 99], false), ([5, 1, 11], true), ([5, 1, 10], false), ([6, 2, 1], true)]
            .into_iter()
            .enumerate()
    {
        assert_eq!(takes(&mut follower, &stamped(stamp), nth as u64 + 2), is_taken, "{stamp:?}");
        let told = told(&follower);
        assert_eq!(told.len(), usize::from(!is_taken), "{told:?}");
        for (reason, text) in told {
            assert_eq!(reason, Reason::Conflict);
            let [epoch, _, revision] = stamp;
            assert!(
                text.contains(&format!("epoch {epoch} and revision {revision} are older than")),
                "{text}"
            );
        }
    }
    assert!(follower.refused().is_empty(), "it was understood once: nothing is lacking");
}

/// In a list as in a watch; and no longer, once the object was deleted, or the hub's new past is believed.
#[test]
fn what_an_older_writing_is_compared_with() {
    let list = |follower: &mut Follower, version: &str| {
        let objects = vec![object(&stamped([4, 9, 1]))];
        let news = follower.hear(Heard::Page { objects, version: version.into(), token: None });
        news.iter().any(|news| matches!(news, News::Set(_)))
    };
    let mut follower = following(&stamped([5, 1, 10]));
    follower.read_again();
    assert!(!list(&mut follower, "2"), "an older replica, or a late write");
    let key = ObjectKey::new(Kind::DnsEndpoint, Some("shop"), "global-web");
    follower.hear(Heard::Deleted(key, "3".into()));
    assert!(takes(&mut follower, &stamped([4, 9, 1]), 4), "it is another object");

    let mut follower = following(&stamped([5, 1, 10]));
    let anew = Heard::Set(Box::new(made("two", &stamped([1, 9, 1]))), "2".into());
    let is_taken = follower.hear(anew).iter().any(|news| matches!(news, News::Set(_)));
    assert!(is_taken, "it was made anew, and who writes it has found no epoch");

    let mut follower = following(&stamped([5, 1, 10]));
    follower.begin_anew();
    assert!(list(&mut follower, "1"), "a restored hub, released by somebody");
}

#[test]
fn what_cannot_be_understood_stays_what_it_was() {
    let bad = [
        ("{", "is not what it should be"),
        (r#"{"version":7,"endpoints":[]}"#, "7 is not known"),
        (
            r#"{"version":1,"endpoints":[{"name":"a.example","type":"A","target":"b","ready":true,"weight":1}]}"#,
            "endpoints[0].target",
        ),
    ];
    for (mark, text) in bad {
        let mut follower = following(&stamped([5, 1, 10]));
        assert!(!takes(&mut follower, mark, 2));
        let told = told(&follower);
        assert!(
            told[0].1.contains("DNSEndpoint shop/global-web: metadata.annotations")
                && told[0].1.contains(text)
        );
        assert!(takes(&mut follower, &stamped([5, 1, 11]), 3), "once it is mended");
        assert_eq!(follower.problems().count(), 0);
        // Where nothing of it was ever understood, it is lacking: what is remembered of it stays.
        let mut fresh = Follower::new("dnsendpoints".into(), "hub".into()).handed_over(true);
        fresh.hear(Heard::Page { objects: vec![object(mark)], version: "1".into(), token: None });
        assert_eq!(fresh.refused().len(), 1);
        // Who does not follow a hub reads no mark.
        let mut other = Follower::new("dnsendpoints".into(), "hub".into());
        other.hear(Heard::Page { objects: vec![object(mark)], version: "1".into(), token: None });
        assert_eq!((other.refused().len(), other.problems().count()), (0, 0));
    }
}
