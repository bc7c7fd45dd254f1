//! What a make of DNS must do to be published to.
//!
//! A [`Step`] is all that is done at one name, its marks with it: a provider does all of it or nothing, in one
//! transaction or one message where its DNS has such, and only while the name is as it was seen. A step that is refused
//! costs itself. What it makes of each set is its [`Edit`]s: acts and texts are put together once, there.

use futures_util::future::BoxFuture;
use portolan_core::Problems;
use portolan_core::plan::{Change, DomainFilter, Keeps, PlanNumber, Wanted};
use portolan_core::registry::{Listed, Text};

mod edit;
mod seen;

pub use edit::Edit;

/// What a DNS can keep.
#[derive(Clone, Debug)]
pub struct Abilities {
    /// Which properties it keeps.
    pub keeps: Keeps,
    /// Names that it takes; none when it takes all.
    pub filter: Option<DomainFilter>,
    /// It counts its changes, and a plan's number is held against the one before in the same transaction.
    pub numbers_plans: bool,
}

/// What a DNS has, of the names that the provider has to do with.
#[derive(Debug, Default)]
pub struct Listing {
    /// Every set, marks among them as the TXT sets that they are.
    pub sets: Vec<Listed>,
    /// The highest number of a plan that was applied, where the DNS keeps one.
    pub applied: Option<PlanNumber>,
    /// What could not be understood there. The sets that it is about are left out; nothing else is harmed.
    pub problems: Problems,
}

/// All that is done at one name, in one step.
///
/// **When.** Only while each set of [`seen`](Self::seen) is there with its targets and its TTL (and in its version, where there
/// is one), and while the name has no other set, and the names of the texts no other TXT set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is done to its sets, and how the planner saw them: without the texts that are marks.
    pub change: Change,
    /// What is done to its marks. They may stand at other names of the same zone.
    pub texts: Vec<Text>,
    /// What was listed, marks among it: every set of the name, and the TXT sets of the names of the texts.
    /// A set that this publisher wrote since has no version.
    pub seen: Vec<Listed>,
}

/// Steps of one plan, in its order; no name has two.
///
/// Where plans are numbered, the number is written by the same transaction as the first step that is done. A batch without
/// steps is a claim: it writes the number alone, and has one outcome, the number's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// The plan's number.
    pub number: PlanNumber,
    /// The number that must still be the highest that was applied.
    pub follows: Option<PlanNumber>,
    /// What to do.
    pub steps: Vec<Step>,
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepOutcome {
    /// All of it was done.
    Done,
    /// The name was not as it was seen, or another plan came first; nothing was done. Read and plan again.
    Lost,
    /// The DNS will not have it, whenever it is asked; nothing was done.
    Refused(String),
    /// It was not done, or nobody knows; it is tried again after the state was read.
    Failed(ProviderError),
}

/// What became of the steps of a batch, one for each, in their order; of a claim what became of the number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// As many as there were steps, and one of a claim.
    pub outcomes: Vec<StepOutcome>,
}

/// Why a DNS was not read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// It is not reached, or does not answer in time.
    #[error("not reached: {0}")]
    Unreachable(String),
    /// It does not know us, or we may not do this.
    #[error("refuses us: {0}")]
    Unauthorized(String),
    /// What it says cannot be understood, or is not whole: no plan is made from it.
    #[error("says what cannot be understood: {0}")]
    Unsound(String),
    /// It went back behind what it had: restored from an older state, or wiped. Somebody has to say that this is meant.
    #[error("went back behind what it had: {0}")]
    WentBack(String),
    /// It will not, as it stands.
    #[error("will not: {0}")]
    Refused(String),
}

/// A DNS of some make that records are published to.
///
/// Time limits are the provider's own: each future ends. Nothing of it is done when a future is dropped but
/// what was sent already.
pub trait Provider: Send + Sync {
    /// What it is and where, for people: `etcd http://127.0.0.1:2379`.
    fn name(&self) -> String;

    /// What its DNS can keep; it may ask (webhook negotiation).
    ///
    /// # Errors
    /// [`ProviderError`]; nothing is published until it is known.
    fn abilities(&self) -> BoxFuture<'_, Result<Abilities, ProviderError>>;

    /// What is wanted, as its DNS would have it (TTLs with a floor, properties with their defaults), so that a
    /// difference is one. As it is where the DNS has no wishes.
    ///
    /// # Errors
    /// [`ProviderError`]; no plan is made then.
    fn adjust(&self, wanted: Vec<Wanted>) -> BoxFuture<'_, Result<Vec<Wanted>, ProviderError>> {
        Box::pin(async move { Ok(wanted) })
    }

    /// All that it has, whole: half a list is an error.
    ///
    /// # Errors
    /// [`ProviderError`]; no plan is made then.
    fn list(&self) -> BoxFuture<'_, Result<Listing, ProviderError>>;

    /// Carries steps out, in their order.
    fn apply(&self, batch: Batch) -> BoxFuture<'_, Applied>;

    /// Ends when something there was changed by others, or when it is time to list again; none where the DNS tells nothing,
    /// and it is listed at an interval.
    fn changed(&self) -> Option<BoxFuture<'_, ()>> {
        None
    }
}
