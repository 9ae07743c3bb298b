//! Bytes to a document: TOML, JSON and the snippets of systemd give the same nodes, with exact spans, and what does not parse is reported while the rest stands.

mod build;
mod json;
pub mod snippet;
mod toml;

use std::borrow::Cow;

use crate::catalog::Code;
use crate::text::Span;

/// How many brackets may stand inside each other, and how many parts a dotted key may have.
pub const MAX_DEPTH: usize = 80;

/// What sort of value a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A table or object.
    Table,
    /// An array.
    Array,
    /// A string.
    String,
    /// A whole number.
    Integer,
    /// A number with a fraction or exponent, `inf`, `nan`.
    Float,
    /// `true` or `false`.
    Bool,
    /// A TOML date or time.
    Datetime,
    /// JSON's `null`.
    Null,
    /// A value that did not parse; it has been reported already and must not be judged.
    Broken,
}

impl Shape {
    /// As a person says it, with its article.
    pub const fn described(self) -> &'static str {
        match self {
            Self::Table => "a table",
            Self::Array => "an array",
            Self::String => "a string",
            Self::Integer => "an integer",
            Self::Float => "a floating-point number",
            Self::Bool => "a boolean",
            Self::Datetime => "a date or time",
            Self::Null => "null",
            Self::Broken => "a value that does not parse",
        }
    }
}

/// Index of a node in its document.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct NodeId(pub u32);

impl NodeId {
    /// The document itself: a table.
    pub const ROOT: Self = Self(0);
    const NONE: u32 = u32::MAX;
}

/// One value with its key and its neighbours. 32 bytes.
#[derive(Clone, Copy, Debug)]
struct Node {
    /// The key's token, quotes included; empty for elements of arrays.
    key: Span,
    /// See [`Document::span`].
    span: Span,
    next: u32,
    first: u32,
    /// So that members are appended in constant time, also to a table that is opened again.
    last: u32,
    shape: Shape,
    /// Strings: how many bytes stand before the value when it is the text itself, between its quotes; [`BARE`] where it
    /// stands there without quotes, [`SHORT`] where it has short escapes only; else 0.
    plain: u8,
    flags: u8,
}

const _: () = assert!(size_of::<Node>() == 32);

/// [`Node::plain`] of a word that is its own value.
const BARE: u8 = u8::MAX;

/// [`Node::plain`] of a string in double quotes with escapes of one letter, and nothing that JSON would write in another way.
const SHORT: u8 = BARE - 1;

/// What a declaration does about something else in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InPlace {
    /// It says itself.
    Said,
    /// It leaves alone what is there.
    Kept,
    /// It takes it away.
    Replaced,
}

/// Which language a file is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// `.toml`
    Toml,
    /// `.json`
    Json,
    /// A snippet of tmpfiles.d
    Tmpfiles,
    /// A snippet of sysusers.d
    Sysusers,
}

impl Language {
    /// By the file name's ending, and for snippets the folder's name; TOML where it says nothing.
    pub fn of_name(name: &str) -> Self {
        if name.ends_with(".json") { Self::Json } else { snippet::language_of(name).unwrap_or(Self::Toml) }
    }

    /// Whether it is a language of systemd's snippets, in which keys are not written down.
    pub const fn is_snippet(self) -> bool {
        matches!(self, Self::Tmpfiles | Self::Sysusers)
    }
}

/// Something in the text that is not as the language wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// [`Code::Syntax`] or [`Code::DuplicateKey`].
    pub code: Code,
    /// The narrowest place.
    pub span: Span,
    /// What is wrong, as a sentence without a final stop.
    pub message: String,
    /// Where the first of two is, for duplicates; where an unclosed bracket was opened.
    pub related: Option<(Span, &'static str)>,
    /// What to do, where it is known.
    pub help: Option<&'static str>,
}

impl SyntaxError {
    fn new(span: Span, message: impl Into<String>) -> Self {
        Self { code: Code::Syntax, span, message: message.into(), related: None, help: None }
    }

    fn invalid(span: Span, message: impl Into<String>) -> Self {
        Self { code: Code::InvalidValue, ..Self::new(span, message) }
    }

    fn duplicate(span: Span, message: impl Into<String>, first: Span) -> Self {
        Self { code: Code::DuplicateKey, ..Self::new(span, message) }.related(first, "first defined here")
    }

    fn related(mut self, span: Span, what: &'static str) -> Self {
        self.related = Some((span, what));
        self
    }

    fn help(mut self, help: &'static str) -> Self {
        self.help = Some(help);
        self
    }
}

/// The values of one file, in one flat vector. Nothing here recurses.
#[derive(Debug)]
pub struct Document {
    nodes: Vec<Node>,
    language: Language,
    /// Values that do not stand in the text as they are: of a snippet's words what they say.
    said: Vec<Box<str>>,
    /// What lines of tmpfiles.d say of their paths, in source order.
    pub claims: Vec<snippet::Claim>,
    /// By place, at most one for each slip.
    pub errors: Vec<SyntaxError>,
    /// Whether so much was lost that the kind or the main entity of an entry may be unknown.
    pub lost: bool,
}

impl Document {
    /// Reads a text. Never fails: what does not parse is in `errors`, the healthy rest in the nodes.
    pub fn parse(text: &str, language: Language) -> Self {
        let mut builder = build::Builder::new(text, language);
        if u32::try_from(text.len()).is_err() {
            builder.report(SyntaxError::new(Span::at(0), "this file is larger than 4 GiB"));
            builder.lost = true;
            return builder.finish();
        }
        match language {
            Language::Toml => toml::parse(builder),
            Language::Json => json::parse(builder),
            Language::Tmpfiles | Language::Sysusers => snippet::parse(builder, language),
        }
    }

    /// Which language it was written in.
    pub const fn language(&self) -> Language {
        self.language
    }

    /// What a table does about something else that is in the place of what it declares.
    pub fn in_place(&self, id: NodeId) -> InPlace {
        match self.node(id).flags {
            flags if flags & build::KEEPS != 0 => InPlace::Kept,
            flags if flags & build::REPLACES != 0 => InPlace::Replaced,
            _ => InPlace::Said,
        }
    }

    /// What is said that is not written as it is.
    fn said(&self, id: NodeId) -> Option<&str> {
        let node = self.node(id);
        let said = (node.flags & build::SAID != 0).then(|| self.said.get(node.last as usize));
        said.flatten().map(|said| &**said)
    }

    /// The text that says a value.
    fn written<'a>(&'a self, id: NodeId, text: &'a str) -> &'a str {
        self.said(id).unwrap_or_else(|| self.span(id).of(text))
    }

    fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// What sort of value it is.
    pub fn shape(&self, id: NodeId) -> Shape {
        self.node(id).shape
    }

    /// The exact text of the value. Of a table with a header, the header with its brackets (of an array of such tables,
    /// the first one's); of a table that only dotted keys made, the key; of the root, everything.
    pub fn span(&self, id: NodeId) -> Span {
        self.node(id).span
    }

    /// The key's token, quotes included; empty for elements of arrays and the root. In a snippet the value, which stands
    /// there without its key.
    pub fn key(&self, id: NodeId) -> Span {
        let node = self.node(id);
        if self.language.is_snippet() { node.span } else { node.key }
    }

    /// The key, decoded.
    pub fn key_text<'t>(&self, id: NodeId, text: &'t str) -> Cow<'t, str> {
        if self.language.is_snippet() {
            return Cow::Borrowed(snippet::key(self.node(id).key));
        }
        build::key_text(self.node(id).key.of(text), self.language)
    }

    /// The members of a table or the elements of an array, in source order.
    pub fn children(&self, id: NodeId) -> Children<'_> {
        Children { nodes: &self.nodes, next: self.node(id).first }
    }

    /// The member of a table that has this key.
    pub fn get(&self, id: NodeId, key: &str, text: &str) -> Option<NodeId> {
        if self.shape(id) != Shape::Table {
            return None;
        }
        self.children(id).find(|&child| self.key_text(child, text) == key)
    }

    /// The value of a key that was given before, and that is therefore nowhere in the document; by the key's place.
    pub fn forgotten(&self, key: Span) -> Option<NodeId> {
        self.nodes.iter().position(|node| node.key == key).map(|at| NodeId(at as u32))
    }

    /// The value of a string, borrowed unless it holds escapes; empty for everything else.
    pub fn string<'t>(&self, id: NodeId, text: &'t str) -> Cow<'t, str> {
        if let Some(inner) = self.string_is_plain(id) {
            return Cow::Borrowed(inner.of(text));
        }
        match self.shape(id) {
            Shape::String => match self.said(id) {
                Some(said) => Cow::Owned(said.to_owned()),
                None => build::decode(self.span(id).of(text), self.language),
            },
            _ => Cow::Borrowed(""),
        }
    }

    /// Where the value of a string stands when the text is the value: no escapes in it.
    pub fn string_is_plain(&self, id: NodeId) -> Option<Span> {
        let node = self.node(id);
        if node.shape != Shape::String || matches!(node.plain, 0 | SHORT) {
            return None;
        }
        if node.plain == BARE {
            return Some(node.span);
        }
        // One quote before means one after; a text of several lines has three, and maybe a line break that does not count.
        let after = if node.plain == 1 { 1 } else { 3 };
        Some(Span::new(node.span.start + u32::from(node.plain), node.span.end - after))
    }

    /// What stands between the quotes of a string that JSON would write just so, with the escapes `\n`, `\t`, `\"` and `\\`;
    /// nothing where there are none of them, or where it is not known.
    pub fn string_as_in_json<'t>(&self, id: NodeId, text: &'t str) -> Option<&'t str> {
        let node = self.node(id);
        let inner = node.span.of(text).strip_prefix('"')?.strip_suffix('"')?;
        (node.shape == Shape::String && node.plain == SHORT).then_some(inner)
    }

    /// The value of an integer; nothing when it is none or does not fit.
    pub fn integer(&self, id: NodeId, text: &str) -> Option<i128> {
        if self.shape(id) != Shape::Integer {
            return None;
        }
        let written = self.written(id, text);
        let radix = self.integer_radix(id, text);
        let (negative, digits) = match written.as_bytes() {
            [b'-', digits @ ..] => (true, digits),
            [b'+', digits @ ..] => (false, digits),
            digits if radix == 10 => (false, digits),
            digits => (false, digits.get(2..)?),
        };
        // Counted downwards, because the smallest number has no positive twin.
        let mut value = 0_i128;
        for digit in digits.iter().filter(|&&byte| byte != b'_') {
            let digit = i128::from(char::from(*digit).to_digit(radix)?);
            value = value.checked_mul(i128::from(radix))?.checked_sub(digit)?;
        }
        if negative { Some(value) } else { value.checked_neg() }
    }

    /// How an integer is written: 2, 8, 10 or 16.
    pub fn integer_radix(&self, id: NodeId, text: &str) -> u32 {
        match self.written(id, text).as_bytes() {
            [b'0', b'b', ..] => 2,
            [b'0', b'o', ..] => 8,
            [b'0', b'x', ..] => 16,
            _ => 10,
        }
    }

    /// The value of a boolean.
    pub fn boolean(&self, id: NodeId, text: &str) -> Option<bool> {
        (self.shape(id) == Shape::Bool).then(|| self.written(id, text) == "true")
    }

    /// A value as JSON, keys sorted: the same for TOML and JSON of one meaning. Nesting is bounded when the text is parsed.
    pub fn to_json(&self, id: NodeId, text: &str) -> serde_json::Value {
        use serde_json::Value;
        match self.shape(id) {
            Shape::Table => Value::Object(
                self.children(id)
                    .map(|member| (self.key_text(member, text).into_owned(), self.to_json(member, text)))
                    .collect(),
            ),
            Shape::Array => Value::Array(self.children(id).map(|element| self.to_json(element, text)).collect()),
            Shape::String => Value::String(self.string(id, text).into_owned()),
            Shape::Integer => match self.integer(id, text) {
                Some(number) => match (i64::try_from(number), u64::try_from(number)) {
                    (Ok(number), _) => number.into(),
                    (_, Ok(number)) => number.into(),
                    _ => Value::String(number.to_string()),
                },
                None => Value::String(self.span(id).of(text).to_owned()),
            },
            Shape::Float => self
                .float(id, text)
                .and_then(serde_json::Number::from_f64)
                .map_or_else(|| Value::String(self.span(id).of(text).to_owned()), Value::Number),
            Shape::Bool => Value::Bool(self.boolean(id, text) == Some(true)),
            Shape::Datetime => Value::String(self.span(id).of(text).to_owned()),
            Shape::Null | Shape::Broken => Value::Null,
        }
    }

    /// The value of a floating-point number; nothing when it is none or too large.
    pub fn float(&self, id: NodeId, text: &str) -> Option<f64> {
        if self.shape(id) != Shape::Float {
            return None;
        }
        let written = self.span(id).of(text);
        let value: f64 = written.replace('_', "").parse().ok()?;
        (value.is_finite() || written.ends_with("inf") || written.ends_with("nan")).then_some(value)
    }
}

/// Members or elements, in source order.
#[derive(Clone, Debug)]
pub struct Children<'d> {
    nodes: &'d [Node],
    next: u32,
}

impl Iterator for Children<'_> {
    type Item = NodeId;

    fn next(&mut self) -> Option<NodeId> {
        let node = self.nodes.get(self.next as usize)?;
        Some(NodeId(std::mem::replace(&mut self.next, node.next)))
    }
}
