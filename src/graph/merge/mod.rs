//! Two providers of one entity: one thing if they agree, a conflict that names what differs if they do not.

mod accounts;
mod conflict;
mod paths;

use rustc_hash::FxHashMap;

use super::image::Image;
use super::lines;
use crate::catalog::Code;
use crate::diagnostic::Role;
use crate::entity::{Content, Means, PathFacts, Provide, Strength, What};
use crate::intern::EntityType;
use crate::kind::Kind;
use accounts::{merge_groups, merge_packages, merge_users};
use paths::merge_paths;

/// Merges the rows of every slot.
pub fn merge_all(image: &mut Image) {
    for number in 0..image.slots.slots.len() {
        let (start, end) = image.slots.slots[number].rows;
        if end - start == 1 {
            let row = image.provides[image.slots.slots[number].lead as usize];
            if let What::Path(PathFacts { content: Content::Mount(_), .. }) = row.what {
                image.slots.slots[number].mount = Some(image.slots.slots[number].lead);
            }
            continue;
        }
        merge(image, number);
    }
}

fn merge(image: &mut Image, number: usize) {
    let (start, end) = image.slots.slots[number].rows;
    let rows: Vec<u32> = image.slots.rows[start as usize..end as usize].to_vec();
    let findings = image.findings.len();
    match image.entities.entity_type(image.slots.slots[number].entity) {
        EntityType::Path => merge_paths(image, number, &rows),
        EntityType::User => merge_users(image, number, &rows),
        EntityType::Group => merge_groups(image, number, &rows),
        EntityType::Package => merge_packages(image, number, &rows),
        EntityType::Virtual => {}
    }
    if image.findings.len() == findings {
        duplicates(image, &rows);
        lines::take_first(image, number, &rows);
    }
}

/// Two rows are made by one step: the features are one where the entity is what both are about.
pub(super) fn unite(image: &mut Image, a: u32, b: u32) {
    let (first, second) = (image.provides[a as usize], image.provides[b as usize]);
    if first.feature == second.feature {
        return;
    }
    let mains =
        |row: &Provide| image.features[row.feature as usize].main.is_some() && row.strength != Strength::Implied;
    if mains(&first) && mains(&second) {
        image.slots.unite(first.feature, second.feature);
    }
}

/// The same feature twice where it cannot be meant: those with equal data, whatever else is declared beside them.
fn duplicates(image: &mut Image, rows: &[u32]) {
    let mut seen: FxHashMap<String, Vec<u32>> = FxHashMap::default();
    for &row in rows {
        let provide = image.provides[row as usize];
        let kind = image.features[provide.feature as usize].kind;
        let counts = !matches!(kind, Kind::EnsureDir | Kind::Require | Kind::Assume | Kind::Usermod | Kind::Package);
        if provide.means != Means::Made || provide.strength == Strength::Implied || !counts {
            continue;
        }
        let same = seen.entry(image.all_data(&provide)).or_default();
        let file = image.file_of(provide.feature);
        let first = same
            .iter()
            .map(|&other| image.provides[other as usize])
            .find(|other| image.includes_other(image.file_of(other.feature), file));
        match first {
            Some(first) => duplicate(image, &first, &provide),
            None => same.push(row),
        }
    }
}

fn duplicate(image: &mut Image, first: &Provide, second: &Provide) {
    let location = image.at(second.feature, second.span);
    let said = image.say(first.entity);
    let message = format!("{said} is declared twice, with the same data");
    let mut diagnostic = image.diagnostic(Code::Duplicate, Some(first.entity), location, message);
    diagnostic.label = "declared again".to_owned();
    let origin = image.at(first.feature, first.span);
    diagnostic.related.push(image.related(Role::Provider, Some(first.entity), origin, "declared here first"));
    diagnostic.help = Some("delete one of the two".to_owned());
    image.report(diagnostic, vec![second.feature, first.feature]);
}
