//! What makes a finding the same one in two runs: its code, entity and file, and never its line.

use rustc_hash::FxHashMap;

use crate::catalog::Code;
use crate::diagnostic::Diagnostic;

/// Gives every finding of a run a fingerprint of its own. Findings that agree in code, entity and file are numbered
/// in the order in which they are told.
#[derive(Default)]
pub(super) struct Fingerprints<'a> {
    seen: FxHashMap<(Code, Option<&'a str>, &'a str), u32>,
}

/// Bytes of a digest that are shown: enough for no two findings to meet by chance.
const BYTES: usize = 16;

impl<'a> Fingerprints<'a> {
    /// The fingerprint of the next finding, in hexadecimal digits.
    pub fn next(&mut self, diagnostic: &'a Diagnostic) -> String {
        let file = diagnostic.location.source.name.as_str();
        let entity = diagnostic.entity.as_deref();
        let ordinal = self.seen.entry((diagnostic.code, entity, file)).or_default();
        *ordinal += 1;
        let mut hasher = blake3::Hasher::new();
        // The length before each part: no two lists of parts have the same bytes.
        for part in [diagnostic.code.name(), entity.unwrap_or(""), file] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.update(&ordinal.to_le_bytes());
        hasher.finalize().to_hex()[..2 * BYTES].to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::tests::found;

    #[test]
    fn a_fingerprint_does_not_change_with_the_line_and_is_no_other_ones() {
        let there = found(Code::Missing, Some("user:a"), "a.image.toml", "user = 'a'\nuser = 'a'\n", 7..10);
        let below = found(Code::Missing, Some("user:a"), "a.image.toml", "\n\nuser = 'a'\n", 9..12);
        let entity = found(Code::Missing, Some("user:b"), "a.image.toml", "", 0..0);
        let file = found(Code::Missing, Some("user:a"), "b.image.toml", "", 0..0);
        let code = found(Code::Mismatch, Some("user:a"), "a.image.toml", "", 0..0);
        let first = |diagnostic| Fingerprints::default().next(diagnostic);
        assert_eq!(first(&there), first(&below));
        let mut run = Fingerprints::default();
        let all = [&there, &below, &entity, &file, &code].map(|diagnostic| run.next(diagnostic));
        let mut distinct = all.to_vec();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), all.len(), "{all:?}");
        assert_eq!(all[0], first(&there));
    }
}
