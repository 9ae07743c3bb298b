//! Carries out the pure steps of plans: files, directories, links, accounts, trees. Nothing is decided again here.
//!
//! ```text
//!  steps ──apply──▶ Root (paths as data) ──layer──▶ tar, and its index       no root file system, no privileges
//! ```
//!
//! Commands and packages are refused: there is no sandbox yet, nor a store or images as outputs, and the program does not use this crate.
//!
//! It uses the format of plans (`featgraph-plan`) and the readers of archives (`featgraph-archive`), and nothing else of featgraph.

#![allow(clippy::disallowed_methods, reason = "it reads sources and writes images")]

pub mod apply;
pub mod contents;
pub mod finding;
pub mod layer;
pub mod root;
