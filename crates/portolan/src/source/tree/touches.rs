//! What may have changed in the fleet folder, as paths tell.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Component, Path};

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
        let Ok(below) = path.strip_prefix(dir) else { return };
        let parts: Vec<&OsStr> = below.components().filter_map(normal).collect();
        let parts: Option<Vec<&str>> = parts.into_iter().map(OsStr::to_str).collect();
        match parts.as_deref() {
            Some([]) => self.everything = true,
            // A file of the root, or a folder that came or went: the root is always listed.
            Some([name]) if FileKind::of(name).is_some() => self.file(root(), name),
            Some([name]) if name.starts_with('.') => self.everything = true,
            Some([name]) => self.folder(ClusterName::from(*name)),
            Some([cluster, file]) if FileKind::of(file).is_some() => self.file((*cluster).into(), file),
            // A mounted ConfigMap changes by a hidden link that its files lead through.
            Some([cluster, hidden, ..]) if hidden.starts_with('.') => self.folder((*cluster).into()),
            _ => self.root(),
        }
    }

    /// Touches everything: notices were lost.
    pub fn lost(&mut self) {
        self.everything = true;
    }

    pub(super) fn has_folder(&self, source: &ClusterName) -> bool {
        self.folders.contains(source)
    }

    pub(super) fn files_of(&self, source: &ClusterName) -> Option<&BTreeSet<String>> {
        self.files.get(source)
    }

    fn file(&mut self, source: ClusterName, name: &str) {
        if self.count >= TOUCHED_MAX {
            self.everything = true;
        } else if self.files.entry(source).or_default().insert(name.into()) {
            self.count += 1;
        }
    }

    fn root(&mut self) {
        self.folders.insert(root());
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
