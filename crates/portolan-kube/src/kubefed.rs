//! KubeFed's DNS kinds, as its three API groups have them.
//!
//! They are read, never generated and never written. Only what decides a name is kept: `spec`, and a
//! Domain's two fields. Their `status` is what KubeFed's own controllers found out, and we find it out
//! ourselves. A field that is not known here is passed over, and an explicit `null` is the same as
//! absence, as in Go.
//!
//! A `recordTTL` that breaks the rule must not cost the object: [`RecordTtl`] takes any value and
//! keeps a wrong one as text. The reader of a manifest reports it with its line and leaves it
//! [`RecordTtl::Unset`]; who gets objects from elsewhere reports [`RecordTtl::Wrong`] itself.

use std::fmt;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use portolan_core::Ttl;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// The API groups of the kinds here, oldest first. Their version is always `v1alpha1`.
pub const GROUPS: [&str; 3] =
    ["multiclusterdns.federation.k8s.io", "multiclusterdns.kubefed.k8s.io", "multiclusterdns.kubefed.io"];

/// What a `recordTTL` must be, for messages.
pub const RECORD_TTL_RULE: &str = "must be whole seconds from 1 to 2147483647; 0 or absent is the default";

/// Longest text of a wrong `recordTTL` that is kept, in characters.
const WRONG_CHARS_MAX: usize = 64;

// === Domain ===

/// A federation's domain: its name is a label of the names below it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Domain {
    /// Its metadata; `metadata.name` is what `domainRef` names.
    #[serde(default)]
    pub metadata: ObjectMeta,
    /// The DNS suffix: `example.com`.
    pub domain: String,
    /// The name of its name server, for the zone that it implies.
    pub name_server: Option<String>,
}

// === ServiceDNSRecord ===

/// Names for the Service of the same namespace and name in every cluster.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceDnsRecord {
    /// Group and version that it was read from.
    #[serde(default)]
    pub api_version: String,
    /// Its kind, as that group spells it.
    #[serde(default)]
    pub kind: String,
    /// Its metadata; namespace and name are also the Service's.
    #[serde(default)]
    pub metadata: ObjectMeta,
    /// What it asks for.
    pub spec: ServiceDnsRecordSpec,
}

/// What a [`ServiceDnsRecord`] asks for.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceDnsRecordSpec {
    /// The name of a [`Domain`]; also a label of the names. v0.0.2 called it `federationName`.
    #[serde(alias = "federationName")]
    pub domain_ref: String,
    /// The domain itself, in v0.0.2 only, which had no [`Domain`].
    pub dns_suffix: Option<String>,
    /// Seconds that a resolver may keep an answer.
    #[serde(default, rename = "recordTTL")]
    pub record_ttl: RecordTtl,
    /// One more name, directly below the domain: `<dnsPrefix>.<domain>`.
    pub dns_prefix: Option<String>,
    /// The first label of the names, instead of the Service's name.
    pub external_name: Option<String>,
    /// True when a cluster counts as ready without a ready endpoint.
    #[serde(default, deserialize_with = "null_is_default")]
    pub allow_service_without_endpoints: bool,
}

// === IngressDNSRecord ===

/// Names for the Ingress of the same namespace and name in every cluster.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IngressDnsRecord {
    /// Group and version that it was read from.
    #[serde(default)]
    pub api_version: String,
    /// Its kind, as that group spells it.
    #[serde(default)]
    pub kind: String,
    /// Its metadata; namespace and name are also the Ingress'.
    #[serde(default)]
    pub metadata: ObjectMeta,
    /// What it asks for.
    pub spec: IngressDnsRecordSpec,
}

/// What an [`IngressDnsRecord`] asks for.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct IngressDnsRecordSpec {
    /// The names.
    #[serde(default, deserialize_with = "null_is_default")]
    pub hosts: Vec<String>,
    /// Seconds that a resolver may keep an answer.
    #[serde(default, rename = "recordTTL")]
    pub record_ttl: RecordTtl,
}

// === RecordTtl ===

/// A `recordTTL` as somebody wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RecordTtl {
    /// Absent, `null` or 0: the default of the kind holds.
    #[default]
    Unset,
    /// 1 second or more.
    Seconds(Ttl),
    /// What breaks [`RECORD_TTL_RULE`], as text; the default of the kind holds.
    Wrong(String),
}

impl RecordTtl {
    /// The TTL, where there is a usable one.
    #[must_use]
    pub fn ttl(&self) -> Option<Ttl> {
        match self {
            Self::Seconds(ttl) => Some(*ttl),
            Self::Unset | Self::Wrong(_) => None,
        }
    }

    /// True when there is nothing to print.
    #[must_use]
    pub fn is_unset(&self) -> bool {
        self.ttl().is_none()
    }

    fn from_seconds(seconds: i128) -> Self {
        let ttl = u32::try_from(seconds).ok().and_then(Ttl::from_seconds);
        match ttl {
            Some(ttl) if ttl.seconds() > 0 => Self::Seconds(ttl),
            Some(_) => Self::Unset,
            None => Self::Wrong(seconds.to_string()),
        }
    }
}

impl From<Option<Ttl>> for RecordTtl {
    fn from(ttl: Option<Ttl>) -> Self {
        ttl.map_or(Self::Unset, |ttl| Self::from_seconds(i128::from(ttl.seconds())))
    }
}

impl Serialize for RecordTtl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.ttl().map(Ttl::seconds).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RecordTtl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

/// Takes whatever stands there, so that a wrong value never loses its object.
struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = RecordTtl;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("whole seconds")
    }

    fn visit_unit<E>(self) -> Result<RecordTtl, E> {
        Ok(RecordTtl::Unset)
    }

    fn visit_i64<E>(self, seconds: i64) -> Result<RecordTtl, E> {
        Ok(RecordTtl::from_seconds(seconds.into()))
    }

    fn visit_u64<E>(self, seconds: u64) -> Result<RecordTtl, E> {
        Ok(RecordTtl::from_seconds(seconds.into()))
    }

    fn visit_i128<E>(self, seconds: i128) -> Result<RecordTtl, E> {
        Ok(RecordTtl::from_seconds(seconds))
    }

    fn visit_u128<E>(self, seconds: u128) -> Result<RecordTtl, E> {
        Ok(RecordTtl::Wrong(seconds.to_string()))
    }

    fn visit_f64<E>(self, seconds: f64) -> Result<RecordTtl, E> {
        Ok(RecordTtl::Wrong(seconds.to_string()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<RecordTtl, E> {
        Ok(RecordTtl::Wrong(value.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<RecordTtl, E> {
        let kept: String = text.chars().take(WRONG_CHARS_MAX).collect();
        Ok(RecordTtl::Wrong(format!("{kept:?}")))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<RecordTtl, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(RecordTtl::Wrong("a list".into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<RecordTtl, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(RecordTtl::Wrong("a map".into()))
    }
}

/// Reads an explicit `null` as the type's default.
pub(crate) fn null_is_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Deserialize<'de> + Default,
    D: Deserializer<'de>,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests;
