//! What `why` answers, as plain structs: the public JSON is made of them, and the texts are written from them.

use schemars::JsonSchema;
use serde::Serialize;

/// Version of these formats. The same major version only gains keys.
pub(super) const FORMAT_VERSION: &str = "1.0";

/// The schema of what is written of a type: members that are left out where they are empty are not required.
pub(super) fn schema_of<T: JsonSchema>() -> schemars::Schema {
    schemars::generate::SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>()
}

/// A question that cannot be answered as it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misunderstood {
    /// What is wrong with it.
    pub message: String,
    /// What to ask instead.
    pub help: Option<String>,
}

/// All that is known of one entity or one step of an image.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Why {
    /// Version of this format.
    #[schemars(regex(pattern = r"^1\.[0-9]+$"))]
    pub format_version: &'static str,
    /// The image's name.
    pub image: String,
    /// As it was asked.
    pub asked: String,
    /// The canonical key; absent where a step was asked for, or where no place can be found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity: Option<String>,
    /// Of a path: how it leads to its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Whether the finished image has it; absent where a step was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presence: Option<Presence>,
    /// Who provides it, in the order of time.
    pub providers: Vec<Provider>,
    /// Who takes it away, in the order of time.
    pub removed: Vec<Removed>,
    /// Who requires it, by place.
    pub requirers: Vec<Requirer>,
    /// The steps that bring it about, and why they come when they do.
    pub steps: Vec<StepTime>,
    /// What was found about it.
    pub findings: Vec<Finding>,
    /// Of something that is not there: what is near, and what would help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<Help>,
}

/// A place in a manifest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Origin {
    /// Path of the file.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, in Unicode scalar values.
    pub column: u32,
}

/// How a path as spelled leads to its place at the end of the image.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Place {
    /// The path as asked, without `//`, `.` and a trailing `/`.
    pub spelled: String,
    /// Links on the way, in the order in which they are passed.
    pub links: Vec<LinkPassed>,
    /// The place.
    pub canonical: String,
    /// Where a link that stands at the place leads in the end; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leads_to: Option<String>,
    /// The links never arrive: they lead in a circle, or there are more than 40.
    pub endless: bool,
}

/// A link on the way.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LinkPassed {
    /// Where it stands.
    pub link: String,
    /// What is written in it.
    pub target: String,
    /// Who provides it, in words.
    pub by: String,
    /// Where that is declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// Whether something is in the finished image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// It is.
    Present,
    /// It is taken as there.
    Assumed,
    /// Only something opaque may provide it.
    Unproven,
    /// It is not.
    Missing,
}

/// Who provides an entity.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Provider {
    /// In words: a feature, or the parent.
    pub by: String,
    /// The feature's kind; absent for the parent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    /// Where it is declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The phase; absent for the parent and for what is assumed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<&'static str>,
    /// `explicit`, `weak` or `implied`; absent for the parent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strength: Option<&'static str>,
    /// How: `made`, `contained`, `declared`, `assumed` or `parent`.
    pub means: &'static str,
    /// The step that makes it, where one is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// What it is.
    pub attributes: Attributes,
    /// What became of it, where it is not simply there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What is known of an entity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Attributes {
    /// Type of a path.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub file_type: Option<&'static str>,
    /// Permission bits, octal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Who it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The group it belongs to; of a user the primary group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Where a link leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Where its contents come from, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Number of a user or group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    /// A user's supplementary groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// A user's home.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
    /// A user's shell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shell: Option<String>,
    /// A package's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What a package file says that must be installed with it: of each group, written `a | b`, one. Nobody resolves it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub depends: Vec<String>,
}

/// Who takes an entity away.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Removed {
    /// In words.
    pub by: String,
    /// When.
    pub phase: &'static str,
    /// Where that is declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// Who requires an entity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Requirer {
    /// The value that names it.
    pub origin: Origin,
    /// In words.
    pub by: String,
    /// Why, in words that follow `by`.
    pub because: String,
    /// Whether it must be there before the step.
    pub ordered: bool,
    /// When.
    pub phase: &'static str,
    /// The step that needs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
}

/// A step and why it comes when it does.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct StepTime {
    /// Its id in the plan.
    pub id: String,
    /// Whether it is a step of the plan; what is only required or assumed, or was there already, is none.
    pub is_step: bool,
    /// Where it is declared.
    pub origins: Vec<Origin>,
    /// Its phase.
    pub phase: &'static str,
    /// Its stage, counted from 0; absent where it has no place in the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<u32>,
    /// Its wave in the stage, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wave: Option<u32>,
    /// Why, a sentence each.
    pub notes: Vec<String>,
    /// The longest way to it inside its phase, first to last.
    pub chain: Vec<Hop>,
    /// What it provides, where a step was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub provides: Vec<String>,
    /// What it comes directly after, where a step was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<Hop>,
    /// What comes directly after it, where a step was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<Hop>,
}

/// One step after another, and why.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Hop {
    /// Id of the step that comes first.
    pub first: String,
    /// Id of the step that comes after it.
    pub then: String,
    /// Canonical key of the entity between them.
    pub entity: String,
    /// Why, in words that follow `then`.
    pub because: String,
    /// The value that says so.
    pub origin: Origin,
}

/// A finding about the entity.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Finding {
    /// Which kind.
    pub code: &'static str,
    /// `error`, `warning` or `info`, as in the catalogue.
    pub severity: &'static str,
    /// What is wrong.
    pub message: String,
    /// Where.
    pub origin: Origin,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// Of something that is not there.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Help {
    /// What was perhaps meant.
    pub near: Vec<Near>,
    /// What would bring it about, a sentence each.
    pub advice: Vec<String>,
}

/// Something that is there and has a similar name.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Near {
    /// Its canonical key.
    pub entity: String,
    /// Who provides it, in words.
    pub by: String,
    /// Where that is declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// Which of two steps comes first.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Before {
    /// Version of this format.
    #[schemars(regex(pattern = r"^1\.[0-9]+$"))]
    pub format_version: &'static str,
    /// The image's name.
    pub image: String,
    /// Id of the step named first.
    pub a: String,
    /// Id of the step named second.
    pub b: String,
    /// How they stand to each other.
    pub order: Order,
    /// The shortest chain of edges from the one that comes first to the other; empty where only a barrier orders them.
    pub chain: Vec<Hop>,
    /// What lies between them, or that nothing does, a sentence each.
    pub notes: Vec<String>,
}

/// How two steps stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// The first comes first.
    Before,
    /// The second comes first.
    After,
    /// They are one step.
    Same,
    /// Nothing orders them.
    Free,
    /// Each needs the other.
    Circle,
}
