//! CSV files of networks, parsed once when they come.

use std::collections::BTreeMap;
use std::sync::Arc;

use portolan_core::Problem;
use portolan_core::cluster::ClusterName;
use portolan_core::place::NetworkMap;

use super::objects::is_root;
use crate::settle;

/// The files of all sources, by the path that policies name them with.
#[derive(Debug, Default)]
pub(super) struct Networks {
    files: BTreeMap<ClusterName, BTreeMap<Arc<str>, Arc<NetworkMap>>>,
}

impl Networks {
    /// Takes a file, or takes it away; returns what is wrong with it.
    pub(super) fn set(&mut self, source: &ClusterName, path: &str, text: Option<&str>) -> Vec<Problem> {
        let files = self.files.entry(source.clone()).or_default();
        let Some(text) = text else {
            files.remove(path);
            return Vec::new();
        };
        let file = if is_root(source) { path.to_owned() } else { format!("{source}/{path}") };
        let (map, problems) = settle::networks_csv(text, &file);
        files.insert(path.into(), Arc::new(map));
        problems
    }

    /// The networks of a file.
    pub(super) fn get(&self, source: &ClusterName, path: &str) -> Result<Arc<NetworkMap>, String> {
        let found = self.files.get(source).and_then(|files| files.get(path));
        found.cloned().ok_or_else(|| "is not there".into())
    }

    /// Drops the files of a source.
    pub(super) fn forget(&mut self, source: &ClusterName) {
        self.files.remove(source);
    }
}
