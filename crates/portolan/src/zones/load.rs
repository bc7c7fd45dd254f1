//! A zone file into its frozen form, on all cores that the process may use.

use std::path::PathBuf;
use std::sync::Arc;

use portolan_core::zone::ZoneFile;
use portolan_core::zone::file::Gather;
use portolan_core::{Name, Problem, Reason};
use portolan_zonefile::{Found, read};

use super::include::{Stamp, Texts, problem};
use super::{PROBLEMS_MAX, ZoneSource, places};
use crate::threads::share;

/// What a zone file gave.
#[derive(Debug)]
pub struct Loaded {
    /// The zone: of a file that is damaged in part, of one that is none nothing.
    pub file: Arc<ZoneFile>,
    /// What is wrong, in the order of files and lines; at most [`PROBLEMS_MAX`] and then the number of the others.
    pub problems: Vec<Problem>,
    /// Records that were read.
    pub records: u64,
    /// What the files were like that were read.
    pub(super) seen: Vec<(PathBuf, Option<Stamp>)>,
}

/// Reads a zone file; `seed` is that of the snapshot which is to serve it.
#[must_use]
pub fn load(source: &ZoneSource, seed: u64) -> Loaded {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (texts, failed) = Texts::read(source, threads);
    let mut findings = Findings { source, problems: texts.problems.clone(), more: 0 };
    findings.problems.extend(failed.clone());
    let unread = Arc::new(ZoneFile::unread(&source.apex));
    let mut loaded = Loaded { file: unread, problems: Vec::new(), records: 0, seen: texts.seen.clone() };
    if failed.is_none() {
        let (gathers, found) = read_all(&texts, &source.apex, threads);
        // Then nobody knows what the zone should be.
        let is_damaged = !texts.problems.is_empty() || found.iter().any(|found| found.faults.is_damaged());
        loaded.records = found.iter().map(|found| found.records).sum();
        findings.faults(&texts, &found);
        findings.signatures(&found);
        match ZoneFile::build(&source.apex, seed, gathers) {
            Ok((file, faults, count)) => {
                findings.judged(&texts, &faults, count);
                loaded.file = Arc::new(if is_damaged { file.in_part() } else { file });
            }
            Err(faults) => findings.judged(&texts, &faults, faults.len()),
        }
    }
    loaded.problems = findings.settle();
    loaded
}

/// Reads the parts; records and what was found besides are in the order of the parts.
fn read_all(texts: &Texts, apex: &Name, threads: usize) -> (Vec<Gather>, Vec<Found>) {
    debug_assert!(
        texts.parts.iter().all(|(_, part)| part.context.apex == *apex),
        "all parts are of one zone"
    );
    let all = share(&texts.parts, threads, |(number, part)| {
        let text = texts.texts.get(*number)?;
        let mut gather = Gather::new();
        let found = read(&text.octets, part, |record| {
            gather.add(record.owner, record.rtype, record.ttl, record.rdata);
        });
        Some((gather, found))
    });
    all.into_iter().flatten().unzip()
}

/// The problems of one zone file.
struct Findings<'s> {
    source: &'s ZoneSource,
    problems: Vec<Problem>,
    /// How many are not told.
    more: usize,
}

impl Findings<'_> {
    /// What the reader found, text by text.
    fn faults(&mut self, texts: &Texts, found: &[Found]) {
        let zone = self.source.apex.to_dotless();
        for ((number, _), found) in texts.parts.iter().zip(found) {
            let Some(text) = texts.texts.get(*number) else { continue };
            let faults = &found.faults;
            self.problems.extend(faults.kept().iter().map(|fault| fault.to_problem(&zone, &text.label)));
            self.more += faults.count() - faults.kept().len();
        }
    }

    fn signatures(&mut self, found: &[Found]) {
        let count: u64 = found.iter().map(|found| found.dnssec).sum();
        if count > 0 {
            let message = format!(
                "has records of types RRSIG, NSEC, NSEC3 or NSEC3PARAM, which are left out ({count}): zones are not \
                 served signed"
            );
            let place = self.source.file.display().to_string();
            self.problems.push(problem(self.source, Reason::TargetSuspect, message, place));
        }
    }

    /// What is wrong with sets of records, which is found once they stand together.
    fn judged(&mut self, texts: &Texts, faults: &[portolan_core::zone::file::Fault], count: usize) {
        self.problems.extend(places::problems(self.source, texts, faults));
        self.more += count.saturating_sub(faults.len());
    }

    fn settle(mut self) -> Vec<Problem> {
        self.more += self.problems.len().saturating_sub(PROBLEMS_MAX);
        self.problems.truncate(PROBLEMS_MAX);
        if self.more > 0 {
            let message = format!("has {} more problems; the first {PROBLEMS_MAX} are told", self.more);
            let place = self.source.file.display().to_string();
            self.problems.push(problem(self.source, Reason::LimitReached, message, place));
        }
        self.problems
    }
}

#[cfg(test)]
mod tests;
