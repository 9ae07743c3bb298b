//! One phase, by brute force: is there an order in which every unit finds what it needs?

use std::collections::BTreeSet;

use super::accounts::{append, join_groups};
use super::features::{Feature, What};
use super::judge::Numbers;
use super::merge::{Objection, Thing, Unit, reject, units};
use super::op::apply;
use super::root::{Inode, Node, Root};
use super::walk::{Last, join, name, parent};

/// The root after the phase.
pub fn carry_out(base: &Root, features: &[Feature], numbers: &Numbers) -> Result<Root, Objection> {
    let units = units(base, features)?;
    let all = Attempt { base, features, units: &units, numbers };
    match all.search(base.clone(), 0, &mut BTreeSet::new()) {
        Some(root) => Ok(root),
        None => reject("no order succeeds"),
    }
}

struct Attempt<'a> {
    base: &'a Root,
    features: &'a [Feature],
    units: &'a [Unit],
    numbers: &'a Numbers,
}

impl Attempt<'_> {
    /// Tries every unit that is not done next. A set of done units that was tried in vain before is not tried again:
    /// what is there depends on which units are done, not on their order, because no two write one place.
    fn search(&self, root: Root, done: u64, vain: &mut BTreeSet<u64>) -> Option<Root> {
        if done == (1 << self.units.len()) - 1 {
            return Some(root);
        }
        if !vain.insert(done) {
            return None;
        }
        for (number, unit) in self.units.iter().enumerate() {
            if done & (1 << number) == 0
                && let Some(next) = self.attempt(&root, unit)
                && let Some(end) = self.search(next, done | (1 << number), vain)
            {
                return Some(end);
            }
        }
        None
    }

    /// Carries out one unit on the root as it is now, if it can be.
    fn attempt(&self, root: &Root, unit: &Unit) -> Option<Root> {
        for number in &unit.members {
            self.ready(root, unit, &self.features[*number])?;
        }
        let mut next = root.clone();
        let owner = |name: &Option<String>| name.clone().unwrap_or_else(|| "root".into());
        if unit.satisfied {
            let there = unit.place().is_none_or(|place| root.get(place).is_some());
            return there.then_some(next);
        }
        if let Some(place) = unit.place() {
            let free = root.get(place).is_none();
            let inside = root.get(parent(place)).is_some_and(|inode| inode.node == Node::Directory);
            if !free || !inside {
                return None;
            }
        }
        match &unit.thing {
            Thing::Directory(given) | Thing::File(_, given) => {
                let (node, usual) = match &unit.thing {
                    Thing::File(source, _) => (Node::File { content: source.content(), edited: false }, 0o644),
                    _ => (Node::Directory, 0o755),
                };
                let mut inode = Inode::of_root(node, given.mode.unwrap_or(usual));
                (inode.user, inode.group) = (owner(&given.user), owner(&given.group));
                next.put(&unit.entity, inode);
            }
            Thing::Link(target) => next.put(&unit.entity, Inode::of_root(Node::Link(target.clone()), 0o777)),
            Thing::Hardlink(target) => {
                if !matches!(root.get(target)?.node, Node::File { .. }) {
                    return None;
                }
                next.link(&unit.entity, target).ok()?;
            }
            Thing::Group(gid) => {
                let gid = gid.or_else(|| self.numbers.groups.get(&unit.entity).copied())?;
                let edit = append(root, "/etc/group", &format!("{}:x:{gid}:", unit.entity)).ok()?;
                apply(&mut next, edit).ok()?;
            }
            Thing::User(account) => {
                if !root.is_file("/etc/group") {
                    return None;
                }
                let group = account.group.as_ref().unwrap_or(&account.name);
                let gid = root.groups().get(group)?.0;
                let uid = account.uid.or_else(|| self.numbers.users.get(&account.name).copied())?;
                let home = account.home.as_deref().unwrap_or("/nonexistent");
                let shell = account.shell.as_deref().unwrap_or("/usr/sbin/nologin");
                let line = format!("{}:x:{uid}:{gid}::{home}:{shell}", account.name);
                apply(&mut next, append(root, "/etc/passwd", &line).ok()?).ok()?;
                let groups: Vec<String> = account.groups.iter().cloned().collect();
                if let Some(edit) = join_groups(&next, &account.name, &groups).ok()? {
                    apply(&mut next, edit).ok()?;
                }
            }
            Thing::Removal { must_exist, recursive } => match root.get(&unit.entity) {
                None if *must_exist => return None,
                None => {}
                Some(there) => {
                    if there.node == Node::Directory && !recursive && !root.is_empty(&unit.entity) {
                        return None;
                    }
                    next.delete(&unit.entity);
                }
            },
            Thing::Assertion => {}
        }
        Some(next)
    }

    /// Whether a feature's ordered requirements hold now, and its paths lead now where they lead in the end:
    /// they do not before the links on their way are there, nor after one is removed.
    fn ready(&self, root: &Root, unit: &Unit, feature: &Feature) -> Option<()> {
        let holds = |is: bool| is.then_some(());
        let keep = |path: &str| {
            let directory = root.walk("/", parent(path), Last::Follow).ok()?;
            holds(root.is_directory(&directory))?;
            Some(join(&directory, name(path)))
        };
        if let Some((path, directory)) = feature.placed() {
            let now = if directory { root.walk("/", path, Last::Follow).ok()? } else { keep(path)? };
            holds(now == unit.entity)?;
        }
        match &feature.what {
            What::Install { given, .. } | What::EnsureDir { given, .. } => {
                holds(given.user.as_ref().is_none_or(|name| root.users().contains_key(name)))?;
                holds(given.group.as_ref().is_none_or(|name| root.groups().contains_key(name)))?;
            }
            What::Hardlink { target, .. } => {
                let now = root.walk("/", target, Last::Follow).ok()?;
                holds(matches!(&unit.thing, Thing::Hardlink(place) if *place == now) && root.is_file(target))?;
            }
            What::Remove { path, .. } => match keep(path) {
                Some(now) => holds(now == unit.entity)?,
                // Nothing to remove, and nothing ever was: only `must_exist` minds.
                None => holds(root.get(&unit.entity).is_none() && self.base.get(&unit.entity).is_none())?,
            },
            What::User(account) => {
                holds(root.is_file("/etc/passwd") && root.is_file("/etc/group"))?;
                let groups = root.groups();
                let mut named = account.group.iter().chain(&account.groups);
                holds(named.all(|name| groups.contains_key(name)))?;
            }
            What::Group { .. } => holds(root.is_file("/etc/group"))?,
            What::Require { list, entry } => holds(match *list {
                "files" => root.is_file(entry),
                "directories" => root.is_directory(entry),
                "executables" => root.is_executable(entry),
                "users" => root.users().contains_key(entry),
                _ => root.groups().contains_key(entry),
            })?,
            What::Symlink { .. } => {}
        }
        for reference in &feature.requires {
            holds(match reference.split_once(':') {
                Some(("user", name)) => root.users().contains_key(name),
                Some(("group", name)) => root.groups().contains_key(name),
                _ => root.stat(reference).is_some(),
            })?;
        }
        Some(())
    }
}
