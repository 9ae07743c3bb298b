//! JSON strings: where they end, what is wrong in them, and what they mean.

use std::borrow::Cow;

use super::super::SyntaxError;
use crate::text::Span;

/// Takes a string; it ends with its line at the latest.
pub(super) fn read(text: &str, start: usize) -> (Span, Option<SyntaxError>) {
    let bytes = text.as_bytes();
    let mut at = start + 1;
    let mut slip = None;
    loop {
        let rest = &bytes[at..];
        at += rest.iter().take_while(|&&byte| byte >= b' ' && byte != b'"' && byte != b'\\').count();
        match bytes.get(at) {
            Some(b'"') => {
                return (Span::new(start as u32, at as u32 + 1), slip);
            }
            Some(b'\\') => {
                let (length, wrong) = match escape(&bytes[at..]) {
                    Ok((_, length)) => (length, None),
                    Err((length, message)) => (length, Some(message)),
                };
                let end = (at + length..=bytes.len()).find(|&end| text.is_char_boundary(end));
                let end = end.unwrap_or(bytes.len());
                if let Some(message) = wrong {
                    let span = Span::new(at as u32, end as u32);
                    slip.get_or_insert_with(|| SyntaxError::new(span, message));
                }
                at = end;
            }
            Some(b'\n') | None => {
                let written = &text[start..at];
                let span = Span::new(start as u32, (start + written.trim_end_matches('\r').len()) as u32);
                return (span, Some(SyntaxError::new(span, "this string is not closed")));
            }
            Some(_) => {
                let is_return = bytes[at] == b'\r' && matches!(bytes.get(at + 1), Some(b'\n') | None);
                if !is_return {
                    let span = Span::new(at as u32, at as u32 + 1);
                    slip.get_or_insert_with(|| {
                        SyntaxError::new(span, "a control character cannot stand in a string as it is")
                            .help("write it as an escape, such as `\\n` or `\\u0007`")
                    });
                }
                at += 1;
            }
        }
    }
}

/// The character of an escape and its length; or how much of it is wrong, and why.
fn escape(rest: &[u8]) -> Result<(char, usize), (usize, &'static str)> {
    let unit = |at: usize| {
        let digits = rest.get(at..at + 4).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
        digits.iter().try_fold(0, |value, &digit| Some(value * 16 + char::from(digit).to_digit(16)?))
    };
    let simple = match rest.get(1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => {
            let Some(first) = unit(2) else {
                let digits = rest[2..].iter().take(4).take_while(|byte| byte.is_ascii_hexdigit()).count();
                return Err((2 + digits, "`\\u` takes four hexadecimal digits"));
            };
            if let Some(character) = char::from_u32(first) {
                return Ok((character, 6));
            }
            // Half of a pair: the other half has to follow.
            let second = unit(8).filter(|_| rest.get(6..8) == Some(b"\\u"));
            return match second {
                Some(second @ 0xdc00..=0xdfff) if first < 0xdc00 => {
                    let point = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                    Ok((char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER), 12))
                }
                _ => Err((6, "this escape is half of a surrogate pair")),
            };
        }
        // A line break ends the string; it is not part of the escape.
        None | Some(b'\n' | b'\r') => return Err((1, "an escape is not complete")),
        Some(_) => return Err((2, "this is not an escape that JSON knows")),
    };
    Ok((simple, 2))
}

/// A string's token, decoded.
pub(in super::super) fn decode(token: &str) -> Cow<'_, str> {
    let mut rest = token.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(token);
    let mut value = String::with_capacity(rest.len());
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        value.push_str(&rest[..at]);
        let length = match escape(&rest.as_bytes()[at..]) {
            Ok((character, length)) => {
                value.push(character);
                length
            }
            Err((length, _)) => length,
        };
        rest = (at + length..=rest.len()).find_map(|end| rest.get(end..)).unwrap_or("");
    }
    value.push_str(rest);
    Cow::Owned(value)
}
