//! The publishers of `portolan run`.

use std::sync::Arc;

use tokio::runtime::Runtime;

use super::desk::Desk;
use super::projection::Projection;
use super::publish::guarded;
use super::tally::Tally;
use super::{END, Settings, publishing, runtime};
use crate::clusters::{Gate, Holds};
use crate::engine::SharedEngine;

/// They publish what an engine decides. Dropping it ends them; records stay.
#[derive(Debug)]
pub struct Publishers {
    runtime: Option<Runtime>,
    tallies: Vec<Arc<Tally>>,
}

impl Publishers {
    /// Starts them; none where there are none. `instance` tells this installation from others, and they publish while the gate
    /// is open.
    ///
    /// # Errors
    /// When one cannot be made, or threads not be started.
    pub fn start(
        all: &[Settings],
        instance: &str,
        engine: &SharedEngine,
        holds: &Arc<Holds>,
        gate: &Gate,
    ) -> anyhow::Result<Option<Self>> {
        if all.is_empty() {
            return Ok(None);
        }
        let runtime = runtime()?;
        let desk = Arc::new(Desk::new(all.len()));
        let mut tallies = Vec::new();
        for (seat, settings) in all.iter().enumerate() {
            let tally = Arc::new(Tally::new(&settings.name, settings.zones(), desk.clone()));
            let inside = runtime.enter();
            let publishing = publishing(settings, instance, (&desk, seat), holds, &tally, gate)?;
            drop(inside);
            tracing::info!(publisher = settings.name, provider = %settings.make, "publishing what is decided");
            runtime.spawn(guarded(publishing));
            tallies.push(tally);
        }
        runtime.spawn(Projection::new(engine.clone(), desk).run());
        Ok(Some(Self { runtime: Some(runtime), tallies }))
    }

    /// What they count.
    #[must_use]
    pub fn tallies(&self) -> &[Arc<Tally>] {
        &self.tallies
    }
}

impl Drop for Publishers {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(END);
        }
    }
}
