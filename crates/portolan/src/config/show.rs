//! `portolan config show`: the values in force, and where each was said.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::config::keys::{CONFIG_VERSION, Form, KEYS, Key, SOURCES, SYNC};
use crate::config::said::Said;
use crate::config::value::{Value, shown};
use crate::logs::plain;

impl Said {
    /// The values as a file that says the same, with the source of each beside it.
    #[must_use]
    pub fn show(&self) -> String {
        let mut lines = vec![(format!("version: {CONFIG_VERSION}"), String::new())];
        lines.extend(KEYS.iter().map(|key| self.line(key, key.name)));
        if SOURCES.iter().any(|key| self.values.contains_key(key.name)) {
            lines.push(("sources:".to_owned(), String::new()));
        } else {
            lines.push(("# sources:".to_owned(), String::new()));
        }
        for key in SOURCES {
            let (line, source) = self.line(key, key.flag);
            lines.push((format!("  {line}"), source));
        }
        lines.extend(self.publishers.iter().enumerate().flat_map(|(nth, values)| publisher(nth, values)));
        let width = lines.iter().map(|(line, _)| line.chars().count()).max().unwrap_or(0);
        let mut out = String::new();
        for (line, source) in lines {
            // Writing to a string cannot fail.
            let _ = match source.as_str() {
                "" => writeln!(out, "{line}"),
                source => writeln!(out, "{line:<width$}  # {}", plain(source)),
            };
        }
        out
    }
}

impl Said {
    /// One key, and where it was said.
    fn line(&self, key: &Key, name: &str) -> (String, String) {
        match self.values.get(key.name) {
            Some(value) => said(key, name, value),
            None => (format!("# {name}: {}", key.default), "default".to_owned()),
        }
    }
}

/// What the file says of a publisher, as an item of its list.
fn publisher(nth: usize, values: &BTreeMap<&'static str, Value>) -> Vec<(String, String)> {
    let keys = SYNC.iter().filter_map(|key| Some((key, values.get(key.name)?)));
    let mut lines: Vec<(String, String)> = keys.map(|(key, value)| said(key, key.flag, value)).collect();
    for (at, (line, _)) in lines.iter_mut().enumerate() {
        line.insert_str(0, if at == 0 { "- " } else { "  " });
    }
    if nth == 0 {
        lines.insert(0, ("sync:".to_owned(), String::new()));
    }
    lines
}

/// What was said of a key, and where.
fn said(key: &Key, name: &str, value: &Value) -> (String, String) {
    let texts: Vec<String> = value.texts.iter().map(|text| quoted(&shown(text))).collect();
    let text = match key.form {
        Form::Zones => zones(&value.texts),
        Form::Secret => quoted("(not shown)"),
        form if form.is_list() => format!("[{}]", texts.join(", ")),
        Form::Number(_) | Form::Seconds(_) | Form::Switch => value.texts.join(""),
        _ => texts.join(""),
    };
    (format!("{name}: {text}"), value.source.to_string())
}

/// Zones as the file has them.
fn zones(texts: &[String]) -> String {
    let zone = |text: &String| match text.split_once('=') {
        Some((name, file)) => format!("{{name: {}, file: {}}}", quoted(name), quoted(file)),
        None => quoted(text),
    };
    format!("[{}]", texts.iter().map(zone).collect::<Vec<_>>().join(", "))
}

/// A text as YAML reads it back: a JSON string is one.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
