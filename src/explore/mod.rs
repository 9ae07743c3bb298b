//! Questions about one compiled image: its graph, why something is there, why it comes when it does.

mod attributes;
mod before;
mod graph;
mod lack;
mod model;
mod place;
mod providers;
mod requirers;
mod steps;
mod text;
mod time;
mod why;
mod words;

pub use before::{before_schema, between};
pub use graph::graph;
pub use model::{
    Attributes, Before, Finding, Help, Hop, LinkPassed, Misunderstood, Near, Order, Origin, Place, Presence, Provider,
    Removed, Requirer, StepTime, Why,
};
pub use why::{schema, why};
