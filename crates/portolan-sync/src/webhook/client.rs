//! A webhook provider, to be published to.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use portolan_core::Problems;
use portolan_core::name::Name;
use portolan_core::plan::{Keeps, RecordSet, Wanted};

use super::asker::{Asker, Patience};
use super::batch::{Draft, Stand};
use super::json::{self, Endpoint, Filter};
use super::sets::{self, Key, RESOURCE, key_of};
use super::{BODY_OCTETS_MAX, is_media_type};
use crate::{Abilities, Applied, Batch, Listing, Provider, ProviderError, Step, StepOutcome};

/// Most steps of one request: it has the time limit of a small one.
const STEPS_AT_ONCE: usize = 500;

/// A provider that speaks the protocol, at a URL.
pub struct Webhook {
    url: String,
    asker: Asker,
}

/// Why there is no such provider.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// Not a URL of a provider.
    #[error("{0:?} {1}")]
    Url(String, String),
    /// The file of certificates.
    #[error("the file of certificates {} {}", .0.display(), .1)]
    Ca(PathBuf, String),
    /// The machine's certificates.
    #[error("no certificates to hold the provider's against: {0}")]
    Roots(String),
}

impl Webhook {
    /// The provider at a URL, `http://127.0.0.1:8888` with External-DNS' defaults. Over `https` its certificate is
    /// held against those of the file, or without one against the machine's.
    ///
    /// # Errors
    /// [`WebhookError`]; nothing is asked yet.
    pub fn new(url: &str, ca: Option<&Path>) -> Result<Self, WebhookError> {
        Self::with_patience(url, ca, Patience::default())
    }

    /// The same with other limits of time.
    ///
    /// # Errors
    /// As [`Webhook::new`].
    pub fn with_patience(url: &str, ca: Option<&Path>, patience: Patience) -> Result<Self, WebhookError> {
        Ok(Self { url: url.to_owned(), asker: Asker::new(url, ca, patience)? })
    }

    /// Asks what it can. Failures that may pass are waited for a few times, as at a start of both.
    async fn negotiate(&self) -> Result<Abilities, ProviderError> {
        let mut pause = self.asker.patience.pause;
        let mut tries = self.asker.patience.tries;
        let reply = loop {
            tries = tries.saturating_sub(1);
            match self.asker.get("/").await {
                Err(ProviderError::Unreachable(_)) if tries > 0 => {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                reply => break reply?,
            }
        };
        if !is_media_type(&reply.content_type) {
            let said =
                format!("a Content-Type {:?} where {:?} is wanted", reply.content_type, super::MEDIA_TYPE);
            return Err(ProviderError::Unsound(said));
        }
        let filter: Option<Filter> = serde_json::from_slice(&reply.body)
            .map_err(|error| ProviderError::Unsound(format!("its domain filter: {error}")))?;
        let filter = filter.unwrap_or_default().to_domains();
        let filter = filter.map_err(|error| ProviderError::Unsound(format!("its domain filter {error}")))?;
        Ok(Abilities { keeps: Keeps::All, filter, numbers_plans: false })
    }

    async fn stand(&self) -> Result<(Stand, Problems), ProviderError> {
        let reply = self.asker.get("records").await?;
        let listed = json::list(&reply.body);
        let listed =
            listed.map_err(|error| ProviderError::Unsound(format!("its list of records: {error}")))?;
        Ok(Stand::of(listed))
    }

    async fn adjusted(&self, wanted: Vec<Wanted>) -> Result<Vec<Wanted>, ProviderError> {
        if wanted.is_empty() {
            return Ok(wanted);
        }
        let endpoints: Vec<Endpoint> = wanted.iter().map(endpoint).collect();
        let body = json::print(&endpoints);
        if body.len() > BODY_OCTETS_MAX {
            let said =
                format!("what is wanted has {} octets; at most {BODY_OCTETS_MAX} are sent", body.len());
            return Err(ProviderError::Refused(said));
        }
        let reply = self.asker.post("adjustendpoints", body).await?;
        let listed = json::list(&reply.body);
        let listed =
            listed.map_err(|error| ProviderError::Unsound(format!("its adjusted endpoints: {error}")))?;
        Ok(merged(&wanted, &listed))
    }

    /// Sends what some steps come to.
    async fn send(&self, draft: &Draft<'_>) -> Result<(), ProviderError> {
        let changes = draft.changes();
        if changes.is_empty() {
            return Ok(());
        }
        let body = json::print(changes);
        if body.len() > BODY_OCTETS_MAX {
            let said = format!("the changes have {} octets; at most {BODY_OCTETS_MAX} are sent", body.len());
            return Err(ProviderError::Refused(said));
        }
        self.asker.post("records", body).await.and_then(|reply| match reply.status.as_u16() {
            204 => Ok(()),
            other => Err(ProviderError::Unsound(format!(
                "answers {other} to changes where 204 says that they are done"
            ))),
        })
    }

    async fn carry_out(&self, steps: &[Step]) -> Vec<StepOutcome> {
        let mut outcomes = vec![StepOutcome::Lost; steps.len()];
        let mut rest = pieces(steps.len());
        let mut read: Option<Stand> = None;
        while let Some(range) = rest.pop_front() {
            let start = range.start;
            let mut stand = match read.take() {
                Some(stand) => stand,
                None => match self.stand().await {
                    Ok((stand, _)) => stand,
                    Err(error) => return fail(outcomes, start, &error),
                },
            };
            let mut draft = Draft::new(&stand);
            let taken = range.clone().filter(|at| steps.get(*at).is_some_and(|step| draft.add(step)));
            let taken: Vec<usize> = taken.collect();
            let sent = self.send(&draft).await;
            let outcome = match (sent, taken.as_slice()) {
                (Ok(()), _) => {
                    let done = draft.done();
                    stand.follow(done);
                    read = Some(stand);
                    StepOutcome::Done
                }
                (Err(ProviderError::Refused(said)), [_]) => StepOutcome::Refused(said),
                // One of them is at fault: it is looked for, and each half is held against what is there by then.
                (Err(ProviderError::Refused(_)), _) => {
                    divide(range).into_iter().rev().for_each(|half| rest.push_front(half));
                    continue;
                }
                (Err(error), _) => return fail(outcomes, start, &error),
            };
            for at in taken {
                if let Some(known) = outcomes.get_mut(at) {
                    known.clone_from(&outcome);
                }
            }
        }
        outcomes
    }
}

/// The steps of each request, by their numbers.
fn pieces(steps: usize) -> VecDeque<Range<usize>> {
    (0..steps).step_by(STEPS_AT_ONCE).map(|start| start..steps.min(start + STEPS_AT_ONCE)).collect()
}

fn divide(range: Range<usize>) -> [Range<usize>; 2] {
    let middle = range.start + range.len() / 2;
    [range.start..middle, middle..range.end]
}

/// Nobody knows of the steps from this one on.
fn fail(mut outcomes: Vec<StepOutcome>, start: usize, error: &ProviderError) -> Vec<StepOutcome> {
    outcomes.iter_mut().skip(start).for_each(|outcome| *outcome = StepOutcome::Failed(error.clone()));
    outcomes
}

/// What is wanted, with the labels by which it is known again.
fn endpoint(wanted: &Wanted) -> Endpoint {
    let said = wanted.labels.iter().map(|(key, value)| (key.to_string(), value.to_string()));
    let mut labels: BTreeMap<String, String> = said.collect();
    if !wanted.resource.is_empty() {
        labels.insert(RESOURCE.into(), wanted.resource.to_string());
    }
    Endpoint { labels, ..sets::endpoint(&wanted.set) }
}

/// What is wanted, as a provider would have it.
///
/// What it says of a name is what is wanted there, types that it adds or replaces among it. A name that it says
/// nothing of, or nothing that can be understood, is wanted as it was: an answer that lacks names must not delete them.
/// It may give an endpoint another resource's labels back, or none; then it is that of the set that it came from.
fn merged(wanted: &[Wanted], adjusted: &[Endpoint]) -> Vec<Wanted> {
    let mut first: BTreeMap<(Name, Arc<str>), &Wanted> = BTreeMap::new();
    let mut by_key: BTreeMap<Key, Vec<&Wanted>> = BTreeMap::new();
    for wanted in wanted {
        first.entry((wanted.set.name.clone(), wanted.set.identifier.clone())).or_insert(wanted);
        by_key.entry(key_of(&wanted.set)).or_default().push(wanted);
    }
    let mut merged = Vec::with_capacity(wanted.len());
    let mut told: BTreeSet<(Name, Arc<str>)> = BTreeSet::new();
    let mut garbled: BTreeSet<Name> = BTreeSet::new();
    for endpoint in adjusted {
        let Ok(set) = sets::set(endpoint) else {
            garbled.extend(endpoint.dns_name.parse::<Name>().ok());
            continue;
        };
        let place = (set.name.clone(), set.identifier.clone());
        let Some(from) = origin(endpoint, by_key.get(&key_of(&set))).or(first.get(&place).copied()) else {
            continue;
        };
        let (resource, labels) = (from.resource.clone(), from.labels.clone());
        told.insert(place);
        merged.push(Wanted { set, resource, labels });
    }
    let is_told = |set: &RecordSet| {
        !garbled.contains(&set.name) && told.contains(&(set.name.clone(), set.identifier.clone()))
    };
    merged.retain(|wanted| is_told(&wanted.set));
    let untold: Vec<Wanted> = wanted.iter().filter(|wanted| !is_told(&wanted.set)).cloned().collect();
    merged.extend(untold);
    merged
}

/// Of the sets that several resources want of one key, the one that an endpoint came from.
fn origin<'w>(endpoint: &Endpoint, of_key: Option<&Vec<&'w Wanted>>) -> Option<&'w Wanted> {
    let resource = endpoint.labels.get(RESOURCE).map_or("", String::as_str);
    let of_key = of_key?;
    of_key.iter().find(|wanted| *wanted.resource == *resource).or(of_key.first()).copied()
}

impl Provider for Webhook {
    fn name(&self) -> String {
        format!("webhook {}", self.url)
    }

    fn abilities(&self) -> BoxFuture<'_, Result<Abilities, ProviderError>> {
        Box::pin(self.negotiate())
    }

    fn adjust(&self, wanted: Vec<Wanted>) -> BoxFuture<'_, Result<Vec<Wanted>, ProviderError>> {
        Box::pin(self.adjusted(wanted))
    }

    fn list(&self) -> BoxFuture<'_, Result<Listing, ProviderError>> {
        Box::pin(async move {
            let (stand, problems) = self.stand().await?;
            let sets = stand.listed().cloned().collect();
            Ok(Listing { sets, applied: None, problems })
        })
    }

    fn apply(&self, batch: Batch) -> BoxFuture<'_, Applied> {
        Box::pin(async move { Applied { outcomes: self.carry_out(&batch.steps).await } })
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("url", &self.url).finish_non_exhaustive()
    }
}
