//! The TCP way in (RFC 7766): accept, one task a connection, replies in the order of the questions.
//!
//! ```text
//!   accept ──▶ table: room? ──▶ conversation: frames in ─▶ respond ─▶ frames out ─┐
//!                 │                    ▲                                          │
//!                 └ full: the oldest   └──────────────────────────────────────────┘
//!                   idle one leaves
//! ```
//!
//! It has its own runtime, so that whatever clients do here takes no time from the UDP threads, and
//! nothing of it is left when the server stops.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{interval, sleep, timeout};

use crate::counters::{Count, Lane};
use crate::shared::Shared;
use crate::worker::REST;

mod conversation;
mod frames;
mod table;

use conversation::{Conversation, Ended};
use table::{Seat, Table};

/// Most threads of the runtime: streams are the smaller part of DNS.
const THREADS_MAX: usize = 4;
/// How long no connection is taken when there are no file descriptors or no memory for it.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long a connection may be idle when there are none. A second, and not nothing: out of descriptors
/// the kernel refuses before it looks whether anybody waits, so that the last who came would leave again.
const IDLE_IN_NEED: Duration = Duration::from_secs(1);
/// How long connections may go on sending replies when the server stops.
const GRACE: Duration = Duration::from_secs(1);
/// How often replaced snapshots are freed.
const SWEEP: Duration = Duration::from_secs(1);

/// The runtime that all streams of a server live on, with the listeners that were bound before.
pub(crate) fn prepare(
    cores: usize,
    listeners: Vec<std::net::TcpListener>,
) -> io::Result<(Runtime, Vec<TcpListener>)> {
    let threads = cores.clamp(1, THREADS_MAX);
    let runtime =
        Builder::new_multi_thread().worker_threads(threads).thread_name("dns-tcp").enable_all().build()?;
    let inside = runtime.enter();
    let listeners = listeners.into_iter().map(TcpListener::from_std).collect();
    drop(inside);
    match listeners {
        Ok(listeners) => Ok((runtime, listeners)),
        Err(error) => {
            // Dropped here it would wait, which a caller that is a task itself must not.
            runtime.shutdown_background();
            Err(error)
        }
    }
}

/// Answers until the stop is told.
pub(crate) fn serve(runtime: &Runtime, listeners: Vec<TcpListener>, shared: &Arc<Shared>) {
    let table = Arc::new(Table::new(shared.config.limits, Instant::now()));
    runtime.block_on(async {
        let mut tasks = JoinSet::new();
        for listener in listeners {
            let post = Post { shared: shared.clone(), table: table.clone() };
            tasks.spawn(post.keep(listener));
        }
        tasks.spawn(sweep(shared.clone()));
        while tasks.join_next().await.is_some() {}
    });
}

/// Frees replaced snapshots, so that no worker has to.
async fn sweep(shared: Arc<Shared>) {
    let mut ticks = interval(SWEEP);
    loop {
        tokio::select! {
            () = shared.stop.wait() => return,
            _ = ticks.tick() => shared.published.sweep(),
        }
    }
}

/// What the connections of a listener share.
#[derive(Clone)]
struct Post {
    shared: Arc<Shared>,
    table: Arc<Table>,
}

impl Post {
    /// Keeps a listener at work: should accepting panic, it is counted and started again.
    async fn keep(self, listener: TcpListener) {
        let listener = Arc::new(listener);
        while !self.shared.stop.is_told() {
            if let Err(error) = tokio::spawn(self.clone().accept(listener.clone())).await {
                self.count_panic(&error);
                sleep(REST).await;
            }
        }
    }

    /// Takes connections until the stop is told.
    async fn accept(self, listener: Arc<TcpListener>) {
        let mut conversations = JoinSet::new();
        let mut in_need = false;
        loop {
            tokio::select! {
                () = self.shared.stop.wait() => break,
                Some(ended) = conversations.join_next() => self.count_end(ended),
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        in_need = false;
                        self.lane().add(Count::Accepted);
                        // Before the next one is taken, so that those who leave do so as fast as others come.
                        let seat = self.table.admit(peer.ip(), Instant::now());
                        conversations.spawn(self.clone().converse(stream, peer, seat));
                    }
                    Err(error) if is_of_one_client(&error) => {}
                    Err(error) => {
                        if !in_need {
                            tracing::warn!(%error, "cannot take TCP connections; UDP goes on");
                        }
                        in_need = true;
                        self.rest_in_need().await;
                    }
                },
            }
        }
        // Each conversation ends when it has answered what it has read.
        let all = async {
            while let Some(ended) = conversations.join_next().await {
                self.count_end(ended);
            }
        };
        let _ = timeout(GRACE, all).await;
    }

    async fn converse(self, stream: TcpStream, peer: SocketAddr, seat: Seat) -> Ended {
        let conversation = Conversation::new(stream, peer.ip(), seat.number(), &self.shared, self.lane());
        tokio::select! {
            biased;
            () = seat.must_leave() => Ended::ForRoom,
            ended = conversation.run(&seat) => ended,
        }
    }

    /// There are no descriptors or no memory: the oldest idle connection leaves, and accepting rests
    /// instead of turning in a circle.
    async fn rest_in_need(&self) {
        self.lane().add(Count::AcceptErrors);
        self.table.make_room(IDLE_IN_NEED, Instant::now());
        sleep(ACCEPT_PAUSE).await;
    }

    fn count_end(&self, ended: Result<Ended, JoinError>) {
        match ended {
            Ok(ended) => self.lane().add(match ended {
                Ended::ByClient => Count::ClosedByClient,
                Ended::Stopped => Count::ClosedByStop,
                Ended::Idle => Count::ClosedIdle,
                Ended::Slow => Count::ClosedSlow,
                Ended::ForRoom => Count::ClosedForRoom,
                Ended::Broken => Count::ClosedBroken,
            }),
            Err(error) => self.count_panic(&error),
        }
    }

    fn count_panic(&self, error: &JoinError) {
        if error.is_panic() {
            self.lane().add(Count::Restarts);
            tracing::error!("a TCP task panicked; its connections are closed");
        }
    }

    fn lane(&self) -> &Lane {
        self.shared.counters.shared_lane()
    }
}

/// True when only the connection that was to be taken is gone.
fn is_of_one_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}
