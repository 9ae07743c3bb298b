//! The `featgraph` command: arguments to the command line, its exit status to the system.
#![allow(clippy::disallowed_methods, reason = "the outside: it has arguments and an exit status")]

fn main() {
    std::process::exit(featgraph::cli::run(std::env::args_os(), featgraph::lsp::serve));
}
