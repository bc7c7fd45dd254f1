//! What a down offer rests on, where facts alone do not tell.
//!
//! Facts say that nothing behind an offer is ready. That may be because an Ingress leads the name nowhere, and
//! then no rollout makes it ready; what was read knows.

use portolan_core::{ClusterName, Name};

use super::Explanation;
use super::members::NOT_READY;
use crate::status::Status;

/// Why a cluster's offer for a name cannot be ready, if that is known.
pub(crate) type Reasons<'a> = dyn Fn(&Name, &ClusterName) -> Option<String> + 'a;

impl Explanation {
    /// The same, with the reasons that are known of offers without a ready endpoint.
    #[must_use]
    pub fn with_reasons(mut self, reasons: &Reasons<'_>) -> Self {
        for hop in &mut self.hops {
            let name = hop.wildcard.as_ref().unwrap_or(&hop.name);
            for member in &mut hop.members {
                say(name, member.cluster.as_deref(), &mut member.why, reasons);
            }
        }
        self
    }
}

impl Status {
    /// The same, likewise.
    #[must_use]
    pub fn with_reasons(mut self, reasons: &Reasons<'_>) -> Self {
        for row in &mut self.names {
            for member in &mut row.members {
                say(&row.name, member.cluster.as_deref(), &mut member.why, reasons);
            }
        }
        self
    }
}

fn say(name: &str, cluster: Option<&str>, why: &mut String, reasons: &Reasons<'_>) {
    let Some(rest) = why.strip_prefix(NOT_READY).filter(|rest| rest.is_empty() || rest.starts_with(';'))
    else {
        return;
    };
    let (Ok(name), Some(cluster)) = (name.parse::<Name>(), cluster) else { return };
    if let Some(reason) = reasons(&name, &ClusterName::from(cluster)) {
        *why = reason + rest;
    }
}
