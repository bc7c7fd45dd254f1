//! A meter of availability: asks the same questions without end, and notes what was answered wrongly or not at all.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use portolan_testbed::ask::{RecordType, ask};

/// Between two rounds of questions.
const PAUSE: Duration = Duration::from_millis(10);

/// A meter at work.
pub(super) struct Meter {
    servers: Arc<Mutex<Vec<SocketAddr>>>,
    ends: Arc<AtomicBool>,
    thread: JoinHandle<(usize, Vec<String>)>,
}

impl Meter {
    /// Asks nobody yet for these names, each of which is to have just these addresses.
    pub(super) fn start(names: [&'static str; 2], right: &BTreeSet<String>) -> Self {
        let (servers, ends) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (of, until, right) = (servers.clone(), ends.clone(), right.clone());
        let thread = std::thread::spawn(move || {
            let (mut asked, mut wrong) = (0, Vec::new());
            while !until.load(Ordering::Relaxed) {
                {
                    // Held while it is asked: who is to be ended is asked no more once it was taken out.
                    let servers = of.lock().unwrap();
                    for (server, name) in servers.iter().flat_map(|server| names.map(|name| (*server, name)))
                    {
                        asked += 1;
                        let got = ask(server, name, RecordType::A);
                        let data = got.as_ref().map(|reply| reply.data(RecordType::A));
                        let is_right =
                            |data: &Vec<String>| data.iter().cloned().collect::<BTreeSet<_>>() == right;
                        if !data.as_ref().is_some_and(is_right) {
                            wrong.push(format!("{server} {name}: {data:?}"));
                        }
                    }
                }
                std::thread::park_timeout(PAUSE);
            }
            (asked, wrong)
        });
        Self { servers, ends, thread }
    }

    /// Asks these from now on, and no others.
    pub(super) fn ask(&self, servers: &[SocketAddr]) {
        *self.servers.lock().unwrap() = servers.to_vec();
    }

    /// How often it asked, and what was wrong with the answers.
    pub(super) fn stop(self) -> (usize, Vec<String>) {
        self.ends.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}
