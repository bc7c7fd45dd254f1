//! Who has a name, and the facts of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;

use portolan_core::fleet::{Evidence, Fact, NameFacts, NameView, OwnerView};
use portolan_core::name::NameRef;
use portolan_core::{Name, Problem, Reason};

use super::claims::{Claim, Claimant, is_reverse};
use super::{About, Index};
use crate::few::Few;
use crate::kind::Kind;
use crate::kinds;

/// Names in no zone of ours, by the apex of a zone that could hold them.
#[derive(Debug, Default)]
pub(super) struct Zoneless {
    groups: BTreeMap<Name, Group>,
    changed: BTreeSet<Name>,
}

/// The names that one missing zone could hold.
#[derive(Debug, Default)]
struct Group {
    names: BTreeMap<Name, Arc<Claimant>>,
    /// How many of the names come from each namespace.
    namespaces: BTreeMap<Arc<str>, usize>,
}

/// What became of a name.
#[derive(Default)]
struct Decided {
    facts: Option<NameFacts>,
    problems: Vec<Problem>,
    /// Whose it is, when it is in no zone.
    zoneless: Option<Arc<Claimant>>,
}

/// Who may speak for a name.
#[derive(Default)]
pub(super) struct Speakers<'a> {
    /// Those who do: one, or several that share it; nobody while only a source that is not heard yet holds it.
    pub(super) claims: Vec<&'a Claim>,
    problems: Vec<Problem>,
    /// What a source that is not heard yet holds of it.
    remembered: Option<NameView<'a>>,
}

impl Index {
    /// Looks at the names that something touched.
    pub(super) fn take_names(&mut self, out: &mut Vec<Fact>) {
        for name in std::mem::take(&mut self.dirty.names) {
            self.learn(&name);
            let decided = self.decide(&name);
            let offers = decided.facts.as_ref().map_or(0, |facts| facts.endpoints.len());
            self.step(1 + offers);
            self.zoneless.set(&name, decided.zoneless.as_ref());
            self.note(About::Name(name.clone()), decided.problems);
            self.give(Fact::Name(name, decided.facts), out);
        }
        for apex in std::mem::take(&mut self.zoneless.changed) {
            let problem = self
                .zoneless
                .groups
                .get(&apex)
                .and_then(|group| group.problem(&apex, |by, name| self.claimed_at(by, name)));
            self.note(About::NoZone(apex), problem.into_iter().collect());
        }
    }

    /// The first claim that is admitted has the name, and those that share it with the first. While a source that is
    /// not heard yet holds the name, it stays with the object that had it before the restart, or with those that
    /// shared it: the claims of others lose, and where none of their own is admitted, what was said before stands.
    /// The source is silent, not empty.
    pub(super) fn speakers(&self, name: &Name) -> Speakers<'_> {
        let remembered = self.memory.name(&self.objects, name).filter(|known| self.may_stand(name, known));
        let mut speakers = Speakers { remembered, ..Speakers::default() };
        for claim in Few::all_of(self.claims.get(name)) {
            let is_other = |known: &&NameView<'_>| !is_of(known, claim);
            let known = speakers.remembered.as_ref().filter(is_other);
            let first = speakers.claims.first().filter(|first| !first.by.shares_with(&claim.by));
            let owner = match (known, first) {
                (Some(known), _) => Some((known.owner().to_string(), "which had it before the restart")),
                (None, Some(first)) => {
                    Some((first.by.subject.clone(), first.by.rank.why_before(&claim.by.rank)))
                }
                (None, None) => None,
            };
            match (self.refusal(name, claim), owner) {
                (Some(refusal), _) => speakers.problems.push(refusal),
                (None, Some((owner, why))) => speakers.problems.push(conflict(name, claim, &owner, why)),
                (None, None) => speakers.claims.push(claim),
            }
        }
        speakers
    }

    fn decide(&self, name: &Name) -> Decided {
        let Speakers { claims, problems, remembered } = self.speakers(name);
        let mut decided = Decided { problems, ..Decided::default() };
        let Some((winner, others)) = claims.split_first() else {
            decided.facts = remembered.map(|known| self.as_remembered(name, &known));
            return decided;
        };
        if self.zones.of(name).is_none() {
            decided.zoneless = Some(winner.by.clone());
        }
        let owner = self.owner_before(name, winner);
        let mut facts = self.wish(name, winner);
        for other in others {
            let other = self.wish(name, other);
            facts.endpoints.extend(other.endpoints);
            facts.held_by.extend(other.held_by);
        }
        facts.held_by.extend(self.memory.unheard(&self.objects, name, owner));
        facts.endpoints.extend(self.memory.endpoints(&self.objects, name, owner));
        facts.endpoints.sort_by(|a, b| (&a.cluster, &a.targets).cmp(&(&b.cluster, &b.targets)));
        let stands = !facts.endpoints.is_empty() || facts.fallback.is_some();
        decided.facts = stands.then_some(facts);
        decided
    }
}

impl Index {
    /// What is remembered of a name that nobody speaks for. A cluster's own object speaks for its cluster alone, so
    /// the parts of those that were read are gone.
    fn as_remembered(&self, name: &Name, known: &NameView<'_>) -> NameFacts {
        let mut facts = known.to_facts();
        let owner = known.owner();
        if Kind::is_sourced(owner.kind) && !self.follows_hub {
            facts.endpoints = self.memory.endpoints(&self.objects, name, owner).collect();
            facts.held_by = self.memory.unheard(&self.objects, name, owner).collect();
        }
        facts
    }

    /// Whose a name was before the restart, where a claim belongs with that; else whose the claim is.
    fn owner_before<'a>(&'a self, name: &Name, claim: &'a Claim) -> OwnerView<'a> {
        let known = self.memory.fleet.names.get(name.borrowed()).filter(|known| is_of(known, claim));
        known.map_or_else(|| claim.facts.view().owner(), |known| known.owner())
    }

    /// What a claim says of a name. A host name that is not resolved yet is what it was before a restart. Of a
    /// cluster that was heard in part, what nobody could read is no evidence
    /// against an offer: what it was before stays.
    fn wish(&self, name: &Name, claim: &Claim) -> NameFacts {
        let mut facts = claim.facts.view().to_facts();
        if claim.by.resolves {
            self.hosts.recall(name, &mut facts);
        }
        for offer in facts.endpoints.iter_mut().filter(|offer| offer.evidence == Evidence::NotReady) {
            let Some(cluster) = &offer.cluster else { continue };
            if let Some(known) = self.memory.evidence(name, self.owner_before(name, claim), cluster)
                && self.lacks_readiness(&cluster.0, claim.by.key())
            {
                offer.evidence = known;
            }
        }
        facts
    }
}

/// True when what two owners say of a name belongs together: they are one, or source objects that share it
/// ([`Claimant::shares_with`]).
pub(super) fn is_same_tenant(a: OwnerView<'_>, b: OwnerView<'_>) -> bool {
    a == b || (a.kind == b.kind && a.namespace == b.namespace && Kind::is_sourced(a.kind))
}

/// True when a claim belongs with what is remembered of its name: it is of the same tenant, or both are the reverse
/// name of an address, which anybody behind it shares.
pub(super) fn is_of(known: &NameView<'_>, claim: &Claim) -> bool {
    is_same_tenant(known.owner(), claim.facts.view().owner())
        || (claim.by.is_reverse && Kind::is_sourced(known.owner().kind) && is_reverse(&known.to_facts()))
}

fn conflict(name: &Name, loser: &Claim, owner: &str, why: &str) -> Problem {
    Problem {
        subject: loser.by.subject.clone(),
        reason: Reason::Conflict,
        message: format!("{name} belongs to {owner}, {why}"),
        place: loser.by.place.to_string(),
    }
}

impl Zoneless {
    /// Notes whose name it is that no zone holds, or that one does.
    fn set(&mut self, name: &Name, by: Option<&Arc<Claimant>>) {
        let apex = missing_apex(name);
        let group = self.groups.entry(apex.clone()).or_default();
        let before = match by {
            Some(by) => group.names.insert(name.clone(), by.clone()),
            None => group.names.remove(name),
        };
        let is_news = before.as_ref() != by;
        group.count(before.as_deref(), by.map(|by| &**by));
        if group.names.is_empty() {
            self.groups.remove(&apex);
        }
        if is_news {
            self.changed.insert(apex);
        }
    }
}

impl Group {
    fn count(&mut self, before: Option<&Claimant>, now: Option<&Claimant>) {
        if let Some(now) = now {
            *self.namespaces.entry(now.key().namespace().into()).or_default() += 1;
        }
        if let Some(before) = before {
            let count = self.namespaces.entry(before.key().namespace().into()).or_default();
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.namespaces.remove(before.key().namespace());
            }
        }
    }

    /// One problem for the zone that is missing, with its manifest, whoever many names wait for it.
    fn problem(&self, apex: &Name, claimed_at: impl Fn(&Claimant, &Name) -> String) -> Option<Problem> {
        let (name, by) = self.names.first_key_value()?;
        let which = match self.names.len() - 1 {
            0 => format!("{name} is"),
            more => format!("{name} and {more} more are"),
        };
        let zone = self.manifest(apex);
        let message = format!(
            "{which} in no Zone, so this server does not answer for it; `portolan check` prints a Zone that would \
             hold it\n{zone}"
        );
        let (subject, place) = (claimed_at(by, name), by.place.to_string());
        Some(Problem { subject, reason: Reason::NoZone, message, place })
    }

    /// The manifest of the zone, ready to be pasted. No rule can name what is in no namespace (Nodes), so one that
    /// has to admit such names admits every namespace.
    fn manifest(&self, apex: &Name) -> String {
        let dotless = apex.to_dotless();
        let mut rule = Vec::new();
        if !self.namespaces.contains_key("") {
            let namespaces: Vec<String> = self.namespaces.keys().map(|text| format!("{text:?}")).collect();
            rule.push(format!("namespaces: [{}]", namespaces.join(", ")));
        }
        if self.names.contains_key(apex) {
            // A rule without hosts does not admit to the apex.
            rule.push(format!("hosts: [{dotless:?}, \"*.{dotless}\"]"));
        }
        let rule = if rule.is_empty() { "{}".to_owned() } else { rule.join("\n    ") };
        let mut text = format!("apiVersion: {}/{}\nkind: Zone\n", kinds::GROUP, kinds::VERSION);
        let _ = writeln!(text, "metadata:\n  name: {dotless:?}");
        let _ = writeln!(text, "spec:\n  apex: {dotless:?}\n  admit:\n  - {rule}");
        text
    }
}

/// The apex of a zone that could hold a name: its parent, unless that is a top-level domain. Labels that
/// begin with an underscore are services and attributes of what is above them.
fn missing_apex(name: &Name) -> Name {
    let is_host = |name: &NameRef<'_>| !name.first_label().is_some_and(|label| label.starts_with(b"_"));
    let mut ancestors = name.borrowed().suffixes().skip(1).filter(is_host);
    let may_be = |parent: &NameRef<'_>| parent.labels().count() > 1 || name.borrowed().is_wildcard();
    let parent = ancestors.next().filter(may_be);
    parent.map_or_else(|| name.clone(), NameRef::to_name)
}
