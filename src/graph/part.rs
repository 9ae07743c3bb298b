//! A part of an image: some entities with every row that provides them, some of those that require them, and nothing else.
//! The rules judge it as they judge a whole one, so what an edit touched can be looked at again alone, at the cost of what it
//! touched: a part counts its entities anew.

use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::cast::Cast;
use super::image::{File, Image, ImageGraft, RowId};
use super::trees;
use crate::entity::{COMMON_VALIDATORS, Content, Owner, PathFacts, Provide, Require, Validator, What};
use crate::fragment::{Account, Feature, Fragment, GraftFrom, LinkRow};
use crate::inputs::{DigestState, Inputs};
use crate::intern::EntityId;
use crate::text::Span;

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

/// Puts a part together.
struct Maker<'w, E> {
    cast: Cast<'w>,
    edits: &'w FxHashMap<u32, E>,
    image: Image,
    /// The features that were there, by their numbers in the whole.
    number: FxHashMap<u32, u32>,
    /// Validators, by their numbers in the whole.
    validators: FxHashMap<u32, u32>,
    /// See [`Selection::targets`].
    targets: FxHashMap<(u32, u32), EntityId>,
}

impl<E: Edited> Maker<'_, E> {
    fn feature(&mut self, origin: &Origin) -> Option<()> {
        let whole = self.cast.whole();
        if !origin.kept {
            let fragment = self.edits[&origin.file].fragment();
            let row = fragment.features[origin.own as usize];
            let main = row.main.map(|main| self.cast.of_fragment(fragment, main));
            self.image.features.push(Feature { main, ..row });
            self.image.places.push(None);
            return Some(());
        }
        let row = whole.features[origin.whole as usize];
        let mut row = Feature { main: row.main.map(|main| self.cast.of(main)), ..row };
        if let Some(edit) = self.edits.get(&origin.file) {
            let own = edit.feature(origin.whole - whole.files[origin.file as usize].features)?;
            let now = &edit.fragment().features[own as usize];
            row = Feature { node: now.node, element: now.element, origin: now.origin, ..row };
        }
        let place = whole.places.get(origin.whole as usize).copied().flatten();
        self.image.features.push(row);
        self.image.places.push(place.map(|place| self.cast.of(place)));
        Some(())
    }

    fn owner(&mut self, owner: Owner) -> Owner {
        match owner {
            Owner::Name(name) => Owner::Name(self.cast.of(name)),
            other => other,
        }
    }

    fn kept_provide(&mut self, row: u32) -> Option<()> {
        let whole = self.cast.whole();
        let mut provide = whole.provides[row as usize];
        let feature = provide.feature;
        provide.feature = *self.number.get(&feature)?;
        provide.entity = self.cast.of(provide.entity);
        provide.what = match provide.what {
            What::Path(facts) => {
                What::Path(PathFacts { user: self.owner(facts.user), group: self.owner(facts.group), ..facts })
            }
            What::User(account) => {
                let account = &whole.accounts[account as usize];
                let account = Account {
                    group: account.group.map(|group| self.owner(group)),
                    groups: account.groups.as_ref().map(|all| all.iter().map(|&group| self.cast.of(group)).collect()),
                    ..account.clone()
                };
                self.image.accounts.push(account);
                What::User(self.image.accounts.len() as u32 - 1)
            }
            other => other,
        };
        let file = whole.file_of(feature);
        let rows = &whole.files[file as usize];
        if let What::Path(PathFacts { content: Content::Source(source), .. }) = provide.what
            && let Some(source) = rows.fragment.sources.get(source as usize)
            && let Some(digest) = whole.source_digests.get(&*source.path)
        {
            self.image.source_digests.insert(source.path.to_string(), *digest);
        }
        if let Some(edit) = self.edits.get(&file) {
            let before = &edit.before().provides;
            let local = (row as usize).checked_sub(rows.provides as usize).filter(|&local| local < before.len());
            match local {
                Some(local) => moved(&mut provide, edit, feature - rows.features, local)?,
                None => provide.span = edit.span(provide.span)?,
            }
        }
        self.image.provides.push(provide);
        Some(())
    }

    /// A validator of the whole.
    fn validator(&mut self, number: u32) -> u32 {
        if number < COMMON_VALIDATORS.len() as u32 {
            return number;
        }
        if let Some(&known) = self.validators.get(&number) {
            return known;
        }
        let validator = self.cast.whole().validators[number as usize];
        let validator = Validator {
            user: validator.user.map(|owner| self.owner(owner)),
            group: validator.group.map(|owner| self.owner(owner)),
            ..validator
        };
        let own = self.image.validators.len() as u32;
        self.image.validators.push(validator);
        self.validators.insert(number, own);
        own
    }

    /// A link whose row has a number in the part.
    fn kept_link(&mut self, link: u32, provide: u32, place: EntityId) -> Option<()> {
        let whole = self.cast.whole();
        let row = &whole.links[link as usize];
        let file = whole.file_of(whole.provides[row.provide as usize].feature);
        let span = match self.edits.get(&file) {
            Some(edit) => edit.span(row.span)?,
            None => row.span,
        };
        let validator = row.validator.map(|validator| self.validator(validator));
        self.image.link_targets.push((self.image.links.len() as u32, Some(place)));
        self.image.links.push(LinkRow { provide, span, validator, target: row.target.clone() });
        Some(())
    }

    fn kept_require(&mut self, row: u32) -> Option<()> {
        let whole = self.cast.whole();
        let mut require = whole.requires[row as usize];
        let feature = require.feature;
        require.feature = *self.number.get(&feature)?;
        require.entity = self.cast.of(require.entity);
        require.validator = self.validator(require.validator);
        if let Some(edit) = self.edits.get(&whole.file_of(feature)) {
            require.span = edit.span(require.span)?;
        }
        self.image.requires.push(require);
        Some(())
    }

    /// Adds the rows of new features of one file that follow each other; their entities are taken as places, which whoever
    /// selected them has made sure of.
    fn new_features(
        &mut self,
        origin: &Origin,
        first: u32,
        count: u32,
        grafted: &mut Vec<(u32, u32, u32)>,
    ) -> Option<()> {
        let (file, own) = (origin.file, origin.own);
        let fragment = self.edits[&file].fragment().clone();
        let number = |feature: u32| (own..own + count).contains(&feature).then(|| first + feature - own);
        let common = COMMON_VALIDATORS.len() as u32;
        let validators = self.image.validators.len() as u32;
        for validator in &fragment.validators[common as usize..] {
            let mut owner = |owner: Owner| match owner {
                Owner::Name(name) => Owner::Name(self.cast.of_fragment(&fragment, name)),
                other => other,
            };
            let validator =
                Validator { user: validator.user.map(&mut owner), group: validator.group.map(owner), ..*validator };
            self.image.validators.push(validator);
        }
        let locals = rows_in(&fragment.provides, own, count, |row| row.feature);
        let provides = self.image.provides.len() as u32;
        for local in locals.clone() {
            let row = fragment.provides[local];
            let feature = number(row.feature)?;
            let mut owner = |owner: Owner| match owner {
                Owner::Name(name) => Owner::Name(self.cast.of_fragment(&fragment, name)),
                other => other,
            };
            let what = match row.what {
                What::Path(facts) => {
                    What::Path(PathFacts { user: owner(facts.user), group: owner(facts.group), ..facts })
                }
                What::Virtual | What::Group(_) => row.what,
                What::User(account) => {
                    let account = &fragment.accounts[account as usize];
                    let group = account.group.map(&mut owner);
                    let groups = account.groups.as_ref();
                    let groups =
                        groups.map(|all| all.iter().map(|&group| self.cast.of_fragment(&fragment, group)).collect());
                    self.image.accounts.push(Account { group, groups, ..account.clone() });
                    What::User(self.image.accounts.len() as u32 - 1)
                }
                What::Package(_) => return None,
            };
            let entity = self.cast.of_fragment(&fragment, row.entity);
            if let Some(graft) = fragment.grafts.iter().find(|graft| graft.provide == Some(local as u32)) {
                let GraftFrom::Folder { source } = graft.from else { return None };
                grafted.push((self.image.provides.len() as u32, file, source));
            }
            self.image.provides.push(Provide { feature, entity, what, ..row });
            self.image.places[feature as usize].get_or_insert(entity);
        }
        let validator = |number: u32| if number < common { number } else { validators + number - common };
        for (link, row) in fragment.links.iter().enumerate() {
            let Some(at) = (row.provide as usize).checked_sub(locals.start).filter(|&at| at < locals.len()) else {
                continue;
            };
            let place = *self.targets.get(&(file, link as u32))?;
            self.image.link_targets.push((self.image.links.len() as u32, Some(place)));
            let validator = row.validator.map(validator);
            self.image.links.push(LinkRow { provide: provides + at as u32, validator, ..row.clone() });
        }
        for local in rows_in(&fragment.requires, own, count, |row| row.feature) {
            let row = fragment.requires[local];
            let feature = number(row.feature)?;
            let validator = validator(row.validator);
            let entity = self.cast.of_fragment(&fragment, row.entity);
            self.image.requires.push(Require { feature, entity, validator, ..row });
        }
        for graft in &fragment.grafts {
            if let (Some(feature), Some(provide)) = (number(graft.feature), graft.provide) {
                let mut graft = graft.clone();
                graft.feature = feature;
                graft.at = self.cast.of_fragment(&fragment, graft.at);
                for owner in [&mut graft.owners.user, &mut graft.owners.group] {
                    if let Owner::Name(name) = owner {
                        *name = self.cast.of_fragment(&fragment, *name);
                    }
                }
                let provide = Some(provide);
                self.image.grafts.push(ImageGraft { graft, file, tree: None, layer: None, cloned: None, provide });
            }
        }
        Some(())
    }

    /// The files, of which only those that features are from hold more than their text and their names.
    fn files(&mut self, origins: &[Origin]) {
        for (number, file) in self.cast.whole().files.iter().enumerate() {
            let number = number as u32;
            let fragment = self.edits.get(&number).map_or(&file.fragment, Edited::fragment);
            let features = origins.partition_point(|origin| origin.file < number) as u32;
            let used = origins.get(features as usize).is_some_and(|origin| origin.file == number);
            self.image.files.push(File {
                fragment: Arc::new(shell(fragment, used)),
                features,
                provides: 0,
                requires: 0,
                entities: Vec::new(),
                accounts: 0,
                included: file.included.clone(),
            });
        }
    }

    fn account_files(&mut self) {
        let files = self.cast.whole().account_files.clone();
        self.image.account_files = files.with(|place| self.cast.of(place));
    }
}

/// Rows of features that follow each other, among rows that are sorted by feature.
fn rows_in<T>(rows: &[T], first: u32, count: u32, of: impl Fn(&T) -> u32) -> Range<usize> {
    rows.partition_point(|row| of(row) < first)..rows.partition_point(|row| of(row) < first + count)
}

/// What of a row that stayed is counted anew in every fragment: places, nodes, sources.
fn moved(provide: &mut Provide, edit: &impl Edited, before: u32, local: usize) -> Option<()> {
    let (rows, rows_now) = (&edit.before().provides, &edit.fragment().provides);
    let now = edit.feature(before)?;
    let in_feature = local - rows_of(rows, before, |row| row.feature).start;
    let now = rows_now.get(rows_of(rows_now, now, |row| row.feature).start + in_feature)?;
    provide.span = now.span;
    if let (What::Path(facts), What::Path(own)) = (&mut provide.what, now.what)
        && !matches!(facts.content, Content::SameAs(_))
    {
        facts.content = own.content;
    }
    if let (What::Package(version), What::Package(own)) = (&mut provide.what, now.what) {
        *version = own;
    }
    Some(())
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
