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
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::{fs, io, thread};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::wait::{poll, wait};

/// The last lines of a log that a failure shows.
const LOG_LINES_SHOWN: usize = 20;

/// A running program.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    pid: Pid,
    child: Mutex<Child>,
    log: PathBuf,
}

impl Process {
    /// Starts a program; what it says is added to the log.
    pub(crate) fn start(name: &str, program: &Command, log: &Path) -> Self {
        let file = File::options().create(true).append(true).open(log);
        let file = file.unwrap_or_else(|error| panic!("{}: {error}", log.display()));
        let mut command = wrapped(program);
        let both = file.try_clone().expect("a file of ours is opened twice");
        command.stdin(Stdio::null()).stdout(both).stderr(file);
        let child = spawn(command).unwrap_or_else(|error| panic!("cannot start {name} by setpriv: {error}"));
        let pid = Pid::from_raw(i32::try_from(child.id()).expect("a process id is an i32"));
        Self { name: name.to_owned(), pid, child: Mutex::new(child), log: log.to_owned() }
    }

    /// Polls until the program is what it should be.
    ///
    /// # Panics
    /// When it has ended, or after [`crate::wait::PATIENCE`]; with the end of its log.
    pub(crate) fn wait<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let found = poll(|| match look() {
            None => self.has_ended().then_some(None),
            found => Some(found),
        });
        let logged = || format!("{} ends:\n{}", self.log.display(), self.log_end());
        found.flatten().unwrap_or_else(|| panic!("{}: no {what}; {}", self.name, logged()))
    }

    /// Waits until it has ended by itself; with the end of its log when it did so with a fault.
    ///
    /// # Panics
    /// When it still runs after [`crate::wait::PATIENCE`].
    pub(crate) fn ended(&self) -> Result<(), String> {
        wait(&format!("the end of {}", self.name), || self.has_ended().then_some(()));
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        match child.wait() {
            Ok(status) if status.success() => Ok(()),
            _ => Err(self.log_end()),
        }
    }

    /// True once it has ended.
    pub(crate) fn has_ended(&self) -> bool {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        !matches!(child.try_wait(), Ok(None))
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

    /// As SIGKILL. It may have ended before.
    pub(crate) fn kill(&self) {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = child.kill();
        let _ = child.wait();
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
        assert!(
            !self.has_ended(),
            "{} has ended; {} ends:\n{}",
            self.name,
            self.log.display(),
            self.log_end()
        );
        kill(self.pid, signal).unwrap_or_else(|error| panic!("{signal} to {}: {error}", self.name));
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing of what it kept is needed any more.
        self.kill();
    }
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
