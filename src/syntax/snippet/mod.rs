//! The snippets of systemd, tmpfiles.d and sysusers.d: each line becomes the tables that say the same in a manifest.
//!
//! From here on a line is a declaration like any other. What a word says has the word's place; what the formats say without
//! words, such as that a user of sysusers.d is a system user, has the place of the line.

mod claim;
mod name;
mod specifier;
mod sysusers;
mod tmpfiles;
mod words;

use super::build::{Builder, KEEPS, REPLACES};
use super::{BARE, Document, InPlace, Language, NodeId, Shape, SyntaxError};
use crate::catalog::Code;
use crate::text::Span;

pub use claim::Claim;
pub use name::{is_snippet_name, language_of, language_of_folder, rank};
use words::{Word, is_space};

/// The kinds and fields that lines are told in. A key of a snippet's document is a number in this list.
const KEYS: [&str; 28] = [
    "ensure_dir",
    "install",
    "symlink",
    "device",
    "require",
    "usermod",
    "user",
    "group",
    "path",
    "dst",
    "text",
    "mode",
    "parents",
    "link",
    "target",
    "node",
    "major",
    "minor",
    "users",
    "groups",
    "requires",
    "name",
    "uid",
    "gid",
    "home",
    "shell",
    "comment",
    "system",
];

/// One more that only a membership needs.
const ADD_GROUPS: &str = "add_groups";

/// The key that a number of [`KEYS`] stands for.
pub(super) fn key(key: Span) -> &'static str {
    KEYS.get(key.start as usize).copied().unwrap_or(ADD_GROUPS)
}

fn key_of(name: &str) -> Span {
    Span::at(KEYS.iter().position(|key| *key == name).unwrap_or(KEYS.len()) as u32)
}

/// Reads a whole text.
pub(super) fn parse(builder: Builder<'_>, language: Language) -> Document {
    let text = builder.text;
    let mut sheet = Sheet { builder, line: Span::default() };
    let mut lines = Vec::new();
    let mut start = 0;
    for line in text.split(['\n', '\r', '\0']) {
        let content = line.trim_start_matches(is_space);
        let from = start + line.len() - content.len();
        let content = content.trim_end_matches(is_space);
        if !content.is_empty() && !content.starts_with('#') {
            lines.push(Span::new(from as u32, (from + content.len()) as u32));
        }
        start += line.len() + 1;
    }
    match language {
        Language::Sysusers => sysusers::parse(&mut sheet, &lines),
        _ => tmpfiles::parse(&mut sheet, &lines),
    }
    sheet.builder.finish()
}

/// The document while lines are written into it.
struct Sheet<'t> {
    builder: Builder<'t>,
    /// The line at hand.
    line: Span,
}

impl<'t> Sheet<'t> {
    /// A new table of a kind, for the line at hand.
    fn feature(&mut self, kind: &str, in_place: InPlace) -> u32 {
        let line = self.line;
        let list = self.builder.append(NodeId::ROOT.0, key_of(kind), Shape::Array, line, 0);
        let flags = match in_place {
            InPlace::Said => 0,
            InPlace::Kept => KEEPS,
            InPlace::Replaced => REPLACES,
        };
        self.builder.append(list, Span::default(), Shape::Table, line, flags)
    }

    /// A member, or an element where the key is empty, that a word says.
    fn word(&mut self, parent: u32, key: &str, word: &Word<'t>) {
        let id = self.builder.append(parent, key_of(key), Shape::String, word.span, 0);
        match &word.value {
            std::borrow::Cow::Borrowed(_) => self.builder.node_mut(id).plain = BARE,
            std::borrow::Cow::Owned(value) => self.builder.say(id, value),
        }
    }

    /// A member that is said without a word of its own.
    fn said(&mut self, table: u32, key: &str, shape: Shape, span: Span, value: &str) {
        let id = self.builder.append(table, key_of(key), shape, span, 0);
        self.builder.say(id, value);
    }

    /// `key = true`.
    fn yes(&mut self, table: u32, key: &str) {
        let line = self.line;
        self.said(table, key, Shape::Bool, line, "true");
    }

    /// A list of words; nothing where there are none.
    fn words(&mut self, table: u32, key: &str, words: &[Word<'t>]) {
        let Some(first) = words.first() else { return };
        let list = self.builder.append(table, key_of(key), Shape::Array, first.span, 0);
        for word in words {
            self.word(list, "", word);
        }
    }

    /// A slip in a line that counts all the same.
    fn report(&mut self, error: SyntaxError) {
        self.builder.failed = false;
        self.builder.report(error);
        self.builder.failed = false;
    }

    /// A slip for which a line is given up: nobody knows what it declares.
    fn lose(&mut self, error: SyntaxError) {
        self.report(error);
        self.builder.lost = true;
    }
}

/// A line of no known type.
fn unknown_type(word: &Word<'_>, known: &'static str) -> SyntaxError {
    let shown: String = word.value.chars().take(20).flat_map(char::escape_debug).collect();
    SyntaxError {
        code: Code::UnknownKind,
        ..SyntaxError::new(word.span, format!("there is no type of line called `{shown}`")).help(known)
    }
}

/// A word that a line of this type needs and does not have.
fn missing(span: Span, message: impl Into<String>) -> SyntaxError {
    SyntaxError { code: Code::MissingKey, ..SyntaxError::new(span, message) }
}
