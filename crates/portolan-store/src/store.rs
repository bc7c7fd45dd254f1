//! The fleet and the serials of its zones: in memory, with the last good state behind it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use portolan_core::fleet::Touched;
use portolan_core::publish::Serials;
use portolan_core::{Fact, Fleet, Name};

use crate::StoreError;
use crate::behind::{Behind, LAG, Start, Writes};
use crate::feed::Feed;
use crate::file::{self, Disk, FileSystem, Generation};
use crate::format::{End, State};
use crate::reserve::{self, Trust};

/// What is known, and how it is kept.
#[derive(Debug)]
pub struct Store {
    fleet: Fleet,
    serials: Serials,
    revision: u64,
    behind: Option<Behind>,
    feed: Option<Arc<Feed>>,
}

/// Where a store's first facts came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastGood {
    /// When they were true, in seconds since 1970.
    pub true_at: i64,
    /// The newest file was missing or damaged, and the one before was used.
    pub generation: Generation,
    /// The process that wrote it stopped in good order.
    pub clean: bool,
}

impl Store {
    /// One that keeps nothing: for commands that end at once, and for tests. The serial of a zone that
    /// it never saw is the time (`now`, in seconds since 1970).
    #[must_use]
    pub fn in_memory(now: i64) -> Self {
        let serials = Serials { first: first_serial(now), ..Serials::default() };
        Self { fleet: Fleet::default(), serials, revision: 0, behind: None, feed: None }
    }

    /// One that begins with the last good state of a file, and keeps it there.
    ///
    /// # Errors
    /// [`StoreError::Held`] when another process keeps its state there, [`StoreError::NoFile`] when something else than a
    /// file is there. A file that is damaged, or a disk
    /// that cannot be written, is no error: it is logged, and the store goes on without.
    pub fn open(path: &Path, now: i64) -> Result<(Self, Option<LastGood>), StoreError> {
        Self::open_on(Box::new(FileSystem), LAG, path, now)
    }

    /// As [`Store::open`], on any disk and with any lag.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_on(
        mut disk: Box<dyn Disk>,
        lag: Duration,
        path: &Path,
        now: i64,
    ) -> Result<(Self, Option<LastGood>), StoreError> {
        file::may_replace(path)?;
        let lock = file::lock(path)?;
        let loaded = file::load(path, now);
        let last_good = loaded.as_ref().map(|(loaded, generation)| LastGood {
            true_at: loaded.state.true_at,
            generation: *generation,
            clean: loaded.state.clean,
        });
        let end = loaded.as_ref().map(|(loaded, _)| loaded.end);
        let mut state = loaded.map(|(loaded, _)| loaded.state).unwrap_or_default();
        let writes = Writes::default();
        let serials = resume(&mut state, last_good.as_ref(), end == Some(End::Torn), now, |state| {
            let is_current = last_good.is_some_and(|state| state.generation == Generation::Current);
            let written = match end {
                Some(End::Open) if is_current => file::append_start(disk.as_mut(), path, &state.serials),
                _ => file::write(disk.as_mut(), path, state),
            };
            if let Err(error) = &written {
                tracing::error!("{error}; answers go on without");
            }
            writes.count(&written, state.true_at)
        });
        let fleet = state.fleet.clone();
        let start = Start { path: path.into(), disk, state, writes, lag, lock };
        let behind = Some(Behind::start(start)?);
        Ok((Self { fleet, serials, revision: 0, behind, feed: None }, last_good))
    }

    /// Takes facts, and says what they touched and the revision that they make. Nothing waits for a disk.
    pub fn commit(&mut self, facts: impl IntoIterator<Item = Fact>) -> (Touched, u64) {
        let touched = self.fleet.apply(facts);
        if let Some(behind) = &self.behind {
            behind.facts(&touched, &self.fleet);
        }
        if let Some(feed) = &self.feed {
            feed.facts(&touched, &self.fleet);
        }
        self.revision += 1;
        (touched, self.revision)
    }

    /// Tells followers all there is, and what is committed from now on.
    pub fn feed(&mut self, feed: Arc<Feed>) {
        feed.facts(&self.fleet.everything(), &self.fleet);
        self.feed = Some(feed);
    }

    /// Says that all of it is true at this time, changed or not.
    pub fn still_true(&self, now: i64) {
        if let Some(behind) = &self.behind {
            behind.still_true(now);
        }
    }

    /// The facts.
    #[must_use]
    pub fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    /// The serials; after giving some out, name their zones to [`Store::given`].
    pub fn serials(&mut self) -> &mut Serials {
        &mut self.serials
    }

    /// Keeps the serials that these zones have now.
    pub fn given(&self, apexes: impl IntoIterator<Item = Name>) {
        let Some(behind) = &self.behind else { return };
        for apex in apexes {
            if let Some(serial) = self.serials.zones.get(&apex) {
                behind.serial(&apex, *serial);
            }
        }
    }

    /// The revision of the last commit.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// What became of the writes; none for a store in memory.
    #[must_use]
    pub fn writes(&self) -> Option<&Writes> {
        self.behind.as_ref().map(|behind| &behind.writes)
    }

    /// Ends in good order: the file holds everything, and the exact serials. What is committed after
    /// that is kept in memory only.
    ///
    /// # Errors
    /// When the last write failed or took too long; the file is then an older one, without the mark of
    /// an orderly end.
    pub fn close(&mut self) -> Result<(), StoreError> {
        self.behind.take().map_or(Ok(()), Behind::close)
    }
}

/// The serials to go on with. They are reserved on disk before any is given out; where that cannot be
/// done, the clock stands in for the disk.
fn resume(
    state: &mut State,
    last_good: Option<&LastGood>,
    is_torn: bool,
    now: i64,
    write: impl FnOnce(&State) -> bool,
) -> Serials {
    let first = first_serial(now);
    let Some(last_good) = last_good else {
        return Serials { first, ..Serials::default() };
    };
    let clock = Trust::Clock(first);
    let trust = match last_good {
        _ if is_torn => clock,
        LastGood { generation: Generation::Previous, .. } => clock,
        LastGood { clean: true, .. } => Trust::Exact,
        LastGood { clean: false, .. } => Trust::Ceiling,
    };
    let known = state.serials.clone();
    let serials = reserve::go_on(&known, trust, first);
    reserve_from(state, &serials);
    state.clean = false;
    if write(state) {
        return serials;
    }
    let serials = reserve::go_on(&known, clock, first);
    reserve_from(state, &serials);
    serials
}

fn reserve_from(state: &mut State, serials: &Serials) {
    for (apex, serial) in &serials.zones {
        state.serials.entry(apex.clone()).or_insert(reserve::Reserved::new(*serial)).renew(*serial);
    }
}

/// A time as a serial; it wraps in 2106, which serial arithmetic does not mind.
fn first_serial(now: i64) -> u32 {
    u32::try_from(now.rem_euclid(1 << 32)).unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests;
