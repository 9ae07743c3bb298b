//! `featgraph plan`: compiles one image and writes what an executor needs, or nothing at all.

use std::path::{Path, PathBuf};

use clap::ArgMatches;

use super::args::PlanArguments;
use super::check::summary;
use super::discover::{is_stdin, shown};
use super::failure::{Complaint, Failure};
use super::terminal::Terminal;
use super::{Status, config, ids, input, levels, output, unless_closed};
use crate::catalog::{Code, Severity};
use crate::compile::{Compiled, Levels, Report, Workspace};
use crate::inputs::{Answer, Ask, TextState};
use crate::intern::EntityType;
use crate::load::{Overlay, load};
use crate::message::{self, quoted};
use crate::planning::{BuildOptions, Built};
use crate::render::{Format, Run, render};
use crate::text::Source;
use featgraph_plan::PlanFormat;

pub(super) fn run(arguments: &PlanArguments, matches: &ArgMatches, terminal: &mut Terminal) -> Result<Status, Failure> {
    let folder = input::working_directory()?;
    let mut overlay = Overlay::default();
    let paths = [arguments.image.clone()];
    let name = match input::stdin(&paths, arguments.stdin_filename.as_deref(), &folder, &mut overlay)? {
        Some(name) => input::must_be_image(name)?,
        None => input::image(&folder, &arguments.image)?,
    };
    let near = arguments.stdin_filename.as_deref().and_then(Path::parent).filter(|near| !near.as_os_str().is_empty());
    let near = if is_stdin(&arguments.image) { near } else { Some(arguments.image.as_path()) };
    let from_file = config::settings(&folder, near)?;
    let mut workspace = Workspace::new();
    let read = read(&mut workspace, &name, &overlay, arguments.write_ids)?;
    let levels = levels::levels(&from_file, &levels::of_arguments(matches));
    let (report, compiled) = compile(&workspace, &name, levels);
    findings(&report, terminal);
    if report.count(Severity::Error) > 0 {
        return Ok(Status::Found);
    }
    let compiled = compiled.ok_or_else(|| unread(&name))?;
    let target = arguments.output.as_deref().filter(|path| !is_stdin(path));
    if let Some(target) = target {
        keep_inputs(&workspace, &folder, target)?;
    }
    if arguments.locked && locked(&compiled, terminal) {
        return Ok(Status::Found);
    }
    let options = BuildOptions { entries: arguments.entries };
    let plan = Built::with_options(&compiled.graph, workspace.inputs(), options);
    let for_people = target.is_none() && terminal.is_terminal;
    let default = if for_people { PlanFormat::Text } else { PlanFormat::Json };
    let format = arguments.format.map_or(default, PlanFormat::from);
    let origins = !arguments.no_origins;
    match target {
        Some(path) => output::replace(path, &mut |out| featgraph_plan::write(&plan, format, origins, out))?,
        None => {
            let written = featgraph_plan::write(&plan, format, origins, &mut terminal.out);
            unless_closed(written.and_then(|()| terminal.out.flush()))?;
        }
    }
    if arguments.write_ids {
        write_ids(&compiled, &read, terminal)?;
    }
    drop(plan);
    // The process ends here: taking millions of small things apart first would only cost time.
    std::mem::forget((workspace, report, compiled));
    Ok(Status::Clean)
}

/// The file of numbers and its text, where `--write-ids` needs them.
struct IdsFile {
    path: String,
    text: String,
}

/// Reads an image and all it needs, digests included.
fn read(workspace: &mut Workspace, name: &str, overlay: &Overlay, write_ids: bool) -> Result<Option<IdsFile>, Failure> {
    workspace.want_digests();
    workspace.open(name);
    load(workspace, Path::new(""), overlay);
    match workspace.inputs().text(name) {
        Some(TextState::Missing(reason)) => {
            return Err(Complaint::new(format!("{} cannot be read: {reason}", quoted(name))).into());
        }
        Some(_) => {}
        None => return Err(unread(name).into()),
    }
    let Some(fragment) = workspace.fragment(name).filter(|_| write_ids) else { return Ok(None) };
    let Some(reference) = &fragment.head.ids else {
        let complaint = Complaint::new(format!("{} names no file to write numbers into", quoted(name)));
        return Err(complaint.help("add `ids = \"ids.toml\"` to its `[image]` table").into());
    };
    let path = reference.path.clone();
    if !path.ends_with(".toml") {
        return Err(
            Complaint::new(format!("{} is no TOML file; numbers are written into those only", quoted(&path))).into()
        );
    }
    if std::fs::symlink_metadata(&path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
        // It is about to be made: until then it has no numbers.
        let empty = Answer::Text(TextState::Text(Source::new(path.as_str(), "")));
        workspace.answer(&Ask::Text(path.as_str().into()), empty);
        load(workspace, Path::new(""), overlay);
    }
    let text = match workspace.inputs().text(&path) {
        Some(TextState::Text(source)) => source.text.clone(),
        // It is a finding.
        _ => return Ok(None),
    };
    Ok(Some(IdsFile { path, text }))
}

/// Compiles an image for a plan, which needs all sources whatever a check may pass over.
pub(super) fn compile(workspace: &Workspace, name: &str, mut levels: Levels) -> (Report, Option<Compiled>) {
    levels.set(Code::MissingSource, Some(Severity::Error));
    workspace.compile_image(name, &levels)
}

/// Writes what was found to standard error, if anything.
pub(super) fn findings(report: &Report, terminal: &mut Terminal) {
    if report.diagnostics.is_empty() {
        return;
    }
    let format = if terminal.err_is_terminal { Format::Full } else { Format::Concise };
    let options = terminal.err_options();
    let mut out = std::io::BufWriter::new(&mut terminal.err);
    let written = render(format, &Run::of(&report.diagnostics, summary(report)), &options, &mut out);
    // Where messages cannot be written nobody can be told; the exit status still says it.
    drop(written.and_then(|()| std::io::Write::flush(&mut out)));
}

/// What is said where an image could not be compiled and no finding says why.
pub(super) fn unread(name: &str) -> Complaint {
    Complaint::new(format!("{} cannot be read", quoted(name)))
}

/// Refuses to write a plan over what it is made from.
fn keep_inputs(workspace: &Workspace, folder: &Path, target: &Path) -> Result<(), Failure> {
    let real: PathBuf = std::fs::canonicalize(target).unwrap_or_else(|_| target.to_owned());
    let is_input = [target, &real].into_iter().filter_map(|path| super::discover::relative(folder, path)).any(|name| {
        let inputs = workspace.inputs();
        inputs.text(&name).is_some()
            || inputs.source(&name).is_some()
            || inputs.archive(&name).is_some()
            || inputs.root(&name).is_some()
    });
    if !is_input {
        return Ok(());
    }
    Err(Complaint::new(format!("the plan would be written over {}, which it is made from", shown(target)))
        .help("write it elsewhere with `-o`")
        .into())
}

/// Numbers that were allocated, users before groups, by name.
fn allocated(compiled: &Compiled) -> Vec<ids::Number<'_>> {
    let entities = &compiled.graph.image.entities;
    let mut numbers: Vec<ids::Number<'_>> = compiled
        .graph
        .numbers
        .allocated
        .iter()
        .map(|&(entity, number)| {
            let table = if entities.entity_type(entity) == EntityType::User { "users" } else { "groups" };
            (table, entities.last(entity), number)
        })
        .collect();
    numbers.sort_by_key(|&(table, name, _)| (table == "groups", name));
    numbers
}

/// Says which numbers had to be allocated; whether there are any.
fn locked(compiled: &Compiled, terminal: &mut Terminal) -> bool {
    let numbers = allocated(compiled);
    for (table, name, number) in &numbers {
        let (what, key) = if *table == "users" { ("user", "uid") } else { ("group", "gid") };
        let message = format!(
            "{what} {} has no {key}, and `--locked` allows to allocate none (it would be {number})",
            quoted(name)
        );
        terminal.complain("error", &message, None);
    }
    if !numbers.is_empty() {
        let help = "keep numbers in the image's `ids` file, where `featgraph plan --write-ids` adds them, or give them on the features";
        terminal.complain("note", help, None);
    }
    !numbers.is_empty()
}

fn write_ids(compiled: &Compiled, file: &Option<IdsFile>, terminal: &mut Terminal) -> Result<(), Failure> {
    let numbers = allocated(compiled);
    let Some(IdsFile { path, text }) = file.as_ref().filter(|_| !numbers.is_empty()) else { return Ok(()) };
    let Some(new) = ids::added(text, &numbers) else {
        let complaint =
            Complaint::new(format!("numbers cannot be added to {}: it has its tables in a short form", quoted(path)));
        return Err(complaint.help(format!("add them by hand:\n\n{}", ids::lines(&numbers))).into());
    };
    output::replace(Path::new(path), &mut |out| out.write_all(new.as_bytes()))?;
    let message = format!("{} added to {}", message::count(numbers.len(), "number was", "numbers were"), quoted(path));
    terminal.complain("note", &message, None);
    Ok(())
}
