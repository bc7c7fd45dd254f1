//! Selectors: which objects, by their labels (or, for `--annotation-filter`, by their annotations).
//!
//! A text has the form that `kubectl -l` takes (`a=b`, `a!=b`, `a in (b,c)`, `a notin (b)`, `a`, `!a`, `a>1`);
//! an object's own selector has the form of `metav1.LabelSelector`. Both are a list of requirements that must
//! all hold. As in Kubernetes, `!=` and `notin` hold where the key is absent.

use std::fmt;

use serde::Deserialize;

use crate::kubefed::null_is_default;
use crate::workload::Pairs;

/// Most requirements of one selector.
pub const REQUIREMENTS_MAX: usize = 64;

/// A list of requirements; an empty one takes everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector(Vec<Requirement>);

/// One requirement on one key.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: Box<str>,
    is: Is,
}

/// What a key's value must be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Is {
    In(Vec<Box<str>>),
    NotIn(Vec<Box<str>>),
    Present,
    Absent,
    Above(i64),
    Below(i64),
}

/// Why a text is no selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectorError {
    /// Where, in characters from 1.
    pub column: usize,
    /// The rule that is broken there.
    pub rule: &'static str,
}

impl fmt::Display for SelectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "is no selector: {} at character {}", self.rule, self.column)
    }
}

/// `metav1.LabelSelector`, as objects have it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LabelSelector {
    #[serde(deserialize_with = "null_is_default")]
    match_labels: std::collections::BTreeMap<String, String>,
    #[serde(deserialize_with = "null_is_default")]
    match_expressions: Vec<Expression>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Expression {
    key: String,
    operator: String,
    #[serde(deserialize_with = "null_is_default")]
    values: Vec<String>,
}

impl Selector {
    /// Reads a text.
    ///
    /// # Errors
    /// [`SelectorError`] says where it is no selector, and why.
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        let mut words = Words { text, at: 0 };
        let mut requirements = Vec::new();
        if words.peek().is_none() {
            return Ok(Self(requirements));
        }
        loop {
            if requirements.len() == REQUIREMENTS_MAX {
                return Err(words.error("more than 64 requirements"));
            }
            requirements.push(requirement(&mut words)?);
            match words.next() {
                None => return Ok(Self(requirements)),
                Some(",") => {}
                Some(_) => return Err(words.error_before("a comma is wanted")),
            }
        }
    }

    /// All labels of a map must be there with these values.
    pub fn of_map<'p>(pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> Self {
        let is = |(key, value): (&str, &str)| Requirement { key: key.into(), is: Is::In(vec![value.into()]) };
        Self(pairs.into_iter().map(is).collect())
    }

    /// The selector of an object; none when an operator is none, which selects nothing.
    #[must_use]
    pub fn of(selector: &LabelSelector) -> Option<Self> {
        let mut requirements = Self::of_map(selector.match_labels.iter().map(|(k, v)| (&**k, &**v))).0;
        for Expression { key, operator, values } in &selector.match_expressions {
            let values = || values.iter().map(|value| value.as_str().into()).collect();
            let is = match operator.as_str() {
                "In" => Is::In(values()),
                "NotIn" => Is::NotIn(values()),
                "Exists" => Is::Present,
                "DoesNotExist" => Is::Absent,
                _ => return None,
            };
            requirements.push(Requirement { key: key.as_str().into(), is });
        }
        Some(Self(requirements))
    }

    /// True when it takes everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys that it asks for.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|requirement| &*requirement.key)
    }

    /// True when these labels fulfil every requirement.
    #[must_use]
    pub fn takes(&self, labels: &Pairs) -> bool {
        self.0.iter().all(|requirement| requirement.is.fulfilled(labels.get(&requirement.key)))
    }
}

impl Is {
    fn fulfilled(&self, value: Option<&str>) -> bool {
        let is_one = |values: &[Box<str>]| values.iter().any(|one| value == Some(one));
        let number = || value.and_then(|text| text.parse::<i64>().ok());
        match self {
            Self::In(values) => is_one(values),
            Self::NotIn(values) => !is_one(values),
            Self::Present => value.is_some(),
            Self::Absent => value.is_none(),
            Self::Above(least) => number().is_some_and(|number| number > *least),
            Self::Below(most) => number().is_some_and(|number| number < *most),
        }
    }
}

fn requirement(words: &mut Words<'_>) -> Result<Requirement, SelectorError> {
    let is_absent = words.peek() == Some("!");
    if is_absent {
        words.next();
    }
    let key = words.name("a key is wanted")?;
    let is = match words.peek() {
        _ if is_absent => Is::Absent,
        None | Some(",") => Is::Present,
        Some("=" | "==") => {
            words.next();
            Is::In(vec![words.value()])
        }
        Some("!=") => {
            words.next();
            Is::NotIn(vec![words.value()])
        }
        Some("in") => {
            words.next();
            Is::In(values(words)?)
        }
        Some("notin") => {
            words.next();
            Is::NotIn(values(words)?)
        }
        Some(">") => {
            words.next();
            Is::Above(words.number()?)
        }
        Some("<") => {
            words.next();
            Is::Below(words.number()?)
        }
        Some(_) => return Err(words.error("one of = == != in notin > < is wanted")),
    };
    Ok(Requirement { key: key.into(), is })
}

/// `(a,b)`.
fn values(words: &mut Words<'_>) -> Result<Vec<Box<str>>, SelectorError> {
    if words.next() != Some("(") {
        return Err(words.error_before("( is wanted"));
    }
    let mut values = vec![words.value()];
    loop {
        match words.next() {
            Some(")") => return Ok(values),
            Some(",") => values.push(words.value()),
            _ => return Err(words.error_before("a comma or ) is wanted")),
        }
    }
}

/// The words of a text: runs of other characters, and the signs that stand between them.
struct Words<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Words<'t> {
    const SIGNS: &'static [char] = &['=', '!', '(', ')', ',', '>', '<'];

    fn peek(&self) -> Option<&'t str> {
        let rest = self.text.get(self.at..)?.trim_start();
        if let Some(sign) = ["==", "!="].iter().find(|sign| rest.starts_with(**sign)) {
            return rest.get(..sign.len());
        }
        let first = rest.chars().next()?;
        let end = match Self::SIGNS.contains(&first) {
            true => first.len_utf8(),
            false => rest.find(|c: char| c.is_whitespace() || Self::SIGNS.contains(&c)).unwrap_or(rest.len()),
        };
        rest.get(..end)
    }

    fn next(&mut self) -> Option<&'t str> {
        let word = self.peek()?;
        let rest = self.text.get(self.at..)?;
        self.at += rest.len() - rest.trim_start().len() + word.len();
        Some(word)
    }

    fn name(&mut self, rule: &'static str) -> Result<&'t str, SelectorError> {
        match self.peek() {
            Some(word) if !word.starts_with(Self::SIGNS) => {
                self.next();
                Ok(word)
            }
            _ => Err(self.error(rule)),
        }
    }

    /// A value; there may be none, which is the empty one.
    fn value(&mut self) -> Box<str> {
        self.name("").unwrap_or_default().into()
    }

    fn number(&mut self) -> Result<i64, SelectorError> {
        let error = self.error("a whole number is wanted");
        self.value().parse().map_err(|_| error)
    }

    fn error(&self, rule: &'static str) -> SelectorError {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let at = self.at + rest.len() - rest.trim_start().len();
        SelectorError { column: self.text.get(..at).map_or(0, |before| before.chars().count()) + 1, rule }
    }

    /// The same at the word that was taken last; at the end where there was none.
    fn error_before(&self, rule: &'static str) -> SelectorError {
        let column = self.text.get(..self.at).map_or(0, |before| before.chars().count());
        SelectorError { column: column.max(1), rule }
    }
}

#[cfg(test)]
mod tests;
