use super::Overlap::{BelowCut, BelowDname, Both, FileAlone};
use super::*;
use crate::publish::Serials;
use crate::record::{Rdata, Ttl};
use crate::testing::{World, endpoint, facts, name};
use crate::zone::ZoneFile;
use crate::zone::file::Gather;

/// A zone file with a name, a delegation and DNAMEs.
fn file(apex: &str, seed: u64) -> ZoneFile {
    let apex = name(apex);
    let at = |label: &str| apex.prepend(label).unwrap();
    let mut gather = Gather::new();
    let mut add = |owner: &Name, rtype, data: &[u8]| gather.add(owner.borrowed(), rtype, Ttl::DEFAULT, data);
    add(&apex, RecordType::SOA, Rdata::soa(&crate::testing::zone_facts().soa).as_wire());
    add(&at("www"), RecordType::A, &[192, 0, 2, 9]);
    add(&at("cut"), RecordType::NS, at("ns.cut").as_wire());
    add(&at("glue.cut"), RecordType::A, &[192, 0, 2, 9]);
    add(&at("d"), RecordType::DNAME, apex.as_wire());
    add(&at("hidden"), RecordType::DNAME, apex.as_wire());
    add(&at("open"), RecordType::NS, apex.as_wire());
    ZoneFile::build(&apex, seed, [gather].into()).unwrap().0
}

#[test]
fn names_of_the_fleet_in_zones_with_files() {
    let mut world = World::new();
    for apex in ["example", "alone"] {
        let file = file(apex, world.snapshot.seed());
        world.snapshot = world.snapshot.with_file(&name(apex), Some(file.into()), &mut Serials::default());
    }
    let above = |at: &str| name(&alloc::format!("{at}.example"));
    for (at, wanted) in [
        ("www.example", Some(Both)),
        ("x.example", None),
        ("x.alone", Some(FileAlone)),
        ("www.alone", Some(FileAlone)),
        ("x.y.cut.example", Some(BelowCut(above("cut")))),
        ("glue.cut.example", Some(BelowCut(above("cut")))),
        ("x.d.example", Some(BelowDname(above("d")))),
        ("x.y.d.example", Some(BelowDname(above("d")))),
        ("x.www.example", None),
        // What the fleet has at a name hides a DNAME or a delegation of the file.
        ("hidden.example", Some(Both)),
        ("x.hidden.example", None),
        ("open.example", Some(Both)),
        ("x.open.example", None),
        ("x.elsewhere", None),
    ] {
        world.name(at, Some(facts([endpoint("", "192.0.2.1")])));
        let got = world.snapshot.overlap(name(at).borrowed());
        assert_eq!(got.as_ref().map(|(overlap, _)| overlap), wanted.as_ref(), "{at}");
        assert!(got.is_none_or(|(_, apex)| name(at).borrowed().is_at_or_below(apex.borrowed())), "{at}");
    }
    assert_eq!(world.snapshot.overlap(name("cut.example").borrowed()), None, "no name of the fleet");
}
