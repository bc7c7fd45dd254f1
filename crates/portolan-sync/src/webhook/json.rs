//! The forms on the wire.
//!
//! Go's JSON matches keys in any case, takes `null` for what is empty, and passes over keys that it does not know; so
//! do these, for providers and clients of other makes were written against it. What is empty is not printed.
//!
//! An item of two octets (`{}`) takes up to a hundred times as many here, so lists have a limit of their own beside that of
//! the body; no record that says anything is so short that it would meet it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

/// Most items of one list that is read.
pub const LIST_MAX: usize = 300_000;

/// The records of one name, type and set identifier.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Endpoint {
    /// The name, without its trailing dot.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub dns_name: String,
    /// Addresses, a host name, or data of another type in presentation form.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<String>,
    /// `A`, `AAAA`, `CNAME`, `TXT`, ...
    #[serde(skip_serializing_if = "String::is_empty")]
    pub record_type: String,
    /// Tells apart several sets of one name and type.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub set_identifier: String,
    /// Seconds; 0 or less when nobody named any.
    #[serde(rename = "recordTTL", skip_serializing_if = "is_zero")]
    pub record_ttl: i64,
    /// What the registry says of it: `owner`, `resource` and others.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Settings for one make of DNS.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub provider_specific: Vec<Property>,
}

/// One setting for one make of DNS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Property {
    /// Its name: `aws/weight`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Its value.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub value: String,
}

/// What a client asks to be done, all at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Changes {
    /// Records that come.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub create: Vec<Endpoint>,
    /// Records that change, as they were.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub update_old: Vec<Endpoint>,
    /// And as they are to be, in the same order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub update_new: Vec<Endpoint>,
    /// Records that go.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub delete: Vec<Endpoint>,
}

/// Which names a provider takes: domains or regular expressions, never both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Filter {
    /// Domains that it takes; of none, all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// Domains that it does not take.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// What names match that it takes.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub regex_include: String,
    /// What names match that it does not take.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub regex_exclude: String,
}

impl Changes {
    /// True when there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        [&self.create, &self.update_old, &self.update_new, &self.delete].into_iter().all(Vec::is_empty)
    }
}

/// Reads a list of endpoints; `null` is an empty one, and a `null` in it is nothing.
///
/// # Errors
/// What is wrong with the JSON, and where; more than [`LIST_MAX`] items among it.
pub fn list(octets: &[u8]) -> Result<Vec<Endpoint>, serde_json::Error> {
    let listed: Option<Items<Endpoint>> = serde_json::from_slice(octets)?;
    Ok(listed.map(|items| items.0).unwrap_or_default())
}

/// Prints a form.
#[must_use]
pub fn print<T: Serialize + ?Sized>(form: &T) -> Vec<u8> {
    serde_json::to_vec(form).expect("these forms have text for keys and no other reason to fail")
}

fn is_zero(seconds: &i64) -> bool {
    *seconds == 0
}

/// Reads a form as Go does; each field by a function of the map whose next value it is.
macro_rules! lenient {
    ($form:ident, $what:literal, $($key:literal => $field:ident by $read:ident),*) => {
        impl<'de> Deserialize<'de> for $form {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Reader;
                impl<'de> Visitor<'de> for Reader {
                    type Value = $form;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($what)
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<$form, A::Error> {
                        let mut form = $form::default();
                        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                            match &*key {
                                $(key if key.eq_ignore_ascii_case($key) => form.$field = $read(&mut map)?,)*
                                _ => {
                                    map.next_value::<IgnoredAny>()?;
                                }
                            }
                        }
                        Ok(form)
                    }
                }
                deserializer.deserialize_map(Reader)
            }
        }
    };
}

lenient!(Endpoint, "an endpoint",
    "dnsName" => dns_name by value,
    "targets" => targets by values,
    "recordType" => record_type by value,
    "setIdentifier" => set_identifier by value,
    "recordTTL" => record_ttl by value,
    "labels" => labels by words,
    "providerSpecific" => provider_specific by values);
lenient!(Property, "a property with a name and a value", "name" => name by value, "value" => value by value);
lenient!(Changes, "changes: create, updateOld, updateNew, delete",
    "create" => create by values,
    "updateOld" => update_old by values,
    "updateNew" => update_new by values,
    "delete" => delete by values);
lenient!(Filter, "a domain filter",
    "include" => include by values,
    "exclude" => exclude by values,
    "regexInclude" => regex_include by value,
    "regexExclude" => regex_exclude by value);

fn value<'de, A: MapAccess<'de>, T: Default + Deserialize<'de>>(map: &mut A) -> Result<T, A::Error> {
    Ok(map.next_value::<Option<T>>()?.unwrap_or_default())
}

fn values<'de, A: MapAccess<'de>, T: Deserialize<'de>>(map: &mut A) -> Result<Vec<T>, A::Error> {
    let listed: Option<Items<T>> = map.next_value()?;
    Ok(listed.map(|items| items.0).unwrap_or_default())
}

fn words<'de, A: MapAccess<'de>>(map: &mut A) -> Result<BTreeMap<String, String>, A::Error> {
    let words: Option<BTreeMap<String, Option<String>>> = map.next_value()?;
    Ok(words.into_iter().flatten().map(|(key, word)| (key, word.unwrap_or_default())).collect())
}

/// The items of a list that are not `null`.
struct Items<T>(Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Items<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
            type Value = Items<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Items<T>, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element::<Option<T>>()? {
                    items.extend(item);
                    if items.len() > LIST_MAX {
                        return Err(A::Error::custom(format_args!("a list of more than {LIST_MAX} items")));
                    }
                }
                Ok(Items(items))
            }
        }
        deserializer.deserialize_seq(Reader(PhantomData))
    }
}
