//! The entity tree: every path, account, package and virtual of one file or image, interned once as a dense `u32`.

use hashbrown::HashTable;
use rustc_hash::FxHashMap;
use std::hash::{BuildHasher, Hash};

/// What sort of entity it is. The discriminant is the node under which entities of the type hang.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum EntityType {
    /// `path:/etc/hosts`
    Path = 0,
    /// `user:web`
    User = 1,
    /// `group:web`
    Group = 2,
    /// `package:nginx`
    Package = 3,
    /// `virtual:dns`
    Virtual = 4,
}

impl EntityType {
    /// Every type, in order.
    pub const ALL: [Self; 5] = [Self::Path, Self::User, Self::Group, Self::Package, Self::Virtual];

    /// The word before the colon of a key.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::User => "user",
            Self::Group => "group",
            Self::Package => "package",
            Self::Virtual => "virtual",
        }
    }
}

/// An entity of one [`Entities`] tree. Ascending: a directory comes before what is below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityId(pub u32);

impl EntityId {
    /// `/`, in every tree.
    pub const ROOT: Self = Self(0);
    /// The user root, in every tree.
    pub const USER_ROOT: Self = Self(5);
    /// The group root, in every tree.
    pub const GROUP_ROOT: Self = Self(6);

    /// As an index into rows.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

#[derive(Clone, Copy)]
struct Node {
    parent: u32,
    name: u32,
    len: u16,
    entity_type: EntityType,
}

/// Interned entities. Paths hang below `/` component by component, names below one node a type.
#[derive(Clone)]
pub struct Entities {
    nodes: Vec<Node>,
    names: String,
    table: HashTable<u32>,
    directories: FxHashMap<Box<str>, u32>,
    hasher: rustc_hash::FxBuildHasher,
}

impl std::fmt::Debug for Entities {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.ids().skip(EntityType::ALL.len()).map(|id| self.key(id))).finish()
    }
}

impl Default for Entities {
    fn default() -> Self {
        Self::new()
    }
}

impl Entities {
    /// Holds `/`, the user root and the group root.
    pub fn new() -> Self {
        let mut entities = Self {
            nodes: Vec::new(),
            names: String::new(),
            table: HashTable::new(),
            directories: FxHashMap::default(),
            hasher: rustc_hash::FxBuildHasher,
        };
        for entity_type in EntityType::ALL {
            entities.nodes.push(Node { parent: entity_type as u32, name: 0, len: 0, entity_type });
        }
        entities.name(EntityType::User, "root");
        entities.name(EntityType::Group, "root");
        entities
    }

    /// Makes room in the index, so that it need not grow step by step.
    pub fn reserve(&mut self, additional: usize) {
        let (nodes, names, hasher) = (&self.nodes, &self.names, &self.hasher);
        let rehash = |&id: &u32| hasher.hash_one((nodes[id as usize].parent, Hashed(text_of(nodes, names, id))));
        self.table.reserve(additional, rehash);
    }

    /// How many there are; ids are below it.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Never: `/` is always there.
    pub fn is_empty(&self) -> bool {
        false
    }

    fn hash(&self, parent: u32, name: &str) -> u64 {
        self.hasher.hash_one((parent, Hashed(name)))
    }

    /// The entity `name` directly below `parent`, made if it is new.
    pub fn child(&mut self, parent: EntityId, name: &str) -> EntityId {
        let hash = self.hash(parent.0, name);
        let (nodes, names, hasher) = (&self.nodes, &self.names, &self.hasher);
        let same = |&id: &u32| nodes[id as usize].parent == parent.0 && text_of(nodes, names, id) == name;
        let rehash = |&id: &u32| hasher.hash_one((nodes[id as usize].parent, Hashed(text_of(nodes, names, id))));
        match self.table.entry(hash, same, rehash) {
            hashbrown::hash_table::Entry::Occupied(found) => EntityId(*found.get()),
            hashbrown::hash_table::Entry::Vacant(vacant) => {
                let id = self.nodes.len() as u32;
                vacant.insert(id);
                let entity_type = self.nodes[parent.index()].entity_type;
                self.nodes.push(Node {
                    parent: parent.0,
                    name: self.names.len() as u32,
                    len: name.len() as u16,
                    entity_type,
                });
                self.names.push_str(name);
                EntityId(id)
            }
        }
    }

    /// The entity `name` directly below `parent`, if it is known.
    pub fn find_child(&self, parent: EntityId, name: &str) -> Option<EntityId> {
        let hash = self.hash(parent.0, name);
        self.table
            .find(hash, |&id| {
                self.nodes[id as usize].parent == parent.0 && text_of(&self.nodes, &self.names, id) == name
            })
            .map(|&id| EntityId(id))
    }

    /// An account, package or virtual by name.
    pub fn name(&mut self, entity_type: EntityType, name: &str) -> EntityId {
        self.child(EntityId(entity_type as u32), name)
    }

    /// An account, package or virtual by name, if it is known.
    pub fn find_name(&self, entity_type: EntityType, name: &str) -> Option<EntityId> {
        self.find_child(EntityId(entity_type as u32), name)
    }

    /// A normalised absolute path. Directories are remembered whole, so that a path costs two look-ups.
    pub fn path(&mut self, path: &str) -> EntityId {
        let Some(cut) = path.rfind('/') else { return EntityId::ROOT };
        let (directory, name) = (&path[..cut], &path[cut + 1..]);
        if name.is_empty() {
            return EntityId::ROOT;
        }
        let parent = self.directory(directory);
        self.child(parent, name)
    }

    fn directory(&mut self, directory: &str) -> EntityId {
        if directory.is_empty() {
            return EntityId::ROOT;
        }
        if let Some(&id) = self.directories.get(directory) {
            return EntityId(id);
        }
        let mut at = EntityId::ROOT;
        for component in directory.split('/').filter(|component| !component.is_empty()) {
            at = self.child(at, component);
        }
        self.directories.insert(directory.into(), at.0);
        at
    }

    /// A normalised absolute path, if it is known.
    pub fn find_path(&self, path: &str) -> Option<EntityId> {
        let mut at = EntityId::ROOT;
        for component in path.split('/').filter(|component| !component.is_empty()) {
            at = self.find_child(at, component)?;
        }
        Some(at)
    }

    /// The entity of a canonical key, if it is known.
    pub fn find(&self, key: &str) -> Option<EntityId> {
        let (name, text) = key.split_once(':')?;
        match EntityType::ALL.into_iter().find(|entity_type| entity_type.name() == name)? {
            EntityType::Path => self.find_path(text),
            entity_type => self.find_name(entity_type, text),
        }
    }

    /// The directory that an entity stands in; `/` is in itself.
    pub fn parent(&self, id: EntityId) -> EntityId {
        EntityId(self.nodes[id.index()].parent)
    }

    /// Its last component or its name.
    pub fn last(&self, id: EntityId) -> &str {
        text_of(&self.nodes, &self.names, id.0)
    }

    /// What sort of entity it is.
    pub fn entity_type(&self, id: EntityId) -> EntityType {
        self.nodes[id.index()].entity_type
    }

    /// Whether it is a path.
    pub fn is_path(&self, id: EntityId) -> bool {
        self.entity_type(id) == EntityType::Path
    }

    /// The whole path, or the name.
    pub fn text(&self, id: EntityId) -> String {
        let mut text = String::new();
        self.push_text(id, &mut text);
        text
    }

    /// Adds the whole path, or the name.
    pub fn push_text(&self, id: EntityId, text: &mut String) {
        if !self.is_path(id) {
            return text.push_str(self.last(id));
        }
        if id == EntityId::ROOT {
            return text.push('/');
        }
        // Nearly all paths are short: their way up fits on the stack, and the room is made once.
        let mut near = [EntityId::ROOT; 24];
        let mut far = Vec::new();
        let (mut depth, mut length, mut at) = (0, 0, id);
        while at != EntityId::ROOT {
            match near.get_mut(depth) {
                Some(slot) => *slot = at,
                None => far.push(at),
            }
            depth += 1;
            length += 1 + self.nodes[at.index()].len as usize;
            at = self.parent(at);
        }
        text.reserve(length);
        for &part in far.iter().rev().chain(near[..depth.min(near.len())].iter().rev()) {
            text.push('/');
            text.push_str(self.last(part));
        }
    }

    /// The canonical key: `path:/etc/hosts`, `user:web`.
    pub fn key(&self, id: EntityId) -> String {
        format!("{}:{}", self.entity_type(id).name(), self.text(id))
    }

    /// Whether `id` is `above` or below it.
    pub fn is_within(&self, mut id: EntityId, above: EntityId) -> bool {
        while id.0 > above.0 {
            id = self.parent(id);
        }
        id == above
    }

    /// Every id, ascending.
    pub fn ids(&self) -> impl Iterator<Item = EntityId> + Clone + use<> {
        (0..self.nodes.len() as u32).map(EntityId)
    }
}

fn text_of<'n>(nodes: &[Node], names: &'n str, id: u32) -> &'n str {
    let node = nodes[id as usize];
    &names[node.name as usize..node.name as usize + node.len as usize]
}

/// Hashes a string's bytes without a length byte of its own: the parent's number stands before it.
struct Hashed<'s>(&'s str);

impl Hash for Hashed<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        state.write(self.0.as_bytes());
    }
}

/// Why a text is no path of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathProblem {
    /// Nothing in it.
    Empty,
    /// Does not start with `/`.
    Relative,
    /// Has a `..` component.
    DotDot,
    /// Has a NUL byte.
    Nul,
    /// More than 4095 bytes.
    TooLong,
    /// A component of more than 255 bytes.
    ComponentTooLong,
    /// `${` is reserved.
    Reserved,
}

impl PathProblem {
    /// As the end of a sentence that starts with the path.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Empty => "a path must not be empty",
            Self::Relative => "a path in the image must be absolute, that is, start with `/`",
            Self::DotDot => "a path in the image must not contain `..`",
            Self::Nul => "a path must not contain a NUL character",
            Self::TooLong => "a path may have at most 4095 bytes",
            Self::ComponentTooLong => "a component of a path may have at most 255 bytes",
            Self::Reserved => "`${` is reserved for variables, which this version does not have",
        }
    }
}

/// An absolute path without `//`, `.` and trailing `/`. Borrowed where it was so already.
pub fn normalised(path: &str) -> Result<std::borrow::Cow<'_, str>, PathProblem> {
    let bytes = path.as_bytes();
    match bytes.first() {
        None => return Err(PathProblem::Empty),
        Some(b'/') => {}
        Some(_) => return Err(if path.contains("${") { PathProblem::Reserved } else { PathProblem::Relative }),
    }
    let mut clean = true;
    for component in bytes[1..].split(|&byte| byte == b'/') {
        match component {
            b"" | b"." => clean = false,
            b".." => return Err(PathProblem::DotDot),
            _ if component.len() > 255 => return Err(PathProblem::ComponentTooLong),
            _ => {}
        }
    }
    if memchr::memchr2(0, b'$', bytes).is_some() {
        if bytes.contains(&0) {
            return Err(PathProblem::Nul);
        }
        if path.contains("${") {
            return Err(PathProblem::Reserved);
        }
    }
    let path = if clean || path == "/" {
        std::borrow::Cow::Borrowed(path)
    } else {
        let mut out = String::with_capacity(path.len());
        for component in path.split('/').filter(|component| !matches!(*component, "" | ".")) {
            out.push('/');
            out.push_str(component);
        }
        if out.is_empty() {
            out.push('/');
        }
        std::borrow::Cow::Owned(out)
    };
    if path.len() > 4095 { Err(PathProblem::TooLong) } else { Ok(path) }
}
