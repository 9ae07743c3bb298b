//! The language server, spoken to as an editor speaks to it.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests make files and run the server")]

#[path = "lsp/clients.rs"]
mod clients;
#[path = "lsp/completion.rs"]
mod completion;
#[path = "lsp/diagnostics.rs"]
mod diagnostics;
#[path = "lsp/documents.rs"]
mod documents;
#[path = "lsp/examples.rs"]
mod examples;
#[path = "lsp/protocol.rs"]
mod protocol;
#[path = "lsp/questions.rs"]
mod questions;
#[path = "lsp/rename.rs"]
mod rename;
#[path = "lsp/session.rs"]
mod session;
