//! The plan: its public format, the keys in it, writing, reading and comparing it.

mod digest;
mod model;
mod op;

pub use digest::{Digest, NotADigest};
pub use model::{
    Expect, Expected, FORMAT_VERSION, Input, InputType, Mode, Origin, Origins, PathType, Phase, Plan, PlanParent,
    Provided, Replaced, ReplacedFrom, ReplacedType, Stage, Step,
};
pub use op::{Manager, Node, Op, Owners, SourceType};
