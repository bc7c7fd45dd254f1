//! What is kept of objects for External-DNS' sources, beside what offers need.
//!
//! Without sources that is nothing, so a fleet of plain Services is as small as before. With them an object
//! keeps what a source can make a record of, in a box of its own: a Service that has none of the sources'
//! annotations gives no record, and keeps no box.

use std::collections::BTreeSet;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::kind::Kind;

/// What sources ask of objects; the default asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// The kinds that sources read, to draft records of them or to look something up.
    pub kinds: BTreeSet<Kind>,
    /// How the annotations begin that sources read; they end in `/`.
    pub prefixes: Vec<Box<str>>,
    /// Other annotations that a filter asks for.
    pub annotations: BTreeSet<Box<str>>,
    /// Labels that a filter asks for.
    pub labels: BTreeSet<Box<str>>,
    /// A template may give any object a name, and ask for any label and annotation.
    pub templates: bool,
}

/// Labels and annotations that are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// Labels.
    pub labels: Pairs,
    /// Annotations.
    pub annotations: Pairs,
}

/// Keys with their values, by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairs(Box<[(Box<str>, Box<str>)]>);

impl Keep {
    /// True when sources read a kind.
    #[must_use]
    pub fn reads(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind)
    }

    /// True of an annotation that sources read.
    #[must_use]
    pub fn is_ours(&self, annotation: &str) -> bool {
        self.prefixes.iter().any(|prefix| annotation.starts_with(&**prefix))
    }

    /// True of an object that a source may make a record of though nothing in its spec names a host.
    #[must_use]
    pub fn names_hosts(&self, metadata: &ObjectMeta) -> bool {
        self.templates || metadata.annotations.iter().flatten().any(|(key, _)| self.is_ours(key))
    }

    /// The labels and annotations that are asked for.
    #[must_use]
    pub fn meta(&self, metadata: &ObjectMeta) -> Meta {
        let labels = metadata.labels.iter().flatten();
        let annotations = metadata.annotations.iter().flatten();
        let is_asked_for = |key: &str| self.is_ours(key) || self.annotations.contains(key);
        Meta {
            labels: labels.filter(|(key, _)| self.templates || self.labels.contains(key.as_str())).collect(),
            annotations: annotations.filter(|(key, _)| self.templates || is_asked_for(key)).collect(),
        }
    }
}

impl Pairs {
    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        let at = self.0.binary_search_by(|(known, _)| (**known).cmp(key)).ok()?;
        self.0.get(at).map(|(_, value)| &**value)
    }

    /// All of them, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (&**key, &**value))
    }

    /// True when there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<K: AsRef<str>, V: AsRef<str>> FromIterator<(K, V)> for Pairs {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let boxed = |(key, value): (K, V)| (key.as_ref().into(), value.as_ref().into());
        let mut pairs: Vec<(Box<str>, Box<str>)> = pairs.into_iter().map(boxed).collect();
        pairs.sort_unstable();
        Self(pairs.into())
    }
}
