//! TOML to a document: statements and headers, what they may define, and where to go on after a slip.
//!
//! Tokens, strings, numbers and dates are `toml_parser`'s; its event parser is not used, because it wants all tokens of
//! an array at once and goes on after a slip where an author would not. Values are in `value`, single ones in `scalar`.

mod scalar;
mod tables;
mod tokens;
mod value;

use toml_parser::lexer::TokenKind;

pub(super) use self::scalar::unescape;
use self::tokens::{Token, Tokens, next_statement};
use super::build::Builder;
use super::{Document, MAX_DEPTH, NodeId, Shape, SyntaxError};
use crate::text::Span;

const ROOT: u32 = NodeId::ROOT.0;

/// Reads a whole text.
pub(super) fn parse(builder: Builder<'_>) -> Document {
    let tokens = Tokens::new(builder.text);
    let mut parser = Parser {
        tokens,
        builder,
        path: Vec::new(),
        frames: Vec::new(),
        table: ROOT,
        indent: 0,
        value_missing: false,
        suspect: None,
        muted: false,
    };
    parser.document();
    parser.builder.finish()
}

struct Parser<'t> {
    tokens: Tokens<'t>,
    builder: Builder<'t>,
    /// The parts of the key that was read last.
    path: Vec<Span>,
    /// The brackets around the present value.
    frames: Vec<value::Frame>,
    /// Where the statements of the present line go.
    table: u32,
    /// How far the present statement is indented.
    indent: usize,
    /// The statement before ended after its `=`: a line without key may be its value.
    value_missing: bool,
    /// A text of several lines that ended where another seems to begin. If that makes no sense, it was not closed.
    suspect: Option<Suspect>,
    /// A text of several lines was never closed: whatever stands behind it may be that text.
    muted: bool,
}

#[derive(Clone, Copy)]
struct Suspect {
    value: u32,
    quotes: Span,
}

impl Parser<'_> {
    fn document(&mut self) {
        loop {
            let token = self.tokens.next();
            self.builder.failed = false;
            match token.kind {
                TokenKind::Eof => break,
                TokenKind::Whitespace => self.indent = token.span.len() as usize,
                TokenKind::Newline | TokenKind::Comment => {
                    self.trivia(token);
                    self.indent = 0;
                }
                TokenKind::LeftSquareBracket => self.header(token),
                TokenKind::RightSquareBracket
                | TokenKind::RightCurlyBracket
                | TokenKind::LeftCurlyBracket
                | TokenKind::Comma => {
                    let what = token.span.of(self.builder.text);
                    self.stray(token, format!("a line does not start with `{what}`"));
                }
                _ => self.statement(token),
            }
        }
    }

    /// `key = value`
    fn statement(&mut self, first: Token) {
        let value_missing = std::mem::take(&mut self.value_missing);
        let key = self.key(first);
        let is_member = self.tokens.peek().kind == TokenKind::Equals;
        if let Some(suspect) = self.suspect.take()
            && !(key.is_ok() && is_member)
        {
            return self.blame(suspect);
        }
        let value = match key {
            Ok(()) if is_member => self.member(self.table),
            Ok(()) if value_missing && self.path.len() == 1 => {
                // The value that the line before lacks.
                return self.skip_line();
            }
            Ok(()) => {
                let value = self.member(self.table);
                self.report_missing_equals();
                match self.tokens.peek().kind {
                    TokenKind::Atom | TokenKind::Dot | TokenKind::Newline | TokenKind::Eof | TokenKind::Comment => {
                        return self.skip_line();
                    }
                    _ => value,
                }
            }
            Err(error) => {
                self.builder.report(error);
                self.builder.lost = true;
                loop {
                    match self.tokens.peek().kind {
                        TokenKind::Equals => break,
                        TokenKind::Newline | TokenKind::Eof => return,
                        _ => self.tokens.next(),
                    };
                }
                self.builder.loose(first.span, Shape::Broken, first.span, 0)
            }
        };
        if self.tokens.peek().kind == TokenKind::Equals {
            let equals = self.tokens.next();
            self.builder.fill(value, Shape::Broken, Span::at(equals.span.end));
        }
        self.tokens.skip_whitespace();
        if matches!(self.tokens.peek().kind, TokenKind::Newline | TokenKind::Eof | TokenKind::Comment) {
            let key = self.builder.node(value).key;
            let equals = self.builder.node(value).span.end;
            let key = self.builder.key_text(key);
            self.builder.report(SyntaxError::new(
                Span::new(equals.saturating_sub(1), equals),
                format!("the key `{key}` has no value"),
            ));
            self.value_missing = true;
            return;
        }
        if self.value(value) {
            self.end_of_line("the value");
        }
    }

    fn report_missing_equals(&mut self) {
        let next = self.tokens.peek();
        let (Some(first), Some(last)) = (self.path.first(), self.path.last()) else {
            return;
        };
        let whole = Span::new(first.start, last.end);
        let span = match next.kind {
            TokenKind::Newline | TokenKind::Eof | TokenKind::Comment => whole,
            _ => next.span,
        };
        let key = whole.of(self.builder.text);
        self.builder.report(SyntaxError::new(span, format!("expected `=` after the key `{key}`")));
    }

    /// Reads a key into `path`, and the blanks behind it.
    fn key(&mut self, first: Token) -> Result<(), SyntaxError> {
        self.path.clear();
        let mut token = first;
        let mut wrong = None;
        loop {
            let written = token.span.of(self.builder.text);
            match token.kind {
                TokenKind::Atom => {
                    if let Some(bad) = written.find(|c: char| !c.is_ascii() || !tokens::is_bare(c as u8)) {
                        let length = written[bad..].chars().next().map_or(0, char::len_utf8);
                        let start = token.span.start + bad as u32;
                        wrong = wrong.or(Some(
                            SyntaxError::new(
                                Span::new(start, start + length as u32),
                                format!("`{}` cannot stand in a key without quotes", &written[bad..bad + length]),
                            )
                            .help("a key without quotes consists of A-Z, a-z, 0-9, `-` and `_`"),
                        ));
                    }
                }
                TokenKind::BasicString | TokenKind::LiteralString => {
                    wrong = wrong.or_else(|| scalar::read_string(self.builder.text, token).err());
                }
                TokenKind::MlBasicString | TokenKind::MlLiteralString => {
                    wrong = wrong.or_else(|| {
                        let quotes = Span::new(token.span.start, token.span.start + 3);
                        Some(SyntaxError::new(quotes, "a key cannot be a text of several lines"))
                    });
                }
                _ => {
                    self.tokens.give_back(token);
                    let span = if token.kind == TokenKind::Newline { Span::at(token.span.start) } else { token.span };
                    return Err(wrong.unwrap_or_else(|| SyntaxError::new(span, "expected a key here")));
                }
            }
            self.path.push(token.span);
            self.tokens.skip_whitespace();
            if self.tokens.peek().kind != TokenKind::Dot {
                break;
            }
            self.tokens.next();
            self.tokens.skip_whitespace();
            token = self.tokens.next();
        }
        if self.path.len() > MAX_DEPTH {
            wrong = wrong.or(Some(SyntaxError::new(first.span, format!("a key has at most {MAX_DEPTH} parts"))));
        }
        wrong.map_or(Ok(()), Err)
    }

    /// Whatever stands behind a value or header.
    fn end_of_line(&mut self, after: &str) {
        self.tokens.skip_whitespace();
        let next = self.tokens.peek();
        if !matches!(next.kind, TokenKind::Newline | TokenKind::Eof | TokenKind::Comment) {
            let next = self.tokens.next();
            self.stray(next, format!("expected the end of the line after {after}"));
        }
    }

    fn stray(&mut self, token: Token, message: String) {
        if let Some(suspect) = self.suspect.take() {
            return self.blame(suspect);
        }
        self.builder.report(SyntaxError::new(token.span, message));
        self.tokens.give_back(token);
        self.skip_line();
    }

    /// Leaves the rest of a line unread.
    fn skip_line(&mut self) {
        loop {
            let token = self.tokens.peek();
            match token.kind {
                TokenKind::Newline | TokenKind::Eof | TokenKind::Comment => return,
                TokenKind::Equals => self.builder.lost = true,
                TokenKind::MlBasicString | TokenKind::MlLiteralString => {
                    let written = token.span.of(self.builder.text);
                    if scalar::is_unclosed(written) {
                        let line = memchr::memchr2(b'\n', b'\r', written.as_bytes()).unwrap_or(written.len());
                        return self.tokens.seek(token.span.start + line as u32);
                    }
                }
                _ => {}
            }
            self.tokens.next();
        }
    }

    /// Says that a text of several lines was not closed, and goes on inside it.
    fn blame(&mut self, suspect: Suspect) {
        let Suspect { value, quotes } = suspect;
        self.builder.failed = false;
        self.builder.report(scalar::unclosed(quotes));
        self.builder.break_up(value, quotes.end);
        self.resume_after(quotes.start);
    }

    /// Goes on at the next line that looks like a statement. It is told no more: it may be part of the text.
    fn resume_after(&mut self, at: u32) {
        self.frames.clear();
        self.muted = true;
        self.builder.quiet = true;
        self.builder.lost = true;
        self.indent = 0;
        self.tokens.seek(next_statement(self.builder.text, at));
    }

    /// Blanks, comments and line breaks are not free of rules either.
    fn trivia(&mut self, token: Token) {
        let written = token.span.of(self.builder.text);
        if token.kind == TokenKind::Newline && written == "\r" {
            let message = "a carriage return must be followed by a line feed";
            self.builder.report(SyntaxError::new(token.span, message));
        } else if token.kind == TokenKind::Comment
            && let Some(at) = written.bytes().position(|byte| byte != b'\t' && byte.is_ascii_control())
        {
            let start = token.span.start + at as u32;
            let message = "a control character cannot stand in a comment";
            self.builder.report(SyntaxError::new(Span::new(start, start + 1), message));
        }
    }
}
