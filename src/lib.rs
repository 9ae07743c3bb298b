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
pub mod plan;
mod project;
pub mod render;
pub mod scan;
pub mod syntax;
pub mod text;
pub mod tree;
