use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::Ipv4Addr;

use super::*;
use crate::record::{Rdata, Soa as SoaFields};
use crate::testing::name;

const SEED: u64 = 5;

fn ttl(seconds: u32) -> Ttl {
    Ttl::from_seconds(seconds).unwrap()
}

fn soa(serial: u32) -> Rdata {
    let times = SoaFields {
        mname: name("ns1.example"),
        rname: name("hostmaster.example"),
        serial,
        refresh: 1,
        retry: 2,
        expire: 3,
        minimum: 4,
    };
    Rdata::soa(&times)
}

/// Records as `owner TTL address-or-name`, a name being that of a name server when it begins with `ns`, of a
/// DNAME behind that word, and an alias else.
fn gather(lines: &[(&str, u32, &str)]) -> Gather {
    let mut gather = Gather::new();
    for (owner, seconds, data) in lines {
        let (rtype, rdata) = match (data.parse(), data.strip_prefix("dname ")) {
            (Ok(address), _) => (RecordType::A, Rdata::address(address)),
            (_, Some(target)) => (RecordType::DNAME, Rdata::name(&name(target))),
            _ if data.starts_with("ns") => (RecordType::NS, Rdata::name(&name(data))),
            _ => (RecordType::CNAME, Rdata::name(&name(data))),
        };
        gather.add(name(owner).borrowed(), rtype, ttl(*seconds), rdata.as_wire());
    }
    gather
}

fn with_soa(mut gather: Gather) -> Gather {
    gather.add(name("example").borrowed(), RecordType::SOA, ttl(9), soa(7).as_wire());
    gather
}

fn build(gathers: Vec<Gather>) -> (ZoneFile, Vec<Fault>) {
    let (file, faults, _) = ZoneFile::build(&name("example"), SEED, gathers).unwrap();
    (file, faults)
}

/// `owner type ttl count`, by owner.
fn told(file: &ZoneFile) -> BTreeSet<String> {
    let of = |(owner, node): (NameRef<'_>, FileNode<'_>)| {
        let owner = owner.to_string();
        let sets = node.sets().map(|s| format!(" {} {} {}", s.rtype, s.ttl(), s.count));
        owner + &sets.collect::<String>()
    };
    file.nodes().map(of).collect()
}

#[test]
fn names_are_found_with_all_that_is_theirs() {
    let lines = [
        ("example", 60, "ns1.example"),
        ("www.example", 60, "192.0.2.1"),
        ("www.example", 60, "192.0.2.2"),
        ("a.b.c.example", 60, "192.0.2.3"),
        ("cut.example", 60, "ns.cut.example"),
        // The owner again, later: what it had stays.
        ("www.example", 60, "192.0.2.3"),
        ("www.example", 60, "192.0.2.1"),
    ];
    let (file, faults) = build([with_soa(gather(&lines))].into());
    assert_eq!(faults, []);
    let all = [
        "a.b.c.example. A 60 1",
        "b.c.example.",
        "c.example.",
        "cut.example. NS 60 1",
        "example. NS 60 1",
        "www.example. A 60 3",
    ];
    assert_eq!(told(&file).into_iter().collect::<Vec<_>>(), all);
    assert_eq!((file.len(), file.cuts(), file.deepest()), (4, 1 << 2, 4));
    assert_eq!(file.soa(), Some((soa(7).as_wire(), ttl(9))));
    let www = file.node(name("www.example").borrowed(), SEED).unwrap();
    let last: Vec<u8> = www.set(RecordType::A).unwrap().data().map(|data| data[3]).collect();
    assert_eq!(last, [1, 2, 3], "in the order of the file");
    assert!(file.node(name("b.c.example").borrowed(), SEED).unwrap().is_empty());
    assert!(file.node(name("x.example").borrowed(), SEED).is_none());
}

/// Each node is found, and nothing but nodes that are found takes room.
fn check_form(file: &ZoneFile) {
    let mut octets = 0;
    for (at, node) in file.nodes() {
        assert!(file.node(at, SEED).is_some(), "{at} is found");
        octets += 1 + at.as_wire().len() + 1;
        octets += node.sets().map(|set| SET_HEAD_OCTETS + set.octets.len()).sum::<usize>();
    }
    assert_eq!(file.octets.len(), octets, "nothing dead is left");
}

#[test]
fn pieces_come_to_the_same_as_the_whole() {
    let lines: Vec<(String, u32, String)> = (0..500_u32)
        .map(|i| (format!("n{}.example", i * 7 % 200), 60, format!("192.0.2.{}", i % 256)))
        .collect();
    let lines: Vec<(&str, u32, &str)> = lines.iter().map(|(o, t, d)| (o.as_str(), *t, d.as_str())).collect();
    let (whole, _) = build([with_soa(gather(&lines))].into());
    let (front, back) = lines.split_at(123);
    let (pieces, _) = build([with_soa(gather(front)), gather(back)].into());
    assert_eq!(told(&whole), told(&pieces));
    assert_eq!(whole.content(), pieces.content());
    [&whole, &pieces].into_iter().for_each(check_form);
    let (other, _) = build([with_soa(gather(front))].into());
    assert_ne!(whole.content(), other.content());
}

#[test]
fn faults_cost_themselves_alone() {
    use FaultKind::*;
    let check = |lines: &[(&str, u32, &str)], at: &str, left: &str, kind: FaultKind| {
        let mut all = [("example", 60, "ns1.example")].to_vec();
        all.extend_from_slice(lines);
        let (file, faults) = build([with_soa(gather(&all))].into());
        assert_eq!(faults.iter().map(|f| f.kind).collect::<Vec<_>>(), [kind], "{lines:?}");
        let told: Vec<_> = told(&file).into_iter().filter(|line| line.starts_with(at)).collect();
        assert_eq!(told.concat(), left, "{lines:?}");
    };
    let a = "192.0.2.1";
    check(&[("www.example.org", 60, a)], "www", "", OutOfZone);
    check(&[("w.example", 60, a), ("w.example", 30, "192.0.2.2")], "w", "w.example. A 30 2", TtlDiffers);
    check(&[("w.example", 60, a), ("w.example", 60, "x.example")], "w", "w.example. A 60 1", AliasBeside);
    let (x, y) = ("x.example", "y.example");
    check(&[("w.example", 60, y), ("w.example", 60, x)], "w", "w.example. CNAME 60 1", ManyAliases);
    let (dx, dy) = ("dname x.example", "dname y.example");
    check(&[("w.example", 60, dx), ("w.example", 60, dy)], "w", "w.example. DNAME 60 1", ManyAliases);
    check(
        &[("w.example", 60, dx), ("v.example", 60, a), ("w.example", 60, dy)],
        "w",
        "w.example. DNAME 60 1",
        ManyAliases,
    );
    check(&[("w.example", 60, dx), ("w.example", 60, y)], "w", "w.example. DNAME 60 1", AliasBeside);
    check(&[("w.example", 60, dx), ("w.example", 60, "ns.example")], "w", "w.example. NS 60 1", DnameAtCut);
    let servers: Vec<_> = (0..65).map(|i| format!("ns{i}.example")).collect();
    let servers: Vec<_> = servers.iter().map(|ns| ("w.example", 60, ns.as_str())).collect();
    check(&servers, "w", "w.example. NS 60 65", ManyNameServers);
    // Header, question and OPT have 12 + 15 + 11 octets, an address 16, and a message 65,535.
    let addresses = |count: u32| -> Vec<_> { (0..count).map(|i| Ipv4Addr::from(i).to_string()).collect() };
    let set = |addresses: &[String]| {
        let lines = addresses.iter().map(|at| ("w.example", 60, at.as_str()));
        build(
            [with_soa(gather(&[("example", 60, "ns1.example")])), gather(&lines.collect::<Vec<_>>())].into(),
        )
        .1
    };
    assert_eq!(set(&addresses(4_093)), []);
    assert_eq!(set(&addresses(4_094)).iter().map(|f| f.kind).collect::<Vec<_>>(), [TooLarge]);
    check(&[("*.example", 60, dx)], "*", "*.example. DNAME 60 1", WildcardDname);
    let (_, faults) = build([with_soa(gather(&[]))].into());
    assert_eq!(faults.iter().map(|f| f.kind).collect::<Vec<_>>(), [NoNameServer]);
    let faults = ZoneFile::build(&name("example"), SEED, [gather(&[("example", 60, "ns1.example")])].into());
    assert_eq!(faults.unwrap_err().iter().map(|f| f.kind).collect::<Vec<_>>(), [NoSoa]);
}

/// A zone with a DNAME, and the names that are left of it.
#[track_caller]
fn check_below(lines: &[(&str, u32, &str)], left: &[&str], below: &[&str]) {
    let head = with_soa(gather(&[("example", 60, "ns1.example")]));
    let (file, faults) = build([head, gather(lines)].into());
    let told: Vec<_> = told(&file).into_iter().filter(|line| line != "example. NS 60 1").collect();
    assert_eq!(told, left);
    let faults: Vec<_> = faults.iter().map(|fault| (fault.owner.to_string(), fault.kind)).collect();
    assert_eq!(faults, below.iter().map(|n| (n.to_string(), FaultKind::BelowDname)).collect::<Vec<_>>());
    check_form(&file);
}

#[test]
fn nothing_is_left_below_a_dname() {
    let (a, d) = ("192.0.2.1", "dname x.example");
    check_below(
        // Before the DNAME and behind it, at any depth; what begins like it is not below it.
        &[("a.d.example", 60, a), ("d.example", 60, d), ("x.y.d.example", 60, a), ("ad.example", 60, a)],
        &["ad.example. A 60 1", "d.example. DNAME 60 1"],
        &["a.d.example.", "x.y.d.example."],
    );
    // Another DNAME, a wildcard and a delegation are names like others.
    check_below(
        &[
            ("d.example", 60, d),
            ("a.d.example", 60, d),
            ("*.d.example", 60, a),
            ("c.d.example", 60, "ns.example"),
        ],
        &["d.example. DNAME 60 1"],
        &["a.d.example.", "*.d.example.", "c.d.example."],
    );
    check_below(
        &[("example", 60, d), ("www.example", 60, a), ("b.c.example", 60, a)],
        &["example. NS 60 1 DNAME 60 1"],
        &["www.example.", "b.c.example."],
    );
    // Behind a delegation nothing is redirected, and glue stays.
    check_below(
        &[("cut.example", 60, "ns.d.cut.example"), ("d.cut.example", 60, d), ("ns.d.cut.example", 60, a)],
        &["cut.example. NS 60 1", "d.cut.example. DNAME 60 1", "ns.d.cut.example. A 60 1"],
        &[],
    );
    check_below(
        &[("d.example", 60, "ns.d.example"), ("a.d.example", 60, a)],
        &["a.d.example. A 60 1", "d.example. NS 60 1"],
        &[],
    );
}
