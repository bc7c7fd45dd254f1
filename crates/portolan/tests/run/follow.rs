//! A process that answers from what another one decides, and that goes on without it.

use std::fs;
use std::path::{Path, PathBuf};

use portolan_testbed::Program;
use portolan_testbed::ask::RecordType;
use portolan_testbed::port::free_port;
use portolan_testbed::program::printed;

use crate::fleet::{EU, FleetFolder, US, WEB};
use crate::server::{BINARY, Server};

/// Certificates that `portolan pki` made: of whoever is followed, and of whoever follows.
struct Papers(tempfile::TempDir);

impl Papers {
    fn new() -> Self {
        let papers = Self(tempfile::tempdir().unwrap());
        let dir = papers.0.path().display().to_string();
        let pki = |words: &[&str]| drop(printed(BINARY, &[&["pki"], words].concat()));
        pki(&["init", "--dir", &dir]);
        pki(&["issue", "--dir", &dir, "--name", "control", "--ip", "127.0.0.1"]);
        pki(&["issue", "--dir", &dir, "--name", "serve", "--client"]);
        papers
    }

    fn at(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    /// The flags of TLS of one of the two.
    fn flags(&self, name: &str) -> Vec<String> {
        let file = |ending: &str| self.at(&format!("{name}.{ending}")).display().to_string();
        let ca = self.at("ca.crt").display().to_string();
        ["--stream-ca", &ca, "--stream-cert", &file("crt"), "--stream-key", &file("key")]
            .map(str::to_owned)
            .into()
    }
}

/// Who decides, by a fleet folder, at a port that is the same after a restart.
fn control(fleet: &FleetFolder, port: u16, papers: &Papers) -> Server {
    let listen = format!("127.0.0.1:{port}");
    let flags = [vec!["--stream-listen".to_owned(), listen], papers.flags("control")].concat();
    Server::start_flagged(fleet, &flags.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Another one that decides the same, and keeps nothing.
fn second_control(fleet: &FleetFolder, port: u16, papers: &Papers) -> Program {
    let program =
        Program::new(BINARY, "second").with(["run", "--listen", "127.0.0.1:0", "--workers", "1", "--fleet"]);
    let program =
        program.with([fleet.dir()]).with(["--stream-listen".to_owned(), format!("127.0.0.1:{port}")]);
    let program = program.with(papers.flags("control"));
    program.start();
    let _ = program.dns();
    program
}

/// Who answers, not started yet.
fn serve(ports: &[u16], papers: &Papers) -> Server {
    let urls: Vec<String> = ports.iter().map(|port| format!("https://127.0.0.1:{port}")).collect();
    let words =
        ["run", "--role", "serve", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--workers", "1"];
    let program = Program::new(BINARY, "serve").with(words).with(["--follow".to_owned(), urls.join(",")]);
    Server { program: program.with(papers.flags("serve")).with_file("--state", "last-good") }
}

fn started(server: Server) -> Server {
    server.program.start();
    let _ = server.program.dns();
    server
}

/// Waits until this stands in what it knows at its next start.
fn wait_for_state(serve: &Server, text: &str) {
    let path = serve.program.at("last-good");
    serve.program.wait("the last good state", || {
        fs::read(&path)
            .ok()
            .filter(|octets| octets.windows(text.len()).any(|at| at == text.as_bytes()))
            .map(drop)
    });
}

#[test]
fn answers_are_controls_and_go_on_without_it_over_a_restart() {
    let (fleet, papers, port) = (FleetFolder::new(), Papers::new(), free_port());
    let serve = serve(&[port], &papers);
    serve.program.start();
    let early = serve.program.ask(WEB, RecordType::A);
    assert!(early.answers.is_empty(), "nothing is known: {early}");
    assert!(serve.get("/readyz").0.contains("503"));

    let first = control(&fleet, port, &papers);
    serve.wait_for_web(EU);
    assert!(serve.get("/readyz").0.contains("200"));
    fleet.offer("eu-1", EU, false);
    serve.wait_for_web(US);
    assert_eq!(
        (serve.metric("portolan_stream_connected"), serve.metric("portolan_stream_lag_seconds")),
        (1, 0)
    );
    let told = first.program.says(&["status"]);
    assert!(told.contains("Followers: 127.0.0.1:"), "{told}");
    let told = serve.program.says(&["status"]);
    assert!(told.contains(&format!("Follows https://127.0.0.1:{port}: up to date.")), "{told}");
    assert_eq!(first.metric("portolan_stream_followers"), 1);

    // us-1's offer is what the state has to know of.
    wait_for_state(&serve, "us-1");
    first.program.kill();
    serve
        .program
        .wait("a stream that is lost", || (serve.metric("portolan_stream_connected") == 0).then_some(()));
    assert_eq!(serve.web(), [US]);
    assert!(serve.get("/readyz").0.contains("200"), "{:?}", serve.get("/readyz"));
    serve.program.stop();
    let serve = started(serve);
    assert_eq!(serve.web(), [US], "the first answer is as before");
    assert!(serve.get("/readyz").0.contains("200"));
    serve.program.wait_for_status(&["no control replica is reached"]);

    fleet.offer("eu-1", EU, true);
    let again = control(&fleet, port, &papers);
    serve.wait_for_web(EU);
    fleet.offer("us-1", "198.51.100.9", true);
    fleet.offer("eu-1", EU, false);
    serve.wait_for_web("198.51.100.9");
    drop(again);
}

#[test]
fn of_two_one_may_go() {
    let (fleet, papers, ports) = (FleetFolder::new(), Papers::new(), [free_port(), free_port()]);
    let first = control(&fleet, ports[0], &papers);
    let second = second_control(&fleet, ports[1], &papers);
    let serve = started(serve(&ports, &papers));
    serve.wait_for_web(EU);
    first.program.kill();
    fleet.offer("eu-1", EU, false);
    serve.wait_for_web(US);
    second.kill();
    fleet.offer("eu-1", EU, true);
    let _first = control(&fleet, ports[0], &papers);
    serve.wait_for_web(EU);
    assert!(serve.program.log().contains("another control replica"), "{}", serve.program.log());
}

/// One that is read again and lacks everything takes nothing away, until somebody says so.
#[test]
fn a_control_replica_that_knows_nothing_is_held() {
    let (fleet, papers, ports) = (FleetFolder::new(), Papers::new(), [free_port(), free_port()]);
    let first = control(&fleet, ports[0], &papers);
    let serve = started(serve(&ports, &papers));
    serve.wait_for_web(EU);
    first.program.kill();
    let other = FleetFolder::new();
    other.write(
        "root.yaml",
        "apiVersion: portolan.dev/v1alpha1\nkind: SteeringPolicy\nmetadata: {name: p}\nspec: {}\n",
    );
    let _second = second_control(&other, ports[1], &papers);
    serve.program.wait("a hold", || serve.program.says(&["holds"]).contains("stream:whole").then_some(()));
    assert_eq!(serve.web(), [EU]);
    let released = serve.program.says(&["holds", "--release", "stream:whole"]);
    serve.program.wait("a name that is gone", || serve.web().is_empty().then_some(()));
    assert!(!serve.program.says(&["holds"]).contains("stream:whole"), "{released}");
}

#[test]
fn a_certificate_of_another_authority_is_refused_and_one_that_is_put_right_counts() {
    let (fleet, papers, others, port) = (FleetFolder::new(), Papers::new(), Papers::new(), free_port());
    let control = control(&fleet, port, &papers);
    // It trusts the right authority, and shows what another one signed.
    let (right, wrong) = (papers.0.path(), others.0.path());
    let kept = tempfile::tempdir().unwrap();
    copy(right, kept.path());
    for file in ["serve.crt", "serve.key"] {
        fs::copy(wrong.join(file), right.join(file)).unwrap();
    }
    let serve = started(serve(&[port], &papers));
    serve.program.wait_for_status(&["no control replica is reached", "does not trust is turned away"]);
    control.program.wait("a line of who is turned away", || {
        control.program.log().contains("is turned away: invalid peer certificate").then_some(())
    });
    copy(kept.path(), right);
    serve.wait_for_web(EU);
    let said = Program::new(BINARY, "faulty").with(["run", "--follow", "http://127.0.0.1:1"]).run(&[]);
    assert!(said.err.contains("must begin with https://") && said.err.contains("streamCa"), "{}", said.err);
}

/// Who follows reads its files for each connection; one that is not there is told at the start all the same, and by `check`.
#[test]
fn a_file_of_the_stream_that_is_not_there_is_told_at_once() {
    let papers = Papers::new();
    fs::remove_file(papers.at("serve.key")).unwrap();
    for (command, said) in [("run", "error: streamKey: "), ("check", "--stream-key: fault: ")] {
        let program = Program::new(BINARY, command).with([command, "--follow", "https://127.0.0.1:1"]);
        let ended = program.with(papers.flags("serve")).run(&[]);
        let expected = format!("{said}{} cannot be read: No such file", papers.at("serve.key").display());
        assert_eq!(ended.code, 2, "{}", ended.all());
        assert!(ended.all().contains(&expected), "{}", ended.all());
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
