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
    let orders = Orders::new(&policy, &clusters);
    let find = |a: &str| {
        let found = orders.find(a.parse().unwrap());
        (found.order.to_vec(), found.scope)
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
    let tiers = Stage::Tiers([[ClusterName::from("NA/US")].into()].into());
    let policy = Policy { order: [tiers].into(), ..Policy::default() };
    let orders = Orders::new(&policy, &[cluster("EU/DE"), cluster("NA/US")]);
    let found = orders.find("192.0.2.1".parse().unwrap());
    assert_eq!((found.order, found.scope), (&[1, 0][..], 0));
    assert_eq!(orders.len(), 1);
}

fn arb_networks() -> impl Strategy<Value = Vec<(u32, u8, usize)>> {
    proptest::collection::vec((any::<u32>(), 0u8..=32, 0usize..4), 0..40)
}

const PLACES: [&str; 4] = ["EU/DE", "EU/FR", "NA/US", "EU/XX"];

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
        let orders = Orders::new(&policy, &clusters);
        let here = orders.find(IpAddr::from(client.to_be_bytes()));
        let inside = u32::MAX.checked_shr(u32::from(here.scope)).unwrap_or(0);
        let other = orders.find(IpAddr::from((client ^ (flip & inside)).to_be_bytes()));
        prop_assert_eq!(here.order, other.order);
        prop_assert_eq!(here.scope, other.scope);
        // The order is the one that the longest network says, found the slow way.
        let address = IpAddr::from(client.to_be_bytes());
        let place = locate(&policy, address).next().flatten();
        let ranks: Vec<u8> = clusters
            .iter()
            .map(|(_, c)| place.map_or(0, |p| Nearness::of(p, c) as u8))
            .collect();
        for (a, x) in ranks.iter().zip(here.order) {
            for (b, y) in ranks.iter().zip(here.order) {
                prop_assert_eq!(a.cmp(b), x.cmp(y));
            }
        }
    }
}
