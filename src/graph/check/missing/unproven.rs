//! What only something opaque may provide, and what a command names and only later steps provide.

use super::super::clues;
use super::super::words::{advice, because};
use super::{Failure, Judge, later};
use crate::catalog::Code;
use crate::diagnostic::{Clue, Role};
use crate::entity::Phase;
use crate::near;

impl Judge<'_> {
    /// A path that a command names, and that the image provides only after it.
    pub(super) fn late(&mut self, failure: &Failure) {
        let image = self.image;
        let Some(slot) = later(image, failure) else { return };
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
        self.tell_provider(&mut diagnostic, failure.entity, slot.lead);
        image.tell_links(&mut diagnostic, failure.why);
        diagnostic.help =
            Some(format!("set `phase = \"{}\"` on the command, so that it runs afterwards", Phase::Finalize.name()));
        self.findings.push((diagnostic, vec![failure.feature]));
    }

    /// Only something opaque may provide it.
    pub(super) fn unproven(&mut self, group: &[Failure]) {
        let image = self.image;
        let first = &group[0];
        let said = image.say(first.entity);
        let doubts = image.opaque_providers(first.entity, first.phase, first.ordered, Some(first.feature));
        let by = if first.mount { "what is mounted above it".to_owned() } else { doubts.said.clone() };
        let late = later(image, first);
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
            self.tell_provider(&mut diagnostic, first.entity, slot.lead);
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
}
