//! What may have changed in the fleet folder, as paths tell.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Component, Path};
use std::time::SystemTime;

use portolan_core::ClusterName;

use crate::engine::root;
use crate::source::read::FileKind;

/// Most files that are kept apart; of more, everything is looked at.
pub(super) const TOUCHED_MAX: usize = 10_000;

/// What may have changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touches {
    everything: bool,
    folders: BTreeSet<ClusterName>,
    files: BTreeMap<ClusterName, BTreeSet<String>>,
    count: usize,
    /// Files that somebody is writing now: they are not read, whatever else is touched.
    held: BTreeMap<ClusterName, BTreeSet<String>>,
    /// Who wrote a file after this may not have been told of yet; none: nobody will be.
    told_until: Option<SystemTime>,
}

/// What a path touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::source) enum Place {
    Nothing,
    Everything,
    Folder(ClusterName),
    File(ClusterName, String),
}

impl Place {
    /// Of a path below the fleet folder, or that folder itself; another path touches nothing.
    pub(in crate::source) fn of(dir: &Path, path: &Path) -> Self {
        let Ok(below) = path.strip_prefix(dir) else { return Self::Nothing };
        let parts: Vec<&OsStr> = below.components().filter_map(normal).collect();
        let parts: Option<Vec<&str>> = parts.into_iter().map(OsStr::to_str).collect();
        match parts.as_deref() {
            Some([]) => Self::Everything,
            // A file of the root, or a folder that came or went: the root is always listed.
            Some([name]) if FileKind::of(name).is_some() => Self::File(root(), (*name).to_owned()),
            Some([name]) if name.starts_with('.') => Self::Everything,
            Some([name]) => Self::Folder((*name).into()),
            Some([cluster, file]) if FileKind::of(file).is_some() => {
                Self::File((*cluster).into(), (*file).to_owned())
            }
            // A mounted ConfigMap changes by a hidden link that its files lead through.
            Some([cluster, hidden, ..]) if hidden.starts_with('.') => Self::Folder((*cluster).into()),
            _ => Self::Folder(root()),
        }
    }
}

impl Touches {
    /// All of it.
    #[must_use]
    pub fn everything() -> Self {
        Self { everything: true, ..Self::default() }
    }

    /// True when nothing was touched.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.everything && self.folders.is_empty() && self.files.is_empty()
    }

    /// True when all of it may have changed.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.everything
    }

    /// Touches a whole folder.
    pub fn folder(&mut self, source: ClusterName) {
        self.folders.insert(source);
    }

    /// Touches a path below the fleet folder, or that folder itself; another path touches nothing.
    pub fn path(&mut self, dir: &Path, path: &Path) {
        self.place(Place::of(dir, path));
    }

    pub(in crate::source) fn place(&mut self, place: Place) {
        match place {
            Place::Nothing => {}
            Place::Everything => self.everything = true,
            Place::Folder(source) => self.folder(source),
            Place::File(source, name) => self.file(source, &name),
        }
    }

    /// Touches what others touch as well.
    pub(in crate::source) fn join(&mut self, other: Self) {
        self.everything |= other.everything;
        self.folders.extend(other.folders);
        for (source, names) in other.files {
            names.iter().for_each(|name| self.file(source.clone(), name));
        }
    }

    /// Leaves a file alone, whatever else is touched: it is half written.
    pub(in crate::source) fn hold(&mut self, source: ClusterName, name: String) {
        self.held.entry(source).or_default().insert(name);
    }

    /// Says until when notices were gathered.
    pub(in crate::source) fn told_until(&mut self, time: SystemTime) {
        self.told_until = Some(time);
    }

    /// True for a time of modification that notices may still be under way of.
    pub(super) fn may_be_untold(&self, modified: Option<SystemTime>) -> bool {
        self.told_until.zip(modified).is_some_and(|(told, modified)| modified > told)
    }

    pub(super) fn is_held(&self, source: &ClusterName, name: &str) -> bool {
        self.held.get(source).is_some_and(|names| names.contains(name))
    }

    /// Touches everything: notices were lost.
    pub fn lost(&mut self) {
        self.everything = true;
    }

    pub(super) fn has_folder(&self, source: &ClusterName) -> bool {
        self.folders.contains(source)
    }

    /// True when some of its files are touched.
    pub(super) fn has_files(&self, source: &ClusterName) -> bool {
        self.files.contains_key(source)
    }

    pub(super) fn has_file(&self, source: &ClusterName, name: &str) -> bool {
        self.files.get(source).is_some_and(|files| files.contains(name))
    }

    pub(super) fn files_of(&self, source: &ClusterName) -> impl Iterator<Item = &String> {
        self.files.get(source).into_iter().flatten()
    }

    pub(super) fn file(&mut self, source: ClusterName, name: &str) {
        if self.count >= TOUCHED_MAX {
            self.everything = true;
        } else if self.files.entry(source).or_default().insert(name.into()) {
            self.count += 1;
        }
    }
}

fn normal<'p>(component: Component<'p>) -> Option<&'p OsStr> {
    match component {
        Component::Normal(name) => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: &Touches) {
        let mut touches = Touches::default();
        touches.path(Path::new("/fleet"), Path::new(path));
        assert_eq!(&touches, expected, "{path}");
    }

    fn folder(name: &str) -> Touches {
        Touches { folders: [name.into()].into(), ..Touches::default() }
    }

    fn file(source: &str, name: &str) -> Touches {
        Touches { files: [(source.into(), [name.to_owned()].into())].into(), count: 1, ..Touches::default() }
    }

    #[test]
    fn a_path_touches_what_depends_on_it() {
        check("/fleet", &Touches::everything());
        check("/fleet/zone.yaml", &file("", "zone.yaml"));
        check("/fleet/eu-1", &folder("eu-1"));
        check("/fleet/eu-1/web.yaml", &file("eu-1", "web.yaml"));
        check("/fleet/eu-1/networks.csv", &file("eu-1", "networks.csv"));
        check("/fleet/eu-1/..data", &folder("eu-1"));
        check("/fleet/eu-1/..2026_01/web.yaml", &folder("eu-1"));
        check("/fleet/..data", &Touches::everything());
        check("/elsewhere/web.yaml", &Touches::default());
        check("/fleet2/web.yaml", &Touches::default());
    }

    #[test]
    fn too_many_files_are_everything() {
        let mut touches = Touches::default();
        for number in 0..=TOUCHED_MAX {
            touches.path(Path::new("/f"), Path::new(&format!("/f/eu-1/{number}.yaml")));
        }
        assert!(touches.is_everything() && touches.count == TOUCHED_MAX);
    }
}
