//! What is found while building: the codes, and a finding as data. Places are those of the steps; the plan knows their origins.

/// The codes of findings while building.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// A step could not be carried out.
    StepFailed,
    /// A source is not what was planned with.
    ChangedInput,
}

impl Code {
    /// As it is written everywhere.
    pub const fn name(self) -> &'static str {
        match self {
            Self::StepFailed => "step-failed",
            Self::ChangedInput => "changed-input",
        }
    }
}

/// Something found while building.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its code.
    pub code: Code,
    /// What is wrong, and why.
    pub message: String,
    /// The step at whose origin it stands.
    pub step: String,
    /// What to do.
    pub help: Option<String>,
}
