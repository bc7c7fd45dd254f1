//! The floor, batched and plain: `cargo xtask` run again under its hidden command.

use std::process::Command;

use anyhow::{Context, Result};

use super::{Answers, FLOOR, Peer, STREAM_FLOOR, Site, Subject};
use crate::bench::modes::Mode;

/// The floor itself.
pub(super) const BATCHED: Peer = Peer {
    name: FLOOR,
    what: "floor: recvmmsg/sendmmsg of 64",
    modes: &[Mode::Static, Mode::Policy, Mode::Million, Mode::Workers],
    answers: Answers::Echo,
    counted: true,
    version: || Ok("–".to_owned()),
    start: |site| start(site, "batched"),
};

/// One datagram a system call.
pub(super) const PLAIN: Peer = Peer {
    name: "echo-plain",
    what: "floor: recvfrom/sendto",
    modes: &[Mode::Static, Mode::Policy],
    answers: Answers::Echo,
    counted: true,
    version: || Ok("–".to_owned()),
    start: |site| start(site, "plain"),
};

/// Over TCP.
pub(super) const STREAM: Peer = Peer {
    name: STREAM_FLOOR,
    what: "floor over TCP: poll, read, write",
    modes: &[Mode::Tcp],
    answers: Answers::Echo,
    counted: false,
    version: || Ok("–".to_owned()),
    start: |site| start(site, "stream"),
};

fn start(site: &Site<'_>, way: &str) -> Result<Subject> {
    let own = std::env::current_exe().context("our own program")?;
    site.run(Command::new(own).args(["bench-echo", way, &site.port.to_string()]))
}
