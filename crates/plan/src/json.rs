//! JSON put down byte by byte: the members of an object in the order in which they are told, compact or with spaces.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::contents::Text;
use super::digest::Digest;
use super::mode::Mode;
use super::plain::plain_length;

/// How JSON on one line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// RFC 8785: nothing that could be left out, and the keys of maps in canonical order.
    Canonical,
    /// Nothing that could be left out.
    Compact,
    /// A space after `:` and `,`, for people.
    Spaced,
}

impl Form {
    const fn comma(self) -> &'static [u8] {
        if matches!(self, Self::Spaced) { b", " } else { b"," }
    }

    const fn colon(self) -> &'static [u8] {
        if matches!(self, Self::Spaced) { b": " } else { b":" }
    }
}

/// The key of a member with all that stands around it, so that it is written in one go. Made by [`key!`]. Ordered by name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// The first bytes of the name, which nearly always tell the order: members of every operation are sorted for its key.
    pub prefix: u64,
    /// With a comma and its colon. In this form keys are sorted as their names are: `"` comes before whatever a name may go on with.
    pub compact: &'static str,
    /// The same, with spaces.
    pub spaced: &'static str,
}

/// The first eight bytes of a name as a number that sorts as they do.
pub(super) const fn prefix(name: &str) -> u64 {
    let name = name.as_bytes();
    let mut bytes = [0; 8];
    let mut at = 0;
    while at < name.len() && at < bytes.len() {
        bytes[at] = name[at];
        at += 1;
    }
    u64::from_be_bytes(bytes)
}

/// A key that has nothing in it that must be escaped.
macro_rules! key {
    ($name:literal) => {
        const {
            $crate::json::Key {
                prefix: $crate::json::prefix($name),
                compact: concat!(",\"", $name, "\":"),
                spaced: concat!(", \"", $name, "\": "),
            }
        }
    };
}

pub(super) use key;

/// An object that is being written. `close` ends it.
pub(super) struct Object<'o> {
    out: &'o mut Vec<u8>,
    form: Form,
    any: bool,
}

impl<'o> Object<'o> {
    pub(super) fn open(out: &'o mut Vec<u8>, form: Form) -> Self {
        out.push(b'{');
        Self { out, form, any: false }
    }

    /// Writes a key; its value is to follow.
    pub(super) fn key(&mut self, key: Key) -> &mut Vec<u8> {
        let (key, comma) = if self.form == Form::Spaced { (key.spaced, ", ") } else { (key.compact, ",") };
        let key = if self.any { key } else { &key[comma.len()..] };
        self.any = true;
        self.out.extend_from_slice(key.as_bytes());
        self.out
    }

    pub(super) fn raw(&mut self, key: Key, json: &str) {
        self.key(key).extend_from_slice(json.as_bytes());
    }

    pub(super) fn flag(&mut self, key: Key, value: bool) {
        self.raw(key, if value { "true" } else { "false" });
    }

    pub(super) fn text(&mut self, key: Key, value: &str) {
        write_string(self.key(key), value);
    }

    pub(super) fn contents(&mut self, key: Key, text: &Text<'_>) {
        match text.as_escaped() {
            Some(written) => {
                let out = self.key(key);
                out.reserve(written.len() + 2);
                out.push(b'"');
                out.extend_from_slice(written.as_bytes());
                out.push(b'"');
            }
            None => self.text(key, &text.value()),
        }
    }

    pub(super) fn text_or_null(&mut self, key: Key, value: Option<&str>) {
        match value {
            Some(value) => self.text(key, value),
            None => self.raw(key, "null"),
        }
    }

    pub(super) fn mode(&mut self, key: Key, mode: Mode) {
        mode.with_text(|text| self.text(key, text));
    }

    pub(super) fn digest(&mut self, key: Key, digest: Digest) {
        write_digest(self.key(key), digest);
    }

    pub(super) fn number(&mut self, key: Key, value: impl Into<u64>) {
        let mut digits = [0; 20];
        let mut at = digits.len();
        let mut rest = value.into();
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.key(key).extend_from_slice(&digits[at..]);
    }

    pub(super) fn number_or_null(&mut self, key: Key, value: Option<u32>) {
        match value {
            Some(value) => self.number(key, value),
            None => self.raw(key, "null"),
        }
    }

    /// A list, each of whose items writes itself.
    pub(super) fn list<T>(&mut self, key: Key, items: impl IntoIterator<Item = T>, write: impl FnMut(&mut Vec<u8>, T)) {
        let form = self.form;
        write_list(self.key(key), form, items, write);
    }

    pub(super) fn texts<'t>(&mut self, key: Key, values: impl IntoIterator<Item = &'t str>) {
        self.list(key, values, write_string);
    }

    pub(super) fn map(&mut self, key: Key, values: &BTreeMap<String, String>) {
        let form = self.form;
        let mut entries: Vec<(&String, &String)> = values.iter().collect();
        if form == Form::Canonical {
            entries.sort_by(|a, b| key_order(a.0, b.0));
        }
        let out = self.key(key);
        out.push(b'{');
        for (number, (name, value)) in entries.into_iter().enumerate() {
            if number > 0 {
                out.extend_from_slice(form.comma());
            }
            write_string(out, name);
            out.extend_from_slice(form.colon());
            write_string(out, value);
        }
        out.push(b'}');
    }

    pub(super) fn close(self) {
        self.out.push(b'}');
    }
}

/// A digest as a string.
pub(super) fn write_digest(out: &mut Vec<u8>, digest: Digest) {
    out.push(b'"');
    out.extend_from_slice(&digest.written());
    out.push(b'"');
}

/// A list, each of whose items writes itself.
pub(super) fn write_list<T>(
    out: &mut Vec<u8>,
    form: Form,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut Vec<u8>, T),
) {
    out.push(b'[');
    for (number, item) in items.into_iter().enumerate() {
        if number > 0 {
            out.extend_from_slice(form.comma());
        }
        write(out, item);
    }
    out.push(b']');
}

/// Writes a JSON string: only what must be escaped is, in the shortest way.
pub(super) fn write_string(out: &mut Vec<u8>, text: &str) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let plain = plain_length(rest);
        out.extend_from_slice(&rest[..plain]);
        let Some(&byte) = rest.get(plain) else { break };
        rest = &rest[plain + 1..];
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\r' => out.extend_from_slice(b"\\r"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            _ => {
                let digit = |half: u8| if half < 10 { b'0' + half } else { b'a' + half - 10 };
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
            }
        }
    }
    out.push(b'"');
}

/// The order of keys: by UTF-16 code units, which is not that of bytes beyond the basic plane.
fn key_order(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() { a.cmp(b) } else { a.encode_utf16().cmp(b.encode_utf16()) }
}
