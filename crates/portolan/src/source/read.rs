//! Reading folders and files: what is there, and what it gives.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use portolan_core::{Problem, Reason};
use portolan_kube::manifest::{self, Manifest};
use portolan_kube::workload::Keep;

use crate::threads::{cores, share};

/// Most files of one folder that are read; of more, the last by name are left out.
pub const FILES_MAX: usize = 200_000;
/// Largest CSV file of networks, in bytes.
pub const NETWORKS_BYTES_MAX: u64 = 64 << 20;
/// Fewer files than this are read by the thread that wants them.
const PARALLEL_MIN: usize = 8;

/// What becomes of what a file or a folder gave that cannot be read now.
pub(super) const KEPT: &str = "what it gave before stays";

/// What a file was like when it was read: if this is the same, so is the file, unless somebody was told
/// otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    modified: Option<SystemTime>,
    /// When anything of it changed, its time of modification too, which programs may set back. In
    /// seconds and nanoseconds.
    changed: (i64, i64),
    size: u64,
    inode: u64,
    device: u64,
    /// It was reached by a link, so that its changes are not in a folder that is watched.
    linked: bool,
}

impl Stamp {
    pub(super) fn modified(&self) -> Option<SystemTime> {
        self.modified
    }

    pub(super) fn is_linked(&self) -> bool {
        self.linked
    }

    fn new(metadata: &Metadata, linked: bool) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self {
            modified: metadata.modified().ok(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            size: metadata.len(),
            inode: metadata.ino(),
            device: metadata.dev(),
            linked,
        }
    }
}

/// What a look at a path finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    File(Stamp),
    /// Nothing stands there, or a folder does.
    Gone,
    /// Something is there that cannot be looked at, is no regular file (a pipe must not be opened), or is a link
    /// that leads nowhere. Reading it says what is wrong.
    Unclear,
}

impl Sight {
    pub(super) fn of(path: &Path) -> Self {
        let own = match fs::symlink_metadata(path) {
            Ok(own) => own,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Self::Gone,
            Err(_) => return Self::Unclear,
        };
        let linked = own.is_symlink();
        match if linked { fs::metadata(path) } else { Ok(own) } {
            Ok(metadata) if metadata.is_file() => Self::File(Stamp::new(&metadata, linked)),
            Ok(metadata) if metadata.is_dir() => Self::Gone,
            _ => Self::Unclear,
        }
    }

    pub(super) fn stamp(self) -> Option<Stamp> {
        match self {
            Self::File(stamp) => Some(stamp),
            Self::Gone | Self::Unclear => None,
        }
    }
}

/// The kinds of files that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileKind {
    Manifest,
    Networks,
}

impl FileKind {
    /// By its name; none for what is passed over.
    pub(super) fn of(name: &str) -> Option<Self> {
        if name.starts_with('.') {
            return None;
        }
        match Path::new(name).extension()?.to_str()? {
            "yaml" | "yml" | "json" => Some(Self::Manifest),
            "csv" => Some(Self::Networks),
            _ => None,
        }
    }
}

/// What stands in a folder.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Names of files that are read, in order.
    pub(super) files: Vec<String>,
    /// Names of folders, in order; hidden ones are passed over.
    pub(super) folders: Vec<String>,
    /// True when something was left out.
    pub(super) cut: bool,
}

/// Lists a folder.
pub(super) fn list(folder: &Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // A name that is no UTF-8 is none that anybody gave a manifest or a cluster.
        let Ok(name) = entry.file_name().into_string() else { continue };
        let kind = entry.file_type()?;
        let is_folder = kind.is_dir() || (kind.is_symlink() && entry.path().is_dir());
        if is_folder && !name.starts_with('.') {
            listing.folders.push(name);
        } else if !is_folder && FileKind::of(&name).is_some() {
            listing.files.push(name);
        }
    }
    listing.files.sort_unstable();
    listing.folders.sort_unstable();
    listing.cut = listing.files.len() > FILES_MAX;
    listing.files.truncate(FILES_MAX);
    Ok(listing)
}

/// A file to read.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) path: PathBuf,
    /// As people should see it: `eu-1/web.yaml`.
    pub(super) label: String,
    pub(super) kind: FileKind,
}

/// What a file gave.
#[derive(Debug)]
pub(super) enum Outcome {
    Manifest(Manifest),
    Networks(Arc<str>),
    /// A CSV file that cannot be understood; what it gave before stays.
    Unreadable(Problem),
    /// Reading failed, so that nothing is known of what it says; what it gave before stays, and it must
    /// be tried again.
    Unread(Problem),
    /// It went between being seen and being read.
    Gone,
}

/// Reads and parses files, on as many threads as the process may use cores; the outcomes are in the order
/// of the jobs.
pub(super) fn read_all(jobs: &[Job], keep: &Keep) -> Vec<Outcome> {
    let read = |job: &Job| read(job, keep);
    if jobs.len() < PARALLEL_MIN {
        return jobs.iter().map(read).collect();
    }
    share(jobs, cores(jobs.len()), read)
}

fn read(job: &Job, keep: &Keep) -> Outcome {
    let max = match job.kind {
        FileKind::Manifest => manifest::FILE_BYTES_MAX,
        FileKind::Networks => NETWORKS_BYTES_MAX,
    };
    let octets = match open(job, max) {
        Ok(octets) => octets,
        Err(outcome) => return outcome,
    };
    match job.kind {
        FileKind::Manifest => Outcome::Manifest(manifest::read_keeping(&job.label, &octets, keep)),
        FileKind::Networks => match String::from_utf8(octets) {
            Ok(text) => Outcome::Networks(text.into()),
            Err(_) => {
                Outcome::Unreadable(unreadable(&job.label, "is not UTF-8 text; a CSV file of networks is"))
            }
        },
    }
}

/// The octets of a file, or what else comes of it.
fn open(job: &Job, max: u64) -> Result<Vec<u8>, Outcome> {
    let unread = |why: &str| Outcome::Unread(unreadable(&job.label, why));
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound if Sight::of(&job.path) == Sight::Gone => Outcome::Gone,
        io::ErrorKind::NotFound => unread("is a link that leads nowhere"),
        _ => unread(&format!("cannot be read: {error}")),
    };
    let metadata = fs::metadata(&job.path).map_err(failed)?;
    if metadata.is_dir() {
        return Err(Outcome::Gone);
    }
    if !metadata.is_file() {
        return Err(unread("is not a regular file"));
    }
    if metadata.len() > max {
        return Err(too_large(job, metadata.len()));
    }
    fs::read(&job.path).map_err(failed)
}

fn too_large(job: &Job, length: u64) -> Outcome {
    match manifest::too_large(&job.label, length).filter(|_| job.kind == FileKind::Manifest) {
        Some(problem) => Outcome::Manifest(Manifest::unreadable(problem)),
        None => Outcome::Unreadable(unreadable(
            &job.label,
            &format!("has {length} bytes; a CSV file has at most {NETWORKS_BYTES_MAX}"),
        )),
    }
}

/// A file or folder that cannot be read, and why.
pub(super) fn unreadable(label: &str, message: &str) -> Problem {
    Problem {
        subject: label.into(),
        reason: Reason::Unreadable,
        message: message.into(),
        place: label.into(),
    }
}
