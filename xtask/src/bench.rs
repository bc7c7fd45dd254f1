//! The figures that the README promises, measured from outside and beside other servers, in one run on
//! one machine, over loopback.
//!
//! ```text
//!   options ──▶ modes ──▶ peers started ──▶ answers checked ──▶ rounds, interleaved ──▶ report
//!                            │                   │                   │
//!                        templates in         ask, check        client ──UDP, TCP──▶ subject
//!                        bench/peers/                           meter ──/proc──▶ subject
//! ```
//!
//! A *subject* is a running peer. What is compared is the CPU time of one answer as a multiple of the
//! echo's in the same round: the echo is the kernel's part, which is the same for all.
//!
//! Everything is bounded: names, questions, rounds and waits; and the only processes that are ended are
//! those that were started here.

use anyhow::{Result, bail};

pub(crate) use options::Options;
pub(crate) use peers::run_accept;

use crate::{program, setup};
use modes::{Findings, Mode, fleet, serving, updates};

mod ask;
mod callgrind;
mod check;
mod client;
mod dataset;
pub(crate) mod echo;
pub(crate) mod gate;
mod goals;
mod histogram;
mod machine;
mod message;
mod meter;
mod mmdb;
mod modes;
mod options;
mod peers;
mod plot;
mod process;
mod report;
mod rounds;
mod stats;

/// `cargo xtask bench`.
///
/// # Errors
/// When the program does not build or start, an answer is wrong or does not come in its time.
pub(crate) fn run(options: &Options) -> Result<()> {
    let missing = setup::provide(setup::Need::Bench);
    let portolan = program::build_release()?;
    let cores = machine::cores();
    machine::pin_client(cores)?;
    let mut findings = Findings { missing: missing.len(), ..Findings::default() };
    for mode in &options.modes {
        println!("bench: {}", mode.name());
        match mode {
            Mode::Fleet => findings.add(*mode, fleet::run(&options.fleet, &portolan)?),
            Mode::Updates => {
                let (text, found) = updates::run(options.effort, &portolan)?;
                findings.add(*mode, text);
                findings.updates = Some(found);
            }
            _ => findings.tables.extend(serving::run(*mode, options, &portolan)?),
        }
    }
    let (machine, date) = (machine::describe(cores), machine::date());
    let text = report::render(options, &machine, &date, &findings);
    println!("\n{text}");
    if options.write {
        report::write(&text, plot::draw(&findings.tables, &machine, &date).as_deref())?;
    }
    let failed: Vec<String> = findings.tables.iter().flat_map(|table| table.failures()).collect();
    if !failed.is_empty() {
        bail!("{} subjects failed: {}", failed.len(), failed.join("; "));
    }
    Ok(())
}
