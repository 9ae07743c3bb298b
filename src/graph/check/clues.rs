//! What a finding knows of ways out beyond its words: whose a directory should be, where a program is declared.

use rustc_hash::FxHashMap;

use crate::diagnostic::{Clue, Needed};
use crate::entity::{Cause, Means, Owner, Phase, Strength, What};
use crate::graph::check::{Failure, Lack};
use crate::graph::image::Image;
use crate::graph::slots::There;
use crate::graph::view::ViewOwner;
use crate::intern::{EntityId, EntityType};
use crate::tree::FileType;

/// As what a missing entity is needed.
pub(super) fn needed(image: &Image, failure: &Failure) -> Clue {
    let validator = &image.validators[failure.validator as usize];
    let is_parent = failure.cause == Cause::Parent;
    let above = || matches!(image.within(image.entities.parent(failure.entity), failure.phase), There::Nothing);
    Clue::Needed(Needed {
        directory: is_parent || validator.file_type == Some(FileType::Directory),
        executable: validator.executable,
        chain: is_parent && image.entities.is_path(failure.entity) && above(),
        link_target: failure.cause == Cause::LinkTarget,
        removed: failure.cause == Cause::Removed,
        empty: matches!(&failure.lack, Lack::Mismatch(unmet) if unmet.reason.starts_with("must be empty")),
    })
}

/// The program behind a mismatch: where it is declared, and its mode with the right to run it for all who may read it.
pub(super) fn program(image: &Image, failure: &Failure) -> Option<Clue> {
    if !image.validators[failure.validator as usize].executable {
        return None;
    }
    let runnable = |mode: u16| mode | (mode & 0o444) >> 2;
    match image.within(failure.entity, Phase::Finalize) {
        There::Slot(slot) => {
            let row = &image.provides[image.slots.slots[slot as usize].lead as usize];
            let What::Path(facts) = row.what else { return None };
            let mode = facts.mode.filter(|_| row.means == Means::Made && facts.file_type == Some(FileType::File))?;
            let declared = image.at(row.feature, row.span);
            Some(Clue::Program { declared, mode: runnable(mode), in_parent: false })
        }
        There::Base(known) => {
            let mode = known.mode.filter(|_| known.file_type == Some(FileType::File))?;
            Some(Clue::Program { declared: known.origin.clone()?, mode: runnable(mode), in_parent: true })
        }
        There::Nothing | There::Always => None,
    }
}

/// The owner that something there has, unless that is root or a number.
pub(super) fn owner(image: &Image, there: There<'_>) -> Option<Clue> {
    let view = image.view(there);
    let name = |owner: Option<ViewOwner<'_>>| match owner {
        Some(ViewOwner::Name(name)) if name != "root" => Some(name.to_owned()),
        _ => None,
    };
    Some(Clue::Owner { user: name(view.user)?, group: name(view.group) })
}

/// The homes of declared users, and whose the directories in a directory are.
pub(super) struct Homes {
    by_path: FxHashMap<EntityId, Clue>,
    /// By directory: nothing if there are none in it, or the owner of all.
    inside: FxHashMap<EntityId, Option<Option<Clue>>>,
}

impl Homes {
    /// Those that are given.
    pub fn new(image: &Image) -> Self {
        let mut by_path = FxHashMap::default();
        for row in &image.provides {
            let What::User(account) = row.what else { continue };
            let account = &image.accounts[account as usize];
            let home = account.home.as_deref().and_then(|home| image.entities.find_path(home));
            let Some(home) = home.filter(|&home| home != EntityId::ROOT && row.means == Means::Made) else { continue };
            let user = image.entities.last(row.entity).to_owned();
            let group = match account.group {
                Some(Owner::Name(group)) => Some(image.entities.last(group).to_owned()),
                Some(_) => None,
                None => Some(user.clone()),
            };
            by_path.entry(home).or_insert(Clue::Owner { user, group });
        }
        Self { by_path, inside: FxHashMap::default() }
    }

    /// Whose a missing directory should be: by a home that it is or is in, the directories beside it, or the one above it.
    pub fn owner(&mut self, image: &Image, directory: EntityId, siblings: &[EntityId]) -> Option<Clue> {
        if image.entities.entity_type(directory) != EntityType::Path {
            return None;
        }
        let mut at = directory;
        while at != EntityId::ROOT && !self.by_path.is_empty() {
            if let Some(clue) = self.by_path.get(&at) {
                return Some(clue.clone());
            }
            at = image.entities.parent(at);
        }
        let above = image.entities.parent(directory);
        let inside = self.inside.entry(above).or_insert_with(|| owner_of_all(image, siblings));
        inside.clone().unwrap_or_else(|| owner(image, image.within(above, Phase::Finalize)))
    }
}

/// The owner that all declared directories among some entities have in common; nothing where none is declared.
fn owner_of_all(image: &Image, entities: &[EntityId]) -> Option<Option<Clue>> {
    let declared = |entity: &&EntityId| {
        image.slots.of(**entity).iter().any(|slot| {
            let row = &image.provides[slot.lead as usize];
            let is_directory = matches!(slot.what, What::Path(facts) if facts.file_type == Some(FileType::Directory));
            is_directory && row.strength == Strength::Explicit && row.means == Means::Made
        })
    };
    let mut owners =
        entities.iter().filter(declared).map(|&entity| owner(image, image.within(entity, Phase::Finalize)));
    let first = owners.next()?;
    let same = |other: Option<Clue>| match (&first, other) {
        (Some(Clue::Owner { user, group }), Some(Clue::Owner { user: its, group: of })) => *user == its && *group == of,
        _ => false,
    };
    let all = owners.all(same);
    Some(first.filter(|_| all))
}
