//! User and group numbers: one number for one name, and numbers for those that have none, whatever the order of files.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::catalog::Code;
use crate::diagnostic::{Clue, Diagnostic, Role};
use crate::entity::{Means, Owner, Strength, What};
use crate::fragment::Feature;
use crate::graph::image::Image;
use crate::graph::layer::Known;
use crate::graph::slots::NONE;
use crate::intern::{EntityId, EntityType};
use crate::message;
use crate::syntax::NodeId;
use crate::tree;

/// Every account's number, where it is known.
#[derive(Default)]
pub struct Numbers {
    /// By user or group.
    pub of: FxHashMap<EntityId, u32>,
    /// Those that were allocated here, not given.
    pub allocated: Vec<(EntityId, u32)>,
    /// Accounts for which no number was left.
    pub left_out: Vec<EntityId>,
}

impl Numbers {
    /// The number of an owner.
    pub fn number(&self, owner: Owner) -> Option<u32> {
        match owner {
            Owner::Name(EntityId::USER_ROOT | EntityId::GROUP_ROOT) => Some(0),
            Owner::Name(name) => self.of.get(&name).copied(),
            Owner::Number(number) => Some(number),
            Owner::Unknown => None,
        }
    }
}

/// Reports every number in the `ids` file that is not the one that the feature itself gives.
pub fn contradictions(image: &mut Image) {
    let mut found = Vec::new();
    let Some(source) = image.ids.source.clone() else { return };
    for slot in &image.slots.slots {
        let name = image.entities.last(slot.entity);
        let (own, fixed, what) = match slot.what {
            What::User(account) => (image.accounts[account as usize].uid, image.ids.users.get(name), "uid"),
            What::Group(gid) => (gid, image.ids.groups.get(name), "gid"),
            _ => continue,
        };
        let (Some(own), Some(&(fixed, span))) = (own, fixed) else { continue };
        let provide = &image.provides[slot.lead as usize];
        if own == fixed || provide.means != Means::Made {
            continue;
        }
        let message =
            format!("{} has two numbers: {what} {own}, and {fixed} in the file of numbers", image.say(slot.entity));
        let location = image.at(provide.feature, image.value_span(provide, what));
        let mut diagnostic = image.diagnostic(Code::Conflict, Some(slot.entity), location, message);
        diagnostic.label = format!("{what} {own} here");
        let place = crate::text::Location { source: source.clone(), span };
        diagnostic.related.push(image.related(Role::Provider, Some(slot.entity), place, format!("{fixed} here")));
        diagnostic.help = Some("keep one of the two".to_owned());
        found.push(diagnostic);
    }
    for diagnostic in found {
        image.report(diagnostic, Vec::new());
    }
}

/// Reports one number that is given to two names. Only names that a feature declares can be in the wrong.
pub fn conflicts(image: &mut Image) {
    for entity_type in [EntityType::User, EntityType::Group] {
        let mut by_number: BTreeMap<u32, Vec<(u32, EntityId)>> = BTreeMap::new();
        for slot in &image.slots.slots {
            let row = &image.provides[slot.lead as usize];
            if image.entities.entity_type(slot.entity) != entity_type || slot.satisfied || slot.broken {
                continue;
            }
            if row.means == Means::Declared || row.strength == Strength::Implied {
                continue;
            }
            // systemd-sysusers takes another number where one is taken.
            if image.features[row.feature as usize].is(Feature::KEEPS) {
                continue;
            }
            if let Some(number) = image.given_number(slot.entity) {
                by_number.entry(number).or_default().push((slot.lead, slot.entity));
            }
        }
        let mut base: FxHashMap<u32, (&str, &Known)> = FxHashMap::default();
        for (name, known) in image.base.as_ref().map_or_else(Vec::new, |base| base.names(entity_type)) {
            let entity = image.entities.find_name(entity_type, name);
            // What this image takes away leaves its number free.
            if let Some(number) = known.number
                && entity.is_none_or(|entity| image.gone[entity.index()] == 0)
            {
                base.entry(number).or_insert((name, known));
            }
        }
        let root = if entity_type == EntityType::User { EntityId::USER_ROOT } else { EntityId::GROUP_ROOT };
        let mut found = Vec::new();
        for (number, mut rows) in by_number {
            rows.sort_by_key(|&(row, _)| {
                (image.provides[row as usize].feature, image.provides[row as usize].span.start, row)
            });
            rows.dedup_by_key(|&mut (_, entity)| entity);
            let made = |row: u32| image.provides[row as usize].means == Means::Made;
            let others: Vec<(u32, EntityId)> = rows.clone();
            let taken = base
                .get(&number)
                .filter(|(name, _)| others.iter().all(|&(_, entity)| image.entities.last(entity) != *name));
            let is_roots = number == 0 && others.iter().all(|&(_, entity)| entity != root);
            // The later one: the first that comes after another, or the only one.
            let culprit = rows.iter().skip(1).chain(rows.first()).find(|&&(row, _)| made(row)).copied();
            let Some((row, entity)) = culprit else { continue };
            if rows.len() < 2 && taken.is_none() && !is_roots {
                continue;
            }
            found.push(report(image, entity_type, number, row, entity, &others, taken.copied(), is_roots));
        }
        for diagnostic in found {
            image.report(diagnostic, Vec::new());
        }
    }
}

#[allow(clippy::too_many_arguments)]
fn report(
    image: &Image,
    entity_type: EntityType,
    number: u32,
    row: u32,
    entity: EntityId,
    others: &[(u32, EntityId)],
    base: Option<(&str, &Known)>,
    is_roots: bool,
) -> Diagnostic {
    let what = if entity_type == EntityType::User { "uid" } else { "gid" };
    let provide = &image.provides[row as usize];
    let names: Vec<String> =
        others.iter().filter(|&&(_, other)| other != entity).map(|&(_, other)| image.say(other)).collect();
    let first = match (names.first(), base) {
        (Some(first), _) => first.clone(),
        (None, Some((name, _))) => {
            let parent = image.base.as_ref().map_or("", |base| base.name.as_str());
            format!("{} {} of parent {}", entity_type.name(), message::quoted(name), message::quoted(parent))
        }
        (None, None) if is_roots => format!("{} `root`", entity_type.name()),
        _ => "another".to_owned(),
    };
    let message = format!("{what} {number} is given to {} and to {first}", image.say(entity));
    let location = image.at(provide.feature, number_span(image, row, what));
    let mut diagnostic = image.diagnostic(Code::IdConflict, Some(entity), location, message);
    diagnostic.label = format!("{what} {number} is taken");
    for &(row, other) in others {
        if other == entity {
            continue;
        }
        let provide = &image.provides[row as usize];
        let place = image.at(provide.feature, number_span(image, row, what));
        diagnostic.related.push(image.related(
            Role::Provider,
            Some(other),
            place,
            format!("given to {} here", image.say(other)),
        ));
    }
    if let Some((name, known)) = base
        && let Some(place) = known.origin.clone()
    {
        let (entity_type, name) = (entity_type.name(), message::quoted(name));
        diagnostic.related.push(image.related(Role::Parent, None, place, format!("{entity_type} {name} has it here")));
    }
    diagnostic.help = Some(format!("give one of them another {what}, or leave it out to have one allocated"));
    diagnostic
}

fn number_span(image: &Image, row: u32, key: &str) -> crate::text::Span {
    let provide = &image.provides[row as usize];
    let fragment = image.fragment_of(provide.feature);
    let node: NodeId = image.features[provide.feature as usize].node;
    if provide.means != Means::Made {
        return provide.span;
    }
    fragment.document.get(node, key, &fragment.source.text).map_or(provide.span, |node| fragment.document.span(node))
}

/// Gives numbers to those that have none, in name order: from 1000 upwards, system accounts from 999 downwards.
pub fn allocate(image: &Image) -> Numbers {
    let mut numbers = Numbers::default();
    let mut used: [FxHashSet<u32>; 2] = [FxHashSet::default(), FxHashSet::default()];
    let side = |entity_type: EntityType| usize::from(entity_type == EntityType::Group);
    for entity_type in [EntityType::User, EntityType::Group] {
        // What is allocated is never nobody's number: it is beyond the ranges.
        used[side(entity_type)].insert(0);
        if let Some(base) = &image.base {
            for (name, known) in base.names(entity_type) {
                // A primary group without a name is somebody's all the same.
                if let Some(tree::Owner::Number(number)) = known.group {
                    used[side(EntityType::Group)].insert(number);
                }
                let Some(number) = known.number else { continue };
                let entity = image.entities.find_name(entity_type, name);
                // Whom the image takes away leaves the number free.
                if entity.is_none_or(|entity| image.gone[entity.index()] == 0) {
                    used[side(entity_type)].insert(number);
                }
                if let Some(entity) = entity {
                    numbers.of.insert(entity, number);
                }
            }
        }
    }
    if let Some(base) = &image.base {
        for (entity_type, number) in base.numeric_owners() {
            used[side(entity_type)].insert(number);
        }
    }
    for (entity_type, number) in image.numeric_users() {
        used[side(entity_type)].insert(number);
    }
    for row in &image.provides {
        if let What::Path(facts) = row.what {
            for (owner, entity_type) in [(facts.user, EntityType::User), (facts.group, EntityType::Group)] {
                if let Owner::Number(number) = owner {
                    used[side(entity_type)].insert(number);
                }
            }
        }
    }
    for change in &image.changes.rows {
        for (owner, entity_type) in [(change.facts.user, EntityType::User), (change.facts.group, EntityType::Group)] {
            if let Owner::Number(number) = owner {
                used[side(entity_type)].insert(number);
            }
        }
    }
    // Given numbers first, then groups of users that ask for their user's, then the rest by name.
    let mut open: Vec<(EntityType, String, EntityId, bool, Option<EntityId>)> = Vec::new();
    let mut implied: Vec<(String, EntityId)> = Vec::new();
    for slot in &image.slots.slots {
        let entity_type = image.entities.entity_type(slot.entity);
        if !matches!(entity_type, EntityType::User | EntityType::Group) {
            continue;
        }
        let row = &image.provides[slot.lead as usize];
        // What only takes a number where it is free comes after those that have theirs.
        let yields = image.features[row.feature as usize].is(Feature::KEEPS) && !slot.satisfied;
        if let Some(number) = image.given_number(slot.entity).filter(|_| !yields) {
            used[side(entity_type)].insert(number);
            numbers.of.insert(slot.entity, number);
            continue;
        }
        if row.means == Means::Declared || slot.broken || slot.satisfied || slot.node == NONE {
            continue;
        }
        let name = image.entities.last(slot.entity).to_owned();
        if entity_type == EntityType::Group && (row.strength == Strength::Implied || image.is_own_group(slot.entity)) {
            implied.push((name, slot.entity));
        } else {
            let own = image.entities.find_name(EntityType::Group, &name);
            open.push((entity_type, name, slot.entity, image.is_system(slot.lead), own));
        }
    }
    open.sort();
    open.dedup_by_key(|entry| entry.2);
    open.retain(|&(entity_type, _, entity, ..)| {
        let wanted = image.given_number(entity).filter(|&number| used[side(entity_type)].insert(number));
        if let Some(number) = wanted {
            numbers.of.insert(entity, number);
        }
        wanted.is_none()
    });
    let mut next = [[1000u32, 999u32], [1000, 999]];
    let mut take = |entity_type: EntityType, system: bool, used: &mut [FxHashSet<u32>; 2]| -> Option<u32> {
        let cursor = &mut next[side(entity_type)][usize::from(system)];
        loop {
            let number = *cursor;
            if system && number < 100 || !system && number > 59_999 {
                return None;
            }
            *cursor = if system { number - 1 } else { number + 1 };
            if used[side(entity_type)].insert(number) {
                return Some(number);
            }
        }
    };
    // Users first; their own groups take their numbers where they are free, and the rest follows by name.
    let (users, mut groups): (Vec<_>, Vec<_>) = open.into_iter().partition(|entry| entry.0 == EntityType::User);
    for (entity_type, _, entity, system, _) in users {
        match take(entity_type, system, &mut used) {
            Some(number) => {
                numbers.of.insert(entity, number);
                numbers.allocated.push((entity, number));
            }
            None => numbers.left_out.push(entity),
        }
    }
    implied.sort();
    implied.dedup();
    for (name, group) in implied {
        let user = image.entities.find_name(EntityType::User, &name);
        let wanted = user.and_then(|user| numbers.of.get(&user).copied());
        if let Some(number) = wanted.filter(|&number| used[1].insert(number)) {
            numbers.of.insert(group, number);
            numbers.allocated.push((group, number));
            continue;
        }
        let system =
            user.is_some_and(|user| image.slots.of(user).first().is_some_and(|slot| image.is_system(slot.lead)));
        groups.push((EntityType::Group, name, group, system, None));
    }
    groups.sort();
    for (entity_type, _, entity, system, _) in groups {
        match take(entity_type, system, &mut used) {
            Some(number) => {
                numbers.of.insert(entity, number);
                numbers.allocated.push((entity, number));
            }
            None => numbers.left_out.push(entity),
        }
    }
    numbers
}

/// Reports those for whom no number is left, once for users and once for groups.
pub fn exhausted(image: &Image, numbers: &Numbers) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for entity_type in [EntityType::User, EntityType::Group] {
        let mut rows: Vec<u32> = numbers
            .left_out
            .iter()
            .filter(|&&entity| image.entities.entity_type(entity) == entity_type)
            .filter_map(|&entity| image.slots.of(entity).iter().find(|slot| slot.node != NONE))
            .map(|slot| slot.lead)
            // A group that had to be there is left out with its user.
            .filter(|&row| image.provides[row as usize].strength != Strength::Implied)
            .collect();
        rows.sort_unstable_by_key(|&row| (image.provides[row as usize].feature, row));
        let Some((&first, others)) = rows.split_first() else { continue };
        let first = &image.provides[first as usize];
        let what = if entity_type == EntityType::User { "uid" } else { "gid" };
        let range = if image.is_system_feature(first.feature) { "100 to 999" } else { "1000 to 59999" };
        let mut message = format!("no {what} is left for {}: all from {range} are taken", image.say(first.entity));
        if !others.is_empty() {
            message.push_str(&format!(", nor for {}", message::count(others.len(), "other", "others")));
        }
        let mut diagnostic =
            image.diagnostic(Code::IdConflict, Some(first.entity), image.origin(first.feature), message);
        diagnostic.label = format!("needs a {what}");
        for row in others.iter().map(|&row| &image.provides[row as usize]) {
            let (place, text) = (image.origin(row.feature), format!("{} has none either", image.say(row.entity)));
            diagnostic.related.push(image.related(Role::Provider, Some(row.entity), place, text));
        }
        diagnostic.help = Some(format!("write `{what} = ...` with a number outside that range, or declare fewer"));
        found.push(diagnostic);
    }
    found
}

impl Image {
    /// Whether a group is the primary one of a user of its name.
    fn is_own_group(&self, group: EntityId) -> bool {
        let Some(user) = self.entities.find_name(EntityType::User, self.entities.last(group)) else { return false };
        self.slots.of(user).iter().filter(|slot| !slot.satisfied).any(|slot| match slot.what {
            What::User(account) => match self.accounts[account as usize].group {
                None => self.provides[slot.lead as usize].means == Means::Made,
                Some(owner) => owner == Owner::Name(group),
            },
            _ => false,
        })
    }

    /// Whether a user or group is declared as a system account.
    pub fn is_system(&self, row: u32) -> bool {
        self.is_system_feature(self.provides[row as usize].feature)
    }

    /// The same of a feature.
    pub fn is_system_feature(&self, feature: u32) -> bool {
        let fragment = self.fragment_of(feature);
        let text = fragment.source.text.as_str();
        let node = self.features[feature as usize].node;
        fragment
            .document
            .get(node, "system", text)
            .and_then(|node| fragment.document.boolean(node, text))
            .unwrap_or(false)
    }
}

/// Warns of numbers that were allocated although something opaque before may take them.
pub fn unpinned(image: &Image, numbers: &Numbers, opaque_sees: impl Fn(u32) -> bool) -> Vec<(Diagnostic, Vec<u32>)> {
    let mut found = Vec::new();
    for &(entity, number) in &numbers.allocated {
        let Some(slot) = image.slots.of(entity).iter().find(|slot| slot.node != NONE) else { continue };
        let row = &image.provides[slot.lead as usize];
        if row.strength == Strength::Implied || row.means != Means::Made {
            continue;
        }
        // A number that was given and could not be read is not to be replaced by another one.
        let members = image.slots.rows[slot.rows.0 as usize..slot.rows.1 as usize].iter();
        let mut features = members.map(|&row| image.provides[row as usize].feature);
        if features.any(|feature| image.features[feature as usize].is(Feature::BROKEN)) {
            continue;
        }
        if !image.opaque_before(entity, slot.phase) && !opaque_sees(slot.node) {
            continue;
        }
        let what = if image.entities.entity_type(entity) == EntityType::User { "uid" } else { "gid" };
        let doubts = image.opaque_providers(entity, slot.phase, false, None);
        let message = format!(
            "{} is given no {what}; {number} is allocated, and {} may take that number before",
            image.say(entity),
            doubts.said
        );
        let mut diagnostic = image.diagnostic(Code::UnpinnedId, Some(entity), image.origin(row.feature), message);
        diagnostic.label = format!("its {what} is allocated: {number}");
        diagnostic.clues.push(Clue::Number(number));
        diagnostic.help = Some(format!(
            "write `{what} = {number}`, or keep numbers in an `ids` file with `featgraph plan --write-ids`"
        ));
        for place in doubts.places {
            diagnostic.related.push(image.related(Role::Provider, Some(entity), place, "may take the number"));
        }
        found.push((diagnostic, vec![row.feature]));
    }
    found
}
