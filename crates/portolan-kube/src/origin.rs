//! Where an object comes from, for people.

use std::fmt;
use std::sync::Arc;

/// Where an object comes from: a place in a file, or a cluster.
///
/// A fleet has millions of objects in a few files, so an object has the name that all of its file share and two
/// numbers, and the text is made where somebody reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    name: Arc<String>,
    /// From 1; 0 where the name says it all.
    line: u32,
    /// In characters, from 1; 0 likewise.
    column: u32,
}

impl Origin {
    /// A place in the file of this name; line and column from 1. Files are [bounded](crate::manifest::FILE_BYTES_MAX), so
    /// both fit.
    #[must_use]
    pub fn at(&self, line: usize, column: usize) -> Self {
        let number = |number| u32::try_from(number).unwrap_or(u32::MAX);
        Self { name: self.name.clone(), line: number(line), column: number(column) }
    }
}

impl From<String> for Origin {
    fn from(name: String) -> Self {
        Self { name: Arc::new(name), line: 0, column: 0 }
    }
}

impl From<&str> for Origin {
    fn from(name: &str) -> Self {
        name.to_owned().into()
    }
}

impl fmt::Display for Origin {
    /// `eu/shop.yaml:12:1`, `eu`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (0, _) => f.write_str(&self.name),
            (line, column) => write!(f, "{}:{line}:{column}", self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Origin;

    #[test]
    fn an_origin_reads_as_people_write_it() {
        let file = Origin::from("eu/shop.yaml");
        for (origin, text) in [(file.clone(), "eu/shop.yaml"), (file.at(12, 1), "eu/shop.yaml:12:1")] {
            assert_eq!(origin.to_string(), text);
        }
    }
}
