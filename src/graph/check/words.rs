//! Why something is required, and what to do where it is not there: the words of `missing`, `unproven` and `mismatch`.

use super::missing::Failure;
use crate::entity::{Cause, PathFacts, What};
use crate::graph::RowId;
use crate::graph::edges::Why;
use crate::graph::image::Image;
use crate::intern::{EntityId, EntityType};
use crate::message;
use crate::tree::FileType;

/// Why it is required, as the end of a sentence.
pub(super) fn because(image: &Image, failure: &Failure) -> String {
    let main = image.features[failure.feature as usize].main.map(|main| image.say(main));
    let thing = main.clone().unwrap_or_else(|| format!("a `{}`", image.features[failure.feature as usize].kind.name()));
    if failure.blocks {
        return on_the_way(image, failure);
    }
    match failure.cause {
        Cause::Parent => {
            let place = provided_place(image, failure);
            let within = place.is_none_or(|place| image.entities.parent(place) == failure.entity);
            let thing = place.map_or(thing, |place| image.say(place));
            if within { format!("in which {thing} is to stand") } else { format!("below which {thing} is to stand") }
        }
        Cause::User => format!("to whom {thing} is to belong"),
        Cause::Group => format!("to which {thing} is to belong"),
        Cause::LinkTarget => {
            let link = provided_place(image, failure).map_or(thing, |link| image.say(link));
            format!("to which the link {link} leads")
        }
        Cause::HardlinkTarget => format!("of which {thing} is to be another name"),
        Cause::Link => format!("a link through which {thing} is reached"),
        Cause::Removed => "which is to be removed".to_owned(),
        Cause::Accounts => format!("in which {thing} is to be entered"),
        Cause::PrimaryGroup => format!("the primary group of {thing}"),
        Cause::SupplementaryGroup => format!("which {thing} is to join"),
        Cause::Home => format!("the home of {thing}"),
        Cause::Shell => format!("the shell of {thing}"),
        Cause::ChangedUser => "who is to join groups".to_owned(),
        Cause::Program => "which is to be run".to_owned(),
        Cause::RunsAs => "who is to run a command".to_owned(),
        Cause::WorkingDirectory => "in which a command is to run".to_owned(),
        Cause::Declared => format!("which {} requires", image.say_feature(failure.feature)),
        Cause::Asserted if image.fragment_of(failure.feature).document.language().is_snippet() => {
            "which a line for the running system names".to_owned()
        }
        Cause::Asserted => "which a `require` asserts".to_owned(),
        Cause::ConfiguredUser => "who is to run the image".to_owned(),
        Cause::Destination => "in which an archive is to be unpacked".to_owned(),
        Cause::Changed => "whose attributes are to be changed".to_owned(),
        Cause::Mentioned => "which a command names".to_owned(),
        Cause::ConfiguredProgram => "the program of the image".to_owned(),
        Cause::ConfiguredDirectory => "the working directory of the image".to_owned(),
    }
}

/// The very thing that a row provides, where it is not what its feature is about.
fn provided_place(image: &Image, failure: &Failure) -> Option<EntityId> {
    match failure.why {
        Why::Parent(row) => {
            let row = &image.provides[row as usize];
            matches!(row.what, What::Path(PathFacts { .. })).then_some(row.entity)
        }
        Why::Link(RowId::Link(row)) => Some(image.provides[image.links[row as usize].provide as usize].entity),
        _ => None,
    }
}

/// Of something that stands in the way of a path: whose way leads through it.
fn on_the_way(image: &Image, failure: &Failure) -> String {
    match failure.why {
        Why::Parent(_) => match provided_place(image, failure) {
            Some(place) => format!("below which {} is to stand", image.say(place)),
            None => "which is in the way".to_owned(),
        },
        Why::Link(RowId::Link(_)) => match provided_place(image, failure) {
            Some(link) => format!("through which the link {} leads", image.say(link)),
            None => "which is in the way".to_owned(),
        },
        Why::Require(row) => {
            let row = &image.requires[row as usize];
            format!("below which {} requires {}", image.say_feature(row.feature), image.say(row.entity))
        }
        _ => format!("through which {} is reached", image.say_feature(failure.feature)),
    }
}

pub(super) const fn needs(cause: Cause) -> &'static str {
    match cause {
        Cause::Parent => "its directory is needed here",
        Cause::User => "this user",
        Cause::Group | Cause::PrimaryGroup | Cause::SupplementaryGroup => "this group",
        Cause::LinkTarget => "leads there",
        Cause::Home => "this home",
        Cause::Shell => "this shell",
        Cause::Removed => "to be removed",
        _ => "needed here",
    }
}

pub(super) const fn needs_too(cause: Cause) -> &'static str {
    match cause {
        Cause::Parent => "needs it as its directory",
        Cause::User | Cause::Group => "is to belong to it, too",
        Cause::LinkTarget => "leads to it",
        _ => "needs it, too",
    }
}

/// What to do about it, where nothing similar is known.
pub(super) fn advice(image: &Image, failure: &Failure) -> String {
    let text = image.entities.text(failure.entity);
    let name = message::printable(&text);
    let directory = image.validators[failure.validator as usize].file_type == Some(FileType::Directory);
    match image.entities.entity_type(failure.entity) {
        EntityType::User => {
            format!("declare it with `[[user]]` and `name = \"{name}\"`, or write an `assume` if it comes from outside")
        }
        EntityType::Group => format!(
            "declare it with `[[group]]` and `name = \"{name}\"`, or write an `assume` if it comes from outside"
        ),
        EntityType::Package if failure.cause == Cause::Removed => {
            "set `action = \"remove_if_exists\"` if it may be absent".to_owned()
        }
        EntityType::Package => format!("install it with `[[package]]` and `names = [\"{name}\"]`"),
        EntityType::Virtual => format!("add `provides = [\"virtual:{name}\"]` to what brings it about"),
        EntityType::Path if failure.cause == Cause::Parent => {
            format!("add `[[ensure_dir]]` with `path = \"{name}\"`, or set `parents = true`")
        }
        EntityType::Path if directory => format!("add `[[ensure_dir]]` with `path = \"{name}\"`"),
        EntityType::Path if failure.cause == Cause::Removed => {
            "set `must_exist = false` if it may be absent".to_owned()
        }
        // A line of a snippet cannot say more of its link.
        EntityType::Path
            if failure.cause == Cause::LinkTarget
                && !image.fragment_of(failure.feature).document.language().is_snippet() =>
        {
            "provide what it leads to, or set `expect = \"nothing\"` if it may dangle".to_owned()
        }
        EntityType::Path => "provide it, or write an `assume` if it comes from outside".to_owned(),
    }
}
