//! A DNS that is written to in one term of the Lease, and not after.
//!
//! What keeps a DNS right is its own number of plans, or that a name must be as it was seen. The gate keeps two from
//! publishing in turns, and is all there is where a DNS has neither (webhook).

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use portolan_core::plan::Wanted;
use portolan_sync::StepOutcome;
use portolan_sync::provider::{Abilities, Applied, Batch, Listing, Provider, ProviderError};

use crate::clusters::{Gate, Term};

/// A provider behind a gate.
pub(super) struct Gated {
    inner: Arc<dyn Provider>,
    gate: Gate,
    /// None: it was not ours when this was made, and never will be.
    term: Option<Term>,
}

impl Gated {
    /// One that writes in the term that is now.
    pub(super) fn new(inner: Arc<dyn Provider>, gate: &Gate) -> Self {
        Self { inner, gate: gate.clone(), term: gate.term() }
    }
}

impl Provider for Gated {
    fn name(&self) -> String {
        self.inner.name()
    }

    fn abilities(&self) -> BoxFuture<'_, Result<Abilities, ProviderError>> {
        self.inner.abilities()
    }

    fn adjust(&self, wanted: Vec<Wanted>) -> BoxFuture<'_, Result<Vec<Wanted>, ProviderError>> {
        self.inner.adjust(wanted)
    }

    fn list(&self) -> BoxFuture<'_, Result<Listing, ProviderError>> {
        self.inner.list()
    }

    fn apply(&self, batch: Batch) -> BoxFuture<'_, Applied> {
        let steps = batch.steps.len().max(1);
        let applied = async move {
            let applied = match self.term {
                Some(term) => self.gate.during(term, self.inner.apply(batch)).await,
                None => None,
            };
            // Some of it may be done: nobody knows, and it is read before anything is written again.
            let closed = || StepOutcome::Failed(ProviderError::Refused("another process leads".into()));
            applied.unwrap_or_else(|| Applied { outcomes: vec![closed(); steps] })
        };
        applied.boxed()
    }

    fn changed(&self) -> Option<BoxFuture<'_, ()>> {
        self.inner.changed()
    }
}
