//! The command line: arguments in, files set, the engine's answer written, an exit status out. No logic of its own.
#![allow(clippy::disallowed_methods, reason = "the outside: it reads arguments, environment and standard input")]

mod args;
mod baseline;
mod check;
mod diff;
mod explore;
mod facts;
mod failure;
mod fix;
mod ids;
mod input;
mod interrupt;
mod levels;
mod output;
mod plan;
mod reference;
mod reports;
mod terminal;
mod watch;

use std::ffi::OsString;
use std::io::{self, Write};

use clap::{CommandFactory, FromArgMatches};

use args::{Arguments, Command};
use failure::Failure;
use terminal::Terminal;

use crate::project::{config, discover};

/// What a command has to say by its exit status, once it was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    /// No errors; nothing differs.
    Clean,
    /// Errors were found; two plans differ.
    Found,
    /// A part could not be done; the messages are written.
    Failed,
}

/// Carries out one command and returns the exit status: 0 nothing found, 1 errors found, 2 wrong use or failure.
/// `serve` is the language server, which this module does not know.
pub fn run(args: impl IntoIterator<Item = OsString>, serve: fn() -> i32) -> i32 {
    let matches = match Arguments::command().try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(error) => {
            // A reader that closed the pipe has seen enough of the help.
            drop(error.print());
            return error.exit_code();
        }
    };
    let arguments = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => arguments,
        Err(error) => {
            drop(error.print());
            return error.exit_code();
        }
    };
    if let Command::Lsp(_) = arguments.command {
        return serve();
    }
    let mut terminal = Terminal::new(arguments.color);
    let done = match (&arguments.command, matches.subcommand()) {
        (Command::Check(check), Some((_, matches))) => check::run(check, matches, &mut terminal),
        (Command::Plan(plan), Some((_, matches))) => plan::run(plan, matches, &mut terminal),
        (Command::Graph(graph), _) => explore::graph(graph, &mut terminal),
        (Command::Why(why), _) => explore::why(why, &mut terminal),
        (Command::Diff(diff), _) => diff::run(diff, &mut terminal),
        (Command::Facts(facts), _) => facts::run(facts, &mut terminal),
        (Command::Explain(explain), _) => reference::explain(explain, &mut terminal),
        (Command::Schema(schema), _) => reference::schema(schema, &mut terminal),
        (Command::Completions(completions), _) => reference::completions(completions, &mut terminal),
        (Command::Man(man), _) => reference::man(man, &mut terminal),
        (Command::Check(_) | Command::Plan(_), None) | (Command::Lsp(_), _) => Ok(Status::Clean),
    };
    let done = done.and_then(|status| unless_closed(terminal.out.flush()).map(|()| status));
    match done {
        Ok(Status::Clean) => 0,
        Ok(Status::Found) => 1,
        Ok(Status::Failed) => 2,
        Err(failure) => {
            failure.write(&mut terminal);
            2
        }
    }
}

/// What writing ended with, where a reader that went away is no failure: who reads on decides how much.
fn unless_closed(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(error.into()),
        Ok(()) => Ok(()),
    }
}
