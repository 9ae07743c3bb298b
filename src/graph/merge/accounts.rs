//! Users, groups and packages: what one gives and the other does not stands.

use super::conflict::{Difference, conflict};
use super::unite;
use crate::entity::{Means, Strength, What};
use crate::fragment::Account;
use crate::graph::image::Image;
use crate::graph::lines;
use crate::graph::slots::Slots;
use crate::message;

pub(super) fn merge_users(image: &mut Image, number: usize, rows: &[u32]) {
    let account = |image: &Image, row: u32| match image.provides[row as usize].what {
        What::User(account) => image.accounts[account as usize].clone(),
        _ => Account::default(),
    };
    let compared = compared(image, rows);
    let Some(&first) = compared.first() else { return };
    let mut merged = account(image, first);
    let mut lead = first;
    for &row in &compared[1..] {
        let other = account(image, row);
        if let Some(difference) = accounts_differ(image, &merged, &other) {
            conflict(image, number, lead, row, rows, difference);
            return;
        }
        merged = Account {
            uid: merged.uid.or(other.uid),
            group: merged.group.or(other.group),
            groups: merged.groups.or(other.groups),
            home: merged.home.or(other.home),
            shell: merged.shell.or(other.shell),
            comment: merged.comment.or(other.comment),
            system: merged.system.or(other.system),
        };
        lead = joined(image, lead, row);
    }
    image.accounts.push(merged);
    let merged = image.accounts.len() as u32 - 1;
    lead_by(image, number, rows, lead, What::User(merged));
}

/// The rows that have to agree: what a line of a snippet leaves alone where it is there, it leaves alone where a file lists it.
fn compared(image: &Image, rows: &[u32]) -> Vec<u32> {
    let is_listed = |&row: &u32| image.provides[row as usize].means == Means::Contained;
    if !rows.iter().any(is_listed) {
        return rows.to_vec();
    }
    rows.iter().copied().filter(|row| is_listed(row) || !lines::keeps(image, *row)).collect()
}

fn accounts_differ(image: &Image, own: &Account, its: &Account) -> Option<Difference> {
    fn two<T: PartialEq>(own: &Option<T>, its: &Option<T>, say: impl Fn(&T) -> String) -> Option<(String, String)> {
        match (own, its) {
            (Some(own), Some(its)) if own != its => Some((say(own), say(its))),
            _ => None,
        }
    }
    let found = |attribute: &'static str, values: Option<(String, String)>| {
        values.map(|values| Difference { attribute, values: Some(values) })
    };
    found("uid", two(&own.uid, &its.uid, u32::to_string))
        .or_else(|| match (own.group, its.group) {
            (Some(a), Some(b)) if !image.same_owner(a, b) => {
                found("group", Some((image.say_owner(a).into_owned(), image.say_owner(b).into_owned())))
            }
            _ => None,
        })
        .or_else(|| {
            let sorted = |groups: &Option<Vec<crate::intern::EntityId>>| {
                groups.as_ref().map(|groups| {
                    let mut names: Vec<&str> = groups.iter().map(|&group| image.entities.last(group)).collect();
                    names.sort_unstable();
                    names.dedup();
                    names.join(", ")
                })
            };
            found("groups", two(&sorted(&own.groups), &sorted(&its.groups), |groups| groups.clone()))
        })
        .or_else(|| found("home", two(&own.home, &its.home, |home| message::quoted(home))))
        .or_else(|| found("shell", two(&own.shell, &its.shell, |shell| message::quoted(shell))))
        .or_else(|| found("comment", two(&own.comment, &its.comment, |comment| message::quoted(comment))))
        .or_else(|| found("system", two(&own.system, &its.system, bool::to_string)))
}

pub(super) fn merge_groups(image: &mut Image, number: usize, rows: &[u32]) {
    let compared = compared(image, rows);
    let Some(&first) = compared.first() else { return };
    let gid = |image: &Image, row: u32| match image.provides[row as usize].what {
        What::Group(gid) => gid,
        _ => None,
    };
    let strongest = rows.iter().map(|&row| image.provides[row as usize].strength).max().unwrap_or(Strength::Explicit);
    let explicit: Vec<u32> =
        compared.iter().copied().filter(|&row| image.provides[row as usize].strength == strongest).collect();
    let mut lead = explicit.first().copied().unwrap_or(first);
    let mut merged = gid(image, lead);
    let mut by = lead;
    for &row in explicit.iter().skip(1) {
        if strongest == Strength::Implied {
            continue;
        }
        if let (Some(own), Some(its)) = (merged, gid(image, row))
            && own != its
        {
            let values = Some((own.to_string(), its.to_string()));
            conflict(image, number, by, row, &explicit, Difference { attribute: "gid", values });
            return;
        }
        if merged.is_none() && gid(image, row).is_some() {
            merged = gid(image, row);
            by = row;
        }
        lead = joined(image, lead, row);
    }
    lead_by(image, number, rows, lead, What::Group(merged));
}

/// Which of two rows of one account leads: the file that lists it makes it; two features that make it are one step.
fn joined(image: &mut Image, lead: u32, row: u32) -> u32 {
    match (image.provides[lead as usize].means, image.provides[row as usize].means) {
        (_, Means::Contained) => row,
        (Means::Made, Means::Made) => {
            unite(image, lead, row);
            lead
        }
        _ => lead,
    }
}

/// Notes what an account is in the end. Who is listed in a file needs no step of its own.
fn lead_by(image: &mut Image, number: usize, rows: &[u32], lead: u32, what: What) {
    if image.provides[lead as usize].means == Means::Contained {
        for &row in rows {
            if image.provides[row as usize].means == Means::Made {
                image.slots.states[row as usize] |= Slots::SATISFIED;
            }
        }
    }
    let slot = &mut image.slots.slots[number];
    slot.lead = lead;
    slot.what = what;
}

pub(super) fn merge_packages(image: &mut Image, number: usize, rows: &[u32]) {
    let Some(&first) = rows.first() else { return };
    let version = |image: &Image, row: u32| {
        if let Some(package) = image.package_file(row).filter(|_| image.provides[row as usize].means == Means::Made) {
            return Some((*package.version).to_owned());
        }
        let provide = &image.provides[row as usize];
        let What::Package(Some(node)) = provide.what else { return None };
        let fragment = image.fragment_of(provide.feature);
        let text = fragment.document.string(crate::syntax::NodeId(node), &fragment.source.text);
        text.split_once('=').map(|(_, version)| version.to_owned())
    };
    let mut settled: Option<(u32, String)> = version(image, first).map(|version| (first, version));
    for &row in &rows[1..] {
        match (&settled, version(image, row)) {
            (Some((by, own)), Some(its)) if *own != its => {
                let values = Some((own.clone(), its));
                let by = *by;
                conflict(image, number, by, row, rows, Difference { attribute: "version", values });
                return;
            }
            (None, Some(its)) => settled = Some((row, its)),
            _ => {}
        }
    }
    // Who says the version leads: the version is a place in that feature's file.
    if let Some((row, _)) = settled {
        let slot = &mut image.slots.slots[number];
        slot.lead = row;
        slot.what = image.provides[row as usize].what;
    }
}
