//! The fence: which claims a zone admits.

use portolan_core::fleet::TargetView;
use portolan_core::record::RecordType;
use portolan_core::{Name, Problem, Reason};

use super::Index;
use super::claims::{Claim, Claimant};
use super::names::is_same_tenant;
use super::objects::is_root;
use super::zones::{Basis, KnownZone};
use crate::object::Kind;
use crate::settle::{self, Fence};

impl Index {
    /// Why a claim on a name is not admitted; none when it is. A name in no zone is unfenced.
    pub(super) fn refusal(&self, name: &Name, claim: &Claim) -> Option<Problem> {
        let (apex, zone) = self.zones.of(name)?;
        if claim.by.key.kind == Kind::Zone || self.is_admitted(name, zone, claim) {
            return None;
        }
        Some(Problem {
            subject: self.claimed_at(&claim.by, name),
            reason: Reason::NotAdmitted,
            message: message(name, apex, zone, &claim.by),
            place: claim.by.place.to_string(),
        })
    }

    fn is_admitted(&self, name: &Name, zone: &KnownZone, claim: &Claim) -> bool {
        let fits = |fence: &Fence, cluster: &str| {
            fence.admits(&settle::Claim {
                namespace: &claim.by.key.namespace,
                cluster,
                host: name.borrowed(),
                delegates: delegates(claim),
            })
        };
        match &zone.by {
            Basis::Own { fence, root_fence, .. } => {
                let fence = |root| if root { root_fence } else { fence };
                claim.by.sources.iter().any(|source| fits(fence(is_root(source)), &source.0))
            }
            Basis::Implied { fence, .. } => claim.by.is_kubefed && fits(fence, ""),
            // Its rules are not read yet: who had the name before the restart keeps it until they are.
            Basis::Remembered => self
                .memory
                .fleet
                .names
                .get(name.borrowed())
                .is_some_and(|known| is_same_tenant(known.owner, claim.facts.view().owner)),
        }
    }
}

fn delegates(claim: &Claim) -> bool {
    let mut targets = claim.facts.view().endpoints.flat_map(|endpoint| endpoint.targets);
    targets.any(|target| matches!(target, TargetView::Record(RecordType::NS, _)))
}

fn message(name: &Name, apex: &Name, zone: &KnownZone, by: &Claimant) -> String {
    let namespace = &by.key.namespace;
    match &zone.by {
        Basis::Own { key, .. } => {
            let clusters: Vec<&str> =
                by.sources.iter().filter(|source| !is_root(source)).map(|source| &*source.0).collect();
            let of = if clusters.is_empty() { String::new() } else { format!(" of {}", clusters.join(", ")) };
            format!(
                "no rule of {key} (apex {apex}) admits namespace {namespace:?}{of} to {name}; the apex, name \
                 servers and delegations need a rule that spells the name out"
            )
        }
        Basis::Implied { key, .. } => format!(
            "the zone {apex} that {key} implies admits KubeFed's kinds below its apex, and nothing else, so not \
             {name}; a Zone of that apex can have rules"
        ),
        Basis::Remembered => format!("the rules of zone {apex} are not read yet, and {name} is new"),
    }
}
