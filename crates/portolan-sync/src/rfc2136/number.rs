//! The plan that was applied to a zone last, kept in the zone itself.
//!
//! ```text
//!   _portolan-plan-2c26b46b68ffc68f.example.net. TXT
//!     "heritage=portolan-plan,portolan-plan/owner=eu-1,portolan-plan/instance=6f1d,portolan-plan/number=3.17"
//! ```
//!
//! RFC 2136 counts nothing, and that the sets of a name are as they were seen does not say that nobody planned anew
//! meanwhile: a name may have been changed and changed back. So each message to a zone demands the text that the plan
//! before has left, and the first of a plan leaves its own: of two enactors of one owner that set out from one state one
//! loses, however long it slept. Owners do not meet there: each has a name of its own, made of the hash of its id.
//!
//! External-DNS takes it for somebody's text, and never touches it. Removing it by hand does no harm.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use portolan_core::Name;
use portolan_core::plan::{Owner, PlanNumber, Targets};
use portolan_core::record::{Rdata, RecordType, Target, Ttl};

use super::message::{Deed, Demand};

const HERITAGE: &str = "portolan-plan";
/// How the label begins that such a text stands at.
const LABEL: &str = "_portolan-plan-";
/// Octets of the owner's hash that make up the name.
const HASH_OCTETS: usize = 8;
/// Most characters of what tells installations apart.
pub(super) const INSTANCE_OCTETS_MAX: usize = 128;

/// Whose plans are counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Publisher<'p> {
    pub(super) owner: &'p Owner,
    /// Empty when nothing tells installations of one owner apart.
    pub(super) instance: &'p str,
}

/// Which plan was applied to a zone last, and the texts that say so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LastPlan {
    /// Its number; none when there is none that can be read.
    pub(super) number: Option<PlanNumber>,
    /// The installation whose it was; empty when that is not said.
    pub(super) instance: String,
    /// What stands there.
    pub(super) texts: Targets,
}

impl Publisher<'_> {
    /// Where a zone has the number of the owner's last plan; none when that name would be too long.
    pub(super) fn name_in(&self, zone: &Name) -> Option<Name> {
        let hash = ring::digest::digest(&ring::digest::SHA256, self.owner.as_str().as_bytes());
        let octets = hash.as_ref().iter().take(HASH_OCTETS);
        let label = octets.fold(LABEL.to_owned(), |mut label, octet| {
            // Writing to a string cannot fail.
            let _ = write!(label, "{octet:02x}");
            label
        });
        zone.prepend(&label).ok()
    }

    /// What texts say; of several the highest number. Another owner's say nothing.
    pub(super) fn read(&self, texts: Targets) -> LastPlan {
        let last = texts.iter().filter_map(|target| self.said(target)).max();
        let (number, instance) = last.unzip();
        LastPlan { number, instance: instance.unwrap_or_default(), texts }
    }

    fn said(&self, target: &Target) -> Option<(PlanNumber, String)> {
        let text = text_of(&target.rdata())?;
        let mut words: BTreeMap<&str, &str> =
            text.split(',').filter_map(|word| word.split_once('=')).collect();
        let mut word = |key: &str| words.remove(format!("{HERITAGE}/{key}").as_str());
        let (epoch, revision) = word("number")?.split_once('.')?;
        let number = PlanNumber { epoch: epoch.parse().ok()?, revision: revision.parse().ok()? };
        let instance = word("instance").unwrap_or_default().to_owned();
        let is_ours = word("owner") == Some(self.owner.as_str()) && words.get("heritage") == Some(&HERITAGE);
        is_ours.then_some((number, instance))
    }

    fn written(&self, number: PlanNumber) -> Rdata {
        let instance = match self.instance {
            "" => String::new(),
            instance => format!(",{HERITAGE}/instance={instance}"),
        };
        let owner = self.owner;
        let text =
            format!("heritage={HERITAGE},{HERITAGE}/owner={owner}{instance},{HERITAGE}/number={number}");
        Rdata::txt(text.as_bytes()).expect("owners and instances are short")
    }
}

/// True of where such texts stand, whoever's: they are no records that anybody publishes.
pub(super) fn is_name(name: &Name, zone: &Name) -> bool {
    let name = name.borrowed();
    let is_labelled = name.first_label().is_some_and(|label| label.starts_with(LABEL.as_bytes()));
    is_labelled && name.parent() == Some(zone.borrowed())
}

/// True of what can stand in such a text.
pub(super) fn is_instance(text: &str) -> bool {
    text.len() <= INSTANCE_OCTETS_MAX && !text.contains([',', '"']) && !text.contains(char::is_control)
}

fn text_of(data: &Rdata) -> Option<String> {
    let mut strings = data.as_wire();
    let mut text = Vec::new();
    while let Some((&len, rest)) = strings.split_first() {
        let (string, rest) = rest.split_at_checked(usize::from(len))?;
        text.extend_from_slice(string);
        strings = rest;
    }
    String::from_utf8(text).ok()
}

// === Turn ===

/// What a message of a plan demands of the zone's text and does to it.
#[derive(Clone, Debug, Default)]
pub(super) struct Turn {
    pub(super) demands: Vec<Demand>,
    pub(super) deeds: Vec<Deed>,
    /// What the zone says then, when that is another.
    pub(super) plan: Option<LastPlan>,
}

/// A plan came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Superseded;

impl Turn {
    /// Of a zone that has its text at this name, for a plan that follows another.
    ///
    /// # Errors
    /// When a plan came first that this one does not know of.
    pub(super) fn new(
        name: &Name,
        publisher: Publisher<'_>,
        before: &LastPlan,
        number: PlanNumber,
        follows: Option<PlanNumber>,
    ) -> Result<Self, Superseded> {
        let demands = match before.texts.is_empty() {
            true => vec![Demand::NoSet(name.clone(), RecordType::TXT)],
            false => {
                let holds = |target: &Target| Demand::Holds(name.clone(), RecordType::TXT, target.rdata());
                before.texts.iter().map(holds).collect()
            }
        };
        if before.number == Some(number) {
            return Ok(Self { demands, ..Self::default() });
        }
        if before.number > follows || before.number > Some(number) {
            return Err(Superseded);
        }
        let data = publisher.written(number);
        let goes = (!before.texts.is_empty()).then(|| Deed::DropSet(name.clone(), RecordType::TXT));
        let comes = Deed::Add(name.clone(), RecordType::TXT, Ttl::DEFAULT, data.clone());
        let texts = [Target::Record(RecordType::TXT, data)].into_iter().collect();
        let plan = LastPlan { number: Some(number), instance: publisher.instance.to_owned(), texts };
        Ok(Self { demands, deeds: goes.into_iter().chain([comes]).collect(), plan: Some(plan) })
    }

    /// What it takes of a message.
    pub(super) fn octets(&self) -> usize {
        let demands: usize = self.demands.iter().map(Demand::octets).sum();
        demands + self.deeds.iter().map(Deed::octets).sum::<usize>()
    }
}
