use super::*;

#[test]
fn workers_are_pinned_where_the_processors_are_theirs_or_when_asked() {
    // (how, allowed, online, pinned to)
    type Row<'r> = (Pin, &'r [usize], Option<usize>, &'r [usize]);
    let table: [Row<'_>; 9] = [
        (Pin::Auto, &[0, 1, 2, 3], Some(4), &[]),
        (Pin::Auto, &[1, 3], Some(4), &[1, 3]),
        (Pin::Auto, &[2], Some(2), &[2]),
        // What cannot be known is not taken for a sign.
        (Pin::Auto, &[1, 3], None, &[]),
        (Pin::Auto, &[0, 1, 2], Some(2), &[]),
        (Pin::Yes, &[0, 1], Some(2), &[0, 1]),
        (Pin::Yes, &[0, 1], None, &[0, 1]),
        (Pin::Yes, &[], Some(2), &[]),
        (Pin::No, &[1], Some(8), &[]),
    ];
    for (pin, allowed, online, expected) in table {
        assert_eq!(choose(pin, allowed.to_vec(), online), expected, "{pin:?} {allowed:?} of {online:?}");
    }
}

#[test]
fn lists_of_processors_are_counted() {
    for (list, expected) in [
        ("0\n", Some(1)),
        ("0-1\n", Some(2)),
        ("0-3,8,10-11\n", Some(7)),
        ("", None),
        ("\n", None),
        ("0-", None),
        ("3-1", None),
        ("0,,1", None),
        ("all", None),
        ("0-18446744073709551615", None),
    ] {
        assert_eq!(count(list), expected, "{list:?}");
    }
}

#[test]
fn workers_take_turns() {
    let mine = allowed().unwrap();
    let placement = Placement { processors: mine.clone() };
    for worker in 0..2 * mine.len() + 1 {
        // A thread of its own, as it stays there.
        let stays_on = std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                placement.settle(worker);
                allowed().unwrap()
            });
            thread.join().unwrap()
        });
        assert_eq!(stays_on, [mine[worker % mine.len()]], "worker {worker}");
    }
    Placement { processors: Vec::new() }.settle(3);
    assert_eq!(allowed().unwrap(), mine, "nobody is pinned to nothing");
    Placement { processors: vec![CpuSet::count() - 1, usize::MAX] }.settle(1);
    assert_eq!(allowed().unwrap(), mine, "what cannot be is passed over");
}
