//! What manifests mean, sentence by sentence of the contract: small images, what is found in them, and what their plans say.

#![allow(clippy::disallowed_methods, reason = "tests lay out the files that they check")]

#[path = "meaning/accounts.rs"]
mod accounts;
#[path = "meaning/faults.rs"]
mod faults;
#[path = "meaning/mounts.rs"]
mod mounts;
#[path = "meaning/names.rs"]
mod names;
#[path = "meaning/numbers.rs"]
mod numbers;
#[path = "meaning/replacing.rs"]
mod replacing;
#[path = "meaning/trees.rs"]
mod trees;
#[path = "meaning/words.rs"]
mod words;
#[path = "meaning/workspace.rs"]
mod workspace;
