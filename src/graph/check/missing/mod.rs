//! What is required and not there, or not as required: one finding for each entity, at its first use.

use rustc_hash::FxHashSet;

use super::clues::{self, Homes};
use super::near::Neighbours;
use super::words::{advice, because, needs, needs_too};
use crate::catalog::Code;
use crate::diagnostic::{Clue, Diagnostic, Role};
use crate::entity::{Cause, Means, Phase, What};
use crate::fragment::Feature;
use crate::graph::RowId;
use crate::graph::edges::Why;
use crate::graph::image::Image;
use crate::graph::slots::There;
use crate::graph::view::Unmet;
use crate::intern::{EntityId, EntityType};
use crate::message;
use crate::near;
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

    fn missing(&mut self, group: &[Failure]) {
        let image = self.image;
        let first = &group[0];
        let said = image.say(first.entity);
        let late = image.slots.of(first.entity).iter().find(|slot| slot.phase > first.phase && !slot.satisfied);
        let message = match late {
            Some(slot) => format!(
                "{said}, {}, is provided too late: only in phase `{}`, which comes after `{}`, by {}",
                because(image, first),
                slot.phase.name(),
                first.phase.name(),
                image.say_feature(image.provides[slot.lead as usize].feature)
            ),
            None => match self.unlisted(first) {
                Some(file) => format!(
                    "{said}, {}, is no longer listed by what takes the place of {}",
                    because(image, first),
                    image.say(image.provides[file as usize].entity)
                ),
                None => format!("nothing provides {said}, {}", because(image, first)),
            },
        };
        let mut diagnostic = self.start(Code::Missing, group, message);
        let mut explained = false;
        if let Some(file) = self.unlisted(first).filter(|_| late.is_none()) {
            let row = &image.provides[file as usize];
            let place = image.at(row.feature, row.span);
            diagnostic.related.push(image.related(Role::Provider, Some(row.entity), place, "takes its place here"));
            diagnostic.help = Some(format!("list {said} in it, or declare {said} with a feature of its own"));
            explained = true;
        }
        // Provided, but too late.
        if let Some(slot) = late {
            let row = &image.provides[slot.lead as usize];
            let text = format!(
                "provided only in phase `{}`, which is after `{}`, by {}",
                slot.phase.name(),
                first.phase.name(),
                image.say_feature(row.feature)
            );
            diagnostic.related.push(image.related(
                Role::Provider,
                Some(first.entity),
                image.at(row.feature, row.span),
                text,
            ));
            diagnostic.help =
                Some(format!("let the provider run in phase `{}`, or the one that needs it later", first.phase.name()));
            explained = true;
        }
        if !explained && self.tell_removal(&mut diagnostic, first) {
            diagnostic.help = Some("keep it, or provide it again in a later phase".to_owned());
            explained = true;
        }
        if !explained {
            let near = self.neighbours.near(first);
            diagnostic.help = Some(match &near {
                Some(near) => format!("did you mean {}? If not, {}", near.said, advice(image, first)),
                None => advice(image, first),
            });
            diagnostic.notes.extend(self.neighbours.otherwise(first.entity));
            diagnostic.clues.extend(near.map(|near| Clue::Meant(near.text)));
            diagnostic.clues.push(clues::needed(image, first));
            let directory = matches!(first.cause, Cause::Parent | Cause::Home | Cause::WorkingDirectory);
            if directory {
                let homes = self.homes.get_or_insert_with(|| Homes::new(image));
                let parent = image.entities.parent(first.entity);
                diagnostic.clues.extend(homes.owner(image, first.entity, self.neighbours.named(parent)));
            }
        }
        self.findings.push((diagnostic, Self::features(group)));
    }

    /// Whether it is a link that came with a folder, an archive, a clone or a package: nobody wrote it here.
    fn comes_with_a_tree(&self, failure: &Failure) -> bool {
        let Why::Link(RowId::Link(link)) = failure.why else { return false };
        failure.cause == Cause::LinkTarget
            && self.image.provides[self.image.links[link as usize].provide as usize].means == Means::Contained
    }

    /// A link of a tree that leads nowhere.
    fn dangling(&mut self, failure: &Failure) {
        let image = self.image;
        let Why::Link(RowId::Link(row)) = failure.why else { return };
        let link = &image.links[row as usize];
        let (feature, span) = self.place(failure);
        let entity = image.provides[link.provide as usize].entity;
        let place = image.say(failure.entity);
        let target = message::quoted(&link.target);
        let leads = if target == place { target } else { format!("{target}, which is {place}") };
        let message = format!("the link {} leads to {leads}, and nothing is there", image.say(entity));
        let mut diagnostic = image.diagnostic(Code::DanglingLink, Some(entity), image.at(feature, span), message);
        diagnostic.label = "brings a link that leads nowhere".to_owned();
        image.tell_links(&mut diagnostic, failure.why);
        diagnostic.help = Some(
            "provide what it leads to, leave the link out with `exclude`, or write `allow = [\"dangling-link\"]` if that is meant"
                .to_owned(),
        );
        self.findings.push((diagnostic, vec![failure.feature]));
    }

    /// A path that a command names, and that the image provides only after it.
    fn late(&mut self, failure: &Failure) {
        let image = self.image;
        let Some(slot) =
            image.slots.of(failure.entity).iter().find(|slot| slot.phase > failure.phase && !slot.satisfied)
        else {
            return;
        };
        let row = &image.provides[slot.lead as usize];
        let message = format!(
            "{} names {}, which is provided only in phase `{}`, after the command runs in phase `{}`",
            image.say_feature(failure.feature),
            image.say(failure.entity),
            slot.phase.name(),
            failure.phase.name()
        );
        let (feature, span) = self.place(failure);
        let mut diagnostic =
            image.diagnostic(Code::LikelyMissing, Some(failure.entity), image.at(feature, span), message);
        diagnostic.label = "not there yet when the command runs".to_owned();
        let text = format!("provided here, by {}", image.say_feature(row.feature));
        let place = image.at(row.feature, row.span);
        diagnostic.related.push(image.related(Role::Provider, Some(failure.entity), place, text));
        image.tell_links(&mut diagnostic, failure.why);
        diagnostic.help =
            Some(format!("set `phase = \"{}\"` on the command, so that it runs afterwards", Phase::Finalize.name()));
        self.findings.push((diagnostic, vec![failure.feature]));
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

    /// The row of the account file that no longer lists an account which was there before.
    fn unlisted(&self, failure: &Failure) -> Option<u32> {
        let image = self.image;
        let phases = Phase::ALL.iter().rev().filter(|&&phase| phase <= failure.phase);
        let phase = phases.copied().find(|&phase| image.goes_in(failure.entity, phase))?;
        image.account_file(image.entities.entity_type(failure.entity), phase)?;
        match image.taker_of(failure.entity, phase)? {
            crate::graph::taken::Taker::Replacement(row) => Some(row),
            crate::graph::taken::Taker::Removal(_) => None,
        }
    }

    fn unproven(&mut self, group: &[Failure]) {
        let image = self.image;
        let first = &group[0];
        let said = image.say(first.entity);
        let doubts = image.opaque_providers(first.entity, first.phase, first.ordered, Some(first.feature));
        let by = if first.mount { "what is mounted above it".to_owned() } else { doubts.said.clone() };
        let late = image.slots.of(first.entity).iter().find(|slot| slot.phase > first.phase && !slot.satisfied);
        let near = self.neighbours.near(first).filter(|near| {
            let name = |text: &str| text.rsplit('/').next().unwrap_or(text).to_owned();
            let written = image.entities.text(first.entity);
            near::is_likely(&name(&written), &name(&near.text)) || written.matches('/').count() > 1
        });
        let code = if late.is_some() || near.is_some() { Code::LikelyMissing } else { Code::Unproven };
        let message = match late {
            Some(slot) => format!(
                "{said}, {}, is provided only in phase `{}`, which comes after `{}`; earlier only {by} may provide it",
                because(image, first),
                slot.phase.name(),
                first.phase.name()
            ),
            None => format!("{said}, {}, is not known to be there: only {by} may provide it", because(image, first)),
        };
        let mut diagnostic = self.start(code, group, message);
        if let Some(slot) = late {
            let row = &image.provides[slot.lead as usize];
            let text = format!("provided here, by {}", image.say_feature(row.feature));
            let place = image.at(row.feature, row.span);
            diagnostic.related.push(image.related(Role::Provider, Some(first.entity), place, text));
        }
        if !first.mount {
            for place in doubts.places {
                diagnostic.related.push(image.related(Role::Provider, Some(first.entity), place, "may provide it"));
            }
        }
        self.tell_removal(&mut diagnostic, first);
        diagnostic.clues.push(clues::needed(image, first));
        let otherwise = match late {
            Some(_) => {
                Some(format!("let the provider run in phase `{}`, or the one that needs it later", first.phase.name()))
            }
            None => near.as_ref().map(|near| format!("did you mean {}? If not, {}", near.said, advice(image, first))),
        };
        diagnostic.clues.extend(near.map(|near| Clue::Meant(near.text)));
        diagnostic.help = otherwise.or_else(|| Some(
            "say so with `provides` on the step that brings it about, record its `facts`, or write an `assume` with the reason".to_owned(),
        ));
        self.findings.push((diagnostic, Self::features(group)));
    }

    fn mismatch(&mut self, group: &[Failure], unmet: &Unmet) {
        let image = self.image;
        let first = &group[0];
        let reason = unmet.reason.as_str();
        let message = format!("{}, {}, {reason}", image.say(first.entity), because(image, first));
        let mut diagnostic = self.start(Code::Mismatch, group, message);
        if let There::Slot(slot) = image.within(first.entity, Phase::Finalize) {
            let slot = &image.slots.slots[slot as usize];
            let row = &image.provides[slot.mount.unwrap_or(slot.lead) as usize];
            let text = format!("provided here, by {}", image.say_feature(row.feature));
            diagnostic.related.push(image.related(
                Role::Provider,
                Some(first.entity),
                image.at(row.feature, row.span),
                text,
            ));
        } else if let There::Base(known) = image.within(first.entity, Phase::Finalize) {
            let name = image.base.as_ref().map_or("", |base| base.name.as_str());
            match &known.origin {
                Some(origin) => diagnostic.related.push(image.related(
                    Role::Parent,
                    Some(first.entity),
                    origin.clone(),
                    format!("comes from parent `{name}`"),
                )),
                None => diagnostic.notes.push(match &known.package {
                    Some(package) => format!("it comes from package `{package}` of parent `{name}`"),
                    None => format!("it comes from parent `{name}`"),
                }),
            }
        }
        for &row in image.slots.assumed.get(&first.entity).into_iter().flatten().take(1) {
            let row = &image.provides[row as usize];
            let place = image.at(row.feature, row.span);
            diagnostic.related.push(image.related(Role::Provider, Some(first.entity), place, "assumed here"));
        }
        diagnostic.clues.push(clues::needed(image, first));
        diagnostic.clues.extend(clues::program(image, first));
        diagnostic.help = Some(if reason.starts_with("must be empty") {
            "set `recursive = true`, or remove what is left in it, too".to_owned()
        } else if reason.contains("executable") {
            "give it an executable mode, such as \"0755\", or name another program".to_owned()
        } else if reason.contains("mountpoint") {
            "put it elsewhere, or into what is mounted".to_owned()
        } else if first.cause == Cause::Parent {
            format!("make {} a directory, or put this elsewhere", image.say(first.entity))
        } else {
            "name something that fits, or change what is there".to_owned()
        });
        self.findings.push((diagnostic, Self::features(group)));
    }
}
