//! JSON to a document: an own scanner on a stack, because none that is maintained has both places and recovery.
//!
//! One slip is told, then nothing more until a comma or a bracket shows that the reader has found its feet again.

mod scan;
mod string;

use super::build::Builder;
use super::{Document, MAX_DEPTH, NodeId, Shape, SyntaxError};
use crate::text::Span;

use self::scan::number;
pub(super) use self::string::decode;

const ROOT: u32 = NodeId::ROOT.0;

/// Reads a whole text.
pub(super) fn parse(builder: Builder<'_>) -> Document {
    let mut parser = Parser { at: 0, last: Span::at(0), builder, frames: Vec::new() };
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
            self.slip(Span::new(0, 3), "a JSON file does not start with a byte order mark");
            self.at = 3;
            self.builder.failed = false;
        }
        let mut want = match self.peek() {
            Some(b'{') => {
                self.frames.push(Frame { node: ROOT, open: self.span(1), braces: true });
                self.advance(1);
                Want::Key { first: true }
            }
            Some(_) => {
                let token = self.rough();
                self.slip(token, "expected an object: the file starts with `{`");
                self.builder.lost = true;
                return;
            }
            None => {
                self.slip(Span::at(self.at as u32), "the file is empty: in JSON it is at least `{}`");
                return;
            }
        };
        while let Some(&frame) = self.frames.last() {
            let Some(byte) = self.peek() else {
                let message = format!("expected `{}` after this: what is open is not closed", frame.close());
                self.builder.report(SyntaxError::new(self.last, message).related(frame.open, "opened here"));
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
                if frame.braces { Want::Key { first: false } } else { Want::Element { first: false } }
            }
            (Want::Comma, b':') => self.colon_behind_value(frame),
            (Want::Comma, _) => {
                let token = self.rough();
                self.slip(token, "expected `,` before this");
                if frame.braces { Want::Key { first: false } } else { Want::Element { first: false } }
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
                let node = self.builder.append(frame.node, Span::at(start), Shape::Broken, Span::at(start), 0);
                self.value(node, byte)
            }
            (Want::Key { .. }, b'"') => self.key(frame),
            (Want::Key { .. }, b'{') if self.frames.len() > 1 => {
                // The object before was not closed: this is its neighbour.
                let message = "expected `}` before this";
                self.builder.report(SyntaxError::new(self.span(1), message).related(frame.open, "opened here"));
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
            Want::Element { first: false } | Want::Key { first: false } if frame.braces == braces => {
                let message = format!("a `,` cannot stand before `{what}`");
                self.builder.report(SyntaxError::new(self.last, message).help("JSON has no trailing commas"));
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
            self.builder.report(SyntaxError::new(token, message).related(frame.open, "opened here"));
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
        let around = self.frames.len().checked_sub(2).and_then(|outer| self.frames.get(outer)).copied();
        self.advance(1);
        match around {
            Some(around) if !frame.braces && around.braces && key.of(self.builder.text).starts_with('"') => {
                let error = SyntaxError::new(key, "expected `]` before this key: the array is not closed");
                self.builder.report(error.related(frame.open, "opened here"));
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
        let word = token.of(self.builder.text).bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let message =
            if word { "a key in JSON is written in double quotes" } else { "expected a key in double quotes" };
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
            None => self.builder.append(table, key, Shape::Broken, Span::at(key.end), 0),
            Some(first) => {
                let first = self.builder.node(first).key;
                let name = self.builder.key_text(key);
                let message = format!("the key `{name}` is defined twice");
                self.builder.report(SyntaxError::duplicate(key, message, first));
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
                    self.slip(open, format!("brackets are nested more than {MAX_DEPTH} deep"));
                    self.skip_brackets();
                    return Want::Comma;
                }
                self.builder.fill(node, if braces { Shape::Table } else { Shape::Array }, open);
                self.frames.push(Frame { node, open, braces });
                self.advance(1);
                if braces { Want::Key { first: true } } else { Want::Element { first: true } }
            }
            b'"' => {
                let (token, slip) = self.string();
                self.builder.fill(node, Shape::Broken, token);
                self.last = token;
                match slip {
                    Some(error) => self.builder.report(error),
                    None => {
                        let escaped = memchr::memchr(b'\\', token.of(self.builder.text).as_bytes()).is_some();
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
                self.builder.fill(node, shape.unwrap_or(Shape::Broken), token);
                if shape.is_none() {
                    let error = if byte == b'-' || byte.is_ascii_digit() {
                        SyntaxError::new(token, "this is not a valid number")
                            .help("JSON numbers are decimal and do not start with `0`; a mode is a string: \"0644\"")
                    } else if byte == b'\'' {
                        SyntaxError::new(token, "a string in JSON is written in double quotes")
                    } else {
                        SyntaxError::new(token, "this is not a value").help("a string is written in double quotes")
                    };
                    self.builder.report(error);
                }
                Want::Comma
            }
        }
    }

    fn slip(&mut self, span: Span, message: impl Into<String>) {
        self.builder.report(SyntaxError::new(span, message));
    }
}
