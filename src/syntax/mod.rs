//! Bytes to a document: TOML and JSON give the same nodes, with exact spans, and what does not parse is reported while the rest stands.

mod json;
mod toml;

use std::borrow::Cow;

use crate::catalog::Code;
use crate::text::Span;

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
    shape: Shape,
    /// Strings: the text between the quotes is the value, no escapes. Keys: bit 1.
    plain: u8,
}

/// Which language a file is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// `.toml`
    Toml,
    /// `.json`
    Json,
}

impl Language {
    /// By the file name's ending; TOML where it says nothing.
    pub fn of_name(name: &str) -> Self {
        if name.ends_with(".json") {
            Self::Json
        } else {
            Self::Toml
        }
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

/// The values of one file, in one flat vector. Nothing here recurses.
#[derive(Debug)]
pub struct Document {
    nodes: Vec<Node>,
    /// By place, at most one for each slip.
    pub errors: Vec<SyntaxError>,
    /// Whether so much was lost that the kind or the main entity of an entry may be unknown.
    pub lost: bool,
}
