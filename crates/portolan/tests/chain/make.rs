//! The eight makes of the chain, and when each of them answers as it should.

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use hickory_proto::rr::RecordType;

use crate::ask::ask;

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
#[derive(Clone, Copy, Debug)]
pub(crate) struct Came {
    pub(crate) after: Duration,
    /// An answer without addresses was seen on the way.
    pub(crate) was_empty: bool,
}

/// The name that the federation makes of a ServiceDNSRecord, and the one that is asked for by hand.
pub(crate) const FEDERATED: &str = "web.shop.fed.svc.fed.test";
pub(crate) const BY_HAND: &str = "web.hand.test";

/// How long a change may take. A stock External-DNS gives up on its etcd after 5 s and comes again.
const CHANGE_PATIENCE: Duration = Duration::from_secs(90);
/// Between two questions.
const ASK_EVERY: Duration = Duration::from_millis(5);

impl Make {
    pub(crate) fn name(&self) -> &'static str {
        match self.federation {
            Link::Ours => FEDERATED,
            Link::Stock => BY_HAND,
        }
    }

    /// Asks until the answer is what is wanted.
    fn settle(&self, wanted: &[&str], begun: Instant) -> Came {
        let wanted: BTreeSet<String> = wanted.iter().map(|address| (*address).to_owned()).collect();
        let mut was_empty = false;
        loop {
            let answer = ask(self.address, self.name(), RecordType::A);
            let after = begun.elapsed();
            let data = answer.as_ref().map(|answer| &answer.data);
            if data == Some(&wanted) {
                return Came { after, was_empty };
            }
            was_empty |= data.is_some_and(BTreeSet::is_empty);
            assert!(after < CHANGE_PATIENCE, "{self}: {} is not {wanted:?} but {answer:?}", self.name());
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

/// Makes a change, and waits until each make answers as it should.
pub(crate) fn change(makes: &[Make], wanted: &Wanted<'_>, act: impl FnOnce()) -> Vec<Came> {
    thread::scope(|scope| {
        let begun = Instant::now();
        let asked: Vec<_> = makes
            .iter()
            .map(|make| {
                let wanted = if make.federation == Link::Ours { wanted.federated } else { wanted.by_hand };
                scope.spawn(move || make.settle(wanted, begun))
            })
            .collect();
        act();
        asked
            .into_iter()
            .map(|asked| asked.join().unwrap_or_else(|told| std::panic::resume_unwind(told)))
            .collect()
    })
}
