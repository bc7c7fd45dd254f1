//! A DNS in memory, and publishers of it.

use portolan_core::Name;
use portolan_core::plan::{Desired, Gone, Labels, Options, Owner, RecordSet, SyncPolicy, Targets, Wanted};
use portolan_core::record::{RecordType, Target};
use portolan_core::registry::Registry;

use crate::memory::Memory;
use crate::publisher::{Publisher, Round};

pub(super) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// A set in words: `foo.x A 192.0.2.1 192.0.2.2`.
pub(super) fn set(line: &str) -> RecordSet {
    let mut words = line.split(' ');
    let (owner, rtype) = (name(words.next().unwrap()), words.next().unwrap());
    let rtype: RecordType = rtype.parse().unwrap();
    let target = |text: &str| match rtype {
        RecordType::CNAME => Target::Host(name(text)),
        _ => Target::Address(text.parse().unwrap()),
    };
    RecordSet::new(owner, rtype, words.map(target).collect::<Targets>(), None)
}

/// What is wanted; each set is asked for by a resource of its name.
pub(super) fn desired(lines: &[&str]) -> Desired {
    let wanted = |line: &&str| {
        let set = set(line);
        let resource = resource(&set.name);
        Wanted { set, resource, labels: Labels::new() }
    };
    let sets = lines.iter().map(wanted).collect();
    Desired { sets, stays: [].into(), gone: Gone::default(), is_whole: true }
}

pub(super) fn resource(name: &Name) -> std::sync::Arc<str> {
    format!("crd/x/{}", name.to_dotless()).into()
}

/// The same, and these names were deleted.
pub(super) fn without(lines: &[&str], gone: &[&str]) -> Desired {
    let mut desired = desired(lines);
    desired.gone.resources = gone.iter().map(|text| resource(&name(text))).collect();
    desired
}

pub(super) fn options(owner: &str) -> Options {
    Options::new(Owner::new(owner).unwrap(), SyncPolicy::Sync)
}

pub(super) async fn publisher(memory: &Memory, owner: &str) -> Publisher {
    let mut publisher =
        Publisher::new(std::sync::Arc::new(memory.of(owner)), Registry::default(), options(owner));
    publisher.claim().await.unwrap();
    publisher
}

pub(super) async fn whole(publisher: &mut Publisher, desired: Desired) -> Round {
    publisher.round(desired, false).await.unwrap()
}

/// A partial round of these names; what the desired state has elsewhere does not matter.
pub(super) async fn partial(publisher: &mut Publisher, names: &[&str], desired: Desired) -> Option<Round> {
    let touched = names.iter().map(|text| name(text)).collect();
    publisher.round_of(&touched, desired).await.unwrap()
}

/// Every set but the marks, in words.
pub(super) fn lines(memory: &Memory) -> Vec<String> {
    let mut lines: Vec<String> = memory.with(|state| {
        let sets = state.sets();
        let sets = sets.iter().filter(|(set, _)| set.rtype != RecordType::TXT);
        sets.map(|(set, _)| line(set)).collect()
    });
    lines.sort();
    lines
}

pub(super) fn line(set: &RecordSet) -> String {
    let target = |target: &Target| match target {
        Target::Host(name) => name.to_dotless(),
        target => target.to_string(),
    };
    let targets: Vec<String> = set.targets.iter().map(target).collect();
    format!("{} {} {}", set.name.to_dotless(), set.rtype, targets.join(" "))
}
