//! Rounds of one name, as tables: `4=1,2@60` is IPv4 addresses 192.0.2.1 and 192.0.2.2 with a TTL.

use super::*;

/// `4=1,2@60 6=none`: what came of both questions.
fn round(text: &str) -> [Heard; 2] {
    let of = |family: &str| {
        let said = text.split(' ').find_map(|part| part.strip_prefix(family)).unwrap();
        match said.split_once('@') {
            Some((last, ttl)) => {
                let address = |n: &str| match family {
                    "4=" => format!("192.0.2.{n}").parse().unwrap(),
                    _ => format!("2001:db8::{n}").parse().unwrap(),
                };
                Heard::Addresses {
                    addresses: last.split(',').map(address).collect(),
                    ttl: ttl.parse().unwrap(),
                    way: Vec::new(),
                }
            }
            None => match said {
                "none" => Heard::Nothing(Why::NoAddress),
                "nx" => Heard::Nothing(Why::NoSuchName),
                "servfail" => Heard::Failed(Why::ServerFailed),
                "lost" => Heard::Failed(Why::TimedOut),
                other => panic!("{other}"),
            },
        }
    };
    [of("4="), of("6=")]
}

fn show(report: &Report) -> String {
    let addresses: Vec<String> = report.addresses.iter().map(ToString::to_string).collect();
    let failure = report.failure.map(|why| format!(" but {why:?}")).unwrap_or_default();
    format!("{}{failure}", addresses.join(","))
}

/// Rounds one after the other; of each what is reported, `=` for no news.
#[track_caller]
fn check(rounds: &[(&str, &str)]) {
    let mut host = Host::new("lb.example.net".parse().unwrap());
    for (said, expected) in rounds {
        let (_, report) = host.hear(round(said), 0);
        assert_eq!(report.as_ref().map_or("=".into(), show), *expected, "after {said} of {rounds:?}");
    }
}

#[test]
fn what_is_good_is_kept_until_something_better_comes() {
    check(&[
        ("4=1,2@60 6=none", "192.0.2.1,192.0.2.2"),
        ("4=2,1@20 6=none", "="),
        ("4=3@60 6=none", "192.0.2.3"),
    ]);
    check(&[("4=1@60 6=1@60", "192.0.2.1,2001:db8::1"), ("4=none 6=1@60", "2001:db8::1")]);
    for (bad, why) in [
        ("4=nx 6=nx", "NoSuchName"),
        ("4=servfail 6=servfail", "ServerFailed"),
        ("4=lost 6=lost", "TimedOut"),
        ("4=none 6=none", "NoAddress"),
    ] {
        let kept = format!("192.0.2.1 but {why}");
        check(&[("4=1@60 6=none", "192.0.2.1"), (bad, &kept), (bad, "="), ("4=1@60 6=none", "192.0.2.1")]);
        check(&[(bad, &format!(" but {why}")), ("4=1@60 6=none", "192.0.2.1")]);
    }
}

#[test]
fn a_family_without_an_answer_keeps_what_it_had() {
    check(&[("4=1@60 6=1@60", "192.0.2.1,2001:db8::1"), ("4=2@60 6=lost", "192.0.2.2,2001:db8::1")]);
    // Nobody knows of the one, and the other is not there: nothing is sure but that something is wrong.
    check(&[
        ("4=1@60 6=1@60", "192.0.2.1,2001:db8::1"),
        ("4=none 6=lost", "192.0.2.1,2001:db8::1 but NoAddress"),
    ]);
    check(&[("4=nx 6=servfail", " but NoSuchName")]);
}

#[test]
fn no_more_than_the_first_addresses_are_kept_and_all_are_counted() {
    let mut host = Host::new("lb.example.net".parse().unwrap());
    let thousand =
        (0..1_000_u16).rev().map(|n| IpAddr::from([10, 0, n.to_be_bytes()[0], n.to_be_bytes()[1]]));
    let v4 = Heard::Addresses { addresses: thousand.collect(), ttl: 60, way: Vec::new() };
    let v6 = |count: u16| {
        let address = |n: u16| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, n]);
        Heard::Addresses { addresses: (1..=count).map(address).collect(), ttl: 60, way: Vec::new() }
    };
    let report = host.hear([v4.clone(), Heard::Nothing(Why::NoAddress)], 0).1.unwrap();
    assert_eq!((report.addresses.len(), report.count), (ADDRESSES_MAX, 1_000));
    assert_eq!(report.addresses.last().unwrap().to_string(), "10.0.0.63");
    // Neither family leaves the other without.
    let last = ["2001:db8::1", "2001:db8::20"];
    for (count, last, first_of_v6) in [(1, last[0], 63), (100, last[1], 32)] {
        let report = host.hear([v4.clone(), v6(count)], 0).1.unwrap();
        assert_eq!((report.addresses.len(), report.count), (ADDRESSES_MAX, 1_000 + usize::from(count)));
        assert_eq!(report.addresses.last().unwrap().to_string(), last);
        assert_eq!(report.addresses.iter().position(IpAddr::is_ipv6), Some(first_of_v6));
    }
    let report = host.hear([Heard::Nothing(Why::NoAddress), v6(100)], 0).1.unwrap();
    assert_eq!((report.addresses.len(), report.count), (ADDRESSES_MAX, 100));
}

/// When a name is asked for again, in milliseconds, for the least and the greatest draw.
#[test]
fn the_next_round() {
    let cases: [(&[&str], [u128; 2]); 8] = [
        (&["4=1@100 6=none"], [80_000, 94_000]),
        (&["4=1@100 6=1@50"], [40_000, 47_000]),
        (&["4=1@0 6=none"], [24_000, 28_200]),
        (&["4=1@86400 6=none"], [2_880_000, 3_384_000]),
        (&["4=nx 6=nx"], [3_750, 4_950]),
        (&["4=nx 6=nx", "4=lost 6=lost", "4=nx 6=nx"], [15_000, 19_800]),
        (&["4=nx 6=nx", "4=1@100 6=none", "4=nx 6=nx"], [3_750, 4_950]),
        (&["4=1@3600 6=lost"], [3_750, 4_950]),
    ];
    for (rounds, expected) in cases {
        let after = |draw| {
            let mut host = Host::new("lb.example.net".parse().unwrap());
            rounds.iter().map(|said| host.hear(round(said), draw).0.as_millis()).last().unwrap()
        };
        let greatest = if rounds.last().unwrap().contains('@') && !rounds.last().unwrap().contains("lost") {
            14
        } else {
            24
        };
        assert_eq!([after(0), after(greatest)], expected, "{rounds:?}");
    }
    let last = |said| {
        let mut host = Host::new("lb.example.net".parse().unwrap());
        (0..100).map(|_| host.hear(round(said), 0).0).last().unwrap()
    };
    assert_eq!(last("4=nx 6=nx"), RETRY_MAX * 3 / 4, "the wait grows no further");
    assert_eq!(last("4=1@100 6=lost"), Duration::from_secs(80), "nor beyond the TTL of what is answered");
}
