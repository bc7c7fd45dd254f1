//! The CSV files that stand beside manifests, of which the index gets those that policies name.
//!
//! A folder may hold any CSV file; only a policy makes one mean networks. So they are kept as text, and
//! given out when a policy names them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portolan_core::{ClusterName, Problem};
use portolan_kube::index::Index;
use portolan_kube::object::{Body, Kind};

use super::{Engine, Event};

type Key = (ClusterName, String);

/// The CSV files of all sources.
#[derive(Debug, Default)]
pub(super) struct Networks {
    texts: BTreeMap<Key, Arc<str>>,
    /// What the index has.
    given: BTreeMap<Key, Arc<str>>,
    /// What is wrong with the folder that has them beside a hub.
    pub(super) problems: Vec<Problem>,
}

impl Engine {
    /// Replaces what is wrong with the folder of networks beside a hub. That of a fleet folder is its source's.
    pub fn take_networks_problems(&mut self, problems: Vec<Problem>) {
        self.networks.problems = problems;
        self.problems_changed += 1;
    }
}

impl Networks {
    /// True when an event may change which files are wanted, or what stands in them.
    pub(super) fn concerns(event: &Event) -> bool {
        match event {
            // What a source gave counts once it is heard.
            Event::Networks { .. } | Event::Heard(_) => true,
            Event::Set { object, .. } => matches!(object.body, Body::SteeringPolicy(_)),
            Event::Deleted { key, .. } => key.kind() == Kind::SteeringPolicy,
            Event::Followed(_)
            | Event::Reached(_)
            | Event::Lacks(..)
            | Event::Silent(_)
            | Event::Reading(..)
            | Event::Refused(_)
            | Event::Copy { .. }
            | Event::Resolved(..) => false,
            // They go with all else of their source.
            Event::Gone(_) => false,
        }
    }

    /// Takes a file, or takes it away.
    pub(super) fn set(&mut self, source: ClusterName, path: String, text: Option<Arc<str>>) {
        match text {
            Some(text) => self.texts.insert((source, path), text),
            None => self.texts.remove(&(source, path)),
        };
    }

    /// Drops the files of a source; the index did so itself.
    pub(super) fn forget(&mut self, source: &ClusterName) {
        self.texts.retain(|(of, _), _| of != source);
        self.given.retain(|(of, _), _| of != source);
    }

    /// Gives the index what its policies name now, and takes back what they name no more.
    pub(super) fn give(&mut self, index: &mut Index) {
        let wanted: BTreeSet<Key> = index.networks_wanted();
        let gone: Vec<Key> = self
            .given
            .keys()
            .filter(|key| !wanted.contains(*key) || !self.texts.contains_key(*key))
            .cloned()
            .collect();
        for key in gone {
            index.networks_file(&key.0, &key.1, None);
            self.given.remove(&key);
        }
        for key in wanted {
            let Some(text) = self.texts.get(&key) else { continue };
            if self.given.get(&key) != Some(text) {
                index.networks_file(&key.0, &key.1, Some(text));
                self.given.insert(key, text.clone());
            }
        }
    }
}
