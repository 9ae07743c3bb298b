//! Where a path as spelled leads in the finished image, also where no feature names it.

use super::model::{LinkPassed, Origin, Place};
use super::words;
use crate::entity::What;
use crate::graph::slots::There;
use crate::graph::{Image, Stand, Substance};
use crate::intern::EntityType;
use crate::tree::FileType;

/// How many links one way may lead through; as in the Linux kernel.
const MAX_LINKS: usize = 40;

/// Who provides what is there, in words, and where that is declared.
pub(super) fn provider(image: &Image, there: There<'_>) -> (String, Option<Origin>) {
    match there {
        There::Slot(slot) => {
            let row = &image.provides[image.slots.slots[slot as usize].lead as usize];
            let place = words::origin(&image.at(row.feature, row.span));
            (image.say_feature(row.feature), Some(place))
        }
        There::Base(known) => (words::parent(image, known), known.origin.as_ref().map(words::origin)),
        There::Always => ("every image".to_owned(), None),
        There::Nothing => ("nobody".to_owned(), None),
    }
}

/// The text of the link that is there.
fn link_text(image: &Image, there: There<'_>) -> Option<String> {
    match there {
        There::Slot(slot) => {
            let slot = &image.slots.slots[slot as usize];
            let What::Path(facts) = slot.what else { return None };
            if facts.file_type != Some(FileType::Symlink) {
                return None;
            }
            match image.substance(&image.provides[slot.lead as usize]) {
                Substance::Target(target) => Some(target),
                _ => None,
            }
        }
        There::Base(known) if known.file_type == Some(FileType::Symlink) => known.target.as_deref().map(str::to_owned),
        _ => None,
    }
}

/// Follows a normalised path to its place. A link that stands at its end is followed only if `through` says so.
pub(super) fn follow(image: &Image, path: &str, through: bool) -> (Place, Stand) {
    let (canonical, stand, links, endless) = walk(image, path, through);
    let mut place = Place { spelled: path.to_owned(), links, canonical: canonical.clone(), leads_to: None, endless };
    if !place.endless && !through && link_text(image, stand.at_the_end(image)).is_some() {
        let (target, _, _, endless) = walk(image, &canonical, true);
        match endless {
            true => place.endless = true,
            false => place.leads_to = Some(target),
        }
    }
    (place, stand)
}

fn walk(image: &Image, path: &str, through: bool) -> (String, Stand, Vec<LinkPassed>, bool) {
    let split = |path: &str| -> Vec<String> {
        path.split('/').rev().filter(|name| !matches!(*name, "" | ".")).map(str::to_owned).collect()
    };
    let root = Stand::root(image, EntityType::Path);
    let mut way: Vec<(String, Stand)> = Vec::new();
    let mut links: Vec<LinkPassed> = Vec::new();
    let mut pending = split(path);
    let text = |way: &[(String, Stand)]| match way {
        [] => "/".to_owned(),
        way => way.iter().flat_map(|(name, _)| ["/", name]).collect(),
    };
    while let Some(name) = pending.pop() {
        if name == ".." {
            way.pop();
            continue;
        }
        let at = way.last().map_or(root, |&(_, stand)| stand).child(image, &name);
        let there = at.at_the_end(image);
        let target = link_text(image, there).filter(|_| through || !pending.is_empty());
        way.push((name, at));
        let Some(target) = target else { continue };
        let (by, origin) = provider(image, there);
        links.push(LinkPassed { link: text(&way), target: target.clone(), by, origin });
        if links.len() > MAX_LINKS {
            // A circle is told once.
            let again = (1..links.len()).find(|&at| links[..at].iter().any(|before| before.link == links[at].link));
            links.truncate(again.unwrap_or(links.len()));
            return (text(&way), at, links, true);
        }
        way.pop();
        if target.starts_with('/') {
            way.clear();
        }
        pending.extend(split(&target));
    }
    (text(&way), way.last().map_or(root, |&(_, stand)| stand), links, false)
}
