//! Files in memory, and the answers that they give to an engine.

use std::collections::BTreeMap;
use std::fmt;

use featgraph::compile::Workspace;
use featgraph::inputs::{Answer, Ask, ContentsState, TextState};
use featgraph::text::Source;

use super::beside;

/// Every file by its name.
#[derive(Clone, Default)]
pub struct World(BTreeMap<String, String>);

impl World {
    /// Writes a file, or takes it away.
    pub fn write(&mut self, name: &str, text: Option<String>) {
        match text {
            Some(text) => drop(self.0.insert(name.to_owned(), text)),
            None => drop(self.0.remove(name)),
        }
    }

    /// A file's text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whether there is such a file.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Images and feature sets.
    pub fn roots(&self) -> impl Iterator<Item = &str> {
        let is_manifest = |name: &&str| name.contains(".image.") || name.contains(".features.");
        self.0.keys().map(String::as_str).filter(is_manifest)
    }

    /// Answers everything that a workspace asks.
    pub fn load(&self, workspace: &mut Workspace) {
        loop {
            let asks = workspace.asks();
            if asks.is_empty() {
                return;
            }
            for ask in asks {
                workspace.answer(&ask, self.answer(&ask));
            }
        }
    }

    /// The files in a folder, by their paths in it.
    fn below<'w>(&'w self, folder: &str) -> impl Iterator<Item = (&'w str, &'w str)> {
        let inside = format!("{folder}/");
        self.0.iter().filter_map(move |(name, text)| Some((name.strip_prefix(&inside)?, text.as_str())))
    }

    fn answer(&self, ask: &Ask) -> Answer {
        let text = self.text(ask.path());
        let missing = || "there is no such file".to_owned();
        match ask {
            Ask::Text(path) => Answer::Text(match text {
                Some(text) => TextState::Text(Source::new(path.to_string(), text)),
                None => TextState::Missing(missing()),
            }),
            Ask::Source(path) => Answer::Source(beside::source(text, self.below(path))),
            Ask::Digest(path) => Answer::Digest(beside::digest(text, self.below(path))),
            Ask::Archive(path) => Answer::Archive(beside::archive(path)),
            Ask::Package(_) => Answer::Package(beside::package(text)),
            Ask::Root(_) => Answer::Root(beside::root(text)),
            Ask::Contents(_) => Answer::Contents(match text {
                Some(text) => ContentsState::Text(text.into()),
                None => ContentsState::Missing(missing()),
            }),
        }
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(name, text)| writeln!(f, "==== {name}\n{text}"))
    }
}
