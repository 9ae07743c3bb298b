//! How far rows reach: which may be judged, or known, without the rest of the image.

use std::ops::Range;

use super::links::is_link;
use crate::entity::{Content, Means, Owner, PathFacts, Provide, What};
use crate::fragment::{Feature, Fragment, GraftFrom};
use crate::graph::slots::Slots;
use crate::graph::{Image, RowId};
use crate::tree::FileType;

/// A row that only says that something is made, or declared to be.
pub(super) fn is_simple(image: &Image, row: &Provide) -> Option<()> {
    let what = match row.what {
        What::Path(facts) => {
            let content = matches!(
                facts.content,
                Content::None
                    | Content::Unknown
                    | Content::Text(_)
                    | Content::Source(_)
                    | Content::Device(_)
                    | Content::Stamp(_)
            );
            // A source of which it is not known what it is clouds what is below it.
            content
                && facts.file_type != Some(FileType::Symlink)
                && (facts.file_type.is_some() || row.means == Means::Declared)
        }
        What::Virtual => true,
        // What a line of a snippet says depends on what else there is.
        What::User(_) | What::Group(_) => {
            row.means == Means::Made && !image.fragment_of(row.feature).document.language().is_snippet()
        }
        What::Package(_) => false,
    };
    let fits = what
        && matches!(row.means, Means::Made | Means::Declared)
        && !image.features[row.feature as usize].is(Feature::REPLACE | Feature::OPAQUE);
    fits.then_some(())
}

/// A row that can be looked at without what it leads to, comes with or takes away.
pub(super) fn can_be_known(image: &Image, number: u32, row: &Provide) -> Option<()> {
    let fits = match row.what {
        What::Path(facts) => {
            row.means != Means::Contained
                && (is_link(row.what) == matches!(facts.content, Content::Target(_)))
                && (is_link(row.what) || !is_bound(&facts))
        }
        _ => true,
    };
    let whole = fits
        && !image.features[row.feature as usize].is(Feature::REPLACE)
        && image.slots.states[number as usize] & Slots::DROPPED == 0
        && !image.trail_of.contains_key(&RowId::Provide(number));
    whole.then_some(())
}

/// Whether what is there depends on something else than its own row.
const fn is_bound(facts: &PathFacts) -> bool {
    matches!(facts.content, Content::Entry(_) | Content::SameAs(_) | Content::Mount(_) | Content::Target(_))
}

/// Features without a reach of their own, symbolic links and accounts: no hard links, trees, removals, packages, settings, and nothing opaque.
pub(super) fn are_plain(fragment: &Fragment, features: &[Range<u32>]) -> Option<()> {
    if features.is_empty() {
        return Some(());
    }
    let own = |feature: u32| {
        let at = features.partition_point(|range| range.end <= feature);
        features.get(at).is_some_and(|range| range.contains(&feature))
    };
    let far = Feature::OPAQUE | Feature::REPLACE | Feature::ALLOWS;
    let rows = &fragment.provides;
    let simple = |row: &Provide| match row.what {
        What::Path(facts) => {
            (!is_bound(&facts) || is_link(row.what))
                && ![facts.user, facts.group].iter().any(|owner| matches!(owner, Owner::Number(_)))
        }
        What::Virtual => true,
        What::User(_) | What::Group(_) => row.means == Means::Made && !fragment.document.language().is_snippet(),
        What::Package(_) => false,
    };
    let fits = features
        .iter()
        .flat_map(|range| &fragment.features[range.start as usize..range.end as usize])
        .all(|feature| !feature.is(far) && feature.facts == Feature::NO_FACTS)
        && rows.iter().filter(|row| own(row.feature)).all(|row| simple(row) && row.means != Means::Assumed)
        && fragment
            .grafts
            .iter()
            .filter(|graft| own(graft.feature))
            .all(|graft| graft.provide.is_some() && matches!(graft.from, GraftFrom::Folder { .. }))
        && fragment.removals.iter().all(|removal| !own(removal.feature))
        && fragment.settings.iter().all(|setting| !own(setting.feature))
        && fragment.packages.iter().all(|package| !own(package.feature));
    fits.then_some(())
}
