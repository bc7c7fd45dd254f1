//! Ports of loopback, for programs that must be told theirs.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

/// Below those that the kernel gives away by itself: nobody takes one by accident before it is used.
const PORTS: Range<u16> = 20_000..32_000;

/// A port of loopback that is free for TCP and UDP, one that no other test has been given.
///
/// # Panics
/// When none is.
#[must_use]
pub fn free_port() -> u16 {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    let count = u32::from(PORTS.end - PORTS.start);
    // Each process begins somewhere else.
    let begin = std::process::id().wrapping_mul(7_919);
    for _ in 0..count {
        let step = begin.wrapping_add(GIVEN.fetch_add(1, Ordering::Relaxed)) % count;
        let port = PORTS.start + u16::try_from(step).expect("less than the count of ports");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok() {
            return port;
        }
    }
    panic!("no port of {PORTS:?} is free")
}
