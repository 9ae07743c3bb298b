//! What is told of the thing under the cursor: a kind, a key, an entity in its image, a file, a code.

use super::at::{At, InKind, Named, Part, in_kind, named};
use super::{View, family, head};
use crate::explore::{self, Attributes, Presence, Why};
use crate::fragment::Fragment;
use crate::inputs::{SourceState, TextState};
use crate::intern::EntityType;
use crate::kind::{Field, FieldType, Kind};
use crate::message::{count, printable};
use crate::text::Span;

/// How many rows of one sort are shown.
const SHOWN: usize = 5;

/// A text about a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// The place.
    pub span: Span,
    /// The text, in Markdown.
    pub markdown: String,
}

/// What is to be said of what stands at a byte of a file.
pub fn hover(view: &View<'_>, file: &str, offset: u32) -> Option<Hover> {
    let fragment = view.workspace.fragment(file)?;
    let at = At::find(&fragment.document, offset)?;
    let mut parts: Vec<String> = Vec::new();
    let mut span = at.span;
    let place = in_kind(fragment, &at.way);
    match (at.part, place) {
        (Part::Key, Some(InKind { kind, field: Some(field), below: 0, .. })) => parts.push(field_text(kind, field)),
        (_, Some(InKind { kind, member: None, .. })) => parts.push(kind_text(kind)),
        (Part::Key, None) => parts.push(head_text(fragment, &at)?),
        _ => {}
    }
    if at.part == Part::Value
        && let Some((named, named_span)) = named(fragment, &at)
    {
        span = named_span;
        parts.insert(0, named_text(view, file, &named)?);
    }
    if parts.is_empty()
        && let Some(InKind { kind, field: Some(field), .. }) = place
    {
        parts.push(field_text(kind, field));
    }
    if parts.is_empty() {
        parts.push(head_text(fragment, &at)?);
    }
    Some(Hover { span, markdown: parts.join("\n\n---\n\n") })
}

/// A text that stands in Markdown as it is.
pub(super) fn code(text: &str) -> String {
    let text = printable(text);
    let ticks = if text.contains('`') { "``" } else { "`" };
    let pad = if text.contains('`') { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

pub(super) fn kind_text(kind: Kind) -> String {
    let spec = kind.spec();
    format!("**`[[{}]]`**: {} Phase `{}`.", spec.name, spec.summary, spec.phase.name())
}

/// What a field is, takes and is for.
pub(super) fn field_text(kind: Kind, field: &Field) -> String {
    let default = match field.name {
        "phase" => Some(format!("\"{}\"", kind.spec().phase.name())),
        "parents" => kind.spec().parents.map(|parents| parents.to_string()),
        _ => field.default.map(str::to_owned),
    };
    plain_field_text(field, default.as_deref())
}

fn plain_field_text(field: &Field, default: Option<&str>) -> String {
    let mut first = format!("**`{}`**: {}", field.name, takes(field.field_type));
    if field.required {
        first.push_str(", required");
    }
    if let Some(default) = default {
        first.push_str(&format!(", default `{default}`"));
    }
    format!("{first}\n\n{}", field.doc)
}

/// The type of a field in a few words.
pub(super) fn takes(field_type: FieldType) -> String {
    match field_type {
        FieldType::String => "a string".to_owned(),
        FieldType::Path => "an absolute path in the image".to_owned(),
        FieldType::Paths => "a path in the image, or a list of them".to_owned(),
        FieldType::LinkTarget => "where a link leads".to_owned(),
        FieldType::HostPath => "a path, relative to this file".to_owned(),
        FieldType::HostPaths => "a path, relative to this file, or a list of them".to_owned(),
        FieldType::HostPathList => "a list of paths, relative to this file".to_owned(),
        FieldType::Name => "a name".to_owned(),
        FieldType::Names => "a name, or a list of them".to_owned(),
        FieldType::Strings => "a list of strings".to_owned(),
        FieldType::Command => "a list: the program and its arguments".to_owned(),
        FieldType::Tools => "a list of tables with `from` and `at`".to_owned(),
        FieldType::PathList => "a list of paths in the image".to_owned(),
        FieldType::Owner => "a name or a number".to_owned(),
        FieldType::Mode => "octal permission bits, such as `\"0644\"`".to_owned(),
        FieldType::Boolean => "true or false".to_owned(),
        FieldType::Integer(most) => format!("a whole number up to {most}"),
        FieldType::Choice(words) => {
            format!("one of {}", words.iter().map(|word| format!("`\"{word}\"`")).collect::<Vec<_>>().join(", "))
        }
        FieldType::Table => "a table of strings".to_owned(),
        FieldType::AnyTable => "a table".to_owned(),
        FieldType::Entities => "a list of entities".to_owned(),
        FieldType::Codes => "a list of codes".to_owned(),
    }
}

/// Of keys that belong to no kind.
fn head_text(fragment: &Fragment, at: &At) -> Option<String> {
    let (document, text) = (&fragment.document, fragment.source.text.as_str());
    let top = document.key_text(*at.way.first()?, text);
    match at.way.get(1) {
        Some(&member) if top == "image" => {
            let name = document.key_text(member, text);
            let field = head::IMAGE.iter().find(|field| field.name == name)?;
            Some(plain_field_text(field, field.default))
        }
        _ if top == "image" => Some(format!("**`[image]`**: {}", head::IMAGE_DOC)),
        _ => {
            let field = head::TOP.iter().find(|field| field.name == top)?;
            Some(plain_field_text(field, field.default))
        }
    }
}

fn named_text(view: &View<'_>, file: &str, named: &Named) -> Option<String> {
    match named {
        Named::Code(code) => Some(format!("**`{}`** ({}): {}", code.name(), code.severity().name(), code.summary())),
        Named::File(path) => Some(file_text(view, path)),
        Named::Entity(entity_type, name) => entity_text(view, file, *entity_type, name),
    }
}

fn file_text(view: &View<'_>, path: &str) -> String {
    let inputs = view.workspace.inputs();
    let state = match (inputs.text(path), inputs.source(path)) {
        (Some(TextState::Missing(reason)), _) | (_, Some(SourceState::Missing(reason))) => reason.clone(),
        (Some(TextState::Broken(reason)), _) => reason.clone(),
        (Some(TextState::Text(_)), _) => match view.workspace.fragment(path) {
            Some(fragment) if fragment.head.is_image => {
                format!("image {}, {}", code(&fragment.head.name), count(fragment.declared, "feature", "features"))
            }
            Some(fragment) => count(fragment.declared, "feature", "features"),
            None => "a file".to_owned(),
        },
        (_, Some(SourceState::File { size, executable })) => {
            let kind = if *executable { "an executable file" } else { "a file" };
            format!("{kind} of {}", count(*size as usize, "byte", "bytes"))
        }
        (_, Some(SourceState::Directory(tree))) => {
            format!("a folder with {}", count(tree.entries().len(), "entry", "entries"))
        }
        (_, Some(SourceState::Special(what))) => (*what).to_owned(),
        _ => "a file of the host".to_owned(),
    };
    format!("{}: {state}", code(path))
}

/// An entity in the nearest image that the file takes part in.
fn entity_text(view: &View<'_>, file: &str, entity_type: EntityType, name: &str) -> Option<String> {
    let images = family::images_with(view, file);
    let first = images.first()?;
    let compiled = (view.image)(&first.path, true)?;
    let asked = match entity_type {
        EntityType::Path => name.to_owned(),
        _ => format!("{}:{name}", entity_type.name()),
    };
    let why = explore::why(&compiled, &view.report.diagnostics, &asked).ok()?;
    let mut text = why_text(&why);
    if images.len() > 1 {
        let more = count(images.len() - 1, "other image", "other images");
        text.push_str(&format!("\n\nThis file takes part in {more}, too."));
    }
    Some(text)
}

/// The answer of `why`, shortened for a hover.
fn why_text(why: &Why) -> String {
    let mut out = String::new();
    let key = why.entity.as_deref().unwrap_or(&why.asked);
    let verdict = match why.presence {
        Some(Presence::Present) => "in",
        Some(Presence::Assumed) => "assumed to be in",
        Some(Presence::Unproven) => "not known to be in",
        _ => "not in",
    };
    out.push_str(&format!("**{}** is {verdict} image {}", code(key), code(&why.image)));
    if let Some(place) = &why.place {
        for link in place.links.iter().take(SHOWN) {
            out.push_str(&format!("\n\n{} is a link to {}", code(&link.link), code(&link.target)));
        }
        if let Some(target) = &place.leads_to {
            out.push_str(&format!("\n\nIt is a link, and leads to {}", code(target)));
        }
        if place.endless {
            out.push_str("\n\nThe links on the way never arrive.");
        }
    }
    let providers: Vec<String> = why
        .providers
        .iter()
        .map(|provider| {
            let what = attributes(&provider.attributes);
            let what = if what.is_empty() { what } else { format!(": {what}") };
            format!("{}{}{what}", provider.by, at(provider.origin.as_ref()))
        })
        .collect();
    rows(&mut out, "Provided by", &providers);
    let removed: Vec<String> = why
        .removed
        .iter()
        .map(|removed| format!("{}, in phase `{}`{}", removed.by, removed.phase, at(removed.origin.as_ref())))
        .collect();
    rows(&mut out, "Taken away by", &removed);
    let requirers: Vec<String> = why
        .requirers
        .iter()
        .map(|requirer| format!("{} {}{}", requirer.by, requirer.because, at(Some(&requirer.origin))))
        .collect();
    rows(&mut out, "Required by", &requirers);
    let steps: Vec<String> = why
        .steps
        .iter()
        .filter(|step| step.is_step)
        .map(|step| match (step.stage, step.wave) {
            (Some(stage), Some(wave)) => {
                format!("{}: phase `{}`, stage {stage}, wave {wave}", code(&step.id), step.phase)
            }
            _ => format!("{}: phase `{}`", code(&step.id), step.phase),
        })
        .collect();
    rows(&mut out, "In the plan", &steps);
    if let Some(help) = &why.help {
        let near: Vec<String> = help
            .near
            .iter()
            .map(|near| format!("{} from {}{}", code(&near.entity), near.by, at(near.origin.as_ref())))
            .collect();
        rows(&mut out, "Near it", &near);
        rows(&mut out, "What would help", &help.advice);
    }
    out
}

fn rows(out: &mut String, heading: &str, rows: &[String]) {
    if rows.is_empty() {
        return;
    }
    out.push_str(&format!("\n\n{heading}:\n"));
    for row in rows.iter().take(SHOWN) {
        out.push_str(&format!("\n- {}", printable(row)));
    }
    if rows.len() > SHOWN {
        out.push_str(&format!("\n- and {} more", rows.len() - SHOWN));
    }
}

fn at(origin: Option<&explore::Origin>) -> String {
    origin.map_or_else(String::new, |origin| format!(" ({origin})"))
}

/// What is known of an entity, in a line.
fn attributes(of: &Attributes) -> String {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(of.file_type.map(str::to_owned));
    parts.extend(of.mode.clone());
    match (&of.user, &of.group) {
        (Some(user), Some(group)) => parts.push(format!("{user}:{group}")),
        (Some(one), None) | (None, Some(one)) => parts.push(one.clone()),
        (None, None) => {}
    }
    parts.extend(of.number.map(|number| format!("number {number}")));
    parts.extend(of.version.as_ref().map(|version| format!("version {version}")));
    if !of.groups.is_empty() {
        parts.push(format!("in {}", of.groups.join(", ")));
    }
    parts.extend(of.home.as_ref().map(|home| format!("home {}", code(home))));
    parts.extend(of.shell.as_ref().map(|shell| format!("shell {}", code(shell))));
    parts.extend(of.target.as_ref().map(|target| format!("leads to {}", code(target))));
    parts.join(", ")
}
