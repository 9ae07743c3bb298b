//! What is asked of the world, and what is made of its answers.

use std::sync::Arc;

use rayon::prelude::*;

use super::findings::plain;
use super::ids::read_ids;
use super::{ReadFacts, Workspace};
use crate::diagnostic::{Diagnostic, Related, Role};
use crate::facts::{Facts, FactsError};
use crate::fragment::{Fragment, Parent, SourceRole};
use crate::graph::leave;
use crate::inputs::{Answer, Ask, RootState, TextState};
use crate::manifest;
use crate::text::{Location, Source};

impl Workspace {
    pub(super) fn ask(&mut self, ask: Ask) {
        if self.seen.insert(ask.clone()) {
            self.fresh.push(ask);
        }
    }

    /// Everything that was asked for so far, in no order.
    pub fn asked(&self) -> impl Iterator<Item = &Ask> {
        self.seen.iter()
    }

    /// Takes an answer.
    pub fn answer(&mut self, ask: &Ask, answer: Answer) {
        if let Ask::Text(path) | Ask::Root(path) = ask {
            self.waiting.push(path.to_string());
        }
        self.inputs.set(ask.path().clone(), answer);
    }

    /// Lowers what was answered and returns what is to be asked next; nothing means that all is known.
    pub fn asks(&mut self) -> Vec<Ask> {
        let waiting = std::mem::take(&mut self.waiting);
        let manifests: Vec<(String, Arc<Source>)> = waiting
            .iter()
            .filter(|path| self.sort_of(path) == FileSort::Manifest)
            .filter_map(|path| match self.inputs.text(path) {
                Some(TextState::Text(source)) => Some((path.clone(), source.clone())),
                _ => None,
            })
            .collect();
        let lowered: Vec<(String, Arc<Fragment>)> = manifests
            .into_par_iter()
            .map(|(path, source)| {
                let language = self.language_of(&path);
                (path, Arc::new(manifest::lower_in(source, language)))
            })
            .collect();
        for (path, fragment) in lowered {
            self.ask_for(&fragment);
            self.fragments.insert(path, fragment);
        }
        self.lower_folders();
        for path in waiting {
            match self.sort_of(&path) {
                _ if self.inputs.root(&path).is_some() => {
                    let read = self.root_facts(&path);
                    self.facts.insert(path, read);
                }
                FileSort::Facts => {
                    let read = self.read_facts(&path);
                    self.facts.insert(path, read);
                }
                FileSort::Ids => {
                    if let Some(TextState::Text(source)) = self.inputs.text(&path) {
                        let read = read_ids(source);
                        self.ids.insert(path, read);
                    }
                }
                FileSort::Manifest => {}
            }
        }
        if self.fresh.is_empty() {
            self.ask_for_compared();
        }
        std::mem::take(&mut self.fresh)
    }

    /// Sources that go where a facts file has the digest of what is there: only their contents tell whether it is the same.
    fn ask_for_compared(&mut self) {
        let mut compared: Vec<Arc<str>> = Vec::new();
        let mut known: Vec<(&String, &Arc<ReadFacts>)> =
            self.facts.iter().filter_map(|(path, read)| Some((path, read.as_ref().ok()?))).collect();
        known.sort_unstable_by_key(|&(path, _)| path);
        let mut fragments: Vec<(&String, &Arc<Fragment>)> = self.fragments.iter().collect();
        fragments.sort_unstable_by_key(|&(path, _)| path);
        for (_, read) in known {
            let tree = &read.facts.tree;
            if tree.entries().iter().all(|entry| entry.digest.is_none()) {
                continue;
            }
            for (_, fragment) in &fragments {
                for row in &fragment.provides {
                    if let crate::entity::What::Path(facts) = row.what
                        && let crate::entity::Content::Source(source) = facts.content
                        && let path = fragment.entities.text(row.entity)
                        && tree.get(path.trim_start_matches('/')).is_some_and(|entry| entry.digest.is_some())
                    {
                        compared.push((&*fragment.sources[source as usize].path).into());
                    }
                }
            }
        }
        compared.sort();
        for path in compared {
            self.ask(Ask::Digest(path));
        }
    }

    pub(super) fn ask_for(&mut self, fragment: &Arc<Fragment>) {
        let head = &fragment.head;
        for (include, language) in &head.typed {
            if let Some(reference) = head.includes.get(*include as usize) {
                self.typed.entry(reference.path.clone()).or_insert(*language);
            }
        }
        for reference in &head.includes {
            self.ask_for_file(&reference.path);
        }
        if let Some(reference) = &head.ids {
            self.ask(Ask::Text(reference.path.as_str().into()));
        }
        let parent = match &head.parent {
            Some(Parent::File(reference)) => Some(reference),
            _ => None,
        };
        for reference in fragment.references.iter().chain(parent) {
            let path = reference.path.as_str().into();
            self.ask(if manifest::is_root(&reference.path) { Ask::Root(path) } else { Ask::Text(path) });
        }
        for source in &fragment.sources {
            let path: Arc<str> = (&*source.path).into();
            match source.role {
                SourceRole::Archive => self.ask(Ask::Archive(path.clone())),
                SourceRole::Package => self.ask(Ask::Package(path.clone())),
                SourceRole::Plain => self.ask(Ask::Source(path.clone())),
            }
            if self.digests {
                self.ask(Ask::Digest(path));
            }
        }
        // Account files are read for the accounts in them.
        for row in &fragment.provides {
            if let crate::entity::What::Path(facts) = row.what
                && let crate::entity::Content::Source(source) = facts.content
                && matches!(fragment.entities.last(row.entity), "passwd" | "group")
            {
                self.ask(Ask::Contents((&*fragment.sources[source as usize].path).into()));
            }
        }
    }

    fn read_facts(&self, path: &str) -> Result<Arc<ReadFacts>, Vec<Diagnostic>> {
        let Some(TextState::Text(source)) = self.inputs.text(path) else { return Err(Vec::new()) };
        match Facts::parse(&source.text) {
            Ok(facts) => Ok(self.layered(path, Arc::new(facts))),
            Err(faults) => Err(faults.into_iter().map(|fault| mistake(source, fault)).collect()),
        }
    }

    /// The facts of a root. Where there are none, the reference to it says why.
    fn root_facts(&self, path: &str) -> Result<Arc<ReadFacts>, Vec<Diagnostic>> {
        match self.inputs.root(path) {
            Some(RootState::Facts { facts, .. }) => Ok(self.layered(path, facts.clone())),
            _ => Err(Vec::new()),
        }
    }

    fn layered(&self, path: &str, facts: Arc<Facts>) -> Arc<ReadFacts> {
        let file = path.rsplit('/').next().unwrap_or(path);
        let name = facts.name.as_deref().unwrap_or_else(|| file.split(".facts.json").next().unwrap_or(file));
        let mut layer = leave::of_facts(&facts, name);
        let digest = self.digests.then(|| facts.digest().parse::<crate::plan::Digest>().ok()).flatten();
        layer.digest = digest.map(|digest| *digest.as_bytes());
        Arc::new(ReadFacts { facts, layer })
    }

    fn sort_of(&self, path: &str) -> FileSort {
        if manifest::is_facts(path) {
            FileSort::Facts
        } else if manifest::is_image(path) || manifest::is_included(path) || self.typed.contains_key(path) {
            FileSort::Manifest
        } else {
            FileSort::Ids
        }
    }
}

/// A mistake of a facts file.
fn mistake(source: &Arc<Source>, fault: FactsError) -> Diagnostic {
    let at = |span| Location { source: source.clone(), span };
    let mut diagnostic = plain(fault.code, at(fault.span), fault.message);
    diagnostic.help = fault.help;
    diagnostic.related.extend(fault.related.map(|(span, message)| Related {
        role: Role::Origin,
        entity: None,
        location: at(span),
        message: message.to_owned(),
    }));
    diagnostic
}

/// How a file stands in the workspace.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FileSort {
    Manifest,
    Facts,
    Ids,
}
