//! Single TOML values: strings, numbers, dates. What they mean is `toml_parser`'s; how a slip is told is ours.

use std::borrow::Cow;

use toml_parser::decoder::ScalarKind;
use toml_parser::lexer::TokenKind;
use toml_parser::{Expected, ParseError, Raw};

use super::super::{SHORT, Shape, SyntaxError};
use super::tokens::Token;
use crate::text::Span;
use featgraph_plan::plain_length;

/// Reads a string. Gives the number of bytes before its value where the text is the value, [`SHORT`] where only short escapes
/// keep it from that, else 0.
pub(super) fn read_string(text: &str, token: Token) -> Result<u8, SyntaxError> {
    let written = token.span.of(text);
    let is_plain = |byte: &u8| *byte >= b' ' && *byte != b'\\' && *byte != 0x7f;
    if matches!(token.kind, TokenKind::BasicString | TokenKind::LiteralString)
        && let [open, inner @ .., close] = written.as_bytes()
        && open == close
        && inner.iter().fold(true, |plain, byte| plain & is_plain(byte))
    {
        return Ok(1);
    }
    if token.kind == TokenKind::BasicString && unescape(written, |_| {}).is_some() {
        return Ok(SHORT);
    }
    let mut wrong: Option<ParseError> = None;
    let mut value = Cow::Borrowed("");
    let _ = raw(text, token).decode_scalar(&mut value, &mut wrong);
    if let Some(wrong) = wrong {
        return Err(string_slip(text, token, &wrong));
    }
    let (before, after) = match token.kind {
        TokenKind::BasicString | TokenKind::LiteralString => (1, 1),
        _ => match written.as_bytes().get(3..) {
            Some([b'\n', ..]) => (4, 3),
            Some([b'\r', b'\n', ..]) => (5, 3),
            _ => (3, 3),
        },
    };
    let inner = written.get(before..written.len().saturating_sub(after));
    Ok(if inner == Some(value.as_ref()) { before as u8 } else { 0 })
}

/// Takes apart a string in double quotes in which nothing stands but what needs no decoder: plain text, and escapes of one letter.
/// Tells its pieces one by one; nothing, perhaps after some pieces, where there is more to it.
pub(in crate::syntax) fn unescape(written: &str, mut tell: impl FnMut(&str)) -> Option<()> {
    let inner = written.strip_prefix('"')?.strip_suffix('"')?;
    // The one control character above the space.
    if memchr::memchr(0x7f, inner.as_bytes()).is_some() {
        return None;
    }
    let mut rest = inner;
    loop {
        let at = plain_length(rest.as_bytes());
        if at == rest.len() {
            break;
        }
        let escaped = match rest.as_bytes()[at..] {
            [b'\\', b'n', ..] => "\n",
            [b'\\', b't', ..] => "\t",
            [b'\\', b'"', ..] => "\"",
            [b'\\', b'\\', ..] => "\\",
            _ => return None,
        };
        tell(&rest[..at]);
        tell(escaped);
        rest = &rest[at + 2..];
    }
    tell(rest);
    Some(())
}

/// Whether a text of several lines never ends.
pub(super) fn is_unclosed(written: &str) -> bool {
    let quotes = &written[..3];
    // Whether the quotes at the end are the ones at the start, or escaped, only the decoder knows.
    let kind = if quotes == "'''" { TokenKind::MlLiteralString } else { TokenKind::MlBasicString };
    let token = Token { kind, span: Span::new(0, written.len() as u32) };
    let mut found = false;
    let mut look = |wrong: ParseError| found |= lacks_quotes(&wrong, token.span);
    let _ = raw(written, token).decode_scalar(&mut (), &mut look);
    found
}

/// That a string has no end.
pub(super) fn unclosed(span: Span) -> SyntaxError {
    SyntaxError::new(span, "this string is not closed")
}

/// Reads anything that is not a string. Gives what it is.
pub(super) fn read_other(text: &str, span: Span) -> Result<Shape, SyntaxError> {
    let written = span.of(text);
    let mut wrong: Option<ParseError> = None;
    let mut value = Cow::Borrowed("");
    let whole = toml_parser::Span::new_unchecked(span.start as usize, span.end as usize);
    let kind = Raw::new_unchecked(written, None, whole).decode_scalar(&mut value, &mut wrong);
    if let Some(wrong) = wrong {
        return Err(other_slip(span, written, kind, &wrong));
    }
    match kind {
        ScalarKind::String => Ok(Shape::String),
        ScalarKind::Boolean(_) => Ok(Shape::Bool),
        ScalarKind::Float => Ok(Shape::Float),
        // `0x` alone passes the decoder.
        ScalarKind::Integer(_) if value.is_empty() => Err(SyntaxError::new(span, "this number has no digits")),
        ScalarKind::Integer(_) => Ok(Shape::Integer),
        ScalarKind::DateTime => match value.parse::<::toml::value::Datetime>() {
            Ok(_) => Ok(Shape::Datetime),
            Err(_) => Err(SyntaxError::new(span, "this is not a valid date or time")),
        },
    }
}

fn raw<'t>(text: &'t str, token: Token) -> Raw<'t> {
    let span = toml_parser::Span::new_unchecked(token.span.start as usize, token.span.end as usize);
    Raw::new_unchecked(token.span.of(text), token.kind.encoding(), span)
}

/// Whether what is wrong is that the quotes at the end are not there.
fn lacks_quotes(wrong: &ParseError, span: Span) -> bool {
    matches!(wrong.expected(), Some([Expected::Literal("\"" | "'")]))
        && wrong.unexpected().is_some_and(|at| at.start() >= span.end as usize)
}

fn string_slip(text: &str, token: Token, wrong: &ParseError) -> SyntaxError {
    let span = token.span;
    let written = span.of(text);
    if lacks_quotes(wrong, span) {
        return match token.kind {
            TokenKind::BasicString | TokenKind::LiteralString => {
                unclosed(Span::new(span.start, span.start + written.trim_end_matches('\r').len() as u32))
            }
            _ => unclosed(Span::new(span.start, span.start + 3)),
        };
    }
    let at = wrong.unexpected().map_or(span.start, |at| at.start() as u32).clamp(span.start, span.end);
    // The character at a place, or the escape that leads to it.
    let character = |at: u32| text[at as usize..span.end as usize].chars().next().map_or(0, char::len_utf8) as u32;
    let escape = |at: u32| {
        let start = text[span.start as usize..at as usize].rfind('\\').map_or(at, |found| span.start + found as u32);
        Span::new(start, (at + character(at)).min(span.end))
    };
    match wrong.description() {
        "missing escaped value" => {
            let span = escape(at);
            SyntaxError::new(span, format!("`{}` is not an escape", span.of(text).escape_debug()))
                .help("write `\\\\` for a backslash, or put the string in single quotes")
        }
        "too few unicode value digits" => {
            let start = escape(at).start;
            SyntaxError::new(Span::new(start, at), "this escape has too few digits")
                .help("`\\x` takes two hexadecimal digits, `\\u` four, `\\U` eight")
        }
        "invalid value" => {
            let start = escape(at).start;
            let digits = text[at as usize..span.end as usize].bytes().take_while(u8::is_ascii_hexdigit).take(8).count();
            SyntaxError::new(Span::new(start, at + digits as u32), "this escape is not a character of Unicode")
        }
        "carriage return must be followed by newline" => SyntaxError::new(
            Span::new(at.saturating_sub(1).max(span.start), at),
            "a carriage return must be followed by a line feed",
        ),
        _ if text.as_bytes().get(at as usize).is_some_and(u8::is_ascii_control) => {
            SyntaxError::new(Span::new(at, at + 1), "a control character cannot stand in a string as it is")
                .help("write it as an escape in double quotes")
        }
        _ => SyntaxError::new(Span::new(at, at + character(at)), "this cannot stand in a string"),
    }
}

fn other_slip(span: Span, written: &str, kind: ScalarKind, wrong: &ParseError) -> SyntaxError {
    match (wrong.description(), kind) {
        ("unexpected leading zero", _) => SyntaxError::new(span, "a number does not start with `0`")
            .help("a mode is a string: \"0644\"; an octal number starts with `0o`"),
        ("missing opening quote", _) => SyntaxError::new(span, "this string has no quote at its start"),
        ("`_` may only go between digits", _) => SyntaxError::new(span, "`_` may only stand between digits"),
        ("string values must be quoted", _) => {
            SyntaxError::new(span, "this is not a value").help("a string is written in quotes")
        }
        (_, ScalarKind::Boolean(value)) => {
            SyntaxError::new(span, format!("this is not a value; did you mean `{value}`"))
                .help("a string is written in quotes")
        }
        (_, ScalarKind::Float) if !written.contains(|c: char| c.is_ascii_digit()) => {
            SyntaxError::new(span, "this is not a value").help("a string is written in quotes")
        }
        _ => SyntaxError::new(span, "this is not a valid number"),
    }
}
