//! `why`: one entity or step, with everything that the graph knows of it.

use super::model::{FORMAT_VERSION, Finding, Misunderstood, Place, Presence, Why, schema_of};
use super::place::follow;
use super::steps::Steps;
use super::{lack, providers, requirers, time, words};
use crate::compile::Compiled;
use crate::diagnostic::Diagnostic;
use crate::graph::slots::There;
use crate::graph::{Image, Stand};
use crate::intern::{EntityType, normalised};
use crate::message;
use crate::near;

/// How many ids an answer to a question that was not understood lists.
const SUGGESTED: usize = 5;

/// The schema of [`Why`] as JSON.
pub fn schema() -> schemars::Schema {
    schema_of::<Why>()
}

/// What was asked for.
pub(super) enum Asked {
    /// A path, as spelled, and whether a link at its end is to be followed.
    Path(String, bool),
    /// An account, package or virtual.
    Name(EntityType, String),
    /// A step, by its node.
    Step(u32),
}

/// Where a question leads: a place or a step.
pub(super) struct Answered {
    /// Of an entity.
    pub entity: Option<(EntityType, String, Stand)>,
    /// Of a path.
    pub place: Option<Place>,
    /// Of a step.
    pub node: Option<u32>,
}

/// Everything about an entity (`/bin/sh`, `user:web`, `path:/etc`) or a step by its id (`install:/etc/hosts`). Of the
/// `findings`, those about the entity are told with it.
pub fn why(compiled: &Compiled, findings: &[Diagnostic], asked: &str) -> Result<Why, Misunderstood> {
    let steps = Steps::new(&compiled.graph);
    let image = &compiled.graph.image;
    let found = find(&steps, &understand(&steps, asked)?);
    let mut why = Why {
        format_version: FORMAT_VERSION,
        image: image.name.clone(),
        asked: asked.to_owned(),
        entity: None,
        place: found.place,
        presence: None,
        providers: Vec::new(),
        removed: Vec::new(),
        requirers: Vec::new(),
        steps: found.node.map(|node| time::whole(&steps, node)).into_iter().collect(),
        findings: Vec::new(),
        help: None,
    };
    let Some((entity_type, text, stand)) = found.entity else { return Ok(why) };
    // Where the links before it never arrive, there is no place to tell of.
    if why.place.as_ref().is_some_and(|place| place.endless && !place.links.is_empty()) {
        return Ok(why);
    }
    let key = format!("{}:{text}", entity_type.name());
    let presence = lack::presence(&steps, stand, &text);
    why.findings = about(findings, &image.name, &key);
    why.providers = providers::providers(&steps, stand);
    why.removed = providers::removed(&steps, stand);
    if let Some(entity) = stand.entity {
        why.requirers = requirers::requirers(&steps, entity);
        why.steps = providers::makers(&steps, entity).into_iter().map(|node| time::time(&steps, node)).collect();
    }
    if matches!(presence, Presence::Missing | Presence::Unproven) {
        why.help = Some(lack::help(&steps, stand, entity_type, &text));
    }
    why.entity = Some(key);
    why.presence = Some(presence);
    Ok(why)
}

fn about(findings: &[Diagnostic], image: &String, key: &str) -> Vec<Finding> {
    let own =
        findings.iter().filter(|finding| finding.entity.as_deref() == Some(key) && finding.images.contains(image));
    let mut found: Vec<Finding> = own
        .map(|finding| Finding {
            code: finding.code.name(),
            severity: finding.severity.name(),
            message: finding.message.clone(),
            origin: words::origin(&finding.location),
            help: finding.help.clone(),
        })
        .collect();
    found.sort_by(|a, b| (&a.origin, a.code).cmp(&(&b.origin, b.code)));
    found
}

/// What a question means: a key, a path, or the id of a step.
pub(super) fn understand(steps: &Steps<'_>, asked: &str) -> Result<Asked, Misunderstood> {
    let path = |path: &str| match normalised(path) {
        Ok(clean) => {
            Ok(Asked::Path(clean.into_owned(), path.len() > 1 && path.ends_with(['/', '.']) && ends_open(path)))
        }
        Err(problem) => Err(Misunderstood {
            message: format!("{} is not a path of an image: {}", message::quoted(path), problem.sentence()),
            help: None,
        }),
    };
    if asked.starts_with('/') {
        return path(asked);
    }
    // `group:web` is a key and may be a step, too: the entity tells of the step. With a suffix only the step has it.
    let is_step = asked.contains('#') && !steps.named(asked).is_empty();
    if !is_step && let Some((entity_type, name)) = words::split_key(asked) {
        return match entity_type {
            EntityType::Path => path(name),
            _ if name.is_empty() => Err(Misunderstood {
                message: format!("{} lacks a name after the colon", message::quoted(asked)),
                help: None,
            }),
            _ => Ok(Asked::Name(entity_type, name.to_owned())),
        };
    }
    match steps.named(asked).as_slice() {
        [node] => Ok(Asked::Step(*node)),
        [] => Err(unknown(steps, asked)),
        several => {
            let ids: Vec<&str> = several.iter().map(|&node| steps.id(node)).collect();
            Err(Misunderstood {
                message: format!("{} steps are called {}", ids.len(), message::quoted(asked)),
                help: Some(format!("ask for one of {}", listed(&ids))),
            })
        }
    }
}

/// Whether a path ends in `/` or `/.`, which go through a link.
fn ends_open(path: &str) -> bool {
    path.ends_with('/') || path.ends_with("/.")
}

fn listed(ids: &[&str]) -> String {
    let mut shown: Vec<String> = ids.iter().take(SUGGESTED).map(|id| message::quoted(id)).collect();
    if ids.len() > SUGGESTED {
        shown.push(message::count(ids.len() - SUGGESTED, "other", "others"));
    }
    match shown.pop() {
        Some(last) if !shown.is_empty() => format!("{} or {last}", shown.join(", ")),
        last => last.unwrap_or_default(),
    }
}

fn unknown(steps: &Steps<'_>, asked: &str) -> Misunderstood {
    let image = &steps.graph.image;
    let mut meant: Vec<String> = Vec::new();
    for entity_type in EntityType::ALL.into_iter().filter(|_| !asked.is_empty()) {
        let (text, stand) = match entity_type {
            EntityType::Path => {
                let text = format!("/{asked}");
                let Ok(clean) = normalised(&text) else { continue };
                (clean.clone().into_owned(), Stand::find(image, entity_type, &clean))
            }
            _ => (format!("{}:{asked}", entity_type.name()), Stand::find(image, entity_type, asked)),
        };
        if stand.entity.is_some() || !matches!(stand.at_the_end(image), There::Nothing) {
            meant.push(text);
        }
    }
    if meant.is_empty() {
        // A kind alone stands for its steps.
        let of_kind = |id: &&str| {
            let rest = id.strip_prefix(asked).filter(|_| !asked.is_empty());
            rest.is_some_and(|rest| rest.starts_with([':', '#']))
        };
        meant.extend(steps.shown.iter().map(|&node| steps.id(node)).filter(of_kind).map(str::to_owned));
    }
    if meant.is_empty() {
        meant.extend(near::nearest(asked, steps.shown.iter().map(|&node| steps.id(node))).map(str::to_owned));
    }
    let meant: Vec<&str> = meant.iter().map(String::as_str).collect();
    Misunderstood {
        message: format!("{} is neither an entity nor a step of this image", message::quoted(asked)),
        help: Some(match meant.as_slice() {
            [] => "write a path such as `/etc/hosts`, a key such as `user:web`, or the id of a step in the plan"
                .to_owned(),
            meant => format!("did you mean {}?", listed(meant)),
        }),
    }
}

/// Finds what was asked for; a path through its links.
pub(super) fn find(steps: &Steps<'_>, asked: &Asked) -> Answered {
    let image: &Image = &steps.graph.image;
    match asked {
        Asked::Step(node) => Answered { entity: None, place: None, node: Some(*node) },
        Asked::Name(entity_type, name) => {
            let stand = Stand::find(image, *entity_type, name);
            Answered { entity: Some((*entity_type, name.clone(), stand)), place: None, node: None }
        }
        Asked::Path(path, through) => {
            let (place, stand) = follow(image, path, *through);
            Answered {
                entity: Some((EntityType::Path, place.canonical.clone(), stand)),
                place: Some(place),
                node: None,
            }
        }
    }
}
