//! What `cargo xtask bench --gate` measures: the answering side alone, with a made-up fleet behind it.
//!
//! ```text
//!   gate serve 127.0.0.1:0        answers on loopback until its input ends
//!   gate packets FOLDER...        answers each packet once, in this process, and says what came of it
//! ```
//!
//! It is the code of the server and nothing else of the program, so it is built in seconds, and its seeds
//! are constants, so that two runs do the same. The names are in [`world`]; the packets that mean harm and
//! that are too long to be kept as files are in [`hostile`].
#![allow(missing_docs)]

use std::io::{BufRead as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use portolan_core::{Draw, Snapshot};
use portolan_serve::respond::{Manner, Outcome, Packet, Room, Transport, respond};
use portolan_serve::{Config, Limits, Published, Server};

mod hostile;
mod world;

/// Where each packet of `packets` comes from (RFC 5737).
const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));
/// What each is drawn with.
const DRAW: Draw = Draw(7);
/// Longest message, and so the largest reply, in octets.
const MESSAGE_OCTETS_MAX: usize = 65_535;
/// Longest packet that comes by UDP here; what is longer can only have come by a stream.
const UDP_OCTETS_MAX: usize = 1_500;

/// How long a connection may be idle.
const IDLE: Duration = Duration::from_secs(3_600);

type Fault = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let done = match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["serve", address] => serve(address),
        ["packets", folders @ ..] => on_a_stack_of_its_own(|| packets(folders)),
        _ => Err("usage: gate serve ADDRESS | gate packets FOLDER...".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("gate: {fault}");
            ExitCode::FAILURE
        }
    }
}

/// One worker, until standard input ends.
fn serve(address: &str) -> Result<(), Fault> {
    let listen: SocketAddr = address.parse()?;
    // The one client connects before anything is asked, and may be slow.
    let limits = Limits { first_byte: IDLE, idle: IDLE, ..Limits::default() };
    let config =
        Config { listen: vec![listen], workers: Some(1), seed: world::SEED, limits, ..Config::default() };
    let running = Server::bind(config)?.start(&Published::new(world::snapshot()))?;
    for address in running.addresses() {
        println!("listening on {address}");
    }
    std::io::stdin().lock().lines().try_for_each(|line| line.map(drop))?;
    running.shutdown();
    Ok(())
}

/// Where the first stack begins depends on the arguments and the environment, and some copies take a few
/// instructions more or less by where they are. A thread's stack is always the same.
fn on_a_stack_of_its_own(work: impl FnOnce() -> Result<(), String> + Send) -> Result<(), Fault> {
    let done = thread::scope(|scope| scope.spawn(work).join());
    done.map_err(|_| "it panicked")?.map_err(Into::into)
}

/// Answers every packet twice, the second time inside [`measured`], and prints a line for each: whether it is
/// `good`, `hostile` or a `file`, its name, and what came of it.
fn packets(folders: &[&str]) -> Result<(), String> {
    let snapshot = world::snapshot();
    let mut desk = Desk { snapshot: &snapshot, room: Room::default(), out: vec![0; MESSAGE_OCTETS_MAX] };
    let good = hostile::good();
    let mut groups = vec![("hostile", hostile::packets(&good))];
    groups.insert(0, ("good", good));
    for folder in folders {
        groups.push(("file", files(folder)?));
    }
    let mut out = std::io::stdout().lock();
    for (group, packets) in &groups {
        for (name, octets) in packets {
            // What a first time costs (pages, the dynamic linker) is not the packet's.
            desk.answer(octets);
            let outcome = spell(measured(&mut desk, octets));
            writeln!(out, "{group} {name} {outcome}").map_err(|fault| fault.to_string())?;
        }
    }
    Ok(())
}

/// The function that callgrind counts in, found by its name.
#[inline(never)]
fn measured(desk: &mut Desk<'_>, octets: &[u8]) -> Outcome {
    desk.answer(octets)
}

struct Desk<'d> {
    snapshot: &'d Snapshot,
    room: Room,
    out: Vec<u8>,
}

impl Desk<'_> {
    fn answer(&mut self, octets: &[u8]) -> Outcome {
        let transport = if octets.len() > UDP_OCTETS_MAX { Transport::Tcp } else { Transport::Udp };
        let packet = Packet { octets, source: SOURCE };
        let manner = Manner { transport, nsid: b"gate" };
        respond(self.snapshot, packet, manner, DRAW, &mut self.room, &mut self.out)
    }
}

fn spell(outcome: Outcome) -> String {
    match outcome {
        Outcome::Reply { octets, code, .. } => format!("{code:?} in {octets} octets"),
        Outcome::Dropped(reason) => format!("dropped: {reason:?}"),
    }
}

/// The files of a folder, each a packet, in the order of their names.
fn files(folder: &str) -> Result<Vec<(String, Vec<u8>)>, String> {
    let said = |fault: std::io::Error| format!("{folder}: {fault}");
    let entries = std::fs::read_dir(folder).map_err(said)?;
    let mut names = entries
        .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(said)?;
    names.sort();
    let read = |name: String| Ok((name.clone(), std::fs::read(format!("{folder}/{name}")).map_err(said)?));
    names.into_iter().map(read).collect()
}
