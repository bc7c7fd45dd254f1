//! YAML by the library: how it reads, and what its faults mean.

use std::borrow::Cow;

use serde_json::Value;
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::localizer::Localizer;
use serde_saphyr::options::NonFiniteFloatPolicy;
use serde_saphyr::{Error, Location, Options, UserMessageFormatter};

use super::place::{self, Spot};
use super::tree::Fault;
use super::{DEPTH_MAX, FILE_BYTES_MAX};

/// Most nodes that aliases may add to a document.
const REPLAYED_NODES_MAX: usize = 100_000;

/// Reads a text that stands at `spot`.
pub(super) fn read(text: &str, spot: Spot) -> Result<Value, Fault> {
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| fault(text, spot, &error))
}

/// How the library reads. What grows with the text needs no limit of its own, because the text has one;
/// what grows faster (aliases) and deeper (nesting) has.
pub(super) fn options() -> Options {
    let bytes_max = usize::try_from(FILE_BYTES_MAX).unwrap_or(usize::MAX);
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: DEPTH_MAX,
            max_events: bytes_max,
            max_nodes: bytes_max,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: REPLAYED_NODES_MAX },
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        emit_comments: false,
        with_snippet: false,
    }
}

/// What is wrong, and where.
fn fault(text: &str, start: Spot, error: &Error) -> Fault {
    let mut message = message(error);
    let number = |value: u64| usize::try_from(value).unwrap_or(usize::MAX).max(1) - 1;
    let Some((lines, columns)) = error.location().map(|at| (number(at.line()), number(at.column()))) else {
        return Fault { spot: start, message };
    };
    if message.contains("tab")
        && let Some(fault) = tab_fault(text, start, lines)
    {
        return fault;
    }
    if let Some(key) = twin(error) {
        let first = place::first_of_twins(text, (lines + 1, columns + 1));
        let first = first.map_or(start.line + lines, |first| start.line + first - 1);
        message = format!("the key `{key}` stands twice, first at line {first}");
    }
    let first_column = if lines == 0 { start.column } else { 1 };
    Fault { spot: Spot { line: start.line + lines, column: first_column + columns, ..start }, message }
}

/// The tab that the library stumbled over: in the line that it names, or the next that has one.
fn tab_fault(text: &str, start: Spot, from: usize) -> Option<Fault> {
    let column_of = |line: &str| Some(line.len() - line.trim_start_matches(' ').strip_prefix('\t')?.len());
    let mut lines = text.split('\n').enumerate().skip(from);
    let (nth, column) = lines.find_map(|(nth, line)| Some((nth, column_of(line)?)))?;
    let message = "a tab indents this line; YAML is indented with spaces".into();
    Some(Fault { spot: Spot { line: start.line + nth, column, ..start }, message })
}

/// The key that stands twice, if that is the fault.
fn twin(error: &Error) -> Option<&str> {
    match error {
        Error::DuplicateMappingKey { key, .. } => Some(key.as_deref().unwrap_or("?")),
        Error::AliasError { error, .. } => twin(error),
        _ => None,
    }
}

/// The library's words for people, but for the limits and options that are ours.
fn message(error: &Error) -> String {
    match error {
        Error::UnknownAnchor { .. } => "this alias names an anchor that does not stand before it".into(),
        Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            format!("aliases repeat more than {REPLAYED_NODES_MAX} nodes in one document")
        }
        Error::Budget { breach: BudgetBreach::Depth { .. }, .. } => {
            format!("is nested deeper than {DEPTH_MAX} levels")
        }
        Error::AliasError { error, .. } => message(error),
        _ => error.render_with_formatter(&UserMessageFormatter.with_localizer(&NoLocations)),
    }
}

/// Messages without their place, which a problem has of its own.
struct NoLocations;

impl Localizer for NoLocations {
    fn attach_location<'a>(&self, base: Cow<'a, str>, _: Location) -> Cow<'a, str> {
        base
    }

    fn alias_defined_at(&self, _: Location) -> String {
        String::new()
    }

    fn alias_used_at(&self, _: Location) -> String {
        String::new()
    }
}
