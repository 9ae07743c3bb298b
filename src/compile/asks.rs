//! What is asked of the world, and what is made of its answers.

use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

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
    /// Counts one more who wants an answer; the first lets it be asked.
    pub(super) fn ask(&mut self, ask: Ask) {
        let wanting = self.wanted.entry(ask).or_insert_with_key(|ask| {
            self.fresh.push(ask.clone());
            0
        });
        *wanting += 1;
    }

    /// Counts one fewer who wants an answer; after the last it is forgotten.
    fn release(&mut self, ask: &Ask) {
        let Some(wanting) = self.wanted.get_mut(ask) else { return };
        *wanting -= 1;
        if *wanting == 0 {
            self.wanted.remove(ask);
            self.inputs.forget(ask);
        }
    }

    /// Everything that is asked for, in no order.
    pub fn asked(&self) -> impl Iterator<Item = &Ask> {
        self.wanted.keys()
    }

    /// Takes an answer. What nobody wants any more is not kept.
    pub fn answer(&mut self, ask: &Ask, answer: Answer) {
        if !self.wanted.contains_key(ask) {
            return;
        }
        if let (Ask::Text(path), Answer::Text(state)) = (ask, &answer)
            && self.inputs.text(path).is_some_and(|known| same_text(known, state))
        {
            return;
        }
        if let Ask::Text(path) | Ask::Root(path) = ask {
            self.waiting.push(path.to_string());
            self.dirty.insert(path.to_string());
            self.results.unsettle();
        }
        if let Ask::Source(path) = ask
            && self.folders.contains(&**path)
        {
            self.listed.push(path.to_string());
        }
        self.inputs.set(ask.path().clone(), answer);
    }

    /// Lowers what was answered and returns what is to be asked next; nothing means that all is known.
    pub fn asks(&mut self) -> Vec<Ask> {
        self.read_answers();
        while self.fresh.is_empty() {
            self.forget_unreached();
            if !self.type_anew() {
                self.ask_for_compared();
                break;
            }
            self.read_answers();
        }
        let mut fresh = std::mem::take(&mut self.fresh);
        // Who wanted it may be gone already.
        fresh.retain(|ask| self.wanted.contains_key(ask));
        fresh
    }

    /// Reads the texts that were answered, and lists folders.
    fn read_answers(&mut self) {
        // A text may have been answered several times, of which the last counts.
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.sort();
        waiting.dedup();
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
        let mut lowered: FxHashMap<String, Arc<Fragment>> = lowered.into_iter().collect();
        for path in waiting {
            let sort = self.sort_of(&path);
            if sort != FileSort::Manifest && self.fragments.contains_key(&path) {
                self.set_fragment(path.clone(), None);
            }
            if sort != FileSort::Ids {
                self.ids.remove(&path);
            }
            match sort {
                _ if self.inputs.root(&path).is_some() => {
                    let read = self.root_facts(&path);
                    self.facts.insert(path, read);
                    self.compare_all_anew();
                }
                FileSort::Manifest => {
                    let fragment = lowered.remove(&path);
                    self.set_fragment(path, fragment);
                }
                FileSort::Facts => {
                    let read = self.read_facts(&path);
                    self.facts.insert(path, read);
                    self.compare_all_anew();
                }
                FileSort::Ids => match self.inputs.text(&path) {
                    Some(TextState::Text(source)) => {
                        let read = read_ids(source);
                        self.ids.insert(path, read);
                    }
                    _ => drop(self.ids.remove(&path)),
                },
            }
        }
        self.lower_folders();
    }

    /// Puts a file's fragment in the place of the one it had; what only that one asked for is forgotten.
    pub(super) fn set_fragment(&mut self, path: String, fragment: Option<Arc<Fragment>>) {
        for ask in fragment.as_ref().map_or_else(Vec::new, |fragment| self.asks_of(fragment)) {
            self.ask(ask);
        }
        if let Some(fragment) = &fragment {
            for (include, language) in &fragment.head.typed {
                if let Some(reference) = fragment.head.includes.get(*include as usize) {
                    self.typed.entry(reference.path.clone()).or_insert(*language);
                }
            }
            for ask in files_of(fragment) {
                match ask {
                    Ask::Text(path) | Ask::Source(path) => self.ask_for_file(&path),
                    ask if self.wanted.contains_key(&ask) => {}
                    ask => self.ask(ask),
                }
            }
        }
        let before = match fragment {
            Some(fragment) => self.fragments.insert(path.clone(), fragment),
            None => self.fragments.remove(&path),
        };
        for ask in before.as_ref().map_or_else(Vec::new, |before| self.asks_of(before)) {
            self.release(&ask);
        }
        self.uncompared.insert(path);
        self.moved |= before.is_some();
    }

    /// Lets go of the texts that no root leads to any more, and of what only they asked for.
    fn forget_unreached(&mut self) {
        if !std::mem::take(&mut self.moved) {
            return;
        }
        let mut reached: FxHashSet<Arc<str>> = FxHashSet::default();
        let mut pending: Vec<Arc<str>> = self.roots.iter().map(|root| root.as_str().into()).collect();
        while let Some(path) = pending.pop() {
            if let Some(fragment) = self.fragments.get(&*path)
                && !reached.contains(&path)
            {
                pending.extend(files_of(fragment).map(|ask| ask.path().clone()));
            }
            reached.insert(path);
        }
        let is_lost = |ask: &&Ask| matches!(ask, Ask::Text(path) | Ask::Root(path) if !reached.contains(path));
        let mut lost: Vec<Ask> = self.wanted.keys().filter(is_lost).cloned().collect();
        lost.sort();
        for ask in lost {
            let path = ask.path();
            self.set_fragment(path.to_string(), None);
            if self.facts.remove(&**path).is_some() {
                self.compare_all_anew();
            }
            self.ids.remove(&**path);
            self.wanted.remove(&ask);
            self.inputs.forget(&ask);
        }
        let lost: Vec<String> =
            self.folders.iter().filter(|folder| !reached.contains(folder.as_str())).cloned().collect();
        for folder in lost {
            self.set_fragment(folder.clone(), None);
            self.release(&Ask::Source(folder.as_str().into()));
            self.folders.remove(&folder);
        }
        self.moved = false;
    }

    /// Sources that go where a facts file has the digest of what is there: only their contents tell whether it is the same.
    fn ask_for_compared(&mut self) {
        let known: Vec<Arc<ReadFacts>> = self
            .facts
            .values()
            .filter_map(|read| read.as_ref().ok())
            .filter(|read| read.facts.tree.entries().iter().any(|entry| entry.digest.is_some()))
            .cloned()
            .collect();
        for path in std::mem::take(&mut self.uncompared) {
            let mut compared: Vec<Ask> = Vec::new();
            if let Some(fragment) = self.fragments.get(&path).filter(|_| !known.is_empty()) {
                for row in &fragment.provides {
                    let digested = |read: &Arc<ReadFacts>, place: &str| {
                        let entry = read.facts.tree.get(place.trim_start_matches('/'));
                        entry.is_some_and(|entry| entry.digest.is_some())
                    };
                    if let crate::entity::What::Path(facts) = row.what
                        && let crate::entity::Content::Source(source) = facts.content
                        && let place = fragment.entities.text(row.entity)
                        && known.iter().any(|read| digested(read, &place))
                    {
                        compared.push(Ask::Digest((&*fragment.sources[source as usize].path).into()));
                    }
                }
            }
            compared.sort();
            compared.dedup();
            for ask in &compared {
                self.ask(ask.clone());
            }
            let before = match compared.is_empty() {
                true => self.compared.remove(&path),
                false => self.compared.insert(path, compared),
            };
            for ask in before.into_iter().flatten() {
                self.release(&ask);
            }
        }
    }

    /// Other facts may have other digests.
    fn compare_all_anew(&mut self) {
        self.uncompared.extend(self.fragments.keys().cloned());
    }

    /// What a fragment asks for beside texts.
    fn asks_of(&self, fragment: &Fragment) -> Vec<Ask> {
        let mut asks = Vec::with_capacity(fragment.sources.len());
        for source in &fragment.sources {
            let path: Arc<str> = (&*source.path).into();
            asks.push(match source.role {
                SourceRole::Archive => Ask::Archive(path.clone()),
                SourceRole::Package => Ask::Package(path.clone()),
                SourceRole::Plain => Ask::Source(path.clone()),
            });
            if self.digests {
                asks.push(Ask::Digest(path));
            }
        }
        // Account files are read for the accounts in them.
        for row in &fragment.provides {
            if let crate::entity::What::Path(facts) = row.what
                && let crate::entity::Content::Source(source) = facts.content
                && matches!(fragment.entities.last(row.entity), "passwd" | "group")
            {
                asks.push(Ask::Contents((&*fragment.sources[source as usize].path).into()));
            }
        }
        asks
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
        let digest = self.digests.then(|| facts.digest().parse::<featgraph_plan::Digest>().ok()).flatten();
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

/// The files, folders of snippets and roots that a fragment names beside sources.
pub(super) fn files_of(fragment: &Fragment) -> impl Iterator<Item = Ask> + '_ {
    let head = &fragment.head;
    let parent = match &head.parent {
        Some(Parent::File(reference)) => Some(reference),
        _ => None,
    };
    let includes = head.includes.iter().map(|reference| {
        let path = reference.path.as_str().into();
        if manifest::is_snippet_folder(&reference.path) { Ask::Source(path) } else { Ask::Text(path) }
    });
    let ids = head.ids.iter().map(|reference| Ask::Text(reference.path.as_str().into()));
    let others = fragment.references.iter().chain(parent).map(|reference| {
        let path = reference.path.as_str().into();
        if manifest::is_root(&reference.path) { Ask::Root(path) } else { Ask::Text(path) }
    });
    includes.chain(ids).chain(others)
}

fn same_text(a: &TextState, b: &TextState) -> bool {
    match (a, b) {
        (TextState::Text(a), TextState::Text(b)) => a.text == b.text && a.damaged == b.damaged,
        (TextState::Missing(a), TextState::Missing(b)) | (TextState::Broken(a), TextState::Broken(b)) => a == b,
        _ => false,
    }
}

/// A mistake of a facts file.
fn mistake(source: &Arc<Source>, fault: FactsError) -> Diagnostic {
    let at = |span| Location { source: source.clone(), span };
    let mut diagnostic = Diagnostic::new(fault.code, at(fault.span), fault.message);
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
