use super::*;

/// Longer than any test may take.
const FOR_EVER: Duration = Duration::from_secs(3_600);

/// A shell in the place of the program. What is added to its words are arguments of the script.
fn shell(script: &str) -> Program {
    Program::new("sh", "shell").with(["-c", script])
}

#[test]
fn where_it_listens_is_read_anew_at_each_start() {
    let program =
        shell("echo >> $1; echo \"listening on 127.0.0.1:$(wc -l < $1) (udp, tcp)\"; exec sleep 300");
    let starts = program.at("starts");
    let program = program.with(["shell"]).with([starts]);
    for port in 1..=3 {
        program.start();
        assert_eq!(program.dns(), SocketAddr::from(([127, 0, 0, 1], port)));
        program.kill();
    }
}

#[test]
fn lines_that_nobody_reads_do_not_hold_it_up() {
    let program =
        shell("head -c 1000000 /dev/zero | tr '\\0' x; echo; echo listening on 127.0.0.1:7; exec sleep 300");
    program.start();
    assert_eq!(program.dns().port(), 7);
    assert!(!program.has_ended());
}

#[test]
fn one_that_cannot_start_is_told_at_once_with_its_log() {
    let program = shell("echo no such flag >&2; exit 2");
    program.start();
    assert_eq!(poll(&[&program], FOR_EVER, || None::<()>), None);
    let tail = program.tail();
    assert!(tail.contains("it has ended (exit status: 2)") && tail.ends_with("no such flag"), "{tail}");
}

#[test]
#[should_panic(
    expected = "waited in vain for a line \"listening on \"; shell: it has ended (exit status: 2); "
)]
fn one_that_cannot_start_listens_nowhere() {
    let program = shell("exit 2");
    program.start();
    let _ = program.dns();
}

/// What it did last is seen, though it has ended.
#[test]
fn there_is_a_look_after_the_end() {
    let program = shell("echo done");
    program.start();
    assert_eq!(poll(&[&program], FOR_EVER, || program.has_ended().then_some(())), Some(()));
    assert_eq!(program.line("do"), "ne");
}

#[test]
fn it_stops_in_good_order_and_goes_on() {
    let program = shell("trap 'echo stopped >&2; exit 0' TERM; echo up; while :; do sleep 0.01; done");
    for _ in 0..2 {
        program.start();
        assert_eq!(program.line("up"), "");
        program.stop();
    }
    assert_eq!(program.log(), "stopped\nstopped\n");
}

#[test]
#[should_panic(expected = "exit status: 3")]
fn one_that_stops_with_a_fault_is_told() {
    let program = shell("trap 'exit 3' TERM; echo up; while :; do sleep 0.01; done");
    program.start();
    assert_eq!(program.line("up"), "");
    program.stop();
}

#[test]
fn a_command_is_run_to_its_end() {
    let ended = ended(Command::new("sh").args(["-c", "echo out; echo err >&2; exit 4"]));
    assert_eq!((ended.code, &*ended.out, &*ended.err), (4, "out\n", "err\n"));
    assert_eq!(ended.all(), "out\nerr\n");
}
