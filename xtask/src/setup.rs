//! The tools that tests and checks call, and how to get them. What is built from source is [`parts`]'s.
//!
//! What is there is left alone, whatever its version. What is missing is installed when we may
//! (Debian's packages as root or by sudo without a password, crates by cargo), and named loudly
//! when we may not, together with what is not run for want of it.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use portolan_testbed::part;

use crate::command::{cargo, output, program, run};
use crate::parts;

/// One tool.
#[derive(Debug)]
pub(crate) struct Tool {
    /// The commands of which one must be on the path; or, for what is no command, files.
    commands: &'static [&'static str],
    /// Where it comes from.
    source: Source,
    /// Who calls it.
    need: Need,
    /// What is not run without it.
    pub(crate) without: &'static str,
}

#[derive(Debug)]
enum Source {
    /// A Debian package.
    Debian(&'static str),
    /// A crate, at exactly this version.
    Crate { name: &'static str, version: &'static str },
}

/// Who calls a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// `cargo xtask test`.
    Tests,
    /// The other steps of `cargo xtask ci`.
    Checks,
    /// `cargo xtask bench`.
    Bench,
}

const TOOLS: &[Tool] = &[
    Tool {
        commands: &["dig"],
        source: Source::Debian("bind9-dnsutils"),
        need: Need::Tests,
        without: "tests that ask the server with dig",
    },
    Tool {
        commands: &["kdig"],
        source: Source::Debian("knot-dnsutils"),
        need: Need::Tests,
        without: "tests that ask the server with kdig",
    },
    Tool {
        commands: &["knotd"],
        source: Source::Debian("knot"),
        need: Need::Tests,
        without: "the comparison of zone files with Knot, and tests that publish to it",
    },
    Tool {
        commands: &["nsd"],
        source: Source::Debian("nsd"),
        need: Need::Tests,
        without: "the comparison of zone files with NSD",
    },
    Tool {
        commands: &["named"],
        source: Source::Debian("bind9"),
        need: Need::Tests,
        without: "the comparison of zone files with BIND, and tests that publish to it",
    },
    Tool {
        commands: &["pdns_server"],
        source: Source::Debian("pdns-server"),
        need: Need::Tests,
        without: "tests that publish to PowerDNS",
    },
    Tool {
        commands: &[
            "/usr/lib/x86_64-linux-gnu/pdns/libgsqlite3backend.so",
            "/usr/lib/aarch64-linux-gnu/pdns/libgsqlite3backend.so",
        ],
        source: Source::Debian("pdns-backend-sqlite3"),
        need: Need::Tests,
        without: "tests that publish to PowerDNS",
    },
    Tool {
        commands: &["sqlite3"],
        source: Source::Debian("sqlite3"),
        need: Need::Tests,
        without: "tests that publish to PowerDNS",
    },
    Tool {
        // libFuzzer is C++; it is compiled with the fuzz targets.
        commands: &["c++", "g++", "clang++"],
        source: Source::Debian("g++"),
        need: Need::Checks,
        without: "the fuzz targets",
    },
    Tool {
        // Beside it stands vgdb, of the same package.
        commands: &["valgrind"],
        source: Source::Debian("valgrind"),
        need: Need::Checks,
        without: "the gate of instructions and allocations a query",
    },
    Tool {
        commands: &["cargo-deny"],
        source: Source::Crate { name: "cargo-deny", version: "0.20.2" },
        need: Need::Checks,
        without: "the check of bans, licences and sources",
    },
    Tool {
        commands: &["cargo-fuzz"],
        source: Source::Crate { name: "cargo-fuzz", version: "0.13.2" },
        need: Need::Checks,
        without: "the fuzz targets",
    },
    Tool {
        commands: &["setpriv"],
        source: Source::Debian("util-linux"),
        need: Need::Bench,
        without: "the benchmark",
    },
    Tool {
        commands: &["taskset"],
        source: Source::Debian("util-linux"),
        need: Need::Bench,
        without: "the benchmark",
    },
    Tool {
        commands: &["knotd"],
        source: Source::Debian("knot"),
        need: Need::Bench,
        without: "the comparison with Knot",
    },
    Tool {
        commands: &["nsd"],
        source: Source::Debian("nsd"),
        need: Need::Bench,
        without: "the comparison with NSD",
    },
    Tool {
        commands: &["gdnsd"],
        source: Source::Debian("gdnsd"),
        need: Need::Bench,
        without: "the comparison with gdnsd",
    },
    Tool {
        commands: &["pdns_server"],
        source: Source::Debian("pdns-server"),
        need: Need::Bench,
        without: "the comparison with PowerDNS",
    },
    Tool {
        commands: &[
            "/usr/lib/x86_64-linux-gnu/knot/modules-3.2/geoip.so",
            "/usr/lib/aarch64-linux-gnu/knot/modules-3.2/geoip.so",
        ],
        source: Source::Debian("knot-module-geoip"),
        need: Need::Bench,
        without: "the comparison with Knot's steering",
    },
    Tool {
        commands: &[
            "/usr/lib/x86_64-linux-gnu/pdns/libbindbackend.so",
            "/usr/lib/aarch64-linux-gnu/pdns/libbindbackend.so",
        ],
        source: Source::Debian("pdns-backend-bind"),
        need: Need::Bench,
        without: "the comparison with PowerDNS",
    },
    Tool {
        commands: &[
            "/usr/lib/x86_64-linux-gnu/pdns/libgeoipbackend.so",
            "/usr/lib/aarch64-linux-gnu/pdns/libgeoipbackend.so",
        ],
        source: Source::Debian("pdns-backend-geoip"),
        need: Need::Bench,
        without: "the comparison with PowerDNS's steering",
    },
    Tool {
        commands: &["named"],
        source: Source::Debian("bind9"),
        need: Need::Bench,
        without: "the comparison with BIND",
    },
];

/// Installs everything, for `cargo xtask setup`.
///
/// # Errors
/// When something is still missing.
pub(crate) fn all() -> Result<()> {
    let mut missing = provide(Need::Tests);
    missing.extend(provide(Need::Checks));
    let parts = parts::provide_each(part::OF_TESTS);
    ensure!(missing.is_empty() && parts.is_empty(), "{} tools are missing", missing.len() + parts.len());
    println!("setup: everything is there");
    Ok(())
}

/// Installs what these callers need, and gives what is missing after that.
pub(crate) fn provide(need: Need) -> Vec<&'static Tool> {
    let absent = absent(need);
    let packages: Vec<&str> = absent.iter().filter_map(|tool| tool.package()).collect();
    if !packages.is_empty() {
        report(install_packages(&packages));
    }
    for tool in &absent {
        if let Source::Crate { name, version } = tool.source {
            report(install_crate(name, version));
        }
    }
    let missing = self::absent(need);
    for tool in &missing {
        eprintln!("setup: MISSING {}: {} will not run. {}", tool.commands[0], tool.without, tool.advice());
    }
    missing
}

impl Tool {
    fn package(&self) -> Option<&'static str> {
        match self.source {
            Source::Debian(package) => Some(package),
            Source::Crate { .. } => None,
        }
    }

    fn advice(&self) -> String {
        match self.source {
            Source::Debian(package) => format!("Debian has it: apt-get install {package}"),
            Source::Crate { name, version } => {
                format!("cargo has it: cargo install --locked --version {version} {name}")
            }
        }
    }
}

fn absent(need: Need) -> Vec<&'static Tool> {
    let wanted = TOOLS.iter().filter(|tool| tool.need == need);
    wanted.filter(|tool| !tool.commands.iter().any(|command| on_path(command))).collect()
}

/// True when the command is on the path, or where cargo installs its own; a file from the root, when it is there.
fn on_path(command: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).chain(cargo_bin()).any(|folder| folder.join(command).is_file())
}

fn cargo_bin() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    Some(home?.join("bin"))
}

fn install_packages(packages: &[&str]) -> Result<()> {
    ensure!(on_path("apt-get"), "no apt-get here");
    let root = output(&mut program("id", &["-u"]))?.trim() == "0";
    let sudo = !root && on_path("sudo") && run(&mut program("sudo", &["-n", "true"])).is_ok();
    ensure!(root || sudo, "not root, and no sudo without a password");
    let apt = |args: &[&str]| {
        let env = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet", "--yes"];
        let words: Vec<&str> = if sudo { vec!["sudo", "-n"] } else { vec![] };
        let words = [words.as_slice(), &env, args].concat();
        run(&mut program(words[0], &words[1..]))
    };
    println!("setup: installing {} from Debian's packages", packages.join(", "));
    let install = [&["install", "--no-install-recommends"], packages].concat();
    // The lists may be stale or absent; they are fetched only when they must be.
    apt(&install).or_else(|_| apt(&["update"]).and_then(|()| apt(&install)))
}

fn install_crate(name: &str, version: &str) -> Result<()> {
    println!("setup: installing {name} {version} by cargo (some minutes, once)");
    // Each is called a few times a check: better code would win back a second of the minutes that it takes to make.
    run(&mut cargo(&["install", "--locked", "--debug", "--version", version, name]))
}

/// A failed installation is said and survived: what is missing after it is what counts.
fn report(result: Result<()>) {
    if let Err(error) = result {
        eprintln!("setup: {error:#}");
    }
}
