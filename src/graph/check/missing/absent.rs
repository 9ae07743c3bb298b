//! What nothing provides.

use super::super::clues::{self, Homes};
use super::super::words::{advice, because};
use super::{Failure, Judge, later};
use crate::catalog::Code;
use crate::diagnostic::{Clue, Role};
use crate::entity::{Cause, Phase};
use crate::graph::taken::Taker;

impl Judge<'_> {
    /// Nothing provides it, or not in time.
    pub(super) fn missing(&mut self, group: &[Failure]) {
        let image = self.image;
        let first = &group[0];
        let said = image.say(first.entity);
        let late = later(image, first);
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
            self.tell_provider(&mut diagnostic, first.entity, slot.lead);
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

    /// The row of the account file that no longer lists an account which was there before.
    fn unlisted(&self, failure: &Failure) -> Option<u32> {
        let image = self.image;
        let phases = Phase::ALL.iter().rev().filter(|&&phase| phase <= failure.phase);
        let phase = phases.copied().find(|&phase| image.goes_in(failure.entity, phase))?;
        image.account_file(image.entities.entity_type(failure.entity), phase)?;
        match image.taker_of(failure.entity, phase)? {
            Taker::Replacement(row) => Some(row),
            Taker::Removal(_) => None,
        }
    }
}
