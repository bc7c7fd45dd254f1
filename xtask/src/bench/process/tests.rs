use super::*;

/// How long a test waits for a process to start or to go.
const WAIT_MAX: Duration = Duration::from_secs(20);

#[expect(clippy::disallowed_methods, reason = "the event is in another process: it is polled, with a limit")]
fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < WAIT_MAX, "{what}");
        std::thread::sleep(LOOK);
    }
}

#[test]
fn what_was_forked_ends_with_the_value() {
    let folder = tempfile::tempdir().unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", "sleep 300 & echo forked; wait"]);
    let mut process = Process::start(&shell, Some("0"), folder.path()).unwrap();
    until("the shell forks", || process.log_end() == "forked");
    process.ensure_alive().unwrap();
    let group = process.group;
    killpg(group, None).unwrap();
    drop(process);
    until("nothing of the group is left", || killpg(group, None).is_err());
}

#[test]
fn the_error_for_a_process_that_ended_shows_its_last_words() {
    let folder = tempfile::tempdir().unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", "for word in 1 2 3 4 5 6 7; do echo $word; done; exit 1"]);
    let mut process = Process::start(&shell, None, folder.path()).unwrap();
    until("the shell ends", || process.ensure_alive().is_err());
    let error = process.ensure_alive().unwrap_err().to_string();
    assert_eq!(error, "sh has ended: 3 / 4 / 5 / 6 / 7");
}
