//! Which files and images belong together: includes, parents, clones, and the circles among them.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Workspace;
use crate::catalog::Code;
use crate::diagnostic::{Diagnostic, Related, Role};
use crate::fragment::{Fragment, Parent, Reference};
use crate::text::Location;
use crate::{manifest, message};

impl Workspace {
    /// The images among the roots, and the feature sets that none of them includes, each by name.
    pub(super) fn subjects(&self) -> (Vec<String>, Vec<String>) {
        let mut images: Vec<String> = Vec::new();
        let mut sets: Vec<String> = Vec::new();
        for root in &self.roots {
            let Some(fragment) = self.fragments.get(root) else { continue };
            if fragment.head.is_image { images.push(root.clone()) } else { sets.push(root.clone()) }
        }
        images.sort();
        images.dedup();
        sets.sort();
        sets.dedup();
        let mut included: FxHashSet<&str> = FxHashSet::default();
        let (all, _) = self.closure(&images);
        for image in &all {
            let mut pending = vec![image.as_str()];
            while let Some(path) = pending.pop() {
                let Some(fragment) = self.fragments.get(path) else { continue };
                for include in &fragment.head.includes {
                    if included.insert(&include.path) {
                        pending.push(&include.path);
                    }
                }
            }
        }
        sets.retain(|set| !included.contains(set.as_str()));
        (images, sets)
    }

    /// The images that a file stands on or clones from.
    pub(super) fn needs(&self, path: &str) -> Vec<Reference> {
        let mut needs = Vec::new();
        if let Some(fragment) = self.fragments.get(path)
            && let Some(Parent::File(reference)) = &fragment.head.parent
        {
            needs.push(reference.clone());
        }
        for file in self.files_of(path).0 {
            for reference in &file.references {
                if manifest::is_image(&reference.path) {
                    needs.push(reference.clone());
                }
            }
        }
        needs.retain(|reference| manifest::is_image(&reference.path));
        needs
    }

    /// Every image needed, parents before children; and the circles that had to be cut.
    pub(super) fn closure(&self, images: &[String]) -> (Vec<String>, Vec<Diagnostic>) {
        #[derive(PartialEq)]
        enum Mark {
            Open,
            Done,
        }
        let mut marks: FxHashMap<String, Mark> = FxHashMap::default();
        let mut all = Vec::new();
        let mut circles = Vec::new();
        for image in images {
            let mut stack: Vec<(String, Vec<Reference>)> = Vec::new();
            if !marks.contains_key(image) {
                marks.insert(image.clone(), Mark::Open);
                stack.push((image.clone(), self.needs(image).into_iter().rev().collect()));
            }
            while let Some((path, needs)) = stack.last_mut() {
                let path = path.clone();
                match needs.pop() {
                    Some(reference) => match marks.get(&reference.path) {
                        Some(Mark::Done) => {}
                        Some(Mark::Open) => {
                            circles.extend(self.file_cycle(
                                &path,
                                &reference,
                                "stand on each other",
                                &stack_paths(&stack),
                            ));
                        }
                        None => {
                            marks.insert(reference.path.clone(), Mark::Open);
                            let next = self.needs(&reference.path).into_iter().rev().collect();
                            stack.push((reference.path.clone(), next));
                        }
                    },
                    None => {
                        stack.pop();
                        marks.insert(path.clone(), Mark::Done);
                        if self.fragments.contains_key(&path) {
                            all.push(path);
                        }
                    }
                }
            }
        }
        (all, circles)
    }

    fn file_cycle(&self, path: &str, reference: &Reference, how: &str, stack: &[String]) -> Option<Diagnostic> {
        let fragment = self.fragments.get(path)?;
        let from = stack.iter().position(|file| *file == reference.path).unwrap_or(0);
        let members = &stack[from..];
        let location = Location { source: fragment.source.clone(), span: reference.span };
        let message = match members {
            [_] => format!("{} names itself", message::quoted(path)),
            [one, other] => format!("{} and {} {how}", message::quoted(one), message::quoted(other)),
            _ => format!("{} files {how} in a circle", members.len()),
        };
        let mut diagnostic = Diagnostic::new(Code::FileCycle, location, message);
        diagnostic.label = "closes the circle".to_owned();
        for (at, member) in members.iter().enumerate() {
            let next = members.get(at + 1).unwrap_or(&reference.path);
            if member == path && *next == reference.path {
                continue;
            }
            let Some(fragment) = self.fragments.get(member) else { continue };
            let parent = match &fragment.head.parent {
                Some(Parent::File(parent)) => Some(parent),
                _ => None,
            };
            let place = fragment
                .head
                .includes
                .iter()
                .chain(parent)
                .chain(&fragment.references)
                .find(|other| other.path == *next);
            if let Some(place) = place {
                diagnostic.related.push(Related {
                    role: Role::Edge,
                    entity: None,
                    location: Location { source: fragment.source.clone(), span: place.span },
                    message: format!("names {}", message::quoted(next)),
                });
            }
        }
        // It stands at its first place by file and position.
        let first =
            diagnostic.related.iter().enumerate().min_by_key(|(_, related)| related.location.order().0.to_owned());
        if let Some((at, related)) = first
            && related.location.order() < diagnostic.location.order()
        {
            let place = related.location.clone();
            let said = std::mem::replace(
                &mut diagnostic.related[at].message,
                format!("names {}", message::quoted(&reference.path)),
            );
            diagnostic.related[at].location = std::mem::replace(&mut diagnostic.location, place);
            diagnostic.label = said;
        }
        diagnostic.help = Some("drop one of these references".to_owned());
        Some(diagnostic)
    }

    /// A file and all that it includes, each once, and whether something is missing.
    pub(super) fn files_of(&self, path: &str) -> (Vec<Arc<Fragment>>, bool) {
        let mut seen: FxHashSet<&str> = FxHashSet::default();
        let mut pending = vec![path];
        let mut files = Vec::new();
        let mut missing = false;
        while let Some(path) = pending.pop() {
            match self.fragments.get(path) {
                // By its real name: one file may be reached by several.
                Some(fragment) if !seen.insert(&fragment.source.name) => {}
                Some(fragment) => {
                    files.push(fragment.clone());
                    pending.extend(fragment.head.includes.iter().map(|include| include.path.as_str()));
                }
                None => missing = true,
            }
        }
        (self.unmasked(files), missing)
    }

    /// Cycles among the includes of a file: of files that all lead to each other the shortest, the first of several.
    pub(super) fn include_cycles(&self, path: &str) -> Vec<Diagnostic> {
        /// A reference that closes a cycle, and the files on the way from where it leads to where it stands.
        struct Closing {
            reference: Reference,
            way: Vec<String>,
        }
        let Some(start) = self.fragments.get(path) else { return Vec::new() };
        let mut done: FxHashSet<&str> = FxHashSet::default();
        let mut open: Vec<(&Fragment, usize)> = vec![(start, 0)];
        let mut on_way: FxHashMap<&str, usize> = FxHashMap::from_iter([(start.source.name.as_str(), 0)]);
        // The lowest file on the way that each file leads back to, so far: those in between are one component.
        let mut lowest: Vec<usize> = vec![0];
        let mut shortest: FxHashMap<usize, Closing> = FxHashMap::default();
        let mut found = Vec::new();
        while let Some((fragment, at)) = open.last_mut() {
            let include = fragment.head.includes.get(*at);
            *at += 1;
            let here = open.len() - 1;
            let Some(include) = include else {
                let (fragment, _) = open.swap_remove(here);
                on_way.remove(fragment.source.name.as_str());
                done.insert(&fragment.source.name);
                let low = lowest.pop().unwrap_or(here);
                let closing = shortest.remove(&here);
                if low < here {
                    // A part of a larger component, which is closed further up.
                    let above = &mut lowest[here - 1];
                    *above = (*above).min(low);
                    if let Some(closing) = closing {
                        keep_shorter(&mut shortest, here - 1, closing, |closing| closing.way.len());
                    }
                } else if let Some(Closing { reference, way }) = closing {
                    let last = way.last().cloned().unwrap_or_default();
                    found.extend(self.file_cycle(&last, &reference, "include each other", &way));
                }
                continue;
            };
            let Some(next) = self.fragments.get(&include.path) else { continue };
            let name = next.source.name.as_str();
            if let Some(&back) = on_way.get(name) {
                lowest[here] = lowest[here].min(back);
                if shortest.get(&here).is_none_or(|closing| here + 1 - back < closing.way.len()) {
                    let way = open[back..].iter().map(|(fragment, _)| fragment.source.name.clone()).collect();
                    let reference = Reference { path: name.to_owned(), span: include.span };
                    shortest.insert(here, Closing { reference, way });
                }
            } else if !done.contains(name) {
                on_way.insert(name, here + 1);
                lowest.push(here + 1);
                open.push((next, 0));
            }
        }
        found
    }
}

/// Notes a value at a place unless a smaller one is there already.
fn keep_shorter<T>(known: &mut FxHashMap<usize, T>, at: usize, value: T, size: impl Fn(&T) -> usize) {
    match known.get(&at) {
        Some(other) if size(other) <= size(&value) => {}
        _ => drop(known.insert(at, value)),
    }
}

fn stack_paths(stack: &[(String, Vec<Reference>)]) -> Vec<String> {
    stack.iter().map(|(path, _)| path.clone()).collect()
}
