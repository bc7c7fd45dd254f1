//! The gate: when it is open, and for how long.

use std::cell::Cell;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use portolan_kube::lease::Held;
use tokio::sync::watch;

use super::gate::{Gate, Standing, Term};
use crate::clock;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);

/// A gate of one that holds the Lease for so long from now on.
fn held(term: u32, left: Duration) -> Standing {
    let held = Held { term, until: clock::steady() + left };
    Standing { held: Some(held), ..Standing::default() }
}

fn gate(standing: Standing) -> (watch::Sender<Standing>, Gate) {
    let sender = watch::Sender::new(standing);
    let gate = Gate::of(sender.subscribe());
    (sender, gate)
}

/// A gate that is open in a term, and what ends that: as who was stopped finds it when he goes on.
pub(in crate::clusters) fn leading(term: Term) -> (Gate, impl Fn() + Clone + Send + Sync) {
    let (sender, gate) = gate(held(term, HOUR));
    let sender = Arc::new(sender);
    (gate, move || drop(sender.send_replace(held(term, Duration::ZERO))))
}

#[test]
fn without_an_election_it_is_always_open() {
    let gate = Gate::always_open();
    assert_eq!((gate.term(), gate.time(0, HOUR), gate.leader()), (Some(0), Some(HOUR), None));
}

#[test]
fn it_is_open_in_the_term_that_is_ours_and_for_as_long_as_that_lasts() {
    let rows = [
        ("nobody's", Standing::default(), None, None),
        ("ours", held(3, HOUR), Some(3), Some(SECOND)),
        ("another term", held(4, HOUR), Some(4), None),
        ("over", held(3, Duration::ZERO), None, None),
        ("too short for a request", held(3, Duration::from_millis(100)), None, None),
    ];
    for (what, standing, term, time) in rows {
        let (_sender, gate) = gate(standing);
        assert_eq!((gate.term(), gate.time(3, SECOND)), (term, time), "{what}");
        assert_eq!(gate.leader().map(|leader| leader.is_me), Some(term.is_some()), "{what}");
    }
    // No request outlives the Lease.
    let (_sender, gate) = gate(held(3, SECOND * 60));
    assert!(gate.time(3, HOUR).is_some_and(|time| time <= SECOND * 60));
}

/// F-50: who was paused in the middle of it does not go on.
#[tokio::test]
async fn work_ends_with_its_term() {
    let (sender, gate) = gate(held(3, HOUR));
    assert_eq!(gate.during(3, async { 7 }).await, Some(7));
    let steps = Cell::new(0);
    let work = poll_fn(|context| {
        // Meanwhile its time ends.
        sender.send_replace(held(3, Duration::ZERO));
        steps.set(steps.get() + 1);
        context.waker().wake_by_ref();
        Poll::<()>::Pending
    });
    assert_eq!((gate.during(3, work).await, steps.get()), (None, 1));
    let begins = Cell::new(false);
    assert_eq!((gate.during(3, async { begins.set(true) }).await, begins.get()), (None, false));
}

#[tokio::test]
async fn who_waits_for_it_is_told() {
    let (sender, gate) = gate(Standing::default());
    let waits = {
        let gate = gate.clone();
        tokio::spawn(async move { gate.opened().await })
    };
    sender.send_replace(held(5, HOUR));
    assert_eq!(waits.await.unwrap(), 5);
    let over = {
        let gate = gate.clone();
        tokio::spawn(async move { gate.closed(5).await })
    };
    sender.send_replace(held(6, HOUR));
    over.await.unwrap();
}
