//! of two enactors one stalls after its check, and resumes when the other has published something newer.
//! the one that tidies up takes nothing away that is in force.

use portolan_core::plan::{
    Act, Claim, Current, Desired, Extent, Found, Gone, Labels, Mark, Options, Owner, Plan, PlanNumber,
    RecordSet, SyncPolicy, Wanted, plan,
};
use portolan_core::record::{RecordType, Target};
use stateright::{Checker, Model, Property};

/// How often the source changes.
const INTENTS: u8 = 3;
/// How many epochs there may be.
const EPOCHS: u64 = 4;

/// How many plans there may be in an epoch.
const REVISIONS: u64 = 4;

/// Which rules hold.
#[derive(Clone, Copy)]
struct Rules {
    /// The number is held against the one before in the transaction of the write, not before it.
    compares_in_the_write: bool,
    /// The sources are read after the claim.
    reads_after_the_claim: bool,
    /// What is tidied up must be as it was seen.
    tidies_what_it_saw: bool,
}

const ALL: Rules =
    Rules { compares_in_the_write: true, reads_after_the_claim: true, tidies_what_it_saw: true };

/// One name, and two that publish it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct World {
    /// The newest intent, as the source has it.
    newest: u8,
    /// The intent that is published; none when the name is gone.
    there: Option<u8>,
    applied: Option<PlanNumber>,
    enactors: [Enactor; 2],
    /// An older intent came in place of a newer one.
    went_back: bool,
    /// A lower number came in place of a higher one.
    fell: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Enactor {
    number: PlanNumber,
    has_claim: bool,
    /// The intent that it knows; none when it must be read.
    knows: Option<u8>,
    planned: Option<Planned>,
}

/// What was made of what was seen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Planned {
    number: PlanNumber,
    follows: Option<PlanNumber>,
    seen: Option<u8>,
    to: Option<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Action {
    /// Somebody changes the intent.
    Intend,
    /// An enactor claims.
    Claim(usize),
    /// It reads the source.
    Read(usize),
    /// It lists, and plans.
    Plan(usize),
    /// It writes; any time may have passed.
    Write(usize),
    /// It starts anew.
    Restart(usize),
    /// It takes away what it saw of an older plan (R-02's clean-up by age).
    Tidy(usize),
}

fn set(intent: u8) -> RecordSet {
    let targets = [Target::Address([192, 0, 2, intent].into())].into_iter().collect();
    RecordSet::new("shop.example.org".parse().unwrap(), RecordType::A, targets, None)
}

/// The real decision, for one name that holds an intent and is to hold another.
fn decided(there: Option<u8>, wanted: u8, applied: Option<PlanNumber>, number: PlanNumber) -> Plan {
    let owner = Owner::new("me").unwrap();
    let claim = Claim {
        owner: owner.clone(),
        resource: "crd/a/b".into(),
        labels: Labels::new(),
        extent: Extent::Whole,
    };
    let found = |intent| Found {
        set: set(intent),
        mark: Mark::Claims(vec![claim.clone()]),
        outdated: false,
        version: None,
    };
    let current = Current { sets: there.map(found).into_iter().collect(), applied };
    let wanted = Wanted { set: set(wanted), resource: "crd/a/b".into(), labels: Labels::new() };
    let desired = Desired { sets: vec![wanted], stays: [].into(), gone: Gone::default(), is_whole: true };
    plan(&current, &desired, number, &Options::new(owner, SyncPolicy::Sync))
}

fn intent_of(plan: &Plan, there: Option<u8>) -> Option<u8> {
    let acts = plan.changes.iter().flat_map(|change| &change.acts);
    acts.fold(there, |there, act| match act {
        Act::Create(new) | Act::Update { new, .. } => {
            new.set.targets.iter().find_map(|target| match target {
                Target::Address(std::net::IpAddr::V4(address)) => Some(address.octets()[3]),
                _ => there,
            })
        }
        Act::Delete(_) => None,
    })
}

impl World {
    fn write(&mut self, number: PlanNumber, to: Option<u8>) {
        self.went_back |= to < self.there;
        self.fell |= self.applied.is_some_and(|applied| applied > number);
        self.there = to;
        self.applied = Some(number);
    }

    fn claim(&mut self, at: usize) {
        let applied = self.applied;
        let enactor = &mut self.enactors[at];
        let epoch = applied.map_or(0, |number| number.epoch).max(enactor.number.epoch) + 1;
        let number = PlanNumber { epoch, revision: 0 };
        *enactor = Enactor { number, has_claim: true, knows: None, planned: None };
        self.applied = Some(number);
    }
}

impl Model for Rules {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World { there: Some(0), ..World::default() }]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        if world.newest < INTENTS {
            actions.push(Action::Intend);
        }
        for (at, enactor) in world.enactors.iter().enumerate() {
            let may_claim = world.applied.is_none_or(|applied| applied.epoch < EPOCHS);
            if !enactor.has_claim && may_claim && enactor.number.epoch < EPOCHS {
                actions.push(Action::Claim(at));
            }
            if enactor.has_claim || !self.reads_after_the_claim {
                actions.push(Action::Read(at));
            }
            if enactor.has_claim && enactor.knows.is_some() && enactor.planned.is_none() {
                actions.push(Action::Plan(at));
            }
            if enactor.planned.is_some() {
                actions.push(Action::Write(at));
                actions.push(Action::Restart(at));
            }
            if enactor.has_claim && !self.tidies_what_it_saw {
                actions.push(Action::Tidy(at));
            }
        }
    }

    fn next_state(&self, last: &World, action: Action) -> Option<World> {
        let mut world = last.clone();
        match action {
            Action::Intend => world.newest += 1,
            Action::Claim(at) => {
                let knew = world.enactors[at].knows;
                world.claim(at);
                if !self.reads_after_the_claim {
                    world.enactors[at].knows = knew;
                }
            }
            Action::Read(at) => world.enactors[at].knows = Some(world.newest),
            Action::Plan(at) => {
                let (there, applied) = (world.there, world.applied);
                let enactor = &mut world.enactors[at];
                if applied.is_some_and(|applied| applied.epoch > enactor.number.epoch) {
                    // Replaced: it claims anew, and reads the source again.
                    enactor.has_claim = false;
                    if self.reads_after_the_claim {
                        enactor.knows = None;
                    }
                    return Some(world);
                }
                let number = PlanNumber { revision: enactor.number.revision + 1, ..enactor.number };
                let plan = decided(there, enactor.knows?, applied, number);
                if plan.changes.is_empty() {
                    return None;
                }
                let to = intent_of(&plan, there);
                enactor.planned = Some(Planned { number, follows: plan.follows, seen: there, to });
            }
            Action::Write(at) => {
                let planned = world.enactors[at].planned.take()?;
                let is_next = planned.follows == world.applied && planned.seen == world.there;
                if is_next || !self.compares_in_the_write {
                    world.write(planned.number, planned.to);
                    world.enactors[at].number = planned.number;
                }
            }
            Action::Restart(at) => world.enactors[at] = Enactor::default(),
            Action::Tidy(_) => world.there = None,
        }
        Some(world)
    }

    fn within_boundary(&self, world: &World) -> bool {
        world.applied.is_none_or(|applied| applied.revision <= REVISIONS)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("a lower number never replaces a higher one", |_, world: &World| !world.fell),
            Property::always("an older intent never replaces a newer one", |_, world: &World| {
                !world.went_back
            }),
            Property::always("the name is never gone", |_, world: &World| world.there.is_some()),
            Property::sometimes("the newest intent is published", |_, world: &World| {
                world.newest == INTENTS && world.there == Some(INTENTS)
            }),
        ]
    }
}

/// The properties that do not hold, or are never seen.
fn broken(rules: Rules) -> Vec<&'static str> {
    let checker = rules.checker().threads(1).spawn_bfs().join();
    assert!(checker.is_done());
    let states = checker.unique_state_count();
    let found = checker.discoveries();
    let mut broken: Vec<&'static str> = Vec::new();
    for property in rules.properties() {
        let is_found = found.contains_key(property.name);
        let is_good = match property.expectation {
            stateright::Expectation::Sometimes => is_found,
            _ => !is_found,
        };
        if !is_good {
            broken.push(property.name);
        }
    }
    eprintln!("{states} states, broken: {broken:?}");
    broken
}

#[test]
fn r_01_r_02_no_interleaving_of_two_enactors_goes_back() {
    assert_eq!(broken(ALL), [""; 0]);
}

#[test]
fn r_01_a_check_before_the_write_is_found() {
    let found = broken(Rules { compares_in_the_write: false, ..ALL });
    assert!(found.contains(&"a lower number never replaces a higher one"), "{found:?}");
    assert!(found.contains(&"an older intent never replaces a newer one"), "{found:?}");
}

#[test]
fn r_01_sources_read_before_the_claim_are_found() {
    let found = broken(Rules { reads_after_the_claim: false, ..ALL });
    assert_eq!(found, ["an older intent never replaces a newer one"]);
}

#[test]
fn r_02_a_clean_up_by_age_is_found() {
    let found = broken(Rules { tidies_what_it_saw: false, ..ALL });
    assert!(found.contains(&"the name is never gone"), "{found:?}");
}
