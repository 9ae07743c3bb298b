//! A file of any bytes is read as an archive, as a package and as a root: it gives a tree or a reason, never a panic.

use std::io::Write;

use featgraph::scan::{Limits, RootOptions, read_archive, read_package, read_root};

/// So small that no input takes long, and that inputs reach every limit.
const LIMITS: Limits =
    Limits { entries: 1_000, kept_bytes: 1 << 20, expanded_bytes: 1 << 24, ratio: 200, ratio_from: 1 << 20 };

/// Fails if the sentence above does not hold of these bytes.
pub fn check(bytes: &[u8]) {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file can be made");
    file.write_all(bytes).expect("and written");
    let _ = read_archive(file.path(), true, &LIMITS);
    let _ = read_package(file.path(), &LIMITS);
    let options = RootOptions { digests: true, ..RootOptions::default() };
    if let Ok(read) = read_root(file.path(), &options, &LIMITS) {
        // What was read can be written, and read again.
        let text = read.facts.to_text();
        assert!(featgraph::facts::Facts::parse(&text).is_ok(), "facts that were written can be read");
    }
}
