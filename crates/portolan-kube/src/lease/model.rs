//! Every interleaving of two replicas, one Lease and one object that the holder writes: F-50, F-52, R-01.
//!
//! What decides is the real [`Election`]; what is modelled is who does what when. Anybody may stand still at any point
//! for as long as it likes, a request may reach the server long after it was given up, its answer may be lost, and one
//! clock runs half as fast again as the other. Each rule that keeps the object right can be broken in the model, and
//! then the check must find the way to the damage.

use stateright::{Checker, Model, Property};

use super::*;

/// How many steps of time there are: the Lease is taken from one that is silent.
const TIME_MAX: u8 = 3;
/// How many answers are lost, and how often somebody ends in good order.
const MISHAPS_MAX: u8 = 1;
/// What each replica's clock gains in a step of time, in milliseconds.
const CLOCKS: [u64; 2] = [2, 3];
/// Those of a Lease of 6 ms; the proportions are the real ones.
const PERIODS: Periods = Periods {
    duration: Duration::from_millis(6),
    hold: Duration::from_millis(4),
    renew: Duration::from_millis(2),
    look: Duration::from_millis(1),
};

/// Which rules hold.
#[derive(Clone, Copy)]
struct Rules {
    /// The holder stops before others may take over; else it counts on all of the time that it wrote.
    stops_early: bool,
    /// A write is refused when the object is not what it was computed from; else the last one wins.
    bears_its_version: bool,
}

const ALL: Rules = Rules { stops_early: true, bears_its_version: true };

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    time: u8,
    lease: Option<Record>,
    /// How often the Lease was written.
    versions: u8,
    mishaps: u8,
    object: Object,
    replicas: [Replica; 2],
}

/// What is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Object {
    version: u8,
    /// The highest term that wrote it.
    term: u32,
    /// A lower term wrote after a higher one.
    went_back: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Replica {
    election: Election,
    /// A claim that was sent, and when.
    claim: Option<(Claim, Tick)>,
    /// What was computed: in which term, and from which version of the object.
    computed: Option<(u32, u8)>,
    /// The same, sent.
    sent: Option<(u32, u8)>,
    /// It has computed once, which is enough: one write each is all that it takes to overtake another.
    has_computed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Action {
    /// Time goes on for all.
    Time,
    /// A replica does what its election says.
    Elect(usize),
    /// Its claim reaches the server; it hears of it, or does not.
    Claimed { at: usize, is_heard: bool },
    /// It computes what to write.
    Compute(usize),
    /// It sends that.
    Send(usize),
    /// That reaches the server.
    Written(usize),
    /// The holder ends in good order, and another takes its place.
    End(usize),
}

impl World {
    fn clock(&self, at: usize) -> Tick {
        Duration::from_millis(u64::from(self.time) * CLOCKS[at])
    }

    /// The term in which a replica may write now, as it believes.
    fn term(&self, at: usize) -> Option<u32> {
        let held = self.replicas[at].election.held()?;
        (self.clock(at) < held.until).then_some(held.term)
    }

    /// The server takes a claim, or refuses it; what it says then.
    fn claim(&mut self, claim: &Claim) -> Option<Record> {
        let version = self.lease.as_ref().map(|lease| lease.version.clone());
        if version != claim.over {
            return None;
        }
        self.versions += 1;
        let object = claim.object(None, ("", ""), i64::from(self.versions));
        self.lease = Some(Record { version: self.versions.to_string(), ..Record::of(&object) });
        self.lease.clone()
    }
}

impl Rules {
    fn replica(self, name: &str) -> Replica {
        let hold = if self.stops_early { PERIODS.hold } else { PERIODS.duration };
        let election = Election::new(name, Periods { hold, ..PERIODS });
        Replica { election, claim: None, computed: None, sent: None, has_computed: false }
    }
}

impl Model for Rules {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        let replicas = [self.replica("a"), self.replica("b")];
        vec![World { time: 0, lease: None, versions: 0, mishaps: 0, object: Object::default(), replicas }]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        if world.time < TIME_MAX {
            actions.push(Action::Time);
        }
        let may_fail = world.mishaps < MISHAPS_MAX;
        for (at, replica) in world.replicas.iter().enumerate() {
            match &replica.claim {
                None if !matches!(replica.election.next(world.clock(at)), Next::Wait(_)) => {
                    actions.push(Action::Elect(at));
                }
                None => {}
                Some(_) => {
                    actions.push(Action::Claimed { at, is_heard: true });
                    actions.extend(may_fail.then_some(Action::Claimed { at, is_heard: false }));
                }
            }
            if !replica.has_computed && world.term(at).is_some() {
                actions.push(Action::Compute(at));
            }
            if replica.computed.is_some() && replica.sent.is_none() {
                actions.push(Action::Send(at));
            }
            if replica.sent.is_some() {
                actions.push(Action::Written(at));
            }
            if may_fail && replica.claim.is_none() && world.term(at).is_some() {
                actions.push(Action::End(at));
            }
        }
    }

    fn next_state(&self, last: &World, action: Action) -> Option<World> {
        let mut world = last.clone();
        match action {
            Action::Time => world.time += 1,
            Action::Elect(at) => {
                let (now, lease) = (world.clock(at), world.lease.clone());
                let replica = &mut world.replicas[at];
                match replica.election.next(now) {
                    Next::Wait(_) => return None,
                    Next::Look => replica.election.saw(lease, now, 0),
                    Next::Write(claim) => replica.claim = Some((claim, now)),
                }
            }
            Action::Claimed { at, is_heard } => {
                let (claim, asked) = world.replicas[at].claim.take()?;
                let (now, taken) = (world.clock(at), world.claim(&claim));
                world.mishaps += u8::from(!is_heard);
                let election = &mut world.replicas[at].election;
                match taken {
                    _ if !is_heard => election.failed(now, 0),
                    Some(record) => election.wrote(record, asked),
                    None => election.conflicted(now),
                }
            }
            Action::Compute(at) => {
                let computed = (world.term(at)?, world.object.version);
                world.replicas[at].computed = Some(computed);
                world.replicas[at].has_computed = true;
            }
            Action::Send(at) => {
                let (term, version) = world.replicas[at].computed.take()?;
                if world.term(at) == Some(term) {
                    world.replicas[at].sent = Some((term, version));
                }
            }
            Action::Written(at) => {
                let (term, version) = world.replicas[at].sent.take()?;
                let object = &mut world.object;
                if version == object.version || !self.bears_its_version {
                    object.went_back |= term < object.term;
                    object.term = object.term.max(term);
                    object.version += 1;
                }
            }
            Action::End(at) => {
                let claim = world.replicas[at].election.let_go()?;
                world.claim(&claim);
                world.mishaps += 1;
                // What it had sent may still be on its way.
                let name = if at == 0 { "c" } else { "d" };
                let Replica { sent, has_computed, .. } = world.replicas[at];
                world.replicas[at] = Replica { sent, has_computed, ..self.replica(name) };
            }
        }
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("two never hold it at once", |_, world: &World| {
                world.term(0).is_none() || world.term(1).is_none()
            }),
            Property::always(
                "what an earlier holder computed never comes after a later one's",
                |_, world: &World| !world.object.went_back,
            ),
            Property::sometimes(
                "it is taken from one that is silent, who then writes",
                |_, world: &World| world.object.term == 2 && world.versions == 2,
            ),
            Property::sometimes("it is held a third time", |_, world: &World| {
                [0, 1].into_iter().any(|at| world.term(at) == Some(3))
            }),
        ]
    }
}

/// The properties that do not hold, or are never seen.
fn broken(rules: Rules) -> Vec<&'static str> {
    let checker = rules.checker().threads(1).spawn_bfs().join();
    let states = checker.unique_state_count();
    let found = checker.discoveries();
    let is_broken = |property: &Property<Rules>| {
        let is_sometimes = property.expectation == stateright::Expectation::Sometimes;
        found.contains_key(property.name) != is_sometimes
    };
    let broken = rules.properties().into_iter().filter(is_broken).map(|property| property.name).collect();
    eprintln!("{states} states, broken: {broken:?}");
    broken
}

const TWO: &str = "two never hold it at once";
const BACK: &str = "what an earlier holder computed never comes after a later one's";

#[test]
fn f_50_no_interleaving_of_two_holders_goes_back() {
    assert_eq!(broken(ALL), [""; 0]);
}

#[test]
fn f_50_a_holder_that_counts_on_all_of_its_time_is_found() {
    let found = broken(Rules { stops_early: false, ..ALL });
    assert!(found.contains(&TWO) && found.contains(&BACK), "{found:?}");
}

/// the request was sent in time, and comes late.
#[test]
fn r_01_a_write_without_its_version_is_found() {
    assert_eq!(broken(Rules { bears_its_version: false, ..ALL }), [BACK]);
}
