//! Small images as data: what an author may declare, in a form that can be both printed as a manifest and judged.

use std::fmt;

use serde_json::Value;

/// Phases, in the order they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Before all that is modelled here.
    Commands,
    /// Where `remove` is unless it says otherwise.
    Removals,
    /// Where everything else is.
    Main,
    /// At the end.
    Finalize,
}

impl Phase {
    /// All of them, in order.
    pub const ALL: [Phase; 4] = [Phase::Commands, Phase::Removals, Phase::Main, Phase::Finalize];

    /// As in a manifest.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Commands => "commands",
            Phase::Removals => "removals",
            Phase::Main => "main",
            Phase::Finalize => "finalize",
        }
    }
}

/// Where the contents of a file come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// From the manifest.
    Text(String),
    /// From a file beside it.
    File(String),
}

impl Source {
    /// The contents.
    pub fn content(&self) -> String {
        match self {
            Source::Text(text) => text.clone(),
            Source::File(name) => source_text(name),
        }
    }
}

/// What is in the source file of a name: each has its own contents, and none that a `text` has.
pub fn source_text(name: &str) -> String {
    let name = name.trim_start_matches("renamed-");
    format!("from the source {name}\n")
}

/// Mode and owner, each only if given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// Permission bits.
    pub mode: Option<u32>,
    /// Owner.
    pub user: Option<String>,
    /// Group.
    pub group: Option<String>,
}

/// `expect` of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Something has to be there.
    Any,
    /// A file.
    File,
    /// A directory.
    Directory,
    /// Nothing has to be there.
    Nothing,
}

/// A kind with its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// `install` of one file.
    Install {
        /// Where to.
        dst: String,
        /// Contents.
        source: Source,
        /// Attributes.
        given: Given,
    },
    /// `ensure_dir`.
    EnsureDir {
        /// Where.
        path: String,
        /// Attributes.
        given: Given,
    },
    /// `symlink`.
    Symlink {
        /// Where.
        link: String,
        /// Its text.
        target: String,
        /// `expect`, if given.
        expect: Option<Expect>,
    },
    /// `hardlink`.
    Hardlink {
        /// Where.
        link: String,
        /// The file.
        target: String,
    },
    /// `user`.
    User(Account),
    /// `group`.
    Group {
        /// Its name.
        name: String,
        /// Its number, if given.
        gid: Option<u32>,
    },
    /// `remove`.
    Remove {
        /// What.
        path: String,
        /// `must_exist`, if given.
        must_exist: Option<bool>,
        /// `recursive`, if given.
        recursive: Option<bool>,
    },
    /// `require`: the list's name in the manifest, and one entry of it.
    Require {
        /// `files`, `directories`, `executables`, `users` or `groups`.
        list: &'static str,
        /// The entry.
        entry: String,
    },
}

/// The fields of a `user`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Its number, if given.
    pub uid: Option<u32>,
    /// Its primary group, if given.
    pub group: Option<String>,
    /// A supplementary group, if given.
    pub groups: Option<String>,
    /// Its home, if given.
    pub home: Option<String>,
    /// Its shell, if given.
    pub shell: Option<String>,
}

/// One declaration.
#[derive(Clone, PartialEq, Eq)]
pub struct Feature {
    /// Kind and fields.
    pub what: What,
    /// `phase`, if given.
    pub phase: Option<Phase>,
    /// `parents`, if given.
    pub parents: Option<bool>,
    /// `requires`: references of entities.
    pub requires: Vec<String>,
    /// Keys that change nothing of what is built.
    pub asides: Vec<(String, Value)>,
}

impl Feature {
    /// The feature with nothing but its kind's fields.
    pub fn new(what: What) -> Feature {
        Feature { what, phase: None, parents: None, requires: Vec::new(), asides: Vec::new() }
    }

    /// The phase it runs in.
    pub fn phase(&self) -> Phase {
        self.phase.unwrap_or(match self.what {
            What::Remove { .. } => Phase::Removals,
            _ => Phase::Main,
        })
    }

    /// Whether missing ancestors are implied.
    pub fn makes_parents(&self) -> bool {
        let places = matches!(
            self.what,
            What::Install { .. } | What::EnsureDir { .. } | What::Symlink { .. } | What::Hardlink { .. }
        );
        places && self.parents.unwrap_or(matches!(self.what, What::EnsureDir { .. }))
    }

    /// The path it places something at, and whether that is a directory.
    pub fn placed(&self) -> Option<(&str, bool)> {
        match &self.what {
            What::Install { dst, .. } => Some((dst, false)),
            What::EnsureDir { path, .. } => Some((path, true)),
            What::Symlink { link, .. } | What::Hardlink { link, .. } => Some((link, false)),
            _ => None,
        }
    }
}

/// An image on an optional parent.
#[derive(Clone, PartialEq, Eq)]
pub struct Image {
    /// Its name; the manifest is `NAME.image.toml`.
    pub name: String,
    /// What is below.
    pub parent: Option<Box<Image>>,
    /// What is declared.
    pub features: Vec<Feature>,
}

impl fmt::Debug for Image {
    /// The manifests, so that a failing law shows what an author would have written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, text) in super::manifest::toml_files(self) {
            write!(f, "\n# ---- {name}\n{text}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&super::manifest::toml_feature(self))
    }
}
