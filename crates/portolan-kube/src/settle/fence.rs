//! The fence around a zone: who may make which names in it.
//!
//! Names of a zone come from whoever can write an object in any namespace of any cluster, so without a
//! rule nobody is admitted. Some names can take the whole zone away from everybody else: the apex, the
//! name servers' own, and any that bears NS records. Those a pattern never admits; a rule must spell
//! them out.

use std::collections::BTreeSet;

use portolan_core::name::{Name, NameRef};
use portolan_core::policy::Glob;

/// Who may make which names in one zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    pub(super) apex: Name,
    /// The apex and the name servers' names.
    pub(super) guarded: BTreeSet<Name>,
    pub(super) rules: Vec<Rule>,
}

/// An object's wish for a name.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// The object's namespace.
    pub namespace: &'a str,
    /// The cluster that the object stands in.
    pub cluster: &'a str,
    /// The name that it wants.
    pub host: NameRef<'a>,
    /// It would give the name NS records.
    pub delegates: bool,
}

impl Fence {
    /// A fence that admits everybody to all but the guarded names: what a KubeFed `Domain` implies for
    /// KubeFed's kinds.
    #[must_use]
    pub fn open(apex: Name, name_servers: impl IntoIterator<Item = Name>) -> Self {
        let rule = Rule { namespaces: None, clusters: None, hosts: None };
        Self::new(apex, name_servers, vec![rule])
    }

    /// True when a rule admits the object to the name.
    #[must_use]
    pub fn admits(&self, claim: &Claim<'_>) -> bool {
        let is_guarded = claim.delegates || self.guarded.contains(claim.host.as_wire());
        claim.host.is_at_or_below(self.apex.borrowed())
            && self.rules.iter().any(|rule| rule.admits(claim, is_guarded))
    }

    pub(super) fn new(apex: Name, name_servers: impl IntoIterator<Item = Name>, rules: Vec<Rule>) -> Self {
        let guarded = name_servers.into_iter().chain([apex.clone()]).collect();
        Self { apex, guarded, rules }
    }
}

/// One rule; an absent list fits everything, an empty one (all its items were refused) nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) namespaces: Option<Vec<Pattern>>,
    pub(super) clusters: Option<Vec<Pattern>>,
    pub(super) hosts: Option<Vec<Glob>>,
}

impl Rule {
    fn admits(&self, claim: &Claim<'_>, is_guarded: bool) -> bool {
        let fits = |list: &Option<Vec<Pattern>>, text: &str| {
            list.as_ref().is_none_or(|patterns| patterns.iter().any(|pattern| pattern.fits(text)))
        };
        let fits_host = match &self.hosts {
            None => !is_guarded,
            Some(globs) => globs.iter().any(|glob| glob.fits(claim.host) && !(is_guarded && glob.below)),
        };
        fits(&self.namespaces, claim.namespace) && fits(&self.clusters, claim.cluster) && fits_host
    }
}

/// A text in which `*` stands for any run of characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(Box<str>);

impl Pattern {
    /// Takes 1 to 253 characters.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        if (1..=253).contains(&text.len()) {
            Ok(Self(text.into()))
        } else {
            Err("is not 1 to 253 characters")
        }
    }

    /// Looks for the parts between stars from left to right: the first must begin the text, the last must
    /// end it, and each of the others is taken where it is found first.
    pub(super) fn fits<'t>(&self, text: &'t str) -> bool {
        let Some((first, others)) = self.0.split_once('*') else {
            return text == &*self.0;
        };
        let (middle, last) = others.rsplit_once('*').unwrap_or(("", others));
        let rest = text.strip_prefix(first).and_then(|rest| rest.strip_suffix(last));
        let after = |rest: &'t str, part| rest.split_once(part).map(|(_, after)| after);
        rest.is_some_and(|rest| middle.split('*').try_fold(rest, after).is_some())
    }
}

#[cfg(test)]
mod tests;
