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
        let clusters: Vec<usize> = (0..CLUSTERS.len()).collect();
        for (group, blow) in self.blows(&clusters) {
            self.strike_serving(&group, blow);
        }
    }

    /// Each process of a role in these clusters is killed, by itself or with those of the other clusters; then each is paused.
    /// So none of one cluster is struck twice in a row, after which nobody follows it.
    fn blows(&self, clusters: &[usize]) -> Vec<(Vec<(usize, usize)>, Blow)> {
        let at_once = if self.is_long { 1 } else { clusters.len() };
        let groups = clusters.chunks(at_once).flat_map(|group| {
            [0, 1].map(|replica| group.iter().map(|cluster| (*cluster, replica)).collect::<Vec<_>>())
        });
        let groups: Vec<_> = groups.collect();
        [Kill, Pause]
            .into_iter()
            .flat_map(|blow| groups.iter().map(move |group| (group.clone(), blow)))
            .collect()
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
        for (group, blow) in self.blows(&self.deciding()) {
            let controls = |story: &Self, act: &dyn Fn(&Program)| {
                group
                    .iter()
                    .for_each(|(cluster, replica)| act(&story.world.clusters[*cluster].controls[*replica]));
            };
            controls(self, &|control| blow.strike(control));
            self.turn(2, false, self.bounds.change);
            self.meter.wait_for(&EVERYBODY, &ADDRESSES);
            self.pass(SILENCE);
            controls(self, &|control| blow.undo(control));
            controls(self, &wait_until_whole);
            self.turn(2, true, self.bounds.change);
            self.meter.wait_for(&EVERYBODY, &ADDRESSES);
            self.end_step(&format!("{}: {}", names("control", &group), blow.past()));
        }
    }

    /// F-50, R-01, R-02: who led, sleeps, and wakes when another one leads, takes nothing back and nothing away.
    pub(super) fn the_leader_sleeps(&mut self) {
        let led: Vec<usize> =
            (0..CLUSTERS.len()).filter(|cluster| self.world.form.has_leader(*cluster)).collect();
        let slept: Vec<(usize, usize)> =
            led.iter().map(|cluster| (*cluster, self.world.leader(*cluster))).collect();
        let controls = |story: &Self, act: &dyn Fn(&Program)| {
            slept.iter().for_each(|(cluster, leader)| act(&story.world.clusters[*cluster].controls[*leader]));
        };
        controls(self, &Program::pause);
        self.turn(1, false, self.bounds.change);
        self.meter.wait_for(&EVERYBODY, &ADDRESSES);
        self.pass(self.bounds.sleep);
        controls(self, &Program::resume);
        controls(self, &wait_until_whole);
        self.pass(SILENCE);
        self.records_are(&[ADDRESSES[0], ADDRESSES[2]]);
        self.turn(1, true, self.bounds.change);
        self.meter.wait_for(&EVERYBODY, &ADDRESSES);
        self.records_are(&ADDRESSES);
        for (cluster, leader) in &slept {
            assert_ne!(
                self.world.leader(*cluster),
                *leader,
                "another one leads {} now",
                CLUSTERS[*cluster].0
            );
        }
        self.end_step(&format!("F-50, R-02: who leads sleeps, and wakes ({})", names("control", &slept)));
    }

    /// Waits until what a stock External-DNS would publish has these addresses, wherever it is written.
    pub(super) fn records_are(&self, addresses: &[&str]) {
        const RECORD: &str = "/apis/externaldns.k8s.io/v1alpha1/namespaces/shop/dnsendpoints/global-shop";
        for cluster in (0..CLUSTERS.len()).filter(|cluster| self.world.form.has_leader(*cluster)) {
            wait(&format!("the record to have {addresses:?}"), || {
                let record = self.world.clusters[cluster].server.admin().get(RECORD).ok()?;
                let targets = record["spec"]["endpoints"][0]["targets"].as_array()?.clone();
                targets.iter().eq(addresses).then_some(())
            });
        }
    }

    /// What it last said stays, and others are heard meanwhile.
    pub(super) fn api_servers_end_and_stand_still(&mut self) {
        for (cluster, (name, _)) in CLUSTERS.into_iter().enumerate() {
            for blow in [Kill, Pause] {
                let server = &self.world.clusters[cluster].server;
                match blow {
                    Kill => server.kill(),
                    Pause => server.pause(),
                }
                let other = (cluster + 1) % CLUSTERS.len();
                let behind = self.fall_behind(&[], &[cluster]);
                self.turn(other, false, self.bounds.change);
                self.wait_for_heard(&behind);
                self.pass(SILENCE);
                let server = &self.world.clusters[cluster].server;
                match blow {
                    Kill => server.restart(),
                    Pause => server.resume(),
                }
                self.catch_up(&behind);
                self.turn(other, true, self.bounds.change);
                self.comes_back(cluster);
                self.end_step(&format!("API server of {name}: {}", blow.past()));
            }
        }
    }

    /// Of three members one may go, and nobody notices; with a store of one the API server is as good as gone meanwhile.
    pub(super) fn stores_end_and_stand_still(&mut self) {
        for (cluster, (name, _)) in CLUSTERS.into_iter().enumerate() {
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
            self.end_step(&format!("etcd of {name}: killed, paused"));
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
        self.pass(KEPT);
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

    /// The clusters that have processes that decide.
    fn deciding(&self) -> Vec<usize> {
        (0..CLUSTERS.len()).filter(|cluster| self.world.form.has_controls(*cluster)).collect()
    }
}

/// What processes are called, for people.
fn names(role: &str, processes: &[(usize, usize)]) -> String {
    let name = |(cluster, replica): &(usize, usize)| format!("{} {role} {replica}", CLUSTERS[*cluster].0);
    processes.iter().map(name).collect::<Vec<_>>().join(", ")
}
