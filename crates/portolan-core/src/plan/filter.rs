//! Which names a publisher has anything to do with.
//!
//! External-DNS' domain filters. In words they are suffixes of whole labels; as patterns they are regular
//! expressions, which core has none of: whoever makes the filter brings what matches. External-DNS compares
//! U-labels; here, as in all names, an A-label stands for itself.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use crate::name::{Name, NameError, NameRef};

/// What matches a name without its trailing dot.
pub type Pattern = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// Which names (`--domain-filter`, `--exclude-domains`, `--regex-domain-filter`, `--regex-domain-exclusion`).
#[derive(Clone)]
pub enum DomainFilter {
    /// Those at or below one of some domains; of none, all.
    Domains {
        /// At or below one of these.
        include: Vec<Domain>,
        /// And at or below none of these.
        exclude: Vec<Domain>,
    },
    /// Those that patterns take. An exclusion is looked at first; with it alone, all others are taken.
    Patterns {
        /// Matches this.
        include: Option<Pattern>,
        /// And does not match this.
        exclude: Option<Pattern>,
    },
}

/// A domain of a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    /// Its name.
    pub name: Name,
    /// True of `.example.com`: names below it, and not itself.
    pub is_below_only: bool,
}

impl DomainFilter {
    /// Takes domains as External-DNS' flags have them; what is empty after trimming is no domain.
    ///
    /// # Errors
    /// The first text that is none, and why.
    pub fn domains<'t>(
        include: impl IntoIterator<Item = &'t str>,
        exclude: impl IntoIterator<Item = &'t str>,
    ) -> Result<Self, (String, NameError)> {
        Ok(Self::Domains { include: all(include)?, exclude: all(exclude)? })
    }

    /// True when a publisher with this filter has to do with the name.
    #[must_use]
    pub fn takes(&self, name: NameRef<'_>) -> bool {
        match self {
            Self::Domains { include, exclude } => {
                (include.is_empty() || include.iter().any(|domain| domain.has(name)))
                    && !exclude.iter().any(|domain| domain.has(name))
            }
            Self::Patterns { include, exclude } => {
                let text = name.to_dotless();
                !exclude.as_ref().is_some_and(|pattern| pattern(&text))
                    && include.as_ref().is_none_or(|pattern| pattern(&text))
            }
        }
    }

    /// True when names that it takes may stand in this zone because one of its domains is below it: a provider
    /// looks for its zones so (External-DNS' `MatchParent`). A domain that means only what is below it names no
    /// zone above.
    #[must_use]
    pub fn reaches_into(&self, zone: NameRef<'_>) -> bool {
        let Self::Domains { include, exclude } = self else {
            return true;
        };
        let is_below = |domain: &Domain| {
            let name = domain.name.borrowed();
            !domain.is_below_only && name != zone && name.is_at_or_below(zone)
        };
        !exclude.iter().any(|domain| domain.has(zone)) && (include.is_empty() || include.iter().any(is_below))
    }
}

impl Domain {
    fn has(&self, name: NameRef<'_>) -> bool {
        let own = self.name.borrowed();
        name.is_at_or_below(own) && !(self.is_below_only && name == own)
    }
}

fn all<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Vec<Domain>, (String, NameError)> {
    let texts = texts.into_iter().map(str::trim);
    texts.filter(|text| !matches!(*text, "" | ".")).map(domain).collect()
}

fn domain(text: &str) -> Result<Domain, (String, NameError)> {
    let below = text.strip_prefix('.');
    let name = below.unwrap_or(text).parse().map_err(|error| (text.into(), error))?;
    Ok(Domain { name, is_below_only: below.is_some() })
}

impl fmt::Debug for DomainFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domains { include, exclude } => {
                f.debug_struct("Domains").field("include", include).field("exclude", exclude).finish()
            }
            Self::Patterns { include, exclude } => f
                .debug_struct("Patterns")
                .field("include", &include.is_some())
                .field("exclude", &exclude.is_some())
                .finish(),
        }
    }
}
