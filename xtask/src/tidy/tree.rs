//! The files of the repository, by path.
//!
//! They are read from the disk and not from git, so that tidy also works in an unpacked archive and
//! in a clone that belongs to somebody else. What `.gitignore` names by a whole path is left out.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};

/// Larger files are data: they are in the tree by path, without text.
const TEXT_BYTES_MAX: u64 = 4 << 20;

/// Files by their path from the root, with `/`; no text for what is not UTF-8.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    files: BTreeMap<String, Option<String>>,
}

impl Tree {
    /// Reads a folder.
    ///
    /// # Errors
    /// When something in it cannot be read.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let ignore = std::fs::read_to_string(root.join(".gitignore")).unwrap_or_default();
        let mut skip: Vec<&str> = ignore.lines().filter_map(|line| line.strip_prefix('/')).collect();
        skip.push(".git");
        let mut tree = Self::default();
        tree.read_folder(root, "", &skip).with_context(|| format!("reading {}", root.display()))?;
        Ok(tree)
    }

    /// A tree of made-up files, for tests of the rules.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).into(), Some((*text).into())));
        Self { files: files.collect() }
    }

    /// Every file that has text, by path.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
    }

    /// Every file of Rust, by path.
    pub(crate) fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts().filter(|(path, _)| path.ends_with(".rs"))
    }

    /// The text of one file; none when it is absent.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    /// True of a file, and of a folder with a file in it. The root is a folder.
    pub(crate) fn has(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        path.is_empty()
            || self.files.contains_key(path)
            || self.files.range(folder.clone()..).next().is_some_and(|(next, _)| next.starts_with(&folder))
    }

    /// How many files there are.
    pub(crate) fn len(&self) -> usize {
        self.files.len()
    }

    fn read_folder(&mut self, root: &Path, folder: &str, skip: &[&str]) -> Result<()> {
        for entry in std::fs::read_dir(root.join(folder))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            let kind = entry.file_type()?;
            if skip.contains(&path.as_str()) || kind.is_symlink() {
                continue;
            }
            if kind.is_dir() {
                self.read_folder(root, &path, skip)?;
            } else {
                let small = entry.metadata()?.len() <= TEXT_BYTES_MAX;
                let bytes = if small { std::fs::read(entry.path())? } else { vec![0xff] };
                self.files.insert(path, String::from_utf8(bytes).ok());
            }
        }
        Ok(())
    }
}

/// True of a file that only tests compile.
pub(crate) fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.split('/').any(|folder| folder == "tests")
}

/// A line without its comment. A `//` in a text ends it too, which only makes a rule see less.
pub(crate) fn code(line: &str) -> &str {
    line.split_once("//").map_or(line, |(code, _)| code)
}

/// True when `word` stands in `code` with no letter, digit or `_` on either side.
pub(crate) fn has_word(code: &str, word: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        !before.is_some_and(inside) && !after.is_some_and(inside)
    })
}

#[cfg(test)]
mod tests;
