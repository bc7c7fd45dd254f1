#![no_main]

use libfuzzer_sys::fuzz_target;
use portolan_core::Name;
use portolan_core::zone::ZoneFile;
use portolan_core::zone::file::Gather;
use portolan_zonefile::{Context, Piece, cut, read};

const SEED: u64 = 1;

fuzz_target!(|text: &[u8]| {
    let apex: Name = "example.org".parse().expect("it is a name");
    let (pieces, _) = cut(text, &Context::new(apex.clone()), 1);
    let mut gathers = Vec::new();
    for piece in &pieces {
        let Piece::Part(part) = piece else { continue };
        let mut gather = Gather::new();
        let _ = read(text, part, |record| gather.add(record.owner, record.rtype, record.ttl, record.rdata));
        gathers.push(gather);
    }
    let Ok((file, ..)) = ZoneFile::build(&apex, SEED, gathers) else { return };
    for (name, node) in file.nodes() {
        assert!(name.is_at_or_below(apex.borrowed()));
        let found = file.node(name, SEED).expect("each name is found");
        assert_eq!(found.sets().count(), node.sets().count());
        for set in node.sets() {
            assert_eq!(set.records().count(), usize::from(set.count), "{name} {}", set.rtype);
        }
    }
});
