//! Where a part keeps its data and its log.
//!
//! ```text
//!   /tmp/portolan-testbed-UID/PID/eu-1-3/       what eu-1 keeps; gone with its value
//!   /tmp/portolan-testbed-UID/PID/eu-1-3.log    what it says; kept when its test fails
//! ```
//!
//! A value in a `static` is never dropped, and a process that is killed drops nothing. So each test binary
//! begins by tidying up after those that are gone: folders at once, logs when they are a day old.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// How long the logs of a process that is gone are kept.
const LOGS_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// Our process' folder; the first who asks tidies up, and has failures name it.
static OURS: LazyLock<PathBuf> = LazyLock::new(|| {
    sweep(&base());
    let ours = base().join(std::process::id().to_string());
    // What is in it lets an administrator in.
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&ours);
    made.unwrap_or_else(|error| panic!("{}: {error}", ours.display()));
    name_logs_on_panic(ours.clone());
    ours
});

/// A folder that goes with its value, and a log beside it.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// A folder for what is called so.
    pub(crate) fn new(name: &str) -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let path = OURS.join(format!("{name}-{}", MADE.fetch_add(1, Ordering::Relaxed)));
        fs::create_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { path }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where its log is.
    pub(crate) fn log(&self) -> PathBuf {
        self.path.with_extension("log")
    }

    /// Writes a file in it that only we may read, and gives where it is.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path.join(name);
        fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        path
    }

    /// Writes a file in it beside its place and moves it there, so that who reads it has the old one or the new.
    pub(crate) fn replace(&self, name: &str, text: &str) {
        let (new, path) = (self.write(&format!("{name}.new"), text), self.path.join(name));
        fs::rename(&new, &path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Who used it has ended before. What is left over, and our process' folder, the next binary sweeps up.
        let _ = fs::remove_dir_all(&self.path);
        if !std::thread::panicking() {
            let _ = fs::remove_file(self.log());
        }
    }
}

pub(crate) fn base() -> PathBuf {
    std::env::temp_dir().join(format!("portolan-testbed-{}", nix::unistd::getuid()))
}

/// Takes away what processes that are gone have left.
pub(crate) fn sweep(base: &Path) {
    for ours in fs::read_dir(base).into_iter().flatten().flatten() {
        let is_gone = !Path::new("/proc").join(ours.file_name()).exists();
        if is_gone {
            let old =
                ours.metadata().and_then(|data| data.modified()).ok().and_then(|time| time.elapsed().ok());
            sweep_one(&ours.path(), old.is_some_and(|old| old > LOGS_KEPT));
        }
    }
}

/// Folders always, logs when they are old. Another binary may be doing the same: what is not there is gone.
fn sweep_one(ours: &Path, with_logs: bool) {
    for entry in fs::read_dir(ours).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            let _ = fs::remove_dir_all(entry.path());
        } else if with_logs {
            let _ = fs::remove_file(entry.path());
        }
    }
    let _ = fs::remove_dir(ours);
}

fn name_logs_on_panic(ours: PathBuf) {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        before(info);
        eprintln!("testbed: logs are in {}", ours.display());
    }));
}

#[cfg(test)]
mod tests;
