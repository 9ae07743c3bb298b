//! `featgraph diff`: what an executor would do otherwise, between two plans or two images.

use std::path::Path;

use super::args::{DiffArguments, TextOrJson};
use super::discover::{is_stdin, relative, shown};
use super::failure::{Complaint, Failure, reason};
use super::terminal::Terminal;
use super::{Status, input, plan, unless_closed};
use crate::catalog::Severity;
use crate::compile::{Levels, Workspace};
use crate::inputs::TextState;
use crate::load::{Overlay, load};
use crate::manifest;
use crate::message::quoted;
use crate::planning::Built;
use crate::scan::regular;
use featgraph_plan::{Plan, PlanFormat, diff, read, write};

pub(super) fn run(arguments: &DiffArguments, terminal: &mut Terminal) -> Result<Status, Failure> {
    if is_stdin(&arguments.old) && is_stdin(&arguments.new) {
        return Err(Complaint::new("standard input can be one of the two plans, not both").into());
    }
    let folder = input::working_directory()?;
    let old = plan_of(&folder, &arguments.old, terminal)?;
    let new = plan_of(&folder, &arguments.new, terminal)?;
    let changes = diff(&old, &new);
    let written = match arguments.format {
        TextOrJson::Text => changes.write_text(&mut terminal.out),
        TextOrJson::Json => changes.write_json(&mut terminal.out),
    };
    unless_closed(written.and_then(|()| terminal.out.flush()))?;
    Ok(if changes.is_empty() { Status::Clean } else { Status::Found })
}

/// The plan in a file, or that of an image.
fn plan_of(folder: &Path, path: &Path, terminal: &mut Terminal) -> Result<Plan, Failure> {
    let is_image = relative(folder, path).is_some_and(|name| manifest::is_image(&name));
    if is_image && !is_stdin(path) {
        return compiled(&input::image(folder, path)?, terminal);
    }
    let bytes = if is_stdin(path) {
        input::stdin_bytes()?
    } else {
        regular::read_all(path)
            .map_err(|error| Complaint::new(format!("{} cannot be read: {}", shown(path), reason(&error))))?
    };
    read(&bytes).map_err(|error| {
        Complaint::new(format!("{} is no plan: {error}", shown(path)))
            .help("name a plan that `featgraph plan` wrote as json or jsonl, or an image (`NAME.image.toml`)")
            .into()
    })
}

/// The plan of an image. Without one there is nothing to compare.
fn compiled(name: &str, terminal: &mut Terminal) -> Result<Plan, Failure> {
    let mut workspace = Workspace::new();
    workspace.want_digests();
    workspace.open(name);
    load(&mut workspace, Path::new(""), &Overlay::default());
    if let Some(TextState::Missing(reason)) = workspace.inputs().text(name) {
        return Err(Complaint::new(format!("{} cannot be read: {reason}", quoted(name))).into());
    }
    let (mut report, compiled) = plan::compile(&workspace, name, Levels::default());
    report.diagnostics.retain(|diagnostic| diagnostic.severity == Severity::Error);
    if !report.diagnostics.is_empty() {
        plan::findings(&report, terminal);
        return Err(Complaint::new(format!("{} has errors, so it has no plan to compare", quoted(name))).into());
    }
    let compiled = compiled.ok_or_else(|| plan::unread(name))?;
    // As an executor would get it: written, and read again.
    let mut text = Vec::new();
    write(&Built::new(&compiled.graph, workspace.inputs()), PlanFormat::Json, true, &mut text)?;
    read(&text).map_err(|error| Complaint::new(format!("the plan of {} cannot be read: {error}", quoted(name))).into())
}
