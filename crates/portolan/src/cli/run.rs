//! From what was said to the command that runs.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::ArgMatches;
use clap::parser::ValueSource;

use crate::cli::webhook;
use crate::commands::{self, Client, Outcome, Question};
use crate::config::keys::{self, Form, Key};
use crate::config::said::{Environment, Flags, Said};
use crate::config::{RunConfig, docs};
use crate::logs::{self, plain};

/// Runs the command that was parsed. What it was asked for goes to `out`.
///
/// # Errors
/// What keeps the command from doing its work, in words for whoever called it.
pub fn execute(matches: &ArgMatches, environment: Environment<'_>, out: &mut dyn Write) -> Result<Outcome> {
    let Some((name, matches)) = matches.subcommand() else { return Ok(Outcome::Error) };
    let mut flags = flags(matches);
    if name == "webhook" {
        flags.renamed = webhook::FLAGS.iter().map(|(key, flag, _)| (*key, *flag)).collect();
    }
    let said = Said::gather(&flags, environment);
    log_if_asked(name, &said)?;
    match name {
        "run" => with(&said.settle(), out, |config, _| serve(config)),
        "webhook" => with(&said.settle_webhook(), out, |config, _| serve(config)),
        "demo" => demo(matches.get_flag("once")),
        "explain" => with(&said.settle_client(), out, |config, out| {
            let question =
                Question::new(text(matches, "name"), text(matches, "type"), text(matches, "from"))?;
            let json = text(matches, "output") == "json";
            commands::explain(&client(matches, config), &question, json, out)?;
            if !json && matches.value_source("from") == Some(ValueSource::DefaultValue) {
                writeln!(out, "\nThis is what a client on this machine gets; --from IP asks for another.")?;
            }
            Ok(Outcome::Fine)
        }),
        "status" => with(&said.settle_client(), out, |config, out| {
            let json = text(matches, "output") == "json";
            commands::status(&client(matches, config), matches.get_flag("all"), json, out)
        }),
        "holds" => with(&said.settle_client(), out, |config, out| {
            let release = matches.get_one::<String>("release").map(String::as_str);
            commands::holds(config.control.as_deref(), release, out)
        }),
        "forget" => with(&said.settle_client(), out, |config, out| {
            commands::forget(config.control.as_deref(), text(matches, "cluster"), out)
        }),
        "check" => commands::check(&said, out),
        "endpoints" => with(&said.settle(), out, |config, out| {
            let Some(fleet) = &config.fleet else {
                anyhow::bail!("endpoints come of a fleet folder; name it by --fleet DIR")
            };
            let mut err = std::io::stderr().lock();
            commands::endpoints(fleet, &config.sources, text(matches, "output") == "json", out, &mut err)
        }),
        "cluster" => cluster(matches, environment, out),
        "sync" => crate::cli::sync::execute(matches, &said, out),
        "manifests" => crate::cli::manifests::execute(matches, out),
        "pki" => crate::cli::pki::execute(matches, out),
        "config" => config(matches, environment, out),
        "crds" if matches.get_flag("compat") => print(out, &portolan_kube::crds::compat()),
        "crds" => print(out, &portolan_kube::crds::yaml()),
        "version" => print(out, &format!("portolan {}\n", env!("CARGO_PKG_VERSION"))),
        "cli-docs" => print(out, &crate::cli::docs::page()),
        other => anyhow::bail!("{other:?} is not a command"),
    }
}

/// Runs a command with a configuration; its faults are printed where it has some.
fn with(
    config: &Result<RunConfig, Vec<portolan_core::Problem>>,
    out: &mut dyn Write,
    command: impl FnOnce(&RunConfig, &mut dyn Write) -> Result<Outcome>,
) -> Result<Outcome> {
    match config {
        Ok(config) => command(config, out),
        Err(faults) => {
            let mut err = std::io::stderr().lock();
            for fault in faults {
                commands::print_problem(fault, &mut err)?;
            }
            Ok(Outcome::Faults)
        }
    }
}

fn serve(config: &RunConfig) -> Result<Outcome> {
    logs::start(&config.log, config.log_format)?;
    crate::run::run(config.clone())?;
    Ok(Outcome::Fine)
}

fn demo(once: bool) -> Result<Outcome> {
    Ok(if crate::demo::demo(once)? { Outcome::Fine } else { Outcome::Error })
}

fn config(matches: &ArgMatches, environment: Environment<'_>, out: &mut dyn Write) -> Result<Outcome> {
    match matches.subcommand() {
        Some(("show", matches)) => {
            let said = Said::gather(&flags(matches), environment);
            print(out, &said.show())?;
            // A fleet that is not set is no fault of what is shown.
            with(&said.settle_client(), out, |_, _| Ok(Outcome::Fine))
        }
        _ => print(out, &docs::page()),
    }
}

fn cluster(matches: &ArgMatches, environment: Environment<'_>, out: &mut dyn Write) -> Result<Outcome> {
    let Some((name, matches)) = matches.subcommand() else { return Ok(Outcome::Error) };
    let said = Said::gather(&flags(matches), environment);
    with(&said.settle_client(), out, |config, out| crate::cli::cluster::execute(name, matches, config, out))
}

/// Commands that print what they were asked for log only when somebody says how much.
fn log_if_asked(name: &str, said: &Said) -> Result<()> {
    match said.settle_client() {
        Ok(config) if !matches!(name, "run" | "sync" | "webhook") && said.text("log").is_some() => {
            logs::start(&config.log, config.log_format)
        }
        _ => Ok(()),
    }
}

fn client<'a>(matches: &'a ArgMatches, config: &'a RunConfig) -> Client<'a> {
    match matches.get_one::<PathBuf>("folder") {
        Some(folder) => Client::Folder(folder, &config.zones, &config.sources),
        None => Client::Server(config.control.as_deref()),
    }
}

/// The flags that are keys of the configuration. A command has only some of them.
fn flags(matches: &ArgMatches) -> Flags {
    let given = |key: &Key| {
        let is_off = |flag| matches.try_get_one::<bool>(flag).ok().flatten().copied().unwrap_or_default();
        if key.form == Form::Switch && is_off(keys::off(key)) {
            return Some(vec!["false".to_owned()]);
        }
        let texts = matches.try_get_many::<String>(key.name).ok().flatten()?;
        Some(texts.cloned().collect::<Vec<_>>())
    };
    Flags {
        config: matches
            .try_get_one::<PathBuf>("config")
            .ok()
            .flatten()
            .map(|path| Path::new(path).to_owned()),
        keys: keys::all().filter_map(|key| Some((key.name, given(key)?))).collect(),
        ..Flags::default()
    }
}

pub(super) fn text<'m>(matches: &'m ArgMatches, name: &str) -> &'m str {
    matches.get_one::<String>(name).map(String::as_str).unwrap_or_default()
}

fn print(out: &mut dyn Write, text: &str) -> Result<Outcome> {
    out.write_all(text.as_bytes())?;
    Ok(Outcome::Fine)
}

/// Several lines of ours, each with its control characters escaped; those after the first stand further
/// right, so that none can pass for a message of its own.
pub(crate) fn lines(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(plain).collect();
    lines.join("\n    ")
}
