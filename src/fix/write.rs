//! Text that comes in: values as either language writes them, keys into tables, elements into lists, features beside features.

use super::page::{Form, Page};
use crate::diagnostic::Edit;
use crate::syntax::{NodeId, Shape};
use crate::text::{Location, Span};

/// A value to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// In quotes.
    String(String),
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i128),
    /// In brackets.
    List(Vec<Value>),
}

impl Value {
    /// A string.
    pub fn string(text: impl Into<String>) -> Self {
        Self::String(text.into())
    }

    /// A list of one string.
    pub fn list_of(text: impl Into<String>) -> Self {
        Self::List(vec![Self::string(text)])
    }

    /// As TOML and JSON both write it.
    pub fn text(&self) -> String {
        match self {
            Self::String(text) => quoted(text),
            Self::Bool(value) => value.to_string(),
            Self::Integer(value) => value.to_string(),
            Self::List(values) => {
                let values: Vec<String> = values.iter().map(Self::text).collect();
                format!("[{}]", values.join(", "))
            }
        }
    }
}

/// A string between double quotes, with the escapes that TOML and JSON have in common.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A feature to be added: its kind as it is written, and its keys.
pub(super) struct Addition<'a> {
    /// As in `[[kind]]`.
    pub kind: &'a str,
    /// Keys and values, in order.
    pub keys: Vec<(&'a str, Value)>,
}

impl Page {
    /// Another text in the place of one.
    pub fn replace(&self, span: Span, text: impl Into<String>) -> Edit {
        Edit { location: Location { source: self.fragment.source.clone(), span }, text: text.into() }
    }

    /// A text that comes in.
    pub fn insert(&self, at: u32, text: impl Into<String>) -> Edit {
        self.replace(Span::at(at), text)
    }

    /// A key as it stands in a table that is not yet in it.
    fn written_key(&self, key: &str) -> String {
        let bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if !self.is_json() && !key.is_empty() && key.bytes().all(bare) { key.to_owned() } else { quoted(key) }
    }

    /// A key with its value.
    fn statement(&self, key: &str, value: &str) -> String {
        let sign = if self.is_json() { ": " } else { " = " };
        format!("{}{sign}{value}", self.written_key(key))
    }

    /// Gives a key of a table a value: in the place of its present one, or behind the other keys.
    pub fn set(&self, table: NodeId, key: &str, value: &Value) -> Option<Vec<Edit>> {
        if let Some(member) = self.get(table, key) {
            let is_value = matches!(self.form(member), Form::Braces) || self.shape(member) != Shape::Table;
            let plain = is_value && !self.is_list_of_headers(member);
            return plain.then(|| vec![self.replace(self.span(member), value.text())]);
        }
        let statement = self.statement(key, &value.text());
        match self.form(table) {
            Form::Lines => Some(vec![self.add_line(table, &statement)?]),
            Form::Braces => Some(vec![self.add_item(table, &statement)?]),
            Form::Dotted => None,
        }
    }

    /// A statement behind the last one that stands directly below a header.
    fn add_line(&self, table: NodeId, statement: &str) -> Option<Edit> {
        let direct = |&node: &NodeId| !self.has_header(node) && !self.is_list_of_headers(node);
        let members: Vec<NodeId> = self.children(table).into_iter().filter(direct).collect();
        let last = members.iter().map(|&member| (self.end(member), self.start(member))).max();
        let (end, indent) = match last {
            Some((end, start)) => (end, self.indent(start)),
            None if table == NodeId::ROOT => return None,
            None => (self.span(table).end, self.indent(self.span(table).start)),
        };
        Some(self.insert(self.line_stop(end), format!("{}{indent}{statement}", self.line_end)))
    }

    /// An item behind the last one between brackets.
    fn add_item(&self, container: NodeId, item: &str) -> Option<Edit> {
        let (open, close) = self.brackets(container)?;
        let Some(&last) = self.children(container).last() else {
            let inside = Span::new(open, close);
            // A comment in there is not to be lost.
            let blanks = inside.of(self.text()).trim().is_empty();
            let room = if self.shape(container) == Shape::Table { " " } else { "" };
            return blanks.then(|| self.replace(inside, format!("{room}{item}{room}")));
        };
        let start = self.start(last);
        let separator =
            if self.starts_line(start) { format!(",{}{}", self.line_end, self.indent(start)) } else { ", ".to_owned() };
        Some(self.insert(self.end(last), format!("{separator}{item}")))
    }

    /// What is between the brackets of a list or table, also of the whole of a JSON file.
    pub fn brackets(&self, container: NodeId) -> Option<(u32, u32)> {
        let span = self.span(container);
        let text = span.of(self.text());
        let open = text.len() - text.trim_start().len();
        let close = text.trim_end().len();
        let pair = (text.as_bytes().get(open)?, text.as_bytes().get(close.checked_sub(1)?)?);
        let closed = matches!(pair, (b'{', b'}') | (b'[', b']')) && open + 1 < close;
        closed.then(|| (span.start + open as u32 + 1, span.start + close as u32 - 1))
    }

    /// Another element at the end of a list; a list with it where the table has none.
    pub fn push(&self, table: NodeId, key: &str, value: Value) -> Option<Vec<Edit>> {
        match self.get(table, key) {
            None => self.set(table, key, &Value::List(vec![value])),
            Some(list) if self.shape(list) == Shape::Array && !self.is_list_of_headers(list) => {
                Some(vec![self.add_item(list, &value.text())?])
            }
            Some(_) => None,
        }
    }

    /// Another feature: behind the last of its kind where `like` says so, else before the feature of `beside`.
    pub fn add(&self, addition: &Addition<'_>, beside: NodeId, like: bool) -> Option<Vec<Edit>> {
        let list = self.get(NodeId::ROOT, addition.kind);
        if let Some(list) = list.filter(|&list| !self.is_list_of_headers(list)) {
            let inline = self.shape(list) == Shape::Array;
            return if inline { Some(vec![self.add_item(list, &self.in_braces(addition))?]) } else { None };
        }
        if self.is_json() {
            let statement = self.statement(addition.kind, &format!("[{}]", self.in_braces(addition)));
            return Some(vec![self.add_item(NodeId::ROOT, &statement)?]);
        }
        let nl = self.line_end;
        let mut block = format!("[[{}]]", addition.kind);
        for (key, value) in &addition.keys {
            block.push_str(nl);
            block.push_str(&self.statement(key, &value.text()));
        }
        let last = list.filter(|_| like).and_then(|list| self.children(list).last().copied());
        if let Some(last) = last.filter(|&last| self.block_lines(last).is_some()) {
            return Some(vec![self.insert(self.line_stop(self.end(last)), format!("{nl}{nl}{block}"))]);
        }
        let before = self.feature_table(beside).filter(|&table| self.has_header(table));
        if let Some(lines) = before.and_then(|table| self.block_lines(table)) {
            // What is said at the very top of a file is about the file.
            let start = match self.comment_above(lines.start) {
                0 => lines.start,
                comment => comment,
            };
            return Some(vec![self.insert(start, format!("{block}{nl}{nl}"))]);
        }
        let room = if self.text().ends_with('\n') { "" } else { nl };
        Some(vec![self.insert(self.text().len() as u32, format!("{room}{nl}{block}{nl}"))])
    }

    fn in_braces(&self, addition: &Addition<'_>) -> String {
        let keys: Vec<String> = addition.keys.iter().map(|(key, value)| self.statement(key, &value.text())).collect();
        format!("{{ {} }}", keys.join(", "))
    }
}
