//! Portolan, the program as users have it.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::{Answers, Peer, Site, Subject};
use crate::bench::modes::Mode;
use crate::command::{cargo, output, program};

mod last_good;
mod orders;
pub(in crate::bench) mod records;
mod steered;

/// All records of the zone.
pub(super) const STATIC: Peer = Peer {
    name: "portolan",
    what: "zone file",
    modes: &[Mode::Static, Mode::Million, Mode::Tcp, Mode::Workers],
    answers: Answers::Zone,
    counted: true,
    version,
    start: |site| {
        if !takes_zones(site.portolan)? {
            // A program from before it read zone files has the same records from its fleet folder.
            return folder(site);
        }
        let zone = format!("{}={}", site.names.apex, site.zone.display());
        site.run(command(site).args(["--zone", &zone]))
    },
};

/// The same records as names of the fleet.
pub(super) const FLEET: Peer = Peer {
    name: "portolan-fleet",
    what: "fleet folder (DNSEndpoint)",
    modes: &[Mode::Million],
    answers: Answers::Zone,
    counted: false,
    version,
    start: folder,
};

/// The same, from what the last run kept.
pub(super) const LAST_GOOD: Peer = Peer {
    name: "portolan-last-good",
    what: "fleet folder, started from the last good file",
    modes: &[Mode::Million],
    answers: Answers::Zone,
    counted: false,
    version,
    start: last_good::start,
};

/// Steering by place, weight and readiness.
pub(super) const STEERED: Peer = Peer {
    name: "portolan-steered",
    what: "geo, weights, readiness; 10 policies",
    modes: &[Mode::Policy],
    answers: Answers::Steered,
    counted: true,
    version,
    start: |site| {
        steered::write(site, 10, false)?;
        site.run(command(site).args(["--fleet", "fleet"]))
    },
};

/// The same with a hundred times as many orders.
pub(super) const MANY_ORDERS: Peer = Peer {
    name: "portolan-1000-orders",
    what: "geo, tiers, readiness; 1,000 policies of different orders",
    modes: &[Mode::Policy],
    answers: Answers::Nearest,
    counted: false,
    version,
    start: |site| {
        steered::write(site, 1_000, true)?;
        site.run(command(site).args(["--fleet", "fleet"]))
    },
};

/// Its version and, where there is a repository around us, its commit.
fn version() -> Result<String> {
    let id = output(&mut cargo(&["pkgid", "--package", "portolan"]))?;
    let version = id.trim().rsplit(['#', '@']).next().unwrap_or_default().to_owned();
    let commit = output(&mut program("git", &["describe", "--always", "--dirty"]));
    Ok(commit.map_or(version.clone(), |commit| format!("{version} ({})", commit.trim())))
}

fn folder(site: &Site<'_>) -> Result<Subject> {
    records::write(site, &(0..site.names.count))?;
    site.run(command(site).args(["--fleet", "fleet"]))
}

/// Whether this program reads zone files.
fn takes_zones(portolan: &Path) -> Result<bool> {
    Ok(output(Command::new(portolan).args(["run", "--help"]))?.contains("--zone"))
}

/// `portolan run` at the site's address; every folder that it may find by itself is its own.
pub(in crate::bench) fn command(site: &Site<'_>) -> Command {
    let mut command = Command::new(site.portolan);
    for variable in ["HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "TMPDIR"] {
        command.env(variable, site.folder);
    }
    command.args(["run", "--listen", &site.address().to_string(), "--log", "warn"]);
    command.args(["--workers", &site.workers.to_string()]);
    command
}
