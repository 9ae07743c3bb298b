//! From an ordered graph to a plan: ids, stages, inputs, keys, operations. The plan's format is the crate `featgraph-plan`.

mod build;
mod ids;
mod operation;
mod rank;
mod relied;
mod rows;
mod sources;
mod steps;
mod written;

pub use build::{BuildOptions, Built};
