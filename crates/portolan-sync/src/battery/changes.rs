//! That what is wanted is there afterwards, and nothing else.

use std::collections::BTreeSet;

use super::Bench;

pub(super) async fn targets_come_change_and_go(bench: &Bench) {
    let mut publisher = bench.publisher("me").await;
    for (lines, expected) in [
        (&["add A 192.0.2.1"][..], &["add A 192.0.2.1"][..]),
        (&["add A 192.0.2.1 192.0.2.2"], &["add A 192.0.2.1 192.0.2.2"]),
        (&["add A 192.0.2.3 192.0.2.2"], &["add A 192.0.2.2 192.0.2.3"]),
        (&["add A 192.0.2.3"], &["add A 192.0.2.3"]),
        (&["add A 192.0.2.3 ttl=60"], &["add A 192.0.2.3"]),
        (
            &["add A 192.0.2.3 ttl=60", "add AAAA 2001:db8::1 2001:db8::2"],
            &["add A 192.0.2.3", "add AAAA 2001:db8::1 2001:db8::2"],
        ),
        (&["add AAAA 2001:db8::1"], &["add AAAA 2001:db8::1"]),
        (&["add AAAA 2001:db8::1", "b.add A 192.0.2.9"], &["add AAAA 2001:db8::1", "b.add A 192.0.2.9"]),
        (&["b.add A 192.0.2.9"], &["b.add A 192.0.2.9"]),
        (&["b.add A 192.0.2.9", "*.add A 192.0.2.8"], &["*.add A 192.0.2.8", "b.add A 192.0.2.9"]),
        (&[], &[]),
    ] {
        bench.publish(&mut publisher, lines).await;
        assert_eq!(bench.lines("add", false).await, expected, "{lines:?}");
    }
    assert_eq!(bench.lines("add", true).await, [""; 0], "no mark is left");
}

pub(super) async fn a_type_changes_in_one_step(bench: &Bench) {
    let mut publisher = bench.publisher("me").await;
    for lines in [
        &["kind A 192.0.2.1 192.0.2.2"][..],
        &["kind CNAME lb.example.net"],
        &["kind AAAA 2001:db8::1"],
        &["kind CNAME lb.example.net"],
        &["kind CNAME other.example.net"],
        &["kind A 192.0.2.1", "kind AAAA 2001:db8::1"],
    ] {
        let round = bench.publish(&mut publisher, lines).await;
        assert_eq!(round.outcomes.len(), 1, "one step: {:?}", round.outcomes);
        let dotted: Vec<String> =
            lines.iter().map(|line| line.replace("example.net", "example.net.")).collect();
        assert_eq!(bench.lines("kind", false).await, dotted);
    }
    bench.publish(&mut publisher, &[]).await;
    assert_eq!(bench.lines("kind", true).await, [""; 0]);
}

pub(super) async fn sets_of_other_types_come_and_go(bench: &Bench) {
    let mut publisher = bench.publisher("me").await;
    bench.publish(&mut publisher, bench.others).await;
    for line in bench.others {
        let set = bench.set(line);
        let label = line.split(' ').next().unwrap();
        let there = bench.lines(label, false).await;
        assert!(there.contains(&bench.line(&set)), "{line} is not in {there:?}");
    }
    bench.publish(&mut publisher, &[]).await;
    for line in bench.others {
        let set = bench.set(line);
        assert!(!bench.lines("", true).await.contains(&bench.line(&set)), "{line}");
    }
}

pub(super) async fn a_list_is_whole(bench: &Bench) {
    let lines: Vec<String> = (0..bench.names).map(|n| format!("n{n}.whole A 192.0.2.1")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let mut publisher = bench.publisher("me").await;
    bench.publish(&mut publisher, &lines).await;
    assert_eq!(bench.lines(".whole", false).await.len(), bench.names);
    bench.publish(&mut publisher, &[]).await;
    assert_eq!(bench.lines(".whole", true).await, [""; 0]);
}

/// A partial round sees and does what a whole one would, and the next one sees what it did.
pub(super) async fn a_few_names_need_no_list(bench: &Bench) {
    let mut publisher = bench.publisher("me").await;
    assert!(publisher.needs_whole());
    publisher.round(bench.desired(&["few A 192.0.2.1", "b.few A 192.0.2.2"]), false).await.unwrap();
    for line in
        ["few A 192.0.2.3", "few CNAME lb.example.net", "few A 192.0.2.4 ttl=90", "few AAAA 2001:db8::1"]
    {
        let touched = BTreeSet::from([bench.name("few")]);
        let round = publisher.round_of(&touched, bench.desired(&[line])).await.unwrap();
        let round = round.expect("nothing has come between");
        assert!(round.is_converged() && round.outcomes.len() == 1, "{line}: {round:#?}");
        assert!(!publisher.needs_whole());
        let again = publisher.round_of(&touched, bench.desired(&[line])).await.unwrap().unwrap();
        assert_eq!(again.outcomes.len(), 0, "{line} is there: {:#?}", again.plan.changes);
    }
    assert_eq!(bench.lines("few", false).await, ["b.few A 192.0.2.2", "few AAAA 2001:db8::1"]);
    let touched = BTreeSet::from(["few", "b.few"].map(|label| bench.name(label)));
    let round = publisher.round_of(&touched, bench.desired(&[])).await.unwrap().unwrap();
    assert!(round.is_converged(), "{round:#?}");
    assert_eq!(bench.lines("few", true).await, [""; 0]);
    let whole = publisher.round(bench.desired(&[]), true).await.unwrap();
    assert!(!whole.has_work(), "{:#?}", whole.plan.changes);
}

pub(super) async fn many_updates_and_a_delete_leave_nothing(bench: &Bench) {
    let before = bench.lines("", true).await;
    let mut publisher = bench.publisher("me").await;
    publisher.round(bench.desired(&["often A 192.0.2.1"]), false).await.unwrap();
    let touched = BTreeSet::from([bench.name("often")]);
    for n in 0..bench.updates {
        let line = match n % 4 {
            3 => format!("often CNAME lb{n}.example.net"),
            _ => format!("often A 198.51.100.{} 203.0.113.{}", n % 200, n % 190),
        };
        let round = publisher.round_of(&touched, bench.desired(&[&line])).await.unwrap();
        assert!(round.is_some_and(|round| round.is_converged()), "{line}");
    }
    let round = publisher.round_of(&touched, bench.desired(&[])).await.unwrap();
    assert!(round.is_some_and(|round| round.is_converged()));
    assert_eq!(bench.lines("", true).await, before);
}
