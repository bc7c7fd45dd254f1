//! The files of a zone: the one that is named, and those that it includes, in the order of their records.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

use portolan_core::{Problem, Reason};
use portolan_zonefile::{Context, Include, Part, Piece, cut};

use super::{INCLUDE_DEPTH_MAX, INCLUDES_MAX, ZONE_BYTES_MAX, ZoneSource};

/// What a file was like when it was read: if this is the same, so is the file. Times of modification and of
/// change with their nanoseconds, size, inode, device.
pub(super) type Stamp = [i128; 7];

/// What a path leads to now; none where there is no file.
pub(super) fn stamp(path: &Path) -> Option<Stamp> {
    std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map(|metadata| stamp_of(&metadata))
}

fn stamp_of(metadata: &std::fs::Metadata) -> Stamp {
    [
        metadata.mtime().into(),
        metadata.mtime_nsec().into(),
        metadata.ctime().into(),
        metadata.ctime_nsec().into(),
        metadata.size().into(),
        metadata.ino().into(),
        metadata.dev().into(),
    ]
}

/// A file that was read.
pub(super) struct Text {
    /// As people should see it.
    pub(super) label: String,
    pub(super) octets: Vec<u8>,
}

/// All files of a zone, cut.
pub(super) struct Texts {
    pub(super) texts: Vec<Text>,
    /// The parts with the number of the text that each is of, in the order of their records.
    pub(super) parts: Vec<(usize, Part)>,
    /// Every path that was looked at, with what it was like before it was read.
    pub(super) seen: Vec<(PathBuf, Option<Stamp>)>,
    /// What is wrong: with it the zone is not whole.
    pub(super) problems: Vec<Problem>,
}

impl Texts {
    /// Reads the files of a zone and cuts each into about so many parts.
    ///
    /// # Errors
    /// The problem of the zone's own file.
    pub(super) fn read(source: &ZoneSource, parts: usize) -> (Self, Option<Problem>) {
        let texts = Self { texts: Vec::new(), parts: Vec::new(), seen: Vec::new(), problems: Vec::new() };
        let mut gathering = Gathering { source, parts, texts };
        let failed = gathering.file(&source.file, &Context::new(source.apex.clone()), 0).err();
        let problem = failed.map(|why| {
            let label = source.file.display().to_string();
            problem(source, Reason::Unreadable, why, label)
        });
        (gathering.texts, problem)
    }
}

/// A problem of a zone file.
pub(super) fn problem(source: &ZoneSource, reason: Reason, message: String, place: String) -> Problem {
    Problem { subject: format!("zone {}", source.apex.to_dotless()), reason, message, place }
}

struct Gathering<'s> {
    source: &'s ZoneSource,
    parts: usize,
    texts: Texts,
}

impl Gathering<'_> {
    fn file(&mut self, path: &Path, context: &Context, depth: usize) -> Result<(), String> {
        self.texts.seen.push((path.to_owned(), stamp(path)));
        let octets = octets(path)?;
        let (pieces, faults) = cut(&octets, context, self.parts);
        let number = self.texts.texts.len();
        let label = path.display().to_string();
        let zone = self.source.apex.to_dotless();
        self.texts.problems.extend(faults.kept().iter().map(|fault| fault.to_problem(&zone, &label)));
        self.texts.texts.push(Text { label: label.clone(), octets });
        for piece in pieces {
            match piece {
                Piece::Part(part) => self.texts.parts.push((number, part)),
                Piece::Include(include) => {
                    if let Err(why) = self.include(&include, depth + 1) {
                        let place = format!("{label}:{}:1", include.line);
                        let message = format!("$INCLUDE {:?} {why}", include.path);
                        self.texts.problems.push(problem(self.source, Reason::Unreadable, message, place));
                    }
                }
            }
        }
        Ok(())
    }

    fn include(&mut self, include: &Include, depth: usize) -> Result<(), String> {
        if depth > INCLUDE_DEPTH_MAX {
            return Err(format!(
                "is the {depth}th file inside another; at most {INCLUDE_DEPTH_MAX} are read"
            ));
        }
        if self.texts.seen.len() > INCLUDES_MAX {
            return Err(format!("is one file too many; a zone includes at most {INCLUDES_MAX}"));
        }
        let below = Path::new(&include.path);
        let is_below =
            below.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !is_below || include.path.is_empty() {
            return Err("is not in the folder of the zone file or below it".to_owned());
        }
        let folder = self.source.file.parent().unwrap_or(Path::new(""));
        self.file(&folder.join(below), &include.context, depth)
    }
}

/// The octets of a file, or why there are none.
fn octets(path: &Path) -> Result<Vec<u8>, String> {
    let cannot = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => "is not there".to_owned(),
        _ => format!("cannot be read: {error}"),
    };
    // A pipe must not be opened: that waits for its other end.
    if std::fs::metadata(path).map_err(cannot)?.is_file() {
        let file = File::open(path).map_err(cannot)?;
        let size = file.metadata().map_err(cannot)?.size();
        if size > ZONE_BYTES_MAX {
            return Err(format!("has {size} bytes; at most {ZONE_BYTES_MAX} are read"));
        }
        let mut octets = Vec::with_capacity(usize::try_from(size + 1).unwrap_or(0));
        file.take(ZONE_BYTES_MAX).read_to_end(&mut octets).map_err(cannot)?;
        return Ok(octets);
    }
    Err("is not a regular file".to_owned())
}
