//! The findings of all images, put together.

use std::collections::BTreeSet;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::images::Outcome;
use super::merge::{merge, note_withheld};
use super::{Compiled, Levels, Workspace};
use crate::catalog::{Code, Severity};
use crate::diagnostic::Diagnostic;
use crate::fragment::Parent;

/// Everything that was found, and how much was looked at.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// By file, position, code.
    pub diagnostics: Vec<Diagnostic>,
    /// Images that were checked.
    pub images: usize,
    /// Images of which something could not be read.
    pub incomplete: usize,
    /// Features in all files.
    pub features: usize,
    /// Sources whose contents would have to be compared to say whether features contradict each other.
    pub undecided: BTreeSet<String>,
}

impl Report {
    /// How many findings are of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count()
    }
}

impl Workspace {
    /// Every finding of every root.
    pub fn check(&self, levels: &Levels) -> Report {
        let (images, sets) = self.subjects();
        let (outcomes, _) = self.compile_all(&images, None);
        let compile_alone = |set: &String| {
            let mut compiled = self.compile(set, &FxHashMap::default(), &FxHashSet::default(), true, &|| false)?;
            Some((set.clone(), Outcome::of(&mut compiled)))
        };
        let alone = sets.par_iter().filter_map(compile_alone).collect();
        self.report(&images, outcomes, alone, levels)
    }

    /// One image with all its findings, and the image itself.
    pub fn compile_image(&self, path: &str, levels: &Levels) -> (Report, Option<Compiled>) {
        let images = [path.to_owned()];
        let (outcomes, compiled) = self.compile_all(&images, Some(path));
        (self.report(&images, outcomes, Vec::new(), levels), compiled)
    }

    /// What was found in images and in sets that are alone, with what is wrong with their files.
    pub(super) fn report(
        &self,
        images: &[String],
        mut outcomes: Vec<(String, Outcome)>,
        alone: Vec<(String, Outcome)>,
        levels: &Levels,
    ) -> Report {
        outcomes.sort_by(|a, b| a.0.cmp(&b.0));
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
            report.undecided.extend(outcome.undecided);
            found.extend(outcome.findings);
            found.extend(self.include_cycles(&path).into_iter().map(|mut diagnostic| {
                diagnostic.images = vec![outcome.name.clone()];
                diagnostic
            }));
        }
        for (set, outcome) in alone {
            for file in outcome.files {
                files.entry(file).or_default();
            }
            found.extend(self.include_cycles(&set));
            found.extend(outcome.findings);
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
}
