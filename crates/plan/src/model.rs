//! The public plan format, version 1.0: what an executor reads.

use std::borrow::Cow;
use std::collections::BTreeMap;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::mode::Mode;
use super::op::Op;

/// The version that this crate writes. Readers refuse another major number.
pub const FORMAT_VERSION: &str = "1.0";

/// Origins of the steps by step id, in the order of the steps.
pub type Origins = IndexMap<String, Vec<Origin<'static>>>;

/// The order in which an executor carries out one image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(expecting = "a plan")]
pub struct Plan {
    /// Version of this format, `MAJOR.MINOR`. An executor refuses a major number it does not know.
    pub format_version: String,
    /// Name of the image.
    pub image: String,
    /// Names the whole result: the key of the last stage; without stages the parent's digest, without a parent that of nothing.
    pub digest: Digest,
    /// What the image builds on; null from scratch.
    pub parent: Option<PlanParent>,
    /// The barriers, in order: every step of one is done before any of the next starts.
    pub stages: Vec<Stage>,
    /// The steps, sorted by stage, wave and entity. They can be carried out as they stand.
    pub steps: Vec<Step<'static>>,
    /// What was not proven but relied upon, to be checked when its stage starts.
    pub expects: Vec<Expect>,
    /// Where every step was declared, by step id. Absent where it was not asked for.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "origin_map")]
    #[schemars(with = "Option<BTreeMap<String, Vec<Origin<'static>>>>")]
    pub origins: Option<Origins>,
}

/// What an image builds on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(expecting = "a parent")]
pub struct PlanParent {
    /// Its name.
    pub name: String,
    /// The digest of its plan, or of its facts in canonical form.
    pub digest: Digest,
}

/// A barrier between what other features may do at will and in any order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(expecting = "a stage")]
pub struct Stage {
    /// The phase it belongs to.
    pub phase: Phase,
    /// Whether it is one step with effects that are not fully known.
    pub opaque: bool,
    /// What stands before it: the key of the stage before, the parent's digest for the first one; null from scratch.
    pub base: Option<Digest>,
    /// How many steps it has.
    pub steps: usize,
    /// Names the root as it is after this stage: covers its base and the sorted keys of its steps.
    pub key: Digest,
}

/// Barriers: all of one phase runs before any of the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Phase {
    /// Packages.
    Packages,
    /// Commands.
    Commands,
    /// Removals.
    Removals,
    /// Everything else.
    Main,
    /// The end.
    Finalize,
}

impl Phase {
    /// In the order in which they run.
    pub const ALL: [Self; 5] = [Self::Packages, Self::Commands, Self::Removals, Self::Main, Self::Finalize];

    /// As written in manifests and plans.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Packages => "packages",
            Self::Commands => "commands",
            Self::Removals => "removals",
            Self::Main => "main",
            Self::Finalize => "finalize",
        }
    }

    /// The phase of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.name() == name)
    }
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(expecting = "a step")]
pub struct Step<'a> {
    /// Stable name: kind, `:`, main entity; where two would be equal, `#` and a short digest follow.
    pub id: Cow<'a, str>,
    /// Number of its stage, from 0.
    pub stage: u32,
    /// The longest way to it from the start of its stage, from 0. Steps of one wave do not need each other.
    pub wave: u32,
    /// The phase it runs in.
    pub phase: Phase,
    /// True for a directory or group that no feature declares but that has to be there. Absent: false.
    #[serde(default, skip_serializing_if = "is_false")]
    pub implied: bool,
    /// What to do.
    pub op: Op<'a>,
    /// Ids of the steps that must be done before it, also those of earlier stages.
    pub requires: Vec<Cow<'a, str>>,
    /// The entities it brings about.
    pub provides: Vec<Provided>,
    /// Places it edits in place. A step that modifies what another one modifies or provides never runs at once with it,
    /// nor do their changes merge as layers. Absent: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modifies: Vec<String>,
    /// What it takes away first. Absent: nothing stands in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Replaced>,
    /// False where the outcome depends on the outside: the network, packages without a version. Absent: true.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub hermetic: bool,
    /// The sources it reads. Absent: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Input>,
    /// Names its change: equal keys mean equal outcomes.
    pub key: Digest,
}

/// An entity that a step brings about: a key such as `path:/etc/hosts`, or the root of a tree with the number of its entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "an entity, or an object with \"entity\" and \"entries\"")]
pub enum Provided {
    /// One entity, by its canonical key.
    Entity(String),
    /// A whole tree.
    Tree {
        /// The root of the tree, by its canonical key.
        entity: String,
        /// How many entries it has, its root included.
        entries: u64,
    },
}

impl Provided {
    /// The canonical key of the entity, or of the root of the tree.
    pub fn entity(&self) -> &str {
        match self {
            Self::Entity(entity) | Self::Tree { entity, .. } => entity,
        }
    }
}

/// What a step with `replace` takes away first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(expecting = "an object with \"type\" and \"from\"")]
pub struct Replaced {
    /// What it is.
    #[serde(rename = "type")]
    pub what: ReplacedType,
    /// Who put it there.
    pub from: ReplacedFrom,
}

/// What is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReplacedType {
    /// A regular file.
    File,
    /// A directory with all below it.
    Directory,
    /// A symbolic link, not what it leads to.
    Symlink,
    /// A character device.
    Char,
    /// A block device.
    Block,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A user.
    User,
    /// A group.
    Group,
    /// Whatever is there, if anything.
    Unknown,
}

/// Who put there what is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReplacedFrom {
    /// The parent.
    Parent,
    /// A step of an earlier phase.
    Phase,
    /// Perhaps an opaque step, or an opaque parent.
    Opaque,
}

/// A source that a step reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(expecting = "an input")]
pub struct Input {
    /// Its path, relative to the folder of the image's manifest.
    pub path: String,
    /// Whether it is one file, or a tree (an archive is one, too).
    #[serde(rename = "type")]
    pub input_type: InputType,
    /// Its size in bytes; of a tree, the sum of its files.
    pub size: u64,
    /// The digest of its bytes; of a tree, of its sorted lines of type, mode bits that matter, path and digest.
    pub digest: Digest,
}

/// What a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum InputType {
    /// One file.
    File,
    /// A folder, an archive, a part of another image.
    Tree,
}

/// Something that was not proven but is relied upon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(expecting = "an expectation")]
pub struct Expect {
    /// The entity, by its canonical key.
    pub entity: String,
    /// What must be true of it.
    pub validator: Expected,
    /// Number of the stage before which it must be true.
    pub stage: u32,
    /// Ids of the steps that rely on it.
    #[serde(rename = "for")]
    pub relied_on_by: Vec<String>,
}

/// What must be true of an entity beside that it exists. What is absent is not asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(expecting = "a validator")]
pub struct Expected {
    /// Its type, links followed.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub path_type: Option<FileType>,
    /// It may be executed by its owner, its group or others.
    #[serde(default, skip_serializing_if = "is_false")]
    pub executable: bool,
    /// Exactly this mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// It belongs to this user: a name, or a number in digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// It belongs to this group: a name, or a number in digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// A directory with nothing in it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub empty: bool,
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FileType {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A character device.
    Char,
    /// A block device.
    Block,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A place on which something is mounted.
    Mount,
}

impl FileType {
    /// Every type, in the order in which the format lists them.
    pub const ALL: [Self; 8] =
        [Self::File, Self::Directory, Self::Symlink, Self::Char, Self::Block, Self::Fifo, Self::Socket, Self::Mount];

    /// As written in facts, plans and manifests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Directory => "directory",
            Self::Symlink => "symlink",
            Self::Char => "char",
            Self::Block => "block",
            Self::Fifo => "fifo",
            Self::Socket => "socket",
            Self::Mount => "mount",
        }
    }

    /// As a person says it, with its article.
    pub const fn described(self) -> &'static str {
        match self {
            Self::File => "a file",
            Self::Directory => "a directory",
            Self::Symlink => "a symbolic link",
            Self::Char => "a character device",
            Self::Block => "a block device",
            Self::Fifo => "a named pipe",
            Self::Socket => "a socket",
            Self::Mount => "a mountpoint",
        }
    }

    /// The type of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name.as_bytes() {
            b"file" => Self::File,
            b"directory" => Self::Directory,
            b"symlink" => Self::Symlink,
            b"char" => Self::Char,
            b"block" => Self::Block,
            b"fifo" => Self::Fifo,
            b"socket" => Self::Socket,
            b"mount" => Self::Mount,
            _ => return None,
        })
    }

    /// Whether other entries can stand below it without a link being followed.
    pub const fn holds_entries(self) -> bool {
        matches!(self, Self::Directory | Self::Mount)
    }
}

/// Where a step was declared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(expecting = "an origin")]
pub struct Origin<'a> {
    /// The file, relative to the working directory.
    pub file: Cow<'a, str>,
    /// From 1.
    pub line: u32,
    /// From 1, in Unicode scalar values.
    pub column: u32,
}

/// Where a value is left out because it is what everyone expects.
fn is_false(value: &bool) -> bool {
    !value
}

fn is_true(value: &bool) -> bool {
    *value
}

fn yes() -> bool {
    true
}

/// Origins as an object in their own order. An id that stands there twice keeps the last.
mod origin_map {
    use std::fmt;

    use serde::de::{Deserializer, MapAccess, Visitor};
    use serde::ser::Serializer;

    use super::Origins;

    pub fn serialize<S: Serializer>(origins: &Option<Origins>, serializer: S) -> Result<S::Ok, S::Error> {
        match origins {
            Some(origins) => serializer.collect_map(origins),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Origins>, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Option<Origins>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("origins by step id")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut origins = Origins::new();
                while let Some((id, places)) = map.next_entry()? {
                    origins.insert(id, places);
                }
                Ok(Some(origins))
            }
        }

        deserializer.deserialize_any(Entries)
    }
}
