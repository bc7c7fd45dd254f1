//! Each branch of what one replica makes of the Lease.

use proptest::prelude::*;

use super::*;

/// What a Lease says that somebody renewed for the n-th time.
fn record(version: &str, holder: &str, transitions: u32, renewed: &str) -> Record {
    let (version, holder, renewed) = (version.to_owned(), holder.to_owned(), renewed.to_owned());
    Record { version, holder, seconds: 15, transitions, acquired: "then".into(), renewed }
}

fn at(millis: u64) -> Tick {
    Duration::from_millis(millis)
}

fn election() -> Election {
    Election::new("me", Periods::of(SECONDS_DEFAULT))
}

#[track_caller]
fn claimed(election: &Election, now: Tick) -> Claim {
    match election.next(now) {
        Next::Write(claim) => claim,
        other => panic!("{other:?} is no claim"),
    }
}

/// A claim as the server has it once it has taken it.
fn taken(claim: &Claim, version: &str) -> Record {
    Record { version: version.to_owned(), ..Record::of(&claim.object(None, ("", ""), 0)) }
}

/// One that holds the Lease since it asked at a time.
fn holding(asked: Tick) -> Election {
    let mut election = election();
    election.saw(None, asked, 0);
    let claim = claimed(&election, asked);
    election.wrote(taken(&claim, "1"), asked);
    election
}

#[test]
fn periods_are_those_of_kubernetes_own_components() {
    let Periods { duration, hold, renew, look } = Periods::of(15);
    assert_eq!([duration, hold, renew, look], [at(15_000), at(10_000), at(2_000), at(500)]);
    for (asked, seconds) in [(0, SECONDS_MIN), (1, SECONDS_MIN), (60, 60), (u32::MAX, SECONDS_MAX)] {
        assert_eq!(Periods::of(asked).duration, Duration::from_secs(seconds.into()));
    }
}

/// What may be taken, and from when on: all were first seen at 100 s.
#[test]
fn a_lease_is_taken_when_nobody_holds_it_or_its_holder_was_silent_for_its_time() {
    let seen = at(100_000);
    let rows = [
        ("there is none", None, 0),
        ("it was let go", Some(record("7", "", 3, "a")), 0),
        ("it is another's", Some(record("7", "other", 3, "a")), 15_000),
        (
            "its holder says another time",
            Some(Record { seconds: 40, ..record("7", "other", 3, "a") }),
            40_000,
        ),
        ("its holder says none", Some(Record { seconds: 0, ..record("7", "other", 3, "a") }), 15_000),
        ("a slip", Some(Record { seconds: u32::MAX, ..record("7", "other", 3, "a") }), 3_600_000),
        ("it is ours, from a claim that nobody heard of", Some(record("7", "me", 3, "a")), 0),
    ];
    for (what, there, after) in rows {
        let mut election = election();
        assert_eq!(election.next(seen), Next::Look, "{what}");
        election.saw(there.clone(), seen, 0);
        assert_eq!(election.held(), None, "{what}");
        let free = seen + at(after);
        if after > 0 {
            assert_eq!(election.next(free - at(1)), Next::Look, "{what}");
        }
        let claim = claimed(&election, free);
        assert_eq!(claim.over, there.as_ref().map(|record| record.version.clone()), "{what}");
        election.wrote(taken(&claim, "8"), free);
        let changes =
            there.as_ref().map_or(1, |record| record.transitions + u32::from(record.holder != "me"));
        assert_eq!(election.held(), Some(Held { term: changes, until: free + at(10_000) }), "{what}");
    }
}

#[test]
fn who_waits_looks_twice_a_second_and_at_the_very_end() {
    let mut election = election();
    election.saw(Some(record("7", "other", 3, "a")), at(0), 0);
    assert_eq!(election.next(at(0)), Next::Wait(at(500)));
    assert_eq!(election.next(at(500)), Next::Look);
    // The draw moves it by up to a fifth.
    election.saw(Some(record("7", "other", 3, "a")), at(500), 1_023);
    assert!(matches!(election.next(at(501)), Next::Wait(until) if until > at(1_090) && until < at(1_100)));
    election.saw(Some(record("7", "other", 3, "a")), at(14_800), 0);
    assert_eq!(election.next(at(14_800)), Next::Wait(at(15_000)));
    assert!(matches!(election.next(at(15_000)), Next::Write(_)));
}

#[test]
fn only_another_renewal_begins_the_time_anew() {
    let first = record("7", "other", 3, "a");
    let rows = [
        ("the same", first.clone(), 15_000),
        ("somebody labelled it", Record { version: "8".into(), ..first.clone() }, 15_000),
        ("another renewal", record("8", "other", 3, "b"), 25_000),
        ("another holder", record("8", "third", 4, "a"), 25_000),
    ];
    for (what, then, free) in rows {
        let mut election = election();
        election.saw(Some(first.clone()), at(0), 0);
        election.saw(Some(then.clone()), at(10_000), 0);
        assert_eq!(election.next(at(free - 1)), Next::Look, "{what}");
        assert_eq!(claimed(&election, at(free)).over, Some(then.version), "{what}");
    }
}

/// Whoever deletes the object does not tell its holder.
#[test]
fn a_lease_that_is_deleted_is_waited_for_as_if_it_was_there() {
    let mut election = election();
    election.saw(Some(record("7", "other", 3, "a")), at(0), 0);
    election.saw(None, at(1_000), 0);
    assert_eq!(election.next(at(14_999)), Next::Look);
    assert_eq!(claimed(&election, at(15_000)).over, None);
}

#[test]
fn the_holder_renews_and_counts_from_when_it_asked() {
    let mut election = holding(at(1_000));
    assert_eq!(election.held(), Some(Held { term: 1, until: at(11_000) }));
    assert_eq!(election.next(at(2_999)), Next::Wait(at(3_000)));
    let claim = claimed(&election, at(3_000));
    assert_eq!(claim.over.as_deref(), Some("1"));
    // The answer took half a second.
    election.wrote(taken(&claim, "2"), at(3_000));
    assert_eq!(election.held(), Some(Held { term: 1, until: at(13_000) }));
    assert_eq!(election.next(at(3_500)), Next::Wait(at(5_000)));
}

#[test]
fn a_renewal_that_fails_is_tried_again_and_holds_no_longer() {
    let mut election = holding(at(0));
    election.failed(at(4_000), 0);
    assert_eq!(election.next(at(5_999)), Next::Wait(at(6_000)));
    // It may have been taken: what stands there is looked at first.
    assert_eq!(election.next(at(6_000)), Next::Look);
    assert_eq!(election.held(), Some(Held { term: 1, until: at(10_000) }));
    election.saw(Some(record("2", "me", 1, "b")), at(6_100), 0);
    assert_eq!(election.held(), Some(Held { term: 1, until: at(10_000) }));
    // Nobody took it while its time was over: it goes on, as the same.
    let claim = claimed(&election, at(12_000));
    assert_eq!(claim.over.as_deref(), Some("2"));
    election.wrote(taken(&claim, "3"), at(12_000));
    assert_eq!(election.held(), Some(Held { term: 1, until: at(22_000) }));
}

#[test]
fn a_conflict_ends_it_until_it_was_looked_at() {
    let rows = [
        ("somebody labelled it", Some(record("2", "me", 1, "a")), Some(1)),
        ("another took it", Some(record("2", "other", 2, "a")), None),
        ("another had it between", Some(record("3", "me", 3, "a")), None),
        ("it was deleted", None, None),
    ];
    for (what, then, term) in rows {
        let mut election = holding(at(0));
        election.conflicted(at(2_000));
        assert_eq!(election.held(), None, "{what}");
        assert_eq!(election.next(at(2_000)), Next::Look, "{what}");
        election.saw(then, at(2_010), 0);
        assert_eq!(election.held().map(|held| held.term), term, "{what}");
        assert!(election.held().is_none_or(|held| held.until == at(10_000)), "{what}");
    }
}

#[test]
fn who_was_slower_waits_for_the_winner() {
    let mut election = election();
    election.saw(Some(record("7", "", 3, "a")), at(0), 0);
    assert!(matches!(election.next(at(0)), Next::Write(_)));
    election.conflicted(at(10));
    assert_eq!(election.next(at(10)), Next::Look);
    election.saw(Some(record("8", "other", 4, "b")), at(20), 0);
    assert!(matches!(election.next(at(20)), Next::Wait(_)));
    assert!(matches!(election.next(at(15_020)), Next::Write(_)));
}

#[test]
fn who_lets_go_holds_nothing_and_the_next_one_need_not_wait() {
    let mut first = holding(at(0));
    let claim = first.let_go().unwrap();
    assert_eq!((first.held(), first.let_go()), (None, None));
    let object = claim.object(None, ("portolan", "portolan-control"), 0);
    let mut let_go = Record::of(&object);
    assert_eq!((&*let_go.holder, let_go.seconds, let_go.transitions), ("", 1, 1));
    let_go.version = "2".into();
    let mut second = Election::new("other", Periods::of(SECONDS_DEFAULT));
    second.saw(Some(let_go), at(1), 0);
    let claim = claimed(&second, at(1));
    second.wrote(taken(&claim, "3"), at(1));
    assert_eq!(second.held().unwrap().term, 2);
    // Who holds nothing has nothing to let go.
    assert_eq!(election().let_go(), None);
}

#[test]
fn what_others_wrote_into_the_object_stays() {
    let there = json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": { "name": "portolan-control", "resourceVersion": "7", "labels": { "team": "a" } },
        "spec": {
            "holderIdentity": "other", "leaseDurationSeconds": 15, "leaseTransitions": 3, "strategy": "OldestEmulationVersion",
            "acquireTime": "2026-01-01T00:00:00.000000Z", "renewTime": "2026-01-01T00:01:00.000000Z",
        },
    });
    let mut election = election();
    election.saw(Some(Record::of(&there)), at(0), 0);
    let claim = claimed(&election, at(15_000));
    let object = claim.object(Some(&there), ("portolan", "portolan-control"), 1_767_225_700_000_001);
    assert_eq!(object["metadata"], there["metadata"]);
    let spec = json!({
        "holderIdentity": "me", "leaseDurationSeconds": 15, "leaseTransitions": 4, "strategy": "OldestEmulationVersion",
        "acquireTime": "2026-01-01T00:01:40.000001Z", "renewTime": "2026-01-01T00:01:40.000001Z",
    });
    assert_eq!(object["spec"], spec);
    // A renewal leaves when it came.
    election.saw(Some(Record::of(&object)), at(15_100), 0);
    let renewed = claimed(&election, at(15_700)).object(Some(&object), ("", ""), 1_767_225_760_000_000);
    assert_eq!(renewed["spec"]["acquireTime"], object["spec"]["acquireTime"]);
    assert_eq!(renewed["spec"]["renewTime"], "2026-01-01T00:02:40.000000Z");
}

#[test]
fn an_odd_object_says_nothing() {
    for spec in
        [json!(null), json!({}), json!({"leaseDurationSeconds": "x"}), json!({"leaseTransitions": -1})]
    {
        let record = Record::of(&json!({ "metadata": { "resourceVersion": "7" }, "spec": spec }));
        assert_eq!(record, Record { version: "7".into(), ..Record::default() });
    }
}

/// F-48: somebody sets a clock, the holder's or ours.
#[test]
fn f_48_what_clocks_say_of_the_date_does_not_count() {
    for renewed in ["2026-01-01T01:00:00.000000Z", "1970-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "", "soon"]
    {
        let mut election = election();
        election.saw(Some(record("7", "other", 3, renewed)), at(0), 0);
        assert_eq!(election.next(at(14_999)), Next::Look, "{renewed}");
        assert!(matches!(election.next(at(15_000)), Next::Write(_)), "{renewed}");
    }
}

proptest! {
    /// whatever stands there, somebody leads after the longest time that is believed, with no help.
    #[test]
    fn r_04_from_any_lease_somebody_leads(
        holder in prop_oneof![Just(""), Just("me"), Just("other")],
        seconds in any::<u32>(),
        transitions in 0..=i32::MAX.unsigned_abs(),
        is_there in any::<bool>(),
    ) {
        let there = Record { seconds, ..record("7", holder, transitions, "a") };
        let (mut server, mut election, mut now) = (is_there.then_some(there), election(), Tick::ZERO);
        let end = Duration::from_secs(u64::from(SECONDS_MAX) + 1);
        while election.held().is_none() && now < end {
            match election.next(now) {
                Next::Wait(until) => now = until,
                Next::Look => election.saw(server.clone(), now, 0),
                Next::Write(claim) => {
                    let record = taken(&claim, "8");
                    prop_assert_eq!(claim.over, server.as_ref().map(|record| record.version.clone()));
                    prop_assert!(record.transitions <= i32::MAX.unsigned_abs());
                    election.wrote(record.clone(), now);
                    server = Some(record);
                }
            }
        }
        prop_assert!(election.held().is_some());
    }
}
