//! A process that ends with its value, and with ours, whatever ends us.
//!
//! ```text
//!   the spawning thread ──▶ setpriv --pdeathsig KILL ──exec──▶ the program
//!   (lives as long as we)   (the kernel kills it when that thread ends)
//! ```
//!
//! The kernel looks at the *thread* that spawned: a test's thread ends with its test, and what several tests
//! share would end with the first of them. Hence one thread that spawns for all.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;
use std::{fs, io, thread};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::wait::{poll, poll_for, wait};

/// The last lines of a log that a failure shows.
const LOG_LINES_SHOWN: usize = 30;

/// A running program.
#[derive(Debug)]
pub struct Process {
    name: String,
    pid: Pid,
    child: Mutex<Child>,
    log: PathBuf,
}

impl Process {
    /// Starts a program; what it says is added to the log.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(name: &str, program: &Command, log: &Path) -> Self {
        Self::start_on(name, program, added_to(log), log)
    }

    /// The same, with what it says on standard output in a file of its own, which begins anew.
    pub(crate) fn start_apart(name: &str, program: &Command, out: &Path, log: &Path) -> Self {
        let file = File::create(out).unwrap_or_else(|error| panic!("{}: {error}", out.display()));
        Self::start_on(name, program, file, log)
    }

    fn start_on(name: &str, program: &Command, out: File, log: &Path) -> Self {
        let mut command = wrapped(program);
        command.stdin(Stdio::null()).stdout(out).stderr(added_to(log));
        let child = spawn(command).unwrap_or_else(|error| panic!("cannot start {name} by setpriv: {error}"));
        let pid = Pid::from_raw(i32::try_from(child.id()).expect("a process id is an i32"));
        Self { name: name.to_owned(), pid, child: Mutex::new(child), log: log.to_owned() }
    }

    /// Polls until the program is what it should be.
    ///
    /// # Panics
    /// When it has ended, or after [`crate::wait::PATIENCE`]; with the end of its log.
    pub fn wait<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let found = poll(|| match look() {
            None => self.has_ended().then_some(None),
            found => Some(found),
        });
        found.flatten().unwrap_or_else(|| panic!("{}: no {what}; {}", self.name, self.tail()))
    }

    /// Waits until it has ended by itself; with the end of its log when it did so with a fault.
    ///
    /// # Panics
    /// When it still runs after [`crate::wait::PATIENCE`].
    pub(crate) fn ended(&self) -> Result<(), String> {
        if self.end().success() { Ok(()) } else { Err(self.log_end()) }
    }

    /// Waits until it has ended by itself.
    ///
    /// # Panics
    /// When it still runs after [`crate::wait::PATIENCE`]; with the end of its log.
    pub(crate) fn end(&self) -> ExitStatus {
        let status = poll(|| self.status());
        status.unwrap_or_else(|| panic!("{} does not end; {}", self.name, self.tail()))
    }

    /// How it ended; none while it runs.
    pub(crate) fn status(&self) -> Option<ExitStatus> {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        child.try_wait().expect("nobody else waits for a child of ours")
    }

    /// True once it has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.status().is_some()
    }

    /// True while it has not ended and does not stand still.
    pub(crate) fn is_running(&self) -> bool {
        !self.has_ended() && self.state() != Some('T')
    }

    pub(crate) fn id(&self) -> u32 {
        self.pid.as_raw().unsigned_abs()
    }

    /// As SIGSTOP: its sockets stay open, and nobody answers.
    pub(crate) fn pause(&self) {
        self.signal(Signal::SIGSTOP);
        wait("a process to stop", || (self.state()? == 'T').then_some(()));
    }

    /// Goes on after [`Process::pause`].
    pub(crate) fn resume(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// As SIGTERM.
    pub(crate) fn terminate(&self) {
        self.signal(Signal::SIGTERM);
    }

    /// As SIGTERM, and as SIGKILL when it has not ended after so long. It may have ended before.
    pub fn terminate_within(&self, patience: Duration) {
        if !self.has_ended() {
            let _ = kill(self.pid, Signal::SIGTERM);
            let _ = poll_for(patience, || self.status());
            self.kill();
        }
    }

    /// As SIGKILL. It may have ended before.
    pub(crate) fn kill(&self) {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = child.kill();
        let _ = child.wait();
    }

    /// What a failure says of it: whether it runs, and the last lines of its log.
    pub(crate) fn tail(&self) -> String {
        let is =
            self.status().map_or_else(|| "it runs".to_owned(), |status| format!("it has ended ({status})"));
        format!("{is}; {} ends:\n{}", self.log.display(), self.log_end())
    }

    /// The last lines of what it said.
    fn log_end(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n")
    }

    /// The kernel's letter for its state.
    fn state(&self) -> Option<char> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid)).ok()?;
        stat.rsplit_once(") ")?.1.chars().next()
    }

    /// # Panics
    /// When it has ended, which makes a test of it meaningless.
    fn signal(&self, signal: Signal) {
        assert!(!self.has_ended(), "{}: {signal} comes too late; {}", self.name, self.tail());
        kill(self.pid, signal).unwrap_or_else(|error| panic!("{signal} to {}: {error}", self.name));
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing of what it kept is needed any more.
        self.kill();
    }
}

fn added_to(log: &Path) -> File {
    let file = File::options().create(true).append(true).open(log);
    file.unwrap_or_else(|error| panic!("{}: {error}", log.display()))
}

/// The same command behind `setpriv`.
fn wrapped(program: &Command) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program.get_program()).args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    if let Some(folder) = program.get_current_dir() {
        command.current_dir(folder);
    }
    command
}

/// Spawns on the thread that lives as long as we.
fn spawn(command: Command) -> io::Result<Child> {
    type Order = (Command, Sender<io::Result<Child>>);
    static SPAWNER: LazyLock<Sender<Order>> = LazyLock::new(|| {
        let (sender, orders) = channel::<Order>();
        thread::spawn(move || {
            for (mut command, reply) in orders {
                // Who ordered is waiting for it.
                let _ = reply.send(command.spawn());
            }
        });
        sender
    });
    let (reply, child) = channel();
    SPAWNER.send((command, reply)).expect("the spawning thread never ends");
    child.recv().expect("the spawning thread never ends")
}

#[cfg(test)]
mod tests;
