//! A package file: the tree it unpacks, and what it says of itself and of other packages.

use std::cmp::Ordering;
use std::sync::Arc;

use super::Tree;
pub use super::version::PackageFormat;

/// How a version is compared in a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Comparison {
    /// `<<` or `<`.
    Earlier,
    /// `<=`.
    EarlierOrEqual,
    /// `=`.
    Equal,
    /// `>=`.
    LaterOrEqual,
    /// `>>` or `>`.
    Later,
}

impl Comparison {
    /// As a person reads it.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Earlier => "<",
            Self::EarlierOrEqual => "<=",
            Self::Equal => "=",
            Self::LaterOrEqual => ">=",
            Self::Later => ">",
        }
    }

    const fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Earlier => order.is_lt(),
            Self::EarlierOrEqual => order.is_le(),
            Self::Equal => order.is_eq(),
            Self::LaterOrEqual => order.is_ge(),
            Self::Later => order.is_gt(),
        }
    }
}

/// A package by name, maybe only in some versions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Relation {
    /// The name.
    pub name: Box<str>,
    /// Which versions are meant; all if none.
    pub versions: Option<(Comparison, Box<str>)>,
}

impl Relation {
    /// Whether a package is meant. Of a version that is not known only a relation without one is sure.
    pub fn means(&self, format: PackageFormat, name: &str, version: Option<&str>) -> bool {
        *self.name == *name
            && match (&self.versions, version) {
                (None, _) => true,
                (Some((comparison, than)), Some(version)) => comparison.holds(format.compare(version, than)),
                (Some(_), None) => false,
            }
    }
}

impl std::fmt::Display for Relation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.versions {
            None => f.write_str(&self.name),
            Some((comparison, than)) => write!(f, "{} ({} {than})", self.name, comparison.sign()),
        }
    }
}

/// What a `.deb` or `.rpm` holds.
#[derive(Clone, Debug)]
pub struct PackageFile {
    /// By whose rules.
    pub format: PackageFormat,
    /// Its name.
    pub name: Arc<str>,
    /// Its whole version, with epoch and revision.
    pub version: Arc<str>,
    /// For which machines.
    pub architecture: Box<str>,
    /// What it unpacks at `/`.
    pub tree: Arc<Tree>,
    /// The scripts that run when it is installed, by their names.
    pub scripts: Vec<&'static str>,
    /// Files that the administrator may change, sorted; relative to `/`. dpkg keeps one that is there already.
    pub conffiles: Vec<Box<str>>,
    /// What must be installed with it: of each group one.
    pub depends: Vec<Vec<Relation>>,
    /// What cannot be installed with it.
    pub conflicts: Vec<Relation>,
    /// Whose files it may take over.
    pub replaces: Vec<Relation>,
    /// What else it counts as.
    pub provides: Vec<Relation>,
}

impl PackageFile {
    /// Whether it may take over the files of a package: another version of itself, or one that it says it replaces.
    pub fn takes_over(&self, name: &str, version: Option<&str>) -> bool {
        // Which version the owner of a file has is not always known; who says that he replaces it means files of old.
        *self.name == *name
            || self.replaces.iter().any(|relation| match version {
                Some(_) => relation.means(self.format, name, version),
                None => *relation.name == *name,
            })
    }

    /// Whether a path, relative to `/`, is a configuration file of its.
    pub fn is_conffile(&self, path: &str) -> bool {
        self.conffiles.binary_search_by(|conffile| (**conffile).cmp(path)).is_ok()
    }
}
