//! What an executor is to do for a step: each kind's declaration with everything decided, as one primitive.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::mode::Mode;
use super::op::{Manager, Node, Op, Owners, SourceType};
use crate::entity::{Content, Means, Owner, PathFacts, What};
use crate::fragment::{Fragment, GraftFrom, SourceRole};
use crate::graph::order::Nodes;
use crate::graph::slots::{Slot, Slots};
use crate::graph::{Graph, Image};
use crate::intern::{EntityId, EntityType};
use crate::kind::Kind;
use crate::syntax::NodeId;
use crate::tree::{FileType, Tree};
use rustc_hash::FxHashMap;

/// Builds operations.
pub struct Operations<'g> {
    graph: &'g Graph,
    /// The folder of the image's manifest: host paths are relative to it.
    folder: String,
    /// The graft of each feature that has one.
    grafts: FxHashMap<u32, u32>,
    /// For each feature with a tree, the rows that something else provides.
    skips: FxHashMap<u32, Vec<EntityId>>,
    /// Features of one package step or configuration.
    members: FxHashMap<u32, Vec<u32>>,
}

/// A source that a step reads.
pub struct StepSource {
    /// Relative to the working directory.
    pub path: String,
    /// Relative to the image's manifest, as the operation names it.
    pub written: String,
    /// What is read of it where it is a tree.
    pub tree: Option<Arc<Tree>>,
    /// Whether owners are taken from it.
    pub owners: bool,
    /// What it comes from, where not all that happened there is known: the digest of that image's plan.
    pub from: Option<[u8; 32]>,
}

impl<'g> Operations<'g> {
    /// Looks up once what several steps ask for.
    pub fn new(graph: &'g Graph) -> Self {
        let image = &graph.image;
        let folder = image.manifest.rfind('/').map_or(String::new(), |at| image.manifest[..at].to_owned());
        let grafts: FxHashMap<u32, u32> = image
            .grafts
            .iter()
            .enumerate()
            .filter(|(_, graft)| graft.tree.is_some() || graft.graft.is_image())
            .map(|(number, graft)| (graft.graft.feature, number as u32))
            .collect();
        let mut skips: FxHashMap<u32, Vec<EntityId>> = FxHashMap::default();
        if !grafts.is_empty() {
            for (number, row) in image.provides.iter().enumerate() {
                if row.means != Means::Contained
                    || !grafts.contains_key(&row.feature)
                    || !image.entities.is_path(row.entity)
                {
                    continue;
                }
                let node = image.slots.merged[row.feature as usize];
                let phase = image.phase(row.feature);
                let gone = image.slots.states[number] & (Slots::DROPPED | Slots::SATISFIED) != 0;
                let other = image.slots.of(row.entity).iter().any(|slot| slot.phase == phase && slot.node != node);
                if gone || other {
                    skips.entry(row.feature).or_default().push(row.entity);
                }
            }
        }
        let mut members: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for (feature, row) in image.features.iter().enumerate() {
            if matches!(row.kind, Kind::Package | Kind::Oci | Kind::Remove | Kind::User) {
                members.entry(image.slots.merged[feature]).or_default().push(feature as u32);
            }
        }
        Self { graph, folder, grafts, skips, members }
    }

    fn image(&self) -> &'g Image {
        &self.graph.image
    }

    fn fragment(&self, feature: u32) -> &'g Fragment {
        self.graph.image.fragment_of(feature)
    }

    fn path(&self, entity: EntityId) -> String {
        self.image().entities.text(entity)
    }

    fn host(&self, path: &str) -> String {
        relative(&self.folder, path)
    }

    fn owner(&self, owner: Owner) -> (String, Option<u32>) {
        (self.image().say_owner(owner), self.graph.numbers.number(owner))
    }

    fn main_slot(&self, feature: u32) -> Option<&'g Slot> {
        let row = &self.image().features[feature as usize];
        self.image().slots.of(row.main?).iter().find(|slot| slot.phase == row.phase)
    }

    fn string(&self, feature: u32, key: &str) -> Option<String> {
        let fragment = self.fragment(feature);
        let text = fragment.source.text.as_str();
        let node = fragment.document.get(self.image().features[feature as usize].node, key, text)?;
        Some(fragment.document.string(node, text).into_owned())
    }

    fn strings(&self, feature: u32, key: &str) -> Vec<String> {
        let fragment = self.fragment(feature);
        let text = fragment.source.text.as_str();
        let Some(node) = fragment.document.get(self.image().features[feature as usize].node, key, text) else {
            return Vec::new();
        };
        fragment.document.children(node).map(|element| fragment.document.string(element, text).into_owned()).collect()
    }

    fn table(&self, feature: u32, key: &str) -> BTreeMap<String, String> {
        let fragment = self.fragment(feature);
        let text = fragment.source.text.as_str();
        let Some(node) = fragment.document.get(self.image().features[feature as usize].node, key, text) else {
            return BTreeMap::new();
        };
        fragment
            .document
            .children(node)
            .map(|member| {
                (
                    fragment.document.key_text(member, text).into_owned(),
                    fragment.document.string(member, text).into_owned(),
                )
            })
            .collect()
    }

    fn boolean(&self, feature: u32, key: &str) -> Option<bool> {
        let fragment = self.fragment(feature);
        let text = fragment.source.text.as_str();
        let node = fragment.document.get(self.image().features[feature as usize].node, key, text)?;
        fragment.document.boolean(node, text)
    }

    fn integer(&self, feature: u32, key: &str) -> Option<u32> {
        let fragment = self.fragment(feature);
        let text = fragment.source.text.as_str();
        let node = fragment.document.get(self.image().features[feature as usize].node, key, text)?;
        u32::try_from(fragment.document.integer(node, text)?).ok()
    }

    /// The place of a path that a feature gives in a field, links followed as far as its requirement was.
    fn place(&self, feature: u32, key: &str) -> Option<String> {
        let text = self.string(feature, key)?;
        let normalised = crate::intern::normalised(&text).ok()?;
        let fragment = self.fragment(feature);
        let span = fragment.document.get(self.image().features[feature as usize].node, key, &fragment.source.text);
        let span = fragment.document.span(span?);
        let row =
            self.image().requires.iter().skip(self.first_require(feature)).take_while(|row| row.feature == feature);
        let found = row.filter(|row| row.span == span).map(|row| self.path(row.entity)).next();
        Some(found.unwrap_or_else(|| normalised.into_owned()))
    }

    fn first_require(&self, feature: u32) -> usize {
        let image = self.image();
        let file = image.file_of(feature) as usize;
        let (start, end) = image.require_range(file);
        start + image.requires[start..end].partition_point(|row| row.feature < feature)
    }

    // ---- the operation ---------------------------------------------------------------------------------------

    /// What a step does.
    pub fn operation(&self, nodes: &Nodes<'_>, node: u32) -> Op {
        if let Some(slot) = nodes.slot(node) {
            return self.own(&self.image().slots.slots[slot as usize]);
        }
        let feature = node;
        match self.image().features[feature as usize].kind {
            Kind::Remove => self.remove(feature),
            Kind::Mount => self.mount(feature),
            Kind::Extract => self.extract(feature),
            Kind::Clone => self.clone_op(feature),
            Kind::User => self.user(feature),
            Kind::Group => self.group(feature),
            Kind::Usermod => self.usermod(feature),
            Kind::Package => self.packages(feature),
            Kind::Run => self.run(feature),
            Kind::Oci => self.configure(feature),
            Kind::Install if self.grafts.contains_key(&feature) => self.copy_tree(feature),
            Kind::Install
            | Kind::EnsureDir
            | Kind::Symlink
            | Kind::Hardlink
            | Kind::Device
            | Kind::Stamp
            | Kind::Require
            | Kind::Assume => self.placed(feature),
        }
    }

    /// A directory or group that is a step of its own.
    fn own(&self, slot: &Slot) -> Op {
        match slot.what {
            What::Path(facts) => self.make_dir(slot.entity, &facts),
            _ => Op::AddGroup {
                name: self.image().entities.last(slot.entity).to_owned(),
                gid: self.graph.numbers.of.get(&slot.entity).copied(),
                system: self.members_system(slot),
            },
        }
    }

    fn members_system(&self, slot: &Slot) -> bool {
        self.image().is_system(slot.lead)
    }

    fn make_dir(&self, entity: EntityId, facts: &PathFacts) -> Op {
        let ((user, uid), (group, gid)) = (self.owner(facts.user), self.owner(facts.group));
        Op::MakeDir { path: self.path(entity), mode: Mode::new(facts.mode.unwrap_or(0o755)), user, uid, group, gid }
    }

    fn placed(&self, feature: u32) -> Op {
        let Some(slot) = self.main_slot(feature) else {
            return Op::Remove { path: String::new(), must_exist: false, recursive: false };
        };
        let What::Path(facts) = slot.what else {
            return Op::Remove { path: String::new(), must_exist: false, recursive: false };
        };
        let dst = self.path(slot.entity);
        let ((user, uid), (group, gid)) = (self.owner(facts.user), self.owner(facts.group));
        let mode = Mode::new(facts.mode.unwrap_or(0o644));
        // What is in it is said by the row that leads.
        let from = self.image().provides[slot.lead as usize].feature;
        let fragment = self.fragment(from);
        let text = fragment.source.text.as_str();
        let document = &fragment.document;
        match facts.content {
            Content::Source(source) => Op::CopyFile {
                src: self.host(&fragment.sources[source as usize].path),
                dst,
                mode,
                user,
                uid,
                group,
                gid,
                xattrs: self.xattrs(slot),
            },
            Content::Text(node) => Op::WriteFile {
                dst,
                text: document.string(NodeId(node), text).into_owned(),
                mode,
                user,
                uid,
                group,
                gid,
                xattrs: self.xattrs(slot),
            },
            Content::Stamp(node) => {
                let values = document.get(NodeId(node), "values", text);
                let value = values.map_or_else(|| serde_json::json!({}), |values| document.to_json(values, text));
                let written = format!("{}\n", serde_json::to_string_pretty(&value).unwrap_or_default());
                Op::WriteFile { dst, text: written, mode, user, uid, group, gid, xattrs: BTreeMap::new() }
            }
            Content::Target(node) => {
                Op::MakeSymlink { link: dst, target: document.string(NodeId(node), text).into_owned() }
            }
            Content::SameAs(target) => Op::MakeHardlink { link: dst, target: self.path(target) },
            Content::Device(node) => {
                let number = |key: &str| {
                    let node = document.get(NodeId(node), key, text)?;
                    u32::try_from(document.integer(node, text)?).ok()
                };
                let sort = match facts.file_type {
                    Some(FileType::Block) => Node::Block,
                    Some(FileType::Fifo) => Node::Fifo,
                    _ => Node::Char,
                };
                let (major, minor) = (number("major"), number("minor"));
                Op::MakeNode { path: dst, node: sort, major, minor, mode, user, uid, group, gid }
            }
            Content::None | Content::Unknown | Content::Entry(_) | Content::Mount(_) => {
                self.make_dir(slot.entity, &facts)
            }
        }
    }

    /// The attributes of whichever of the merged features gives them.
    fn xattrs(&self, slot: &Slot) -> BTreeMap<String, String> {
        if !matches!(slot.what, What::Path(facts) if facts.given & PathFacts::XATTRS != 0) {
            return BTreeMap::new();
        }
        let image = self.image();
        let rows = &image.slots.rows[slot.rows.0 as usize..slot.rows.1 as usize];
        rows.iter()
            .map(|&row| &image.provides[row as usize])
            .find(|row| matches!(row.what, What::Path(facts) if facts.given & PathFacts::XATTRS != 0))
            .map(|row| image.xattrs(row).into_iter().collect())
            .unwrap_or_default()
    }

    fn remove(&self, feature: u32) -> Op {
        let image = self.image();
        let members = self.members.get(&feature).map_or(&[][..], Vec::as_slice);
        let mut rows = image.removals.iter().filter(|row| members.binary_search(&row.feature).is_ok());
        let first = rows.next();
        let must_exist = first.is_some_and(|row| row.must_exist) || rows.clone().any(|row| row.must_exist);
        let recursive = first.is_some_and(|row| row.recursive) && rows.all(|row| row.recursive);
        Op::Remove { path: first.map(|row| self.path(row.entity)).unwrap_or_default(), must_exist, recursive }
    }

    fn mount(&self, feature: u32) -> Op {
        let image = self.image();
        let main = image.features[feature as usize].main;
        Op::Mount {
            mountpoint: main.map(|main| self.path(main)).unwrap_or_default(),
            source: self.string(feature, "source").unwrap_or_default(),
            source_type: match self.string(feature, "source_type").as_deref() {
                Some("image") => SourceType::Image,
                _ => SourceType::Host,
            },
            directory: self.boolean(feature, "directory").unwrap_or(true),
        }
    }

    fn skip(&self, feature: u32) -> Vec<String> {
        let mut skip: Vec<String> = self
            .skips
            .get(&feature)
            .map_or_else(Vec::new, |rows| rows.iter().map(|&entity| self.path(entity)).collect());
        skip.sort_unstable();
        skip.dedup();
        skip
    }

    fn given_owner(&self, owner: Owner, given: bool) -> (Option<String>, Option<u32>) {
        if !given {
            return (None, None);
        }
        let (name, number) = self.owner(owner);
        (Some(name), number)
    }

    fn copy_tree(&self, feature: u32) -> Op {
        let graft = &self.image().grafts[self.grafts[&feature] as usize];
        let fragment = self.fragment(feature);
        let GraftFrom::Folder { source } = graft.graft.from else { return self.placed(feature) };
        let mode = graft.graft.mode;
        let ((user, uid), (group, gid)) = (self.owner(graft.graft.owners.user), self.owner(graft.graft.owners.group));
        Op::CopyTree {
            src: self.host(&fragment.sources[source as usize].path),
            dst: self.path(graft.graft.at),
            file_mode: Mode::new(mode.unwrap_or(0o644)),
            executable_mode: Mode::new(mode.unwrap_or(0o755)),
            directory_mode: Mode::new(0o755),
            user: Some(user),
            uid,
            group: Some(group),
            gid,
            xattrs: self.table(feature, "xattrs"),
            exclude: graft.graft.exclude.clone(),
            skip: self.skip(feature),
        }
    }

    fn extract(&self, feature: u32) -> Op {
        let dst = self.image().features[feature as usize].main.map(|main| self.path(main)).unwrap_or_default();
        let Some(&graft) = self.grafts.get(&feature) else {
            return Op::Remove { path: dst, must_exist: false, recursive: false };
        };
        let graft = &self.image().grafts[graft as usize].graft;
        let GraftFrom::Archive { source, strip, names } = graft.from else {
            return Op::Remove { path: dst, must_exist: false, recursive: false };
        };
        let (user, uid) = self.given_owner(graft.owners.user, graft.owners.given & PathFacts::USER != 0);
        let (group, gid) = self.given_owner(graft.owners.group, graft.owners.given & PathFacts::GROUP != 0);
        Op::Extract {
            src: self.host(&self.fragment(feature).sources[source as usize].path),
            dst,
            strip_components: strip,
            owners: if names { Owners::Names } else { Owners::Ids },
            user,
            uid,
            group,
            gid,
            skip: self.skip(feature),
        }
    }

    fn clone_op(&self, feature: u32) -> Op {
        let image = self.image();
        let dst = image.features[feature as usize].main.map(|main| self.path(main)).unwrap_or_default();
        let Some(&graft) = self.grafts.get(&feature) else {
            return Op::Remove { path: dst, must_exist: false, recursive: false };
        };
        let graft = &image.grafts[graft as usize].graft;
        let fragment = self.fragment(feature);
        let GraftFrom::Image { reference, path, .. } = graft.from else {
            return Op::Remove { path: dst, must_exist: false, recursive: false };
        };
        let (user, uid) = self.given_owner(graft.owners.user, graft.owners.given & PathFacts::USER != 0);
        let (group, gid) = self.given_owner(graft.owners.group, graft.owners.given & PathFacts::GROUP != 0);
        Op::Clone {
            from: self.host(&fragment.references[reference as usize].path),
            src: fragment.entities.text(path),
            dst,
            user,
            uid,
            group,
            gid,
            skip: self.skip(feature),
        }
    }

    fn user(&self, feature: u32) -> Op {
        let image = self.image();
        let main = image.features[feature as usize].main.unwrap_or(EntityId::USER_ROOT);
        let name = image.entities.last(main).to_owned();
        let account = self.main_slot(feature).and_then(|slot| match slot.what {
            What::User(account) => Some(image.accounts[account as usize].clone()),
            _ => None,
        });
        let account = account.unwrap_or_default();
        let (group, gid) = match account.group {
            Some(group) => self.owner(group),
            None => {
                let own = image.entities.find_name(EntityType::Group, &name);
                (name.clone(), own.and_then(|own| self.graph.numbers.of.get(&own).copied()))
            }
        };
        let mut groups: Vec<String> =
            account.groups.iter().flatten().map(|&group| image.entities.last(group).to_owned()).collect();
        groups.sort_unstable();
        groups.dedup();
        let members = self.members.get(&feature).map_or(&[][..], Vec::as_slice);
        Op::AddUser {
            uid: self.graph.numbers.of.get(&main).copied(),
            group,
            gid,
            groups,
            home: account.home.unwrap_or_else(|| self.default_home(feature).to_owned()),
            shell: account.shell.unwrap_or_else(|| "/usr/sbin/nologin".to_owned()),
            comment: account.comment.unwrap_or_default(),
            system: members.iter().any(|&member| self.boolean(member, "system") == Some(true)),
            name,
        }
    }

    fn default_home(&self, feature: u32) -> &'static str {
        self.main_slot(feature).map_or("/nonexistent", |slot| self.image().default_home(slot))
    }

    fn group(&self, feature: u32) -> Op {
        let image = self.image();
        let main = image.features[feature as usize].main.unwrap_or(EntityId::GROUP_ROOT);
        Op::AddGroup {
            name: image.entities.last(main).to_owned(),
            gid: self.graph.numbers.of.get(&main).copied(),
            system: self.boolean(feature, "system").unwrap_or(false),
        }
    }

    fn usermod(&self, feature: u32) -> Op {
        let image = self.image();
        let main = image.features[feature as usize].main.unwrap_or(EntityId::USER_ROOT);
        let mut groups = self.strings(feature, "add_groups");
        groups.sort_unstable();
        groups.dedup();
        Op::AddToGroups { name: image.entities.last(main).to_owned(), groups }
    }

    fn packages(&self, feature: u32) -> Op {
        let image = self.image();
        let manager = match image.manager_of(feature) {
            Some(crate::fragment::Manager::Dnf) => Manager::Dnf,
            Some(crate::fragment::Manager::Apk) => Manager::Apk,
            _ => Manager::Apt,
        };
        let mut lists: [Vec<String>; 5] = Default::default();
        for &member in self.members.get(&feature).map_or(&[][..], Vec::as_slice) {
            let at = match self.string(member, "action").as_deref() {
                Some("remove") => 1,
                Some("remove_if_exists") => 2,
                Some("upgrade") => 3,
                _ => 0,
            };
            lists[at].extend(
                self.strings(member, "names").into_iter().filter(|name| at != 0 || !self.installed(member, name)),
            );
            let fragment = self.fragment(member);
            for written in self.strings(member, "files") {
                let found = fragment
                    .sources
                    .iter()
                    .find(|source| *source.written == *written && source.role == SourceRole::Package);
                lists[4].extend(
                    found.filter(|source| !self.unpacked(member, &source.path)).map(|source| self.host(&source.path)),
                );
            }
        }
        for list in &mut lists {
            list.sort_unstable();
            list.dedup();
        }
        // A name with its version says more than the name alone.
        let pinned: Vec<String> = lists[0].iter().filter_map(|name| Some(name.split_once('=')?.0.to_owned())).collect();
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

    fn run(&self, feature: u32) -> Op {
        let user = self.image().requires[self.first_require(feature)..]
            .iter()
            .take_while(|row| row.feature == feature)
            .find(|row| row.cause == crate::entity::Cause::RunsAs)
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
            cwd: self.place(feature, "cwd").unwrap_or_else(|| "/".to_owned()),
            env: self.table(feature, "env"),
            network: self.boolean(feature, "network").unwrap_or(false),
        }
    }

    fn configure(&self, feature: u32) -> Op {
        let members = self.members.get(&feature).map_or(&[][..], Vec::as_slice);
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
            user,
            uid,
            working_dir: text("working_dir"),
            exposed_ports: union("exposed_ports"),
            volumes: union("volumes"),
            stop_signal: text("stop_signal"),
        }
    }

    fn string_or_number(&self, feature: u32, key: &str) -> Option<String> {
        let fragment = self.fragment(feature);
        let text = fragment.source.text.as_str();
        let node = fragment.document.get(self.image().features[feature as usize].node, key, text)?;
        match fragment.document.to_json(node, text) {
            serde_json::Value::String(text) => Some(text),
            other => Some(other.to_string()),
        }
    }

    // ---- what else a step says -------------------------------------------------------------------------------

    /// The sources that a step reads.
    pub fn sources(&self, nodes: &Nodes<'_>, node: u32) -> Vec<StepSource> {
        if nodes.slot(node).is_some() {
            return Vec::new();
        }
        let image = self.image();
        let fragment = self.fragment(node);
        let of = |path: &str, tree: Option<Arc<Tree>>, owners: bool| StepSource {
            path: path.to_owned(),
            written: self.host(path),
            tree,
            owners,
            from: None,
        };
        match image.features[node as usize].kind {
            Kind::Install | Kind::Extract | Kind::Clone => {
                if let Some(&graft) = self.grafts.get(&node) {
                    let graft = &image.grafts[graft as usize];
                    return match graft.graft.from {
                        GraftFrom::Folder { source } => {
                            vec![of(&fragment.sources[source as usize].path, graft.tree.clone(), false)]
                        }
                        GraftFrom::Archive { source, .. } | GraftFrom::Package { source } => {
                            vec![of(&fragment.sources[source as usize].path, graft.tree.clone(), true)]
                        }
                        GraftFrom::Image { reference, .. } => {
                            let path = &fragment.references[reference as usize].path;
                            let opaque = graft.layer.as_ref().filter(|layer| layer.opaque || layer.opaque_packages);
                            vec![StepSource {
                                from: opaque.and_then(|layer| layer.digest),
                                ..of(path, graft.cloned.clone(), true)
                            }]
                        }
                    };
                }
                let Some(slot) = self.main_slot(node) else { return Vec::new() };
                let What::Path(facts) = slot.what else { return Vec::new() };
                match facts.content {
                    Content::Source(source) => {
                        let from = self.fragment(image.provides[slot.lead as usize].feature);
                        vec![of(&from.sources[source as usize].path, None, false)]
                    }
                    _ => Vec::new(),
                }
            }
            Kind::Package => {
                let mut found = Vec::new();
                for &member in self.members.get(&node).map_or(&[][..], Vec::as_slice) {
                    let fragment = self.fragment(member);
                    for written in self.strings(member, "files") {
                        let source = fragment
                            .sources
                            .iter()
                            .find(|source| *source.written == *written && source.role == SourceRole::Package);
                        found.extend(source.map(|source| of(&source.path, None, false)));
                    }
                }
                found.sort_by(|a, b| a.written.cmp(&b.written));
                found.dedup_by(|a, b| a.written == b.written);
                found
            }
            _ => Vec::new(),
        }
    }

    /// The places that an operation edits in place. `brings` says whether it is known to bring users, and groups.
    pub fn modifies(&self, op: &Op, phase: crate::entity::Phase, brings: (bool, bool)) -> Vec<String> {
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

    /// Whether the outcome depends on nothing outside.
    pub fn hermetic(op: &Op) -> bool {
        match op {
            Op::Run { network, .. } => !network,
            Op::Packages { install, upgrade, .. } => {
                upgrade.is_empty() && install.iter().all(|name| name.contains('='))
            }
            _ => true,
        }
    }
}

/// A path as seen from a folder; both relative to the working directory, or both absolute.
fn relative(folder: &str, path: &str) -> String {
    let from: Vec<&str> = folder.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let to: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    // What lies above the working directory has no name to come back by.
    if from[common..].contains(&"..") {
        return path.to_owned();
    }
    let mut parts: Vec<&str> = vec![".."; from.len() - common];
    parts.extend(&to[common..]);
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}
