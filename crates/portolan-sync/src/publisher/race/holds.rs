//! a source that lists nothing takes nothing away, and a release covers what was shown and nothing else.

use std::collections::BTreeSet;

use portolan_core::Name;
use portolan_core::plan::{
    Act, Claim, Current, Desired, Extent, Found, Gone, HoldId, Labels, Mark, Options, Owner, Plan,
    PlanNumber, RecordSet, SyncPolicy, Wanted, plan,
};
use portolan_core::record::{RecordType, Target};
use stateright::{Checker, Model, Property};

/// How many names there are. Fewer than ten, so that only an empty list is held.
const NAMES: usize = 3;
/// How often the operator says a word.
const RELEASES: u8 = 2;

#[derive(Clone, Copy)]
struct Rules {
    /// A release is of the names that were shown; else whatever vanishes from then on may go.
    releases_what_was_shown: bool,
    /// What vanishes without evidence is held.
    holds: bool,
}

const ALL: Rules = Rules { releases_what_was_shown: true, holds: true };

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    /// Objects that there are in truth.
    objects: [bool; NAMES],
    /// Objects that somebody deleted while the publisher watched.
    deleted: [bool; NAMES],
    /// The source lists nothing, with a good status.
    is_blind: bool,
    /// What is published.
    there: [bool; NAMES],
    /// What the operator was shown last.
    shown: Option<(HoldId, [bool; NAMES])>,
    /// What the operator gave up: it was shown to them, and they said so.
    given_up: [bool; NAMES],
    /// What counts as given up.
    released: [bool; NAMES],
    releases: u8,
    /// A name went whose object is there and which nobody gave up.
    lost: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Action {
    Delete(usize),
    Create(usize),
    Blind,
    Heal,
    /// The publisher lists the source, plans, and carries it out.
    Round,
    /// The operator releases what was shown.
    Release,
}

fn name(at: usize) -> Name {
    format!("n{at}.example.org").parse().unwrap()
}

fn set(at: usize) -> RecordSet {
    let targets = [Target::Address([192, 0, 2, 1].into())].into_iter().collect();
    RecordSet::new(name(at), RecordType::A, targets, None)
}

fn resource(at: usize) -> String {
    format!("crd/shop/n{at}")
}

fn all(flags: &[bool; NAMES]) -> impl Iterator<Item = usize> + '_ {
    (0..NAMES).filter(|at| flags[*at])
}

/// The real plan of what is published and what the source lists.
fn decided(world: &World, rules: Rules) -> Plan {
    let owner = Owner::new("me").unwrap();
    let found = |at: usize| {
        let resource = resource(at).into();
        let claim = Claim { owner: owner.clone(), resource, labels: Labels::new(), extent: Extent::Whole };
        Found { set: set(at), mark: Mark::Claims(vec![claim]), outdated: false, version: None }
    };
    let wanted = |at: usize| Wanted { set: set(at), resource: resource(at).into(), labels: Labels::new() };
    let listed = if world.is_blind { [false; NAMES] } else { world.objects };
    let mut gone = Gone {
        resources: all(&world.deleted).map(|at| resource(at).into()).collect(),
        names: all(&world.released).map(name).collect(),
    };
    if !rules.holds {
        gone.names = (0..NAMES).map(name).collect();
    }
    let current = Current { sets: all(&world.there).map(found).collect(), applied: None };
    let desired =
        Desired { sets: all(&listed).map(wanted).collect(), stays: [].into(), gone, is_whole: true };
    let number = PlanNumber { epoch: 1, revision: 1 };
    plan(&current, &desired, number, &Options::new(owner, SyncPolicy::Sync))
}

impl World {
    fn round(&mut self, rules: Rules) {
        let plan = decided(self, rules);
        for change in &plan.changes {
            let Some(at) = (0..NAMES).find(|at| name(*at) == change.name) else { continue };
            let comes = change.acts.iter().any(|act| !matches!(act, Act::Delete(_)));
            self.lost |= !comes && self.objects[at] && !self.given_up[at];
            self.there[at] = comes;
        }
        let names = |names: &[Name]| {
            let names: BTreeSet<&Name> = names.iter().collect();
            std::array::from_fn(|at| names.contains(&name(at)))
        };
        self.shown = plan.hold.as_ref().map(|hold| (hold.id, names(&hold.names)));
        // A word is kept while its name is held or wanted no more, and forgotten when the source has the name again.
        if !self.is_blind {
            self.given_up = std::array::from_fn(|at| self.given_up[at] && !self.objects[at]);
            if rules.releases_what_was_shown {
                self.released = self.given_up;
            }
        }
    }
}

impl Model for Rules {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World {
            objects: [true; NAMES],
            deleted: [false; NAMES],
            is_blind: false,
            there: [true, true, false],
            shown: None,
            given_up: [false; NAMES],
            released: [false; NAMES],
            releases: 0,
            lost: false,
        }]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        actions.extend(all(&world.objects).map(Action::Delete));
        actions.extend((0..NAMES).filter(|at| !world.objects[*at]).map(Action::Create));
        actions.push(if world.is_blind { Action::Heal } else { Action::Blind });
        actions.push(Action::Round);
        if world.shown.is_some() && world.releases < RELEASES {
            actions.push(Action::Release);
        }
    }

    fn next_state(&self, last: &World, action: Action) -> Option<World> {
        let mut world = last.clone();
        match action {
            Action::Delete(at) => {
                world.objects[at] = false;
                // A blind watch tells no deletes.
                world.deleted[at] = !world.is_blind;
            }
            Action::Create(at) => (world.objects[at], world.deleted[at]) = (true, false),
            Action::Blind => world.is_blind = true,
            Action::Heal => world.is_blind = false,
            Action::Round => world.round(*self),
            Action::Release => {
                world.releases += 1;
                let (_, shown) = world.shown?;
                world.given_up = std::array::from_fn(|at| world.given_up[at] || shown[at]);
                world.released = match self.releases_what_was_shown {
                    true => world.given_up,
                    false => [true; NAMES],
                };
            }
        }
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("nothing goes whose object is there", |_, world: &World| !world.lost),
            Property::sometimes("a release takes what was shown", |_, world: &World| {
                world.releases > 0 && world.there == [false; NAMES]
            }),
            Property::sometimes("what was deleted goes at once", |_, world: &World| {
                world.releases == 0 && world.there == [false; NAMES]
            }),
        ]
    }
}

fn lost(rules: Rules) -> bool {
    let checker = rules.checker().threads(1).spawn_bfs().join();
    assert!(checker.is_done());
    let is_seen = |property: &&Property<Rules>| property.expectation == stateright::Expectation::Sometimes;
    for property in rules.properties().iter().filter(is_seen).filter(|_| rules.holds) {
        assert!(checker.discovery(property.name).is_some(), "{} is never seen", property.name);
    }
    eprintln!("{} states", checker.unique_state_count());
    checker.discovery("nothing goes whose object is there").is_some()
}

#[test]
fn r_03_a_blind_source_takes_nothing_away() {
    assert!(!lost(ALL));
}

#[test]
fn r_03_without_a_hold_it_is_found() {
    assert!(lost(Rules { holds: false, ..ALL }));
}

#[test]
fn r_03_a_release_of_more_than_was_shown_is_found() {
    assert!(lost(Rules { releases_what_was_shown: false, ..ALL }));
}
