//! The oracle: a slow, obviously right reference, written from the contract alone and independent of the engine.

// Each test crate that includes the oracle uses a part of it.
#![allow(dead_code)]

pub mod accounts;
pub mod cases;
pub mod engine;
pub mod execute;
pub mod features;
pub mod judge;
pub mod manifest;
pub mod merge;
pub mod op;
pub mod phase;
pub mod plan;
pub mod reader;
pub mod root;
pub mod satisfied;
pub mod strategy;
pub mod tree;
pub mod walk;
