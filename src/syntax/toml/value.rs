//! TOML values with their brackets, by a stack instead of recursion.

use toml_parser::lexer::TokenKind;

use super::super::build::INLINE;
use super::super::{MAX_DEPTH, Shape, SyntaxError};
use super::tokens::{Token, ends_member, is_header, is_member};
use super::{Parser, Suspect, scalar};
use crate::text::Span;

/// An open bracket.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    node: u32,
    open: Span,
    braces: bool,
}

impl Frame {
    fn close(self) -> &'static str {
        if self.braces { "}" } else { "]" }
    }
}

/// What has to come next.
#[derive(Clone, Copy)]
enum Want {
    /// A value for a node.
    Value(u32),
    /// An element or `]`.
    Element,
    /// A key or `}`.
    Key,
    /// `,` or what closes.
    Comma,
}

impl Parser<'_> {
    /// Reads a value into a node. Whether the line goes on behind it: not when a bracket or a string was never closed.
    pub(super) fn value(&mut self, node: u32) -> bool {
        self.frames.clear();
        let mut want = Want::Value(node);
        // Where the last token ended, for what is missing behind it.
        let mut end = self.tokens.peek().span;
        loop {
            let Some(&frame) = self.frames.last() else {
                let Want::Value(node) = want else {
                    return true;
                };
                self.tokens.skip_whitespace();
                let token = self.tokens.next();
                match self.begin(node, token) {
                    Some(next) => want = next,
                    None => return false,
                }
                end = token.span;
                continue;
            };
            let (token, first_on_line) = self.next_in_brackets();
            if token.kind == TokenKind::Eof || first_on_line && self.is_outside(token, frame, want) {
                self.unclosed(node, frame, token, end);
                return false;
            }
            match self.step(want, frame, token) {
                Some(next) => want = next,
                None => return false,
            }
            end = token.span;
        }
    }

    /// The next token that is neither blank nor comment, and whether it is the first of its line.
    fn next_in_brackets(&mut self) -> (Token, bool) {
        let mut first_on_line = false;
        loop {
            let token = self.tokens.next();
            match token.kind {
                TokenKind::Whitespace => {}
                TokenKind::Comment => self.trivia(token),
                TokenKind::Newline => {
                    first_on_line = true;
                    self.trivia(token);
                }
                _ => return (token, first_on_line),
            }
        }
    }

    /// Whether a token that starts a line is the next statement, so that the bracket was never closed.
    fn is_outside(&self, token: Token, frame: Frame, want: Want) -> bool {
        let bytes = self.builder.text.as_bytes();
        let at = token.span.start as usize;
        match token.kind {
            // An array in an array looks much the same.
            TokenKind::LeftSquareBracket => {
                let surely = matches!(want, Want::Element | Want::Value(_));
                is_header(bytes, at, surely)
            }
            TokenKind::Atom | TokenKind::BasicString | TokenKind::LiteralString => match want {
                Want::Key => false,
                _ if !frame.braces => is_member(bytes, at),
                // A comma may be missing as well: then the line is indented.
                _ => self.indent_of(at) <= self.indent && is_member(bytes, at),
            },
            _ => false,
        }
    }

    fn indent_of(&self, at: usize) -> usize {
        let before = self.builder.text.as_bytes()[..at].iter().rev();
        before.take_while(|&&byte| byte == b' ' || byte == b'\t').count()
    }

    /// The next token inside brackets.
    fn step(&mut self, want: Want, frame: Frame, token: Token) -> Option<Want> {
        use TokenKind as T;
        let closes =
            matches!((token.kind, frame.braces), (T::RightSquareBracket, false) | (T::RightCurlyBracket, true));
        match (want, token.kind) {
            (Want::Element | Want::Key | Want::Comma, _) if closes => {
                self.builder.node_mut(frame.node).span.end = token.span.end;
                self.frames.pop();
                Some(Want::Comma)
            }
            (Want::Value(node), T::Comma | T::Equals | T::RightSquareBracket | T::RightCurlyBracket) => {
                let key = self.builder.key_text(self.builder.node(node).key);
                self.builder.report(SyntaxError::new(token.span, format!("the key `{key}` has no value")));
                self.tokens.give_back(token);
                Some(Want::Comma)
            }
            (Want::Value(node), _) => self.begin(node, token),
            (_, T::RightSquareBracket | T::RightCurlyBracket) => Some(self.mismatch(want, token)),
            (Want::Comma, T::Comma) => Some(if frame.braces { Want::Key } else { Want::Element }),
            (Want::Comma, T::Equals) => {
                self.builder.report(SyntaxError::new(token.span, "a second `=` has no meaning here"));
                Some(Want::Comma)
            }
            (Want::Comma, _) => {
                self.builder.report(SyntaxError::new(token.span, "expected `,` before this"));
                self.tokens.give_back(token);
                Some(if frame.braces { Want::Key } else { Want::Element })
            }
            (_, T::Comma) => {
                self.builder.report(SyntaxError::new(token.span, "nothing stands before this `,`"));
                Some(want)
            }
            (Want::Element, T::Equals) => {
                self.builder.report(SyntaxError::new(token.span, "an array has no keys"));
                Some(want)
            }
            (Want::Element, _) => {
                let node = self.builder.append(frame.node, Span::at(token.span.start), Shape::Broken, token.span, 0);
                self.begin(node, token)
            }
            (Want::Key, _) => Some(self.inline_member(frame, token)),
        }
    }

    /// `key =` in braces. Line breaks around `=` are taken, as the reference does.
    fn inline_member(&mut self, frame: Frame, token: Token) -> Want {
        if let Err(error) = self.key(token) {
            self.builder.report(error);
            self.builder.lost = true;
            let next = self.tokens.peek();
            if next.span.start == token.span.start {
                // Nothing was taken; a bracket brings its own contents.
                self.tokens.next();
                let loose = self.builder.loose(token.span, Shape::Broken, token.span, 0);
                return match token.kind {
                    TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => {
                        self.begin(loose, token).unwrap_or(Want::Comma)
                    }
                    TokenKind::Equals => Want::Value(loose),
                    _ => Want::Key,
                };
            }
            self.path.clear();
        }
        let (next, _) = self.next_in_brackets();
        let is_member = next.kind == TokenKind::Equals;
        let node = if self.path.is_empty() || self.builder.failed && !is_member {
            // No key, or what is left of a slip.
            self.builder.loose(token.span, Shape::Broken, token.span, 0)
        } else {
            self.member(frame.node)
        };
        if is_member {
            self.builder.fill(node, Shape::Broken, Span::at(next.span.end));
            return Want::Value(node);
        }
        self.tokens.give_back(next);
        self.report_missing_equals();
        match next.kind {
            TokenKind::Atom | TokenKind::BasicString | TokenKind::LiteralString => Want::Value(node),
            _ => Want::Comma,
        }
    }

    /// A bracket that closes another kind than the one that is open.
    fn mismatch(&mut self, want: Want, token: Token) -> Want {
        let braces = token.kind == TokenKind::RightCurlyBracket;
        let what = token.span.of(self.builder.text);
        match self.frames.iter().rposition(|frame| frame.braces == braces) {
            Some(outer) => {
                if let Some(&open) = self.frames.last() {
                    let message = format!("expected `{}` before this `{what}`", open.close());
                    self.builder.report(SyntaxError::new(token.span, message).related(open.open, "opened here"));
                }
                for frame in self.frames.drain(outer + 1..) {
                    self.builder.break_up(frame.node, token.span.start);
                }
                self.tokens.give_back(token);
                Want::Comma
            }
            None => {
                self.builder.report(SyntaxError::new(token.span, format!("nothing is open that `{what}` closes")));
                want
            }
        }
    }

    /// The first token of a value. Nothing when it never ends.
    fn begin(&mut self, node: u32, token: Token) -> Option<Want> {
        match token.kind {
            TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => {
                let braces = token.kind == TokenKind::LeftCurlyBracket;
                if self.frames.len() >= MAX_DEPTH {
                    let message = format!("brackets are nested more than {MAX_DEPTH} deep");
                    self.builder.report(SyntaxError::new(token.span, message));
                    self.skip_brackets();
                    return Some(Want::Comma);
                }
                self.builder.fill(node, if braces { Shape::Table } else { Shape::Array }, token.span);
                if braces {
                    self.builder.node_mut(node).flags |= INLINE;
                }
                self.frames.push(Frame { node, open: token.span, braces });
                Some(if braces { Want::Key } else { Want::Element })
            }
            TokenKind::BasicString
            | TokenKind::LiteralString
            | TokenKind::MlBasicString
            | TokenKind::MlLiteralString => self.string(node, token).then_some(Want::Comma),
            TokenKind::Atom | TokenKind::Dot => {
                let span = self.run(token);
                self.builder.node_mut(node).span = span;
                match scalar::read_other(self.builder.text, span) {
                    Ok(shape) => self.builder.node_mut(node).shape = shape,
                    Err(error) => self.builder.report(error),
                }
                Some(Want::Comma)
            }
            _ => {
                let key = self.builder.key_text(self.builder.node(node).key);
                self.builder.report(SyntaxError::new(token.span, format!("the key `{key}` has no value")));
                self.tokens.give_back(token);
                Some(Want::Comma)
            }
        }
    }

    /// A string into a node. False when it never ends.
    fn string(&mut self, node: u32, token: Token) -> bool {
        self.builder.fill(node, Shape::Broken, token.span);
        let written = token.span.of(self.builder.text);
        let several_lines = matches!(token.kind, TokenKind::MlBasicString | TokenKind::MlLiteralString);
        match scalar::read_string(self.builder.text, token) {
            Ok(before) => {
                let target = self.builder.node_mut(node);
                target.shape = Shape::String;
                target.plain = before;
                if several_lines
                    && self.frames.is_empty()
                    && memchr::memchr(b'\n', written.as_bytes()).is_some()
                    && ends_member(self.builder.text.as_bytes(), token.span.end as usize - 3)
                {
                    let quotes = Span::new(token.span.start, token.span.start + 3);
                    self.suspect = Some(Suspect { value: node, quotes });
                }
                true
            }
            Err(error) => {
                let closed = !several_lines || !scalar::is_unclosed(written);
                self.builder.report(error);
                if !closed {
                    if let Some(outer) = self.frames.first() {
                        self.builder.break_up(outer.node, token.span.start + 3);
                    }
                    self.builder.node_mut(node).span = Span::new(token.span.start, token.span.start + 3);
                    self.resume_after(token.span.start);
                }
                closed
            }
        }
    }

    /// A number, date or word is several tokens: dots and, in dates, a blank part it.
    fn run(&mut self, first: Token) -> Span {
        let mut span = first.span;
        loop {
            match self.tokens.peek().kind {
                TokenKind::Dot | TokenKind::Atom => {}
                TokenKind::Whitespace if self.tokens.second() == TokenKind::Atom => {
                    self.tokens.next();
                }
                _ => return span,
            }
            span.end = self.tokens.next().span.end;
        }
    }

    /// Leaves everything up to the end of brackets that are too deep unread.
    fn skip_brackets(&mut self) {
        let mut open = 1_usize;
        while open > 0 {
            match self.tokens.next() {
                Token { kind: TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket, .. } => open += 1,
                Token { kind: TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket, .. } => open -= 1,
                token @ Token { kind: TokenKind::Eof, .. } => return self.tokens.give_back(token),
                _ => {}
            }
        }
    }

    /// The next statement, or the end of the text, came before a bracket was closed.
    fn unclosed(&mut self, node: u32, frame: Frame, token: Token, end: Span) {
        let what = if frame.braces { "table" } else { "array" };
        let error = SyntaxError::new(end, format!("expected `{}` after this: the {what} is not closed", frame.close()))
            .related(frame.open, "opened here");
        self.builder.report(error);
        self.builder.break_up(node, end.end);
        // Members of what follows may have been taken for members of the table.
        self.builder.lost |= self.frames.iter().any(|frame| frame.braces);
        self.frames.clear();
        self.builder.quiet = true;
        self.indent = self.indent_of(token.span.start as usize);
        self.tokens.give_back(token);
    }
}
