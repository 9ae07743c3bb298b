//! The manifests below one folder, as the disk and the open documents have them, and what the engine says of them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::documents::Document;
use crate::compile::{Compiled, Levels, Progress, Report, Workspace};
use crate::diagnostic::Diagnostic;
use crate::fix;
use crate::ide::View;
use crate::inputs::{Answer, Ask, TextState};
use crate::load::{Overlay, load};
use crate::manifest;
use crate::project::complaint::Complaint;
use crate::project::{config, discover, levels};
use crate::text::{Source, Span};

/// Compiled images that are kept for questions about them; each may be large.
const KEPT: usize = 4;

/// Open documents by place.
pub(super) type Open = BTreeMap<PathBuf, Document>;

/// A folder with its manifests.
pub(super) struct Project {
    /// What names of files are relative to.
    pub root: PathBuf,
    /// Only manifests directly in it count: nobody said that the folder is a workspace.
    pub shallow: bool,
    /// What is wrong with the configuration.
    pub complaints: Vec<Complaint>,
    levels: Levels,
    workspace: Workspace,
    overlay: Overlay,
    roots: Vec<String>,
    /// Those of them that are there whatever is open.
    found: Vec<String>,
    report: Option<Arc<Report>>,
    kept: RefCell<Vec<Kept>>,
    /// Counts changes.
    revision: u64,
    /// Everything is to be read anew.
    stale: bool,
}

/// A compiled image, and of which state.
struct Kept {
    path: String,
    revision: u64,
    compiled: Arc<Compiled>,
}

impl Project {
    /// Of a folder. Nothing is read before it is asked for.
    pub fn new(root: PathBuf, shallow: bool) -> Self {
        Self {
            root,
            shallow,
            complaints: Vec::new(),
            levels: Levels::default(),
            workspace: Workspace::new(),
            overlay: Overlay::default(),
            roots: Vec::new(),
            found: Vec::new(),
            report: None,
            kept: RefCell::default(),
            revision: 0,
            stale: true,
        }
    }

    /// The name of a file, as the engine has it.
    pub fn name(&self, path: &Path) -> Option<String> {
        discover::relative(&self.root, path)
    }

    /// Where a named file is.
    pub fn path(&self, name: &str) -> PathBuf {
        absolute(&self.root, name)
    }

    /// Whether a file is below its folder.
    pub fn contains(&self, path: &Path) -> bool {
        match self.shallow {
            true => path.parent() == Some(self.root.as_path()),
            false => path.starts_with(&self.root),
        }
    }

    /// Next time everything is read anew.
    pub fn forget(&mut self) {
        self.stale = true;
        self.report = None;
        self.revision += 1;
    }

    /// A document was opened or edited.
    pub fn edit(&mut self, document: &Document) {
        let Some(name) = self.name(&document.path) else { return };
        if self.stale {
            return;
        }
        // An editor opens what is on the disk: nothing has changed.
        let known = self.workspace.inputs().text(&name);
        if let Some(TextState::Text(source)) = known
            && source.text == document.source.text
            && source.damaged.is_none()
        {
            self.overlay.set_source(source.clone());
            return;
        }
        let source = Source::new(name.as_str(), document.source.text.as_str());
        self.overlay.set_source(source.clone());
        let is_root = is_manifest(&name) && self.contains(&document.path);
        if known.is_none() && !is_root {
            return;
        }
        self.revision += 1;
        self.report = None;
        self.workspace.answer(&Ask::Text(name.as_str().into()), Answer::Text(TextState::Text(source)));
        if is_root {
            self.add_root(name);
        }
    }

    /// A document was closed: what is on the disk counts again.
    pub fn close(&mut self, document: &Document) {
        let Some(name) = self.name(&document.path) else { return };
        self.overlay.forget(&name);
        // What is only looked at because it was open is let go.
        if self.roots.binary_search(&name).is_ok() && self.found.binary_search(&name).is_err() {
            return self.forget();
        }
        self.disk_changed(&document.path);
    }

    /// Something on the disk changed.
    pub fn disk_changed(&mut self, path: &Path) {
        let Some(name) = self.name(path) else { return };
        let last = name.rsplit('/').next().unwrap_or(&name);
        if decides_roots(last) {
            return self.forget();
        }
        if self.stale {
            return;
        }
        if is_manifest(&name) && self.contains(path) {
            // A new one may be excluded from what is looked for, which only looking tells.
            match (path.is_file(), self.roots.binary_search(&name)) {
                (true, Err(_)) => return self.forget(),
                (false, Ok(at)) => {
                    self.workspace.close(&name);
                    self.roots.remove(at);
                    self.found.retain(|other| *other != name);
                }
                _ => {}
            }
        }
        self.tell(&name);
    }

    fn tell(&mut self, name: &str) {
        self.workspace.changed(name);
        self.revision += 1;
        self.report = None;
    }

    fn add_root(&mut self, name: String) {
        if let Err(at) = self.roots.binary_search(&name) {
            self.workspace.open(name.as_str());
            self.roots.insert(at, name);
        }
    }

    /// Whether something on the disk that changed may change an answer.
    pub fn depends_on(&self, path: &Path) -> bool {
        let Some(name) = self.name(path) else { return false };
        let last = name.rsplit('/').next().unwrap_or(&name);
        let is_named = is_manifest(last) || decides_roots(last);
        if self.stale || is_named && (self.contains(path) || last == config::NAME) {
            return true;
        }
        let inputs = self.workspace.inputs();
        let asked = |name: &str| {
            inputs.text(name).is_some()
                || inputs.source(name).is_some()
                || inputs.archive(name).is_some()
                || inputs.contents(name).is_some()
                || inputs.digest(name).is_some()
                || inputs.root(name).is_some()
                || inputs.package(name).is_some()
        };
        // A file in a folder that is installed counts as the folder does.
        std::iter::successors(Some(name.as_str()), |name| name.rsplit_once('/').map(|(above, _)| above)).any(asked)
    }

    /// Reads what is to be read: the folder, or what an edit asks for.
    pub fn bring_up(&mut self, open: &Open) {
        if std::mem::take(&mut self.stale) {
            self.read(open);
        }
        load(&mut self.workspace, &self.root, &self.overlay);
    }

    /// Everything from the start.
    fn read(&mut self, open: &Open) {
        self.report = None;
        self.overlay = Overlay::default();
        self.workspace = Workspace::new();
        let root = self.root.as_path();
        self.complaints = Vec::new();
        self.levels = match config::settings(root, [root]) {
            Ok(settings) => levels::levels(&settings, &[]),
            Err(complaints) => {
                self.complaints = complaints;
                Levels::default()
            }
        };
        let mut roots = match self.shallow {
            true => manifests_in(root),
            // What cannot be listed has no manifests that could be shown.
            false => discover::find(root, [root]).files,
        };
        roots.sort();
        self.found.clone_from(&roots);
        for document in open.values() {
            let Some(name) = self.name(&document.path) else { continue };
            if is_manifest(&name) && self.contains(&document.path) {
                roots.push(name.clone());
            }
            self.overlay.set(name, document.source.text.as_str());
        }
        roots.sort();
        roots.dedup();
        for name in &roots {
            self.workspace.open(name.as_str());
        }
        self.roots = roots;
    }

    /// Works on what was found, the images nearest to a file first, until all is up to date or `stop` says so. Between two images
    /// `show` may look at what there is so far. Whether it came to the end.
    pub fn advance(
        &mut self,
        open: &Open,
        near: Option<&Path>,
        stop: &(dyn Fn() -> bool + Sync),
        mut show: impl FnMut(&Self, &Report),
    ) -> bool {
        self.bring_up(open);
        if self.report.is_some() {
            return true;
        }
        let near = near.and_then(|path| self.name(path));
        loop {
            match self.workspace.advance(near.as_deref(), stop) {
                Progress::Current => break,
                Progress::Behind => show(self, &self.workspace.findings(&self.levels)),
                Progress::Stopped => return false,
            }
        }
        self.report = Some(Arc::new(self.workspace.findings(&self.levels)));
        true
    }

    /// Makes the next edits cheap while nobody waits.
    pub fn prepare(&mut self, stop: &(dyn Fn() -> bool + Sync)) {
        if !self.stale {
            self.workspace.prepare(stop);
        }
    }

    /// What was found, as far as that is known.
    pub fn report(&self) -> Arc<Report> {
        match &self.report {
            Some(report) => report.clone(),
            None => Arc::new(self.workspace.findings(&self.levels)),
        }
    }

    /// Works out the ways out of the findings that touch a part of a file: on a copy, so it costs time, and only when asked for.
    pub fn work_out(&mut self, name: &str, part: Span) {
        let Some(report) = &mut self.report else { return };
        let wanted = |finding: &Diagnostic| {
            let place = &finding.location;
            place.source.name == name && place.span.start <= part.end && part.start <= place.span.end
        };
        let (root, overlay) = (&self.root, &self.overlay);
        let mut read = |workspace: &mut Workspace| load(workspace, root, overlay);
        let found = fix::of(&self.workspace, &self.levels, report, wanted, &mut read);
        if !found.is_empty() {
            let report = Arc::make_mut(report);
            found.into_iter().for_each(|(finding, fixes)| report.diagnostics[finding].fixes = fixes);
        }
    }

    /// Lets a question be asked of what was last read.
    pub fn ask<T>(&self, question: impl FnOnce(&View<'_>) -> T) -> T {
        let report = self.report.clone().unwrap_or_default();
        question(&View {
            workspace: &self.workspace,
            roots: &self.roots,
            report: &report,
            image: &|path, now| self.image(path, now),
            folder: &|name| list(&self.path(name)),
        })
    }

    fn image(&self, path: &str, now: bool) -> Option<Arc<Compiled>> {
        let mut kept = self.kept.borrow_mut();
        let found = kept.iter().position(|kept| kept.path == path && (!now || kept.revision == self.revision));
        if let Some(found) = found {
            let found = kept.remove(found);
            let compiled = found.compiled.clone();
            kept.push(found);
            return Some(compiled);
        }
        kept.retain(|kept| kept.path != path);
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        let (_, compiled) = self.workspace.compile_image(path, &self.levels);
        let compiled = Arc::new(compiled?);
        kept.push(Kept { path: path.to_owned(), revision: self.revision, compiled: compiled.clone() });
        Some(compiled)
    }
}

/// Whether a file of a name says which files are looked at, and how.
fn decides_roots(name: &str) -> bool {
    matches!(name, config::NAME | ".gitignore" | ".ignore")
}

fn is_manifest(name: &str) -> bool {
    manifest::is_image(name) || manifest::is_feature_set(name)
}

/// A named file below a folder, without looking at the disk.
fn absolute(root: &Path, name: &str) -> PathBuf {
    let mut path = root.to_owned();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(path.pop()),
            part => path.push(part),
        }
    }
    if name.starts_with('/') { PathBuf::from(name) } else { path }
}

/// Names in a folder with whether they are folders, sorted; nothing where it cannot be listed.
fn list(folder: &Path) -> Vec<(String, bool)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<(String, bool)> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let is_folder = entry.path().is_dir();
            Some((entry.file_name().into_string().ok()?, is_folder))
        })
        .collect();
    names.sort();
    names
}

fn manifests_in(folder: &Path) -> Vec<String> {
    list(folder).into_iter().filter(|(name, is_folder)| !is_folder && is_manifest(name)).map(|(name, _)| name).collect()
}
