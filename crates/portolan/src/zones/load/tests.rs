use std::fs;
use std::path::Path;

use portolan_core::RecordType;

use super::*;

const HEAD: &str = "$TTL 60\n@ SOA ns. host. 7 2 3 4 5\n  NS ns\n";

/// A folder with a zone file and other files beside it.
struct Zone(tempfile::TempDir);

impl Zone {
    fn new(files: &[(&str, &str)]) -> Self {
        let zone = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            let path = zone.0.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        zone
    }

    fn load(&self) -> Loaded {
        let source = ZoneSource { apex: "example.org".parse().unwrap(), file: self.0.path().join("zone") };
        load(&source, 1)
    }

    /// Its problems, without the folder's path.
    fn told(&self, loaded: &Loaded) -> Vec<String> {
        let folder = format!("{}/", self.0.path().display());
        loaded.problems.iter().map(|problem| problem.to_string().replace(&folder, "")).collect()
    }
}

fn has(loaded: &Loaded, name: &str, rtype: RecordType) -> bool {
    let name: Name = name.parse().unwrap();
    loaded.file.node(name.borrowed(), 1).is_some_and(|node| node.set(rtype).is_some())
}

/// What is told of a zone file that begins as it should.
fn check(text: &str, is_damaged: bool, wanted: &[&str]) {
    let zone = Zone::new(&[("zone", &format!("{HEAD}{text}"))]);
    let loaded = zone.load();
    assert_eq!(zone.told(&loaded), wanted, "{text}");
    assert_eq!(loaded.file.is_whole(), !is_damaged, "{text}");
    assert!(!loaded.file.is_empty());
}

#[test]
fn a_large_zone_is_read_by_all_threads() {
    let mut text = HEAD.to_owned();
    for number in 0..40_000 {
        text.push_str(&format!("host-{number} 60 IN A 192.0.2.1\nhost-{number} AAAA 2001:db8::1\n"));
    }
    let zone = Zone::new(&[("zone", &text)]);
    let loaded = zone.load();
    assert_eq!((loaded.problems.as_slice(), loaded.file.is_whole(), loaded.records), (&[][..], true, 80_002));
    assert_eq!(loaded.file.len(), 40_001);
    assert!(has(&loaded, "host-0.example.org", RecordType::AAAA));
    assert!(has(&loaded, "host-39999.example.org", RecordType::A));
}

#[test]
fn records_that_are_wrong_together_have_their_places() {
    check(
        "a A 192.0.2.1\nb CNAME a\na 30 A 192.0.2.2\nb CNAME ns\nc CNAME a\nc A 192.0.2.3\n@ SOA x. y. 1 1 1 1 1\n",
        false,
        &[
            "zone:6:1: zone example.org: TargetSuspect: a.example.org. A: the records of one set have different TTLs; all \
             have the least (RFC 2181 section 5.2)",
            "zone:7:1: zone example.org: TargetSkipped: b.example.org. CNAME: a name is an alias of one name (RFC 2181 \
             section 10.1), and has one DNAME (RFC 6672 section 2.3); the first is used",
            "zone:8:1: zone example.org: TargetSkipped: c.example.org. CNAME: an alias cannot stand beside other records \
             (RFC 1034 section 3.6.2), nor at the apex; it is left out",
            "zone:10:1: zone example.org: TargetSkipped: example.org. SOA: a zone has one SOA record, at its apex (RFC 1035 \
             section 5.2); this one is left out",
        ],
    );
}

#[test]
fn what_is_wrong_around_a_dname_has_its_place() {
    check(
        "d DNAME x\nwww.d A 192.0.2.1\nwww.d TXT t\nd DNAME y\n*.w DNAME x\ncut NS ns\ncut DNAME x\nc DNAME x\nc CNAME y\n",
        false,
        &[
            "zone:5:1: zone example.org: TargetSkipped: www.d.example.org. A: the name is below a DNAME, which redirects it \
             (RFC 6672 section 2.4); all of its records are left out",
            "zone:7:1: zone example.org: TargetSkipped: d.example.org. DNAME: a name is an alias of one name (RFC 2181 \
             section 10.1), and has one DNAME (RFC 6672 section 2.3); the first is used",
            "zone:8:1: zone example.org: TargetSuspect: *.w.example.org. DNAME: the DNAME of a wildcard redirects no name that \
             the wildcard stands for (RFC 6672 section 3.3)",
            "zone:10:1: zone example.org: TargetSkipped: cut.example.org. DNAME: names below a delegation are another \
             zone's, so no DNAME here can redirect them; it is left out",
            "zone:12:1: zone example.org: TargetSkipped: c.example.org. CNAME: an alias cannot stand beside other records \
             (RFC 1034 section 3.6.2), nor at the apex; it is left out",
        ],
    );
}

#[test]
fn a_damaged_file_gives_the_rest_and_says_so() {
    check(
        "a A 192.0.2.1\nb A 192.0.2\n",
        true,
        &[
            "zone:5:5: zone example.org: Invalid: \"192.0.2\" does not belong into A data: expected IPv4 address",
        ],
    );
    check(
        "x RRSIG what ever\n",
        false,
        &[
            "zone: zone example.org: TargetSuspect: has records of types RRSIG, NSEC, NSEC3 or NSEC3PARAM, which are left out (1): \
         zones are not served signed",
        ],
    );
    check(
        "example.com. A 192.0.2.1\n",
        false,
        &[
            "zone:4:1: zone example.org: Invalid: example.com. is not in the zone example.org., so the record is left out",
        ],
    );
}

#[test]
fn without_an_soa_there_is_no_zone() {
    let zone = Zone::new(&[("zone", "$TTL 1\n@ NS ns\n")]);
    let loaded = zone.load();
    assert!(loaded.file.is_empty() && !loaded.file.is_whole());
    assert_eq!(
        zone.told(&loaded),
        [
            "zone: zone example.org: Invalid: has no SOA record at its apex, so it is no zone (RFC 1035 section 5.2)",
        ]
    );
}

#[test]
fn many_problems_are_counted() {
    let zone = Zone::new(&[("zone", &format!("{HEAD}{}", "x\n".repeat(1_000)))]);
    let loaded = zone.load();
    assert_eq!(loaded.problems.len(), PROBLEMS_MAX + 1);
    assert_eq!(
        zone.told(&loaded).last().map(String::as_str),
        Some("zone: zone example.org: LimitReached: has 950 more problems; the first 50 are told")
    );
}

#[test]
fn included_files_are_read_in_their_place() {
    let zone = Zone::new(&[
        (
            "zone",
            &format!("{HEAD}a A 192.0.2.1\n$INCLUDE sub/one sub\n AAAA 2001:db8::1\nlast A 192.0.2.9\n"),
        ),
        ("sub/one", "@ A 192.0.2.2\n$TTL 5\n$INCLUDE sub/two\nc A 192.0.2.x\n"),
        ("sub/two", "two A 192.0.2.3\n"),
    ]);
    let loaded = zone.load();
    assert_eq!(
        zone.told(&loaded),
        [
            "sub/one:4:5: zone example.org: Invalid: \"192.0.2.x\" does not belong into A data: expected IPv4 address",
        ]
    );
    assert!(has(&loaded, "sub.example.org", RecordType::A));
    assert!(has(&loaded, "two.sub.example.org", RecordType::A));
    assert!(has(&loaded, "a.example.org", RecordType::AAAA), "the owner is that of before the included file");
    assert_eq!(loaded.seen.len(), 3);
}

#[test]
fn what_cannot_be_included_is_told() {
    let zone = Zone::new(&[
        ("zone", &format!("{HEAD}$INCLUDE /etc/hostname\n$INCLUDE ../x\n$INCLUDE gone\n$INCLUDE round\n")),
        ("round", "$INCLUDE round\n"),
    ]);
    let loaded = zone.load();
    let outside = "is not in the folder of the zone file or below it";
    assert_eq!(
        zone.told(&loaded),
        [
            &format!("zone:4:1: zone example.org: Unreadable: $INCLUDE \"/etc/hostname\" {outside}"),
            &format!("zone:5:1: zone example.org: Unreadable: $INCLUDE \"../x\" {outside}"),
            "zone:6:1: zone example.org: Unreadable: $INCLUDE \"gone\" is not there",
            "round:1:1: zone example.org: Unreadable: $INCLUDE \"round\" is the 9th file inside another; at most 8 are read",
        ]
    );
    assert!(!loaded.file.is_whole() && !loaded.file.is_empty());
}

#[test]
fn files_that_are_none() {
    let zone = Zone::new(&[("zone/file", "")]);
    assert_eq!(
        zone.told(&zone.load()),
        [format!("{}/zone: zone example.org: Unreadable: is not a regular file", zone.0.path().display())
            .replace(&format!("{}/", zone.0.path().display()), "")]
    );
    let source = ZoneSource { apex: Name::root(), file: Path::new("/nowhere/zone").into() };
    let loaded = load(&source, 1);
    assert_eq!(loaded.problems[0].to_string(), "/nowhere/zone: zone .: Unreadable: is not there");
    assert!(!loaded.file.is_whole() && loaded.file.is_empty());
}
