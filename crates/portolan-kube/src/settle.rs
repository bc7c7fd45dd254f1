//! What our kinds say, checked, as the core's facts and problems.
//!
//! ```text
//!   SteeringPolicy ──▶ policy      ──▶ Policy         ┐
//!   Zone           ──▶ zone        ──▶ SettledZone    │  each with Vec<Problem>
//!   MemberCluster  ──▶ cluster     ──▶ Cluster        │
//!   GlobalName     ──▶ global_name ──▶ SettledName    │
//!   a CSV file     ──▶ networks_csv ─▶ NetworkMap     ┘
//! ```
//!
//! The value stands beside its problems, never instead of them: a bad item is left out, a bad field
//! has its default, and only a [`Zone`](crate::kinds::Zone) without a usable apex gives nothing. Such a
//! value counts where the object is new. Of one that stood before, whatever is [refused](refusals) is told where it
//! is read, and it stays as it was. A schema refuses most of this at an API server, but a folder has no API server
//! and a CRD may be old.
//!
//! A [`Problem`] from here has a subject of the form `Kind namespace/name: spec.field[0]` and, but for
//! those of CSV files, no place; and who holds an object (`held_by`) is left empty. Both are for the
//! index, which knows the files and the clusters.

mod cluster;
mod fence;
mod findings;
mod global_name;
mod networks;
mod policy;
mod strangers;
mod zone;

pub use cluster::{cluster, observed, region};
pub use fence::{Claim, Fence};
pub use global_name::{SettledBackend, SettledName, global_name};
pub use networks::networks_csv;
pub use policy::policy;
pub use strangers::strangers;
pub use zone::{SettledZone, ZONE_TTL, zone};

use std::fmt;
use std::sync::Arc;

use portolan_core::place::NetworkMap;
use portolan_core::{Problem, Reason, Ttl};

use crate::object::Body;

/// What an object of ours says and is not allowed to, whatever other objects say: it is refused for that. Of kinds of
/// others there is none.
#[must_use]
pub fn refusals(body: &Body) -> Vec<Problem> {
    let problems = match body {
        Body::Zone(object) => zone(object).1,
        Body::GlobalName(object) => global_name(object).1,
        Body::SteeringPolicy(object) => policy(object, &mut |_| Ok(Arc::new(NetworkMap::default()))).1,
        Body::MemberCluster(object) => cluster(object).1,
        _ => return Vec::new(),
    };
    problems.into_iter().filter(|problem| refuses(problem.reason)).collect()
}

/// True of what an object is refused for. What stands twice, or is not there yet, is told and costs nothing else.
#[must_use]
pub fn refuses(reason: Reason) -> bool {
    matches!(reason, Reason::Invalid | Reason::LimitReached)
}

/// A TTL that an object names, in seconds: none when it is 0 or absent, which is the default.
///
/// # Errors
/// [`TtlError`] when it is negative or above 2^31-1.
pub fn ttl(seconds: Option<i64>) -> Result<Option<Ttl>, TtlError> {
    match u32::try_from(seconds.unwrap_or(0)) {
        Ok(0) => Ok(None),
        Ok(seconds) => Ttl::from_seconds(seconds).map(Some).ok_or(TtlError),
        Err(_) => Err(TtlError),
    }
}

/// The number is no TTL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TtlError;

impl fmt::Display for TtlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is not 0 to 2147483647 seconds")
    }
}

impl std::error::Error for TtlError {}

#[cfg(test)]
mod tests;
