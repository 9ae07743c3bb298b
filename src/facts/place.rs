//! Where in a facts file an error is, and what serde's errors mean to a person.

use serde_json::error::Category;

use super::FactsError;
use super::format::{Text, VersionOnly};
use super::read::{is_known_version, unknown_version};
use crate::catalog::Code;
use crate::text::Span;

/// The string token of a value, quotes included.
pub(super) fn place(text: &str, value: &Text<'_>) -> Span {
    // A borrowed value is a part of the text, so its address says where. An escaped one is looked for.
    let start = (value.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize);
    let borrowed = matches!(value.0, std::borrow::Cow::Borrowed(_)) && start > 0 && start + value.len() < text.len();
    if borrowed {
        return span(start - 1, start + value.len() + 1);
    }
    let escaped = tokens(text).find(|token| {
        let token = &text[token.range()];
        token.contains('\\') && serde_json::from_str::<String>(token).is_ok_and(|decoded| decoded == **value)
    });
    escaped.unwrap_or_default()
}

/// Every string token of a JSON text that is well-formed up to there.
fn tokens(text: &str) -> impl Iterator<Item = Span> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + memchr::memchr(b'"', &bytes[at..])?;
        let mut end = start + 1;
        loop {
            end += memchr::memchr2(b'"', b'\\', &bytes[end..])?;
            if bytes[end] == b'"' {
                break;
            }
            end += 2;
            if end > bytes.len() {
                return None;
            }
        }
        at = end + 1;
        Some(span(start, at))
    })
}

fn span(start: usize, end: usize) -> Span {
    let short = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    Span::new(short(start), short(end))
}

/// What to do about a name that is nearly another.
pub(super) fn nearest(name: &str, known: &[&str]) -> Option<String> {
    let distance = |to: &str| strsim::damerau_levenshtein(name, to);
    let best = known.iter().min_by_key(|to| distance(to))?;
    // Beyond a third of the letters it is another word, not a slip.
    (name.len() <= 64 && distance(best) <= (name.len().max(best.len()) / 3).max(1))
        .then(|| format!("did you mean `{best}`?"))
}

/// An error of serde's in the words and at the place that a person looks for.
pub(super) fn reading_error(text: &str, error: &serde_json::Error) -> FactsError {
    // A file of another version may well have keys that this one lacks; its version is what to say then.
    if let Ok(VersionOnly { format_version: Some(version) }) = serde_json::from_str(text)
        && !is_known_version(&version)
    {
        let (message, help) = unknown_version(&version);
        let span = place(text, &version);
        return FactsError { code: Code::InvalidValue, span, message, help: Some(help) };
    }
    let full = error.to_string();
    let told = full.rfind(" at line ").map_or(full.as_str(), |at| &full[..at]);
    let end = offset(text, error.line(), error.column());
    let mut quoted = told.split('`').skip(1).step_by(2);
    let span = token_before(text, end);
    let (code, span, message, help) = match error.classify() {
        Category::Syntax | Category::Eof | Category::Io => {
            (Code::Syntax, span, format!("this is not valid JSON: {told}"), None)
        }
        Category::Data if told.starts_with("unknown field") => {
            let key = quoted.next().unwrap_or("");
            let known: Vec<&str> = quoted.collect();
            (Code::UnknownKey, span, format!("facts have no key `{key}` here"), nearest(key, &known))
        }
        Category::Data if told.starts_with("missing field") => {
            (Code::MissingKey, span, format!("the key `{}` is not given", quoted.next().unwrap_or("")), None)
        }
        Category::Data if told.starts_with("duplicate field") => {
            (Code::DuplicateKey, span, format!("the key `{}` is given twice", quoted.next().unwrap_or("")), None)
        }
        Category::Data => {
            let wrong_type = told.starts_with("invalid type");
            let told =
                told.strip_prefix("invalid type: ").or_else(|| told.strip_prefix("invalid value: ")).unwrap_or(told);
            let told = match told.rsplit_once(", expected ") {
                Some((found, expected)) => {
                    format!("expected {}, found {}", in_json_words(expected), described(found))
                }
                None => told.to_owned(),
            };
            (if wrong_type { Code::WrongType } else { Code::InvalidValue }, span, told, None)
        }
    };
    FactsError { code, span, message, help }
}

/// serde names Rust's types where a number is expected.
fn in_json_words(expected: &str) -> &str {
    match expected {
        "u32" => "a whole number from 0 to 4294967295",
        "u64" => "a whole number that is not negative",
        "a boolean" => "true or false",
        "a sequence" => "an array",
        _ => expected,
    }
}

fn described(found: &str) -> String {
    match found {
        "sequence" => String::from("an array"),
        "map" => String::from("an object"),
        "null" => String::from("null"),
        _ => format!("the {found}"),
    }
}

/// The byte that serde's line and column mean: both count from 1, columns in bytes.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before = line.saturating_sub(1);
    let start = match before {
        0 => 0,
        _ => memchr::memchr_iter(b'\n', text.as_bytes()).nth(before - 1).map_or(text.len(), |at| at + 1),
    };
    let mut offset = (start + column).min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// The token that ends at a place; where none does, the character after it or, at the end, before it.
fn token_before(text: &str, end: usize) -> Span {
    let before = &text[..end];
    let start = match before.bytes().next_back() {
        Some(b'"') => {
            let open = before[..end - 1].rfind('"');
            open.filter(|at| !before[*at..end - 1].contains('\n'))
        }
        Some(byte) if byte.is_ascii_alphanumeric() => {
            let in_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
            Some(before.trim_end_matches(in_token).len())
        }
        None | Some(b' ' | b'\t' | b'\n' | b'\r' | b':') => {
            let at = text.len() - text[end..].trim_start().len();
            if let Some(next) = text[at..].chars().next() {
                return span(at, at + next.len_utf8());
            }
            None
        }
        _ => None,
    };
    let last = before.char_indices().next_back().map_or(0, |(at, _)| at);
    span(start.unwrap_or(last), end)
}
