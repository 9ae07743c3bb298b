//! One image's features as a graph: what is there, who provides and requires it, whether it fits, in which order.

mod accounts;
mod attributes;
pub mod cast;
pub mod check;
pub mod circles;
pub mod edges;
mod image;
mod join;
pub mod layer;
pub mod leave;
pub mod lines;
pub mod links;
mod merge;
mod names;
pub mod nodes;
mod opaque;
pub mod order;
pub mod packages;
pub mod part;
pub mod queries;
mod recorded;
mod replace;
mod say;
pub mod slots;
mod stand;
mod substance;
mod taken;
mod trees;
mod trees_split;
mod united;
mod values;
pub mod view;

pub use image::{EntryRow, File, Ids, Image, ImageGraft, RowId};
pub use stand::Stand;
pub use substance::Substance;

/// An image, linked and ordered: all that a plan is made of.
pub struct Graph {
    /// Its rows and slots.
    pub image: Image,
    /// Why its nodes need each other.
    pub edges: edges::Edges,
    /// When its nodes run.
    pub order: order::Order,
    /// The numbers of its accounts.
    pub numbers: check::Numbers,
    /// Requirements that only something opaque may meet.
    pub unproven: Vec<check::Failure>,
    /// How many comparisons of names were left when all that was probably meant had been looked for.
    pub comparisons_left: usize,
}
