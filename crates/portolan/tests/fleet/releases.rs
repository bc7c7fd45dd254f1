//! F-53: a roll-out to half of the processes, that is taken back. Both releases read what the other one writes: its stream, and
//! its last good state.
//!
//! The release before is the program that `PORTOLAN_RELEASE_BEFORE` names, as `cargo xtask soak` does; else this one stands in
//! for it, and it is processes that are exchanged one by one.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use portolan_testbed::port::free_port;
use portolan_testbed::{Meter, Program, part, shop};
use tempfile::TempDir;

use crate::world::{BINARY, CLUSTERS, NAMES, loopback, papers, with_papers};

/// How soon a change has to be said.
const CHANGE: Duration = Duration::from_secs(20);
/// Where the load balancers of the two clusters are.
const ADDRESSES: [&str; 2] = [CLUSTERS[0].1, CLUSTERS[1].1];
const EVERYBODY: [usize; 2] = [0, 1];

/// One that decides, by a fleet folder, and two that answer.
struct Site {
    folder: TempDir,
    papers: TempDir,
    stream: u16,
    dns: [SocketAddr; 2],
    meter: Option<Meter>,
}

impl Site {
    fn new() -> Self {
        let site = Self {
            folder: tempfile::tempdir().unwrap(),
            papers: papers(),
            stream: free_port(),
            dns: [(); 2].map(|()| loopback(free_port())),
            meter: None,
        };
        fs::create_dir_all(site.at("fleet/eu-1")).unwrap();
        fs::create_dir_all(site.at("fleet/us-1")).unwrap();
        fs::write(site.at("fleet/root.yaml"), shop::INTENTS).unwrap();
        for cluster in 0..ADDRESSES.len() {
            site.offer(cluster, true);
        }
        site
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn offer(&self, cluster: usize, is_ready: bool) {
        let file = self.at(&format!("fleet/{}/web.yaml", CLUSTERS[cluster].0));
        fs::write(file, shop::workload(ADDRESSES[cluster], is_ready)).unwrap();
    }

    /// A cluster goes unready, and is ready again; both say so.
    fn goes_and_comes(&self, cluster: usize) {
        let meter = self.meter.as_ref().unwrap();
        for is_ready in [false, true] {
            meter.turn(ADDRESSES[cluster], is_ready, CHANGE, || self.offer(cluster, is_ready));
            meter.wait_for(&EVERYBODY, &ADDRESSES);
        }
    }

    // === Processes, each with the state of the one in whose place it comes ===

    fn control(&self, release: &Path) -> Program {
        let stream = loopback(self.stream).to_string();
        let program = Program::new(release, "control")
            .with(["run", "--listen", "127.0.0.1:0", "--workers", "1", "--stream-listen", &stream])
            .with(["--fleet"])
            .with([self.at("fleet")])
            .with(["--state"])
            .with([self.at("control-state")]);
        let program = with_papers(program, self.papers.path(), "control");
        program.start();
        let _ = program.dns();
        program
    }

    fn serve(&self, release: &Path, number: usize) -> Program {
        let follow = format!("https://{}", loopback(self.stream));
        let dns = self.dns[number].to_string();
        let program = Program::new(release, &format!("serve-{number}"))
            .with(["run", "--role", "serve", "--follow", &follow, "--workers", "1", "--listen", &dns])
            .with(["--state"])
            .with([self.at(&format!("serve-state-{number}"))]);
        let program = with_papers(program, self.papers.path(), "serve");
        program.start();
        let _ = program.dns();
        program
    }
}

#[test]
fn f_53_half_are_upgraded_and_it_is_taken_back() {
    let now = PathBuf::from(BINARY);
    let before = std::env::var_os(part::RELEASE_BEFORE).map_or_else(|| now.clone(), PathBuf::from);
    let mut site = Site::new();
    let mut control = site.control(&before);
    let mut serves = [0, 1].map(|number| site.serve(&before, number));
    serves
        .iter()
        .for_each(|serve| serve.wait_for(NAMES[0], portolan_testbed::ask::RecordType::A, &ADDRESSES));
    site.meter = Some(Meter::start(&[site.dns], &NAMES[..1], &ADDRESSES));
    site.goes_and_comes(0);

    // Those who answer first, and one of them only; then who decides; and back, who decides last.
    for (serve, decides) in [(&now, &before), (&now, &now), (&before, &now), (&before, &before)] {
        serves[0].stop();
        serves[0] = site.serve(serve, 0);
        control.stop();
        control = site.control(decides);
        site.goes_and_comes(1);
        site.goes_and_comes(0);
    }
    // The other one was of the release before all the while, and is upgraded behind one that is not.
    serves[1].stop();
    serves[1] = site.serve(&now, 1);
    site.goes_and_comes(1);
    let found = site.meter.as_ref().unwrap().step("F-53: half are upgraded, and it is taken back");
    eprintln!("{found}");
    assert_eq!((found.lost(), found.counts.wrong), (0, 0), "{found}");
}
