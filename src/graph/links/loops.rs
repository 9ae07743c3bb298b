//! Links that lead back to themselves, or too far.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Lost, MAX_LINKS, Places, Real};
use crate::catalog::Code;
use crate::diagnostic::Role;
use crate::entity::Phase;
use crate::graph::image::RowId;
use crate::intern::EntityId;
use crate::message;

impl Places<'_> {
    /// Reports each circle of links once, and each way that is too long at its first link that is too far.
    pub(super) fn loops(&mut self, links: &[u32]) {
        let mut reported: FxHashMap<EntityId, ()> = FxHashMap::default();
        for &number in links {
            let row = self.image.links[number as usize].clone();
            let provide = self.image.provides[row.provide as usize];
            let link = provide.entity;
            // Of several links at one place only the one that is followed is judged.
            if self.standing.get(&link).is_none_or(|standing| standing.row != Some(number)) {
                continue;
            }
            let from = Real { place: self.image.entities.parent(link), trail: 0, hops: 0 };
            let Err(Lost::Looped(trail)) = self.walk(from, link, row.target.clone(), None) else { continue };
            let way = self.way(trail);
            let circle = match way.iter().enumerate().find_map(|(at, place)| {
                way[at + 1..].iter().position(|other| other == place).map(|length| (at, length + 1))
            }) {
                Some((at, length)) => way[at..at + length].to_vec(),
                None => {
                    // Too long a way: the link after this one is near enough, so this is the one that is too far.
                    let next = way.get(1).and_then(|&next| self.link_at(next).map(|link| (next, link.target)));
                    if let Some((next, target)) = next {
                        let from = Real { place: self.image.entities.parent(next), trail: 0, hops: 0 };
                        if self.walk(from, next, target, None).is_err() {
                            continue;
                        }
                    }
                    Vec::new()
                }
            };
            let entity = circle.iter().copied().min().unwrap_or(link);
            if reported.insert(entity, ()).is_some() {
                continue;
            }
            // A circle of the parent's own links is the parent's finding.
            let is_parents = !circle.is_empty()
                && circle.iter().all(|place| self.standing.get(place).is_none_or(|standing| standing.row.is_none()));
            if !is_parents {
                self.report_loop(number, link, &circle, way.len());
            }
        }
    }

    /// Circles among links of a facts parent: nobody else reports them, so who runs into one does.
    pub(super) fn loops_of_facts(&mut self, phase: Phase) {
        let mut lost: Vec<RowId> = self.image.lost_rows.keys().copied().collect();
        lost.sort_unstable();
        let mut reported: FxHashSet<EntityId> = FxHashSet::default();
        for row in lost {
            let (feature, span) = match row {
                RowId::Provide(row) => {
                    (self.image.provides[row as usize].feature, self.image.provides[row as usize].span)
                }
                RowId::Require(row) => {
                    (self.image.requires[row as usize].feature, self.image.requires[row as usize].span)
                }
                RowId::Removal(row) => {
                    (self.image.removals[row as usize].feature, self.image.removals[row as usize].span)
                }
                RowId::Link(_) => continue,
            };
            let Some(&trail) = self.image.trail_of.get(&row) else { continue };
            let way = self.way(trail);
            let from_facts = |place: &EntityId| {
                !self.standing.contains_key(place)
                    && self.image.known(*place).is_some_and(|known| known.origin.is_none())
            };
            if self.image.phase(feature) != phase || !way.iter().all(from_facts) {
                continue;
            }
            let Some(entity) = way.iter().copied().min_by_key(|&place| self.image.entities.text(place)) else {
                continue;
            };
            if !reported.insert(entity) {
                continue;
            }
            let message = format!("the link {} of the parent leads back to itself", self.image.say(entity));
            let mut diagnostic =
                self.image.diagnostic(Code::SymlinkLoop, Some(entity), self.image.at(feature, span), message);
            diagnostic.label = "leads through it".to_owned();
            diagnostic.help =
                Some("correct the link in the parent, or name a path that does not lead through it".to_owned());
            self.image.report(diagnostic, Vec::new());
        }
    }

    fn report_loop(&mut self, number: u32, link: EntityId, circle: &[EntityId], length: usize) {
        // The finding stands at the first link of the circle by file and position.
        let mut members: Vec<(u32, EntityId)> =
            circle.iter().filter_map(|&place| Some((self.standing.get(&place)?.row?, place))).collect();
        members.sort_by_key(|&(row, _)| {
            let link = &self.image.links[row as usize];
            (self.image.provides[link.provide as usize].feature, link.span.start)
        });
        let image = &*self.image;
        let (row, _) = members.first().copied().unwrap_or((number, link));
        // Whatever the order of files, the finding is about the same link.
        let entity =
            members.iter().map(|&(_, place)| place).min_by_key(|&place| image.entities.text(place)).unwrap_or(link);
        let feature = image.provides[image.links[row as usize].provide as usize].feature;
        let location = image.at(feature, image.links[row as usize].span);
        let message = match circle.len() {
            0 => format!(
                "{} leads through more than {MAX_LINKS} links ({} were followed), and then every system gives up",
                image.say(entity),
                length - 1
            ),
            1 => format!("the link {} leads to itself", image.say(entity)),
            _ => format!(
                "the link {} leads back to itself through {}",
                image.say(entity),
                message::count(circle.len() - 1, "other link", "other links")
            ),
        };
        let mut diagnostic = image.diagnostic(Code::SymlinkLoop, Some(entity), location, message);
        diagnostic.label = format!("leads to {}", message::quoted(&image.links[row as usize].target));
        for &(row, place) in members.iter().skip(1).take(MAX_LINKS as usize) {
            let link = &image.links[row as usize];
            let feature = image.provides[link.provide as usize].feature;
            let text = format!("{} leads to {}", image.say(place), message::quoted(&link.target));
            diagnostic.related.push(image.related(Role::Link, Some(place), image.at(feature, link.span), text));
        }
        diagnostic.help = Some("let one of the links lead to something that is no link".to_owned());
        self.image.report(diagnostic, Vec::new());
    }

    /// The links of a trail, first to last.
    fn way(&self, trail: u32) -> Vec<EntityId> {
        let mut way = self.image.trail(trail);
        way.reverse();
        way
    }
}
