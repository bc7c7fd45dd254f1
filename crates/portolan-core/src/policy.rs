//! Policies: how to order, filter and pick. A policy is a value, not a code path.
//!
//! Round robin, weighted, failover and geographic steering are one algorithm: each client gets an
//! ordered list of tiers, the first tier with enough healthy members is used, and a pick is made
//! inside it. The [`Stage`]s of `order` make the tiers; each splits those that the one before made.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::borrow::Borrow;
use core::fmt;

use crate::cluster::{ClusterName, Sources};
use crate::name::{Name, NameRef};
use crate::place::{NetworkMap, Place};
use crate::record::Ttl;

/// Most stages in one order.
pub const STAGES_MAX: usize = 8;
/// Most tiers that a `Tiers` stage may list.
pub const TIERS_MAX: usize = 64;
/// Most records that a pick may ask for.
pub const ANSWERS_MAX: u16 = 64;
/// The largest weight. Sums of [`crate::fleet::ENDPOINTS_MAX`] of them stay within 32 bits.
pub const WEIGHT_MAX: u32 = 1_000_000;

/// The name of a `SteeringPolicy`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyName(pub Arc<str>);

impl fmt::Display for PolicyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Hash, order and equality are those of the text, so a map of policies is searched by a borrowed one.
impl Borrow<str> for PolicyName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// How to steer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The names that it is for without being named by them.
    pub hosts: Vec<Glob>,
    /// When it was made (seconds since 1970): of two equally specific globs the older wins.
    pub created: i64,
    /// What makes the tiers; none: all members in one.
    pub order: Vec<Stage>,
    /// What is taken from the tier in use.
    pub pick: Pick,
    /// Shares under a weighted pick, by cluster, before the cluster's own.
    pub weights: BTreeMap<ClusterName, u32>,
    /// Healthy members below which the next tier is looked at; at least 1.
    pub minimum_healthy: u16,
    /// What is answered when no member is healthy.
    pub all_down: AllDown,
    /// What a client of unknown place gets from a `Geo` stage.
    pub unknown_location: UnknownLocation,
    /// TTL of names that name none themselves.
    pub ttl: Option<Ttl>,
    /// Who holds the object that it comes from.
    pub held_by: Sources,
}

impl Default for Policy {
    /// Even, all, serve all: what a name has that no policy is for.
    fn default() -> Self {
        Self {
            hosts: Vec::new(),
            created: 0,
            order: Vec::new(),
            pick: Pick::All,
            weights: BTreeMap::new(),
            minimum_healthy: 1,
            all_down: AllDown::ServeAll,
            unknown_location: UnknownLocation::Even,
            ttl: None,
            held_by: Sources::new(),
        }
    }
}

/// One stage of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Same city, then subdivision, country, region, continent, rest; the client's place by the
    /// longest network that holds its address.
    Geo(Arc<NetworkMap>),
    /// Fixed lists, first to last; clusters in none of them come after all.
    Tiers(Vec<Vec<ClusterName>>),
}

/// What is taken from the tier in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// Every healthy member, in an order drawn per answer.
    All,
    /// The first that many, by cluster.
    First(u16),
    /// That many, drawn by weight without replacement.
    Weighted(u16),
}

/// What is answered when no member is healthy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllDown {
    /// As if all were up: this client's first tier.
    ServeAll,
    /// An alias of this name.
    Fallback(Name),
    /// No data.
    Empty,
    /// REFUSED.
    Refuse,
}

/// What a client of unknown place gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnknownLocation {
    /// All members in one tier.
    Even,
    /// What a client of this place gets.
    Place(Place),
}

// === Glob ===

/// A pattern of host names: a name, or `*.` and a name for all below it at any depth.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Glob {
    /// The name after `*.`, or the whole.
    pub base: Name,
    /// True when it began with `*.`.
    pub below: bool,
}

impl Glob {
    /// True when the name fits. `*.example.org` fits `a.example.org`, `a.b.example.org` and the
    /// wildcard name itself, not `example.org`.
    #[must_use]
    pub fn fits(&self, name: NameRef<'_>) -> bool {
        if self.below {
            name.is_at_or_below(self.base.borrowed()) && name != self.base.borrowed()
        } else {
            name == self.base.borrowed()
        }
    }

    /// Greater is more specific: a whole name before any pattern, then the longer base.
    #[must_use]
    pub fn specificity(&self) -> (bool, usize) {
        (!self.below, self.base.borrowed().labels().count())
    }
}

impl core::str::FromStr for Glob {
    type Err = crate::name::NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix("*.") {
            Some(base) => Ok(Self { base: base.parse()?, below: true }),
            None if text == "*" => Ok(Self { base: Name::root(), below: true }),
            None => Ok(Self { base: text.parse()?, below: false }),
        }
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.below, self.base.borrowed().is_root()) {
            (true, true) => f.write_str("*"),
            (true, false) => write!(f, "*.{}", self.base.to_dotless()),
            (false, _) => f.write_str(&self.base.to_dotless()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn globs_fit_what_is_below() {
        for (glob, name, fits) in [
            ("*.shop.example", "a.shop.example", true),
            ("*.shop.example", "a.b.shop.example", true),
            ("*.shop.example", "*.shop.example", true),
            ("*.shop.example", "shop.example", false),
            ("*.shop.example", "ashop.example", false),
            ("shop.example", "shop.example", true),
            ("shop.example", "a.shop.example", false),
            ("*", "anything", true),
        ] {
            let (parsed, host): (Glob, Name) = (glob.parse().unwrap(), name.parse().unwrap());
            assert_eq!(parsed.fits(host.borrowed()), fits, "{glob} {name}");
            assert_eq!(parsed.to_string(), glob);
        }
        let specificity = |g: &str| g.parse::<Glob>().unwrap().specificity();
        assert!(specificity("a.b") > specificity("*.a.b.c.d"));
        assert!(specificity("*.a.b") > specificity("*.b"));
    }
}
