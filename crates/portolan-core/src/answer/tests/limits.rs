//! What an answer has room for, and what comes of more.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{ANYONE, check};
use crate::Client;
use crate::answer::{AliasBuf, CHAIN_MAX, Query, answer};
use crate::draw::Draw;
use crate::fleet::{Endpoint, TARGETS_MAX};
use crate::record::{Rdata, RecordType, Target};
use crate::testing::{World, endpoint, facts, name};

/// A chain that is too long looks like no answer: its last alias would, to who takes it for the end.
#[test]
fn a_chain_of_aliases_has_an_end() {
    let mut world = World::new();
    let alias = |i: usize| Some(facts([endpoint("", &format!("c{}.example", i + 1))]));
    for i in 0..CHAIN_MAX {
        world.name(&format!("c{i}.example"), alias(i));
    }
    world.name(&format!("c{CHAIN_MAX}.example"), Some(facts([endpoint("", "192.0.2.1")])));
    let got = world.ask("c0.example", "A", ANYONE);
    assert_eq!((got.matches("CNAME").count(), got.matches("192.0.2.1").count()), (CHAIN_MAX, 1), "{got}");
    world.name(&format!("c{CHAIN_MAX}.example"), alias(CHAIN_MAX));
    world.name(&format!("c{}.example", CHAIN_MAX + 1), Some(facts([endpoint("", "192.0.2.1")])));
    check(&world, "c0.example", "A", ANYONE, "ServFail | InvalidData");
    check(&world, "c0.example", "CNAME", ANYONE, "NoError aa | c0.example. 30 CNAME c1.example.");
    assert!(world.ask("c1.example", "A", ANYONE).contains("192.0.2.1"));
}

/// RFC 9471: of name servers inside the delegated zone all addresses go with a referral, or it is cut; those of others
/// come after, as far as there is room.
#[test]
fn glue_is_whole_or_the_referral_is_cut() {
    let delegated = |inside: usize, outside: usize| {
        let mut world = World::new();
        let names = (0..outside).map(|i| format!("ns{i}.example"));
        let names: Vec<_> = names.chain((0..inside).map(|i| format!("ns{i}.sub.example"))).collect();
        let server = |at: &String| Target::Record(RecordType::NS, Rdata::name(&name(at)));
        let targets: Vec<_> = names.iter().map(server).collect();
        let some = |some: &[Target]| Endpoint { targets: some.into(), ..endpoint("", "192.0.2.1") };
        world.name("sub.example", Some(facts(targets.chunks(TARGETS_MAX).map(some))));
        for at in &names {
            world.name(at, Some(facts([endpoint("", "192.0.2.53"), endpoint("", "2001:db8::53")])));
        }
        let at = name("www.sub.example");
        let client = Client { address: ANYONE.parse().unwrap() };
        let query = Query { name: at.borrowed(), rtype: RecordType::A, client };
        let mut aliases = AliasBuf::new();
        let got = answer(&world.snapshot, &query, Draw(1), &mut (), &mut aliases);
        let cut = name("sub.example");
        let needed = got.additional.iter().filter(|set| set.owner.is_at_or_below(cut.borrowed())).count();
        (needed, got.additional.len() - needed, got.cut)
    };
    assert_eq!(delegated(17, 0), (34, 0, false));
    assert_eq!(delegated(32, 0), (64, 0, false));
    assert_eq!(delegated(28, 32), (56, 8, false), "those outside are written first, and a courtesy");
    assert_eq!(delegated(33, 2), (64, 0, true));
}
