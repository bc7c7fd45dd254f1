//! The command line: what may be said, and which command then runs.
//!
//! The tree of commands is data ([`command`]), so that help, the reference page ([`docs`]) and the
//! parser are one. Flags that are keys of the configuration come from its table
//! ([`crate::config::keys`]). Commands write to what they are given and return an [`Outcome`]; only
//! [`main`] knows the process.

use std::io::Write as _;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, Command};

use crate::commands::Outcome;
use crate::config::keys::{self, CONFIG_ENV, Form, KEYS, Key, SOURCES};
use crate::logs::Heard;
use crate::problem::{Refused, chain};

mod cluster;
pub mod docs;
mod manifests;
mod pki;
mod run;
mod sync;
mod webhook;

pub use run::execute;

/// What `main.rs` calls: reads the command line and the environment, and runs the command.
#[must_use]
pub fn main() -> ExitCode {
    let matches = command().get_matches();
    let mut out = std::io::stdout();
    let outcome = execute(&matches, &|name| std::env::var_os(name), &mut out).and_then(|outcome| {
        out.flush()?;
        Ok(outcome)
    });
    match outcome {
        Ok(outcome) => ExitCode::from(outcome.code()),
        // Whoever read our output has seen enough of it (`portolan status | head`).
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(Heard, "error: {}", run::lines(&chain(&error)));
            ExitCode::from(outcome_of(&error).code())
        }
    }
}

/// A fault of what somebody gave ends otherwise than a failure.
fn outcome_of(error: &anyhow::Error) -> Outcome {
    if error.is::<Refused>() { Outcome::Faults } else { Outcome::Error }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let broken = |e: &std::io::Error| e.kind() == std::io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| cause.downcast_ref().is_some_and(broken))
}

/// The commands by what they are for, in the order of the help.
pub const GROUPS: &[(&str, &[&str])] = &[
    ("Serve", &["run", "webhook", "demo"]),
    ("Ask the running server", &["explain", "status", "holds", "forget"]),
    ("Work on a fleet folder", &["check", "endpoints"]),
    ("Work on a fleet of clusters", &["cluster"]),
    ("Publish to other DNS", &["sync"]),
    ("Install", &["manifests", "pki"]),
    ("Look up", &["crds", "config", "version"]),
];

/// The exit codes, as help and docs tell them.
pub const EXIT_CODES: &str = "Exit codes: 0 all is well, 1 an error, 2 faults in the configuration, the manifests \
                              or the command line.";

/// The tree of commands.
#[must_use]
pub fn command() -> Command {
    let root = Command::new("portolan")
        .about(
            "Global load balancing for Kubernetes clusters: tells every client by DNS which cluster to use",
        )
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands([
            run(),
            sync::command(),
            webhook::command(),
            demo(),
            explain(),
            status(),
            holds(),
            forget(),
        ])
        .subcommands([check(), endpoints(), crds(), cluster::command()])
        .subcommands([manifests::command(), pki::command(), config(), version(), cli_docs()]);
    let help = grouped(&root);
    root.help_template(help)
}

/// The help of the program itself: clap lists commands in one heap, we by what they are for.
fn grouped(root: &Command) -> String {
    let about = |name: &&str| {
        let command = root.find_subcommand(name)?;
        Some(format!("  {name:<11}{}\n", command.get_about()?))
    };
    let groups = GROUPS
        .iter()
        .map(|(title, names)| format!("{title}:\n{}", names.iter().filter_map(about).collect::<String>()));
    format!(
        "{{about}}\n\nUsage: portolan COMMAND [OPTIONS]\n\n{}\n`portolan COMMAND --help` tells more, with an example. \
         `portolan demo` is the place to begin.\n{EXIT_CODES}\n",
        groups.collect::<Vec<_>>().join("\n")
    )
}

fn run() -> Command {
    Command::new("run")
        .about("Answer DNS for the fleet in a folder, or on its API servers")
        .long_about(
            "Answers DNS over UDP and TCP for the fleet that a folder describes, or that a kubeconfig leads to, and \
             follows each change of it, until SIGTERM or SIGINT. Names of zone files and of an etcd in SkyDNS' layout are \
             answered beside it, or alone.",
        )
        .args(settings(&all_keys()))
        .args(sources())
        .after_help(
            "Example:\n  portolan run --fleet examples/bookinfo --listen 127.0.0.1:5300\n  \
             dig @127.0.0.1 -p 5300 bookinfo.glb.example\n  \
             portolan run --skydns http://127.0.0.1:2379 --skydns-zone example.org",
        )
}

fn demo() -> Command {
    Command::new("demo")
        .about("Show a failover on a made-up fleet, and serve it")
        .long_about(
            "Serves three pretend clusters on a free port of this machine, shows what clients in six places \
             get, takes the European cluster's endpoints away and shows the failover. Needs nothing.",
        )
        .arg(
            Arg::new("once")
                .long("once")
                .action(ArgAction::SetTrue)
                .help("Stop after the show; exit 1 if any answer was not as it should be"),
        )
        .after_help("Example:\n  portolan demo")
}

fn explain() -> Command {
    Command::new("explain")
        .about("Say what a client gets for a name, and why")
        .long_about(
            "Decides one question as the server does, and tells each step: the zone, the name, the policy, the \
             members with their tiers and verdicts, the pick, the answer.",
        )
        .arg(Arg::new("name").value_name("NAME").required(true).help("The name that is asked for"))
        .arg(
            Arg::new("type")
                .value_name("TYPE")
                .default_value("A")
                .help("The record type, as in A, AAAA, CNAME, TXT or TYPE64"),
        )
        .arg(
            Arg::new("from")
                .long("from")
                .value_name("IP")
                .default_value("127.0.0.1")
                .help("The client: its address, or one of its network where the resolver sends that (ECS)"),
        )
        .arg(folder("Decide on this fleet folder, and on the zone files of --config and --zone, instead of asking the running server"))
        .arg(output("text", &["text", "json"]))
        .args(settings(&["control", "zones"]))
        .after_help("Example:\n  portolan explain bookinfo.glb.example --from 198.18.49.7")
}

fn status() -> Command {
    Command::new("status")
        .about("Show clusters, names, zones and problems")
        .long_about(
            "Shows the clusters with the time they were last heard, the names with a verdict for each cluster \
             and why, the zones with their serials, and every problem. Names with something amiss come first.",
        )
        .arg(folder("Show this fleet folder, and the zone files of --config and --zone, instead of asking the running server"))
        .arg(output("text", &["text", "json"]))
        .arg(Arg::new("all").long("all").action(ArgAction::SetTrue).help("Show every row of long tables"))
        .args(settings(&["control", "zones"]))
        .after_help("Example:\n  portolan status")
}

fn holds() -> Command {
    Command::new("holds")
        .about("List what is held instead of believed, or release it")
        .long_about(
            "A cluster whose lists suddenly lack most of their objects though nobody deleted them, or whose store was \
             wiped or restored, or behind whose address another cluster stands, is not believed: what it gave before \
             stays in the answers until it is back, or until somebody releases the hold. Likewise of what is published to \
             other DNS: names that nothing asks for any more, though nobody deleted what asked, stay there.",
        )
        .arg(
            Arg::new("release")
                .long("release")
                .value_name("ID")
                .help("Believe what is held by this id: objects that are missing are gone"),
        )
        .args(settings(&["control"]))
        .after_help("Example:\n  portolan holds --release eu-1/services")
}

fn forget() -> Command {
    Command::new("forget")
        .about("Forget a silent cluster and all that it held")
        .long_about(
            "Makes the running server forget a cluster that is not reached any more, or whose folder is gone. Until then \
             its last facts stay in the answers. A cluster that is heard is not forgotten: its folder is removed first, or \
             its registration (`portolan cluster leave`), or its context is left out of the next start.",
        )
        .arg(Arg::new("cluster").value_name("CLUSTER").required(true).help("The cluster, as `portolan status` calls it"))
        .args(settings(&["control"]))
        .after_help("Example:\n  portolan forget eu-frankfurt")
}

fn check() -> Command {
    Command::new("check")
        .about("Report every fault of a fleet folder, of zone files and of the configuration")
        .long_about(
            "Reads the configuration, the fleet folder and zone files as `run` does, with the same flags, and prints \
             all that is wrong with them, each fault with its place. \
             What is served all the same, and only looks like a mistake, is a warning: a private or loopback \
             address, a name in no zone, a silent cluster, what is not there yet (a region, a Service, a rule of an \
             Ingress). Exit code 2 when there is any fault; warnings alone are 0.",
        )
        .args(settings(&all_keys()))
        .args(sources())
        .after_help("Example:\n  portolan check --fleet examples/bookinfo")
}

fn endpoints() -> Command {
    Command::new("endpoints")
        .about("Print the DNSEndpoint objects that the fleet comes to")
        .long_about(
            "Prints what federation would write for a stock External-DNS to publish: one DNSEndpoint object \
             beside each record, sorted, the same bytes for the same folder. With External-DNS' \
             sources on, there is one for each of their objects too. What is wrong with the folder goes to \
             standard error; with a fault, objects may be missing, and the exit code is 2.",
        )
        .args(settings(&["fleet"]))
        .args(sources())
        .arg(output("yaml", &["yaml", "json"]))
        .after_help(
            "Example:\n  portolan endpoints --fleet examples/bookinfo -o yaml\n  \
             portolan endpoints --fleet examples/bookinfo --source service --source ingress",
        )
}

fn crds() -> Command {
    Command::new("crds")
        .about("Print the CustomResourceDefinitions of our kinds")
        .arg(Arg::new("compat").long("compat").action(ArgAction::SetTrue).help(
            "Print those of others' kinds instead (DNSEndpoint, KubeFed's), for clusters that lack them; create them, \
             and never replace what is there",
        ))
        .after_help(
            "Example:\n  portolan crds | kubectl apply -f -\n  portolan crds --compat | kubectl create -f -",
        )
}

fn config() -> Command {
    let show = Command::new("show")
        .about("Print the values in force, and where each was said")
        .args(settings(&all_keys()))
        .args(sources())
        .after_help("Example:\n  PORTOLAN_LOG=debug portolan config show --fleet examples/bookinfo");
    let docs = Command::new("docs")
        .about("Print the reference page of every key")
        .after_help("Example:\n  portolan config docs");
    Command::new("config")
        .about("Show or document the configuration")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .subcommands([show, docs])
        .after_help("Example:\n  portolan config show --fleet examples/bookinfo")
}

fn version() -> Command {
    Command::new("version").about("Print the version").after_help("Example:\n  portolan version")
}

fn cli_docs() -> Command {
    Command::new("cli-docs").about("Print the reference page of the command line").hide(true)
}

fn all_keys() -> Vec<&'static str> {
    KEYS.iter().map(|key| key.name).collect()
}

/// The flags of these keys of the configuration, of its file, and of the log.
fn settings(names: &[&str]) -> Vec<Arg> {
    let file = Arg::new("config").long("config").value_name("FILE");
    let file = file.value_parser(clap::value_parser!(std::path::PathBuf));
    let mut args = vec![file.help(format!("Read the configuration from this file [env: {CONFIG_ENV}]"))];
    let own = |name: &str| names.contains(&name);
    for key in KEYS.iter().filter(|key| own(key.name) || key.name == "log" || key.name == "logFormat") {
        let action = if key.form.is_list() { ArgAction::Append } else { ArgAction::Set };
        let arg = Arg::new(key.name).long(key.flag).value_name(key.value).action(action);
        let arg = if key.form == Form::Switch { without_value(arg) } else { arg };
        args.push(arg.help(format!("{} [default: {}] [env: {}]", key.help, key.default, key.env)));
    }
    let settings = args.into_iter().map(|arg| arg.help_heading("Configuration"));
    settings.collect()
}

/// What the flags of sources stand under.
const SOURCES_HEADING: &str = "Sources, as External-DNS has them";

/// The flags of External-DNS' sources, as it has them. They are many, so short help is without them.
fn sources() -> Vec<Arg> {
    let args = SOURCES.iter().flat_map(section_flags);
    args.map(|arg| arg.help_heading(SOURCES_HEADING).hide_short_help(true)).collect()
}

/// The flag of an option of a section; a switch needs no value, and has another flag that says no.
fn section_flags(key: &'static Key) -> Vec<Arg> {
    let help = format!("{} [default: {}] [env: {}]", key.help, key.default, key.env);
    let arg = Arg::new(key.name).long(key.flag).value_name(key.value).help(help);
    if key.form != Form::Switch {
        return vec![arg.action(if key.form.is_list() { ArgAction::Append } else { ArgAction::Set })];
    }
    let off = keys::off(key);
    let switch = without_value(arg).overrides_with(off);
    vec![switch, Arg::new(off).long(off).action(ArgAction::SetTrue).hide(true).overrides_with(key.name)]
}

/// A flag that says yes where it has no value.
fn without_value(switch: Arg) -> Arg {
    switch.num_args(0..=1).require_equals(true).default_missing_value("true")
}

/// `--fleet` where it is no key of the configuration, but says to do without a server.
fn folder(help: &'static str) -> Arg {
    Arg::new("folder")
        .long("fleet")
        .value_name("DIR")
        .value_parser(clap::value_parser!(std::path::PathBuf))
        .help(help)
}

fn output(default: &'static str, forms: &[&'static str]) -> Arg {
    Arg::new("output")
        .short('o')
        .long("output")
        .value_name("FORM")
        .default_value(default)
        .value_parser(PossibleValuesParser::new(forms.to_vec()))
        .help("The form of the output")
}

#[cfg(test)]
mod tests;
