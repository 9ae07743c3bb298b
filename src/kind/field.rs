//! How a kind's fields are described, and the fields that every feature takes.

/// What a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// Any string.
    String,
    /// An absolute path in the image.
    Path,
    /// One path or a list of them; a list is as many features.
    Paths,
    /// Where a link leads: absolute or relative.
    LinkTarget,
    /// A path on the host, relative to the manifest.
    HostPath,
    /// One host path or a list of them; a list is as many features.
    HostPaths,
    /// A list of host paths.
    HostPathList,
    /// The name of an account.
    Name,
    /// One name or a list of them; a list is as many features.
    Names,
    /// A list of strings.
    Strings,
    /// A program with its arguments, as a list.
    Command,
    /// A list of tables `{ from, at }`.
    Tools,
    /// A list of absolute paths in the image.
    PathList,
    /// A user or group: a name or a number.
    Owner,
    /// Permission bits.
    Mode,
    /// `true` or `false`.
    Boolean,
    /// A whole number between 0 and the given one.
    Integer(u32),
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// A table of strings.
    Table,
    /// A table of anything.
    AnyTable,
    /// Entity references.
    Entities,
    /// Diagnostic codes.
    Codes,
}

/// One key of a feature's table: schema, completion, hover and the manual all read this.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The key.
    pub name: &'static str,
    /// What it takes.
    pub field_type: FieldType,
    /// Whether it must be given.
    pub required: bool,
    /// What holds where it is not given, as written in TOML.
    pub default: Option<&'static str>,
    /// One or two sentences.
    pub doc: &'static str,
}

impl Field {
    /// A field that must be given.
    pub const fn required(name: &'static str, field_type: FieldType, doc: &'static str) -> Self {
        Self { name, field_type, required: true, default: None, doc }
    }

    /// A field that may be left out.
    pub const fn optional(name: &'static str, field_type: FieldType, doc: &'static str) -> Self {
        Self { name, field_type, required: false, default: None, doc }
    }

    /// A field with a default.
    pub const fn default(name: &'static str, field_type: FieldType, default: &'static str, doc: &'static str) -> Self {
        Self { name, field_type, required: false, default: Some(default), doc }
    }
}

/// The fields of every feature. `parents` only where a kind places something.
pub const COMMON: &[Field] = &[
    Field::optional("description", FieldType::String, "What the feature is for; for people only."),
    Field::optional(
        "phase",
        FieldType::Choice(&["packages", "commands", "removals", "main", "finalize"]),
        "The phase in which it is carried out, in place of the kind's own.",
    ),
    Field::default(
        "allow",
        FieldType::Codes,
        "[]",
        "Codes of warnings and infos that are not to be given for this feature.",
    ),
    Field::default(
        "parents",
        FieldType::Boolean,
        "false",
        "Whether missing ancestors are made (0755 root:root) in place of being required. On for `ensure_dir` and `stamp`.",
    ),
    Field::default(
        "replace",
        FieldType::Boolean,
        "false",
        "Whether it may take the place of what the parent, an earlier phase or an included file provides.",
    ),
    Field::default("provides", FieldType::Entities, "[]", "Further entities that it brings about."),
    Field::default("requires", FieldType::Entities, "[]", "Further entities that it needs."),
    Field::optional(
        "facts",
        FieldType::HostPath,
        "A facts file that records what the feature brought about when it was last carried out.",
    ),
];

/// Positions in [`COMMON`].
pub const DESCRIPTION: usize = 0;
/// See [`COMMON`].
pub const PHASE: usize = 1;
/// See [`COMMON`].
pub const ALLOW: usize = 2;
/// See [`COMMON`].
pub const PARENTS: usize = 3;
/// See [`COMMON`].
pub const REPLACE: usize = 4;
/// See [`COMMON`].
pub const PROVIDES: usize = 5;
/// See [`COMMON`].
pub const REQUIRES: usize = 6;
/// See [`COMMON`].
pub const FACTS: usize = 7;
