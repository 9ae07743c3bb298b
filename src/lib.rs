//! featgraph compiles declarative image features into a proven, ordered plan.

pub mod catalog;
pub mod diagnostic;
pub mod render;
pub mod syntax;
pub mod text;
