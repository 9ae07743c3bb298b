//! Operations that declare and change accounts, and the files that they edit.

use std::borrow::Cow;

use super::Operations;
use crate::entity::{Phase, What};
use crate::intern::{EntityId, EntityType};
use featgraph_plan::Op;

impl Operations<'_> {
    pub(super) fn user(&self, feature: u32) -> Op<'_> {
        let image = self.image();
        let main = image.features[feature as usize].main.unwrap_or(EntityId::USER_ROOT);
        let name = image.entities.last(main);
        let account = self.main_slot(feature).and_then(|slot| match slot.what {
            What::User(account) => Some(image.accounts[account as usize].clone()),
            _ => None,
        });
        let account = account.unwrap_or_default();
        let (group, gid) = match account.group {
            Some(group) => self.owner(group),
            None => {
                let own = image.entities.find_name(EntityType::Group, name);
                (name.into(), own.and_then(|own| self.graph.numbers.of.get(&own).copied()))
            }
        };
        let mut groups: Vec<String> =
            account.groups.iter().flatten().map(|&group| image.entities.last(group).to_owned()).collect();
        groups.sort_unstable();
        groups.dedup();
        let members = self.members(feature);
        Op::AddUser {
            uid: self.graph.numbers.of.get(&main).copied(),
            group,
            gid,
            groups,
            home: account.home.map_or_else(|| self.default_home(feature).into(), Cow::Owned),
            shell: account.shell.map_or(Cow::Borrowed("/usr/sbin/nologin"), Cow::Owned),
            comment: account.comment.unwrap_or_default().into(),
            system: members.iter().any(|&member| self.boolean(member, "system") == Some(true)),
            name: name.into(),
        }
    }

    fn default_home(&self, feature: u32) -> &'static str {
        self.main_slot(feature).map_or("/nonexistent", |slot| self.image().default_home(slot))
    }

    pub(super) fn group(&self, feature: u32) -> Op<'_> {
        let image = self.image();
        let main = image.features[feature as usize].main.unwrap_or(EntityId::GROUP_ROOT);
        Op::AddGroup {
            name: image.entities.last(main).into(),
            gid: self.graph.numbers.of.get(&main).copied(),
            system: self.boolean(feature, "system").unwrap_or(false),
        }
    }

    pub(super) fn usermod(&self, feature: u32) -> Op<'_> {
        let image = self.image();
        let main = image.features[feature as usize].main.unwrap_or(EntityId::USER_ROOT);
        let mut groups = self.strings(feature, "add_groups");
        groups.sort_unstable();
        groups.dedup();
        Op::AddToGroups { name: image.entities.last(main).into(), groups }
    }

    /// The places that an operation edits in place. `brings` says whether it is known to bring users, and groups.
    pub(in crate::planning) fn modifies(&self, op: &Op<'_>, phase: Phase, brings: (bool, bool)) -> Vec<String> {
        if let Op::SetAttributes { path, .. } = op {
            return vec![path.clone().into_owned()];
        }
        let places: &[&str] = match (op, brings) {
            (Op::AddUser { .. }, _) | (_, (true, _)) => &["/etc/group", "/etc/passwd"],
            (Op::AddGroup { .. } | Op::AddToGroups { .. }, _) | (_, (_, true)) => &["/etc/group"],
            _ => &[],
        };
        let image = self.image();
        let place = |path: &&str| {
            image.find_account_place(path, phase).map_or_else(|| (*path).to_owned(), |place| self.path(place))
        };
        places.iter().map(place).collect()
    }
}
