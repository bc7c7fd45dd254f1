//! Records into a zone of any server that takes dynamic updates (RFC 2136): BIND, Knot, PowerDNS, Windows.
//!
//! ```text
//!   list   ─▶ AXFR of each zone, signed ─▶ sets, the plan applied last ─▶ memory
//!   apply  ─▶ steps ─▶ demands and deeds ─▶ messages, signed ─▶ outcomes ─▶ memory
//! ```
//!
//! | module | what it owns |
//! | --- | --- |
//! | `key` | the secret that messages are signed with |
//! | `server` | connections: TCP and TLS |
//! | `talk` | one server after the other |
//! | `message` | octets of questions, what replies say |
//! | `transfer` | a zone out of its messages |
//! | `update` | a step as demands and deeds |
//! | `number` | the plan that was applied last, in the zone itself |
//! | `memory` | what was listed, as far as steps do not say it |
//! | `pace` | how many changes go in the next message |
//! | `sending` | steps into messages, and what becomes of them |
//!
//! External-DNS' provider deletes and creates without asking what is there, in three phases. Here a name changes in one
//! message or not at all, marks and type and all, and only while it is as it was seen: by the message's prerequisites.
//! Without transfers nothing is seen: then only names that are not in use are made, and what this process made is all that
//! it knows of.

mod key;
mod memory;
mod message;
mod number;
mod pace;
mod sending;
mod server;
mod talk;
mod transfer;
mod update;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use portolan_core::plan::{Domain, DomainFilter, Keeps, Owner, RecordSet, Wanted};
use portolan_core::record::Ttl;
use portolan_core::{Name, Problem, Reason, RecordType};
use tokio::sync::Mutex;

pub use key::{ALGORITHMS, KeyError, TsigKey};
pub use pace::{CHANGES_FIRST, GROWS_WITHIN};
pub use server::{ANSWER_TIME, CONNECT_TIME, Order, Server, Tls, TlsError, UPDATE_TIME};
pub use transfer::{TRANSFER_BAD_MAX, TRANSFER_OCTETS_MAX, TRANSFER_RECORDS_MAX};

use crate::provider::{Abilities, Applied, Batch, Listing, Provider, ProviderError, StepOutcome};
use memory::{Memory, Zones};
use number::LastPlan;
use sending::Sending;
use talk::Talk;
use transfer::Transfer;

/// Most servers of one publisher.
pub const SERVERS_MAX: usize = 16;
/// Most zones of one publisher.
pub const ZONES_MAX: usize = 10_000;
/// Most changes in one message when nobody says how many. Names with an address and a mark fill a message before that.
pub const CHANGES_DEFAULT: usize = 1_000;
/// How long the transfer of one zone may take.
pub const TRANSFER_TIME: Duration = Duration::from_secs(600);

/// Why a name is not made where nothing can be listed.
const UNLISTED: &str = "something is there already, and without transfers (AXFR) it cannot be seen what";

/// Where and how records are published.
#[derive(Clone)]
pub struct Options {
    /// Servers that all have the zones, and take changes.
    pub servers: Vec<Server>,
    /// Which of them is asked first.
    pub order: Order,
    /// The zones. A name stands in the longest of those that it is below; what is below none is refused.
    pub zones: Vec<Name>,
    /// What messages are signed with; none for a server that asks for nothing (`--rfc2136-insecure`).
    pub key: Option<TsigKey>,
    /// None for plain TCP.
    pub tls: Option<Tls>,
    /// The zones may be listed by transfer (`--rfc2136-axfr`).
    pub transfers: bool,
    /// No record is given a lower TTL (`--rfc2136-min-ttl`).
    pub ttl_min: Ttl,
    /// Most changes, of sets, in one message; messages begin with [`CHANGES_FIRST`] and grow while they are taken at once.
    pub changes_max: usize,
    /// Whose plans are counted, in a text in each zone; none when they are not.
    pub numbered_for: Option<Owner>,
    /// Tells installations apart that were given one owner id: the same for all processes of one, and empty when there is
    /// nothing to tell them apart by.
    pub instance: String,
    /// Go on although another installation published as this owner.
    pub takes_over: bool,
    /// The time, for signatures.
    pub clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    /// Numbers that nobody can foresee, for messages.
    pub draw: Arc<dyn Fn() -> u64 + Send + Sync>,
}

impl Options {
    /// One server's zones, with External-DNS' defaults but for transfers, which are on.
    #[must_use]
    pub fn new(
        server: Server,
        zones: Vec<Name>,
        clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
        draw: Arc<dyn Fn() -> u64 + Send + Sync>,
    ) -> Self {
        Self {
            servers: vec![server],
            order: Order::AsGiven,
            zones,
            key: None,
            tls: None,
            transfers: true,
            ttl_min: Ttl::from_seconds(0).expect("0 is a TTL"),
            changes_max: CHANGES_DEFAULT,
            numbered_for: None,
            instance: String::new(),
            takes_over: false,
            clock,
            draw,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("servers", &self.servers)
            .field("zones", &self.zones)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// Why there is no publisher with such options.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// None, or more than [`SERVERS_MAX`].
    #[error("{0} servers are given, and it takes 1 to {SERVERS_MAX}")]
    Servers(usize),
    /// None, or more than [`ZONES_MAX`].
    #[error("{0} zones are given, and it takes 1 to {ZONES_MAX}")]
    Zones(usize),
    /// No change fits in a message.
    #[error("a message has at least one change")]
    Changes,
    /// Could not stand in a zone's text.
    #[error(
        "the instance {0:?} is longer than 128 characters, or has a comma, a quote or a control character"
    )]
    Instance(String),
}

/// Servers that take dynamic updates.
#[derive(Debug)]
pub struct Rfc2136 {
    options: Options,
    zones: Zones,
    /// None until it was listed. Held while it is listed or changed: one after the other.
    memory: Mutex<Option<Memory>>,
    /// How often it was listed, and how often changed: whose turn it is.
    lists: AtomicUsize,
    changes: AtomicUsize,
}

impl Rfc2136 {
    /// A publisher; it connects to nothing yet.
    ///
    /// # Errors
    /// [`OptionsError`] says which of the options cannot be.
    pub fn new(options: Options) -> Result<Self, OptionsError> {
        let zones = Zones::new(options.zones.iter().cloned());
        match () {
            () if !(1..=SERVERS_MAX).contains(&options.servers.len()) => {
                Err(OptionsError::Servers(options.servers.len()))
            }
            () if !(1..=ZONES_MAX).contains(&zones.len()) => Err(OptionsError::Zones(zones.len())),
            () if options.changes_max == 0 => Err(OptionsError::Changes),
            () if !number::is_instance(&options.instance) => Err(OptionsError::Instance(options.instance)),
            () => Ok(Self {
                options,
                zones,
                memory: Mutex::new(None),
                lists: AtomicUsize::new(0),
                changes: AtomicUsize::new(0),
            }),
        }
    }

    /// The servers, that one first whose turn it is.
    fn ring(&self, turns: &AtomicUsize) -> Vec<&Server> {
        let servers = &self.options.servers;
        let count = servers.len();
        let first = match self.options.order {
            Order::AsGiven => 0,
            Order::RoundRobin => turns.fetch_add(1, Ordering::Relaxed) % count,
            Order::Random => {
                let [low, high, ..] = (self.options.draw)().to_le_bytes();
                usize::from(u16::from_le_bytes([low, high])) % count
            }
        };
        servers.iter().cycle().skip(first).take(count).collect()
    }

    /// A number for a message.
    fn id(&self) -> u16 {
        let [low, high, ..] = (self.options.draw)().to_le_bytes();
        u16::from_le_bytes([low, high])
    }

    /// Whose plans zones count.
    fn publisher(&self) -> Option<number::Publisher<'_>> {
        let owner = self.options.numbered_for.as_ref().filter(|_| self.options.transfers)?;
        Some(number::Publisher { owner, instance: &self.options.instance })
    }

    /// A zone that cannot be listed costs itself: what is wanted there fails until it can be.
    async fn list_all(&self) -> Result<Listing, ProviderError> {
        let mut memory = self.memory.lock().await;
        if !self.options.transfers {
            return Ok(self.list_made(memory.get_or_insert_with(Memory::of_the_unlisted)));
        }
        *memory = None;
        let (mut listed, mut listing) = (Memory::default(), Listing::default());
        let mut talk = Talk::new(self, self.ring(&self.lists));
        let mut refusals = Vec::new();
        for zone in self.zones.iter() {
            talk.restart();
            match talk.transfer(zone).await {
                Ok(transfer) => self.list_zone(zone, transfer, &mut listed, &mut listing)?,
                Err(error @ ProviderError::Unreachable(_)) => return Err(error),
                Err(error) => {
                    listing.problems.push(problem(
                        zone,
                        Reason::Unreadable,
                        format!("is not listed: {error}"),
                    ));
                    listed.note_unlisted(zone.clone(), error.clone());
                    refusals.push(error);
                }
            }
        }
        if refusals.len() == self.zones.len() {
            return Err(refusals.swap_remove(0));
        }
        *memory = Some(listed);
        Ok(listing)
    }

    /// # Errors
    /// When another installation publishes to the zone as our owner.
    fn list_zone(
        &self,
        zone: &Name,
        transfer: Transfer,
        listed: &mut Memory,
        listing: &mut Listing,
    ) -> Result<(), ProviderError> {
        let (sets, problems) = transfer.into_sets();
        listing.problems.extend(problems.told);
        listing.problems.untold += problems.untold;
        let publisher = self.publisher();
        let number_name = publisher.and_then(|publisher| publisher.name_in(zone));
        // What stands below another of the zones is that one's: here are at most its name servers and their addresses.
        for set in sets.into_iter().filter(|set| self.zones.of(set.name.borrowed()) == Some(zone)) {
            if set.rtype != RecordType::TXT || !number::is_name(&set.name, zone) {
                listed.note(&set);
                listing.sets.push((set, None));
            } else if let Some(publisher) = publisher.filter(|_| number_name.as_ref() == Some(&set.name)) {
                let plan = publisher.read(set.targets);
                self.admit_instance(&publisher, &plan)?;
                listing.applied = listing.applied.max(plan.number);
                listed.note_plan(zone.clone(), plan);
            }
        }
        Ok(())
    }

    fn admit_instance(
        &self,
        publisher: &number::Publisher<'_>,
        plan: &LastPlan,
    ) -> Result<(), ProviderError> {
        let (ours, theirs) = (publisher.instance, &plan.instance);
        if self.options.takes_over || ours.is_empty() || theirs.is_empty() || ours == theirs {
            return Ok(());
        }
        Err(ProviderError::Refused(format!(
            "another installation ({theirs}) publishes as the owner {}: give each an owner id of its own, or say that this one \
             takes over",
            publisher.owner
        )))
    }

    fn list_made(&self, memory: &Memory) -> Listing {
        let mut listing = Listing { sets: memory.made(), ..Listing::default() };
        let rule = "is not listed, because transfers (AXFR) are off: only names that are not in use are made, and nothing is \
                    changed or removed but what was made since the start";
        listing.problems.extend(self.zones.iter().map(|zone| problem(zone, Reason::Incomplete, rule.into())));
        listing
    }
}

impl Provider for Rfc2136 {
    fn name(&self) -> String {
        let servers: Vec<String> = self.options.servers.iter().map(ToString::to_string).collect();
        format!("rfc2136 {}", servers.join(","))
    }

    fn abilities(&self) -> BoxFuture<'_, Result<Abilities, ProviderError>> {
        let include = self.zones.iter().map(|zone| Domain { name: zone.clone(), is_below_only: false });
        let filter = DomainFilter::Domains { include: include.collect(), exclude: Vec::new() };
        let numbers_plans = self.options.transfers && self.options.numbered_for.is_some();
        let abilities = Abilities { keeps: Keeps::None, filter: Some(filter), numbers_plans };
        Box::pin(async move { Ok(abilities) })
    }

    /// TTLs that are named are at least the lowest that is allowed.
    fn adjust(&self, mut wanted: Vec<Wanted>) -> BoxFuture<'_, Result<Vec<Wanted>, ProviderError>> {
        for wanted in &mut wanted {
            raise(&mut wanted.set, self.options.ttl_min);
        }
        Box::pin(async move { Ok(wanted) })
    }

    fn list(&self) -> BoxFuture<'_, Result<Listing, ProviderError>> {
        Box::pin(self.list_all())
    }

    fn apply(&self, batch: Batch) -> BoxFuture<'_, Applied> {
        Box::pin(async move {
            match self.memory.lock().await.as_mut() {
                Some(memory) => Sending::new(self, memory, &batch).send().await,
                None => {
                    let unlisted = ProviderError::Unsound("it was not listed yet".into());
                    let outcomes = batch.steps.iter().map(|_| StepOutcome::Failed(unlisted.clone()));
                    Applied { outcomes: outcomes.collect() }
                }
            }
        })
    }
}

fn problem(zone: &Name, reason: Reason, message: String) -> Problem {
    Problem { subject: format!("zone {zone}"), reason, message, place: String::new() }
}

/// A set that names no TTL has the default, or the lowest that is allowed when that is higher.
fn raise(set: &mut RecordSet, ttl_min: Ttl) {
    set.ttl = match set.named_ttl() {
        Some(ttl) => Some(ttl.max(ttl_min)),
        None => (ttl_min > Ttl::DEFAULT).then_some(ttl_min),
    };
}

#[cfg(test)]
mod tests;
