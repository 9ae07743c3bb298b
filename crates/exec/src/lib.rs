//! Carries out plans: what featgraph has decided becomes layers, images, directories. Nothing is decided again here.
//!
//! ```text
//!  plan ──▶ layers of steps: each maximal run of pure steps, each command, each packages step
//!             │
//!             ├─ pure: apply ──▶ Root (paths as data) ──▶ layer tar            no root file system, no privileges
//!             └─ opaque: Root ──▶ a real root, sandbox ──▶ what changed ──▶ layer tar
//!                                                              │
//!                             store: layers by digest, records by key ──▶ outputs: OCI image, tar, directory
//! ```
//!
//! It uses the format of plans (`featgraph-plan`) and the readers of archives (`featgraph-archive`), and nothing else of featgraph.

#![allow(clippy::disallowed_methods, reason = "it reads sources and writes images")]

pub mod apply;
pub mod contents;
pub mod finding;
pub mod layer;
pub mod root;
