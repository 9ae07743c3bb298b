//! A part of an image: some entities with every row that provides them, some of those that require them, and nothing else.
//! The rules judge it as they judge a whole one, so what an edit touched can be looked at again alone.

use rustc_hash::FxHashMap;

use super::image::{File, Image, ImageGraft};
use super::trees;
use crate::entity::{COMMON_VALIDATORS, Content, Owner, PathFacts, Provide, Require, Validator, What};
use crate::fragment::{Feature, Fragment, GraftFrom};
use crate::inputs::{DigestState, Inputs};
use crate::intern::{Entities, EntityId, EntityType};
use crate::text::Span;

/// What became of one file since the image was linked: features before and after some others are as they were.
pub trait Edited {
    /// The file as it is now.
    fn fragment(&self) -> &std::sync::Arc<Fragment>;
    /// The file as it was.
    fn before(&self) -> &Fragment;
    /// A feature's number now, by the number it had; both count in the file.
    fn feature(&self, before: u32) -> Option<u32>;
    /// A place now, by where it was.
    fn span(&self, before: Span) -> Option<Span>;
    /// The features that came, by their numbers now, and before which of the old ones they stand.
    fn come(&self) -> (std::ops::Range<u32>, u32);
}

/// What a part is made of, in numbers of the whole.
pub struct Selection<'w, E> {
    /// The image as it was linked.
    pub whole: &'w Image,
    /// The files that changed since.
    pub edits: &'w FxHashMap<u32, E>,
    /// The entities of the whole and those that the new features name.
    pub entities: Entities,
    /// Rows of `provides`, sorted.
    pub provides: Vec<u32>,
    /// Rows of `requires`, sorted.
    pub requires: Vec<u32>,
    /// Features without rows, that are spoken of.
    pub features: Vec<u32>,
}

/// Where a feature of a part comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// Its number in the whole; of a new one that of the feature it stands before.
    pub whole: u32,
    /// Whether it was there.
    pub kept: bool,
    /// The file.
    pub file: u32,
    /// Of a new feature its number in the file.
    pub own: u32,
}

/// A part, and where its features are from.
pub struct Part {
    /// Its rows, at their places.
    pub image: Image,
    /// By feature.
    pub origins: Vec<Origin>,
}

/// A fragment's entities as those of the image.
pub struct Names<'f> {
    fragment: &'f Fragment,
    known: FxHashMap<EntityId, EntityId>,
}

impl<'f> Names<'f> {
    /// Of a fragment.
    pub fn new(fragment: &'f Fragment) -> Self {
        Self { fragment, known: FxHashMap::default() }
    }

    /// The same entity in the image, made there if it is new.
    pub fn of(&mut self, entities: &mut Entities, id: EntityId) -> EntityId {
        let mut way = Vec::new();
        let mut at = id;
        let mut found = loop {
            if at.index() < EntityType::ALL.len() {
                break at;
            }
            if let Some(&known) = self.known.get(&at) {
                break known;
            }
            way.push(at);
            at = self.fragment.entities.parent(at);
        };
        for step in way.into_iter().rev() {
            found = entities.child(found, self.fragment.entities.last(step));
            self.known.insert(step, found);
        }
        found
    }

    fn owner(&mut self, entities: &mut Entities, owner: Owner) -> Owner {
        match owner {
            Owner::Name(name) => Owner::Name(self.of(entities, name)),
            other => other,
        }
    }
}

/// The rows of one feature among rows that are sorted by feature.
pub fn rows_of<T>(rows: &[T], feature: u32, of: impl Fn(&T) -> u32) -> std::ops::Range<usize> {
    let start = rows.partition_point(|row| of(row) < feature);
    start..start + rows[start..].partition_point(|row| of(row) == feature)
}

impl<E: Edited> Selection<'_, E> {
    /// The part itself; nothing if a row does not allow to be looked at alone.
    pub fn make(mut self, inputs: &Inputs) -> Option<Part> {
        let whole = self.whole;
        let mut origins: Vec<Origin> = self
            .provides
            .iter()
            .map(|&row| whole.provides[row as usize].feature)
            .chain(self.requires.iter().map(|&row| whole.requires[row as usize].feature))
            .chain(self.features.iter().copied())
            .map(|feature| Origin { whole: feature, kept: true, file: whole.file_of(feature), own: 0 })
            .collect();
        origins.extend(self.edits.iter().flat_map(|(&file, edit)| {
            let (come, at) = edit.come();
            let first = whole.files[file as usize].features;
            come.map(move |own| Origin { whole: first + at, kept: false, file, own })
        }));
        // By file, and there by place.
        origins.sort_unstable_by_key(|origin| (origin.file, origin.whole, origin.kept, origin.own));
        origins.dedup();
        let number: FxHashMap<u32, u32> = origins
            .iter()
            .enumerate()
            .filter(|(_, origin)| origin.kept)
            .map(|(at, origin)| (origin.whole, at as u32))
            .collect();
        let mut image = Image::empty(whole.name.clone(), whole.base.clone(), whole.ids.clone(), whole.alone);
        image.manifest.clone_from(&whole.manifest);
        image.manager = whole.manager;
        image.validators.clone_from(&whole.validators);
        image.accounts.clone_from(&whole.accounts);
        image.account_files.clone_from(&whole.account_files);
        image.source_digests.clone_from(&whole.source_digests);
        image.opaque_phases = whole.opaque_phases;
        image.opaque_features =
            whole.opaque_features.iter().filter_map(|feature| number.get(feature).copied()).collect();
        image.spots.clone_from(&whole.spots);
        image.gone.clone_from(&whole.gone);
        image.taken.clone_from(&whole.taken);
        for origin in &origins {
            let (feature, place) = if origin.kept {
                (self.kept_feature(origin)?, whole.places.get(origin.whole as usize).copied().flatten())
            } else {
                (self.edits[&origin.file].fragment().features[origin.own as usize], None)
            };
            image.features.push(feature);
            image.places.push(place);
        }
        for &row in &self.provides {
            let provide = self.kept_provide(row, &number)?;
            image.provides.push(provide);
        }
        for &row in &self.requires {
            let require = self.kept_require(row, &number)?;
            image.requires.push(require);
        }
        let mut grafted: Vec<(u32, u32, u32)> = Vec::new();
        let mut entities = std::mem::take(&mut self.entities);
        let mut at = 0;
        while at < origins.len() {
            let origin = origins[at];
            if origin.kept {
                at += 1;
                continue;
            }
            let end = at + origins[at..].iter().take_while(|other| !other.kept && other.file == origin.file).count();
            let fragment = self.edits[&origin.file].fragment().clone();
            add_new(
                &mut image,
                &mut entities,
                &fragment,
                origin.file,
                at as u32,
                origin.own,
                (end - at) as u32,
                &mut grafted,
            )?;
            at = end;
        }
        for &(_, file, source) in &grafted {
            let path = &self.edits[&file].fragment().sources[source as usize].path;
            match inputs.digest(path) {
                Some(DigestState::File { digest, .. }) => drop(image.source_digests.insert(path.to_string(), *digest)),
                Some(_) => return None,
                None => {}
            }
        }
        image.entities = entities;
        image.extend_spots();
        for (number, file) in whole.files.iter().enumerate() {
            let number = number as u32;
            let fragment = self.edits.get(&number).map_or(&file.fragment, Edited::fragment);
            let features = origins.partition_point(|origin| origin.file < number) as u32;
            let used = origins.get(features as usize).is_some_and(|origin| origin.file == number);
            image.files.push(File {
                fragment: std::sync::Arc::new(shell(fragment, used)),
                features,
                provides: 0,
                requires: 0,
                entities: Vec::new(),
                accounts: 0,
                included: file.included.clone(),
            });
        }
        image.sort_rows(&grafted, inputs)?;
        Some(Part { image, origins })
    }

    fn kept_feature(&self, origin: &Origin) -> Option<Feature> {
        let row = self.whole.features[origin.whole as usize];
        let Some(edit) = self.edits.get(&origin.file) else { return Some(row) };
        let own = edit.feature(origin.whole - self.whole.files[origin.file as usize].features)?;
        let now = &edit.fragment().features[own as usize];
        Some(Feature { node: now.node, element: now.element, origin: now.origin, ..row })
    }

    fn kept_provide(&self, row: u32, number: &FxHashMap<u32, u32>) -> Option<Provide> {
        let whole = self.whole;
        let mut provide = whole.provides[row as usize];
        let feature = provide.feature;
        provide.feature = *number.get(&feature)?;
        let file = whole.file_of(feature);
        let Some(edit) = self.edits.get(&file) else { return Some(provide) };
        let file = &whole.files[file as usize];
        let rows = &edit.before().provides;
        let local = (row as usize).checked_sub(file.provides as usize).filter(|&local| local < rows.len());
        match local {
            Some(local) => {
                let (before, now) = (feature - file.features, edit.feature(feature - file.features)?);
                let rows_now = &edit.fragment().provides;
                let in_feature = local - rows_of(rows, before, |row| row.feature).start;
                let now = rows_now.get(rows_of(rows_now, now, |row| row.feature).start + in_feature)?;
                provide.span = now.span;
                if let (What::Path(facts), What::Path(own)) = (&mut provide.what, now.what) {
                    // Nodes and sources are counted anew in every fragment.
                    if !matches!(facts.content, Content::SameAs(_)) {
                        facts.content = own.content;
                    }
                }
                if let (What::Package(version), What::Package(own)) = (&mut provide.what, now.what) {
                    *version = own;
                }
            }
            None => provide.span = edit.span(provide.span)?,
        }
        Some(provide)
    }

    fn kept_require(&self, row: u32, number: &FxHashMap<u32, u32>) -> Option<Require> {
        let whole = self.whole;
        let mut require = whole.requires[row as usize];
        let feature = require.feature;
        require.feature = *number.get(&feature)?;
        if let Some(edit) = self.edits.get(&whole.file_of(feature)) {
            require.span = edit.span(require.span)?;
        }
        Some(require)
    }
}

/// What of a fragment rows and words refer to, without its own rows.
fn shell(fragment: &Fragment, used: bool) -> Fragment {
    let mut shell = Fragment::new(fragment.source.clone(), fragment.document.clone());
    shell.head = fragment.head.clone();
    if used {
        shell.sources.clone_from(&fragment.sources);
        shell.references.clone_from(&fragment.references);
    }
    shell
}

/// Adds the rows of features that are new; their entities are taken as places, which whoever selected them has made sure of.
#[allow(clippy::too_many_arguments)]
fn add_new(
    image: &mut Image,
    entities: &mut Entities,
    fragment: &Fragment,
    file: u32,
    first: u32,
    own: u32,
    count: u32,
    grafted: &mut Vec<(u32, u32, u32)>,
) -> Option<()> {
    let mut names = Names::new(fragment);
    let number = |feature: u32| (own..own + count).contains(&feature).then(|| first + feature - own);
    for feature in &mut image.features[first as usize..(first + count) as usize] {
        feature.main = feature.main.map(|main| names.of(entities, main));
    }
    let validators = image.validators.len() as u32;
    let common = COMMON_VALIDATORS.len() as u32;
    for validator in &fragment.validators[common as usize..] {
        let validator = Validator {
            user: validator.user.map(|owner| names.owner(entities, owner)),
            group: validator.group.map(|owner| names.owner(entities, owner)),
            ..*validator
        };
        image.validators.push(validator);
    }
    for (local, row) in fragment.provides.iter().enumerate() {
        let Some(feature) = number(row.feature) else { continue };
        let what = match row.what {
            What::Path(facts) => What::Path(PathFacts {
                user: names.owner(entities, facts.user),
                group: names.owner(entities, facts.group),
                ..facts
            }),
            What::Virtual => What::Virtual,
            What::User(_) | What::Group(_) | What::Package(_) => return None,
        };
        let entity = names.of(entities, row.entity);
        if let Some(graft) = fragment.grafts.iter().find(|graft| graft.provide == Some(local as u32)) {
            let GraftFrom::Folder { source } = graft.from else { return None };
            grafted.push((image.provides.len() as u32, file, source));
        }
        image.provides.push(Provide { feature, entity, what, ..*row });
        image.places[feature as usize].get_or_insert(entity);
    }
    for row in &fragment.requires {
        let Some(feature) = number(row.feature) else { continue };
        let validator = if row.validator < common { row.validator } else { validators + row.validator - common };
        image.requires.push(Require { feature, entity: names.of(entities, row.entity), validator, ..*row });
    }
    for graft in &fragment.grafts {
        if let (Some(feature), Some(provide)) = (number(graft.feature), graft.provide) {
            let mut graft = graft.clone();
            graft.feature = feature;
            image.grafts.push(ImageGraft {
                graft,
                file,
                tree: None,
                layer: None,
                cloned: None,
                provide: Some(provide),
            });
        }
    }
    Some(())
}

impl Image {
    /// Brings the rows of a part into the order of its features, and reads what the new ones' sources are.
    fn sort_rows(&mut self, grafted: &[(u32, u32, u32)], inputs: &Inputs) -> Option<()> {
        let mut order: Vec<u32> = (0..self.provides.len() as u32).collect();
        order.sort_by_key(|&row| self.provides[row as usize].feature);
        let mut number = vec![0u32; order.len()];
        for (at, &row) in order.iter().enumerate() {
            number[row as usize] = at as u32;
        }
        self.provides = order.iter().map(|&row| self.provides[row as usize]).collect();
        self.requires.sort_by_key(|row| row.feature);
        for (graft, &(row, ..)) in self.grafts.iter_mut().zip(grafted) {
            graft.provide = Some(number[row as usize]);
        }
        if self.grafts.len() != grafted.len() {
            return None;
        }
        trees::graft(self, inputs, &FxHashMap::default());
        // A folder is more than what can be looked at alone, and so is what cannot be read.
        let is_file = |graft: &ImageGraft| {
            let facts = graft.provide.map(|row| self.provides[row as usize].what);
            graft.tree.is_none() && matches!(facts, Some(What::Path(facts)) if facts.file_type.is_some())
        };
        if !self.grafts.iter().all(is_file) || !self.findings.is_empty() {
            return None;
        }
        self.grafts.clear();
        for at in 0..self.files.len() {
            let first = self.files[at].features;
            self.files[at].provides = self.provides.partition_point(|row| row.feature < first) as u32;
            self.files[at].requires = self.requires.partition_point(|row| row.feature < first) as u32;
        }
        Some(())
    }
}
