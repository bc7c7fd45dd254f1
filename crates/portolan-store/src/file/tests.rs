use portolan_core::Fleet;
use portolan_core::publish::Serial;

use super::*;
use crate::format::tests::sample;

fn state(true_at: i64) -> State {
    State { true_at, ..sample() }
}

fn read_back(path: &Path) -> Option<(i64, Generation)> {
    load(path, 1_000).map(|(loaded, generation)| (loaded.state.true_at, generation))
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Stops for good after so many steps, as a kill does.
struct Killed {
    steps: usize,
}

impl Disk for Killed {
    fn step(&mut self, step: &Step<'_>) -> io::Result<()> {
        if self.steps == 0 {
            return Err(io::Error::other("killed"));
        }
        self.steps -= 1;
        FileSystem.step(step)
    }
}

#[test]
fn two_generations_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    for true_at in 1..=3 {
        write(&mut FileSystem, &path, &state(true_at)).unwrap();
    }
    assert_eq!(names(folder.path()), ["state", "state.1"]);
    assert_eq!(read_back(&path), Some((3, Generation::Current)));
    fs::remove_file(&path).unwrap();
    assert_eq!(read_back(&path), Some((2, Generation::Previous)));
}

#[test]
fn a_kill_after_any_step_leaves_the_old_state_or_the_new() {
    for written_before in [0, 1, 2] {
        for killed_after in 0..=5 {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("state");
            for true_at in 1..=written_before {
                write(&mut FileSystem, &path, &state(true_at)).unwrap();
            }
            let done = write(&mut Killed { steps: killed_after }, &path, &state(9));
            assert_eq!(done.is_ok(), killed_after == 5);
            let found = read_back(&path).map(|(true_at, _)| true_at);
            let old = (written_before > 0).then_some(written_before);
            let expected = if killed_after >= 4 { Some(9) } else { old };
            assert_eq!(found, expected, "{written_before} before, killed after step {killed_after}");
            write(&mut FileSystem, &path, &state(10)).unwrap();
            assert_eq!(read_back(&path), Some((10, Generation::Current)), "the next write mends it");
        }
    }
}

fn started(serial: u32) -> BTreeMap<Name, Reserved> {
    [("glb.example".parse().unwrap(), Reserved::new(Serial { serial, content: 7 }))].into()
}

#[test]
fn a_start_adds_its_serials() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    write(&mut FileSystem, &path, &state(1)).unwrap();
    append_start(&mut FileSystem, &path, &started(77)).unwrap();
    let (loaded, generation) = load(&path, 1_000).unwrap();
    assert_eq!((loaded.end, generation), (End::Closed, Generation::Current));
    assert_eq!(loaded.state, State { serials: started(77), clean: false, ..state(1) });
    write(&mut FileSystem, &path, &state(2)).unwrap();
    fs::remove_file(&path).unwrap();
    let (loaded, _) = load(&path, 1_000).unwrap();
    assert_eq!(loaded.state.serials, started(77), "they stay with their generation");
}

/// A power loss while a start adds its serials leaves any part of them; all that was there before counts.
#[test]
fn what_a_start_left_half_takes_nothing_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    write(&mut FileSystem, &path, &state(1)).unwrap();
    let whole = fs::read(&path).unwrap();
    append_start(&mut FileSystem, &path, &started(77)).unwrap();
    let longer = fs::read(&path).unwrap();
    for length in whole.len() + 1..longer.len() {
        fs::write(&path, &longer[..length]).unwrap();
        let (loaded, generation) = load(&path, 1_000).unwrap();
        assert_eq!((loaded.end, generation), (End::Torn, Generation::Current), "{length}");
        assert_eq!(loaded.state, State { clean: false, ..state(1) });
    }
    let error = append_start(&mut Killed { steps: 0 }, &path, &started(78)).unwrap_err().to_string();
    assert!(error.starts_with("state file: cannot append to"), "{error}");
}

#[test]
fn half_a_new_file_is_never_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    write(&mut FileSystem, &path, &state(1)).unwrap();
    fs::write(beside(&path, ".new"), b"PORTOLAN half").unwrap();
    assert_eq!(read_back(&path), Some((1, Generation::Current)));
}

/// Damages the current generation; the one before must be used and the damaged one kept.
fn check_damage(damage: impl Fn(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    write(&mut FileSystem, &path, &state(1)).unwrap();
    write(&mut FileSystem, &path, &state(2)).unwrap();
    damage(&path);
    assert_eq!(read_back(&path), Some((1, Generation::Previous)));
    assert_eq!(names(folder.path()), ["state.1", "state.bad-1000"]);
    write(&mut FileSystem, &path, &state(3)).unwrap();
    assert_eq!(read_back(&path), Some((3, Generation::Current)));
}

#[test]
fn a_damaged_file_is_set_aside_and_the_one_before_used() {
    check_damage(|path| fs::write(path, b"").unwrap());
    check_damage(|path| fs::write(path, [0; 500]).unwrap());
    check_damage(|path| {
        let octets = fs::read(path).unwrap();
        fs::write(path, &octets[..octets.len() / 2]).unwrap();
    });
    check_damage(|path| {
        let mut octets = fs::read(path).unwrap();
        *octets.last_mut().unwrap() ^= 1;
        fs::write(path, octets).unwrap();
    });
    check_damage(|path| {
        let mut octets = fs::read(path).unwrap();
        octets[8] ^= 1;
        fs::write(path, octets).unwrap();
    });
    check_damage(|path| {
        fs::remove_file(path).unwrap();
        fs::create_dir(path).unwrap();
    });
}

#[test]
fn when_both_are_damaged_there_is_no_state() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    fs::write(&path, b"x").unwrap();
    fs::write(previous(&path), b"y").unwrap();
    assert_eq!(read_back(&path), None);
    assert_eq!(names(folder.path()), ["state.1.bad-1000", "state.bad-1000"]);
}

#[test]
fn only_so_many_bad_files_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    for now in 1..=9 {
        fs::write(&path, b"x").unwrap();
        assert!(load(&path, now).is_none());
    }
    assert_eq!(names(folder.path()), ["state.bad-6", "state.bad-7", "state.bad-8", "state.bad-9"]);
}

#[test]
fn a_failed_step_names_the_operation_and_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("no/such/folder/state");
    let empty = State { fleet: Fleet::default(), ..State::default() };
    let error = write(&mut FileSystem, &path, &empty).unwrap_err().to_string();
    assert!(error.starts_with("state file: cannot write \"") && error.contains("state.new"), "{error}");
}

#[test]
fn a_second_process_is_kept_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/state");
    let held = lock(&path).unwrap();
    let error = lock(&path).unwrap_err().to_string();
    assert!(error.contains("in use by another process"), "{error}");
    drop(held);
    assert!(lock(&path).unwrap().is_some());
}
