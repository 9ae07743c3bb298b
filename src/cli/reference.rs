//! What featgraph tells about itself: `explain`, `schema`, `completions`, `man`.

use std::io::{self, Write};

use clap::CommandFactory;

use super::args::{Arguments, CompletionsArguments, ExplainArguments, ManArguments, SchemaArguments, SchemaOf};
use super::failure::{Complaint, Failure};
use super::terminal::Terminal;
use super::{Status, unless_closed};
use crate::catalog::Code;
use crate::kind::Kind;
use crate::message::quoted;
use crate::near::nearest;
use crate::render;

/// `featgraph explain`: a page of the catalogue, or what pages there are.
pub(super) fn explain(arguments: &ExplainArguments, terminal: &mut Terminal) -> Result<Status, Failure> {
    let options = terminal.options();
    let is_terminal = terminal.is_terminal;
    let out = &mut terminal.out;
    // Markdown for files and pipes, a page for people.
    let page = |out: &mut dyn Write, text: &str| {
        if is_terminal { render::page(text, &options, out) } else { page(out, text) }
    };
    let written = match &arguments.name {
        None => overview(out),
        Some(name) => match (Code::from_name(name), Kind::from_name(name)) {
            (Some(code), _) => page(out, code.page()),
            (None, Some(kind)) => page(out, kind.spec().page),
            (None, None) => return Err(unknown(name).into()),
        },
    };
    unless_closed(written)?;
    Ok(Status::Clean)
}

fn unknown(name: &str) -> Complaint {
    let known = Code::ALL.iter().map(|code| code.name()).chain(Kind::ALL.iter().map(|kind| kind.name()));
    Complaint::new(format!("there is no code or kind {}", quoted(name))).help(match nearest(name, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => String::from("`featgraph explain` lists all"),
    })
}

fn page(out: &mut dyn Write, page: &str) -> io::Result<()> {
    writeln!(out, "{}", page.trim_end())
}

fn overview(out: &mut dyn Write) -> io::Result<()> {
    let width = Code::ALL.iter().map(|code| code.name().len()).max().unwrap_or(0);
    writeln!(out, "Findings (`featgraph explain CODE` tells more):\n")?;
    for code in Code::ALL {
        writeln!(out, "  {:width$}  {:7}  {}", code.name(), code.severity().name(), code.summary())?;
    }
    writeln!(out, "\nKinds of features (`featgraph explain KIND` tells more):\n")?;
    for kind in Kind::ALL {
        writeln!(out, "  {:width$}  {}", kind.name(), kind.spec().summary)?;
    }
    Ok(())
}

/// `featgraph schema`: the JSON Schema of a format.
pub(super) fn schema(arguments: &SchemaArguments, terminal: &mut Terminal) -> Result<Status, Failure> {
    let schema = match arguments.of {
        SchemaOf::Manifest => crate::kind::schema(),
        SchemaOf::Facts => crate::facts::schema().to_value(),
        SchemaOf::Diagnostics => render::json::schema().to_value(),
        SchemaOf::Plan => featgraph_plan::schema().to_value(),
        SchemaOf::Baseline => crate::baseline::schema().to_value(),
        SchemaOf::Graph => render::graph::schema().to_value(),
    };
    let written = serde_json::to_writer_pretty(&mut terminal.out, &schema).map_err(io::Error::from);
    unless_closed(written.and_then(|()| writeln!(terminal.out)))?;
    Ok(Status::Clean)
}

/// `featgraph completions`: a script for a shell.
pub(super) fn completions(arguments: &CompletionsArguments, terminal: &mut Terminal) -> Result<Status, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "featgraph", &mut script);
    unless_closed(terminal.out.write_all(&script))?;
    Ok(Status::Clean)
}

/// `featgraph man`: a page of the manual.
pub(super) fn man(arguments: &ManArguments, terminal: &mut Terminal) -> Result<Status, Failure> {
    let mut whole = Arguments::command();
    whole.build();
    let command = match &arguments.command {
        None => whole,
        Some(name) => {
            let Some(command) = whole.find_subcommand(name) else {
                let near = nearest(name, whole.get_subcommands().map(clap::Command::get_name));
                return Err(Complaint::new(format!("there is no command {}", quoted(name)))
                    .help(match near {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => String::from("`featgraph help` lists all"),
                    })
                    .into());
            };
            command.clone()
        }
    };
    let page =
        clap_mangen::Man::new(command).source(concat!("featgraph ", env!("CARGO_PKG_VERSION"))).manual("featgraph");
    unless_closed(page.render(&mut terminal.out))?;
    Ok(Status::Clean)
}
