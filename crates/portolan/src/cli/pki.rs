//! `portolan pki`: its commands, their flags, and what they come to.

use std::io::Write;
use std::net::IpAddr;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::run::text;
use crate::clock;
use crate::commands::Outcome;
use crate::pki::{self, Claims, DAYS_MAX, NAMES_MAX};
use crate::problem::Refused;

/// Longest common name (RFC 5280, ub-common-name).
const NAME_CHARS_MAX: usize = 64;
/// Longest host name, in octets as text (RFC 1035).
const HOST_OCTETS_MAX: usize = 253;
/// Longest label of one.
const LABEL_OCTETS_MAX: usize = 63;

/// The tree below `pki`.
pub(super) fn command() -> Command {
    Command::new("pki")
        .about("Make an authority, and certificates for the stream to those who follow, and for etcd")
        .long_about(
            "A small certificate authority in a folder, for who has none: for control replicas and those who follow them \
             (--stream-listen, --follow), and for the members of an etcd and those who read and write there. Nothing that runs \
             needs its key.",
        )
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .subcommands([init(), issue()])
        .after_help("Example:\n  portolan pki init --dir pki\n  portolan pki issue --dir pki --name portolan --client")
}

fn init() -> Command {
    Command::new("init")
        .about("Make an authority: ca.crt and ca.key")
        .long_about(
            "Makes an authority in a folder, which is made where it is not there: ca.crt, for everybody who is to believe its \
             certificates, and ca.key, by which they are made. Neither is ever written over.",
        )
        .arg(dir())
        .arg(flag("name", "NAME", "What the authority is called").default_value("Portolan"))
        .arg(days("3650"))
        .after_help("Example:\n  portolan pki init --dir pki")
}

fn issue() -> Command {
    let switch =
        |id: &'static str, help: &'static str| Arg::new(id).long(id).action(ArgAction::SetTrue).help(help);
    Command::new("issue")
        .about("Make a certificate and its key: NAME.crt and NAME.key")
        .long_about(
            "Makes a certificate and its key, signed by the authority of the folder. Without --client and --server it is for a \
             client, and with a --dns or --ip for a server too, as members of an etcd need it.",
        )
        .arg(dir())
        .arg(flag("name", "NAME", "Who it is: its common name, and what the files are called").required(true))
        .arg(flag("dns", "NAME", "A host name that it is reached by; may be given several times").action(ArgAction::Append))
        .arg(flag("ip", "ADDR", "An address that it is reached at; may be given several times").action(ArgAction::Append))
        .arg(switch("client", "A client proves itself with it"))
        .arg(switch("server", "A server proves itself with it"))
        .arg(days("365"))
        .arg(switch("renew", "Make a new certificate for the key that is there, in the place of the old one"))
        .after_help(
            "Example:\n  portolan pki issue --dir pki --name etcd-0 --dns etcd-0.etcd --ip 192.0.2.10\n  \
             portolan pki issue --dir pki --name portolan --client --renew",
        )
}

fn dir() -> Arg {
    flag("dir", "DIR", "The folder of the authority")
        .required(true)
        .value_parser(clap::value_parser!(PathBuf))
}

fn days(default: &'static str) -> Arg {
    let days = clap::value_parser!(u32).range(1..=i64::from(DAYS_MAX));
    flag("days", "DAYS", "How long it is good for").default_value(default).value_parser(days)
}

fn flag(id: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(id).long(id).value_name(value).help(help)
}

/// Runs one of them.
pub(super) fn execute(matches: &ArgMatches, out: &mut dyn Write) -> Result<Outcome> {
    let Some((name, matches)) = matches.subcommand() else { return Ok(Outcome::Error) };
    let dir = matches.get_one::<PathBuf>("dir").cloned().unwrap_or_default();
    let days = matches.get_one("days").copied().unwrap_or(1);
    match name {
        "init" => pki::init(&dir, authority_name(text(matches, "name"))?, days, clock::now(), out)?,
        "issue" => {
            let renews = matches.get_flag("renew");
            pki::issue(&dir, &claims(matches)?, days, renews, clock::now(), out)?;
        }
        other => anyhow::bail!("{other:?} is not a command of pki"),
    }
    Ok(Outcome::Fine)
}

/// What a certificate is to say.
///
/// # Errors
/// The first flag that breaks a rule, with its value.
fn claims(matches: &ArgMatches) -> Result<Claims, Refused> {
    let texts = |flag: &str| matches.get_many::<String>(flag).into_iter().flatten();
    let hosts = texts("dns").map(|text| host(text)).collect::<Result<Vec<String>, Refused>>()?;
    let addresses = texts("ip").map(|text| address(text)).collect::<Result<Vec<IpAddr>, Refused>>()?;
    let names = hosts.len() + addresses.len();
    if names > NAMES_MAX {
        return Err(Refused(format!("--dns and --ip: are {names} together; at most {NAMES_MAX} are taken")));
    }
    let says_what_for = names > 0 || matches.get_flag("client") || matches.get_flag("server");
    if matches.get_flag("renew") && !says_what_for {
        // A server's would become a client's, in its place.
        return Err(Refused(
            "--renew: say again what it is for: --client, or each --dns and --ip that it has".to_owned(),
        ));
    }
    let (asks, serves) = match (matches.get_flag("client"), matches.get_flag("server")) {
        (false, false) => (true, names > 0),
        said => said,
    };
    if serves && names == 0 {
        return Err(Refused(
            "--server: needs a --dns or --ip; whoever reaches a server looks for that in its certificate"
                .to_owned(),
        ));
    }
    Ok(Claims { name: file_name(text(matches, "name"))?, hosts, addresses, serves, asks })
}

fn authority_name(text: &str) -> Result<&str, Refused> {
    let count = text.chars().count();
    if (1..=NAME_CHARS_MAX).contains(&count) && !text.chars().any(char::is_control) {
        return Ok(text);
    }
    Err(Refused(format!(
        "--name {text:?}: is not 1 to {NAME_CHARS_MAX} characters without control characters"
    )))
}

/// A name that is one of a file, and not the authority's.
fn file_name(text: &str) -> Result<String, Refused> {
    let refused = |rule: &str| Err(Refused(format!("--name {text:?}: {rule}")));
    let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-._".contains(&octet);
    let begins = text.bytes().next().is_some_and(|octet| octet.is_ascii_alphanumeric());
    if !begins || text.len() > NAME_CHARS_MAX || !text.bytes().all(is_plain) {
        return refused("is not 1 to 64 letters, digits, '-', '.' and '_', the first a letter or a digit");
    }
    if text.eq_ignore_ascii_case("ca") {
        return refused("is the authority's");
    }
    Ok(text.to_owned())
}

fn host(text: &str) -> Result<String, Refused> {
    let refused = |rule: &str| Err(Refused(format!("--dns {text:?}: {rule}")));
    if text.parse::<IpAddr>().is_ok() {
        return refused("is an address, which is said by --ip");
    }
    if !text.is_ascii() {
        return refused("is not ASCII; an international name is said in its xn-- form");
    }
    let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-';
    let is_label = |label: &str| {
        (1..=LABEL_OCTETS_MAX).contains(&label.len())
            && label.bytes().all(is_plain)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let rest = text.strip_prefix("*.").unwrap_or(text);
    if text.len() > HOST_OCTETS_MAX || !rest.split('.').all(is_label) {
        return refused("is no host name, as in etcd-0.etcd or *.example.org");
    }
    Ok(text.to_owned())
}

fn address(text: &str) -> Result<IpAddr, Refused> {
    let refused = |_| Refused(format!("--ip {text:?}: is no address, as in 192.0.2.10 or 2001:db8::10"));
    text.parse().map_err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Result<Claims, String> {
        let words = ["pki", "issue", "--dir", "d"].into_iter().chain(line.split_whitespace());
        let matches = command().try_get_matches_from(words).map_err(|error| error.to_string())?;
        claims(matches.subcommand().unwrap().1).map_err(|refused| refused.to_string())
    }

    #[test]
    fn what_is_asked_for() {
        for (line, asks, serves) in [
            ("--name a", true, false),
            ("--name a --ip 192.0.2.1", true, true),
            ("--name a --dns a.example --server", false, true),
            ("--name a --dns a.example --client", true, false),
            ("--name a --dns *.a.example --server --client", true, true),
        ] {
            let claims = asked(line).unwrap();
            assert_eq!((claims.asks, claims.serves), (asks, serves), "{line}");
        }
        let claims = asked("--name etcd-0 --dns etcd-0 --dns b --ip ::1 --ip 10.0.0.1").unwrap();
        assert_eq!((claims.hosts.len(), claims.addresses.len()), (2, 2));
    }

    #[test]
    fn what_is_refused_names_flag_value_and_rule() {
        let (label, many) = ("l".repeat(64), "--ip ::1 ".repeat(101));
        for (line, expected) in [
            ("", "--name <NAME>"),
            ("--name ca", "--name \"ca\": is the authority's"),
            ("--name CA", "--name \"CA\": is the authority's"),
            ("--name ../x", "--name \"../x\": is not 1 to 64 letters"),
            ("--name .x", "--name \".x\": is not 1 to 64"),
            (&format!("--name {}", "n".repeat(65)), "is not 1 to 64"),
            ("--name a --server", "--server: needs a --dns or --ip"),
            ("--name a --renew", "--renew: say again what it is for"),
            ("--name a --dns 192.0.2.1", "--dns \"192.0.2.1\": is an address, which is said by --ip"),
            ("--name a --dns b\u{fc}cher.example", "xn--"),
            ("--name a --dns a..b", "--dns \"a..b\": is no host name"),
            ("--name a --dns a.b.", "is no host name"),
            ("--name a --dns a_b", "is no host name"),
            ("--name a --dns a.*.b", "is no host name"),
            ("--name a --dns *", "is no host name"),
            (&format!("--name a --dns {label}.x"), "is no host name"),
            ("--name a --ip 10.0.0.0/8", "--ip \"10.0.0.0/8\": is no address"),
            ("--name a --ip 10.1", "is no address"),
            (&format!("--name a {many}"), "are 101 together; at most 100"),
            ("--name a --days 0", "0 is not in 1..=36500"),
            ("--name a --days 36501", "36501 is not in 1..=36500"),
        ] {
            let refused = asked(line).unwrap_err();
            assert!(refused.contains(expected), "{line}: {refused}");
        }
        assert!(authority_name("").unwrap_err().to_string().contains("--name \"\""));
        assert!(authority_name("a\nb").is_err());
        assert!(authority_name("Caf\u{e9} authority").is_ok());
    }
}
