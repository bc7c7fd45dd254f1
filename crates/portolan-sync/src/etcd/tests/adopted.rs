//! Keys that a stock External-DNS wrote: read, kept, changed, and given up without a rest.

use portolan_store::kv::memory::Memory;
use portolan_store::kv::{Kv as _, Span};

use super::bench::{delete, desired, keys, publish, publisher, put};
use crate::provider::Provider as _;

const MARK: &str = r#"\"heritage=external-dns,external-dns/owner=me,external-dns/resource=crd/shop/web\""#;

/// As External-DNS 0.22 writes a name with two targets and an alias, with the TXT registry.
async fn written(kv: &Memory) {
    for (key, value) in [
        ("foo/1a2b3c4d", r#"{"host":"192.0.2.1","ttl":30,"targetstrip":1}"#.to_owned()),
        ("foo/2a2b3c4d", r#"{"host":"192.0.2.2","ttl":30,"targetstrip":1,"future":[1]}"#.into()),
        ("a-foo/3a2b3c4d", format!(r#"{{"text":"{MARK}","targetstrip":1}}"#)),
        ("bar/4a2b3c4d", r#"{"host":"lb.example.net","targetstrip":1}"#.into()),
        ("cname-bar/5a2b3c4d", format!(r#"{{"text":"{MARK}","targetstrip":1}}"#)),
    ] {
        put(kv, &format!("/skydns/org/example/{key}"), &value).await;
    }
}

const LINES: [&str; 2] = ["foo A 192.0.2.1 192.0.2.2 ttl=30", "bar CNAME lb.example.net"];

#[tokio::test]
async fn a_zone_is_taken_over_without_a_write_and_nothing_of_it_stays_behind() {
    let kv = Memory::new();
    written(&kv).await;
    let before = keys(&kv).await;
    let mut me = publisher(&kv, "me").await;
    let revision = kv.faults().revision();
    assert!(publish(&mut me, desired(&LINES)).await.outcomes.is_empty());
    assert_eq!((kv.faults().revision(), keys(&kv).await), (revision, before));
    // One target changes: the others' keys stay as they are, fields of others in them too.
    publish(&mut me, desired(&["foo A 192.0.2.2 192.0.2.7 ttl=60", LINES[1]])).await;
    let there = keys(&kv).await;
    assert!(
        there.contains(
            &r#"/skydns/org/example/foo/* {"host":"192.0.2.2","ttl":60,"targetstrip":1,"future":[1]}"#.into()
        ),
        "{there:#?}"
    );
    assert_eq!(there.len(), 5);
    publish(&mut me, desired(&[])).await;
    assert_eq!(keys(&kv).await, [""; 0]);
}

/// Marks that were folded into values of targets, and values that were emptied.
#[tokio::test]
async fn texts_in_values_of_targets_are_marks_too() {
    let kv = Memory::new();
    for (key, value) in [
        // Before 0.12 the mark stood at the name itself.
        ("old/1a2b3c4d", format!(r#"{{"host":"192.0.2.1","text":"{MARK}","targetstrip":1}}"#)),
        ("old/2a2b3c4d", r#"{"host":"192.0.2.2","targetstrip":1}"#.into()),
        ("alias/3a2b3c4d", format!(r#"{{"host":"lb.example.net","text":"{MARK}","targetstrip":1}}"#)),
        ("alias/4a2b3c4d", r#"{"targetstrip":1}"#.into()),
    ] {
        put(&kv, &format!("/skydns/org/example/{key}"), &value).await;
    }
    let mut me = publisher(&kv, "me").await;
    let round = publish(&mut me, desired(&["old A 192.0.2.1 192.0.2.2", "alias CNAME lb.example.net"])).await;
    assert_eq!(round.outcomes.len(), 2, "the marks are put where they belong");
    let there = keys(&kv).await;
    let has_both = |line: &String| line.contains("host") && line.contains("text");
    assert!(!there.iter().any(has_both), "{there:#?}");
    assert_eq!(there.iter().filter(|line| line.contains("heritage")).count(), 2, "{there:#?}");
    publish(&mut me, desired(&[])).await;
    assert_eq!(keys(&kv).await, [""; 0]);
}

/// B-38: what is not understood costs itself, is told, and stays.
#[tokio::test]
async fn what_cannot_be_read_is_left_alone_and_told() {
    let kv = Memory::new();
    let bad = [
        ("/skydns/org/example/no/1a2b3c4d", "not json"),
        ("/skydns/org/example/foo/2a2b3c4d", r#"{"host":"192.0.2.1","port":70000}"#),
        ("/skydns/org//foo", r#"{"host":"192.0.2.1"}"#),
        ("/skydns/org/example/foo/3a2b3c4d", r#"{"host":"0.0.0.0","targetstrip":1}"#),
    ];
    for (key, value) in bad {
        put(&kv, key, value).await;
    }
    let mut me = publisher(&kv, "me").await;
    let round = publish(&mut me, desired(&["foo A 192.0.2.1"])).await;
    assert_eq!(round.problems.told.len(), bad.len(), "{:#?}", round.problems);
    assert!(round.problems.told.iter().all(|problem| problem.subject.starts_with("/skydns/")));
    publish(&mut me, desired(&[])).await;
    assert_eq!(keys(&kv).await.len(), bad.len());
}

/// A key that nobody can read, or that is another name's, keeps nothing from being published.
#[tokio::test]
async fn what_stands_at_a_names_own_key_may_be_anybodys() {
    let kv = Memory::new();
    // The second is a target of `example.org`.
    let strange = [
        ("/skydns/org/example/foo", "not json"),
        ("/skydns/org/example/bar", r#"{"host":"192.0.2.9","targetstrip":1}"#),
    ];
    for (key, value) in strange {
        put(&kv, key, value).await;
    }
    let mut me = publisher(&kv, "me").await;
    publish(&mut me, desired(&["foo A 192.0.2.1", "bar A 192.0.2.1"])).await;
    let touched = ["foo.example.org", "bar.example.org"].map(|name| name.parse().unwrap()).into();
    let round = me.round_of(&touched, desired(&["foo A 192.0.2.2", "bar A 192.0.2.2"])).await.unwrap();
    assert!(round.is_some_and(|round| round.is_converged() && round.counts.updates == 2));
    publish(&mut me, desired(&[])).await;
    let mut left = strange.map(|(key, value)| format!("{key} {value}"));
    left.sort();
    assert_eq!(keys(&kv).await, left);
}

/// Nor is what cannot be read written over where it stands at the label that a target would have.
#[tokio::test]
async fn what_cannot_be_read_is_not_written_over() {
    let kv = Memory::new();
    let mut me = publisher(&kv, "me").await;
    publish(&mut me, desired(&["foo A 192.0.2.1"])).await;
    let of_foo = Span::prefix(b"/skydns/org/example/foo/");
    let key = kv.range(of_foo.clone(), None, 1).await.unwrap().pairs.remove(0).key;
    publish(&mut me, desired(&[])).await;
    put(&kv, std::str::from_utf8(&key).unwrap(), "not json").await;
    publish(&mut me, desired(&["foo A 192.0.2.1"])).await;
    let pairs = kv.range(of_foo, None, 10).await.unwrap().pairs;
    let there: Vec<&[u8]> =
        pairs.iter().filter(|pair| pair.key == key).map(|pair| pair.value.as_slice()).collect();
    assert_eq!((pairs.len(), there), (2, vec![&b"not json"[..]]));
}

/// A key below the name is no key of the name, and one that begins alike is none either (R-16).
#[tokio::test]
async fn r_16_what_begins_alike_stays() {
    let kv = Memory::new();
    let others = [
        ("/skydns/org/example/foobar/1a2b3c4d", r#"{"host":"192.0.2.9","targetstrip":1}"#),
        ("/skydns/org/example/foo/child", r#"{"host":"192.0.2.9"}"#),
        ("/skydns/org/example/foo/child/1a2b3c4d", r#"{"host":"192.0.2.9","targetstrip":1}"#),
    ];
    for (key, value) in others {
        put(&kv, key, value).await;
    }
    let before = keys(&kv).await;
    let mut me = publisher(&kv, "me").await;
    publish(&mut me, desired(&["foo A 192.0.2.1 192.0.2.2"])).await;
    publish(&mut me, desired(&[])).await;
    assert_eq!(keys(&kv).await, before);
    let listing = super::bench::provider(&kv, "you").list().await.unwrap();
    assert_eq!(listing.sets.len(), 2);
    for (key, _) in others {
        delete(&kv, key).await;
    }
}
