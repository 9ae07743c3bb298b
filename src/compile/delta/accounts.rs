//! Users and groups that came or went, as long as no number is in doubt: then what they touch are the rows about their names.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use rustc_hash::FxHashMap;

use super::touched::{MOST_FEATURES, Touched};
use super::whole::Whole;
use crate::catalog::Code;
use crate::entity::{Content, Owner, PathFacts, Provide, Strength, What};
use crate::fragment::Fragment;
use crate::graph::Image;
use crate::intern::{EntityId, EntityType};

/// The numbers that are given to accounts of an image in which each has one of its own, and enough are left.
pub(super) struct Numbers {
    /// Of users, and of groups: who has each; nothing where somebody of the parent has it, or more than one.
    given: [FxHashMap<u32, Option<EntityId>>; 2],
    /// Whether numbers that are allocated may turn out to be taken by something of unknown effects.
    in_doubt: bool,
}

/// So many numbers have to be free in each range for accounts that come and are given none.
const SPARE: usize = 2 * MOST_FEATURES as usize;

impl Numbers {
    /// Of an image as it was linked; nothing where something is amiss with a number, or accounts hang together otherwise.
    pub fn new(whole: &Whole, opaque: bool) -> Option<Self> {
        let (image, numbers) = (&whole.graph.image, &whole.graph.numbers);
        let amiss = |code| matches!(code, Code::IdConflict | Code::UnpinnedId);
        let is_account_file = |place| matches!(image.entities.last(place), "passwd" | "group" | "shadow" | "gshadow");
        let is_shared = |row: &Provide| match row.what {
            What::Path(PathFacts { content: Content::SameAs(place), .. }) => is_account_file(place),
            _ => false,
        };
        let is_crowded = |range: RangeInclusive<u32>| {
            let taken = numbers.of.values().filter(|number| range.contains(number)).count();
            taken + image.numeric_users().len() + SPARE > range.count()
        };
        let base = image.base.as_ref();
        if whole.findings.iter().any(|found| amiss(found.code))
            || is_crowded(100..=999)
            || is_crowded(1000..=59_999)
            || image.provides.iter().any(is_shared)
            || names_a_number(image)
            || base.is_some_and(|base| base.numeric_owners().next().is_some())
        {
            return None;
        }
        let mut given: [FxHashMap<u32, Option<EntityId>>; 2] = Default::default();
        for (side, entity_type) in [EntityType::User, EntityType::Group].into_iter().enumerate() {
            for (_, known) in base.map_or_else(Vec::new, |base| base.names(entity_type)) {
                if let Some(number) = known.number {
                    given[side].insert(number, None);
                }
            }
        }
        for slot in &image.slots.slots {
            let Some(side) = side(image.entities.entity_type(slot.entity)) else { continue };
            let Some(number) = image.given_number(slot.entity) else { continue };
            let holder = given[side].entry(number).or_insert(Some(slot.entity));
            if *holder != Some(slot.entity) {
                *holder = None;
            }
        }
        let in_doubt = opaque || base.is_some_and(|base| base.opaque || base.opaque_packages);
        Some(Self { given, in_doubt })
    }
}

/// Accounts that came or went.
#[derive(Default)]
pub(super) struct Accounts {
    /// Numbers that those that came are given, of users and of groups, and to whom.
    numbers: [FxHashMap<u32, EntityId>; 2],
    /// The homes that they have or had, as places of the whole.
    homes: BTreeSet<EntityId>,
}

impl Accounts {
    /// Whether a place of the whole is one of the homes, or in one.
    pub fn is_at_home(&self, image: &Image, place: EntityId) -> bool {
        self.homes.iter().any(|&home| image.entities.is_within(place, home))
    }
}

/// Whether what a row provides is a user or a group.
pub(super) const fn is_account(what: What) -> bool {
    matches!(what, What::User(_) | What::Group(_))
}

const fn side(entity_type: EntityType) -> Option<usize> {
    match entity_type {
        EntityType::User => Some(0),
        EntityType::Group => Some(1),
        _ => None,
    }
}

/// Whether an owner is given by number anywhere: whose it is depends on the numbers of accounts.
fn names_a_number(image: &Image) -> bool {
    let is_number = |owner: Owner| matches!(owner, Owner::Number(_));
    let of_path = |what: What| matches!(what, What::Path(facts) if is_number(facts.user) || is_number(facts.group));
    image.provides.iter().any(|row| of_path(row.what))
        || image.accounts.iter().any(|account| account.group.is_some_and(is_number))
        || image.validators.iter().flat_map(|validator| [validator.user, validator.group]).flatten().any(is_number)
}

impl Touched<'_> {
    /// Notes a user or group that went.
    pub(super) fn account_went(&mut self, row: &Provide) -> Option<()> {
        let image = self.image;
        let account = match row.what {
            What::User(account) => Some(&image.accounts[account as usize]),
            _ => None,
        };
        let entity = self.cast.of(row.entity);
        self.account(entity, account.and_then(|account| account.home.as_deref()))?;
        // What else declares it may now be without a number, or not in conflict any more.
        let is_sound = image.slots.of(row.entity).iter().all(|slot| !slot.broken);
        let is_settled = is_sound && self.index.numbers.as_ref().is_some_and(|numbers| !numbers.in_doubt);
        (is_settled || self.providers(entity)?.is_empty()).then_some(())
    }

    /// Notes a user or group that came; nothing if its number may be another's.
    pub(super) fn account_came(&mut self, fragment: &Fragment, row: &Provide, entity: EntityId) -> Option<()> {
        let (number, home) = match row.what {
            What::User(account) => {
                let account = &fragment.accounts[account as usize];
                if matches!(account.group, Some(Owner::Number(_))) {
                    return None;
                }
                (account.uid, account.home.as_deref())
            }
            What::Group(number) => (number, None),
            _ => return None,
        };
        self.account(entity, home)?;
        let (image, numbers) = (self.image, self.index.numbers.as_ref()?);
        let name = self.cast.entities().last(entity);
        let side = side(self.cast.entities().entity_type(entity))?;
        let ids = if side == 0 { &image.ids.users } else { &image.ids.groups };
        let fixed = ids.get(name).map(|&(number, _)| number);
        let number = match (number, fixed) {
            // Two numbers may contradict each other.
            (Some(_), Some(_)) => return None,
            (number, fixed) => number.or(fixed),
        };
        let Some(number) = number else {
            return (!numbers.in_doubt || row.strength == Strength::Implied).then_some(());
        };
        let is_own = *self.accounts.numbers[side].entry(number).or_insert(entity) == entity;
        if !is_own || number == 0 {
            return None;
        }
        match numbers.given[side].get(&number) {
            None => Some(()),
            Some(&Some(holder)) if self.cast.was(entity) == Some(holder) => Some(()),
            // Whoever had the number is gone.
            Some(&Some(holder)) => {
                let holder = self.cast.of(holder);
                self.providers(holder)?.is_empty().then_some(())
            }
            Some(None) => None,
        }
    }

    fn account(&mut self, entity: EntityId, home: Option<&str>) -> Option<()> {
        self.index.numbers.as_ref()?;
        // Whoever is there already may be taken as it is, or not.
        if self.cast.base_knows(entity).is_some() {
            return None;
        }
        if self.cast.entities().entity_type(entity) == EntityType::User {
            // Whether the group of its name comes with it depends on what is said of the user.
            let name = self.cast.entities().last(entity).to_owned();
            let own = self.cast.name(EntityType::Group, &name);
            self.judged.insert(own);
        }
        let home = home.and_then(|home| self.image.entities.find_path(home));
        self.accounts.homes.extend(home);
        Some(())
    }
}
