//! What a publisher may do, and where.

use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::filter::DomainFilter;
use super::record_set::{Owner, Properties};
use crate::name::NameRef;
use crate::record::RecordType;

/// What a publisher may do, and where.
#[derive(Clone, Debug)]
pub struct Options {
    /// Who it is (`--txt-owner-id`).
    pub owner: Owner,
    /// Who it was: what that owner has is ours, and is marked anew (`--migrate-from-txt-owner`).
    pub former: Option<Owner>,
    /// What it may do (`--policy`).
    pub policy: SyncPolicy,
    /// Names that it has to do with: those that every filter takes, the publisher's and the provider's.
    pub filters: Vec<DomainFilter>,
    /// Types that it has to do with (`--managed-record-types`).
    pub managed: BTreeSet<RecordType>,
    /// Of those not these (`--exclude-record-types`).
    pub excluded: BTreeSet<RecordType>,
    /// Which properties this DNS keeps.
    pub keeps: Keeps,
    /// It may take over what bears no mark, where it is wanted.
    pub adopts: bool,
    /// It claims targets and not whole sets, and adds its own to what other owners feed the same way.
    pub shares: bool,
}

/// What a publisher may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncPolicy {
    /// Everything.
    Sync,
    /// Create and update. A name whose type changes is updated: the old type goes as the new one comes.
    UpsertOnly,
    /// Create, and only where nothing has to go for it.
    CreateOnly,
}

/// Which properties a DNS keeps: others are nothing to it, and no difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keeps {
    /// None: etcd, RFC 2136, zone files.
    None,
    /// Those of one make (`aws/weight` of `aws`) and those of all (`alias`).
    Of(Arc<str>),
    /// All.
    All,
}

impl Options {
    /// External-DNS' defaults for an owner: its types, all names, no sharing. The policy has no default there either.
    #[must_use]
    pub fn new(owner: Owner, policy: SyncPolicy) -> Self {
        Self {
            owner,
            former: None,
            policy,
            filters: Vec::new(),
            managed: [RecordType::A, RecordType::AAAA, RecordType::CNAME].into(),
            excluded: BTreeSet::new(),
            keeps: Keeps::All,
            adopts: false,
            shares: false,
        }
    }

    /// True when it has to do with the name.
    pub(super) fn takes(&self, name: NameRef<'_>) -> bool {
        self.filters.iter().all(|filter| filter.takes(name))
    }

    /// True when it has to do with the type.
    pub(super) fn manages(&self, rtype: RecordType) -> bool {
        self.managed.contains(&rtype) && !self.excluded.contains(&rtype)
    }

    /// True when it has to do with sets of the name and type.
    pub(crate) fn has_to_do_with(&self, name: NameRef<'_>, rtype: RecordType) -> bool {
        self.takes(name) && self.manages(rtype)
    }

    /// True when what the owner has is ours.
    pub(crate) fn is_us(&self, owner: &Owner) -> bool {
        *owner == self.owner || self.former.as_ref() == Some(owner)
    }
}

impl Keeps {
    /// The properties that this DNS keeps.
    #[must_use]
    pub fn of(&self, properties: &Properties) -> Properties {
        let keeps = |name: &str| match self {
            Self::None => false,
            Self::All => true,
            Self::Of(make) => name.split_once('/').is_none_or(|(of, _)| *of == **make),
        };
        let kept = properties.iter().filter(|(name, _)| keeps(name));
        kept.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}
