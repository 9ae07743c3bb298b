//! Package databases of a root: what is installed, and which package owns which path.

mod apk;
mod dpkg;
mod rpm;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

use super::root::Places;
use crate::facts::PackageFact;

/// Contents of files, by path.
pub(super) type Contents = BTreeMap<Box<str>, Vec<u8>>;

/// What package databases say of a root.
#[derive(Default)]
pub(super) struct Packages {
    /// Sorted.
    pub(super) packages: Vec<PackageFact>,
    /// By number of an entry, the package that alone owns it.
    pub(super) owners: Vec<(usize, Arc<str>)>,
    /// What of a database cannot be read or understood; each a sentence.
    pub(super) lost: Vec<String>,
}

/// Whether a file of a root is a package database or a part of one.
pub(super) fn is_database(path: &str) -> bool {
    dpkg::is_database(path) || apk::is_database(path) || rpm::is_database(path)
}

/// Reads all databases of a root.
pub(super) fn read(places: &mut Places<'_>, contents: &Contents, notes: &mut Vec<String>) -> Packages {
    let mut found = Installed::default();
    dpkg::read(contents, &mut found, notes);
    apk::read(contents, &mut found);
    rpm::read(contents, &mut found, notes);
    let mut packages = std::mem::take(&mut found.packages);
    packages.sort();
    // One database may list a package in two places (the files of distroless images and dpkg's own).
    packages.dedup();
    Packages { packages, lost: std::mem::take(&mut found.lost), owners: found.owners(places) }
}

/// What databases list, before it is known where the paths lead.
#[derive(Default)]
struct Installed {
    packages: Vec<PackageFact>,
    /// Lists of paths, each with its package.
    lists: Vec<(Arc<str>, Vec<Box<str>>)>,
    /// What of a database cannot be read or understood.
    lost: Vec<String>,
}

impl Installed {
    /// Which package owns which entry. What several list belongs to none of them alone.
    fn owners(self, places: &mut Places<'_>) -> Vec<(usize, Arc<str>)> {
        let mut owners: HashMap<usize, Option<Arc<str>>, FxBuildHasher> = HashMap::default();
        for (package, paths) in self.lists {
            for path in paths {
                let Some(at) = places.find(&path) else { continue };
                owners
                    .entry(at)
                    .and_modify(|known| {
                        if known.as_ref() != Some(&package) {
                            *known = None;
                        }
                    })
                    .or_insert_with(|| Some(package.clone()));
            }
        }
        let mut owners: Vec<(usize, Arc<str>)> =
            owners.into_iter().filter_map(|(at, package)| Some((at, package?))).collect();
        owners.sort_unstable();
        owners
    }
}
