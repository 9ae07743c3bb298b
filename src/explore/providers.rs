//! Who provides an entity, and who takes it away.

use super::attributes;
use super::model::{Attributes, Provider, Removed};
use super::steps::Steps;
use super::words;
use crate::entity::{Means, Phase, Strength};
use crate::graph::Stand;
use crate::graph::slots::{NONE, Slot, Slots, There};
use crate::intern::EntityId;
use crate::message;

/// Everything that provides it: the parent, then phase by phase, then what is assumed.
pub(super) fn providers(steps: &Steps<'_>, stand: Stand) -> Vec<Provider> {
    let image = &steps.graph.image;
    let mut found = Vec::new();
    if let Some(known) = stand.known(image) {
        found.push(Provider {
            by: words::parent(image, known),
            kind: None,
            origin: known.origin.as_ref().map(words::origin),
            phase: None,
            strength: None,
            means: "parent",
            step: None,
            attributes: attributes::of_known(known),
            note: after_parent(steps, stand),
        });
    }
    let Some(entity) = stand.entity else { return found };
    if found.is_empty() && words::is_always(entity) {
        found.push(always());
    }
    for slot in image.slots.of(entity) {
        for &row in &image.slots.rows[slot.rows.0 as usize..slot.rows.1 as usize] {
            found.push(by_row(steps, row, Some(slot)));
        }
    }
    for &row in image.slots.assumed.get(&entity).into_iter().flatten() {
        found.push(by_row(steps, row, None));
    }
    found
}

fn always() -> Provider {
    Provider {
        by: "it is in every image".to_owned(),
        kind: None,
        origin: None,
        phase: None,
        strength: None,
        means: "parent",
        step: None,
        attributes: Attributes::default(),
        note: None,
    }
}

/// What became of what the parent has.
fn after_parent(steps: &Steps<'_>, stand: Stand) -> Option<String> {
    let image = &steps.graph.image;
    for phase in Phase::ALL {
        let slots = stand.entity.map_or(&[][..], |entity| image.slots.of(entity));
        if let Some(slot) = slots.iter().find(|slot| slot.phase == phase && !slot.satisfied && !slot.broken) {
            let how = if slot.replaces.is_some() { "replaced" } else { "changed" };
            return (slot.mount.is_none()).then(|| format!("{how} in phase `{}`", phase.name()));
        }
        if stand.goes_in(phase) {
            return Some(format!("taken away in phase `{}`", phase.name()));
        }
    }
    None
}

fn by_row(steps: &Steps<'_>, number: u32, slot: Option<&Slot>) -> Provider {
    let image = &steps.graph.image;
    let row = &image.provides[number as usize];
    let assumed = row.means == Means::Assumed;
    let step = match (row.means, slot) {
        (Means::Assumed, _) => None,
        // Several may bring about what is only declared, each by its own step.
        (Means::Declared, _) => Some(steps.of(row.feature)),
        (_, Some(slot)) if slot.broken || slot.mount == Some(number) => Some(steps.of(row.feature)),
        (_, Some(slot)) => (slot.node != NONE).then_some(slot.node),
        (_, None) => None,
    };
    Provider {
        by: image.say_feature(row.feature),
        kind: Some(image.features[row.feature as usize].kind.name()),
        origin: Some(words::origin(&image.at(row.feature, row.span))),
        phase: (!assumed).then(|| image.phase(row.feature).name()),
        strength: Some(match row.strength {
            Strength::Explicit => "explicit",
            Strength::Weak => "weak",
            Strength::Implied => "implied",
        }),
        means: match row.means {
            Means::Made => "made",
            Means::Contained => "contained",
            Means::Declared => "declared",
            Means::Assumed => "assumed",
        },
        step: step.map(|node| steps.id(node).to_owned()),
        attributes: attributes::of_row(steps.graph, number, slot),
        note: slot.and_then(|slot| note(steps, number, slot)),
    }
}

fn note(steps: &Steps<'_>, number: u32, slot: &Slot) -> Option<String> {
    let image = &steps.graph.image;
    let row = &image.provides[number as usize];
    let state = image.slots.states[number as usize];
    if slot.broken {
        return Some("contradicts another provider, or is broken itself".to_owned());
    }
    if state & Slots::DROPPED != 0 {
        return Some("another provider with `replace` stands in its place".to_owned());
    }
    if slot.satisfied || state & Slots::SATISFIED != 0 {
        return Some("was there already, so no step is needed".to_owned());
    }
    if let Some(phase) = Phase::ALL[slot.phase as usize + 1..].iter().find(|&&phase| image.goes_in(slot.entity, phase))
    {
        return Some(format!("taken away in phase `{}`", phase.name()));
    }
    if slot.lead != number && row.means != Means::Declared {
        let lead = &image.provides[slot.lead as usize];
        if slot.mount == Some(number) {
            return Some(format!("on what {} provides", image.say_feature(lead.feature)));
        }
        let place = words::origin(&image.at(lead.feature, lead.span));
        let lead_said = image.say_feature(lead.feature);
        return Some(match row.strength < lead.strength {
            true => format!("{lead_said} ({place}) says more, and stands"),
            false => format!("agrees with {lead_said} ({place})"),
        });
    }
    let replaces = slot.replaces?;
    let what = replaces.file_type.map_or("what was there", |file_type| file_type.described());
    Some(match replaces.phase {
        Some(phase) => format!("replaces {what} of phase `{}`", phase.name()),
        None => {
            let name = image.base.as_ref().map_or("", |base| base.name.as_str());
            format!("replaces {what} of parent {}", message::quoted(name))
        }
    })
}

/// Who takes it away, phase by phase.
pub(super) fn removed(steps: &Steps<'_>, stand: Stand) -> Vec<Removed> {
    let image = &steps.graph.image;
    let mut found = Vec::new();
    for phase in Phase::ALL.into_iter().filter(|&phase| stand.is_before(image, phase)) {
        let own = image.removal_of(stand.nearest, phase).filter(|_| stand.goes_in(phase));
        match own {
            Some(removal) => {
                let row = &image.removals[removal as usize];
                let above = stand.entity != Some(row.entity);
                let by = image.say_feature(row.feature);
                found.push(Removed {
                    by: if above { format!("{by}, with all below it") } else { by },
                    phase: phase.name(),
                    origin: Some(words::origin(&image.at(row.feature, row.span))),
                });
            }
            None if stand.goes_in(phase) => {
                let (by, origin) = replaced_above(steps, stand, phase);
                found.push(Removed { by, phase: phase.name(), origin });
            }
            None => {}
        }
    }
    found
}

/// Something else that takes the place of a directory takes all below it away.
fn replaced_above(steps: &Steps<'_>, stand: Stand, phase: Phase) -> (String, Option<super::model::Origin>) {
    let image = &steps.graph.image;
    let mut at = stand.nearest;
    while image.entities.is_path(at) && at != EntityId::ROOT {
        let slot = image.slots.of(at).iter().find(|slot| slot.phase == phase && slot.replaces.is_some());
        if let Some(slot) = slot {
            let row = &image.provides[slot.lead as usize];
            let by = format!("{}, which replaces {}", image.say_feature(row.feature), image.say(at));
            return (by, Some(words::origin(&image.at(row.feature, row.span))));
        }
        at = image.entities.parent(at);
    }
    ("a step of this phase that replaces it or takes its package away".to_owned(), None)
}

/// The steps that bring about what is there, and those of the phases before, in the order of time.
pub(super) fn makers(steps: &Steps<'_>, entity: EntityId) -> Vec<u32> {
    let image = &steps.graph.image;
    let mut makers = Vec::new();
    for slot in image.slots.of(entity).iter().filter(|slot| slot.node != NONE && !slot.satisfied) {
        makers.push(slot.node);
        for &row in &image.slots.rows[slot.rows.0 as usize..slot.rows.1 as usize] {
            let provide = &image.provides[row as usize];
            let dropped = image.slots.states[row as usize] & Slots::DROPPED != 0;
            if !dropped && (provide.means == Means::Declared || slot.mount == Some(row)) {
                makers.push(steps.of(provide.feature));
            }
        }
    }
    let mut seen = rustc_hash::FxHashSet::default();
    makers.retain(|&node| seen.insert(node));
    makers
}

/// The step that makes what is there in the end.
pub(super) fn maker(steps: &Steps<'_>, stand: Stand) -> Option<u32> {
    match stand.at_the_end(&steps.graph.image) {
        There::Slot(slot) => Some(steps.graph.image.slots.slots[slot as usize].node).filter(|&node| node != NONE),
        _ => None,
    }
}
