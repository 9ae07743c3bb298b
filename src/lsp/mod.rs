//! `featgraph lsp`: the language server. Messages in, `ide` answers, messages out; no logic of its own.
#![allow(clippy::disallowed_methods, reason = "the outside: it reads messages, lists folders and looks at the clock")]

mod answers;
mod client;
mod convert;
mod diagnostics;
mod documents;
mod positions;
mod project;
mod server;
mod transport;
mod worker;

use std::io;

pub use server::run;

/// Serves one client on standard input and output until it says goodbye. The exit status is 0 if it did so in order.
pub fn serve() -> i32 {
    let (connection, threads) = match transport::stdio() {
        Ok(transport) => transport,
        Err(error) => return failed(&error),
    };
    let status = run(connection);
    // What is still to be written is; the reader may wait for a client that never writes again.
    match threads.finish() {
        Ok(()) => status,
        Err(error) => failed(&error),
    }
}

/// There is nobody to tell but whoever looks at standard error.
fn failed(error: &io::Error) -> i32 {
    use io::Write;
    drop(writeln!(io::stderr(), "error: the language server cannot talk to its client: {error}"));
    2
}
