//! The eight makes of the chain, and when each of them answers as it should.

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use portolan_testbed::ask::{RecordType, ask};
use portolan_testbed::program::tails;
use portolan_testbed::{ExternalDns, Program};

/// Whose a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    Ours,
    /// The old system's; of the federation: DNSEndpoints that somebody applies by hand.
    Stock,
}

/// One make of the chain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Make {
    pub(crate) federation: Link,
    pub(crate) publisher: Link,
    pub(crate) server: Link,
    /// Where its server answers.
    pub(crate) address: SocketAddr,
}

/// What a name must answer in the end of a step, by who asks for it.
pub(crate) struct Wanted<'w> {
    pub(crate) federated: &'w [&'w str],
    pub(crate) by_hand: &'w [&'w str],
}

/// How a make came to answer as it should.
#[derive(Clone, Debug)]
pub(crate) struct Came {
    pub(crate) after: Duration,
    /// How many addresses the answers on the way had.
    pub(crate) had: BTreeSet<usize>,
}

impl Came {
    /// True when an answer without addresses was seen on the way.
    pub(crate) fn was_empty(&self) -> bool {
        self.had.contains(&0)
    }
}

/// The name that the federation makes of a ServiceDNSRecord, and the one that is asked for by hand.
pub(crate) const FEDERATED: &str = "web.shop.fed.svc.fed.test";
pub(crate) const BY_HAND: &str = "web.hand.test";

/// How long a change may take, beside what External-DNS waits between its looks: it gives up on its etcd after 5 s.
const CHANGE_PATIENCE: Duration = Duration::from_secs(90);
/// Looks that External-DNS may take to make a change: it was seen to take three.
const LOOKS_MAX: u32 = 6;
/// Between two questions.
const ASK_EVERY: Duration = Duration::from_millis(5);

/// How long a change may take in all.
pub(crate) fn patience() -> Duration {
    CHANGE_PATIENCE + LOOKS_MAX * ExternalDns::interval()
}

impl Make {
    pub(crate) fn name(&self) -> &'static str {
        match self.federation {
            Link::Ours => FEDERATED,
            Link::Stock => BY_HAND,
        }
    }

    /// Asks until the answer is what is wanted, while the programs run.
    fn settle(&self, programs: &[&Program], wanted: &[&str], begun: Instant) -> Came {
        let mut wanted = wanted.to_vec();
        wanted.sort_unstable();
        let mut had = BTreeSet::new();
        loop {
            let data = ask(self.address, self.name(), RecordType::A).map(|reply| reply.data(RecordType::A));
            let after = begun.elapsed();
            if data.as_ref().is_some_and(|data| *data == wanted) {
                return Came { after, had };
            }
            had.extend(data.as_ref().map(Vec::len));
            let goes_on = after < patience() && !programs.iter().any(|program| program.has_ended());
            assert!(goes_on, "{self}: {} is not {wanted:?} but {data:?}\n{}", self.name(), tails(programs));
            thread::park_timeout(ASK_EVERY);
        }
    }
}

impl fmt::Display for Make {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |link, ours, stock| if link == Link::Ours { ours } else { stock };
        let federation = word(self.federation, "federation", "by hand");
        let publisher = word(self.publisher, "sync", "External-DNS");
        write!(f, "{federation}, {publisher}, {}", word(self.server, "Portolan", "CoreDNS"))
    }
}

/// Makes that are asked side by side, and the programs that all of it hangs on.
pub(crate) struct Chain<'c> {
    pub(crate) makes: &'c [Make],
    pub(crate) programs: &'c [&'c Program],
}

impl Chain<'_> {
    /// Makes a change, and waits until each make answers as it should.
    pub(crate) fn change(&self, wanted: &Wanted<'_>, act: impl FnOnce()) -> Vec<Came> {
        thread::scope(|scope| {
            let begun = Instant::now();
            let asked: Vec<_> = self
                .makes
                .iter()
                .map(|make| {
                    let is_ours = make.federation == Link::Ours;
                    let wanted = if is_ours { wanted.federated } else { wanted.by_hand };
                    scope.spawn(move || make.settle(self.programs, wanted, begun))
                })
                .collect();
            act();
            asked
                .into_iter()
                .map(|asked| asked.join().unwrap_or_else(|told| std::panic::resume_unwind(told)))
                .collect()
        })
    }
}
