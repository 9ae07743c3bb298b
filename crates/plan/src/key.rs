//! Keys: what names the change of a step, a stage, a plan, a tree. Written straight into canonical JSON, without a value tree.

use std::borrow::Cow;

use super::digest::Digest;
use super::json::{Form, Object, key, write_digest, write_list, write_string};
use super::mode::Mode;
use super::op::Op;
use super::op_fields::write_key_op;

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
    /// outside the plan, each as canonical JSON (RFC 8785); what stands before it (`base`, of an opaque step only); and the
    /// keys of the steps it requires. The order of `relies` and `required` does not matter.
    pub fn step(
        &mut self,
        op: &Op<'_>,
        source: impl Fn(&str) -> Option<Digest>,
        relies: &[&[u8]],
        base: Option<Digest>,
        required: &[Digest],
    ) -> Digest {
        self.out.clear();
        let mut object = Object::open(&mut self.out, Form::Canonical);
        if let Some(base) = base {
            object.digest(key!("base"), base);
        }
        write_key_op(object.key(key!("op")), op, &source);
        object.list(key!("relies"), sorted(relies).iter(), |out, fact| out.extend_from_slice(fact));
        object.list(key!("requires"), sorted(required).iter(), |out, key| write_digest(out, *key));
        object.raw(key!("v"), KEY_VERSION);
        object.close();
        Digest::of(&self.out)
    }

    /// The key of a stage, or of what is there when only these of its steps are done: covers what stood before and the keys of the
    /// steps, in any order.
    pub fn stage(&mut self, base: Option<Digest>, steps: &[Digest]) -> Digest {
        // A stage may have a million steps: what is written of them is hashed piece by piece.
        const PIECE: usize = 1 << 16;
        let mut hasher = blake3::Hasher::new();
        let out = &mut self.out;
        out.clear();
        out.extend_from_slice(b"{\"base\":");
        match base {
            Some(base) => write_digest(out, base),
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b",\"steps\":");
        write_list(out, Form::Canonical, sorted(steps).iter(), |out, key| {
            if out.len() >= PIECE {
                hasher.update(out);
                out.clear();
            }
            write_digest(out, *key);
        });
        out.extend_from_slice(b",\"v\":");
        out.extend_from_slice(KEY_VERSION.as_bytes());
        out.push(b'}');
        hasher.update(out);
        hasher.finalize().into()
    }
}

/// [`Keys::step`] for one step alone.
pub fn step_key(
    op: &Op<'_>,
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
