use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use portolan_core::cluster::Cluster;
use portolan_core::fleet::Fact;
use portolan_core::publish::Serial;

use super::*;
use crate::file::Step;
use crate::reserve::RESERVED;

const NO_LAG: Duration = Duration::from_millis(1);
const NOW: i64 = 1_700_000_000;

fn apex() -> Name {
    "glb.example".parse().unwrap()
}

fn cluster(name: &str) -> Fact {
    Fact::Cluster(name.into(), Some(Cluster::default()))
}

struct Folder {
    folder: tempfile::TempDir,
}

impl Folder {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn open(&self) -> (Store, Option<LastGood>) {
        Store::open_on(Box::new(FileSystem), NO_LAG, &self.path(), NOW).unwrap()
    }
}

/// Gives a content its serial, as publishing does.
fn give(store: &mut Store, content: u128) -> u32 {
    let serial = store.serials().of(&apex(), content);
    store.given([apex()]);
    serial
}

/// Waits until the writer has come to a number of writes, good or bad.
fn wait(what: &str, done: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        #[expect(clippy::disallowed_methods, reason = "polls for what another thread does, with a limit")]
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn on_disk(folder: &Folder) -> Option<State> {
    file::load(&folder.path(), NOW).map(|(loaded, _)| loaded.state)
}

fn wait_for_disk(folder: &Folder, what: &str, there: impl Fn(&State) -> bool) {
    wait(what, || on_disk(folder).is_some_and(|state| there(&state)));
}

#[test]
fn a_commit_says_what_it_touched_and_counts() {
    let mut store = Store::in_memory(NOW);
    let (touched, revision) = store.commit([cluster("eu-1")]);
    assert_eq!((touched.clusters.len(), revision), (1, 1));
    let (touched, revision) = store.commit([cluster("eu-1")]);
    assert!(touched.is_empty() && revision == 2, "no news, and still a revision");
    assert!(store.fleet().clusters.contains_key("eu-1"));
}

#[test]
fn a_zone_begins_with_the_time() {
    assert_eq!(give(&mut Store::in_memory(NOW), 1), 1_700_000_000);
    assert_eq!(give(&mut Store::in_memory(0), 1), 1);
    assert_eq!(give(&mut Store::in_memory((1 << 32) + 5), 1), 5);
}

#[test]
fn an_orderly_end_keeps_facts_and_serials() {
    let folder = Folder::new();
    let (mut store, last_good) = folder.open();
    assert_eq!(last_good, None);
    store.commit([cluster("eu-1"), cluster("us-1")]);
    store.commit([Fact::Cluster("us-1".into(), None)]);
    let given = [give(&mut store, 1), give(&mut store, 2)];
    store.still_true(NOW + 60);
    store.close().unwrap();

    let (mut store, last_good) = folder.open();
    let expected = LastGood { true_at: NOW + 60, generation: Generation::Current, clean: true };
    assert_eq!(last_good, Some(expected));
    assert_eq!(store.fleet().clusters.keys().map(ToString::to_string).collect::<Vec<_>>(), ["eu-1"]);
    assert_eq!(give(&mut store, 2), given[1], "the same content");
    assert_eq!(give(&mut store, 3), given[1] + 1);
}

#[test]
fn after_an_unclean_end_a_zone_goes_on_above_its_ceiling() {
    let folder = Folder::new();
    let (mut store, _) = folder.open();
    let given = give(&mut store, 1);
    wait_for_disk(&folder, "the serial", |state| !state.serials.is_empty());
    drop(store);
    let mut last = given;
    for _ in 0..3 {
        // Nothing is written between two kills but what a start itself reserves.
        let (mut store, last_good) = folder.open();
        assert!(!last_good.unwrap().clean);
        let serial = give(&mut store, 1);
        assert!(serial > last && serial <= last + 2 * RESERVED, "{last} then {serial}");
        last = serial;
        drop(store);
    }
}

#[test]
fn a_start_after_an_orderly_end_takes_its_mark_away() {
    let folder = Folder::new();
    let (mut store, _) = folder.open();
    give(&mut store, 1);
    store.close().unwrap();
    let (mut store, _) = folder.open();
    let given = give(&mut store, 2);
    drop(store);
    let (mut store, last_good) = folder.open();
    assert!(!last_good.unwrap().clean);
    assert!(give(&mut store, 3) > given + 1, "2 may have been served, so 3 must not have its serial");
}

/// A start writes its serials and nothing else: what a fleet holds does not stand between it and its answers.
#[test]
fn a_start_writes_no_names() {
    let folder = Folder::new();
    let (mut store, _) = folder.open();
    give(&mut store, 1);
    store.close().unwrap();
    let before = std::fs::read(folder.path()).unwrap();
    let steps = Steps::default();
    let disk = Box::new(steps.clone());
    let (store, _) = Store::open_on(disk, NO_LAG, &folder.path(), NOW).unwrap();
    assert_eq!(*steps.0.lock().unwrap(), ["append", "sync"]);
    assert!(std::fs::read(folder.path()).unwrap().starts_with(&before));
    drop(store);
    // Two starts without a write between them: the second makes the file anew.
    let steps = Steps::default();
    let disk = Box::new(steps.clone());
    let (_store, _) = Store::open_on(disk, NO_LAG, &folder.path(), NOW).unwrap();
    assert_eq!(steps.0.lock().unwrap()[0], "write");
}

/// Writes down what is done to a disk.
#[derive(Clone, Default)]
struct Steps(Arc<std::sync::Mutex<Vec<&'static str>>>);

impl Disk for Steps {
    fn step(&mut self, step: &Step<'_>) -> io::Result<()> {
        let what = match step {
            Step::Write(..) => "write",
            Step::Append(..) => "append",
            Step::Sync(_) => "sync",
            _ => "other",
        };
        self.0.lock().unwrap().push(what);
        FileSystem.step(step)
    }
}

/// Nobody can tell when the end of a file was torn, so a zone goes on above all that may have been given.
#[test]
fn after_a_torn_start_a_zone_goes_on_far_above() {
    let folder = Folder::new();
    let (mut store, _) = folder.open();
    let given = give(&mut store, 1);
    store.close().unwrap();
    let mut octets = std::fs::read(folder.path()).unwrap();
    octets.extend_from_slice(b"RESERVED half");
    std::fs::write(folder.path(), octets).unwrap();
    let (mut store, last_good) = folder.open();
    assert_eq!(last_good.map(|state| (state.generation, state.clean)), Some((Generation::Current, false)));
    assert_eq!(give(&mut store, 1), given + 3 * RESERVED + 1);
}

#[test]
fn an_older_generation_goes_on_above_all_that_was_reserved_since() {
    let folder = Folder::new();
    let (mut store, _) = folder.open();
    give(&mut store, 1);
    store.close().unwrap();
    let (store, _) = folder.open();
    drop(store);
    let (mut store, _) = folder.open();
    let given = give(&mut store, 2);
    drop(store);
    std::fs::write(folder.path(), b"damaged").unwrap();
    let (mut store, last_good) = folder.open();
    assert_eq!(last_good.unwrap().generation, Generation::Previous);
    assert!(give(&mut store, 3) > given);
}

#[test]
fn the_ceiling_on_disk_stays_ahead() {
    let folder = Folder::new();
    let (mut store, _) = folder.open();
    let first = give(&mut store, 1);
    let far = first + RESERVED / 2 + 1;
    store.serials().zones.insert(apex(), Serial { serial: far, content: 5 });
    store.given([apex()]);
    wait_for_disk(&folder, "a moved ceiling", |state| {
        state.serials.get(&apex()).is_some_and(|zone| zone.ceiling == far + RESERVED)
    });
}

/// A disk that fails while it is told to, and counts.
#[derive(Clone, Default)]
struct Bad {
    failing: Arc<AtomicBool>,
    hanging: Arc<AtomicBool>,
    steps: Arc<AtomicUsize>,
}

impl Disk for Bad {
    fn step(&mut self, step: &Step<'_>) -> io::Result<()> {
        self.steps.fetch_add(1, Ordering::SeqCst);
        wait("the disk to come back", || !self.hanging.load(Ordering::SeqCst));
        if self.failing.load(Ordering::SeqCst) {
            return Err(io::Error::new(io::ErrorKind::ReadOnlyFilesystem, "read-only file system"));
        }
        FileSystem.step(step)
    }
}

#[test]
fn a_read_only_disk_raises_a_counter_and_nothing_else() {
    let folder = Folder::new();
    let bad = Bad::default();
    bad.failing.store(true, Ordering::SeqCst);
    let (mut store, _) = Store::open_on(Box::new(bad), NO_LAG, &folder.path(), NOW).unwrap();
    let (touched, _) = store.commit([cluster("eu-1")]);
    assert!(!touched.is_empty());
    let writes = store.writes().unwrap().clone();
    wait("a failed write", || writes.failed() > 0);
    assert_eq!((writes.written(), writes.true_at()), (0, None));
    let error = store.close().unwrap_err().to_string();
    assert!(error.contains("cannot write") && error.contains("read-only"), "{error}");
}

#[test]
fn where_nothing_can_be_reserved_the_clock_stands_in() {
    let folder = Folder::new();
    let (mut store, _) = folder.open();
    give(&mut store, 1);
    store.close().unwrap();
    let bad = Bad::default();
    bad.failing.store(true, Ordering::SeqCst);
    let later = NOW + 3_000_000;
    let (mut store, _) = Store::open_on(Box::new(bad), NO_LAG, &folder.path(), later).unwrap();
    assert_eq!(i64::from(give(&mut store, 1)), later + 1);
}

#[test]
fn a_hanging_disk_holds_up_no_commit() {
    let folder = Folder::new();
    let bad = Bad::default();
    let (mut store, _) = Store::open_on(Box::new(bad.clone()), NO_LAG, &folder.path(), NOW).unwrap();
    bad.hanging.store(true, Ordering::SeqCst);
    store.commit([cluster("c0")]);
    wait("the writer to hang", || bad.steps.load(Ordering::SeqCst) > 0);
    // The writer hangs inside a step until the last line; these would never return if they waited for it.
    for number in 1..=1_000 {
        store.commit([cluster(&format!("c{}", number % 7))]);
    }
    assert_eq!(store.revision(), 1_001);
    bad.hanging.store(false, Ordering::SeqCst);
    store.close().unwrap();
    let state = on_disk(&folder).unwrap();
    assert!(state.clean && state.fleet.clusters.len() == 7);
}

#[test]
fn a_second_store_on_the_same_file_is_refused() {
    let folder = Folder::new();
    let (mut store, _) = folder.open();
    let second = Store::open(&folder.path(), NOW);
    assert!(matches!(second, Err(StoreError::Held { .. })));
    store.close().unwrap();
    assert!(Store::open(&folder.path(), NOW).is_ok());
}

/// A folder, or a pipe that nobody writes into and whose reader would wait for ever: a slip of whoever named it.
#[test]
fn what_is_no_file_is_neither_read_nor_renamed() {
    let folder = Folder::new();
    let pipe = folder.path().with_file_name("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let there = folder.path().with_file_name("folder");
    std::fs::create_dir(&there).unwrap();
    for path in [pipe, there] {
        let opened = Store::open(&path, NOW);
        assert!(matches!(opened, Err(StoreError::NoFile(_))), "{opened:?}");
        assert!(
            path.symlink_metadata().is_ok_and(|metadata| !metadata.is_file()),
            "{path:?} is where it was"
        );
    }
}
