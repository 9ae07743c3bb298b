//! What is found while building: the codes, and a finding as data. Places are those of the steps; the plan knows their origins.

use std::fmt;

use serde::Serialize;

/// The codes of findings while building and verifying.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// A step could not be carried out, or a command did not end with status 0.
    StepFailed,
    /// What the plan relies upon does not hold when its stage starts.
    Unmet,
    /// A step did not bring what it says it provides.
    Undelivered,
    /// A command or package removed or changed what an earlier step provides.
    Clobbered,
    /// A source is not what was planned with.
    ChangedInput,
    /// A root is not what was declared.
    Differs,
}

impl Code {
    /// As it is written everywhere.
    pub const fn name(self) -> &'static str {
        match self {
            Self::StepFailed => "step-failed",
            Self::Unmet => "unmet",
            Self::Undelivered => "undelivered",
            Self::Clobbered => "clobbered",
            Self::ChangedInput => "changed-input",
            Self::Differs => "differs",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Something found while building or verifying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its code.
    pub code: Code,
    /// What is wrong, and why.
    pub message: String,
    /// What it is about, by its canonical key.
    pub entity: Option<String>,
    /// The step at whose origin it stands.
    pub step: Option<String>,
    /// Other steps that are involved, each with what it has to do with it.
    pub related: Vec<(String, String)>,
    /// What else is to be known, such as the last lines of a log.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Option<String>,
}

impl Finding {
    /// A finding about a step.
    pub fn new(code: Code, step: &str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            entity: None,
            step: Some(step.to_owned()),
            related: Vec::new(),
            notes: Vec::new(),
            help: None,
        }
    }
}
