//! Snippets of systemd among the included files: whole folders of them, the language of those that are named with a type, and which file takes the place of which.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Workspace;
use crate::catalog::Code;
use crate::diagnostic::Diagnostic;
use crate::fragment::{Fragment, Reference};
use crate::inputs::{Ask, SourceState};
use crate::syntax::{Document, Language, snippet};
use crate::text::{Location, Source, Span};
use crate::tree::FileType;
use crate::{manifest, message};

impl Workspace {
    /// The language that a file is read in: the one that its include names, else what its own name says.
    pub(super) fn language_of(&self, path: &str) -> Language {
        self.typed.get(path).copied().unwrap_or_else(|| Language::of_name(path))
    }

    /// Asks for a file that is included or named, if nobody has: for its text, or for what is in it where it is a folder of
    /// snippets.
    pub(super) fn ask_for_file(&mut self, path: &str) {
        if manifest::is_snippet_folder(path) {
            if self.folders.insert(path.to_owned()) {
                self.ask(Ask::Source(path.into()));
                self.listed.push(path.to_owned());
            }
            return;
        }
        let ask = Ask::Text(path.into());
        if !self.wanted.contains_key(&ask) {
            self.ask(ask);
        }
    }

    /// Works out which language each include gives to a file; whether a file has another one now and is to be read again.
    pub(super) fn type_anew(&mut self) -> bool {
        let mut paths: Vec<&String> = self
            .fragments
            .iter()
            .filter(|(_, fragment)| !fragment.head.typed.is_empty())
            .map(|(path, _)| path)
            .collect();
        // What an image says counts before what a set says, and what is first by name before the rest.
        paths.sort_by_key(|path| (!manifest::is_image(path), *path));
        let mut typed: FxHashMap<String, Language> = FxHashMap::default();
        for path in paths {
            let head = &self.fragments[path].head;
            for (include, language) in &head.typed {
                if let Some(reference) = head.includes.get(*include as usize) {
                    typed.entry(reference.path.clone()).or_insert(*language);
                }
            }
        }
        let mut other: Vec<String> = typed
            .keys()
            .chain(self.typed.keys())
            .filter(|path| typed.get(*path) != self.typed.get(*path) && self.inputs.text(path).is_some())
            .cloned()
            .collect();
        other.sort();
        other.dedup();
        self.typed = typed;
        self.dirty.extend(other.iter().cloned());
        self.waiting.extend(other);
        !self.waiting.is_empty()
    }

    /// Makes a file of every folder that was listed: it has no features of its own, and includes all the snippets in it.
    pub(super) fn lower_folders(&mut self) {
        let mut listed = std::mem::take(&mut self.listed);
        listed.sort();
        listed.dedup();
        for folder in listed {
            self.dirty.insert(folder.clone());
            self.results.unsettle();
            let Some(SourceState::Directory(tree)) = self.inputs.source(&folder) else {
                self.set_fragment(folder, None);
                continue;
            };
            let is_snippet = |path: &str, file_type: FileType| {
                !path.contains('/')
                    && snippet::is_snippet_name(path)
                    && matches!(file_type, FileType::File | FileType::Symlink)
            };
            let source = Source::new(folder.clone(), "");
            let document = Document::parse("", Language::of_name(&folder));
            let mut fragment = Fragment::new(source, Arc::new(document));
            fragment.head.name = manifest::stem(&folder).to_owned();
            fragment.head.includes = tree
                .entries()
                .iter()
                .filter(|entry| is_snippet(&entry.path, entry.file_type))
                .map(|entry| Reference { path: format!("{folder}/{}", entry.path), span: Span::default() })
                .collect();
            self.set_fragment(folder, Some(Arc::new(fragment)));
        }
    }

    /// Without the snippets whose place another one of the same name takes, as systemd has it: a file in /etc before one in
    /// /run, before /usr/local/lib, before /usr/lib. A file in none of these is left alone.
    pub(super) fn unmasked(&self, files: Vec<Arc<Fragment>>) -> Vec<Arc<Fragment>> {
        fn key(fragment: &Fragment) -> Option<((Language, &str), usize)> {
            let path = fragment.source.name.as_str();
            let language = fragment.document.language();
            let rank = language.is_snippet().then(|| snippet::rank(path)).flatten()?;
            Some(((language, path.rsplit('/').next().unwrap_or(path)), rank))
        }
        let mut first: FxHashMap<(Language, &str), usize> = FxHashMap::default();
        for (name, rank) in files.iter().filter_map(|file| key(file)) {
            let least = first.entry(name).or_insert(rank);
            *least = rank.min(*least);
        }
        if first.is_empty() {
            return files;
        }
        let kept: Vec<bool> =
            files.iter().map(|file| key(file).is_none_or(|(name, rank)| first.get(&name) == Some(&rank))).collect();
        files.iter().zip(kept).filter(|&(_, kept)| kept).map(|(file, _)| file.clone()).collect()
    }

    /// Why a folder of snippets could not be listed.
    pub(super) fn unlisted(&self, folder: &str) -> Option<String> {
        match self.inputs.source(folder)? {
            SourceState::Missing(reason) => Some(reason.clone()),
            SourceState::Directory(_) => None,
            SourceState::File { .. } => Some("it is a file, and a folder of snippets has this name".to_owned()),
            SourceState::Special(what) => Some(format!("it is {what}")),
        }
    }

    /// Includes that give a file another type than it is read with.
    pub(super) fn two_types(&self, fragment: &Arc<Fragment>) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for (include, language) in &fragment.head.typed {
            let Some(reference) = fragment.head.includes.get(*include as usize) else { continue };
            let Some(file) = self.fragments.get(&reference.path) else { continue };
            if file.document.language() == *language {
                continue;
            }
            let message = format!(
                "{} has two types: another include reads it as the other of `tmpfiles` and `sysusers`",
                message::quoted(&reference.path)
            );
            let location = Location { source: fragment.source.clone(), span: reference.span };
            found.push(Diagnostic::new(Code::InvalidValue, location, message));
        }
        found
    }
}
