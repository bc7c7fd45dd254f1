//! What is wrong with a zone file, and where.

use portolan_core::{Problem, Reason};

/// Most faults of one file that are kept; of more it is said how many.
pub const FAULTS_MAX: usize = 50;
/// Longest value that a fault repeats, in octets.
const VALUE_OCTETS_MAX: usize = 80;

/// One fault: its place, the value, and the rule that it breaks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
    /// What becomes of it.
    pub harm: Harm,
    /// The value and the rule that it breaks, for people.
    pub message: String,
}

/// What a fault does to its zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Harm {
    /// What stands there cannot be understood, so nobody knows what the zone should be.
    Damage,
    /// It is understood and breaks a rule of the DNS; it is left out.
    LeftOut,
    /// It is understood and breaks a rule of the DNS; it is served otherwise, as the message says.
    Mended,
}

impl Fault {
    /// As people and status conditions are told it; `file` is the file as they should see it.
    #[must_use]
    pub fn to_problem(&self, zone: &str, file: &str) -> Problem {
        Problem {
            subject: format!("zone {zone}"),
            reason: if self.harm == Harm::Mended { Reason::TargetSuspect } else { Reason::Invalid },
            message: self.message.clone(),
            place: format!("{file}:{}:{}", self.line, self.column),
        }
    }
}

/// The faults of a text, at most [`FAULTS_MAX`] of them, and the number of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    kept: Vec<Fault>,
    count: usize,
    damages: usize,
}

impl Faults {
    /// Adds one.
    pub fn push(&mut self, fault: Fault) {
        self.count += 1;
        self.damages += usize::from(fault.harm == Harm::Damage);
        if self.kept.len() < FAULTS_MAX {
            self.kept.push(fault);
        }
    }

    /// Adds those of the text that follows.
    pub fn append(&mut self, next: Self) {
        let room = FAULTS_MAX - self.kept.len();
        self.kept.extend(next.kept.into_iter().take(room));
        self.count += next.count;
        self.damages += next.damages;
    }

    /// Those that were kept, in the order of the text.
    #[must_use]
    pub fn kept(&self) -> &[Fault] {
        &self.kept
    }

    /// How many there were.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// True when something could not be understood.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.damages > 0
    }
}

/// A value as a message repeats it: in quotes, control characters escaped, cut when it is long.
pub(crate) fn quoted(value: &[u8]) -> String {
    let cut = value.get(..VALUE_OCTETS_MAX).unwrap_or(value);
    let dots = if cut.len() < value.len() { "…" } else { "" };
    format!("{:?}{dots}", String::from_utf8_lossy(cut))
}
