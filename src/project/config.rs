//! `featgraph.toml`: where it is, and the levels in it.

use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::complaint::{Complaint, reason};
use super::discover::{relative, shown};
use super::levels::{self, Setting, Subject};
use crate::catalog::Severity;
use crate::message::quoted;
use crate::near::nearest;
use crate::scan::regular;
use crate::text::{Source, Span};

/// What the file is called.
pub(crate) const NAME: &str = "featgraph.toml";

/// The levels that the configuration of this run sets: of the one in the working directory, else of the nearest above what is
/// looked at.
pub(crate) fn settings<'p>(
    folder: &Path,
    paths: impl IntoIterator<Item = &'p Path>,
) -> Result<Vec<Setting>, Vec<Complaint>> {
    let Some(path) = place(folder, paths).map_err(|complaint| vec![complaint])? else { return Ok(Vec::new()) };
    let name = relative(folder, &path).unwrap_or_else(|| path.to_string_lossy().into_owned());
    let unreadable = |why: &str| vec![Complaint::new(format!("{} cannot be read: {why}", quoted(&name)))];
    let bytes = regular::read_all(&path).map_err(|error| unreadable(&reason(&error)))?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8 text"))?;
    read(&name, &text)
}

/// Where it is. Two of them for one run would contradict each other unseen.
fn place<'p>(folder: &Path, paths: impl IntoIterator<Item = &'p Path>) -> Result<Option<PathBuf>, Complaint> {
    let here = folder.join(NAME);
    if here.is_file() {
        return Ok(Some(here));
    }
    let mut found: Option<(PathBuf, &Path)> = None;
    for path in paths {
        // The real folder, so that `..` and links lead upwards as they do on disk. What does not exist is reported elsewhere.
        let Ok(real) = std::fs::canonicalize(folder.join(path)) else { continue };
        let Some(file) = real.ancestors().map(|above| above.join(NAME)).find(|file| file.is_file()) else { continue };
        match &found {
            Some((other, for_path)) if *other != file => {
                return Err(Complaint::new(format!(
                    "{} and {} have different configurations: {} and {}",
                    shown(for_path),
                    shown(path),
                    shown(other),
                    shown(&file)
                ))
                .help(format!("check them one by one, or put one {NAME} into the working directory")));
            }
            Some(_) => {}
            None => found = Some((file, path)),
        }
    }
    Ok(found.map(|(file, _)| file))
}

/// Where it may be: a change there may change the levels.
pub fn places<'p>(folder: &Path, paths: impl IntoIterator<Item = &'p Path>) -> Vec<PathBuf> {
    let mut places = vec![folder.join(NAME)];
    for path in paths {
        if let Ok(real) = std::fs::canonicalize(folder.join(path)) {
            places.extend(real.ancestors().map(|above| above.join(NAME)));
        }
    }
    places
}

/// Reads the text of one; says everything that is wrong with it.
fn read(name: &str, text: &str) -> Result<Vec<Setting>, Vec<Complaint>> {
    let mut reader = Reader { source: Source::new(name, text), settings: Vec::new(), complaints: Vec::new() };
    let (root, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        reader.root(root.get_ref());
    }
    for error in errors {
        reader.complain(error.span().unwrap_or_default(), error.message(), None);
    }
    if reader.complaints.is_empty() { Ok(reader.settings) } else { Err(reader.complaints) }
}

struct Reader {
    source: std::sync::Arc<Source>,
    settings: Vec<Setting>,
    complaints: Vec<Complaint>,
}

impl Reader {
    fn complain(&mut self, at: std::ops::Range<usize>, message: &str, help: Option<String>) {
        // A text of over 4 GiB has its later mistakes at its end.
        let offset = u32::try_from(at.start).unwrap_or(u32::MAX).min(self.source.text.len() as u32);
        let place = crate::text::Location { source: self.source.clone(), span: Span { start: offset, end: offset } };
        self.complaints.push(Complaint { message: message.to_owned(), help, place: Some(place) });
    }

    fn unknown(&mut self, key: &Spanned<impl AsRef<str>>, place: &str, known: &[&'static str]) {
        let given = key.get_ref().as_ref();
        let help = match nearest(given, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("{place} takes {}", crate::message::list(known)),
        };
        let message = format!("{place} has no key {}", quoted(given));
        self.complain(key.span(), &message, Some(help));
    }

    fn root(&mut self, root: &DeTable<'_>) {
        for (key, value) in in_order(root) {
            match (&**key.get_ref(), value.get_ref()) {
                ("lints", DeValue::Table(lints)) => self.lints(lints),
                ("lints", _) => self.complain(value.span(), "`lints` must be a table", None),
                _ => self.unknown(key, NAME, &["lints"]),
            }
        }
    }

    fn lints(&mut self, lints: &DeTable<'_>) {
        for (key, value) in in_order(lints) {
            match &**key.get_ref() {
                "deny" => self.codes("deny", Some(Severity::Error), value),
                "warn" => self.codes("warn", Some(Severity::Warning), value),
                "allow" => self.codes("allow", None, value),
                _ => self.unknown(key, "`[lints]`", &["deny", "warn", "allow"]),
            }
        }
    }

    fn codes(&mut self, key: &str, severity: Option<Severity>, value: &Spanned<DeValue<'_>>) {
        let DeValue::Array(codes) = value.get_ref() else {
            let help = match value.get_ref() {
                DeValue::String(code) => Some(format!("write `{key} = [\"{}\"]`", crate::message::printable(code))),
                _ => None,
            };
            return self.complain(value.span(), &format!("`{key}` must be a list of codes"), help);
        };
        for code in codes.iter() {
            let DeValue::String(name) = code.get_ref() else {
                self.complain(code.span(), &format!("`{key}` must be a list of codes, which are strings"), None);
                continue;
            };
            match levels::subject(name, severity) {
                Err(message) => self.complain(code.span(), &message, None),
                Ok(subject) => {
                    let setting = Setting { subject, severity };
                    if self.settings.iter().any(|other| contradicts(*other, setting)) {
                        self.complain(code.span(), &format!("`{name}` is given two levels"), None);
                    }
                    self.settings.push(setting);
                }
            }
        }
    }
}

fn contradicts(one: Setting, other: Setting) -> bool {
    one.subject != Subject::Warnings && one.subject == other.subject && one.severity != other.severity
}

/// The members of a table as they stand in the file; the table itself is sorted by name.
fn in_order<'t, 's>(table: &'t DeTable<'s>) -> Vec<(&'t Spanned<std::borrow::Cow<'s, str>>, &'t Spanned<DeValue<'s>>)> {
    let mut members: Vec<_> = table.iter().collect();
    members.sort_by_key(|(key, _)| key.span().start);
    members
}
