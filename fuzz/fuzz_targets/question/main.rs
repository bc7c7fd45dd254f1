//! Questions: whatever arrives, what comes of it is one well-formed reply or none.
//!
//! Behind the decoder stands a small fleet, so that a question that decodes is answered as the server
//! would: with tiers, an alias, a wildcard, a delegation, and more records than a datagram holds.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use portolan_core::Draw;
use portolan_core::answer::{AliasBuf, answer};
use portolan_core::name::NameBuf;
use portolan_core::zone::Snapshot;
use portolan_wire::{
    Decoded, DropReason, Limits, Request, TCP_OCTETS_MAX, Transport, decode, encode, encode_error,
    encode_identity,
};

mod world;

/// Where every packet comes from (RFC 5737).
const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));

static WORLD: LazyLock<Snapshot> = LazyLock::new(world::snapshot);

fuzz_target!(|packet: &[u8]| {
    let (mut name, mut aliases) = (NameBuf::new(), AliasBuf::new());
    let decoded = decode(packet, &mut name);
    let mut out = vec![0; TCP_OCTETS_MAX];
    for transport in [Transport::Udp, Transport::Tcp] {
        let limits = Limits { transport, nsid: b"fuzz" };
        let (request, octets) = match decoded {
            Decoded::Drop(_) => return,
            Decoded::Error(request, code) => {
                (request, encode_error(&request, packet, code, limits, &mut out))
            }
            Decoded::Identity(request) => (request, encode_identity(&request, packet, limits, &mut out)),
            Decoded::Query(request) => {
                let query = request.query(name.borrowed(), SOURCE);
                let answer = answer(&WORLD, &query, Draw(7), &mut (), &mut aliases);
                (request, encode(&request, packet, &answer, limits, &mut out))
            }
        };
        hold(packet, &request, limits, &out[..octets]);
    }
});

/// What holds of every reply.
fn hold(packet: &[u8], request: &Request, limits: Limits<'_>, reply: &[u8]) {
    assert!(reply.len() >= 12, "a reply has a header");
    assert!(reply.len() <= limits.octets_max(request), "{} octets are too many", reply.len());
    assert_eq!(reply[..2], packet[..2], "the reply repeats the id");
    // A reply that comes back is no question: two servers never talk to each other for ever.
    assert_eq!(decode(reply, &mut NameBuf::new()), Decoded::Drop(DropReason::Response));
}
