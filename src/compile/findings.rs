//! What is wrong with files themselves, and with the files that they name.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Workspace;
use crate::catalog::Code;
use crate::diagnostic::{Clue, Diagnostic, Related, Role};
use crate::fragment::{Fragment, Parent, Reference};
use crate::inputs::{Ask, RootState, TextState};
use crate::near;
use crate::text::{Location, Source, Span};
use crate::{manifest, message};

/// A file that a manifest names and that could not be read, at its place.
struct Unread {
    location: Location,
    message: String,
    label: String,
    help: Option<String>,
    notes: Vec<String>,
    meant: Option<String>,
    code: Code,
}

impl Workspace {
    /// What is wrong with a file itself, and with the files that it names.
    pub(super) fn file_findings(&self, fragment: &Arc<Fragment>) -> Vec<Diagnostic> {
        let mut found: Vec<Diagnostic> = fragment
            .findings
            .iter()
            .map(|finding| {
                let at = |span: Span| Location { source: fragment.source.clone(), span };
                let mut diagnostic = Diagnostic::new(finding.code, at(finding.span), finding.message.clone());
                diagnostic.label = finding.label.clone();
                diagnostic.help = finding.help.clone();
                diagnostic.related = finding
                    .related
                    .iter()
                    .map(|note| Related {
                        role: note.role,
                        entity: None,
                        location: at(note.span),
                        message: note.message.clone(),
                    })
                    .collect();
                if let Some(fix) = &finding.fix {
                    diagnostic.fixes.push(crate::diagnostic::Fix {
                        title: fix.title.clone(),
                        safe: fix.safe,
                        edits: vec![crate::diagnostic::Edit { location: at(fix.span), text: fix.text.clone() }],
                    });
                }
                diagnostic
            })
            .collect();
        let head = &fragment.head;
        let parent = match &head.parent {
            Some(Parent::File(reference)) => Some(reference),
            _ => None,
        };
        let named = head
            .includes
            .iter()
            .map(|reference| (reference, "include"))
            .chain(parent.map(|reference| (reference, "parent")))
            .chain(head.ids.iter().map(|reference| (reference, "ids")))
            .chain(fragment.references.iter().map(|reference| (reference, "from")));
        for (reference, key) in named {
            if let Some(unread) = self.unread(fragment, reference, key) {
                let mut diagnostic = Diagnostic::new(unread.code, unread.location, unread.message);
                diagnostic.label = unread.label;
                diagnostic.help = unread.help;
                diagnostic.notes = unread.notes;
                diagnostic.clues.extend(unread.meant.map(Clue::Meant));
                found.push(diagnostic);
            }
        }
        found.extend(self.two_types(fragment));
        found
    }

    fn unread(&self, fragment: &Arc<Fragment>, reference: &Reference, key: &str) -> Option<Unread> {
        let location = Location { source: fragment.source.clone(), span: reference.span };
        let is_folder = key == "include" && manifest::is_snippet_folder(&reference.path);
        let what = match key {
            "include" if is_folder => "the included folder",
            "include" => "the included file",
            "parent" => "the parent",
            "ids" => "the file of numbers",
            _ => "the file",
        };
        let reason = match (self.inputs.text(&reference.path), self.inputs.root(&reference.path)) {
            _ if is_folder => self.unlisted(&reference.path)?,
            (Some(TextState::Missing(reason)), _) | (_, Some(RootState::Missing(reason))) => reason.clone(),
            (_, Some(RootState::Escapes(entries))) => {
                return Some(escaping(location, what, &reference.path, entries));
            }
            (_, Some(RootState::Facts { lost, .. })) if !lost.is_empty() => {
                return Some(half_read(location, what, &reference.path, lost));
            }
            _ => return None,
        };
        let folder = |path: &str| path.rfind('/').map_or(String::new(), |at| path[..=at].to_owned());
        let name = reference.path.rsplit('/').next().unwrap_or("");
        let beside: Vec<&str> = self
            .fragments
            .keys()
            .filter(|path| folder(path) == folder(&reference.path))
            .map(|path| path.rsplit('/').next().unwrap_or(""))
            .collect();
        let mut sorted = beside;
        sorted.sort_unstable();
        let near = near::nearest(
            name,
            sorted.into_iter().filter(|other| manifest::is_image(other) != matches!(key, "include" | "ids")),
        );
        // As its author wrote it: a path from there is another text.
        let written = reference.span.of(&fragment.source.text).trim_matches(['"', '\'']);
        Some(Unread {
            location,
            message: format!("{what} {} cannot be read: {reason}", message::quoted(&reference.path)),
            label: reason,
            help: match near {
                Some(near) => Some(format!("did you mean `{near}`?")),
                None if key == "parent" => message::not_a_parent(written),
                None => None,
            }
            .or_else(|| message::not_a_source(written).map(str::to_owned)),
            notes: Vec::new(),
            meant: near.map(str::to_owned),
            code: Code::MissingFile,
        })
    }

    /// Files named on the command line that are there and cannot be taken as text.
    pub(super) fn broken_roots(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let mut paths: Vec<&Arc<str>> = self
            .wanted
            .keys()
            .filter_map(|ask| match ask {
                Ask::Text(path) => Some(path),
                _ => None,
            })
            .collect();
        paths.sort();
        for path in paths {
            if let Some(TextState::Broken(reason)) = self.inputs.text(path) {
                let source = Source::new(path.to_string(), "");
                found.push(Diagnostic::new(Code::Syntax, Location { source, span: Span::default() }, reason.clone()));
            }
        }
        found
    }

    /// Two images of one name.
    pub(super) fn twice_named(&self, names: &FxHashMap<String, Vec<String>>) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let mut all: Vec<(&String, &Vec<String>)> = names.iter().collect();
        all.sort();
        for (name, paths) in all {
            if paths.len() < 2 {
                continue;
            }
            let mut paths = paths.clone();
            paths.sort();
            let place = |path: &String| {
                let fragment = self.fragments.get(path)?;
                Some(Location { source: fragment.source.clone(), span: fragment.head.name_span })
            };
            let Some(location) = paths.get(1).and_then(&place) else { continue };
            let message =
                format!("{} images are called {}; a name stands for one image", paths.len(), message::quoted(name));
            let mut diagnostic = Diagnostic::new(Code::InvalidValue, location, message);
            diagnostic.label = "called so, too".to_owned();
            diagnostic.images = vec![name.clone()];
            for path in paths.iter().enumerate().filter(|&(at, _)| at != 1).map(|(_, path)| path) {
                if let Some(location) = place(path) {
                    diagnostic.related.push(Related {
                        role: Role::Origin,
                        entity: None,
                        location,
                        message: "called so here".to_owned(),
                    });
                }
            }
            diagnostic.help = Some("give one of them another `name`".to_owned());
            found.push(diagnostic);
        }
        found
    }
}

/// An archive whose entries would stand outside of the root is not taken for one.
fn escaping(location: Location, what: &str, path: &str, entries: &[String]) -> Unread {
    const SHOWN: usize = 20;
    let first = entries.first().map_or("", String::as_str);
    let more = match entries.len() {
        0 | 1 => String::new(),
        count => format!(", and so would {}", message::count(count - 1, "other entry", "other entries")),
    };
    Unread {
        location,
        message: format!("{what} {} has an entry that would stand outside of it{more}: {first}", message::quoted(path)),
        label: String::from("is no root file system"),
        help: Some(String::from("make the archive anew, with paths below the root")),
        notes: entries.iter().skip(1).take(SHOWN).cloned().collect(),
        meant: None,
        code: Code::InvalidValue,
    }
}

/// A root of which something could not be read: what it lacks may be there all the same.
fn half_read(location: Location, what: &str, path: &str, lost: &[String]) -> Unread {
    const SHOWN: usize = 20;
    let first = lost.first().map_or("", String::as_str);
    let mut notes: Vec<String> = lost.iter().skip(1).take(SHOWN).cloned().collect();
    if lost.len() > 1 + SHOWN {
        notes.push(format!("and {} more; `featgraph facts` tells all", lost.len() - 1 - SHOWN));
    }
    let help = "read it with the right to read it all, or write its facts with `featgraph facts` and name these; what it \
                lacks is `unproven` then, and not `missing`";
    Unread {
        location,
        message: format!("{what} {} cannot be read as a whole: {first}", message::quoted(path)),
        label: String::from("cannot be read as a whole"),
        help: Some(help.to_owned()),
        notes,
        meant: None,
        code: Code::MissingSource,
    }
}
