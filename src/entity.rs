//! The neutral vocabulary that kinds are lowered into: what is provided and required, of which entity, and why.

pub use featgraph_plan::Phase;

use crate::intern::EntityId;
use crate::text::Span;
use crate::tree::FileType;

/// How firmly a thing is provided. Ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// A directory or group that had to be there.
    Implied,
    /// A directory that came with a tree.
    Weak,
    /// Declared.
    Explicit,
}

/// Who a thing belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A user or group by name.
    Name(EntityId),
    /// A number, which is not checked to exist.
    Number(u32),
    /// Not known.
    Unknown,
}

/// What is in a file, or where a link leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Nothing that could differ: a directory, a mountpoint.
    None,
    /// Not known: declared by `provides`, or assumed.
    Unknown,
    /// The string at a node of the feature's document.
    Text(u32),
    /// A source by its number in the fragment.
    Source(u32),
    /// A symbolic link: the string at a node of the feature's document.
    Target(u32),
    /// A hard link to a path.
    SameAs(EntityId),
    /// An entry of a grafted tree.
    Entry(u32),
    /// What is mounted, by its feature's declaration.
    Mount(u32),
    /// A device by its feature's declaration.
    Device(u32),
    /// What a stamp writes, by its feature's declaration.
    Stamp(u32),
}

/// What is known of a path that is provided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathFacts {
    /// Its type, where known.
    pub file_type: Option<FileType>,
    /// Its permission bits, where known.
    pub mode: Option<u16>,
    /// Its user.
    pub user: Owner,
    /// Its group.
    pub group: Owner,
    /// Which of them were given, not defaults: [`PathFacts::MODE`], [`PathFacts::USER`], [`PathFacts::GROUP`].
    pub given: u8,
    /// What is in it.
    pub content: Content,
}

impl PathFacts {
    /// `mode` was given.
    pub const MODE: u8 = 1;
    /// `user` was given.
    pub const USER: u8 = 2;
    /// `group` was given.
    pub const GROUP: u8 = 4;
    /// `xattrs` were given.
    pub const XATTRS: u8 = 8;

    /// A directory as it is made on the way: 0755 root:root, nothing given.
    pub const DIRECTORY: Self = Self {
        file_type: Some(FileType::Directory),
        mode: Some(0o755),
        user: Owner::Name(EntityId::USER_ROOT),
        group: Owner::Name(EntityId::GROUP_ROOT),
        given: 0,
        content: Content::None,
    };

    /// Of which nothing is known but that it exists.
    pub const UNKNOWN: Self = Self {
        file_type: None,
        mode: None,
        user: Owner::Unknown,
        group: Owner::Unknown,
        given: 0,
        content: Content::Unknown,
    };
}

/// What is said of the entity that is provided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A path.
    Path(PathFacts),
    /// A user: its number in the fragment's accounts.
    User(u32),
    /// A group with its number, where given.
    Group(Option<u32>),
    /// A package, with the node of its version where given.
    Package(Option<u32>),
    /// A name of the author's own.
    Virtual,
}

/// How a provided path's directory comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParentRule {
    /// Not asked for: declared, assumed, inside a tree.
    Free,
    /// It is required.
    Required,
    /// It is implied where it is missing, with all above it.
    Implied,
}

/// How a provided entity comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// The feature's own step makes it.
    Made,
    /// It comes with what the step makes: an entry of a tree, an account in a passwd file.
    Contained,
    /// The author says that the step brings it about.
    Declared,
    /// It is taken as there from outside.
    Assumed,
}

/// A row: a feature provides an entity.
#[derive(Clone, Copy, Debug)]
pub struct Provide {
    /// By its number in the fragment, then in the image.
    pub feature: u32,
    /// As spelled, then its canonical place.
    pub entity: EntityId,
    /// What is said of it.
    pub what: What,
    /// The value in the manifest that names it.
    pub span: Span,
    /// How firmly.
    pub strength: Strength,
    /// How it comes about.
    pub means: Means,
    /// How its directory comes about.
    pub parent: ParentRule,
    /// The path was written with a trailing slash, and its last component is the source's name.
    pub into: bool,
}

/// Why an entity is required.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// A thing's directory.
    Parent,
    /// A thing's user.
    User,
    /// A thing's group.
    Group,
    /// Where a symbolic link leads.
    LinkTarget,
    /// What a hard link is another name of.
    HardlinkTarget,
    /// A symbolic link on the way.
    Link,
    /// What is to be removed.
    Removed,
    /// /etc/passwd or /etc/group, in which accounts are kept.
    Accounts,
    /// A user's primary group.
    PrimaryGroup,
    /// A user's further group.
    SupplementaryGroup,
    /// A user's home.
    Home,
    /// A user's shell.
    Shell,
    /// The user who is changed.
    ChangedUser,
    /// A program that is run.
    Program,
    /// The user who runs a command.
    RunsAs,
    /// A command's working directory.
    WorkingDirectory,
    /// Named in `requires`.
    Declared,
    /// Named by a `require` feature.
    Asserted,
    /// The user of the image configuration.
    ConfiguredUser,
    /// Where an archive is unpacked.
    Destination,
    /// What attributes are changed of.
    Changed,
    /// A path among the arguments of a command: not required, but hardly meant to come later.
    Mentioned,
    /// The program of the image configuration.
    ConfiguredProgram,
    /// The working directory of the image configuration.
    ConfiguredDirectory,
}

/// What must be true of a required entity beside that it exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Validator {
    /// The type, links followed.
    pub file_type: Option<FileType>,
    /// A file that its owner, group or others may execute.
    pub executable: bool,
    /// Exactly this mode.
    pub mode: Option<u16>,
    /// This user.
    pub user: Option<Owner>,
    /// This group.
    pub group: Option<Owner>,
    /// A directory with nothing in it.
    pub empty: bool,
}

impl Validator {
    /// It exists.
    pub const EXISTS: Self =
        Self { file_type: None, executable: false, mode: None, user: None, group: None, empty: false };
    /// It is a file.
    pub const FILE: Self = Self { file_type: Some(FileType::File), ..Self::EXISTS };
    /// It is a directory.
    pub const DIRECTORY: Self = Self { file_type: Some(FileType::Directory), ..Self::EXISTS };
    /// It is a file that can be executed.
    pub const EXECUTABLE: Self = Self { file_type: Some(FileType::File), executable: true, ..Self::EXISTS };
}

/// A row: a feature requires an entity.
#[derive(Clone, Copy, Debug)]
pub struct Require {
    /// By its number in the fragment, then in the image.
    pub feature: u32,
    /// As spelled, then its canonical place.
    pub entity: EntityId,
    /// The value in the manifest that names it.
    pub span: Span,
    /// Number of its validator in the fragment, then in the image.
    pub validator: u32,
    /// Why.
    pub cause: Cause,
    /// Whether it must be there before the feature's step, not only at the end of the phase and of the image.
    pub ordered: bool,
}

/// Rows for the four validators that nearly everything uses stand first in every fragment.
pub const COMMON_VALIDATORS: [Validator; 4] =
    [Validator::EXISTS, Validator::FILE, Validator::DIRECTORY, Validator::EXECUTABLE];

/// [`Validator::EXISTS`] in [`COMMON_VALIDATORS`].
pub const EXISTS: u32 = 0;
/// [`Validator::FILE`] in [`COMMON_VALIDATORS`].
pub const FILE: u32 = 1;
/// [`Validator::DIRECTORY`] in [`COMMON_VALIDATORS`].
pub const DIRECTORY: u32 = 2;
/// [`Validator::EXECUTABLE`] in [`COMMON_VALIDATORS`].
pub const EXECUTABLE: u32 = 3;
