//! Users and groups of a root, from its own passwd and group files.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

use super::places::Places;
use crate::accounts::{group, passwd};
use crate::facts::{GroupFact, UserFact};
use crate::tree::Owner;

/// The names that numbers have, by number.
type Names = HashMap<u32, Arc<str>, FxBuildHasher>;

/// Accounts of a root.
pub(super) struct Accounts {
    pub(super) users: Vec<UserFact>,
    pub(super) groups: Vec<GroupFact>,
    user_names: Names,
    group_names: Names,
}

impl Accounts {
    /// Reads passwd and group of /etc and then of /usr/lib, where images keep the accounts that come with the system (nss-altfiles),
    /// through links where they are some. A name is what /etc says of it.
    pub(super) fn read(
        places: &mut Places<'_>,
        contents: &BTreeMap<Box<str>, Vec<u8>>,
        notes: &mut Vec<String>,
    ) -> Self {
        let mut accounts =
            Self { users: Vec::new(), groups: Vec::new(), user_names: Names::default(), group_names: Names::default() };
        let mut seen: HashSet<Box<str>> = HashSet::new();
        for path in ["etc/group", "usr/lib/group"] {
            let text = text(places, contents, path, notes);
            for line in group(&text) {
                accounts.group_names.entry(line.gid).or_insert_with(|| line.name.into());
                if seen.insert(line.name.into()) {
                    let mut members: Vec<Box<str>> = line.members().map(Into::into).collect();
                    members.sort();
                    members.dedup();
                    accounts.groups.push(GroupFact { name: line.name.into(), gid: Some(line.gid), members });
                }
            }
            note_lines(path, &text, group(&text).map(|line| line.span.start), notes);
        }
        let mut seen: HashSet<Box<str>> = HashSet::new();
        let given = |field: &str| (!field.is_empty()).then(|| field.into());
        for path in ["etc/passwd", "usr/lib/passwd"] {
            let text = text(places, contents, path, notes);
            for line in passwd(&text) {
                accounts.user_names.entry(line.uid).or_insert_with(|| line.name.into());
                if seen.insert(line.name.into()) {
                    accounts.users.push(UserFact {
                        name: line.name.into(),
                        uid: Some(line.uid),
                        group: Some(owner(&accounts.group_names, line.gid)),
                        home: given(line.home),
                        shell: given(line.shell),
                        comment: given(line.comment),
                    });
                }
            }
            note_lines(path, &text, passwd(&text).map(|line| line.span.start), notes);
        }
        accounts.users.sort();
        accounts.groups.sort();
        accounts
    }

    /// The owner that a number is.
    pub(super) fn user(&self, uid: u32) -> Owner {
        owner(&self.user_names, uid)
    }

    /// The group that a number is.
    pub(super) fn group(&self, gid: u32) -> Owner {
        owner(&self.group_names, gid)
    }
}

fn owner(names: &Names, number: u32) -> Owner {
    names.get(&number).map_or(Owner::Number(number), |name| Owner::Name(name.clone()))
}

fn text(
    places: &mut Places<'_>,
    contents: &BTreeMap<Box<str>, Vec<u8>>,
    path: &str,
    notes: &mut Vec<String>,
) -> String {
    let Some(at) = places.find_followed(path) else {
        return String::new();
    };
    match contents.get(&places.entries()[at].path) {
        Some(content) => String::from_utf8_lossy(content).into_owned(),
        None => {
            notes.push(format!("`/{path}` cannot be read as a list of accounts; owners stay numbers"));
            String::new()
        }
    }
}

/// Says which lines are no accounts. Empty ones, comments and the marks of directory services need not be any.
fn note_lines(path: &str, text: &str, understood: impl Iterator<Item = u32>, notes: &mut Vec<String>) {
    let understood: HashSet<u32> = understood.collect();
    let mut start = 0;
    let mut lost = Vec::new();
    for (number, line) in text.split('\n').enumerate() {
        let may_be_passed_over = line.trim().is_empty() || line.starts_with(['#', '+', '-']);
        if !may_be_passed_over && !u32::try_from(start).is_ok_and(|start| understood.contains(&start)) {
            lost.push((number + 1).to_string());
        }
        start += line.len() + 1;
    }
    const SHOWN: usize = 10;
    let more = lost.len().saturating_sub(SHOWN);
    lost.truncate(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    match lost.as_slice() {
        [] => {}
        [line] => notes.push(format!("line {line} of `/{path}` is no account and is passed over")),
        lines => {
            notes.push(format!("lines {}{more} of `/{path}` are no accounts and are passed over", lines.join(", ")))
        }
    }
}
