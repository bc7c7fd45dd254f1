//! That whose a set is can be read back.

use portolan_core::plan::Options;
use portolan_core::record::{Rdata, RecordType, Target};

use super::Bench;

pub(super) async fn marks_come_back_to_another_process(bench: &Bench) {
    let lines = [
        "back A 192.0.2.1",
        "back AAAA 2001:db8::1",
        "alias.back CNAME lb.example.net",
        "*.back A 192.0.2.2",
    ];
    bench.publish(&mut bench.publisher("me").await, &lines).await;
    let mut other = bench.publisher("me").await;
    let round = other.round(bench.desired(&lines), true).await.unwrap();
    assert!(!round.has_work(), "{:#?}", round.plan.changes);
    assert!(round.problems.is_empty(), "{:?}", round.problems);
    bench.publish(&mut other, &["back A 192.0.2.7"]).await;
    bench.publish(&mut bench.publisher("me").await, &[]).await;
    assert_eq!(bench.lines("back", true).await, [""; 0]);
}

/// Texts of more than one string, and of characters that are written otherwise in zone files and in JSON.
pub(super) async fn long_and_sealed_marks_come_back(bench: &Bench) {
    let mut desired = bench.desired(&["long A 192.0.2.1"]);
    for wanted in &mut desired.sets {
        wanted.labels.insert("note".into(), format!("{}\\;(){{}}<>&' é=", "x".repeat(300)).into());
    }
    let mut publisher = bench.publisher("me").await;
    let round = publisher.round(desired.clone(), false).await.unwrap();
    assert!(round.is_converged(), "{round:#?}");
    let round = bench.publisher("me").await.round(desired, true).await.unwrap();
    assert!(!round.has_work() && round.problems.is_empty(), "{round:#?}");
    bench.publish(&mut publisher, &[]).await;
    assert_eq!(bench.lines("long", true).await, [""; 0]);
}

pub(super) async fn owners_share_a_name_and_the_last_takes_it_along(bench: &Bench) {
    let shares = |options: &mut Options| options.shares = true;
    let owners = ["eu", "us", "ap"];
    let mut publishers = Vec::new();
    for owner in owners {
        publishers.push(bench.publisher_with(owner, shares).await);
    }
    for (n, publisher) in (1..).zip(&mut publishers) {
        bench.publish(publisher, &[&format!("shared A 192.0.2.{n} 192.0.2.100")]).await;
    }
    let all = "shared A 192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.100";
    assert_eq!(bench.lines("shared", false).await, [all]);
    let [eu, us, ap] = &mut publishers[..] else { unreachable!() };
    bench.publish(us, &["shared A 192.0.2.22"]).await;
    assert_eq!(bench.lines("shared", false).await, ["shared A 192.0.2.1 192.0.2.3 192.0.2.22 192.0.2.100"]);
    bench.publish(eu, &[]).await;
    assert_eq!(bench.lines("shared", false).await, ["shared A 192.0.2.3 192.0.2.22 192.0.2.100"]);
    bench.publish(us, &[]).await;
    assert_eq!(bench.lines("shared", false).await, ["shared A 192.0.2.3 192.0.2.100"]);
    bench.publish(ap, &[]).await;
    assert_eq!(bench.lines("shared", true).await, [""; 0]);
}

/// A mark without its set goes, and one that is another's stays.
pub(super) async fn what_was_left_behind_is_tidied_up(bench: &Bench) {
    let text = |owner: &str| {
        let text = format!("heritage=external-dns,external-dns/owner={owner},external-dns/resource=crd/a/b");
        Target::Record(RecordType::TXT, Rdata::txt(text.as_bytes()).unwrap())
    };
    for (label, owner) in [("a-left.stray", "me"), ("a-kept.stray", "him")] {
        let mut set = bench.set(&format!("{label} TXT x"));
        set.targets = [text(owner)].into_iter().collect();
        bench.meddle(set, true).await;
    }
    let mut publisher = bench.publisher("me").await;
    let dry = publisher.round(bench.desired(&[]), true).await.unwrap();
    assert_eq!((dry.strays, dry.has_work()), (1, true));
    let round = bench.publish(&mut publisher, &[]).await;
    assert_eq!(round.strays, 1, "{round:#?}");
    let left = bench.lines("stray", true).await;
    assert!(left.len() == 1 && left[0].starts_with("a-kept.stray "), "{left:?}");
    let listing = bench.provider("him").list().await.unwrap();
    assert!(listing.sets.iter().all(|(set, _)| set.name != bench.name("a-left.stray")));
    let kept = listing.sets.into_iter().find(|(set, _)| set.name == bench.name("a-kept.stray")).unwrap();
    bench.meddle(kept.0, false).await;
}
