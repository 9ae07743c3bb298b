//! A part of an image: some entities with every row that provides them, some of those that require them, and nothing else.
//! The rules judge it as they judge a whole one, so what an edit touched can be looked at again alone, at the cost of what it
//! touched: a part counts its entities anew.

mod maker;

use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::cast::Cast;
use super::image::{Image, ImageGraft, RowId};
use super::trees;
use crate::entity::What;
use crate::fragment::Fragment;
use crate::inputs::{DigestState, Inputs};
use crate::intern::EntityId;
use crate::text::Span;
use maker::Maker;

/// What became of one file since the image was linked.
pub trait Edited {
    /// The file as it is now.
    fn fragment(&self) -> &Arc<Fragment>;
    /// The file as it was.
    fn before(&self) -> &Fragment;
    /// A feature's number now, by the number it had; both count in the file.
    fn feature(&self, before: u32) -> Option<u32>;
    /// A place now, by where it was.
    fn span(&self, before: Span) -> Option<Span>;
    /// The features that came, ascending.
    fn come(&self) -> &[Come];
}

/// Features that came to a file, one after another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Come {
    /// Their numbers now.
    pub features: Range<u32>,
    /// The number of the feature that they stand before, as it was.
    pub before: u32,
}

/// What a part is made of, in numbers of the whole.
pub struct Selection<'w, E> {
    /// The files that changed since.
    pub edits: &'w FxHashMap<u32, E>,
    /// The entities of the part.
    pub cast: Cast<'w>,
    /// Rows of `provides`, sorted.
    pub provides: Vec<u32>,
    /// Rows of `requires`, sorted.
    pub requires: Vec<u32>,
    /// Features without rows, that are spoken of.
    pub features: Vec<u32>,
    /// Rows of `links`, each with where it leads, sorted; the rows that provide them are among `provides`.
    pub links: Vec<(u32, EntityId)>,
    /// Where links that came lead, by file and number in it.
    pub targets: FxHashMap<(u32, u32), EntityId>,
}

/// Where a feature of a part comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The file.
    pub file: u32,
    /// Its number in the whole; of a new one that of the feature it stands before.
    pub whole: u32,
    /// Whether it was there.
    pub kept: bool,
    /// Of a new feature its number in the file.
    pub own: u32,
}

/// A part, and where its features and entities are from.
pub struct Part {
    /// Its rows, at their places.
    pub image: Image,
    /// By feature.
    pub origins: Vec<Origin>,
    /// For each entity the same in the whole.
    pub was: Vec<Option<EntityId>>,
}

/// The rows of one feature among rows that are sorted by feature.
pub fn rows_of<T>(rows: &[T], feature: u32, of: impl Fn(&T) -> u32) -> Range<usize> {
    let start = rows.partition_point(|row| of(row) < feature);
    start..start + rows[start..].partition_point(|row| of(row) == feature)
}

impl<'w, E: Edited> Selection<'w, E> {
    /// The part itself; nothing if a row does not allow to be looked at alone.
    pub fn make(self, inputs: &Inputs) -> Option<Part> {
        let whole = self.cast.whole();
        let origins = self.origins();
        let numbers = origins.iter().enumerate().filter(|(_, origin)| origin.kept);
        let number: FxHashMap<u32, u32> = numbers.map(|(at, origin)| (origin.whole, at as u32)).collect();
        let mut image = Image::empty(whole.name.clone(), whole.base.clone(), whole.ids.clone(), whole.alone);
        image.manifest.clone_from(&whole.manifest);
        image.manager = whole.manager;
        image.opaque_phases = whole.opaque_phases;
        image.opaque_features =
            whole.opaque_features.iter().filter_map(|feature| number.get(feature).copied()).collect();
        for (at, origin) in origins.iter().enumerate().filter(|(_, origin)| origin.kept) {
            image.packages.extend(whole.packages_of(origin.whole).map(|rows| rows.named_by(at as u32)));
        }
        let mut maker = Maker {
            cast: self.cast,
            edits: self.edits,
            image,
            number,
            validators: FxHashMap::default(),
            targets: self.targets,
        };
        for origin in &origins {
            maker.feature(origin)?;
        }
        for &row in &self.provides {
            maker.kept_provide(row)?;
        }
        for &(link, place) in &self.links {
            let provide = self.provides.binary_search(&whole.links[link as usize].provide).ok()?;
            maker.kept_link(link, provide as u32, place)?;
        }
        for &row in &self.requires {
            maker.kept_require(row)?;
        }
        let mut grafted: Vec<(u32, u32, u32)> = Vec::new();
        let mut at = 0;
        while at < origins.len() {
            let origin = origins[at];
            let alike = |other: &&Origin| !other.kept && other.file == origin.file && other.whole == origin.whole;
            let count = origins[at..].iter().take_while(alike).count();
            if count > 0 {
                maker.new_features(&origin, at as u32, count as u32, &mut grafted)?;
            }
            at += count.max(1);
        }
        for &(_, file, source) in &grafted {
            let path = &maker.edits[&file].fragment().sources[source as usize].path;
            match inputs.digest(path) {
                Some(DigestState::File { digest, .. }) => {
                    maker.image.source_digests.extend([(path.to_string(), *digest)])
                }
                Some(_) => return None,
                None => {}
            }
        }
        maker.files(&origins);
        maker.account_files();
        let Maker { cast, mut image, .. } = maker;
        let was = cast.give(&mut image);
        image.sort_rows(&grafted, inputs)?;
        Some(Part { image, origins, was })
    }

    /// The features of the part, by file, and there by place.
    fn origins(&self) -> Vec<Origin> {
        let whole = self.cast.whole();
        let provides = self.provides.iter().map(|&row| whole.provides[row as usize].feature);
        let requires = self.requires.iter().map(|&row| whole.requires[row as usize].feature);
        let mut origins: Vec<Origin> = provides
            .chain(requires)
            .chain(self.features.iter().copied())
            .map(|feature| Origin { whole: feature, kept: true, file: whole.file_of(feature), own: 0 })
            .collect();
        origins.extend(self.edits.iter().flat_map(|(&file, edit)| {
            let first = whole.files[file as usize].features;
            edit.come().iter().flat_map(move |come| {
                let origin = move |own| Origin { whole: first + come.before, kept: false, file, own };
                come.features.clone().map(origin)
            })
        }));
        origins.sort_unstable();
        origins.dedup();
        origins
    }
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
        for (link, row) in self.links.iter_mut().enumerate() {
            row.provide = number[row.provide as usize];
            self.trail_of.insert(RowId::Link(link as u32), self.trails.len() as u32);
            self.trails.push((self.provides[row.provide as usize].entity, 0));
        }
        let place = |&(link, _): &(u32, _)| {
            let provide = self.links[link as usize].provide;
            (self.features[self.provides[provide as usize].feature as usize].phase, provide)
        };
        self.link_targets.sort_by_key(place);
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
