//! Permission bits: an octal string, or a TOML octal integer.

use super::{Declared, Lowering};
use crate::catalog::Code;
use crate::fragment::SmallFix;
use crate::message;
use crate::syntax::{NodeId, Shape};
use crate::text::Span;

impl Lowering<'_> {
    /// Permission bits: an octal string, or a TOML octal integer.
    pub fn mode(&mut self, d: &Declared, field: usize) -> Option<u16> {
        let mode = self.mode_at(d.get(field)?);
        self.mode_lost = mode.is_none();
        mode
    }

    pub(super) fn mode_at(&mut self, node: NodeId) -> Option<u16> {
        let span = self.span(node);
        let source = self.source.clone();
        match self.shape(node) {
            Shape::String => {
                let text = self.fragment.document.string(node, &source.text);
                let digits = text.strip_prefix("0o").unwrap_or(&text);
                let octal = !digits.is_empty() && digits.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
                match u32::from_str_radix(digits, 8) {
                    Ok(mode) if octal && mode <= 0o7777 && digits.len() <= 5 => Some(mode as u16),
                    _ if text.is_empty() => {
                        self.invalid(span, "the mode is empty: write three or four octal digits, such as \"0644\"");
                        None
                    }
                    _ => {
                        let sentence = format!(
                            "{} is no mode: write three or four octal digits, such as \"0644\"",
                            message::quoted(&text)
                        );
                        self.invalid(span, &sentence);
                        None
                    }
                }
            }
            Shape::Integer => {
                let value = self.fragment.document.integer(node, &source.text);
                let octal = self.fragment.document.integer_radix(node, &source.text) == 8;
                match value {
                    Some(mode @ 0..=0o7777) if octal => Some(mode as u16),
                    _ => {
                        let written = span.of(&source.text).to_owned();
                        self.wrong_mode(span, &written, value, octal);
                        None
                    }
                }
            }
            Shape::Broken => None,
            other => {
                let sentence = format!("a mode is an octal string such as \"0644\", and this is {}", other.described());
                self.report(Code::WrongType, span, sentence);
                None
            }
        }
    }

    fn wrong_mode(&mut self, span: Span, written: &str, value: Option<i128>, octal: bool) {
        if octal {
            self.invalid(span, "a mode has at most four octal digits: 0o0000 to 0o7777");
            return;
        }
        // A number whose digits are all octal was meant as octal; another may be an octal mode's decimal value.
        let digits = written.trim_start_matches(['+', '-']);
        let as_octal = (digits.len() <= 4 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'7')))
            .then(|| format!("{digits:0>4}"));
        let as_decimal = value.filter(|value| (0..=0o7777).contains(value)).map(|value| format!("{value:04o}"));
        let finding = self.report(
            Code::InvalidValue,
            span,
            format!("the mode {written} is a decimal number, and modes are octal"),
        );
        if let Some(meant) = as_octal.or(as_decimal) {
            finding.help = Some(format!("write \"{meant}\""));
            finding.fix = Some(SmallFix { title: format!("write \"{meant}\""), span, text: format!("\"{meant}\"") });
        } else {
            finding.help = Some("write an octal string such as \"0644\"".to_owned());
        }
    }
}
