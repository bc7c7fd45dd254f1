//! Zones whose files are wanted and were not wholly read.

use alloc::borrow::ToOwned;
use alloc::format;

use super::{ANYONE, SOA, check};
use crate::record::RecordType;
use crate::testing::{World, endpoint, facts, name};

/// What was read whole is answered, and nothing is denied that the file may have.
#[test]
fn a_damaged_file_denies_nothing() {
    let mut world = World::new();
    let (address, target, server) = ([192, 0, 2, 9], name("www.test"), name("ns.test"));
    let records: [(&str, RecordType, &[u8]); 6] = [
        ("www", RecordType::A, &address),
        ("a.b", RecordType::A, &address),
        ("*", RecordType::A, &address),
        ("d", RecordType::DNAME, target.as_wire()),
        ("alias", RecordType::CNAME, target.as_wire()),
        ("cut", RecordType::NS, server.as_wire()),
    ];
    world.damaged_file("alone", Some(&records));
    check(&world, "www.alone", "A", ANYONE, "NoError aa | www.alone. 30 A 192.0.2.9");
    check(&world, "*.alone", "A", ANYONE, "NoError aa | *.alone. 30 A 192.0.2.9");
    check(&world, "alias.alone", "A", ANYONE, "NoError aa | alias.alone. 30 CNAME www.test.");
    check(&world, "x.cut.alone", "A", ANYONE, "NoError | authority cut.alone. 30 NS ns.test.");
    check(
        &world,
        "alone",
        "SOA",
        ANYONE,
        "NoError aa | alone. 30 SOA ns1.example. hostmaster.example. 0 7200 1800 86400 30",
    );
    let lost =
        [("www", "AAAA"), ("b", "A"), ("x", "A"), ("x.d", "A"), ("nope.www", "A"), ("cut", "DS"), ("", "NS")];
    for (label, rtype) in lost {
        let at = [label, "alone"].join(".");
        check(&world, at.trim_start_matches('.'), rtype, ANYONE, "ServFail | InvalidData");
    }
    world.file("alone", Some(&records));
    check(&world, "x.alone", "A", ANYONE, "NoError aa | x.alone. 30 A 192.0.2.9");
    assert!(world.ask("www.alone", "AAAA", ANYONE).contains("authority alone. 30 SOA"));
}

/// A zone that is wanted and not there is answered neither by the zone above it nor as if it were nobody's.
#[test]
fn an_unread_file_is_a_zone() {
    let mut world = World::new();
    let records: [(&str, RecordType, &[u8]); 1] = [("*", RecordType::A, &[192, 0, 2, 9])];
    world.file("above", Some(&records));
    for apex in ["alone", "sub.above", "sub.example"] {
        world.damaged_file(apex, None);
        for at in [apex.to_owned(), format!("www.{apex}"), format!("a.b.c.{apex}")] {
            for rtype in ["A", "SOA", "NS", "ANY", "TXT"] {
                check(&world, &at, rtype, ANYONE, "ServFail | InvalidData");
            }
        }
    }
    check(&world, "other.above", "A", ANYONE, "NoError aa | other.above. 30 A 192.0.2.9");
    assert!(
        world.ask("sub.above", "DS", ANYONE).starts_with("NoError aa | authority above."),
        "the parent's"
    );
    assert_eq!(world.snapshot.zones().filter(|zone| !zone.is_whole()).count(), 3);
}

/// What the fleet says of its own names is known, be the file as it may.
#[test]
fn a_damaged_file_takes_nothing_from_the_fleet() {
    let mut world = World::new();
    world.name("www.example", Some(facts([endpoint("", "192.0.2.1")])));
    world.name("*.w.example", Some(facts([endpoint("", "192.0.2.1")])));
    world.damaged_file("example", None);
    check(&world, "www.example", "A", ANYONE, "NoError aa | www.example. 30 A 192.0.2.1");
    check(&world, "www.example", "AAAA", ANYONE, &format!("NoError aa | {SOA}"));
    check(&world, "example", "SOA", ANYONE, "NoError aa | example. 180 SOA ns1.example. hostmaster.example.");
    for at in ["example", "x.w.example", "nope.example", "w.example"] {
        check(&world, at, "A", ANYONE, "ServFail | InvalidData");
    }
    world.file("example", None);
    check(&world, "x.w.example", "A", ANYONE, "NoError aa | x.w.example. 30 A 192.0.2.1");
}
