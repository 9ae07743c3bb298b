//! The rows of a part, taken from the whole and from what came, in the numbers of the part.

use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Edited, Origin, rows_of};
use crate::entity::{COMMON_VALIDATORS, Content, Owner, PathFacts, Provide, Require, Validator, What};
use crate::fragment::{Account, Feature, Fragment, GraftFrom, LinkRow};
use crate::graph::cast::Cast;
use crate::graph::image::{File, Image, ImageGraft};
use crate::intern::EntityId;

/// Puts a part together.
pub(super) struct Maker<'w, E> {
    pub cast: Cast<'w>,
    pub edits: &'w FxHashMap<u32, E>,
    pub image: Image,
    /// The features that were there, by their numbers in the whole.
    pub number: FxHashMap<u32, u32>,
    /// Validators, by their numbers in the whole.
    pub validators: FxHashMap<u32, u32>,
    /// See [`super::Selection::targets`].
    pub targets: FxHashMap<(u32, u32), EntityId>,
}

impl<E: Edited> Maker<'_, E> {
    pub fn feature(&mut self, origin: &Origin) -> Option<()> {
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

    pub fn kept_provide(&mut self, row: u32) -> Option<()> {
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
    pub fn kept_link(&mut self, link: u32, provide: u32, place: EntityId) -> Option<()> {
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

    pub fn kept_require(&mut self, row: u32) -> Option<()> {
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
    pub fn new_features(
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
    pub fn files(&mut self, origins: &[Origin]) {
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

    pub fn account_files(&mut self) {
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
