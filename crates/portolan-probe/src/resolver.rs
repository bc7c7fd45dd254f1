//! The loop: names that are wanted in, what becomes of them out.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use portolan_core::Name;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::ask::{Asking, WAIT, ask};
use crate::host::Heard;
use crate::hosts::{Hosts, News};
use crate::servers::Servers;

/// How often the file is read again that says who is asked.
const RENEWAL: Duration = Duration::from_secs(30);
/// With nothing to do, the loop looks again after this.
const IDLE: Duration = Duration::from_secs(3_600);

/// The names that are wanted, whole each time.
pub type Wanted = Arc<BTreeSet<Name>>;

/// Resolves host names for as long as they are wanted.
#[derive(Debug)]
pub struct Resolver {
    servers: Servers,
    asking: Asking,
    renewed: Instant,
    begin: Instant,
    hosts: Hosts,
}

impl Resolver {
    /// One that asks these servers; `draw` gives a number that nobody can foresee, each time another.
    #[must_use]
    pub fn new(servers: Servers, draw: fn() -> u64) -> Self {
        let now = Instant::now();
        let asking = Asking { servers: servers.now(), wait: WAIT, draw };
        Self { servers, asking, renewed: now, begin: now, hosts: Hosts::default() }
    }

    /// The same with another patience than [`WAIT`].
    #[must_use]
    pub fn waiting(mut self, wait: Duration) -> Self {
        self.asking.wait = wait;
        self
    }

    /// Goes on until nobody wants names or reads reports any more.
    pub async fn run(mut self, mut wanted: watch::Receiver<Wanted>, reports: mpsc::Sender<Vec<News>>) {
        let mut under_way: JoinSet<(Name, [Heard; 2])> = JoinSet::new();
        wanted.mark_changed();
        loop {
            self.begin_all_due(&mut under_way);
            let due = self.hosts.due().map_or_else(|| Instant::now() + IDLE, |due| self.begin + due);
            let news = tokio::select! {
                changed = wanted.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let wanted = wanted.borrow_and_update().clone();
                    self.hosts.want(&wanted, self.begin.elapsed())
                }
                Some(done) = under_way.join_next() => {
                    // One that panicked would be asked for never again; its panic was logged where it came from.
                    let Ok((name, round)) = done else { continue };
                    self.hosts.hear(&name, round, self.begin.elapsed(), (self.asking.draw)()).into_iter().collect()
                }
                () = sleep_until(due) => Vec::new(),
            };
            if !news.is_empty() && reports.send(news).await.is_err() {
                return;
            }
        }
    }

    fn begin_all_due(&mut self, under_way: &mut JoinSet<(Name, [Heard; 2])>) {
        if self.renewed.elapsed() >= RENEWAL {
            self.renewed = Instant::now();
            self.asking.servers = self.servers.now();
        }
        while let Some(name) = self.hosts.next(self.begin.elapsed()) {
            tracing::debug!(%name, "asking for the addresses of a host name");
            let asking = self.asking.clone();
            under_way.spawn(async move {
                let round = ask(&asking, &name).await;
                (name, round)
            });
        }
    }
}
