//! featgraph compiles declarative image features into a proven, ordered plan.

pub mod accounts;
pub mod baseline;
pub mod catalog;
pub mod cli;
pub mod compile;
pub mod diagnostic;
pub mod entity;
pub mod explore;
pub mod facts;
pub mod fix;
pub mod fragment;
pub mod graph;
pub mod ide;
pub mod inputs;
pub mod intern;
pub mod kind;
pub mod load;
pub mod lsp;
pub mod manifest;
pub mod message;
mod near;
pub mod planning;
mod project;
pub mod render;
pub mod scan;
pub mod syntax;
pub mod text;
pub mod tree;

/// The format of plans, a crate of its own: what an executor needs.
pub use featgraph_plan as plan;
