//! Where the findings of a check go: one format to standard output, and any number of them into files.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::args::CheckFormat;
use super::discover::{is_stdin, relative, shown};
use super::failure::{Complaint, Failure};
use super::{fix, output};
use crate::compile::Workspace;
use crate::manifest;
use crate::message::list;
use crate::render::{Format, Options, Run, render};
use crate::scan::regular;

/// A file that the findings are written to, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    path: PathBuf,
    format: Format,
}

/// What `--output` names. `printed` is what `--format` says, if it is given.
pub(super) fn targets(given: &[PathBuf], printed: Option<CheckFormat>) -> Result<Vec<Target>, Failure> {
    let mut targets: Vec<Target> = Vec::new();
    let mut complaints = Vec::new();
    for path in given {
        match target(path, printed.map(Format::from)) {
            Ok(target) if targets.iter().any(|other| other.path == target.path) => {
                complaints.push(Complaint::new(format!("two reports are to be written to {}", shown(&target.path))));
            }
            Ok(target) => targets.push(target),
            Err(complaint) => complaints.push(complaint),
        }
    }
    if complaints.is_empty() { Ok(targets) } else { Err(complaints.into()) }
}

/// One `[FORMAT=]FILE`.
fn target(given: &Path, printed: Option<Format>) -> Result<Target, Complaint> {
    let named = given.to_str().and_then(|given| given.split_once('='));
    let named = named.and_then(|(format, path)| Some((Format::from_name(format)?, path)));
    let (format, path) = match named {
        Some((format, path)) => (Some(format), Path::new(path)),
        None => (None, given),
    };
    if path.as_os_str().is_empty() || is_stdin(path) {
        return Err(Complaint::new(format!("{} names no file to write to", shown(given)))
            .help("`--format` says what goes to standard output"));
    }
    match format.or_else(|| format_of(path, printed)) {
        Some(format) => Ok(Target { path: path.to_owned(), format }),
        None => {
            let names: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
            Err(Complaint::new(format!("the name {} does not tell which format is to be written", shown(path)))
                .help(format!("write the format before it, as in `--output sarif=FILE`; formats are {}", list(&names))))
        }
    }
}

/// The format that a file's name tells. A name that fits several, and one that fits none, leaves it to `--format`.
fn format_of(path: &Path, printed: Option<Format>) -> Option<Format> {
    let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
    if name.ends_with(".sarif") || name.ends_with(".sarif.json") {
        return Some(Format::Sarif);
    }
    if name.ends_with(".xml") {
        return Some(Format::Junit);
    }
    if !name.ends_with(".json") {
        return printed;
    }
    // GitLab's own name for the file has it, with one dash or the other.
    if name.replace(['-', '_'], "").contains("codequality") {
        return Some(Format::Gitlab);
    }
    Some(printed.filter(|format| matches!(format, Format::Sarif | Format::Gitlab)).unwrap_or(Format::Json))
}

/// Whether a file gets a format that has a place for fixes.
pub(super) fn have_fixes(targets: &[Target]) -> bool {
    targets.iter().any(|target| fix::has_fixes(target.format))
}

/// Refuses to write over what is checked: a slip of the hand would cost a manifest.
pub(super) fn keep_inputs(targets: &[Target], workspace: &Workspace, folder: &Path) -> Result<(), Failure> {
    let mut complaints: Vec<Complaint> = Vec::new();
    for Target { path, .. } in targets {
        let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
        let names = [path, &real].into_iter().filter_map(|path| relative(folder, path));
        let mut names = names.filter(|name| {
            let inputs = workspace.inputs();
            let is_input =
                inputs.text(name).is_some() || inputs.source(name).is_some() || inputs.archive(name).is_some();
            is_input || manifest::is_image(name) || manifest::is_feature_set(name) || manifest::is_facts(name)
        });
        if names.next().is_some() {
            complaints.push(
                Complaint::new(format!("the findings would be written over {}, which is checked", shown(path)))
                    .help("name another file with `--output`"),
            );
        }
    }
    if complaints.is_empty() { Ok(()) } else { Err(complaints.into()) }
}

/// Writes all files, or only those that change; returns what went wrong with some of them.
pub(super) fn write(targets: &[Target], run: &Run<'_>, only_changed: bool) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    // A file has no width and no colour, and its reader no other way to see the rest.
    let options = Options { limit: usize::MAX, ..Options::default() };
    for Target { path, format } in targets {
        if only_changed && is_same(path, *format, run, &options) {
            continue;
        }
        let mut write = |out: &mut dyn Write| -> io::Result<()> {
            let mut out = io::BufWriter::new(out);
            render(*format, run, &options, &mut out)?;
            out.flush()
        };
        if let Err(Failure::Said(said)) = output::replace(path, &mut write) {
            complaints.extend(said);
        }
    }
    complaints
}

/// Whether a file has just what would be written into it. Who watches its folder would take a new one for a change.
fn is_same(path: &Path, format: Format, run: &Run<'_>, options: &Options) -> bool {
    let mut text = Vec::new();
    render(format, run, options, &mut text).is_ok() && regular::read_all(path).is_ok_and(|written| written == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_tells_its_format() {
        let tells = |name: &str, printed| target(Path::new(name), printed).ok().map(|target| target.format);
        assert_eq!(tells("out/results.sarif", None), Some(Format::Sarif));
        assert_eq!(tells("results.sarif.json", Some(Format::Json)), Some(Format::Sarif));
        assert_eq!(tells("gl-code-quality-report.json", None), Some(Format::Gitlab));
        assert_eq!(tells("codequality.json", None), Some(Format::Gitlab));
        assert_eq!(tells("report.json", None), Some(Format::Json));
        assert_eq!(tells("junit.xml", Some(Format::Github)), Some(Format::Junit));
        assert_eq!(tells("report.txt", None), None);
    }

    #[test]
    fn format_counts_where_the_name_leaves_it_open() {
        let tells = |name: &str, printed| target(Path::new(name), Some(printed)).ok().map(|target| target.format);
        assert_eq!(tells("report.txt", Format::Concise), Some(Format::Concise));
        assert_eq!(tells("report.json", Format::Gitlab), Some(Format::Gitlab));
        assert_eq!(tells("report.json", Format::Sarif), Some(Format::Sarif));
        assert_eq!(tells("report.json", Format::Github), Some(Format::Json));
    }

    #[test]
    fn a_format_before_the_file_comes_first() {
        let named = target(Path::new("gitlab=out.sarif"), Some(Format::Json)).ok();
        assert_eq!(named, Some(Target { path: PathBuf::from("out.sarif"), format: Format::Gitlab }));
        let unnamed = target(Path::new("a=b.sarif"), None).ok();
        assert_eq!(unnamed, Some(Target { path: PathBuf::from("a=b.sarif"), format: Format::Sarif }));
        assert!(target(Path::new("json=-"), None).is_err());
        assert!(target(Path::new("json="), None).is_err());
    }
}
