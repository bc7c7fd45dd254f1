//! One fact as a key and a value: what followers of a control replica are told by.
//!
//! | key | value |
//! | --- | --- |
//! | `portolan/cluster/NAME` | version 2's cluster |
//! | `portolan/name/NAME.` | the name with its facts, as core packs them |
//! | `portolan/policy/NAME` | version 2's policy |
//! | `portolan/pulse` | the version; when what was true: [`Pulse`] |
//! | `portolan/zone/APEX.` | version 2's zone |
//!
//! One object is one key, so that a change of it is one small revision. The values are those of the last good state
//! ([`super`]), of the version that the pulse names; a key of another kind is of a later release, and is passed over, and so is
//! what one adds at the end of a value.

use std::collections::BTreeMap;

use portolan_core::fleet::{Block, Names};
use portolan_core::policy::PolicyName;
use portolan_core::{ClusterName, Fact, Name};
use serde::{Deserialize, Serialize};

use super::damaged;
use super::v1::{Cluster, Policy, Zone};
use super::v2::{deserialized, serialized};
use crate::StoreError;
use crate::kv::Span;

/// The version of the values.
pub const VERSION: u32 = 2;

const PREFIX: &str = "portolan/";
const CLUSTER: &str = "portolan/cluster/";
const NAME: &str = "portolan/name/";
const POLICY: &str = "portolan/policy/";
const ZONE: &str = "portolan/zone/";
const PULSE: &str = "portolan/pulse";

/// When what a writer tells was true, in seconds since 1970. Without one in a store, what is there is not whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pulse {
    /// When the zones, policies and intents were last read; none when they never were.
    pub read_at: Option<i64>,
    /// Until when each cluster was heard.
    pub heard: BTreeMap<ClusterName, i64>,
}

/// What a key and its value say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Something is so, or no more.
    Fact(Fact),
    /// When all that was true.
    Pulse(Pulse),
}

#[derive(Serialize, Deserialize)]
struct Times {
    read_at: Option<i64>,
    heard: Vec<(String, i64)>,
}

/// All keys.
#[must_use]
pub fn span() -> Span {
    Span::prefix(PREFIX.as_bytes())
}

/// The key of a fact, and its value; none when it is no more.
///
/// # Errors
/// [`StoreError::Damaged`] when a value cannot be put into the format.
pub fn encode(fact: &Fact) -> Result<(Vec<u8>, Option<Vec<u8>>), StoreError> {
    let (kind, name, value) = match fact {
        Fact::Cluster(name, now) => {
            (CLUSTER, name.to_string(), now.as_ref().map(|now| serialized(&Cluster::from(now))))
        }
        Fact::Zone(apex, now) => {
            (ZONE, apex.to_string(), now.as_ref().map(|now| serialized(&Zone::from(now))))
        }
        Fact::Policy(name, now) => {
            (POLICY, name.to_string(), now.as_ref().map(|now| serialized(&Policy::from(now))))
        }
        Fact::Name(name, now) => {
            let packed = now.as_ref().map(|now| {
                let mut names = Names::default();
                names.set(name, Some(now));
                Ok(names.octets().collect::<Vec<_>>().concat())
            });
            (NAME, name.to_string(), packed)
        }
    };
    Ok(([kind, &name].concat().into_bytes(), value.transpose()?))
}

/// The key of a pulse, and its value.
///
/// # Errors
/// As [`encode`].
pub fn encode_pulse(pulse: &Pulse) -> Result<(Vec<u8>, Vec<u8>), StoreError> {
    let heard = pulse.heard.iter().map(|(name, at)| (name.to_string(), *at)).collect();
    let value = serialized(&(VERSION, Times { read_at: pulse.read_at, heard }))?;
    Ok((PULSE.as_bytes().to_vec(), value))
}

/// What a key and its value say; none for a kind of a later version. Without a value it is that a fact is no more.
///
/// # Errors
/// [`StoreError::Newer`] for a pulse of a later version, [`StoreError::Damaged`] for anything else that is none.
pub fn decode(key: &[u8], value: Option<&[u8]>) -> Result<Option<Told>, StoreError> {
    let key = std::str::from_utf8(key).map_err(|_| damaged("a key is no text"))?;
    let of = |kind: &str| key.strip_prefix(kind);
    if key == PULSE {
        return value.map(|value| pulse(value).map(Told::Pulse)).transpose();
    }
    let fact = if let Some(name) = of(CLUSTER) {
        let now =
            value.map(|value| deserialized::<Cluster>(value, key).map(Cluster::into_core)).transpose()?;
        Fact::Cluster(ClusterName::from(name), now)
    } else if let Some(name) = of(POLICY) {
        let now = value.map(|value| deserialized::<Policy>(value, key)?.into_core()).transpose()?;
        Fact::Policy(PolicyName(name.into()), now)
    } else if let Some(name) = of(ZONE) {
        let now = value.map(|value| deserialized::<Zone>(value, key)?.into_core()).transpose()?;
        Fact::Zone(parsed(name)?, now)
    } else if let Some(name) = of(NAME) {
        match value {
            None => Fact::Name(parsed(name)?, None),
            Some(value) => unpacked(value, key)?,
        }
    } else {
        return Ok(None);
    };
    Ok(Some(Told::Fact(fact)))
}

fn parsed(name: &str) -> Result<Name, StoreError> {
    name.parse().map_err(|error| damaged(&format!("{name:?} in a key {error}")))
}

/// The one name of a block.
fn unpacked(value: &[u8], key: &str) -> Result<Fact, StoreError> {
    let block = Block::read(value).map_err(|error| damaged(&format!("{key}: {error}")))?;
    let names = Names::from_blocks([block]).map_err(|error| damaged(&format!("{key}: {error}")))?;
    let fact = names.iter().map(|(name, facts)| Fact::Name(name.to_name(), Some(facts.to_facts())));
    let mut facts = fact.collect::<Vec<_>>();
    match (facts.pop(), facts.is_empty()) {
        (Some(fact), true) => Ok(fact),
        _ => Err(damaged(&format!("{key} has not one name"))),
    }
}

fn pulse(value: &[u8]) -> Result<Pulse, StoreError> {
    let (found, rest) = postcard::take_from_bytes::<u32>(value)
        .map_err(|error| damaged(&format!("the pulse does not decode: {error}")))?;
    if found != VERSION {
        return Err(StoreError::Newer { found, known: VERSION });
    }
    let Times { read_at, heard } = deserialized(rest, "the pulse")?;
    let heard = heard.into_iter().map(|(name, at)| (ClusterName::from(&*name), at)).collect();
    Ok(Pulse { read_at, heard })
}

#[cfg(test)]
mod tests {
    use super::super::tests::sample;
    use super::*;
    use portolan_core::Fleet;

    fn facts(fleet: &Fleet) -> Vec<Fact> {
        let clusters = fleet.clusters.iter().map(|(k, v)| Fact::Cluster(k.clone(), Some(v.clone())));
        let zones = fleet.zones.iter().map(|(k, v)| Fact::Zone(k.clone(), Some(v.clone())));
        let policies = fleet.policies.iter().map(|(k, v)| Fact::Policy(k.clone(), Some(v.clone())));
        let names = fleet.names.iter().map(|(k, v)| Fact::Name(k.to_name(), Some(v.to_facts())));
        clusters.chain(zones).chain(policies).chain(names).collect()
    }

    #[test]
    fn every_fact_comes_back_and_so_does_its_end() {
        let all = facts(&sample().fleet);
        assert!(all.len() > 4, "{all:?}");
        for fact in all {
            let (key, value) = encode(&fact).unwrap();
            assert!(span().contains(&key));
            assert_eq!(decode(&key, value.as_deref()).unwrap(), Some(Told::Fact(fact.clone())));
            let end = match fact {
                Fact::Cluster(name, _) => Fact::Cluster(name, None),
                Fact::Zone(name, _) => Fact::Zone(name, None),
                Fact::Policy(name, _) => Fact::Policy(name, None),
                Fact::Name(name, _) => Fact::Name(name, None),
            };
            assert_eq!(encode(&end).unwrap(), (key.clone(), None));
            assert_eq!(decode(&key, None).unwrap(), Some(Told::Fact(end)));
        }
    }

    #[test]
    fn odd_names_come_back() {
        for name in [".", "*.example.org.", "a\\.b.example.", "\\000\\255/x.example."] {
            let fact = Fact::Name(name.parse().unwrap(), None);
            let (key, value) = encode(&fact).unwrap();
            assert_eq!(decode(&key, value.as_deref()).unwrap(), Some(Told::Fact(fact)), "{name}");
        }
        for name in ["arn:aws:eks:eu-1:1:cluster/prod", "", "ü"] {
            let fact = Fact::Cluster(ClusterName::from(name), None);
            let (key, value) = encode(&fact).unwrap();
            assert_eq!(decode(&key, value.as_deref()).unwrap(), Some(Told::Fact(fact)), "{name}");
        }
    }

    #[test]
    fn a_pulse_comes_back_and_a_later_one_is_told_by_its_version() {
        let heard = [("eu-1", 7), ("us-1", 8)].map(|(name, at)| (ClusterName::from(name), at)).into();
        let pulse = Pulse { read_at: Some(9), heard };
        let (key, mut value) = encode_pulse(&pulse).unwrap();
        assert_eq!(decode(&key, Some(&value)).unwrap(), Some(Told::Pulse(pulse)));
        assert_eq!(decode(&key, None).unwrap(), None);
        value[0] = 9;
        assert!(matches!(decode(&key, Some(&value)), Err(StoreError::Newer { found: 9, known: 2 })));
    }

    /// F-53: control of one release, and serve of the other.
    #[test]
    fn f_53_what_a_later_release_adds_to_a_value_is_passed_over() {
        for fact in facts(&sample().fleet).into_iter().filter(|fact| !matches!(fact, Fact::Name(..))) {
            let (key, value) = encode(&fact).unwrap();
            let later = [&value.unwrap(), &b"what the next release knows"[..]].concat();
            assert_eq!(decode(&key, Some(&later)).unwrap(), Some(Told::Fact(fact)));
        }
        let pulse = Pulse { read_at: Some(9), ..Pulse::default() };
        let (key, value) = encode_pulse(&pulse).unwrap();
        let later = [&value[..], b"and more"].concat();
        assert_eq!(decode(&key, Some(&later)).unwrap(), Some(Told::Pulse(pulse)));
    }

    #[test]
    fn what_is_damaged_is_refused_and_what_is_of_later_is_passed_over() {
        let (key, value) = encode(&facts(&sample().fleet).pop().unwrap()).unwrap();
        let value = value.unwrap();
        for cut in 0..value.len() {
            assert!(decode(&key, Some(&value[..cut])).is_err(), "{cut}");
        }
        assert!(decode(b"portolan/zone/\xff", None).is_err());
        assert!(decode(b"portolan/name/a..b", None).is_err());
        assert_eq!(decode(b"portolan/vantage/x", Some(b"x")).unwrap(), None);
    }
}
