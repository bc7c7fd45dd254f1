//! `examples/bookinfo`, as it stands in this binary, and a copy of it on disk that may be edited.

use std::any::Any;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::Scene;
use super::commands::{Step, quoted};
use crate::engine::SharedEngine;
use crate::source::Watch;

/// The cluster that loses its endpoints.
pub const CLUSTER_THAT_FAILS: &str = "eu-frankfurt";
/// The file that says so.
const ENDPOINTS: &str = "eu-frankfurt/endpoints.yaml";

/// Most folders of demos that did not end well and are passed over to find a free name.
const TRIES_MAX: u32 = 100;

/// How an endpoint that is ready stands in an EndpointSlice, and one that is not.
const READY: &str = "\n      ready: true\n";
const UNREADY: &str = "\n      ready: false\n";

macro_rules! bookinfo {
    ($($path:literal,)*) => {
        &[$(($path, include_str!(concat!("../../../../examples/bookinfo/", $path))),)*]
    };
}

/// The example's files, by path.
pub const FILES: &[(&str, &str)] = bookinfo![
    "ap-singapore/endpoints.yaml",
    "ap-singapore/ingresses.yaml",
    "ap-singapore/nodes.yaml",
    "ap-singapore/services.yaml",
    "ap-singapore/workloads.yaml",
    "bookinfo.yaml",
    "clusters.yaml",
    "eu-frankfurt/endpoints.yaml",
    "eu-frankfurt/ingresses.yaml",
    "eu-frankfurt/nodes.yaml",
    "eu-frankfurt/services.yaml",
    "eu-frankfurt/workloads.yaml",
    "kubefed.yaml",
    "networks.csv",
    "us-virginia/endpoints.yaml",
    "us-virginia/ingresses.yaml",
    "us-virginia/nodes.yaml",
    "us-virginia/services.yaml",
    "us-virginia/workloads.yaml",
    "zone.yaml",
];

/// A fresh copy on disk; dropping it removes it.
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(super) fn create() -> anyhow::Result<Self> {
        let folder = Self { path: fresh(&std::env::temp_dir())? };
        for (path, text) in FILES {
            folder.write(path, text)?;
        }
        Ok(folder)
    }

    /// Writes a file whole: nobody sees half of it.
    fn write(&self, path: &str, text: &str) -> anyhow::Result<()> {
        let path = self.path.join(path);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // Hidden files are no manifests.
        let draft = path.with_file_name(format!(".{name}"));
        let written = path
            .parent()
            .map_or(Ok(()), std::fs::create_dir_all)
            .and_then(|()| std::fs::write(&draft, text))
            .and_then(|()| std::fs::rename(&draft, &path));
        written.with_context(|| format!("cannot write {}", path.display()))
    }
}

impl Scene for Folder {
    fn about(&self) -> &'static str {
        "Bookinfo in three clusters on three continents, read from real manifests."
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        vec![("manifests", self.path.display().to_string())]
    }

    fn follow(&self, engine: &SharedEngine) -> anyhow::Result<Box<dyn Any>> {
        Ok(Box::new(Watch::start(&self.path, engine.clone())?))
    }

    fn set_ready(&self, is_ready: bool) -> anyhow::Result<()> {
        let text = FILES.iter().find(|(path, _)| *path == ENDPOINTS).map_or("", |(_, text)| *text);
        let text = if is_ready { text.to_owned() } else { text.replace(READY, UNREADY) };
        self.write(ENDPOINTS, &text)
    }

    fn folder(&self) -> Option<&Path> {
        Some(&self.path)
    }

    fn to_try(&self) -> Vec<Step> {
        let file = quoted(&self.path.join(ENDPOINTS).display().to_string());
        let cluster = quoted(&self.path.join(CLUSTER_THAT_FAILS).display().to_string());
        let unready = ["sed", "-i", "'s/ready: true/ready: false/'", &file];
        vec![
            Step::new("turn its pods unready again: the table below follows", &unready),
            Step::new(
                "take the whole cluster away: it is silent, and its last facts stay",
                &["rm", "-r", &cluster],
            ),
        ]
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.path) {
            tracing::warn!(folder = %self.path.display(), "the demo's folder cannot be removed: {error}");
        }
    }
}

/// A new folder that nobody else has.
fn fresh(parent: &Path) -> anyhow::Result<PathBuf> {
    let name = |n: u32| parent.join(format!("portolan-demo-{}-{n}", std::process::id()));
    for path in (0..TRIES_MAX).map(name) {
        match std::fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                return Err(error).with_context(|| format!("cannot make the folder {}", path.display()));
            }
        }
    }
    anyhow::bail!("{} is full of folders of earlier demos", parent.display())
}
