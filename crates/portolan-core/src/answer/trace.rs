//! The reasons for one answer, told step by step to whoever asked for them.

use core::net::IpAddr;

use crate::cluster::ClusterName;
use crate::name::NameRef;
use crate::place::Place;
use crate::policy::{AllDown, Pick, PolicyName};
use crate::record::{RecordType, Ttl};
use crate::zone::file::FileNode;

/// Hears the steps of a decision. `()` hears nothing, and the steps cost nothing then.
pub trait Trace {
    /// False when [`Trace::note`] does nothing, so that what only it needs is not computed.
    const ON: bool = true;
    /// Takes one step.
    fn note(&mut self, step: Step<'_>);
}

impl Trace for () {
    const ON: bool = false;
    #[inline]
    fn note(&mut self, _: Step<'_>) {}
}

/// How a name was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// As it is.
    Exact,
    /// By a wildcard (RFC 4592).
    Wildcard,
    /// There are only names below it (an empty non-terminal).
    Empty,
    /// Not at all.
    Missing,
    /// It is at or below a delegation.
    Cut,
    /// It is below a DNAME (RFC 6672).
    Redirected,
}

/// A member of a pool, as one client sees it.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// Its cluster; none for a record of unknown place.
    pub cluster: Option<&'a ClusterName>,
    /// Its tier for this client, 0 first.
    pub tier: u8,
    /// What its own evidence says.
    pub ready: bool,
    /// Whether its cluster is drained.
    pub drained: bool,
    /// Its share under a weighted pick.
    pub weight: u32,
    /// How many records it offers.
    pub records: usize,
}

/// One step of a decision.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// No zone of ours holds the name.
    NoZone,
    /// The zone, and its serial.
    Zone(NameRef<'a>, u32),
    /// The name that was looked up and how it was found.
    Name(NameRef<'a>, Match),
    /// The name is below this one, which has a DNAME in a zone file.
    Redirected(NameRef<'a>),
    /// The name is the fleet's, and this policy steers it.
    Steered(Option<&'a PolicyName>),
    /// The name is a zone file's, which has this there; true when that answers.
    File(FileNode<'a>, bool),
    /// The pool that is looked at.
    Pool(RecordType),
    /// The client, and the place that a `Geo` stage gave it.
    Client(IpAddr, Option<&'a Place>),
    /// How wide around the client the order of tiers is the same.
    Scope(u8),
    /// A member.
    Member(Member<'a>),
    /// A tier with so many healthy members, of at least so many wanted; true when it is used.
    Tier(u8, u16, u16, bool),
    /// No member is healthy: what the policy says.
    AllDown(&'a AllDown),
    /// An alias is followed, and whose it is.
    Alias(NameRef<'a>, &'static str),
    /// What is taken from the tier, and how many records that came to.
    Pick(Pick, usize),
    /// A member is down, so the TTL is half.
    Halved(Ttl),
    /// The chain of aliases ends early, and why.
    ChainEnds(&'static str),
    /// Not every cluster was read yet, so nothing can be denied.
    NotReady,
    /// The zone's file was not wholly read, so nothing that it may have can be denied.
    NotWhole,
}
