//! Keys: what names the change of a step, a stage, a plan, a tree. Written straight into canonical JSON, without a value tree.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::canonical::{key_order, write_string};
use super::digest::Digest;
use super::key_op::write_op;
use super::mode::Mode;
use super::op::Op;

/// Version of what goes into a key. It changes whenever an unchanged step would get another one.
const KEY_VERSION: &str = "1";

/// Computes keys. One serves any number of steps, so that its buffer is allocated once.
#[derive(Debug, Default)]
pub struct Keys {
    out: Vec<u8>,
}

impl Keys {
    /// Ready for the first key.
    pub fn new() -> Self {
        Self::default()
    }

    /// The key of a step: covers what it does, with the digests of its sources instead of their names; the facts it relies on from
    /// outside the plan, each as [canonical](fn@super::canonical) JSON; what stands before it (`base`, of an opaque step only); and the
    /// keys of the steps it requires. The order of `relies` and `required` does not matter.
    pub fn step(
        &mut self,
        op: &Op,
        source: impl Fn(&str) -> Option<Digest>,
        relies: &[&[u8]],
        base: Option<Digest>,
        required: &[Digest],
    ) -> Digest {
        self.out.clear();
        let mut object = Object::open(&mut self.out);
        if let Some(base) = base {
            object.digest("base", base);
        }
        write_op(object.key("op"), op, &source);
        let out = object.key("relies");
        out.push(b'[');
        for (number, fact) in sorted(relies).iter().enumerate() {
            if number > 0 {
                out.push(b',');
            }
            out.extend_from_slice(fact);
        }
        out.push(b']');
        write_digests(object.key("requires"), &sorted(required));
        object.raw("v", KEY_VERSION);
        object.close();
        Digest::of(&self.out)
    }

    /// The key of a stage, or of what is there when only these of its steps are done: covers what stood before and the keys of the
    /// steps, in any order.
    pub fn stage(&mut self, base: Option<Digest>, steps: &[Digest]) -> Digest {
        self.out.clear();
        let mut object = Object::open(&mut self.out);
        match base {
            Some(base) => object.digest("base", base),
            None => object.raw("base", "null"),
        }
        write_digests(object.key("steps"), &sorted(steps));
        object.raw("v", KEY_VERSION);
        object.close();
        Digest::of(&self.out)
    }
}

/// [`Keys::step`] for one step alone.
pub fn step_key(
    op: &Op,
    source: impl Fn(&str) -> Option<Digest>,
    relies: &[&[u8]],
    base: Option<Digest>,
    required: &[Digest],
) -> Digest {
    Keys::new().step(op, source, relies, base, required)
}

/// [`Keys::stage`] for one stage alone.
pub fn stage_key(base: Option<Digest>, steps: &[Digest]) -> Digest {
    Keys::new().stage(base, steps)
}

/// The digest of a plan: the key of its last stage; without stages the parent's digest; without a parent that of nothing.
pub fn plan_digest(last_stage: Option<Digest>, parent: Option<Digest>) -> Digest {
    last_stage.or(parent).unwrap_or_else(|| Digest::of(b""))
}

/// One entry of a tree, as far as it matters to what is made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeLine<'t> {
    /// What it is: `file`, `directory`, `symlink`, ...
    pub entry_type: &'t str,
    /// The bits of its mode that matter.
    pub mode: Option<Mode>,
    /// Whom it belongs to, where that is taken from the tree; else empty.
    pub owner: &'t str,
    /// Its path below the root of the tree; of the root itself, empty.
    pub path: &'t str,
    /// The digest of a file, the target of a link, the numbers of a device; else empty.
    pub content: &'t str,
}

/// The digest of a tree: of its lines, sorted. Each is the canonical JSON array of type, mode, owner, path and content, so that no
/// name can pass for another line.
pub fn tree_digest<'t>(lines: impl IntoIterator<Item = TreeLine<'t>>) -> Digest {
    let mut out = Vec::new();
    let mut ends = Vec::new();
    for line in lines {
        out.push(b'[');
        write_string(&mut out, line.entry_type);
        out.push(b',');
        match line.mode {
            Some(mode) => mode.with_text(|text| write_string(&mut out, text)),
            None => out.extend_from_slice(b"null"),
        }
        for text in [line.owner, line.path, line.content] {
            out.push(b',');
            write_string(&mut out, text);
        }
        out.extend_from_slice(b"]\n");
        ends.push(out.len());
    }
    let mut start = 0;
    let mut sorted: Vec<&[u8]> = ends
        .iter()
        .map(|&end| {
            let line = &out[start..end];
            start = end;
            line
        })
        .collect();
    sorted.sort_unstable();
    let mut hasher = blake3::Hasher::new();
    for line in sorted {
        hasher.update(line);
    }
    hasher.finalize().into()
}

/// A set as it is written: sorted, each once. Nothing is copied where it already is.
fn sorted<T: Ord + Clone>(set: &[T]) -> Cow<'_, [T]> {
    if set.windows(2).all(|pair| pair[0] < pair[1]) {
        return Cow::Borrowed(set);
    }
    let mut sorted = set.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    Cow::Owned(sorted)
}

fn write_digests(out: &mut Vec<u8>, digests: &[Digest]) {
    out.push(b'[');
    for (number, digest) in digests.iter().enumerate() {
        if number > 0 {
            out.push(b',');
        }
        digest.with_text(|text| write_string(out, text));
    }
    out.push(b']');
}

/// An object whose keys are given in canonical order.
pub(super) struct Object<'o> {
    out: &'o mut Vec<u8>,
    last: &'static str,
}

impl<'o> Object<'o> {
    pub(super) fn open(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, last: "" }
    }

    /// Writes a key; its value is to follow.
    pub(super) fn key(&mut self, key: &'static str) -> &mut Vec<u8> {
        debug_assert!(self.last < key, "{key} stands after {}", self.last);
        if !self.last.is_empty() {
            self.out.push(b',');
        }
        self.last = key;
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    pub(super) fn raw(&mut self, key: &'static str, json: &str) {
        self.key(key).extend_from_slice(json.as_bytes());
    }

    pub(super) fn flag(&mut self, key: &'static str, value: bool) {
        self.raw(key, if value { "true" } else { "false" });
    }

    pub(super) fn text(&mut self, key: &'static str, value: &str) {
        write_string(self.key(key), value);
    }

    pub(super) fn text_or_null(&mut self, key: &'static str, value: Option<&str>) {
        match value {
            Some(value) => self.text(key, value),
            None => self.raw(key, "null"),
        }
    }

    pub(super) fn text_if(&mut self, key: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(key, value);
        }
    }

    pub(super) fn mode(&mut self, key: &'static str, mode: Mode) {
        mode.with_text(|text| self.text(key, text));
    }

    pub(super) fn digest(&mut self, key: &'static str, digest: Digest) {
        digest.with_text(|text| self.text(key, text));
    }

    pub(super) fn number(&mut self, key: &'static str, value: u32) {
        let mut digits = [0; 10];
        let mut at = digits.len();
        let mut rest = value;
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

    pub(super) fn number_or_null(&mut self, key: &'static str, value: Option<u32>) {
        match value {
            Some(value) => self.number(key, value),
            None => self.raw(key, "null"),
        }
    }

    pub(super) fn number_if(&mut self, key: &'static str, value: Option<u32>) {
        if let Some(value) = value {
            self.number(key, value);
        }
    }

    pub(super) fn texts<'t>(&mut self, key: &'static str, values: impl IntoIterator<Item = &'t str>) {
        let out = self.key(key);
        out.push(b'[');
        for (number, value) in values.into_iter().enumerate() {
            if number > 0 {
                out.push(b',');
            }
            write_string(out, value);
        }
        out.push(b']');
    }

    pub(super) fn list(&mut self, key: &'static str, values: &[String]) {
        self.texts(key, values.iter().map(String::as_str));
    }

    pub(super) fn list_if_any(&mut self, key: &'static str, values: &[String]) {
        if !values.is_empty() {
            self.list(key, values);
        }
    }

    pub(super) fn map(&mut self, key: &'static str, values: &BTreeMap<String, String>) {
        let out = self.key(key);
        let mut entries: Vec<_> = values.iter().collect();
        entries.sort_by(|a, b| key_order(a.0, b.0));
        out.push(b'{');
        for (number, (name, value)) in entries.into_iter().enumerate() {
            if number > 0 {
                out.push(b',');
            }
            write_string(out, name);
            out.push(b':');
            write_string(out, value);
        }
        out.push(b'}');
    }

    pub(super) fn map_if_any(&mut self, key: &'static str, values: &BTreeMap<String, String>) {
        if !values.is_empty() {
            self.map(key, values);
        }
    }

    pub(super) fn close(self) {
        self.out.push(b'}');
    }
}
