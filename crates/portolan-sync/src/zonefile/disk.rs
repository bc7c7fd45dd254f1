//! The file and the lock beside it.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::provider::ProviderError;

/// Largest file that is read, in octets.
pub(super) const FILE_OCTETS_MAX: u64 = 256 << 20;

/// The file while nobody else of us reads or writes it. The lock goes with the value, or with the process.
pub(super) struct Locked {
    path: PathBuf,
    _lock: File,
}

impl Locked {
    /// Waits for whoever has it: that is as long as a file is read and written.
    pub(super) fn open(path: &Path) -> Result<Self, ProviderError> {
        let beside = beside(path, ".lock");
        let lock = File::options().create(true).append(true).open(&beside);
        let lock = lock.map_err(|error| failed("open", &beside, &error))?;
        lock.lock().map_err(|error| failed("lock", &beside, &error))?;
        Ok(Self { path: path.into(), _lock: lock })
    }

    /// The text; none when there is no file.
    pub(super) fn read(&self) -> Result<Option<Vec<u8>>, ProviderError> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("open", &self.path, &error)),
        };
        let mut text = Vec::new();
        let read = file.take(FILE_OCTETS_MAX + 1).read_to_end(&mut text);
        read.map_err(|error| failed("read", &self.path, &error))?;
        if u64::try_from(text.len()).is_ok_and(|len| len > FILE_OCTETS_MAX) {
            let why = format!("{} is larger than {FILE_OCTETS_MAX} octets", self.path.display());
            return Err(ProviderError::Unsound(why));
        }
        Ok(Some(text))
    }

    /// Puts a new text in place of the old one, which is kept as `.orig` when it was not ours.
    pub(super) fn write(&self, text: &str, is_foreign: bool) -> Result<(), ProviderError> {
        let orig = beside(&self.path, ".orig");
        if is_foreign && !orig.exists() && self.path.exists() {
            fs::copy(&self.path, &orig).map_err(|error| failed("copy to", &orig, &error))?;
        }
        let new = beside(&self.path, ".new");
        let written = File::create(&new).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        written.map_err(|error| failed("write", &new, &error))?;
        fs::rename(&new, &self.path).map_err(|error| failed("rename to", &self.path, &error))?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(|error| failed("sync", folder, &error))
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn failed(what: &str, path: &Path, error: &io::Error) -> ProviderError {
    let why = format!("cannot {what} {}: {error}", path.display());
    match error.kind() {
        io::ErrorKind::PermissionDenied => ProviderError::Unauthorized(why),
        _ => ProviderError::Unreachable(why),
    }
}
