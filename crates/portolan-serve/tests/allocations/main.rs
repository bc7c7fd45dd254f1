//! The path of a query allocates nothing (DESIGN section 8): every allocation of this process is
//! counted, but for those of the thread that asks. Nor does a worker ever free anything: of one thread
//! that is named, what it frees is counted too.
#![allow(missing_docs)]
// What clippy.toml allows in tests it does not see in what they call.
#![allow(clippy::unwrap_used)]
// An allocator is unsafe by its trait. This one counts and hands over to the system's.
#![allow(unsafe_code)]

#[path = "../serve/client.rs"]
#[allow(dead_code, reason = "the tests of `serve` use the rest of it")]
mod client;
#[path = "../serve/fleet.rs"]
#[allow(dead_code, reason = "the tests of `serve` use the rest of it")]
mod fleet;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::Write;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use portolan_core::RecordType;
use portolan_serve::counters::Count;
use portolan_serve::published::RETIRED_MAX;
use portolan_serve::{Config, Published, Server};

use client::{frame, question, read_frame, tcp, udp, wait_until, with_subnet};

/// Allocations of all threads that did not ask to be left out.
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

/// The thread whose frees are counted, by its number; 0: none.
static FREER: AtomicI32 = AtomicI32::new(0);
/// How often it has freed something.
static FREES: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static LEFT_OUT: Cell<bool> = const { Cell::new(false) };
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count() {
    if !LEFT_OUT.get() {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
    }
}

fn count_free() {
    let freer = FREER.load(Ordering::Relaxed);
    if freer != 0 && freer == nix::unistd::gettid().as_raw() {
        FREES.fetch_add(1, Ordering::Relaxed);
    }
}

// SAFETY: each call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count_free();
        // SAFETY: the caller's promise is handed on.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promise is handed on.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[test]
fn the_path_of_a_query_allocates_nothing() {
    LEFT_OUT.set(true);
    for listen in ["127.0.0.1:0", "0.0.0.0:0", "[::1]:0", "[::]:0"] {
        check(listen);
    }
    assert_allocations_are_seen();
    assert_no_worker_frees_a_snapshot();
    assert_frees_are_seen();
}

fn check(listen: &str) {
    let config = Config {
        listen: vec![listen.parse().unwrap()],
        workers: Some(1),
        nsid: b"here".to_vec(),
        ..Config::default()
    };
    let published = Published::new(fleet::World::new().snapshot);
    let running = Server::bind(config).unwrap().start(&published).unwrap();
    let client = udp(loopback(running.addresses()[0]));
    let packets = packets();
    // The first round makes what a thread makes once (its entry at the shared pointer), and beside it
    // the runtime of the streams starts.
    ask_all(&client, &packets);
    wait_until_quiet();
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    for _ in 0..100 {
        ask_all(&client, &packets);
    }
    let allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;
    assert_eq!(allocations, 0, "on {listen}, in {} queries", 100 * packets.len());
    assert_variety(running.counters().sum());
    check_stream(loopback(running.addresses()[0]));
}

/// A connection allocates when it begins; what it asks costs nothing, one at a time or many at once.
fn check_stream(address: SocketAddr) {
    let mut stream = tcp(address);
    let one = frame(&question(1, "www", RecordType::A));
    let many = one.repeat(30);
    let mut ask = |frames: &[u8], replies| {
        stream.write_all(frames).unwrap();
        (0..replies).for_each(|_| assert!(read_frame(&mut stream).is_some()));
    };
    // Each thread of the runtime makes its buffer once, and nobody tells which of them comes next.
    for _ in 0..20 {
        ask(&one, 1);
        ask(&many, 30);
    }
    wait_until_quiet();
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    for _ in 0..100 {
        ask(&one, 1);
        ask(&many, 30);
    }
    let allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;
    // So few, should a thread come to its first question only now.
    assert!(allocations < 20, "{allocations} on {address} in 3,100 questions of a stream");
}

/// Waits until no thread has allocated for a while.
fn wait_until_quiet() {
    let (mut last, mut quiet) = (0, 0);
    wait_until("all threads have started", || {
        let now = ALLOCATIONS.load(Ordering::Relaxed);
        quiet = if now == last { quiet + 1 } else { 0 };
        last = now;
        quiet > 20
    });
}

/// So that the test says something about each kind of answer.
fn assert_variety(totals: portolan_serve::Totals) {
    use Count::{BadVers, FormErr, NoError, NotImp, NxDomain, Refused, Truncated};
    for count in [NoError, NxDomain, FormErr, NotImp, Refused, BadVers, Truncated] {
        assert!(totals.get(count) >= 101, "{count:?}");
    }
    for count in [Count::DroppedShort, Count::DroppedResponse] {
        assert!(totals.get(count) >= 100, "{count:?}");
    }
}

/// Sends all, and waits for the reply to the last one, which is one that has a reply.
fn ask_all(client: &UdpSocket, packets: &[Vec<u8>]) {
    let mut reply = [0; 4_096];
    for packet in packets {
        client.send(packet).unwrap();
    }
    let last = packets.last().unwrap();
    loop {
        client.recv(&mut reply).unwrap();
        if reply[..2] == last[..2] {
            return;
        }
    }
}

fn packets() -> Vec<Vec<u8>> {
    let a = |at| question(1, at, RecordType::A);
    let mut not_implemented = a("www");
    not_implemented[2] |= 0x28;
    let mut bad_version = with_subnet(a("www"), [10, 1, 2]);
    let at = bad_version.len() - 11 - 6 + 1;
    bad_version[at] = 1;
    let mut bad_subnet = with_subnet(a("near"), [10, 1, 2]);
    let at = bad_subnet.len() - 4;
    bad_subnet[at] = 7;
    let mut response = a("www");
    response[2] |= 0x80;
    let label_127 = format!("{}wild", "a.".repeat(110));
    vec![
        a("www"),
        question(1, "www", RecordType::AAAA),
        a("weighted"),
        a("near"),
        with_subnet(a("near"), [10, 1, 2]),
        with_subnet(a("near"), [11, 1, 2]),
        with_subnet(a("weighted"), [11, 1, 2]),
        a("nope"),
        a("some.thing.wild"),
        a(&label_127),
        a("one"),
        question(1, "big", RecordType::TXT),
        question(1, "www", RecordType::ANY),
        question(1, "example.org.", RecordType::NS),
        question(1, "example.org.", RecordType::SOA),
        a("example.net."),
        question(1, "www", RecordType::AXFR),
        not_implemented,
        bad_version,
        bad_subnet,
        a("www")[..20].to_vec(),
        a("www")[..7].to_vec(),
        response,
        question(2, "www", RecordType::A),
    ]
}

fn loopback(address: SocketAddr) -> SocketAddr {
    let ip = if address.is_ipv4() { "127.0.0.1" } else { "::1" };
    SocketAddr::new(ip.parse().unwrap(), address.port())
}

/// So that a count of nothing means something.
fn assert_allocations_are_seen() {
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    let one = std::thread::spawn(|| Box::new(1)).join().unwrap();
    assert!(ALLOCATIONS.load(Ordering::Relaxed) > before, "{one}");
}

/// Snapshots come faster than an idle worker looks up, and while it is at work. Each is let go of by it,
/// and freed by somebody else.
fn assert_no_worker_frees_a_snapshot() {
    let listen = vec!["127.0.0.1:0".parse().unwrap()];
    let config = Config { listen, workers: Some(1), ..Config::default() };
    let mut world = fleet::World::new();
    let published = Published::new(world.snapshot.clone());
    let running = Server::bind(config).unwrap().start(&published).unwrap();
    let client = udp(running.addresses()[0]);
    let packets = packets();
    ask_all(&client, &packets);
    FREER.store(thread("dns-udp-0"), Ordering::Relaxed);
    let mut replaced: Vec<Weak<_>> = Vec::new();
    for round in 0..10 {
        for swap in 0..2 * RETIRED_MAX {
            replaced.push(Arc::downgrade(&published.current()));
            world.offer("www", &format!("198.51.100.{}", swap % 250));
            published.publish(world.snapshot.clone());
            // In some rounds it is at work meanwhile, in others it sleeps.
            if round % 2 == 0 && swap % 8 == 0 {
                ask_all(&client, &packets);
            }
        }
    }
    let all_gone = || replaced.iter().all(|snapshot| snapshot.upgrade().is_none());
    wait_until("all that were replaced are freed", all_gone);
    FREER.store(0, Ordering::Relaxed);
    assert_eq!(FREES.load(Ordering::Relaxed), 0, "things freed by a worker");
    ask_all(&client, &packets);
}

/// The number of a thread of this process, by its name.
fn thread(name: &str) -> i32 {
    let threads = std::fs::read_dir("/proc/self/task").unwrap().flatten().map(|entry| entry.path());
    let is_it = |path: &std::path::PathBuf| {
        std::fs::read_to_string(path.join("comm")).is_ok_and(|comm| comm.trim() == name)
    };
    let found = threads.into_iter().find(is_it).unwrap();
    found.file_name().unwrap().to_str().unwrap().parse().unwrap()
}

fn assert_frees_are_seen() {
    FREER.store(nix::unistd::gettid().as_raw(), Ordering::Relaxed);
    drop(std::hint::black_box(Box::new(1)));
    FREER.store(0, Ordering::Relaxed);
    assert!(FREES.load(Ordering::Relaxed) > 0);
}
