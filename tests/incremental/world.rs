//! Files in memory, and the answers that they give to an engine.

use std::collections::BTreeMap;
use std::fmt;

use featgraph::compile::Workspace;
use featgraph::inputs::{
    Answer, ArchiveState, Ask, ContentsState, DigestState, PackageState, RootState, SourceState, TextState,
};
use featgraph::text::Source;

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

    fn answer(&self, ask: &Ask) -> Answer {
        let text = self.text(ask.path());
        let missing = || "there is no such file".to_owned();
        match ask {
            Ask::Text(path) => Answer::Text(match text {
                Some(text) => TextState::Text(Source::new(path.to_string(), text)),
                None => TextState::Missing(missing()),
            }),
            Ask::Source(_) => Answer::Source(match text {
                Some(text) => SourceState::File { size: text.len() as u64, executable: text.starts_with("#!") },
                None => SourceState::Missing(missing()),
            }),
            Ask::Archive(_) => Answer::Archive(ArchiveState::Missing(missing())),
            Ask::Digest(_) => Answer::Digest(match text {
                Some(text) => {
                    DigestState::File { size: text.len() as u64, digest: *blake3::hash(text.as_bytes()).as_bytes() }
                }
                None => DigestState::Missing(missing()),
            }),
            Ask::Package(_) => Answer::Package(PackageState::Missing(missing())),
            Ask::Root(_) => Answer::Root(RootState::Missing(missing())),
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
