//! The records of a name of the fleet, and what they share with those of names like it.
//!
//! ```text
//!   Records ─▶ head: verdicts, aliases, content │ pool │ pool …        one piece a name
//!                └─▶ form: policy │ offer │ offer …   └─▶ form: orders │ member │ member …     shared
//!                                                     └─▶ set: rendered records                a pool's own
//! ```

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use triomphe::ThinArc;

use super::Steering;
use crate::cluster::ClusterName;
use crate::geo::Orders;
use crate::health::Verdicts;
use crate::odds::Odds;
use crate::policy::Pick;
use crate::record::{RecordType, Ttl};
use crate::rrset::{Rrset, RrsetBuf};

/// The records of one name: a head, and one pool a type, by type, in one piece that whoever has them shares. Sets stand
/// apart, rendered.
#[derive(Clone, Debug)]
pub struct Records(ThinArc<Head, Pool>);

/// What is one of a name.
#[derive(Debug)]
pub(crate) struct Head {
    /// One bit an offer: is what stands behind it ready?
    pub(crate) verdicts: Verdicts,
    /// Who offers them, and how they are steered.
    pub(crate) form: ThinArc<Form, Offer>,
    /// What the name is an alias of while no member is healthy: its own fallback, and its policy's.
    pub(crate) aliases: Option<Box<Aliases>>,
    /// What they add to the content of their zone, as octets: a number of this size would have to stand at a
    /// multiple of it, which costs an allocator room.
    pub(crate) content: [u8; 16],
    /// TTL of its aliases.
    pub(crate) ttl: Ttl,
}

/// How a name is steered. It stands before the list of offers, and names that are alike in both mostly share it.
#[derive(Debug)]
pub(crate) struct Form {
    /// The policy; the default one has no name.
    pub(crate) policy: Arc<Steering>,
    /// What of it every answer asks for.
    pub(crate) rule: Rule,
}

/// What of a policy every answer asks for, beside the offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) pick: Pick,
    /// At least 1.
    pub(crate) minimum_healthy: u16,
}

/// What a name may be an alias of as a whole.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Aliases {
    /// Of a KubeFed level: the next wider one.
    pub(crate) fallback: Option<RrsetBuf>,
    /// The alias that `allDown: Fallback` makes of it.
    pub(crate) all_down: Option<RrsetBuf>,
}

/// One cluster's offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Whose; none for a record of unknown place.
    pub cluster: Option<ClusterName>,
    /// The cluster's bit in the table of drained clusters.
    pub(crate) cluster_bit: Option<u16>,
    /// Its share under a weighted pick.
    pub weight: u32,
}

/// All records of one name and type, with what is needed to choose among them.
#[derive(Debug)]
pub struct Pool {
    /// The type.
    pub rtype: RecordType,
    /// The TTL while all members are up.
    pub ttl: Ttl,
    /// The records, those of one member side by side.
    pub(crate) set: RrsetBuf,
    /// Who offers which of them, by cluster, and in which order of tiers.
    pub(crate) form: ThinArc<PoolForm, PoolMember>,
    /// Of each record the first with the same data, where two members offer the same record: it may stand once
    /// in an answer (RFC 2181 section 5).
    pub(crate) firsts: Option<Box<[u16]>>,
}

/// How one chooses among the members of a pool. It stands before their list, and pools that are alike in both mostly
/// share it.
#[derive(Debug)]
pub(crate) struct PoolForm {
    /// The order of tiers for each client.
    pub(crate) orders: Arc<Orders>,
    /// The members' shares, where a weighted pick has many to choose among.
    pub(crate) odds: Option<Arc<Odds>>,
    /// True when each offer of the name is the member of its number, so that verdicts are read as they are.
    pub(crate) whole: bool,
    /// True when each member has one record, the one of its number.
    pub(crate) singles: bool,
}

/// A member of a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PoolMember {
    /// Its offer in [`Records::offers`].
    pub(crate) offer: u16,
    /// Its records in [`Pool::set`].
    pub(crate) start: u16,
    /// How many.
    pub(crate) count: u16,
}

impl Records {
    pub(crate) fn new(head: Head, pools: Vec<Pool>) -> Self {
        const COUNTS: usize = 2 * size_of::<usize>();
        const { assert!(COUNTS + size_of::<Head>() + size_of::<Pool>() <= 128, "a plain name is small") };
        Self(ThinArc::from_header_and_iter(head, pools.into_iter()))
    }

    #[inline]
    fn head(&self) -> &Head {
        &self.0.header.header
    }

    /// One pool a type, by type.
    #[must_use]
    #[inline]
    pub fn pools(&self) -> &[Pool] {
        &self.0.slice
    }

    /// One bit an offer: is what stands behind it ready?
    #[must_use]
    #[inline]
    pub fn verdicts(&self) -> &Verdicts {
        &self.head().verdicts
    }

    /// TTL of its aliases.
    #[must_use]
    #[inline]
    pub fn ttl(&self) -> Ttl {
        self.head().ttl
    }

    /// What the name is an alias of while no member is healthy.
    #[inline]
    pub(crate) fn aliases(&self) -> Option<&Aliases> {
        self.head().aliases.as_deref()
    }

    /// Who offers them.
    #[must_use]
    #[inline]
    pub fn offers(&self) -> &[Offer] {
        &self.head().form.slice
    }

    /// The policy that steers them; the default one has no name.
    #[must_use]
    #[inline]
    pub fn policy(&self) -> &Steering {
        &self.head().form.header.header.policy
    }

    /// What they add to the content of their zone.
    pub(crate) fn content(&self) -> u128 {
        u128::from_ne_bytes(self.head().content)
    }

    /// What they have in common with those of names that are alike.
    pub(crate) fn form(&self) -> &ThinArc<Form, Offer> {
        &self.head().form
    }

    /// What of its policy every answer asks for.
    #[inline]
    pub(crate) fn rule(&self) -> Rule {
        self.head().form.header.header.rule
    }

    /// The pool of a type.
    #[must_use]
    #[inline]
    pub fn pool(&self, rtype: RecordType) -> Option<&Pool> {
        self.pools().iter().find(|pool| pool.rtype == rtype)
    }

    /// The name that a KubeFed level is an alias of while none of its members is healthy.
    #[must_use]
    pub fn fallback(&self) -> Option<Rrset<'_>> {
        self.aliases()?.fallback.as_ref().map(RrsetBuf::borrowed)
    }
}

impl Pool {
    #[inline]
    pub(crate) fn members(&self) -> &[PoolMember] {
        &self.form.slice
    }

    /// How one chooses among them.
    #[inline]
    pub(crate) fn form(&self) -> &PoolForm {
        &self.form.header.header
    }

    /// The records, those of one member side by side.
    #[must_use]
    pub fn set(&self) -> Rrset<'_> {
        self.set.borrowed()
    }

    /// The offer that a record stands for, by the record's index.
    #[must_use]
    pub fn offer_of(&self, record: usize) -> Option<usize> {
        self.members()
            .iter()
            .find(|m| (usize::from(m.start)..usize::from(m.start) + usize::from(m.count)).contains(&record))
            .map(|m| usize::from(m.offer))
    }

    /// The offers that have records in it.
    pub fn offers(&self) -> impl Iterator<Item = usize> {
        self.members().iter().map(|m| usize::from(m.offer))
    }
}
