use super::Overlap::{BelowCut, BelowDname, Both, FileAlone};
use super::*;
use crate::testing::{World, endpoint, facts, name};

#[test]
fn names_of_the_fleet_in_zones_with_files() {
    let mut world = World::new();
    let (target, address) = (name("elsewhere"), [192, 0, 2, 9]);
    let records: [(&str, RecordType, &[u8]); 6] = [
        ("www", RecordType::A, &address),
        ("cut", RecordType::NS, target.as_wire()),
        ("glue.cut", RecordType::A, &address),
        ("d", RecordType::DNAME, target.as_wire()),
        ("hidden", RecordType::DNAME, target.as_wire()),
        ("open", RecordType::NS, target.as_wire()),
    ];
    world.file("example", Some(&records));
    world.file("alone", Some(&records));
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
    for (at, covers) in [
        ("www.example", &[][..]),
        ("cut.example", &[]),
        ("a.glue.cut.example", &["cut.example"]),
        ("x.open.example", &["open.example"]),
        ("x.y.d.example", &["d.example"]),
        ("x.cut.alone", &["cut.alone"]),
        ("x.elsewhere", &[]),
    ] {
        let at = name(at);
        let got: alloc::vec::Vec<_> =
            world.snapshot.covers_above(at.borrowed()).map(NameRef::to_name).collect();
        assert_eq!(got, covers.iter().map(|cover| name(cover)).collect::<alloc::vec::Vec<_>>(), "{at}");
    }
    assert_eq!(world.snapshot.overlap(name("cut.example").borrowed()), None, "no name of the fleet");
}
