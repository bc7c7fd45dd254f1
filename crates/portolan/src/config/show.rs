//! `portolan config show`: the values in force, and where each was said.

use std::fmt::Write as _;

use crate::config::keys::{CONFIG_VERSION, Form, KEYS};
use crate::config::said::Said;
use crate::logs::plain;

impl Said {
    /// The values as a file that says the same, with the source of each beside it.
    #[must_use]
    pub fn show(&self) -> String {
        let mut lines = vec![(format!("version: {CONFIG_VERSION}"), String::new())];
        for key in KEYS {
            lines.push(match self.values.get(key.name) {
                Some(value) => {
                    let texts: Vec<String> = value.texts.iter().map(|text| quoted(text)).collect();
                    let value_text = match (key.form, texts.as_slice()) {
                        (Form::Addresses | Form::Names(_), texts) => format!("[{}]", texts.join(", ")),
                        (Form::Zones, _) => zones(&value.texts),
                        (Form::Number(_), _) => value.texts.join(""),
                        (_, texts) => texts.join(""),
                    };
                    (format!("{}: {value_text}", key.name), value.source.to_string())
                }
                None => (format!("# {}: {}", key.name, key.default), "default".to_owned()),
            });
        }
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
