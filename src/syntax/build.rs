//! What both languages feed: values with their places, looked up by key while they come, and slips, one at a time.

use std::borrow::Cow;
use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};
use toml_parser::Raw;
use toml_parser::decoder::Encoding;

use super::snippet::Claim;
use super::{Document, Language, Node, NodeId, Shape, SyntaxError, json, toml};
use crate::text::Span;

/// A table that was only named on the way to another: a header may still define it.
pub(super) const IMPLICIT: u8 = 1;
/// A table that dotted keys made: no header may define it.
pub(super) const DOTTED: u8 = 2;
/// A table in braces: complete as it stands.
pub(super) const INLINE: u8 = 4;
/// An array that consists of `[[headers]]`.
pub(super) const TABLES: u8 = 8;
/// The members are in the index.
const INDEXED: u8 = 16;
/// A table that leaves alone what is there, see [`super::InPlace`].
pub(super) const KEEPS: u8 = 32;
/// A table that takes away what is there, see [`super::InPlace`].
pub(super) const REPLACES: u8 = 64;
/// A value that is not written as it is: `last` is its number among what is said.
pub(super) const SAID: u8 = 128;

/// A table with more members than this is looked up by hash.
const SMALL: usize = 12;

/// A document in the making.
pub(super) struct Builder<'t> {
    pub(super) text: &'t str,
    nodes: Vec<Node>,
    /// Members of the tables that are too large to walk, as (table, member).
    index: HashTable<(u32, u32)>,
    hasher: DefaultHashBuilder,
    language: Language,
    said: Vec<Box<str>>,
    pub(super) claims: Vec<Claim>,
    errors: Vec<SyntaxError>,
    pub(super) lost: bool,
    /// Something before went so wrong that what comes up to the next entry may only follow from it.
    pub(super) quiet: bool,
    /// The present statement has had its slip: what else is wrong in it follows from that.
    pub(super) failed: bool,
}

impl<'t> Builder<'t> {
    pub(super) fn new(text: &'t str, language: Language) -> Self {
        let mut builder = Self {
            text,
            nodes: Vec::new(),
            index: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            language,
            said: Vec::new(),
            claims: Vec::new(),
            errors: Vec::new(),
            lost: false,
            quiet: false,
            failed: false,
        };
        builder.loose(Span::at(0), Shape::Table, Span::new(0, text.len() as u32), 0);
        builder
    }

    pub(super) fn finish(mut self) -> Document {
        self.errors.sort_by_key(|error| error.span);
        self.errors.dedup_by_key(|error| error.span);
        Document {
            nodes: self.nodes,
            language: self.language,
            said: self.said,
            claims: self.claims,
            errors: self.errors,
            lost: self.lost,
        }
    }

    /// Takes a slip down, unless it follows from an earlier one.
    pub(super) fn report(&mut self, error: SyntaxError) {
        if !self.quiet && !self.failed {
            self.errors.push(error);
        }
        self.failed = true;
    }

    pub(super) fn node(&self, id: u32) -> &Node {
        &self.nodes[id as usize]
    }

    pub(super) fn node_mut(&mut self, id: u32) -> &mut Node {
        &mut self.nodes[id as usize]
    }

    pub(super) fn has(&self, id: u32, flag: u8) -> bool {
        self.node(id).flags & flag != 0
    }

    /// A node that is nowhere in the document: what goes in there is read, and forgotten.
    pub(super) fn loose(&mut self, key: Span, shape: Shape, span: Span, flags: u8) -> u32 {
        let id = self.nodes.len() as u32;
        let none = NodeId::NONE;
        self.nodes.push(Node { key, span, next: none, first: none, last: none, shape, plain: 0, flags });
        id
    }

    /// A new last element of an array, or a member of a table whose key is known to be new.
    pub(super) fn append(&mut self, parent: u32, key: Span, shape: Shape, span: Span, flags: u8) -> u32 {
        let id = self.loose(key, shape, span, flags);
        let last = std::mem::replace(&mut self.node_mut(parent).last, id);
        match self.nodes.get_mut(last as usize) {
            Some(last) => last.next = id,
            None => self.node_mut(parent).first = id,
        }
        if self.has(parent, INDEXED) {
            self.put_in_index(parent, id);
        }
        id
    }

    /// Fills in what a value turned out to be.
    pub(super) fn fill(&mut self, id: u32, shape: Shape, span: Span) {
        let node = self.node_mut(id);
        node.shape = shape;
        node.span = span;
    }

    /// Gives a node a value that its text is not.
    pub(super) fn say(&mut self, id: u32, value: &str) {
        let number = self.said.len() as u32;
        self.said.push(value.into());
        let node = self.node_mut(id);
        node.flags |= SAID;
        node.last = number;
    }

    /// Gives a value up, with everything in it.
    pub(super) fn break_up(&mut self, id: u32, end: u32) {
        let node = self.node_mut(id);
        node.shape = Shape::Broken;
        node.span.end = end.max(node.span.start);
        node.first = NodeId::NONE;
        node.last = NodeId::NONE;
    }

    /// The text of a key's token, decoded.
    pub(super) fn key_text(&self, key: Span) -> Cow<'t, str> {
        key_text(key.of(self.text), self.language)
    }

    /// The member of a table that has this key. Constant time, also in large tables.
    pub(super) fn find(&mut self, table: u32, key: Span) -> Option<u32> {
        let wanted = self.key_text(key);
        if !self.has(table, INDEXED) {
            let mut at = self.node(table).first;
            for _ in 0..SMALL {
                let node = self.nodes.get(at as usize)?;
                if self.key_text(node.key) == wanted {
                    return Some(at);
                }
                at = node.next;
            }
            self.make_index(table);
        }
        let hash = self.hasher.hash_one((table, wanted.as_ref()));
        let is_it = |&(of, id): &(u32, u32)| of == table && self.key_text(self.node(id).key) == wanted;
        self.index.find(hash, is_it).map(|&(_, id)| id)
    }

    fn make_index(&mut self, table: u32) {
        self.node_mut(table).flags |= INDEXED;
        let mut at = self.node(table).first;
        while at != NodeId::NONE {
            self.put_in_index(table, at);
            at = self.node(at).next;
        }
    }

    fn put_in_index(&mut self, table: u32, id: u32) {
        let Self { nodes, index, hasher, text, language, .. } = self;
        let hash = |&(of, id): &(u32, u32)| {
            let key = nodes[id as usize].key;
            hasher.hash_one((of, key_text(key.of(text), *language).as_ref()))
        };
        index.insert_unique(hash(&(table, id)), (table, id), hash);
    }
}

/// A key's token, decoded.
pub(super) fn key_text(token: &str, language: Language) -> Cow<'_, str> {
    match token.as_bytes() {
        [b'"', inner @ .., b'"'] if memchr::memchr(b'\\', inner).is_none() => Cow::Borrowed(&token[1..token.len() - 1]),
        [b'"' | b'\'', ..] => decode(token, language),
        _ => Cow::Borrowed(token),
    }
}

/// A string's token, decoded.
pub(super) fn decode(token: &str, language: Language) -> Cow<'_, str> {
    if language == Language::Json {
        return json::decode(token);
    }
    let mut pieces = String::with_capacity(token.len());
    if toml::unescape(token, |piece| pieces.push_str(piece)).is_some() {
        return Cow::Owned(pieces);
    }
    let encoding = match token.as_bytes() {
        [b'"', b'"', b'"', ..] => Encoding::MlBasicString,
        [b'"', ..] => Encoding::BasicString,
        [b'\'', b'\'', b'\'', ..] => Encoding::MlLiteralString,
        _ => Encoding::LiteralString,
    };
    let mut value = Cow::Borrowed("");
    let span = toml_parser::Span::new_unchecked(0, token.len());
    // Everything wrong in it was reported when it was read.
    let _ = Raw::new_unchecked(token, Some(encoding), span).decode_scalar(&mut value, &mut ());
    value
}
