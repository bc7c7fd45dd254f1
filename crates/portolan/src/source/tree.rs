//! What was read of the fleet folder, and what of that has changed.
//!
//! A scan costs what was touched: a file that somebody changed is read again, a folder that somebody
//! changed is listed and only what looks different in it is read. A scan of everything lists all folders,
//! which is the net below lost notices. Of what could not be read nobody tells when it can be, nor of a
//! change behind a link; that is doubtful, and is asked for by the second.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use portolan_core::cluster::CLUSTERS_MAX;
use portolan_core::{ClusterName, Problem, Reason};
use portolan_kube::workload::Keep;

use crate::engine::{Event, root};

mod member;
mod touches;

use super::read::{self, KEPT, Listing, unreadable};
use member::{Member, Pending};
pub(super) use touches::Place;
pub use touches::Touches;

/// Most files behind links that are looked at between two scans of everything; the others wait for one.
const LINKS_MAX: usize = 4_096;

/// What was read of a fleet folder.
#[derive(Debug)]
pub struct Tree {
    dir: PathBuf,
    members: BTreeMap<ClusterName, Member>,
    /// Why the folder itself cannot be read.
    root_lost: Option<String>,
    /// Folders that are new, and so perhaps were not watched while they filled.
    fresh: BTreeSet<ClusterName>,
    /// What is kept of objects for sources.
    keep: Keep,
}

impl Tree {
    /// Nothing was read yet.
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        Self {
            dir: dir.into(),
            members: BTreeMap::new(),
            root_lost: None,
            fresh: BTreeSet::new(),
            keep: Keep::default(),
        }
    }

    /// The same, which keeps what sources ask for.
    #[must_use]
    pub fn keeping(self, keep: Keep) -> Self {
        Self { keep, ..self }
    }

    /// Where it is.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Why the folder itself could not be read in the last scan, which then changed nothing.
    #[must_use]
    pub fn root_lost(&self) -> Option<&str> {
        self.root_lost.as_deref()
    }

    /// What is wrong with the folder itself, as of the last scan, for one who goes on with what it gave.
    #[must_use]
    pub fn root_problem(&self) -> Option<Problem> {
        self.root_lost().map(|why| unreadable(&self.dir.display().to_string(), &format!("{why}; {KEPT}")))
    }

    /// The folders that the last scan saw for the first time; whoever watches looks at them once more.
    pub fn take_fresh(&mut self) -> BTreeSet<ClusterName> {
        std::mem::take(&mut self.fresh)
    }

    /// The files that the last scan left for the next one; it must follow soon.
    #[must_use]
    pub fn postponed(&self) -> Touches {
        let mut touches = Touches::default();
        for (source, member) in &self.members {
            member.postponed().iter().for_each(|name| touches.file(source.clone(), name));
        }
        touches
    }

    /// What a scan should look at though nobody tells: what could not be read, and what links lead to
    /// that looks different now.
    #[must_use]
    pub fn doubtful(&self) -> Touches {
        if self.root_lost.is_some() {
            return Touches::everything();
        }
        let mut touches = Touches::default();
        let mut links = LINKS_MAX;
        for (source, member) in &self.members {
            let folder = self.dir.join(&*source.0);
            if member.is_there() {
                let names = member.doubtful(&folder, &mut links);
                names.iter().for_each(|name| touches.file(source.clone(), name));
            } else if *source != root() && folder.is_dir() {
                touches.folder(source.clone());
            }
        }
        touches
    }

    /// Reads what was touched, and says what changed.
    pub fn scan(&mut self, touches: &Touches) -> Vec<Event> {
        let listing = match self.list_root() {
            Ok(listing) => listing,
            Err(why) => return self.root_is_lost(why),
        };
        let was_lost = self.root_lost.take().is_some();
        let everything = was_lost || touches.is_everything();
        let mut events = Vec::new();
        let mut pending = Vec::new();
        let too_many_folders = self.too_many_folders(&listing);
        let clusters: BTreeSet<ClusterName> =
            listing.folders.iter().take(CLUSTERS_MAX).map(|name| ClusterName::from(name.as_str())).collect();
        self.silence_missing(&clusters, &mut events);
        for cluster in clusters {
            let path = self.dir.join(&*cluster.0);
            let member = self.members.entry(cluster.clone()).or_default();
            let each = everything || !member.is_there() || touches.has_folder(&cluster);
            let is_touched = touches.has_files(&cluster);
            if each || (is_touched && member.is_cut()) {
                if !member.is_there() {
                    self.fresh.insert(cluster.clone());
                }
                match read::list(&path) {
                    Ok(listing) => pending.push(member.look(&cluster, &path, &listing, (touches, each))),
                    Err(error) => events.extend(member.lose(&cluster, Some(&lost(&cluster.0, &error)))),
                }
            } else if is_touched {
                pending.push(member.look_at_files(&cluster, &path, touches));
            }
        }
        let member = self.members.entry(root()).or_default();
        let each = everything || touches.has_folder(&root());
        pending.push(member.look(&root(), &self.dir, &listing, (touches, each)));
        member.too_many_folders = too_many_folders;
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
        let mut outcomes = read::read_all(&jobs, &self.keep).into_iter();
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

    /// What stands in the folder, or why nothing can be read there.
    fn list_root(&self) -> Result<Listing, String> {
        let listing = read::list(&self.dir).map_err(|error| why_lost(&error))?;
        if listing.files.is_empty() && listing.folders.is_empty() {
            return Err("has no cluster's folder and no manifest in it".to_owned());
        }
        Ok(listing)
    }

    /// A root that is gone or empty changes nothing; it is said once.
    fn root_is_lost(&mut self, why: String) -> Vec<Event> {
        if self.root_lost.as_ref() == Some(&why) {
            return Vec::new();
        }
        self.root_lost = Some(why);
        vec![Event::Silent(root()), Event::Reading(root(), self.root_problem().into_iter().collect())]
    }

    fn silence_missing(&mut self, clusters: &BTreeSet<ClusterName>, events: &mut Vec<Event>) {
        for (name, member) in &mut self.members {
            if *name != root() && member.is_there() && !clusters.contains(name) {
                events.extend(member.lose(name, None));
            }
        }
    }

    /// The problem of a root with more folders than a fleet may have clusters.
    fn too_many_folders(&self, listing: &Listing) -> Option<Problem> {
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
    unreadable(label, &format!("{}; {KEPT}", why_lost(error)))
}

fn why_lost(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "is not there".to_owned(),
        io::ErrorKind::NotADirectory => "is not a folder".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}

/// Which folder a path is now: when this changes, another one stands in its place.
pub(super) fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(path).ok().filter(fs::Metadata::is_dir).map(|metadata| (metadata.dev(), metadata.ino()))
}

#[cfg(test)]
mod tests;
