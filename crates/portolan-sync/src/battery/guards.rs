//! That nothing of others is harmed, and nothing is done that was not planned from what is there.

use portolan_core::plan::PlanNumber;
use portolan_core::registry::Listed;

use super::{Bench, step_of};
use crate::provider::{Batch, Provider, Step, StepOutcome};

pub(super) async fn foreign_records_are_left_alone(bench: &Bench) {
    let foreign = bench.set("his.alone A 192.0.2.66");
    bench.meddle(foreign.clone(), true).await;
    let mut you = bench.publisher("you").await;
    bench.publish(&mut you, &["yours.alone A 192.0.2.77"]).await;
    let mut me = bench.publisher("me").await;
    let wanted = bench.desired(&[
        "his.alone A 192.0.2.1",
        "yours.alone CNAME lb.example.net",
        "mine.alone A 192.0.2.1",
    ]);
    let round = me.round(wanted, false).await.unwrap();
    assert!(round.is_converged(), "{round:#?}");
    let told: Vec<&str> = round.problems.told.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    let his = ["his.alone A 192.0.2.66", "mine.alone A 192.0.2.1", "yours.alone A 192.0.2.77"];
    assert_eq!(bench.lines("alone", false).await, his);
    me.round(bench.desired(&[]), false).await.unwrap();
    assert_eq!(bench.lines("alone", false).await, [his[0], his[2]]);
    bench.publish(&mut you, &[]).await;
    bench.meddle(foreign, false).await;
    assert_eq!(bench.lines("alone", true).await, [""; 0]);
}

/// A batch of one step, numbered so that it follows what a list has.
fn batch(applied: Option<PlanNumber>, steps: Vec<Step>) -> Batch {
    let number = PlanNumber { epoch: applied.map_or(0, |number| number.epoch) + 1, revision: 1 };
    Batch { number, follows: applied, steps }
}

async fn planned(provider: &dyn Provider, bench: &Bench, lines: &[&str], comes: bool) -> Batch {
    let listing = provider.list().await.unwrap();
    let steps = lines.iter().map(|line| step_of(&listing.sets, bench.set(line), comes)).collect();
    batch(listing.applied, steps)
}

pub(super) async fn what_others_changed_is_lost(bench: &Bench) {
    if !bench.holds_seen {
        return;
    }
    let provider = bench.provider("me");
    // Another set comes where there was none, a set changes, a set goes; each beside one that nobody touched.
    bench.meddle(bench.set("there.lost A 192.0.2.1"), true).await;
    bench.meddle(bench.set("gone.lost A 192.0.2.1"), true).await;
    let lines =
        ["new.lost A 192.0.2.2", "there.lost A 192.0.2.2", "gone.lost A 192.0.2.2", "calm.lost A 192.0.2.2"];
    let batch = planned(&*provider, bench, &lines, true).await;
    bench.meddle(bench.set("new.lost CNAME lb.example.net"), true).await;
    bench.meddle(bench.set("there.lost A 192.0.2.9"), true).await;
    bench.meddle(bench.set("gone.lost A 192.0.2.1"), false).await;
    let outcomes = provider.apply(batch).await.outcomes;
    assert_eq!(outcomes, [StepOutcome::Lost, StepOutcome::Lost, StepOutcome::Lost, StepOutcome::Done]);
    let there = ["calm.lost A 192.0.2.2", "new.lost CNAME lb.example.net.", "there.lost A 192.0.2.9"];
    assert_eq!(bench.lines("lost", false).await, there);
    let sets = ["calm.lost A 192.0.2.2", "new.lost CNAME lb.example.net", "there.lost A 192.0.2.9"];
    let batch = planned(&*provider, bench, &sets, false).await;
    assert_eq!(provider.apply(batch).await.outcomes, [const { StepOutcome::Done }; 3]);
    assert_eq!(bench.lines("lost", true).await, [""; 0]);
}

/// who planned from an older plan writes nothing.
pub(super) async fn a_lower_number_is_lost(bench: &Bench) {
    let (slow, quick) = (bench.provider("me"), bench.provider("me"));
    if !slow.abilities().await.unwrap().numbers_plans {
        return;
    }
    let stalled = planned(&*slow, bench, &["old.number A 192.0.2.1"], true).await;
    let newer = planned(&*quick, bench, &["new.number A 192.0.2.1"], true).await;
    let newer = Batch { number: PlanNumber { epoch: newer.number.epoch + 1, ..newer.number }, ..newer };
    let number = newer.number;
    assert_eq!(quick.apply(newer).await.outcomes, [StepOutcome::Done]);
    assert_eq!(slow.apply(stalled).await.outcomes, [StepOutcome::Lost]);
    assert_eq!(slow.list().await.unwrap().applied, Some(number));
    assert_eq!(bench.lines("number", false).await, ["new.number A 192.0.2.1"]);
    // A batch without steps claims the number too.
    let claim =
        Batch { number: PlanNumber { revision: 2, ..number }, follows: Some(number), steps: Vec::new() };
    assert_eq!(slow.apply(claim.clone()).await.outcomes, [StepOutcome::Done]);
    assert_eq!(quick.list().await.unwrap().applied, Some(claim.number));
    let batch = planned(&*quick, bench, &["new.number A 192.0.2.1"], false).await;
    assert_eq!(quick.apply(batch).await.outcomes, [StepOutcome::Done]);
}

pub(super) async fn a_refused_step_costs_itself(bench: &Bench) {
    let Some(refused) = bench.refused else { return };
    let provider = bench.provider("me");
    let good = ["a.good A 192.0.2.1", "b.good A 192.0.2.1"];
    let batch = planned(&*provider, bench, &[good[0], refused, good[1]], true).await;
    let outcomes = provider.apply(batch).await.outcomes;
    let [StepOutcome::Done, StepOutcome::Refused(why), StepOutcome::Done] = &outcomes[..] else {
        panic!("{outcomes:?}")
    };
    assert!(!why.is_empty());
    assert_eq!(bench.lines("good", false).await, good);
    let batch = planned(&*provider, bench, &good, false).await;
    assert_eq!(provider.apply(batch).await.outcomes, [const { StepOutcome::Done }; 2]);
    let listed: Vec<Listed> = provider.list().await.unwrap().sets;
    assert!(listed.iter().all(|(set, _)| set.name != bench.set(refused).name));
}
