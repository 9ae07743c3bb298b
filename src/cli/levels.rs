//! Levels on the command line: `--deny`, `--warn` and `--allow`.

use clap::ArgMatches;

use crate::catalog::Severity;
use crate::project::levels::subject;
pub(super) use crate::project::levels::{Setting, Subject, levels};

/// What `--deny` takes.
pub(super) fn denied(name: &str) -> Result<Subject, String> {
    subject(name, Some(Severity::Error))
}

/// What `--warn` takes.
pub(super) fn warned(name: &str) -> Result<Subject, String> {
    subject(name, Some(Severity::Warning))
}

/// What `--allow` takes.
pub(super) fn allowed(name: &str) -> Result<Subject, String> {
    subject(name, None)
}

/// The settings of the command line in the order they were given, so that the last one about a code stands.
pub(super) fn of_arguments(matches: &ArgMatches) -> Vec<Setting> {
    let mut all: Vec<(usize, Setting)> = Vec::new();
    for (name, severity) in [("deny", Some(Severity::Error)), ("warn", Some(Severity::Warning)), ("allow", None)] {
        let subjects = matches.get_many::<Subject>(name).into_iter().flatten();
        let indices = matches.indices_of(name).into_iter().flatten();
        all.extend(indices.zip(subjects).map(|(at, &subject)| (at, Setting { subject, severity })));
    }
    all.sort_by_key(|&(at, _)| at);
    all.into_iter().map(|(_, setting)| setting).collect()
}
