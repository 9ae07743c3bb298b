//! One image's features as a graph: what is there, who provides and requires it, whether it fits, in which order.

pub mod check;
mod image;
pub mod layer;
pub mod edges;
pub mod leave;
pub mod links;
pub mod queries;
mod merge;
pub mod order;
mod recorded;
pub mod slots;
mod trees;
mod trees_split;
pub mod view;

pub use image::{EntryRow, File, Ids, Image, ImageGraft, RowId, Substance};
