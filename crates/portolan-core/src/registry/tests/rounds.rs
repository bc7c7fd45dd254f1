//! Publishers that come and go, in any order.

use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::*;
use proptest::sample::subsequence;

use super::zones::{Zone, options};
use crate::plan::{Options, Owner};
use crate::registry::{Affix, Registry};

const OWNERS: [&str; 2] = ["me", "you"];
const WISHES: [&str; 8] = [
    "foo.x A 192.0.2.1",
    "foo.x AAAA 2001:db8::1",
    "bar.x A 192.0.2.2",
    "bar.x A 192.0.2.3",
    "baz.x CNAME lb.y",
    "baz.x A 192.0.2.4",
    "*.x A 192.0.2.5",
    "ext.x A 192.0.2.6",
];
/// What somebody else has there, texts beside marks among it.
const OTHERS: [&str; 4] = [
    "ext.x A 192.0.2.77",
    "foo.x TXT v=spf1 -all",
    "a-foo.x TXT hello",
    "a-his.x TXT heritage=external-dns,external-dns/owner=him",
];
const AFFIXES: [(&str, &str, &str); 4] =
    [("", "", ""), ("%{record_type}-m.", "", "any"), ("", "-m", "any"), ("x-", "", "")];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// After each round there is nothing left to do, what is not the publisher's is as it was, and when all have
    /// gone nothing of theirs is left.
    #[test]
    fn whoever_comes_and_goes_leaves_nothing_behind(
        rounds in proptest::collection::vec((0..OWNERS.len(), subsequence(&WISHES[..], 0..=WISHES.len())), 1..8),
        affix in 0..AFFIXES.len(),
        shares in any::<bool>(),
    ) {
        let (prefix, suffix, wildcard) = AFFIXES[affix];
        let registry = Registry { affix: Affix::new(prefix, suffix, wildcard).unwrap(), ..Registry::default() };
        let before = Zone::new(&OTHERS);
        let mut zone = before.clone();
        let last = (0..OWNERS.len()).map(|owner| (owner, Vec::new()));
        for (owner, wishes) in rounds.into_iter().chain(last) {
            let options = Options { owner: Owner::new(OWNERS[owner]).unwrap(), shares, ..options() };
            let others = others(&zone, owner);
            zone.round(&registry, &wishes, &options);
            let plan = zone.round(&registry, &wishes, &options);
            prop_assert_eq!(&plan.changes, &[]);
            let kept = zone.lines();
            prop_assert!(others.iter().all(|line| kept.contains(line)), "{:#?} {:#?}", others, kept);
        }
        prop_assert_eq!(zone.lines(), before.lines());
    }
}

/// The marks that are another's, and what is nobody's.
fn others(zone: &Zone, owner: usize) -> Vec<String> {
    let own = ["owner=", OWNERS[owner], ","].concat();
    let is_other =
        |line: &String| line.contains("heritage=") && !line.contains(&own) || OTHERS.contains(&&**line);
    zone.lines().into_iter().filter(is_other).collect()
}
