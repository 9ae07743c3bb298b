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
pub(super) fn show(arguments: &FixArguments, mended: &Mended, terminal: &mut Terminal) -> Result<Status, Failure> {
    let color = terminal.options().color;
    for (name, change) in &mended.changes {
        let written = patch::write(name, &change.before.text, &change.after.text, color, &mut terminal.out);
        unless_closed(written)?;
    }
    unless_closed(terminal.out.flush())?;
    tell(arguments, mended, mended.changes.len(), "would be fixed", terminal);
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
        tell(arguments, mended, written, if mended.fixed == 1 { "was fixed" } else { "were fixed" }, terminal);
    }
    Ok(complaints)
}

/// One line on standard error: how many findings, and how many more could be.
fn tell(arguments: &FixArguments, mended: &Mended, files: usize, what: &str, terminal: &mut Terminal) {
    let left = mended.report.diagnostics.len();
    let open = fix::choices(&mended.workspace, &mended.report);
    let mut said = if mended.fixed > 0 {
        format!(
            "{} {what} in {}",
            count(mended.fixed, "finding", "findings"),
            count(files, "file", "files")
        )
    } else if left > 0 {
        String::from("nothing was fixed")
    } else {
        return;
    };
    if left > 0 {
        said.push_str(&format!("; {} {}", count(left, "finding", "findings"), if left == 1 { "remains" } else { "remain" }));
        if open > 0 && !arguments.unsafe_fixes {
            let have = if open == 1 { "1 of them has a fix".to_owned() } else { format!("{open} of them have fixes") };
            said.push_str(&format!(", {have} that you must choose (`--unsafe-fixes` makes the first of each)"));
        }
    }
    drop(writeln!(terminal.err, "{said}"));
}
