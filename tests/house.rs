//! The architecture as tests: what ARCHITECTURE.md says is so. Each list of exceptions is exact: one that is no longer
//! needed fails the test, so that it goes away.

#![allow(clippy::disallowed_methods, reason = "a test reads the sources")]
#![allow(clippy::unwrap_used, reason = "a test fails by a panic, in its helpers, too")]

#[path = "house/documents.rs"]
mod documents;
#[path = "house/floors.rs"]
mod floors;
#[path = "house/links.rs"]
mod links;
#[allow(dead_code, reason = "only the files of examples are looked at here")]
#[path = "pages/page.rs"]
mod page;
#[path = "house/sources.rs"]
mod sources;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
