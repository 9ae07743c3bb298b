//! What the world was asked, and what it answered. The engine asks and goes on with "unknown"; the loader fills in.

use std::collections::HashMap;
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

use crate::facts::Facts;
use crate::text::Source;
use crate::tree::Tree;
use crate::tree::package::PackageFile;

/// A question to the world. Paths are relative to the working directory (see [`join`]).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ask {
    /// The text of a manifest, `ids` or facts file.
    Text(Arc<str>),
    /// What a source is; of a directory, its tree. No contents but those of files that list accounts.
    Source(Arc<str>),
    /// The entries of an archive, with digests.
    Archive(Arc<str>),
    /// The digest of a file, or the tree of a directory with the digest of every file.
    Digest(Arc<str>),
    /// The contents of a source that is to be a passwd or group file.
    Contents(Arc<str>),
    /// The facts of a root file system that an image stands on or clones from.
    Root(Arc<str>),
    /// What a package file holds.
    Package(Arc<str>),
}

impl Ask {
    /// The path that is asked about.
    pub fn path(&self) -> &Arc<str> {
        match self {
            Self::Text(path)
            | Self::Source(path)
            | Self::Archive(path)
            | Self::Digest(path)
            | Self::Contents(path)
            | Self::Root(path)
            | Self::Package(path) => path,
        }
    }
}

/// The answer to [`Ask::Text`].
#[derive(Clone, Debug)]
pub enum TextState {
    /// It does not exist or cannot be read, and why.
    Missing(String),
    /// It is there and is no text: not UTF-8, too large.
    Broken(String),
    /// Its text.
    Text(Arc<Source>),
}

/// The answer to [`Ask::Source`].
#[derive(Clone, Debug)]
pub enum SourceState {
    /// It does not exist or cannot be read, and why.
    Missing(String),
    /// A regular file.
    File {
        /// How many bytes.
        size: u64,
        /// Whether its owner may execute it.
        executable: bool,
    },
    /// A directory and what is below it.
    Directory(Arc<Tree>),
    /// Something else: "a socket".
    Special(&'static str),
}

/// The answer to [`Ask::Archive`].
#[derive(Clone, Debug)]
pub enum ArchiveState {
    /// It does not exist or cannot be read, and why.
    Missing(String),
    /// It is there and cannot be understood, and why.
    Broken(String),
    /// Its entries, under the archive's own paths.
    Tree(Arc<Tree>),
}

/// The answer to [`Ask::Digest`].
#[derive(Clone, Debug)]
pub enum DigestState {
    /// It does not exist or cannot be read, and why.
    Missing(String),
    /// Of a file: blake3 of its contents.
    File {
        /// How many bytes were read.
        size: u64,
        /// Their blake3.
        digest: [u8; 32],
    },
    /// Of a directory: every file with its digest.
    Tree(Arc<Tree>),
}

/// The answer to [`Ask::Contents`].
#[derive(Clone, Debug)]
pub enum ContentsState {
    /// It does not exist or cannot be read, and why.
    Missing(String),
    /// Its text; what is not UTF-8 is replaced, so that the other lines count.
    Text(Arc<str>),
}

/// The answer to [`Ask::Root`].
#[derive(Clone, Debug)]
pub enum RootState {
    /// It does not exist or cannot be read, and why.
    Missing(String),
    /// It has entries that would stand outside of it; a sentence about each.
    Escapes(Vec<String>),
    /// What is known of it.
    Facts {
        /// With the digest of every file.
        facts: Arc<Facts>,
        /// What of it could not be read or understood, for which the facts are opaque; a sentence about each.
        lost: Arc<[String]>,
    },
}

/// The answer to [`Ask::Package`].
#[derive(Clone, Debug)]
pub enum PackageState {
    /// It does not exist or cannot be read, and why.
    Missing(String),
    /// It is there and cannot be understood, and why.
    Broken(String),
    /// What it holds, with the digest of every file.
    Package(Arc<PackageFile>),
}

/// An answer, of the sort its question has.
#[derive(Clone, Debug)]
pub enum Answer {
    /// To [`Ask::Text`].
    Text(TextState),
    /// To [`Ask::Source`].
    Source(SourceState),
    /// To [`Ask::Archive`].
    Archive(ArchiveState),
    /// To [`Ask::Digest`].
    Digest(DigestState),
    /// To [`Ask::Contents`].
    Contents(ContentsState),
    /// To [`Ask::Root`].
    Root(RootState),
    /// To [`Ask::Package`].
    Package(PackageState),
}

/// One answer for each path.
type Answers<T> = HashMap<Arc<str>, T, FxBuildHasher>;

/// Every answer so far. Nothing depends on the order in which they came: they are only ever looked up.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    texts: Answers<TextState>,
    sources: Answers<SourceState>,
    archives: Answers<ArchiveState>,
    digests: Answers<DigestState>,
    contents: Answers<ContentsState>,
    roots: Answers<RootState>,
    packages: Answers<PackageState>,
}

impl Inputs {
    /// Notes an answer about a path; a later one takes the place of an earlier.
    pub fn set(&mut self, path: impl Into<Arc<str>>, answer: Answer) {
        let path = path.into();
        match answer {
            Answer::Text(state) => drop(self.texts.insert(path, state)),
            Answer::Source(state) => drop(self.sources.insert(path, state)),
            Answer::Archive(state) => drop(self.archives.insert(path, state)),
            Answer::Digest(state) => drop(self.digests.insert(path, state)),
            Answer::Contents(state) => drop(self.contents.insert(path, state)),
            Answer::Root(state) => drop(self.roots.insert(path, state)),
            Answer::Package(state) => drop(self.packages.insert(path, state)),
        }
    }

    /// Forgets an answer.
    pub fn forget(&mut self, ask: &Ask) {
        match ask {
            Ask::Text(path) => drop(self.texts.remove(path)),
            Ask::Source(path) => drop(self.sources.remove(path)),
            Ask::Archive(path) => drop(self.archives.remove(path)),
            Ask::Digest(path) => drop(self.digests.remove(path)),
            Ask::Contents(path) => drop(self.contents.remove(path)),
            Ask::Root(path) => drop(self.roots.remove(path)),
            Ask::Package(path) => drop(self.packages.remove(path)),
        }
    }

    /// Whether a question is answered already.
    pub fn answers(&self, ask: &Ask) -> bool {
        match ask {
            Ask::Text(path) => self.texts.contains_key(path),
            Ask::Source(path) => self.sources.contains_key(path),
            Ask::Archive(path) => self.archives.contains_key(path),
            Ask::Digest(path) => self.digests.contains_key(path),
            Ask::Contents(path) => self.contents.contains_key(path),
            Ask::Root(path) => self.roots.contains_key(path),
            Ask::Package(path) => self.packages.contains_key(path),
        }
    }

    /// The answer to [`Ask::Text`].
    pub fn text(&self, path: &str) -> Option<&TextState> {
        self.texts.get(path)
    }

    /// The answer to [`Ask::Source`].
    pub fn source(&self, path: &str) -> Option<&SourceState> {
        self.sources.get(path)
    }

    /// The answer to [`Ask::Archive`].
    pub fn archive(&self, path: &str) -> Option<&ArchiveState> {
        self.archives.get(path)
    }

    /// The answer to [`Ask::Digest`].
    pub fn digest(&self, path: &str) -> Option<&DigestState> {
        self.digests.get(path)
    }

    /// The answer to [`Ask::Contents`].
    pub fn contents(&self, path: &str) -> Option<&ContentsState> {
        self.contents.get(path)
    }

    /// The answer to [`Ask::Package`].
    pub fn package(&self, path: &str) -> Option<&PackageState> {
        self.packages.get(path)
    }

    /// The answer to [`Ask::Root`].
    pub fn root(&self, path: &str) -> Option<&RootState> {
        self.roots.get(path)
    }
}

/// Why a path in a manifest names no file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathProblem {
    /// There is nothing.
    Empty,
    /// It starts with `/`: manifests would mean something else on every machine.
    Absolute,
    /// It has a NUL byte.
    Nul,
}

impl PathProblem {
    /// What is wrong and what to do, as a sentence without a final stop.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Empty => "the path is empty",
            Self::Absolute => "the path is absolute; paths to other files are relative to the file that names them",
            Self::Nul => "the path has a NUL character in it",
        }
    }
}

/// The path that `relative` means in the file `of_file`: relative to that file's folder, normalised without looking at the disk.
/// It may lead above the working directory (`../x`); the working directory itself is `.`.
pub fn join(of_file: &str, relative: &str) -> Result<String, PathProblem> {
    if relative.is_empty() {
        return Err(PathProblem::Empty);
    }
    if relative.starts_with('/') {
        return Err(PathProblem::Absolute);
    }
    if relative.contains('\0') {
        return Err(PathProblem::Nul);
    }
    let folder = of_file.rfind('/').map_or("", |at| &of_file[..at]);
    let absolute = of_file.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(relative.split('/')) {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(&last) if last != ".." => drop(parts.pop()),
                // Above the root of a file system is the root.
                _ if absolute => {}
                _ => parts.push(".."),
            },
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    Ok(match (absolute, path.is_empty()) {
        (true, _) => format!("/{path}"),
        (false, true) => String::from("."),
        (false, false) => path,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_file_that_names_them() {
        let join = |file, path| join(file, path).unwrap_or_else(|problem| format!("{problem:?}"));
        assert_eq!(join("a/b.toml", "../x"), "x");
        assert_eq!(join("b.toml", "../x"), "../x");
        assert_eq!(join("../up/b.toml", "../../x//y/."), "../../x/y");
        assert_eq!(join("a/b.toml", "x/../../.."), "..");
        assert_eq!(join("b.toml", "./"), ".");
        assert_eq!(join("/abs/b.toml", "../../../x"), "/x");
        assert_eq!(join("b.toml", ""), "Empty");
        assert_eq!(join("b.toml", "/etc"), "Absolute");
        assert_eq!(join("b.toml", "a\0b"), "Nul");
    }

    #[test]
    fn answers_are_found_until_they_are_forgotten() {
        let mut inputs = Inputs::default();
        let ask = Ask::Source("a".into());
        assert!(!inputs.answers(&ask));
        inputs.set("a", Answer::Source(SourceState::File { size: 1, executable: false }));
        assert!(inputs.answers(&ask) && inputs.source("a").is_some() && inputs.digest("a").is_none());
        inputs.forget(&ask);
        assert!(!inputs.answers(&ask));
    }
}
