//! The configuration file: YAML, tagged by its version.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use portolan_core::{Problem, Reason};
use portolan_kube::nearest::nearest;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value as Json;
use serde_saphyr::{Location, Spanned};

use crate::config::keys::{
    CONFIG_VERSION, Form, KEYS, Key, PUBLISHERS_MAX, SECTION, SOURCES, SYNC, SYNC_SECTION,
};
use crate::config::value::{Source, Value, fault, shown};

/// The largest file that is read, in bytes.
pub const CONFIG_BYTES_MAX: u64 = 1 << 20;

/// A key that the file says something of.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which.
    pub key: &'static Key,
    /// What.
    pub value: Value,
    /// Of which publisher, from 0; none of what is the process'.
    pub publisher: Option<usize>,
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Key {}

/// Reads a file: the keys that have the right form, and what is wrong with the rest.
#[must_use]
pub fn read(path: &Path) -> (Vec<Entry>, Vec<Problem>) {
    match text(path) {
        Ok(text) => parse(path, &text),
        Err(why) => (Vec::new(), vec![fault("", Reason::Unreadable, why, &path.display().to_string())]),
    }
}

/// Reads the text of a file.
#[must_use]
pub fn parse(path: &Path, text: &str) -> (Vec<Entry>, Vec<Problem>) {
    let mut reading = Reading { path, entries: Vec::new(), problems: Vec::new() };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let says_something = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    if !text.lines().any(says_something) {
        let message = format!("is empty; it begins with `version: {CONFIG_VERSION}`");
        reading.fault("", Reason::Invalid, message, None);
        return (reading.entries, reading.problems);
    }
    // Strictly YAML 1.2: `nsid: on` is a text and no truth.
    let options = serde_saphyr::options! { strict_booleans: true };
    match serde_saphyr::from_str_with_options::<Document>(text, options) {
        Ok(document) => reading.document(document, text),
        Err(error) => {
            let at = error.location();
            let message = match &error {
                serde_saphyr::Error::DuplicateMappingKey { key, .. } => {
                    format!("the key `{}` stands twice", key.as_deref().unwrap_or("?"))
                }
                _ => format!("does not parse: {}{}", first_line(&error), tab_hint(text, at)),
            };
            reading.fault("", Reason::Unreadable, message, at);
        }
    }
    (reading.entries, reading.problems)
}

/// The sections of a text that is known to parse.
fn sections(text: &str) -> Sections {
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options).unwrap_or_default()
}

/// The text of a file, or why there is none.
fn text(path: &Path) -> Result<String, String> {
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    let metadata = std::fs::metadata(path).map_err(cannot)?;
    if metadata.is_dir() {
        return Err("is a directory; a YAML file is wanted".to_owned());
    }
    let mut bytes = Vec::new();
    let mut file = File::open(path).map_err(cannot)?.take(CONFIG_BYTES_MAX + 1);
    file.read_to_end(&mut bytes).map_err(cannot)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > CONFIG_BYTES_MAX {
        return Err(format!("has more than {CONFIG_BYTES_MAX} bytes, the most that is read"));
    }
    String::from_utf8(bytes).map_err(|error| {
        format!("is not UTF-8 text (byte {} of the file)", error.utf8_error().valid_up_to() + 1)
    })
}

/// What the library says, without the snippet that it draws below.
fn first_line(error: &serde_saphyr::Error) -> String {
    let text = error.without_snippet().to_string();
    text.lines().next().unwrap_or_default().to_owned()
}

/// Says so when the fault stands on a line that a tab indents: the message alone does not tell.
fn tab_hint(text: &str, at: Option<Location>) -> &'static str {
    let line = at.and_then(|at| usize::try_from(at.line()).ok()).and_then(|line| line.checked_sub(1));
    let indent = |line: &str| line.chars().take_while(|c| c.is_whitespace()).any(|c| c == '\t');
    match line.and_then(|line| text.lines().nth(line)) {
        Some(line) if indent(line) => "; the line begins with a tab, and YAML is indented by spaces",
        _ => "",
    }
}

/// The top of the file: its keys and values with their places, in order.
struct Document(Vec<(Spanned<String>, Spanned<Json>)>);

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DocumentVisitor)
    }
}

struct DocumentVisitor;

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("keys and values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Document(entries))
    }
}

/// The sections of the file: their keys and values with their places, in order.
#[derive(Default)]
struct Sections {
    sources: Vec<(Spanned<String>, Spanned<Json>)>,
    sync: Vec<Document>,
}

impl<'de> Deserialize<'de> for Sections {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(SectionsVisitor)
    }
}

struct SectionsVisitor;

impl<'de> Visitor<'de> for SectionsVisitor {
    type Value = Sections;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("keys and values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Sections, A::Error> {
        let mut sections = Sections::default();
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "sources" => sections.sources = map.next_value::<Document>()?.0,
                "sync" => sections.sync = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(sections)
    }
}

/// True of the name of the section of sources.
fn is_section(name: &str) -> bool {
    SECTION.strip_suffix('.') == Some(name)
}

/// True of the name of the list of publishers.
fn is_sync(name: &str) -> bool {
    SYNC_SECTION.strip_suffix('.') == Some(name)
}

/// One file under way.
struct Reading<'p> {
    path: &'p Path,
    entries: Vec<Entry>,
    problems: Vec<Problem>,
}

impl Reading<'_> {
    fn document(&mut self, Document(entries): Document, text: &str) {
        if !self.version(&entries) {
            return;
        }
        for (name, value) in entries.iter().filter(|(name, _)| name.value != "version") {
            match KEYS.iter().find(|key| key.name == name.value) {
                Some(key) => self.entry(key, value),
                None if is_section(&name.value) => self.section(value, text),
                None if is_sync(&name.value) => self.publishers(value, text),
                None => self.unknown(name),
            }
        }
    }

    /// The keys of a section, each with its own place: for that the text is read once more.
    fn section(&mut self, value: &Spanned<Json>, text: &str) {
        if !value.value.is_object() {
            let message = format!("{} is not of the right type; wanted: keys and values", value.value);
            return self.fault(
                SECTION.trim_end_matches('.'),
                Reason::Invalid,
                message,
                Some(value.referenced),
            );
        }
        for (name, value) in &sections(text).sources {
            let full = format!("{SECTION}{}", name.value);
            match SOURCES.iter().find(|key| key.name == full) {
                Some(key) => self.entry(key, value),
                None => self.unknown_in(SECTION, "option of sources", SOURCES, name),
            }
        }
    }

    /// The keys of each publisher.
    fn publishers(&mut self, value: &Spanned<Json>, text: &str) {
        let at = Some(value.referenced);
        let items = value.value.as_array().filter(|items| items.iter().all(Json::is_object));
        let Some(items) = items else {
            // It is not repeated: there may be secrets in it.
            let message = "is not of the right type; wanted: list of keys and values".to_owned();
            return self.fault("sync", Reason::Invalid, message, at);
        };
        if items.len() > PUBLISHERS_MAX {
            let message = format!("has {} publishers; at most {PUBLISHERS_MAX} are run", items.len());
            self.fault("sync", Reason::LimitReached, message, at);
        }
        for (nth, Document(entries)) in sections(text).sync.iter().enumerate().take(PUBLISHERS_MAX) {
            if entries.is_empty() {
                self.fault(&format!("sync[{nth}]"), Reason::Invalid, "says nothing".to_owned(), at);
            }
            let before = self.entries.len();
            for (name, value) in entries {
                let full = format!("{SYNC_SECTION}{}", name.value);
                match SYNC.iter().find(|key| key.name == full) {
                    Some(key) => self.entry(key, value),
                    None => self.unknown_in(SYNC_SECTION, "option of publishers", SYNC, name),
                }
            }
            self.entries.iter_mut().skip(before).for_each(|entry| entry.publisher = Some(nth));
        }
    }

    /// True when the file is of the version that we read: no other's keys can be judged.
    fn version(&mut self, entries: &[(Spanned<String>, Spanned<Json>)]) -> bool {
        let Some((_, version)) = entries.iter().find(|(name, _)| name.value == "version") else {
            let message = format!("is missing; the file begins with `version: {CONFIG_VERSION}`");
            self.fault("version", Reason::Invalid, message, None);
            return false;
        };
        if version.value == CONFIG_VERSION {
            return true;
        }
        let message = format!("{} is not a version that this program reads: {CONFIG_VERSION}", version.value);
        self.fault("version", Reason::Invalid, message, Some(version.referenced));
        false
    }

    fn entry(&mut self, key: &'static Key, value: &Spanned<Json>) {
        let at = value.referenced;
        let source = Source::File { path: self.path.to_owned(), line: at.line(), column: at.column() };
        match texts(key.form, &value.value) {
            Ok(texts) => self.entries.push(Entry { key, value: Value { texts, source }, publisher: None }),
            Err(Wrong { item, found }) => {
                let field = item.map_or(key.name.to_owned(), |item| format!("{}[{item}]", key.name));
                let found = match key.form {
                    Form::Secret => "what stands there".to_owned(),
                    _ => shown(&found.to_string()).into_owned(),
                };
                let message = format!("{found} is not of the right type; wanted: {}", key.form.words());
                self.fault(&field, Reason::Invalid, message, Some(at));
            }
        }
    }

    fn unknown(&mut self, name: &Spanned<String>) {
        let sections = [SECTION, SYNC_SECTION].map(|section| section.trim_end_matches('.'));
        let known = KEYS.iter().map(|key| key.name).chain(["version"]).chain(sections);
        let meant = match nearest(&name.value, known) {
            Some(near) => format!("did you mean {near:?}?"),
            None => "`portolan config docs` lists the keys".to_owned(),
        };
        let message = format!("is no key of the configuration; {meant}");
        self.fault(&name.value, Reason::UnknownField, message, Some(name.referenced));
    }

    fn unknown_in(&mut self, section: &str, what: &str, known: &[Key], name: &Spanned<String>) {
        let meant = match nearest(&name.value, known.iter().map(|key| key.flag)) {
            Some(near) => format!("did you mean {near:?}?"),
            None => "`portolan config docs` lists them".to_owned(),
        };
        let message = format!("is no {what}; {meant}");
        let field = format!("{section}{}", name.value);
        self.fault(&field, Reason::UnknownField, message, Some(name.referenced));
    }

    fn fault(&mut self, field: &str, reason: Reason, message: String, at: Option<Location>) {
        let path = self.path.display();
        let place = match at.filter(|at| at.line() > 0) {
            Some(at) => format!("{path}:{}:{}", at.line(), at.column()),
            None => path.to_string(),
        };
        self.problems.push(fault(field, reason, message, &place));
    }
}

/// A value of the wrong type.
struct Wrong {
    /// The item of a list that it is.
    item: Option<usize>,
    /// The value.
    found: Json,
}

/// The texts of a value, in the form that the environment and the flags have it in.
fn texts(form: Form, value: &Json) -> Result<Vec<String>, Wrong> {
    let wrong = |item: Option<usize>, found: &Json| Wrong { item, found: found.clone() };
    match (form, value) {
        (
            Form::Addresses
            | Form::Names(_)
            | Form::Urls(_)
            | Form::Domains(_)
            | Form::Servers
            | Form::Words(_)
            | Form::Texts,
            Json::Array(items),
        ) => {
            let text = |(nth, item): (usize, &Json)| match item {
                Json::String(text) => Ok(text.clone()),
                other => Err(wrong(Some(nth), other)),
            };
            items.iter().enumerate().map(text).collect()
        }
        (Form::Zones, Json::Array(items)) => {
            let text = |(nth, item): (usize, &Json)| zone(item).ok_or_else(|| wrong(Some(nth), item));
            items.iter().enumerate().map(text).collect()
        }
        (Form::Number(_) | Form::Seconds(_) | Form::Duration, Json::Number(number)) => {
            Ok(vec![number.to_string()])
        }
        (Form::Switch, Json::Bool(value)) => Ok(vec![value.to_string()]),
        (Form::Number(_) | Form::Seconds(_) | Form::Switch, other) => Err(wrong(None, other)),
        (form, other) if form.is_list() => Err(wrong(None, other)),
        (_, Json::String(text)) => Ok(vec![text.clone()]),
        (_, other) => Err(wrong(None, other)),
    }
}

/// `{name: NAME, file: FILE}` as a flag has it. None when it has other keys, or other than texts.
fn zone(item: &Json) -> Option<String> {
    let fields = item.as_object().filter(|fields| fields.len() == 2)?;
    Some(format!("{}={}", fields.get("name")?.as_str()?, fields.get("file")?.as_str()?))
}
