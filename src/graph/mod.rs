//! One image's features as a graph: what is there, who provides and requires it, whether it fits, in which order.

pub mod check;
pub mod edges;
mod image;
pub mod layer;
pub mod leave;
pub mod links;
mod merge;
pub mod order;
pub mod queries;
mod recorded;
pub mod slots;
mod trees;
mod trees_split;
pub mod view;

pub use image::{EntryRow, File, Ids, Image, ImageGraft, RowId, Substance};
