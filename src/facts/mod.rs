//! Facts: what is known to exist below an image, as a value and as the file format that writes it down.

mod accounts;
mod entries;
mod entry;
mod faults;
mod format;
mod keys;
mod read;
mod since;
mod write;

use std::sync::Arc;

use crate::catalog::Code;
use crate::text::Span;
use crate::tree::{Owner, Tree};

/// What is known to exist: a whole root file system, or what one feature brought about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// What it is called, where the file says so.
    pub name: Option<Box<str>>,
    /// Whether it is known to be incomplete.
    pub opaque: bool,
    /// Every path; the tree's root is `/`. Directories that are not listed and must be there have `listed: false`.
    pub tree: Arc<Tree>,
    /// Sorted by name.
    pub users: Vec<UserFact>,
    /// Sorted by name.
    pub groups: Vec<GroupFact>,
    /// Sorted by name, architecture and manager.
    pub packages: Vec<PackageFact>,
}

/// A user that exists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserFact {
    /// The account's name.
    pub name: Box<str>,
    /// Its number.
    pub uid: Option<u32>,
    /// Its primary group.
    pub group: Option<Owner>,
    /// Its home directory.
    pub home: Option<Box<str>>,
    /// Its shell.
    pub shell: Option<Box<str>>,
    /// Its comment.
    pub comment: Option<Box<str>>,
}

/// A group that exists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupFact {
    /// The group's name.
    pub name: Box<str>,
    /// Its number.
    pub gid: Option<u32>,
    /// Names of its supplementary members, sorted.
    pub members: Vec<Box<str>>,
}

/// A package that is installed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageFact {
    /// Its name.
    pub name: Box<str>,
    /// For which architecture.
    pub architecture: Option<Box<str>>,
    /// "apt", "dnf" or "apk".
    pub manager: Option<Box<str>>,
    /// Its version.
    pub version: Option<Box<str>>,
}

/// One mistake of a facts file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactsError {
    /// Which sort of finding it is.
    pub code: Code,
    /// The narrowest place.
    pub span: Span,
    /// What is wrong, as a sentence without a final stop.
    pub message: String,
    /// Another place that takes part, and what is there.
    pub related: Option<(Span, &'static str)>,
    /// What to do, where it is known.
    pub help: Option<String>,
}

impl FactsError {
    const fn new(code: Code, span: Span, message: String) -> Self {
        Self { code, span, message, related: None, help: None }
    }
}

/// The JSON Schema of the format.
pub fn schema() -> schemars::Schema {
    format::schema()
}
