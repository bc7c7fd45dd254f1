//! The command line: what it takes, what it says, how it ends.

use super::{GROUPS, Outcome, command, docs, execute, outcome_of};
use crate::config::keys;

/// How a command line ends and what it prints; a fault of the line itself is an error.
fn run(line: &str) -> Result<(Outcome, String), String> {
    let words = std::iter::once("portolan").chain(line.split_whitespace());
    let matches = command().try_get_matches_from(words).map_err(|error| error.to_string())?;
    let mut out = Vec::new();
    let outcome = execute(&matches, &|_| None, &mut out).map_err(|error| format!("{error:#}"))?;
    Ok((outcome, String::from_utf8(out).unwrap()))
}

#[test]
fn the_tree_is_sound() {
    command().debug_assert();
}

#[test]
fn every_command_is_in_a_group_and_has_an_example() {
    let root = command();
    let grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| *names).copied().collect();
    for command in root.get_subcommands().filter(|command| !command.is_hide_set()) {
        let name = command.get_name();
        assert!(grouped.contains(&name), "{name} is in no group");
        let example = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        assert!(example.contains(&format!("portolan {name}")), "{name} has no example");
        assert!(command.get_about().is_some(), "{name}");
    }
    let help = command().render_help().to_string();
    for name in grouped {
        assert!(help.contains(&format!("\n  {name} ")), "{name} is not in the help:\n{help}");
    }
    assert!(help.contains("Exit codes: 0"), "{help}");
}

#[test]
fn every_key_is_a_flag_of_run() {
    let root = command();
    let run = root.find_subcommand("run").unwrap();
    for key in keys::KEYS.iter().chain(keys::SOURCES) {
        assert!(run.get_arguments().any(|arg| arg.get_long() == Some(key.flag)), "{}", key.name);
    }
}

#[test]
fn what_is_refused() {
    for (line, expected) in [
        ("", "Usage: portolan COMMAND"),
        ("rum", "tip: a similar subcommand exists: 'run'"),
        ("run --flet x", "tip: a similar argument exists: '--fleet'"),
        ("endpoints --fleet x -o xml", "possible values: yaml, json"),
        ("explain", "<NAME>"),
        ("explain a..b", "name \"a..b\": has an empty label"),
        ("explain b\u{fc}cher.example", "xn--"),
        ("explain a.example NOPE", "type \"NOPE\": is no record type that is known"),
        ("explain a.example --from 10.0.0.0/8", "is a network; name one address of it"),
        ("explain a.example --from here", "is not an IP address"),
        ("cluster", "Usage: portolan cluster"),
        ("cluster join us-1", "--context <CONTEXT>"),
        ("cluster join us-1 --context us-1 --token-life 5m", "--token-life \"5m\": is not 10m to 36600d"),
        ("cluster join US_1 --context us-1 --kubeconfig /nonexistent", "name \"US_1\""),
        ("cluster list --kubeconfig /nonexistent", "kubeconfig: "),
    ] {
        let error = run(line).unwrap_err();
        assert!(error.contains(expected), "{line:?}: {error}");
    }
}

#[test]
fn what_is_printed() {
    for (line, expected) in [
        ("version", concat!("portolan ", env!("CARGO_PKG_VERSION"), "\n")),
        ("crds", "kind: CustomResourceDefinition"),
        ("config docs", "# Configuration"),
        ("cli-docs", "# Command line"),
        ("config show --workers 3", "workers: 3"),
    ] {
        let (outcome, out) = run(line).unwrap();
        assert_eq!(outcome, Outcome::Fine, "{line}");
        assert!(out.contains(expected), "{line}: {out}");
    }
}

/// The flags of sources are said as External-DNS' are.
#[test]
fn flags_of_sources() {
    for (line, expected) in [
        ("--source=service --source ingress", "source: [\"service\", \"ingress\"]"),
        ("--publish-host-ip", "publish-host-ip: true"),
        ("--publish-host-ip=false", "publish-host-ip: false"),
        ("--no-exclude-unschedulable", "exclude-unschedulable: false"),
        ("--no-publish-host-ip --publish-host-ip", "publish-host-ip: true"),
        ("--fqdn-template={{.Name}}.a,{{.Name}}.b", "fqdn-template: [\"{{.Name}}.a,{{.Name}}.b\"]"),
        ("--namespace shop --label-filter=a=b", "label-filter: \"a=b\""),
    ] {
        let (outcome, out) = run(&format!("config show {line}")).unwrap();
        assert_eq!(outcome, Outcome::Fine, "{line}");
        assert!(out.contains(&format!("\n  {expected} ")), "{line}: {out}");
    }
    assert!(run("endpoints --fleet /nonexistent --source=service").unwrap_err().contains("/nonexistent"));
    assert_eq!(run("endpoints --fleet x --source=nothing").unwrap().0, Outcome::Faults);
    let error = run("explain x --source=service").unwrap_err();
    assert!(error.contains("unexpected argument"), "{error}");
}

#[test]
fn faults_end_with_two() {
    for line in
        ["run", "run --fleet x --workers 0", "endpoints", "config show --listen x", "check --listen x"]
    {
        assert_eq!(run(line).unwrap().0, Outcome::Faults, "{line}");
    }
    assert_eq!([Outcome::Fine, Outcome::Error, Outcome::Faults].map(Outcome::code), [0, 1, 2]);
}

/// What somebody typed is at fault, and not this program.
#[test]
fn what_is_refused_ends_with_two() {
    for line in [
        "explain a..b",
        "explain a.example NOPE",
        "explain a.example --from here",
        "explain a.example --fleet /nonexistent",
        "status --fleet /nonexistent",
        "endpoints --fleet /nonexistent",
    ] {
        let words = std::iter::once("portolan").chain(line.split_whitespace());
        let matches = command().try_get_matches_from(words).unwrap();
        let error = execute(&matches, &|_| None, &mut Vec::new()).unwrap_err();
        assert_eq!(outcome_of(&error), Outcome::Faults, "{line}");
    }
    assert_eq!(outcome_of(&anyhow::anyhow!("no socket")), Outcome::Error);
}

#[test]
fn the_page_has_every_command_and_flag() {
    let page = docs::page();
    let root = command();
    for command in root.get_subcommands().filter(|command| !command.is_hide_set()) {
        assert!(page.contains(&format!("### portolan {}\n", command.get_name())), "{page}");
        for long in command
            .get_arguments()
            .filter(|arg| !arg.is_hide_set())
            .filter_map(clap::Arg::get_long)
            .filter(|long| *long != "help")
        {
            assert!(page.contains(&format!("--{long}")), "{long}");
        }
    }
    assert!(!page.contains("cli-docs</"), "hidden commands are not told of");
    assert!(!page.contains("### portolan cli-docs"));
}

#[test]
fn help_is_a_command_too() {
    for (line, expected) in
        [("help", "Usage: portolan COMMAND"), ("help explain", "explain [OPTIONS] <NAME>")]
    {
        let said = run(line).unwrap_err();
        assert!(said.contains(expected), "{line}: {said}");
    }
}
