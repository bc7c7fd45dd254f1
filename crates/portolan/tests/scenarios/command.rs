//! One command: a verb, words, and `key=value` options.

use std::collections::BTreeMap;

/// A command; what is not taken from it by its end was a slip of the pen.
pub(crate) struct Command {
    place: String,
    /// True when only a server can answer it (`wire dig ...`).
    pub(crate) wire: bool,
    pub(crate) verb: String,
    words: std::vec::IntoIter<String>,
    options: BTreeMap<String, String>,
}

impl Command {
    /// None for an empty line or a comment.
    pub(crate) fn parse(place: String, line: &str) -> Option<Self> {
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        let (wire, line) = line.strip_prefix("wire ").map_or((false, line), |rest| (true, rest));
        let (mut words, mut options) = (Vec::new(), BTreeMap::new());
        // What stands in double quotes is one word, and no option.
        for (i, part) in line.split('"').enumerate() {
            if i % 2 == 1 {
                words.push(part.to_owned());
                continue;
            }
            for word in part.split_whitespace() {
                match option(word) {
                    Some((key, value)) => drop(options.insert(key.to_owned(), value.to_owned())),
                    None => words.push(word.to_owned()),
                }
            }
        }
        let mut words = words.into_iter();
        let verb = words.next().unwrap_or_default();
        Some(Self { place, wire, verb, words, options })
    }

    /// The next word, which must be there.
    pub(crate) fn word(&mut self) -> String {
        self.words.next().unwrap_or_else(|| self.fail("needs another word"))
    }

    /// The words that are left.
    pub(crate) fn words(&mut self) -> Vec<String> {
        self.words.by_ref().collect()
    }

    /// The next word as `NAMESPACE/NAME`.
    pub(crate) fn object(&mut self) -> (String, String) {
        let word = self.word();
        match word.split_once('/') {
            Some((namespace, name)) => (namespace.to_owned(), name.to_owned()),
            None => self.fail(&format!("{word:?} is not NAMESPACE/NAME")),
        }
    }

    /// An option.
    pub(crate) fn option(&mut self, key: &str) -> Option<String> {
        self.options.remove(key)
    }

    /// An option whose values are separated by commas; empty when it is not given.
    pub(crate) fn list(&mut self, key: &str) -> Vec<String> {
        self.option(key).map_or_else(Vec::new, |text| text.split(',').map(str::to_owned).collect())
    }

    /// An option that is a number.
    pub(crate) fn number(&mut self, key: &str) -> Option<i64> {
        let text = self.option(key)?;
        Some(text.parse().unwrap_or_else(|_| self.fail(&format!("{key}={text} is no number"))))
    }

    /// All options that are left.
    pub(crate) fn options(&mut self) -> BTreeMap<String, String> {
        std::mem::take(&mut self.options)
    }

    /// Makes sure that all of it was understood.
    pub(crate) fn end(mut self) {
        let left: Vec<String> = self.words.by_ref().chain(self.options.keys().cloned()).collect();
        assert!(left.is_empty(), "{}: {} does not know {left:?}", self.place, self.verb);
    }

    pub(crate) fn fail(&self, why: &str) -> ! {
        panic!("{}: {}: {why}", self.place, self.verb)
    }
}

/// `key=value`, where the key is words in lower case with dashes between.
fn option(word: &str) -> Option<(&str, &str)> {
    let is_part = |octet: u8| octet.is_ascii_lowercase() || octet == b'-';
    let is_key = |key: &str| !key.is_empty() && key.bytes().all(is_part);
    word.split_once('=').filter(|(key, _)| is_key(key))
}
