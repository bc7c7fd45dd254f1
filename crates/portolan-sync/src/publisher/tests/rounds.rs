use portolan_core::plan::PlanNumber;
use portolan_core::registry::{Affix, Registry};

use super::bench::{desired, lines, name, options, partial, publisher, set, whole, without};
use crate::memory::Memory;
use crate::provider::StepOutcome;
use crate::publisher::{BATCH_STEPS_MAX, Publisher};

#[tokio::test]
async fn a_dry_round_writes_nothing_and_tells_what_it_would() {
    let memory = Memory::default();
    memory.with(|state| state.put(set("his.x A 192.0.2.9")));
    let mut publisher =
        Publisher::new(std::sync::Arc::new(memory.clone()), Registry::default(), options("me"));
    let asked = desired(&["foo.x A 192.0.2.1", "bar.x CNAME foo.x", "his.x A 192.0.2.1"]);
    let round = publisher.round(asked, true).await.unwrap();
    assert!(round.has_work());
    assert_eq!((round.counts.creates, round.counts.updates, round.counts.deletes), (2, 0, 0));
    assert_eq!(round.problems.told.len(), 1);
    assert_eq!(memory.with(|state| (state.writes, state.applied.len())), (1, 0));
    assert!(publisher.needs_whole());
}

/// 100,000 names would be the same: nothing is listed, and nothing is written where nothing changed.
#[tokio::test]
async fn a_name_that_changes_costs_that_name() {
    let memory = Memory::default();
    let mut me = publisher(&memory, "me").await;
    let many: Vec<String> = (0..500).map(|n| format!("n{n}.x A 192.0.2.1")).collect();
    let mut many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(whole(&mut me, desired(&many)).await.is_converged());
    let lists = memory.with(|state| state.lists);
    let writes = memory.with(|state| state.writes);
    for line in ["n7.x A 192.0.2.2", "n7.x CNAME lb.y", "n7.x A 192.0.2.3"] {
        let round = partial(&mut me, &["n7.x"], desired(&[line])).await.unwrap();
        assert_eq!(round.outcomes.into_values().collect::<Vec<_>>(), [StepOutcome::Done]);
    }
    let round = partial(&mut me, &["n7.x"], desired(&["n7.x A 192.0.2.3"])).await.unwrap();
    assert!(round.outcomes.is_empty() && round.is_converged());
    assert_eq!(memory.with(|state| state.lists), lists, "nothing was listed");
    // Of the first only the address; of each change of type an alias, an address, and their marks.
    assert_eq!(memory.with(|state| state.writes), writes + 1 + 4 + 4);
    many[7] = "n7.x A 192.0.2.3";
    let writes = memory.with(|state| state.writes);
    assert!(whole(&mut me, desired(&many)).await.outcomes.is_empty());
    assert_eq!(memory.with(|state| state.writes), writes, "a whole round finds nothing to do");
}

#[tokio::test]
async fn what_goes_with_evidence_goes_in_a_partial_round_and_else_waits_for_a_whole_one() {
    let memory = Memory::default();
    let mut me = publisher(&memory, "me").await;
    let both = ["a.x A 192.0.2.1", "b.x A 192.0.2.1", "c.x A 192.0.2.1"];
    whole(&mut me, desired(&both)).await;
    let round = partial(&mut me, &["a.x"], without(&[], &["a.x"])).await.unwrap();
    assert!(round.is_converged());
    assert_eq!(lines(&memory), [both[1], both[2]]);
    let round = partial(&mut me, &["b.x"], desired(&[])).await.unwrap();
    assert_eq!((round.plan.kept, round.outcomes.len()), (1, 0));
    assert_eq!(lines(&memory), [both[1], both[2]]);
    assert_eq!(partial(&mut me, &["b.x"], desired(&[])).await.map(|round| round.outcomes), None);
    // The whole round judges it: something else is wanted still.
    assert!(whole(&mut me, desired(&both[2..])).await.is_converged());
    assert_eq!(lines(&memory), [both[2]]);
}

#[tokio::test]
async fn an_empty_list_is_held_until_it_is_released() {
    let memory = Memory::default();
    let mut me = publisher(&memory, "me").await;
    whole(&mut me, desired(&["a.x A 192.0.2.1", "b.x A 192.0.2.1"])).await;
    let round = whole(&mut me, desired(&[])).await;
    let hold = round.plan.hold.clone().unwrap();
    assert!(!round.is_converged());
    assert_eq!(hold.names, [name("a.x"), name("b.x")]);
    assert_eq!(lines(&memory).len(), 2);
    let mut released = desired(&[]);
    released.gone.names = hold.names.into_iter().collect();
    assert!(whole(&mut me, released).await.is_converged());
    assert_eq!(memory.with(|state| state.sets().len()), 0);
}

/// The marks of `*.x` stand where those of `any.x` would.
#[tokio::test]
async fn names_that_share_a_mark_are_looked_at_together() {
    let memory = Memory::default();
    let registry = Registry { affix: Affix::new("", "", "any").unwrap(), ..Registry::default() };
    let mut me = Publisher::new(std::sync::Arc::new(memory.of("me")), registry, options("me"));
    me.claim().await.unwrap();
    whole(&mut me, desired(&["*.x A 192.0.2.1", "foo.x A 192.0.2.1"])).await;
    assert!(partial(&mut me, &["any.x"], desired(&["any.x A 192.0.2.2"])).await.is_none());
    assert!(partial(&mut me, &["*.x"], desired(&["*.x A 192.0.2.2"])).await.is_none());
    assert!(partial(&mut me, &["foo.x"], desired(&["foo.x A 192.0.2.2"])).await.is_some());
    let round = whole(&mut me, desired(&["*.x A 192.0.2.1", "foo.x A 192.0.2.2", "any.x A 192.0.2.1"])).await;
    assert_eq!(round.problems.told.len(), 1, "{:?}", round.problems);
}

#[tokio::test]
async fn many_steps_go_in_several_batches_each_with_its_number() {
    let memory = Memory::default();
    let mut me = publisher(&memory, "me").await;
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let heard = told.clone();
    me = me.with_progress(Box::new(move |done, total| heard.lock().unwrap().push((done, total))));
    let count = BATCH_STEPS_MAX + 1;
    let many: Vec<String> = (0..count).map(|n| format!("n{n}.x A 192.0.2.1")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let round = whole(&mut me, desired(&many)).await;
    assert!(round.is_converged());
    assert_eq!((round.outcomes.len(), round.counts.creates), (count, count));
    assert_eq!(*told.lock().unwrap(), [(BATCH_STEPS_MAX, count), (count, count)]);
    let applied = memory.with(|state| state.applied["me"]);
    assert_eq!((applied.epoch, applied.revision), (1, 2));
}

/// What stands in the DNS may be anybody's: a number that cannot grow ends nothing here.
#[tokio::test]
async fn a_number_that_cannot_grow_is_no_fault() {
    let memory = Memory::default();
    let highest = PlanNumber { epoch: u64::MAX, revision: u64::MAX };
    memory.with(|state| state.applied.insert("me".into(), highest));
    let mut me = Publisher::new(std::sync::Arc::new(memory.of("me")), Registry::default(), options("me"));
    let round = me.round(desired(&["foo.x A 192.0.2.1"]), true).await.unwrap();
    assert!(round.plan.is_superseded);
    assert_eq!(memory.with(|state| state.writes), 0);
}
