//! Severities that were set, over those of the catalogue.

use rustc_hash::FxHashMap;

use crate::catalog::{Code, Severity};

/// Severities that were set, over those of the catalogue.
#[derive(Clone, Debug, Default)]
pub struct Levels {
    set: FxHashMap<Code, Option<Severity>>,
    /// Every warning is an error.
    pub deny_warnings: bool,
}

impl Levels {
    /// Sets a code's severity; `None` silences it.
    pub fn set(&mut self, code: Code, severity: Option<Severity>) {
        self.set.insert(code, severity);
    }

    /// The severity of a code; `None` if it is not to be given.
    pub fn of(&self, code: Code) -> Option<Severity> {
        let severity = match self.set.get(&code) {
            Some(&set) => set?,
            None => code.severity(),
        };
        if self.deny_warnings && severity == Severity::Warning && !self.set.contains_key(&code) {
            return Some(Severity::Error);
        }
        Some(severity)
    }
}
