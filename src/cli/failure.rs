//! What keeps a command from being carried out: wrong use, nothing to read, input and output that fail.

use std::io::{self, Write};

use super::terminal::Terminal;

/// Why nothing came of a command. The exit status is 2.
#[derive(Debug)]
pub(super) enum Failure {
    /// Sentences for who called, each with what to do.
    Said(Vec<Complaint>),
    /// Writing to standard output failed.
    Output(io::Error),
}

/// One sentence and what to do about it.
#[derive(Debug)]
pub(super) struct Complaint {
    /// What is wrong, without a final stop.
    pub message: String,
    /// What to do; may be several lines.
    pub help: Option<String>,
}

impl Complaint {
    /// A sentence alone.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    /// With what to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Writes it as every message on standard error is written.
    pub fn write(&self, terminal: &mut Terminal) {
        terminal.complain("error", &self.message, self.help.as_deref());
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

/// An error of the system's in words that follow "cannot be read: ".
pub(super) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => String::from("it does not exist"),
        io::ErrorKind::PermissionDenied => String::from("permission denied"),
        io::ErrorKind::NotADirectory => String::from("a part of its path is not a directory"),
        _ => {
            let text = error.to_string();
            text.rfind(" (os error").map_or(text.as_str(), |at| &text[..at]).to_lowercase()
        }
    }
}
