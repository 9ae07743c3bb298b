//! What is found wrong in a file, with what was probably meant.

use super::{Declared, Lowering};
use crate::catalog::Code;
use crate::fragment::{FileFinding, SmallFix};
use crate::kind::{Kind, foreign};
use crate::message;
use crate::near;
use crate::text::Span;

impl Lowering<'_> {
    /// Adds a finding of this file.
    pub fn report(&mut self, code: Code, span: Span, message: String) -> &mut FileFinding {
        self.fragment.findings.push(FileFinding {
            code,
            span,
            message,
            label: String::new(),
            related: Vec::new(),
            help: None,
            fix: None,
            loses: false,
        });
        let last = self.fragment.findings.len() - 1;
        &mut self.fragment.findings[last]
    }

    /// A value that the field cannot take.
    pub fn invalid(&mut self, span: Span, sentence: &str) {
        self.report(Code::InvalidValue, span, sentence.to_owned());
    }

    pub(super) fn invalid_with_suggestion(&mut self, span: Span, sentence: &str, given: &str, known: &[&str]) {
        let near = near::nearest(given, known.iter().copied());
        let finding = self.report(Code::InvalidValue, span, sentence.to_owned());
        if let Some(near) = near {
            finding.help = Some(format!("did you mean `{near}`?"));
            finding.fix =
                Some(SmallFix { title: format!("write `{near}`"), span, text: format!("\"{near}\""), safe: true });
        } else if known.len() <= 12 {
            finding.help = Some(format!("known are {}", message::list(known)));
        }
    }

    /// A key that must be given.
    pub fn missing_key(&mut self, d: &Declared, key: &str, sentence: &str) {
        let meant = self.fragment.findings[self.findings_before.min(self.fragment.findings.len())..]
            .iter()
            .any(|finding| finding.code == Code::UnknownKey && finding.fix.is_some());
        if meant && !d.kind.spec().fields.iter().any(|field| field.name == key && field.required) {
            return;
        }
        let help = format!("add `{key} = ...` to this `[[{}]]`", d.kind.name());
        let finding = self.report(Code::MissingKey, d.header, sentence.to_owned());
        finding.label = format!("`{key}` is missing");
        finding.help = Some(help);
    }

    /// Reports a field that is needed here though not always.
    pub fn demand(&mut self, d: &Declared, field: usize) {
        let name = d.kind.spec().fields[field].name;
        if !d.has(field) && !d.kind.spec().fields[field].required {
            let sentence = format!("this {} needs `{name}`", d.kind.name());
            self.missing_key(d, name, &sentence);
        }
    }

    pub(super) fn unknown_key(&mut self, kind: Kind, key: &str, span: Span) {
        if matches!(key, "when" | "vars") {
            let sentence =
                format!("`{key}` is reserved for conditions and variables, which this version does not have");
            self.report(Code::InvalidValue, span, sentence);
            return;
        }
        let known: Vec<&str> = kind.all_fields().map(|field| field.name).collect();
        let foreign = foreign::key(kind, key);
        let near = foreign.or_else(|| near::nearest(key, known.iter().copied()));
        let sentence = format!("{} has no key {}", message::a_kind(kind), message::quoted(key));
        let finding = self.report(Code::UnknownKey, span, sentence);
        match near {
            Some(near) => {
                finding.help = Some(format!("did you mean `{near}`?"));
                finding.fix = Some(SmallFix {
                    title: format!("rename it to `{near}`"),
                    span,
                    text: near.to_owned(),
                    // A word of another tool may take other values.
                    safe: foreign.is_none(),
                });
            }
            None => finding.help = Some(format!("its keys are {}", message::list(&known))),
        }
    }
}
