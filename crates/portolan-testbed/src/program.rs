//! The program under test: started, asked, ended, and started again.
//!
//! ```text
//!   Program::new(binary) ─with(words)─▶ start ──▶ its lines: where it listens
//!                                       │   ▲ ──▶ its log: at the end of what a failure says
//!                                  kill, stop ◀── its control socket: other commands of the binary
//! ```
//!
//! It is told to listen on port 0 and says which one it got, anew at each start: a port that a test takes first and gives
//! back is somebody else's before the program has it. Its lines go to a file and not to a pipe, so that neither waits for
//! the other.

use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::ask::{RecordType, Reply, ask};
use crate::folder::Folder;
use crate::process::Process;
use crate::wait::{PATIENCE, poll_for};

/// What its line begins with that says where it answers DNS.
const LISTENING: &str = "listening on ";
/// After this the last good state has what was known: several times what its writer waits for.
const KEPT: Duration = Duration::from_secs(2);
/// Where its other commands ask it, in its folder.
const CONTROL: &str = "control.sock";
/// Where its lines go, in its folder.
const OUT: &str = "out";

/// The program under test, and how it is started; ended and forgotten with its value.
#[derive(Debug)]
pub struct Program {
    // Dropped before what it uses. None before a start, and after an end that the test made.
    process: Mutex<Option<Process>>,
    folder: Folder,
    name: String,
    binary: PathBuf,
    launcher: Vec<OsString>,
    words: Vec<OsString>,
    environment: Vec<(String, String)>,
    is_told_control: bool,
}

/// How a command ended, and all that it printed.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Its exit code; -1 when a signal ended it.
    pub code: i32,
    /// What it said on standard output.
    pub out: String,
    /// What it said on standard error.
    pub err: String,
}

impl Ended {
    /// Both of what it said.
    #[must_use]
    pub fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }
}

impl Program {
    /// One that is not started yet, with a folder of its own; `env!("CARGO_BIN_EXE_portolan")` is the binary. The name
    /// tells it from others of the same test.
    #[must_use]
    pub fn new(binary: impl Into<PathBuf>, name: &str) -> Self {
        Self {
            process: Mutex::new(None),
            folder: Folder::new(name),
            name: name.to_owned(),
            binary: binary.into(),
            launcher: Vec::new(),
            words: Vec::new(),
            environment: Vec::new(),
            is_told_control: true,
        }
    }

    /// The same with further words of its command line.
    #[must_use]
    pub fn with(mut self, words: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.words.extend(words.into_iter().map(|word| word.as_ref().to_owned()));
        self
    }

    /// The same with a flag whose value is a path in its folder.
    #[must_use]
    pub fn with_file(self, flag: &str, file: &str) -> Self {
        let path = self.at(file);
        self.with([flag]).with([path])
    }

    /// The same with a variable of its environment.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same behind another program, which becomes it: `prlimit` with its flags.
    #[must_use]
    pub fn behind(mut self, launcher: &[&str]) -> Self {
        self.launcher = launcher.iter().map(Into::into).collect();
        self
    }

    /// The same without a word of ours on where its control socket is: its configuration says that, or nobody does.
    /// Other commands of the binary are not asked by way of it then.
    #[must_use]
    pub fn without_control(mut self) -> Self {
        self.is_told_control = false;
        self
    }

    /// A path in its folder, which stays from one start to the next.
    #[must_use]
    pub fn at(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// Where its control socket is while it runs.
    #[must_use]
    pub fn control(&self) -> PathBuf {
        self.at(CONTROL)
    }

    // === Its life ===

    /// Starts it, the first time or again. It goes on by itself: whoever needs it to listen waits for that.
    ///
    /// # Panics
    /// When it runs already.
    pub fn start(&self) {
        let mut command = self.command();
        command.args(&self.words);
        if self.is_told_control {
            command.arg("--control").arg(self.control());
        }
        let mut process = self.process();
        assert!(process.is_none(), "{} is started twice", self.name);
        *process = Some(Process::start_apart(&self.name, &command, &self.at(OUT), &self.folder.log()));
    }

    /// Its process.
    ///
    /// # Panics
    /// When it was not started.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process().as_ref().unwrap_or_else(|| panic!("{} is not started", self.name)).id()
    }

    /// True once it has ended by itself.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.process().as_ref().is_some_and(Process::has_ended)
    }

    /// As SIGSTOP: its sockets stay open, and nobody answers.
    ///
    /// # Panics
    /// When it was not started, or has ended.
    pub fn pause(&self) {
        self.process().as_ref().unwrap_or_else(|| panic!("{} is not started", self.name)).pause();
    }

    /// Goes on after [`Program::pause`].
    ///
    /// # Panics
    /// As there.
    pub fn resume(&self) {
        self.process().as_ref().unwrap_or_else(|| panic!("{} is not started", self.name)).resume();
    }

    /// As SIGKILL.
    pub fn kill(&self) {
        drop(self.process().take());
    }

    /// As SIGTERM, and waits for its end: what is to be known at the next start is written.
    ///
    /// # Panics
    /// When it has ended before, does not end, or ends with a fault; with the end of its log.
    #[track_caller]
    pub fn stop(&self) {
        let mut process = self.process();
        let running = process.as_ref().unwrap_or_else(|| panic!("{} is not started", self.name));
        running.terminate();
        let status = running.end();
        assert!(status.success(), "{}: {}", self.name, running.tail());
        *process = None;
    }

    // === What it says ===

    /// What it said on standard output since its start.
    #[must_use]
    pub fn out(&self) -> String {
        read(&self.at(OUT))
    }

    /// All that it ever said on standard error.
    #[must_use]
    pub fn log(&self) -> String {
        read(&self.folder.log())
    }

    /// The rest of the line that begins so, once it has said that since its start.
    ///
    /// # Panics
    /// As [`Program::wait`].
    #[track_caller]
    #[must_use]
    pub fn line(&self, begin: &str) -> String {
        self.wait(&format!("a line {begin:?}"), || {
            let out = self.out();
            let mut whole = out.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
            whole.find_map(|line| line.strip_prefix(begin)).map(str::to_owned)
        })
    }

    /// The address that follows in the line that begins so.
    ///
    /// # Panics
    /// As [`Program::wait`], and when there is none.
    #[track_caller]
    #[must_use]
    pub fn address(&self, begin: &str) -> SocketAddr {
        let line = self.line(begin);
        let address = line.split(' ').next().and_then(|word| word.parse().ok());
        address.unwrap_or_else(|| panic!("no address in {begin}{line}"))
    }

    /// Where it answers DNS, once it does.
    ///
    /// # Panics
    /// As [`Program::wait`].
    #[track_caller]
    #[must_use]
    pub fn dns(&self) -> SocketAddr {
        self.address(LISTENING)
    }

    /// Polls until something is so.
    ///
    /// # Panics
    /// As soon as it has ended by itself, and after [`PATIENCE`]; with the end of its log.
    #[track_caller]
    pub fn wait<T>(&self, what: &str, look: impl FnMut() -> Option<T>) -> T {
        match poll(&[self], PATIENCE, look) {
            Some(found) => found,
            None => panic!("waited in vain for {what}; {}", self.tail()),
        }
    }

    /// Waits until what it knows now outlives SIGKILL: the writer of its file `state` is half a second behind.
    ///
    /// # Panics
    /// As [`Program::wait`].
    #[track_caller]
    pub fn wait_until_kept(&self) {
        let known = Instant::now();
        self.wait("the state to be written", || {
            (self.at("state").exists() && known.elapsed() > KEPT).then_some(())
        });
    }

    /// What a failure says of it: whether it runs, and the last lines of its log.
    #[must_use]
    pub fn tail(&self) -> String {
        match self.process().as_ref() {
            Some(process) => format!("{}: {}", self.name, process.tail()),
            None => format!("{}: it is not started", self.name),
        }
    }

    // === What it is asked ===

    /// Its reply to a question over UDP, which is asked again until there is one.
    ///
    /// # Panics
    /// As [`Program::wait`].
    #[track_caller]
    #[must_use]
    pub fn ask(&self, name: &str, rtype: RecordType) -> Reply {
        let dns = self.dns();
        self.wait(&format!("a reply to {name} {rtype}"), || ask(dns, name, rtype))
    }

    /// Waits until a name has just these records of a type, by their data.
    ///
    /// # Panics
    /// As [`Program::wait`].
    #[track_caller]
    pub fn wait_for(&self, name: &str, rtype: RecordType, data: &[&str]) {
        let mut wanted = data.to_vec();
        wanted.sort_unstable();
        let (dns, mut last) = (self.dns(), None);
        let found = poll(&[self], PATIENCE, || {
            last = ask(dns, name, rtype);
            last.as_ref().is_some_and(|reply| reply.data(rtype) == wanted).then_some(())
        });
        if found.is_none() {
            let last = last.map_or_else(|| "nothing\n".to_owned(), |reply| format!("\n{reply}"));
            panic!("{name} {rtype} is not {wanted:?} but {last}{}", self.tail());
        }
    }

    /// What another command of the binary prints that asks it; first what is on standard output.
    ///
    /// # Panics
    /// As [`ended`].
    pub fn says(&self, words: &[&str]) -> String {
        self.tell(words).all()
    }

    /// Waits until its `status` says all of this.
    ///
    /// # Panics
    /// As [`Program::wait`].
    #[track_caller]
    pub fn wait_for_status(&self, texts: &[&str]) {
        self.wait(&format!("status to say {texts:?}"), || {
            let said = self.says(&["status", "-o", "json"]);
            texts.iter().all(|text| said.contains(text)).then_some(())
        });
    }

    /// How another command of the binary ends that asks it.
    ///
    /// # Panics
    /// As [`ended`].
    pub fn tell(&self, words: &[&str]) -> Ended {
        ended(Command::new(&self.binary).args(words).arg("--control").arg(self.control()))
    }

    /// Runs the same with more words to its end, beside it.
    ///
    /// # Panics
    /// As [`ended`].
    #[must_use]
    pub fn run(&self, more: &[&str]) -> Ended {
        ended(self.command().args(&self.words).args(more))
    }

    /// The binary behind what starts it.
    fn command(&self) -> Command {
        let mut command = match self.launcher.split_first() {
            Some((program, flags)) => {
                let mut launcher = Command::new(program);
                launcher.args(flags).arg(&self.binary);
                launcher
            }
            None => Command::new(&self.binary),
        };
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    fn process(&self) -> MutexGuard<'_, Option<Process>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Whatever failed, its log may say why.
        if std::thread::panicking() {
            eprintln!("{}", self.tail());
        }
    }
}

/// Polls until something is so; none after so long, and none as soon as one of the programs that it hangs on has ended by
/// itself.
pub fn poll<T>(programs: &[&Program], patience: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let found = poll_for(patience, || {
        // Before the look, so that there is one after the end.
        let is_over = programs.iter().any(|program| program.has_ended());
        let found = look();
        (found.is_some() || is_over).then_some(found)
    });
    found.flatten()
}

/// What a failure says of several programs.
#[must_use]
pub fn tails(programs: &[&Program]) -> String {
    programs.iter().map(|program| program.tail()).collect::<Vec<_>>().join("\n")
}

/// Runs a command to its end.
///
/// # Panics
/// When it has not ended after [`PATIENCE`]; with the end of what it said on standard error.
#[must_use]
pub fn ended(command: &Command) -> Ended {
    let folder = Folder::new("command");
    let (out, err) = (folder.path().join(OUT), folder.log());
    let name = command.get_program().to_string_lossy();
    let status = Process::start_apart(&name, command, &out, &err).end();
    Ended { code: status.code().unwrap_or(-1), out: read(&out), err: read(&err) }
}

/// What a command of a binary prints that succeeds.
///
/// # Panics
/// As [`ended`], and when it fails.
#[must_use]
pub fn printed(binary: impl AsRef<OsStr>, words: &[&str]) -> String {
    let ended = ended(Command::new(binary).args(words));
    assert_eq!(ended.code, 0, "{words:?}: {}", ended.err);
    ended.out
}

fn read(file: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(file).unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests;
