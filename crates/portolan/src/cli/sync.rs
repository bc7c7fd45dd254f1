//! `portolan sync`: its flags, and what they come to.

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::{output, section_flags, settings};
use crate::clusters::{self, Lead, Own, SERVICE_ACCOUNT};
use crate::commands::{self, Outcome};
use crate::config::RunConfig;
use crate::config::keys::SYNC;
use crate::config::said::Said;
use crate::logs;
use crate::problem::Refused;
use crate::sync::{self, How, Job};

/// What the flags of publishers stand under.
pub(super) const HEADING: &str = "Publishing, as External-DNS has it";

/// Other names of flags, which External-DNS has for them.
const ALIASES: &[(&str, &str)] =
    &[("sync.owner-id", "txt-owner-id"), ("sync.migrate-from-txt-owner", "txt-owner-old")];

/// The command.
pub(super) fn command() -> Command {
    let flags = SYNC.iter().flat_map(section_flags).map(|arg| {
        let alias = ALIASES.iter().find(|(key, _)| arg.get_id() == key).map(|(_, alias)| *alias);
        let arg = arg.help_heading(HEADING);
        match alias {
            Some(alias) => arg.visible_alias(alias),
            None => arg,
        }
    });
    let switch = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    Command::new("sync")
        .about("Publish the DNSEndpoints of a cluster to another DNS")
        .long_about(
            "Reads the DNSEndpoints of one cluster, of all namespaces, in External-DNS' group and in KubeFed's, and makes \
             another DNS have what they say: what changes at once, and everything again at an interval. It takes the \
             place of External-DNS with its source crd, reads its ownership records and leaves such, so that either \
             may follow the other. Only records that bear its owner's mark are changed or deleted, and what vanishes \
             without a delete is held until `portolan holds --release ID`.",
        )
        .arg(
            Arg::new("context")
                .long("context")
                .value_name("NAME")
                .help("The context of the kubeconfig file [default: its current one]"),
        )
        .arg(switch("once", "Do one round and end; exit 1 if anything is left to do"))
        .arg(switch("dry-run", "Print what one round would do and end; exit 2 if there is anything"))
        .arg(
            Arg::new("release")
                .long("release")
                .value_name("ID")
                .action(ArgAction::Append)
                .help("With --once or --dry-run: the names that this hold showed are gone; may be given several times"),
        )
        .arg(output("text", &["text", "json"]))
        .args(settings(&["kubeconfig", "inCluster", "serviceAccount", "namespace", "lease", "leaseSeconds", "http", "control"]))
        .args(flags)
        .after_help(
            "Example:\n  portolan sync --kubeconfig ~/.kube/config --provider etcd --etcd http://127.0.0.1:2379 \
             --owner-id eu-1 --dry-run",
        )
}

/// Runs it.
pub(super) fn execute(matches: &ArgMatches, said: &Said, out: &mut dyn Write) -> Result<Outcome> {
    let is_dry = matches.get_flag("dry-run");
    let (config, publisher) = (said.settle_client(), said.publisher());
    let (config, settings) = match (config, publisher) {
        (Ok(config), Ok(settings)) => (config, settings),
        (config, settings) => {
            let faults = config.err().into_iter().chain(settings.err()).flatten();
            let mut err = std::io::stderr().lock();
            for fault in faults {
                commands::print_problem(&fault, &mut err)?;
            }
            // 2 says of a dry run that there is something to do.
            return Ok(if is_dry { Outcome::Error } else { Outcome::Faults });
        }
    };
    let how = match (is_dry, matches.get_flag("once")) {
        (true, _) => How::Dry { json: super::run::text(matches, "output") == "json" },
        (false, true) => How::Once,
        (false, false) => How::On,
    };
    let released: Vec<String> = matches.get_many("release").into_iter().flatten().cloned().collect();
    if how == How::On && !released.is_empty() {
        let rule = "is for one round (--once, --dry-run); to one that runs it is said by `portolan holds --release ID`";
        return Err(Refused(format!("--release {}: {rule}", released.join(", "))).into());
    }
    if how == How::On || said.text("log").is_some() {
        logs::start(&config.log, config.log_format)?;
    }
    let context = matches.get_one::<String>("context").map(String::as_str);
    let lead = match lead(&config, context) {
        Err(refused) if is_dry => anyhow::bail!("{refused}"),
        lead => lead?,
    };
    let (http, control, lease) = (config.http, config.control, config.lease);
    sync::sync(Job { lead, settings, http, control, released, how, lease }, out)
}

/// The cluster that is read.
fn lead(config: &RunConfig, context: Option<&str>) -> Result<Lead, Refused> {
    match (&config.kubeconfig, &config.in_cluster) {
        (Some(file), None) => {
            let refused = |why| Refused(format!("kubeconfig: {} {why}", file.display()));
            clusters::one(file, context).map(Lead::Context).map_err(refused)
        }
        (None, Some(name)) => {
            let folder = config.service_account.as_deref().unwrap_or(Path::new(SERVICE_ACCOUNT));
            let own = Own::find(name, folder, &|name| std::env::var(name).ok());
            own.map(Lead::Own).map_err(|why| Refused(format!("inCluster: {why}")))
        }
        (Some(_), Some(_)) => {
            Err(Refused("kubeconfig and inCluster lead to two clusters; sync reads one".into()))
        }
        (None, None) => Err(Refused(
            "which cluster is read is not said: --kubeconfig FILE, or --in-cluster NAME in its pod".into(),
        )),
    }
}
