//! Domain filters on the wire, and core's.

use std::sync::Arc;

use portolan_core::plan::{DomainFilter, Pattern};
use regex::RegexBuilder;

use super::json::Filter;

/// Longest regular expression, in octets.
const PATTERN_OCTETS_MAX: usize = 4_096;
/// Most memory that one may take once it is compiled, in octets.
const PATTERN_SIZE_MAX: usize = 1 << 20;

/// Why a filter is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// Domains and regular expressions beside each other.
    #[error("has domains and regular expressions, which exclude each other")]
    Both,
    /// A domain that is no name.
    #[error("has the domain {0:?}, which {1}")]
    Domain(String, String),
    /// Not a regular expression, or one that is too large.
    #[error("has the regular expression {0:?}, which {1}")]
    Pattern(String, String),
}

impl Filter {
    /// What core takes; none of a filter that takes every name.
    ///
    /// # Errors
    /// [`FilterError`]: what is not understood must not widen or narrow what a publisher does.
    pub fn to_domains(&self) -> Result<Option<DomainFilter>, FilterError> {
        let has_domains = !self.include.is_empty() || !self.exclude.is_empty();
        let has_patterns = !self.regex_include.is_empty() || !self.regex_exclude.is_empty();
        match (has_domains, has_patterns) {
            (true, true) => Err(FilterError::Both),
            (false, false) => Ok(None),
            (true, false) => {
                let [include, exclude] =
                    [&self.include, &self.exclude].map(|list| list.iter().map(String::as_str));
                let domains = DomainFilter::domains(include, exclude);
                domains.map(Some).map_err(|(text, error)| FilterError::Domain(text, error.to_string()))
            }
            (false, true) => Ok(Some(DomainFilter::Patterns {
                include: pattern(&self.regex_include)?,
                exclude: pattern(&self.regex_exclude)?,
            })),
        }
    }
}

/// A regular expression as Go has it (RE2), which this crate's is too.
fn pattern(text: &str) -> Result<Option<Pattern>, FilterError> {
    if text.is_empty() {
        return Ok(None);
    }
    let refused = |why: String| FilterError::Pattern(text.chars().take(100).collect(), why);
    if text.len() > PATTERN_OCTETS_MAX {
        return Err(refused(format!("has more than {PATTERN_OCTETS_MAX} octets")));
    }
    let regex = RegexBuilder::new(text).size_limit(PATTERN_SIZE_MAX).build();
    let regex = regex.map_err(|error| refused(format!("is none: {error}")))?;
    Ok(Some(Arc::new(move |name: &str| regex.is_match(name))))
}
