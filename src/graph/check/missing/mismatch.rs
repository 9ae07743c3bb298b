//! What is there, and not as it is required.

use super::super::clues;
use super::super::words::because;
use super::{Failure, Judge};
use crate::catalog::Code;
use crate::diagnostic::Role;
use crate::entity::{Cause, Phase};
use crate::graph::slots::There;
use crate::graph::view::Unmet;

impl Judge<'_> {
    /// It is not as required.
    pub(super) fn mismatch(&mut self, group: &[Failure], unmet: &Unmet) {
        let image = self.image;
        let first = &group[0];
        let reason = unmet.reason.as_str();
        let message = format!("{}, {}, {reason}", image.say(first.entity), because(image, first));
        let mut diagnostic = self.start(Code::Mismatch, group, message);
        if let There::Slot(slot) = image.within(first.entity, Phase::Finalize) {
            let slot = &image.slots.slots[slot as usize];
            self.tell_provider(&mut diagnostic, first.entity, slot.mount.unwrap_or(slot.lead));
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
