//! `portolan cluster`: its commands and what they lead to.

use std::io::Write;

use anyhow::Result;
use clap::{Arg, ArgAction, ArgMatches, Command};
use portolan_kube::api::Topology;
use portolan_kube::registry::token::{LIFE_SECONDS_MAX, LIFE_SECONDS_MIN};

use super::{output, settings};
use crate::clock;
use crate::clusters::admin::{self, Join, Leave, Operator};
use crate::commands::Outcome;
use crate::config::RunConfig;
use crate::problem::Refused;

/// The id of `--mesh`, which is a key of `run` besides.
const OF_MESH: &str = "of-mesh";
/// How long a token lives where nobody says.
const TOKEN_LIFE: &str = "24h";

/// The tree below `cluster`.
pub(super) fn command() -> Command {
    Command::new("cluster")
        .about("Join clusters to a hub, list, check and remove them")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .subcommands([join(), list(), check(), leave()])
        .after_help("Example:\n  portolan cluster list --hub-context eu-1")
}

fn join() -> Command {
    Command::new("join")
        .about("Register a cluster with the hub")
        .long_about(
            "Makes a ServiceAccount with the least rights in the cluster, takes a token of it, tries it, and writes it \
             into a Secret of the hub with the MemberCluster that names it. The running server then follows the \
             cluster, and renews the token. What others own is left alone, and told.",
        )
        .arg(name("What the cluster is called in the fleet"))
        .arg(text("context", "CONTEXT", "The cluster's context in the kubeconfig").required(true))
        .arg(text(
            "server",
            "URL",
            "Where the server reaches the cluster, where that is elsewhere than the context says",
        ))
        .arg(text("token-life", "TIME", "How long the token lives: 10m to 36600d").default_value(TOKEN_LIFE))
        .arg(
            Arg::new("take-over")
                .long("take-over")
                .action(ArgAction::SetTrue)
                .help("Replace what somebody else owns of the objects that are made"),
        )
        .arg(
            Arg::new("rename")
                .long("rename")
                .action(ArgAction::SetTrue)
                .help("Join it though the hub registers it under another name, which is to leave then"),
        )
        .args(hub())
        .after_help("Example:\n  portolan cluster join us-1 --context us-1 --hub-context eu-1")
}

fn list() -> Command {
    Command::new("list")
        .about("List the clusters that the hub registers")
        .long_about(
            "Lists the clusters that MemberClusters with credentials, KubeFedClusters, FederatedClusters and \
             ClusterProfiles of the hub register, and what is wrong with any of them.",
        )
        .arg(output("text", &["text", "json"]))
        .args(hub())
        .after_help("Example:\n  portolan cluster list --hub-context eu-1")
}

fn check() -> Command {
    Command::new("check")
        .about("Try each right that is needed")
        .long_about(
            "Reaches each registered cluster by its credentials in the hub, asks it for each right that the server \
             needs, and says which rule is missing; of the hub too. With the server's own --config, what its sources \
             need is asked for as well. Exit code 2 when anything is amiss.",
        )
        .arg(name("The cluster; without it all of them, and the hub").required(false))
        .args(hub())
        .after_help("Example:\n  portolan cluster check us-1 --hub-context eu-1")
}

fn leave() -> Command {
    Command::new("leave")
        .about("Take a cluster out of the fleet")
        .long_about(
            "Deletes the MemberCluster and its Secret from the hub: the running server forgets the cluster, and its \
             addresses are gone from all answers. With --context the rights that join made in the cluster are deleted too.",
        )
        .arg(name("What the cluster is called in the fleet"))
        .arg(text("context", "CONTEXT", "The cluster's context: delete there what join made"))
        .args(hub())
        .after_help("Example:\n  portolan cluster leave us-1 --hub-context eu-1 --context us-1")
}

fn name(help: &'static str) -> Arg {
    Arg::new("name").value_name("NAME").required(true).help(help)
}

fn text(id: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(id).long(id).value_name(value).help(help)
}

/// The flags that lead to the hub.
fn hub() -> Vec<Arg> {
    let kubeconfig = text(
        "kubeconfig",
        "FILE",
        "The kubeconfig with the contexts [default: that of kubectl] [env: PORTOLAN_KUBECONFIG]",
    );
    // By the word of `run`, where --namespace is External-DNS'; here it was that at first.
    let named = |arg: Arg| if arg.get_id() == "namespace" { arg.alias("namespace") } else { arg };
    let mut args: Vec<Arg> = settings(&["registryNamespaces", "namespace"]).into_iter().map(named).collect();
    args.push(kubeconfig.help_heading("Configuration"));
    args.push(
        Arg::new(OF_MESH)
            .long("mesh")
            .action(ArgAction::SetTrue)
            .help("The clusters are a mesh: the hub is the one whose own server follows the other"),
    );
    args.push(text(
        "hub-context",
        "CONTEXT",
        "The hub's context in the kubeconfig [default: the current one]",
    ));
    args
}

/// Runs one of them.
pub(super) fn execute(
    name: &str,
    matches: &ArgMatches,
    config: &RunConfig,
    out: &mut dyn Write,
) -> Result<Outcome> {
    let said = |id: &str| matches.try_get_one::<String>(id).ok().flatten().map(String::as_str);
    let operator = Operator {
        kubeconfig: config.kubeconfig.as_deref(),
        hub: said("hub-context"),
        believed: &config.believed,
        topology: if matches.get_flag(OF_MESH) { Topology::Mesh } else { config.topology },
    };
    let named = said("name").unwrap_or_default();
    match name {
        "join" => {
            let join = Join {
                name: named,
                context: said("context").unwrap_or_default(),
                server: said("server"),
                token_seconds: seconds(said("token-life").unwrap_or(TOKEN_LIFE))?,
                takes_over: matches.get_flag("take-over"),
                renames: matches.get_flag("rename"),
            };
            admin::block_on(admin::join(&operator, join, out))
        }
        "list" => admin::block_on(admin::list(&operator, said("output") == Some("json"), clock::now(), out)),
        "check" => {
            let keep = config.sources.keep();
            admin::block_on(admin::check(&operator, said("name"), &keep, out))
        }
        "leave" => {
            admin::block_on(admin::leave(&operator, Leave { name: named, context: said("context") }, out))
        }
        other => anyhow::bail!("{other:?} is not a command of cluster"),
    }
}

/// A whole number of seconds, or of `m`, `h`, `d`.
fn seconds(text: &str) -> Result<i64> {
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h', 'd']) {
        Some(number) => (number, text.get(number.len()..).unwrap_or_default()),
        None => (text, "s"),
    };
    let each = match unit {
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => 1,
    };
    let life = number.parse::<u32>().ok().and_then(|number| i64::from(number).checked_mul(each));
    let life = life.filter(|life| (LIFE_SECONDS_MIN..=LIFE_SECONDS_MAX).contains(life));
    let refused = || Refused(format!("--token-life {text:?}: is not 10m to 36600d, as in 45m, 24h or 30d"));
    Ok(life.ok_or_else(refused)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lives_are_told_in_units() {
        for (text, expected) in
            [("600", 600), ("10m", 600), ("24h", 86_400), ("30d", 2_592_000), ("36600d", 3_162_240_000)]
        {
            assert_eq!(seconds(text).unwrap(), expected, "{text}");
        }
        for text in ["", "s", "599", "9m", "1.5h", "-24h", "24H", "36601d", "99999999999d"] {
            assert!(seconds(text).unwrap_err().is::<Refused>(), "{text}");
        }
    }
}
