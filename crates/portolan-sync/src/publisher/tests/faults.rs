use std::sync::Arc;

use portolan_core::plan::{Keeps, PlanNumber};
use portolan_core::registry::Registry;

use super::bench::{desired, lines, name, options, partial, publisher, set, whole, without};
use crate::memory::Memory;
use crate::provider::{Abilities, ProviderError, StepOutcome};
use crate::publisher::Publisher;

#[tokio::test]
async fn a_dns_that_is_down_is_an_error_and_then_caught_up_with() {
    let memory = Memory::default();
    let mut me = publisher(&memory, "me").await;
    whole(&mut me, desired(&["a.x A 192.0.2.1"])).await;
    memory.with(|state| state.is_down = true);
    let error = me.round(desired(&["a.x A 192.0.2.2"]), false).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unreachable(_)));
    assert!(me.needs_whole());
    memory.with(|state| state.is_down = false);
    assert!(whole(&mut me, desired(&["a.x A 192.0.2.2"])).await.is_converged());
    assert_eq!(lines(&memory), ["a.x A 192.0.2.2"]);
}

/// B-33: no object gets a finalizer (`adr/0019`), so the record outlives its object while the DNS is down, and goes once that is back.
#[tokio::test]
async fn b_33_what_is_deleted_while_the_dns_is_down_goes_when_it_is_back() {
    let memory = Memory::default();
    let mut me = publisher(&memory, "me").await;
    let (both, one) = (["a.x A 192.0.2.1", "b.x A 192.0.2.2"], ["a.x A 192.0.2.1"]);
    whole(&mut me, desired(&both)).await;
    memory.with(|state| state.is_down = true);
    assert!(me.round(without(&one, &["b.x"]), false).await.is_err());
    assert_eq!(lines(&memory), both);
    memory.with(|state| state.is_down = false);
    // Whoever looks next, with no memory of the delete either.
    assert!(whole(&mut publisher(&memory, "me").await, desired(&one)).await.is_converged());
    assert_eq!(lines(&memory), one);
}

#[tokio::test]
async fn a_partial_round_that_fails_is_followed_by_a_whole_one() {
    let memory = Memory::default();
    let mut me = publisher(&memory, "me").await;
    whole(&mut me, desired(&["a.x A 192.0.2.1"])).await;
    memory.with(|state| state.is_down = true);
    let round = partial(&mut me, &["a.x"], desired(&["a.x A 192.0.2.2"])).await.unwrap();
    assert!(matches!(round.outcomes[&name("a.x")], StepOutcome::Failed(_)));
    assert!(partial(&mut me, &["a.x"], desired(&["a.x A 192.0.2.2"])).await.is_none());
}

/// Nobody knows whether it was done: it was.
#[tokio::test]
async fn what_was_done_without_an_answer_is_found() {
    let memory = Memory::default();
    let mut me = publisher(&memory, "me").await;
    memory.with(|state| state.unanswered = 1);
    let round = whole(&mut me, desired(&["a.x A 192.0.2.1"])).await;
    assert!(!round.is_converged());
    let writes = memory.with(|state| state.writes);
    let round = whole(&mut me, desired(&["a.x A 192.0.2.1"])).await;
    assert!(round.is_converged() && round.outcomes.is_empty(), "{round:?}");
    assert_eq!(memory.with(|state| state.writes), writes);
}

#[tokio::test]
async fn a_refused_name_is_told_and_harms_no_other() {
    let memory = Memory::default();
    memory.with(|state| state.refuses.insert(name("bad.x")));
    let mut me = publisher(&memory, "me").await;
    let asked = ["a.x A 192.0.2.1", "bad.x A 192.0.2.1", "c.x A 192.0.2.1"];
    let round = whole(&mut me, desired(&asked)).await;
    assert!(matches!(&round.outcomes[&name("bad.x")], StepOutcome::Refused(_)));
    assert_eq!(lines(&memory), [asked[0], asked[2]]);
    // It is no reason to list again.
    assert!(!me.needs_whole());
    assert!(partial(&mut me, &["c.x"], without(&[], &["c.x"])).await.unwrap().is_converged());
}

/// Somebody changes the name between list and write: it is read and planned again, and theirs is not overwritten.
#[tokio::test]
async fn a_name_that_others_change_meanwhile_is_planned_again() {
    let memory = Memory::default();
    let mut me = publisher(&memory, "me").await;
    memory.with(|state| state.before_batch = Some(Box::new(|state| state.put(set("a.x A 192.0.2.99")))));
    let round = whole(&mut me, desired(&["a.x A 192.0.2.1", "b.x A 192.0.2.1"])).await;
    assert!(round.is_converged(), "{round:?}");
    assert_eq!(round.problems.told.len(), 1, "it is somebody's now");
    assert_eq!(lines(&memory), ["a.x A 192.0.2.99", "b.x A 192.0.2.1"]);
}

/// an enactor that was asleep between its plan and its write loses, and does not come back with what it wanted then.
#[tokio::test]
async fn r_01_who_was_asleep_loses_and_reads_its_sources_afresh() {
    let memory = Memory::default();
    let mut slow = publisher(&memory, "me").await;
    whole(&mut slow, desired(&["a.x A 192.0.2.1"])).await;
    // Another process of this owner takes over while the slow one's batch is on its way.
    memory.with(|state| {
        state.before_batch = Some(Box::new(|state| {
            state.applied.insert("me".into(), PlanNumber { epoch: 9, revision: 3 });
            state.put(set("a.x A 192.0.2.3"));
        }));
    });
    let round = whole(&mut slow, desired(&["a.x A 192.0.2.2"])).await;
    assert!(round.plan.is_superseded && !round.is_converged(), "{round:?}");
    assert_eq!(lines(&memory), ["a.x A 192.0.2.3"]);
    // It has claimed anew; what it reads now counts.
    assert!(whole(&mut slow, desired(&["a.x A 192.0.2.4"])).await.is_converged());
    assert_eq!(lines(&memory), ["a.x A 192.0.2.4"]);
    assert_eq!(memory.with(|state| state.applied["me"].epoch), 10);
}

/// what tidies up takes nothing that is in force. A mark without a set that another makes a set for meanwhile stays.
#[tokio::test]
async fn r_02_a_stray_mark_that_is_needed_meanwhile_stays() {
    let memory = Memory::new(Abilities { keeps: Keeps::All, filter: None, numbers_plans: false });
    let mut me = publisher(&memory, "me").await;
    whole(&mut me, desired(&["a.x A 192.0.2.1", "b.x A 192.0.2.1"])).await;
    let a = memory.with(|state| state.sets().into_iter().find(|(set, _)| set.name == name("a.x")).unwrap().0);
    memory.with(|state| state.remove(&a.name, a.rtype, ""));
    memory.with(|state| state.before_batch = Some(Box::new(move |state| state.put(a))));
    let round = whole(&mut me, without(&["b.x A 192.0.2.1"], &[])).await;
    assert_eq!(round.strays, 0, "{round:?}");
    let texts = memory.with(|state| state.sets().iter().filter(|(set, _)| set.name == name("a-a.x")).count());
    // The second plan saw the set and its mark, and took both: nothing of it was asked for.
    assert_eq!((texts, lines(&memory)), (0, vec!["b.x A 192.0.2.1".to_owned()]));
}

/// Two processes of one owner that do not know of each other: one claims, the other is told.
#[tokio::test]
async fn the_one_who_claimed_first_is_told() {
    let memory = Memory::default();
    let (mut first, mut second) = (publisher(&memory, "me").await, publisher(&memory, "me").await);
    assert!(whole(&mut second, desired(&["a.x A 192.0.2.2"])).await.is_converged());
    assert!(whole(&mut first, desired(&["a.x A 192.0.2.1"])).await.plan.is_superseded);
    assert_eq!(lines(&memory), ["a.x A 192.0.2.2"]);
    // Another owner has nothing to do with it.
    let mut other = publisher(&memory, "you").await;
    assert!(whole(&mut other, desired(&["b.x A 192.0.2.2"])).await.is_converged());
    assert!(whole(&mut first, desired(&["a.x A 192.0.2.3"])).await.is_converged());
}

/// A round of a publisher that has claimed nothing claims, and does nothing else.
#[tokio::test]
async fn a_claim_comes_before_the_first_write() {
    let memory = Memory::default();
    let mut me = Publisher::new(Arc::new(memory.of("me")), Registry::default(), options("me"));
    assert!(whole(&mut me, desired(&["a.x A 192.0.2.1"])).await.plan.is_superseded);
    assert_eq!(memory.with(|state| (state.writes, state.applied["me"].epoch)), (0, 1));
    assert!(whole(&mut me, desired(&["a.x A 192.0.2.1"])).await.is_converged());
}
