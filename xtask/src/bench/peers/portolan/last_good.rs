//! A start from the last good file: the program runs once, until the file is written, and is started again.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::{command, records};
use crate::bench::ask::Asker;
use crate::bench::message::{A, NOERROR, Question};
use crate::bench::peers::{Site, Subject};

/// How long the first run may take to answer.
const START_MAX: Duration = Duration::from_secs(180);
/// How long the file may take to be written after that.
const KEPT_MAX: Duration = Duration::from_secs(60);
/// The file is written when it has not changed for so long.
const STILL: Duration = Duration::from_secs(1);

pub(super) fn start(site: &Site<'_>) -> Result<Subject> {
    records::write(site, &(0..site.names.count))?;
    let run = || site.run(command(site).args(["--fleet", "fleet", "--state", "state"]));
    let mut first = run()?;
    let question = Question { name: &site.names.name(0), kind: A, edns: true, subnet: None };
    let mut asker = Asker::connect(first.address)?;
    asker.wait(&question, |reply| reply.code == NOERROR, first.begun, START_MAX, || first.ensure_alive())?;
    wait_until_kept(&site.folder.join("state"), &asker)?;
    drop(first);
    run()
}

fn wait_until_kept(path: &Path, asker: &Asker) -> Result<()> {
    let size = || fs::metadata(path).map(|found| (found.len(), found.modified().ok())).ok();
    let begun = Instant::now();
    let (mut last, mut since) = (size(), Instant::now());
    while last.is_none() || since.elapsed() < STILL {
        ensure!(begun.elapsed() < KEPT_MAX, "no last good file within {KEPT_MAX:?}");
        asker.pause();
        let now = size();
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
    Ok(())
}
