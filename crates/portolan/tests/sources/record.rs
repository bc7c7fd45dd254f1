//! Records in a form that can be compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

/// Which record: names are the same whatever their case (RFC 4343).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) rtype: String,
    pub(crate) set: String,
}

/// What it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// As it is spelt.
    pub(crate) name: String,
    pub(crate) targets: BTreeSet<String>,
    /// In seconds; none for the provider's default.
    pub(crate) ttl: Option<i64>,
    /// For one make of DNS, name and value, sorted.
    pub(crate) properties: Vec<(String, String)>,
}

/// All records of one program.
pub(crate) type Records = BTreeMap<Key, Record>;

/// One record that both programs do not give alike.
#[derive(Clone, Debug)]
pub(crate) struct Difference {
    pub(crate) options: &'static [&'static str],
    pub(crate) key: Key,
    pub(crate) ours: Option<Record>,
    pub(crate) theirs: Option<Record>,
}

/// Reads endpoints, as a `DNSEndpoint` and the webhook protocol have them alike.
pub(crate) fn read<'a>(endpoints: impl Iterator<Item = &'a Value>) -> Records {
    let mut records = Records::new();
    for endpoint in endpoints {
        let text = |field: &str| endpoint[field].as_str().unwrap_or_default().to_owned();
        let name = text("dnsName");
        let (rtype, set) = (text("recordType"), text("setIdentifier"));
        let key = Key { name: name.to_ascii_lowercase(), rtype, set };
        let targets = strings(&endpoint["targets"]);
        let ttl = endpoint["recordTTL"].as_i64().filter(|ttl| *ttl > 0);
        let record = Record { name, targets, ttl, properties: properties(&endpoint["providerSpecific"]) };
        let before = records.insert(key.clone(), record);
        assert!(before.is_none(), "{key} stands twice: {before:?} and {endpoint}");
    }
    records
}

fn strings(list: &Value) -> BTreeSet<String> {
    let texts = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

fn properties(list: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let pairs = list.as_array().into_iter().flatten().map(|pair| (text(&pair["name"]), text(&pair["value"])));
    let mut properties: Vec<_> = pairs.collect();
    properties.sort();
    properties
}

/// What is different, and how many records there are.
pub(crate) fn compare(
    options: &'static [&'static str],
    ours: &Records,
    theirs: &Records,
) -> (usize, Vec<Difference>) {
    let keys: BTreeSet<&Key> = ours.keys().chain(theirs.keys()).collect();
    let different = keys.iter().filter(|key| ours.get(key) != theirs.get(key)).map(|key| Difference {
        options,
        key: (*key).clone(),
        ours: ours.get(key).cloned(),
        theirs: theirs.get(key).cloned(),
    });
    (keys.len(), different.collect())
}

impl Difference {
    /// True when an option is given, whatever its value.
    pub(crate) fn has(&self, option: &str) -> bool {
        self.options.iter().any(|word| word.split('=').next() == Some(option))
    }

    /// True when a source is on.
    pub(crate) fn is_of(&self, source: &str) -> bool {
        self.options.iter().any(|word| word.strip_prefix("--source=") == Some(source))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {} set {:?}", self.name, self.rtype, self.set)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "--- {} ({})", self.key, self.options.join(" "))?;
        for (whose, record) in [("ours", &self.ours), ("theirs", &self.theirs)] {
            match record {
                None => writeln!(f, "{whose}: none")?,
                Some(Record { name, targets, ttl, properties }) => {
                    writeln!(f, "{whose}: {name} {targets:?} ttl {ttl:?} {properties:?}")?;
                }
            }
        }
        Ok(())
    }
}
