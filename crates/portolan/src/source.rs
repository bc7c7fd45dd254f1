//! The fleet folder: read once, or watched.
//!
//! ```text
//!   DIR/                     the root: intents, and `MemberCluster`s that beat the clusters' copies
//!   ├── zone.yaml
//!   ├── eu-1/                a cluster: what `kubectl get … -o yaml` prints
//!   │   ├── web.yaml         *.yaml, *.yml, *.json: manifests
//!   │   ├── networks.csv     *.csv: networks that policies name
//!   │   ├── .draft.yaml      hidden: ignored, as is every other name
//!   │   └── old/             folders in a cluster's folder: ignored
//!   └── us-1/ …
//!
//!   inotify ──▶ Touches ──GATHER──▶ Tree::scan ──▶ events ──▶ Engine::take
//! ```
//!
//! A file or an object that is gone is a delete. A folder that is gone is not: the cluster is silent, and
//! what it held stays until the cluster is forgotten. A root that is gone or empty changes nothing. Links
//! to files and folders are followed, so a mounted ConfigMap is a folder like any other.

use std::path::Path;
use std::sync::Arc;

use portolan_core::Problem;
use portolan_kube::sources::Options;

use crate::clock;
use crate::engine::Engine;

mod networks;
mod read;
mod tree;
mod watch;

pub use networks::Networks;
pub use read::{FILES_MAX, NETWORKS_BYTES_MAX};
pub use tree::{Touches, Tree};
pub use watch::{DOUBT, GATHER, RESCAN, WRITE_PATIENCE, Watch};

/// Reads a fleet folder once, with these sources, for the commands that need no server.
///
/// # Errors
/// The problem of a folder that is not there, cannot be read or is empty.
pub fn load(dir: &Path, sources: &Arc<Options>) -> Result<Engine, Problem> {
    let now = clock::now();
    let mut engine = Engine::new(now).with_sources(sources);
    let mut tree = Tree::new(dir).keeping(engine.keep());
    let events = tree.scan(&Touches::everything());
    if let Some(why) = tree.root_lost() {
        return Err(read::unreadable(&dir.display().to_string(), why));
    }
    engine.take(events, now);
    Ok(engine)
}
