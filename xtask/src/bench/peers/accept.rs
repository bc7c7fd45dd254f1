//! Targets for peers that look whether a port takes connections: a process that does, on some addresses of
//! 127.0.0.0/8. Run by the benchmark itself, as the hidden command `bench-accept`.

use std::net::{Ipv4Addr, TcpListener};
use std::thread;

use anyhow::{Context, Result};

/// How many targets there are.
pub(in crate::bench) const LOOPBACK_TARGETS: u32 = 60;

/// The address of a target.
pub(in crate::bench) fn loopback_target(number: u32) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 1, 0, 1)) + number)
}

/// `xtask bench-accept PORT`: takes connections and closes them, until it is ended.
///
/// # Errors
/// When the word is no port, or it is taken.
pub(crate) fn run(port: &str) -> Result<()> {
    let port: u16 = port.parse().with_context(|| format!("{port:?} is no port"))?;
    let mut threads = Vec::new();
    for number in 0..LOOPBACK_TARGETS {
        let address = (loopback_target(number), port);
        let listener = TcpListener::bind(address).with_context(|| format!("{address:?}"))?;
        threads.push(thread::spawn(move || listener.incoming().for_each(drop)));
    }
    for thread in threads {
        // A listener does not end; one that broke leaves the others.
        drop(thread.join());
    }
    Ok(())
}
