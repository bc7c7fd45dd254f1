//! Portolan, the program as users have it.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use super::{Answers, Peer, Site, Subject};
use crate::bench::dataset::{Names, TTL_SECONDS};
use crate::bench::modes::Mode;
use crate::command::{cargo, output};

/// Names of one file of the fleet folder, so that no file comes near the size that is read at most.
const NAMES_PER_FILE: u32 = 50_000;

pub(super) const STATIC: Peer = Peer {
    name: "portolan",
    what: "fleet folder (DNSEndpoint)",
    modes: &[Mode::Static, Mode::Million],
    answers: Answers::Zone,
    counted: true,
    version,
    start,
};

fn version() -> Result<String> {
    let id = output(&mut cargo(&["pkgid", "--package", "portolan"]))?;
    let commit = output(&mut crate::command::program("git", &["describe", "--always", "--dirty"]));
    let version = id.trim().rsplit(['#', '@']).next().unwrap_or_default().to_owned();
    Ok(commit.map_or(version.clone(), |commit| format!("{version} ({})", commit.trim())))
}

fn start(site: &Site<'_>) -> Result<Subject> {
    site.write("portolan/zone.yaml", "fleet/zone.yaml")?;
    for (number, first) in (0..site.names.count).step_by(NAMES_PER_FILE as usize).enumerate() {
        let end = site.names.count.min(first + NAMES_PER_FILE);
        let path = site.folder.join(format!("fleet/records-{number}.json"));
        fs::write(&path, records(&site.names, first, end)).with_context(|| path.display().to_string())?;
    }
    run(site)
}

fn run(site: &Site<'_>) -> Result<Subject> {
    let mut command = Command::new(site.portolan);
    // Every folder that it may find by itself is its own.
    for variable in ["HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "TMPDIR"] {
        command.env(variable, site.folder);
    }
    command.args(["run", "--fleet", "fleet", "--listen", &site.address().to_string()]);
    command.args(["--workers", &site.workers.to_string(), "--log", "warn"]);
    site.run(&command)
}

/// The records of some names as a `DNSEndpoint`.
fn records(names: &Names, first: u32, end: u32) -> String {
    let mut text = format!(
        r#"{{"apiVersion":"externaldns.k8s.io/v1alpha1","kind":"DNSEndpoint","metadata":{{"name":"bench-{first}","namespace":"bench"}},"spec":{{"endpoints":["#
    );
    let mut comma = "";
    for index in first..end {
        let v4 = names.v4(index).iter().map(ToString::to_string).collect();
        let v6 = names.v6(index).iter().map(ToString::to_string).collect();
        for (kind, targets) in [("A", v4), ("AAAA", v6)] {
            let targets: Vec<String> = targets;
            if !targets.is_empty() {
                let name = names.name(index);
                write!(
                    text,
                    r#"{comma}{{"dnsName":"{name}","recordType":"{kind}","recordTTL":{TTL_SECONDS},"targets":{targets:?}}}"#
                )
                .expect("a String takes everything");
                comma = ",";
            }
        }
    }
    text + "]}}\n"
}
