//! The floor, batched and plain: `cargo xtask` run again under its hidden command.

use std::process::Command;

use anyhow::{Context, Result};

use super::{Answers, FLOOR, Peer, Site, Subject};
use crate::bench::modes::Mode;

const MODES: &[Mode] = &[Mode::Static, Mode::Policy, Mode::Million];

pub(super) const BATCHED: Peer = Peer {
    name: FLOOR,
    what: "floor: recvmmsg/sendmmsg of 64",
    modes: MODES,
    answers: Answers::Echo,
    counted: true,
    version: || Ok("–".to_owned()),
    start: |site| start(site, "batched"),
};

pub(super) const PLAIN: Peer = Peer {
    name: "echo-plain",
    what: "floor: recvfrom/sendto",
    modes: MODES,
    answers: Answers::Echo,
    counted: true,
    version: || Ok("–".to_owned()),
    start: |site| start(site, "plain"),
};

fn start(site: &Site<'_>, way: &str) -> Result<Subject> {
    let own = std::env::current_exe().context("our own program")?;
    site.run(Command::new(own).args(["bench-echo", way, &site.port.to_string()]))
}
