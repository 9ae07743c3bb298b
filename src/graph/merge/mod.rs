//! Two providers of one entity: one thing if they agree, a conflict that names what differs if they do not.

mod accounts;
mod conflict;
mod paths;

use super::image::Image;
use super::lines;
use super::united::{Declared, Repeats};
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
    let mut repeats = Repeats::new();
    for &row in rows {
        let provide = image.provides[row as usize];
        let kind = image.features[provide.feature as usize].kind;
        let counts = !matches!(kind, Kind::EnsureDir | Kind::Require | Kind::Assume | Kind::Usermod | Kind::Package);
        if provide.means != Means::Made || provide.strength == Strength::Implied || !counts {
            continue;
        }
        let here = Declared { feature: provide.feature, span: provide.span };
        if let (_, Some(first)) = repeats.note(image, image.all_data(&provide), here) {
            let message = format!("{} is declared twice, with the same data", image.say(provide.entity));
            image.report_repeat(first, here, Some(provide.entity), message);
        }
    }
}
