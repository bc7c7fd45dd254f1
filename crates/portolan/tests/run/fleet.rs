//! A small fleet folder: one name, two clusters, failover from the first to the second.

use std::fs;
use std::path::{Path, PathBuf};

use portolan_testbed::shop;

/// The fleet's one name.
pub(crate) const WEB: &str = "web.glb.example";
/// What eu-1 offers for it.
pub(crate) const EU: &str = "192.0.2.1";
/// What us-1 offers for it.
pub(crate) const US: &str = "198.51.100.1";

const ROOT: &str = "
apiVersion: portolan.dev/v1alpha1
kind: Zone
metadata: {name: glb}
spec:
  apex: glb.example
  nameServers: [{name: ns1.elsewhere.example}]
  admit: [{namespaces: ['*'], clusters: ['*'], hosts: ['*.glb.example']}]
---
apiVersion: portolan.dev/v1alpha1
kind: SteeringPolicy
metadata: {name: first-eu}
spec:
  hosts: ['*.glb.example']
  order: [{type: Tiers, tiers: [{clusters: [eu-1]}, {clusters: [us-1]}]}]
---
apiVersion: portolan.dev/v1alpha1
kind: GlobalName
metadata: {name: web, namespace: shop}
spec:
  hosts: [web.glb.example]
  backends: [{kind: Service, name: web}]
";

/// The folder, in a folder of its own that the state may stand in as well.
pub(crate) struct FleetFolder {
    folder: tempfile::TempDir,
}

impl FleetFolder {
    pub(crate) fn new() -> Self {
        let fleet = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir_all(fleet.path("eu-1")).unwrap();
        fs::create_dir_all(fleet.path("us-1")).unwrap();
        fs::create_dir(fleet.beside("state")).unwrap();
        fleet.write("root.yaml", ROOT);
        fleet.offer("eu-1", EU, true);
        fleet.offer("us-1", US, true);
        fleet
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.folder.path().join("fleet")
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir().join(path)
    }

    /// A path beside the fleet folder.
    pub(crate) fn beside(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        fs::write(self.path(path), text).unwrap();
    }

    /// Writes what a cluster offers.
    pub(crate) fn offer(&self, cluster: &str, address: &str, ready: bool) {
        self.write(&format!("{cluster}/web.yaml"), &shop::workload(address, ready));
    }

    pub(crate) fn rename(&self, from: &Path, to: &Path) {
        fs::rename(from, to).unwrap();
    }
}
