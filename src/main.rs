//! The `featgraph` command: arguments to the command line, its exit status to the system.
#![allow(clippy::disallowed_methods, reason = "the outside: it has arguments and an exit status")]

/// A plan is millions of short texts: with the system's allocator a fifth of the time goes into finding room for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    std::process::exit(featgraph::cli::run(std::env::args_os()));
}
