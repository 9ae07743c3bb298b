//! Another name for a user, group or virtual, in every file that sees it.

use rustc_hash::FxHashSet;

use super::View;
use super::at::{At, Named, named};
use super::family::{self, Member};
use super::names::{Occurrence, occurrences};
use crate::diagnostic::Edit;
use crate::fragment::Fragment;
use crate::inputs::TextState;
use crate::intern::EntityType;
use crate::kind::Kind;
use crate::message::{self, quoted};
use crate::syntax::{Document, Language, NodeId};
use crate::text::{Location, Span};

/// What can be renamed at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamable {
    /// The name alone.
    pub span: Span,
    /// As it is.
    pub name: String,
}

/// What the name under the cursor is; a sentence where it cannot be changed.
pub fn prepare_rename(view: &View<'_>, file: &str, offset: u32) -> Result<Renamable, String> {
    let subject = subject(view, file, offset)?;
    Ok(Renamable { span: subject.span, name: subject.name })
}

/// The edits that give it another name; a sentence where that cannot be.
pub fn rename(view: &View<'_>, file: &str, offset: u32, name: &str) -> Result<Vec<Edit>, String> {
    let subject = subject(view, file, offset)?;
    if let Some(problem) = message::name_problem(name, subject.types[0]) {
        return Err(format!("{} cannot be the name of {}: {problem}", quoted(name), message::a_type(subject.types[0])));
    }
    if name == subject.name {
        return Ok(Vec::new());
    }
    for member in &subject.members {
        for fragment in &member.files {
            let taken = occurrences(fragment)
                .into_iter()
                .find(|other| other.declares && other.name == name && subject.types.contains(&other.entity_type));
            if taken.is_some() {
                let what = message::a_type(subject.types[0]);
                return Err(format!(
                    "{} declares {what} called {} already",
                    quoted(&fragment.source.name),
                    quoted(name)
                ));
            }
        }
    }
    let mut edits: Vec<Edit> = Vec::new();
    let mut seen: FxHashSet<&str> = FxHashSet::default();
    for member in &subject.members {
        for fragment in &member.files {
            if !seen.insert(&fragment.source.name) {
                continue;
            }
            for place in occurrences(fragment) {
                if subject.names(&place) {
                    let Some(span) = place.span else {
                        let place = Location { source: fragment.source.clone(), span: place.value };
                        return Err(format!(
                            "at {} the name is written with escapes; write it plainly first",
                            place.to_text()
                        ));
                    };
                    edits.push(Edit {
                        location: Location { source: fragment.source.clone(), span },
                        text: name.to_owned(),
                    });
                }
            }
        }
        if let Some(ids) = member.files.first().and_then(|root| root.head.ids.as_ref())
            && seen.insert(&ids.path)
        {
            edits.extend(in_ids(view, &ids.path, &subject, name));
        }
    }
    edits.sort_by(|a, b| a.location.order().cmp(&b.location.order()));
    Ok(edits)
}

/// What is to be renamed, and the images that see it.
struct Subject {
    span: Span,
    name: String,
    /// A user and its own group go together.
    types: Vec<EntityType>,
    members: Vec<Member>,
}

impl Subject {
    fn names(&self, place: &Occurrence) -> bool {
        place.name == self.name && self.types.contains(&place.entity_type)
    }
}

fn subject(view: &View<'_>, file: &str, offset: u32) -> Result<Subject, String> {
    let nothing = || "there is no user, group or virtual here".to_owned();
    let fragment = view.workspace.fragment(file).ok_or_else(nothing)?;
    let at = At::find(&fragment.document, offset).ok_or_else(nothing)?;
    // On a header the thing that is declared is meant, and its name stands elsewhere.
    let all = occurrences(fragment);
    let here = |place: &&Occurrence| {
        let inside = |span: Span| span.start <= offset && offset <= span.end;
        place.span.map_or(inside(place.value), inside) && place.value == at.span
    };
    let Some(place) = all.iter().find(here) else {
        return Err(match named(fragment, &at) {
            Some((Named::Entity(EntityType::Path, _), _)) => {
                "only users, groups and virtuals can be renamed, not paths".to_owned()
            }
            _ => nothing(),
        });
    };
    let span = place.span.unwrap_or(place.value);
    let types = match place.entity_type {
        EntityType::Package => return Err("a package is called what its manager calls it".to_owned()),
        EntityType::Path => return Err(nothing()),
        one => vec![one],
    };
    if place.name == "root" && types[0] != EntityType::Virtual {
        return Err(format!("{} root is in every image", types[0].name()));
    }
    let mut subject = Subject { span, name: place.name.clone(), types, members: Vec::new() };
    let everyone = family::members(view);
    subject.members = who_sees(&everyone, file, &subject);
    if subject.members.is_empty() {
        let (what, name) = (subject.types[0].name(), quoted(&subject.name));
        return Err(format!("{what} {name} is declared in no manifest, so it cannot be renamed here"));
    }
    subject.add_own_group();
    Ok(subject)
}

impl Subject {
    /// A user that names no group has one of its own name: whoever renames the one means both.
    fn add_own_group(&mut self) {
        let other = match self.types[0] {
            EntityType::User => EntityType::Group,
            EntityType::Group => EntityType::User,
            _ => return,
        };
        let own = |fragment: &Fragment| {
            let (document, text) = (&fragment.document, fragment.source.text.as_str());
            fragment.features.iter().any(|feature| {
                feature.kind == Kind::User
                    && feature.main.is_some_and(|main| fragment.entities.text(main) == self.name)
                    && document.get(feature.node, "group", text).is_none()
            })
        };
        if self.members.iter().flat_map(|member| &member.files).any(|fragment| own(fragment)) {
            self.types.push(other);
        }
    }
}

/// The images that see a declaration which the file sees: those that have it in their own files, or stand on one that has.
fn who_sees(everyone: &[Member], file: &str, subject: &Subject) -> Vec<Member> {
    let declares = |member: &Member| {
        let mut places = member.files.iter().flat_map(|fragment| occurrences(fragment));
        // An assumption names it, and does not make it.
        places.any(|place| place.declares && subject.names(&place))
            || subject.types[0] == EntityType::Group && has_user_with_own_group(member, &subject.name)
    };
    let declaring: Vec<&Member> = everyone.iter().filter(|member| declares(member)).collect();
    let near: Vec<&Member> = everyone.iter().filter(|member| member.has(file)).collect();
    // Those declaring that an image of the file stands on, or that stand on one of them.
    let meant: Vec<&&Member> = declaring
        .iter()
        .filter(|declaring| {
            near.iter().any(|near| {
                family::stands_on(everyone, &near.path, &declaring.path)
                    || family::stands_on(everyone, &declaring.path, &near.path) && declaring.has(file)
            })
        })
        .collect();
    everyone
        .iter()
        .filter(|member| meant.iter().any(|meant| family::stands_on(everyone, &member.path, &meant.path)))
        .cloned()
        .collect()
}

fn has_user_with_own_group(member: &Member, name: &str) -> bool {
    member.files.iter().any(|fragment| {
        fragment.features.iter().any(|feature| {
            feature.kind == Kind::User && feature.main.is_some_and(|main| fragment.entities.text(main) == name)
        })
    })
}

/// The keys of a file of numbers.
fn in_ids(view: &View<'_>, path: &str, subject: &Subject, name: &str) -> Vec<Edit> {
    let Some(TextState::Text(source)) = view.workspace.inputs().text(path) else { return Vec::new() };
    let text = source.text.as_str();
    let document = Document::parse(text, Language::of_name(path));
    let mut edits = Vec::new();
    for entity_type in &subject.types {
        let table = match entity_type {
            EntityType::User => "users",
            EntityType::Group => "groups",
            _ => continue,
        };
        let Some(table) = document.get(NodeId::ROOT, table, text) else { continue };
        let Some(member) = document.get(table, &subject.name, text) else { continue };
        let key = document.key(member);
        // Quotes stay where they are, and come where the new name needs them.
        let quoted = key.of(text).starts_with(['"', '\'']);
        let bare = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        let text = if quoted || !bare { format!("\"{name}\"") } else { name.to_owned() };
        edits.push(Edit { location: Location { source: source.clone(), span: key }, text });
    }
    edits
}
