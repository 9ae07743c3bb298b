//! What an image leaves behind: its layer, for the images that stand on it or clone from it. And the layer of a facts file.

use super::check::Numbers;
use super::image::Image;
use super::layer::{Known, Layer, LevelBuilder};
use super::slots::{Slot, There};
use super::substance::Substance;
use super::view::ViewOwner;
use crate::entity::{Owner, Phase, What};
use crate::facts::Facts;
use crate::intern::{Entities, EntityId, EntityType};
use crate::tree;
use rustc_hash::FxHashMap;

impl Image {
    /// What is there at the end.
    pub fn leave(&self, numbers: &Numbers) -> Layer {
        let mut builder = LevelBuilder::new(self.entities.clone(), |id| self.spots[id.index()]);
        for id in self.entities.ids().skip(EntityType::ALL.len()).chain([EntityId::ROOT]) {
            if self.gone[id.index()] != 0 {
                builder.absent(id);
            } else if self.taken.contains_key(&id) {
                builder.cut(id);
            }
            match self.within(id, Phase::Finalize) {
                There::Slot(slot) => {
                    builder.present(id, self.known_of(&self.slots.slots[slot as usize], numbers));
                }
                There::Base(known) if self.is_changed(id, Phase::ALL.len()) => {
                    let mut known = known.clone();
                    self.change_known(id, There::Base(&known.clone()), &mut known);
                    builder.present(id, known);
                }
                _ => {}
            }
        }
        // What is assumed here is as good as there for whoever stands on it.
        let mut assumed: Vec<u32> = self.slots.assumed.values().flatten().copied().collect();
        assumed.sort_unstable();
        for row in assumed {
            let row = &self.provides[row as usize];
            if !matches!(self.within(row.entity, Phase::Finalize), There::Nothing) {
                continue;
            }
            let mut known = Known { origin: Some(self.at(row.feature, row.span)), ..Known::default() };
            if let What::Path(facts) = row.what {
                (known.file_type, known.mode) = (facts.file_type, facts.mode);
            }
            builder.present(row.entity, known);
        }
        let (mut opaque, mut packages) =
            self.base.as_ref().map_or((false, false), |base| (base.opaque, base.opaque_packages));
        for (commands, installed) in self.opaque_phases {
            opaque |= commands;
            packages |= installed;
        }
        Layer::on(self.base.as_ref(), self.name.clone(), builder, (opaque, packages))
    }

    /// What changes make of what is known of a path.
    fn change_known(&self, entity: EntityId, there: There<'_>, known: &mut Known) {
        if !self.is_changed(entity, Phase::ALL.len()) {
            return;
        }
        let view = self.view_after(entity, there, Phase::ALL.len());
        (known.mode, known.user, known.group) = (view.mode, view.user.map(owned), view.group.map(owned));
        let changed = self.changed_xattrs(entity);
        if !changed.is_empty() {
            let mut all: std::collections::BTreeMap<Box<str>, Box<str>> =
                known.xattrs.take().into_iter().flatten().collect();
            all.extend(changed.into_iter().map(|(name, value)| (name.into(), value.into())));
            known.xattrs = Some(all.into_iter().collect());
        }
    }

    fn tree_owner(&self, owner: Owner) -> Option<tree::Owner> {
        match owner {
            Owner::Name(name) => Some(tree::Owner::Name(self.entities.last(name).into())),
            Owner::Number(number) => Some(tree::Owner::Number(number)),
            Owner::Unknown => None,
        }
    }

    fn known_of(&self, slot: &Slot, numbers: &Numbers) -> Known {
        let row = &self.provides[slot.lead as usize];
        let mut known =
            Known { origin: Some(self.at(row.feature, row.span)), mount: slot.mount.is_some(), ..Known::default() };
        known.package = self.package_of(slot.lead);
        if let Some(mount) = slot.mount
            && let Substance::Mount(source, source_type) = self.substance(&self.provides[mount as usize])
        {
            known.mounted = Some(Box::new((source, source_type)));
        }
        // What a contradiction leaves behind is not known.
        if slot.broken {
            return known;
        }
        match slot.what {
            What::Path(facts) => {
                let view = self.view(There::Slot(
                    self.slots
                        .range(slot.entity)
                        .find(|&number| self.slots.slots[number as usize].phase == slot.phase)
                        .unwrap_or_default(),
                ));
                if facts.given & crate::entity::PathFacts::XATTRS != 0 {
                    let xattrs = image_xattrs(self, slot);
                    known.xattrs = Some(xattrs);
                }
                known.file_type = view.file_type;
                known.mode = view.mode;
                known.user = view.user.map(owned);
                known.group = view.group.map(owned);
                let slots = self.slots.range(slot.entity);
                let number = slots.clone().find(|&number| self.slots.slots[number as usize].phase == slot.phase);
                self.change_known(slot.entity, There::Slot(number.unwrap_or_default()), &mut known);
                match self.substance(row) {
                    Substance::Text(text) => {
                        known.digest = Some(*blake3::hash(text.as_bytes()).as_bytes());
                        known.size = Some(text.len() as u64);
                    }
                    Substance::Host(path) => known.source = Some(path.into()),
                    Substance::Entry(origin, digest) => {
                        if let crate::entity::Content::Entry(entry) = facts.content {
                            let entry = &self.entries[entry as usize];
                            known.size = entry.tree.entries()[entry.entry as usize].size;
                        }
                        known.source = Some(origin.into());
                        known.digest = (digest != [0; 32]).then_some(digest);
                    }
                    Substance::Target(target) => known.target = Some(target.into()),
                    Substance::Device(major, minor) => known.device = major.zip(minor),
                    Substance::SameAs(_) => {
                        let inode = self.inode(slot.entity, Phase::ALL.len());
                        let first = self.entities.find_path(&inode).map(|first| self.within(first, Phase::Finalize));
                        let found = match first {
                            Some(There::Slot(first)) if self.slots.slots[first as usize].entity != slot.entity => {
                                self.known_of(&self.slots.slots[first as usize], numbers)
                            }
                            Some(There::Base(first)) => first.clone(),
                            _ => Known::default(),
                        };
                        (known.digest, known.size) = (found.digest, found.size);
                        (known.source, known.same_as) = (found.source, Some(inode.into()));
                    }
                    Substance::None | Substance::Unknown | Substance::Mount(..) => {}
                }
            }
            What::User(account) => {
                let account = &self.accounts[account as usize];
                known.number = numbers.of.get(&slot.entity).copied();
                known.group = match account.group {
                    Some(group) => self.tree_owner(group),
                    None => Some(tree::Owner::Name(self.entities.last(slot.entity).into())),
                };
                known.groups =
                    Some(account.groups.iter().flatten().map(|&group| self.entities.last(group).into()).collect());
                known.home = Some(account.home.as_deref().unwrap_or(self.default_home(slot)).into());
                known.shell = Some(account.shell.as_deref().unwrap_or("/usr/sbin/nologin").into());
                known.comment = Some(account.comment.as_deref().unwrap_or("").into());
            }
            What::Group(_) => known.number = numbers.of.get(&slot.entity).copied(),
            What::Package(_) if self.package_file(slot.lead).is_some() => {
                known.version = self.package_file(slot.lead).map(|package| (*package.version).into());
            }
            What::Package(version) => {
                known.version = version.and_then(|node| {
                    let fragment = self.fragment_of(row.feature);
                    let text = fragment.document.string(crate::syntax::NodeId(node), &fragment.source.text);
                    text.split_once('=').map(|(_, version)| version.into())
                });
            }
            What::Virtual => {}
        }
        known
    }
}

fn image_xattrs(image: &Image, slot: &Slot) -> super::layer::Xattrs {
    let rows = &image.slots.rows[slot.rows.0 as usize..slot.rows.1 as usize];
    let row = rows
        .iter()
        .map(|&row| &image.provides[row as usize])
        .find(|row| matches!(row.what, What::Path(facts) if facts.given & crate::entity::PathFacts::XATTRS != 0));
    let pairs = row.map_or_else(Vec::new, |row| image.xattrs(row));
    pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect()
}

fn owned(owner: ViewOwner<'_>) -> tree::Owner {
    match owner {
        ViewOwner::Name(name) => tree::Owner::Name(name.into()),
        ViewOwner::Number(number) => tree::Owner::Number(number),
    }
}

/// The layer of what a facts file says.
pub fn of_facts(facts: &Facts, name: &str) -> Layer {
    let mut builder = LevelBuilder::new(Entities::new(), |_| None);
    let mut above: Vec<(EntityId, usize)> = Vec::new();
    for (index, entry) in facts.tree.entries().iter().enumerate() {
        let id = if entry.path.is_empty() {
            EntityId::ROOT
        } else {
            let parent = tree::parent_of(&entry.path).unwrap_or("");
            while above.last().is_some_and(|&(_, at)| *facts.tree.entries()[at].path != *parent) {
                above.pop();
            }
            let parent = above.last().map_or(EntityId::ROOT, |&(id, _)| id);
            builder.entities.child(parent, entry.name())
        };
        if entry.file_type.holds_entries() {
            above.push((id, index));
        }
        let known = Known {
            file_type: match entry.file_type {
                _ if entry.same_as => Some(tree::FileType::File),
                // It counts as the directory or file that it is, which facts do not say.
                tree::FileType::Mount => None,
                other => Some(other),
            },
            mode: entry.mode,
            user: entry.user.clone().or(entry.uid.map(tree::Owner::Number)),
            group: entry.group.clone().or(entry.gid.map(tree::Owner::Number)),
            target: if entry.same_as { None } else { entry.target.clone() },
            digest: entry.digest,
            size: entry.size,
            same_as: entry.first_name().map(|first| format!("/{first}").into()),
            xattrs: (!entry.xattrs.is_empty())
                .then(|| entry.xattrs.iter().map(|xattr| (xattr.name.clone(), xattr.value.clone())).collect()),
            device: entry.device,
            package: entry.package.as_deref().map(Into::into),
            mount: entry.file_type == tree::FileType::Mount,
            ..Known::default()
        };
        builder.present(id, known);
    }
    let mut groups: FxHashMap<&str, Vec<Box<str>>> = FxHashMap::default();
    for group in &facts.groups {
        for member in &group.members {
            groups.entry(member).or_default().push(group.name.clone());
        }
    }
    for user in &facts.users {
        let id = builder.entities.name(EntityType::User, &user.name);
        builder.present(
            id,
            Known {
                number: user.uid,
                group: user.group.clone(),
                home: user.home.clone(),
                shell: user.shell.clone(),
                comment: user.comment.clone(),
                groups: Some(groups.remove(&*user.name).unwrap_or_default()),
                ..Known::default()
            },
        );
    }
    for group in &facts.groups {
        let id = builder.entities.name(EntityType::Group, &group.name);
        builder.present(id, Known { number: group.gid, ..Known::default() });
    }
    for package in &facts.packages {
        let id = builder.entities.name(EntityType::Package, &package.name);
        builder.present(id, Known { version: package.version.clone(), ..Known::default() });
    }
    Layer::bottom(name, builder, facts.opaque, true)
}
