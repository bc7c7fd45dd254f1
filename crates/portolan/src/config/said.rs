//! The first stage: what was said, where, by which layer; nothing is looked up yet.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use portolan_core::{Problem, Reason};

use crate::config::file;
use crate::config::keys::{self, CONFIG_ENV};
use crate::config::value::{Source, Value, fault};

/// What was said on the command line: the texts of each flag that was given, by the key's name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// The others.
    pub keys: BTreeMap<&'static str, Vec<String>>,
    /// Keys that have another flag in this command, each with that flag.
    pub renamed: BTreeMap<&'static str, &'static str>,
}

/// The environment, as an argument: tests have their own.
pub type Environment<'e> = &'e dyn Fn(&str) -> Option<OsString>;

/// What was said of all keys, the last word of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The file that was read.
    pub file: Option<PathBuf>,
    /// By the key's name.
    pub values: BTreeMap<&'static str, Value>,
    /// What the file says of each publisher, by the key's name.
    pub publishers: Vec<BTreeMap<&'static str, Value>>,
    /// What has the wrong form.
    pub problems: Vec<Problem>,
}

impl Said {
    /// Collects what the file, the environment and the flags say.
    #[must_use]
    pub fn gather(flags: &Flags, environment: Environment<'_>) -> Self {
        let mut said = Self::default();
        let named = environment(CONFIG_ENV).filter(|path| !path.is_empty()).map(PathBuf::from);
        if let Some(path) = flags.config.clone().or(named) {
            said.read_file(&path);
            said.file = Some(path);
        }
        said.read_environment(environment);
        for (name, texts) in &flags.keys {
            if let Some(key) = keys::key(name) {
                let flag = flags.renamed.get(key.name).copied().unwrap_or(key.flag);
                said.set(key.name, texts.clone(), Source::Flag(flag));
            }
        }
        said
    }

    /// The only text of a key.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).and_then(|value| value.texts.first()).map(String::as_str)
    }

    /// Says something of a key that nobody has said anything of.
    pub(super) fn assume(&mut self, name: &str, text: &str) {
        if let Some(key) = keys::key(name).filter(|key| !self.values.contains_key(key.name)) {
            self.set(key.name, vec![text.to_owned()], Source::Flag(key.flag));
        }
    }

    fn read_file(&mut self, path: &Path) {
        let (entries, problems) = file::read(path);
        self.problems.extend(problems);
        for entry in entries {
            let values = match entry.publisher {
                None => &mut self.values,
                Some(nth) => {
                    let len = self.publishers.len().max(nth + 1);
                    self.publishers.resize_with(len, BTreeMap::new);
                    // It was just made long enough.
                    let Some(values) = self.publishers.get_mut(nth) else { continue };
                    values
                }
            };
            values.insert(entry.key.name, entry.value);
        }
    }

    /// A variable that is set to nothing is not set: that is how one is switched off for one command.
    /// Variables of other names are not ours; Kubernetes sets some, as `PORTOLAN_PORT`, beside a Service
    /// that is called `portolan`.
    fn read_environment(&mut self, environment: Environment<'_>) {
        for key in keys::all() {
            let Some(text) = environment(key.env).filter(|text| !text.is_empty()) else { continue };
            let source = Source::Env(key.env);
            let Ok(text) = text.into_string() else {
                let message = "is not UTF-8".to_owned();
                self.problems.push(fault(key.name, Reason::Invalid, message, &source.to_string()));
                continue;
            };
            self.set(key.name, key.form.items(text), source);
        }
    }

    fn set(&mut self, name: &'static str, texts: Vec<String>, source: Source) {
        self.values.insert(name, Value { texts, source });
    }
}
