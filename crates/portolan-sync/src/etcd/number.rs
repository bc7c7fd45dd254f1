//! The key of an owner: the number of its last plan, and the instance that wrote it.

use portolan_core::plan::PlanNumber;
use portolan_store::kv::{Pair, Revision};
use serde::{Deserialize, Serialize};

use crate::provider::ProviderError;

/// The version that is written; a higher one is not read.
const VERSION: u32 = 1;

/// What stands at the key of an owner, and since when.
#[derive(Debug, Default)]
pub(super) struct Numbered {
    /// When it was last written; 0 when it is not there.
    pub(super) modified: Revision,
    stored: Option<Stored>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    version: u32,
    instance: String,
    epoch: u64,
    revision: u64,
}

impl Numbered {
    /// # Errors
    /// When something else stands there: no plan is made then.
    pub(super) fn read(pair: Option<&Pair>) -> Result<Self, ProviderError> {
        let Some(pair) = pair else { return Ok(Self::default()) };
        let key = String::from_utf8_lossy(&pair.key);
        let unsound = |rule: String| ProviderError::Unsound(format!("the key {key} {rule}"));
        let stored: Stored = serde_json::from_slice(&pair.value)
            .map_err(|error| unsound(format!("does not hold the number of a plan: {error}")))?;
        if stored.version != VERSION {
            let rule = format!("has the version {}; this program reads {VERSION}", stored.version);
            return Err(unsound(rule));
        }
        Ok(Self { modified: pair.modified, stored: Some(stored) })
    }

    /// As it is after we wrote it.
    pub(super) fn written(number: PlanNumber, instance: &str, modified: Revision) -> Self {
        Self { modified, stored: Some(Stored::new(number, instance)) }
    }

    /// The number of the last plan.
    pub(super) fn applied(&self) -> Option<PlanNumber> {
        let stored = self.stored.as_ref();
        stored.map(|stored| PlanNumber { epoch: stored.epoch, revision: stored.revision })
    }

    /// Who wrote it, when that is not this instance.
    pub(super) fn other(&self, instance: &str) -> Option<&str> {
        let stored = self.stored.as_ref()?;
        (stored.instance != instance).then_some(&*stored.instance)
    }
}

impl Stored {
    fn new(number: PlanNumber, instance: &str) -> Self {
        let PlanNumber { epoch, revision } = number;
        Self { version: VERSION, instance: instance.into(), epoch, revision }
    }
}

/// What is written for a number.
pub(super) fn value(number: PlanNumber, instance: &str) -> Vec<u8> {
    serde_json::to_vec(&Stored::new(number, instance)).expect("it is texts and numbers")
}
