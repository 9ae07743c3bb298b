//! `featgraph graph` and `featgraph why`: what needs what in an image, and why it comes when it does.

use std::io::Write;
use std::path::Path;

use super::args::{GraphArguments, TextOrJson, WhyArguments};
use super::failure::{Complaint, Failure};
use super::terminal::Terminal;
use super::{Status, input, plan, unless_closed};
use crate::compile::{Compiled, Levels, Report, Workspace};
use crate::explore;
use crate::load::{Overlay, load};

/// Writes the graph of an image, also of one with errors.
pub(super) fn graph(arguments: &GraphArguments, terminal: &mut Terminal) -> Result<Status, Failure> {
    let (report, compiled) = compiled(&arguments.image)?;
    let (nodes, edges) = explore::graph(&compiled, &report.diagnostics);
    let name = &compiled.graph.image.name;
    let written = crate::render::graph::write(arguments.format.into(), name, &nodes, &edges, &mut terminal.out);
    unless_closed(written.and_then(|()| terminal.out.flush()))?;
    Ok(Status::Clean)
}

/// Answers about an entity, or about the order of two steps.
pub(super) fn why(arguments: &WhyArguments, terminal: &mut Terminal) -> Result<Status, Failure> {
    let (report, compiled) = compiled(&arguments.image)?;
    let misunderstood = |error: explore::Misunderstood| -> Failure {
        let complaint = Complaint::new(error.message);
        match error.help {
            Some(help) => complaint.help(help).into(),
            None => complaint.into(),
        }
    };
    let answer = match (arguments.before.as_slice(), &arguments.entity) {
        ([before, after], _) => {
            let found = explore::between(&compiled, before, after).map_err(misunderstood)?;
            match arguments.format {
                TextOrJson::Text => found.to_text(),
                TextOrJson::Json => found.to_json(),
            }
        }
        (_, Some(entity)) => {
            let found = explore::why(&compiled, &report.diagnostics, entity).map_err(misunderstood)?;
            match arguments.format {
                TextOrJson::Text => found.to_text(),
                TextOrJson::Json => found.to_json(),
            }
        }
        _ => return Err(Complaint::new("name an entity, or two steps with `--before A B`").into()),
    };
    unless_closed(terminal.out.write_all(answer.as_bytes()).and_then(|()| terminal.out.flush()))?;
    Ok(Status::Clean)
}

fn compiled(image: &Path) -> Result<(Report, Compiled), Failure> {
    let folder = input::working_directory()?;
    let name = input::image(&folder, image)?;
    let mut workspace = Workspace::new();
    workspace.open(name.as_str());
    load(&mut workspace, Path::new(""), &Overlay::default());
    let (report, compiled) = workspace.compile_image(&name, &Levels::default());
    match compiled {
        Some(compiled) => Ok((report, compiled)),
        None => Err(plan::unread(&name).into()),
    }
}
