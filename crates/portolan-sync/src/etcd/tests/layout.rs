use portolan_store::kv::memory::Memory;

use super::bench::{desired, keys, publish, publisher, put};
use crate::etcd::ENDPOINTS;
use crate::provider::StepOutcome;

const MARK: &str = "heritage=external-dns,external-dns/owner=me,external-dns/resource=crd/shop/web";

fn mark(owner: &str) -> String {
    format!(r#"/skydns/org/example/{owner}/* {{"text":"{MARK}","targetstrip":1}}"#)
}

#[tokio::test]
async fn each_target_has_a_key_and_a_mark_has_one_of_its_own() {
    let kv = Memory::new();
    let mut me = publisher(&kv, "me").await;
    let lines = ["foo A 192.0.2.1 192.0.2.2 ttl=30", "foo AAAA 2001:db8::1", "bar CNAME lb.example.net"];
    publish(&mut me, desired(&lines)).await;
    assert_eq!(
        keys(&kv).await,
        [
            mark("a-foo"),
            mark("aaaa-foo"),
            r#"/skydns/org/example/bar/* {"host":"lb.example.net","targetstrip":1}"#.into(),
            mark("cname-bar"),
            r#"/skydns/org/example/foo/* {"host":"192.0.2.1","ttl":30,"targetstrip":1}"#.into(),
            r#"/skydns/org/example/foo/* {"host":"192.0.2.2","ttl":30,"targetstrip":1}"#.into(),
            r#"/skydns/org/example/foo/* {"host":"2001:db8::1","targetstrip":1}"#.into(),
        ]
    );
}

/// CoreDNS looks for pointers, services and mail exchanges where it does.
#[tokio::test]
async fn other_types_stand_as_coredns_finds_them() {
    let kv = Memory::new();
    let mut me = publisher(&kv, "me").await;
    let mut wanted = desired(&["_sip._tcp SRV 1 2 5060 sip.example.net", "@x MX 5 mail.example.net"]);
    let mut pointer = desired(&["p PTR host.example.net"]).sets.remove(0);
    pointer.set.name = "1.2.0.192.in-addr.arpa".parse().unwrap();
    wanted.sets.push(pointer);
    publish(&mut me, wanted).await;
    let there = keys(&kv).await;
    for expected in [
        r#"/skydns/arpa/in-addr/192/0/2/1 {"host":"host.example.net"}"#,
        r#"/skydns/org/example/\@x/* {"host":"mail.example.net","priority":5,"mail":true,"targetstrip":1}"#,
        r#"/skydns/org/example/_tcp/_sip/* {"host":"sip.example.net","port":5060,"priority":1,"weight":2,"targetstrip":1}"#,
    ] {
        assert!(there.contains(&expected.to_owned()), "{expected} is not in {there:#?}");
    }
}

/// What stays of a set is not written again.
#[tokio::test]
async fn only_the_targets_that_change_are_written() {
    let kv = Memory::new();
    let mut me = publisher(&kv, "me").await;
    publish(&mut me, desired(&["foo A 192.0.2.1 192.0.2.2"])).await;
    let before = kv.faults().revision();
    let operations = |revision| kv.faults().revision() - revision;
    publish(&mut me, desired(&["foo A 192.0.2.2 192.0.2.3"])).await;
    assert_eq!(operations(before), 1, "one transaction");
    let there = keys(&kv).await;
    assert_eq!(there.len(), 3, "{there:#?}");
    publish(&mut me, desired(&["foo A 192.0.2.2 192.0.2.3"])).await;
    assert_eq!(operations(before), 1, "and none when nothing changes");
}

#[tokio::test]
async fn what_is_known_of_a_target_stands_in_our_field_and_what_is_withheld_beside() {
    let kv = Memory::new();
    let mut me = publisher(&kv, "me").await;
    let wanted = |endpoints: &str| {
        let mut wanted = desired(&["foo A 192.0.2.1 192.0.2.2"]);
        wanted.sets[0].set.properties.insert(ENDPOINTS.into(), endpoints.into());
        wanted.sets[0].set.properties.insert("aws/weight".into(), "7".into());
        wanted
    };
    let first = r#"[
        {"name":"foo.example.org","type":"A","target":"192.0.2.2","ready":true,"weight":1},
        {"target":"192.0.2.1","cluster":"eu","ready":true,"weight":3},
        {"target":"192.0.2.9","cluster":"us","ready":false,"weight":1}]"#;
    publish(&mut me, wanted(first)).await;
    let there = keys(&kv).await;
    let of_foo: Vec<&String> = there.iter().filter(|line| line.contains("/foo/")).collect();
    assert_eq!(
        of_foo,
        [
            r#"/skydns/org/example/foo/* {"host":"192.0.2.1","targetstrip":1,"portolan":{"version":1,"cluster":"eu","ready":true,"weight":3,"epoch":1,"revision":1}}"#,
            r#"/skydns/org/example/foo/* {"host":"192.0.2.2","targetstrip":1,"portolan":{"version":1,"ready":true,"weight":1,"epoch":1,"revision":1}}"#,
            r#"/skydns/org/example/foo/* {"targetstrip":1,"portolan":{"version":1,"type":"A","target":"192.0.2.9","cluster":"us","ready":false,"withheld":true,"weight":1,"epoch":1,"revision":1}}"#,
        ]
    );
    // The same again is no work, though it has other numbers by now.
    let before = kv.faults().revision();
    publish(&mut me, wanted(first)).await;
    assert_eq!(kv.faults().revision(), before);
    // Readiness changes alone.
    publish(&mut me, wanted(&first.replace("\"ready\":false", "\"ready\":true"))).await;
    assert_eq!(kv.faults().revision(), before + 1);
    publish(&mut me, desired(&[])).await;
    assert_eq!(keys(&kv).await, [""; 0]);
}

/// A name whose own keys are few is not hindered by what is written below it.
#[tokio::test]
async fn a_name_and_its_children_change_in_one_batch() {
    let kv = Memory::new();
    let mut me = publisher(&kv, "me").await;
    let lines = |n: u8| -> Vec<String> {
        let names = ["top", "a.top", "b.a.top", "c.b.a.top"];
        names.iter().map(|name| format!("{name} A 192.0.2.{n}")).collect()
    };
    for n in 1..4 {
        // Somebody writes elsewhere meanwhile, so that our revisions do not follow each other.
        put(&kv, "/elsewhere", "x").await;
        let lines = lines(n);
        let round = publish(&mut me, desired(&lines.iter().map(String::as_str).collect::<Vec<_>>())).await;
        assert_eq!(round.outcomes.len(), 4);
        assert!(round.outcomes.values().all(|outcome| *outcome == StepOutcome::Done));
    }
    // In part too: what was written below since is no reason to lose.
    for (n, name) in (4..).zip(["top", "b.a.top", "top"]) {
        let touched = [format!("{name}.example.org").parse().unwrap()].into();
        let line = format!("{name} A 192.0.2.{n}");
        let round = me.round_of(&touched, desired(&[&line])).await.unwrap().unwrap();
        assert!(round.is_converged(), "{round:#?}");
    }
}

#[tokio::test]
async fn a_set_that_fits_no_transaction_is_refused_and_others_are_not() {
    let kv = Memory::new();
    let mut me = publisher(&kv, "me").await;
    let many: Vec<String> = (0..200).map(|n| format!("198.51.100.{n}")).collect();
    let many = format!("many A {}", many.join(" "));
    let round = me.round(desired(&[&many, "few A 192.0.2.1"]), false).await.unwrap();
    let mut outcomes = round.outcomes.into_iter();
    assert_eq!(outcomes.next().unwrap().1, StepOutcome::Done);
    let (name, StepOutcome::Refused(why)) = outcomes.next().unwrap() else { panic!("it fits") };
    assert!(name.to_string().starts_with("many.") && why.contains("--max-txn-ops"), "{why}");
    assert_eq!(keys(&kv).await.len(), 2);
}
