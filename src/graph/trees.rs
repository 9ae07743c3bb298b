//! Folders, archives and clones put at their places: every entry becomes a row of its own.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::image::{EntryRow, Image};
use super::layer::{Known, Layer};
use super::packages;
use crate::catalog::Code;
use crate::entity::{Cause, Content, EXISTS, Means, Owner, ParentRule, PathFacts, Provide, Require, Strength, What};
use crate::fragment::{Fragment, Graft, GraftFrom, LinkRow};
use crate::inputs::{ArchiveState, DigestState, Inputs, PackageState, SourceState};
use crate::intern::{EntityId, EntityType};
use crate::message;
use crate::tree;
use crate::tree::{Entry, FileType, ProblemKind, Tree};

/// Reads what the inputs say of every source and adds the rows of every tree.
pub fn graft(image: &mut Image, inputs: &Inputs, images: &FxHashMap<String, Layer>) {
    for number in 0..image.grafts.len() {
        let fragment = image.files[image.grafts[number].file as usize].fragment.clone();
        let graft = image.grafts[number].graft.clone();
        match &graft.from {
            GraftFrom::Folder { source } => folder(image, number, &fragment, &graft, *source, inputs),
            GraftFrom::Archive { source, strip, names } => {
                let path = &fragment.sources[*source as usize].path;
                if let Some(ArchiveState::Tree(tree)) = inputs.archive(path) {
                    let tree = if *strip == 0 { tree.clone() } else { Arc::new(tree.stripped(*strip as usize)) };
                    let tree = excluded(&tree, &graft);
                    problems(image, &graft, &tree, path);
                    put(image, number, &graft, tree, Owners::Archive { names: *names }, false);
                }
            }
            GraftFrom::Package { source } => {
                let path = &fragment.sources[*source as usize].path;
                if let Some(PackageState::Package(package)) = inputs.package(path) {
                    problems(image, &graft, &package.tree, path);
                    packages::graft(image, number, &graft, package);
                }
            }
            GraftFrom::Image { reference, path, .. } => {
                let Some(layer) = images.get(&fragment.references[*reference as usize].path) else { continue };
                clone(image, number, &graft, layer, &fragment.entities.text(*path), inputs);
            }
        }
    }
}

/// The digest of a host file, or of a file in a folder that was read as a tree; known where digests were asked for.
fn digest_of(source: &str, inputs: &Inputs) -> Option<[u8; 32]> {
    if let Some(DigestState::File { digest, .. }) = inputs.digest(source) {
        return Some(*digest);
    }
    in_folder(source, inputs).and_then(|entry| entry.digest)
}

/// How many bytes are in a host file, known likewise.
fn size_of(source: &str, inputs: &Inputs) -> Option<u64> {
    if let Some(DigestState::File { size, .. }) = inputs.digest(source) {
        return Some(*size);
    }
    in_folder(source, inputs).and_then(|entry| entry.size)
}

/// A file in a folder that was read as a tree.
fn in_folder<'i>(source: &str, inputs: &'i Inputs) -> Option<&'i Entry> {
    source.match_indices('/').rev().find_map(|(at, _)| match inputs.digest(&source[..at]) {
        Some(DigestState::Tree(tree)) => tree.get(&source[at + 1..]),
        _ => None,
    })
}

/// Whose the entries of a tree are where the feature does not say.
#[derive(Clone, Copy)]
pub(super) enum Owners {
    /// root's, as of everything installed.
    Root,
    /// The archive's.
    Archive { names: bool },
    /// The package's, by name. Who is missing is no matter: a script of the package makes him first, or the manager takes root.
    Package,
    /// As in the other image, by name.
    Names,
}

fn folder(image: &mut Image, number: usize, fragment: &Fragment, graft: &Graft, source: u32, inputs: &Inputs) {
    let Some(row) = image.grafts[number].provide else { return };
    let path = &fragment.sources[source as usize].path;
    let What::Path(mut facts) = image.provides[row as usize].what else { return };
    match inputs.source(path) {
        Some(SourceState::File { executable, .. }) => {
            facts.file_type = Some(FileType::File);
            facts.mode = Some(graft.mode.unwrap_or(if *executable { 0o755 } else { 0o644 }));
            image.provides[row as usize].what = What::Path(facts);
        }
        Some(SourceState::Directory(tree)) => {
            let tree = excluded(tree, graft);
            problems(image, graft, &tree, path);
            put(image, number, graft, tree, Owners::Root, true);
        }
        Some(SourceState::Special(what)) => {
            let location = image.at(graft.feature, graft.span);
            let message = format!(
                "the source {} is {what}, and only files, folders and links can be installed",
                message::quoted(path)
            );
            let main = image.features[graft.feature as usize].main;
            let diagnostic = image.diagnostic(Code::InvalidValue, main, location, message);
            image.report(diagnostic, Vec::new());
        }
        Some(SourceState::Missing(_)) | None => {}
    }
}

/// The tree as it is put into the image: without what the feature excludes.
fn excluded(tree: &Arc<Tree>, graft: &Graft) -> Arc<Tree> {
    if graft.exclude.is_empty() {
        return tree.clone();
    }
    let mut builder = ignore::gitignore::GitignoreBuilder::new("/");
    for pattern in &graft.exclude {
        // A pattern that does not parse was reported when the manifest was read.
        let _ = builder.add_line(None, pattern);
    }
    match builder.build() {
        Ok(matcher) => Arc::new(tree.without(|path, is_directory| matcher.matched(path, is_directory).is_ignore())),
        Err(_) => tree.clone(),
    }
}

/// Entries that cannot be part of an image, as one finding for the tree.
fn problems(image: &mut Image, graft: &Graft, tree: &Tree, path: &str) {
    let Some(first) = tree.problems().first() else { return };
    let code = match first.kind {
        ProblemKind::Invalid | ProblemKind::Name | ProblemKind::Escape => Code::InvalidValue,
        ProblemKind::Unreadable => Code::MissingSource,
    };
    let location = image.at(graft.feature, graft.span);
    let message = format!("in {}: {} {}", message::quoted(path), message::quoted(&first.path), first.message);
    let main = image.features[graft.feature as usize].main;
    let mut diagnostic = image.diagnostic(code, main, location, message);
    for problem in tree.problems().iter().skip(1).take(20) {
        diagnostic.notes.push(format!("{} {}", message::quoted(&problem.path), problem.message));
    }
    if tree.problems().len() > 21 {
        diagnostic.notes.push(format!("{} more entries of it are wrong", tree.problems().len() - 21));
    }
    image.report(diagnostic, Vec::new());
}

/// Adds a row for every entry of a tree below its place.
pub(super) fn put(image: &mut Image, number: usize, graft: &Graft, tree: Arc<Tree>, owners: Owners, with_root: bool) {
    let stands = image.grafts[number].provide;
    let mut ids: Vec<(EntityId, usize)> = Vec::new();
    for (index, entry) in tree.entries().iter().enumerate() {
        // Directories above come first, so the stack always holds the way to this entry.
        let place = if entry.path.is_empty() {
            graft.at
        } else {
            let parent = tree::parent_of(&entry.path).unwrap_or("");
            while ids.last().is_some_and(|&(_, above)| *tree.entries()[above].path != *parent) {
                ids.pop();
            }
            let above = match ids.last() {
                Some(&(above, _)) => above,
                // Below something that is no directory of the tree: through one of its links.
                None => {
                    parent.split('/').filter(|name| !name.is_empty()).fold(graft.at, |at, name| image.child(at, name))
                }
            };
            image.child(above, entry.name())
        };
        if entry.file_type == FileType::Directory {
            ids.push((place, index));
        }
        let is_root = entry.path.is_empty();
        if is_root && !with_root {
            continue;
        }
        let facts = facts(image, graft, &tree, index, place, owners);
        let mut row = Provide {
            feature: graft.feature,
            entity: place,
            what: What::Path(facts),
            span: graft.span,
            strength: if entry.file_type != FileType::Directory {
                Strength::Explicit
            } else if entry.listed {
                Strength::Weak
            } else {
                Strength::Implied
            },
            means: Means::Contained,
            parent: ParentRule::Free,
            into: false,
        };
        let content = Content::Entry(image.entries.len() as u32);
        if let What::Path(facts) = &mut row.what
            && !matches!(facts.content, Content::SameAs(_))
            && facts.file_type != Some(FileType::Directory)
        {
            facts.content = content;
        }
        image.entries.push(EntryRow { graft: number as u32, tree: tree.clone(), entry: index as u32 });
        if is_root && let Some(stands) = stands {
            row.span = image.provides[stands as usize].span;
            row.parent =
                if place == EntityId::ROOT { ParentRule::Free } else { image.provides[stands as usize].parent };
            image.provides[stands as usize] = row;
            image.features[graft.feature as usize].main = Some(place);
        } else {
            image.provides.push(row);
        }
        let provide = if is_root && let Some(stands) = stands { stands } else { image.provides.len() as u32 - 1 };
        if let Some(target) = entry.link_text() {
            image.links.push(LinkRow { provide, target: target.into(), span: graft.span, validator: Some(EXISTS) });
        }
    }
    image.grafts[number].tree = Some(tree);
}

fn facts(image: &mut Image, graft: &Graft, tree: &Tree, index: usize, _place: EntityId, owners: Owners) -> PathFacts {
    let entry = &tree.entries()[index];
    let mut given = 0;
    let mode = match (entry.file_type, owners) {
        (FileType::Symlink, _) => Some(0o777),
        (FileType::Directory, Owners::Root) => Some(0o755),
        (_, Owners::Root) => {
            if graft.mode.is_some() {
                given |= PathFacts::MODE;
            }
            graft.mode.or(entry.executable().map(|executable| if executable { 0o755 } else { 0o644 }))
        }
        _ => {
            if entry.mode.is_some() && entry.listed {
                given |= PathFacts::MODE;
            }
            entry.mode
        }
    };
    let mut owner =
        |own: &Option<tree::Owner>, id: Option<u32>, set: Owner, bit: u8, root: EntityId, entity_type: EntityType| {
            if graft.owners.given & bit != 0 {
                given |= bit;
                return set;
            }
            let own = match owners {
                Owners::Root => return Owner::Name(root),
                Owners::Archive { names: false } => id.map(tree::Owner::Number).or_else(|| own.clone()),
                Owners::Archive { names: true } | Owners::Package | Owners::Names => {
                    own.clone().or(id.map(tree::Owner::Number))
                }
            };
            if entry.listed {
                given |= bit;
            }
            match own {
                Some(tree::Owner::Name(name)) => {
                    let name = image.entities.name(entity_type, &name);
                    image.extend_spots();
                    if name != root && !matches!(owners, Owners::Package) {
                        let cause = if entity_type == EntityType::User { Cause::User } else { Cause::Group };
                        image.requires.push(Require {
                            feature: graft.feature,
                            entity: name,
                            span: graft.span,
                            validator: EXISTS,
                            cause,
                            ordered: true,
                        });
                    }
                    Owner::Name(name)
                }
                Some(tree::Owner::Number(0)) => Owner::Name(root),
                Some(tree::Owner::Number(number)) => Owner::Number(number),
                None => Owner::Name(root),
            }
        };
    let user = owner(&entry.user, entry.uid, graft.owners.user, PathFacts::USER, EntityId::USER_ROOT, EntityType::User);
    let group =
        owner(&entry.group, entry.gid, graft.owners.group, PathFacts::GROUP, EntityId::GROUP_ROOT, EntityType::Group);
    let content = match entry.first_name() {
        Some(first) => {
            let mut at = graft.at;
            for name in first.split('/').filter(|name| !name.is_empty()) {
                at = image.child(at, name);
            }
            Content::SameAs(at)
        }
        None => Content::None,
    };
    PathFacts { file_type: Some(entry.file_type), mode, user, group, given, content }
}

fn clone(image: &mut Image, number: usize, graft: &Graft, layer: &Layer, path: &str, inputs: &Inputs) {
    let Some(row) = image.grafts[number].provide else { return };
    let GraftFrom::Image { span, .. } = &graft.from else { return };
    let location = image.at(graft.feature, *span);
    let found = super::links::follow_in_layer(layer, path);
    let root = Known { file_type: Some(FileType::Directory), mode: Some(0o755), ..Known::default() };
    let is_root = found == Some(layer.root(EntityType::Path));
    let found = found.and_then(|spot| Some((spot, layer.known(spot).or(is_root.then_some(&root))?)));
    image.grafts[number].layer = Some(layer.clone());
    let Some((spot, known)) = found else {
        if !layer.opaque {
            let entity = image.entities.path(path);
            image.extend_spots();
            let mut diagnostic = image.diagnostic(
                Code::Missing,
                Some(entity),
                location,
                format!("image `{}` has no {}, which is to be cloned from it", layer.name, message::quoted(path)),
            );
            diagnostic.label = format!("not in `{}`", layer.name);
            image.report(diagnostic, Vec::new());
        }
        return;
    };
    let mut entries: Vec<Entry> = if known.file_type == Some(FileType::Directory) || path == "/" {
        layer.subtree(spot).into_iter().map(|(path, known)| entry_of(path, known, inputs)).collect()
    } else {
        vec![entry_of(String::new(), known, inputs)]
    };
    if is_root && entries.first().is_none_or(|entry| !entry.path.is_empty()) {
        entries.push(entry_of(String::new(), known, inputs));
    }
    let mut graft = graft.clone();
    if known.file_type != Some(FileType::Directory) {
        // A single file: the row that stands for it is already at its place, inside `dst/` where that was meant.
        graft.at = image.provides[row as usize].entity;
    }
    let single = known.file_type != Some(FileType::Directory);
    let tree = excluded(&Arc::new(Tree::new(entries, Vec::new())), &graft);
    image.grafts[number].cloned = Some(tree.clone());
    put(image, number, &graft, tree, Owners::Names, true);
    if single {
        image.provides[row as usize].means = Means::Made;
        image.grafts[number].tree = None;
    }
}

fn entry_of(path: String, known: &Known, inputs: &Inputs) -> Entry {
    let mut entry = Entry::new(path, known.file_type.unwrap_or(FileType::File));
    entry.mode = known.mode;
    entry.user = known.user.clone();
    entry.group = known.group.clone();
    entry.target = known.target.clone();
    entry.digest = known.digest.or_else(|| known.source.as_deref().and_then(|source| digest_of(source, inputs)));
    entry.size = known.size.or_else(|| known.source.as_deref().and_then(|source| size_of(source, inputs)));
    entry.device = known.device;
    entry.listed = true;
    entry
}
