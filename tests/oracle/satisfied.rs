//! What a unit wants against what is there already: satisfied, in the way, or left open by the contract.

use super::merge::{Objection, Thing, Unit, reject};
use super::root::{Node, Root};

/// Whether what is there already is what the unit wants; an objection if it is something else.
pub fn satisfied(base: &Root, unit: &Unit) -> Result<bool, Objection> {
    let overwrite = || reject(format!("overwrite: {} is already there", unit.entity));
    let meets = |there: bool| if there { Ok(true) } else { overwrite() };
    match &unit.thing {
        Thing::User(account) => {
            let (users, groups) = (base.users(), base.groups());
            let Some(user) = users.get(&account.name) else {
                return Ok(false);
            };
            let gid = account.group.as_ref().map(|name| groups.get(name).map(|(gid, _)| *gid));
            meets(
                account.uid.is_none_or(|uid| uid == user.uid)
                    && gid.is_none_or(|gid| gid == Some(user.gid))
                    && account.home.as_ref().is_none_or(|home| *home == user.home)
                    && account.shell.as_ref().is_none_or(|shell| *shell == user.shell)
                    && account.groups.as_ref().is_none_or(|name| {
                        groups.get(name).is_some_and(|(_, members)| members.contains(&account.name))
                    }),
            )
        }
        Thing::Group(gid) => match base.groups().get(&unit.entity) {
            None => Ok(false),
            Some((there, _)) => meets(gid.is_none_or(|gid| gid == *there)),
        },
        Thing::Removal { .. } | Thing::Assertion => Ok(false),
        Thing::Directory(given) | Thing::File(_, given) => {
            let Some(there) = base.get(&unit.entity) else {
                return Ok(false);
            };
            let same = match (&unit.thing, &there.node) {
                (Thing::Directory(_), Node::Directory) => true,
                // A file that steps have edited since is still the one that an equal feature made.
                (Thing::File(source, _), Node::File { content, edited: true }) => {
                    content.starts_with(&source.content())
                }
                (Thing::File(source, _), Node::File { content, .. }) => *content == source.content(),
                _ => false,
            };
            let given = given.mode.is_none_or(|mode| mode == there.mode)
                && given.user.as_ref().is_none_or(|user| *user == there.user)
                && given.group.as_ref().is_none_or(|group| *group == there.group);
            if same && !given && unit.entity == "/" {
                return Err(Objection::Open("whether `/` may be given another mode".into()));
            }
            meets(same && given)
        }
        Thing::Link(target) => match base.get(&unit.entity).map(|inode| &inode.node) {
            None => Ok(false),
            Some(node) => meets(*node == Node::Link(target.clone())),
        },
        Thing::Hardlink(target) => match (base.get(&unit.entity), base.get(target)) {
            (None, _) => Ok(false),
            (Some(_), Some(_)) if base.inode(&unit.entity) == base.inode(target) => Ok(true),
            (Some(there), Some(other)) if there == other => {
                Err(Objection::Open("whether an equal file satisfies a hard link".into()))
            }
            (Some(there), None) if matches!(there.node, Node::File { .. }) => {
                Err(Objection::Open("whether an equal file satisfies a hard link".into()))
            }
            _ => overwrite(),
        },
    }
}
