//! The percent signs of a word: what they stand for where that is known before the system runs.

use std::borrow::Cow;

use super::words::Word;
use crate::syntax::{Language, SyntaxError};
use crate::text::Span;

/// Specifiers of tmpfiles.d that are the same on every system, with what they stand for where the system's own
/// systemd-tmpfiles runs. What holds a slash in it has no escapes.
const OF_TMPFILES: [(char, &str); 11] = [
    ('C', "/var/cache"),
    ('g', "root"),
    ('G', "0"),
    ('h', "/root"),
    ('L', "/var/log"),
    ('S', "/var/lib"),
    ('t', "/run"),
    ('T', "/tmp"),
    ('u', "root"),
    ('U', "0"),
    ('V', "/var/tmp"),
];

/// Those of sysusers.d.
const OF_SYSUSERS: [(char, &str); 2] = [('T', "/tmp"), ('V', "/var/tmp")];

/// Specifiers that only a running system, or its os-release file, can fill in.
const OF_THE_SYSTEM: &str = "aAbBHlmMovwW";

/// What became of a word.
pub(super) enum Expanded<'t> {
    /// All that it says is known.
    Known(Word<'t>),
    /// Something in it is known only where the system runs.
    AtRunTime,
}

/// Fills in the specifiers of a word.
pub(super) fn expand<'t>(word: Word<'t>, language: Language) -> Result<Expanded<'t>, SyntaxError> {
    if !word.value.contains('%') {
        return Ok(Expanded::Known(word));
    }
    let known: &[(char, &str)] = if language == Language::Tmpfiles { &OF_TMPFILES } else { &OF_SYSUSERS };
    let mut value = String::with_capacity(word.value.len());
    let mut rest = &*word.value;
    let mut at_run_time = false;
    while let Some(percent) = rest.find('%') {
        value.push_str(&rest[..percent]);
        let after = &rest[percent + 1..];
        let Some(letter) = after.chars().next() else {
            // At the end it is itself.
            value.push('%');
            rest = "";
            break;
        };
        rest = &after[letter.len_utf8()..];
        if letter == '%' {
            value.push('%');
        } else if let Some((_, meant)) = known.iter().find(|(known, _)| *known == letter) {
            value.push_str(meant);
        } else if OF_THE_SYSTEM.contains(letter) {
            at_run_time = true;
        } else {
            return Err(unknown(&word, letter, word.value.len() - after.len() - 1));
        }
    }
    if at_run_time {
        return Ok(Expanded::AtRunTime);
    }
    value.push_str(rest);
    Ok(Expanded::Known(word.saying(Cow::Owned(value))))
}

fn unknown(word: &Word<'_>, letter: char, at: usize) -> SyntaxError {
    let span = match word.value {
        Cow::Borrowed(_) => {
            let start = word.span.start + at as u32;
            Span::new(start, start + 1 + letter.len_utf8() as u32)
        }
        Cow::Owned(_) => word.span,
    };
    let shown = if letter.is_control() { letter.escape_default().to_string() } else { letter.to_string() };
    SyntaxError::invalid(span, format!("`%{shown}` is no specifier that is known here"))
        .help("a percent sign itself is written `%%`")
}
