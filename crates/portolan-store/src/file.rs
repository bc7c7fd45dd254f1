//! Two generations of a file, by rename.
//!
//! ```text
//!   write FILE.new ─▶ sync it ─▶ FILE to FILE.1 ─▶ FILE.new to FILE ─▶ sync the folder
//!        old             old         old (FILE.1)        new                 new
//! ```
//!
//! The line below says what a start finds that is made after a step and before the next: the old state
//! or the new one, never a mix. The steps are values, so that a test can stop after each.
//!
//! ```text
//!   append to FILE ─▶ sync it
//!        old, torn or not    the serials that the start may give out are kept
//! ```
//!
//! That is what a start does, so that it need not write all names before it answers.
//!
//! A file that is not a whole state is renamed to `FILE.bad-<unix time>` for people to look at, and the
//! generation before is used.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use portolan_core::Name;

use crate::StoreError;
use crate::format::{self, Encoded, End, Loaded, STATE_OCTETS_MAX, State};
use crate::reserve::Reserved;

/// How many files that were set aside are kept of each generation; the oldest go.
pub const BAD_FILES_MAX: usize = 4;

/// How many octets go to the file system at once.
const WRITE_OCTETS: usize = 256 << 10;

/// One step of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<'o> {
    /// Makes a file of a state, instead of any that is there.
    Write(PathBuf, &'o Encoded),
    /// Puts octets at the end of a file that is there.
    Append(PathBuf, &'o [u8]),
    /// Waits until a file's octets are on the disk.
    Sync(PathBuf),
    /// Makes the current generation the previous one; there may be none.
    Keep(PathBuf, PathBuf),
    /// Makes the new file the current generation.
    Replace(PathBuf, PathBuf),
    /// Waits until the renames are on the disk.
    SyncFolder(PathBuf),
}

/// What does the steps: the file system, or a test's idea of a bad one.
pub trait Disk: Send {
    /// Does one step.
    ///
    /// # Errors
    /// Whatever the file system says.
    fn step(&mut self, step: &Step<'_>) -> io::Result<()>;
}

/// The file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileSystem;

impl Disk for FileSystem {
    fn step(&mut self, step: &Step<'_>) -> io::Result<()> {
        match step {
            Step::Write(path, encoded) => {
                let mut out = BufWriter::with_capacity(WRITE_OCTETS, File::create(path)?);
                encoded.write_to(&mut out)?;
                out.flush()
            }
            Step::Append(path, octets) => File::options().append(true).open(path)?.write_all(octets),
            Step::Sync(path) | Step::SyncFolder(path) => File::open(path)?.sync_all(),
            Step::Keep(from, to) => match fs::rename(from, to) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                done => done,
            },
            Step::Replace(from, to) => fs::rename(from, to),
        }
    }
}

/// The steps that make a state the current generation.
#[must_use]
pub fn steps<'o>(path: &Path, encoded: &'o Encoded) -> [Step<'o>; 5] {
    let new = beside(path, ".new");
    [
        Step::Write(new.clone(), encoded),
        Step::Sync(new.clone()),
        Step::Keep(path.into(), previous(path)),
        Step::Replace(new, path.into()),
        Step::SyncFolder(folder(path).into()),
    ]
}

/// Makes a state the current generation.
///
/// # Errors
/// [`StoreError::Io`] with the step that failed; the file is then the old one still.
pub fn write(disk: &mut dyn Disk, path: &Path, state: &State) -> Result<(), StoreError> {
    let encoded = format::encode(state)?;
    steps(path, &encoded).iter().try_for_each(|step| take(disk, step))
}

/// Puts the serials that a start gives out at the end of the current generation, which must be open there.
///
/// # Errors
/// [`StoreError::Io`] with the step that failed; what is in the file counts still.
pub fn append_start(
    disk: &mut dyn Disk,
    path: &Path,
    serials: &BTreeMap<Name, Reserved>,
) -> Result<(), StoreError> {
    let octets = format::encode_start(serials)?;
    let steps = [Step::Append(path.into(), &octets), Step::Sync(path.into())];
    steps.iter().try_for_each(|step| take(disk, step))
}

fn take(disk: &mut dyn Disk, step: &Step<'_>) -> Result<(), StoreError> {
    disk.step(step).map_err(|source| {
        let (operation, path) = match step {
            Step::Write(path, _) => ("write", path),
            Step::Append(path, _) => ("append to", path),
            Step::Sync(path) => ("sync", path),
            Step::Keep(_, to) | Step::Replace(_, to) => ("rename to", to),
            Step::SyncFolder(path) => ("sync folder", path),
        };
        StoreError::io(operation, path, source)
    })
}

/// Which of the two generations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// `FILE`.
    Current,
    /// `FILE.1`.
    Previous,
}

/// Reads the newest generation that is whole. What is not is set aside, with a line in the log.
#[must_use]
pub fn load(path: &Path, now: i64) -> Option<(Loaded, Generation)> {
    for (generation, path) in [(Generation::Current, path.to_owned()), (Generation::Previous, previous(path))]
    {
        match read(&path) {
            Ok(Some(loaded)) => {
                if loaded.end == End::Torn {
                    tracing::warn!(
                        file = %path.display(),
                        "the serials that a start added to the state are not whole; zones go on above all that it may have given out"
                    );
                }
                return Some((loaded, generation));
            }
            Ok(None) => {}
            Err(error) => set_aside(&path, now, &error),
        }
    }
    None
}

/// None when there is no such file.
fn read(path: &Path) -> Result<Option<Loaded>, StoreError> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        found => found.map_err(|error| StoreError::io("open", path, error))?,
    };
    let octets = file.metadata().map_err(|error| StoreError::io("look at", path, error))?.len();
    if octets > STATE_OCTETS_MAX {
        return Err(StoreError::Damaged(format!(
            "it has {octets} octets, and at most {STATE_OCTETS_MAX} are read"
        )));
    }
    format::decode(&file).map(Some)
}

fn set_aside(path: &Path, now: i64, why: &StoreError) {
    let bad = beside(path, &format!(".bad-{now}"));
    match fs::rename(path, &bad) {
        Ok(()) => tracing::error!(file = %path.display(), kept_as = %bad.display(), "{why}; it is set aside"),
        Err(error) => {
            tracing::error!(file = %path.display(), "{why}; it cannot be set aside either: {error}");
        }
    }
    drop_old_bad(path);
}

/// Keeps the newest of the files that were set aside; their names end in a time.
fn drop_old_bad(path: &Path) {
    let prefix = beside(path, ".bad-");
    let prefix = prefix.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let Ok(entries) = fs::read_dir(folder(path)) else { return };
    let time = |entry: fs::DirEntry| {
        let time = entry.file_name().to_string_lossy().strip_prefix(&prefix)?.parse::<i64>().ok()?;
        Some((time, entry.path()))
    };
    let mut bad: Vec<(i64, PathBuf)> = entries.flatten().filter_map(time).collect();
    bad.sort();
    bad.truncate(bad.len().saturating_sub(BAD_FILES_MAX));
    for (_, path) in bad {
        if let Err(error) = fs::remove_file(&path) {
            tracing::warn!(file = %path.display(), "a file that was set aside long ago cannot be removed: {error}");
        }
    }
}

/// Holds what stands at a path against what a state may replace: a file, or nothing. What else is there is neither
/// read, which may never end, nor renamed.
///
/// # Errors
/// [`StoreError::NoFile`].
pub fn may_replace(path: &Path) -> Result<(), StoreError> {
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => Err(StoreError::NoFile(path.into())),
        _ => Ok(()),
    }
}

/// The lock that keeps a second process away. None where no lock can be had (a read-only disk): then
/// nothing can be written either.
///
/// # Errors
/// [`StoreError::Held`] when another process has it.
pub fn lock(path: &Path) -> Result<Option<File>, StoreError> {
    let lock = beside(path, ".lock");
    if let Err(error) = fs::create_dir_all(folder(path)) {
        tracing::warn!(folder = %folder(path).display(), "the state's folder cannot be made: {error}");
    }
    let file = match File::options().create(true).append(true).open(&lock) {
        Ok(file) => file,
        Err(error) => {
            tracing::warn!(file = %lock.display(), "the state cannot be locked: {error}");
            return Ok(None);
        }
    };
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(fs::TryLockError::WouldBlock) => Err(StoreError::Held { path: path.into(), lock }),
        Err(fs::TryLockError::Error(error)) => {
            tracing::warn!(file = %lock.display(), "the state cannot be locked: {error}");
            Ok(None)
        }
    }
}

fn previous(path: &Path) -> PathBuf {
    beside(path, ".1")
}

pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

pub(crate) fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests;
