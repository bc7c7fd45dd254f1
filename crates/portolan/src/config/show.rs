//! `portolan config show`: the values in force, and where each was said.

use std::fmt::Write as _;

use crate::config::keys::{CONFIG_VERSION, Form, KEYS, Key, SOURCES};
use crate::config::said::Said;
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
        let Some(value) = self.values.get(key.name) else {
            return (format!("# {name}: {}", key.default), "default".to_owned());
        };
        let texts: Vec<String> = value.texts.iter().map(|text| quoted(text)).collect();
        let text = match key.form {
            Form::Zones => zones(&value.texts),
            form if form.is_list() => format!("[{}]", texts.join(", ")),
            Form::Number(_) | Form::Seconds(_) | Form::Switch => value.texts.join(""),
            _ => texts.join(""),
        };
        (format!("{name}: {text}"), value.source.to_string())
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
