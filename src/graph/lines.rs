//! Lines of snippets that speak of one thing: systemd carries out the first by file name and passes over those that say something else.

use std::cmp::Ordering;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::image::Image;
use super::slots::Slot;
use crate::catalog::Code;
use crate::diagnostic::{Diagnostic, Role};
use crate::entity::{Means, PathFacts, Provide, Strength, What};
use crate::fragment::{Account, Feature};
use crate::intern::EntityId;
use crate::message;
use crate::syntax::Language;
use crate::syntax::snippet::Claim;
use crate::text::{Location, Source};

/// Where all that provides something are lines of one sort of snippets, the first of them counts, alone. Those that give
/// something else without contradicting it, because what the first gives is a default to them, are reported.
pub(super) fn take_first(image: &mut Image, number: usize, rows: &[u32]) {
    let mut lines: Vec<Provide> = Vec::new();
    for &row in rows {
        let provide = image.provides[row as usize];
        if provide.strength == Strength::Implied {
            continue;
        }
        if provide.means != Means::Made || line_of(image, &provide).is_none() {
            return;
        }
        if !is_bare(image, &provide) {
            lines.push(provide);
        }
    }
    lines.sort_by(|a, b| order(image, a, b));
    let Some((first, others)) = lines.split_first() else { return };
    if others.is_empty() {
        return;
    }
    image.slots.slots[number].what = first.what;
    for other in others {
        if let Some(attribute) = differs(image, first, other) {
            report(image, first, other, attribute);
        }
    }
}

/// Says of two lines that contradict each other which of them systemd carries out.
pub(super) fn tell_first(image: &Image, diagnostic: &mut Diagnostic, a: &Provide, b: &Provide) {
    let (Some(tool), Some(other)) = (line_of(image, a), line_of(image, b)) else { return };
    if tool != other {
        return;
    }
    let first = if order(image, a, b) == Ordering::Greater { b } else { a };
    let place = image.at(first.feature, first.span);
    let (file, line) = (message::quoted(&place.source.name), place.start().line);
    diagnostic.notes.push(format!("{tool} carries out line {line} of {file} and passes over the other"));
}

/// Reports lines of tmpfiles.d that are passed over, as far as nothing was said of them: what makes nothing of the image, and what differs
/// in its age only, has no place in the graph.
pub fn passed_over(image: &mut Image) {
    let mut lines: Vec<(&Arc<Source>, &Claim)> = Vec::new();
    for file in &image.files {
        lines.extend(file.fragment.document.claims.iter().map(|claim| (&file.fragment.source, claim)));
    }
    if lines.is_empty() {
        return;
    }
    lines.sort_by_cached_key(|(source, claim)| {
        (file_name(&source.name).to_owned(), source.name.clone(), claim.line.start)
    });
    let mut told: FxHashSet<(*const Source, u32)> = FxHashSet::default();
    for found in image.findings.iter().filter(|found| matches!(found.code, Code::Duplicate | Code::Conflict)) {
        let places = std::iter::once(&found.location).chain(found.related.iter().map(|related| &related.location));
        told.extend(places.map(|place| (Arc::as_ptr(&place.source), place.start().line)));
    }
    let mut first: FxHashMap<(bool, &str), (&Arc<Source>, &Claim)> = FxHashMap::default();
    let mut found = Vec::new();
    for (source, claim) in lines {
        let (its_source, its) = *first.entry((claim.is_pattern, &claim.path)).or_insert((source, claim));
        if claim.is_forced || (&claim.said, &claim.age) == (&its.said, &its.age) {
            continue;
        }
        let location = Location { source: source.clone(), span: claim.span };
        if told.contains(&(Arc::as_ptr(source), location.start().line)) {
            continue;
        }
        let entity = image.entities.find_path(&claim.path).filter(|_| !claim.is_pattern);
        let path = message::quoted(&claim.path);
        let earlier = match claim.said == its.said {
            true => format!("an earlier line gives {path} another age"),
            false => format!("an earlier line says something else of {path}"),
        };
        let message = format!("{earlier}, and systemd-tmpfiles passes over this one");
        let origin = Location { source: its_source.clone(), span: its.span };
        found.push(told_of(image, entity, location, origin, message));
    }
    for diagnostic in found {
        image.report(diagnostic, Vec::new());
    }
}

impl Image {
    /// The home of a user for whom nobody names one: lines of sysusers.d mean `/`.
    pub fn default_home(&self, slot: &Slot) -> &'static str {
        let (start, end) = slot.rows;
        let of_lines = self.slots.rows[start as usize..end as usize].iter().all(|&row| {
            let feature = self.provides[row as usize].feature;
            self.fragment_of(feature).document.language() == Language::Sysusers
        });
        if of_lines { "/" } else { "/nonexistent" }
    }
}

/// Whether a feature is a line that leaves alone what is there already.
pub(super) fn keeps(image: &Image, row: u32) -> bool {
    image.features[image.provides[row as usize].feature as usize].is(Feature::KEEPS)
}

/// The program that carries a line out; none for what is no line of a snippet.
fn line_of(image: &Image, provide: &Provide) -> Option<&'static str> {
    match image.fragment_of(provide.feature).document.language() {
        Language::Tmpfiles => Some("systemd-tmpfiles"),
        Language::Sysusers => Some("systemd-sysusers"),
        Language::Toml | Language::Json => None,
    }
}

/// By the name of the file, wherever it lies, then by place.
fn order(image: &Image, a: &Provide, b: &Provide) -> Ordering {
    let key = |provide: &Provide| {
        let place = image.at(provide.feature, provide.span);
        let path = place.source.name.clone();
        (file_name(&path).to_owned(), path, provide.span.start)
    };
    key(a).cmp(&key(b))
}

/// The last part of a path, by which systemd sorts its files.
fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// An account of which nothing is said but its name: a membership may have brought it along.
fn is_bare(image: &Image, provide: &Provide) -> bool {
    match provide.what {
        What::User(account) => image.accounts[account as usize] == Account { system: Some(true), ..Account::default() },
        What::Group(gid) => gid.is_none(),
        _ => false,
    }
}

/// What only one of two lines gives.
fn differs(image: &Image, first: &Provide, other: &Provide) -> Option<&'static str> {
    match (first.what, other.what) {
        (What::Path(own), What::Path(its)) => {
            let different = own.given ^ its.given;
            [(PathFacts::MODE, "mode"), (PathFacts::USER, "user"), (PathFacts::GROUP, "group")]
                .into_iter()
                .find_map(|(bit, name)| (different & bit != 0).then_some(name))
        }
        (What::User(own), What::User(its)) => {
            let (own, its) = (&image.accounts[own as usize], &image.accounts[its as usize]);
            let only_one = |name, own: bool, its: bool| (own != its).then_some(name);
            only_one("uid", own.uid.is_some(), its.uid.is_some())
                .or_else(|| only_one("group", own.group.is_some(), its.group.is_some()))
                .or_else(|| only_one("home", own.home.is_some(), its.home.is_some()))
                .or_else(|| only_one("shell", own.shell.is_some(), its.shell.is_some()))
                .or_else(|| only_one("comment", own.comment.is_some(), its.comment.is_some()))
        }
        _ => None,
    }
}

fn report(image: &mut Image, first: &Provide, other: &Provide, attribute: &str) {
    let Some(tool) = line_of(image, other) else { return };
    let said = image.say(other.entity);
    let message = format!(
        "{said} is declared by another line already, and only one of the two gives its {attribute}: {tool} passes over this one"
    );
    let (location, origin) = (image.at(other.feature, other.span), image.at(first.feature, first.span));
    let diagnostic = told_of(image, Some(other.entity), location, origin, message);
    image.report(diagnostic, vec![other.feature, first.feature]);
}

/// That a line is passed over, and which is carried out in its stead.
fn told_of(
    image: &Image,
    entity: Option<EntityId>,
    passed_over: Location,
    carried_out: Location,
    message: String,
) -> Diagnostic {
    let mut diagnostic = image.diagnostic(Code::Duplicate, entity, passed_over, message);
    diagnostic.label = "passed over".to_owned();
    diagnostic.related.push(image.related(Role::Provider, entity, carried_out, "carried out"));
    diagnostic.help = Some("delete one of the two lines, or make them say the same".to_owned());
    diagnostic
}
