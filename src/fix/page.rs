//! One manifest as it is written: which value stands where, in what, and how lines and comments lie around it.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::fragment::{Feature, Fragment};
use crate::syntax::{Language, NodeId, Shape};
use crate::text::Span;

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Statements on lines of their own: the top of a TOML file, or what stands below a header.
    Lines,
    /// In braces.
    Braces,
    /// Only named by dotted keys: nothing says where it starts and ends.
    Dotted,
}

/// A file and an index of its values.
pub(super) struct Page {
    /// The file, lowered.
    pub fragment: Arc<Fragment>,
    /// The language it is written in.
    pub language: Language,
    /// For each node the one that it stands in.
    parents: Vec<NodeId>,
    /// Values by their place; of a list of headers and its first table, the table.
    values: FxHashMap<Span, NodeId>,
    /// Values by their key's place.
    keys: FxHashMap<Span, NodeId>,
    /// Tables that have a header, by place.
    headers: Vec<NodeId>,
    /// Numbers in [`Fragment::features`] by the table or element that declares them.
    features: FxHashMap<NodeId, u32>,
    /// How lines end here.
    pub line_end: &'static str,
}

impl Page {
    /// The index of a file.
    pub fn new(fragment: Arc<Fragment>) -> Self {
        let language = Language::of_name(&fragment.source.name);
        let line_end = if fragment.source.text.contains("\r\n") { "\r\n" } else { "\n" };
        let mut page = Self {
            fragment: fragment.clone(),
            language,
            parents: Vec::new(),
            values: FxHashMap::default(),
            keys: FxHashMap::default(),
            headers: Vec::new(),
            features: FxHashMap::default(),
            line_end,
        };
        let document = &fragment.document;
        let mut open = vec![NodeId::ROOT];
        while let Some(node) = open.pop() {
            for child in document.children(node) {
                let at = child.0 as usize;
                if page.parents.len() <= at {
                    page.parents.resize(at + 1, NodeId::ROOT);
                }
                page.parents[at] = node;
                page.values.insert(document.span(child), child);
                let key = document.key(child);
                if !key.is_empty() {
                    page.keys.insert(key, child);
                }
                if page.has_header(child) {
                    page.headers.push(child);
                }
                open.push(child);
            }
        }
        page.headers.sort_by_key(|&header| document.span(header));
        for (number, feature) in fragment.features.iter().enumerate() {
            page.features.entry(feature.node).or_insert(number as u32);
            page.features.insert(feature.element, number as u32);
        }
        page
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.fragment.source.text
    }

    /// Whether the file is written in JSON.
    pub fn is_json(&self) -> bool {
        self.language == Language::Json
    }

    /// The value, or the value of the key, that stands exactly here.
    pub fn at(&self, span: Span) -> Option<NodeId> {
        self.values.get(&span).or_else(|| self.keys.get(&span)).copied()
    }

    /// What a value stands in; none for the root.
    pub fn parent(&self, node: NodeId) -> Option<NodeId> {
        (node != NodeId::ROOT).then(|| self.parents.get(node.0 as usize).copied()).flatten()
    }

    /// What sort of value it is.
    pub fn shape(&self, node: NodeId) -> Shape {
        self.fragment.document.shape(node)
    }

    /// Where it stands.
    pub fn span(&self, node: NodeId) -> Span {
        self.fragment.document.span(node)
    }

    /// Where it starts, with its key where it has one.
    pub fn start(&self, node: NodeId) -> u32 {
        let key = self.fragment.document.key(node);
        if key.is_empty() { self.span(node).start } else { key.start }
    }

    /// Its key; empty for elements.
    pub fn key(&self, node: NodeId) -> String {
        self.fragment.document.key_text(node, self.text()).into_owned()
    }

    /// The value of a string.
    pub fn string(&self, node: NodeId) -> Option<String> {
        (self.shape(node) == Shape::String).then(|| self.fragment.document.string(node, self.text()).into_owned())
    }

    /// The members or elements.
    pub fn children(&self, node: NodeId) -> Vec<NodeId> {
        self.fragment.document.children(node).collect()
    }

    /// The member of a table that has this key.
    pub fn get(&self, table: NodeId, key: &str) -> Option<NodeId> {
        self.fragment.document.get(table, key, self.text())
    }

    /// How a table is written.
    pub fn form(&self, table: NodeId) -> Form {
        if self.is_json() {
            return Form::Braces;
        }
        if table == NodeId::ROOT {
            return Form::Lines;
        }
        match self.span(table).of(self.text()).as_bytes().first() {
            Some(b'{') => Form::Braces,
            Some(b'[') => Form::Lines,
            _ => Form::Dotted,
        }
    }

    /// Whether a list is one of `[[headers]]`.
    pub fn is_list_of_headers(&self, list: NodeId) -> bool {
        !self.is_json()
            && self.shape(list) == Shape::Array
            && self.fragment.document.children(list).next().is_some_and(|first| self.span(first) == self.span(list))
    }

    /// Whether it is a table with a header of its own.
    pub fn has_header(&self, node: NodeId) -> bool {
        !self.is_json() && self.shape(node) == Shape::Table && self.form(node) == Form::Lines
    }

    /// The table that declares the feature in which a value stands; none outside of features.
    pub fn feature_table(&self, node: NodeId) -> Option<NodeId> {
        let mut at = node;
        loop {
            let list = self.parent(at)?;
            if self.parent(list) == Some(NodeId::ROOT) && self.shape(list) == Shape::Array {
                return (self.shape(at) == Shape::Table).then_some(at);
            }
            at = list;
        }
    }

    /// The member of its feature's table in which a value stands: `users` for an element of `users`.
    pub fn member(&self, node: NodeId) -> Option<NodeId> {
        let table = self.feature_table(node)?;
        let mut at = node;
        while self.parent(at)? != table {
            at = self.parent(at)?;
        }
        Some(at)
    }

    /// The feature that a table, or an element of its list, declares; of several the first.
    pub fn feature(&self, node: NodeId) -> Option<&Feature> {
        self.fragment.features.get(*self.features.get(&node)? as usize)
    }

    /// The number of the feature that a table declares; of several the last.
    pub fn feature_number(&self, table: NodeId) -> Option<u32> {
        self.features.get(&table).copied()
    }

    /// The table at the top that a node belongs to: a feature's, or `[image]`.
    fn block(&self, node: NodeId) -> NodeId {
        let mut at = node;
        loop {
            match self.parent(at) {
                None => return at,
                Some(NodeId::ROOT) => return at,
                Some(list) if self.parent(list) == Some(NodeId::ROOT) && self.is_list_of_headers(list) => return at,
                Some(above) => at = above,
            }
        }
    }

    /// Where a value ends with all that is in it.
    pub fn end(&self, node: NodeId) -> u32 {
        let mut end = self.span(node).end;
        if self.shape(node) != Shape::Table || self.form(node) == Form::Braces {
            return end;
        }
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            end = end.max(self.span(node).end);
            open.extend(self.fragment.document.children(node));
        }
        end
    }

    /// The lines of a table with a header, whole; none where tables that belong elsewhere stand between them.
    pub fn block_lines(&self, table: NodeId) -> Option<Span> {
        let lines = Span::new(self.line_start(self.span(table).start), self.next_line(self.end(table)));
        let from = self.headers.partition_point(|&header| self.span(header).start < lines.start);
        let own = self.headers[from..]
            .iter()
            .take_while(|&&header| self.span(header).start < lines.end)
            .all(|&header| self.block(header) == table);
        let before = Span::new(lines.start, self.span(table).start).of(self.text());
        (own && before.trim().is_empty()).then_some(lines)
    }

    // ---- lines -----------------------------------------------------------------------------------------------

    /// Where the line of a byte starts.
    pub fn line_start(&self, at: u32) -> u32 {
        memchr::memrchr(b'\n', &self.text().as_bytes()[..at as usize]).map_or(0, |at| at as u32 + 1)
    }

    /// Where the line of a byte ends, before its line break.
    pub fn line_stop(&self, at: u32) -> u32 {
        let bytes = self.text().as_bytes();
        let end = memchr::memchr(b'\n', &bytes[at as usize..]).map_or(bytes.len(), |line| at as usize + line);
        let end = if end > at as usize && bytes[end - 1] == b'\r' { end - 1 } else { end };
        end as u32
    }

    /// Where the line behind that of a byte starts.
    pub fn next_line(&self, at: u32) -> u32 {
        let bytes = self.text().as_bytes();
        memchr::memchr(b'\n', &bytes[at as usize..]).map_or(bytes.len() as u32, |line| at + line as u32 + 1)
    }

    /// The line that starts here, without its break and blanks around it.
    pub fn line_at(&self, start: u32) -> &str {
        Span::new(start, self.line_stop(start)).of(self.text()).trim()
    }

    /// The blanks at the start of the line of a byte.
    pub fn indent(&self, at: u32) -> &str {
        let line = Span::new(self.line_start(at), at).of(self.text());
        &line[..line.len() - line.trim_start().len()]
    }

    /// Whether only blanks stand before a byte in its line.
    pub fn starts_line(&self, at: u32) -> bool {
        Span::new(self.line_start(at), at).of(self.text()).trim().is_empty()
    }

    /// Where the comment lines start that stand directly above a line; the line itself where there are none.
    pub fn comment_above(&self, line: u32) -> u32 {
        let mut start = line;
        while !self.is_json() && start > 0 {
            let above = self.line_start(start - 1);
            if !self.line_at(above).starts_with('#') {
                break;
            }
            start = above;
        }
        start
    }

    /// Behind blanks, line breaks and comments.
    pub fn skip_trivia(&self, at: u32) -> u32 {
        let bytes = self.text().as_bytes();
        let mut at = at as usize;
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => at += 1,
                b'#' if !self.is_json() => at = self.next_line(at as u32) as usize,
                _ => break,
            }
        }
        at as u32
    }
}
