//! The plan: its public format, the keys in it, writing, reading and comparing it.

mod build;
mod contents;
mod diff;
mod digest;
mod ids;
mod json;
mod key;
mod mode;
mod model;
mod op;
mod op_fields;
mod operation;
mod output;
mod rank;
mod read;
mod relied;
mod rows;
mod sources;
mod step_json;
mod steps;
mod text;
mod words;
mod written;

pub use build::{BuildOptions, Built};
pub use contents::Text;
pub use diff::{
    Change, ExpectChange, FieldChange, PlanDiff, PlanName, Rebuilt, StageCounts, StepChange, StepLine, diff,
};
pub use digest::{Digest, NotADigest};
pub use key::{Keys, TreeLine, plan_digest, stage_key, step_key, tree_digest};
pub use mode::Mode;
pub use model::{
    Expect, Expected, FORMAT_VERSION, Input, InputType, Origin, Origins, PathType, Phase, Plan, PlanParent, Provided,
    Replaced, ReplacedFrom, ReplacedType, Stage, Step,
};
pub use op::{Manager, Node, Op, Owners, SourceType};
pub use output::{HandOn, PlanFormat, PlanHead, PlanSource, UnknownFormat, WriteOrigins, WriteStep, write};
pub use read::{ReadError, read};

/// The JSON Schema of a plan, from its types. Members that are always written are required.
pub fn schema() -> schemars::Schema {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<Plan>();
    schema.insert("title".into(), "featgraph plan".into());
    schema
}
