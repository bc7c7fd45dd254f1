//! Templates for names: the part of Go's `text/template` that External-DNS' documentation uses.
//!
//! ```text
//!   text ─▶ lex ─▶ parse ─▶ Template ─┬─▶ check: fields that no source has       (at start)
//!                                     └─▶ run: Value of an object ─▶ text        (per object)
//! ```
//!
//! Actions: fields and chains of them, variables, pipelines, `if`/`else`/`else if`, `with`, `range`, `break`,
//! `continue`, `define`, `template`, `block`, comments, trim markers. Functions: External-DNS' own and those of Go
//! that compare, combine, count, look up and print ([`functions`]). What is missing (`call`, escaping for web
//! pages) is refused when the template is read, never later. What Go does with what is not there is kept: a
//! key that a map lacks prints `<no value>`, and `index` gives an empty text for it.

mod check;
mod fields;
mod format;
mod functions;
mod lex;
mod parse;
mod run;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::source::Source;

pub(super) use self::fields::{fields, shape};

/// Longest template, in octets.
pub const TEMPLATE_OCTETS_MAX: usize = 16 * 1024;
/// Most that one template may give for one object, and one function, in octets.
pub const OUTPUT_OCTETS_MAX: usize = 64 * 1024;
/// Most actions that are run for one object: nested `range`s multiply.
pub const STEPS_MAX: usize = 100_000;
/// Octets of texts that functions take and give which cost as much as an action.
pub const STEP_OCTETS: usize = 1024;
/// Deepest nesting of actions and parentheses.
pub const NESTING_MAX: usize = 32;
/// How deep templates may call each other.
const CALLS_MAX: usize = 8;

/// A template that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    nodes: Vec<parse::Node>,
    definitions: Definitions,
}

/// The templates that one has beside itself, by name.
type Definitions = BTreeMap<String, Vec<parse::Node>>;

/// Why a text is no template, or why one cannot be run on an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// Where, in characters from 1.
    pub column: usize,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "character {}: {}", self.column, self.message)
    }
}

/// What a template works on. A template takes the same values again and again, so they are shared and not copied.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Nothing: what a map lacks.
    Nothing,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Arc<str>),
    List(Arc<[Value]>),
    /// Labels and the like: any key may be asked for.
    Texts(Arc<BTreeMap<String, Arc<str>>>),
    /// An object of JSON: any key may be asked for.
    Map(Arc<BTreeMap<String, Value>>),
    /// Fields that are known; another one is a fault.
    Struct(Arc<BTreeMap<&'static str, Value>>),
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// [`TemplateError`] says what is not understood, and where.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        if text.len() > TEMPLATE_OCTETS_MAX {
            let message = format!("has {} octets; a template has at most {TEMPLATE_OCTETS_MAX}", text.len());
            return Err(TemplateError { column: 1, message });
        }
        let (nodes, definitions) = parse::parse(text)?;
        Ok(Self { nodes, definitions })
    }

    /// Looks for fields that no object of these sources has. What a `range` or `with` goes through is only
    /// known once it is run.
    ///
    /// # Errors
    /// The first such field.
    pub fn check(&self, sources: &[Source]) -> Result<(), TemplateError> {
        let shapes: Vec<Value> = sources.iter().map(|source| shape(*source)).collect();
        check::check(&self.nodes, &shapes, true)?;
        self.definitions.values().try_for_each(|nodes| check::check(nodes, &shapes, false))
    }

    /// What it gives for an object that a source found.
    ///
    /// # Errors
    /// What cannot be run on this object, or gives more than [`OUTPUT_OCTETS_MAX`].
    pub(super) fn run(&self, object: &Value, source: Source) -> Result<String, TemplateError> {
        run::run(&self.nodes, &self.definitions, object, source)
    }
}

impl Value {
    /// False for what is empty, zero or not there.
    fn is_true(&self) -> bool {
        match self {
            Self::Nothing => false,
            Self::Bool(value) => *value,
            Self::Int(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Texts(items) => !items.is_empty(),
            Self::Map(items) => !items.is_empty(),
            Self::Struct(_) => true,
        }
    }

    /// What it is, for messages.
    fn kind(&self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Bool(_) => "true or false",
            Self::Int(_) | Self::Float(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Texts(_) | Self::Map(_) => "a map",
            Self::Struct(_) => "an object",
        }
    }

    /// A field, or why there is none.
    fn field(&self, name: &str) -> Result<Self, String> {
        match self {
            Self::Texts(items) => Ok(items.get(name).cloned().map_or(Self::Nothing, Self::Text)),
            Self::Map(items) => Ok(items.get(name).cloned().unwrap_or(Self::Nothing)),
            Self::Struct(fields) => fields.get(name).cloned().ok_or_else(|| {
                let known: Vec<&str> = fields.keys().copied().collect();
                format!("there is no field {name:?}; there are {}", known.join(", "))
            }),
            other => Err(format!("{} has no field {name:?}", other.kind())),
        }
    }
}

impl fmt::Display for Value {
    /// As an action prints it: with Go's `%v`, but for what is not there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::Nothing { f.write_str("<no value>") } else { f.write_str(&self.printed()) }
    }
}

impl Value {
    /// As Go's `%v` prints it.
    fn printed(&self) -> String {
        let joined = |items: Vec<String>| items.join(" ");
        match self {
            Self::Nothing => "<nil>".into(),
            Self::Bool(value) => value.to_string(),
            Self::Int(value) => value.to_string(),
            Self::Float(value) => value.to_string(),
            Self::Text(text) => text.to_string(),
            Self::List(items) => format!("[{}]", joined(items.iter().map(Self::printed).collect())),
            Self::Texts(items) => {
                format!("map[{}]", joined(items.iter().map(|(k, v)| format!("{k}:{v}")).collect()))
            }
            Self::Map(items) => {
                format!(
                    "map[{}]",
                    joined(items.iter().map(|(k, v)| format!("{k}:{}", v.printed())).collect())
                )
            }
            Self::Struct(fields) => format!("{{{}}}", joined(fields.values().map(Self::printed).collect())),
        }
    }
}

#[cfg(test)]
mod tests;
