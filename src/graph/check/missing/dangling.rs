//! Links that came with a tree and lead nowhere.

use super::{Failure, Judge};
use crate::catalog::Code;
use crate::entity::{Cause, Means};
use crate::graph::RowId;
use crate::graph::edges::Why;
use crate::message;

impl Judge<'_> {
    /// Whether it is a link that came with a folder, an archive, a clone or a package: nobody wrote it here.
    pub(super) fn comes_with_a_tree(&self, failure: &Failure) -> bool {
        let Why::Link(RowId::Link(link)) = failure.why else { return false };
        failure.cause == Cause::LinkTarget
            && self.image.provides[self.image.links[link as usize].provide as usize].means == Means::Contained
    }

    /// A link of a tree that leads nowhere.
    pub(super) fn dangling(&mut self, failure: &Failure) {
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
}
