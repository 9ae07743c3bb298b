//! `featgraph check`: finds manifests, lets the engine look at them, writes what it found.

use std::path::{Path, PathBuf};

use clap::ArgMatches;

use super::args::CheckArguments;
use super::discover::{self, Found, NAMES, is_stdin};
use super::failure::{Complaint, Failure};
use super::terminal::Terminal;
use super::{Status, config, input, levels, reports, unless_closed};
use crate::catalog::Severity;
use crate::compile::{Report, Workspace};
use crate::inputs::TextState;
use crate::load::{Overlay, load};
use crate::message::quoted;
use crate::render::{Format, Run, Summary, render};

/// What somebody needs to begin.
const START: &str = "\
to start, write this into hello.image.toml and run `featgraph check` again:

  [[install]]
  text = \"Welcome!\\n\"
  dst = \"/etc/motd\"
  parents = true";

pub(super) fn run(
    arguments: &CheckArguments,
    matches: &ArgMatches,
    terminal: &mut Terminal,
) -> Result<Status, Failure> {
    let targets = reports::targets(&arguments.output, arguments.format)?;
    let folder = input::working_directory()?;
    let mut overlay = Overlay::default();
    let stdin = input::stdin(&arguments.paths, arguments.stdin_filename.as_deref(), &folder, &mut overlay)?;
    let paths = || arguments.paths.iter().map(PathBuf::as_path).filter(|path| !is_stdin(path));
    let near = arguments.stdin_filename.as_deref().filter(|_| stdin.is_some()).and_then(Path::parent);
    let from_file = config::settings(&folder, paths().chain(near.filter(|near| !near.as_os_str().is_empty())))?;
    let levels = levels::levels(&from_file, &levels::of_arguments(matches));

    let Found { mut files, mut complaints } = discover::find(&folder, paths());
    files.extend(stdin);
    if files.is_empty() {
        if complaints.is_empty() {
            complaints.push(nothing_found(&arguments.paths));
        }
        return Err(complaints.into());
    }
    let mut workspace = Workspace::new();
    for file in &files {
        workspace.open(file.as_str());
    }
    load(&mut workspace, Path::new(""), &overlay);
    for file in &files {
        if let Some(TextState::Missing(reason)) = workspace.inputs().text(file) {
            complaints.push(Complaint::new(format!("{} cannot be read: {reason}", quoted(file))));
        }
    }
    reports::keep_inputs(&targets, &workspace, &folder)?;
    let report = workspace.check(&levels);
    let format = match arguments.format {
        Some(format) => format.into(),
        None if terminal.is_terminal => Format::Full,
        None => Format::Concise,
    };
    let failures: Vec<String> = complaints.iter().map(|complaint| complaint.message.clone()).collect();
    let run = Run {
        diagnostics: &report.diagnostics,
        summary: summary(&report),
        files: &files,
        failures: &failures,
        version: env!("CARGO_PKG_VERSION"),
    };
    complaints.extend(reports::write(&targets, &run));
    let options = terminal.options();
    let written = render(format, &run, &options, &mut terminal.out);
    unless_closed(written.and_then(|()| terminal.out.flush()))?;
    complaints.iter().for_each(|complaint| complaint.write(terminal));
    let status = match report.count(Severity::Error) {
        _ if !complaints.is_empty() => Status::Failed,
        0 => Status::Clean,
        _ => Status::Found,
    };
    // The process ends here: taking millions of small things apart first would only cost time.
    std::mem::forget((workspace, report));
    Ok(status)
}

/// The numbers of a report.
pub(super) fn summary(report: &Report) -> Summary {
    Summary {
        errors: report.count(Severity::Error),
        warnings: report.count(Severity::Warning),
        infos: report.count(Severity::Info),
        images: report.images,
        incomplete: report.incomplete,
        features: report.features,
    }
}

fn nothing_found(paths: &[PathBuf]) -> Complaint {
    let shown: Vec<String> = paths.iter().map(|path| discover::shown(path)).collect();
    Complaint::new(format!("no manifest was found below {}", crate::message::enumerated(&shown)))
        .help(format!("manifests are called {NAMES}\n{START}"))
}
