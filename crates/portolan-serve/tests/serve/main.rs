//! Real sockets on the loopback: what clients see of a server.
#![allow(missing_docs)]
// What clippy.toml allows in tests it does not see in what they call.
#![allow(clippy::unwrap_used)]

mod client;
mod fleet;
mod life;
mod tcp;
mod udp;

use portolan_serve::{Config, Published, Running, Server};

use fleet::World;

/// A server on a free port, with two workers.
fn start(change: impl FnOnce(&mut Config)) -> (Running, Published) {
    let listen = vec!["127.0.0.1:0".parse().unwrap()];
    let mut config = Config { listen, workers: Some(2), nsid: b"here".to_vec(), ..Config::default() };
    change(&mut config);
    let published = Published::new(World::new().snapshot);
    let running = Server::bind(config).unwrap().start(&published).unwrap();
    (running, published)
}
