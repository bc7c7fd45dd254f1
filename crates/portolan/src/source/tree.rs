//! What was read of the fleet folder, and what of that has changed.
//!
//! A scan costs what was touched: a file that somebody changed is read again, a folder that somebody
//! changed is listed and only what looks different in it is read. A scan of everything lists all folders,
//! which is the net below lost notices.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use portolan_core::cluster::CLUSTERS_MAX;
use portolan_core::{ClusterName, Problem, Reason};

use crate::engine::{Event, root};

mod member;
mod touches;

use super::read::{self, Listing, unreadable};
use member::{Member, Pending};
pub use touches::Touches;

/// What was read of a fleet folder.
#[derive(Debug)]
pub struct Tree {
    dir: PathBuf,
    members: BTreeMap<ClusterName, Member>,
    /// What is wrong with the folder itself.
    root_problem: Option<Problem>,
    /// Folders that are new, and so perhaps were not watched while they filled.
    fresh: BTreeSet<ClusterName>,
}

impl Tree {
    /// Nothing was read yet.
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.into(), members: BTreeMap::new(), root_problem: None, fresh: BTreeSet::new() }
    }

    /// Where it is.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What is wrong with the folder itself, as of the last scan: then it changed nothing.
    #[must_use]
    pub fn root_problem(&self) -> Option<&Problem> {
        self.root_problem.as_ref()
    }

    /// The folders that the last scan saw for the first time; whoever watches looks at them once more.
    pub fn take_fresh(&mut self) -> BTreeSet<ClusterName> {
        std::mem::take(&mut self.fresh)
    }

    /// Reads what was touched, and says what changed.
    pub fn scan(&mut self, touches: &Touches) -> Vec<Event> {
        let listing = match self.list_root() {
            Ok(listing) => listing,
            Err(problem) => return self.root_is_lost(problem),
        };
        let was_lost = self.root_problem.take().is_some();
        let everything = was_lost || touches.is_everything();
        let mut events = Vec::new();
        let mut pending = Vec::new();
        let limit = self.limit(&listing);
        let clusters: BTreeSet<ClusterName> =
            listing.folders.iter().take(CLUSTERS_MAX).map(|name| ClusterName::from(name.as_str())).collect();
        self.silence_missing(&clusters, &mut events);
        for cluster in clusters {
            let path = self.dir.join(&*cluster.0);
            let member = self.members.entry(cluster.clone()).or_default();
            let files = touches.files_of(&cluster);
            if everything || !member.is_there() || touches.has_folder(&cluster) {
                if !member.is_there() {
                    self.fresh.insert(cluster.clone());
                }
                match read::list(&path) {
                    Ok(listing) => pending.push(member.look(&cluster, &path, &listing, (files, true))),
                    Err(error) => events.extend(member.lose(&cluster, Some(&lost(&cluster.0, &error)))),
                }
            } else if let Some(files) = files {
                pending.push(member.look_at_files(&cluster, &path, files));
            }
        }
        let member = self.members.entry(root()).or_default();
        let each = everything || touches.has_folder(&root());
        pending.push(member.look(&root(), &self.dir, &listing, (touches.files_of(&root()), each)));
        member.limit = limit.or_else(|| member.limit.take());
        events.extend(self.read(pending, was_lost));
        events
    }

    /// Reads the files that are to be read, all together, and lets each member take its own.
    fn read(&mut self, pending: Vec<Pending>, was_lost: bool) -> Vec<Event> {
        let mut jobs = Vec::new();
        let mut parts = Vec::new();
        for mut part in pending {
            let mine = std::mem::take(&mut part.jobs);
            parts.push((part, mine.len()));
            jobs.extend(mine);
        }
        let mut outcomes = read::read_all(&jobs).into_iter();
        let mut events = Vec::new();
        for (part, count) in parts {
            let outcomes = outcomes.by_ref().take(count).collect();
            // A folder that went while it was read is gone, and what was missing in it is no delete.
            let is_there = part.folder.is_dir();
            let Some(member) = self.members.get_mut(&part.source) else { continue };
            if is_there {
                events.extend(member.take(part, outcomes, was_lost));
            } else if part.source != root() {
                events.extend(member.lose(&part.source, None));
            }
        }
        events
    }

    fn list_root(&self) -> Result<Listing, Problem> {
        let dir = self.dir.display().to_string();
        let listing = read::list(&self.dir).map_err(|error| lost(&dir, &error))?;
        if listing.files.is_empty() && listing.folders.is_empty() {
            return Err(unreadable(
                &dir,
                "has no cluster's folder and no manifest in it; what it gave before stays",
            ));
        }
        Ok(listing)
    }

    /// A root that is gone or empty changes nothing; it is said once.
    fn root_is_lost(&mut self, problem: Problem) -> Vec<Event> {
        if self.root_problem.as_ref() == Some(&problem) {
            return Vec::new();
        }
        tracing::error!("fleet folder {}: {}", problem.subject, problem.message);
        self.root_problem = Some(problem.clone());
        vec![Event::Silent(root()), Event::Reading(root(), vec![problem])]
    }

    fn silence_missing(&mut self, clusters: &BTreeSet<ClusterName>, events: &mut Vec<Event>) {
        for (name, member) in &mut self.members {
            if *name != root() && member.is_there() && !clusters.contains(name) {
                events.extend(member.lose(name, None));
            }
        }
    }

    /// The problem of a root with more folders than a fleet may have clusters.
    fn limit(&self, listing: &Listing) -> Option<Problem> {
        (listing.folders.len() > CLUSTERS_MAX).then(|| Problem {
            subject: self.dir.display().to_string(),
            reason: Reason::LimitReached,
            message: format!(
                "has {} folders; a fleet has at most {CLUSTERS_MAX} clusters, and the last by name are left out",
                listing.folders.len()
            ),
            place: String::new(),
        })
    }
}

fn lost(label: &str, error: &io::Error) -> Problem {
    let why = match error.kind() {
        io::ErrorKind::NotFound => "is not there".to_owned(),
        _ => format!("cannot be read: {error}"),
    };
    unreadable(label, &format!("{why}; what it gave before stays"))
}

/// Which folder a path is now: when this changes, another one stands in its place.
pub(super) fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(path).ok().filter(fs::Metadata::is_dir).map(|metadata| (metadata.dev(), metadata.ino()))
}

#[cfg(test)]
mod tests;
