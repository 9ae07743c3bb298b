//! Digests by which container images name their parts.

use std::fmt;
use std::io::{self, Read};

use sha2::{Digest as _, Sha256, Sha512};

/// A digest as images write it: `sha256:` and hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Digest {
    long: bool,
    hex: String,
}

impl Digest {
    /// From `sha256:...` or `sha512:...`; nothing else names a part, and nothing else could be made into a path.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (algorithm, hex) = text.split_once(':')?;
        let long = match (algorithm, hex.len()) {
            ("sha256", 64) => false,
            ("sha512", 128) => true,
            _ => return None,
        };
        let is_hex = hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_hex.then(|| Self { long, hex: hex.to_owned() })
    }

    /// Where an OCI layout keeps what has this digest.
    pub(super) fn blob(&self) -> String {
        format!("blobs/{}/{}", self.algorithm(), self.hex)
    }

    /// Whether bytes have it.
    pub(super) fn is_of(&self, bytes: &[u8]) -> bool {
        self.hex == if self.long { hex(&Sha512::digest(bytes)) } else { hex(&Sha256::digest(bytes)) }
    }

    const fn algorithm(&self) -> &'static str {
        if self.long { "sha512" } else { "sha256" }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm(), self.hex)
    }
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to memory does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A stream whose digests are worked out while it is read.
pub(super) struct Digested<'s> {
    inner: &'s mut dyn Read,
    short: Option<Sha256>,
    long: Option<Sha512>,
}

impl<'s> Digested<'s> {
    /// With those digests that are to be compared with others.
    pub(super) fn new(inner: &'s mut dyn Read, wanted: &[Digest]) -> Self {
        let wants = |long: bool| wanted.iter().any(|digest| digest.long == long);
        Self { inner, short: wants(false).then(Sha256::new), long: wants(true).then(Sha512::new) }
    }

    /// The digests of what was read.
    pub(super) fn finish(self) -> Vec<Digest> {
        let short = self.short.map(|state| Digest { long: false, hex: hex(&state.finalize()) });
        let long = self.long.map(|state| Digest { long: true, hex: hex(&state.finalize()) });
        short.into_iter().chain(long).collect()
    }
}

impl Read for Digested<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        if let Some(state) = &mut self.short {
            state.update(&into[..count]);
        }
        if let Some(state) = &mut self.long {
            state.update(&into[..count]);
        }
        Ok(count)
    }
}
