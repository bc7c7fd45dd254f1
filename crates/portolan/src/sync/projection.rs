//! What an engine's names come to, for the publishers of `run`: the decision that its server answers by, for a client
//! of unknown place, as the `DNSEndpoint`s have it that federation writes.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use portolan_core::Name;
use portolan_kube::dns_endpoint::DnsEndpoint;
use portolan_kube::endpoints;

use super::desk::Desk;
use crate::engine::{SharedEngine, Tapped};

/// How often the engine is asked what was touched.
const TICK: Duration = Duration::from_millis(50);

/// Who looks at the engine.
pub(super) struct Projection {
    engine: SharedEngine,
    desk: Arc<Desk>,
    /// Names that came to something.
    known: BTreeSet<Name>,
}

impl Projection {
    pub(super) fn new(engine: SharedEngine, desk: Arc<Desk>) -> Self {
        Self { engine, desk, known: BTreeSet::new() }
    }

    /// Looks for as long as the process runs.
    pub(super) async fn run(mut self) {
        loop {
            tokio::time::sleep(TICK).await;
            // The engine may be busy with a batch.
            let look = AssertUnwindSafe(|| self.look());
            if tokio::task::block_in_place(|| catch_unwind(look)).is_err() {
                tracing::error!(
                    "looking for what to publish failed, which is a fault of this program; it goes on"
                );
                self.engine.lock().untapped();
            }
        }
    }

    fn look(&mut self) {
        let Some(tapped) = self.engine.lock().tapped() else { return };
        let names: Vec<(Name, Option<DnsEndpoint>)> = match &tapped.names {
            Some(names) => names.iter().map(|name| (name.clone(), object(&tapped, name))).collect(),
            None => {
                let all: BTreeSet<Name> = tapped.fleet.names.iter().map(|(name, _)| name.to_name()).collect();
                all.union(&self.known).map(|name| (name.clone(), object(&tapped, name))).collect()
            }
        };
        for (name, object) in &names {
            match object {
                Some(_) => drop(self.known.insert(name.clone())),
                None => drop(self.known.remove(name.as_wire())),
            }
        }
        self.desk.take_names(names, tapped.is_whole);
    }
}

/// What one name comes to.
fn object(tapped: &Tapped, name: &Name) -> Option<DnsEndpoint> {
    let facts = tapped.fleet.names.get(name.borrowed())?;
    let names = std::iter::once((name.borrowed(), facts));
    endpoints::of_names(&tapped.snapshot, &tapped.apart, names).pop()
}
