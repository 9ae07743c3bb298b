//! Headers and dotted keys: which table a key belongs to, and what may be defined where.

use toml_parser::lexer::TokenKind;

use super::super::build::{DOTTED, IMPLICIT, INLINE, TABLES};
use super::super::{Shape, SyntaxError};
use super::tokens::Token;
use super::{Parser, ROOT};
use crate::text::Span;

impl Parser<'_> {
    /// A place for the value of the key in `path`; one outside the document when the key is taken.
    pub(super) fn member(&mut self, table: u32) -> u32 {
        let dotted = self.path.len() > 1;
        let last = self.path.last().copied().unwrap_or_default();
        let mut at = table;
        for part in 0..self.path.len().saturating_sub(1) {
            match self.descend(at, self.path[part], true, self.path[part]) {
                Ok(next) => at = next,
                Err(error) => {
                    self.builder.report(error);
                    return self.builder.loose(last, Shape::Broken, Span::at(last.end), 0);
                }
            }
        }
        let taken = if dotted && !self.builder.has(at, IMPLICIT) { Some(at) } else { self.builder.find(at, last) };
        match taken {
            None => self.builder.append(at, last, Shape::Broken, Span::at(last.end), 0),
            Some(first) => {
                let key = self.builder.key_text(last);
                let first = self.builder.node(first).key;
                let message = if first.start == last.start || dotted && taken == Some(at) {
                    "a table that has a header cannot be extended with a dotted key".to_string()
                } else {
                    format!("the key `{key}` is defined twice")
                };
                self.builder.report(SyntaxError::duplicate(last, message, first));
                self.builder.loose(last, Shape::Broken, Span::at(last.end), 0)
            }
        }
    }

    /// The table of a part of a key that is not its last.
    fn descend(&mut self, table: u32, key: Span, dotted: bool, span: Span) -> Result<u32, SyntaxError> {
        let Some(id) = self.builder.find(table, key) else {
            let flags = if dotted { IMPLICIT | DOTTED } else { IMPLICIT };
            return Ok(self.builder.append(table, key, Shape::Table, span, flags));
        };
        let node = self.builder.node(id);
        let (first, shape) = (node.key, node.shape);
        let name = self.builder.key_text(key);
        if self.builder.has(id, TABLES) {
            return Ok(self.builder.node(id).last);
        }
        if shape != Shape::Table {
            let message = format!("`{name}` is {} and cannot have keys of its own", shape.described());
            if shape == Shape::Broken {
                // Its own slip was reported; whether it is a table is not known.
                self.builder.failed = true;
            }
            return Err(SyntaxError::duplicate(key, message, first));
        }
        if self.builder.has(id, INLINE) {
            let message = format!("the table `{name}` was written in braces and cannot be extended");
            return Err(SyntaxError::duplicate(key, message, first));
        }
        if dotted {
            if !self.builder.has(id, IMPLICIT) {
                let message = format!("the table `{name}` has a header and cannot be extended with a dotted key");
                return Err(SyntaxError::duplicate(key, message, first));
            }
            self.builder.node_mut(id).flags |= DOTTED;
        }
        Ok(id)
    }

    /// `[table]` or `[[list of tables]]`
    pub(super) fn header(&mut self, open: Token) {
        self.builder.quiet = self.muted;
        self.value_missing = false;
        let suspect = self.suspect.take();
        let is_open = |token: Token| token.kind == TokenKind::LeftSquareBracket;
        let is_close = |token: Token| token.kind == TokenKind::RightSquareBracket;
        let two = is_open(self.tokens.peek());
        if two {
            self.tokens.next();
        }
        self.tokens.skip_whitespace();
        let first = self.tokens.next();
        let key = self.key(first);
        let mut end = self.path.last().map_or(open.span.end, |key| key.end);
        let mut closed = 0;
        while closed < 2 && is_close(self.tokens.peek()) && (closed == 0 || two) {
            end = self.tokens.next().span.end;
            closed += 1;
        }
        let header = Span::new(open.span.start, end);
        let whole = key.is_ok() && closed == if two { 2 } else { 1 };
        if let Some(suspect) = suspect.filter(|_| !whole) {
            return self.blame(suspect);
        }
        let mut tables = two;
        if let Err(error) = key {
            self.builder.report(error);
            self.builder.lost = true;
            self.table = self.builder.loose(header, Shape::Table, header, 0);
            return self.skip_line();
        }
        if !whole {
            let close = if two { "]]" } else { "]" };
            self.builder.report(SyntaxError::new(header, format!("expected `{close}` at the end of this header")));
            self.builder.lost = true;
        } else if !two && is_close(self.tokens.peek()) {
            let close = self.tokens.next().span;
            let message = "this header ends with `]]` but starts with `[`";
            self.builder.report(SyntaxError::new(Span::new(header.start, close.end), message));
            self.builder.lost = true;
            tables = true;
        }
        self.table = self.define(tables, header);
        if whole { self.end_of_line("the header") } else { self.skip_line() }
    }

    /// The table that the statements below a header belong to.
    fn define(&mut self, tables: bool, header: Span) -> u32 {
        let last = self.path.last().copied().unwrap_or_default();
        let mut at = ROOT;
        for part in 0..self.path.len().saturating_sub(1) {
            match self.descend(at, self.path[part], false, header) {
                Ok(next) => at = next,
                Err(error) => return self.refuse(error, header),
            }
        }
        let Some(id) = self.builder.find(at, last) else {
            if !tables {
                return self.builder.append(at, last, Shape::Table, header, 0);
            }
            let list = self.builder.append(at, last, Shape::Array, header, TABLES);
            return self.builder.append(list, Span::at(header.start), Shape::Table, header, 0);
        };
        let is_list = self.builder.has(id, TABLES);
        let first = self.builder.node(id).key;
        let shape = self.builder.node(id).shape;
        let name = self.builder.key_text(last);
        if is_list {
            if !tables {
                let message = format!("`{name}` is a list of tables above and one table here");
                let error = SyntaxError::duplicate(last, message, first).help("write `[[` and `]]` around the name");
                self.builder.report(error);
            }
            return self.builder.append(id, Span::at(header.start), Shape::Table, header, 0);
        }
        if tables || shape != Shape::Table || self.builder.has(id, INLINE) {
            if shape == Shape::Broken {
                self.builder.failed = true;
            }
            let here = if tables { "a list of tables" } else { "a table with a header" };
            let message = format!("`{name}` is {} above and {here} here", shape.described());
            return self.refuse(SyntaxError::duplicate(last, message, first), header);
        }
        if self.builder.has(id, IMPLICIT) && !self.builder.has(id, DOTTED) {
            let node = self.builder.node_mut(id);
            node.flags &= !IMPLICIT;
            node.key = last;
            node.span = header;
        } else {
            let message = format!("the table `{name}` is defined twice");
            self.builder.report(SyntaxError::duplicate(last, message, first));
            // Keys that are in both follow from this.
            self.builder.quiet = true;
        }
        id
    }

    /// A header that cannot be: what is below it is read and forgotten.
    fn refuse(&mut self, error: SyntaxError, header: Span) -> u32 {
        self.builder.report(error);
        self.builder.lost = true;
        self.builder.quiet = true;
        self.builder.loose(header, Shape::Table, header, 0)
    }
}
