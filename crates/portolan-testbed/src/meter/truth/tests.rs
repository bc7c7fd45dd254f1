use super::*;

const EU: &str = "192.0.2.10";
const US: &str = "198.51.100.10";

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// `EU` goes at 10 s and comes at 30 s, either to be seen within 5 s. Server 1 is behind in it from 20 s to 40 s, and has 5 s.
fn truth() -> Truth {
    let mut truth = Truth::of(&[EU, US]);
    truth.begin_turn(seconds(10), EU, false);
    truth.end_turn(seconds(10), EU, seconds(5));
    truth.fall_behind(seconds(20), 1, EU);
    truth.begin_turn(seconds(30), EU, true);
    truth.end_turn(seconds(30), EU, seconds(5));
    truth.catch_up(seconds(40), 1, EU, seconds(5));
    truth
}

#[track_caller]
fn check(server: usize, asked: u64, said: &[&str], fault: Option<&str>) {
    let said: Vec<String> = said.iter().map(|address| (*address).to_owned()).collect();
    let found = truth().fault(server, seconds(asked), seconds(asked), &said);
    assert_eq!(found.as_deref(), fault, "server {server} asked at {asked} s: {said:?}");
}

#[test]
fn what_is_right_and_what_was_right_a_while_ago() {
    let (missing, still) = (Some("192.0.2.10 is missing"), Some("192.0.2.10 is still there"));
    for (asked, both, one) in [
        (5, None, missing),
        (10, None, None),
        (15, None, None),
        (16, still, None),
        (29, still, None),
        (30, None, None),
        (35, None, None),
        (36, None, missing),
    ] {
        check(0, asked, &[EU, US], both);
        check(0, asked, &[US], one);
    }
}

#[test]
fn who_is_behind_may_say_what_was_right_since() {
    let (missing, still) = (Some("192.0.2.10 is missing"), Some("192.0.2.10 is still there"));
    // It was not behind yet when the address went.
    for (asked, both, one) in
        [(16, still, None), (25, still, None), (36, None, None), (45, None, None), (46, None, missing)]
    {
        check(1, asked, &[EU, US], both);
        check(1, asked, &[US], one);
    }
}

#[test]
fn what_was_never_right_is_wrong_of_anybody() {
    for server in [0, 1] {
        check(server, 12, &[], Some("no address"));
        check(server, 12, &[EU], Some("198.51.100.10 is missing"));
        check(server, 12, &[EU, US, "203.0.113.1"], Some("203.0.113.1 is nobody's"));
    }
}

/// What takes a while to be done is not done before.
#[test]
fn a_turn_takes_its_time() {
    let mut truth = Truth::of(&[EU, US]);
    truth.begin_turn(seconds(10), EU, false);
    let fault = |truth: &Truth, asked: u64, said: &[&str]| {
        let said: Vec<String> = said.iter().map(|address| (*address).into()).collect();
        truth.fault(0, seconds(asked), seconds(asked), &said).is_some()
    };
    assert_eq!((fault(&truth, 60, &[EU, US]), fault(&truth, 60, &[US])), (false, false));
    truth.end_turn(seconds(70), EU, seconds(5));
    assert_eq!((fault(&truth, 75, &[EU, US]), fault(&truth, 76, &[EU, US])), (false, true));
}

/// Of what is on its way while something changes either is right.
#[test]
fn a_reply_takes_its_time() {
    let said = [US.to_owned()];
    assert_eq!(truth().fault(0, seconds(9), seconds(11), &said), None);
    assert!(truth().fault(0, seconds(8), seconds(9), &said).is_some());
}

#[test]
fn how_long_a_change_took_is_told_by_the_last_who_said_it() {
    let mut truth = truth();
    let said =
        |addresses: &[&str]| -> Vec<String> { addresses.iter().map(|address| (*address).into()).collect() };
    assert_eq!(truth.unseen(0), [EU, US]);
    truth.note(0, seconds(31), seconds(31), &said(&[US]));
    assert_eq!(truth.unseen(0), [EU]);
    truth.note(0, seconds(31), seconds(32), &said(&[EU, US]));
    truth.note(0, seconds(36), seconds(36), &said(&[EU, US]));
    assert_eq!(truth.changes(seconds(20)), [("192.0.2.10 comes".to_owned(), seconds(2))]);
    truth.note(1, seconds(41), seconds(41), &said(&[EU, US]));
    assert_eq!(truth.changes(seconds(20)), [("192.0.2.10 comes".to_owned(), seconds(11))]);
    assert_eq!((truth.unseen(0), truth.unseen(1)), (vec![], vec![]));
}
