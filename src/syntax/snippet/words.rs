//! The words of a line: parted by white space, in quotes where they hold some, with the escapes of C where these count.

use std::borrow::Cow;

use crate::syntax::SyntaxError;
use crate::text::Span;

/// A word: where it stands, and what it says, which is the text itself unless quotes or escapes are in it.
#[derive(Clone, Debug)]
pub(super) struct Word<'t> {
    pub span: Span,
    pub value: Cow<'t, str>,
}

impl<'t> Word<'t> {
    /// The word without its first bytes, at a narrower place where its text is its value.
    pub fn without(&self, prefix: usize) -> Self {
        match &self.value {
            Cow::Borrowed(text) => {
                Self { span: Span::new(self.span.start + prefix as u32, self.span.end), value: text[prefix..].into() }
            }
            Cow::Owned(text) => Self { span: self.span, value: text[prefix..].to_owned().into() },
        }
    }

    /// The word up to a byte of its value.
    pub fn up_to(&self, end: usize) -> Self {
        match &self.value {
            Cow::Borrowed(text) => {
                Self { span: Span::new(self.span.start, self.span.start + end as u32), value: text[..end].into() }
            }
            Cow::Owned(text) => Self { span: self.span, value: text[..end].to_owned().into() },
        }
    }

    /// Another value at the same place; the text itself stays borrowed.
    pub fn saying(&self, value: Cow<'_, str>) -> Self {
        if *value == *self.value {
            return self.clone();
        }
        Self { span: self.span, value: Cow::Owned(value.into_owned()) }
    }

    /// Whether it stands for nothing.
    pub fn is_nothing(&self) -> bool {
        matches!(&*self.value, "" | "-")
    }
}

/// What a backslash does.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Escapes {
    /// It starts an escape of C.
    OfC,
    /// It takes the character behind it as it is.
    Literal,
}

/// A line being read.
pub(super) struct Words<'t> {
    text: &'t str,
    at: usize,
    end: usize,
    escapes: Escapes,
}

impl<'t> Words<'t> {
    /// Of a part of the text.
    pub fn new(text: &'t str, line: Span, escapes: Escapes) -> Self {
        Self { text, at: line.start as usize, end: line.end as usize, escapes }
    }

    fn skip_space(&mut self) {
        let rest = &self.text[self.at..self.end];
        self.at += rest.len() - rest.trim_start_matches(is_space).len();
    }

    /// The next word, if there is one.
    pub fn next(&mut self) -> Result<Option<Word<'t>>, SyntaxError> {
        self.skip_space();
        let start = self.at;
        let text = &self.text[start..self.end];
        if text.is_empty() {
            return Ok(None);
        }
        let plain = text.find(|c| is_space(c) || matches!(c, '"' | '\'' | '\\')).unwrap_or(text.len());
        if text[plain..].chars().next().is_none_or(is_space) {
            self.at = start + plain;
            let span = Span::new(start as u32, self.at as u32);
            return Ok(Some(Word { span, value: Cow::Borrowed(&text[..plain]) }));
        }
        self.quoted(start).map(Some)
    }

    /// A word with quotes or escapes in it.
    fn quoted(&mut self, start: usize) -> Result<Word<'t>, SyntaxError> {
        let mut value: Vec<u8> = Vec::new();
        let mut quote: Option<(u8, usize)> = None;
        let bytes = self.text.as_bytes();
        while self.at < self.end {
            let byte = bytes[self.at];
            match (byte, quote) {
                (b'\\', _) if self.escapes == Escapes::OfC => {
                    self.at += unescape(&self.text[self.at..self.end], self.at as u32, &mut value)?;
                    continue;
                }
                (b'\\', _) => {
                    self.at += 1;
                    match bytes[self.at..self.end].first() {
                        Some(&next) => value.push(next),
                        None => {
                            let span = Span::new(self.at as u32 - 1, self.at as u32);
                            return Err(SyntaxError::new(span, "a backslash at the end of the line escapes nothing"));
                        }
                    }
                }
                (_, Some((open, _))) if byte == open => quote = None,
                (b'"' | b'\'', None) => quote = Some((byte, self.at)),
                (_, None) if is_space(char::from(byte)) => break,
                _ => value.push(byte),
            }
            self.at += 1;
        }
        if let Some((_, at)) = quote {
            let span = Span::new(at as u32, at as u32 + 1);
            return Err(SyntaxError::new(span, "this quote is not closed on its line")
                .help("close it, or write `\\` before it where it belongs to the word"));
        }
        let span = Span::new(start as u32, self.at as u32);
        Ok(Word { span, value: Cow::Owned(text_of(value, span)?) })
    }

    /// All that is left, without the space around it.
    pub fn rest(&mut self) -> Option<Word<'t>> {
        self.skip_space();
        let text = self.text[self.at..self.end].trim_end_matches(is_space);
        let span = Span::new(self.at as u32, (self.at + text.len()) as u32);
        self.at = self.end;
        (!text.is_empty()).then_some(Word { span, value: Cow::Borrowed(text) })
    }
}

/// A word of which C's escapes are taken, wherever they stand in it.
pub(super) fn unescaped<'t>(word: Word<'t>) -> Result<Word<'t>, SyntaxError> {
    let Cow::Borrowed(text) = word.value else { return Ok(word) };
    if !text.contains('\\') {
        return Ok(word);
    }
    let mut value = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.as_bytes().get(at) {
        if byte == b'\\' {
            at += unescape(&text[at..], word.span.start + at as u32, &mut value)?;
        } else {
            value.push(byte);
            at += 1;
        }
    }
    Ok(Word { span: word.span, value: Cow::Owned(text_of(value, word.span)?) })
}

fn text_of(value: Vec<u8>, span: Span) -> Result<String, SyntaxError> {
    String::from_utf8(value).map_err(|_| {
        SyntaxError::invalid(span, "with its escapes this is not UTF-8 text").help(
            "manifests and plans are UTF-8; leave the line to the running system by a snippet that is not included",
        )
    })
}

/// Takes one escape, `text` beginning with its backslash, and says how long it is.
fn unescape(text: &str, at: u32, value: &mut Vec<u8>) -> Result<usize, SyntaxError> {
    let bytes = text.as_bytes();
    let digits = |from: usize, count: usize, radix: u32| -> Option<u32> {
        let digits = text.get(from..from + count)?;
        // A sign would be taken for a part of the number.
        digits.bytes().all(|byte| byte.is_ascii_alphanumeric()).then_some(())?;
        u32::from_str_radix(digits, radix).ok()
    };
    let wrong = |length: usize| {
        let length = length.min(text.len()).max(1);
        let length = (length..=text.len()).find(|&end| text.is_char_boundary(end)).unwrap_or(text.len());
        SyntaxError::new(Span::new(at, at + length as u32), "this is no escape of C").help(
            "known are \\a \\b \\f \\n \\r \\t \\v \\s \\\\ \\\" \\', \\xHH, \\uHHHH, \\UHHHHHHHH and three octal digits; a backslash itself is \\\\",
        )
    };
    let simple = match bytes.get(1) {
        Some(b'a') => 7,
        Some(b'b') => 8,
        Some(b'f') => 12,
        Some(b'n') => b'\n',
        Some(b'r') => b'\r',
        Some(b't') => b'\t',
        Some(b'v') => 11,
        Some(b's') => b' ',
        Some(&byte @ (b'\\' | b'"' | b'\'')) => byte,
        Some(b'x') => {
            let byte = digits(2, 2, 16).filter(|&byte| byte != 0).ok_or_else(|| wrong(4))?;
            value.push(byte as u8);
            return Ok(4);
        }
        Some(&letter @ (b'u' | b'U')) => {
            let count = if letter == b'u' { 4 } else { 8 };
            let scalar = digits(2, count, 16).filter(|&scalar| scalar != 0).and_then(char::from_u32);
            let scalar = scalar.ok_or_else(|| wrong(2 + count))?;
            value.extend(scalar.encode_utf8(&mut [0; 4]).bytes());
            return Ok(2 + count);
        }
        Some(b'0'..=b'7') => {
            let byte = digits(1, 3, 8).filter(|byte| (1..=255).contains(byte)).ok_or_else(|| wrong(4))?;
            value.push(byte as u8);
            return Ok(4);
        }
        _ => return Err(wrong(2)),
    };
    value.push(simple);
    Ok(2)
}

/// What parts words.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}
