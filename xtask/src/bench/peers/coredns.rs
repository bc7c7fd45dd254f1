//! CoreDNS: with a zone file, and with etcd behind it, which is the pair that Portolan replaces.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;

use anyhow::{Context, Result};
use portolan_testbed::part::{COREDNS, ETCD as ETCD_PART, Part};

use super::{Answers, Peer, Site, Subject, free_port};
use crate::bench::modes::Mode;
use crate::parts;

mod gateway;
mod skydns;

pub(super) const FILE: Peer = Peer {
    name: "coredns-file",
    what: "zone file",
    modes: &[Mode::Static],
    answers: Answers::Zone,
    counted: false,
    version: || provided(&[&COREDNS]),
    start: start_file,
};

pub(super) const ETCD: Peer = Peer {
    name: "coredns-etcd",
    what: "one etcd (SkyDNS layout), no cache, both counted",
    modes: &[Mode::Static],
    answers: Answers::Zone,
    counted: false,
    version: || provided(&[&COREDNS, &ETCD_PART]),
    start: start_etcd,
};

/// The versions of parts, which are built here where they must be: a start is timed, and this is not.
fn provided(wanted: &[&Part]) -> Result<String> {
    let versions = wanted.iter().map(|part| parts::provide(part).map(|_| part.module.version()));
    Ok(versions.collect::<Result<Vec<_>>>()?.join(" + "))
}

fn start_file(site: &Site<'_>) -> Result<Subject> {
    let config = site.write("coredns-file/Corefile", "Corefile")?;
    site.run(Command::new(parts::provide(&COREDNS)?).arg("-conf").arg(config))
}

/// Starts etcd, fills it, and starts CoreDNS, on the same cores.
fn start_etcd(site: &Site<'_>) -> Result<Subject> {
    let (port, peer_port) = (free_port()?, free_port()?);
    let [client, peer] = [port, peer_port].map(|port| format!("http://127.0.0.1:{port}"));
    let mut etcd = Command::new(parts::provide(&ETCD_PART)?);
    etcd.args(["--name", "bench", "--data-dir", "etcd", "--unsafe-no-fsync", "--log-level", "warn"]);
    etcd.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
    etcd.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
    etcd.args(["--initial-cluster", &format!("bench={peer}")]);
    let mut subject = site.run(&etcd)?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    skydns::fill(address, &site.names).with_context(|| format!("etcd's log ends: {}", subject.log_end()))?;

    let config = site.write("coredns-etcd/Corefile", "Corefile")?;
    let mut coredns = Command::new(parts::provide(&COREDNS)?);
    coredns.arg("-conf").arg(config).env("ETCD_PORT", port.to_string());
    let mut dns = site.run(&coredns)?;
    // It ends first: the last that was started does.
    subject.processes.append(&mut dns.processes);
    subject.begun = dns.begun;
    Ok(subject)
}
