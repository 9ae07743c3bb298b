//! `featgraph facts`: what a root file system has, as a file that images stand on.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::args::FactsArguments;
use super::discover::{is_stdin, shown};
use super::failure::{Complaint, Failure, reason};
use super::terminal::Terminal;
use super::{Status, output, unless_closed};
use crate::facts::Facts;
use crate::inputs::TextState;
use crate::manifest;
use crate::message;
use crate::scan::{self, Limits, RootError, RootOptions};
use crate::text::Source;

/// As many notes as a terminal is given.
const NOTES_SHOWN: usize = 40;

/// Facts are read far more often than they are written, and a higher level takes minutes for a large root.
const ZSTD_LEVEL: i32 = 12;

pub(super) fn run(arguments: &FactsArguments, terminal: &mut Terminal) -> Result<Status, Failure> {
    let target = arguments.output.as_deref().filter(|path| !is_stdin(path));
    let options =
        RootOptions { name: arguments.name.clone(), digests: arguments.digests, platform: arguments.platform.clone() };
    let Some(mut facts) = read(&arguments.source, &options, terminal)? else { return Ok(Status::Found) };
    if let Some(old) = &arguments.since {
        let options = RootOptions { name: None, ..options };
        let Some(old) = read(old, &options, terminal)? else { return Ok(Status::Found) };
        facts = facts.since(&old);
    }
    match target {
        Some(path) => {
            keep_source(arguments, path)?;
            output::replace(path, &mut |out| write(&facts, path, out))?;
        }
        None => unless_closed(facts.write(&mut terminal.out).and_then(|()| terminal.out.flush()))?,
    }
    Ok(Status::Clean)
}

/// The facts of a source; `None` where what is wrong with it is already told.
fn read(path: &Path, options: &RootOptions, terminal: &mut Terminal) -> Result<Option<Facts>, Failure> {
    if manifest::is_facts(&path.to_string_lossy()) {
        return read_facts(path, options, terminal);
    }
    let spooled = if is_stdin(path) { Some(spool()?) } else { None };
    let named =
        RootOptions { name: options.name.clone().or(spooled.as_ref().map(|_| "stdin".into())), ..options.clone() };
    let place = spooled.as_ref().map_or(path, |file| file.path());
    let said = if spooled.is_some() { String::from("standard input") } else { shown(path) };
    match scan::read_root(place, &named, &Limits::DEFAULT) {
        Ok(read) => {
            notes(&said, &read.notes, terminal);
            doubt(&said, &read.facts, terminal);
            Ok(Some(read.facts))
        }
        Err(RootError::Unreadable(why)) => Err(Complaint::new(format!("{said} cannot be read: {why}")).into()),
        Err(RootError::Escapes(entries)) => {
            for entry in &entries {
                terminal.complain("error", &format!("{said}: {entry}"), None);
            }
            let help =
                "an archive with entries that lead out of the root is not a root file system; nothing is written";
            terminal.complain("note", help, None);
            Ok(None)
        }
    }
}

fn read_facts(path: &Path, options: &RootOptions, terminal: &mut Terminal) -> Result<Option<Facts>, Failure> {
    let unread = |why: &str| Failure::from(Complaint::new(format!("{} cannot be read: {why}", shown(path))));
    let source = match scan::read_text(path, &path.to_string_lossy()) {
        TextState::Text(source) => source,
        TextState::Missing(why) | TextState::Broken(why) => return Err(unread(&why)),
    };
    match Facts::parse(&source.text) {
        Ok(mut facts) => {
            if let Some(name) = &options.name {
                facts.name = Some(name.as_str().into());
            }
            Ok(Some(facts))
        }
        Err(faults) => {
            for fault in faults {
                let position = Source::position(&source, fault.span.start);
                let place = format!("{}:{}:{}", source.name, position.line, position.column);
                let message = format!("{place}: {}", fault.message);
                terminal.complain(&format!("error[{}]", fault.code.name()), &message, fault.help.as_deref());
            }
            Ok(None)
        }
    }
}

/// What of a source is not in its facts. A terminal is given as much as can be read.
fn notes(source: &str, notes: &[String], terminal: &mut Terminal) {
    let shown = if terminal.err_is_terminal { NOTES_SHOWN.min(notes.len()) } else { notes.len() };
    for note in &notes[..shown] {
        terminal.complain("warning", &format!("{source}: {note}"), None);
    }
    if notes.len() > shown {
        let more = message::count(notes.len() - shown, "more of these is", "more of these are");
        terminal.complain("note", &format!("{more} not shown; a file or pipe is given all of them"), None);
    }
}

/// Warns about a source that does not look like a root file system: usually a folder above or beside the one that was meant.
/// Where a part of it could not be read, that may be the part.
fn doubt(source: &str, facts: &Facts, terminal: &mut Terminal) {
    let tree = &facts.tree;
    if facts.opaque || !facts.users.is_empty() || !facts.packages.is_empty() || tree.get("etc").is_some() {
        return;
    }
    let inner = tree.entries().iter().find_map(|entry| entry.path.strip_suffix("/etc/passwd"));
    let message = format!("{source} does not look like a root file system: it has no `/etc` and no accounts");
    let help = inner.map(|inner| format!("did you mean {} in it?", message::quoted(inner)));
    terminal.complain("warning", &message, help.as_deref());
}

/// Standard input as a file: container images are not read in the order in which they are stored.
fn spool() -> Result<tempfile::NamedTempFile, Failure> {
    let spooled = tempfile::NamedTempFile::new().and_then(|mut file| {
        io::copy(&mut io::stdin().lock(), &mut file)?;
        file.flush()?;
        Ok(file)
    });
    spooled.map_err(|error| Complaint::new(format!("standard input cannot be read: {}", reason(&error))).into())
}

/// Writes facts as the name of their file asks for.
fn write(facts: &Facts, path: &Path, out: &mut dyn Write) -> io::Result<()> {
    let mut buffered = io::BufWriter::with_capacity(1 << 17, out);
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("zst") => {
            let mut encoder = zstd::Encoder::new(&mut buffered, ZSTD_LEVEL)?;
            encoder.include_checksum(true)?;
            facts.write(&mut encoder)?;
            encoder.finish()?;
        }
        Some("gz") => {
            // Without a time or a file name in it: the same facts give the same bytes.
            let mut encoder = flate2::write::GzEncoder::new(&mut buffered, flate2::Compression::best());
            facts.write(&mut encoder)?;
            encoder.finish()?;
        }
        _ => facts.write(&mut buffered)?,
    }
    buffered.flush()
}

/// Refuses to write over what is read.
fn keep_source(arguments: &FactsArguments, target: &Path) -> Result<(), Failure> {
    let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let sources: Vec<PathBuf> =
        [Some(&arguments.source), arguments.since.as_ref()].into_iter().flatten().map(|path| real(path)).collect();
    if !sources.contains(&real(target)) {
        return Ok(());
    }
    Err(Complaint::new(format!("the facts would be written over {}, which they are made from", shown(target)))
        .help("write them elsewhere with `-o`")
        .into())
}
