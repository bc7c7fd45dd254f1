//! A `portolan` that runs, ended with its value.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use portolan_testbed::wait::wait;

pub(crate) struct Program {
    child: Option<Child>,
    folder: tempfile::TempDir,
    args: Vec<String>,
}

/// How a command ended, and all that it printed.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Program {
    /// One that is not started yet.
    pub(crate) fn new(args: &[&str]) -> Self {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        Self { child: None, folder: tempfile::tempdir().unwrap(), args }
    }

    /// The same with these flags instead.
    pub(crate) fn with(mut self, args: &[&str]) -> Self {
        self.args = args.iter().map(|arg| (*arg).to_owned()).collect();
        self
    }

    pub(crate) fn at(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// Starts it, in the background.
    pub(crate) fn go(&mut self) {
        let file = |name| std::fs::File::options().create(true).append(true).open(self.at(name)).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_portolan"));
        command.args(&self.args).arg("--control").arg(self.at("control.sock"));
        command.stdin(Stdio::null()).stdout(file("out")).stderr(file("log"));
        self.child = Some(command.spawn().unwrap());
    }

    /// Runs the same with more flags, to its end.
    pub(crate) fn run(&self, more: &[&str]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portolan"));
        ended(command.args(&self.args).args(more))
    }

    /// Runs a command that asks it; its output.
    pub(crate) fn ask(&self, args: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portolan"));
        let ended = ended(command.args(args).arg("--control").arg(self.at("control.sock")));
        format!("{}{}", ended.out, ended.err)
    }

    /// As SIGKILL.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// As SIGTERM; its exit code.
    pub(crate) fn stop(&mut self) -> Option<i32> {
        let mut child = self.child.take()?;
        assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
        wait("the program to stop", || child.try_wait().unwrap()).code()
    }

    pub(crate) fn log(&self) -> String {
        read(&self.at("log"))
    }

    pub(crate) fn out(&self) -> String {
        read(&self.at("out"))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// Runs a command to its end.
pub(crate) fn ended(command: &mut Command) -> Ended {
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().unwrap();
    let text = |octets: Vec<u8>| String::from_utf8(octets).unwrap();
    Ended { code: status.code().unwrap_or(-1), out: text(stdout), err: text(stderr) }
}

/// What a command prints that succeeds.
pub(crate) fn printed(args: &[&str]) -> String {
    let ended = ended(Command::new(env!("CARGO_BIN_EXE_portolan")).args(args));
    assert_eq!(ended.code, 0, "{}", ended.err);
    ended.out
}
