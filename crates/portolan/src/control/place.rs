//! Where control sockets are: a folder of the user's own, a socket for each server in it.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// Most files of the folder that are looked at.
const FILES_MAX: usize = 1_000;

/// The socket of a server that nobody named one for: called by the port of its first listener.
///
/// # Errors
/// When it cannot be told who we are.
pub fn default_path(port: u16) -> anyhow::Result<PathBuf> {
    default_path_of(&port.to_string())
}

/// The same of a process that has no listener, by what it is called.
///
/// # Errors
/// As [`default_path`].
pub fn default_path_of(name: &str) -> anyhow::Result<PathBuf> {
    Ok(folder()?.join(format!("{name}.sock")))
}

/// The folder of this user's sockets.
pub(super) fn folder() -> anyhow::Result<PathBuf> {
    match std::env::var_os("XDG_RUNTIME_DIR").filter(|dir| !dir.is_empty()) {
        Some(dir) => Ok(PathBuf::from(dir).join("portolan")),
        None => Ok(PathBuf::from(format!("/tmp/portolan-{}", user()?))),
    }
}

/// Makes the folder of a socket, and refuses one that others can enter or put something into. A folder
/// that was there and has another name than ours is its owner's business.
pub(super) fn prepare(socket: &Path) -> anyhow::Result<()> {
    let folder = socket.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match DirBuilder::new().mode(0o700).recursive(true).create(folder) {
        Ok(()) => {}
        Err(error) => bail!("control socket {socket:?}: cannot make the folder {folder:?}: {error}"),
    }
    if folder == self::folder()? { check_private(folder) } else { Ok(()) }
}

/// Refuses a folder that is not ours alone: in `/tmp` anybody may have made it before us.
pub(super) fn check_private(folder: &Path) -> anyhow::Result<()> {
    let metadata =
        fs::symlink_metadata(folder).with_context(|| format!("cannot look at folder {folder:?}"))?;
    let (owner, us) = (metadata.uid(), user()?);
    if !metadata.is_dir() || owner != us {
        bail!("{folder:?}, for control sockets, must be a folder of user {us}; its owner is user {owner}");
    }
    if metadata.mode() & 0o077 != 0 {
        let mode = metadata.mode() & 0o7777;
        bail!("folder {folder:?}, for control sockets, must have mode 0700; it has {mode:04o}");
    }
    Ok(())
}

/// The sockets in the user's folder that a server answers behind.
pub(super) fn live() -> anyhow::Result<Vec<PathBuf>> {
    live_in(&folder()?)
}

pub(super) fn live_in(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        found => found.with_context(|| format!("cannot look for control sockets in {folder:?}"))?,
    };
    let mut sockets: Vec<PathBuf> = entries
        .take(FILES_MAX)
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sock") && is_live(path))
        .collect();
    sockets.sort();
    Ok(sockets)
}

/// True when a server answers behind a socket.
pub(super) fn is_live(socket: &Path) -> bool {
    UnixStream::connect(socket).is_ok()
}

/// Who we are; std has no name for it, and `/proc/self` is ours.
fn user() -> anyhow::Result<u32> {
    Ok(fs::metadata("/proc/self").context("cannot tell which user this is: /proc/self cannot be read")?.uid())
}
