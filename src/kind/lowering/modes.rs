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
                let radix = self.fragment.document.integer_radix(node, &source.text);
                match value {
                    Some(mode @ 0..=0o7777) if radix == 8 => Some(mode as u16),
                    _ => {
                        let written = span.of(&source.text).to_owned();
                        self.wrong_mode(span, &written, value, radix);
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

    fn wrong_mode(&mut self, span: Span, written: &str, value: Option<i128>, radix: u32) {
        let system = match radix {
            8 => {
                self.invalid(span, "a mode has at most four octal digits: 0o0000 to 0o7777");
                return;
            }
            2 => "binary",
            16 => "hexadecimal",
            _ => "decimal",
        };
        // As its digits, and as the number that a tool without octal numbers (JSON, YAML) makes of a mode.
        let digits = written.trim_start_matches(['+', '-']);
        let octal = radix == 10 && digits.len() <= 4 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
        let as_digits = octal.then(|| format!("{digits:0>4}"));
        let as_number = value.and_then(|value| u16::try_from(value).ok()).filter(|value| *value <= 0o7777);
        let as_number = as_number.filter(|mode| radix != 10 || !octal || is_plausible(*mode));
        let as_number = as_number.map(|value| format!("{value:04o}"));
        let sentence = format!("the mode {written} is a {system} number, and modes are octal");
        let (sentence, meant, safe) = match (as_digits, as_number) {
            (Some(digits), Some(number)) if digits != number => (
                format!("{sentence}: it is {number} as a number, and {digits} if its digits were meant"),
                Some(number),
                false,
            ),
            (Some(digits), _) => (sentence, Some(digits), true),
            (None, Some(number)) => (format!("{sentence}: as a number it is {number}"), Some(number), false),
            (None, None) => (sentence, None, false),
        };
        let finding = self.report(Code::InvalidValue, span, sentence);
        if let Some(meant) = meant {
            finding.help = Some(format!("write \"{meant}\""));
            finding.fix =
                Some(SmallFix { title: format!("write \"{meant}\""), span, text: format!("\"{meant}\""), safe });
        } else {
            finding.help = Some("write an octal string such as \"0644\"".to_owned());
        }
    }
}

/// Whether somebody may have meant a mode: nobody gives a group less than others, an owner less than the group, or anybody a right
/// without that to read.
const fn is_plausible(mode: u16) -> bool {
    let (owner, group, others) = (mode >> 6 & 7, mode >> 3 & 7, mode & 7);
    let readable = owner & 4 != 0 && (group == 0 || group & 4 != 0) && (others == 0 || others & 4 != 0);
    mode <= 0o777 && readable && owner & group == group && group & others == others
}
