//! What is reported: a diagnostic with every origin, and fixes. Renderers and the language server read this and nothing else.

use crate::catalog::{Code, Severity};
use crate::text::Location;

/// What part a related place plays in a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// It provides the entity.
    Provider,
    /// It requires the entity.
    Requirer,
    /// It is an edge of a circle.
    Edge,
    /// It is a link on the way.
    Link,
    /// It stands in a parent.
    Parent,
    /// It is the place the finding comes from.
    Origin,
}

impl Role {
    /// As written in every output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Requirer => "requirer",
            Self::Edge => "edge",
            Self::Link => "link",
            Self::Parent => "parent",
            Self::Origin => "origin",
        }
    }
}

/// Another place that belongs to a finding.
#[derive(Clone, Debug)]
pub struct Related {
    /// The part it plays.
    pub role: Role,
    /// The canonical key of the entity it is about.
    pub entity: Option<String>,
    /// Where.
    pub location: Location,
    /// What is to be said there.
    pub message: String,
}

/// One replacement of text.
#[derive(Clone, Debug)]
pub struct Edit {
    /// What is replaced; empty to insert.
    pub location: Location,
    /// By what.
    pub text: String,
}

/// A way out, as edits of the manifests.
#[derive(Clone, Debug)]
pub struct Fix {
    /// What it does, as an imperative.
    pub title: String,
    /// Whether it was verified to remove the finding and to add none.
    pub safe: bool,
    /// The edits, all together.
    pub edits: Vec<Edit>,
}

/// What is known of a way out beyond the words, for whoever makes edits of it.
#[derive(Clone, Debug)]
pub enum Clue {
    /// The name that was probably meant in the place of the one that is missing.
    Meant(String),
    /// How what is missing is needed.
    Needed(Needed),
    /// Whose it should be: a user and a group.
    Owner {
        /// The user's name.
        user: String,
        /// The group's name, where it is known.
        group: Option<String>,
    },
    /// The number that was allocated.
    Number(u32),
    /// Where a program is declared whose mode does not let it run, and the mode that would.
    Program {
        /// The declaration.
        declared: Location,
        /// The mode.
        mode: u16,
        /// Whether the declaration is another image's.
        in_parent: bool,
    },
}

/// As what something is needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needed {
    /// It must be a directory.
    pub directory: bool,
    /// It must be a program.
    pub executable: bool,
    /// It is the directory of what the feature makes, and its own directory is not there either.
    pub chain: bool,
    /// It is what a link leads to.
    pub link_target: bool,
    /// It is to be removed.
    pub removed: bool,
    /// It must be empty.
    pub empty: bool,
}

/// One finding, in the author's words.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// Which kind of finding.
    pub code: Code,
    /// After levels were applied.
    pub severity: Severity,
    /// What is wrong and why, one sentence.
    pub message: String,
    /// A few words for the caret under the snippet; may be empty.
    pub label: String,
    /// Canonical key of the entity it is about.
    pub entity: Option<String>,
    /// Names of the images it was found in, sorted.
    pub images: Vec<String>,
    /// The narrowest value that is wrong.
    pub location: Location,
    /// Every other place that takes part.
    pub related: Vec<Related>,
    /// More to know, a sentence each.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Option<String>,
    /// Ways out as edits.
    pub fixes: Vec<Fix>,
    /// What ways out can be made of.
    pub clues: Vec<Clue>,
}

impl Diagnostic {
    /// A finding without more than its sentence.
    pub fn new(code: Code, location: Location, message: String) -> Self {
        Self {
            code,
            severity: code.severity(),
            message,
            label: String::new(),
            entity: None,
            images: Vec::new(),
            location,
            related: Vec::new(),
            notes: Vec::new(),
            help: None,
            fixes: Vec::new(),
            clues: Vec::new(),
        }
    }
}
