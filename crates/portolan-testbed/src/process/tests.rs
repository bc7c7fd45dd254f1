use super::*;

use crate::folder::Folder;

fn shell(script: &str, folder: &Folder) -> Process {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    Process::start("a shell", &command, &folder.log())
}

/// True while it runs; one that nobody has asked about since its end does not.
fn is_there(id: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn it_ends_with_its_value() {
    let folder = Folder::new("value");
    let process = shell("exec sleep 300", &folder);
    let id = process.id();
    assert!(is_there(id));
    drop(process);
    assert!(!is_there(id));
}

/// A test's thread ends with its test; what several tests share must not.
#[test]
fn it_outlives_the_thread_that_started_it() {
    let folder = Folder::new("thread");
    let process =
        thread::scope(|scope| scope.spawn(|| shell("echo up; exec sleep 300", &folder)).join().unwrap());
    process.wait("first word", || (process.log_end() == "up").then_some(()));
    assert!(!process.has_ended());
}

#[test]
fn a_paused_one_says_nothing_goes_on_and_can_be_killed() {
    let folder = Folder::new("paused");
    let process = shell("while :; do echo up; sleep 0.01; done", &folder);
    let octets = || fs::metadata(folder.log()).unwrap().len();
    process.wait("first word", || (octets() > 0).then_some(()));
    process.pause();
    let paused = octets();
    assert_eq!(octets(), paused);
    process.resume();
    process.wait("more words", || (octets() > paused).then_some(()));
    process.pause();
    process.kill();
    assert!(process.has_ended());
}

#[test]
#[should_panic(expected = "a shell: no second word; ")]
fn one_that_ends_early_is_not_waited_for() {
    let folder = Folder::new("early");
    let process = shell("echo last words", &folder);
    process.wait("second word", || None::<()>);
}

/// Where [`it_ends_with_us`]' other half is told that it is one.
const HALF: &str = "PORTOLAN_TESTBED_HALF";

/// The other half: starts a process, says which, and is killed.
#[test]
fn it_ends_with_us_other_half() {
    if let Some(note) = std::env::var_os(HALF) {
        let folder = Folder::new("half");
        let process = shell("exec sleep 300", &folder);
        fs::write(&note, format!("{} {}\n", process.id(), folder.path().display())).unwrap();
        wait("the end", || None::<()>);
    }
}

/// Nothing is left running when a test's process is killed, and the next one tidies its folder up.
#[test]
fn it_ends_with_us() {
    let folder = Folder::new("us");
    let note = folder.path().join("note");
    let mut half = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "process::tests::it_ends_with_us_other_half"])
        .env(HALF, &note)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let said = wait("the other half", || fs::read_to_string(&note).ok().filter(|said| said.ends_with('\n')));
    let (id, path) = said.trim().split_once(' ').unwrap();
    let id: u32 = id.parse().unwrap();
    assert!(is_there(id) && Path::new(path).is_dir());
    half.kill().unwrap();
    half.wait().unwrap();
    wait("the kernel to kill what it started", || (!is_there(id)).then_some(()));
    crate::folder::sweep(&crate::folder::base());
    assert!(!Path::new(path).exists());
}
