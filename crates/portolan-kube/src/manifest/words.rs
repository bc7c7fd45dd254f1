//! What is wrong with a value, in our words: the libraries speak of types of Rust.

use std::fmt;

use serde_json::Value;

use super::path::Step;

/// Longest message of a library that is passed on, in characters: it may quote the value.
const MESSAGE_CHARS_MAX: usize = 200;
/// The end of what is said of an object without a field.
const MISSING: &str = ", which must be there";
/// Most characters of a value that a message repeats.
const VALUE_CHARS_MAX: usize = 80;

/// What a reader of a type says of the value at a path of an object.
pub(super) fn of_a_type(said: &str, object: &Value, path: &[Step]) -> String {
    if let Some(field) = between(said, "missing field `", "`") {
        return missing(field);
    }
    let expected = said.rsplit_once(", expected ").map(|(_, expected)| expected);
    let value = at(object, path);
    match (said.split_once(": ").map_or(said, |(what, _)| what), expected, value) {
        ("invalid type", Some(expected), Some(value)) => {
            format!("{} where {} is expected", Shown(value), noun(expected))
        }
        ("invalid value", Some(expected), Some(value)) => match range(expected) {
            Some((least, most)) => format!("{value} is not {least} to {most}"),
            None => format!("{} that is not {}", Shown(value), noun(expected)),
        },
        _ => said.chars().take(MESSAGE_CHARS_MAX).collect(),
    }
}

/// What is said of an object without a field.
pub(super) fn missing(field: &str) -> String {
    format!("has no {field}{MISSING}")
}

/// The field that is said to be missing.
pub(super) fn missing_in(message: &str) -> Option<&str> {
    message.strip_prefix("has no ")?.strip_suffix(MISSING)
}

/// The value at a path.
fn at<'v>(object: &'v Value, path: &[Step]) -> Option<&'v Value> {
    path.iter().try_fold(object, |value, step| match step {
        Step::Key(key) => value.get(key),
        Step::Item(index) => value.get(index),
    })
}

/// What a reader expects. A word that begins with a capital is the name of a kind's part.
fn noun(expected: &str) -> &str {
    match expected {
        "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number",
        "f32" | "f64" => "a number",
        "a string" | "a borrowed string" | "Quantity" | "a character" => "a text",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        "IntOrString" => "a whole number or a text",
        "Time" | "MicroTime" => "a time (2026-01-31T12:00:00Z)",
        other if other.starts_with("an RFC 3339") => "a time (2026-01-31T12:00:00Z)",
        other if other.starts_with("struct ") || other.starts_with(char::is_uppercase) => "an object",
        other if other.starts_with("a ") || other.starts_with("an ") => other,
        _ => "something else",
    }
}

/// The least and the most of a whole number.
fn range(expected: &str) -> Option<(i64, u64)> {
    match expected {
        "i32" => Some((i32::MIN.into(), u64::from(i32::MAX.unsigned_abs()))),
        "i64" => Some((i64::MIN, i64::MAX.unsigned_abs())),
        "u16" => Some((0, u16::MAX.into())),
        "u32" => Some((0, u32::MAX.into())),
        _ => None,
    }
}

/// The text between two others.
fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    text.strip_prefix(before)?.split_once(after).map(|(inside, _)| inside)
}

/// A value as a message begins with it, and what it is: `"http" is a text`, `is a list`.
pub(super) struct Shown<'a>(pub(super) &'a Value);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Null => f.write_str("is empty"),
            Value::Bool(value) => write!(f, "{value} is true or false"),
            Value::Number(number) if number.is_f64() => write!(f, "{number} is a number with a fraction"),
            Value::Number(number) => write!(f, "{number} is a whole number"),
            Value::String(text) => write!(f, "{} is a text", Quoted(text)),
            Value::Array(_) => f.write_str("is a list"),
            Value::Object(_) => f.write_str("is an object"),
        }
    }
}

/// A text as a message repeats it: quoted, escaped, and cut when it is long.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(VALUE_CHARS_MAX) {
            Some((cut, _)) => write!(f, "{:?}...", self.0.get(..cut).unwrap_or_default()),
            None => write!(f, "{:?}", self.0),
        }
    }
}
