//! What belongs together below a folder: which manifests there are, and the levels that its `featgraph.toml` sets.
#![allow(clippy::disallowed_methods, reason = "the outside: it looks for files and reads the configuration")]

pub(crate) mod complaint;
pub(crate) mod config;
pub(crate) mod discover;
pub(crate) mod levels;
