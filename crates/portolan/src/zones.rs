//! Zone files (RFC 1035 section 5), served beside the fleet.
//!
//! ```text
//!   file ──▶ cut ──▶ parts, a thread for each core ──▶ Gather ──▶ ZoneFile::build ──▶ Engine::take_zone_file
//!      ▲  └─ $INCLUDE: read and cut too                  (core)
//!      └── looked at each POLL; read again once a change is over
//! ```
//!
//! A file is read as a whole and replaced as a whole, away from the threads that answer. What cannot be read
//! or understood is a problem and takes nothing away: the last content that was whole stays. Only where there is
//! none yet, at the start, is what can be understood of a damaged file served, and nothing denied that it may have:
//! a zone that is wanted is there, be its file as it may.
//!
//! Included files stand in the folder of the zone file or below it: a zone is one folder, and whoever may write
//! a line of it may not make other files of the machine public.

use std::path::PathBuf;

use portolan_core::Name;

mod include;
mod load;
mod places;
mod watch;

pub use load::{Loaded, load};
pub use watch::{POLL, Watch};

/// Most zones that are read from files.
pub const ZONES_MAX: usize = 1_000;
/// Largest file, in bytes; a zone of 10,000,000 records has about 400 MB.
pub const ZONE_BYTES_MAX: u64 = 2 << 30;
/// Most files that a zone includes.
pub const INCLUDES_MAX: usize = 1_000;
/// How deep included files may include others.
pub const INCLUDE_DEPTH_MAX: usize = 8;
/// Most problems of one zone file; of more it is said how many.
pub const PROBLEMS_MAX: usize = 50;

/// A zone, and the file that it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneSource {
    /// The zone's apex.
    pub apex: Name,
    /// The file.
    pub file: PathBuf,
}
