//! `--baseline` and `--write-baseline`: where the list of known findings is, and what is said about it.

use std::path::Path;

use super::discover::{relative, shown};
use super::failure::{Complaint, Failure, reason};
use super::output;
use super::terminal::Terminal;
use crate::baseline::{Baseline, Compared, Known};
use crate::compile::{Report, Workspace};
use crate::inputs::TextState;
use crate::manifest;
use crate::message::{count, printable, quoted};
use crate::scan::regular;

/// Stale entries that are told one by one.
const SHOWN: usize = 10;

/// A list of known findings, and where it is.
pub(super) struct List<'a> {
    path: &'a Path,
    /// The folder that the files in it are relative to, so that it means the same wherever featgraph is run.
    folder: std::path::PathBuf,
    /// The working directory, which the files of a run are relative to.
    here: &'a Path,
    known: Baseline,
}

impl<'a> List<'a> {
    /// The list in a file, or an empty one where a new one is to be written.
    pub fn read(path: &'a Path, here: &'a Path, anew: bool) -> Result<Self, Failure> {
        let name = path.to_string_lossy();
        if manifest::is_image(&name) || manifest::is_feature_set(&name) || manifest::is_facts(&name) {
            return Err(Complaint::new(format!("{} is no list of known findings", shown(path))).into());
        }
        let file = here.join(path);
        let folder = file.parent().unwrap_or(here);
        // Without `..` and links, as names of files are compared with it. If it is not there, writing says so.
        let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        let known = if anew { Baseline::default() } else { known(path)? };
        Ok(Self { path, folder, here, known })
    }

    /// What the list calls a file of the run.
    fn name(&self, file: &str) -> String {
        relative(&self.folder, &self.here.join(file)).unwrap_or_else(|| file.to_owned())
    }

    /// Writes all findings as the known ones.
    pub fn write(&mut self, report: &Report, terminal: &mut Terminal) -> Result<(), Failure> {
        self.known = Baseline::of(&report.diagnostics, |file| self.name(file));
        output::replace(self.path, &mut |out| self.known.write(out))?;
        let number = count(report.diagnostics.len(), "finding is", "findings are");
        terminal.complain("note", &format!("{number} known from now on, by {}", shown(self.path)), None);
        Ok(())
    }

    /// Takes out of a report what is known.
    pub fn pass_over(&self, report: &mut Report) -> Compared {
        self.known.pass_over(&mut report.diagnostics, |file| self.name(file))
    }

    /// Says how much was passed over, and what the list has that is found no more.
    pub fn tell(&self, compared: &Compared, workspace: &Workspace, terminal: &mut Terminal) {
        if compared.known > 0 {
            let number = count(compared.known, "finding was", "findings were");
            terminal.complain("note", &format!("{number} passed over, known by {}", shown(self.path)), None);
        }
        let stale: Vec<&(Known, u32)> =
            compared.stale.iter().filter(|(known, _)| self.is_looked_at(&known.file, workspace)).collect();
        if stale.is_empty() {
            return;
        }
        let mut lines = vec![String::from("write it anew with `--write-baseline`, which drops")];
        lines.extend(stale.iter().take(SHOWN).map(|(known, count)| told(known, *count)));
        if stale.len() > SHOWN {
            lines.push(format!("and {} more", stale.len() - SHOWN));
        }
        let number = count(stale.len(), "finding", "findings");
        let message = format!("{} lists {number} that nobody finds any more", shown(self.path));
        terminal.complain("warning", &message, Some(&lines.join("\n")));
    }

    /// Whether this run can tell that something is found no more in a file: it was read, or it is gone.
    fn is_looked_at(&self, file: &str, workspace: &Workspace) -> bool {
        let path = self.folder.join(file);
        let read = relative(self.here, &path)
            .is_some_and(|name| matches!(workspace.inputs().text(&name), Some(TextState::Text(_))));
        read || !path.exists()
    }
}

fn known(path: &Path) -> Result<Baseline, Failure> {
    let bytes = regular::read_all(path).map_err(|error| {
        let complaint = Complaint::new(format!("{} cannot be read: {}", shown(path), reason(&error)));
        match error.kind() {
            std::io::ErrorKind::NotFound => complaint.help("`--write-baseline` writes it"),
            _ => complaint,
        }
    })?;
    let text = String::from_utf8_lossy(&bytes);
    Baseline::parse(&text).map_err(|why| {
        Complaint::new(format!("{} is no list of known findings: {}", shown(path), printable(&why))).into()
    })
}

/// One entry, for a line of a message.
fn told(known: &Known, number: u32) -> String {
    let Known { file, code, entity } = known;
    let about = entity.as_deref().map(|entity| format!(" of {}", quoted(entity))).unwrap_or_default();
    let times = if number > 1 { format!(", {number} times") } else { String::new() };
    format!("{}: {}{about}{times}", printable(file), printable(code))
}
