//! One file lowered: features with their origins and the rows of what they provide and require. A pure function of the file's bytes.

use std::sync::Arc;

use crate::catalog::Code;
use crate::diagnostic::Role;
use crate::entity::{COMMON_VALIDATORS, Owner, PathFacts, Phase, Provide, Require, Validator};
use crate::intern::{Entities, EntityId};
use crate::kind::Kind;
use crate::syntax::{Document, Language, NodeId};
use crate::text::{Source, Span};

/// Two things that a finding in one file may point to beside its own place.
#[derive(Clone, Debug)]
pub struct Note {
    /// The part it plays.
    pub role: Role,
    /// Where in the same file.
    pub span: Span,
    /// What is to be said there.
    pub message: String,
}

/// An edit of the same file that would remove a finding.
#[derive(Clone, Debug)]
pub struct SmallFix {
    /// What it does.
    pub title: String,
    /// What is replaced.
    pub span: Span,
    /// By what.
    pub text: String,
    /// Whether it only changes how the thing is written. What could have been meant otherwise, too, is a choice.
    pub safe: bool,
}

/// A finding that one file alone gives rise to.
#[derive(Clone, Debug)]
pub struct FileFinding {
    /// Which kind of finding.
    pub code: Code,
    /// Where.
    pub span: Span,
    /// One sentence.
    pub message: String,
    /// A few words for the caret.
    pub label: String,
    /// Other places.
    pub related: Vec<Note>,
    /// What to do.
    pub help: Option<String>,
    /// A way out.
    pub fix: Option<SmallFix>,
    /// Whether so much is lost with it that an entry's kind or main entity is unknown.
    pub loses: bool,
}

/// A file that another file names.
#[derive(Clone, Debug)]
pub struct Reference {
    /// Its path, relative to the working directory; the problem where it has none.
    pub path: String,
    /// The value that names it.
    pub span: Span,
}

/// What an image stands on.
#[derive(Clone, Debug)]
pub enum Parent {
    /// A manifest or a facts file.
    File(Reference),
    /// A name of which nothing is known.
    Opaque {
        /// The name.
        name: String,
        /// Where it stands.
        span: Span,
    },
}

/// The `[image]` table, or what a feature set has of it.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// Whether the file declares an image.
    pub is_image: bool,
    /// The image's name; the file's stem if not given.
    pub name: String,
    /// Where the name is given, or the header.
    pub name_span: Span,
    /// What it stands on.
    pub parent: Option<Parent>,
    /// Included feature sets and snippets, by place.
    pub includes: Vec<Reference>,
    /// Those of them whose language is said, by number.
    pub typed: Vec<(u32, Language)>,
    /// The default package manager.
    pub package_manager: Option<Manager>,
    /// The file with fixed numbers.
    pub ids: Option<Reference>,
}

/// A package manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Manager {
    /// Debian's.
    Apt,
    /// Fedora's.
    Dnf,
    /// Alpine's.
    Apk,
}

impl Manager {
    /// In the order of the choices in manifests.
    pub const ALL: [Self; 3] = [Self::Apt, Self::Dnf, Self::Apk];

    /// As written in manifests and plans.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Apt => "apt",
            Self::Dnf => "dnf",
            Self::Apk => "apk",
        }
    }
}

/// A declared account; what was not given is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub uid: Option<u32>,
    /// Its primary group.
    pub group: Option<Owner>,
    /// Its supplementary groups.
    pub groups: Option<Vec<EntityId>>,
    /// Its home directory.
    pub home: Option<String>,
    /// Its shell.
    pub shell: Option<String>,
    /// Its comment.
    pub comment: Option<String>,
    /// Whether it is a system account.
    pub system: Option<bool>,
}

/// Where a tree comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GraftFrom {
    /// A source that may be a folder.
    Folder {
        /// Its number in [`Fragment::sources`].
        source: u32,
    },
    /// An archive.
    Archive {
        /// Its number in [`Fragment::sources`].
        source: u32,
        /// How many leading components are dropped.
        strip: u32,
        /// Whether owners are kept by name.
        names: bool,
    },
    /// A package file, put at `/`.
    Package {
        /// Its number in [`Fragment::sources`].
        source: u32,
    },
    /// Another image.
    Image {
        /// Its number in [`Fragment::references`].
        reference: u32,
        /// The path in it, by its number in this fragment.
        path: EntityId,
        /// Where that is written.
        span: Span,
    },
}

/// User and group with whether they were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owners {
    /// The user.
    pub user: Owner,
    /// The group.
    pub group: Owner,
    /// [`crate::entity::PathFacts::USER`] and `GROUP` bits.
    pub given: u8,
}

impl Default for Owners {
    fn default() -> Self {
        Self { user: Owner::Name(EntityId::USER_ROOT), group: Owner::Name(EntityId::GROUP_ROOT), given: 0 }
    }
}

/// A tree that is put at a place.
#[derive(Clone, Debug)]
pub struct Graft {
    /// The feature, by its number in the fragment.
    pub feature: u32,
    /// The row that stands for it while nothing is known of the source.
    pub provide: Option<u32>,
    /// The place, as spelled.
    pub at: EntityId,
    /// The tree.
    pub from: GraftFrom,
    /// The mode of its files, where given.
    pub mode: Option<u16>,
    /// The owners of all entries, where given.
    pub owners: Owners,
    /// Patterns of what is left out.
    pub exclude: Vec<String>,
    /// The value that names the tree.
    pub span: Span,
}

impl Graft {
    /// Whether it comes from another image.
    pub const fn is_image(&self) -> bool {
        matches!(self.from, GraftFrom::Image { .. })
    }
}

/// A symbolic link's row beside its [`Provide`].
#[derive(Clone, Debug)]
pub struct LinkRow {
    /// Its number in [`Fragment::provides`].
    pub provide: u32,
    /// Where it leads, as written.
    pub target: Arc<str>,
    /// The value that says so.
    pub span: Span,
    /// What must be there; `None` if nothing need be.
    pub validator: Option<u32>,
}

/// A path or package that is taken away.
#[derive(Clone, Copy, Debug)]
pub struct Removal {
    /// The feature, by its number in the fragment.
    pub feature: u32,
    /// As spelled, then its canonical place.
    pub entity: EntityId,
    /// The value that names it.
    pub span: Span,
    /// Whether it is an error if nothing is there.
    pub must_exist: bool,
    /// Whether a directory goes with all below it.
    pub recursive: bool,
}

/// A change of what is there.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// The feature, by its number in the fragment.
    pub feature: u32,
    /// The row that requires what is changed, by its number in [`Fragment::requires`].
    pub require: u32,
    /// What is changed: the attributes that are given.
    pub facts: PathFacts,
    /// Whether all below it is changed, too.
    pub recursive: bool,
}

/// Something that a command has while it runs, and the image does not have.
#[derive(Clone, Copy, Debug)]
pub struct ToolRow {
    /// The feature, by its number in the fragment.
    pub feature: u32,
    /// Where it comes from, by number in [`Fragment::references`].
    pub reference: u32,
    /// Where it is.
    pub at: EntityId,
    /// The value that says so.
    pub span: Span,
}

/// A file of the host that a feature names.
#[derive(Clone, Debug)]
pub struct SourceRow {
    /// Its path, relative to the working directory.
    pub path: Box<str>,
    /// Its path as written, relative to the manifest.
    pub written: Box<str>,
    /// The first value that names it.
    pub span: Span,
    /// The feature that names it first.
    pub feature: u32,
    /// How it is read.
    pub role: SourceRole,
}

/// How a source is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SourceRole {
    /// A file or a folder.
    Plain,
    /// An archive.
    Archive,
    /// A package file.
    Package,
}

/// One value of the image configuration.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The feature, by its number in the fragment.
    pub feature: u32,
    /// The setting, with the key of a table: `env PATH`.
    pub name: String,
    /// Its value, as canonical text.
    pub value: String,
    /// Where.
    pub span: Span,
}

/// The first word of an entrypoint or of its arguments.
#[derive(Clone, Debug)]
pub struct ProgramRow {
    /// The feature, by its number in the fragment.
    pub feature: u32,
    /// The word.
    pub word: String,
    /// Where.
    pub span: Span,
    /// Whether it is an entrypoint's; else it is the program only where there is no entrypoint.
    pub entrypoint: bool,
}

/// What a package feature asks of its manager.
#[derive(Clone, Debug)]
pub struct PackageRow {
    /// The feature, by its number in the fragment.
    pub feature: u32,
    /// The manager, where given.
    pub manager: Option<Manager>,
    /// Whether it only removes.
    pub removes: bool,
    /// The facts of what it brought about, by number in [`Fragment::references`].
    pub facts: Option<u32>,
}

/// One declaration.
#[derive(Clone, Copy, Debug)]
pub struct Feature {
    /// What sort.
    pub kind: Kind,
    /// When it is carried out.
    pub phase: Phase,
    /// Bits: [`Feature::OPAQUE`] and so on.
    pub flags: u8,
    /// The table that declares it.
    pub node: NodeId,
    /// The element of a list that it is, else the table.
    pub element: NodeId,
    /// Where it is declared: the header, or the element.
    pub origin: Span,
    /// What it is about.
    pub main: Option<EntityId>,
    /// Its facts, by number in [`Fragment::references`].
    pub facts: u32,
}

impl Feature {
    /// It has effects that are not fully known.
    pub const OPAQUE: u8 = 1;
    /// `replace = true`.
    pub const REPLACE: u8 = 2;
    /// `parents = true`.
    pub const PARENTS: u8 = 4;
    /// Something in it was wrong.
    pub const BROKEN: u8 = 8;
    /// It has an `allow`.
    pub const ALLOWS: u8 = 16;
    /// It leaves alone what is there already.
    pub const KEEPS: u8 = 32;
    /// No number in [`Feature::facts`].
    pub const NO_FACTS: u32 = u32::MAX;

    /// Whether a bit is set.
    pub const fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// A code that one feature does not want to hear of.
#[derive(Clone, Copy, Debug)]
pub struct Allow {
    /// The table that says so.
    pub node: NodeId,
    /// The code.
    pub code: Code,
    /// Where.
    pub span: Span,
}

/// A file, lowered.
#[derive(Debug)]
pub struct Fragment {
    /// The file's text.
    pub source: Arc<Source>,
    /// Its values.
    pub document: Arc<Document>,
    /// `[image]` and `include`.
    pub head: Head,
    /// Every entity it names, as spelled.
    pub entities: Entities,
    /// By place.
    pub features: Vec<Feature>,
    /// By feature.
    pub provides: Vec<Provide>,
    /// By feature.
    pub requires: Vec<Require>,
    /// What must be true of required entities; [`COMMON_VALIDATORS`] first.
    pub validators: Vec<Validator>,
    /// Declared users.
    pub accounts: Vec<Account>,
    /// Symbolic links.
    pub links: Vec<LinkRow>,
    /// Trees.
    pub grafts: Vec<Graft>,
    /// What is taken away.
    pub removals: Vec<Removal>,
    /// What is changed.
    pub changes: Vec<Change>,
    /// What commands have while they run.
    pub tools: Vec<ToolRow>,
    /// Host files that features name, each path once.
    pub sources: Vec<SourceRow>,
    /// Manifests and facts that features name.
    pub references: Vec<Reference>,
    /// The image configuration.
    pub settings: Vec<Setting>,
    /// What the image runs.
    pub programs: Vec<ProgramRow>,
    /// Where the image looks for programs: values of PATH.
    pub search_paths: Vec<String>,
    /// Package features.
    pub packages: Vec<PackageRow>,
    /// Silenced codes.
    pub allows: Vec<Allow>,
    /// What is wrong with the file itself.
    pub findings: Vec<FileFinding>,
    /// How many features it declares, those that were lost included.
    pub declared: usize,
    /// Whether an entry was lost so far that nothing is known of it.
    pub gap: bool,
}

impl Fragment {
    /// Of nothing yet.
    pub fn new(source: Arc<Source>, document: Arc<Document>) -> Self {
        Self {
            source,
            document,
            head: Head::default(),
            entities: Entities::new(),
            features: Vec::new(),
            provides: Vec::new(),
            requires: Vec::new(),
            validators: COMMON_VALIDATORS.to_vec(),
            accounts: Vec::new(),
            links: Vec::new(),
            grafts: Vec::new(),
            removals: Vec::new(),
            changes: Vec::new(),
            tools: Vec::new(),
            sources: Vec::new(),
            references: Vec::new(),
            settings: Vec::new(),
            programs: Vec::new(),
            search_paths: Vec::new(),
            packages: Vec::new(),
            allows: Vec::new(),
            findings: Vec::new(),
            declared: 0,
            gap: false,
        }
    }

    /// Whether so much of it was lost that what is missing cannot be judged.
    pub fn lost(&self) -> bool {
        self.gap || self.findings.iter().any(|finding| finding.loses)
    }
}
