//! The annotation: every member of every name, ready or not.
//!
//! Its format is versioned, because objects outlive the process that wrote them. A reader passes over fields
//! that it does not know and refuses a version that it does not know.

use portolan_core::{Name, Snapshot};
use serde::{Deserialize, Serialize};

use super::target;
use crate::dns_endpoint::{DnsEndpoint, MARK};

/// The version that is written.
pub const VERSION: u32 = 1;

/// The annotation's value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Members {
    /// [`VERSION`].
    pub version: u32,
    /// The members, sorted.
    pub endpoints: Vec<Member>,
    /// Which run of which process wrote it; none of what was printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
    /// The revision that it was computed from, to be compared within an epoch only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
}

/// One target of one name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Member {
    /// The name.
    pub name: String,
    /// The record's type.
    #[serde(rename = "type")]
    pub rtype: String,
    /// The record's data.
    pub target: String,
    /// Whose it is; none for a target of unknown place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Whether something ready stands behind it. Whether its cluster is drained is not said here.
    pub ready: bool,
    /// Its share under a weighted pick.
    pub weight: u32,
}

impl Members {
    pub(super) fn new(endpoints: Vec<Member>) -> Self {
        Self { version: VERSION, endpoints, epoch: None, revision: None }
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("it is maps, lists, strings and numbers")
    }
}

/// Notes in the mark of an object of ours which run wrote it, and from which revision.
pub fn sign(object: &mut DnsEndpoint, epoch: u64, revision: u64) {
    let Some(mark) = object.metadata.annotations.as_mut().and_then(|all| all.get_mut(MARK)) else { return };
    if let Ok(mut members) = serde_json::from_str::<Members>(mark) {
        members.epoch = Some(epoch);
        members.revision = Some(revision);
        *mark = members.to_json();
    }
}

/// Which run wrote an object with this mark; none of what was printed, or cannot be read.
#[must_use]
pub fn epoch_of(mark: &str) -> Option<u64> {
    #[derive(Deserialize)]
    struct Signed {
        epoch: Option<u64>,
    }
    serde_json::from_str::<Signed>(mark).ok()?.epoch
}

/// The members of a name.
pub(super) fn of(snapshot: &Snapshot, name: &Name) -> Vec<Member> {
    let Some(records) = snapshot.records(name.borrowed()) else {
        return Vec::new();
    };
    let mut members = Vec::new();
    for pool in &records.pools {
        for (index, data) in pool.set().data().enumerate() {
            let offer = pool.offer_of(index);
            let Some((at, offer)) = offer.and_then(|at| Some((at, records.offers().get(at)?))) else {
                continue;
            };
            members.push(Member {
                name: name.to_dotless(),
                rtype: pool.rtype.to_string(),
                target: target(pool.rtype, data),
                cluster: offer.cluster.as_ref().map(ToString::to_string),
                ready: records.verdicts.is_up(at),
                weight: offer.weight,
            });
        }
    }
    members
}
