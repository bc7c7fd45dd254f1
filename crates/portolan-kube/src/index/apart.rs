//! What of the records another DNS is to keep apart: set identifiers, and properties for one make of DNS.

use std::collections::BTreeSet;

use portolan_core::Name;

use super::Index;
use super::draft::{OfferedSet, Sets};
use crate::sources::Source;

/// What of a fleet's records is more than names, types, targets and TTLs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Apart {
    sets: Sets,
    /// Foreign `DNSEndpoint`s are printed too: they are a source that is on.
    pub prints_dns_endpoints: bool,
}

impl Apart {
    /// The sets of a name; none when it has no more to say.
    #[must_use]
    pub fn of(&self, name: &Name) -> &[OfferedSet] {
        self.sets.get(name).map_or(&[], Vec::as_slice)
    }
}

impl Index {
    /// What of the fleet's records stands apart in another DNS, as those say who have the names.
    #[must_use]
    pub fn apart(&self) -> Apart {
        let sourced = self.sourced.values().flat_map(|known| known.drafted.values());
        let sets = sourced.chain(self.drafted.values()).filter_map(|drafted| drafted.sets.as_ref());
        let names: BTreeSet<&Name> = sets.flat_map(|sets| sets.keys()).collect();
        let sets = names.into_iter().map(|name| (name.clone(), self.sets_of(name)));
        Apart { sets: sets.collect(), prints_dns_endpoints: self.options.is_on(Source::Crd) }
    }

    /// The same of these names alone: what it costs goes with them.
    #[must_use]
    pub fn apart_of<'n>(&self, names: impl Iterator<Item = &'n Name>) -> Apart {
        let sets = names.map(|name| (name.clone(), self.sets_of(name))).filter(|(_, sets)| !sets.is_empty());
        Apart { sets: sets.collect(), prints_dns_endpoints: self.options.is_on(Source::Crd) }
    }

    fn sets_of(&self, name: &Name) -> Vec<OfferedSet> {
        let mut sets = Vec::new();
        for claim in self.speakers(name).claims {
            let drafted = match claim.by.sources.as_slice() {
                [cluster] if claim.by.is_sourced => {
                    self.sourced.get(cluster).and_then(|known| known.drafted.get(claim.by.key()))
                }
                _ => self.drafted.get(claim.by.key()),
            };
            let of_name = drafted.iter().filter_map(|drafted| drafted.sets.as_ref()?.get(name));
            sets.extend(of_name.flatten().cloned());
        }
        sets
    }
}
