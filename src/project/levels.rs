//! Levels: what `featgraph.toml` and arguments set, over the catalogue.

use crate::catalog::{Code, Severity};
use crate::compile::Levels;
use crate::message;
use crate::near;

/// What a level is set for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// One code.
    Code(Code),
    /// `warnings`: every code that is a warning. Only to be denied.
    Warnings,
}

/// One setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// For what.
    pub subject: Subject,
    /// The severity; `None` silences it.
    pub severity: Option<Severity>,
}

/// A name as `--deny`, `--warn` and `--allow` take it, or the sentence that says what is wrong with it.
pub(crate) fn subject(name: &str, severity: Option<Severity>) -> Result<Subject, String> {
    if name == "warnings" {
        return match severity {
            Some(Severity::Error) => Ok(Subject::Warnings),
            _ => Err(String::from("`warnings` can only be denied; otherwise name the codes one by one")),
        };
    }
    let Some(code) = Code::from_name(name) else {
        let known = Code::ALL.iter().copied().filter(|code| code.level_can_be_set()).map(Code::name);
        let way_out = match near::nearest(name, known.chain(["warnings"])) {
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

/// The levels of a run. The command line wins over the file; a code that is named wins over `warnings` beside it.
pub(crate) fn levels(file: &[Setting], arguments: &[Setting]) -> Levels {
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
        assert_eq!(subject("missing-source", Some(Severity::Error)), Ok(Subject::Code(Code::MissingSource)));
        assert!(subject("missing", Some(Severity::Warning)).is_err_and(|said| said.contains("stays one")));
        assert!(subject("unprovn", None).is_err_and(|said| said.contains("did you mean `unproven`?")));
        assert!(subject("warnings", None).is_err());
    }
}
