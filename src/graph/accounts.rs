//! The accounts of an image's own passwd and group files: where those files are, and who is listed in them.

use rustc_hash::FxHashMap;

use super::image::{Image, RowId};
use super::links::{follow_in_layer, place_in_layer};
use super::slots::{NONE, Slots};
use super::substance::Substance;
use crate::accounts;
use crate::entity::{Cause, Content, Means, ParentRule, PathFacts, Phase, Provide, Require, Strength, What};
use crate::fragment::{Account, Feature};
use crate::inputs::{ContentsState, Inputs};
use crate::intern::{EntityId, EntityType};

/// The files, as every program spells them.
const FILES: [(&str, EntityType); 2] = [("/etc/passwd", EntityType::User), ("/etc/group", EntityType::Group)];

/// Where the account files are in each phase, once links are followed.
#[derive(Clone, Debug, Default)]
pub struct AccountFiles {
    places: [[Option<EntityId>; FILES.len()]; Phase::ALL.len()],
}

impl AccountFiles {
    /// The paths as spelled, to be led to their places.
    pub const SPELLED: [&str; FILES.len()] = [FILES[0].0, FILES[1].0];

    /// The same files, by other numbers of their places.
    pub fn with(mut self, mut place: impl FnMut(EntityId) -> EntityId) -> Self {
        self.places.iter_mut().flatten().flatten().for_each(|known| *known = place(*known));
        self
    }

    /// Notes the place of a file from a phase on.
    pub fn set(&mut self, file: usize, phase: Phase, place: EntityId) {
        for places in &mut self.places[phase as usize..] {
            places[file] = Some(place);
        }
    }
}

impl Image {
    /// The place of the file that lists accounts of a type, in a phase.
    pub fn account_file(&self, entity_type: EntityType, phase: Phase) -> Option<EntityId> {
        let file = FILES.iter().position(|&(_, of)| of == entity_type)?;
        self.account_files.places[phase as usize][file]
    }

    /// The place of a path at which accounts or their passwords are looked for, where the image has one.
    pub fn find_account_place(&self, path: &str, phase: Phase) -> Option<EntityId> {
        match FILES.iter().find(|(file, _)| *file == path) {
            Some(&(_, entity_type)) => self.account_file(entity_type, phase),
            None => self.entities.find_path(path),
        }
    }

    /// The steps of a phase that edit the file of users or of groups in place, by their nodes. Whoever brings a user
    /// about may enter the user into groups.
    pub fn editors(&self, phase: Phase, entity_type: EntityType) -> Vec<u32> {
        let groups = entity_type == EntityType::Group;
        let mut editors: Vec<u32> = Vec::new();
        for slot in self.slots.slots.iter().filter(|slot| slot.phase == phase && slot.node != NONE) {
            let edits = match slot.what {
                What::User(_) => true,
                What::Group(_) => groups,
                _ => false,
            };
            // Who is listed in a file comes with the file.
            if edits && self.provides[slot.lead as usize].means != Means::Contained {
                editors.push(slot.node);
            }
        }
        let changes = |row: &&Require| row.cause == Cause::ChangedUser && self.phase(row.feature) == phase;
        if groups {
            let changes = self.requires.iter().filter(changes);
            editors.extend(changes.map(|row| self.slots.merged[row.feature as usize]));
        }
        editors.sort_unstable();
        editors.dedup();
        editors
    }
}

/// Adds a row for every account in a passwd or group file whose contents can be read, and takes away those that a file
/// with `replace` no longer lists.
pub fn list(image: &mut Image, inputs: &Inputs) {
    for (_, entity_type) in FILES {
        forget_unlisted(image, entity_type, inputs);
        for number in 0..image.slots.states.len() {
            let row = image.provides[number];
            if Some(row.entity) != image.account_file(entity_type, image.phase(row.feature))
                || image.slots.states[number] & Slots::DROPPED != 0
                || image.lost_rows.contains_key(&RowId::Provide(number as u32))
            {
                continue;
            }
            let cloned = cloned_accounts(image, &row, entity_type);
            let text = contents(image, &row, inputs);
            if text.is_none() && cloned.is_empty() {
                continue;
            }
            let listed = add(image, &row, entity_type, cloned, &text.unwrap_or_default());
            if image.features[row.feature as usize].is(Feature::REPLACE) {
                take_away(image, entity_type, image.phase(row.feature), &listed);
            }
        }
    }
}

/// Takes away the accounts whose file is removed, or is another one from some phase on because links to it were changed.
fn forget_unlisted(image: &mut Image, entity_type: EntityType, inputs: &Inputs) {
    let Some(file) = FILES.iter().position(|&(_, of)| of == entity_type) else { return };
    let places = image.account_files.places.map(|places| places[file]);
    let mut before = image.base.as_ref().and_then(|base| {
        let spot = follow_in_layer(base, FILES[file].0)?;
        base.known(spot)?;
        place_in_layer(base, FILES[file].0)
    });
    let rows: Vec<Provide> = image.provides.iter().filter(|row| places.contains(&Some(row.entity))).copied().collect();
    for phase in Phase::ALL {
        let Some(place) = places[phase as usize] else { continue };
        let now = image.entities.text(place);
        let here = |row: &&Provide| row.entity == place && image.phase(row.feature) == phase;
        let provided: Vec<&Provide> = rows.iter().filter(here).collect();
        let removed = provided.is_empty() && before.as_ref() == Some(&now) && image.goes_in(place, phase);
        let moved = before.as_ref().is_some_and(|before| *before != now);
        if removed || moved {
            let mut listed: FxHashMap<EntityId, ()> = FxHashMap::default();
            let listing: Vec<&Provide> =
                rows.iter().filter(|row| moved && row.entity == place && image.phase(row.feature) <= phase).collect();
            for row in listing {
                let text = contents(image, row, inputs).unwrap_or_default();
                let names: Vec<String> = match entity_type {
                    EntityType::User => accounts::passwd(&text).map(|line| line.name.to_owned()).collect(),
                    _ => accounts::group(&text).map(|line| line.name.to_owned()).collect(),
                };
                for name in names {
                    listed.insert(image.entities.name(entity_type, &name), ());
                }
            }
            image.extend_spots();
            // What cannot be read may list anybody.
            let readable = removed || !listed.is_empty() || image.known(place).is_none();
            if readable {
                take_away(image, entity_type, phase, &listed);
            }
        }
        if removed {
            before = None;
        } else if !provided.is_empty() || moved {
            before = Some(now);
        }
    }
}

/// Rows for the accounts of one file, each name once.
fn add(
    image: &mut Image,
    row: &Provide,
    entity_type: EntityType,
    cloned: Vec<(String, Option<u32>)>,
    text: &str,
) -> FxHashMap<EntityId, ()> {
    let mut listed: FxHashMap<EntityId, ()> = FxHashMap::default();
    let base = Provide { strength: Strength::Explicit, means: Means::Contained, parent: ParentRule::Free, ..*row };
    let mut found: Vec<(String, Account)> =
        cloned.into_iter().map(|(name, uid)| (name, Account { uid, ..Account::default() })).collect();
    match entity_type {
        EntityType::User => found.extend(accounts::passwd(text).map(|line| {
            let account = Account {
                uid: Some(line.uid),
                home: Some(line.home.to_owned()),
                shell: Some(line.shell.to_owned()),
                comment: Some(line.comment.to_owned()),
                ..Account::default()
            };
            (line.name.to_owned(), account)
        })),
        _ => found.extend(
            accounts::group(text)
                .map(|line| (line.name.to_owned(), Account { uid: Some(line.gid), ..Account::default() })),
        ),
    }
    for (name, account) in found {
        let entity = image.entities.name(entity_type, &name);
        if listed.insert(entity, ()).is_some() {
            continue;
        }
        let what = if entity_type == EntityType::User {
            image.accounts.push(account);
            What::User(image.accounts.len() as u32 - 1)
        } else {
            What::Group(account.uid)
        };
        image.provides.push(Provide { entity, what, ..base });
    }
    image.extend_spots();
    listed
}

/// Whoever was there before and is no longer listed is gone from this phase on.
fn take_away(image: &mut Image, entity_type: EntityType, phase: Phase, listed: &FxHashMap<EntityId, ()>) {
    let names: Vec<String> = image
        .base
        .as_ref()
        .map_or_else(Vec::new, |base| base.names(entity_type).into_iter().map(|(name, _)| name.to_owned()).collect());
    let mut gone: Vec<EntityId> = names.iter().map(|name| image.entities.name(entity_type, name)).collect();
    image.extend_spots();
    gone.extend(
        image
            .provides
            .iter()
            .filter(|row| image.phase(row.feature) < phase && image.entities.entity_type(row.entity) == entity_type)
            .map(|row| row.entity),
    );
    for entity in gone {
        if !listed.contains_key(&entity) {
            image.gone[entity.index()] |= 1 << phase as u8;
        }
    }
}

/// The accounts of the image that an account file is cloned from.
fn cloned_accounts(image: &Image, row: &Provide, entity_type: EntityType) -> Vec<(String, Option<u32>)> {
    let What::Path(PathFacts { content: Content::Entry(entry), .. }) = row.what else { return Vec::new() };
    let Some(layer) = &image.grafts[image.entries[entry as usize].graft as usize].layer else { return Vec::new() };
    layer.names(entity_type).into_iter().map(|(name, known)| (name.to_owned(), known.number)).collect()
}

fn contents(image: &Image, row: &Provide, inputs: &Inputs) -> Option<String> {
    if let What::Path(PathFacts { content: Content::Entry(entry), .. }) = row.what {
        let row = &image.entries[entry as usize];
        let path = &row.tree.entries()[row.entry as usize].path;
        return row.tree.text(path).map(|text| text.to_string());
    }
    match image.substance(row) {
        Substance::Text(text) => Some(text),
        Substance::Host(path) => match inputs.contents(&path) {
            Some(ContentsState::Text(text)) => Some(text.to_string()),
            _ => None,
        },
        _ => None,
    }
}
