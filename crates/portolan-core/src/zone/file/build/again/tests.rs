use alloc::vec::Vec;

use super::*;
use crate::name::NameRef;
use crate::record::RecordType;
use crate::testing::name;
use crate::zone::file::Gather;

/// Owners that take turns a thousand times: what is written for them is no more than what they have, twice.
#[test]
fn a_node_is_written_anew_once() {
    const OWNERS: u32 = 10;
    const TURNS: u32 = 1_000;
    let apex = name("example");
    let owners: Vec<_> = (0..OWNERS).map(|i| apex.prepend(&alloc::format!("n{i}")).unwrap()).collect();
    let mut gather = Gather::new();
    for turn in 0..TURNS {
        for owner in &owners {
            gather.add(owner.borrowed(), RecordType::A, Ttl::DEFAULT, &turn.to_be_bytes());
        }
    }
    gather.end_run();
    let mut builder = Builder::new(&apex, 1, gather.count);
    gather.runs().for_each(|(owner, records)| builder.run(owner, records));
    builder.merge();
    let kept = |owner: NameRef<'_>| {
        let hash = crate::name::hash_of(owner, 1);
        find(&builder.slots, &builder.octets, hash, owner).unwrap().1.set(RecordType::A).unwrap()
    };
    let mut octets = 0;
    for owner in &owners {
        let set = kept(owner.borrowed());
        let data: Vec<&[u8]> = set.data().collect();
        assert!(
            data.is_sorted() && data.len() == usize::try_from(TURNS).unwrap(),
            "in the order of the file"
        );
        octets += set.octets.len();
    }
    assert!(builder.octets.len() < 2 * octets, "{} for {octets}", builder.octets.len());
}

/// A record that stands twice is one, however many there are.
#[test]
fn records_that_stand_twice_are_one() {
    for records in [1, 15, 16, 17, 18, 5_000_u32] {
        let apex = name("example");
        let mut gather = Gather::new();
        for i in (0..records).chain(0..records) {
            gather.add(apex.borrowed(), RecordType::A, Ttl::DEFAULT, &i.to_be_bytes());
        }
        gather.end_run();
        let mut builder = Builder::new(&apex, 1, 1);
        gather.runs().for_each(|(owner, records)| builder.run(owner, records));
        let (_, node) = node_at(&builder.octets, 0).unwrap();
        let set = node.set(RecordType::A).unwrap();
        let wanted: Vec<[u8; 4]> = (0..records).map(u32::to_be_bytes).collect();
        assert!(set.data().eq(wanted.iter()), "{records}");
        assert_eq!(u32::from(set.count), records);
    }
}
