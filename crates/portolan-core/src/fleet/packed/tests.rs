use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use proptest::prelude::*;

use super::*;
use crate::cluster::ClusterName;
use crate::fleet::Owner;
use crate::policy::PolicyName;
use crate::record::Rdata;
use crate::testing::name;
use crate::{Name, RecordType, Ttl};

fn arb_text() -> impl Strategy<Value = String> {
    prop_oneof![8 => "[a-zé-]{0,12}", 1 => "[a-z]{120,140}"]
}

fn arb_name() -> impl Strategy<Value = Name> {
    "[a-z]{1,9}(\\.[a-z]{1,20}){0,3}".prop_map(|text| name(&text))
}

fn arb_ttl() -> impl Strategy<Value = Ttl> {
    prop_oneof![0..300u32, 0..=Ttl::MAX.seconds()].prop_map(|seconds| Ttl::from_seconds(seconds).unwrap())
}

fn arb_target() -> impl Strategy<Value = Target> {
    prop_oneof![
        any::<IpAddr>().prop_map(Target::Address),
        arb_name().prop_map(Target::Host),
        (any::<u16>(), proptest::collection::vec(any::<u8>(), 0..300)).prop_map(|(rtype, octets)| {
            Target::Record(RecordType(rtype), Rdata::from_wire(&octets).unwrap())
        }),
    ]
}

prop_compose! {
    fn arb_endpoint()(
        cluster in proptest::option::of(arb_text()),
        targets in proptest::collection::vec(arb_target(), 0..4),
        evidence in 0usize..4,
        weight in any::<Option<u32>>(),
        ttl in proptest::option::of(arb_ttl()),
    ) -> Endpoint {
        let evidence = [Evidence::Ready, Evidence::NotReady, Evidence::None, Evidence::Allowed][evidence];
        Endpoint { cluster: cluster.map(|c| ClusterName::from(&*c)), targets, evidence, weight, ttl }
    }
}

prop_compose! {
    pub(crate) fn arb_facts()(
        owner in (arb_text(), arb_text(), arb_text()),
        ttl in proptest::option::of(arb_ttl()),
        default_ttl in arb_ttl(),
        policy in proptest::option::of(arb_text()),
        fallback in proptest::option::of(arb_name()),
        endpoints in proptest::collection::vec(arb_endpoint(), 0..4),
        held_by in proptest::collection::vec(arb_text(), 0..3),
    ) -> NameFacts {
        NameFacts {
            owner: Owner { kind: owner.0.into(), namespace: owner.1.into(), name: owner.2.into() },
            ttl,
            default_ttl,
            policy: policy.map(|policy| PolicyName(policy.into())),
            fallback,
            endpoints,
            held_by: held_by.iter().map(|source| ClusterName::from(&**source)).collect(),
        }
    }
}

fn packed(facts: &NameFacts) -> Vec<u8> {
    let mut out = Vec::new();
    pack(facts, &mut out);
    out
}

proptest! {
    #[test]
    fn what_is_packed_is_unpacked(facts in arb_facts()) {
        let octets = packed(&facts);
        prop_assert!(check(&octets));
        let view = NameView::of(&octets);
        prop_assert_eq!(&view.to_facts(), &facts);
        prop_assert!(view.owner() == facts.owner);
        prop_assert_eq!(view.endpoints.len(), facts.endpoints.len());
    }

    /// Octets that pass the check are the packed form of what they hold, so that equal facts are equal octets.
    #[test]
    fn a_value_has_one_form(facts in arb_facts(), at in any::<prop::sample::Index>(), octet in any::<u8>()) {
        let mut octets = packed(&facts);
        let at = at.index(octets.len());
        octets[at] = octet;
        if check(&octets) {
            prop_assert_eq!(packed(&NameView::of(&octets).to_facts()), octets);
        }
    }

    #[test]
    fn what_is_cut_short_or_too_long_is_no_facts(facts in arb_facts()) {
        let mut octets = packed(&facts);
        for length in 0..octets.len() {
            prop_assert!(!check(&octets[..length]), "{} of {} octets", length, octets.len());
        }
        octets.push(0);
        prop_assert!(!check(&octets));
    }

    #[test]
    fn any_octets_are_checked_without_harm(octets in proptest::collection::vec(any::<u8>(), 0..80)) {
        if check(&octets) {
            let _ = NameView::of(&octets).to_facts();
        }
    }
}

/// What a million names cost: one name with one address of one cluster.
#[test]
fn a_plain_name_is_small() {
    let facts = crate::testing::facts([crate::testing::endpoint("eu-1", "192.0.2.1")]);
    let facts = NameFacts { held_by: ["eu-1".into()].into(), ..facts };
    // flags, TTL, `GlobalName`, `shop`, `web`, one source, one endpoint of one target.
    assert_eq!(packed(&facts).len(), 1 + 1 + 11 + 5 + 4 + 6 + 1 + (1 + 5 + 1 + 5));
}

#[test]
fn numbers_have_one_form() {
    for number in [0, 1, 0x7f, 0x80, 0x3fff, 0x4000, u64::from(u32::MAX), u64::MAX] {
        let mut octets = Vec::new();
        write_number(number, &mut octets);
        assert_eq!(Reader(&octets).number(), Some(number));
    }
    for bad in
        [&[0x80][..], &[0x80, 0], &[0xff; 11], &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2]]
    {
        assert_eq!(Reader(bad).number(), None, "{bad:?}");
    }
}
