//! The fence: which claims a zone admits.

use portolan_core::cluster::ClusterName;
use portolan_core::fleet::{NameView, TargetView};
use portolan_core::record::RecordType;
use portolan_core::{Name, Problem, Reason};

use super::Index;
use super::claims::{Claim, Claimant};
use super::names::is_of;
use super::objects::is_root;
use super::zones::{Basis, KnownZone};
use crate::object::Kind;
use crate::settle::{self, Fence};

impl Index {
    /// Why a claim on a name is not admitted; none when it is. A name in no zone is unfenced.
    pub(super) fn refusal(&self, name: &Name, claim: &Claim) -> Option<Problem> {
        let (apex, zone) = self.zones.of(name)?;
        if claim.by.key().kind() == Kind::Zone || self.is_admitted(name, zone, claim) {
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
        let by = &claim.by;
        let view = claim.facts.view();
        let asking = Asking {
            name,
            namespace: by.key().namespace(),
            delegates: delegates(&view),
            is_kubefed: by.is_kubefed,
        };
        // While the rules are not read, who had the name before the restart keeps it, and no cluster's object
        // where its cluster had no part in it.
        let had_part = |known: NameView<'_>| {
            let is_part = |source: &ClusterName| has_part(&known, &source.0);
            is_of(&known, claim) && (!by.is_sourced || by.sources.iter().any(is_part))
        };
        asking
            .fits(&zone.by, &by.sources)
            .unwrap_or_else(|| self.memory.fleet.names.get(name.borrowed()).is_some_and(had_part))
    }

    /// True when a name that is only remembered may stand: the rules, where they are read, admit its owner from a
    /// source that may hold it still.
    pub(super) fn may_stand(&self, name: &Name, known: &NameView<'_>) -> bool {
        let Some((_, zone)) = self.zones.of(name) else { return true };
        let owner = known.owner();
        let kind = Kind::of_owner(owner.kind);
        let asking = Asking {
            name,
            namespace: owner.namespace,
            delegates: delegates(known),
            is_kubefed: matches!(
                kind,
                Some(Kind::ServiceDnsRecord | Kind::IngressDnsRecord | Kind::DnsEndpoint)
            ),
        };
        let holders: Vec<ClusterName> = self.memory.unheard(&self.objects, name, owner).collect();
        kind == Some(Kind::Zone) || asking.fits(&zone.by, &holders).unwrap_or(true)
    }
}

/// Who asks for a name.
struct Asking<'a> {
    name: &'a Name,
    namespace: &'a str,
    delegates: bool,
    is_kubefed: bool,
}

impl Asking<'_> {
    /// Whether a zone admits it from one of these sources; none while its rules are not read.
    fn fits(&self, zone: &Basis, sources: &[ClusterName]) -> Option<bool> {
        let fits = |fence: &Fence, cluster: &str| {
            fence.admits(&settle::Claim {
                namespace: self.namespace,
                cluster,
                host: self.name.borrowed(),
                delegates: self.delegates,
            })
        };
        match zone {
            Basis::Own { fence, root_fence, .. } => {
                let fence = |root| if root { root_fence } else { fence };
                Some(sources.iter().any(|source| fits(fence(is_root(source)), &source.0)))
            }
            Basis::Implied { fence, .. } => Some(self.is_kubefed && fits(fence, "")),
            Basis::Remembered => None,
        }
    }
}

/// True when a source held a name before the restart, or offered something for it.
fn has_part(known: &NameView<'_>, source: &str) -> bool {
    known.held_by.clone().any(|holder| holder == source)
        || known.endpoints.clone().any(|offer| offer.cluster == Some(source))
}

fn delegates(facts: &NameView<'_>) -> bool {
    let mut targets = facts.endpoints.clone().flat_map(|endpoint| endpoint.targets);
    targets.any(|target| matches!(target, TargetView::Record(RecordType::NS, _)))
}

fn message(name: &Name, apex: &Name, zone: &KnownZone, by: &Claimant) -> String {
    let namespace = by.key().namespace();
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
        Basis::Remembered => format!(
            "the rules of zone {apex} are not read yet; until then only who had a part in {name} before the restart is \
             admitted"
        ),
    }
}
