//! What keeps a command from being carried out: wrong use, nothing to read, input and output that fail.

use std::io::{self, Write};

use super::terminal::Terminal;
pub(super) use crate::project::complaint::{Complaint, reason};

/// Why nothing came of a command. The exit status is 2.
#[derive(Debug)]
pub(super) enum Failure {
    /// Sentences for who called, each with what to do.
    Said(Vec<Complaint>),
    /// Writing to standard output failed.
    Output(io::Error),
}

impl Complaint {
    /// Writes it as every message on standard error is written.
    pub(super) fn write(&self, terminal: &mut Terminal) {
        terminal.complain("error", &self.sentence(), self.help.as_deref());
    }
}

impl From<Complaint> for Failure {
    fn from(complaint: Complaint) -> Self {
        Self::Said(vec![complaint])
    }
}

impl From<Vec<Complaint>> for Failure {
    fn from(complaints: Vec<Complaint>) -> Self {
        Self::Said(complaints)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl Failure {
    /// Writes it to standard error.
    pub fn write(&self, terminal: &mut Terminal) {
        match self {
            Self::Said(complaints) => complaints.iter().for_each(|complaint| complaint.write(terminal)),
            Self::Output(error) => {
                Complaint::new(format!("standard output cannot be written: {}", reason(error))).write(terminal);
            }
        }
        drop(terminal.err.flush());
    }
}
