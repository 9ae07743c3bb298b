//! The engine: a workspace of files in, findings or an ordered graph out. Reads nothing itself; it asks and is answered.

use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::catalog::{Code, Severity};
use crate::diagnostic::{Diagnostic, Related, Role};
use crate::facts::Facts;
use crate::fragment::{Fragment, GraftFrom, Parent, Reference, SourceRole};
use crate::graph::check;
use crate::graph::edges;
use crate::graph::layer::Layer;
use crate::graph::order::{self, Nodes, Order};
use crate::graph::slots::NONE;
use crate::graph::{Graph, Ids, Image, leave, links, slots};
use crate::inputs::{Answer, ArchiveState, Ask, DigestState, Inputs, SourceState, TextState};
use crate::manifest;
use crate::message;
use crate::syntax::{Document, Language, NodeId, Shape};
use crate::text::{Location, Source, Span};

/// Severities that were set, over those of the catalogue.
#[derive(Clone, Debug, Default)]
pub struct Levels {
    set: FxHashMap<Code, Option<Severity>>,
    /// Every warning is an error.
    pub deny_warnings: bool,
}

impl Levels {
    /// Sets a code's severity; `None` silences it.
    pub fn set(&mut self, code: Code, severity: Option<Severity>) {
        self.set.insert(code, severity);
    }

    /// The severity of a code; `None` if it is not to be given.
    pub fn of(&self, code: Code) -> Option<Severity> {
        let severity = match self.set.get(&code) {
            Some(&set) => set?,
            None => code.severity(),
        };
        if self.deny_warnings && severity == Severity::Warning && !self.set.contains_key(&code) {
            return Some(Severity::Error);
        }
        Some(severity)
    }
}

/// Everything that was found, and how much was looked at.
#[derive(Debug, Default)]
pub struct Report {
    /// By file, position, code.
    pub diagnostics: Vec<Diagnostic>,
    /// Images that were checked.
    pub images: usize,
    /// Images of which something could not be read.
    pub incomplete: usize,
    /// Features in all files.
    pub features: usize,
}

impl Report {
    /// How many findings are of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count()
    }
}

/// A file that a manifest names and that could not be read, at its place.
struct Unread {
    location: Location,
    message: String,
    label: String,
    help: Option<String>,
    code: Code,
}

/// Facts that were read, with their layer.
struct ReadFacts {
    facts: Facts,
    layer: Layer,
}

/// Files and what is known of them. A copy shares what was read and lowered.
#[derive(Clone, Default)]
pub struct Workspace {
    inputs: Inputs,
    roots: Vec<String>,
    seen: FxHashSet<Ask>,
    fresh: Vec<Ask>,
    waiting: Vec<String>,
    fragments: FxHashMap<String, Arc<Fragment>>,
    facts: FxHashMap<String, Result<Arc<ReadFacts>, Vec<Diagnostic>>>,
    ids: FxHashMap<String, (Ids, Vec<Diagnostic>)>,
    /// Whether sources are to be read for their digests, as a plan needs.
    digests: bool,
}

/// How a file stands in the workspace.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FileSort {
    Manifest,
    Facts,
    Ids,
}

/// An image, compiled.
pub struct Compiled {
    /// Its graph.
    pub graph: Graph,
    /// Findings, silenced ones left out.
    pub findings: Vec<Diagnostic>,
    /// Whether something of it could not be read.
    pub incomplete: bool,
}

impl Workspace {
    /// Of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on sources are asked for their digests, which plans need and checks do not.
    pub fn want_digests(&mut self) {
        self.digests = true;
    }

    /// Names a file to compile.
    pub fn open(&mut self, path: impl Into<String>) {
        let path = path.into();
        self.ask(Ask::Text(path.as_str().into()));
        self.roots.push(path);
    }

    /// The answers so far.
    pub fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// A lowered file.
    pub fn fragment(&self, path: &str) -> Option<&Arc<Fragment>> {
        self.fragments.get(path)
    }

    fn ask(&mut self, ask: Ask) {
        if self.seen.insert(ask.clone()) {
            self.fresh.push(ask);
        }
    }

    /// Takes an answer.
    pub fn answer(&mut self, ask: &Ask, answer: Answer) {
        if let Ask::Text(path) = ask {
            self.waiting.push(path.to_string());
        }
        self.inputs.set(ask.path().clone(), answer);
    }

    /// Lowers what was answered and returns what is to be asked next; nothing means that all is known.
    pub fn asks(&mut self) -> Vec<Ask> {
        let waiting = std::mem::take(&mut self.waiting);
        let manifests: Vec<(String, Arc<Source>)> = waiting
            .iter()
            .filter(|path| sort_of(path) == FileSort::Manifest)
            .filter_map(|path| match self.inputs.text(path) {
                Some(TextState::Text(source)) => Some((path.clone(), source.clone())),
                _ => None,
            })
            .collect();
        let lowered: Vec<(String, Arc<Fragment>)> =
            manifests.into_par_iter().map(|(path, source)| (path, Arc::new(manifest::lower(source)))).collect();
        for (path, fragment) in lowered {
            self.ask_for(&fragment);
            self.fragments.insert(path, fragment);
        }
        for path in waiting {
            match sort_of(&path) {
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

    fn ask_for(&mut self, fragment: &Arc<Fragment>) {
        let head = &fragment.head;
        let named = head.includes.iter().chain(&fragment.references).chain(&head.ids);
        let mut paths: Vec<Arc<str>> = named.map(|reference| reference.path.as_str().into()).collect();
        if let Some(Parent::File(reference)) = &head.parent {
            paths.push(reference.path.as_str().into());
        }
        for path in paths {
            self.ask(Ask::Text(path));
        }
        for source in &fragment.sources {
            let path: Arc<str> = (&*source.path).into();
            match source.role {
                SourceRole::Archive => self.ask(Ask::Archive(path.clone())),
                SourceRole::Plain | SourceRole::Package => self.ask(Ask::Source(path.clone())),
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
            Ok(facts) => {
                let name = facts
                    .name
                    .as_deref()
                    .unwrap_or_else(|| path.rsplit('/').next().unwrap_or(path).trim_end_matches(".facts.json"));
                let mut layer = leave::of_facts(&facts, name);
                layer.digest = self
                    .digests
                    .then(|| facts.digest().parse().ok())
                    .flatten()
                    .map(|digest: crate::plan::Digest| *digest.as_bytes());
                Ok(Arc::new(ReadFacts { facts, layer }))
            }
            Err(error) => {
                let mut diagnostic =
                    plain(error.code, Location { source: source.clone(), span: error.span }, error.message);
                diagnostic.help = error.help;
                Err(vec![diagnostic])
            }
        }
    }

    // ---- which images there are ------------------------------------------------------------------------------

    /// The images among the roots, and the feature sets that none of them includes, each by name.
    fn subjects(&self) -> (Vec<String>, Vec<String>) {
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
    fn needs(&self, path: &str) -> Vec<Reference> {
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
    fn closure(&self, images: &[String]) -> (Vec<String>, Vec<Diagnostic>) {
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
        let mut diagnostic = plain(Code::FileCycle, location, message);
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
    fn files_of(&self, path: &str) -> (Vec<Arc<Fragment>>, bool) {
        let mut seen: FxHashSet<&str> = FxHashSet::default();
        let mut pending = vec![path];
        let mut files = Vec::new();
        let mut missing = false;
        while let Some(path) = pending.pop() {
            if !seen.insert(path) {
                continue;
            }
            match self.fragments.get(path) {
                Some(fragment) => {
                    files.push(fragment.clone());
                    pending.extend(fragment.head.includes.iter().map(|include| include.path.as_str()));
                }
                None => missing = true,
            }
        }
        (files, missing)
    }

    /// Circles among the includes of a file.
    fn include_cycles(&self, path: &str) -> Vec<Diagnostic> {
        let mut done: FxHashSet<String> = FxHashSet::default();
        let mut open: Vec<(String, usize)> = vec![(path.to_owned(), 0)];
        let mut on_way: FxHashSet<String> = FxHashSet::from_iter([path.to_owned()]);
        let mut found = Vec::new();
        while let Some((path, at)) = open.last_mut() {
            let path = path.clone();
            let include = self.fragments.get(&path).and_then(|fragment| fragment.head.includes.get(*at).cloned());
            *at += 1;
            match include {
                None => {
                    open.pop();
                    on_way.remove(&path);
                    done.insert(path);
                }
                Some(include) if on_way.contains(&include.path) => {
                    let way: Vec<String> = open.iter().map(|(path, _)| path.clone()).collect();
                    found.extend(self.file_cycle(&path, &include, "include each other", &way));
                }
                Some(include) if done.contains(&include.path) => {}
                Some(include) => {
                    on_way.insert(include.path.clone());
                    open.push((include.path.clone(), 0));
                }
            }
        }
        found
    }

    // ---- findings of files -----------------------------------------------------------------------------------

    /// What is wrong with a file itself, and with the files that it names.
    fn file_findings(&self, fragment: &Arc<Fragment>) -> Vec<Diagnostic> {
        let mut found: Vec<Diagnostic> = fragment
            .findings
            .iter()
            .map(|finding| {
                let at = |span: Span| Location { source: fragment.source.clone(), span };
                let mut diagnostic = plain(finding.code, at(finding.span), finding.message.clone());
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
                        safe: false,
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
                let mut diagnostic = plain(unread.code, unread.location, unread.message);
                diagnostic.label = unread.label;
                diagnostic.help = unread.help;
                found.push(diagnostic);
            }
        }
        found
    }

    fn unread(&self, fragment: &Arc<Fragment>, reference: &Reference, key: &str) -> Option<Unread> {
        let location = Location { source: fragment.source.clone(), span: reference.span };
        let reason = match self.inputs.text(&reference.path) {
            Some(TextState::Missing(reason)) => reason,
            _ => return None,
        };
        let what = match key {
            "include" => "the included file",
            "parent" => "the parent",
            "ids" => "the file of numbers",
            _ => "the file",
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
        let near = message::nearest(
            name,
            sorted.into_iter().filter(|other| manifest::is_image(other) == manifest::is_image(name)),
        );
        Some(Unread {
            location,
            message: format!("{what} {} cannot be read: {reason}", message::quoted(&reference.path)),
            label: reason.clone(),
            help: near.map(|near| format!("did you mean `{near}`?")),
            code: Code::MissingFile,
        })
    }

    // ---- one image -------------------------------------------------------------------------------------------

    /// Compiles one image on the layers of those it needs.
    fn compile(
        &self,
        path: &str,
        layers: &FxHashMap<String, Layer>,
        shaky: &FxHashSet<String>,
        alone: bool,
    ) -> Compiled {
        let (files, mut incomplete) = self.files_of(path);
        let root = self.fragments.get(path);
        let name = root.map_or_else(|| path.to_owned(), |fragment| fragment.head.name.clone());
        incomplete |= files.iter().any(|fragment| fragment.lost());
        let mut base = None;
        let mut ids = Ids::default();
        let mut from: FxHashMap<String, Layer> = FxHashMap::default();
        let layer_of = |reference: &Reference, incomplete: &mut bool| -> Option<Layer> {
            let layer = match self.facts.get(&reference.path) {
                Some(Ok(read)) => Some(read.layer.clone()),
                Some(Err(_)) => None,
                None => layers.get(&reference.path).cloned(),
            };
            // What stands on something incomplete cannot tell what is missing either.
            *incomplete |= layer.is_none() || shaky.contains(&reference.path);
            layer
        };
        if let Some(fragment) = root {
            match &fragment.head.parent {
                Some(Parent::File(reference)) => base = layer_of(reference, &mut incomplete),
                Some(Parent::Opaque { name, .. }) => base = Some(Layer::opaque(name.clone())),
                None => {}
            }
            if let Some(reference) = &fragment.head.ids {
                match self.ids.get(&reference.path) {
                    Some((read, findings)) => {
                        ids = read.clone();
                        incomplete |= findings.iter().any(|finding| finding.code == Code::Syntax);
                    }
                    None => incomplete = true,
                }
            }
        }
        for file in &files {
            for reference in &file.references {
                if let Some(layer) = layer_of(reference, &mut incomplete) {
                    from.insert(reference.path.clone(), layer);
                }
            }
            incomplete |= file.sources.iter().any(|source| match source.role {
                SourceRole::Archive => !matches!(self.inputs.archive(&source.path), Some(ArchiveState::Tree(_))),
                SourceRole::Package => !matches!(self.inputs.source(&source.path), Some(SourceState::File { .. })),
                SourceRole::Plain => false,
            });
        }
        let manager = root.and_then(|fragment| fragment.head.package_manager);
        let mut image = Image::join(name, files, base, &self.inputs, &from, ids, alone);
        image.manager = manager;
        image.manifest = path.to_owned();
        self.add_recorded(&mut image);
        self.add_source_digests(&mut image);
        image.prepare_queries();
        links::place_all(&mut image);
        image.prepare_queries();
        image.fill_places();
        slots::build(&mut image, &self.inputs);
        let mut edges = edges::build(&mut image);
        order::find_opaque(&mut image, &edges);
        self.missing_sources(&mut image);
        check::settings(&mut image);
        check::managers(&mut image);
        check::conflicts(&mut image);
        check::contradictions(&mut image);
        let numbers = check::allocate(&image);
        let (order, unproven, findings) = {
            let (extra, rows) = (std::mem::take(&mut edges.extra), std::mem::take(&mut edges.edges));
            let nodes = Nodes::new(&image, &extra);
            let (order, ties) = order::order(&nodes, rows, |node| image.opaque_id(node));
            let mut findings: Vec<(Diagnostic, Vec<u32>)> = Vec::new();
            for circle in order::cycles(&nodes, &order) {
                findings.push(order::report_cycle(&nodes, &circle));
            }
            for (first, second) in ties {
                let broken = |node: u32| image.features[node as usize].is(crate::fragment::Feature::BROKEN);
                if broken(first) || broken(second) {
                    continue;
                }
                findings.push(order::report_tie(&nodes, first, second));
            }
            let opaque_before = opaque_stages(&order);
            let sees = |node: u32| {
                let stage = order.stage.get(node as usize).copied().unwrap_or(NONE);
                stage != NONE && opaque_before[stage as usize]
            };
            let failures = std::mem::take(&mut edges.failures);
            let (judged, unproven) = check::judge(&image, failures, |failure| {
                if failure.ordered {
                    sees(failure.node) && image.opaque_in(failure.entity, failure.phase)
                } else {
                    image.opaque_in(failure.entity, failure.phase)
                }
            });
            findings.extend(judged);
            findings.extend(check::unpinned(&image, &numbers, sees));
            edges.extra = extra;
            (order, unproven, findings)
        };
        for (diagnostic, features) in findings {
            image.report(diagnostic, features);
        }
        check::lints(&mut image, &edges);
        let findings = self.settle(&mut image, incomplete, alone);
        Compiled { graph: Graph { image, edges, order, numbers, unproven }, findings, incomplete }
    }

    fn add_recorded(&self, image: &mut Image) {
        for file in 0..image.files.len() {
            let fragment = image.files[file].fragment.clone();
            let first = image.files[file].features;
            for (number, feature) in fragment.features.iter().enumerate() {
                if feature.facts == crate::fragment::Feature::NO_FACTS {
                    continue;
                }
                let reference = &fragment.references[feature.facts as usize];
                if let Some(Ok(read)) = self.facts.get(&reference.path) {
                    image.add_recorded(first + number as u32, reference.span, &read.facts);
                }
            }
        }
    }

    fn add_source_digests(&self, image: &mut Image) {
        for file in 0..image.files.len() {
            let fragment = image.files[file].fragment.clone();
            for source in &fragment.sources {
                if let Some(DigestState::File { digest, .. }) = self.inputs.digest(&source.path) {
                    image.source_digests.insert(source.path.to_string(), *digest);
                }
            }
        }
    }

    fn missing_sources(&self, image: &mut Image) {
        let mut found = Vec::new();
        for file in &image.files {
            for source in &file.fragment.sources {
                let reason = match source.role {
                    SourceRole::Archive => match self.inputs.archive(&source.path) {
                        Some(ArchiveState::Missing(reason) | ArchiveState::Broken(reason)) => reason,
                        _ => continue,
                    },
                    SourceRole::Plain | SourceRole::Package => {
                        match (self.inputs.source(&source.path), self.inputs.digest(&source.path)) {
                            (Some(SourceState::Missing(reason)), _) => reason,
                            // Only a plan asks for it: what it is can be seen, and what is in it cannot.
                            (_, Some(DigestState::Missing(reason))) => reason,
                            _ => continue,
                        }
                    }
                };
                let feature = file.features + source.feature;
                let location = image.at(feature, source.span);
                let message = format!("the source {} cannot be read: {reason}", message::quoted(&source.written));
                let main = check::main_place(image, feature);
                let mut diagnostic = image.diagnostic(Code::MissingSource, main, location, message);
                diagnostic.label = "cannot be read".to_owned();
                diagnostic.help = Some(
                    "correct the path, which is relative to this manifest; if the file is built later, set the level of `missing-source`".to_owned(),
                );
                found.push((diagnostic, vec![feature]));
            }
        }
        for graft in &image.grafts {
            let GraftFrom::Folder { source } = graft.graft.from else { continue };
            let source = &image.files[graft.file as usize].fragment.sources[source as usize];
            let (Some(DigestState::Tree(read)), Some(tree)) = (self.inputs.digest(&source.path), &graft.tree) else {
                continue;
            };
            // Files that could be listed but not read, less those that are left out.
            let mut unread = read.problems().iter().filter(|problem| tree.get(&problem.path).is_some());
            let Some(first) = unread.next() else { continue };
            let feature = graft.graft.feature;
            let message =
                format!("in {}: {} {}", message::quoted(&source.written), message::quoted(&first.path), first.message);
            let main = check::main_place(image, feature);
            let mut diagnostic =
                image.diagnostic(Code::MissingSource, main, image.at(feature, graft.graft.span), message);
            diagnostic.label = "cannot be read as a whole".to_owned();
            diagnostic.notes.extend(
                unread.take(20).map(|problem| format!("{} {}", message::quoted(&problem.path), problem.message)),
            );
            found.push((diagnostic, vec![feature]));
        }
        for (diagnostic, features) in found {
            image.report(diagnostic, features);
        }
    }

    /// Applies `allow`, reports those that silence nothing, and withholds what an incomplete image cannot know.
    fn settle(&self, image: &mut Image, incomplete: bool, alone: bool) -> Vec<Diagnostic> {
        let findings = std::mem::take(&mut image.findings);
        let silencers = std::mem::take(&mut image.silencers);
        let mut allows: FxHashMap<(u32, NodeId, Code), Vec<(u32, bool)>> = FxHashMap::default();
        let mut all: Vec<(u32, crate::fragment::Allow, bool)> = Vec::new();
        for (file, row) in image.files.iter().enumerate() {
            for allow in &row.fragment.allows {
                allows.entry((file as u32, allow.node, allow.code)).or_default().push((all.len() as u32, false));
                all.push((file as u32, *allow, false));
            }
        }
        let mut kept: Vec<Diagnostic> = Vec::with_capacity(findings.len());
        let mut withheld = 0usize;
        for (diagnostic, features) in findings.into_iter().zip(silencers) {
            if !all.is_empty() && diagnostic.severity != Severity::Error {
                let mut silenced = false;
                for feature in features {
                    let key = (image.file_of(feature), image.features[feature as usize].node, diagnostic.code);
                    for &(number, _) in allows.get(&key).into_iter().flatten() {
                        all[number as usize].2 = true;
                        silenced = true;
                    }
                }
                if silenced {
                    continue;
                }
            }
            if alone
                && !matches!(
                    diagnostic.code,
                    Code::Conflict
                        | Code::Cycle
                        | Code::Duplicate
                        | Code::SymlinkLoop
                        | Code::IdConflict
                        | Code::InvalidValue
                        | Code::UnusualName
                        | Code::WorldWritable
                        | Code::Setuid
                        | Code::MissingSource
                )
            {
                continue;
            }
            if incomplete && is_withheld(diagnostic.code) {
                withheld += 1;
                continue;
            }
            kept.push(diagnostic);
        }
        if !alone {
            for (file, allow, used) in all {
                let hushed = allows.contains_key(&(file, allow.node, Code::UnusedAllow));
                if used || hushed {
                    continue;
                }
                let source = image.files[file as usize].fragment.source.clone();
                let message = format!("`allow` of `{}` silences nothing here", allow.code.name());
                let mut diagnostic = plain(Code::UnusedAllow, Location { source, span: allow.span }, message);
                diagnostic.label = "has no effect".to_owned();
                diagnostic.help = Some("delete it".to_owned());
                diagnostic.entity = image
                    .features
                    .iter()
                    .enumerate()
                    .skip(image.files[file as usize].features as usize)
                    .find(|(_, feature)| feature.node == allow.node)
                    .and_then(|(feature, _)| check::main_place(image, feature as u32))
                    .map(|main| image.key(main));
                if incomplete { withheld += 1 } else { kept.push(diagnostic) }
            }
        }
        let mut kept = one_for_a_tree(image, kept);
        image.withheld = withheld;
        for diagnostic in &mut kept {
            if !alone {
                diagnostic.images = vec![image.name.clone()];
            }
        }
        kept
    }

    /// What an image leaves to those that stand on it; for a plan with the digest of its own.
    fn leave(&self, graph: &Graph) -> Layer {
        let mut layer = graph.image.leave(&graph.numbers);
        if self.digests {
            layer.digest = Some(*crate::plan::Built::new(graph, &self.inputs).digest().as_bytes());
        }
        layer
    }

    // ---- the whole -------------------------------------------------------------------------------------------

    /// Compiles every image needed, those that others stand on first; images that need nothing of each other in parallel.
    fn compile_all(&self, images: &[String], keep: Option<&str>) -> (Vec<(String, Outcome)>, Option<Compiled>) {
        let (all, _) = self.closure(images);
        let number: FxHashMap<&str, usize> = all.iter().enumerate().map(|(at, path)| (path.as_str(), at)).collect();
        let mut depth = vec![0usize; all.len()];
        let mut needed = vec![false; all.len()];
        for (at, path) in all.iter().enumerate() {
            for reference in self.needs(path) {
                if let Some(&other) = number.get(reference.path.as_str())
                    && other < at
                {
                    depth[at] = depth[at].max(depth[other] + 1);
                    needed[other] = true;
                }
            }
        }
        let mut layers: FxHashMap<String, Layer> = FxHashMap::default();
        let mut shaky: FxHashSet<String> = FxHashSet::default();
        let mut outcomes: Vec<(String, Outcome)> = Vec::new();
        let mut kept = None;
        let deepest = depth.iter().copied().max().unwrap_or(0);
        let mut levels: Vec<Vec<usize>> = vec![Vec::new(); deepest + 1];
        for (at, &depth) in depth.iter().enumerate() {
            levels[depth].push(at);
        }
        for level in levels {
            let done: Vec<(usize, Outcome, Option<Layer>, Option<Compiled>)> = level
                .into_par_iter()
                .map(|at| {
                    let mut compiled = self.compile(&all[at], &layers, &shaky, false);
                    let layer = needed[at].then(|| self.leave(&compiled.graph));
                    let outcome = Outcome {
                        name: compiled.graph.image.name.clone(),
                        files: compiled
                            .graph
                            .image
                            .files
                            .iter()
                            .map(|file| file.fragment.source.name.clone())
                            .collect(),
                        findings: std::mem::take(&mut compiled.findings),
                        incomplete: compiled.incomplete,
                        withheld: compiled.graph.image.withheld,
                    };
                    let compiled = (keep == Some(all[at].as_str())).then_some(compiled);
                    (at, outcome, layer, compiled)
                })
                .collect();
            for (at, outcome, layer, compiled) in done {
                if let Some(layer) = layer {
                    layers.insert(all[at].clone(), layer);
                }
                if outcome.incomplete {
                    shaky.insert(all[at].clone());
                }
                outcomes.push((all[at].clone(), outcome));
                kept = kept.or(compiled);
            }
        }
        (outcomes, kept)
    }

    /// Every finding of every root.
    pub fn check(&self, levels: &Levels) -> Report {
        let (images, sets) = self.subjects();
        let (outcomes, _) = self.compile_all(&images, None);
        self.report(&images, &sets, outcomes, levels)
    }

    /// One image with all its findings, and the image itself.
    pub fn compile_image(&self, path: &str, levels: &Levels) -> (Report, Option<Compiled>) {
        let images = [path.to_owned()];
        let (outcomes, compiled) = self.compile_all(&images, Some(path));
        (self.report(&images, &[], outcomes, levels), compiled)
    }

    fn report(&self, images: &[String], sets: &[String], outcomes: Vec<(String, Outcome)>, levels: &Levels) -> Report {
        let mut report = Report { images: images.len(), ..Report::default() };
        let mut found: Vec<Diagnostic> = Vec::new();
        let (_, circles) = self.closure(images);
        found.extend(circles.into_iter().map(|mut circle| {
            // Every image on the circle has it.
            let files = std::iter::once(&circle.location).chain(circle.related.iter().map(|related| &related.location));
            let mut names: Vec<String> = files
                .filter_map(|place| self.fragments.get(&place.source.name))
                .filter(|fragment| fragment.head.is_image)
                .map(|fragment| fragment.head.name.clone())
                .collect();
            names.sort();
            names.dedup();
            circle.images = names;
            circle
        }));
        let mut files: FxHashMap<String, Vec<String>> = FxHashMap::default();
        let mut names: FxHashMap<String, Vec<String>> = FxHashMap::default();
        let mut withheld: Vec<(String, usize, Vec<String>)> = Vec::new();
        for (path, outcome) in outcomes {
            for file in &outcome.files {
                files.entry(file.clone()).or_default().push(outcome.name.clone());
            }
            // What an image reads beside its manifests belongs to it, too.
            if let Some(fragment) = self.fragments.get(&path) {
                let parent = match &fragment.head.parent {
                    Some(Parent::File(reference)) => Some(&reference.path),
                    _ => None,
                };
                for other in parent.into_iter().chain(fragment.head.ids.iter().map(|ids| &ids.path)) {
                    if self.facts.contains_key(other) || self.ids.contains_key(other) {
                        files.entry(other.clone()).or_default().push(outcome.name.clone());
                    }
                }
            }
            names.entry(outcome.name.clone()).or_default().push(path.clone());
            report.incomplete += usize::from(outcome.incomplete && images.contains(&path));
            if outcome.withheld > 0 {
                withheld.push((outcome.name.clone(), outcome.withheld, outcome.files.clone()));
            }
            found.extend(outcome.findings);
            found.extend(self.include_cycles(&path).into_iter().map(|mut diagnostic| {
                diagnostic.images = vec![outcome.name.clone()];
                diagnostic
            }));
        }
        let alone: Vec<Compiled> =
            sets.par_iter().map(|set| self.compile(set, &FxHashMap::default(), &FxHashSet::default(), true)).collect();
        for (set, compiled) in sets.iter().zip(alone) {
            for file in &compiled.graph.image.files {
                files.entry(file.fragment.source.name.clone()).or_default();
            }
            found.extend(self.include_cycles(set));
            found.extend(compiled.findings);
        }
        let mut paths: Vec<&String> = files.keys().collect();
        paths.sort();
        for path in paths {
            let images = &files[path];
            let mut own = Vec::new();
            if let Some(fragment) = self.fragments.get(path) {
                report.features += fragment.declared;
                own.extend(self.file_findings(fragment));
                for reference in &fragment.references {
                    if let Some(Err(findings)) = self.facts.get(&reference.path) {
                        own.extend(findings.iter().cloned());
                    }
                }
            }
            if let Some(Err(findings)) = self.facts.get(path) {
                own.extend(findings.iter().cloned());
            }
            if let Some((_, findings)) = self.ids.get(path) {
                own.extend(findings.iter().cloned());
            }
            for mut diagnostic in own {
                diagnostic.images.clone_from(images);
                found.push(diagnostic);
            }
        }
        found.extend(self.broken_roots());
        found.extend(self.twice_named(&names));
        let mut merged = merge(found);
        // Of a file that several images include, what one of them uses is used.
        merged.retain(|diagnostic| {
            let is_unused = matches!(diagnostic.code, Code::UnusedAllow | Code::UnusedAssume | Code::UnusedReplace);
            let including = files.get(&diagnostic.location.source.name).map_or(0, Vec::len);
            !is_unused || diagnostic.images.len() >= including
        });
        note_withheld(&mut merged, withheld);
        merged.retain_mut(|diagnostic| match levels.of(diagnostic.code) {
            Some(severity) => {
                diagnostic.severity = severity;
                true
            }
            None => false,
        });
        report.diagnostics = merged;
        report
    }

    /// Files named on the command line that are there and cannot be taken as text.
    fn broken_roots(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let mut paths: Vec<&Arc<str>> = self
            .seen
            .iter()
            .filter_map(|ask| match ask {
                Ask::Text(path) => Some(path),
                _ => None,
            })
            .collect();
        paths.sort();
        for path in paths {
            if let Some(TextState::Broken(reason)) = self.inputs.text(path) {
                let source = Source::new(path.to_string(), "");
                found.push(plain(Code::Syntax, Location { source, span: Span::default() }, reason.clone()));
            }
        }
        found
    }

    /// Two images of one name.
    fn twice_named(&self, names: &FxHashMap<String, Vec<String>>) -> Vec<Diagnostic> {
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
            let mut diagnostic = plain(Code::InvalidValue, location, message);
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

/// What many entries of one tree or archive have in common is one finding, its entity the first.
fn one_for_a_tree(image: &Image, found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    if image.grafts.is_empty() {
        return found;
    }
    let trees: FxHashSet<(&str, u32)> = image
        .grafts
        .iter()
        .filter(|graft| graft.tree.is_some())
        .map(|graft| {
            let file = &image.files[graft.file as usize].fragment.source;
            (file.name.as_str(), graft.graft.span.start)
        })
        .collect();
    let mut kept: Vec<Diagnostic> = Vec::with_capacity(found.len());
    let mut first: FxHashMap<(Code, String, u32), (usize, usize)> = FxHashMap::default();
    for diagnostic in found {
        let place = (diagnostic.location.source.name.as_str(), diagnostic.location.span.start);
        let counts = matches!(
            diagnostic.code,
            Code::Conflict | Code::Overwrite | Code::Missing | Code::Mismatch | Code::Unproven
        );
        if !counts || !trees.contains(&place) {
            kept.push(diagnostic);
            continue;
        }
        let key = (diagnostic.code, place.0.to_owned(), place.1);
        match first.get_mut(&key) {
            None => {
                first.insert(key, (kept.len(), 0));
                kept.push(diagnostic);
            }
            Some((at, more)) => {
                *more += 1;
                let other = if diagnostic.entity < kept[*at].entity {
                    std::mem::replace(&mut kept[*at], diagnostic)
                } else {
                    diagnostic
                };
                let mut related = other.related;
                kept[*at].related.append(&mut related);
            }
        }
    }
    let mut counted: Vec<(usize, usize)> = first.into_values().collect();
    counted.sort_unstable();
    for (at, more) in counted {
        if more > 0 {
            kept[at]
                .notes
                .push(format!("the same is true of {} of it", message::count(more, "other entry", "other entries")));
        }
    }
    kept
}

/// What remains of an image once it is compiled.
struct Outcome {
    name: String,
    files: Vec<String>,
    findings: Vec<Diagnostic>,
    incomplete: bool,
    withheld: usize,
}

fn stack_paths(stack: &[(String, Vec<Reference>)]) -> Vec<String> {
    stack.iter().map(|(path, _)| path.clone()).collect()
}

fn sort_of(path: &str) -> FileSort {
    if manifest::is_facts(path) {
        FileSort::Facts
    } else if manifest::is_image(path) || manifest::is_feature_set(path) {
        FileSort::Manifest
    } else {
        FileSort::Ids
    }
}

const fn is_withheld(code: Code) -> bool {
    matches!(code, Code::Missing | Code::Unproven | Code::UnusedAllow | Code::UnusedAssume | Code::UnusedReplace)
}

/// For each stage whether an opaque one of its phase, or of an earlier phase, runs before it.
fn opaque_stages(order: &Order) -> Vec<bool> {
    let mut before = Vec::with_capacity(order.stages.len() + 1);
    let mut seen = false;
    for stage in &order.stages {
        before.push(seen);
        seen |= stage.opaque;
    }
    before.push(seen);
    before
}

/// A finding without more than its sentence.
fn plain(code: Code, location: Location, message: String) -> Diagnostic {
    Diagnostic {
        code,
        severity: code.severity(),
        message,
        label: String::new(),
        entity: None,
        images: Vec::new(),
        location,
        related: Vec::new(),
        notes: Vec::new(),
        help: None,
        fixes: Vec::new(),
        clues: Vec::new(),
    }
}

/// Sorts by file, position and code, and makes one of what several images have in common.
fn merge(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    found.sort_by(|a, b| {
        (a.location.order(), a.code.name(), &a.entity, &a.message).cmp(&(
            b.location.order(),
            b.code.name(),
            &b.entity,
            &b.message,
        ))
    });
    let mut merged: Vec<Diagnostic> = Vec::with_capacity(found.len());
    for diagnostic in found {
        if let Some(last) = merged.last_mut()
            && last.code == diagnostic.code
            && last.entity == diagnostic.entity
            && last.location.order() == diagnostic.location.order()
            && (last.entity.is_some() || last.message == diagnostic.message)
        {
            last.images.extend(diagnostic.images);
            continue;
        }
        merged.push(diagnostic);
    }
    for diagnostic in &mut merged {
        diagnostic.images.sort();
        diagnostic.images.dedup();
    }
    merged
}

/// One note on the cause says how many findings an incomplete image keeps back.
fn note_withheld(found: &mut [Diagnostic], withheld: Vec<(String, usize, Vec<String>)>) {
    for (image, count, _) in withheld {
        let causes = |diagnostic: &Diagnostic| {
            diagnostic.images.contains(&image)
                && matches!(
                    diagnostic.code,
                    Code::MissingFile
                        | Code::MissingSource
                        | Code::Syntax
                        | Code::UnknownKind
                        | Code::MissingKey
                        | Code::FileCycle
                        | Code::WrongType
                        | Code::InvalidValue
                        | Code::DuplicateKey
                        | Code::UnknownKey
                )
        };
        let rank = |diagnostic: &Diagnostic| match diagnostic.code {
            Code::MissingFile | Code::Syntax | Code::UnknownKind | Code::FileCycle => 0,
            _ => 1,
        };
        // Where the cause is in a parent it does not name this image.
        let at = found
            .iter()
            .enumerate()
            .filter(|(_, diagnostic)| causes(diagnostic))
            .min_by_key(|(_, diagnostic)| rank(diagnostic))
            .or_else(|| found.iter().enumerate().find(|(_, diagnostic)| rank(diagnostic) == 0))
            .map(|(at, _)| at);
        if let Some(cause) = at.and_then(|at| found.get_mut(at)) {
            cause.notes.push(format!(
                "{} of image `{image}` {} kept back, because what is missing cannot be told until everything is read",
                message::count(count, "finding", "findings"),
                if count == 1 { "is" } else { "are" }
            ));
        }
    }
}

/// Reads `[users]` and `[groups]`, name = number.
fn read_ids(source: &Arc<Source>) -> (Ids, Vec<Diagnostic>) {
    let text = source.text.as_str();
    let document = Document::parse(text, Language::of_name(&source.name));
    let at = |span: Span| Location { source: source.clone(), span };
    let mut found: Vec<Diagnostic> =
        document.errors.iter().map(|error| plain(error.code, at(error.span), error.message.clone())).collect();
    let mut ids = Ids { source: Some(source.clone()), ..Ids::default() };
    for table in document.children(NodeId::ROOT) {
        let key = document.key_text(table, text);
        let map = match &*key {
            "users" => &mut ids.users,
            "groups" => &mut ids.groups,
            _ => {
                let mut diagnostic = plain(
                    Code::UnknownKey,
                    at(document.key(table)),
                    format!("a file of numbers has no key {}", message::quoted(&key)),
                );
                diagnostic.help =
                    Some("it has the tables `[users]` and `[groups]`, each with name = number".to_owned());
                found.push(diagnostic);
                continue;
            }
        };
        if document.shape(table) != Shape::Table {
            let message = format!(
                "`{key}` must be a table of names and numbers, and this is {}",
                document.shape(table).described()
            );
            found.push(plain(Code::WrongType, at(document.span(table)), message));
            continue;
        }
        let mut names: FxHashMap<u32, (String, Span)> = FxHashMap::default();
        for member in document.children(table) {
            let name = document.key_text(member, text).into_owned();
            let span = document.span(member);
            match (document.shape(member), document.integer(member, text)) {
                (Shape::Broken, _) => {}
                (Shape::Integer, Some(number)) if (0..=i128::from(u32::MAX - 1)).contains(&number) => {
                    let number = number as u32;
                    if let Some((other, first)) = names.get(&number) {
                        let message = format!("the number {number} is given to `{other}` and to `{name}`");
                        let mut diagnostic = plain(Code::IdConflict, at(span), message);
                        diagnostic.entity = Some(format!("{}:{name}", key.trim_end_matches('s')));
                        diagnostic.related.push(Related {
                            role: Role::Provider,
                            entity: Some(format!("{}:{other}", key.trim_end_matches('s'))),
                            location: at(*first),
                            message: format!("given to `{other}` here"),
                        });
                        found.push(diagnostic);
                    } else {
                        names.insert(number, (name.clone(), span));
                    }
                    map.insert(name, (number, span));
                }
                (Shape::Integer, _) => {
                    found.push(plain(
                        Code::InvalidValue,
                        at(span),
                        format!("a number must be between 0 and {}", u32::MAX - 1),
                    ));
                }
                (other, _) => {
                    found.push(plain(
                        Code::WrongType,
                        at(span),
                        format!("a number is wanted here, and this is {}", other.described()),
                    ));
                }
            }
        }
    }
    (ids, found)
}
