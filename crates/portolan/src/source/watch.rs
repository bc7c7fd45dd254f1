//! Watching the fleet folder: its own thread, from the notices of the kernel to the engine.
//!
//! ```text
//!            ┌────────────── RESCAN: all of it, as a net ──────────────┐
//!   notice ──▶ Touches ── first notice + GATHER ──▶ scan ──▶ Engine::take
//!   (inotify)  (a set, so a storm of notices stays small)
//! ```
//!
//! Notices say where to look and nothing else: what is true is read from the folder. So a lost notice
//! costs time and never a fact, and a doubtful one (a queue that overflowed) means everything. A file
//! that somebody is writing is left alone until it is closed, or for [`WRITE_PATIENCE`]. What nobody tells
//! of (a file that could not be read and now could be, a change behind a link) is looked for each
//! [`DOUBT`], and everything each [`RESCAN`]. Watched
//! are the folder with all below it, and its parent, so that a folder which is replaced or comes later is
//! seen at once; that it is still the same folder is checked besides.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use portolan_core::Problem;

use super::tree::{self, Touches, Tree};
use crate::clock;
use crate::engine::SharedEngine;
use crate::problem;
use notices::Notices;

mod notices;

pub use notices::{GATHER, WRITE_PATIENCE};

/// How often everything is looked at though nobody said that it changed.
pub const RESCAN: Duration = Duration::from_secs(60);
/// How often that is looked at again which could not be read, and what links lead to.
pub const DOUBT: Duration = Duration::from_secs(1);
/// The same as [`RESCAN`] while the kernel does not tell (its limit of watches is reached, say).
const RESCAN_UNWATCHED: Duration = Duration::from_secs(2);
/// How much older than it is a file's time of modification may be: the kernel's tick.
const GRAIN: Duration = Duration::from_millis(10);
/// Most problems that are logged at once.
const LOGGED_MAX: usize = 100;

/// A fleet folder that is watched. Dropping it ends the watching.
#[derive(Debug)]
pub struct Watch {
    notices: Arc<Notices>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Reads the folder into the engine, and then watches it. What cannot be read is a problem of the
    /// fleet's, and no error: the folder may come later.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(dir: &Path, engine: SharedEngine) -> anyhow::Result<Self> {
        let dir =
            std::path::absolute(dir).with_context(|| format!("fleet folder {dir:?} has no absolute path"))?;
        let notices = Arc::new(Notices::default());
        let keep = engine.lock().keep();
        let mut watcher = Watcher {
            tree: Tree::new(&dir).keeping(keep),
            kernel: Kernel { dir, notices: notices.clone(), watcher: None, watched: None, failed: false },
            engine,
            log: ProblemLog::default(),
        };
        watcher.kernel.renew();
        watcher.scan(&Touches::everything());
        let thread = std::thread::Builder::new()
            .name("fleet-folder".into())
            .spawn(move || watcher.watch())
            .context("cannot start the thread that watches the fleet folder")?;
        Ok(Self { notices, thread: Some(thread) })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.notices.stop();
        if let Some(thread) = self.thread.take() {
            // Its panics were caught and logged inside.
            let _ = thread.join();
        }
    }
}

// === Watcher ===

struct Watcher {
    tree: Tree,
    kernel: Kernel,
    engine: SharedEngine,
    log: ProblemLog,
}

impl Watcher {
    fn watch(mut self) {
        let (mut scanned, mut doubted) = (Instant::now(), Instant::now());
        loop {
            let Some(mut touches) = self.kernel.notices.gather() else { return };
            if let Some(told) = SystemTime::now().checked_sub(GRAIN) {
                touches.told_until(told);
            }
            if self.kernel.renew() {
                touches.lost();
            }
            if doubted.elapsed() >= DOUBT {
                doubted = Instant::now();
                touches.join(self.tree.doubtful());
            }
            if scanned.elapsed() >= self.kernel.rescan() {
                touches.lost();
            }
            if touches.is_everything() {
                scanned = Instant::now();
            }
            self.log.say(&self.engine, self.tree.root_problem().as_ref());
            if touches.is_empty() {
                continue;
            }
            if catch_unwind(AssertUnwindSafe(|| self.scan(&touches))).is_err() {
                tracing::error!("reading the fleet folder panicked; it is read again in {RESCAN:?}");
            }
        }
    }

    fn scan(&mut self, touches: &Touches) {
        let events = self.tree.scan(touches);
        self.kernel.notices.look_again(self.tree.take_fresh(), self.tree.postponed());
        let now = clock::now();
        if !events.is_empty() {
            self.engine.lock().take(events, now);
            self.log.changed = true;
        } else if self.tree.root_lost().is_none() {
            self.engine.lock().still_true(now);
        }
    }
}

/// Problems as log lines, each once, a while after they came: never between an event and an answer.
#[derive(Default)]
struct ProblemLog {
    said: BTreeSet<Problem>,
    changed: bool,
}

impl ProblemLog {
    /// Says which problems are new; that of the root is an error. Of many, the first; `portolan status`
    /// has them all.
    fn say(&mut self, engine: &SharedEngine, root: Option<&Problem>) {
        if !std::mem::take(&mut self.changed) {
            return;
        }
        let problems: BTreeSet<Problem> = engine.lock().fleet_problems().into_iter().collect();
        let news: Vec<&Problem> = problems.difference(&self.said).collect();
        for problem in news.iter().take(LOGGED_MAX) {
            let line = problem::line(problem);
            match root == Some(*problem) {
                true => tracing::error!(reason = %problem.reason, "fleet folder {line}"),
                false => tracing::warn!(reason = %problem.reason, "{line}"),
            }
        }
        if news.len() > LOGGED_MAX {
            tracing::warn!(
                more = news.len() - LOGGED_MAX,
                "more problems are not logged; `portolan status` has them"
            );
        }
        let solved = self.said.difference(&problems).count();
        if solved > 0 {
            tracing::info!(solved, left = problems.len(), "problems are solved");
        }
        self.said = problems;
    }
}

// === Kernel ===

/// The kernel's notices, for as long as there is a folder to watch.
struct Kernel {
    dir: PathBuf,
    notices: Arc<Notices>,
    watcher: Option<RecommendedWatcher>,
    /// Which folder is watched.
    watched: Option<(u64, u64)>,
    /// True when the kernel refused, so that it is said once.
    failed: bool,
}

impl Kernel {
    /// Watches the folder that is there now. True when that is another one than before.
    fn renew(&mut self) -> bool {
        let found = tree::identity(&self.dir);
        if found == self.watched && (self.watcher.is_some() || self.failed) {
            return false;
        }
        let is_other = found != self.watched;
        self.watched = found;
        self.watcher = None;
        match self.watcher() {
            Ok(watcher) => {
                self.watcher = Some(watcher);
                self.failed = false;
            }
            Err(error) => {
                if !self.failed {
                    tracing::warn!(
                        folder = %self.dir.display(),
                        "cannot be watched: {error}; it is read every {RESCAN_UNWATCHED:?} instead"
                    );
                }
                self.failed = true;
            }
        }
        is_other
    }

    fn watcher(&self) -> notify::Result<RecommendedWatcher> {
        let (dir, notices) = (self.dir.clone(), self.notices.clone());
        let mut watcher = notify::recommended_watcher(move |event| notices.take(&dir, event))?;
        if let Some(parent) = self.dir.parent().filter(|parent| parent.is_dir()) {
            watcher.watch(parent, RecursiveMode::NonRecursive)?;
        }
        if self.watched.is_some() {
            watcher.watch(&self.dir, RecursiveMode::Recursive)?;
        }
        Ok(watcher)
    }

    fn rescan(&self) -> Duration {
        if self.watcher.is_some() { RESCAN } else { RESCAN_UNWATCHED }
    }
}
