//! What is wrong with what was asked or configured, for who asked: a sentence and a way out.

use std::borrow::Cow;
use std::io;

use crate::text::Location;

/// One sentence and what to do about it.
#[derive(Debug)]
pub(crate) struct Complaint {
    /// What is wrong, without a final stop.
    pub message: String,
    /// What to do; may be several lines.
    pub help: Option<String>,
    /// Where, in a file that was read.
    pub place: Option<Location>,
}

impl Complaint {
    /// A sentence alone.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, place: None }
    }

    /// With what to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The sentence behind its place.
    pub fn sentence(&self) -> Cow<'_, str> {
        match &self.place {
            Some(place) => Cow::Owned(format!("{}: {}", place.to_text(), self.message)),
            None => Cow::Borrowed(&self.message),
        }
    }
}

/// An error of the system's in words that follow "cannot be read: ".
pub(crate) fn reason(error: &io::Error) -> String {
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
