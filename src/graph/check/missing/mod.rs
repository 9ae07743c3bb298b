//! What is required and not there, or not as required: one finding for each entity, at its first use.

mod absent;
mod dangling;
mod mismatch;
mod unproven;

use rustc_hash::FxHashSet;

use super::clues::Homes;
use super::near::Neighbours;
use super::words::{needs, needs_too};
use crate::catalog::Code;
use crate::diagnostic::{Diagnostic, Role};
use crate::entity::{Cause, Means, Phase, What};
use crate::fragment::Feature;
use crate::graph::edges::Why;
use crate::graph::image::Image;
use crate::graph::slots::Slot;
use crate::graph::view::Unmet;
use crate::intern::{EntityId, EntityType};
use crate::syntax::NodeId;
use crate::text::Span;

/// What is wrong with a required entity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lack {
    /// Nothing provides it.
    Missing,
    /// It is not as required.
    Mismatch(Unmet),
}

/// A requirement that is not met.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What is required.
    pub entity: EntityId,
    /// What is wrong with it.
    pub lack: Lack,
    /// Who requires it.
    pub feature: u32,
    /// The step that requires it.
    pub node: u32,
    /// The row that requires it.
    pub why: Why,
    /// Why it is required.
    pub cause: Cause,
    /// When.
    pub phase: Phase,
    /// Whether it must be there before the step.
    pub ordered: bool,
    /// What must be true of it.
    pub validator: u32,
    /// Whether something is mounted above it.
    pub mount: bool,
    /// Whether it only stands in the way of what is required.
    pub blocks: bool,
}

struct Judge<'i> {
    image: &'i Image,
    findings: Vec<(Diagnostic, Vec<u32>)>,
    neighbours: Neighbours<'i>,
    /// Directories into which a source goes that cannot be read yet, and that may be a folder.
    unread_into: FxHashSet<EntityId>,
    homes: Option<Homes>,
}

/// What became of all lacks.
pub struct Judged {
    /// Each finding with the features that can silence it.
    pub findings: Vec<(Diagnostic, Vec<u32>)>,
    /// What only something opaque may meet.
    pub unproven: Vec<Failure>,
    /// How many comparisons of names were left when all that was probably meant had been looked for.
    pub comparisons_left: usize,
}

/// Turns lacks into findings. `opaque_sees` says whether an opaque step of the same phase runs before a node.
pub fn judge(image: &Image, mut failures: Vec<Failure>, opaque_sees: impl Fn(&Failure) -> bool) -> Judged {
    failures.sort_by(|a, b| {
        (a.entity, &a.lack, a.feature, image.why_place(a.why).1.start, a.why).cmp(&(
            b.entity,
            &b.lack,
            b.feature,
            image.why_place(b.why).1.start,
            b.why,
        ))
    });
    let unread_into = image
        .provides
        .iter()
        .filter(|row| row.into && matches!(row.what, What::Path(facts) if facts.file_type.is_none()))
        .map(|row| image.entities.parent(row.entity))
        .collect();
    let mut judge = Judge { image, findings: Vec::new(), neighbours: Neighbours::new(image), unread_into, homes: None };
    let mut unproven = Vec::new();
    let mut at = 0;
    while at < failures.len() {
        let end = at
            + failures[at..]
                .iter()
                .take_while(|other| other.entity == failures[at].entity && other.lack == failures[at].lack)
                .count();
        let group = &failures[at..end];
        at = end;
        match &group[0].lack {
            Lack::Mismatch(unmet) => judge.mismatch(group, unmet),
            Lack::Missing => {
                if judge.is_clouded(group[0].entity, group[0].phase) {
                    continue;
                }
                let (mentioned, group): (Vec<Failure>, Vec<Failure>) =
                    group.iter().cloned().partition(|failure| failure.cause == Cause::Mentioned);
                for failure in mentioned {
                    judge.late(&failure);
                }
                let may_be = |failure: &Failure| {
                    failure.mount || image.opaque_before(failure.entity, failure.phase) || opaque_sees(failure)
                };
                let (open, missing): (Vec<Failure>, Vec<Failure>) = group.iter().cloned().partition(may_be);
                let (dangling, missing): (Vec<Failure>, Vec<Failure>) =
                    missing.into_iter().partition(|failure| judge.comes_with_a_tree(failure));
                // One that dangles at the end of its phase and of the image is told once.
                let mut told = FxHashSet::default();
                for failure in dangling.iter().filter(|failure| told.insert(failure.why)) {
                    judge.dangling(failure);
                }
                if !missing.is_empty() {
                    judge.missing(&missing);
                }
                if !open.is_empty() {
                    // Who has an `allow` is told alone, so that it silences nobody else.
                    let (own, together): (Vec<Failure>, Vec<Failure>) = open
                        .iter()
                        .cloned()
                        .partition(|failure| image.features[failure.feature as usize].is(Feature::ALLOWS));
                    for failure in own {
                        judge.unproven(&[failure]);
                    }
                    if !together.is_empty() {
                        judge.unproven(&together);
                    }
                    unproven.extend(open);
                }
            }
        }
    }
    Judged { findings: judge.findings, unproven, comparisons_left: judge.neighbours.left() }
}

/// What provides something, but only in a phase after the one that needs it.
fn later<'i>(image: &'i Image, failure: &Failure) -> Option<&'i Slot> {
    let slots = image.slots.of(failure.entity);
    slots.iter().find(|slot| slot.phase > failure.phase && !slot.satisfied)
}

impl Judge<'_> {
    /// Whether a place is below something of which it is not known what it is: nothing can be said then.
    fn is_clouded(&self, entity: EntityId, phase: Phase) -> bool {
        let image = self.image;
        // Accounts in a file that cannot be read yet are unknown, not absent.
        if let Some(file) = image.account_file(image.entities.entity_type(entity), phase) {
            return image.slots.of(file).iter().any(|slot| {
                matches!(slot.what, What::Path(facts) if facts.file_type.is_none())
                    && image.provides[slot.lead as usize].means == Means::Made
            });
        }
        if !image.entities.is_path(entity) {
            return false;
        }
        let mut at = entity;
        while at != EntityId::ROOT {
            at = image.entities.parent(at);
            if self.unread_into.contains(&at) {
                return true;
            }
            for slot in image.slots.of(at) {
                if slot.broken {
                    return true;
                }
                if let What::Path(facts) = slot.what
                    && facts.file_type.is_none()
                    && image.provides[slot.lead as usize].means == Means::Made
                {
                    return true;
                }
            }
        }
        false
    }

    fn features(group: &[Failure]) -> Vec<u32> {
        let mut features: Vec<u32> = group.iter().map(|failure| failure.feature).collect();
        features.dedup();
        features
    }

    /// The value that requires it: in a table of `requires` the attribute that is not as it says.
    fn place(&self, failure: &Failure) -> (u32, Span) {
        let (feature, span) = self.image.why_place(failure.why);
        let attribute = match (&failure.lack, failure.why) {
            (Lack::Mismatch(unmet), Why::Require(_)) if failure.cause == Cause::Declared => unmet.attribute,
            _ => return (feature, span),
        };
        let fragment = self.image.fragment_of(feature);
        let (document, text) = (&fragment.document, fragment.source.text.as_str());
        let found = document.get(self.image.features[feature as usize].node, "requires", text).and_then(|list| {
            let holds = |table: &NodeId| {
                let whole = document.span(*table);
                whole.start <= span.start && span.end <= whole.end
            };
            document.get(document.children(list).find(holds)?, attribute, text)
        });
        (feature, found.map_or(span, |value| document.span(value)))
    }

    fn start(&self, code: Code, group: &[Failure], message: String) -> Diagnostic {
        let image = self.image;
        let first = &group[0];
        let (feature, span) = self.place(first);
        let mut diagnostic = image.diagnostic(code, Some(first.entity), image.at(feature, span), message);
        diagnostic.label = if first.blocks { "leads through it" } else { needs(first.cause) }.to_owned();
        for other in group[1..].iter().filter(|other| other.feature != first.feature) {
            let (feature, span) = self.place(other);
            let place = image.at(feature, span);
            if place.source.name == diagnostic.location.source.name && place.span == diagnostic.location.span {
                continue;
            }
            let needs = if other.blocks { "leads through it, too" } else { needs_too(other.cause) };
            let text = format!("{} {needs}", image.say_feature(other.feature));
            diagnostic.related.push(image.related(
                Role::Requirer,
                super::main_place(image, other.feature),
                place,
                text,
            ));
        }
        diagnostic.related.sort_by(|a, b| (a.location.order(), &a.message).cmp(&(b.location.order(), &b.message)));
        diagnostic.related.dedup_by(|a, b| a.location.order() == b.location.order() && a.message == b.message);
        image.tell_links(&mut diagnostic, first.why);
        diagnostic
    }

    /// Names what took a thing away before it is needed; whether something did.
    fn tell_removal(&self, diagnostic: &mut Diagnostic, failure: &Failure) -> bool {
        let image = self.image;
        let goes =
            |phase: &&Phase| image.goes_in(failure.entity, **phase) && (**phase < failure.phase || !failure.ordered);
        let Some(phase) = Phase::ALL.iter().rev().find(goes) else { return false };
        let Some(removal) = image.removal_of(failure.entity, *phase) else { return false };
        let removal = &image.removals[removal as usize];
        if removal.feature == failure.feature {
            return false;
        }
        let text = match image.entities.entity_type(removal.entity) {
            EntityType::Package => {
                format!("removed here with {}, in phase `{}`", image.say(removal.entity), phase.name())
            }
            _ => format!("removed here, in phase `{}`", phase.name()),
        };
        let place = image.at(removal.feature, removal.span);
        diagnostic.related.push(image.related(Role::Provider, Some(removal.entity), place, text));
        true
    }

    /// Points at what provides the entity.
    fn tell_provider(&self, diagnostic: &mut Diagnostic, entity: EntityId, row: u32) {
        let image = self.image;
        let row = &image.provides[row as usize];
        let text = format!("provided here, by {}", image.say_feature(row.feature));
        let place = image.at(row.feature, row.span);
        diagnostic.related.push(image.related(Role::Provider, Some(entity), place, text));
    }
}
