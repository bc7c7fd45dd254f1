//! The loop: names that are wanted in, what becomes of them out.

use std::time::Duration;

use portolan_core::Name;
use tokio::sync::mpsc;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use crate::ask::{Asking, WAIT, ask};
use crate::host::{Heard, Why};
use crate::hosts::{Hosts, News};
use crate::servers::{Now, Servers};
use crate::wanted::Wanted;

/// How often the file is read again that says who is asked.
const RENEWAL: Duration = Duration::from_secs(30);
/// With nothing to do, the loop looks again after this.
const IDLE: Duration = Duration::from_secs(3_600);

/// Resolves host names for as long as they are wanted.
#[derive(Debug)]
pub struct Resolver {
    servers: Servers,
    asking: Asking,
    /// What is wrong with the file that says who is asked, and was not told yet.
    untold: Option<String>,
    trouble: Option<String>,
    renewed: Instant,
    begin: Instant,
    hosts: Hosts,
}

impl Resolver {
    /// One that asks these servers; `draw` gives a number that nobody can foresee, each time another.
    #[must_use]
    pub fn new(servers: Servers, draw: fn() -> u64) -> Self {
        let now = Instant::now();
        let asking = Asking { servers: Vec::new(), wait: WAIT, draw };
        let (trouble, untold, hosts) = (None, None, Hosts::default());
        let mut resolver = Self { servers, asking, untold, trouble, renewed: now, begin: now, hosts };
        resolver.renew();
        resolver
    }

    /// The same with another patience than [`WAIT`].
    #[must_use]
    pub fn waiting(mut self, wait: Duration) -> Self {
        self.asking.wait = wait;
        self
    }

    /// Goes on until nobody wants names or reads reports any more.
    pub async fn run(mut self, mut wanted: Wanted, reports: mpsc::Sender<Vec<News>>) {
        let mut under_way = UnderWay::default();
        loop {
            self.begin_all_due(&mut under_way);
            let due = self.hosts.due().map_or_else(|| Instant::now() + IDLE, |due| self.begin + due);
            let news = tokio::select! {
                changes = wanted.next() => match changes {
                    Some(changes) => self.hosts.want(changes, self.begin.elapsed()),
                    None => return,
                },
                Some((name, round)) = under_way.next() => {
                    self.hosts.hear(&name, round, self.begin.elapsed(), (self.asking.draw)()).into_iter().collect()
                }
                () = sleep_until(due) => Vec::new(),
            };
            if !news.is_empty() && reports.send(news).await.is_err() {
                return;
            }
        }
    }

    fn begin_all_due(&mut self, under_way: &mut UnderWay) {
        if self.renewed.elapsed() >= RENEWAL {
            self.renewed = Instant::now();
            self.renew();
        }
        while let Some(name) = self.hosts.next(self.begin.elapsed()) {
            if let Some(trouble) = self.untold.take() {
                tracing::warn!("host names of load balancers: {trouble}");
            }
            tracing::debug!(%name, "asking for the addresses of a host name");
            let asking = self.asking.clone();
            under_way.begin(name.clone(), async move { ask(&asking, &name).await });
        }
    }

    /// Looks who is to be asked now. What is wrong with that is told once somebody is.
    fn renew(&mut self) {
        let Now { servers, trouble } = self.servers.now(&self.asking.servers);
        self.asking.servers = servers;
        if self.trouble != trouble {
            self.untold.clone_from(&trouble);
            self.trouble = trouble;
        }
    }
}

/// The names that are asked for now. A round that panics is one that came to nothing: its name must not be asked
/// for for ever, and take the room of others.
#[derive(Default)]
struct UnderWay {
    rounds: JoinSet<[Heard; 2]>,
    names: Vec<(Id, Name)>,
}

impl UnderWay {
    fn begin(&mut self, name: Name, round: impl Future<Output = [Heard; 2]> + Send + 'static) {
        let id = self.rounds.spawn(round).id();
        self.names.push((id, name));
    }

    /// The next round that ends; none when none is under way.
    async fn next(&mut self) -> Option<(Name, [Heard; 2])> {
        let done = self.rounds.join_next_with_id().await?;
        let id = done.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let failed = [Why::Malformed, Why::Malformed].map(Heard::Failed);
        let round = done.map_or(failed, |(_, round)| round);
        let (_, name) = self.names.swap_remove(self.names.iter().position(|(of, _)| *of == id)?);
        Some((name, round))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_round_that_panics_is_one_that_failed() {
        let mut under_way = UnderWay::default();
        let name: Name = "lb.example.net".parse().unwrap();
        under_way.begin(name.clone(), async { panic!("by the test") });
        let (of, round) = under_way.next().await.unwrap();
        assert_eq!((of, &round[0]), (name, &Heard::Failed(Why::Malformed)));
        assert!(under_way.next().await.is_none() && under_way.names.is_empty());
    }
}
