//! JSON to a document: an own scanner on a stack, because none that is maintained has both places and recovery.
//!
//! One slip is told, then nothing more until a comma or a bracket shows that the reader has found its feet again.

use std::borrow::Cow;

use super::build::Builder;
use super::{Document, MAX_DEPTH, NodeId, Shape, SyntaxError};
use crate::text::Span;

const ROOT: u32 = NodeId::ROOT.0;

/// Reads a whole text.
pub(super) fn parse(builder: Builder<'_>) -> Document {
    let mut parser = Parser {
        at: 0,
        last: Span::at(0),
        builder,
        frames: Vec::new(),
    };
    parser.document();
    parser.builder.finish()
}

/// An open bracket.
#[derive(Clone, Copy)]
struct Frame {
    node: u32,
    open: Span,
    braces: bool,
}

impl Frame {
    const fn close(self) -> &'static str {
        if self.braces { "}" } else { "]" }
    }
}

/// What has to come next.
#[derive(Clone, Copy, PartialEq)]
enum Want {
    /// A value for a node.
    Value(u32),
    /// An element; `]` only right behind `[`.
    Element { first: bool },
    /// A key; `}` only right behind `{`.
    Key { first: bool },
    /// `:` and then the value of a node.
    Colon(u32),
    /// `,` or what closes.
    Comma,
}

struct Parser<'t> {
    builder: Builder<'t>,
    at: usize,
    /// The token before the present one, for what is missing behind it.
    last: Span,
    frames: Vec<Frame>,
}

impl Parser<'_> {
    fn document(&mut self) {
        if self.builder.text.starts_with('\u{feff}') {
            self.slip(
                Span::new(0, 3),
                "a JSON file does not start with a byte order mark",
            );
            self.at = 3;
            self.builder.failed = false;
        }
        let mut want = match self.peek() {
            Some(b'{') => {
                self.frames.push(Frame {
                    node: ROOT,
                    open: self.span(1),
                    braces: true,
                });
                self.advance(1);
                Want::Key { first: true }
            }
            Some(_) => {
                let token = self.rough();
                self.slip(token, "a manifest is an object: it starts with `{`");
                self.builder.lost = true;
                return;
            }
            None => {
                self.slip(
                    Span::at(self.at as u32),
                    "the file is empty: a manifest in JSON is at least `{}`",
                );
                return;
            }
        };
        while let Some(&frame) = self.frames.last() {
            let Some(byte) = self.peek() else {
                let message = format!(
                    "expected `{}` after this: what is open is not closed",
                    frame.close()
                );
                self.builder.report(
                    SyntaxError::new(self.last, message).related(frame.open, "opened here"),
                );
                self.builder.lost |= self.frames.len() > 1;
                return;
            };
            want = self.step(want, frame, byte);
        }
        self.builder.failed = false;
        if self.peek().is_some() {
            let token = self.rough();
            self.slip(token, "nothing may stand after the end of the object");
            self.builder.lost = true;
        }
    }

    fn step(&mut self, want: Want, frame: Frame, byte: u8) -> Want {
        match (want, byte) {
            (_, b']' | b'}') => self.close(want, frame, byte == b'}'),
            (Want::Value(node), b',') => {
                let key = self.builder.key_text(self.builder.node(node).key);
                let message = format!("the key `{key}` has no value");
                self.slip(self.span(1), message);
                Want::Comma
            }
            (Want::Value(node), _) => self.value(node, byte),
            (Want::Colon(node), b':') => {
                self.advance(1);
                Want::Value(node)
            }
            (Want::Colon(node), b',') => {
                self.missing_colon(node, self.span(1));
                Want::Comma
            }
            (Want::Colon(node), _) => {
                let token = self.rough();
                self.missing_colon(node, token);
                if byte == b'=' {
                    self.advance(1);
                }
                Want::Value(node)
            }
            (Want::Comma, b',') => {
                self.advance(1);
                self.builder.failed = false;
                if frame.braces {
                    Want::Key { first: false }
                } else {
                    Want::Element { first: false }
                }
            }
            (Want::Comma, b':') => self.colon_behind_value(frame),
            (Want::Comma, _) => {
                let token = self.rough();
                self.slip(token, "expected `,` before this");
                if frame.braces {
                    Want::Key { first: false }
                } else {
                    Want::Element { first: false }
                }
            }
            (Want::Element { .. } | Want::Key { .. }, b',') => {
                self.slip(self.span(1), "nothing stands before this `,`");
                self.advance(1);
                want
            }
            (Want::Element { .. }, b':') => {
                self.slip(self.span(1), "an array has no keys");
                self.advance(1);
                want
            }
            (Want::Element { .. }, _) => {
                let start = self.at as u32;
                let node = self.builder.append(
                    frame.node,
                    Span::at(start),
                    Shape::Broken,
                    Span::at(start),
                    0,
                );
                self.value(node, byte)
            }
            (Want::Key { .. }, b'"') => self.key(frame),
            (Want::Key { .. }, b'{') if self.frames.len() > 1 => {
                // The object before was not closed: this is its neighbour.
                let message = "expected `}` before this";
                self.builder.report(
                    SyntaxError::new(self.span(1), message).related(frame.open, "opened here"),
                );
                self.builder.lost = true;
                self.frames.pop();
                self.builder.node_mut(frame.node).span.end = self.last.end;
                self.after_open()
            }
            (Want::Key { .. }, b':') => {
                self.slip(self.span(1), "expected a key before this `:`");
                self.builder.lost = true;
                self.advance(1);
                Want::Value(self.builder.loose(self.last, Shape::Broken, self.last, 0))
            }
            (Want::Key { .. }, _) => self.bare_key(frame, byte),
        }
    }

    /// What the innermost bracket wants after one was given up.
    fn after_open(&self) -> Want {
        match self.frames.last() {
            Some(frame) if !frame.braces => Want::Element { first: false },
            _ => Want::Key { first: false },
        }
    }

    fn missing_colon(&mut self, node: u32, token: Span) {
        let key = self.builder.key_text(self.builder.node(node).key);
        let message = format!("expected `:` after the key `{key}`");
        self.slip(token, message);
    }

    /// `]` or `}`.
    fn close(&mut self, want: Want, frame: Frame, braces: bool) -> Want {
        let token = self.span(1);
        let what = if braces { "}" } else { "]" };
        match want {
            Want::Value(node) => {
                let key = self.builder.key_text(self.builder.node(node).key);
                let message = format!("the key `{key}` has no value");
                self.slip(token, message);
            }
            Want::Colon(node) => self.missing_colon(node, token),
            Want::Element { first: false } | Want::Key { first: false }
                if frame.braces == braces =>
            {
                let message = format!("a `,` cannot stand before `{what}`");
                self.builder.report(
                    SyntaxError::new(self.last, message).help("JSON has no trailing commas"),
                );
            }
            _ => {}
        }
        if frame.braces != braces {
            let Some(outer) = self.frames.iter().rposition(|frame| frame.braces == braces) else {
                self.slip(token, format!("nothing is open that `{what}` closes"));
                self.advance(1);
                return want;
            };
            let message = format!("expected `{}` before this `{what}`", frame.close());
            self.builder
                .report(SyntaxError::new(token, message).related(frame.open, "opened here"));
            for frame in self.frames.drain(outer + 1..) {
                if frame.braces {
                    self.builder.lost = true;
                    self.builder.node_mut(frame.node).span.end = self.last.end;
                } else {
                    self.builder.break_up(frame.node, self.last.end);
                }
            }
        }
        if let Some(closed) = self.frames.pop()
            && closed.node != ROOT
        {
            self.builder.node_mut(closed.node).span.end = token.end;
        }
        self.advance(1);
        // A bracket that fits shows that all is well again; one that did not fit is the slip itself.
        if frame.braces == braces {
            self.builder.failed = false;
        }
        Want::Comma
    }

    /// `"a" : ` in an array: the array was not closed, and this is the next key around it.
    fn colon_behind_value(&mut self, frame: Frame) -> Want {
        let key = self.last;
        let around = self
            .frames
            .len()
            .checked_sub(2)
            .and_then(|outer| self.frames.get(outer))
            .copied();
        self.advance(1);
        match around {
            Some(around)
                if !frame.braces && around.braces && key.of(self.builder.text).starts_with('"') =>
            {
                let error =
                    SyntaxError::new(key, "expected `]` before this key: the array is not closed");
                self.builder
                    .report(error.related(frame.open, "opened here"));
                self.builder.break_up(frame.node, key.start);
                self.frames.pop();
                Want::Value(self.member(around.node, key))
            }
            _ => {
                let colon = self.last;
                self.builder.lost = true;
                self.slip(colon, "a `:` has no meaning here");
                Want::Comma
            }
        }
    }

    /// A key in quotes.
    fn key(&mut self, frame: Frame) -> Want {
        let (token, slip) = self.string();
        self.last = token;
        match slip {
            None => Want::Colon(self.member(frame.node, token)),
            Some(error) => {
                self.builder.report(error);
                self.builder.lost = true;
                Want::Colon(self.builder.loose(token, Shape::Broken, token, 0))
            }
        }
    }

    /// A key without quotes, or something else in its place.
    fn bare_key(&mut self, frame: Frame, byte: u8) -> Want {
        let token = self.rough();
        let word = token
            .of(self.builder.text)
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let message = if word {
            "a key in JSON is written in double quotes"
        } else {
            "expected a key in double quotes"
        };
        self.slip(token, message);
        self.advance(token.len() as usize);
        if byte == b'[' || byte == b'{' {
            self.builder.lost = true;
            let node = self.builder.loose(token, Shape::Broken, token, 0);
            self.at = token.start as usize;
            return self.value(node, byte);
        }
        if word {
            return Want::Colon(self.member(frame.node, token));
        }
        self.builder.lost = true;
        Want::Colon(self.builder.loose(token, Shape::Broken, token, 0))
    }

    /// A place for a key's value; one outside the document when the key is taken.
    fn member(&mut self, table: u32, key: Span) -> u32 {
        match self.builder.find(table, key) {
            None => self
                .builder
                .append(table, key, Shape::Broken, Span::at(key.end), 0),
            Some(first) => {
                let first = self.builder.node(first).key;
                let name = self.builder.key_text(key);
                let message = format!("the key `{name}` is defined twice");
                self.builder
                    .report(SyntaxError::duplicate(key, message, first));
                // What follows is as healthy as anything.
                self.builder.failed = false;
                self.builder.loose(key, Shape::Broken, Span::at(key.end), 0)
            }
        }
    }

    fn value(&mut self, node: u32, byte: u8) -> Want {
        match byte {
            b'[' | b'{' => {
                let braces = byte == b'{';
                let open = self.span(1);
                if self.frames.len() >= MAX_DEPTH {
                    self.slip(
                        open,
                        format!("brackets are nested more than {MAX_DEPTH} deep"),
                    );
                    self.skip_brackets();
                    return Want::Comma;
                }
                self.builder
                    .fill(node, if braces { Shape::Table } else { Shape::Array }, open);
                self.frames.push(Frame { node, open, braces });
                self.advance(1);
                if braces {
                    Want::Key { first: true }
                } else {
                    Want::Element { first: true }
                }
            }
            b'"' => {
                let (token, slip) = self.string();
                self.builder.fill(node, Shape::Broken, token);
                self.last = token;
                match slip {
                    Some(error) => self.builder.report(error),
                    None => {
                        let escaped =
                            memchr::memchr(b'\\', token.of(self.builder.text).as_bytes()).is_some();
                        let node = self.builder.node_mut(node);
                        node.shape = Shape::String;
                        node.plain = u8::from(!escaped);
                    }
                }
                Want::Comma
            }
            _ => {
                let token = self.rough();
                self.advance(token.len() as usize);
                let written = token.of(self.builder.text);
                let shape = match written {
                    "true" | "false" => Some(Shape::Bool),
                    "null" => Some(Shape::Null),
                    _ => number(written.as_bytes()),
                };
                self.builder
                    .fill(node, shape.unwrap_or(Shape::Broken), token);
                if shape.is_none() {
                    let error = if byte == b'-' || byte.is_ascii_digit() {
                        SyntaxError::new(token, "this is not a valid number")
                            .help("JSON numbers are decimal and do not start with `0`; a mode is a string: \"0644\"")
                    } else if byte == b'\'' {
                        SyntaxError::new(token, "a string in JSON is written in double quotes")
                    } else {
                        SyntaxError::new(token, "this is not a value")
                            .help("a string is written in double quotes")
                    };
                    self.builder.report(error);
                }
                Want::Comma
            }
        }
    }

    /// Everything up to the end of brackets that are too deep.
    fn skip_brackets(&mut self) {
        let mut open = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    let (token, _) = self.string();
                    self.last = token;
                    continue;
                }
                b'[' | b'{' => open += 1,
                b']' | b'}' => open -= 1,
                _ => {}
            }
            let length = self.rough().len() as usize;
            self.advance(length);
            if open == 0 {
                return;
            }
        }
    }

    /// The next byte that is neither blank nor comment.
    fn peek(&mut self) -> Option<u8> {
        loop {
            let rest = &self.builder.text.as_bytes()[self.at..];
            self.at += rest
                .iter()
                .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
                .count();
            let rest = &self.builder.text.as_bytes()[self.at..];
            let length = match rest {
                [b'/', b'/', ..] | [b'#', ..] => memchr::memchr(b'\n', rest).unwrap_or(rest.len()),
                [b'/', b'*', inner @ ..] => {
                    memchr::memmem::find(inner, b"*/").map_or(rest.len(), |end| end + 4)
                }
                _ => return rest.first().copied(),
            };
            let failed = self.builder.failed;
            let span = self.span(if rest[0] == b'#' { 1 } else { 2 });
            self.slip(span, "JSON has no comments");
            self.builder.failed = failed;
            self.at += length;
        }
    }

    /// The present token, roughly: a mark, or everything up to the next one.
    fn rough(&self) -> Span {
        let rest = &self.builder.text.as_bytes()[self.at..];
        let is_mark = |byte: &u8| matches!(byte, b'{' | b'}' | b'[' | b']' | b',' | b':' | b'"');
        let is_end =
            |byte: &u8| is_mark(byte) || matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'=');
        let length = rest.iter().take_while(|byte| !is_end(byte)).count();
        self.span(length.max(usize::from(!rest.is_empty())))
    }

    fn span(&self, length: usize) -> Span {
        Span::new(self.at as u32, (self.at + length) as u32)
    }

    fn advance(&mut self, length: usize) {
        self.last = self.span(length);
        self.at += length;
    }

    fn slip(&mut self, span: Span, message: impl Into<String>) {
        self.builder.report(SyntaxError::new(span, message));
    }

    /// Takes a string; it ends with its line at the latest.
    fn string(&mut self) -> (Span, Option<SyntaxError>) {
        let bytes = self.builder.text.as_bytes();
        let start = self.at;
        let mut at = start + 1;
        let mut slip = None;
        loop {
            let rest = &bytes[at..];
            at += rest
                .iter()
                .take_while(|&&byte| byte >= b' ' && byte != b'"' && byte != b'\\')
                .count();
            match bytes.get(at) {
                Some(b'"') => {
                    self.at = at + 1;
                    return (Span::new(start as u32, self.at as u32), slip);
                }
                Some(b'\\') => {
                    let (length, wrong) = match escape(&bytes[at..]) {
                        Ok((_, length)) => (length, None),
                        Err((length, message)) => (length, Some(message)),
                    };
                    let end = (at + length..=bytes.len())
                        .find(|&end| self.builder.text.is_char_boundary(end));
                    let end = end.unwrap_or(bytes.len());
                    if let Some(message) = wrong {
                        let span = Span::new(at as u32, end as u32);
                        slip.get_or_insert_with(|| SyntaxError::new(span, message));
                    }
                    at = end;
                }
                Some(b'\n') | None => {
                    self.at = at;
                    let written = &self.builder.text[start..at];
                    let span = Span::new(
                        start as u32,
                        (start + written.trim_end_matches('\r').len()) as u32,
                    );
                    return (
                        span,
                        Some(SyntaxError::new(span, "this string is not closed")),
                    );
                }
                Some(_) => {
                    let is_return =
                        bytes[at] == b'\r' && matches!(bytes.get(at + 1), Some(b'\n') | None);
                    if !is_return {
                        let span = Span::new(at as u32, at as u32 + 1);
                        slip.get_or_insert_with(|| {
                            SyntaxError::new(
                                span,
                                "a control character cannot stand in a string as it is",
                            )
                            .help("write it as an escape, such as `\\n` or `\\u0007`")
                        });
                    }
                    at += 1;
                }
            }
        }
    }
}

/// A number as RFC 8259 has it.
fn number(written: &[u8]) -> Option<Shape> {
    let digits = |rest: &[u8]| rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut rest = written.strip_prefix(b"-").unwrap_or(written);
    let whole = digits(rest);
    if whole == 0 || whole > 1 && rest[0] == b'0' {
        return None;
    }
    rest = &rest[whole..];
    let mut shape = Shape::Integer;
    if let [b'.', fraction @ ..] = rest {
        let length = digits(fraction);
        if length == 0 {
            return None;
        }
        rest = &fraction[length..];
        shape = Shape::Float;
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = exponent
            .strip_prefix(b"+")
            .or(exponent.strip_prefix(b"-"))
            .unwrap_or(exponent);
        let length = digits(exponent);
        if length == 0 {
            return None;
        }
        rest = &exponent[length..];
        shape = Shape::Float;
    }
    rest.is_empty().then_some(shape)
}

/// The character of an escape and its length; or how much of it is wrong, and why.
fn escape(rest: &[u8]) -> Result<(char, usize), (usize, &'static str)> {
    let unit = |at: usize| {
        let digits = rest
            .get(at..at + 4)
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
        digits.iter().try_fold(0, |value, &digit| {
            Some(value * 16 + char::from(digit).to_digit(16)?)
        })
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
                let digits = rest[2..]
                    .iter()
                    .take(4)
                    .take_while(|byte| byte.is_ascii_hexdigit())
                    .count();
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
                    Ok((
                        char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER),
                        12,
                    ))
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
pub(super) fn decode(token: &str) -> Cow<'_, str> {
    let mut rest = token
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(token);
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
        rest = (at + length..=rest.len())
            .find_map(|end| rest.get(end..))
            .unwrap_or("");
    }
    value.push_str(rest);
    Cow::Owned(value)
}
