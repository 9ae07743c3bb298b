//! `check --fix`: makes fixes, shows them as a diff or writes them into their files, and says how many there were.

use std::path::Path;

use super::args::FixArguments;
use super::failure::{Complaint, Failure};
use super::output;
use super::terminal::Terminal;
use super::{Status, unless_closed};
use crate::catalog::Severity;
use crate::compile::{Levels, Report, Workspace};
use crate::fix::{self, Load, Mended, Which};
use crate::message::count;
use crate::render::{Format, patch};

/// Whether a format has a place for fixes.
pub(super) const fn has_fixes(format: Format) -> bool {
    matches!(format, Format::Json | Format::Sarif)
}

/// Makes all fixes that are asked for. Where a manifest comes from standard input, only that one is changed: who pipes a text
/// through a filter does not want other files touched.
pub(super) fn mend(
    arguments: &FixArguments,
    workspace: Workspace,
    report: Report,
    levels: &Levels,
    stdin: Option<&str>,
    load: &mut Load<'_>,
) -> Mended {
    let which = if arguments.unsafe_fixes { Which::Unsafe } else { Which::Safe };
    let may_change = |name: &str| stdin.is_none_or(|stdin| stdin == name);
    fix::mend(workspace, levels, report, which, &may_change, load)
}

/// Shows what would change, on standard output. Found is what would change and what would still be wrong.
pub(super) fn show(
    arguments: &FixArguments,
    mended: &Mended,
    stdin: Option<&str>,
    terminal: &mut Terminal,
) -> Result<Status, Failure> {
    let color = terminal.options().color;
    for (name, change) in &mended.changes {
        let written = patch::write(name, &change.before.text, &change.after.text, color, &mut terminal.out);
        unless_closed(written)?;
    }
    unless_closed(terminal.out.flush())?;
    tell(choices(arguments, mended, stdin), mended, mended.changes.len(), "would be fixed", terminal);
    let fine = mended.changes.is_empty() && mended.report.count(Severity::Error) == 0;
    Ok(if fine { Status::Clean } else { Status::Found })
}

/// Writes the fixed files; the one from standard input to standard output. Returns what could not be written.
pub(super) fn write(
    arguments: &FixArguments,
    mended: &Mended,
    stdin: Option<&str>,
    terminal: &mut Terminal,
) -> Result<Vec<Complaint>, Failure> {
    let mut complaints = Vec::new();
    let mut written = 0;
    for (name, change) in mended.changes.iter().filter(|(name, _)| stdin != Some(name.as_str())) {
        match output::rewrite(Path::new(name), change.before.text.as_bytes(), change.after.text.as_bytes()) {
            Ok(()) => written += 1,
            Err(complaint) => complaints.push(complaint),
        }
    }
    if let Some(fragment) = stdin.and_then(|stdin| mended.workspace.fragment(stdin)) {
        unless_closed(terminal.out.write_all(fragment.source.text.as_bytes()))?;
        unless_closed(terminal.out.flush())?;
        written += usize::from(stdin.is_some_and(|stdin| mended.changes.contains_key(stdin)));
    }
    if complaints.is_empty() {
        let what = if mended.fixed == 1 { "was fixed" } else { "were fixed" };
        tell(choices(arguments, mended, stdin), mended, written, what, terminal);
    }
    Ok(complaints)
}

/// How many of the findings that remain have fixes that were not asked for.
fn choices(arguments: &FixArguments, mended: &Mended, stdin: Option<&str>) -> usize {
    if arguments.unsafe_fixes || stdin.is_some() { 0 } else { fix::choices(&mended.workspace, &mended.report) }
}

/// One line on standard error: how many findings, and how many more could be.
fn tell(choices: usize, mended: &Mended, files: usize, what: &str, terminal: &mut Terminal) {
    let left = mended.report.diagnostics.len();
    let findings = |number: usize| count(number, "finding", "findings");
    let mut said = match (mended.fixed, left) {
        (0, 0) => return,
        (0, _) => String::from("nothing was fixed"),
        (fixed, _) => format!("{} {what} in {}", findings(fixed), count(files, "file", "files")),
    };
    if left > 0 {
        said.push_str(&format!("; {} {}", findings(left), if left == 1 { "remains" } else { "remain" }));
    }
    if choices > 0 {
        let have = if choices == 1 { "1 has a fix".to_owned() } else { format!("{choices} have fixes") };
        said.push_str(&format!(", of which {have} to choose from: `--unsafe-fixes` makes the first of each"));
    }
    drop(writeln!(terminal.err, "{said}"));
}
