//! Where something comes from: the feature that provides an entity, the file that is named.

use super::at::{At, Named, named};
use super::{View, family, place};
use crate::explore::{self, Origin};
use crate::fragment::Parent;
use crate::intern::EntityType;
use crate::text::{Location, Source, Span};

/// How many images are asked; what the nearest say is nearly always all.
const IMAGES: usize = 8;

/// A place that something is defined at.
#[derive(Clone, Debug)]
pub enum Target {
    /// In a file that the workspace has read.
    Place(Location),
    /// A file as a whole, relative to the working directory.
    File(String),
}

/// What is asked for, and where it is defined.
#[derive(Clone, Debug)]
pub struct Definition {
    /// What stands under the cursor.
    pub span: Span,
    /// Where it leads.
    pub targets: Vec<Target>,
}

/// Where what stands at a byte of a file is defined.
pub fn definition(view: &View<'_>, file: &str, offset: u32) -> Option<Definition> {
    let fragment = view.workspace.fragment(file)?;
    let at = At::find(&fragment.document, offset)?;
    let (named, span) = named(fragment, &at)?;
    let targets = match named {
        Named::Code(_) => return None,
        Named::File(path) => vec![match place::source(view, &path) {
            Some(source) => Target::Place(Location { source, span: Span::at(0) }),
            None => Target::File(path),
        }],
        Named::Entity(entity_type, name) => {
            providers(view, file, entity_type, &name).into_iter().map(Target::Place).collect()
        }
    };
    Some(Definition { span, targets })
}

/// The places that provide an entity, in the images that the file takes part in.
pub(super) fn providers(view: &View<'_>, file: &str, entity_type: EntityType, name: &str) -> Vec<Location> {
    let asked = match entity_type {
        EntityType::Path => name.to_owned(),
        _ => format!("{}:{name}", entity_type.name()),
    };
    let mut origins: Vec<Origin> = Vec::new();
    let mut found: Vec<Location> = Vec::new();
    for image in family::images_with(view, file).iter().take(IMAGES) {
        let Some(compiled) = (view.image)(&image.path, true) else { continue };
        let Ok(why) = explore::why(&compiled, &[], &asked) else { continue };
        // What was only implied is named where nothing firmer is.
        let implied = |provider: &&explore::Provider| provider.strength == Some("implied");
        let firm = why.providers.iter().filter(|provider| !implied(provider)).any(|provider| provider.origin.is_some());
        for provider in why.providers.iter().filter(|provider| !firm || !implied(provider)) {
            match &provider.origin {
                Some(origin) => origins.push(origin.clone()),
                None => found.extend(in_facts(view, &image.path, name)),
            }
        }
        // A link on the way is worth seeing where nothing provides the place itself.
        if why.providers.is_empty() {
            let links = why.place.iter().flat_map(|place| &place.links);
            origins.extend(links.filter_map(|link| link.origin.clone()));
        }
    }
    origins.sort();
    origins.dedup();
    let mut places: Vec<Location> = origins.iter().filter_map(|origin| place::location(view, origin)).collect();
    if places.is_empty() {
        places = found;
        places.dedup_by(|a, b| a.order() == b.order());
    }
    places
}

/// Where a facts file that the image stands on, directly or through its parents, lists a name.
fn in_facts(view: &View<'_>, image: &str, name: &str) -> Option<Location> {
    let mut at = image.to_owned();
    // Images that stand on each other would go round for ever.
    for _ in 0..100 {
        let fragment = view.workspace.fragment(&at)?;
        let Some(Parent::File(reference)) = &fragment.head.parent else { return None };
        if crate::manifest::is_facts(&reference.path) {
            let source = place::source(view, &reference.path)?;
            let span = quoted_in(&source, name)?;
            return Some(Location { source, span });
        }
        at.clone_from(&reference.path);
    }
    None
}

/// The first place where a text stands in quotes. A facts file may be large, and is not parsed again for this.
fn quoted_in(source: &Source, name: &str) -> Option<Span> {
    let quoted = in_quotes(name);
    let at = memchr::memmem::find(source.text.as_bytes(), quoted.as_bytes())?;
    Some(Span::new(at as u32, (at + quoted.len()) as u32))
}

/// As JSON writes it, for names without anything to escape; others are not found.
fn in_quotes(name: &str) -> String {
    format!("\"{name}\"")
}
