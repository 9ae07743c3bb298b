//! `featgraph check`: finds manifests, lets the engine look at them, writes what it found.

use std::path::{Path, PathBuf};

use clap::ArgMatches;

use super::args::CheckArguments;
use super::discover::{self, Found, NAMES, is_stdin};
use super::failure::{Complaint, Failure};
use super::levels::Setting;
use super::reports::Target;
use super::terminal::Terminal;
use super::watch::Looked;
use super::{Status, baseline, config, fix, input, levels, reports, unless_closed, watch};
use crate::baseline::Compared;
use crate::catalog::Severity;
use crate::compile::{Report, Workspace};
use crate::inputs::TextState;
use crate::load::{Overlay, load};
use crate::message::{list, quoted};
use crate::render::{Format, Run, STATISTICS_FORMATS, Summary, render, write_statistics};

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
    let check = Check {
        arguments,
        levels: levels::of_arguments(matches),
        targets: reports::targets(&arguments.output, arguments.format)?,
        format: match arguments.format {
            Some(format) => format.into(),
            None if terminal.is_terminal => Format::Full,
            None => Format::Concise,
        },
        folder: input::working_directory()?,
    };
    if arguments.statistics && !STATISTICS_FORMATS.contains(&check.format) {
        let names: Vec<&str> = STATISTICS_FORMATS.iter().map(|format| format.name()).collect();
        let complaint = Complaint::new(format!("`--statistics` cannot be told as `{}`", check.format.name()));
        return Err(complaint.help(format!("formats for it are {}", list(&names))).into());
    }
    if arguments.watch {
        if arguments.paths.iter().any(|path| is_stdin(path)) {
            return Err(Complaint::new("standard input cannot be watched: it is read once").into());
        }
        return watch::run(&check, terminal);
    }
    let (status, workspace, report) = check.once(&mut Looked::default(), terminal)?;
    // The process ends here: taking millions of small things apart first would only cost time.
    std::mem::forget((workspace, report));
    Ok(status)
}

/// One check, which can be carried out again and again.
pub(super) struct Check<'a> {
    arguments: &'a CheckArguments,
    levels: Vec<Setting>,
    targets: Vec<Target>,
    format: Format,
    pub folder: PathBuf,
}

impl Check<'_> {
    fn paths(&self) -> impl Iterator<Item = &Path> {
        self.arguments.paths.iter().map(PathBuf::as_path).filter(|path| !is_stdin(path))
    }

    /// Searches for manifests, and notes where.
    pub fn search(&self, looked: &mut Looked) -> Found {
        let found = discover::find(&self.folder, self.paths());
        found.folders.iter().for_each(|folder| looked.at_folder(folder));
        // What is named may come and go, too, and .gitignore files above it count.
        for path in self.paths() {
            if !path.is_dir() {
                looked.at_file(path);
            }
            let real = std::fs::canonicalize(path).unwrap_or_else(|_| self.folder.join(path));
            real.ancestors().skip(1).for_each(|above| looked.at_ignored(above));
        }
        looked.found = found.files.clone();
        found
    }

    /// Checks once, and notes what it looks at.
    pub fn once(&self, looked: &mut Looked, terminal: &mut Terminal) -> Result<(Status, Workspace, Report), Failure> {
        let Self { arguments, targets, format, folder, .. } = self;
        config::places(folder, self.paths()).into_iter().for_each(|path| looked.at_file(path));
        let Found { mut files, mut complaints, .. } = self.search(looked);

        let mut overlay = Overlay::default();
        let stdin = input::stdin(&arguments.paths, arguments.stdin_filename.as_deref(), folder, &mut overlay)?;
        let near = arguments.stdin_filename.as_deref().filter(|_| stdin.is_some()).and_then(Path::parent);
        let near = near.filter(|near| !near.as_os_str().is_empty());
        let from_file = config::settings(folder, self.paths().chain(near))?;
        let levels = levels::levels(&from_file, &self.levels);
        let mut known = match &arguments.baseline {
            Some(path) => {
                looked.at_file(path);
                Some(baseline::List::read(path, folder, arguments.write_baseline)?)
            }
            None => None,
        };

        files.extend(stdin.clone());
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
        looked.at_inputs(&workspace);
        for file in &files {
            if let Some(TextState::Missing(reason)) = workspace.inputs().text(file) {
                complaints.push(Complaint::new(format!("{} cannot be read: {reason}", quoted(file))));
            }
        }
        reports::keep_inputs(targets, &workspace, folder)?;
        let mut report = workspace.check(&levels);
        let mut read = |workspace: &mut Workspace| load(workspace, Path::new(""), &overlay);
        // Two sources may be the same file in all but name: only then contents are read.
        while workspace.compare(&report.undecided) {
            read(&mut workspace);
            report = workspace.check(&levels);
        }
        if arguments.fixes.fix {
            let mended = fix::mend(&arguments.fixes, workspace, report, &levels, stdin.as_deref(), &mut read);
            if arguments.fixes.diff {
                let status = fix::show(&arguments.fixes, &mended, stdin.as_deref(), terminal)?;
                complaints.iter().for_each(|complaint| complaint.write(terminal));
                let status = if complaints.is_empty() { status } else { Status::Failed };
                return Ok((status, mended.workspace, mended.report));
            }
            complaints.extend(fix::write(&arguments.fixes, &mended, stdin.as_deref(), terminal)?);
            (workspace, report) = (mended.workspace, mended.report);
        }
        let mut compared = Compared::default();
        if let Some(known) = &mut known {
            if arguments.write_baseline {
                known.write(&report, terminal)?;
            }
            compared = known.pass_over(&mut report);
        }
        if fix::has_fixes(*format) || reports::have_fixes(targets) {
            crate::fix::work_out(&workspace, &levels, &mut report, &mut read);
        }
        let failures: Vec<String> = complaints.iter().map(|complaint| complaint.message.clone()).collect();
        let run = Run {
            diagnostics: &report.diagnostics,
            summary: summary(&report),
            files: &files,
            failures: &failures,
            version: env!("CARGO_PKG_VERSION"),
        };
        complaints.extend(reports::write(targets, &run, arguments.watch));
        // Beside a fixed text on standard output there is no room for findings.
        let beside = arguments.fixes.fix && stdin.is_some();
        let options = if beside { terminal.err_options() } else { terminal.options() };
        let out = if beside { &mut terminal.err } else { &mut terminal.out };
        let written = match arguments.statistics {
            true => write_statistics(*format, &run, out),
            false => render(*format, &run, &options, out),
        };
        unless_closed(written.and_then(|()| out.flush()))?;
        if let Some(known) = known.filter(|_| !arguments.write_baseline) {
            known.tell(&compared, &workspace, terminal);
        }
        complaints.iter().for_each(|complaint| complaint.write(terminal));
        let status = match report.count(Severity::Error) {
            _ if !complaints.is_empty() => Status::Failed,
            0 => Status::Clean,
            _ => Status::Found,
        };
        Ok((status, workspace, report))
    }
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
