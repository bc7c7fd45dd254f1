//! A zone file (RFC 1035 section 5) that a name server reads: BIND, Knot, NSD, CoreDNS' `file`, or our own.
//!
//! ```text
//!   ; Portolan keeps this file and writes it whole; what stands in comments is lost.
//!   ; portolan: {"version":1,"publishers":{"eu-1":{"instance":"…","epoch":3,"revision":17}}}
//!   example.net. 300 IN SOA ns1.example.net. hostmaster.example.net. 42 7200 1800 1209600 300
//!   shop.example.net. 30 IN A 192.0.2.1
//!   a-shop.example.net. 300 IN TXT "heritage=external-dns,…"
//! ```
//!
//! The file is what there is: it is read for each list and before each write, under a lock beside it, so that publishers of
//! several owners may share it. A batch is one write: a new file, synced, renamed over the old one, so that whoever
//! reads it has all of the old or all of the new. The serial grows when records change and only then.
//!
//! Records of others stay, of whatever type; their comments, and how they were written, do not, so a file that was not
//! written here is kept once as `FILE.orig`. A file that cannot be understood to its end, or is signed, is left alone.
//!
//! A change costs a write of the whole file; for many names and many changes another make is better.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use portolan_core::Name;
use portolan_core::plan::{Domain, DomainFilter, Keeps, Owner};
use portolan_core::record::Ttl;

use crate::provider::{Abilities, Applied, Batch, Listing, Provider, ProviderError, StepOutcome};

mod disk;
mod text;
mod zone;

use disk::Locked;
use zone::Zone;

/// How often it is looked whether others changed the file.
pub const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How a zone file is published to.
#[derive(Clone, Debug)]
pub struct Options {
    /// The file.
    pub path: PathBuf,
    /// The zone that it is of.
    pub zone: Name,
    /// Who publishes: numbers are an owner's own.
    pub owner: Owner,
    /// Tells installations apart that were given one owner id.
    pub instance: String,
    /// Go on although another installation published as this owner.
    pub takes_over: bool,
    /// Of a file that is not there yet: the zone's name servers, the first of which its SOA names.
    pub name_servers: Vec<Name>,
    /// What records have for which nobody names a TTL.
    pub ttl: Ttl,
}

impl Options {
    /// A file of a zone, with External-DNS' TTL of 300 seconds where none is named.
    #[must_use]
    pub fn new(path: PathBuf, zone: Name, owner: Owner, instance: String) -> Self {
        let ttl = Ttl::from_seconds(300).unwrap_or(Ttl::DEFAULT);
        Self { path, zone, owner, instance, takes_over: false, name_servers: Vec::new(), ttl }
    }
}

/// A provider of a zone file.
pub struct ZoneFile {
    shared: Arc<Shared>,
}

struct Shared {
    options: Options,
    /// The file as it was when we last read or wrote it.
    stamp: Mutex<Option<Stamp>>,
}

/// When a file was written, and how long it is.
type Stamp = (SystemTime, u64);

impl ZoneFile {
    /// A provider that has read nothing.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self { shared: Arc::new(Shared { options, stamp: Mutex::default() }) }
    }

    /// Does something that waits for the disk where it holds nobody up.
    async fn blocking<R: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<R, ProviderError> + Send + 'static,
    ) -> Result<R, ProviderError> {
        let shared = self.shared.clone();
        let done = tokio::task::spawn_blocking(move || work(&shared)).await;
        done.unwrap_or_else(|error| Err(ProviderError::Unreachable(error.to_string())))
    }
}

impl Shared {
    fn list(&self) -> Result<Listing, ProviderError> {
        let locked = Locked::open(&self.options.path)?;
        let zone = self.read(&locked)?;
        self.note();
        if let Some(other) = zone.other(&self.options).filter(|_| !self.options.takes_over) {
            return Err(ProviderError::Refused(format!(
                "another installation ({other}) publishes as the owner {}: give each an owner id of its own, or say that \
                 this one takes over",
                self.options.owner
            )));
        }
        Ok(Listing { applied: zone.applied(&self.options.owner), sets: zone.listed(), ..Listing::default() })
    }

    fn apply(&self, batch: &Batch) -> Result<Vec<StepOutcome>, ProviderError> {
        let locked = Locked::open(&self.options.path)?;
        let mut zone = self.read(&locked)?;
        if zone.applied(&self.options.owner) != batch.follows {
            return Ok(vec![StepOutcome::Lost; batch.steps.len().max(1)]);
        }
        let mut outcomes: Vec<StepOutcome> =
            batch.steps.iter().map(|step| zone.step(step, &self.options)).collect();
        if outcomes.is_empty() {
            outcomes.push(StepOutcome::Done);
        }
        if outcomes.contains(&StepOutcome::Done) {
            zone.number(batch.number, &self.options);
            locked.write(&zone.print(), zone.is_foreign)?;
            self.note();
        }
        Ok(outcomes)
    }

    fn read(&self, locked: &Locked) -> Result<Zone, ProviderError> {
        match locked.read()? {
            Some(text) => text::read(&text, &self.options),
            None => Ok(Zone::new(&self.options)),
        }
    }

    fn stamp(&self) -> Option<Stamp> {
        let about = std::fs::metadata(&self.options.path).ok()?;
        Some((about.modified().ok()?, about.len()))
    }

    fn note(&self) {
        *self.stamp.lock().unwrap_or_else(PoisonError::into_inner) = self.stamp();
    }

    fn is_as_noted(&self) -> bool {
        *self.stamp.lock().unwrap_or_else(PoisonError::into_inner) == self.stamp()
    }
}

impl Provider for ZoneFile {
    fn name(&self) -> String {
        format!("zone file {}", self.shared.options.path.display())
    }

    fn abilities(&self) -> BoxFuture<'_, Result<Abilities, ProviderError>> {
        let zone = Domain { name: self.shared.options.zone.clone(), is_below_only: false };
        let filter = DomainFilter::Domains { include: vec![zone], exclude: Vec::new() };
        let abilities = Abilities { keeps: Keeps::None, filter: Some(filter), numbers_plans: true };
        Box::pin(async move { Ok(abilities) })
    }

    fn list(&self) -> BoxFuture<'_, Result<Listing, ProviderError>> {
        Box::pin(self.blocking(Shared::list))
    }

    fn apply(&self, batch: Batch) -> BoxFuture<'_, Applied> {
        Box::pin(async move {
            let count = batch.steps.len().max(1);
            let outcomes = self.blocking(move |shared| shared.apply(&batch)).await;
            let failed = |error: ProviderError| vec![StepOutcome::Failed(error); count];
            Applied { outcomes: outcomes.unwrap_or_else(failed) }
        })
    }

    fn changed(&self) -> Option<BoxFuture<'_, ()>> {
        Some(Box::pin(async {
            while self.shared.is_as_noted() {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }))
    }
}

#[cfg(test)]
mod tests;
