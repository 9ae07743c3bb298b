//! Requirements turned into edges between steps, and into lacks where nothing meets them.

use rustc_hash::FxHashMap;

use super::check::{Failure, Lack};
use super::image::{Image, RowId};
use super::queries::Taker;
use super::slots::{NONE, Slot, Slots, There};
use super::view::Unmet;
use crate::entity::{
    Cause, Content, DIRECTORY, FILE, Means, Owner, ParentRule, PathFacts, Phase, Strength, Validator, What,
};
use crate::intern::{EntityId, EntityType};
use crate::message;

/// Why one step needs another: the row that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// A requirement.
    Require(u32),
    /// The directory of something provided.
    Parent(u32),
    /// A link on the way of a row.
    Link(RowId),
    /// An order between removals, or of a removal after who still needs the thing.
    Removal(u32),
    /// What a step reads is edited in place by another.
    Reads(u32),
    /// A tree leaves out what another step makes, and follows it.
    Skips(u32),
}

/// `to` needs `from`.
#[derive(Clone, Copy, Debug)]
pub struct Edge {
    /// The step that comes first.
    pub from: u32,
    /// The step that needs it.
    pub to: u32,
    /// Because of this entity.
    pub entity: EntityId,
    /// For this reason.
    pub why: Why,
}

/// What a requirement relies on outside the image's own steps.
#[derive(Clone, Copy, Debug)]
pub struct Reliance {
    /// The step that relies on it.
    pub node: u32,
    /// The entity.
    pub entity: EntityId,
    /// What must be true of it.
    pub validator: u32,
    /// The phase that relies on it.
    pub phase: Phase,
    /// Whether it is assumed or only in the base.
    pub assumed: bool,
}

/// The graph: nodes are features (those that are one step share the first), and slots that are steps of their own.
#[derive(Default)]
pub struct Edges {
    /// Slots that are steps of their own; their nodes follow the features.
    pub extra: Vec<u32>,
    /// In no order.
    pub edges: Vec<Edge>,
    /// What is required and not there, or not as required.
    pub failures: Vec<Failure>,
    /// What is relied on from outside.
    pub reliances: Vec<Reliance>,
    /// Rows of assumptions that something relies on, with repeats.
    pub assumptions_used: Vec<u32>,
}

/// One requirement, whatever row it comes from.
#[derive(Clone, Copy)]
struct Wanted {
    node: u32,
    feature: u32,
    entity: EntityId,
    validator: u32,
    ordered: bool,
    cause: Cause,
    why: Why,
    phase: Phase,
    /// It is not what is required, but what stands in the way of it.
    blocks: bool,
}

/// Gives every slot its step and turns every requirement into edges and failures.
pub fn build(image: &mut Image) -> Edges {
    let mut edges = Edges::default();
    join_shared(image);
    assign_nodes(image, &mut edges);
    let mut builder = Builder { image, edges, mounts: FxHashMap::default() };
    builder.find_mounts();
    builder.parents();
    builder.requires();
    builder.link_targets();
    builder.links();
    builder.removals();
    builder.trees();
    builder.readers();
    builder.recorded_accounts();
    let mut edges = builder.edges;
    edges.edges.sort_unstable_by_key(|edge| (edge.to, edge.from, edge.entity, edge.why));
    edges.edges.dedup_by_key(|edge| (edge.to, edge.from));
    edges
}

/// All packages of one manager in a phase are one step, and so are all settings, removals of one path and equal runs.
fn join_shared(image: &mut Image) {
    let mut packages: FxHashMap<(Phase, Option<crate::fragment::Manager>), u32> = FxHashMap::default();
    let mut configured: FxHashMap<Phase, u32> = FxHashMap::default();
    let mut removed: FxHashMap<(EntityId, Phase), u32> = FxHashMap::default();
    let mut unite: Vec<(u32, u32)> = Vec::new();
    for (feature, row) in image.package_rows() {
        let manager = row.manager.or(image.manager);
        let first = *packages.entry((image.phase(feature), manager)).or_insert(feature);
        unite.push((first, feature));
    }
    for (feature, row) in image.features.iter().enumerate() {
        if row.kind == crate::kind::Kind::Oci {
            let first = *configured.entry(row.phase).or_insert(feature as u32);
            unite.push((first, feature as u32));
        }
    }
    let mut changed: FxHashMap<(Option<EntityId>, Phase, Vec<EntityId>), u32> = FxHashMap::default();
    for (feature, row) in image.features.iter().enumerate() {
        if row.kind == crate::kind::Kind::Usermod {
            let first =
                *changed.entry((row.main, row.phase, image.added_groups(feature as u32))).or_insert(feature as u32);
            unite.push((first, feature as u32));
        }
    }
    for removal in &image.removals {
        if image.entities.is_path(removal.entity) {
            let first = *removed.entry((removal.entity, image.phase(removal.feature))).or_insert(removal.feature);
            unite.push((first, removal.feature));
        }
    }
    image.report_equal_removals();
    for (a, b) in unite {
        image.slots.unite(a, b);
    }
    image.unite_equal_trees();
    image.unite_equal_runs();
    image.report_equal_settings();
    for feature in 0..image.slots.merged.len() as u32 {
        let representative = image.slots.representative(feature);
        image.slots.merged[feature as usize] = representative;
    }
}

fn assign_nodes(image: &mut Image, edges: &mut Edges) {
    super::trees_split::split(image);
    let features = image.features.len() as u32;
    for number in 0..image.slots.slots.len() {
        let slot = &image.slots.slots[number];
        if slot.satisfied {
            continue;
        }
        let row = &image.provides[slot.lead as usize];
        let own = row.strength == Strength::Implied && !slot.broken && row.means == Means::Made || slot.split;
        let node = if own {
            edges.extra.push(number as u32);
            features + edges.extra.len() as u32 - 1
        } else {
            image.slots.merged[row.feature as usize]
        };
        image.slots.slots[number].node = node;
    }
}

struct Builder<'i> {
    image: &'i Image,
    edges: Edges,
    mounts: FxHashMap<EntityId, u32>,
}

impl Builder<'_> {
    fn node_of(&self, feature: u32) -> u32 {
        self.image.slots.merged[feature as usize]
    }

    fn find_mounts(&mut self) {
        for (number, slot) in self.image.slots.slots.iter().enumerate() {
            if let Some(mount) = slot.mount {
                self.mounts.insert(slot.entity, number as u32);
                // What is mounted on something comes after what makes it.
                if mount != slot.lead && slot.node != NONE && !slot.broken {
                    let to = self.image.slots.merged[self.image.provides[mount as usize].feature as usize];
                    self.edges.edges.push(Edge { from: slot.node, to, entity: slot.entity, why: Why::Skips(mount) });
                }
            }
        }
    }

    /// The mount that a place is strictly below, in a phase.
    fn mount_above(&self, entity: EntityId, phase: Phase) -> Option<EntityId> {
        let base_mounts = self.image.base.is_some();
        if self.mounts.is_empty() && !base_mounts || !self.image.entities.is_path(entity) {
            return None;
        }
        let mut at = entity;
        while at != EntityId::ROOT {
            at = self.image.entities.parent(at);
            if let Some(&slot) = self.mounts.get(&at)
                && self.image.slots.slots[slot as usize].phase <= phase
            {
                return Some(at);
            }
            if base_mounts
                && self.image.known(at).is_some_and(|known| known.mount)
                && matches!(self.image.within(at, phase), There::Base(_))
            {
                return Some(at);
            }
        }
        None
    }

    // ---- one requirement -------------------------------------------------------------------------------------

    fn want(&mut self, wanted: &Wanted) {
        let image = self.image;
        let there = image.within(wanted.entity, wanted.phase);
        match there {
            There::Slot(slot) => {
                self.by_slot(wanted, slot);
                self.judge(wanted, there);
            }
            There::Base(_) | There::Always => {
                self.judge(wanted, there);
                self.rely(wanted, false);
            }
            There::Nothing => {
                // Taken away in this very phase: who needs it comes before. But a file that lists accounts says who there is
                // in its whole phase.
                let listed = matches!(image.entities.entity_type(wanted.entity), EntityType::User | EntityType::Group);
                if image.goes_in(wanted.entity, wanted.phase) && wanted.ordered && !listed {
                    let before = image.before(wanted.entity, wanted.phase);
                    if !matches!(before, There::Nothing) {
                        if let There::Slot(slot) = before {
                            self.by_slot(wanted, slot);
                        } else {
                            self.rely(wanted, false);
                        }
                        self.judge(wanted, before);
                        self.before_removal(wanted);
                        return;
                    }
                }
                if let Some(rows) = image.slots.assumed.get(&wanted.entity) {
                    self.by_assumption(wanted, rows[0]);
                    return;
                }
                if let Some(entity) = self.in_the_way(wanted.entity, wanted.phase) {
                    let there = image.within(entity, wanted.phase);
                    if let Some(unmet) = image.fails(there, &Validator::DIRECTORY) {
                        let wanted = Wanted { entity, validator: DIRECTORY, blocks: true, ..*wanted };
                        self.fail(&wanted, Lack::Mismatch(unmet));
                    }
                    return;
                }
                self.after_mount(wanted);
                self.fail(wanted, Lack::Missing);
            }
        }
        if !wanted.ordered && wanted.phase != Phase::Finalize {
            self.at_the_end(wanted);
        }
    }

    /// What would be inside a mount is there only once that is mounted.
    fn after_mount(&mut self, wanted: &Wanted) {
        let Some(mountpoint) = self.mount_above(wanted.entity, wanted.phase).filter(|_| wanted.ordered) else { return };
        let Some(&slot) = self.mounts.get(&mountpoint) else { return };
        let Some(mount) = self.image.slots.slots[slot as usize].mount else { return };
        let from = self.node_of(self.image.provides[mount as usize].feature);
        if wanted.node != NONE && from != wanted.node {
            self.edges.edges.push(Edge { from, to: wanted.node, entity: mountpoint, why: wanted.why });
        }
    }

    /// What is required without an order must hold at the end of the image, too.
    fn at_the_end(&mut self, wanted: &Wanted) {
        let image = self.image;
        let end = image.within(wanted.entity, Phase::Finalize);
        match end {
            There::Nothing if !image.slots.assumed.contains_key(&wanted.entity) => self.fail(wanted, Lack::Missing),
            There::Slot(slot) if image.slots.slots[slot as usize].phase > wanted.phase => self.judge(wanted, end),
            _ => {}
        }
    }

    fn validator(&self, wanted: &Wanted) -> Validator {
        self.image.validators[wanted.validator as usize]
    }

    fn judge(&mut self, wanted: &Wanted, there: There<'_>) {
        if let There::Slot(slot) = there
            && self.image.slots.slots[slot as usize].broken
        {
            return;
        }
        if wanted.validator == crate::entity::EXISTS {
            return;
        }
        if let Some(unmet) = self.image.fails(there, &self.validator(wanted)) {
            self.fail(wanted, Lack::Mismatch(unmet));
        }
    }

    fn fail(&mut self, wanted: &Wanted, lack: Lack) {
        self.edges.failures.push(Failure {
            entity: wanted.entity,
            lack,
            feature: wanted.feature,
            node: wanted.node,
            why: wanted.why,
            cause: wanted.cause,
            phase: wanted.phase,
            ordered: wanted.ordered,
            validator: wanted.validator,
            mount: self.mount_above(wanted.entity, wanted.phase).is_some(),
            blocks: wanted.blocks,
        });
    }

    fn rely(&mut self, wanted: &Wanted, assumed: bool) {
        if wanted.node == NONE || self.image.base.is_none() && !assumed {
            return;
        }
        self.edges.reliances.push(Reliance {
            node: wanted.node,
            entity: wanted.entity,
            validator: wanted.validator,
            phase: wanted.phase,
            assumed,
        });
    }

    fn by_assumption(&mut self, wanted: &Wanted, row: u32) {
        if let What::Path(facts) = self.image.provides[row as usize].what {
            let view = self.image.view_facts(&facts);
            let validator = self.validator(wanted);
            if let (Some(wanted_type), Some(found)) = (validator.file_type, view.file_type)
                && wanted_type != found
            {
                let reason =
                    format!("must be {}, but it is assumed to be {}", wanted_type.described(), found.described());
                self.fail(wanted, Lack::Mismatch(Unmet::new("type", reason)));
            }
        }
        self.edges.used_assumption(row);
        self.rely(wanted, true);
    }

    /// Edges from every step that brings the entity about.
    fn by_slot(&mut self, wanted: &Wanted, number: u32) {
        if !wanted.ordered {
            return;
        }
        let slot = &self.image.slots.slots[number as usize];
        // Who provides a broken entity is not settled, so no order follows from it.
        if slot.broken {
            return;
        }
        let mut add = |from: u32| {
            if from != NONE && wanted.node != NONE {
                self.edges.edges.push(Edge { from, to: wanted.node, entity: wanted.entity, why: wanted.why });
            }
        };
        add(slot.node);
        if let Some(mount) = slot.mount
            && mount != slot.lead
        {
            add(self.image.slots.merged[self.image.provides[mount as usize].feature as usize]);
        }
        // What is declared, or a name of the author's own, may have several that bring it about.
        if slot.rows.1 - slot.rows.0 > 1 {
            for &row in &self.image.slots.rows[slot.rows.0 as usize..slot.rows.1 as usize] {
                let provide = &self.image.provides[row as usize];
                let dropped = self.image.slots.states[row as usize] & Slots::DROPPED != 0;
                if provide.means == Means::Declared && !dropped {
                    add(self.image.slots.merged[provide.feature as usize]);
                }
            }
        }
    }

    fn before_removal(&mut self, wanted: &Wanted) {
        let Some(taker) = self.image.taker_of(wanted.entity, wanted.phase) else { return };
        let why = match taker {
            Taker::Removal(removal) => Why::Removal(removal),
            Taker::Replacement(row) => Why::Skips(row),
        };
        let remover = self.node_of(self.image.why_place(why).0);
        if remover != wanted.node && wanted.node != NONE {
            self.edges.edges.push(Edge { from: wanted.node, to: remover, entity: wanted.entity, why });
        }
    }

    // ---- every sort of requirement ---------------------------------------------------------------------------

    /// The node that a row's requirements belong to; none if what it provides was there already.
    fn row_node(&self, number: u32) -> Option<u32> {
        let row = &self.image.provides[number as usize];
        if self.image.slots.states[number as usize] & Slots::DROPPED != 0 {
            return None;
        }
        if row.strength == Strength::Implied && row.means == Means::Made {
            let slot = self.slot_of(number)?;
            return (slot.lead == number && slot.node != NONE).then_some(slot.node);
        }
        Some(self.node_of(row.feature))
    }

    fn slot_of(&self, number: u32) -> Option<&Slot> {
        let row = &self.image.provides[number as usize];
        let phase = self.image.phase(row.feature);
        self.image.slots.of(row.entity).iter().find(|slot| slot.phase == phase)
    }

    fn parents(&mut self) {
        for number in 0..self.image.provides.len() as u32 {
            let row = self.image.provides[number as usize];
            if self.image.lost_rows.contains_key(&RowId::Provide(number)) {
                continue;
            }
            let what = self.image.entities.entity_type(row.entity);
            if row.strength == Strength::Implied && what == EntityType::Group {
                self.implied_group(number);
                continue;
            }
            if what != EntityType::Path {
                continue;
            }
            if let Some(mount) = self.mount_above(row.entity, self.image.phase(row.feature))
                && row.means != Means::Declared
                && row.means != Means::Assumed
            {
                self.below_mount(number, mount);
                continue;
            }
            if row.entity == EntityId::ROOT {
                continue;
            }
            // What is put below something that its own phase takes away is reported as that.
            if let Some(slot) = self.slot_of(number)
                && slot.broken
                && self.image.goes_in(row.entity, slot.phase)
            {
                continue;
            }
            // A directory that is a step of its own needs what the tree it comes from needs.
            if let Some(slot) = self.slot_of(number)
                && slot.split
                && slot.lead == number
                && slot.node != NONE
            {
                self.split_directory(number, slot.node);
                continue;
            }
            self.tree_root(number);
            // A tree's own entries are made with it, but for those that a link puts elsewhere.
            let inside = row.parent == ParentRule::Free;
            if inside && !(row.means == Means::Contained && self.image.trail_of.contains_key(&RowId::Provide(number))) {
                continue;
            }
            let Some(node) = self.row_node(number) else { continue };
            let parent = self.image.entities.parent(row.entity);
            if parent == EntityId::ROOT {
                continue;
            }
            if inside && self.tree_makes(parent, row.feature) {
                continue;
            }
            self.want(&Wanted {
                node,
                feature: row.feature,
                entity: parent,
                validator: DIRECTORY,
                ordered: true,
                cause: Cause::Parent,
                why: Why::Parent(number),
                phase: self.image.phase(row.feature),
                blocks: false,
            });
        }
    }

    /// A directory of a tree that another step needs before the tree: its own directory and its owners come first.
    fn split_directory(&mut self, number: u32, node: u32) {
        let row = self.image.provides[number as usize];
        let What::Path(facts) = row.what else { return };
        let parent = self.image.entities.parent(row.entity);
        let mut wanted = Vec::new();
        if parent != EntityId::ROOT && row.entity != EntityId::ROOT {
            wanted.push((parent, DIRECTORY, Cause::Parent));
        }
        for (owner, root, cause) in
            [(facts.user, EntityId::USER_ROOT, Cause::User), (facts.group, EntityId::GROUP_ROOT, Cause::Group)]
        {
            if let Owner::Name(owner) = owner
                && owner != root
            {
                wanted.push((owner, crate::entity::EXISTS, cause));
            }
        }
        for (entity, validator, cause) in wanted {
            self.want(&Wanted {
                node,
                feature: row.feature,
                entity,
                validator,
                ordered: true,
                cause,
                why: Why::Parent(number),
                phase: self.image.phase(row.feature),
                blocks: false,
            });
        }
    }

    /// The directory that a tree is put into, where it was there already.
    fn tree_root(&mut self, number: u32) {
        let row = self.image.provides[number as usize];
        let satisfied = self.image.slots.states[number as usize] & Slots::SATISFIED != 0;
        let is_root = row.parent != ParentRule::Free && row.means == Means::Contained;
        if satisfied && is_root && row.entity != EntityId::ROOT {
            self.want(&Wanted {
                node: self.node_of(row.feature),
                feature: row.feature,
                entity: row.entity,
                validator: DIRECTORY,
                ordered: true,
                cause: Cause::Destination,
                why: Why::Parent(number),
                phase: self.image.phase(row.feature),
                blocks: false,
            });
        }
    }

    /// Something that stands in the way of a path: the nearest that is there above it, where that is no directory.
    fn in_the_way(&self, entity: EntityId, phase: Phase) -> Option<EntityId> {
        if !self.image.entities.is_path(entity) {
            return None;
        }
        let mut at = entity;
        while at != EntityId::ROOT {
            at = self.image.entities.parent(at);
            let there = self.image.within(at, phase);
            if let There::Slot(slot) = there
                && self.image.slots.slots[slot as usize].broken
            {
                return None;
            }
            if !matches!(there, There::Nothing) {
                let file_type = self.image.view(there).file_type?;
                return (file_type != crate::tree::FileType::Directory).then_some(at);
            }
        }
        None
    }

    fn tree_makes(&self, directory: EntityId, feature: u32) -> bool {
        self.image.slots.of(directory).iter().any(|slot| {
            self.image.slots.rows[slot.rows.0 as usize..slot.rows.1 as usize]
                .iter()
                .any(|&row| self.image.provides[row as usize].feature == feature)
        })
    }

    fn implied_group(&mut self, number: u32) {
        let Some(node) = self.row_node(number) else { return };
        let row = self.image.provides[number as usize];
        let Some(file) = self.image.account_file(EntityType::Group, self.image.phase(row.feature)) else { return };
        self.want(&Wanted {
            node,
            feature: row.feature,
            entity: file,
            validator: FILE,
            ordered: true,
            cause: Cause::Accounts,
            why: Why::Parent(number),
            phase: self.image.phase(row.feature),
            blocks: false,
        });
    }

    fn below_mount(&mut self, number: u32, mountpoint: EntityId) {
        let row = self.image.provides[number as usize];
        let reason = "is a mountpoint: what is put below it would not be in the image";
        self.fail(
            &Wanted {
                node: self.node_of(row.feature),
                feature: row.feature,
                entity: mountpoint,
                validator: DIRECTORY,
                ordered: true,
                cause: Cause::Parent,
                why: Why::Parent(number),
                phase: self.image.phase(row.feature),
                blocks: false,
            },
            Lack::Mismatch(Unmet::new("type", reason)),
        );
    }

    fn requires(&mut self) {
        for number in 0..self.image.requires.len() as u32 {
            let row = self.image.requires[number as usize];
            if self.image.lost_rows.contains_key(&RowId::Require(number)) || self.image.is_overridden(row.feature) {
                continue;
            }
            // A group that only a default asked for.
            let implied =
                row.cause == Cause::PrimaryGroup && row.span == self.image.features[row.feature as usize].origin;
            if implied && !self.image.needs_own_group(row.feature) {
                continue;
            }
            self.want(&Wanted {
                node: self.node_of(row.feature),
                feature: row.feature,
                entity: row.entity,
                validator: row.validator,
                ordered: row.ordered,
                cause: row.cause,
                why: Why::Require(number),
                phase: self.image.phase(row.feature),
                blocks: false,
            });
        }
    }

    /// Where links lead, without an order: a link may be made before its target.
    fn link_targets(&mut self) {
        for index in 0..self.image.link_targets.len() {
            let (number, place) = self.image.link_targets[index];
            let link = &self.image.links[number as usize];
            let (Some(place), Some(validator)) = (place, link.validator) else { continue };
            if message::is_run_time_place(&self.image.entities.text(place)) {
                continue;
            }
            let row = &self.image.provides[link.provide as usize];
            if self.image.slots.states[link.provide as usize] & Slots::DROPPED != 0 {
                continue;
            }
            // A tree's own links may dangle: nobody wrote them here.
            self.want(&Wanted {
                node: self.node_of(row.feature),
                feature: row.feature,
                entity: place,
                validator,
                ordered: false,
                cause: Cause::LinkTarget,
                why: Why::Link(RowId::Link(number)),
                phase: self.image.phase(row.feature),
                blocks: false,
            });
        }
    }

    /// Who goes through a link needs the link.
    fn links(&mut self) {
        let mut rows: Vec<(RowId, u32)> = self.image.trail_of.iter().map(|(&row, &trail)| (row, trail)).collect();
        rows.sort_unstable_by_key(|&(row, _)| row);
        let mut seen: FxHashMap<(u32, EntityId, bool), ()> = FxHashMap::default();
        for (row, trail) in rows {
            if self.image.lost_rows.contains_key(&row) {
                continue;
            }
            let (feature, node, ordered, own) = match row {
                RowId::Require(number) if self.image.is_overridden(self.image.requires[number as usize].feature) => {
                    continue;
                }
                RowId::Provide(number) => {
                    let provide = &self.image.provides[number as usize];
                    if matches!(provide.means, Means::Assumed | Means::Declared) {
                        continue;
                    }
                    let Some(node) = self.row_node(number) else { continue };
                    (provide.feature, node, true, None)
                }
                RowId::Require(number) => {
                    let require = &self.image.requires[number as usize];
                    (require.feature, self.node_of(require.feature), require.ordered, None)
                }
                RowId::Removal(number) => {
                    let removal = &self.image.removals[number as usize];
                    (removal.feature, self.node_of(removal.feature), true, None)
                }
                RowId::Link(number) => {
                    let link = &self.image.links[number as usize];
                    let provide = &self.image.provides[link.provide as usize];
                    (provide.feature, self.node_of(provide.feature), false, Some(provide.entity))
                }
            };
            for link in self.image.trail(trail) {
                if Some(link) == own || seen.insert((node, link, ordered), ()).is_some() {
                    continue;
                }
                // The tree that brings the link along needs no step before itself.
                if self.made_by(link, node, self.image.phase(feature)) && matches!(row, RowId::Provide(_)) {
                    let tree = self.image.provides.get(match row {
                        RowId::Provide(number) => number as usize,
                        _ => 0,
                    });
                    if tree.is_some_and(|row| row.means == Means::Contained) {
                        continue;
                    }
                }
                self.want(&Wanted {
                    node,
                    feature,
                    entity: link,
                    validator: crate::entity::EXISTS,
                    ordered,
                    cause: Cause::Link,
                    why: Why::Link(row),
                    phase: self.image.phase(feature),
                    blocks: false,
                });
            }
        }
    }

    fn made_by(&self, entity: EntityId, node: u32, phase: Phase) -> bool {
        self.image.slots.of(entity).iter().any(|slot| slot.phase == phase && slot.node == node)
    }

    fn removals(&mut self) {
        let mut at: FxHashMap<(EntityId, Phase), u32> = FxHashMap::default();
        for (number, removal) in self.image.removals.iter().enumerate() {
            at.entry((removal.entity, self.image.phase(removal.feature))).or_insert(number as u32);
        }
        for number in 0..self.image.removals.len() as u32 {
            if self.image.lost_rows.contains_key(&RowId::Removal(number)) {
                continue;
            }
            let removal = self.image.removals[number as usize];
            if !self.image.entities.is_path(removal.entity) {
                continue;
            }
            let phase = self.image.phase(removal.feature);
            let node = self.node_of(removal.feature);
            let wanted = Wanted {
                node,
                feature: removal.feature,
                entity: removal.entity,
                validator: crate::entity::EXISTS,
                ordered: true,
                cause: Cause::Removed,
                why: Why::Removal(number),
                phase,
                blocks: false,
            };
            match self.image.before(removal.entity, phase) {
                There::Nothing => {
                    let provided_here = matches!(self.image.within(removal.entity, phase), There::Slot(_));
                    if removal.must_exist && !provided_here {
                        if let Some(rows) = self.image.slots.assumed.get(&removal.entity) {
                            self.by_assumption(&wanted, rows[0]);
                        } else {
                            self.fail(&wanted, Lack::Missing);
                        }
                    }
                }
                There::Slot(slot) => self.by_slot(&wanted, slot),
                There::Base(_) | There::Always => self.rely(&wanted, false),
            }
            // What is removed further up comes after.
            let mut above = removal.entity;
            while above != EntityId::ROOT {
                above = self.image.entities.parent(above);
                if let Some(&other) = at.get(&(above, phase)) {
                    let to = self.node_of(self.image.removals[other as usize].feature);
                    if to != node {
                        self.edges.edges.push(Edge {
                            from: node,
                            to,
                            entity: removal.entity,
                            why: Why::Removal(other),
                        });
                    }
                    break;
                }
            }
            if !removal.recursive {
                self.must_be_empty(&wanted, number);
            }
        }
    }

    fn must_be_empty(&mut self, wanted: &Wanted, removal: u32) {
        let entity = self.image.removals[removal as usize].entity;
        let Some(left) = self.image.left_in(entity, wanted.phase) else { return };
        let reason = format!("must be empty to be removed, but still has {}", message::quoted(&left));
        self.fail(wanted, Lack::Mismatch(Unmet::new("recursive", reason)));
    }

    /// A tree leaves out what another step makes, and follows it where it is a directory.
    fn trees(&mut self) {
        for number in 0..self.image.provides.len() as u32 {
            let row = &self.image.provides[number as usize];
            if row.means != Means::Contained || self.image.slots.states[number as usize] & Slots::SATISFIED != 0 {
                continue;
            }
            let What::Path(facts) = row.what else { continue };
            let (entity, tree) = (row.entity, self.node_of(row.feature));
            let Some(slot) = self.slot_of(number) else { continue };
            if slot.broken || slot.node == NONE || slot.node == tree {
                continue;
            }
            if facts.file_type == Some(crate::tree::FileType::Directory) {
                let from = slot.node;
                self.edges.edges.push(Edge { from, to: tree, entity, why: Why::Skips(number) });
            }
        }
    }

    /// A hard link to an account file comes after every step of its phase that edits the file in place.
    fn readers(&mut self) {
        const FILES: [(&str, EntityType); 4] = [
            ("/etc/passwd", EntityType::User),
            ("/etc/shadow", EntityType::User),
            ("/etc/group", EntityType::Group),
            ("/etc/gshadow", EntityType::Group),
        ];
        let image = self.image;
        let links = (0..image.provides.len() as u32).filter_map(|number| match image.provides[number as usize].what {
            What::Path(PathFacts { content: Content::SameAs(place), .. }) => Some((number, place)),
            _ => None,
        });
        let mut editors: FxHashMap<(Phase, EntityType), Vec<u32>> = FxHashMap::default();
        for (reader, place) in links {
            let row = &image.provides[reader as usize];
            let (to, phase) = (self.node_of(row.feature), image.phase(row.feature));
            for (path, entity_type) in FILES {
                if image.find_account_place(path, phase) != Some(place) {
                    continue;
                }
                let editors = editors.entry((phase, entity_type)).or_insert_with(|| image.editors(phase, entity_type));
                for &from in editors.iter().filter(|&&from| from != to && from != NONE) {
                    self.edges.edges.push(Edge { from, to, entity: place, why: Why::Reads(reader) });
                }
            }
        }
    }
}

impl Builder<'_> {
    /// A step of which it is recorded that it brings accounts enters them into files that are there by then.
    fn recorded_accounts(&mut self) {
        let image = self.image;
        for slot in &image.slots.slots {
            let Some(file) = image.account_file(image.entities.entity_type(slot.entity), slot.phase) else { continue };
            if slot.node == NONE || image.provides[slot.lead as usize].means != Means::Declared {
                continue;
            }
            if let Some(made) = image.slots.of(file).iter().find(|made| made.phase == slot.phase)
                && made.node != NONE
                && made.node != slot.node
                && !made.broken
            {
                let (from, to) = (made.node, slot.node);
                self.edges.edges.push(Edge { from, to, entity: file, why: Why::Parent(slot.lead) });
            }
        }
    }
}

impl Edges {
    fn used_assumption(&mut self, row: u32) {
        self.assumptions_used.push(row);
    }
}
