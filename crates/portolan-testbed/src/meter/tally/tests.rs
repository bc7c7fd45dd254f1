use super::*;

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Two pairs. Each row is a round: who of the four answers it, and after how many milliseconds.
#[track_caller]
fn check(rows: &[[Option<u64>; 4]], lost: [u64; 4], lost_by_both: [u64; 2]) {
    let mut tally = Tally::of(2);
    for (number, row) in (0_u64..).zip(rows) {
        let asked = millis(number * 10_000);
        let id = tally.ask(asked);
        for (server, after) in row.iter().enumerate() {
            if let Some(after) = after {
                tally.hear(asked + millis(*after), server, id);
            }
        }
    }
    tally.end_step();
    tally.end_those_before(millis(1_000_000));
    let counts = tally.take().unwrap();
    let asked = u64::try_from(rows.len()).unwrap();
    assert_eq!(
        counts,
        Counts { asked, lost: lost.into(), lost_by_both: lost_by_both.into(), wrong: 0 },
        "{rows:?}"
    );
}

#[test]
fn what_one_of_two_answers_in_time_is_lost_to_no_client() {
    let (in_time, late, none) = (Some(2_000), Some(2_001), None);
    check(&[[in_time; 4]], [0; 4], [0; 2]);
    check(&[[none, in_time, in_time, late]], [1, 0, 0, 1], [0; 2]);
    check(&[[none, late, in_time, in_time]], [1, 1, 0, 0], [1, 0]);
    check(&[[none; 4], [late; 4], [in_time; 4]], [2; 4], [2; 2]);
    // Each of the two once, and never both.
    check(&[[none, in_time, in_time, none], [in_time, none, none, in_time]], [1; 4], [0; 2]);
}

#[test]
fn a_step_has_what_was_asked_in_it() {
    let mut tally = Tally::of(1);
    let first = tally.ask(millis(0));
    tally.end_step();
    let second = tally.ask(millis(10));
    tally.hear(millis(20), 0, first);
    tally.wrong(first);
    tally.hear(millis(20), 0, second);
    assert_eq!(tally.take(), None, "server 1 may still answer");
    tally.end_those_before(millis(2_005));
    assert_eq!(tally.take(), Some(Counts { asked: 1, lost: vec![0, 1], lost_by_both: vec![0], wrong: 1 }));
    tally.end_step();
    tally.hear(millis(2_006), 1, second);
    assert_eq!(tally.take(), Some(Counts { asked: 1, lost: vec![0, 0], lost_by_both: vec![0], wrong: 0 }));
}

/// Ids come again after 65,536 rounds; a reply that is older than that is none.
#[test]
fn ids_go_round() {
    let mut tally = Tally::of(1);
    for number in 0..70_000 {
        let id = tally.ask(millis(number * 10));
        assert_eq!(u64::from(id), number % 65_536);
        if number > 0 {
            // Of a round that has its end, or was never asked.
            assert_eq!(tally.hear(millis(number * 10), 0, id.wrapping_sub(1_000)), None);
        }
        assert_eq!(tally.hear(millis(number * 10), 0, id), Some(millis(number * 10)));
    }
}
