//! Names and paths that an image has, for completions. What was known before the last edit will do.

use std::collections::BTreeMap;

use super::{View, family};
use crate::compile::Compiled;
use crate::entity::Phase;
use crate::explore;
use crate::graph::Image;
use crate::graph::slots::There;
use crate::intern::{EntityId, EntityType};
use crate::tree::FileType;

/// How many images are asked.
const IMAGES: usize = 4;

fn compiled(view: &View<'_>, file: &str) -> Vec<std::sync::Arc<Compiled>> {
    let images = family::images_with(view, file);
    images.iter().take(IMAGES).filter_map(|image| (view.image)(&image.path, false)).collect()
}

/// Accounts, packages or virtuals that the images of a file have, by name, each with where it comes from.
pub(super) fn names(view: &View<'_>, file: &str, entity_type: EntityType) -> Vec<(String, String)> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for compiled in compiled(view, file) {
        let image = &compiled.graph.image;
        if let Some(base) = &image.base {
            for (name, _) in base.names(entity_type) {
                found.entry(name.to_owned()).or_insert_with(|| format!("from {}", base.name));
            }
        }
        for entity in image.entities.ids().filter(|&id| image.entities.entity_type(id) == entity_type) {
            let is_type = entity.index() < EntityType::ALL.len();
            if !is_type && is_there(image, entity) {
                let by = image.slots.of(entity).first().map(|slot| {
                    let row = &image.provides[slot.lead as usize];
                    image.fragment_of(row.feature).source.name.clone()
                });
                found.insert(image.entities.text(entity), by.unwrap_or_else(|| "in every image".to_owned()));
            }
        }
    }
    found.into_iter().collect()
}

fn is_there(image: &Image, entity: EntityId) -> bool {
    matches!(entity, EntityId::USER_ROOT | EntityId::GROUP_ROOT)
        || !image.slots.of(entity).is_empty()
        || image.slots.assumed.contains_key(&entity)
}

/// What is directly below a folder of the images of a file, with whether it is a folder itself.
pub(super) fn paths(view: &View<'_>, file: &str, folder: &str) -> Vec<(String, bool)> {
    let mut found: BTreeMap<String, bool> = BTreeMap::new();
    for compiled in compiled(view, file) {
        let image = &compiled.graph.image;
        let clean = folder.trim_end_matches('/');
        if !below(image, clean, &mut found) {
            // Perhaps a link is on the way.
            let why = explore::why(&compiled, &[], if clean.is_empty() { "/" } else { folder });
            if let Some(place) = why.ok().and_then(|why| why.place) {
                below(image, place.leads_to.as_deref().unwrap_or(&place.canonical), &mut found);
            }
        }
    }
    found.into_iter().collect()
}

fn below(image: &Image, folder: &str, found: &mut BTreeMap<String, bool>) -> bool {
    let before = found.len();
    let known = image.base.as_ref().and_then(|base| Some((base, base.find(EntityType::Path, folder)?)));
    if let Some((base, spot)) = known {
        for (name, child) in base.children(spot) {
            if let Some(known) = base.known(child) {
                found.insert(name.to_owned(), known.file_type == Some(FileType::Directory));
            }
        }
    }
    if let Some(directory) = image.entities.find_path(folder) {
        for child in image.children_of(directory) {
            let there = image.within(child, Phase::Finalize);
            if matches!(there, There::Nothing) {
                continue;
            }
            let is_folder = image.view(there).file_type == Some(FileType::Directory);
            found.insert(image.entities.last(child).to_owned(), is_folder);
        }
    }
    found.len() > before
}
