//! Operations of packages, commands and the image configuration.

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use super::Operations;
use crate::entity::{Cause, Owner};
use crate::fragment;
use crate::intern::{EntityId, EntityType};
use featgraph_plan::{Manager, Op, Tool};

impl Operations<'_> {
    pub(super) fn packages(&self, feature: u32) -> Op<'_> {
        let image = self.image();
        let manager = match image.manager_of(feature) {
            Some(fragment::Manager::Dnf) => Manager::Dnf,
            Some(fragment::Manager::Apk) => Manager::Apk,
            _ => Manager::Apt,
        };
        let mut lists: [Vec<String>; 5] = Default::default();
        for &member in self.members(feature) {
            let at = match self.string(member, "action").as_deref() {
                Some("remove") => 1,
                Some("remove_if_exists") => 2,
                Some("upgrade") => 3,
                _ => 0,
            };
            lists[at].extend(
                self.strings(member, "names").into_iter().filter(|name| at != 0 || !self.installed(member, name)),
            );
            let files = self.package_files(member).filter(|path| !self.unpacked(member, path));
            lists[4].extend(files.map(|path| self.host(path).into_owned()));
        }
        for list in &mut lists {
            list.sort_unstable();
            list.dedup();
        }
        // A name with its version says more than the name alone.
        let pinned: FxHashSet<String> =
            lists[0].iter().filter_map(|name| Some(name.split_once('=')?.0.to_owned())).collect();
        lists[0].retain(|name| !pinned.contains(name));
        let [install, remove, remove_if_exists, upgrade, files] = lists;
        Op::Packages { manager, install, remove, remove_if_exists, upgrade, files }
    }

    /// Whether a package file holds what is installed already.
    fn unpacked(&self, feature: u32, path: &str) -> bool {
        self.image().package_at(feature, path).is_some_and(|package| self.installed(feature, &package.name))
    }

    fn installed(&self, feature: u32, name: &str) -> bool {
        let image = self.image();
        let name = name.split_once('=').map_or(name, |(name, _)| name);
        let phase = image.phase(feature);
        image
            .entities
            .find_name(EntityType::Package, name)
            .is_some_and(|entity| image.slots.of(entity).iter().any(|slot| slot.phase == phase && slot.satisfied))
    }

    pub(super) fn run(&self, feature: u32) -> Op<'_> {
        let user = self.image().requires[self.first_require(feature)..]
            .iter()
            .take_while(|row| row.feature == feature)
            .find(|row| row.cause == Cause::RunsAs)
            .map(|row| Owner::Name(row.entity));
        let user = user
            .or_else(|| self.integer(feature, "user").map(Owner::Number))
            .or_else(|| self.string(feature, "user").and_then(|user| user.parse().ok()).map(Owner::Number))
            .unwrap_or(Owner::Name(EntityId::USER_ROOT));
        let user = if user == Owner::Number(0) { Owner::Name(EntityId::USER_ROOT) } else { user };
        let (user, uid) = self.owner(user);
        Op::Run {
            command: self.image().command_of(feature),
            user,
            uid,
            cwd: self.place(feature, "cwd").map_or(Cow::Borrowed("/"), Cow::Owned),
            env: self.table(feature, "env"),
            network: self.boolean(feature, "network").unwrap_or(false),
            tools: self.tools(feature),
        }
    }

    /// What a command has mounted while it runs, by place.
    fn tools(&self, feature: u32) -> Vec<Tool> {
        let tools = self.image().tools_of(feature);
        let mut tools: Vec<Tool> =
            tools.map(|tool| Tool { from: self.host(&tool.from).into_owned(), at: self.path(tool.at) }).collect();
        tools.sort_unstable_by(|a, b| a.at.cmp(&b.at));
        tools
    }

    pub(super) fn configure(&self, feature: u32) -> Op<'_> {
        let members = self.members(feature);
        let list = |key: &str| {
            members.iter().find_map(|&member| {
                let fragment = self.fragment(member);
                fragment.document.get(self.image().features[member as usize].node, key, &fragment.source.text)?;
                Some(self.strings(member, key))
            })
        };
        let union = |key: &str| {
            let mut all: Vec<String> = members.iter().flat_map(|&member| self.strings(member, key)).collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        let tables = |key: &str| members.iter().flat_map(|&member| self.table(member, key)).collect();
        let text = |key: &str| members.iter().find_map(|&member| self.string_or_number(member, key));
        let user = text("user");
        let uid = user.as_deref().and_then(|user| {
            let name = user.split(':').next().unwrap_or(user);
            name.parse().ok().or_else(|| {
                let entity = self.image().entities.find_name(EntityType::User, name)?;
                self.graph.numbers.number(Owner::Name(entity))
            })
        });
        Op::Configure {
            entrypoint: list("entrypoint"),
            cmd: list("cmd"),
            env: tables("env"),
            labels: tables("labels"),
            user: user.map(Cow::Owned),
            uid,
            working_dir: text("working_dir").map(Cow::Owned),
            exposed_ports: union("exposed_ports"),
            volumes: union("volumes"),
            stop_signal: text("stop_signal").map(Cow::Owned),
        }
    }

    /// Whether the outcome depends on nothing outside.
    pub(in crate::planning) fn hermetic(op: &Op<'_>) -> bool {
        match op {
            Op::Run { network, .. } => !network,
            Op::Packages { install, upgrade, .. } => {
                upgrade.is_empty() && install.iter().all(|name| name.contains('='))
            }
            _ => true,
        }
    }
}
