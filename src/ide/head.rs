//! The keys above the features: of a file and of its `[image]` table.

use crate::kind::{Field, FieldType};

/// The keys of `[image]`.
pub(super) const IMAGE: &[Field] = &[
    Field::optional("name", FieldType::String, "The name of the image; the file's, without its ending, if not given."),
    Field::optional(
        "parent",
        FieldType::HostPath,
        "What the image is built on: another image, a facts file, or `{ name = \"...\", opaque = true }`. Without it, it starts from nothing.",
    ),
    Field::optional("include", FieldType::HostPathList, "Feature sets that are part of the image."),
    Field::optional(
        "package_manager",
        FieldType::Choice(&["apt", "dnf", "apk"]),
        "The `manager` of every `package` that gives none.",
    ),
    Field::optional(
        "ids",
        FieldType::HostPath,
        "A TOML file with `[users]` and `[groups]`, in which a name has a number.",
    ),
];

/// The keys at the top of a file that are no kinds.
pub(super) const TOP: &[Field] = &[
    Field::default("format_version", FieldType::String, "\"1.0\"", "The version of the manifest format."),
    Field::optional("include", FieldType::HostPathList, "Feature sets that are part of this file."),
];

/// What `[image]` is for.
pub(super) const IMAGE_DOC: &str = "What the image is; a feature set has no such table.";
