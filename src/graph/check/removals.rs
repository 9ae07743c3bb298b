//! Removals against what the same phase provides, and packages without a manager.

use std::collections::BTreeMap;

use crate::catalog::Code;
use crate::diagnostic::Role;
use crate::entity::{Means, Strength};
use crate::fragment::Removal;
use crate::graph::image::Image;
use crate::graph::taken::Taker;
use crate::intern::EntityType;

/// What is both removed and provided in one phase: one finding a removal.
pub fn removed_and_provided(image: &mut Image) {
    if image.removals.is_empty() && image.replacers.is_empty() {
        return;
    }
    let mut by_removal: BTreeMap<(u8, u32), Vec<usize>> = BTreeMap::new();
    for (number, slot) in image.slots.slots.iter().enumerate() {
        let row = &image.provides[slot.lead as usize];
        let overridden = row.strength == Strength::Implied && row.means == Means::Made;
        if !image.goes_in(slot.entity, slot.phase) || overridden && slot.satisfied {
            continue;
        }
        let is_account = matches!(image.entities.entity_type(slot.entity), EntityType::User | EntityType::Group);
        if is_account {
            continue;
        }
        match image.taker_of(slot.entity, slot.phase) {
            Some(Taker::Removal(removal)) => by_removal.entry((0, removal)).or_default().push(number),
            Some(Taker::Replacement(row)) => by_removal.entry((1, row)).or_default().push(number),
            None => {}
        }
    }
    for ((sort, number), mut slots) in by_removal {
        let removal = if sort == 0 {
            image.removals[number as usize]
        } else {
            let row = image.provides[number as usize];
            Removal { feature: row.feature, entity: row.entity, span: row.span, must_exist: true, recursive: true }
        };
        let taken = if sort == 0 { "removed" } else { "replaced" };
        slots.sort_by_key(|&slot| {
            let row = &image.provides[image.slots.slots[slot].lead as usize];
            (row.feature, row.span.start)
        });
        let rows: Vec<_> = slots.iter().map(|&slot| image.provides[image.slots.slots[slot].lead as usize]).collect();
        // Whatever the order of files, the finding is about the same entity.
        let entity = rows
            .iter()
            .map(|row| row.entity)
            .min_by_key(|&entity| image.entities.text(entity))
            .unwrap_or(removal.entity);
        let phase = image.slots.slots[slots[0]].phase;
        let place = |feature: u32, start: u32| (feature, start);
        let removed_later = place(removal.feature, removal.span.start) > place(rows[0].feature, rows[0].span.start);
        let message = if removal.entity == entity {
            format!("{} is both provided and removed in phase `{}`", image.say(entity), phase.name())
        } else {
            format!(
                "{} is provided in phase `{}`, in which {} is {taken} with all below it",
                image.say(entity),
                phase.name(),
                image.say(removal.entity)
            )
        };
        let provided = image.at(rows[0].feature, rows[0].span);
        let removed = image.at(removal.feature, removal.span);
        let (location, other, label, text) = if removed_later {
            (removed, provided, format!("{taken} here"), "provided here".to_owned())
        } else {
            (provided, removed, "provided here".to_owned(), format!("{taken} here"))
        };
        let mut diagnostic = image.diagnostic(Code::Conflict, Some(entity), location, message);
        diagnostic.label = label;
        diagnostic.related.push(image.related(Role::Provider, Some(entity), other, text));
        for row in &rows[1..] {
            let place = image.at(row.feature, row.span);
            diagnostic.related.push(image.related(Role::Provider, Some(row.entity), place, "provided here, too"));
        }
        diagnostic.help = Some("put one of them into another `phase`".to_owned());
        for &slot in &slots {
            image.slots.slots[slot].broken = true;
        }
        image.report(diagnostic, Vec::new());
    }
}

/// A package feature without a manager in an image that names none.
pub fn managers(image: &mut Image) {
    if image.manager.is_some() || image.alone {
        return;
    }
    for (feature, row) in image.package_rows() {
        if row.manager.is_some() {
            continue;
        }
        let fragment = image.fragment_of(feature);
        let node = image.features[feature as usize].node;
        if fragment.document.get(node, "manager", &fragment.source.text).is_some() {
            continue;
        }
        let message = format!(
            "nothing says which package manager is to carry this out: image `{}` has no `package_manager`",
            image.name
        );
        let main = image.features[feature as usize]
            .main
            .filter(|&main| image.entities.entity_type(main) == EntityType::Package);
        let mut diagnostic = image.diagnostic(Code::MissingKey, main, image.origin(feature), message);
        diagnostic.label = "needs a `manager`".to_owned();
        diagnostic.help =
            Some("set `package_manager` in `[image]`, or `manager` here: \"apt\", \"dnf\" or \"apk\"".to_owned());
        image.report(diagnostic, Vec::new());
    }
}
