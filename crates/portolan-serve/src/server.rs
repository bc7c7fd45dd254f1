//! Binding everything or nothing, starting, stopping.

use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use portolan_wire::NSID_OCTETS_MAX;

use crate::config::Config;
use crate::counters::Counters;
use crate::descriptors;
use crate::error::ServeError;
use crate::listen::{self, Sockets};
use crate::placement::Placement;
use crate::published::Published;
use crate::respond::{Chance, Room};
use crate::shared::Shared;
use crate::tcp;
use crate::udp::{self, Desk, Door};
use crate::worker::{Stop, supervise};

/// A server whose sockets are all bound. It answers nothing before [`Server::start`].
#[derive(Debug)]
pub struct Server {
    config: Config,
    sockets: Vec<Sockets>,
}

impl Server {
    /// Binds every socket, or none: TCP on all addresses first, as only TCP tells of a second server.
    ///
    /// Raises the process' limit of open files as far as it may, and keeps TCP connections so far below
    /// it that others in the process find descriptors.
    ///
    /// # Errors
    /// Says which address it was, and who holds it when it is taken.
    pub fn bind(mut config: Config) -> Result<Self, ServeError> {
        if config.listen.is_empty() {
            return Err(ServeError::NothingToListenOn);
        }
        let octets = config.nsid.len();
        if octets > NSID_OCTETS_MAX {
            return Err(ServeError::NsidTooLong { octets });
        }
        let limit = descriptors::raise();
        let sockets = listen::open(&config.listen, config.worker_count())?;
        if let Some(limit) = limit {
            // A listener stands for two: the claim on its address is kept beside it.
            let ours = sockets.iter().map(|sockets| sockets.udp.len() + 2).sum();
            config.limits.connections =
                config.limits.connections.min(descriptors::connections_max(limit, ours));
        }
        Ok(Self { config, sockets })
    }

    /// Where it listens, in the order of the configuration, with the ports that were given for 0.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.sockets.iter().map(|sockets| sockets.address).collect()
    }

    /// Starts to answer out of what is published, until [`Running::shutdown`].
    ///
    /// # Errors
    /// When a thread or the runtime of the streams cannot be started; what was is stopped.
    pub fn start(self, published: &Published) -> Result<Running, ServeError> {
        let addresses = self.addresses();
        let workers: usize = self.sockets.iter().map(|sockets| sockets.udp.len()).sum();
        let placement = Arc::new(Placement::find(self.config.pin));
        let shared = Arc::new(Shared {
            config: self.config,
            published: published.clone(),
            counters: Arc::new(Counters::new(workers)),
            stop: Stop::new(),
        });
        let mut running =
            Running { addresses, shared: shared.clone(), threads: Vec::new(), claims: Vec::new() };
        let mut streams = Vec::new();
        let mut worker = 0;
        for sockets in self.sockets {
            let claim = sockets.tcp.try_clone().map_err(|source| ServeError::thread("dns-tcp", source))?;
            running.claims.push(claim);
            streams.push(sockets.tcp);
            // Each address begins with the first processor: its workers share none with each other.
            for (nth, socket) in sockets.udp.into_iter().enumerate() {
                let (shared, placement) = (shared.clone(), placement.clone());
                let address = sockets.address.ip();
                running.spawn(&format!("dns-udp-{worker}"), move || {
                    placement.settle(nth);
                    shared.udp(worker, socket, address);
                })?;
                worker += 1;
            }
        }
        let (runtime, streams) =
            tcp::prepare(workers, streams).map_err(|source| ServeError::thread("dns-tcp", source))?;
        running.spawn("dns-tcp", move || tcp::serve(&runtime, streams, &shared))?;
        Ok(running)
    }
}

impl Shared {
    /// The life of a UDP thread.
    fn udp(&self, worker: usize, socket: UdpSocket, address: IpAddr) {
        let lane = self.counters.lane(worker);
        let mut desk = Desk {
            reader: self.published.reader(),
            chance: Chance::new(self.config.seed, worker as u64),
            nsid: &self.config.nsid,
            lane,
            room: Room::default(),
        };
        let mut door = Door::new(socket, address);
        supervise(&self.stop, lane, || udp::serve(&mut door, &mut desk, (&self.stop, lane)));
    }
}

/// A server that answers. Dropping it stops it.
#[derive(Debug)]
pub struct Running {
    addresses: Vec<SocketAddr>,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    /// The TCP listeners once more, for they are the claim on the addresses: given up only when no thread
    /// answers there any more, so that the next process never shares a UDP port with this one.
    claims: Vec<TcpListener>,
}

impl Running {
    /// Where it listens, in the order of the configuration.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// What happened since the start.
    #[must_use]
    pub fn counters(&self) -> &Arc<Counters> {
        &self.shared.counters
    }

    /// Answers what is under way, ends all threads and closes all sockets. Waits for that, a second or
    /// two at the most; a task of an async runtime should leave it to `spawn_blocking`.
    pub fn shutdown(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.shared.stop.tell();
        for thread in self.threads.drain(..) {
            // Its panics were caught and counted inside.
            let _ = thread.join();
        }
        self.claims.clear();
    }

    fn spawn(&mut self, thread: &str, life: impl FnOnce() + Send + 'static) -> Result<(), ServeError> {
        let started = thread::Builder::new().name(thread.to_owned()).spawn(life);
        self.threads.push(started.map_err(|source| ServeError::thread(thread, source))?);
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}
