//! featgraph compiles declarative image features into a proven, ordered plan.

pub mod accounts;
pub mod catalog;
pub mod diagnostic;
pub mod facts;
pub mod inputs;
pub mod scan;
pub mod syntax;
pub mod text;
pub mod tree;
