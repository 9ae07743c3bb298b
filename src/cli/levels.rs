//! Levels: `--deny`, `--warn` and `--allow`, over what `featgraph.toml` says, over the catalogue.

use clap::ArgMatches;

use crate::catalog::{Code, Severity};
use crate::compile::Levels;
use crate::message;

/// What a level is set for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// One code.
    Code(Code),
    /// `warnings`: every code that is a warning. Only to be denied.
    Warnings,
}

/// One setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    /// For what.
    pub subject: Subject,
    /// The severity; `None` silences it.
    pub severity: Option<Severity>,
}

/// A name as `--deny`, `--warn` and `--allow` take it, or the sentence that says what is wrong with it.
pub(super) fn subject(name: &str, severity: Option<Severity>) -> Result<Subject, String> {
    if name == "warnings" {
        return match severity {
            Some(Severity::Error) => Ok(Subject::Warnings),
            _ => Err(String::from("`warnings` can only be denied; otherwise name the codes one by one")),
        };
    }
    let Some(code) = Code::from_name(name) else {
        let known = Code::ALL.iter().copied().filter(|code| code.level_can_be_set()).map(Code::name);
        let way_out = match message::nearest(name, known.chain(["warnings"])) {
            Some(near) => format!("did you mean `{near}`?"),
            None => String::from("`featgraph explain` lists all codes"),
        };
        return Err(format!("there is no code {}; {way_out}", message::quoted(name)));
    };
    if !code.level_can_be_set() {
        return Err(format!(
            "`{name}` is an error and stays one, because no plan can be made with it; levels can be set for warnings, infos and `missing-source`"
        ));
    }
    Ok(Subject::Code(code))
}

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

/// The levels of a run. The command line wins over the file; a code that is named wins over `warnings` beside it.
pub(super) fn levels(file: &[Setting], arguments: &[Setting]) -> Levels {
    let mut levels = Levels::default();
    let warnings_denied = arguments.iter().any(|setting| setting.subject == Subject::Warnings);
    for setting in file {
        match (setting.subject, setting.severity) {
            (Subject::Warnings, _) => levels.deny_warnings = true,
            // What the file makes or leaves a warning is one of the warnings that the command line denies.
            (Subject::Code(code), Some(Severity::Warning)) if warnings_denied => {
                levels.set(code, Some(Severity::Error));
            }
            (Subject::Code(code), severity) => levels.set(code, severity),
        }
    }
    for setting in arguments {
        match setting.subject {
            Subject::Warnings => levels.deny_warnings = true,
            Subject::Code(code) => levels.set(code, setting.severity),
        }
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::*;

    const DENY_WARNINGS: Setting = Setting { subject: Subject::Warnings, severity: Some(Severity::Error) };

    fn set(code: Code, severity: Option<Severity>) -> Setting {
        Setting { subject: Subject::Code(code), severity }
    }

    #[test]
    fn the_command_line_wins_over_the_file() {
        let file = [set(Code::Duplicate, None), set(Code::Setuid, Some(Severity::Error))];
        let levels = levels(&file, &[set(Code::Duplicate, Some(Severity::Error))]);
        assert_eq!(levels.of(Code::Duplicate), Some(Severity::Error));
        assert_eq!(levels.of(Code::Setuid), Some(Severity::Error));
        assert_eq!(levels.of(Code::WorldWritable), Some(Severity::Warning));
    }

    #[test]
    fn a_named_code_wins_over_warnings_beside_it() {
        let levels = levels(&[], &[set(Code::Duplicate, Some(Severity::Warning)), DENY_WARNINGS]);
        assert_eq!(levels.of(Code::Duplicate), Some(Severity::Warning));
        assert_eq!(levels.of(Code::Setuid), Some(Severity::Error));
        assert_eq!(levels.of(Code::Unproven), Some(Severity::Info));
    }

    #[test]
    fn warnings_denied_on_the_command_line_reach_those_of_the_file() {
        let levels = levels(&[set(Code::Unproven, Some(Severity::Warning)), set(Code::Setuid, None)], &[DENY_WARNINGS]);
        assert_eq!(levels.of(Code::Unproven), Some(Severity::Error));
        assert_eq!(levels.of(Code::Setuid), None);
    }

    #[test]
    fn only_what_may_be_changed_is_taken() {
        assert_eq!(denied("missing-source"), Ok(Subject::Code(Code::MissingSource)));
        assert!(warned("missing").is_err_and(|said| said.contains("stays one")));
        assert!(allowed("unprovn").is_err_and(|said| said.contains("did you mean `unproven`?")));
        assert!(allowed("warnings").is_err());
    }
}
