//! Who asks, from where, and what each must get: known before anything is asked.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What they ask for.
pub(super) const NAME: &str = "bookinfo.glb.example";
/// The application as KubeFed names it in the European region.
pub(super) const KUBEFED_NAME: &str = "productpage.bookinfo.world.svc.eu-central-1.fed.example";

/// The TTL that the `GlobalName` says, in seconds.
const TTL: u32 = 30;

/// What has happened to the fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing yet.
    Whole,
    /// The European cluster has no ready endpoint.
    Failed,
    /// It has again.
    Back,
}

/// The clusters by the address of their load balancer.
pub(super) const FRANKFURT: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);
const VIRGINIA: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 10);
const SINGAPORE: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 10);

/// Somebody in some place; where that is stands in `networks.csv` of the example.
pub(super) struct Client {
    pub(super) city: &'static str,
    pub(super) address: IpAddr,
    /// How much of the address its resolver tells.
    pub(super) prefix: u8,
    nearest: Ipv4Addr,
    /// Where it is led while Frankfurt is down.
    next: Ipv4Addr,
}

/// One on each continent. The first is one who feels the failover.
pub(super) const CLIENTS: [Client; 6] = [
    Client::v4("Berlin", [198, 18, 49, 7], FRANKFURT, VIRGINIA),
    Client::v4("Lagos", [198, 19, 144, 7], FRANKFURT, VIRGINIA),
    Client::v4("New York", [198, 19, 7, 7], VIRGINIA, VIRGINIA),
    Client::v4("São Paulo", [198, 19, 128, 7], VIRGINIA, VIRGINIA),
    Client {
        city: "Tokyo",
        address: IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0x81, 0, 0, 0, 0, 7)),
        prefix: 48,
        nearest: SINGAPORE,
        next: SINGAPORE,
    },
    Client::v4("Sydney", [198, 19, 160, 7], SINGAPORE, SINGAPORE),
];

/// Who and where they are, two a line.
pub(super) fn lines() -> Vec<String> {
    let told = |client: &Client| format!("{:<9} {:<17}", client.city, client.network_text());
    CLIENTS
        .chunks(2)
        .map(|two| two.iter().map(told).collect::<Vec<_>>().join(" ").trim_end().to_owned())
        .collect()
}

impl Client {
    const fn v4(city: &'static str, address: [u8; 4], nearest: Ipv4Addr, next: Ipv4Addr) -> Self {
        let [a, b, c, d] = address;
        Self { city, address: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix: 24, nearest, next }
    }

    /// What its resolver tells: `198.18.49.0/24`.
    pub(super) fn network_text(&self) -> String {
        portolan_core::place::Network::around(self.address, self.prefix).to_string()
    }

    /// The address and the TTL that it must get. The TTL is half while a cluster is down.
    pub(super) fn expected(&self, stage: Stage) -> (IpAddr, u32) {
        match stage {
            Stage::Whole | Stage::Back => (self.nearest.into(), TTL),
            Stage::Failed => (self.next.into(), TTL / 2),
        }
    }
}
