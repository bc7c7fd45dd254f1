//! Watching zone files: a thread of its own, from a look at each file to the engine.
//!
//! A file is looked at each [`POLL`]: that sees files that are replaced and files that are written in place,
//! over links and mounts, where the kernel's notices see some of them. A change is read once two looks find
//! the same, so that a file under way is left alone.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portolan_core::zone::ZoneFile;
use portolan_core::{Problem, Reason};

use super::include::{Stamp, problem, stamp};
use super::{Loaded, ZoneSource, load};
use crate::clock;
use crate::engine::SharedEngine;
use crate::problem;
use crate::threads::Regular;

/// How often zone files are looked at.
pub const POLL: Duration = Duration::from_secs(1);
/// Most problems of one zone file that are logged.
const LOGGED_MAX: usize = 20;

/// Zone files that are watched. Dropping it ends the watching.
#[derive(Debug)]
pub struct Watch {
    _thread: Regular,
}

impl Watch {
    /// Reads the files into the engine, and then watches them. What cannot be read is a problem and no
    /// error: the file may come later.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(sources: &[ZoneSource], engine: SharedEngine) -> anyhow::Result<Self> {
        let mut files: Vec<Watched> = sources.iter().map(Watched::new).collect();
        files.iter_mut().for_each(|file| file.read(&engine));
        let look = move || {
            for file in &mut files {
                if file.has_settled() {
                    file.read(&engine);
                }
            }
        };
        Ok(Self { _thread: Regular::start("zone-files", POLL, look)? })
    }
}

/// One zone file.
struct Watched {
    source: ZoneSource,
    /// What the files were like that were read last.
    seen: Vec<(PathBuf, Option<Stamp>)>,
    /// What they were like at the last look, where that is something else.
    changing: Option<Vec<Option<Stamp>>>,
    /// True once it gave a whole zone.
    was_whole: bool,
    /// True once it was read, whatever came of it.
    was_read: bool,
}

impl Watched {
    fn new(source: &ZoneSource) -> Self {
        Self { source: source.clone(), seen: Vec::new(), changing: None, was_whole: false, was_read: false }
    }

    /// Looks at the files. True when they are others than those that were read, and the same as at the last look.
    fn has_settled(&mut self) -> bool {
        let now: Vec<Option<Stamp>> = self.seen.iter().map(|(path, _)| stamp(path)).collect();
        if now.iter().eq(self.seen.iter().map(|(_, stamp)| stamp)) {
            self.changing = None;
            return false;
        }
        let settled = self.changing.as_ref() == Some(&now);
        self.changing = Some(now);
        settled
    }

    fn read(&mut self, engine: &SharedEngine) {
        let began = Instant::now();
        let seed = engine.lock().snapshot().seed();
        let Ok(mut loaded) = catch_unwind(AssertUnwindSafe(|| load(&self.source, seed))) else {
            return self.fault(engine);
        };
        self.seen = std::mem::take(&mut loaded.seen);
        self.changing = None;
        self.give(loaded, began, engine);
    }

    /// Reading it went wrong inside: what there is stays.
    fn fault(&mut self, engine: &SharedEngine) {
        let message = "could not be read, which is a fault of this program; the zone stays as it was";
        let place = self.source.file.display().to_string();
        let problem = problem(&self.source, Reason::Unreadable, message.into(), place);
        tracing::error!("{}", problem::line(&problem));
        let apex = &self.source.apex;
        let nothing = (!self.was_read).then(|| Arc::new(ZoneFile::unread(apex)));
        self.was_read = true;
        self.seen = match self.seen.is_empty() {
            true => vec![(self.source.file.clone(), stamp(&self.source.file))],
            false => self.seen.iter().map(|(path, _)| (path.clone(), stamp(path))).collect(),
        };
        engine.lock().take_zone_file(apex, nothing, vec![problem], clock::now());
    }

    /// Gives a zone to the engine, unless it is damaged and there is a better one.
    fn give(&mut self, loaded: Loaded, began: Instant, engine: &SharedEngine) {
        let Loaded { file, mut problems, records, .. } = loaded;
        // Of one that was never whole the last reading counts, unless that found nothing at all.
        let is_kept = !file.is_whole() && (self.was_whole || (self.was_read && file.is_empty()));
        if self.was_whole && is_kept {
            problems.insert(0, kept(&self.source));
        } else if !file.is_whole() {
            problems.insert(0, incomplete(&self.source));
        }
        let (zone, path) = (self.source.apex.to_dotless(), self.source.file.display());
        if !std::mem::replace(&mut self.was_read, true) && !file.is_whole() {
            let what = if file.is_empty() { "is not served" } else { "is served in part" };
            tracing::error!(
                zone, file = %path,
                "the zone {what}: its file is not whole, and zone files are not kept over a restart"
            );
        }
        self.was_whole |= file.is_whole();
        let file = Some(file).filter(|_| !is_kept);
        if let Some(file) = file.as_ref().filter(|file| !file.is_empty()) {
            let milliseconds = began.elapsed().as_millis();
            tracing::info!(zone, file = %path, names = file.len(), records, milliseconds, "zone file read");
        }
        for problem in problems.iter().take(LOGGED_MAX) {
            tracing::warn!(reason = %problem.reason, "{}", problem::line(problem));
        }
        engine.lock().take_zone_file(&self.source.apex, file, problems, clock::now());
    }
}

fn incomplete(source: &ZoneSource) -> Problem {
    let message = "was not wholly read since the start: names and types that are not in what was read are answered \
                   SERVFAIL, as it may have them";
    problem(source, Reason::Incomplete, message.to_owned(), source.file.display().to_string())
}

fn kept(source: &ZoneSource) -> Problem {
    let message = "is damaged, so the zone stays as it was before".to_owned();
    problem(source, Reason::Unreadable, message, source.file.display().to_string())
}
