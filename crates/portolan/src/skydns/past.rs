//! How far a store was when it was last looked at, so that our own restart does not forget it.
//!
//! A store that was restored or wiped while nobody looked must not look like one that is in order. The file only ever makes us
//! more careful: one that is lost, or is of another store, costs no more than that care.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use portolan_store::kv::Revision;
use serde::{Deserialize, Serialize};

/// Longest file that is read, in octets.
const OCTETS_MAX: u64 = 64 << 10;

/// How far a store was.
#[derive(Debug)]
pub(super) struct Past {
    file: Option<PathBuf>,
    noted: Mutex<(Was, bool)>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Was {
    /// Which store.
    store: String,
    /// The highest revision of it that was seen.
    revision: Revision,
}

impl Past {
    /// What the file beside a last good state says of this store. `is_counted` is false where there is no last good
    /// state, which is what there is to lose.
    pub(super) fn open(state: Option<&Path>, is_counted: bool, store: &str) -> Arc<Self> {
        let file = state.map(beside);
        let was = file.as_deref().filter(|_| is_counted).and_then(read);
        let was = was.filter(|was| was.store == store);
        let was = was.unwrap_or(Was { store: store.to_owned(), revision: 0 });
        Arc::new(Self { file, noted: Mutex::new((was, false)) })
    }

    /// The highest revision that was seen; 0 when none was.
    pub(super) fn revision(&self) -> Revision {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).0.revision
    }

    /// Notes how far the store is, or with a lower revision that it may begin anew.
    pub(super) fn note(&self, revision: Revision) {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        noted.1 |= noted.0.revision != revision;
        noted.0.revision = revision;
    }

    /// Writes the file, if anything changed. May block for as long as the disk does.
    pub(super) fn write(&self) {
        let Some(file) = &self.file else { return };
        let was = {
            let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
            if !std::mem::take(&mut noted.1) {
                return;
            }
            noted.0.clone()
        };
        if let Err(error) = write(file, &was) {
            tracing::warn!(file = %file.display(), "how far the store is is not noted: {error}");
            self.noted.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
        }
    }
}

/// The file's name: the state's with `.etcd` after it.
fn beside(state: &Path) -> PathBuf {
    let mut name = state.as_os_str().to_owned();
    name.push(".etcd");
    name.into()
}

fn read(file: &Path) -> Option<Was> {
    let all = || -> io::Result<Was> {
        let octets = fs::metadata(file)?.len();
        if octets > OCTETS_MAX {
            return Err(io::Error::other(format!("it has {octets} octets; at most {OCTETS_MAX} are read")));
        }
        Ok(serde_json::from_slice(&fs::read(file)?)?)
    };
    match all() {
        Ok(was) => Some(was),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            tracing::warn!(file = %file.display(), "how far the store was is not known: {error}");
            None
        }
    }
}

/// By rename: a half of it is never read.
fn write(file: &Path, was: &Was) -> io::Result<()> {
    let mut new = file.as_os_str().to_owned();
    new.push(".new");
    let mut out = File::create(&new)?;
    out.write_all(&serde_json::to_vec(was)?)?;
    out.sync_all()?;
    fs::rename(&new, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_a_store_was_is_known_after_a_restart_and_counts_for_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let past = Past::open(Some(&state), false, "etcd a");
        assert_eq!(past.revision(), 0);
        past.note(7);
        past.write();
        assert_eq!(Past::open(Some(&state), true, "etcd a").revision(), 7);
        assert_eq!(Past::open(Some(&state), true, "etcd b").revision(), 0);
        // Without a last good state there is nothing to be careful about.
        assert_eq!(Past::open(Some(&state), false, "etcd a").revision(), 0);
        fs::write(beside(&state), "{").unwrap();
        assert_eq!(Past::open(Some(&state), true, "etcd a").revision(), 0);
        Past::open(None, true, "etcd a").write();
    }
}
