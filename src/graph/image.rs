//! One image's rows: with the image's own entity ids, trees grafted, paths at their places.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};

use super::accounts::AccountFiles;
use super::attributes::Changes;
use super::layer::{Known, Layer, Spot};
use super::packages::PackageRows;
use super::slots::Slots;
use crate::diagnostic::Diagnostic;
use crate::entity::{Phase, Provide, Require, Validator};
use crate::fragment::{Account, Feature, Fragment, Graft, LinkRow, Removal};
use crate::intern::{Entities, EntityId, EntityType};
use crate::text::Span;
use crate::tree::Tree;

/// One of an image's files.
pub struct File {
    /// Lowered.
    pub fragment: Arc<Fragment>,
    /// Number of its first feature in the image.
    pub features: u32,
    /// Number of its first provide among the image's rows.
    pub provides: u32,
    /// Number of its first requirement among the image's rows.
    pub requires: u32,
    /// Its entities in the image, as spelled.
    pub entities: Vec<EntityId>,
    /// Number of its first account, validator and so on.
    pub accounts: u32,
    /// Every file that it includes directly, in order.
    pub included: Vec<u32>,
}

/// Where an entry of a grafted tree comes from.
#[derive(Clone)]
pub struct EntryRow {
    /// The graft, by its number in the image.
    pub graft: u32,
    /// The tree.
    pub tree: Arc<Tree>,
    /// The entry.
    pub entry: u32,
}

/// A graft in an image.
pub struct ImageGraft {
    /// As declared.
    pub graft: Graft,
    /// The file that declares it.
    pub file: u32,
    /// The tree as it is put there: stripped, without what is excluded. None where it could not be read or is no tree.
    pub tree: Option<Arc<Tree>>,
    /// Of a clone, the image that it comes from.
    pub layer: Option<Layer>,
    /// Of a clone, what is cloned.
    pub cloned: Option<Arc<Tree>>,
    /// The row that stands for it: a file's, or the tree's root.
    pub provide: Option<u32>,
}

/// Something that a command has while it runs, and the image does not have.
pub struct ImageTool {
    /// The command.
    pub feature: u32,
    /// Where it comes from, relative to the working directory.
    pub from: String,
    /// Where it is.
    pub at: EntityId,
    /// The value that says so.
    pub span: Span,
    /// What it has; nothing where that could not be read.
    pub layer: Option<Layer>,
}

/// Numbers given to accounts in the ids file.
#[derive(Default, Debug, Clone)]
pub struct Ids {
    /// By user name.
    pub users: FxHashMap<String, (u32, Span)>,
    /// By group name.
    pub groups: FxHashMap<String, (u32, Span)>,
    /// The file.
    pub source: Option<Arc<crate::text::Source>>,
}

/// An image's rows, joined.
pub struct Image {
    /// Its name.
    pub name: String,
    /// By file name.
    pub files: Vec<File>,
    /// What it stands on.
    pub base: Option<Layer>,
    /// Every entity that anything in the image names, and every place that a path leads to.
    pub entities: Entities,
    /// The same entity in the base.
    pub spots: Vec<Option<Spot>>,
    /// Every feature.
    pub features: Vec<Feature>,
    /// Entities are places once links are resolved.
    pub provides: Vec<Provide>,
    /// Entities are places once links are resolved.
    pub requires: Vec<Require>,
    /// What must be true of required entities.
    pub validators: Vec<Validator>,
    /// Declared and listed accounts.
    pub accounts: Vec<Account>,
    /// Symbolic links; `provide` is a number among the image's rows.
    pub links: Vec<LinkRow>,
    /// What is taken away.
    pub removals: Vec<Removal>,
    /// What is changed.
    pub changes: Changes,
    /// What commands have while they run.
    pub tools: Vec<ImageTool>,
    /// Trees.
    pub grafts: Vec<ImageGraft>,
    /// Package files that could be read, by feature.
    pub packages: Vec<PackageRows>,
    /// Entries of trees.
    pub entries: Vec<EntryRow>,
    /// For each entity, in which phases it was taken away, bit by bit.
    pub gone: Vec<u8>,
    /// For a row, the links that its path leads through: numbers in `trails`.
    pub trail_of: FxHashMap<RowId, u32>,
    /// Links passed: the link's place and the rest of the trail.
    pub trails: Vec<(EntityId, u32)>,
    /// Where each link leads: its row, and the place if there is one.
    pub link_targets: Vec<(u32, Option<EntityId>)>,
    /// Places that a removal or a replacement emptied, with the phase.
    pub taken: FxHashMap<EntityId, u8>,
    /// The image's own file.
    pub manifest: String,
    /// The manager of packages whose feature names none.
    pub manager: Option<crate::fragment::Manager>,
    /// Digests of host files that a parent has the digest of.
    pub source_digests: FxHashMap<String, [u8; 32]>,
    /// The first removal of each place in each phase.
    pub removal_at: FxHashMap<(EntityId, Phase), u32>,
    /// Rows that stand in the place of a directory, by place and phase.
    pub replacers: FxHashMap<(EntityId, Phase), u32>,
    /// Features with effects that are not fully known, as many as are worth naming.
    pub opaque_features: Vec<u32>,
    /// For each phase whether it has opaque commands, and opaque packages.
    pub opaque_phases: [(bool, bool); 5],
    /// Nodes whose effects are not fully known.
    pub opaque_nodes: FxHashMap<u32, ()>,
    /// Where /etc/passwd and /etc/group really are.
    pub account_files: AccountFiles,
    /// The canonical place of what each feature is about.
    pub places: Vec<Option<EntityId>>,
    /// How many findings are kept back because something could not be read.
    pub withheld: usize,
    /// Features whose `replace` took effect.
    pub replaced: FxHashMap<u32, ()>,
    /// Rows that a link of an including file takes the place of, or the place above.
    pub overridden: FxHashSet<u32>,
    /// Features of which nothing is left, because an including file has something else in their place.
    pub overridden_features: FxHashSet<u32>,
    /// Rows whose path could not be resolved.
    pub lost_rows: FxHashMap<RowId, ()>,
    /// Places on whose being there it depends where a link leads, because its text has a `..` in it.
    pub looked_at: FxHashSet<EntityId>,
    /// Who provides what, phase by phase.
    pub slots: Slots,
    /// Findings so far.
    pub findings: Vec<Diagnostic>,
    /// The features that each finding may be silenced by, beside it.
    pub silencers: Vec<Vec<u32>>,
    /// Which files those that were asked of include, directly or not.
    pub reached: Mutex<FxHashMap<u32, Vec<bool>>>,
    /// The numbers that groups are given, worked out on first use.
    pub given_gids: OnceLock<FxHashSet<u32>>,
    /// Sources whose contents would have to be compared to say whether two features contradict each other.
    pub undecided: BTreeSet<String>,
    /// Numbers from the ids file.
    pub ids: Ids,
    /// Checked alone: a feature set that no image includes.
    pub alone: bool,
}

/// A row of one of the tables, for what is rare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowId {
    /// Of `provides`.
    Provide(u32),
    /// Of `requires`.
    Require(u32),
    /// Of `removals`.
    Removal(u32),
    /// Of `links`: its target.
    Link(u32),
}

impl Image {
    /// Looks new entities up in the base.
    pub fn extend_spots(&mut self) {
        for id in self.spots.len()..self.entities.len() {
            self.extend_spot(EntityId(id as u32));
        }
    }

    /// Looks the next new entity up in the base.
    pub fn extend_spot(&mut self, id: EntityId) {
        let spot = self.base.as_ref().and_then(|base| {
            if id.0 < EntityType::ALL.len() as u32 {
                return Some(base.root(self.entities.entity_type(id)));
            }
            base.child(self.spots[self.entities.parent(id).index()]?, self.entities.last(id))
        });
        self.spots.push(spot);
        // What is below something that was taken away is gone with it.
        let parent = self.entities.parent(id);
        let mut gone = self.gone.get(parent.index()).copied().unwrap_or(0);
        if parent != id && !self.taken.is_empty() {
            gone |= self.taken.get(&parent).copied().unwrap_or(0);
        }
        self.gone.push(gone);
    }

    /// An entity below another, made if it is new.
    pub fn child(&mut self, parent: EntityId, name: &str) -> EntityId {
        let id = self.entities.child(parent, name);
        if self.spots.len() < self.entities.len() {
            self.extend_spots();
        }
        id
    }

    /// What the base knows of an entity, whatever the image did to it.
    pub fn known(&self, entity: EntityId) -> Option<&Known> {
        self.base.as_ref()?.known((*self.spots.get(entity.index())?)?)
    }

    /// What a command has while it runs.
    pub fn tools_of(&self, feature: u32) -> impl Iterator<Item = &ImageTool> {
        let start = self.tools.partition_point(|tool| tool.feature < feature);
        self.tools[start..].iter().take_while(move |tool| tool.feature == feature)
    }

    /// The file that declares a feature.
    pub fn file_of(&self, feature: u32) -> u32 {
        self.files.partition_point(|file| file.features <= feature) as u32 - 1
    }

    /// The file that declares a feature.
    pub fn fragment_of(&self, feature: u32) -> &Fragment {
        &self.files[self.file_of(feature) as usize].fragment
    }

    /// A feature's phase.
    pub fn phase(&self, feature: u32) -> Phase {
        self.features[feature as usize].phase
    }

    /// Which of the image's requirements come from a file's own rows.
    pub fn require_range(&self, file: usize) -> (usize, usize) {
        let start = self.files[file].requires as usize;
        (start, start + self.files[file].fragment.requires.len())
    }

    /// Whether one of two files includes the other, or they are one.
    pub fn includes_other(&self, a: u32, b: u32) -> bool {
        a == b || self.includes(a, b) || self.includes(b, a)
    }

    /// Whether a file includes another, directly or not.
    pub fn includes(&self, file: u32, other: u32) -> bool {
        if file == other || self.files[file as usize].included.is_empty() {
            return false;
        }
        // Few are ever asked of, and those again and again.
        let mut known = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        let reached = known.entry(file).or_insert_with(|| self.reached_from(file));
        reached[other as usize]
    }

    /// Which files a file includes, directly or through others.
    fn reached_from(&self, file: u32) -> Vec<bool> {
        let mut reached = vec![false; self.files.len()];
        let mut pending = self.files[file as usize].included.clone();
        while let Some(next) = pending.pop() {
            if !std::mem::replace(&mut reached[next as usize], true) {
                pending.extend(&self.files[next as usize].included);
            }
        }
        reached
    }

    /// Whether something opaque stands below the image.
    pub fn base_is_opaque(&self) -> bool {
        self.base.as_ref().is_some_and(|base| base.opaque || base.opaque_packages)
    }
}
