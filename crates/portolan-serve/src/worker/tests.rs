use super::*;
use crate::counters::Counters;

#[test]
fn a_loop_that_panics_is_started_again_and_counted() {
    let (stop, counters) = (Stop::new(), Counters::new(1));
    let mut runs = 0;
    supervise(&stop, counters.lane(0), || {
        runs += 1;
        if runs == 3 {
            stop.tell();
        } else {
            panic!("injected into run {runs}");
        }
    });
    assert_eq!(runs, 3);
    assert_eq!(counters.sum().get(Count::Restarts), 2);
}

#[test]
fn nothing_runs_after_the_stop() {
    let (stop, counters) = (Stop::new(), Counters::new(1));
    stop.tell();
    supervise(&stop, counters.lane(0), || unreachable!("the stop was told before"));
    assert!(stop.is_told());
}
