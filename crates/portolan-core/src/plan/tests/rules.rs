//! External-DNS' rules, each row named by its own test (`plan/plan_test.go` of 0.22) where it has one, and what is
//! done otherwise here.

use alloc::sync::Arc;

use super::bench::{Dns, Row, acts, check, desired, found, options, properties, wanted};
use crate::plan::{DomainFilter, Keeps, Options, Owner, SET_TARGETS_MAX, SyncPolicy, standing};
use crate::record::{RecordType, Target};
use crate::testing::name;

fn check_all(options: &Options, rows: &[Row]) {
    for (rule, there, wanted, expected) in rows {
        check(rule, there, wanted, options, expected);
    }
}

#[test]
fn what_is_wanted_comes_and_what_is_not_goes() {
    check_all(
        &options(),
        &[
            (
                "TestSyncFirstRound",
                &[],
                &["foo.x CNAME v1.y", "bar.x A 127.0.0.1"],
                &["create bar.x A 127.0.0.1 by=me", "create foo.x CNAME v1.y by=me"],
            ),
            (
                "TestSyncSecondRound: an alias has the least of those that are asked for",
                &["foo.x CNAME v1.y by=me for=svc/a", "bar.x A 127.0.0.1 by=me"],
                &["foo.x CNAME v2.y for=svc/a", "foo.x CNAME v1.y for=svc/b", "bar.x A 127.0.0.1"],
                &["update foo.x CNAME v2.y by=me (was v1.y)"],
            ),
            (
                "TestRemoveEndpoint",
                &["foo.x A 192.0.2.1 by=me", "bar.x A 192.0.2.2 by=me", "baz.x A 192.0.2.3 by=me"],
                &["foo.x A 192.0.2.1", "baz.x A 192.0.2.3"],
                &["delete bar.x A 192.0.2.2 by=me"],
            ),
            (
                "TestSyncSecondRoundWithOwnerInherited: the owner stays",
                &["foo.x CNAME v1.y by=me"],
                &["foo.x CNAME v2.y"],
                &["update foo.x CNAME v2.y by=me (was v1.y)"],
            ),
            (
                "TestIdempotency",
                &["foo.x A 192.0.2.1 192.0.2.2 by=me ttl=60"],
                &["foo.x A 192.0.2.2 192.0.2.1"],
                &[],
            ),
            (
                "TestDualStackToSingleStack",
                &["foo.x A 192.0.2.1 by=me", "foo.x AAAA 2001:db8::1 by=me"],
                &["foo.x A 192.0.2.1"],
                &["delete foo.x AAAA 2001:db8::1 by=me"],
            ),
            (
                "TestAAAARecords, TestDualStackRecords",
                &["foo.x A 192.0.2.1 by=me"],
                &["foo.x A 192.0.2.1", "foo.x AAAA 2001:db8::1"],
                &["create foo.x AAAA 2001:db8::1 by=me"],
            ),
        ],
    );
}

#[test]
fn what_differs_is_updated() {
    check_all(
        &options(),
        &[
            (
                "TestSyncSecondRoundWithTTLChange",
                &["foo.x A 192.0.2.1 by=me ttl=60"],
                &["foo.x A 192.0.2.1 ttl=300"],
                &["update foo.x A 192.0.2.1 by=me ttl=300 (was 192.0.2.1)"],
            ),
            (
                "shouldUpdateTTL: 0 is not configured",
                &["foo.x A 192.0.2.1 by=me ttl=60"],
                &["foo.x A 192.0.2.1 ttl=0"],
                &[],
            ),
            (
                "TestIgnoreTargetCase, and Targets.Same: spellings of an address",
                &["foo.x CNAME LB.y by=me", "six.x AAAA 2001:db8:0::1 by=me"],
                &["foo.x CNAME lb.Y", "six.x AAAA 2001:DB8::1"],
                &[],
            ),
            (
                "TestSyncSecondRoundWithProviderSpecificChange, -Addition, -Removal",
                &[
                    "a.x A 192.0.2.1 by=me aws/weight=1",
                    "b.x A 192.0.2.1 by=me",
                    "c.x A 192.0.2.1 by=me aws/weight=1",
                    "d.x A 192.0.2.1 by=me aws/weight=1",
                ],
                &[
                    "a.x A 192.0.2.1 aws/weight=2",
                    "b.x A 192.0.2.1 aws/weight=2",
                    "c.x A 192.0.2.1",
                    "d.x A 192.0.2.1 aws/weight=1",
                ],
                &[
                    "update a.x A 192.0.2.1 by=me aws/weight=2 (was 192.0.2.1)",
                    "update b.x A 192.0.2.1 by=me aws/weight=2 (was 192.0.2.1)",
                    "update c.x A 192.0.2.1 by=me (was 192.0.2.1)",
                ],
            ),
            (
                "labels do not count: another resource alone is no reason to write",
                &["foo.x A 192.0.2.1 by=me for=svc/a"],
                &["foo.x A 192.0.2.1 for=svc/b"],
                &[],
            ),
        ],
    );
}

#[test]
fn properties_that_a_dns_does_not_keep_are_no_difference() {
    let there = &["foo.x A 192.0.2.1 by=me"];
    let asked = &["foo.x A 192.0.2.1 alias=false aws/weight=1 google/x=2"];
    let rows: [(Keeps, &[&str]); 3] = [
        (Keeps::None, &[]),
        (
            Keeps::Of("aws".into()),
            &["update foo.x A 192.0.2.1 by=me alias=false aws/weight=1 (was 192.0.2.1)"],
        ),
        (Keeps::All, &["update foo.x A 192.0.2.1 by=me alias=false aws/weight=1 google/x=2 (was 192.0.2.1)"]),
    ];
    for (keeps, expected) in rows {
        check("RetainProviderProperties", there, asked, &Options { keeps, ..options() }, expected);
    }
    let kept = Keeps::Of("aws".into()).of(&properties(&[
        ("alias", "true"),
        ("aws/region", "eu"),
        ("awsome/x", "1"),
    ]));
    assert_eq!(kept, properties(&[("alias", "true"), ("aws/region", "eu")]));
}

#[test]
fn types_that_exclude_each_other_change_in_one_step() {
    check_all(
        &options(),
        &[
            (
                "TestRecordTypeChange",
                &["foo.x CNAME v1.y by=me"],
                &["foo.x A 192.0.2.5"],
                &["delete foo.x CNAME v1.y by=me", "create foo.x A 192.0.2.5 by=me"],
            ),
            (
                "TestExistingCNameWithDualStackDesired",
                &["foo.x CNAME v1.y by=me"],
                &["foo.x A 192.0.2.5", "foo.x AAAA 2001:db8::5"],
                &[
                    "delete foo.x CNAME v1.y by=me",
                    "create foo.x A 192.0.2.5 by=me",
                    "create foo.x AAAA 2001:db8::5 by=me",
                ],
            ),
            (
                "TestExistingDualStackWithCNameDesired",
                &["foo.x A 192.0.2.5 by=me", "foo.x AAAA 2001:db8::5 by=me"],
                &["foo.x CNAME v2.y"],
                &[
                    "delete foo.x A 192.0.2.5 by=me",
                    "delete foo.x AAAA 2001:db8::5 by=me",
                    "create foo.x CNAME v2.y by=me",
                ],
            ),
            (
                "TestConflictingCurrentNonConflictingDesired",
                &["foo.x CNAME v1.y by=me", "foo.x A 192.0.2.5 by=me"],
                &["foo.x A 192.0.2.5"],
                &["delete foo.x CNAME v1.y by=me"],
            ),
            (
                "TestConflictingCurrentNoDesired",
                &["foo.x CNAME v1.y by=me", "foo.x A 192.0.2.5 by=me", "bar.x A 192.0.2.6 by=me"],
                &["bar.x A 192.0.2.6"],
                &["delete foo.x A 192.0.2.5 by=me", "delete foo.x CNAME v1.y by=me"],
            ),
            (
                "TestCurrentWithConflictingDesired: the alias loses",
                &["foo.x CNAME v1.y by=me"],
                &["foo.x CNAME v1.y", "foo.x A 192.0.2.5", "foo.x AAAA 2001:db8::5"],
                &[
                    "delete foo.x CNAME v1.y by=me",
                    "create foo.x A 192.0.2.5 by=me",
                    "create foo.x AAAA 2001:db8::5 by=me",
                ],
            ),
            (
                "TestNoCurrentWithConflictingDesired",
                &[],
                &["foo.x CNAME v1.y", "foo.x A 192.0.2.5"],
                &["create foo.x A 192.0.2.5 by=me"],
            ),
        ],
    );
}

#[test]
fn one_resource_has_a_set() {
    check_all(
        &options(),
        &[
            (
                "ResolveCreate: the shorter list",
                &[],
                &["foo.x A 192.0.2.1 192.0.2.2", "foo.x A 192.0.2.9"],
                &["create foo.x A 192.0.2.9 by=me"],
            ),
            (
                "addresses as numbers",
                &[],
                &["foo.x A 192.0.2.10", "foo.x A 192.0.2.9"],
                &["create foo.x A 192.0.2.9 by=me"],
            ),
            (
                "of longer lists the first two that differ, in the order of texts",
                &[],
                &["foo.x A 192.0.2.10 192.0.2.9", "foo.x A 192.0.2.10 192.0.2.8"],
                &["create foo.x A 192.0.2.8 192.0.2.10 by=me"],
            ),
            (
                "names as texts",
                &[],
                &["foo.x CNAME ab.y", "foo.x CNAME a-b.y"],
                &["create foo.x CNAME a-b.y by=me"],
            ),
            (
                "addresses before names",
                &[],
                &["foo.x A 1-2-3-4.y alias=true", "foo.x A 198.51.100.1"],
                &["create foo.x A 198.51.100.1 by=me"],
            ),
            (
                "ResolveUpdate: who has it keeps it",
                &["foo.x A 192.0.2.9 by=me for=svc/b"],
                &["foo.x A 192.0.2.1 for=svc/a", "foo.x A 192.0.2.8 for=svc/b"],
                &["update foo.x A 192.0.2.8 by=me (was 192.0.2.9)"],
            ),
            (
                "and the least follows when it asks no more",
                &["foo.x A 192.0.2.9 by=me for=svc/b"],
                &["foo.x A 192.0.2.7 for=svc/c", "foo.x A 192.0.2.1 for=svc/a"],
                &["update foo.x A 192.0.2.1 by=me (was 192.0.2.9)"],
            ),
        ],
    );
    // Who asks first does not matter, where External-DNS has the first.
    let options = options();
    let (a, b) = ("foo.x A 192.0.2.1 for=svc/a ttl=60", "foo.x A 192.0.2.1 for=svc/b ttl=30");
    assert_eq!(acts(&[], &[a, b], &options), acts(&[], &[b, a], &options));
}

#[test]
fn what_is_anothers_or_nobodys_is_left_alone() {
    check_all(
        &options(),
        &[
            ("FilterEndpointsByOwnerID: updates", &["foo.x A 192.0.2.1 by=you"], &["foo.x A 192.0.2.2"], &[]),
            ("of no owner", &["foo.x A 192.0.2.1"], &["foo.x A 192.0.2.2"], &[]),
            ("of one that cannot be read", &["foo.x A 192.0.2.1 by=?"], &["foo.x A 192.0.2.2"], &[]),
            (
                "deletes",
                &[
                    "a.x A 192.0.2.1 by=you",
                    "b.x A 192.0.2.1",
                    "c.x A 192.0.2.1 by=?",
                    "d.x A 192.0.2.1 by=me",
                    "e.x A 192.0.2.1 by=me",
                ],
                &["e.x A 192.0.2.1"],
                &["delete d.x A 192.0.2.1 by=me"],
            ),
            (
                "TestExistingOwnerNotMatchingDualStackDesired",
                &["foo.x A 192.0.2.5"],
                &["foo.x CNAME v2.y"],
                &[],
            ),
            (
                "TestMultiClusterDifferentRecordTypeOwnership: a row has one owner",
                &["foo.x A 192.0.2.1 by=you"],
                &["foo.x A 192.0.2.1", "foo.x AAAA 2001:db8::1"],
                &[],
            ),
        ],
    );
}

#[test]
fn nothing_goes_for_what_cannot_come() {
    check_all(
        &options(),
        &[
            (
                "External-DNS deletes the A here",
                &["foo.x A 192.0.2.1 by=me", "foo.x AAAA 2001:db8::1 by=you"],
                &["foo.x CNAME v1.y"],
                &[],
            ),
            (
                "an alias beside a type that nobody manages",
                &["foo.x A 192.0.2.1 by=me", "foo.x TXT hello"],
                &["foo.x CNAME v1.y"],
                &[],
            ),
            ("or at an apex", &["x SOA soa"], &["x CNAME v1.y"], &[]),
            (
                "what can come beside it does, and then what is not wanted goes",
                &["foo.x A 192.0.2.1 by=me", "foo.x TXT hello"],
                &["foo.x AAAA 2001:db8::1"],
                &["create foo.x AAAA 2001:db8::1 by=me", "delete foo.x A 192.0.2.1 by=me"],
            ),
            (
                "nor beside another set of the name",
                &["foo.x CNAME v1.y by=me id=a"],
                &["foo.x CNAME v1.y id=a", "foo.x A 192.0.2.1 id=b"],
                &[],
            ),
        ],
    );
}

#[test]
fn what_is_no_record_set_costs_itself_and_takes_nothing_away() {
    check_all(
        &options(),
        &[
            ("no targets", &["foo.x A 192.0.2.1 by=me"], &["foo.x A"], &[]),
            ("an address of the other family", &["foo.x A 192.0.2.1 by=me"], &["foo.x A 2001:db8::1"], &[]),
            ("a host name that is no alias", &[], &["foo.x A lb.y"], &[]),
            ("one that is", &[], &["foo.x A lb.y alias=true"], &["create foo.x A lb.y by=me alias=true"]),
            ("two aliases", &["foo.x CNAME a.y by=me"], &["foo.x CNAME b.y c.y"], &[]),
            (
                "beside one that is sound",
                &["foo.x A 192.0.2.1 by=me"],
                &["foo.x A", "foo.x A 192.0.2.2"],
                &["update foo.x A 192.0.2.2 by=me (was 192.0.2.1)"],
            ),
        ],
    );
}

#[test]
fn a_set_of_too_many_targets_is_refused_and_what_is_there_stays() {
    for (count, changes, problems) in [(SET_TARGETS_MAX, 1, 0), (SET_TARGETS_MAX + 1, 0, 1)] {
        let dns = Dns::new([found("foo.x A 192.0.2.1 by=me")]);
        let mut desired = desired(&["foo.x A"]);
        let target = |n: u32| Target::Address(n.to_be_bytes().into());
        desired.sets[0].set.targets = (1..).take(count).map(target).collect();
        let plan = dns.plan(&desired, &options());
        assert_eq!((plan.changes.len(), plan.problems.told.len()), (changes, problems), "{count} targets");
    }
}

#[test]
fn sets_of_several_identifiers_are_rows_of_their_own() {
    check_all(
        &options(),
        &[
            (
                "TestMultipleRecordsSameNameDifferentSetIdentifier",
                &["foo.x A 192.0.2.1 by=me id=1"],
                &["foo.x A 192.0.2.1 id=1", "foo.x A 192.0.2.2 id=2"],
                &["create foo.x A 192.0.2.2 by=me id=2"],
            ),
            (
                "TestSetIdentifierUpdateCreatesAndDeletes",
                &["foo.x A 192.0.2.1 by=me id=1"],
                &["foo.x A 192.0.2.1 id=2"],
                &["create foo.x A 192.0.2.1 by=me id=2", "delete foo.x A 192.0.2.1 by=me id=1"],
            ),
        ],
    );
}

#[test]
fn only_names_and_types_that_it_has_to_do_with() {
    let filters = [DomainFilter::domains(["ex.x"], ["ns.ex.x"]).unwrap()].into();
    check(
        "TestDomainFiltersUpdate",
        &["ex.x A 192.0.2.1 by=me", "a.ex.x A 192.0.2.1 by=me", "notex.x A 192.0.2.1 by=me"],
        &["ex.x A 192.0.2.2", "b.ex.x A 192.0.2.1", "c.x A 192.0.2.1", "ns.ex.x A 192.0.2.1"],
        &Options { filters, ..options() },
        &[
            "create b.ex.x A 192.0.2.1 by=me",
            "update ex.x A 192.0.2.2 by=me (was 192.0.2.1)",
            "delete a.ex.x A 192.0.2.1 by=me",
        ],
    );
    let there = &["foo.x TXT hello by=me", "foo.x A 192.0.2.1 by=me"];
    let asked = &["foo.x A 192.0.2.1", "foo.x TXT world"];
    check("TestIgnoreTXT", there, asked, &options(), &[]);
    let managed = [RecordType::A, RecordType::TXT].into();
    let with_text = Options { managed, ..options() };
    check("managed", there, asked, &with_text, &["update foo.x TXT \"world\" by=me (was \"hello\")"]);
    check("TestExcludeTXT", there, asked, &Options { excluded: [RecordType::TXT].into(), ..with_text }, &[]);
    // Texts are data: their case counts, where External-DNS passes over it.
    let managed = [RecordType::TXT].into();
    check(
        "TXT",
        &["foo.x TXT a by=me"],
        &["foo.x TXT A"],
        &Options { managed, ..options() },
        &["update foo.x TXT \"A\" by=me (was \"a\")"],
    );
}

#[test]
fn domains_are_suffixes_of_whole_labels() {
    let rows: [(&[&str], &[&str], &str, bool); 11] = [
        (&[], &[], "a.x", true),
        (&["example.org"], &[], "example.org", true),
        (&["example.org"], &[], "a.b.example.org", true),
        (&["example.org"], &[], "anexample.org", false),
        (&[".example.org"], &[], "example.org", false),
        (&[".example.org"], &[], "a.example.org", true),
        (&[" Example.ORG. "], &[], "a.example.org", true),
        (&["", "."], &[], "a.x", true),
        (&["a.x", "b.x"], &[], "q.b.x", true),
        (&["x"], &["a.x"], "b.a.x", false),
        (&[], &[".a.x"], "a.x", true),
    ];
    for (include, exclude, domain, expected) in rows {
        let filter = DomainFilter::domains(include.iter().copied(), exclude.iter().copied()).unwrap();
        assert_eq!(filter.takes(name(domain).borrowed()), expected, "{include:?} {exclude:?} {domain}");
    }
    assert!(DomainFilter::domains(["a..x"], []).is_err());
    // MatchParent
    let rows: [(&[&str], &[&str], &str, bool); 6] = [
        (&["a.example.com"], &[], "example.com", true),
        (&["a.example.com"], &[], "a.example.com", false),
        (&["a.example.com"], &[], "other.com", false),
        (&[".a.example.com"], &[], "example.com", false),
        (&[], &[], "example.com", true),
        (&["a.example.com"], &["example.com"], "example.com", false),
    ];
    for (include, exclude, zone, expected) in rows {
        let filter = DomainFilter::domains(include.iter().copied(), exclude.iter().copied()).unwrap();
        assert_eq!(filter.reaches_into(name(zone).borrowed()), expected, "{include:?} {exclude:?} {zone}");
    }
}

#[test]
fn patterns_exclude_first_and_see_no_dot_at_the_end() {
    let pattern =
        |suffix: &'static str| -> crate::plan::Pattern { Arc::new(move |name: &str| name.ends_with(suffix)) };
    let takes = |include: Option<&'static str>, exclude: Option<&'static str>, domain: &str| {
        let filter = DomainFilter::Patterns { include: include.map(pattern), exclude: exclude.map(pattern) };
        filter.takes(name(domain).borrowed())
    };
    assert!(takes(Some(".x"), None, "a.x"));
    assert!(!takes(Some(".y"), None, "a.x"));
    assert!(!takes(Some(".x"), Some("a.x"), "a.x"));
    assert!(takes(None, Some("a.x"), "b.x"));
    assert!(!takes(None, Some("a.x"), "a.x"));
    // Every filter has to take a name.
    let filters =
        [DomainFilter::domains(["x"], []).unwrap(), DomainFilter::domains(["b.x"], []).unwrap()].into();
    let asked = &["a.x A 192.0.2.1", "b.x A 192.0.2.1"];
    assert_eq!(acts(&[], asked, &Options { filters, ..options() }), ["create b.x A 192.0.2.1 by=me"]);
}

#[test]
fn policies_take_something_away() {
    let there = &[
        "a.x A 192.0.2.1 by=me",
        "b.x A 192.0.2.1 by=me",
        "c.x A 192.0.2.1 by=me",
        "c.x AAAA 2001:db8::1 by=me",
        "d.x A 192.0.2.1 by=me",
    ];
    let asked = &["a.x A 192.0.2.2", "c.x A 192.0.2.1", "d.x CNAME v1.y", "e.x A 192.0.2.1"];
    let (create, update) = ("create e.x A 192.0.2.1 by=me", "update a.x A 192.0.2.2 by=me (was 192.0.2.1)");
    let (delete, family) = ("delete b.x A 192.0.2.1 by=me", "delete c.x AAAA 2001:db8::1 by=me");
    let (old, new) = ("delete d.x A 192.0.2.1 by=me", "create d.x CNAME v1.y by=me");
    let rows: [(SyncPolicy, &[&str]); 3] = [
        (SyncPolicy::Sync, &[create, update, old, new, family, delete]),
        // TestRemoveEndpointWithUpsert. External-DNS would have the alias beside the A, which no server takes.
        (SyncPolicy::UpsertOnly, &[create, update, old, new]),
        (SyncPolicy::CreateOnly, &[create]),
    ];
    for (policy, expected) in rows {
        check("policy", there, asked, &Options { policy, ..options() }, expected);
    }
}

#[test]
fn a_former_owners_sets_are_marked_anew_once() {
    let former = Some(Owner::new("old").unwrap());
    let options = Options { former, ..options() };
    check(
        "TestRecordOwnerIdMigration; External-DNS writes them again each round",
        &[
            "a.x A 192.0.2.1 by=old",
            "b.x A 192.0.2.1 by=me",
            "c.x A 192.0.2.1 by=old",
            "d.x A 192.0.2.1 by=you",
        ],
        &["a.x A 192.0.2.1", "b.x A 192.0.2.1", "d.x A 192.0.2.1"],
        &options,
        &["update a.x A 192.0.2.1 by=me (was 192.0.2.1)", "delete c.x A 192.0.2.1 by=old"],
    );
}

/// B-36: what is nobody's, another's or whose mark cannot be read is not touched, but what is nobody's when that is told.
#[test]
fn b_36_what_bears_no_mark_is_adopted_when_told_to() {
    let options = Options { adopts: true, ..options() };
    check_all(
        &options,
        &[
            (
                "as it is",
                &["foo.x A 192.0.2.1 ttl=60"],
                &["foo.x A 192.0.2.1"],
                &["update foo.x A 192.0.2.1 by=me (was 192.0.2.1)"],
            ),
            (
                "with other targets",
                &["foo.x A 192.0.2.1"],
                &["foo.x A 192.0.2.2"],
                &["update foo.x A 192.0.2.2 by=me (was 192.0.2.1)"],
            ),
            (
                "where nothing is wanted it stays nobody's",
                &["foo.x A 192.0.2.1"],
                &["bar.x A 192.0.2.1"],
                &["create bar.x A 192.0.2.1 by=me"],
            ),
            (
                "so does a type that is not wanted",
                &["foo.x AAAA 2001:db8::1"],
                &["foo.x A 192.0.2.1"],
                &["create foo.x A 192.0.2.1 by=me"],
            ),
            (
                "unless nothing else can stand there",
                &["foo.x CNAME old.y"],
                &["foo.x A 192.0.2.1"],
                &["delete foo.x CNAME old.y", "create foo.x A 192.0.2.1 by=me"],
            ),
            ("another's stays", &["foo.x A 192.0.2.1 by=you"], &["foo.x A 192.0.2.1"], &[]),
            ("and what cannot be read", &["foo.x A 192.0.2.1 by=?"], &["foo.x A 192.0.2.1"], &[]),
        ],
    );
}

#[test]
fn a_mark_in_an_older_form_is_a_difference() {
    let options = options();
    let mut found = super::bench::found("foo.x A 192.0.2.1 by=me");
    let new = standing::create(&wanted("foo.x A 192.0.2.1"), &options);
    assert!(!standing::differs(&found, &new, &options));
    found.outdated = true;
    assert!(standing::differs(&found, &new, &options));
}
