//! How a command ended, and the exit code of that.

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All is well.
    Fine,
    /// It did not do what it was for.
    Error,
    /// What it was given has faults.
    Faults,
    /// There is something to do, and it was only asked what.
    ToDo,
}

impl Outcome {
    /// The exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Error => 1,
            Self::Faults | Self::ToDo => 2,
        }
    }
}
