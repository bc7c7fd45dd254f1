//! What every provider must do, run on each make of DNS by one line of its own tests.
//!
//! ```ignore
//! let bench = Bench::new("example.org", |owner| Arc::new(provider_for(owner)));
//! battery::run(&bench).await;
//! ```
//!
//! All that others do there is done by publishers of other owners, or by steps without marks: a make needs no hand of
//! its own for that. Each check has names of its own and leaves none of them behind.

use std::sync::Arc;

use portolan_core::Name;
use portolan_core::plan::{
    Act, Change, Desired, Gone, Labels, Mark, Marked, Options, Owner, PlanNumber, RecordSet, SyncPolicy,
    Targets, Wanted,
};
use portolan_core::record::{Rdata, RecordType, Target, Ttl};
use portolan_core::registry::{Listed, Registry};

use crate::provider::{Batch, Provider, Step, StepOutcome};
use crate::publisher::{Publisher, Round};

mod changes;
mod guards;
mod marks;

/// Makes a provider for the publishers of an owner.
type Make = Box<dyn Fn(&str) -> Arc<dyn Provider> + Send + Sync>;

/// A make of DNS to be checked, and what it can.
pub(crate) struct Bench {
    zone: Name,
    make: Make,
    /// A step is only done while its names are as they were seen.
    pub(crate) holds_seen: bool,
    /// A set that it will not have, in words: `bad A 192.0.2.1`.
    pub(crate) refused: Option<&'static str>,
    /// How often a name is updated by the check that nothing is left behind.
    pub(crate) updates: usize,
    /// How many names the check of whole lists has.
    pub(crate) names: usize,
    /// Its sets besides addresses and aliases, in words.
    pub(crate) others: &'static [&'static str],
}

impl Bench {
    /// A DNS with a zone, and what makes a provider for a publisher of an owner: another process each time.
    pub(crate) fn new(zone: &str, make: impl Fn(&str) -> Arc<dyn Provider> + Send + Sync + 'static) -> Self {
        Self {
            zone: zone.parse().unwrap(),
            make: Box::new(make),
            holds_seen: true,
            refused: None,
            updates: 1_000,
            names: 300,
            others: &["txt TXT hello ttl=60"],
        }
    }

    pub(crate) fn provider(&self, owner: &str) -> Arc<dyn Provider> {
        (self.make)(owner)
    }

    /// A publisher of an owner, one process of its own, that has claimed to be it.
    pub(crate) async fn publisher(&self, owner: &str) -> Publisher {
        self.publisher_with(owner, |_| {}).await
    }

    pub(crate) async fn publisher_with(&self, owner: &str, change: impl FnOnce(&mut Options)) -> Publisher {
        let mut options = Options::new(Owner::new(owner).unwrap(), SyncPolicy::Sync);
        options.managed.extend([
            RecordType::TXT,
            RecordType::MX,
            RecordType::SRV,
            RecordType::PTR,
            RecordType::NS,
        ]);
        change(&mut options);
        let mut publisher = Publisher::new(self.provider(owner), Registry::default(), options);
        publisher.claim().await.unwrap();
        publisher
    }

    /// A name of the zone.
    pub(crate) fn name(&self, label: &str) -> Name {
        self.zone.prepend(label).unwrap()
    }

    /// A set in words: label, type, targets, and `ttl=`.
    pub(crate) fn set(&self, line: &str) -> RecordSet {
        let (label, rest) = line.split_once(' ').unwrap();
        let (rtype, rest) = rest.split_once(' ').unwrap();
        let rtype: RecordType = rtype.parse().unwrap();
        let (targets, ttl) = rest.rsplit_once(" ttl=").unwrap_or((rest, "0"));
        let targets: Targets = match rtype {
            RecordType::MX | RecordType::SRV | RecordType::TXT => {
                [target(rtype, targets)].into_iter().collect()
            }
            _ => targets.split(' ').map(|text| target(rtype, text)).collect(),
        };
        let ttl = Ttl::from_seconds(ttl.parse().unwrap()).filter(|ttl| ttl.seconds() > 0);
        RecordSet::new(self.name(label), rtype, targets, ttl)
    }

    /// What is wanted, in words; whatever is not was deleted.
    pub(crate) fn desired(&self, lines: &[&str]) -> Desired {
        let wanted = |line: &&str| Wanted {
            set: self.set(line),
            resource: "crd/shop/web".into(),
            labels: Labels::new(),
        };
        let gone = Gone { resources: ["crd/shop/web".into()].into(), ..Gone::default() };
        Desired { sets: lines.iter().map(wanted).collect(), stays: [].into(), gone, is_whole: true }
    }

    /// A whole round that must succeed and leave nothing to do.
    pub(crate) async fn publish(&self, publisher: &mut Publisher, lines: &[&str]) -> Round {
        let mut round = publisher.round(self.desired(lines), false).await.unwrap();
        if round.plan.is_superseded {
            // Another process of this owner was there meanwhile.
            round = publisher.round(self.desired(lines), false).await.unwrap();
        }
        assert!(round.is_converged(), "{:#?} {:#?}", round.outcomes, round.problems);
        let again = publisher.round(self.desired(lines), true).await.unwrap();
        assert!(!again.has_work(), "there is work left: {:#?}", again.plan.changes);
        round
    }

    /// What stands below a label of the zone, in words and sorted, with marks where they are asked for.
    pub(crate) async fn lines(&self, part: &str, with_marks: bool) -> Vec<String> {
        let listing = self.provider("somebody").list().await.unwrap();
        assert!(listing.problems.is_empty(), "{:?}", listing.problems);
        let is_ours = |(set, _): &&Listed| {
            let text = set.name.to_dotless();
            let is_mark = set.targets.iter().any(|target| target.to_string().contains("heritage="));
            // The serial of a zone goes with its content.
            text.contains(part) && (with_marks || !is_mark) && set.rtype != RecordType::SOA
        };
        let mut lines: Vec<String> =
            listing.sets.iter().filter(is_ours).map(|(set, _)| self.line(set)).collect();
        lines.sort();
        lines
    }

    fn line(&self, set: &RecordSet) -> String {
        let zone = format!(".{}", self.zone.to_dotless());
        let name = set.name.to_dotless();
        let targets: Vec<String> = set.targets.iter().map(ToString::to_string).collect();
        format!("{} {} {}", name.strip_suffix(&zone).unwrap_or(&name), set.rtype, targets.join(" "))
    }

    /// Has a set put or taken away by somebody who has no marks.
    pub(crate) async fn meddle(&self, set: RecordSet, comes: bool) {
        let provider = self.provider("somebody");
        let listing = provider.list().await.unwrap();
        let epoch = listing.applied.map_or(0, |number| number.epoch) + 1;
        let step = step_of(&listing.sets, set, comes);
        let batch =
            Batch { number: PlanNumber { epoch, revision: 1 }, follows: listing.applied, steps: vec![step] };
        assert_eq!(provider.apply(batch).await.outcomes, [StepOutcome::Done]);
    }
}

/// A step that puts a set or takes it away, and sees what a list has.
pub(crate) fn step_of(listed: &[Listed], set: RecordSet, comes: bool) -> Step {
    let seen: Vec<Listed> = listed.iter().filter(|(old, _)| old.name == set.name).cloned().collect();
    let old = seen.iter().find(|(old, _)| old.rtype == set.rtype).map(|(old, version)| {
        let (set, version) = (old.clone(), *version);
        portolan_core::plan::Found { set, mark: Mark::None, outdated: false, version }
    });
    let name = set.name.clone();
    let new = Marked { set, mark: Mark::None };
    let act = match (old, comes) {
        (Some(old), true) => Act::Update { old, new },
        (None, true) => Act::Create(new),
        (Some(old), false) => Act::Delete(old),
        (None, false) => panic!("{name} has no such set"),
    };
    Step { change: Change { name, seen: Vec::new(), acts: vec![act] }, texts: Vec::new(), seen }
}

fn target(rtype: RecordType, text: &str) -> Target {
    let name = |text: &str| text.parse::<Name>().unwrap();
    let words: Vec<&str> = text.split(' ').collect();
    let number = |at: usize| words[at].parse::<u16>().unwrap();
    match rtype {
        RecordType::A | RecordType::AAAA => Target::Address(text.parse().unwrap()),
        RecordType::CNAME => Target::Host(name(text)),
        RecordType::MX => Target::Record(rtype, Rdata::mx(number(0), &name(words[1]))),
        RecordType::SRV => {
            Target::Record(rtype, Rdata::srv(number(0), number(1), number(2), &name(words[3])))
        }
        RecordType::TXT => Target::Record(rtype, Rdata::txt(text.as_bytes()).unwrap()),
        _ => Target::Record(rtype, Rdata::name(&name(text))),
    }
}

/// All checks, one after the other; each says its name, so that the last one said is the one that failed.
pub(crate) async fn run(bench: &Bench) {
    macro_rules! checks {
        ($($part:ident :: $check:ident),* $(,)?) => {
            $(
                eprintln!("battery: {}", stringify!($check));
                $part::$check(bench).await;
            )*
        };
    }
    checks! {
        changes::targets_come_change_and_go,
        changes::a_type_changes_in_one_step,
        changes::sets_of_other_types_come_and_go,
        changes::a_list_is_whole,
        changes::a_few_names_need_no_list,
        changes::many_updates_and_a_delete_leave_nothing,
        marks::marks_come_back_to_another_process,
        marks::long_and_sealed_marks_come_back,
        marks::owners_share_a_name_and_the_last_takes_it_along,
        marks::what_was_left_behind_is_tidied_up,
        guards::foreign_records_are_left_alone,
        guards::what_others_changed_is_lost,
        guards::a_lower_number_is_lost,
        guards::a_refused_step_costs_itself,
    }
}
