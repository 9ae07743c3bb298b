//! Package files: rows of all that they unpack, and what they say of other packages.

use std::ops::Range;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::image::Image;
use super::layer::{Known, Spot};
use super::links::follow_in_layer;
use super::slots::{Slots, There};
use super::trees;
use crate::catalog::Code;
use crate::diagnostic::Role;
use crate::entity::{Means, ParentRule, PathFacts, Phase, Provide, Strength, What};
use crate::fragment::{Feature, Graft, GraftFrom};
use crate::intern::{EntityId, EntityType};
use crate::message;
use crate::tree::FileType;
use crate::tree::package::{PackageFile, PackageFormat, Relation};

/// A package file and the rows of what it unpacks.
pub struct PackageRows {
    /// The feature that names it.
    pub feature: u32,
    /// By their numbers in the image's `provides`.
    pub rows: Range<u32>,
    /// What it holds.
    pub package: Arc<PackageFile>,
    /// Where it is named.
    graft: u32,
}

impl PackageRows {
    /// The package file without its rows, named by another feature: for a part of an image that speaks of it.
    pub fn named_by(&self, feature: u32) -> Self {
        Self { feature, rows: 0..0, package: self.package.clone(), graft: self.graft }
    }
}

/// Package files by the names of what they are and of what they count as.
struct Names<'i>(FxHashMap<&'i str, Vec<&'i PackageRows>>);

impl<'i> Names<'i> {
    fn of(image: &'i Image) -> Self {
        let mut names: FxHashMap<&str, Vec<&PackageRows>> = FxHashMap::default();
        for rows in &image.packages {
            names.entry(&rows.package.name).or_default().push(rows);
            for relation in rows.package.provides.iter().filter(|relation| *relation.name != *rows.package.name) {
                names.entry(&relation.name).or_default().push(rows);
            }
        }
        Self(names)
    }

    /// The package files that a relation means, by what they are or by what they count as.
    fn meant(&self, relation: &Relation) -> impl Iterator<Item = &'i PackageRows> {
        self.0.get(&*relation.name).into_iter().flatten().copied().filter(|rows| {
            let package = &rows.package;
            relation.means(package.format, &package.name, Some(&package.version))
                || package.provides.iter().any(|its| {
                    let version = its.versions.as_ref().map(|(_, version)| &**version);
                    relation.means(package.format, &its.name, version)
                })
        })
    }
}

/// Adds a row for the package, for what else it counts as, and for everything that it unpacks.
pub(super) fn graft(image: &mut Image, number: usize, graft: &Graft, package: &Arc<PackageFile>) {
    let start = image.provides.len() as u32;
    let mut brings = |name: &str, means: Means| {
        let entity = image.entities.name(EntityType::Package, name);
        image.provides.push(Provide {
            feature: graft.feature,
            entity,
            what: What::Package(None),
            span: graft.span,
            strength: Strength::Explicit,
            means,
            parent: ParentRule::Free,
            into: false,
        });
        entity
    };
    let entity = brings(&package.name, Means::Made);
    for relation in package.provides.iter().filter(|relation| *relation.name != *package.name) {
        brings(&relation.name, Means::Declared);
    }
    image.extend_spots();
    image.features[graft.feature as usize].main.get_or_insert(entity);
    trees::put(image, number, graft, package.tree.clone(), trees::Owners::Package, false);
    let rows = start..image.provides.len() as u32;
    image.packages.push(PackageRows { feature: graft.feature, rows, package: package.clone(), graft: number as u32 });
}

/// Packages of which everything is known are not opaque: all come as files, nothing runs, and what they depend on is there.
pub(super) fn clear_opaque(image: &mut Image) {
    let names = Names::of(image);
    let known: Vec<u32> = image
        .packages
        .chunk_by(|a, b| a.feature == b.feature)
        .filter(|files| {
            files.iter().all(|rows| is_all_known(image, &names, rows))
                && only_files(image, files[0].feature, files.len())
        })
        .map(|files| files[0].feature)
        .collect();
    // All packages of a phase are one step: of one that is opaque all are.
    let is_known = |feature: u32| known.binary_search(&feature).is_ok();
    let mut opaque_phases = [false; 5];
    for (number, _) in image.package_rows() {
        let feature = &image.features[number as usize];
        if feature.is(Feature::OPAQUE) && !is_known(number) {
            opaque_phases[feature.phase as usize] = true;
        }
    }
    for feature in known {
        let feature = &mut image.features[feature as usize];
        if !opaque_phases[feature.phase as usize] {
            feature.flags &= !Feature::OPAQUE;
        }
    }
}

/// Whether a feature names nothing but files, and all of them could be read.
fn only_files(image: &Image, feature: u32, read: usize) -> bool {
    let fragment = image.fragment_of(feature);
    let (node, text) = (image.features[feature as usize].node, fragment.source.text.as_str());
    let listed =
        fragment.document.get(node, "files", text).map_or(0, |files| fragment.document.children(files).count());
    fragment.document.get(node, "names", text).is_none() && listed == read
}

fn is_all_known(image: &Image, names: &Names<'_>, rows: &PackageRows) -> bool {
    let is_there = |relation: &Relation| {
        let phase = image.phase(rows.feature);
        names.meant(relation).any(|other| image.phase(other.feature) <= phase)
            || base_package(image, &relation.name).is_some()
    };
    rows.package.scripts.is_empty() && rows.package.depends.iter().all(|group| group.iter().any(is_there))
}

/// What the base says of a package.
fn base_package<'i>(image: &'i Image, name: &str) -> Option<&'i Known> {
    image.known(image.entities.find_name(EntityType::Package, name)?)
}

/// Files of a package that another one, installed with it, takes over are not there.
pub(super) fn give_way(image: &mut Image) {
    if image.packages.len() < 2 {
        return;
    }
    let names = Names::of(image);
    let mut dropped: Vec<u32> = Vec::new();
    for taker in &image.packages {
        let phase = image.phase(taker.feature);
        let takes =
            |other: &&PackageRows| other.package.name != taker.package.name && image.phase(other.feature) == phase;
        let owners: Vec<&PackageRows> =
            taker.package.replaces.iter().flat_map(|relation| names.meant(relation)).filter(takes).collect();
        if owners.is_empty() {
            continue;
        }
        let files = |rows: &PackageRows| rows.rows.clone().filter(|&row| is_file(image, row));
        let places: FxHashSet<EntityId> = files(taker).map(|row| image.provides[row as usize].entity).collect();
        for owner in owners {
            dropped.extend(files(owner).filter(|&row| places.contains(&image.provides[row as usize].entity)));
        }
    }
    for row in dropped {
        image.slots.states[row as usize] |= Slots::DROPPED;
    }
}

/// Files that a package of the base owns and that its next version, which a phase installs, does not bring any more. Below /etc
/// they stay: there a package manager keeps what may have been changed.
pub(super) fn left_behind(image: &Image, phase: Phase) -> Vec<String> {
    let Some(base) = &image.base else { return Vec::new() };
    let installed: Vec<&PackageFile> =
        image.packages.iter().filter(|rows| image.phase(rows.feature) == phase).map(|rows| &*rows.package).collect();
    let is_upgrade = |package: &&&PackageFile| {
        let known = base_package(image, &package.name).and_then(|known| known.version.as_deref());
        known.is_some_and(|version| *version != *package.version)
    };
    let upgraded: FxHashSet<&str> = installed.iter().filter(is_upgrade).map(|package| &*package.name).collect();
    if upgraded.is_empty() {
        return Vec::new();
    }
    // What any package of the phase brings, wherever the links of the base lead it, is no longer only the old version's.
    let mut brought: FxHashSet<Spot> = FxHashSet::default();
    let mut directories: FxHashMap<&str, Option<Spot>> = FxHashMap::default();
    for entry in installed.iter().flat_map(|package| package.tree.entries()) {
        let above = entry.path.rfind('/').map_or("", |at| &entry.path[..at]);
        let directory = *directories.entry(above).or_insert_with(|| follow_in_layer(base, above));
        brought.extend(directory.and_then(|directory| base.child(directory, entry.name())));
    }
    let mut owned = base.owned_by(|package| upgraded.contains(package));
    owned.retain(|path| {
        let Some(spot) = base.find(EntityType::Path, path) else { return false };
        let is_file = base.known(spot).is_some_and(|known| known.file_type != Some(FileType::Directory));
        is_file && !brought.contains(&spot) && !path.starts_with("/etc/")
    });
    owned
}

fn is_file(image: &Image, row: u32) -> bool {
    matches!(image.provides[row as usize].what, What::Path(facts) if facts.file_type != Some(FileType::Directory))
}

impl Image {
    /// The package file that a row comes from.
    pub fn package_file(&self, row: u32) -> Option<&Arc<PackageFile>> {
        let at = self.packages.partition_point(|rows| rows.rows.end <= row);
        self.packages.get(at).filter(|rows| rows.rows.contains(&row)).map(|rows| &rows.package)
    }

    /// The package file that a feature names by a path of the host.
    pub fn package_at(&self, feature: u32, path: &str) -> Option<&Arc<PackageFile>> {
        let from = |rows: &&PackageRows| match self.grafts[rows.graft as usize].graft.from {
            GraftFrom::Package { source } => *self.fragment_of(feature).sources[source as usize].path == *path,
            _ => false,
        };
        self.packages_of(feature).find(from).map(|rows| &rows.package)
    }

    /// The package files of a feature.
    pub fn package_files(&self, feature: u32) -> impl Iterator<Item = &Arc<PackageFile>> {
        self.packages_of(feature).map(|rows| &rows.package)
    }

    /// The same with their rows.
    pub fn packages_of(&self, feature: u32) -> impl Iterator<Item = &PackageRows> {
        let start = self.packages.partition_point(|rows| rows.feature < feature);
        self.packages[start..].iter().take_while(move |rows| rows.feature == feature)
    }
}

/// What comes of a file of a package where something is there already.
pub(super) enum Meeting {
    /// It is there already, or what is there stays.
    Stays,
    /// The package manager takes away what is there.
    TakesOver,
    /// As with every other feature.
    Ordinary,
}

/// Compares a file of a package with what was there before it.
pub(super) fn meet(image: &Image, row: u32, facts: &PathFacts, before: There<'_>) -> Meeting {
    let Some(package) = image.package_file(row) else { return Meeting::Ordinary };
    let entity = image.provides[row as usize].entity;
    let (owner, version, is_plain): (Option<Box<str>>, Option<Box<str>>, bool) = match before {
        There::Base(known) => {
            let version = known.package.as_deref().and_then(|name| base_package(image, name)?.version.clone());
            (
                known.package.as_deref().map(Into::into),
                version.map(|version| (*version).into()),
                known.file_type == Some(FileType::File),
            )
        }
        There::Slot(slot) => {
            let lead = image.slots.slots[slot as usize].lead;
            let owner = image.package_file(lead);
            let is_plain = matches!(image.slots.slots[slot as usize].what, What::Path(facts) if facts.file_type == Some(FileType::File));
            (owner.map(|owner| (*owner.name).into()), owner.map(|owner| (*owner.version).into()), is_plain)
        }
        There::Always | There::Nothing => return Meeting::Ordinary,
    };
    if let Some(owner) = owner.as_deref() {
        if owner == &*package.name && version.as_deref() == Some(&*package.version) {
            return Meeting::Stays;
        }
        if package.takes_over(owner, version.as_deref()) {
            return Meeting::TakesOver;
        }
    }
    let keeps = package.format == PackageFormat::Deb && is_plain && facts.file_type == Some(FileType::File);
    if keeps && package.is_conffile(image.entities.text(entity).trim_start_matches('/')) {
        return Meeting::Stays;
    }
    Meeting::Ordinary
}

/// Reports packages that say they cannot be installed together.
pub fn exclusions(image: &mut Image) {
    let names = Names::of(image);
    let mut found = Vec::new();
    for rows in &image.packages {
        for relation in &rows.package.conflicts {
            let said = format!(
                "package {} cannot be installed with {}",
                message::quoted(&rows.package.name),
                message::quoted(&relation.to_string())
            );
            let location = image.at(rows.feature, image.grafts[rows.graft as usize].graft.span);
            // A package may exclude all others that count as what it counts as itself.
            let other = names.meant(relation).find(|other| {
                other.package.name != rows.package.name && image.phase(other.feature) == image.phase(rows.feature)
            });
            if let Some(other) = other {
                let at = image.at(other.feature, image.grafts[other.graft as usize].graft.span);
                let entity = image.entities.find_name(EntityType::Package, &other.package.name);
                let what = format!("{} {}", other.package.name, other.package.version);
                let (location, its) = if location.order() < at.order() { (at, location) } else { (location, at) };
                found.push((
                    entity,
                    location,
                    Some(its),
                    format!("{said}, and {} is to be installed, too", message::quoted(&what)),
                    vec![rows.feature, other.feature],
                ));
            } else if let Some(known) = base_package(image, &relation.name)
                && relation.means(rows.package.format, &relation.name, known.version.as_deref())
                && !rows.package.takes_over(&relation.name, known.version.as_deref())
                && !removed(image, &relation.name, rows.feature)
            {
                let base = image.base.as_ref().map_or("", |base| &*base.name);
                let entity = image.entities.find_name(EntityType::Package, &relation.name);
                let message = format!("{said}, which parent {} has", message::quoted(base));
                found.push((entity, location, None, message, vec![rows.feature]));
            }
        }
    }
    for (entity, location, other, message, features) in found {
        let mut diagnostic = image.diagnostic(Code::Conflict, entity, location, message);
        diagnostic.label = "one of the two".to_owned();
        diagnostic.related.extend(other.map(|place| image.related(Role::Provider, entity, place, "the other")));
        diagnostic.help = Some("install only one of them, or remove the other in an earlier phase".to_owned());
        image.report(diagnostic, features);
    }
}

/// Whether a package of the base is taken away before another is installed, or with it.
fn removed(image: &Image, name: &str, feature: u32) -> bool {
    let phase = image.phase(feature);
    image.removals.iter().any(|removal| {
        image.entities.entity_type(removal.entity) == EntityType::Package
            && image.entities.last(removal.entity) == name
            && image.phase(removal.feature) <= phase
    })
}
