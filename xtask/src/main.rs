//! The project's own chores, as one program: `cargo xtask COMMAND`.
//!
//! ```text
//!   setup ──▶ test ──▶ ci: format · clippy · test · tidy · deny · fuzz · demo · gate
//! ```
//!
//! | module | what it owns |
//! | --- | --- |
//! | [`setup`] | the tools that tests and checks call, and how to get them |
//! | [`ci`] | the steps of a whole check, their times, and the table at its end |
//! | [`tidy`] | what holds of the tree of files: who imports whom, sizes, papers |
//! | [`codegen`] | the files that the program prints and the repository keeps |
//! | [`fuzz`] | the fuzz targets, and which of them need to run again |
//! | [`bench`] | the figures that the README promises, measured on loopback |
//! | [`parts`] | Kubernetes, etcd, External-DNS and CoreDNS, found or built from source |
//! | [`program`] | where `portolan` is built, and with which flags |
//! | [`command`] | running another program, with its failure in words |
//! | [`options`] | the values of options |
//!
//! It uses plain `std` and two small libraries, because everyone waits for it to compile first.

use std::process::ExitCode;

use anyhow::{Result, bail};

mod bench;
mod ci;
mod codegen;
mod command;
mod fuzz;
mod options;
mod parts;
mod program;
mod setup;
mod tidy;

const HELP: &str = "\
Usage: cargo xtask COMMAND

Commands:
  setup                 install or build what tests and checks call, and say what is missing
  tools                 find or build every real part (Kubernetes, etcd, External-DNS, CoreDNS)
        [--require-real] and fail when one is missing
  test                  set up, then run every test (the README's one command)
  ci [--skip-test]      format, clippy, test, tidy, cargo-deny, fuzz smoke, demo, gate
  tidy                  imports, sizes, orphans, generated files, words, papers
  codegen               rewrite the generated files (crds/, docs/reference/)
  bench [--write]       Portolan beside other servers; --write keeps bench/RESULTS.md
        [--peers A,B]   only these or these families, such as knot (default all)
        [--modes A,B]   static, policy, million, tcp, workers, updates, fleet (default all)
        [--rounds N]    interleaved rounds (default 12)
        [--seconds S]   of each subject in a round (default 1.5)
        [--quick]       3 rounds of 0.5 s, and no instructions counted
        [--count]       but count them: user instructions an answer, by callgrind
        [--names N]     fleet: names in the folder (default 10000)
        [--changes N]   fleet: changed files (default 100)
        [--offers N]    fleet: clusters that offer each name, 1 to 3 (default 1)
  bench --gate          instructions and allocations a query against bench/budget.toml
        [--lower]       and write the lower ones there
  demo --real [--once]  the demo's story on three real API servers, which it starts itself
  soak [--seconds N]    every fuzz target (60 s each), then the tests with many more cases,
                        then those against API servers of the oldest Kubernetes, then the
                        chain with External-DNS at its default interval, then a fleet at
                        length and beside the release before (some 45 minutes)
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&args.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The demo on real API servers: an example of the program's, for only it and the tests know both.
fn demo_real(args: &[&str]) -> Result<()> {
    for part in [portolan_testbed::part::kube_apiserver(), &portolan_testbed::part::ETCD] {
        parts::provide(part)?;
    }
    println!("Building the program (minutes, the first time) ...");
    let example = ["run", "--quiet", "--locked", "-p", "portolan", "--example", "demo_real", "--"];
    command::run(&mut command::cargo(&[&example, args].concat()))
}

fn dispatch(args: &[&str]) -> Result<()> {
    match args {
        [] | ["help" | "-h" | "--help", ..] | [_, "-h" | "--help"] => {
            print!("{HELP}");
            Ok(())
        }
        ["setup"] => setup::all(),
        ["tools"] => parts::provide_all(false),
        ["tools", "--require-real"] => parts::provide_all(true),
        ["test"] => ci::test(),
        ["ci"] => ci::run_ci(false),
        ["ci", "--skip-test"] => ci::run_ci(true),
        ["tidy"] => tidy::run(),
        ["codegen"] => codegen::rewrite(),
        ["bench", "--gate"] => bench::gate::run(false),
        ["bench", "--gate", "--lower"] => bench::gate::run(true),
        ["bench", rest @ ..] => bench::run(&bench::Options::parse(rest)?),
        // Not for people: what `ci` has built beside its tests, and processes that the benchmark starts.
        ["ahead"] => ci::ahead(),
        ["bench-echo", way, port] => bench::echo::run(way, port),
        ["bench-accept", port] => bench::run_accept(port),
        ["demo", "--real", rest @ ..] => demo_real(rest),
        ["soak"] => fuzz::soak(fuzz::SOAK_SECONDS),
        ["soak", "--seconds", seconds] => fuzz::soak(options::number("--seconds", seconds)?),
        other => bail!("{:?} is no command or option; see `cargo xtask --help`", other.join(" ")),
    }
}
