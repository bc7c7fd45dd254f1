//! A zone as its file has it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use portolan_core::plan::{Owner, PlanNumber, RecordSet};
use portolan_core::record::{Present, Rdata, RecordType, Soa, Target, Ttl};
use portolan_core::registry::Listed;
use portolan_core::{Name, NameRef};
use serde::{Deserialize, Serialize};

use super::Options;
use crate::provider::{Edit, Step, StepOutcome};

/// The first line of a file that was written here.
pub(super) const HEADER: &str =
    "; Portolan keeps this file and writes it whole; what stands in comments is lost.";
/// What the line with the numbers of plans begins with.
pub(super) const NUMBERS: &str = "; portolan: ";

/// A zone as its file has it.
#[derive(Debug)]
pub(super) struct Zone {
    pub(super) apex: Name,
    pub(super) soa: Soa,
    pub(super) soa_ttl: Ttl,
    /// All but the SOA.
    pub(super) sets: BTreeMap<Name, BTreeMap<RecordType, Records>>,
    pub(super) numbers: Numbers,
    /// The file was not written here.
    pub(super) is_foreign: bool,
    /// Records are not as they were read.
    is_changed: bool,
}

/// The records of a name and type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Records {
    pub(super) ttl: Ttl,
    pub(super) data: BTreeSet<Rdata>,
}

/// Whose plan was the last, by owner.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Numbers {
    pub(super) version: u32,
    publishers: BTreeMap<String, Publisher>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Publisher {
    instance: String,
    epoch: u64,
    revision: u64,
}

/// The version of the line with the numbers; another one is not read.
pub(super) const VERSION: u32 = 1;

impl Zone {
    /// The zone of a file that is not there.
    pub(super) fn new(options: &Options) -> Self {
        let zone = &options.zone;
        let below = |label: &str| zone.prepend(label).unwrap_or_else(|_| zone.clone());
        let soa = Soa {
            mname: options.name_servers.first().cloned().unwrap_or_else(|| below("ns")),
            rname: below("hostmaster"),
            serial: 0,
            refresh: 7_200,
            retry: 1_800,
            expire: 1_209_600,
            minimum: 300,
        };
        let mut new = Self::of(zone.clone(), soa, options.ttl);
        let data: BTreeSet<Rdata> = options.name_servers.iter().map(Rdata::name).collect();
        if !data.is_empty() {
            let records = Records { ttl: options.ttl, data };
            new.sets.entry(zone.clone()).or_default().insert(RecordType::NS, records);
        }
        new.is_changed = true;
        new
    }

    pub(super) fn of(apex: Name, soa: Soa, soa_ttl: Ttl) -> Self {
        let (sets, numbers) = (BTreeMap::new(), Numbers { version: VERSION, publishers: BTreeMap::new() });
        Self { apex, soa, soa_ttl, sets, numbers, is_foreign: false, is_changed: false }
    }

    pub(super) fn listed(&self) -> Vec<Listed> {
        self.sets.iter().flat_map(listed).collect()
    }

    fn listed_at<'n>(&self, names: impl IntoIterator<Item = &'n Name>) -> Vec<Listed> {
        names.into_iter().filter_map(|name| self.sets.get_key_value(name)).flat_map(listed).collect()
    }

    pub(super) fn applied(&self, owner: &Owner) -> Option<PlanNumber> {
        let publisher = self.numbers.publishers.get(owner.as_str())?;
        Some(PlanNumber { epoch: publisher.epoch, revision: publisher.revision })
    }

    /// The instance that published last as this owner, when it is another.
    pub(super) fn other(&self, options: &Options) -> Option<&str> {
        let publisher = self.numbers.publishers.get(options.owner.as_str())?;
        (publisher.instance != options.instance).then_some(&*publisher.instance)
    }

    pub(super) fn number(&mut self, number: PlanNumber, options: &Options) {
        let PlanNumber { epoch, revision } = number;
        let publisher = Publisher { instance: options.instance.clone(), epoch, revision };
        self.numbers.publishers.insert(options.owner.to_string(), publisher);
    }

    /// Carries out a step, all of it or nothing.
    pub(super) fn step(&mut self, step: &Step, options: &Options) -> StepOutcome {
        let listed = self.listed_at(step.names());
        if !step.is_as_seen(|name| listed.iter().filter(|(set, _)| set.name == *name).collect()) {
            return StepOutcome::Lost;
        }
        let edits = step.edits();
        let rule = edits.iter().find_map(|edit| self.fault(edit));
        if let Some(rule) = rule.or_else(|| self.crowd(&edits)) {
            return StepOutcome::Refused(rule);
        }
        for edit in edits {
            self.edit(edit, options.ttl);
        }
        StepOutcome::Done
    }

    /// The rule of zones that an edit breaks, if any.
    fn fault(&self, edit: &Edit) -> Option<String> {
        let Some(new) = edit.new.as_ref() else {
            let is_kept = edit.set().is_some_and(|old| old.name == self.apex && old.rtype == RecordType::NS);
            return is_kept.then(|| "a zone keeps its name servers".into());
        };
        let is_apex = new.name == self.apex;
        match new.rtype {
            _ if !new.name.borrowed().is_at_or_below(self.apex.borrowed()) => {
                Some(format!("{} is not in the zone {}", new.name, self.apex))
            }
            _ if !new.identifier.is_empty() => {
                Some("has a set identifier, and a zone has one set of a name and type".into())
            }
            RecordType::CNAME if is_apex => Some("an alias cannot stand at the top of a zone".into()),
            RecordType::CNAME if new.targets.len() > 1 => Some("an alias has one target".into()),
            RecordType::SOA => Some("a zone has one SOA, and it is the file's".into()),
            rtype if new.targets.iter().any(|target| target.record_type() != rtype) => {
                Some(format!("has a target that is no record of type {rtype}"))
            }
            _ => None,
        }
    }

    /// Whether an alias would stand beside other records, at the step's own name or at that of a mark: one such name, and a
    /// server loads nothing of the zone.
    fn crowd(&self, edits: &[Edit]) -> Option<String> {
        let names: BTreeSet<&Name> = edits.iter().filter_map(Edit::set).map(|set| &set.name).collect();
        let crowded = names.into_iter().find(|name| self.is_crowded(name, edits))?;
        Some(format!(
            "an alias would stand beside other records at {crowded}, and it stands alone (RFC 1034 section 3.6.2)"
        ))
    }

    fn is_crowded(&self, name: &Name, edits: &[Edit]) -> bool {
        let mut types: BTreeSet<RecordType> =
            self.sets.get(name).into_iter().flat_map(BTreeMap::keys).copied().collect();
        for set in edits.iter().filter_map(Edit::set).filter(|set| set.name == *name) {
            types.remove(&set.rtype);
        }
        let comes = edits.iter().filter_map(|edit| edit.new.as_ref()).filter(|set| set.name == *name);
        types.extend(comes.map(|set| set.rtype));
        types.len() > 1 && types.contains(&RecordType::CNAME)
    }

    fn edit(&mut self, edit: Edit, ttl: Ttl) {
        self.is_changed = true;
        if let Some((old, _)) = edit.old
            && let Some(sets) = self.sets.get_mut(old.name.as_wire())
        {
            sets.remove(&old.rtype);
            if sets.is_empty() {
                self.sets.remove(old.name.as_wire());
            }
        }
        if let Some(new) = edit.new {
            let records = Records {
                ttl: new.named_ttl().unwrap_or(ttl),
                data: new.targets.iter().map(Target::rdata).collect(),
            };
            self.sets.entry(new.name).or_default().insert(new.rtype, records);
        }
    }

    /// The text of the file, with a serial that is above the one before when records changed.
    pub(super) fn print(&mut self) -> String {
        if std::mem::take(&mut self.is_changed) {
            // RFC 1982: it goes on at the beginning; 0 has a meaning to some servers.
            self.soa.serial = self.soa.serial.checked_add(1).unwrap_or(1);
        }
        let numbers = serde_json::to_string(&self.numbers).expect("it is texts and numbers");
        let mut text = format!("{HEADER}\n{NUMBERS}{numbers}\n");
        let mut line = |name: NameRef<'_>, ttl: Ttl, rtype: RecordType, data: &Rdata| {
            let data = Present(rtype, data.as_wire());
            writeln!(text, "{name} {} IN {rtype} {data}", ttl.seconds())
                .expect("a string takes all that is written");
        };
        line(self.apex.borrowed(), self.soa_ttl, RecordType::SOA, &Rdata::soa(&self.soa));
        for (name, sets) in &self.sets {
            for (rtype, records) in sets {
                for data in &records.data {
                    line(name.borrowed(), records.ttl, *rtype, data);
                }
            }
        }
        text
    }
}

/// The sets of a name. They have no versions: a write is held against what they hold.
fn listed((name, sets): (&Name, &BTreeMap<RecordType, Records>)) -> Vec<Listed> {
    let set = |(rtype, records): (&RecordType, &Records)| {
        let targets = records.data.iter().map(|data| target(*rtype, data)).collect();
        (RecordSet::new(name.clone(), *rtype, targets, Some(records.ttl)), None)
    };
    sets.iter().map(set).collect()
}

/// A record as a target.
fn target(rtype: RecordType, data: &Rdata) -> Target {
    let octets = data.as_wire();
    let address = match rtype {
        RecordType::A => <[u8; 4]>::try_from(octets).ok().map(|octets| Target::Address(octets.into())),
        RecordType::AAAA => <[u8; 16]>::try_from(octets).ok().map(|octets| Target::Address(octets.into())),
        RecordType::CNAME => Name::from_wire(octets).ok().map(Target::Host),
        _ => None,
    };
    address.unwrap_or_else(|| Target::Record(rtype, data.clone()))
}
