//! PowerDNS's authoritative server: with a zone file, with Lua records, with its geoip backend.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use super::{Answers, Peer, Site, Subject, package_version};
use crate::bench::mmdb;
use crate::bench::modes::Mode;
use crate::bench::process::Process;

mod geoip;
mod lua;

/// All records of the zone.
pub(super) const BIND_BACKEND: Peer = Peer {
    name: "pdns",
    what: "zone file (bind backend), packet cache on",
    modes: &[Mode::Static, Mode::Million, Mode::Tcp, Mode::Workers],
    answers: Answers::Zone,
    counted: true,
    version,
    start: |site| {
        site.write("pdns/zones.conf", "zones.conf")?;
        run(site, "pdns/zone.conf")
    },
};

/// By weight, in Lua.
pub(super) const PICK_WEIGHTED: Peer = Peer {
    name: "pdns-pickwrandom",
    what: "Lua records: pickwrandom",
    modes: &[Mode::Policy],
    answers: Answers::Weighted,
    counted: true,
    version,
    start: |site| lua(site, lua::pick_weighted),
};

/// By place, in Lua.
pub(super) const PICK_CLOSEST: Peer = Peer {
    name: "pdns-pickclosest",
    what: "Lua records: pickclosest, with a database of places",
    modes: &[Mode::Policy],
    answers: Answers::Nearest,
    counted: false,
    version,
    start: |site| lua(site, lua::pick_closest),
};

/// By health, in Lua.
pub(super) const IF_PORT_UP: Peer = Peer {
    name: "pdns-ifportup",
    what: "Lua records: ifportup, 60 targets on loopback, A only",
    modes: &[Mode::Policy],
    answers: Answers::PortUp,
    counted: false,
    version,
    start: |site| {
        let own = std::env::current_exe().context("our own program")?;
        let mut accept = Command::new(own);
        let accept = accept.args(["bench-accept", &site.helper_port.to_string()]);
        let mut subject = lua(site, lua::if_port_up)?;
        subject.helpers.push(Process::start(accept, None, site.folder)?);
        Ok(subject)
    },
};

/// By place and weight, by its backend for that.
pub(super) const GEOIP: Peer = Peer {
    name: "pdns-geoip",
    what: "geoip backend, with a database of places, caches off",
    modes: &[Mode::Policy],
    answers: Answers::Steered,
    counted: false,
    version,
    start: |site| {
        put(site, "places.mmdb", mmdb::database())?;
        put(site, "geo.yaml", geoip::zones(site))?;
        run(site, "pdns/geoip.conf")
    },
};

fn version() -> Result<String> {
    package_version("pdns-server")
}

fn lua(site: &Site<'_>, record: fn(&Site<'_>, u32) -> String) -> Result<Subject> {
    put(site, "places.mmdb", mmdb::database())?;
    put(site, "lua.zone", lua::zone(site, record))?;
    site.write("pdns/lua-zones.conf", "zones.conf")?;
    run(site, "pdns/lua.conf")
}

fn put(site: &Site<'_>, file: &str, text: impl AsRef<[u8]>) -> Result<()> {
    let path = site.folder.join(file);
    fs::write(&path, text).with_context(|| path.display().to_string())
}

fn run(site: &Site<'_>, template: &str) -> Result<Subject> {
    site.write(template, "pdns.conf")?;
    site.run(Command::new("pdns_server").arg(format!("--config-dir={}", site.folder.display())))
}
