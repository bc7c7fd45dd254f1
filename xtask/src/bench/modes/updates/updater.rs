//! Who changes records: a thread that rewrites one file after the other at a fixed rate, and notes how much
//! memory the server holds meanwhile.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::CHANGING;
use crate::bench::dataset::Names;
use crate::bench::meter;
use crate::bench::peers::portolan::records::one;

/// Between two looks at the clock.
const PAUSE: Duration = Duration::from_millis(1);
/// How often memory is noted.
const NOTE: Duration = Duration::from_secs(1);
/// Most notes that are kept.
const NOTES_MAX: usize = 600;

/// The records that change, as they are now.
pub(super) struct Records {
    names: Names,
    folder: PathBuf,
    /// How often all together were changed; they are changed in turn.
    changes: u32,
}

impl Records {
    /// Those of a fleet folder, as they are at first.
    pub(super) fn new(names: Names, folder: PathBuf) -> Self {
        Self { names, folder, changes: 0 }
    }

    /// How often they were changed.
    pub(super) fn changes(&self) -> u32 {
        self.changes
    }

    /// A name of them.
    pub(super) fn name(&self, index: u32) -> String {
        self.names.name(index)
    }

    /// Its addresses now, sorted: each change gives it others, all of them nobody's.
    pub(super) fn addresses(&self, index: u32) -> Vec<IpAddr> {
        let version = (self.changes + CHANGING - 1 - index) / CHANGING;
        let moved = |address: Ipv4Addr| Ipv4Addr::from(u32::from(address) | (version % 16) << 24);
        self.names.v4(index).into_iter().map(|address| moved(address).into()).collect()
    }

    /// Writes the file of a name in one step, as it is now.
    pub(super) fn write(&self, index: u32) -> Result<()> {
        let targets: Vec<String> = self.addresses(index).iter().map(ToString::to_string).collect();
        let path = self.folder.join(format!("one-{index}.json"));
        let draft = path.with_extension("draft");
        fs::write(&draft, one(&self.names, index, &targets)).context("a record's file")?;
        fs::rename(&draft, &path).context("a record's file")
    }

    /// Changes the next one.
    fn change(&mut self) -> Result<()> {
        let index = self.changes % CHANGING;
        self.changes += 1;
        self.write(index)
    }
}

/// The thread.
pub(super) struct Updater {
    stops: Arc<AtomicBool>,
    thread: JoinHandle<Result<Done>>,
}

/// What it did.
pub(super) struct Done {
    pub(super) records: Records,
    /// How long it changed records.
    pub(super) seconds: f64,
    /// The server's resident memory each second, in KiB.
    pub(super) resident: Vec<u64>,
}

impl Updater {
    /// Changes records at this rate until it is stopped, and looks at the memory of these process groups.
    pub(super) fn start(records: Records, rate: u32, groups: Vec<i32>) -> Self {
        let stops = Arc::new(AtomicBool::new(false));
        let thread = {
            let stops = Arc::clone(&stops);
            thread::spawn(move || work(records, rate, &groups, &stops))
        };
        Self { stops, thread }
    }

    /// Stops it.
    ///
    /// # Errors
    /// When a file could not be written.
    pub(super) fn stop(self) -> Result<Done> {
        self.stops.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| anyhow::anyhow!("the updater's thread panicked"))?
    }
}

fn work(mut records: Records, rate: u32, groups: &[i32], stops: &AtomicBool) -> Result<Done> {
    let begun = Instant::now();
    let mut resident = Vec::new();
    while !stops.load(Ordering::Relaxed) {
        let due = (begun.elapsed().as_secs_f64() * f64::from(rate)) as u32;
        while records.changes < due {
            records.change()?;
        }
        if begun.elapsed() >= NOTE * resident.len() as u32 && resident.len() < NOTES_MAX {
            resident.push(meter::resident(groups)?);
        }
        thread::park_timeout(PAUSE);
    }
    Ok(Done { records, seconds: begun.elapsed().as_secs_f64(), resident })
}

#[cfg(test)]
mod tests;
