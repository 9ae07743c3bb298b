//! What changes while a workspace is open: files that get another text, appear or vanish, and sources.

use std::sync::Arc;

use super::Workspace;
use crate::inputs::Ask;

impl Workspace {
    /// What is at a path is not what it was: a text was edited, a file appeared or vanished, something in a folder
    /// changed. Whatever was asked of it is asked again by the next [`asks`](Self::asks); what was known stays until
    /// then, and if the answer is the same, nothing follows from it.
    pub fn changed(&mut self, path: &str) {
        let own: Arc<str> = path.into();
        let mut again: Vec<Ask> =
            [Ask::Text, Ask::Root, Ask::Source, Ask::Archive, Ask::Digest, Ask::Contents, Ask::Package]
                .into_iter()
                .map(|ask| ask(own.clone()))
                .filter(|ask| self.wanted.contains_key(ask))
                .collect();
        // A folder that is a source or a root is asked about as a whole.
        let above = path.match_indices('/').map(|(at, _)| &path[..at]).chain((!path.starts_with('/')).then_some("."));
        for folder in above.filter(|folder| !folder.is_empty()) {
            let folder: Arc<str> = folder.into();
            let asks = [Ask::Source(folder.clone()), Ask::Digest(folder.clone()), Ask::Root(folder)];
            again.extend(asks.into_iter().filter(|ask| self.wanted.contains_key(ask)));
        }
        if again.is_empty() {
            // A folder with files in it came or went.
            let inside = |ask: &&Ask| ask.path().strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
            again = self.wanted.keys().filter(inside).cloned().collect();
            again.sort();
        }
        for ask in again {
            if !matches!(ask, Ask::Text(_) | Ask::Root(_)) {
                self.touched.insert(ask.path().clone());
                self.results.unsettle();
            }
            self.fresh.push(ask);
        }
    }
}
