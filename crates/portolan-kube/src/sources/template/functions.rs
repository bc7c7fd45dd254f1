//! The functions that a template may call.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::{OUTPUT_OCTETS_MAX, Source, Value, format};

/// What a function knows beside its arguments.
#[derive(Clone, Copy)]
pub(super) struct Scene {
    pub(super) source: Source,
}

/// A function.
#[derive(Debug)]
pub(super) struct Function {
    name: &'static str,
    /// How many arguments it takes, at least and at most.
    arguments: (usize, usize),
    /// For `and` and `or`: the truth of an argument at which they end.
    pub(super) decides: Option<bool>,
    pub(super) call: fn(&[Value], Scene) -> Result<Value, String>,
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// Most arguments of a function that takes any number of them.
const ARGUMENTS_MAX: usize = 64;

const fn function(
    name: &'static str,
    arguments: (usize, usize),
    call: fn(&[Value], Scene) -> Result<Value, String>,
) -> Function {
    Function { name, arguments, decides: None, call }
}

/// Those of External-DNS first, then those of Go.
static FUNCTIONS: [Function; 26] =
    [
        function("contains", (2, 2), |a, _| Ok(Value::Bool(text(a, 0)?.contains(text(a, 1)?)))),
        function("fromJson", (1, 1), |a, _| {
            Ok(serde_json::from_str(text(a, 0)?).map_or(Value::Nothing, of_json))
        }),
        function("hasKey", (2, 2), |a, _| has_key(a)),
        function("isIPv4", (1, 1), |a, _| Ok(Value::Bool(matches!(text(a, 0)?.parse(), Ok(IpAddr::V4(_)))))),
        function("isIPv6", (1, 1), |a, _| Ok(Value::Bool(matches!(text(a, 0)?.parse(), Ok(IpAddr::V6(_)))))),
        function("isSource", (1, 1), is_source),
        function("replace", (3, 3), |a, _| replace(a)),
        function("toLower", (1, 1), |a, _| Ok(Value::Text(text(a, 0)?.to_lowercase().into()))),
        function("trim", (1, 1), |a, _| Ok(Value::Text(text(a, 0)?.trim().into()))),
        function("trimPrefix", (2, 2), |a, _| {
            let (whole, prefix) = (text(a, 0)?, text(a, 1)?);
            Ok(Value::Text(whole.strip_prefix(prefix).unwrap_or(whole).into()))
        }),
        function("trimSuffix", (2, 2), |a, _| {
            let (whole, suffix) = (text(a, 0)?, text(a, 1)?);
            Ok(Value::Text(whole.strip_suffix(suffix).unwrap_or(whole).into()))
        }),
        Function { name: "and", arguments: (1, ARGUMENTS_MAX), decides: Some(false), call: last },
        Function { name: "or", arguments: (1, ARGUMENTS_MAX), decides: Some(true), call: last },
        function("not", (1, 1), |a, _| Ok(Value::Bool(!a.first().is_some_and(Value::is_true)))),
        function("eq", (2, ARGUMENTS_MAX), |a, _| equal(a)),
        function("ne", (2, 2), |a, _| Ok(Value::Bool(!equal(a)?.is_true()))),
        function("lt", (2, 2), |a, _| Ok(Value::Bool(order(a)?.is_lt()))),
        function("le", (2, 2), |a, _| Ok(Value::Bool(order(a)?.is_le()))),
        function("gt", (2, 2), |a, _| Ok(Value::Bool(order(a)?.is_gt()))),
        function("ge", (2, 2), |a, _| Ok(Value::Bool(order(a)?.is_ge()))),
        function("index", (1, ARGUMENTS_MAX), |a, _| index(a)),
        function("slice", (1, 3), |a, _| slice(a)),
        function("len", (1, 1), |a, _| len(a)),
        function("print", (0, ARGUMENTS_MAX), |a, _| print(a)),
        function("println", (0, ARGUMENTS_MAX), |a, _| println(a)),
        function("printf", (1, ARGUMENTS_MAX), |a, _| printf(a)),
    ];

/// The function of a name, or why there is none.
pub(super) fn named(name: &str) -> Result<&'static Function, String> {
    FUNCTIONS.iter().find(|function| function.name == name).ok_or_else(|| {
        let names: Vec<&str> = FUNCTIONS.iter().map(|function| function.name).collect();
        format!("there is no function {name:?} (a field has a dot before it); there are {}", names.join(", "))
    })
}

impl Function {
    /// Says so when it cannot be called with as many arguments.
    pub(super) fn check(&self, arguments: usize) -> Result<(), String> {
        let (least, most) = self.arguments;
        if (least..=most).contains(&arguments) {
            return Ok(());
        }
        let takes = match (least, most) {
            (least, most) if least == most => least.to_string(),
            (least, ARGUMENTS_MAX) => format!("{least} or more"),
            (least, most) => format!("{least} to {most}"),
        };
        Err(format!("{} takes {takes} arguments, not {arguments}", self.name))
    }
}

fn text(arguments: &[Value], nth: usize) -> Result<&str, String> {
    match arguments.get(nth) {
        Some(Value::Text(text)) => Ok(text),
        other => {
            let kind = other.map_or("nothing", Value::kind);
            Err(format!("argument {} is {kind}, and a text is wanted", nth + 1))
        }
    }
}

/// Adds to a text what is printed, as far as it may grow.
fn append(out: &mut String, text: &str) -> Result<(), String> {
    if out.len() + text.len() > OUTPUT_OCTETS_MAX {
        return Err(format!("gives more than {OUTPUT_OCTETS_MAX} octets"));
    }
    out.push_str(text);
    Ok(())
}

/// `replace OLD NEW TEXT`. An empty one stands between all characters, as in Go.
fn replace(arguments: &[Value]) -> Result<Value, String> {
    let (old, new, whole) = (text(arguments, 0)?, text(arguments, 1)?, text(arguments, 2)?);
    let mut out = String::new();
    let mut done = 0;
    for (at, found) in whole.match_indices(old) {
        append(&mut out, whole.get(done..at).unwrap_or_default())?;
        append(&mut out, new)?;
        done = at + found.len();
    }
    append(&mut out, whole.get(done..).unwrap_or_default())?;
    Ok(Value::Text(out.into()))
}

fn last(arguments: &[Value], _: Scene) -> Result<Value, String> {
    Ok(arguments.last().cloned().unwrap_or(Value::Nothing))
}

fn is_source(arguments: &[Value], scene: Scene) -> Result<Value, String> {
    let wanted = text(arguments, 0)?;
    if !Source::KNOWN.iter().any(|known| known.eq_ignore_ascii_case(wanted)) {
        return Err(format!("{wanted:?} is no source; there are {}", Source::KNOWN.join(", ")));
    }
    Ok(Value::Bool(scene.source.name().eq_ignore_ascii_case(wanted)))
}

fn has_key(arguments: &[Value]) -> Result<Value, String> {
    let key = text(arguments, 1)?;
    match arguments.first() {
        Some(Value::Texts(items)) => Ok(Value::Bool(items.contains_key(key))),
        Some(Value::Map(items)) => Ok(Value::Bool(items.contains_key(key))),
        other => Err(format!("argument 1 is {}, and a map is wanted", other.map_or("nothing", Value::kind))),
    }
}

/// True when the first is equal to any of the others. What is not there is equal to nothing that is.
fn equal(arguments: &[Value]) -> Result<Value, String> {
    let Some((first, others)) = arguments.split_first() else { return Ok(Value::Bool(false)) };
    for other in others {
        let is_equal = match (first, other) {
            (Value::Nothing, Value::Nothing) => true,
            (Value::Nothing, _) | (_, Value::Nothing) => false,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a == b,
            (Value::Text(a), Value::Text(b)) => a == b,
            (a, b) => return Err(format!("{} and {} cannot be compared", a.kind(), b.kind())),
        };
        if is_equal {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

fn order(arguments: &[Value]) -> Result<Ordering, String> {
    match arguments {
        [Value::Int(a), Value::Int(b)] => Ok(a.cmp(b)),
        [Value::Float(a), Value::Float(b)] => Ok(a.total_cmp(b)),
        [Value::Text(a), Value::Text(b)] => Ok(a.cmp(b)),
        [a, b] => Err(format!("{} and {} have no order", a.kind(), b.kind())),
        _ => Err("two values are wanted".into()),
    }
}

/// `index .Labels "app"`: an empty text for a label that is not there.
fn index(arguments: &[Value]) -> Result<Value, String> {
    let Some((of, keys)) = arguments.split_first() else { return Ok(Value::Nothing) };
    let mut value = of.clone();
    for key in keys {
        value = match (&value, key) {
            (Value::Texts(items), Value::Text(key)) => {
                Value::Text(items.get(&**key).cloned().unwrap_or_default())
            }
            (Value::Map(items), Value::Text(key)) => items.get(&**key).cloned().unwrap_or(Value::Nothing),
            (Value::List(items), Value::Int(at)) => {
                let item = usize::try_from(*at).ok().and_then(|at| items.get(at)).cloned();
                item.ok_or_else(|| format!("the list has {} items, and none at {at}", items.len()))?
            }
            (of, key) => return Err(format!("{} has nothing at {}", of.kind(), key.kind())),
        };
    }
    Ok(value)
}

/// A part of a list, or of a text in octets.
fn slice(arguments: &[Value]) -> Result<Value, String> {
    let bound = |nth: usize, default: usize| match arguments.get(nth) {
        None => Ok(default),
        Some(Value::Int(at)) => usize::try_from(*at).map_err(|_| format!("{at} is below 0")),
        Some(other) => Err(format!("argument {} is {}, and a number is wanted", nth + 1, other.kind())),
    };
    let outside = || "the part reaches outside".to_owned();
    match arguments.first() {
        Some(Value::Text(text)) => {
            let part = text.get(bound(1, 0)?..bound(2, text.len())?).ok_or_else(outside)?;
            Ok(Value::Text(part.into()))
        }
        Some(Value::List(items)) => {
            let part = items.get(bound(1, 0)?..bound(2, items.len())?).ok_or_else(outside)?;
            Ok(Value::List(part.into()))
        }
        other => Err(format!("{} has no parts", other.map_or("nothing", Value::kind))),
    }
}

fn len(arguments: &[Value]) -> Result<Value, String> {
    let count = match arguments.first() {
        Some(Value::Text(text)) => text.len(),
        Some(Value::List(items)) => items.len(),
        Some(Value::Texts(items)) => items.len(),
        Some(Value::Map(items)) => items.len(),
        other => return Err(format!("{} has no length", other.map_or("nothing", Value::kind))),
    };
    Ok(Value::Int(i64::try_from(count).unwrap_or(i64::MAX)))
}

/// A space stands between two of which neither is a text.
fn print(arguments: &[Value]) -> Result<Value, String> {
    let mut out = String::new();
    let mut was_text = true;
    for (nth, value) in arguments.iter().enumerate() {
        let is_text = matches!(value, Value::Text(_));
        if nth > 0 && !is_text && !was_text {
            out.push(' ');
        }
        append(&mut out, &value.printed())?;
        was_text = is_text;
    }
    Ok(Value::Text(out.into()))
}

fn println(arguments: &[Value]) -> Result<Value, String> {
    let mut out = String::new();
    for (nth, value) in arguments.iter().enumerate() {
        append(&mut out, if nth > 0 { " " } else { "" })?;
        append(&mut out, &value.printed())?;
    }
    append(&mut out, "\n")?;
    Ok(Value::Text(out.into()))
}

fn printf(arguments: &[Value]) -> Result<Value, String> {
    let values = arguments.get(1..).unwrap_or_default();
    Ok(Value::Text(format::printf(text(arguments, 0)?, values)?.into()))
}

fn of_json(json: serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Nothing,
        serde_json::Value::Bool(value) => Value::Bool(value),
        serde_json::Value::Number(number) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        serde_json::Value::String(text) => Value::Text(text.into()),
        serde_json::Value::Array(items) => Value::List(items.into_iter().map(of_json).collect()),
        serde_json::Value::Object(items) => {
            let items: BTreeMap<String, Value> = items.into_iter().map(|(k, v)| (k, of_json(v))).collect();
            Value::Map(Arc::new(items))
        }
    }
}
