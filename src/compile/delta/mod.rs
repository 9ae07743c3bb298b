//! Edits that touch little: only the entities they touch are judged anew, on the image as it was linked. Where an edit may
//! reach further, there is no short way, and the image is linked as a whole.
//!
//! An image as it was linked ([`Whole`]) is compared with its files as they are now ([`edit`]): features went and came. What
//! these provide, or require and do not find, is *touched* ([`touched`]); every row about it, and what must be known to judge
//! it, makes a part of the image ([`crate::graph::part`]), on which the same rules run as on a whole one. What they find takes the
//! place of what was found of the same entities before. All other findings stay, and are led to where their text is now. The
//! old order tells whether a circle can have come about ([`circles`]).
//!
//! An image is linked as a whole where
//!
//! - its table, its includes or what they are read as, or what it stands on changed, or others stand on it or clone from it;
//! - it has circles, something that takes the place of a directory, or thousands of findings;
//! - what went or came is a hard link, a tree, a removal, a package, a command, a mount, `oci`, an assumption,
//!   or has `replace`, `allow`, recorded facts or owners by number; or stands in a file that has a tree;
//! - what went or came is in a phase with a step of unknown effects;
//! - something touched is taken away, assumed, provided in several phases or by more than plain rows, or what stands below it is,
//!   or made on the way, or something was found of what is below it, or stands deeper, below what is not there;
//! - an account that went or came is of a snippet or in the parent, or a number may be another's or is in doubt;
//! - a link that went or came has something else at its place or below it, or in the parent, or is needed by whoever; or leads
//!   through links, or by way of `..` out of what may not be there;
//! - something goes through a link to it, or through it as a link, or where a link leads depends on its being there;
//! - a directory above it would be made on the way, for another feature than before;
//! - a step would have to come before one that it came after;
//! - lines of tmpfiles.d say something else of a path, or one that is passed over is about something touched;
//! - a file that lists accounts is touched, or a source cannot be read;
//! - a finding that stays tells the numbers of lines of an edited snippet, or stands in text that changed;
//! - more than a few hundred features changed, or more than a few thousand rows would have to be looked at.

mod accounts;
mod circles;
mod edit;
mod links;
mod meant;
mod reach;
mod selection;
mod touched;
mod whole;

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Workspace;
use super::image::Ground;
use super::settle::settle;
use crate::catalog::Code;
use crate::diagnostic::{Clue, Diagnostic};
use crate::entity::Means;
use crate::fragment::LinkRow;
use crate::graph::part::{Edited, Part};
use crate::graph::{File, check, edges, slots};
use crate::inputs::Inputs;
use crate::text::{Location, Source};
use edit::FileEdit;
use touched::Touched;
pub(in crate::compile) use whole::Whole;

/// How often what is judged anew may turn out to be more.
const ROUNDS: usize = 4;

/// Findings, each with the features that it may be silenced by.
type Found = Vec<(Diagnostic, Vec<u32>)>;

/// What a short way led to.
pub(in crate::compile) struct Short {
    pub findings: Vec<Diagnostic>,
    /// How many findings are kept back.
    pub withheld: usize,
    /// How many features went or came since the image was linked.
    pub drift: u32,
}

impl Workspace {
    /// What is found in an image whose files were edited since it was linked; nothing if there is no short way.
    pub(super) fn short_way(&self, whole: &Whole, ground: &Ground) -> Option<Short> {
        let image = &whole.graph.image;
        if image.files.len() != ground.files.len() || image.name != ground.name || image.manager != ground.manager {
            return None;
        }
        let mut edits: FxHashMap<u32, FileEdit> = FxHashMap::default();
        for (number, (file, now)) in image.files.iter().zip(&ground.files).enumerate() {
            if file.fragment.source.name != now.source.name {
                return None;
            }
            if !Arc::ptr_eq(&file.fragment, now) {
                edits.insert(number as u32, FileEdit::new(file.fragment.clone(), now.clone())?);
            }
        }
        let moved: FxHashMap<*const Source, &FileEdit> =
            edits.values().map(|edit| (Arc::as_ptr(&edit.before().source), edit)).collect();
        // Places of trees are compared with places of findings; both would have to be led to where they are now.
        if image.grafts.iter().any(|graft| graft.tree.is_some() && edits.contains_key(&graft.file)) {
            return None;
        }
        // A link of a tree that leads nowhere is told of the link, and follows from what it leads to.
        let of_tree = |link: &LinkRow| image.provides[link.provide as usize].means == Means::Contained;
        if image.links.iter().any(of_tree) {
            return None;
        }
        let (judged, found) = judge_anew(whole, &edits, &self.inputs)?;
        let kept = whole.findings.iter().zip(&whole.silencers);
        let is_judged = |found: &Diagnostic| found.entity.as_ref().is_some_and(|entity| judged.contains(entity));
        // Lines that are passed over are told of a whole image only.
        let of_line = |found: &Diagnostic| {
            let of_snippet = |file: &&File| file.fragment.document.language().is_snippet();
            let mut snippets = image.files.iter().filter(of_snippet);
            found.code == Code::Duplicate
                && snippets.any(|file| Arc::ptr_eq(&file.fragment.source, &found.location.source))
        };
        // What names no feature does not follow from rows: another image does not have what is cloned from it.
        let is_elsewhere =
            |found: &Diagnostic, features: &[u32]| !is_local(found.code) || features.is_empty() || of_line(found);
        if kept.clone().any(|(found, features)| is_judged(found) && is_elsewhere(found, features)) {
            return None;
        }
        let kept =
            kept.filter(|(found, _)| !is_judged(found)).map(|(found, features)| (found.clone(), features.clone()));
        let (findings, silencers): (Vec<_>, Vec<_>) = kept.chain(found).unzip();
        // Of lines of snippets a note tells the number.
        let is_line = |place: &Location| {
            moved.get(&Arc::as_ptr(&place.source)).is_some_and(|edit| edit.before().document.language().is_snippet())
        };
        let tells_lines = |found: &Diagnostic| {
            !found.notes.is_empty()
                && (is_line(&found.location) || found.related.iter().any(|other| is_line(&other.location)))
        };
        if findings.iter().any(tells_lines) {
            return None;
        }
        let (mut findings, withheld) = settle(image, findings, silencers, ground.incomplete);
        for diagnostic in &mut findings {
            let related = diagnostic.related.iter_mut().map(|related| &mut related.location);
            let edits = diagnostic.fixes.iter_mut().flat_map(|fix| &mut fix.edits).map(|edit| &mut edit.location);
            let programs = diagnostic.clues.iter_mut().filter_map(|clue| match clue {
                Clue::Program { declared, .. } => Some(declared),
                _ => None,
            });
            for location in std::iter::once(&mut diagnostic.location).chain(related).chain(edits).chain(programs) {
                lead(location, &moved)?;
            }
        }
        let drift = edits.values().map(FileEdit::drift).sum();
        Some(Short { findings, withheld, drift })
    }
}

/// Leads a place in a file as it was to where it is now; nothing if it is in what changed.
fn lead(location: &mut Location, moved: &FxHashMap<*const Source, &FileEdit>) -> Option<()> {
    if let Some(edit) = moved.get(&Arc::as_ptr(&location.source)) {
        *location = Location { source: edit.fragment().source.clone(), span: edit.span(location.span)? };
    }
    Some(())
}

/// Findings that follow from the rows about their entity alone.
const fn is_local(code: Code) -> bool {
    matches!(
        code,
        Code::Conflict
            | Code::Overwrite
            | Code::Missing
            | Code::LikelyMissing
            | Code::Unproven
            | Code::Mismatch
            | Code::Duplicate
            | Code::WorldWritable
            | Code::Setuid
            | Code::UnusualName
    )
}

/// The keys of what was judged, and what was found of it.
fn judge_anew(
    whole: &Whole,
    edits: &FxHashMap<u32, FileEdit>,
    inputs: &Inputs,
) -> Option<(rustc_hash::FxHashSet<String>, Found)> {
    let mut touched = Touched::new(whole, edits)?;
    for _ in 0..ROUNDS {
        let keys = touched.keys();
        if touched.nothing() {
            return Some((keys, Vec::new()));
        }
        let mut part = touched.selection()?.make(inputs)?;
        let found = judge(whole, &mut part)?;
        let is_new = |&feature: &u32| !part.origins[feature as usize].kept;
        let mut more = false;
        let mut kept: Found = Vec::new();
        for (diagnostic, features) in found {
            let Some(entity) = &diagnostic.entity else { continue };
            if !keys.contains(entity) {
                // A new feature requires what is amiss: who else does is named there, too.
                if features.iter().any(is_new) {
                    more |= touched.judge(entity)?;
                }
                continue;
            }
            if !is_local(diagnostic.code) {
                return None;
            }
            if matches!(diagnostic.code, Code::Missing | Code::LikelyMissing | Code::Unproven) {
                more |= touched.look_beside(entity)?;
            }
            let features = features
                .into_iter()
                .filter(|feature| !is_new(feature))
                .map(|feature| part.origins[feature as usize].whole)
                .collect();
            kept.push((diagnostic, features));
        }
        if !more {
            return Some((keys, kept));
        }
    }
    None
}

/// What is found in a part; nothing if its steps may make a circle with those of the whole.
fn judge(whole: &Whole, part: &mut Part) -> Option<Found> {
    slots::build(&mut part.image, &Inputs::default());
    let mut edges = edges::build(&mut part.image);
    if !circles::none_came(whole, part, &edges) {
        return None;
    }
    let failures = std::mem::take(&mut edges.failures);
    let judged = check::judge(&part.image, failures, |_| false);
    // The whole would have fewer comparisons of names than it had.
    if check::COMPARISONS - judged.comparisons_left > whole.graph.comparisons_left {
        return None;
    }
    for (diagnostic, features) in judged.findings {
        part.image.report(diagnostic, features);
    }
    check::lints(&mut part.image, &edges);
    let (findings, silencers) = part.image.take_findings();
    Some(findings.into_iter().zip(silencers).collect())
}
