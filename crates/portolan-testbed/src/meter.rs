//! An availability meter: asks DNS servers without end what is right, while a test does its worst to them.
//!
//! ```text
//!   the test ── turns, behind ──▶ truth ◀── was that right, then? ──┐
//!                                                                   │
//!   each TICK: one question to every server ──▶ servers ──▶ replies ┴──▶ tally: who has answered, of a pair too
//! ```
//!
//! Servers come in pairs, which stand for a site whose clients ask the other one where one is silent: a question is lost for
//! a site where neither has answered in time. All names have the same addresses, each in the answers or not; the test says
//! when that changes, how soon every server has to say so ([`Meter::turn`]), and which server cannot hear of it
//! ([`Meter::fall_behind`]).

use std::fmt;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::RecordType;

use crate::ask;
use crate::wait::{poll, wait};
use tally::Tally;
use truth::{At, Truth};

pub use tally::Counts;

mod tally;
mod truth;

/// Between two questions to a server: a hundred a second.
pub const TICK: Duration = Duration::from_millis(10);
/// Most faults of a step that are told one by one.
const FAULTS_TOLD_MAX: usize = 10;
/// Most changes of a step that are told one by one, and not as a spread.
const CHANGES_TOLD_MAX: usize = 12;
/// The longest reply that is read.
const REPLY_OCTETS_MAX: usize = 1_232;

/// Two servers of a site.
pub type Pair = [SocketAddr; 2];

/// A meter at work; it ends with its value.
#[derive(Debug)]
pub struct Meter {
    shared: Arc<Mutex<Shared>>,
    began: Instant,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What the test and the meter's thread share.
#[derive(Debug)]
struct Shared {
    truth: Truth,
    tally: Tally,
    faults: Vec<String>,
    step_began: At,
}

/// What was found in a step.
#[derive(Clone, Debug)]
pub struct Figures {
    /// What the step was.
    pub step: String,
    /// How long it took.
    pub took: Duration,
    /// What became of its questions.
    pub counts: Counts,
    /// The first replies that were wrong, with what was.
    pub faults: Vec<String>,
    /// What changed, and how long it took until the last server said so.
    pub changes: Vec<(String, Duration)>,
}

impl Meter {
    /// Asks these servers for A records of these names, in turns; all have all of these addresses.
    ///
    /// # Panics
    /// When a name is none, or there is no socket or thread to be had.
    #[must_use]
    pub fn start(pairs: &[Pair], names: &[&str], addresses: &[&str]) -> Self {
        let shared = Arc::new(Mutex::new(Shared {
            truth: Truth::of(addresses),
            tally: Tally::of(pairs.len()),
            faults: Vec::new(),
            step_began: At::ZERO,
        }));
        let (began, (stop, stopped)) = (Instant::now(), channel());
        let asking = Asking {
            shared: shared.clone(),
            began,
            sockets: pairs.as_flattened().iter().map(|server| socket(*server)).collect(),
            questions: names.iter().map(|name| ask::octets_of(name, RecordType::A)).collect(),
        };
        let thread = thread::Builder::new().name("meter".into()).spawn(move || asking.run(&stopped));
        let thread = thread.expect("threads can be made");
        Self { shared, began, stop: Some(stop), thread: Some(thread) }
    }

    /// An act puts an address into the answers, or takes it out. Once it is done, every server that is not behind has to say so
    /// within a time.
    pub fn turn(&self, address: &str, is_in: bool, within: Duration, act: impl FnOnce()) {
        let now = self.began.elapsed();
        self.lock().truth.begin_turn(now, address, is_in);
        act();
        let now = self.began.elapsed();
        self.lock().truth.end_turn(now, address, within);
    }

    /// Servers cannot hear of addresses from now on: what was right when that began, or since, may be said.
    pub fn fall_behind(&self, servers: &[usize], addresses: &[&str]) {
        let now = self.began.elapsed();
        let mut shared = self.lock();
        for server in servers {
            addresses.iter().for_each(|address| shared.truth.fall_behind(now, *server, address));
        }
    }

    /// They can again, and have to know within a time.
    pub fn catch_up(&self, servers: &[usize], addresses: &[&str], within: Duration) {
        let now = self.began.elapsed();
        let mut shared = self.lock();
        for server in servers {
            addresses.iter().for_each(|address| shared.truth.catch_up(now, *server, address, within));
        }
    }

    /// Waits until servers have said of these addresses what is right of them.
    ///
    /// # Panics
    /// When they have not after [`PATIENCE`](crate::wait::PATIENCE), with who lacks what.
    pub fn wait_for(&self, servers: &[usize], addresses: &[&str]) {
        let mut lacking = Vec::new();
        let look = || {
            let shared = self.lock();
            lacking = servers.iter().map(|server| (*server, shared.truth.unseen(*server))).collect();
            for (_, unseen) in &mut lacking {
                unseen.retain(|address| addresses.contains(&address.as_str()));
            }
            lacking.retain(|(_, unseen)| !unseen.is_empty());
            lacking.is_empty().then_some(())
        };
        if poll(look).is_none() {
            panic!("servers, and what they have not said as it is: {lacking:?}; {:?}", self.lock().faults);
        }
    }

    /// Ends a step, once every question of it was answered or is lost; what was found in it.
    ///
    /// # Panics
    /// When the meter has ended by itself.
    #[must_use]
    pub fn step(&self, step: &str) -> Figures {
        self.lock().tally.end_step();
        let counts = wait("the last replies of a step", || self.lock().tally.take());
        let now = self.began.elapsed();
        let mut shared = self.lock();
        let began = std::mem::replace(&mut shared.step_began, now);
        Figures {
            step: step.to_owned(),
            took: now - began,
            counts,
            faults: std::mem::take(&mut shared.faults),
            changes: shared.truth.changes(began),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of it was told when it came.
            let _ = thread.join();
        }
    }
}

impl Figures {
    /// So many questions found no answer at a site.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.counts.lost_by_both.iter().sum()
    }
}

impl fmt::Display for Figures {
    /// A row of a table.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one: u64 = self.counts.lost.iter().sum();
        let asked = self.counts.asked * u64::try_from(self.counts.lost.len()).unwrap_or(0);
        let changes = told(&self.changes);
        let (step, seconds, lost, wrong) =
            (&self.step, self.took.as_secs_f64(), self.lost(), self.counts.wrong);
        write!(f, "| {step} | {seconds:.1} | {asked} | {one} | {lost} | {wrong} | {changes} |")?;
        self.faults.iter().try_for_each(|fault| write!(f, "\n    {fault}"))
    }
}

/// How long changes took: each, or of many how they are spread.
fn told(changes: &[(String, Duration)]) -> String {
    if changes.len() <= CHANGES_TOLD_MAX {
        let change = |(what, took): &(String, Duration)| format!("{what}: {} ms", took.as_millis());
        return changes.iter().map(change).collect::<Vec<_>>().join(", ");
    }
    let [median, most, max] = quantiles(changes.iter().map(|(_, took)| *took).collect());
    format!("{} changes: p50 {median} ms, p99 {most} ms, at most {max} ms", changes.len())
}

/// The median, the 99th of a hundred and the longest, in milliseconds.
///
/// # Panics
/// When there are none.
#[must_use]
pub fn quantiles(mut times: Vec<Duration>) -> [u128; 3] {
    times.sort_unstable();
    [50, 99, 100].map(|hundredths| times[(times.len() * hundredths).div_ceil(100).max(1) - 1].as_millis())
}

// === The thread ===

struct Asking {
    shared: Arc<Mutex<Shared>>,
    began: Instant,
    /// One a server.
    sockets: Vec<UdpSocket>,
    /// One a name.
    questions: Vec<Vec<u8>>,
}

impl Asking {
    /// Until nobody wants it any more.
    fn run(self, stop: &Receiver<()>) {
        let mut next = Instant::now();
        for question in self.questions.iter().cycle() {
            let pause = next.saturating_duration_since(Instant::now());
            if stop.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            // Replies first, so that none counts as late because we were.
            self.hear();
            self.ask(question);
            // What could not be asked in time is not made up for.
            next = (next + TICK).max(Instant::now());
        }
    }

    fn ask(&self, question: &[u8]) {
        let now = self.began.elapsed();
        let id = self.lock().tally.ask(now);
        let message = [&id.to_be_bytes()[..], &question[2..]].concat();
        // Who is not there has not answered.
        self.sockets.iter().for_each(|socket| drop(socket.send(&message)));
    }

    /// Takes all replies that are there.
    fn hear(&self) {
        let mut octets = [0; REPLY_OCTETS_MAX];
        for (server, socket) in self.sockets.iter().enumerate() {
            loop {
                match socket.recv(&mut octets) {
                    Ok(length) => self.reply(server, &octets[..length]),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    // Nobody listens there: each question tells it once.
                    Err(_) => {}
                }
            }
        }
        let now = self.began.elapsed();
        self.lock().tally.end_those_before(now);
    }

    fn reply(&self, server: usize, octets: &[u8]) {
        let heard = self.began.elapsed();
        let Some(id) = octets.first_chunk().map(|id| u16::from_be_bytes(*id)) else { return };
        let said = addresses(octets);
        let mut shared = self.lock();
        let Some(asked) = shared.tally.hear(heard, server, id) else { return };
        let fault = match &said {
            Ok(said) => {
                shared.truth.note(server, asked, heard, said);
                shared.truth.fault(server, asked, heard, said)
            }
            Err(fault) => Some(fault.clone()),
        };
        let Some(fault) = fault else { return };
        shared.tally.wrong(id);
        if shared.faults.len() < FAULTS_TOLD_MAX {
            shared.faults.push(format!("at {:.2} s server {server}: {fault}", heard.as_secs_f64()));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The addresses that a reply has, or why it has none.
fn addresses(reply: &[u8]) -> Result<Vec<String>, String> {
    let message =
        Message::from_vec(reply).map_err(|error| format!("a reply that cannot be read: {error}"))?;
    match message.metadata.response_code {
        ResponseCode::NoError => {
            let records = message.answers.iter().filter(|record| record.record_type() == RecordType::A);
            Ok(records.map(|record| record.data.to_string()).collect())
        }
        other => Err(other.to_string()),
    }
}

/// Hears one server alone, and waits for nothing.
fn socket(server: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a port");
    socket.connect(server).expect("loopback leads anywhere on it");
    socket.set_nonblocking(true).expect("a socket can be non-blocking");
    socket
}

#[cfg(test)]
mod tests;
