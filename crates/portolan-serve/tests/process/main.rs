//! What concerns a whole process: its threads and its file descriptors. Alone in one test, as others
//! beside it would have threads and descriptors too.
#![allow(missing_docs)]
// What clippy.toml allows in tests it does not see in what they call.
#![allow(clippy::unwrap_used)]

#[path = "../serve/client.rs"]
#[allow(dead_code, reason = "the tests of `serve` use the rest of it")]
mod client;
#[path = "../serve/fleet.rs"]
#[allow(dead_code, reason = "the tests of `serve` use the rest of it")]
mod fleet;

use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use portolan_core::RecordType;
use portolan_serve::counters::Count;
use portolan_serve::{Config, Pin, Published, Running, Server};

use client::{addresses, ask_tcp, ask_udp, frame, question, read_frame, tcp, udp, wait_until};

#[test]
fn threads_and_descriptors() {
    nothing_is_left_after_a_shutdown();
    workers_stay_where_they_are_put();
    without_descriptors_udp_goes_on_and_tcp_recovers();
}

fn start() -> Running {
    let listen = ["127.0.0.1:0", "[::1]:0"].map(|address| address.parse().unwrap()).to_vec();
    let config = Config { listen, workers: Some(3), ..Config::default() };
    Server::bind(config).unwrap().start(&Published::new(fleet::World::new().snapshot)).unwrap()
}

fn nothing_is_left_after_a_shutdown() {
    // What a process makes once and keeps (the runtime's pipe for signals).
    start().shutdown();
    wait_until("all threads are gone", || threads() == 2);
    let before = (threads(), descriptors());
    let running = start();
    let addresses = running.addresses().to_vec();
    let mut idle: Vec<TcpStream> = addresses.iter().map(|address| tcp(*address)).collect();
    for (stream, address) in idle.iter_mut().zip(&addresses) {
        ask_tcp(stream, &question(1, "www", RecordType::A));
        ask_udp(&udp(*address), &question(1, "www", RecordType::A));
    }
    assert!(threads() > before.0 + 2 * 3, "{} threads", threads());
    let counters = running.counters().clone();
    running.shutdown();
    assert_eq!(counters.sum().get(Count::ClosedByStop), 2);
    assert!(idle.iter_mut().all(client::is_closed));
    drop(idle);
    assert_eq!(descriptors(), before.1);
    // A thread is off the list a moment after it was joined.
    wait_until("all threads are gone", || threads() == before.0);
    drop(start());
    wait_until("dropping ends them too", || (threads(), descriptors()) == before);
}

fn workers_stay_where_they_are_put() {
    let mine = processors("self");
    // What the kernel writes: `0-1` for all, and one number for one that is pinned.
    for (pin, expected) in [(Pin::No, [mine.clone(), mine.clone()]), (Pin::Yes, pinned())] {
        let listen = vec!["127.0.0.1:0".parse().unwrap()];
        let config = Config { listen, workers: Some(2), pin, ..Config::default() };
        let published = Published::new(fleet::World::new().snapshot);
        let running = Server::bind(config).unwrap().start(&published).unwrap();
        let at = || ["dns-udp-0", "dns-udp-1"].map(|name| thread(name).map(|id| processors(&id)));
        wait_until("workers are where they belong", || at() == expected.clone().map(Some));
        assert_eq!(processors("self"), mine, "{pin:?} moves nobody else");
        ask_udp(&udp(running.addresses()[0]), &question(1, "www", RecordType::A));
    }
}

/// One processor for each of so many workers, out of those that this process may use.
fn pinned<const N: usize>() -> [String; N] {
    let set = nix::sched::sched_getaffinity(nix::unistd::Pid::from_raw(0)).unwrap();
    let mine = (0..nix::sched::CpuSet::count()).filter(|nth| set.is_set(*nth).unwrap());
    let mut turns = mine.collect::<Vec<_>>().into_iter().cycle();
    std::array::from_fn(|_| turns.next().unwrap().to_string())
}

/// The number of a thread of this process, by its name.
fn thread(name: &str) -> Option<String> {
    let threads = fs::read_dir("/proc/self/task").unwrap().flatten();
    let is_it =
        |path: &std::path::Path| fs::read_to_string(path.join("comm")).is_ok_and(|n| n.trim() == name);
    let found = threads.map(|entry| entry.path()).find(|path| is_it(path))?;
    Some(found.file_name()?.to_string_lossy().into_owned())
}

/// The processors that a thread may use, as the kernel lists them.
fn processors(thread: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{thread}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    line.unwrap().trim().to_owned()
}

fn without_descriptors_udp_goes_on_and_tcp_recovers() {
    let running = start();
    let server = running.addresses()[0];
    let packet = question(1, "www", RecordType::A);
    let by_udp = udp(server);
    let mut known = tcp(server);
    ask_tcp(&mut known, &packet);
    let mut hoard = take_all_descriptors_but(1);
    // The last descriptor is ours, so there is none for the server's end: it waits in the backlog.
    let mut waiting = tcp(server);
    let counters = running.counters();
    wait_until("accepting has failed", || counters.sum().get(Count::AcceptErrors) > 0);
    for id in 0..50 {
        assert_eq!(addresses(&ask_udp(&by_udp, &question(id, "www", RecordType::A))).len(), 3);
    }
    // The connection that was idle made room for it.
    assert!(client::is_closed(&mut known));
    wait_until("that is counted", || counters.sum().get(Count::ClosedForRoom) > 0);
    assert_eq!(addresses(&ask_tcp(&mut waiting, &packet)).len(), 3);
    let errors = counters.sum().get(Count::AcceptErrors);
    assert!(errors < 1_000, "{errors}: it rests between attempts");
    hoard.clear();
    assert_answers_many(server);
}

fn assert_answers_many(server: SocketAddr) {
    let mut streams: Vec<TcpStream> = (0..50).map(|_| tcp(server)).collect();
    for stream in &mut streams {
        std::io::Write::write_all(stream, &frame(&question(7, "www", RecordType::A))).unwrap();
    }
    assert!(streams.iter_mut().all(|stream| read_frame(stream).is_some()));
}

/// Lowers this process' limit and opens files until so many are left.
fn take_all_descriptors_but(left: usize) -> Vec<File> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let soft = u64::try_from(descriptors()).unwrap() + 100;
    setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap();
    let mut hoard: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    hoard.truncate(hoard.len() - left);
    hoard
}

fn threads() -> usize {
    fs::read_dir("/proc/self/task").unwrap().count()
}

/// One less than are listed: the listing has one itself.
fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count() - 1
}
