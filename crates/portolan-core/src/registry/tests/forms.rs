//! Names and texts of marks.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::*;

use crate::plan::{Claim, Extent, Labels, Owner, Targets};
use crate::record::{Rdata, RecordType, Target};
use crate::registry::labels::{self, Said};
use crate::registry::{Affix, BothAffixes};
use crate::testing::name;

/// Prefix, suffix, and what stands for `*`.
type Affixes = (&'static str, &'static str, &'static str);
/// Name and type of a set.
type Marked = (&'static str, Option<RecordType>);

#[test]
fn marks_are_named_as_external_dns_names_them() {
    const TYPED: Affixes = ("%{record_type}-", "", "");
    const NONE: Affixes = ("", "", "");
    // TestAffixNameMapper_ToTXTName and the forms of docs/registry/txt.md.
    let rows: [(Affixes, &str, RecordType, &str); 17] = [
        (TYPED, "foo.example.com", RecordType::A, "a-foo.example.com"),
        (TYPED, "foo.example.com", RecordType::AAAA, "aaaa-foo.example.com"),
        (TYPED, "2.49.168.192.in-addr.arpa", RecordType::PTR, "ptr-2.49.168.192.in-addr.arpa"),
        (("", "-%{record_type}", ""), "foo.example.com", RecordType::CNAME, "foo-cname.example.com"),
        (("txt-", "", "wild"), "*.example.com", RecordType::A, "txt-a-wild.example.com"),
        (("txt-", "", "wild"), "*.example.com", RecordType::TXT, "txt-txt-wild.example.com"),
        (("", "", "wild"), "*.example.com", RecordType::A, "a-wild.example.com"),
        (("", "", "any.one"), "*.example.com", RecordType::A, "a-any.one.example.com"),
        (NONE, "*.example.com", RecordType::A, "a-*.example.com"),
        (NONE, "foo.example.com", RecordType::NAPTR, "naptr-foo.example.com"),
        (NONE, "foo.example.com", RecordType::CNAME, "cname-foo.example.com"),
        (("%{record_type}-abc-.", "", ""), "www.ex.com", RecordType::CNAME, "cname-abc-.www.ex.com"),
        (("foo.", "", ""), "www.ex.com", RecordType::A, "foo.a-www.ex.com"),
        (("", "-txt", ""), "www.ex.com", RecordType::A, "a-www-txt.ex.com"),
        (("", ".foo.bar", ""), "example.com", RecordType::A, "a-example.foo.bar.com"),
        (("CNAME-", "", ""), "www.ex.com", RecordType::A, "cname-a-www.ex.com"),
        (NONE, "com", RecordType::A, "a-com"),
    ];
    for ((prefix, suffix, wildcard), set, rtype, mark) in rows {
        let affix = Affix::new(prefix, suffix, wildcard).unwrap();
        let found = affix.mark_of(&name(set), rtype).unwrap();
        assert_eq!(found, name(mark), "{prefix} {suffix} {set} {rtype}");
        assert_eq!(affix.marked_by(&found), Some((affix.spelled(&name(set)), Some(rtype))), "{mark}");
    }
    let long = format!("{}.x", "a".repeat(62));
    assert!(Affix::default().mark_of(&name(&long), RecordType::A).is_err());
    assert_eq!(Affix::new("pre-", "-suf", ""), Err(BothAffixes));
}

#[test]
fn names_of_marks_are_read_as_external_dns_reads_them() {
    // TestAffixNameMapper_ToEndpointName, and older forms.
    let rows: [(Affixes, &str, Option<Marked>); 13] = [
        (("", ".foo.bar", ""), "a-example.foo.bar.com", Some(("example.com", Some(RecordType::A)))),
        (("", ".foo.bar", ""), "a-example.foo.bar", Some(("example", Some(RecordType::A)))),
        (("", ".foo.bar", ""), "a-example.foo", None),
        (("", "", ""), "foo.example.com", Some(("foo.example.com", None))),
        (("txt.", "", ""), "txt.foo.example.com", Some(("foo.example.com", None))),
        (("txt.", "", ""), "foo.example.com", None),
        (("", "-txt", ""), "foo-txt.example.com", Some(("foo.example.com", None))),
        (("", "-txt", ""), "foo.example.com", None),
        // With the type in the affix: what is before 0.12 has the affix without it.
        (("%{record_type}-x-", "", ""), "-x-foo.example.com", Some(("foo.example.com", None))),
        (("", "-%{record_type}", ""), "foo-.example.com", Some(("foo.example.com", None))),
        // A host that is called like a mark, and one that is called like a type.
        (("", "", ""), "a-shop.example.com", Some(("shop.example.com", Some(RecordType::A)))),
        (("", "-txt", ""), "a-txt.example.com", Some(("a.example.com", Some(RecordType::A)))),
        (("", "", ""), "caa-foo.example.com", Some(("caa-foo.example.com", None))),
    ];
    for ((prefix, suffix, wildcard), mark, expected) in rows {
        let affix = Affix::new(prefix, suffix, wildcard).unwrap();
        let expected = expected.map(|(set, rtype)| (name(set), rtype));
        assert_eq!(affix.marked_by(&name(mark)), expected, "{prefix} {suffix} {mark}");
    }
}

fn claim(owner: &str, resource: &str, labels: &[(&str, &str)]) -> Claim {
    let labels: Labels = labels.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    Claim { owner: Owner::found(owner), resource: resource.into(), labels, extent: Extent::Whole }
}

#[test]
fn texts_are_read_and_written_as_external_dns_does() {
    let read = |text: &str| labels::read(text, None);
    let foo = claim("foo-owner", "foo-resource", &[]);
    let text = "heritage=external-dns,external-dns/owner=foo-owner,external-dns/resource=foo-resource";
    // LabelsSuite: TestSerialize, TestDeserialize.
    assert_eq!(labels::print(&foo), text);
    assert_eq!(read(text), Said::Claim(foo.clone()));
    assert_eq!(read(&format!("\"{text}\"")), Said::Claim(foo));
    let bar = "heritage=external-dns,,external-dns/owner=bar-owner,external-dns/resource=bar-resource,external-dns/new-key=bar-new-key,random=stuff,no-equal-sign,,";
    assert_eq!(read(bar), Said::Claim(claim("bar-owner", "bar-resource", &[("new-key", "bar-new-key")])));
    for text in [
        "external-dns/owner=random-owner",
        "heritage=mate,external-dns/owner=random-owner",
        "heritage=mate,heritage=external-dns,external-dns/owner=random-owner",
        "heritage=external-dns,heritage=mate,external-dns/owner=random-owner",
        "v=spf1 -all",
        "",
    ] {
        assert_eq!(read(text), Said::Nothing, "{text}");
    }
    // TestParseLabels: an owner with `=`. The last of one key counts, and a key without `/` is one too.
    assert_eq!(read("heritage=external-dns,external-dns/owner=a=b"), Said::Claim(claim("a=b", "", &[])));
    assert_eq!(
        read("heritage=external-dns,external-dns/owner=a,external-dns/owner=b,external-dnsx=1"),
        Said::Claim(claim("b", "", &[("external-dnsx", "1")]))
    );
    // Keys are sorted, and what External-DNS keeps in memory alone is not written.
    let sorted = claim("o", "r", &[("a", "1"), ("z", "2"), ("txt-encryption-nonce", "n")]);
    assert_eq!(
        labels::print(&sorted),
        "heritage=external-dns,external-dns/a=1,external-dns/owner=o,external-dns/resource=r,external-dns/z=2"
    );
}

#[test]
fn a_mark_that_does_not_say_whose_is_unreadable() {
    for text in [
        "heritage=external-dns",
        "heritage=external-dns,external-dns/owner=",
        "heritage=external-dns,external-dns/resource=svc/a",
        "heritage=portolan,portolan/owner=a",
        "heritage=portolan,portolan/owner=a,portolan/targets=",
        "heritage=portolan,portolan/owner=a,portolan/targets=192.0.2.1;#zz",
        "heritage=portolan,portolan/owner=a,portolan/targets=@03",
    ] {
        assert!(matches!(labels::read(text, Some(RecordType::A)), Said::Unreadable(_)), "{text}");
    }
    let sealed = "+lvP8q9KHJ6BS6O81i2Q6DLNdf2JSKy8j/gbZKviTZlGYj7q+yDoYMgkQ1hPn6urtGllM5bfFMcaaHto52otQtiOYrX8990J3kQqg4s47m3bH3Ejl8RSxSSuWJM3HJtPghQzYg0/LSOsdQ0=";
    assert!(labels::may_be_sealed(sealed) && labels::may_be_sealed(&format!("\"{sealed}\"")));
    for text in ["v=spf1 -all", "aGVsbG8=", "", &sealed[1..], &"a-b+".repeat(30)] {
        assert!(!labels::may_be_sealed(text), "{text}");
    }
}

#[test]
fn claims_of_targets_are_texts_too() {
    let targets: Targets = [
        Target::Address([192, 0, 2, 1].into()),
        Target::Host(name("lb.example")),
        Target::Host(name("a,b.example")),
        Target::Record(RecordType::MX, Rdata::mx(10, &name("mail.example"))),
    ]
    .into_iter()
    .collect();
    let claim = Claim { extent: Extent::Targets(targets), ..claim("eu-1", "svc/a", &[("x", "1")]) };
    let text = labels::print(&claim);
    assert_eq!(
        text,
        "heritage=portolan,portolan/owner=eu-1,portolan/resource=svc/a,portolan/targets=192.0.2.1;lb.example;@03612c62076578616d706c6500;#000a046d61696c076578616d706c6500,portolan/x=1"
    );
    assert_eq!(labels::read(&text, Some(RecordType::MX)), Said::Claim(claim));
    // To External-DNS that is no text of its own.
    assert!(!text.contains("external-dns"));
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        owner in "[a-z0-9=/._-]{1,20}",
        resource in "[a-z0-9/.-]{0,20}",
        labels in proptest::collection::btree_map("[b-n]{1,5}", "[a-z=/ ]{0,9}", 0..4),
        hosts in proptest::option::of(proptest::collection::vec("[a-z,;@# ]{1,9}(\\.[a-z]{1,9}){0,2}", 1..4)),
    ) {
        let labels: Vec<(&str, &str)> = labels.iter().map(|(key, value)| (&**key, &**value)).collect();
        let mut claim = claim(&owner, &resource, &labels);
        if let Some(hosts) = hosts {
            claim.extent = Extent::Targets(hosts.iter().map(|host| Target::Host(name(host))).collect());
        }
        let text = labels::print(&claim);
        prop_assert_eq!(labels::read(&text, None), Said::Claim(claim));
    }

    /// Whatever stands in a TXT record is read, what is read can be written, and marks find back to their sets.
    #[test]
    fn any_text_is_read(text in "(heritage=(external-dns|portolan|x),)?[ -~]{0,60}", host in "[a-z-]{1,12}(\\.[a-z-]{1,9}){0,3}") {
        if let Said::Claim(claim) = labels::read(&text, Some(RecordType::A)) {
            let _: String = labels::print(&claim);
        }
        for (prefix, suffix) in [("", ""), ("%{record_type}-", ""), ("a.b-", ""), ("", ".x-%{record_type}"), ("", "-y")] {
            let affix = Affix::new(prefix, suffix, "").unwrap();
            let _ = affix.marked_by(&name(&host));
            for rtype in [RecordType::A, RecordType::AAAA, RecordType::CNAME, RecordType::MX, RecordType::DNAME] {
                let mark = affix.mark_of(&name(&host), rtype).unwrap();
                prop_assert_eq!(affix.marked_by(&mark), Some((name(&host), Some(rtype))), "{}", mark);
            }
        }
    }
}
