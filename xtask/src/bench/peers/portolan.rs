//! Portolan, the program as users have it.

use std::process::Command;

use anyhow::Result;

use super::{Answers, Peer, Site, Subject};
use crate::bench::modes::Mode;
use crate::command::{cargo, output, program};

mod orders;
mod records;
mod steered;

/// All records of the zone.
pub(super) const STATIC: Peer = Peer {
    name: "portolan",
    what: "all records, fleet folder",
    modes: &[Mode::Static, Mode::Million, Mode::Tcp, Mode::Workers],
    answers: Answers::Zone,
    counted: true,
    version,
    start: |site| {
        records::write(site)?;
        run(site)
    },
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
        run(site)
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
        run(site)
    },
};

fn version() -> Result<String> {
    let id = output(&mut cargo(&["pkgid", "--package", "portolan"]))?;
    let version = id.trim().rsplit(['#', '@']).next().unwrap_or_default().to_owned();
    // Without a repository around it there is no commit to name.
    let commit = output(&mut program("git", &["describe", "--always", "--dirty"]));
    Ok(commit.map_or(version.clone(), |commit| format!("{version} ({})", commit.trim())))
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
