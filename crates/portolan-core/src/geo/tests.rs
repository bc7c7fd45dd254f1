use super::*;
use crate::cluster::ClusterName;
use crate::place::{Network, NetworkMap};
use crate::policy::{Policy, Stage};
use alloc::sync::Arc;
use alloc::vec::Vec;
use proptest::prelude::*;

fn cluster(place: &str) -> (ClusterName, Cluster) {
    let cluster = Cluster { place: Some(place.parse().unwrap()), ..Cluster::default() };
    (ClusterName::from(place), cluster)
}

fn geo(networks: &[(&str, &str)]) -> Policy {
    let networks = networks.iter().map(|(n, p)| (n.parse().unwrap(), p.parse().ok())).collect();
    Policy { order: [Stage::Geo(Arc::new(NetworkMap { networks }))].into(), ..Policy::default() }
}

fn table(policy: &Policy, clusters: &[(ClusterName, Cluster)], merged: bool) -> Orders {
    let maps = policy.order.iter().filter_map(|stage| match stage {
        Stage::Geo(map) => Some(map.clone()),
        Stage::Tiers(_) => None,
    });
    let ordering = Ordering { stages: policy.order.clone(), unknown: policy.unknown_location.clone() };
    Orders::new(&ordering, clusters, &Arc::new(Places::new(maps.collect())), merged)
}

fn tiers(order: &Order, members: usize) -> Vec<u8> {
    for tier in 0..order.tiers() {
        let bits = (0..members).filter(|m| usize::from(order.tier_of(*m)) == tier);
        assert_eq!(order.members(tier), [bits.fold(0, |word, m| word | 1 << m)]);
    }
    (0..members).map(|member| order.tier_of(member)).collect()
}

#[test]
fn nearer_places_come_first() {
    let client: Place = "EU/DE/BY/Munich".parse().unwrap();
    let near = |place: &str| Nearness::of(&client, &cluster(place).1);
    assert_eq!(near("EU/DE/BY/Munich"), Nearness::City);
    assert_eq!(near("EU/DE/BY"), Nearness::Subdivision);
    assert_eq!(near("EU/DE/HE"), Nearness::Country);
    assert_eq!(near("EU/FR"), Nearness::Continent);
    assert_eq!(near("NA/US"), Nearness::Rest);
    let region: Place = "region:west".parse().unwrap();
    let west = Cluster { region: Some("west".into()), ..Cluster::default() };
    assert_eq!(Nearness::of(&region, &west), Nearness::Region);
    assert_eq!(Nearness::of(&region, &Cluster::default()), Nearness::Rest);
}

#[test]
fn scope_is_the_widest_prefix_of_one_order() {
    let policy = geo(&[("10.0.0.0/8", "EU/DE"), ("10.64.0.0/10", "EU/FR"), ("11.0.0.0/8", "NA/US")]);
    let clusters = [cluster("EU/DE"), cluster("NA/US")];
    let orders = table(&policy, &clusters, true);
    let find = |a: &str| {
        let found = orders.find(a.parse().unwrap());
        (tiers(found.order, 2), found.scope)
    };
    // EU/FR has the same order as EU/DE here, so its network is no border.
    assert_eq!(find("10.64.0.1"), ([0, 1].into(), 8));
    assert_eq!(find("11.0.0.1"), ([1, 0].into(), 8));
    // Unknown: one tier; the widest prefix without a known network.
    assert_eq!(find("12.0.0.1"), ([0, 0].into(), 6));
    assert_eq!(find("2001:db8::1"), ([0, 0].into(), 0));
}

#[test]
fn an_order_that_does_not_look_at_the_client_has_scope_0() {
    let stage = Stage::Tiers([[ClusterName::from("NA/US")].into()].into());
    let policy = Policy { order: [stage].into(), ..Policy::default() };
    let orders = table(&policy, &[cluster("EU/DE"), cluster("NA/US")], true);
    let found = orders.find("192.0.2.1".parse().unwrap());
    assert_eq!((tiers(found.order, 2), found.scope), (Vec::from([1, 0]), 0));
    assert_eq!(orders.len(), 1);
}

fn arb_networks() -> impl Strategy<Value = Vec<(u32, u8, usize)>> {
    proptest::collection::vec((any::<u32>(), 0u8..=32, 0usize..4), 0..40)
}

const PLACES: [&str; 4] = ["EU/DE", "EU/FR", "NA/US", "EU/XX"];

/// First and last addresses of all networks, and those beside them.
fn places_of_borders(policy: &Policy) -> Vec<IpAddr> {
    let Some(Stage::Geo(map)) = policy.order.first() else { return Vec::new() };
    let borders = map.networks.keys().flat_map(|network| {
        let IpAddr::V4(v4) = network.address() else { return Vec::new() };
        let first = u32::from(v4);
        let last = first | u32::MAX.checked_shr(u32::from(network.length())).unwrap_or(0);
        [first, last, first.wrapping_sub(1), last.wrapping_add(1)]
            .map(|a| IpAddr::from(a.to_be_bytes()))
            .into()
    });
    borders.collect()
}

#[test]
fn many_networks_are_found_by_their_first_bits() {
    // Every fourth /20 of 10.0.0.0/8 and /32s around one border: more spans than are searched one by one.
    let mut map = NetworkMap::default();
    for i in (0..4_096_u32).step_by(4) {
        let network = Network::around(IpAddr::from((0x0a00_0000 | i << 12).to_be_bytes()), 20);
        map.networks.insert(network, PLACES[0].parse().ok());
    }
    for i in 0..200_u32 {
        let address = IpAddr::from((0xc633_6400 + i * 3).to_be_bytes());
        map.networks.insert(Network::around(address, 32), PLACES[2].parse().ok());
    }
    let map = Arc::new(map);
    let policy = Policy { order: [Stage::Geo(map.clone())].into(), ..Policy::default() };
    let clusters = [cluster("EU/DE"), cluster("NA/US")];
    let orders = table(&policy, &clusters, true);
    for network in map.networks.keys() {
        let found = orders.find(network.address());
        assert_eq!(found.scope, network.length(), "{network}");
        let expected = if network.length() == 20 { [0, 1] } else { [1, 0] };
        assert_eq!(tiers(found.order, 2), expected, "{network}");
    }
    assert_eq!(tiers(orders.find("10.0.16.1".parse().unwrap()).order, 2), [0, 0]);
    assert_eq!(tiers(orders.find("255.255.255.255".parse().unwrap()).order, 2), [0, 0]);
    assert_eq!(orders.find("0.0.0.0".parse().unwrap()).scope, 5);
}

proptest! {
    /// Every client inside the scope gets the same order, and one bit wider somebody does not.
    #[test]
    fn scope_is_sound_and_widest(networks in arb_networks(), client in any::<u32>(), flip in any::<u32>()) {
        let mut map = NetworkMap::default();
        for (address, length, place) in networks {
            let network = Network::around(IpAddr::from(address.to_be_bytes()), length);
            map.networks.insert(network, PLACES[place].parse().ok());
        }
        let policy = Policy { order: [Stage::Geo(Arc::new(map))].into(), ..Policy::default() };
        let clusters = [cluster("EU/DE"), cluster("EU/FR"), cluster("NA/US")];
        for merged in [true, false] {
            let orders = table(&policy, &clusters, merged);
            let here = orders.find(IpAddr::from(client.to_be_bytes()));
            let inside = u32::MAX.checked_shr(u32::from(here.scope)).unwrap_or(0);
            let other = orders.find(IpAddr::from((client ^ (flip & inside)).to_be_bytes()));
            prop_assert_eq!(here.order, other.order);
            prop_assert_eq!(here.scope, other.scope);
        }
        let orders = table(&policy, &clusters, true);
        let here = orders.find(IpAddr::from(client.to_be_bytes()));
        // One bit wider, some address next to a border has another order.
        if let Some(wider) = here.scope.checked_sub(1) {
            let network = Network::around(IpAddr::from(client.to_be_bytes()), wider);
            let starts = places_of_borders(&policy).into_iter().filter(|a| network.holds(*a));
            prop_assert!(starts.map(|a| orders.find(a)).any(|found| found.order != here.order));
        }
        // The order is the one that the longest network says, found the slow way.
        let address = IpAddr::from(client.to_be_bytes());
        let place = locate(&policy, address).next().flatten();
        let ranks: Vec<u8> = clusters
            .iter()
            .map(|(_, c)| place.map_or(0, |p| Nearness::of(p, c) as u8))
            .collect();
        let here = tiers(here.order, 3);
        for (a, x) in ranks.iter().zip(&here) {
            for (b, y) in ranks.iter().zip(&here) {
                prop_assert_eq!(a.cmp(b), x.cmp(y));
            }
        }
    }
}
