//! What was acknowledged to somebody, as a whole in one file: it is on the disk before anybody is told so.
//!
//! ```text
//!   write FILE.new ─▶ sync it ─▶ FILE to FILE.1 ─▶ FILE.new to FILE ─▶ sync the folder ─▶ acknowledge
//! ```
//!
//! A kill after any step leaves the old content or the new one, never a mix, and an acknowledged one always. Unlike the last
//! good state it stands between a request and its reply: a slow disk makes a slow reply. Its content is octets to this
//! module; in front of them stands one line with their length and checksum, so that a flipped bit is found. What is
//! damaged is set aside as `FILE.bad-TIME`, and the content before it is taken. What cannot be read now (no descriptor, no
//! right, a disk that fails) may be whole: it stays where it is, and nothing older is taken for it.
//!
//! Whoever opens one keeps other processes away ([`crate::file::lock`] of the state beside it).

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use crate::StoreError;
use crate::file::{beside, folder};

/// Longest content, in octets.
pub const KEPT_OCTETS_MAX: usize = 256 << 20;
/// What the first line begins with; the number is the version of the form.
const MAGIC: &str = "portolan-kept 1";
/// Longest first line, in octets.
const LINE_OCTETS_MAX: usize = 80;

/// A content on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    path: PathBuf,
}

/// The steps of a write, each done or not when the process is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Write,
    Keep,
    Replace,
    SyncFolder,
}

const STEPS: [Step; 4] = [Step::Write, Step::Keep, Step::Replace, Step::SyncFolder];

impl Kept {
    /// The file, with its content; none where it was never written. `now` is in seconds since 1970, for the names of
    /// what is set aside.
    ///
    /// # Errors
    /// When there is something and it cannot be read, or none of it is whole: what was acknowledged must not be taken for
    /// nothing, nor for what was there before.
    pub fn open(path: &Path, now: i64) -> Result<(Self, Option<Vec<u8>>), StoreError> {
        let kept = Self { path: path.to_owned() };
        let mut why = None;
        for path in [path.to_owned(), beside(path, ".1")] {
            match read(&path) {
                Ok(None) => {}
                Ok(Some(content)) => return Ok((kept, Some(content))),
                Err(error @ StoreError::Damaged(_)) => {
                    set_aside(&path, now, &error);
                    why = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        why.map_or(Ok((kept, None)), Err)
    }

    /// Puts a content in place of the one before. When this returns, it is on the disk.
    ///
    /// # Errors
    /// [`StoreError::Io`] with the step that failed: the content before may be lost by none of them.
    pub fn write(&self, content: &[u8]) -> Result<(), StoreError> {
        if content.len() > KEPT_OCTETS_MAX {
            let message = format!("{} octets; at most {KEPT_OCTETS_MAX} are kept", content.len());
            return Err(StoreError::io(
                "write",
                &self.path,
                io::Error::new(io::ErrorKind::FileTooLarge, message),
            ));
        }
        STEPS.iter().try_for_each(|step| self.step(*step, content))
    }

    fn step(&self, step: Step, content: &[u8]) -> Result<(), StoreError> {
        let new = beside(&self.path, ".new");
        let failed = |operation: &'static str, path: &Path| {
            let path = path.to_owned();
            move |source| StoreError::io(operation, path, source)
        };
        match step {
            Step::Write => write(&new, content).map_err(failed("write", &new)),
            Step::Keep => match fs::rename(&self.path, beside(&self.path, ".1")) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                done => done.map_err(failed("rename", &self.path)),
            },
            Step::Replace => fs::rename(&new, &self.path).map_err(failed("rename to", &self.path)),
            Step::SyncFolder => {
                let folder = folder(&self.path);
                File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("sync folder", folder))
            }
        }
    }
}

fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    writeln!(file, "{MAGIC} {} {:016x}", content.len(), xxh3_64(content))?;
    file.write_all(content)?;
    file.sync_all()
}

/// None when there is no such file.
fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        found => found.map_err(|error| StoreError::io("open", path, error))?,
    };
    let mut octets = Vec::new();
    let most = KEPT_OCTETS_MAX + LINE_OCTETS_MAX;
    file.take(most as u64 + 1)
        .read_to_end(&mut octets)
        .map_err(|error| StoreError::io("read", path, error))?;
    content(&octets)
        .map(|content| Some(content.to_vec()))
        .map_err(|why| StoreError::Damaged(format!("{} {why}", path.display())))
}

/// The content of a file's octets, or why they are not whole.
fn content(octets: &[u8]) -> Result<&[u8], &'static str> {
    let line =
        octets.iter().take(LINE_OCTETS_MAX).position(|octet| *octet == b'\n').ok_or("has no first line")?;
    let (line, rest) = octets.split_at(line);
    let content = rest.get(1..).unwrap_or_default();
    let line = std::str::from_utf8(line).map_err(|_| "has no first line")?;
    let said = line.strip_prefix(MAGIC).and_then(|said| said.trim().split_once(' '));
    let (length, sum) = said.ok_or("is of another form")?;
    if length.parse() != Ok(content.len()) {
        return Err("is cut off, or longer than it says");
    }
    if u64::from_str_radix(sum, 16) != Ok(xxh3_64(content)) {
        return Err("has another checksum than its content");
    }
    Ok(content)
}

fn set_aside(path: &Path, now: i64, why: &StoreError) {
    let bad = beside(path, &format!(".bad-{now}"));
    match fs::rename(path, &bad) {
        Ok(()) => tracing::error!(file = %path.display(), kept_as = %bad.display(), "{why}; it is set aside"),
        Err(error) => {
            tracing::error!(file = %path.display(), "{why}; it cannot be set aside either: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(kept: &Kept, count: usize, content: &[u8]) {
        STEPS.iter().take(count).try_for_each(|step| kept.step(*step, content)).unwrap();
    }

    #[test]
    fn a_kill_after_any_step_leaves_the_old_content_or_the_new_and_an_acknowledged_one_always() {
        for written_before in 0..=2_u8 {
            for killed_after in 0..=STEPS.len() {
                let folder = tempfile::tempdir().unwrap();
                let path = folder.path().join("records");
                let (kept, none) = Kept::open(&path, 0).unwrap();
                assert_eq!(none, None);
                (1..=written_before).for_each(|content| kept.write(&[content; 100]).unwrap());
                steps(&kept, killed_after, &[9; 1_000]);
                let (_, found) = Kept::open(&path, 0).unwrap();
                let old = (written_before > 0).then(|| vec![written_before; 100]);
                let is_new = found.as_deref() == Some(&[9; 1_000]);
                assert!(is_new || found == old, "{written_before} {killed_after}: {found:?}");
                assert!(is_new || killed_after < STEPS.len(), "it was acknowledged");
                // The next write is like any other.
                kept.write(b"next").unwrap();
                assert_eq!(Kept::open(&path, 0).unwrap().1.as_deref(), Some(&b"next"[..]));
            }
        }
    }

    /// A flipped bit, an end that is lost, nothing at all, another form: the content before is taken.
    #[test]
    fn what_is_damaged_is_set_aside_and_the_content_before_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records");
        let kept = Kept::open(&path, 0).unwrap().0;
        kept.write(b"before").unwrap();
        kept.write(b"after").unwrap();
        let whole = fs::read(&path).unwrap();
        let mut damaged: Vec<Vec<u8>> = (0..whole.len()).map(|length| whole[..length].to_vec()).collect();
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            damaged.push(flipped);
        }
        for (nth, octets) in damaged.iter().enumerate() {
            fs::write(&path, octets).unwrap();
            let (_, found) = Kept::open(&path, 7).unwrap();
            assert_eq!(found.as_deref(), Some(&b"before"[..]), "{nth}: {}", String::from_utf8_lossy(octets));
            assert_eq!(fs::read(folder.path().join("records.bad-7")).unwrap(), *octets);
        }
        fs::write(beside(&path, ".1"), b"no form").unwrap();
        fs::write(&path, b"no form either").unwrap();
        assert!(Kept::open(&path, 7).is_err(), "what was acknowledged is not nothing");
    }

    /// A folder in the file's place stands for what cannot be read now: an older content would be taken for what was acknowledged.
    #[test]
    fn what_cannot_be_read_now_is_left_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records");
        let kept = Kept::open(&path, 0).unwrap().0;
        kept.write(b"before").unwrap();
        kept.write(b"after").unwrap();
        let whole = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(Kept::open(&path, 7).is_err());
        assert!(path.is_dir() && !folder.path().join("records.bad-7").exists(), "it is where it was");
        fs::remove_dir(&path).unwrap();
        fs::write(&path, whole).unwrap();
        assert_eq!(Kept::open(&path, 7).unwrap().1.as_deref(), Some(&b"after"[..]));
    }

    #[test]
    fn a_content_that_is_too_long_is_refused_and_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records");
        let kept = Kept::open(&path, 0).unwrap().0;
        kept.write(b"before").unwrap();
        let error = kept.write(&vec![0; KEPT_OCTETS_MAX + 1]).unwrap_err();
        assert!(error.to_string().contains("cannot write"), "{error}");
        assert_eq!(Kept::open(&path, 0).unwrap().1.as_deref(), Some(&b"before"[..]));
    }
}
