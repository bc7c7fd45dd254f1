//! What the kernel told and nobody has looked at yet, and which files are being written.
//!
//! ```text
//!   moved, removed, touched ───────────────────────────────────▶ touches ── + GATHER ──▶ a scan
//!   created, modified ──▶ writing ── closed ───────────────────────▲
//!                           │  └──── WRITE_PATIENCE over ──────────┤
//!                           └ a scan of other things leaves it alone
//! ```
//!
//! A file that is opened and written in place is empty first and then half of itself; both may be valid
//! manifests of fewer objects. So nobody reads it before it is closed. The patience counts from the first
//! change that was not read, so that one who never closes, or opens again and again, is read as well.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use notify::EventKind;
use notify::event::{AccessKind, AccessMode, CreateKind, ModifyKind};
use portolan_core::ClusterName;

use crate::source::tree::{Place, Touches};

/// How long events are gathered, from the first.
pub const GATHER: Duration = Duration::from_millis(50);
/// How long a file that is being written is left alone, from its first change that was not read.
pub const WRITE_PATIENCE: Duration = Duration::from_millis(500);
/// How often whoever waits for notices looks up though there are none.
const TICK: Duration = Duration::from_millis(500);
/// Most files whose writers are waited for; others are read as they are.
const WRITING_MAX: usize = 10_000;

/// What the kernel told.
#[derive(Debug, Default)]
pub(super) struct Notices {
    told: Mutex<Told>,
    wake: Condvar,
}

#[derive(Debug, Default)]
struct Told {
    touches: Touches,
    writing: BTreeMap<(ClusterName, String), Writing>,
    /// The first of `writing` came after somebody began to wait: there is a deadline now.
    has_deadline: bool,
    stop: bool,
}

/// A file that was changed and not read since.
#[derive(Clone, Copy, Debug)]
struct Writing {
    since: Instant,
    is_open: bool,
}

/// What a notice says of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Notice {
    /// Somebody begins to write it, or goes on.
    Begun,
    /// Its writer has closed it.
    Closed,
    /// It came, went or changed as a whole.
    Whole,
    /// It changed, and its content did not.
    Aside,
    /// Nothing of ours.
    Nothing,
}

impl Notices {
    pub(super) fn take(&self, dir: &Path, event: notify::Result<notify::Event>) {
        let mut told = self.lock();
        match event {
            Ok(event) if event.need_rescan() => told.touches.lost(),
            Ok(event) => {
                for path in &event.paths {
                    told.note(Notice::of(event.kind, path), Place::of(dir, path), Instant::now());
                }
            }
            Err(error) => {
                tracing::warn!("a notice of the fleet folder was lost: {error}; all of it is read again");
                told.touches.lost();
            }
        }
        if !told.is_idle() {
            drop(told);
            self.wake.notify_one();
        }
    }

    /// Touches folders and other things for the next time.
    pub(super) fn look_again(&self, folders: BTreeSet<ClusterName>, others: Touches) {
        let mut told = self.lock();
        told.touches.join(others);
        folders.into_iter().for_each(|folder| told.touches.folder(folder));
    }

    /// Ends the waiting, now and for ever.
    pub(super) fn stop(&self) {
        self.lock().stop = true;
        self.wake.notify_one();
    }

    /// Waits for a notice and then for those that come with it, or for the next tick. None: stop.
    pub(super) fn gather(&self) -> Option<Touches> {
        let mut told = self.lock();
        loop {
            told.has_deadline = false;
            let rest = told.patience(Instant::now()).map_or(TICK, |rest| rest.min(TICK));
            let waited = self.wake.wait_timeout_while(told, rest, |told| told.is_idle());
            let (now_told, wait) = waited.unwrap_or_else(PoisonError::into_inner);
            told = now_told;
            if wait.timed_out() || told.stop || !told.touches.is_empty() {
                break;
            }
        }
        if !told.touches.is_empty() {
            let waited = self.wake.wait_timeout_while(told, GATHER, |told| !told.stop);
            (told, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
        (!told.stop).then(|| told.hand_over(Instant::now()))
    }

    fn lock(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Told {
    fn is_idle(&self) -> bool {
        self.touches.is_empty() && !self.has_deadline && !self.stop
    }

    fn note(&mut self, notice: Notice, place: Place, now: Instant) {
        let Place::File(source, name) = place else {
            if notice != Notice::Nothing {
                self.touches.place(place);
            }
            return;
        };
        let file = (source, name);
        match notice {
            Notice::Nothing => return,
            Notice::Begun if self.writing.len() < WRITING_MAX || self.writing.contains_key(&file) => {
                self.has_deadline |= self.writing.is_empty();
                let writing = self.writing.entry(file).or_insert(Writing { since: now, is_open: true });
                writing.is_open = true;
                return;
            }
            Notice::Closed => {
                if let Some(writing) = self.writing.get_mut(&file) {
                    writing.is_open = false;
                }
            }
            Notice::Whole => drop(self.writing.remove(&file)),
            Notice::Aside if self.writing.get(&file).is_some_and(|writing| writing.is_open) => return,
            Notice::Begun | Notice::Aside => {}
        }
        self.touches.place(Place::File(file.0, file.1));
    }

    /// How long until the first writer was waited for long enough.
    fn patience(&self, now: Instant) -> Option<Duration> {
        let open = self.writing.values().filter(|writing| writing.is_open);
        let first = open.map(|writing| writing.since).min()?;
        Some((first + WRITE_PATIENCE).saturating_duration_since(now))
    }

    /// What is to be looked at now. Who writes is left alone, unless that is for too long.
    fn hand_over(&mut self, now: Instant) -> Touches {
        let mut touches = std::mem::take(&mut self.touches);
        let is_late = |writing: &Writing| now.saturating_duration_since(writing.since) >= WRITE_PATIENCE;
        self.writing.retain(|(source, name), writing| {
            let is_held = writing.is_open && !is_late(writing);
            if is_held {
                touches.hold(source.clone(), name.clone());
            } else {
                touches.place(Place::File(source.clone(), name.clone()));
            }
            is_held
        });
        touches
    }
}

impl Notice {
    fn of(kind: EventKind, path: &Path) -> Self {
        match kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => Self::Closed,
            // Reading a file is no change of it: our own reading would come back to us as a notice.
            EventKind::Access(_) => Self::Nothing,
            // A link is whole when it is there; nobody closes it.
            EventKind::Create(CreateKind::File) if !path.is_symlink() => Self::Begun,
            EventKind::Modify(ModifyKind::Data(_)) => Self::Begun,
            EventKind::Modify(ModifyKind::Metadata(_)) => Self::Aside,
            _ => Self::Whole,
        }
    }
}

#[cfg(test)]
mod tests;
