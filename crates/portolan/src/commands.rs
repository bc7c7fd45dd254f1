//! The commands that do one thing and end: each reads, writes to what it is given, and says how it went.
//!
//! Questions about a fleet ([`explain`], [`status`]) go to the running server by its control socket, or
//! are answered from a folder that is read for that one time; both give the same values, so they are
//! printed by the same code.

use std::io::{IsTerminal as _, Write};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use portolan_core::{Name, Problem, RecordType};
use portolan_kube::sources::Options;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clock;
use crate::clusters::Hold;
use crate::control::{self, Request};
use crate::engine::Engine;
use crate::explain::Explanation;
use crate::problem::{self, Refused};
use crate::source;
use crate::status::{Ages, Status};
use crate::when;
use crate::zones::{self, ZoneSource};

mod check;
mod endpoints;
mod outcome;

pub use check::{check, is_warning, print_problem};
pub use endpoints::endpoints;
pub use outcome::Outcome;

/// Who is asked.
#[derive(Clone, Copy, Debug)]
pub enum Client<'a> {
    /// The running server, by its control socket; none: the one that is found.
    Server(Option<&'a Path>),
    /// A fleet folder, and the zone files beside it, read once, with sources.
    Folder(&'a Path, &'a [ZoneSource], &'a Arc<Options>),
}

/// What `explain` asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The name.
    pub name: Name,
    /// The record type.
    pub rtype: RecordType,
    /// The client.
    pub from: IpAddr,
}

impl Question {
    /// A question out of what somebody typed.
    ///
    /// # Errors
    /// When one of them is not what it should be, with the rule.
    pub fn new(name: &str, rtype: &str, from: &str) -> Result<Self> {
        if !name.is_ascii() {
            let rule = "is not ASCII; an international name is asked for in its xn-- form";
            bail!(Refused(format!("name {name:?}: {rule}")));
        }
        let parsed = match name.parse::<Name>() {
            Ok(parsed) => parsed,
            Err(error) => bail!(Refused(format!("name {name:?}: {error}"))),
        };
        let Ok(rtype) = rtype.parse::<RecordType>() else {
            let rule = "is no record type that is known; TYPE64 names one by its number";
            bail!(Refused(format!("type {rtype:?}: {rule}")));
        };
        let Ok(from) = from.parse::<IpAddr>() else {
            let network = from.split_once('/').is_some_and(|(address, _)| address.parse::<IpAddr>().is_ok());
            let rule = if network { "is a network; name one address of it" } else { "is not an IP address" };
            bail!(Refused(format!("--from {from:?}: {rule}")));
        };
        Ok(Self { name: parsed, rtype, from })
    }
}

/// `portolan explain`.
///
/// # Errors
/// When no server answers, the folder cannot be read, or nothing can be written.
pub fn explain(client: &Client<'_>, question: &Question, json: bool, out: &mut dyn Write) -> Result<Outcome> {
    let Question { name, rtype, from } = question;
    let explanation: Explanation = match client {
        Client::Server(control) => {
            let request = Request::Explain { name: name.to_dotless(), rtype: rtype.to_string(), from: *from };
            ask(*control, &request)?
        }
        Client::Folder(folder, zones, sources) => {
            let engine = read(folder, zones, sources)?;
            let explanation =
                crate::explain::explain(&engine.snapshot(), engine.fleet(), name, *rtype, *from);
            let explanation = explanation.with_reasons(&|name, cluster| engine.without_rule(name, cluster));
            explanation.knowing(|| (engine.intents_of(name), engine.problems()))
        }
    };
    if json {
        return print_json(&explanation, out);
    }
    out.write_all(explanation.text(colours()).as_bytes())?;
    Ok(Outcome::Fine)
}

/// `portolan status`.
///
/// # Errors
/// As [`explain`].
pub fn status(client: &Client<'_>, all: bool, json: bool, out: &mut dyn Write) -> Result<Outcome> {
    let status: Status = match client {
        Client::Server(control) => ask(*control, &Request::Status)?,
        Client::Folder(folder, zones, sources) => {
            let engine = read(folder, zones, sources)?;
            let ages = Ages::of(&engine, clock::now());
            let status = Status::of(&engine.snapshot(), engine.fleet(), &engine.problems(), &ages);
            status.with_reasons(&|name, cluster| engine.without_rule(name, cluster))
        }
    };
    if json {
        return print_json(&status, out);
    }
    out.write_all(status.text(all, None).as_bytes())?;
    Ok(Outcome::Fine)
}

/// `portolan holds`: lists what is held, or releases one hold.
///
/// # Errors
/// When no server answers, or nothing is held by that id.
pub fn holds(control: Option<&Path>, release: Option<&str>, out: &mut dyn Write) -> Result<Outcome> {
    if let Some(id) = release {
        control::ask(control, &Request::Release { id: id.to_owned() })?;
        writeln!(out, "{} is released", crate::logs::plain(id))?;
        return Ok(Outcome::Fine);
    }
    let holds: Vec<Hold> = ask(control, &Request::Holds)?;
    if holds.is_empty() {
        writeln!(out, "Nothing is held.")?;
    }
    for Hold { id, why, since } in holds {
        let (id, why) = (crate::logs::plain(&id).into_owned(), crate::logs::plain(&why).into_owned());
        writeln!(out, "{id}\n  {why}; held since {}", when::when(since))?;
    }
    Ok(Outcome::Fine)
}

/// `portolan forget`.
///
/// # Errors
/// When no server answers, or the cluster is heard or not known.
pub fn forget(control: Option<&Path>, cluster: &str, out: &mut dyn Write) -> Result<Outcome> {
    control::ask(control, &Request::Forget { cluster: cluster.to_owned() })?;
    writeln!(out, "{} is forgotten", crate::logs::plain(cluster))?;
    Ok(Outcome::Fine)
}

/// Reads a folder; one that cannot be read is a fault of who named it.
fn read(folder: &Path, zones: &[ZoneSource], sources: &Arc<Options>) -> Result<Engine> {
    let refused = |problem: Problem| Refused(format!("fleet folder {}", problem::line(&problem)));
    let mut engine = source::load(folder, sources).map_err(refused)?;
    read_zone_files(&mut engine, zones);
    Ok(engine)
}

fn read_zone_files(engine: &mut Engine, files: &[ZoneSource]) {
    for source in files {
        let loaded = zones::load(source, engine.snapshot().seed());
        engine.take_zone_file(&source.apex, Some(loaded.file), loaded.problems, clock::now());
    }
}

fn ask<T: DeserializeOwned>(control: Option<&Path>, request: &Request) -> Result<T> {
    let reply = control::ask(control, request)?;
    serde_json::from_value(reply).context("the server that runs is of another version than this program")
}

fn print_json(value: &impl Serialize, out: &mut dyn Write) -> Result<Outcome> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    out.write_all(b"\n")?;
    Ok(Outcome::Fine)
}

/// True when standard output is a terminal whose user wants colours (no-color.org).
fn colours() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

#[cfg(test)]
mod tests;
