//! Plans carried out step by step on random states, by two publishers, whole and in part, with others who change what they like,
//! a DNS that fails, and answers that get lost. After each step and at the end what must hold is looked at, not how it
//! came about.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use portolan_core::Name;
use portolan_core::plan::{Gone, RecordSet};
use portolan_core::record::RecordType;
use portolan_core::registry::Listed;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::bench::{desired, line, lines, name, publisher, set};
use crate::memory::Memory;
use crate::provider::Step;
use crate::publisher::Publisher;

const NAMES: [&str; 4] = ["a.x", "b.x", "c.x", "d.x"];
const OWNERS: [&str; 2] = ["me", "you"];
const DATA: [&str; 6] =
    ["A 192.0.2.1", "A 192.0.2.2 192.0.2.3", "AAAA 2001:db8::1", "CNAME lb.y", "CNAME a.x", "A 192.0.2.4"];
/// Steps that the model looks at in one case.
const EVENTS_MAX: usize = 24;

#[derive(Clone, Debug)]
enum Event {
    /// What an owner wants from now on.
    Want(usize, Vec<String>),
    /// A whole round of an owner.
    Whole(usize),
    /// A partial round of an owner, of these names.
    Part(usize, Vec<&'static str>),
    /// Somebody without marks puts a set, or takes what is there away.
    Meddle(String, bool),
    /// Somebody does so while a batch is on its way.
    MeddleMeanwhile(String),
    /// So many steps are done and nobody hears of it.
    Unanswered(usize),
    /// The DNS is down for the next round of an owner.
    Down(usize),
    /// An owner's process ends, and a new one begins.
    Restart(usize),
}

fn arb_lines() -> impl Strategy<Value = Vec<String>> {
    let line = (select(&NAMES[..]), select(&DATA[..])).prop_map(|(name, data)| format!("{name} {data}"));
    proptest::collection::vec(line, 0..5)
}

fn arb_set() -> impl Strategy<Value = String> {
    (select(&NAMES[..]), select(&DATA[..])).prop_map(|(name, data)| format!("{name} {data}"))
}

fn arb_event() -> impl Strategy<Value = Event> {
    let owner = 0..OWNERS.len();
    prop_oneof![
        4 => (owner.clone(), arb_lines()).prop_map(|(owner, lines)| Event::Want(owner, lines)),
        4 => owner.clone().prop_map(Event::Whole),
        4 => (owner.clone(), subsequence(&NAMES[..], 1..=NAMES.len())).prop_map(|(owner, names)| Event::Part(owner, names)),
        1 => (arb_set(), any::<bool>()).prop_map(|(line, comes)| Event::Meddle(line, comes)),
        1 => arb_set().prop_map(Event::MeddleMeanwhile),
        1 => (1..3_usize).prop_map(Event::Unanswered),
        1 => owner.clone().prop_map(Event::Down),
        1 => owner.prop_map(Event::Restart),
    ]
}

/// What is wrong with a step, as it is seen from outside.
#[derive(Default)]
struct Watcher {
    /// Names that somebody asks for.
    wanted: BTreeSet<Name>,
    /// Sets without a mark of an owner's: nobody touches them.
    foreign: BTreeMap<(Name, RecordType), RecordSet>,
    before: BTreeMap<Name, Vec<Listed>>,
    faults: Vec<String>,
}

fn answers(sets: &BTreeMap<Name, Vec<Listed>>, name: &Name) -> Vec<RecordSet> {
    let sets = sets.get(name).into_iter().flatten();
    sets.filter(|(set, _)| set.rtype != RecordType::TXT).map(|(set, _)| set.clone()).collect()
}

impl Watcher {
    fn look(&mut self, step: &Step, now: &BTreeMap<Name, Vec<Listed>>) {
        let name = &step.change.name;
        let (was, is) = (answers(&self.before, name), answers(now, name));
        if self.wanted.contains(name) && !was.is_empty() && is.is_empty() {
            self.faults.push(format!("{name} is wanted, and empty"));
        }
        let has_alias =
            |sets: &[RecordSet]| sets.len() > 1 && sets.iter().any(|set| set.rtype == RecordType::CNAME);
        if has_alias(&is) && !has_alias(&was) {
            self.faults.push(format!("{name} has an alias beside other records"));
        }
        for ((name, rtype), foreign) in &self.foreign {
            let there = answers(now, name).into_iter().find(|set| set.rtype == *rtype);
            if there.as_ref() != Some(foreign) {
                self.faults.push(format!("{name} {rtype} is somebody's, and was touched"));
            }
        }
        self.before.clone_from(now);
    }
}

/// Two owners at one DNS.
struct World {
    memory: Memory,
    publishers: Vec<Publisher>,
    wants: [Vec<String>; 2],
    watcher: Arc<Mutex<Watcher>>,
}

impl World {
    async fn new() -> Self {
        let memory = Memory::default();
        let mut publishers = Vec::new();
        for owner in OWNERS {
            publishers.push(publisher(&memory, owner).await);
        }
        let watcher: Arc<Mutex<Watcher>> = Arc::default();
        let eyes = watcher.clone();
        memory.with(|state| {
            state.after_step = Some(Box::new(move |step, sets| eyes.lock().unwrap().look(step, sets)));
        });
        Self { memory, publishers, wants: [Vec::new(), Vec::new()], watcher }
    }

    /// What an owner wants; whatever it does not was deleted.
    fn desired(&self, owner: usize) -> portolan_core::plan::Desired {
        let mut desired = desired(&self.wants[owner].iter().map(String::as_str).collect::<Vec<_>>());
        desired.gone = Gone { names: NAMES.iter().map(|text| name(text)).collect(), ..Gone::default() };
        desired
    }

    /// Tells the watcher what is now so without anybody's step.
    fn begin(&self, owner: usize) {
        let sets: Vec<Listed> = self.memory.with(|state| state.sets());
        let mut watcher = self.watcher.lock().unwrap();
        watcher.before.clear();
        for listed in sets {
            watcher.before.entry(listed.0.name.clone()).or_default().push(listed);
        }
        watcher.wanted = self.wants[owner].iter().map(|line| set(line).name).collect();
    }

    async fn whole(&mut self, owner: usize) -> Option<crate::publisher::Round> {
        self.begin(owner);
        let desired = self.desired(owner);
        self.publishers[owner].round(desired, false).await.ok()
    }

    async fn take(&mut self, event: Event) {
        match event {
            Event::Want(owner, lines) => self.wants[owner] = lines,
            Event::Whole(owner) => drop(self.whole(owner).await),
            Event::Part(owner, names) => {
                self.begin(owner);
                let touched = names.iter().map(|text| name(text)).collect();
                let desired = self.desired(owner);
                let round = self.publishers[owner].round_of(&touched, desired).await;
                drop(round.unwrap());
            }
            Event::Meddle(line, comes) => self.meddle(&line, comes),
            Event::MeddleMeanwhile(line) => {
                let (set, watcher) = (set(&line), self.watcher.clone());
                self.memory.with(|state| {
                    state.before_batch = Some(Box::new(move |state| {
                        if is_free(&state.sets(), &set) {
                            state.put(set.clone());
                            let mut watcher = watcher.lock().unwrap();
                            watcher.before.entry(set.name.clone()).or_default().push((set.clone(), None));
                            watcher.foreign.insert((set.name.clone(), set.rtype), set);
                        }
                    }));
                });
            }
            Event::Unanswered(steps) => self.memory.with(|state| state.unanswered = steps),
            Event::Down(owner) => {
                self.memory.with(|state| state.is_down = true);
                drop(self.whole(owner).await);
                self.memory.with(|state| state.is_down = false);
            }
            Event::Restart(owner) => self.publishers[owner] = publisher(&self.memory, OWNERS[owner]).await,
        }
    }

    /// Somebody changes what bears no mark.
    fn meddle(&self, line: &str, comes: bool) {
        let set = set(line);
        let mut watcher = self.watcher.lock().unwrap();
        let key = (set.name.clone(), set.rtype);
        if comes && is_free(&self.memory.with(|state| state.sets()), &set) {
            self.memory.with(|state| state.put(set.clone()));
            watcher.foreign.insert(key, set);
        } else if !comes && watcher.foreign.remove(&key).is_some() {
            self.memory.with(|state| state.remove(&set.name, set.rtype, ""));
        }
    }

    /// When everybody is well again: each owner's rounds end, and what is there is what a slow and obvious model says.
    async fn settle(&mut self) {
        self.memory.with(|state| {
            state.before_batch = None;
            state.unanswered = 0;
        });
        for _ in 0..4 {
            for owner in 0..OWNERS.len() {
                self.whole(owner).await;
            }
        }
        for (owner, name) in OWNERS.iter().enumerate() {
            let round = self.whole(owner).await.unwrap();
            assert!(round.outcomes.is_empty(), "{name} has work left: {:#?}", round.outcomes);
        }
        self.check();
    }

    /// What there is: others' sets, and at each other name only what one owner wants there.
    fn check(&self) {
        let watcher = self.watcher.lock().unwrap();
        let there = lines(&self.memory);
        for text in NAMES {
            let at: Vec<&String> =
                there.iter().filter(|line| line.starts_with(&format!("{text} "))).collect();
            let foreign = |line: &str| watcher.foreign.values().any(|set| line == self::line(set));
            let is_asked = |line: &str| {
                let asked = self.wants.iter().flatten();
                asked.into_iter().any(|want| self::line(&set(want)) == line)
            };
            for line in &at {
                assert!(foreign(line) || is_asked(line), "{line} is nobody's wish");
            }
            let is_wanted = self.wants.iter().flatten().any(|want| want.starts_with(&format!("{text} ")));
            assert!(!at.is_empty() || !is_wanted, "{text} is wanted, and is not there");
        }
        let marks = self.memory.with(|state| state.sets()).into_iter();
        let marks = marks.filter(|(set, _)| set.rtype == RecordType::TXT).count();
        let ours = there.iter().filter(|line| !watcher.foreign.values().any(|set| **line == self::line(set)));
        assert_eq!(marks, ours.count(), "a mark for each set of ours: {there:?}");
    }
}

/// True when nobody has anything at the name, so that what is put is somebody's alone.
fn is_free(sets: &[Listed], set: &RecordSet) -> bool {
    let mark = |other: &RecordSet| other.name.to_dotless().ends_with(&format!("-{}", set.name.to_dotless()));
    !sets.iter().any(|(other, _)| other.name == set.name || mark(other))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_happens_no_wanted_name_is_empty_and_all_ends_well(
        events in proptest::collection::vec(arb_event(), 1..EVENTS_MAX),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new().await;
            for event in events {
                world.take(event).await;
                let faults = std::mem::take(&mut world.watcher.lock().unwrap().faults);
                assert!(faults.is_empty(), "{faults:?}");
            }
            world.settle().await;
        });
    }
}
