//! Several owners that feed one name.

use alloc::vec::Vec;

use proptest::prelude::*;

use super::bench::{Dns, Row, check, desired, options, written};
use crate::plan::{Desired, Extent, Mark, Options, Owner, Targets};
use crate::record::Target;

fn sharing() -> Options {
    Options { shares: true, ..options() }
}

#[test]
fn owners_add_their_own_targets() {
    let rows: [Row; 8] = [
        (
            "who comes first claims its targets",
            &[],
            &["a.x A 192.0.2.1"],
            &["create a.x A 192.0.2.1 by=me:192.0.2.1"],
        ),
        (
            "who comes second joins",
            &["a.x A 192.0.2.2 by=you:192.0.2.2"],
            &["a.x A 192.0.2.1"],
            &["update a.x A 192.0.2.1 192.0.2.2 by=me:192.0.2.1 by=you:192.0.2.2 (was 192.0.2.2)"],
        ),
        (
            "changes are of the own",
            &["a.x A 192.0.2.1 192.0.2.2 by=me:192.0.2.1 by=you:192.0.2.2"],
            &["a.x A 192.0.2.3"],
            &["update a.x A 192.0.2.2 192.0.2.3 by=me:192.0.2.3 by=you:192.0.2.2 (was 192.0.2.1 192.0.2.2)"],
        ),
        (
            "what one has alone is exactly what it wants",
            &["a.x A 192.0.2.1 192.0.2.8 by=me:192.0.2.1"],
            &["a.x A 192.0.2.1"],
            &["update a.x A 192.0.2.1 by=me:192.0.2.1 (was 192.0.2.1 192.0.2.8)"],
        ),
        (
            "in what others feed too, what nobody claims stays",
            &["a.x A 192.0.2.1 192.0.2.2 192.0.2.8 by=me:192.0.2.1 by=you:192.0.2.2"],
            &["a.x A 192.0.2.1"],
            &[],
        ),
        ("what another has whole is not joined", &["a.x A 192.0.2.2 by=you"], &["a.x A 192.0.2.1"], &[]),
        (
            "what we have whole is opened to others",
            &["a.x A 192.0.2.1 by=me"],
            &["a.x A 192.0.2.1"],
            &["update a.x A 192.0.2.1 by=me:192.0.2.1 (was 192.0.2.1)"],
        ),
        (
            "a type that the others do not have joins as well",
            &["a.x A 192.0.2.2 by=you:192.0.2.2"],
            &["a.x AAAA 2001:db8::1"],
            &["create a.x AAAA 2001:db8::1 by=me:2001:db8::1"],
        ),
    ];
    for (rule, there, asked, expected) in rows {
        check(rule, there, asked, &sharing(), expected);
    }
}

#[test]
fn and_take_them_away_again() {
    let rows: [Row; 3] = [
        (
            "who leaves takes its own",
            &["a.x A 192.0.2.1 192.0.2.2 by=me:192.0.2.1 by=you:192.0.2.2"],
            &["q.x A 192.0.2.1"],
            &[
                "create q.x A 192.0.2.1 by=me:192.0.2.1",
                "update a.x A 192.0.2.2 by=you:192.0.2.2 (was 192.0.2.1 192.0.2.2)",
            ],
        ),
        (
            "but not what another claims too",
            &["a.x A 192.0.2.1 by=me:192.0.2.1 by=you:192.0.2.1"],
            &["q.x A 192.0.2.1"],
            &[
                "create q.x A 192.0.2.1 by=me:192.0.2.1",
                "update a.x A 192.0.2.1 by=you:192.0.2.1 (was 192.0.2.1)",
            ],
        ),
        (
            "the last one's delete removes it",
            &["a.x A 192.0.2.1 by=me:192.0.2.1"],
            &["q.x A 192.0.2.1"],
            &["create q.x A 192.0.2.1 by=me:192.0.2.1", "delete a.x A 192.0.2.1 by=me:192.0.2.1"],
        ),
    ];
    for (rule, there, asked, expected) in rows {
        check(rule, there, asked, &sharing(), expected);
    }
}

#[test]
fn an_alias_is_shared_only_by_those_who_want_the_same() {
    let there = ["a.x CNAME lb.y by=you:lb.y"];
    check(
        "the same",
        &there,
        &["a.x CNAME lb.y"],
        &sharing(),
        &["update a.x CNAME lb.y by=me:lb.y by=you:lb.y (was lb.y)"],
    );
    check("another", &there, &["a.x CNAME other.y"], &sharing(), &[]);
    let there = ["a.x A 192.0.2.1 192.0.2.2 by=me:192.0.2.1 by=you:192.0.2.2"];
    check(
        "one that the others' addresses keep out leaves ours",
        &there,
        &["a.x CNAME lb.y"],
        &sharing(),
        &[],
    );
}

#[test]
fn the_first_owner_by_id_says_ttl_and_properties() {
    let there = ["a.x A 192.0.2.1 192.0.2.2 by=me:192.0.2.1 by=you:192.0.2.2 ttl=60"];
    let asked = ["a.x A 192.0.2.1 ttl=30 alias=false"];
    check(
        "me",
        &there,
        &asked,
        &sharing(),
        &[
            "update a.x A 192.0.2.1 192.0.2.2 by=me:192.0.2.1 by=you:192.0.2.2 ttl=30 alias=false (was 192.0.2.1 192.0.2.2)",
        ],
    );
    let you = Options { owner: Owner::new("you").unwrap(), ..sharing() };
    check("you", &there, &["a.x A 192.0.2.2 ttl=30"], &you, &[]);
}

#[test]
fn who_shares_no_more_leaves_as_it_came() {
    let there =
        ["a.x A 192.0.2.1 192.0.2.2 by=me:192.0.2.1 by=you:192.0.2.2", "b.x A 192.0.2.1 by=me:192.0.2.1"];
    let asked = ["b.x A 192.0.2.1"];
    check(
        "targets go, and what is ours alone is ours as a whole",
        &there,
        &asked,
        &options(),
        &[
            "update a.x A 192.0.2.2 by=you:192.0.2.2 (was 192.0.2.1 192.0.2.2)",
            "update b.x A 192.0.2.1 by=me (was 192.0.2.1)",
        ],
    );
}

const OWNERS: [&str; 3] = ["a1", "b2", "c3"];

/// What each owner wants of one name: some of 8 addresses.
fn arb_wishes() -> impl Strategy<Value = Vec<(usize, u8)>> {
    proptest::collection::vec((0..OWNERS.len(), any::<u8>()), 1..12)
}

proptest! {
    /// Owners that plan in any order end with the union of what they want, each claiming its own; and a name that
    /// one of them wants always has an address.
    #[test]
    fn in_any_order_a_name_has_what_its_owners_want(wishes in arb_wishes()) {
        let mut dns = Dns::default();
        let mut wanted = [0_u8; 3];
        for (owner, wish) in wishes {
            wanted[owner] = wish;
            let options = Options { owner: Owner::new(OWNERS[owner]).unwrap(), ..sharing() };
            let mut desired = desired(&["q.x A 192.0.2.99"]);
            desired.sets[0].set.name = crate::testing::name(&alloc::format!("{}.x", OWNERS[owner]));
            if wish != 0 {
                let mut set = super::bench::wanted("shop.x A 192.0.2.1");
                set.set.targets = targets(wish);
                desired.sets.push(set);
            }
            run(&mut dns, &desired, &options);
            let all = wanted.iter().fold(0, |all, wish| all | wish);
            let shop: Vec<_> = dns.sets.values().filter(|found| found.set.name == crate::testing::name("shop.x")).collect();
            prop_assert_eq!(shop.len(), usize::from(all != 0));
            if let Some(found) = shop.first() {
                prop_assert_eq!(&found.set.targets, &targets(all));
                let Mark::Claims(claims) = &found.mark else { unreachable!("it was made by owners") };
                for claim in claims {
                    let at = OWNERS.iter().position(|owner| *owner == claim.owner.as_str()).unwrap();
                    prop_assert_eq!(&claim.extent, &Extent::Targets(targets(wanted[at])));
                }
                prop_assert_eq!(claims.len(), wanted.iter().filter(|wish| **wish != 0).count());
            }
        }
    }
}

fn targets(bits: u8) -> Targets {
    (0..8).filter(|bit| bits & (1 << bit) != 0).map(|bit| Target::Address([192, 0, 2, bit].into())).collect()
}

fn run(dns: &mut Dns, desired: &Desired, options: &Options) {
    let plan = dns.plan(desired, options);
    assert!(dns.apply(&plan));
    assert_eq!(written(&dns.plan(desired, options)), [""; 0]);
}

#[test]
fn a_former_owner_shares_no_longer() {
    let former = Some(Owner::new("old").unwrap());
    let there = ["a.x A 192.0.2.1 192.0.2.2 by=old:192.0.2.1 by=you:192.0.2.2"];
    check(
        "its targets are ours",
        &there,
        &["a.x A 192.0.2.3"],
        &Options { former, ..sharing() },
        &["update a.x A 192.0.2.2 192.0.2.3 by=me:192.0.2.3 by=you:192.0.2.2 (was 192.0.2.1 192.0.2.2)"],
    );
}
