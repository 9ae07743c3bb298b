//! Every place that names what stands under the cursor.

use super::at::{At, Named, named};
use super::{View, definition, family, place};
use crate::explore;
use crate::intern::EntityType;
use crate::text::Location;

/// How many images are asked.
const IMAGES: usize = 32;

/// The places that name the same as what stands at a byte of a file, by file and place. With `declarations` also those that
/// provide it.
pub fn references(view: &View<'_>, file: &str, offset: u32, declarations: bool) -> Option<Vec<Location>> {
    let fragment = view.workspace.fragment(file)?;
    let at = At::find(&fragment.document, offset)?;
    let mut found = match named(fragment, &at)?.0 {
        Named::Code(_) => return None,
        Named::File(path) => files(view, &path),
        Named::Entity(entity_type, name) => {
            let mut found = requirers(view, file, entity_type, &name);
            if declarations {
                found.extend(definition::providers(view, file, entity_type, &name));
            }
            found
        }
    };
    found.sort_by(|a, b| a.order().cmp(&b.order()));
    found.dedup_by(|a, b| a.order() == b.order());
    Some(found)
}

fn requirers(view: &View<'_>, file: &str, entity_type: EntityType, name: &str) -> Vec<Location> {
    let asked = match entity_type {
        EntityType::Path => name.to_owned(),
        _ => format!("{}:{name}", entity_type.name()),
    };
    let mut origins = Vec::new();
    // Those that stand on an image that the file is in see what it has, too.
    let members = family::members(view);
    let with: Vec<&str> = members.iter().filter(|member| member.has(file)).map(|member| member.path.as_str()).collect();
    let concerned =
        members.iter().filter(|member| with.iter().any(|path| family::stands_on(&members, &member.path, path)));
    for image in concerned.take(IMAGES) {
        let Some(compiled) = (view.image)(&image.path, true) else { continue };
        if let Ok(why) = explore::why(&compiled, &[], &asked) {
            origins.extend(why.requirers.into_iter().map(|requirer| requirer.origin));
            origins.extend(why.removed.into_iter().filter_map(|removed| removed.origin));
        }
    }
    origins.sort();
    origins.dedup();
    origins.iter().filter_map(|origin| place::location(view, origin)).collect()
}

/// The values of all files that name a file.
fn files(view: &View<'_>, path: &str) -> Vec<Location> {
    let mut names: Vec<String> = family::members(view)
        .iter()
        .flat_map(|member| member.files.iter().map(|file| file.source.name.clone()))
        .collect();
    names.sort();
    names.dedup();
    let mut found = Vec::new();
    for name in names {
        let Some(fragment) = view.workspace.fragment(&name) else { continue };
        let links = super::links(view, &name).into_iter().filter(|link| link.path == path);
        found.extend(links.map(|link| Location { source: fragment.source.clone(), span: link.span }));
    }
    found
}
