//! Processes that end, stand still, and begin again.

use super::*;

/// What befalls a process.
#[derive(Clone, Copy, Debug)]
enum Blow {
    /// As SIGKILL, and started again.
    Kill,
    /// As SIGSTOP, and woken.
    Pause,
}

use Blow::{Kill, Pause};

impl Blow {
    fn strike(self, program: &Program) {
        match self {
            Kill => program.kill(),
            Pause => program.pause(),
        }
    }

    fn undo(self, program: &Program) {
        match self {
            Kill => program.start(),
            Pause => program.resume(),
        }
    }

    fn past(self) -> &'static str {
        match self {
            Kill => "killed",
            Pause => "paused",
        }
    }
}

impl Story {
    /// Each by itself; in the short form one of each cluster at a time, which leaves each cluster one.
    pub(super) fn serving_processes_end_and_stand_still(&mut self) {
        for replica in 0..2 {
            let all: Vec<(usize, usize)> = (0..CLUSTERS.len()).map(|cluster| (cluster, replica)).collect();
            let groups = if self.is_long { all.chunks(1) } else { all.chunks(CLUSTERS.len()) };
            for (group, blow) in groups.flat_map(|group| [(group, Kill), (group, Pause)]) {
                self.strike_serving(group, blow);
            }
        }
    }

    /// What changes meanwhile, those who were struck say soon after they are back.
    fn strike_serving(&mut self, group: &[(usize, usize)], blow: Blow) {
        let programs = |story: &Self, act: &dyn Fn(&Program)| {
            group.iter().for_each(|(cluster, replica)| act(&story.world.clusters[*cluster].serves[*replica]));
        };
        let struck: Vec<usize> =
            group.iter().map(|(cluster, replica)| World::number(*cluster, *replica)).collect();
        let others: Vec<usize> = EVERYBODY.into_iter().filter(|server| !struck.contains(server)).collect();
        self.meter.fall_behind(&struck, &ADDRESSES);
        programs(self, &|program| blow.strike(program));
        self.turn(1, false, self.bounds.change);
        self.meter.wait_for(&others, &ADDRESSES);
        self.pass(SILENCE);
        programs(self, &|program| blow.undo(program));
        programs(self, &|program| _ = program.dns());
        self.meter.catch_up(&struck, &ADDRESSES, self.bounds.change);
        self.meter.wait_for(&EVERYBODY, &ADDRESSES);
        self.turn(1, true, self.bounds.change);
        self.meter.wait_for(&EVERYBODY, &ADDRESSES);
        let names =
            group.iter().map(|(cluster, replica)| format!("{} serve {replica}", CLUSTERS[*cluster].0));
        self.end_step(&format!("{}: {}", names.collect::<Vec<_>>().join(", "), blow.past()));
    }

    /// While one of them cannot, the other one tells what changes.
    pub(super) fn deciding_processes_end_and_stand_still(&mut self) {
        for cluster in self.deciding() {
            for (replica, blow) in [(0, Kill), (1, Kill), (0, Pause), (1, Pause)] {
                let control = &self.world.clusters[cluster].controls[replica];
                blow.strike(control);
                self.turn(2, false, self.bounds.change);
                self.meter.wait_for(&EVERYBODY, &ADDRESSES);
                self.pass(SILENCE);
                blow.undo(control);
                wait_until_whole(control);
                self.turn(2, true, self.bounds.change);
                self.meter.wait_for(&EVERYBODY, &ADDRESSES);
                self.end_step(&format!("{} control {replica}: {}", CLUSTERS[cluster].0, blow.past()));
            }
        }
    }

    /// F-50, R-01, R-02: who led, sleeps, and wakes when another one leads, takes nothing back and nothing away.
    pub(super) fn the_leader_sleeps(&mut self) {
        for cluster in self.deciding() {
            let leader = self.world.leader(cluster);
            let slept = &self.world.clusters[cluster].controls[leader];
            slept.pause();
            self.turn(1, false, self.bounds.change);
            self.meter.wait_for(&EVERYBODY, &ADDRESSES);
            self.pass(self.bounds.sleep);
            slept.resume();
            wait_until_whole(slept);
            self.pass(SILENCE);
            self.records_are(&[ADDRESSES[0], ADDRESSES[2]]);
            self.turn(1, true, self.bounds.change);
            self.meter.wait_for(&EVERYBODY, &ADDRESSES);
            self.records_are(&ADDRESSES);
            assert_ne!(self.world.leader(cluster), leader, "another one leads now");
            self.end_step(&format!("F-50, R-02: the leader of {} sleeps, and wakes", CLUSTERS[cluster].0));
        }
    }

    /// Waits until what a stock External-DNS would publish from the hub has these addresses.
    pub(super) fn records_are(&self, addresses: &[&str]) {
        const RECORD: &str = "/apis/externaldns.k8s.io/v1alpha1/namespaces/shop/dnsendpoints/global-shop";
        wait(&format!("the record to have {addresses:?}"), || {
            let record = self.world.hub().admin().get(RECORD).ok()?;
            let targets = record["spec"]["endpoints"][0]["targets"].as_array()?.clone();
            targets.iter().eq(addresses).then_some(())
        });
    }

    /// What it last said stays, and others are heard meanwhile.
    pub(super) fn api_servers_end_and_stand_still(&mut self) {
        for cluster in 0..CLUSTERS.len() {
            for blow in [Kill, Pause] {
                let server = &self.world.clusters[cluster].server;
                match blow {
                    Kill => server.kill(),
                    Pause => server.pause(),
                }
                self.goes_and_comes((cluster + 1) % CLUSTERS.len());
                self.pass(SILENCE);
                match blow {
                    Kill => server.restart(),
                    Pause => server.resume(),
                }
                self.comes_back(cluster);
                self.end_step(&format!("API server of {}: {}", CLUSTERS[cluster].0, blow.past()));
            }
        }
    }

    /// Of three members one may go, and nobody notices; with a store of one the API server is as good as gone meanwhile.
    pub(super) fn stores_end_and_stand_still(&mut self) {
        for cluster in 0..CLUSTERS.len() {
            let Cluster { members, server, .. } = &self.world.clusters[cluster];
            match members {
                Some(members) => {
                    for member in 0..members.urls().len() {
                        members.kill(member);
                        self.goes_and_comes(cluster);
                        members.restart(member);
                        members.pause(member);
                        self.goes_and_comes(cluster);
                        members.resume(member);
                    }
                }
                None => {
                    server.etcd().pause();
                    self.pass(SILENCE);
                    server.etcd().resume();
                    server.etcd().restart();
                }
            }
            self.comes_back(cluster);
            self.end_step(&format!("etcd of {}: killed, paused", CLUSTERS[cluster].0));
        }
    }

    /// What happens in a cluster that is there again is heard.
    fn comes_back(&self, cluster: usize) {
        for is_ready in [false, true] {
            self.turn(cluster, is_ready, self.bounds.comes_back);
            self.meter.wait_for(&EVERYBODY, &ADDRESSES);
        }
    }

    /// F-54: nobody is there for a moment; who comes back says at once what was right.
    pub(super) fn all_begin_again_at_once(&mut self) {
        self.world
            .programs()
            .filter(|program| program.at("state").exists())
            .for_each(Program::wait_until_kept);
        self.world.programs().for_each(Program::kill);
        self.world.programs().for_each(Program::start);
        self.world.clusters.iter().flat_map(|cluster| &cluster.serves).for_each(|serve| _ = serve.dns());
        let found = self.meter.step("F-54: all begin again at once");
        eprintln!("{found}");
        assert_eq!(found.counts.wrong, 0, "{found}");
        self.table.push(found);
        self.world.clusters.iter().flat_map(|cluster| &cluster.controls).for_each(wait_until_whole);
        for cluster in 0..CLUSTERS.len() {
            self.comes_back(cluster);
        }
        self.records_are(&ADDRESSES);
        self.end_step("and each cluster is heard");
    }

    /// The clusters that have processes which decide.
    fn deciding(&self) -> Vec<usize> {
        (0..CLUSTERS.len()).filter(|cluster| self.world.form.has_controls(*cluster)).collect()
    }
}
