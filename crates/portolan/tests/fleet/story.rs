//! What befalls a fleet, step by step, while the meter asks: no answer is lost where one of two lives, and none is wrong but
//! within the stated time.
//!
//! Each step begins and ends with all of it well, every cluster ready, and every server having said so.

use std::time::{Duration, Instant};

use portolan_testbed::meter::Figures;
use portolan_testbed::wait::{PATIENCE, wait};
use portolan_testbed::{ApiServer, Meter, Program, part, shop};

use crate::form::Form;
use crate::world::{CLUSTERS, Cluster, NAMES, World, member_cluster, wait_until_whole};

mod cuts;
mod ends;

/// Longer than a resolver waits for a reply, so that what would be lost is.
const SILENCE: Duration = Duration::from_secs(3);

/// After this the last good state of a process has what it knew: several times what its writer waits for.
const KEPT: Duration = Duration::from_secs(2);

/// So often each cluster goes unready and comes back in the long form, for a spread of how soon everybody says so.
const FLIPS: usize = 34;

/// How soon what is so has to be said by everybody. Generous, as a busy machine is no fault; what it took is printed.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    /// After a change, whatever one process does meanwhile.
    change: Duration,
    /// After an API server or a way is there again: it is tried again after half a minute at the latest.
    comes_back: Duration,
    /// How long the leader sleeps.
    sleep: Duration,
    /// How long a cluster is cut off.
    cut: Duration,
}

const SHORT: Bounds = Bounds {
    change: Duration::from_secs(20),
    comes_back: PATIENCE,
    sleep: Duration::from_secs(10),
    cut: SILENCE,
};
const LONG: Bounds = Bounds {
    change: Duration::from_secs(10),
    comes_back: PATIENCE,
    sleep: Duration::from_secs(60),
    cut: Duration::from_secs(60),
};

/// A fleet under the meter.
struct Story {
    meter: Meter,
    bounds: Bounds,
    is_long: bool,
    table: Vec<Figures>,
    // Ended after the meter.
    world: World,
}

/// Tells it of a form, the short one or, where that is asked for, the long one.
pub(crate) fn tell(form: Form) {
    let is_long = std::env::var_os(part::FLEET_AT_LENGTH).is_some();
    if !is_long && form.is_told_at_length_alone() {
        println!("skipped: a fleet as {} is told at length alone (`cargo xtask soak`)", form.name());
        return;
    }
    let Some(world) = World::start(form, is_long) else { return };
    let mut story = Story::of(world, is_long);
    story.what_is_ready_changes();
    story.serving_processes_end_and_stand_still();
    story.deciding_processes_end_and_stand_still();
    story.the_leader_sleeps();
    story.api_servers_end_and_stand_still();
    story.stores_end_and_stand_still();
    story.clusters_are_cut_off();
    story.all_begin_again_at_once();
    story.show();
}

impl Story {
    fn of(world: World, is_long: bool) -> Self {
        for program in world.clusters.iter().flat_map(|cluster| &cluster.serves) {
            for name in NAMES {
                program.wait_for(
                    name,
                    portolan_testbed::ask::RecordType::A,
                    &CLUSTERS.map(|(_, address)| address),
                );
            }
        }
        world.clusters.iter().flat_map(|cluster| &cluster.controls).for_each(wait_until_whole);
        let pairs: Vec<_> = world.clusters.iter().map(|cluster| cluster.dns).collect();
        let meter = Meter::start(&pairs, &NAMES, &ADDRESSES);
        let bounds = if is_long { LONG } else { SHORT };
        Self { meter, bounds, is_long, table: Vec::new(), world }
    }

    // === What changes ===

    fn what_is_ready_changes(&mut self) {
        self.pass(SILENCE);
        self.end_step("nothing happens");
        for cluster in 0..CLUSTERS.len() {
            let flips = if self.is_long { FLIPS } else { 1 };
            (0..flips).for_each(|_| self.goes_and_comes(cluster));
        }
        self.end_step("each cluster goes unready, and comes back");
        for (state, is_in) in [("Draining", false), ("Active", true)] {
            self.meter.turn(ADDRESSES[1], is_in, self.bounds.change, || {
                for cluster in (0..CLUSTERS.len()).filter(|cluster| self.world.form.holds_intents(*cluster)) {
                    applied(&self.world.clusters[cluster].server, &member_cluster(CLUSTERS[1].0, state));
                }
            });
            self.meter.wait_for(&EVERYBODY, &ADDRESSES);
        }
        self.end_step("a cluster is drained, and is active again");
    }

    /// A cluster goes unready, and is ready again; everybody says so.
    fn goes_and_comes(&self, cluster: usize) {
        for is_ready in [false, true] {
            self.turn(cluster, is_ready, self.bounds.change);
            self.meter.wait_for(&EVERYBODY, &ADDRESSES);
        }
    }

    /// A cluster is ready, or is not, from now on.
    fn turn(&self, cluster: usize, is_ready: bool, within: Duration) {
        let server = &self.world.clusters[cluster].server;
        self.meter.turn(ADDRESSES[cluster], is_ready, within, || applied(server, &shop::slice(is_ready)));
    }

    // === The meter ===

    /// Ends a step in which one of two always lived.
    fn end_step(&mut self, what: &str) {
        let found = self.meter.step(what);
        eprintln!("{found}");
        assert_eq!(
            (found.lost(), found.counts.wrong),
            (0, 0),
            "lost where one of two lives, and wrong: {found}"
        );
        self.table.push(found);
    }

    fn pass(&self, time: Duration) {
        let began = Instant::now();
        // Nothing is waited for longer than everything may take.
        while began.elapsed() < time {
            let part = (time - began.elapsed()).min(PATIENCE / 2);
            let until = Instant::now() + part;
            wait("time to pass", || (Instant::now() >= until).then_some(()));
        }
    }

    fn show(&self) {
        eprintln!("{}, {}:", self.world.form.name(), if self.is_long { "at length" } else { "short" });
        eprintln!("| step | s | asked | not answered by one | by neither of two | wrong | last to say so |");
        eprintln!("| --- | ---: | ---: | ---: | ---: | ---: | --- |");
        self.table.iter().for_each(|row| eprintln!("{row}"));
    }
}

/// Where load balancers are, by cluster.
const ADDRESSES: [&str; 3] = [CLUSTERS[0].1, CLUSTERS[1].1, CLUSTERS[2].1];
/// All servers, by the meter's numbers.
const EVERYBODY: [usize; 6] = [0, 1, 2, 3, 4, 5];

/// Writes an object, as soon as the API server takes it.
fn applied(server: &ApiServer, object: &str) {
    wait("an object to be written", || server.admin().apply(object).ok());
}
