//! The processes of a subject: started so that nothing is left behind, ended with the value.
//!
//! ```text
//!   xtask ──spawn──▶ setpriv --pdeathsig KILL ──exec──▶ taskset -c CORES ──exec──▶ the server
//!                    (dies with us, whatever ends us)   (its cores)                in a group of its own
//! ```
//!
//! A server may fork; what it forks stays in its process group, which is what is measured and ended.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// How long a server may take to end before it is killed.
const END_MAX: Duration = Duration::from_secs(5);
/// Between two looks at a process that is to end.
const LOOK: Duration = Duration::from_millis(5);
/// The last lines of a log that an error shows.
const LOG_LINES_SHOWN: usize = 5;

/// A running process and what it forked.
pub(super) struct Process {
    name: String,
    child: Child,
    group: Pid,
    log: std::path::PathBuf,
}

impl Process {
    /// Starts a program on these cores (all of them for none), its messages going to `NAME.log` in the
    /// folder, which is its working directory too.
    pub(super) fn start(program: &Command, cores: Option<&str>, folder: &Path) -> Result<Self> {
        let name = Path::new(program.get_program()).file_name().unwrap_or_default();
        let name = name.to_string_lossy().into_owned();
        let log = folder.join(format!("{name}.log"));
        let file = File::create(&log).with_context(|| log.display().to_string())?;
        let child = wrapped(program, cores)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(file.try_clone().context("the log")?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("cannot start {name} through setpriv"))?;
        let group = Pid::from_raw(i32::try_from(child.id()).context("a process id")?);
        Ok(Self { name, child, group, log })
    }

    /// The process group, by which everything of it is found in /proc.
    pub(super) fn group(&self) -> i32 {
        self.group.as_raw()
    }

    /// # Errors
    /// When it has ended, with the end of its log.
    pub(super) fn ensure_alive(&mut self) -> Result<()> {
        let ended = self.child.try_wait().context("a child of ours")?;
        ensure!(ended.is_none(), "{} has ended: {}", self.name, self.log_end());
        Ok(())
    }

    /// The last lines of what it logged.
    pub(super) fn log_end(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join(" / ")
    }

    #[expect(clippy::disallowed_methods, reason = "a child's end is polled: std has no wait with a limit")]
    fn end(&mut self) {
        let begun = Instant::now();
        // It may be gone already; what it forked may not.
        let _ = killpg(self.group, Signal::SIGTERM);
        while begun.elapsed() < END_MAX && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(LOOK);
        }
        let _ = killpg(self.group, Signal::SIGKILL);
        drop(self.child.wait());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// The same command behind `setpriv` and `taskset`, in a process group of its own.
fn wrapped(program: &Command, cores: Option<&str>) -> Command {
    use std::os::unix::process::CommandExt as _;
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "taskset", "-c"]);
    command.arg(cores.map_or_else(|| format!("0-{}", super::machine::cores() - 1), str::to_owned));
    command.arg(program.get_program()).args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.process_group(0);
    command
}

#[cfg(test)]
mod tests;
