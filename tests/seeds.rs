//! What fuzzing found worth keeping: inputs that together reach what all of them reach, each tried as the fuzz targets try it.
//!
//! `fuzz/` finds them, and libFuzzer picks them (`-set_cover_merge=1 -use_counters=0`): the smallest set that takes every branch that any
//! input took.

use std::io::Read;

mod seeds {
    pub mod compile;
    pub mod scan;
    pub mod syntax;
}

/// Tries every seed of a target, and says which of them fail.
fn try_all(target: &str, seeds: &[u8], check: fn(&[u8])) {
    let mut archive = tar::Archive::new(zstd::Decoder::new(seeds).expect("seeds are packed with zstd"));
    let (mut tried, mut failed) = (0, Vec::new());
    for seed in archive.entries().expect("an archive") {
        let mut seed = seed.expect("an entry");
        let name = seed.path().expect("a name").display().to_string();
        let mut bytes = Vec::new();
        seed.read_to_end(&mut bytes).expect("a seed can be read");
        tried += 1;
        if std::panic::catch_unwind(|| check(&bytes)).is_err() {
            failed.push(name);
        }
    }
    assert!(tried > 200, "{target} has only {tried} seeds");
    assert!(failed.is_empty(), "of {target}: {failed:#?}");
}

#[test]
fn every_syntax_reads_every_seed() {
    try_all("syntax", include_bytes!("seeds/syntax.tar.zst"), seeds::syntax::check);
}

#[test]
fn a_workspace_compiles_every_seed() {
    try_all("compile", include_bytes!("seeds/compile.tar.zst"), seeds::compile::check);
}

#[test]
fn every_seed_is_an_archive_or_none() {
    try_all("scan", include_bytes!("seeds/scan.tar.zst"), seeds::scan::check);
}
