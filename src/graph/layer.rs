//! What is there: an immutable stack of levels, each a sorted delta on the one below, shared by all images that stand on it.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::intern::{Entities, EntityId, EntityType};
use crate::text::Location;
use crate::tree::{FileType, Owner};

/// Extended attributes: name and value.
pub type Xattrs = Box<[(Box<str>, Box<str>)]>;

/// What is known of an entity that is there.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Its type.
    pub file_type: Option<FileType>,
    /// Its permission bits.
    pub mode: Option<u16>,
    /// Its user.
    pub user: Option<Owner>,
    /// Its group; of a user the primary group.
    pub group: Option<Owner>,
    /// Where a link leads.
    pub target: Option<Box<str>>,
    /// The digest of its contents.
    pub digest: Option<[u8; 32]>,
    /// The host file that its contents come from.
    pub source: Option<Box<str>>,
    /// The file that it is another name of.
    pub same_as: Option<Box<str>>,
    /// Device numbers.
    pub device: Option<(u32, u32)>,
    /// Extended attributes, sorted by name.
    pub xattrs: Option<Xattrs>,
    /// The package that owns it.
    pub package: Option<Box<str>>,
    /// A user's or group's number.
    pub number: Option<u32>,
    /// A user's home.
    pub home: Option<Box<str>>,
    /// A user's shell.
    pub shell: Option<Box<str>>,
    /// A user's comment.
    pub comment: Option<Box<str>>,
    /// A user's supplementary groups.
    pub groups: Option<Vec<Box<str>>>,
    /// A package's version.
    pub version: Option<Box<str>>,
    /// How many bytes are in it.
    pub size: Option<u64>,
    /// Something is mounted there.
    pub mount: bool,
    /// What is mounted there, where that is known: source and type of source.
    pub mounted: Option<Box<(String, String)>>,
    /// Where it was declared, if it was.
    pub origin: Option<Location>,
}

/// Whether a level says anything of an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Ask the level below.
    Below,
    /// It is not there.
    Absent,
    /// It is there: a number in [`Level::known`].
    Present(u32),
}

/// An entity in one level of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Spot {
    level: u32,
    id: u32,
}

/// One delta.
pub struct Level {
    entities: Entities,
    states: Vec<State>,
    known: Vec<Known>,
    /// The same entity further below; none where it was removed with all that was in it.
    down: Vec<Option<Spot>>,
    children: Vec<u32>,
    child_offsets: Vec<u32>,
    /// Numbers that paths belong to without a name.
    numeric_owners: Vec<(EntityType, u32)>,
}

/// What stands below an image.
#[derive(Clone)]
pub struct Layer {
    levels: Vec<Arc<Level>>,
    /// The parent's name.
    pub name: String,
    /// Something in it is not known: what it lacks is unproven, not missing.
    pub opaque: bool,
    /// It has packages whose files are not known.
    pub opaque_packages: bool,
    /// What names it in a plan: the digest of its own plan, or of its facts.
    pub digest: Option<[u8; 32]>,
    /// It, or something below it, comes from facts and was not proven here.
    pub from_facts: bool,
}

/// Collects one level.
pub struct LevelBuilder {
    /// The level's own entities.
    pub entities: Entities,
    states: Vec<State>,
    known: Vec<Known>,
    down: Vec<Option<Spot>>,
}

impl LevelBuilder {
    /// On top of what is below.
    pub fn new(entities: Entities, spots: impl Fn(EntityId) -> Option<Spot>) -> Self {
        let down: Vec<Option<Spot>> = entities.ids().map(spots).collect();
        Self { states: vec![State::Below; entities.len()], known: Vec::new(), down, entities }
    }

    /// An entity is there.
    pub fn present(&mut self, id: EntityId, known: Known) {
        self.grow();
        self.states[id.index()] = State::Present(self.known.len() as u32);
        self.known.push(known);
    }

    /// An entity and all below it is gone, unless something is said of it again.
    pub fn absent(&mut self, id: EntityId) {
        self.grow();
        self.states[id.index()] = State::Absent;
        self.down[id.index()] = None;
    }

    /// Nothing further below is seen through this entity.
    pub fn cut(&mut self, id: EntityId) {
        self.grow();
        self.down[id.index()] = None;
    }

    fn grow(&mut self) {
        self.states.resize(self.entities.len(), State::Below);
        self.down.resize(self.entities.len(), None);
    }

    fn finish(mut self) -> Level {
        self.grow();
        let count = self.entities.len();
        let mut numeric_owners: Vec<(EntityType, u32)> = Vec::new();
        for known in &self.known {
            for (owner, entity_type) in [(&known.user, EntityType::User), (&known.group, EntityType::Group)] {
                if let (Some(Owner::Number(number)), Some(_)) = (owner, known.file_type) {
                    numeric_owners.push((entity_type, *number));
                }
            }
        }
        numeric_owners.sort_unstable();
        numeric_owners.dedup();
        let mut child_offsets = vec![0u32; count + 1];
        let is_child = |id: EntityId| id.0 >= EntityType::ALL.len() as u32;
        for id in self.entities.ids().filter(|&id| is_child(id)) {
            child_offsets[self.entities.parent(id).index() + 1] += 1;
        }
        for at in 0..count {
            child_offsets[at + 1] += child_offsets[at];
        }
        let mut next = child_offsets.clone();
        let mut children = vec![0; count - EntityType::ALL.len()];
        for id in self.entities.ids().filter(|&id| is_child(id)) {
            let slot = &mut next[self.entities.parent(id).index()];
            children[*slot as usize] = id.0;
            *slot += 1;
        }
        Level {
            entities: self.entities,
            states: self.states,
            known: self.known,
            down: self.down,
            children,
            child_offsets,
            numeric_owners,
        }
    }
}

impl Layer {
    /// Nothing but `/`, the user root and the group root, of which it is not known more.
    pub fn opaque(name: impl Into<String>) -> Self {
        let builder = LevelBuilder::new(Entities::new(), |_| None);
        Self {
            levels: vec![Arc::new(builder.finish())],
            name: name.into(),
            opaque: true,
            opaque_packages: false,
            digest: None,
            from_facts: true,
        }
    }

    /// One level alone.
    pub fn bottom(name: impl Into<String>, builder: LevelBuilder, opaque: bool, from_facts: bool) -> Self {
        Self {
            levels: vec![Arc::new(builder.finish())],
            name: name.into(),
            opaque,
            opaque_packages: false,
            digest: None,
            from_facts,
        }
    }

    /// A level on top. Levels that are not much larger than what stands on them are merged, so that there are few.
    pub fn on(base: Option<&Self>, name: impl Into<String>, builder: LevelBuilder, opaque: (bool, bool)) -> Self {
        let mut levels = base.map_or_else(Vec::new, |base| base.levels.clone());
        levels.push(Arc::new(builder.finish()));
        while let [.., below, top] = levels.as_slice()
            && below.entities.len() < 2 * top.entities.len()
        {
            let merged = merge(&levels);
            levels.truncate(levels.len() - 2);
            levels.push(Arc::new(merged));
        }
        Self {
            levels,
            name: name.into(),
            opaque: opaque.0,
            opaque_packages: opaque.1,
            digest: None,
            from_facts: base.is_some_and(|base| base.from_facts),
        }
    }

    fn top(&self) -> u32 {
        self.levels.len() as u32 - 1
    }

    /// The node under which entities of a type hang.
    pub fn root(&self, entity_type: EntityType) -> Spot {
        Spot { level: self.top(), id: entity_type as u32 }
    }

    /// The entity `name` directly below another.
    pub fn child(&self, parent: Spot, name: &str) -> Option<Spot> {
        let mut at = parent;
        loop {
            let level = &self.levels[at.level as usize];
            if let Some(id) = level.entities.find_child(EntityId(at.id), name) {
                return Some(Spot { level: at.level, id: id.0 });
            }
            at = level.down[at.id as usize]?;
        }
    }

    /// What is known of an entity, if it is there.
    pub fn known(&self, spot: Spot) -> Option<&Known> {
        let mut at = spot;
        loop {
            let level = &self.levels[at.level as usize];
            match level.states[at.id as usize] {
                State::Present(known) => return Some(&level.known[known as usize]),
                State::Absent => return None,
                State::Below => at = level.down[at.id as usize]?,
            }
        }
    }

    /// An entity by its whole path or name.
    pub fn find(&self, entity_type: EntityType, text: &str) -> Option<Spot> {
        let root = self.root(entity_type);
        if entity_type != EntityType::Path {
            return self.child(root, text);
        }
        text.split('/').filter(|component| !component.is_empty()).try_fold(root, |at, name| self.child(at, name))
    }

    /// What is directly below an entity, by name.
    pub fn children(&self, parent: Spot) -> Vec<(&str, Spot)> {
        let mut found: FxHashMap<&str, Spot> = FxHashMap::default();
        let mut at = Some(parent);
        while let Some(spot) = at {
            let level = &self.levels[spot.level as usize];
            let range =
                level.child_offsets[spot.id as usize] as usize..level.child_offsets[spot.id as usize + 1] as usize;
            for &child in &level.children[range] {
                found.entry(level.entities.last(EntityId(child))).or_insert(Spot { level: spot.level, id: child });
            }
            at = level.down[spot.id as usize];
        }
        let mut children: Vec<(&str, Spot)> = found.into_iter().collect();
        children.sort_unstable_by_key(|&(name, _)| name);
        children
    }

    /// The accounts and packages that are there, by name.
    pub fn names(&self, entity_type: EntityType) -> Vec<(&str, &Known)> {
        self.children(self.root(entity_type))
            .into_iter()
            .filter_map(|(name, spot)| Some((name, self.known(spot)?)))
            .collect()
    }

    /// Everything at and below a place that is there, each with its path relative to it, directories first.
    pub fn subtree(&self, top: Spot) -> Vec<(String, &Known)> {
        let mut entries = Vec::new();
        let mut pending = vec![(String::new(), top)];
        while let Some((path, spot)) = pending.pop() {
            let known = self.known(spot);
            if let Some(known) = known {
                entries.push((path.clone(), known));
            }
            for (name, child) in self.children(spot).into_iter().rev() {
                pending.push((if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") }, child));
            }
        }
        entries
    }

    /// Numbers that paths belong to without a name.
    pub fn numeric_owners(&self) -> impl Iterator<Item = (EntityType, u32)> + '_ {
        self.levels.iter().flat_map(|level| level.numeric_owners.iter().copied())
    }

    /// Every path that one of some packages owns.
    pub fn owned_by(&self, is_meant: impl Fn(&str) -> bool) -> Vec<String> {
        self.subtree(self.root(EntityType::Path))
            .into_iter()
            .filter(|(_, known)| known.package.as_deref().is_some_and(&is_meant))
            .map(|(path, _)| format!("/{path}"))
            .collect()
    }
}

/// The two topmost levels as one.
fn merge(levels: &[Arc<Level>]) -> Level {
    let (below, top) = (&levels[levels.len() - 2], &levels[levels.len() - 1]);
    let below_number = levels.len() as u32 - 2;
    let mut entities = top.entities.clone();
    // A place of the level below is seen unless something above it was cut off.
    let mut seen: Vec<Option<EntityId>> = vec![None; below.entities.len()];
    let mut down: Vec<Option<Spot>> = top
        .down
        .iter()
        .map(|down| match down {
            Some(spot) if spot.level == below_number => below.down[spot.id as usize],
            other => *other,
        })
        .collect();
    let mut states = top.states.clone();
    let mut known = top.known.clone();
    for (id, spot) in top.down.iter().enumerate() {
        if let Some(spot) = spot
            && spot.level == below_number
        {
            seen[spot.id as usize] = Some(EntityId(id as u32));
        }
    }
    for id in below.entities.ids() {
        if seen[id.index()].is_none() {
            if id.0 < EntityType::ALL.len() as u32 {
                continue;
            }
            let Some(parent) = seen[below.entities.parent(id).index()] else { continue };
            let name = below.entities.last(id);
            if entities.find_child(parent, name).is_some() {
                continue;
            }
            let new = entities.child(parent, name);
            states.push(State::Below);
            down.push(below.down[id.index()]);
            seen[id.index()] = Some(new);
        }
        let Some(here) = seen[id.index()] else { continue };
        if states[here.index()] == State::Below {
            states[here.index()] = match below.states[id.index()] {
                State::Present(number) => {
                    known.push(below.known[number as usize].clone());
                    State::Present(known.len() as u32 - 1)
                }
                other => other,
            };
        }
    }
    LevelBuilder { entities, states, known, down }.finish()
}
