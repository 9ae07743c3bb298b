//! The plan of an image: its public format, the keys in it, reading, writing and comparing it.
//!
//! featgraph compiles declarative image features into a *plan*: a sequence of steps, sorted by stage and wave, each with one
//! primitive operation, the steps that it requires, the entities that it provides, the inputs that it reads and a key that names
//! its outcome. An executor needs this crate and nothing else of featgraph: it knows no manifests, kinds or graphs.
//!
//! - [`read`] takes a plan in either format (`json`, `jsonl`) and checks its shape; [`Plan`] is what it gives.
//! - [`write()`] streams any [`PlanSource`] out as `json`, `jsonl` or text for people.
//! - [`diff`] compares two plans by meaning.
//! - [`step_key`], [`stage_key`], [`plan_digest`] and [`tree_digest`] are the definitions of the keys, for those who verify them.
//!
//! The format is described for executors in `docs/plan.md` of the featgraph repository, and as JSON Schema by [`schema`].

mod contents;
mod diff;
mod digest;
mod json;
mod key;
mod mode;
mod model;
mod op;
mod op_fields;
mod output;
mod plain;
mod read;
mod step_json;
mod text;
mod words;

pub use contents::Text;
pub use diff::{
    Change, ExpectChange, FieldChange, PlanDiff, PlanName, Rebuilt, StageCounts, StepChange, StepLine, diff,
};
pub use digest::{Digest, NotADigest};
pub use key::{Keys, TreeLine, plan_digest, stage_key, step_key, tree_digest};
pub use mode::Mode;
pub use model::{
    Expect, Expected, FORMAT_VERSION, FileType, Input, InputType, Origin, Origins, Phase, Plan, PlanParent, Provided,
    Replaced, ReplacedFrom, ReplacedType, Stage, Step,
};
pub use op::{Manager, Node, Op, Owners, SourceType, Tool};
pub use output::{HandOn, PlanFormat, PlanHead, PlanSource, UnknownFormat, WriteOrigins, WriteStep, write};
pub use plain::plain_length;
pub use read::{ReadError, read};

/// The JSON Schema of a plan, from its types. Members that are always written are required.
pub fn schema() -> schemars::Schema {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<Plan>();
    schema.insert("title".into(), "featgraph plan".into());
    schema
}
