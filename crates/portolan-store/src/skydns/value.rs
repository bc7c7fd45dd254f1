//! Values: the JSON of SkyDNS' `Service` as CoreDNS and External-DNS have it, and our own field beside.
//!
//! It is read as Go reads it: field names in any case, the last of two counts, `null` is as if it were not there, fields
//! that nobody knows are passed over (and kept, [`Others`]). A value of the wrong kind is a fault of this key alone, where
//! a stock CoreDNS fails the whole subtree (faults.md R-19).

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value as Json};

use super::Wrong;

/// Most octets of a value that is read.
pub const VALUE_OCTETS_MAX: usize = 128 * 1024;
/// Most octets of our own field's texts, each.
pub const PLACED_TEXT_OCTETS_MAX: usize = VALUE_OCTETS_MAX;
/// The name of our own field.
pub const PLACED: &str = "portolan";
/// The version of our own field that is written.
pub const PLACED_VERSION: u32 = 1;
/// Highest TTL (RFC 2181 section 8).
const TTL_MAX: i64 = 0x7fff_ffff;

/// What stands at one key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Value {
    /// An address or a host name; empty when others are to pass over it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub host: String,
    /// Of an SRV record; 0 when it says none, -1 when there is to be no SRV record.
    #[serde(skip_serializing_if = "is_default")]
    pub port: i32,
    /// Of SRV and MX records; 0 when it says none, which is 10.
    #[serde(skip_serializing_if = "is_default")]
    pub priority: u16,
    /// Of an SRV record; 0 when it says none, which is 100.
    #[serde(skip_serializing_if = "is_default")]
    pub weight: u32,
    /// Of a TXT record.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// It is a mail exchange.
    #[serde(skip_serializing_if = "is_default")]
    pub mail: bool,
    /// Seconds; 0 when it says none.
    #[serde(skip_serializing_if = "is_default")]
    pub ttl: u32,
    /// How many labels of its key, from the left, are not the name's.
    #[serde(rename = "targetstrip", skip_serializing_if = "is_default")]
    pub target_strip: u8,
    /// What of a subtree is answered together.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// The id of the External-DNS that wrote it (`--coredns-strictly-owned`).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub owner: String,
    /// Our own field, which others pass over.
    #[serde(rename = "portolan", skip_serializing_if = "Option::is_none")]
    pub placed: Option<Placed>,
    /// Fields that we do not know: they are kept.
    #[serde(flatten)]
    pub others: Others,
}

/// Fields that nobody here knows; printed as they were read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Others(Map<String, Json>);

impl Others {
    /// True when there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Others {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// Our own field: what a target alone cannot tell. A reader passes over fields that it does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// [`PLACED_VERSION`]; a higher one is not read.
    pub version: u32,
    /// The record's type, where the other fields do not say it: the target is withheld, or they have no words for it.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub rtype: Option<String>,
    /// The record's data in presentation form, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Whose it is; none for a target of unknown place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Whether something ready stands behind it.
    #[serde(default = "is_ready")]
    pub ready: bool,
    /// The record must not be answered now: the other fields do not have it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub withheld: bool,
    /// Its share under a weighted pick.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// Which run of which process wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
    /// The revision that it was computed from, to be compared within an epoch only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
}

impl Default for Placed {
    /// A target of unknown place that is ready.
    fn default() -> Self {
        Self {
            version: PLACED_VERSION,
            rtype: None,
            target: None,
            cluster: None,
            ready: true,
            withheld: false,
            weight: None,
            epoch: None,
            revision: None,
        }
    }
}

impl Value {
    /// Reads a value.
    ///
    /// # Errors
    /// The field, what stands there and the rule, for the first thing that is wrong.
    pub fn parse(octets: &[u8]) -> Result<Self, Wrong> {
        if octets.len() > VALUE_OCTETS_MAX {
            return Err(Wrong::whole(format!("the value is longer than {VALUE_OCTETS_MAX} octets")));
        }
        let fields: Json = serde_json::from_slice(octets)
            .map_err(|error| Wrong::whole(format!("the value is not JSON: {error}")))?;
        let Json::Object(fields) = fields else {
            return Err(Wrong::whole("the value is not a JSON object"));
        };
        let mut value = Self::default();
        for (name, field) in fields {
            value.take(name, field)?;
        }
        Ok(value)
    }

    /// The value as it is written.
    #[must_use]
    pub fn print(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("it is maps, lists, strings and numbers")
    }

    /// Takes one field. Capital letters come first in the order of a map, so the plain spelling counts.
    fn take(&mut self, name: String, field: Json) -> Result<(), Wrong> {
        match name.to_ascii_lowercase().as_str() {
            "host" | "port" | "priority" | "weight" | "text" | "mail" | "ttl" | "targetstrip" | "group"
            | "owner" | PLACED
                if field.is_null() => {}
            "host" => self.host = text("host", field)?,
            "port" => self.port = number("port", &field, -1, 65_535)?,
            "priority" => self.priority = number("priority", &field, 0, 65_535)?,
            "weight" => self.weight = number("weight", &field, 0, i64::from(i32::MAX))?,
            "text" => self.text = text("text", field)?,
            "mail" => self.mail = truth("mail", &field)?,
            "ttl" => self.ttl = number("ttl", &field, 0, TTL_MAX)?,
            "targetstrip" => self.target_strip = number("targetstrip", &field, 0, 127)?,
            "group" => self.group = text("group", field)?,
            "owner" => self.owner = text("owner", field)?,
            PLACED => self.placed = Some(placed(field)?),
            _ => drop(self.others.0.insert(name, field)),
        }
        Ok(())
    }
}

fn text(field: &'static str, found: Json) -> Result<String, Wrong> {
    match found {
        Json::String(text) => Ok(text),
        other => Err(Wrong::field(field, other, "is not a text")),
    }
}

fn truth(field: &'static str, found: &Json) -> Result<bool, Wrong> {
    found.as_bool().ok_or_else(|| Wrong::field(field, found, "is not true or false"))
}

fn number<N: TryFrom<i64>>(field: &'static str, found: &Json, from: i64, to: i64) -> Result<N, Wrong> {
    let number = found.as_i64().filter(|number| (from..=to).contains(number));
    let number = number.and_then(|number| N::try_from(number).ok());
    number.ok_or_else(|| Wrong::field(field, found, format!("is not a whole number from {from} to {to}")))
}

fn placed(found: Json) -> Result<Placed, Wrong> {
    let placed: Placed = serde_json::from_value(found).map_err(|error| Wrong {
        field: Some(PLACED),
        value: String::new(),
        rule: format!("does not parse: {error}"),
    })?;
    if placed.version != PLACED_VERSION {
        let rule = format!("is not a version that this program reads; it reads {PLACED_VERSION}");
        return Err(Wrong::field("portolan.version", placed.version, rule));
    }
    for text in [&placed.rtype, &placed.target, &placed.cluster].into_iter().flatten() {
        if text.len() > PLACED_TEXT_OCTETS_MAX {
            return Err(Wrong::whole(format!(
                "{PLACED} has a text of more than {PLACED_TEXT_OCTETS_MAX} octets"
            )));
        }
    }
    Ok(placed)
}

fn is_ready() -> bool {
    true
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
