//! Files of keys and certificates: whole or not at all, never written over, keys for nobody else.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::problem::Refused;

/// The mode of a file that only its owner reads: a key.
pub(super) const OURS_ALONE: u32 = 0o600;
/// The mode of a file that everybody reads: a certificate.
pub(super) const FOR_ALL: u32 = 0o644;
/// The mode of a folder with keys.
const FOLDER: u32 = 0o700;
/// Most octets of a file that are read: a key, or a certificate and those above it.
const OCTETS_MAX: u64 = 1 << 20;

/// Makes a folder, where it is not there. The one that it is to stand in has to be.
pub(super) fn folder(path: &Path) -> Result<()> {
    match DirBuilder::new().mode(FOLDER).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(Refused(format!("--dir {}: the folder that it is to stand in is not there", path.display()))
                .into())
        }
        made => made.with_context(|| format!("cannot make the folder {}", path.display())),
    }
}

/// Writes a file that is not there. One that was begun and not ended is taken away again.
pub(super) fn create(path: &Path, octets: &[u8], mode: u32) -> Result<()> {
    let opened = File::options().write(true).create_new(true).mode(mode).open(path);
    let mut file = opened.with_context(|| format!("cannot make {}", path.display()))?;
    let written = file.write_all(octets).and_then(|()| file.sync_all());
    if written.is_err() {
        let _ = fs::remove_file(path);
    }
    written.with_context(|| format!("cannot write {}", path.display()))
}

/// Puts a certificate into the place of the one that is there, in one step.
pub(super) fn replace(path: &Path, octets: &[u8]) -> Result<()> {
    let new = path.with_added_extension("new");
    // Left by one that was ended before its last step.
    let _ = fs::remove_file(&new);
    create(&new, octets, FOR_ALL)?;
    fs::rename(&new, path).with_context(|| format!("cannot replace {}", path.display()))
}

/// The text of a file.
pub(super) fn read(path: &Path) -> Result<String> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(OCTETS_MAX + 1).read_to_string(&mut text));
    match read {
        Ok(octets) if octets as u64 > OCTETS_MAX => {
            Err(Refused(format!("{}: has more than {OCTETS_MAX} octets", path.display())).into())
        }
        Ok(_) => Ok(text),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData) => {
            Err(Refused(format!("{}: {error}", path.display())).into())
        }
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}
